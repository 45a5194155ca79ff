"""How often a model errs on spoilt pictures, and how often the original network does."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np

from digit_classifier.evaluation.corruptions import CORRUPTIONS, LEVELS, corrupt
from digit_classifier.evaluation.model import Predict
from digit_classifier.evaluation.predictions import Progress, choose, silent, spread

FILE = Path(__file__).with_name("baseline.json")


@dataclass(frozen=True, eq=False)
class Baseline:
    """Error rates of the original network, means over trainings with several seeds.

    Attributes:
        rates: shape (corruptions, 5), by corruption in the order of `CORRUPTIONS` and level; NaN
            where nothing is stored of a corruption, such as one that another package adds.
        clean: on the same images as they are.
        n: images of each corruption and level.
        seeds: how many trainings.
        dataset_sha256: digest of the data that the images belong to; see `dataset.labelled`.
    """

    rates: np.ndarray
    clean: float
    n: int
    seeds: int
    dataset_sha256: str


def find_baseline(dataset_sha256: str) -> Baseline | None:
    """The original network's figures on these data, or None: they are known of MNIST only."""
    stored = load_baseline()
    return stored if stored.dataset_sha256 == dataset_sha256 else None


@cache
def load_baseline() -> Baseline:
    """Read the stored figures, which benchmarks/corruption_baseline.py writes."""
    found = json.loads(FILE.read_text("utf-8"))
    unknown = [float("nan")] * len(LEVELS)
    rates = np.array([found["rates"].get(name, unknown) for name in CORRUPTIONS])
    sha256 = found["dataset_sha256"]
    return Baseline(rates, found["clean"], found["n"], len(found["seeds"]), sha256)


def relative_errors(rates: np.ndarray, plain: np.ndarray) -> np.ndarray:
    """Corruption errors: how many times as often a model errs as the original network.

    Args:
        rates: error rates, shape (corruptions, 5).
        plain: of the original network, the same shape.
    Returns:
        Shape (corruptions,): sum over the levels by sum over the levels; its mean, NaN left out,
        is the mean corruption error. NaN where the original network never errs or is not known.
    Source: D. Hendrycks, T. Dietterich, "Benchmarking neural network robustness to common
        corruptions and perturbations", ICLR 2019, section 4.1.
    """
    sums, plain_sums = rates.sum(axis=1), plain.sum(axis=1)
    ratios = np.full(len(sums), np.nan)
    return np.asarray(np.divide(sums, plain_sums, out=ratios, where=plain_sums > 0))


def mean_corruption_error(rates: np.ndarray, baseline: Baseline | None) -> float | None:
    """The mean of `relative_errors` where they are known; None where that is nowhere."""
    ratios = relative_errors(rates, baseline.rates) if baseline else np.full(1, np.nan)
    return None if np.isnan(ratios).all() else float(np.nanmean(ratios))


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
    progress: Progress = silent,
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
    for done, (corruption, level, wrong) in enumerate(spread(count, tasks), 1):
        errors[corruption, level] += wrong
        progress("corruptions", done, len(tasks))
    return ErrorRates(len(images), int(errors[0, 0]), errors[:, 1:], names)
