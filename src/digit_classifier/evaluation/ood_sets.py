"""Pictures that are no digits: drawn, made of digits, or from a file that the user names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from digit_classifier.dataset.files import read_images
from digit_classifier.drawn import nondigits
from digit_classifier.errors import DataError
from digit_classifier.evaluation.model import Predict
from digit_classifier.evaluation.predictions import Progress, choose, silent
from digit_classifier.rejection import RejectionRule

# Of the drawings; another than trainings and calibration use.
SEED = 30_000
PER_KIND, QUICK_PER_KIND = 300, 100
JOINED = "joined halves"


@dataclass(frozen=True, eq=False)
class OodSet:
    """Pictures of one kind.

    Attributes:
        kind: what they are.
        taught: whether recipes that train with non-digits show this kind to a network.
        images: uint8, shape (n, 28, 28).
    """

    kind: str
    taught: bool
    images: np.ndarray


def make(digits: np.ndarray, labels: np.ndarray, per_kind: int = PER_KIND) -> Iterator[OodSet]:
    """Make every kind: blank paper, noise, digits cut and joined, all kinds of `nondigits`.

    The drawings of `nondigits` are redrawn as the reader would hand them to a network. The others
    fill the picture as they are.

    Args:
        digits: uint8, shape (n, 28, 28), at least one; none of them trained on.
        labels: 0 to 9, shape (n,).
        per_kind: pictures of each kind.
    Yields:
        Kinds that no recipe teaches first. No joined halves if all digits are of one class.
    """
    rng = np.random.default_rng(SEED)
    yield OodSet("blank", False, _blank(per_kind))
    yield OodSet("noise", False, _noise(per_kind, rng))
    if len(np.unique(labels)) > 1:
        yield OodSet(JOINED, False, join(digits, labels, per_kind, rng))
    for kind in (*nondigits.HELD_OUT, *nondigits.KINDS):
        drawn = nondigits.generate(per_kind, SEED, digits, [kind])
        yield OodSet(kind, kind in nondigits.KINDS, drawn)


def count_kinds(labels: np.ndarray) -> int:
    """How many kinds `make` yields."""
    return 2 + (len(np.unique(labels)) > 1) + len(nondigits.HELD_OUT) + len(nondigits.KINDS)


def _blank(n: int) -> np.ndarray:
    """Evenly grey pictures, from paper to ink."""
    greys = np.rint(np.linspace(0, 255, n)).astype(np.uint8)
    return np.repeat(greys, 28 * 28).reshape(n, 28, 28)


def _noise(n: int, rng: np.random.Generator) -> np.ndarray:
    """Every pixel a grey of its own; in every other picture, black or white of any share."""
    even = rng.integers(0, 256, (n, 28, 28), dtype=np.uint8)
    share = rng.uniform(0.02, 0.98, (n, 1, 1))
    return np.where(
        (np.arange(n) % 2 == 0)[:, None, None], even, 255 * (even / 255 < share)
    ).astype(np.uint8)


def join(digits: np.ndarray, labels: np.ndarray, n: int, rng: np.random.Generator) -> np.ndarray:
    """Halves of two different digits, one above the other or side by side.

    Some look like digits all the same, as the top of a 5 on the bottom of a 3.

    Args:
        digits: uint8, shape (m, 28, 28).
        labels: shape (m,), of at least two classes.
        n: how many.
        rng: what to draw from.
    """
    first = rng.integers(0, len(digits), n)
    second = np.array([rng.choice(np.flatnonzero(labels != labels[i])) for i in first], dtype=int)
    joined = digits[first].copy()
    beside = rng.random(n) < 0.5
    joined[beside, :, 14:] = digits[second[beside], :, 14:]
    joined[~beside, 14:] = digits[second[~beside], 14:]
    return joined


def read(path: str | Path, most: int = 10_000) -> OodSet:
    """Read other data, such as Fashion-MNIST or EMNIST's letters, whatever their labels are.

    Args:
        path: an IDX file of images, or what `digits train --dataset` takes; where there are
            training and test images, the test images are taken.
        most: of these, at most so many, evenly spread.
    Raises:
        DataError: no such path, or nothing in it that is 28 x 28 images.
    """
    path = Path(path).expanduser()
    if not path.exists():
        raise DataError(
            f"no other data at {path}; needed an IDX, CSV, .npz, .npy or .mat file of 28 x 28 "
            "images, or a folder of such files or of pictures."
        )
    images, _ = read_images(path)
    if not len(images):
        raise DataError(f"{path} holds no images; at least one is needed.")
    return OodSet(path.resolve().name, False, images[choose(len(images), most)])


# The share of digits that must be accepted where false accepts are counted.
ACCEPTED = 0.99
TAUGHT, UNTAUGHT = "all kinds that may be taught", "all kinds that never are"


@dataclass(frozen=True)
class OodResult:
    """How one kind of non-digits fares beside digits.

    Attributes:
        kind: what they are.
        taught: whether a network may have been trained on the kind.
        n: how many.
        auroc: the chance that a digit scores higher than one of them, ties counting half.
        accepted: how many are taken for digits at the score that accepts 99 % of digits.
        accepted_by_rule: how many at the model's own threshold; None where it has none.
    """

    kind: str
    taught: bool
    n: int
    auroc: float
    accepted: int
    accepted_by_rule: int | None

    @property
    def share(self) -> float:
        """The false-accept rate at the score that accepts 99 % of digits."""
        return self.accepted / self.n

    @property
    def share_by_rule(self) -> float | None:
        """The false-accept rate at the model's own threshold."""
        return None if self.accepted_by_rule is None else self.accepted_by_rule / self.n


@dataclass(frozen=True, eq=False)
class OodScores:
    """What a model made of digits and of other things.

    Attributes:
        digits: scores, shape (n,).
        others: scores by kind, in the order of the rows.
        rows: one a kind.
        sums: the kinds that never are taught taken together, and those that may be.
        threshold: the score that accepts 99 % of the digits.
        rule: the rule whose score this is; None where the model has none, and the score is the
            highest probability.
        ood: the row of the data that the user named, or None.
    """

    digits: np.ndarray
    others: Mapping[str, np.ndarray]
    rows: Sequence[OodResult]
    sums: Sequence[OodResult]
    threshold: float
    rule: RejectionRule | None
    ood: OodResult | None = None

    @property
    def score_name(self) -> str:
        """What the score is, for an axis."""
        return (self.rule or RejectionRule(0.0)).score_name


def measure(
    predict: Predict,
    digits: np.ndarray,
    labels: np.ndarray,
    *,
    rule: RejectionRule | None,
    ood: OodSet | None = None,
    per_kind: int = PER_KIND,
    progress: Progress = silent,
) -> OodScores:
    """Score digits and every kind of non-digits; arguments and errors as `ood.section`."""
    labels = np.asarray(labels)
    if ood:
        _check_outside(ood, digits)
    total = count_kinds(labels) + 1 + (ood is not None)

    def score(images: np.ndarray) -> np.ndarray:
        return (rule or RejectionRule(0.0)).score(predict(images))

    def tell(done: int) -> None:
        progress("what is no digit", done, total)

    of_digits = score(digits)
    tell(1)
    found: list[tuple[OodSet, np.ndarray]] = []
    others = [ood] if ood else []
    for kind in (*others, *make(digits, labels, per_kind)):
        found.append((kind, score(kind.images)))
        tell(len(found) + 1)
    threshold = find_threshold(of_digits)
    compare = partial(
        separate, digits=of_digits, threshold=threshold, rule=rule.threshold if rule else None
    )
    rows = [compare(kind.kind, kind.taught, others=values) for kind, values in found]
    drawn = found[len(others) :]
    sums = [
        compare(name, taught, others=np.concatenate([v for k, v in drawn if k.taught == taught]))
        for name, taught in ((UNTAUGHT, False), (TAUGHT, True))
    ]
    by_kind = {kind.kind: values for kind, values in found}
    of_ood = rows[0] if ood else None
    return OodScores(of_digits, by_kind, rows, sums, threshold, rule, of_ood)


def _check_outside(ood: OodSet, digits: np.ndarray) -> None:
    known = {digit.tobytes() for digit in digits}
    if any(image.tobytes() in known for image in ood.images):
        raise DataError(
            f"{ood.kind} holds some of the very digits that are judged; name data that are no "
            "digits, such as Fashion-MNIST."
        )


def find_threshold(scores: np.ndarray, share: float = ACCEPTED) -> float:
    """The highest score at which at least `share` of these are accepted (score >= threshold).

    Args:
        scores: of digits, shape (n,), at least one.
        share: above 0, at most 1.
    """
    refused = int((1 - share) * len(scores) + 1e-9)
    return float(np.sort(scores)[refused])


def separate(
    kind: str,
    taught: bool,
    digits: np.ndarray,
    others: np.ndarray,
    threshold: float,
    rule: float | None,
) -> OodResult:
    """Compare the scores of non-digits with those of digits.

    Args:
        kind: of the non-digits.
        taught: see `OodResult`.
        digits: scores, shape (n,).
        others: scores, shape (m,), at least one.
        threshold: from `find_threshold`.
        rule: the model's own threshold, or None.
    """
    from sklearn.metrics import roc_auc_score

    is_digit = np.repeat([True, False], [len(digits), len(others)])
    return OodResult(
        kind,
        taught,
        len(others),
        float(roc_auc_score(is_digit, np.concatenate([digits, others]))),
        int((others >= threshold).sum()),
        None if rule is None else int((others >= rule).sum()),
    )
