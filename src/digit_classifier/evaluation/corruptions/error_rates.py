"""How often a model errs on spoilt pictures: every corruption at five strengths."""

from dataclasses import dataclass
from itertools import product
from typing import Any
from zlib import crc32

import numpy as np

from digit_classifier.evaluation.corruptions import CORRUPTIONS, LEVELS, corrupt
from digit_classifier.evaluation.model import Predict
from digit_classifier.evaluation.predictions import Progress, choose, spread

# Of the corruptions; with it a picture of the sample is spoilt in the same way every time.
SEED = 20_190_605
# At most so many pictures of each corruption and strength: all of MNIST's test set.
SAMPLE, QUICK_SAMPLE = 10_000, 1_000
# Pictures at a time: small enough for the processor's cache.
BATCH = 250


@dataclass(frozen=True, eq=False)
class ErrorRates:
    """Errors of one model on spoilt pictures.

    Attributes:
        n: pictures of each corruption and strength, the same ones everywhere.
        clean: errors on these pictures as they are.
        errors: int, shape (corruptions, 5): errors by corruption and level.
        names: of the corruptions.
    """

    n: int
    clean: int
    errors: np.ndarray[Any, np.dtype[np.int64]]
    names: tuple[str, ...]

    @property
    def rates(self) -> np.ndarray:
        """Share of errors, shape (corruptions, 5)."""
        return self.errors / self.n


def measure(
    predict: Predict,
    images: np.ndarray,
    labels: np.ndarray,
    *,
    sample: int = SAMPLE,
    seed: int = SEED,
    progress: Progress | None = None,
    workers: int | None = None,
) -> ErrorRates:
    """Count errors under every corruption at every strength.

    Args:
        predict: uint8 (n, 28, 28) to probabilities (n, 10). It is called from several threads at
            once, as `OnnxModel.predict` may be; one that keeps to one core, such as
            `Model.alone`, is soonest.
        images: uint8, shape (n, 28, 28).
        labels: 0 to 9, shape (n,).
        sample: at most so many images, evenly spread over all.
        seed: of the corruptions.
        progress: called with ("corruptions", done, total).
        workers: threads; 1 if `predict` must not be called twice at once; None: one a core.
    """
    chosen = choose(len(images), sample)
    images, labels = images[chosen], np.asarray(labels)[chosen]
    names = tuple(CORRUPTIONS)
    errors = np.zeros((len(names), len(LEVELS) + 1), np.int64)

    def count(task: tuple[int, int, int]) -> tuple[int, int, int]:
        corruption, level, start = task
        part = slice(start, start + BATCH)
        # The same seed at every level, whatever other corruptions and however many pictures.
        key = (seed, crc32(names[corruption].encode()), start)
        spoilt = corrupt(images[part], names[corruption], level, key)
        wrong = predict(spoilt).argmax(axis=1) != labels[part]
        return corruption, level, int(wrong.sum())

    starts = range(0, len(images), BATCH)
    tasks = [(0, 0, start) for start in starts]
    tasks += list(product(range(len(names)), LEVELS, starts))
    for done, (corruption, level, wrong) in enumerate(spread(count, tasks, workers), 1):
        errors[corruption, level] += wrong
        if progress:
            progress("corruptions", done, len(tasks))
    return ErrorRates(len(images), int(errors[0, 0]), errors[:, 1:], names)
