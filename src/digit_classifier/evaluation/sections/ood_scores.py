"""How well a score tells digits from other things."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from digit_classifier.errors import DataError
from digit_classifier.evaluation import ood_sets
from digit_classifier.evaluation.corruptions.error_rates import BATCH
from digit_classifier.evaluation.model import Predict
from digit_classifier.evaluation.ood_sets import OodSet
from digit_classifier.evaluation.predictions import Progress
from digit_classifier.rejection import RejectionRule

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
    per_kind: int = ood_sets.PER_KIND,
    progress: Progress | None = None,
) -> OodScores:
    """Score digits and every kind of non-digits; arguments and errors as `ood.section`."""
    labels = np.asarray(labels)
    if ood:
        _check_outside(ood, digits)
    total = ood_sets.count_kinds(labels) + 1 + (ood is not None)

    def score(images: np.ndarray) -> np.ndarray:
        parts = [predict(images[s : s + BATCH]) for s in range(0, len(images), BATCH)]
        return (rule or RejectionRule(0.0)).score(np.concatenate(parts))

    def tell(done: int) -> None:
        if progress:
            progress("what is no digit", done, total)

    of_digits = score(digits)
    tell(1)
    found: list[tuple[OodSet, np.ndarray]] = []
    others = [ood] if ood else []
    for kind in (*others, *ood_sets.make(digits, labels, per_kind)):
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
