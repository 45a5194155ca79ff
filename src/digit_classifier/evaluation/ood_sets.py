"""Pictures that are no digits: drawn, made of digits, or from a file that the user names."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from digit_classifier.dataset import idx, load, nondigits
from digit_classifier.errors import DataError
from digit_classifier.evaluation.predictions import choose

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
    """Read other data, such as Fashion-MNIST: an IDX file of images, a folder of such, an .npz.

    Args:
        path: where a data set has training and test images, the test images are taken.
        most: of these, at most so many, evenly spread.
    Raises:
        DataError: no such path, or nothing in it that is 28 x 28 images.
    """
    path = Path(path).expanduser()
    if not path.exists():
        raise DataError(
            f"no other data at {path}; needed an IDX file of 28 x 28 images, a folder of such "
            "files, or an .npz file with Keras's names."
        )
    images = _read(path)
    if not len(images):
        raise DataError(f"{path} holds no images; at least one is needed.")
    return OodSet(path.resolve().name, False, images[choose(len(images), most)])


def _read(path: Path) -> np.ndarray:
    if path.is_dir():
        train, _, test, _ = idx.locate(path)
        found = test or train
        if found:
            return idx.read(found, 3)
    elif path.suffix.lower() != ".npz":
        return idx.read(path, 3)
    return load(path).test_images
