"""Several models on the same images: which is better, at what cost, and whether it is chance."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from itertools import combinations
from pathlib import Path

import numpy as np

from digit_classifier.dataset import Dataset
from digit_classifier.errors import OptionError
from digit_classifier.evaluation.corruptions import error_rates
from digit_classifier.evaluation.corruptions.error_rates import ErrorRates
from digit_classifier.evaluation.model import Model
from digit_classifier.evaluation.predictions import (
    Predictions,
    Progress,
    measure_latency,
    predict_all,
    silent,
)
from digit_classifier.evaluation.report import Report
from digit_classifier.stats import mcnemar
from digit_classifier.words import count, percent, write_p

ALPHA = 0.05
_Z = 1.959964  # leaves 2.5 % on either side


@dataclass(frozen=True)
class Pairing:
    """Two models that were shown the same images.

    The images that both read rightly, or both misread, say nothing about which is better.

    Attributes:
        n: how many images, at least 1.
        only_first: how many the first alone read rightly.
        only_second: how many the second alone read rightly.
    """

    n: int
    only_first: int
    only_second: int

    @property
    def difference(self) -> float:
        """Accuracy of the first less that of the second, -1 to 1."""
        return (self.only_first - self.only_second) / self.n

    @cached_property
    def p(self) -> float:
        """McNemar's exact p, two-sided; 1 where the models never differ."""
        return mcnemar(self.only_first, self.only_second)

    @cached_property
    def interval(self) -> tuple[float, float]:
        """95 % interval of the difference in accuracy."""
        return tango(self.only_first, self.only_second, self.n)


def pair(first: np.ndarray, second: np.ndarray) -> Pairing:
    """Count on which images two models differ.

    Args:
        first: whether the first was right, bool (n,), n at least 1.
        second: the same of the second.
    Raises:
        ValueError: not as many of one as of the other, or none.
    """
    if first.shape != second.shape or first.ndim != 1 or not len(first):
        raise ValueError(f"answers to {first.shape} and {second.shape} images cannot be paired")
    only_first, only_second = int((first & ~second).sum()), int((second & ~first).sum())
    return Pairing(len(first), only_first, only_second)


def tango(one: int, other: int, n: int, z: float = _Z) -> tuple[float, float]:
    """Score interval of the difference between two proportions of the same things.

    It holds all differences that a score test would not reject. It is an approximation, and may
    leave zero just out where the exact test does not reject zero.

    Args:
        one: things that only the first counts as hits.
        other: things that only the second counts as hits.
        n: how many things, at least 1.
        z: the normal quantile; the default gives 95 %.
    Returns:
        Lower and upper bound of (one - other) / n, both in [-1, 1].
    Raises:
        ValueError: counts out of range.
    Source: T. Tango, "Equivalence test and confidence interval for the difference in proportions
        for the paired-sample design", Statistics in Medicine 17 (1998), section 3.
    """
    from scipy.optimize import brentq

    if n < 1 or one < 0 or other < 0 or one + other > n:
        raise ValueError(f"{one} and {other} of {n} cannot be a pairing")
    observed = (one - other) / n

    def excess(delta: float) -> float:
        """Above 0 where the score test rejects `delta`."""
        b = -one - other + (2 * n - one + other) * delta
        c = -other * delta * (1 - delta)
        share = (math.sqrt(max(0.0, b * b - 8 * n * c)) - b) / (4 * n)  # only the second, if delta
        variance = n * (2 * share + delta * (1 - delta))
        return float((one - other - n * delta) ** 2 - z * z * variance)

    def bound(end: float) -> float:
        beside = observed + (end - observed) * 1e-9  # at it, nothing is rejected and all is zero
        return float(brentq(excess, beside, end, xtol=1e-12))

    return bound(-1.0), bound(1.0)


def holm(values: Sequence[float]) -> list[float]:
    """Adjust p for how many tests there are, so that one false alarm in all stays as unlikely.

    Args:
        values: p of each test.
    Returns:
        In the same order, 0 to 1: below 0.05 where the difference stands among all.
    Source: S. Holm, "A simple sequentially rejective multiple test procedure", Scandinavian
        Journal of Statistics 6 (1979).
    """
    adjusted = [1.0] * len(values)
    largest = 0.0
    for rank, index in enumerate(sorted(range(len(values)), key=values.__getitem__)):
        largest = max(largest, min(1.0, (len(values) - rank) * values[index]))
        adjusted[index] = largest
    return adjusted


# The models are timed in turns, so that what else the machine does falls on all of them.
TURNS, TURN_SECONDS = 3, 0.3


@dataclass(frozen=True, eq=False)
class ModelResult:
    """A model in a comparison.

    Attributes:
        model: the model.
        predictions: its answers to the test images.
        latency_ms: median time for one image on one core.
        stress: its errors on spoilt images; None where they were not asked for.
    """

    model: Model
    predictions: Predictions
    latency_ms: float
    stress: ErrorRates | None

    @property
    def name(self) -> str:
        """What to call it."""
        return self.model.name

    @property
    def errors(self) -> int:
        """How many test images it misreads."""
        return len(self.predictions.errors)

    @property
    def accuracy(self) -> float:
        """Share of the test images that it reads rightly."""
        return 1 - self.errors / self.predictions.n


@dataclass(frozen=True, eq=False)
class PairedTest:
    """Two results, the one with fewer errors first.

    Attributes:
        better: has no more errors than `worse`.
        worse: the other.
        pairing: on which images they differ; `better` is its first.
        p_adjusted: McNemar's p after Holm's correction for the number of pairs.
    """

    better: ModelResult
    worse: ModelResult
    pairing: Pairing
    p_adjusted: float

    @property
    def significant(self) -> bool:
        """Whether the images can tell the two apart."""
        return self.p_adjusted < ALPHA


@dataclass(frozen=True, eq=False, repr=False)
class Comparison:
    """What a comparison found; prints as a line a model and a line a pair.

    Attributes:
        results: in the order given.
        dataset: where the images came from.
        written: the folder that was asked for; None without one.
    """

    results: tuple[ModelResult, ...]
    dataset: Dataset
    written: Report | None = None

    def __repr__(self) -> str:
        lines = [
            f"{each.name}: {percent(each.accuracy)} of {each.predictions.n:,} test images of "
            f"{self.dataset.name}, {count(each.errors, 'error')}"
            for each in sorted(self.results, key=lambda each: each.errors)
        ]
        for test in self.tests:
            both = f"{test.better.name} and {test.worse.name}"
            told = "are told apart" if test.significant else "cannot be told apart"
            lines.append(f"{both} {told} ({write_p(test.p_adjusted)})")
        return "\n".join(lines)

    @cached_property
    def tests(self) -> list[PairedTest]:
        """All pairs."""
        pairs = [sorted(both, key=lambda one: one.errors) for both in combinations(self.results, 2)]
        pairings = [
            pair(better.predictions.right, worse.predictions.right) for better, worse in pairs
        ]
        adjusted = holm([pairing.p for pairing in pairings])
        return [
            PairedTest(better, worse, pairing, p)
            for (better, worse), pairing, p in zip(pairs, pairings, adjusted, strict=True)
        ]


def compare(
    models: Sequence[Model],
    dataset: Dataset,
    *,
    robustness: bool = True,
    sample: int = error_rates.QUICK_SAMPLE,
    progress: Progress = silent,
) -> Comparison:
    """Show every test image to every model, and the same spoilt ones.

    Args:
        models: two or more.
        dataset: its test images are shown.
        robustness: whether to measure errors under all corruptions.
        sample: images of each corruption and strength.
        progress: called with (what, done, total).
    Raises:
        OptionError: fewer than two models.
        DataError, ModelError: as `predictions.judge`.
    """
    if len(models) < 2:
        raise OptionError("a comparison takes two models or more; one was given")
    models = _tell_names_apart(models)
    images, labels = dataset.test_images, dataset.test_labels
    predicted = [
        predict_all(model, images, labels, partial(progress, model.name)) for model in models
    ]
    rounds = [
        [measure_latency(model, images, TURN_SECONDS) for model in models] for _ in range(TURNS)
    ]
    latencies = [float(median) for median in np.median(rounds, axis=0)]
    measured = [
        # Seeded: every model is shown the very same spoilt images.
        error_rates.measure(
            model.on_one_core, images, labels, sample=sample,
            progress=partial(_tell_of, model.name, progress),
        )
        if robustness
        else None
        for model in models
    ]  # fmt: skip
    rows = zip(models, predicted, latencies, measured, strict=True)
    return Comparison(tuple(ModelResult(*row) for row in rows), dataset)


def _tell_of(name: str, progress: Progress, _what: str, done: float, total: float) -> None:
    progress(f"{name}, spoilt images", done, total)


def _tell_names_apart(models: Sequence[Model]) -> list[Model]:
    """Give models of one name the folders that tell them apart, and one file twice a number."""
    names = []
    for model in models:
        alike = {each.path for each in models if each.name == model.name and each.path}
        short = _short_paths(alike) if len(alike) > 1 else {}
        names.append(short.get(model.path, model.name) if model.path else model.name)
    told = [
        f"{name} ({names[: i + 1].count(name)})" if names.count(name) > 1 else name
        for i, name in enumerate(names)
    ]
    return [replace(model, name=name) for model, name in zip(models, told, strict=True)]


def _short_paths(paths: set[Path]) -> dict[Path, str]:
    """The last parts of each path, as many as tell all of them apart."""
    whole = {
        path: path.resolve().parent if path.name == "model.onnx" else path.resolve().with_suffix("")
        for path in paths
    }
    short: dict[Path, str] = {}
    for n in range(1, 1 + max(len(path.parts) for path in whole.values())):
        short = {path: "/".join(named.parts[-n:]) for path, named in whole.items()}
        if len(set(short.values())) == len(paths):
            break
    return short
