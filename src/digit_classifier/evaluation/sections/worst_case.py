"""How often a digit is read rightly wherever it lies and however it is turned.

An average forgives a model that errs at some angle for every image, another angle for each. Here
an image counts only if it is read rightly under all of a grid of transformations.
Source: L. Engstrom, B. Tran, D. Tsipras, L. Schmidt, A. Madry, "Exploring the embedding of spatial
    robustness", ICML 2019, section 3 (grid search).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import NamedTuple

import numpy as np

from digit_classifier.evaluation.corruptions.error_rates import BATCH
from digit_classifier.evaluation.corruptions.mnist_c import shift, turn
from digit_classifier.evaluation.model import Predict
from digit_classifier.evaluation.predictions import Progress, choose, spread

# Pixels and degrees. MNIST's digits have four pixels of paper on each side, so nothing of a digit
# is lost by these shifts.
SHIFTS = tuple(range(-4, 5))
TURNS = tuple(range(-45, 46, 5))
# Both at once, more coarsely.
BOTH_SHIFTS, BOTH_TURNS = (-2, 0, 2), (-20, -10, 0, 10, 20)
SAMPLE, QUICK_SAMPLE = 1_000, 200


class Move(NamedTuple):
    """A transformation: pixels down and to the right, then degrees anticlockwise."""

    down: int
    right: int
    degrees: int


@dataclass(frozen=True, eq=False)
class WorstCase:
    """Which images are read rightly under which transformations.

    Attributes:
        shifted: bool, shape (9, 9, n): by pixels down and to the right, in the order of `SHIFTS`.
        turned: bool, shape (19, n): by degrees, in the order of `TURNS`.
        both: bool, shape (45, n): shifted by `BOTH_SHIFTS` and turned by `BOTH_TURNS`.
    """

    shifted: np.ndarray
    turned: np.ndarray
    both: np.ndarray

    @property
    def n(self) -> int:
        """How many images."""
        return int(self.turned.shape[1])

    def under_shifts(self, most: int) -> np.ndarray:
        """All shifts of up to `most` pixels either way: bool, shape (shifts, n)."""
        within = np.abs(SHIFTS) <= most
        return np.asarray(self.shifted[within][:, within].reshape(-1, self.n))

    def under_turns(self, most: int) -> np.ndarray:
        """All turns of up to `most` degrees either way: bool, shape (turns, n)."""
        return np.asarray(self.turned[np.abs(TURNS) <= most])


def measure(
    predict: Predict,
    images: np.ndarray,
    labels: np.ndarray,
    *,
    sample: int = SAMPLE,
    progress: Progress | None = None,
    workers: int | None = None,
) -> WorstCase:
    """Shift and turn images over a grid.

    Args:
        predict: uint8 (n, 28, 28) to probabilities (n, 10); called from several threads at once.
        images: uint8, shape (n, 28, 28).
        labels: 0 to 9, shape (n,).
        sample: at most so many images, evenly spread over all.
        progress: called with ("shifts and turns", done, total).
        workers: threads; 1 if `predict` must not be called twice at once; None: one a core.
    """
    chosen = choose(len(images), sample)
    images, labels = images[chosen], np.asarray(labels)[chosen]
    moves = [Move(down, right, 0) for down, right in product(SHIFTS, SHIFTS)]
    moves += [Move(0, 0, degrees) for degrees in TURNS]
    moves += [Move(*each) for each in product(BOTH_SHIFTS, BOTH_SHIFTS, BOTH_TURNS)]

    def judge(move: Move) -> np.ndarray:
        return _judge(predict, transform(images, move), labels)

    rights = []
    for done, right in enumerate(spread(judge, moves, workers), 1):
        rights.append(right)
        if progress:
            progress("shifts and turns", done, len(moves))
    right, (side, turns) = np.array(rights), (len(SHIFTS), len(TURNS))
    shifted = right[: side * side].reshape(side, side, len(images))
    return WorstCase(shifted, right[side * side :][:turns], right[side * side + turns :])


def transform(images: np.ndarray, move: Move) -> np.ndarray:
    """Turn images about their centre, then shift them; uint8, shape (n, 28, 28)."""
    turned = turn(images, np.full(len(images), move.degrees)) if move.degrees else images
    return shift(turned, move.down, move.right)


def _judge(predict: Predict, images: np.ndarray, labels: np.ndarray) -> np.ndarray:
    parts: Sequence[slice] = [slice(s, s + BATCH) for s in range(0, len(images), BATCH)]
    return np.concatenate([predict(images[p]).argmax(axis=1) == labels[p] for p in parts])
