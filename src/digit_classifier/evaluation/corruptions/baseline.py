"""How often the original network errs on the same spoilt pictures: what others are compared with.

baseline.json holds the figures of networks trained by the recipe `classic`, as the original
project trained its own (784-32-32-10, Adam, 10 epochs of 32). The `mlp` that ships is none of
them: it was trained longer and on distorted images. `python benchmarks/corruption_baseline.py`
trains them again and writes the file.
"""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from digit_classifier.errors import DataError
from digit_classifier.evaluation.corruptions import CORRUPTIONS, LEVELS

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
def load_baseline(path: Path = FILE) -> Baseline:
    """Read the stored figures.

    Raises:
        DataError: not the file that benchmarks/corruption_baseline.py writes.
    """
    try:
        found = json.loads(path.read_text("utf-8"))
        unknown = [float("nan")] * len(LEVELS)
        rates = np.array([found["rates"].get(name, unknown) for name in CORRUPTIONS], float)
        if rates.shape != (len(CORRUPTIONS), len(LEVELS)):
            raise ValueError(f"rates of shape {rates.shape}")
        numbers = float(found["clean"]), int(found["n"]), len(found["seeds"])
        return Baseline(rates, *numbers, found["dataset_sha256"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataError(
            f"{path} does not hold the original network's error rates ({error!r}); "
            "install the package anew"
        ) from error


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
