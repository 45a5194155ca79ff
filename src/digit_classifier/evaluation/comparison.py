"""Several models on the same images: which is better, at what cost, and whether it is chance."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import combinations

import numpy as np

from digit_classifier.dataset import Dataset
from digit_classifier.errors import OptionError
from digit_classifier.evaluation import stress, trial
from digit_classifier.evaluation.judging import Subject, measure_latency
from digit_classifier.evaluation.pairing import ALPHA, Pairing, holm, pair
from digit_classifier.evaluation.stress import Progress, Stress
from digit_classifier.evaluation.trial import Trial

# The models are timed in turns, so that what else the machine does falls on all of them.
TURNS, TURN_SECONDS = 3, 0.3


@dataclass(frozen=True, eq=False)
class Contestant:
    """A model in a comparison.

    Attributes:
        subject: the model.
        trial: its answers to the test images.
        latency_ms: median time for one image on one core.
        stress: its errors on spoilt images; None where they were not asked for.
    """

    subject: Subject
    trial: Trial
    latency_ms: float
    stress: Stress | None

    @property
    def name(self) -> str:
        """What to call it."""
        return self.subject.name

    @property
    def errors(self) -> int:
        """How many test images it misreads."""
        return len(self.trial.errors)


@dataclass(frozen=True, eq=False)
class Duel:
    """Two contestants, the one with fewer errors first.

    Attributes:
        better: has no more errors than `worse`.
        worse: the other.
        pairing: on which images they differ; `better` is its first.
        p_adjusted: McNemar's p after Holm's correction for the number of pairs.
    """

    better: Contestant
    worse: Contestant
    pairing: Pairing
    p_adjusted: float

    @property
    def told_apart(self) -> bool:
        """Whether the images can tell the two apart."""
        return self.p_adjusted < ALPHA


@dataclass(frozen=True, eq=False)
class Comparison:
    """What a comparison found.

    Attributes:
        contestants: in the order given.
        dataset: where the images came from.
    """

    contestants: tuple[Contestant, ...]
    dataset: Dataset

    @cached_property
    def duels(self) -> list[Duel]:
        """All pairs."""
        pairs = [
            sorted(both, key=lambda one: one.errors) for both in combinations(self.contestants, 2)
        ]
        pairings = [pair(better.trial.right, worse.trial.right) for better, worse in pairs]
        adjusted = holm([pairing.p for pairing in pairings])
        return [
            Duel(better, worse, pairing, p)
            for (better, worse), pairing, p in zip(pairs, pairings, adjusted, strict=True)
        ]


def compare(
    subjects: Sequence[Subject],
    dataset: Dataset,
    *,
    robustness: bool = True,
    sample: int = stress.QUICK_SAMPLE,
    progress: Progress | None = None,
) -> Comparison:
    """Show every test image to every model, and the same spoilt ones.

    Args:
        subjects: two or more.
        dataset: its test images are shown.
        robustness: whether to measure errors under the fifteen corruptions.
        sample: images of each corruption and strength.
        progress: called with (what, done, total).
    Raises:
        OptionError: fewer than two models.
        DataError, ModelError: as `judging.judge`.
    """
    if len(subjects) < 2:
        raise OptionError("a comparison takes two models or more; one was given")
    subjects = _tell_names_apart(subjects)
    images, labels = dataset.test_images, dataset.test_labels
    trials, stressed = [], []
    for subject in subjects:
        hear = _named(progress, subject.name)
        trials.append(trial.hold(subject, images, labels, hear))
    latencies = _time_in_turns(subjects, images)
    for subject in subjects:
        hear = _named(progress, f"{subject.name}, spoilt images")
        stressed.append(_stress(subject, dataset, sample, hear) if robustness else None)
    rows = zip(subjects, trials, latencies, stressed, strict=True)
    return Comparison(tuple(Contestant(*row) for row in rows), dataset)


def _tell_names_apart(subjects: Sequence[Subject]) -> list[Subject]:
    """Give models of one name their paths, and the same file twice a number."""
    names = [subject.name for subject in subjects]
    told = [
        str(subject.path or subject.name) if names.count(subject.name) > 1 else subject.name
        for subject in subjects
    ]
    return [
        replace(s, name=f"{name} ({told[: i + 1].count(name)})" if told.count(name) > 1 else name)
        for i, (s, name) in enumerate(zip(subjects, told, strict=True))
    ]


def _named(progress: Progress | None, what: str) -> Callable[[int, int], None]:
    return lambda done, total: progress(what, done, total) if progress else None


def _time_in_turns(subjects: Sequence[Subject], images: np.ndarray) -> list[float]:
    rounds = [[measure_latency(s, images, TURN_SECONDS) for s in subjects] for _ in range(TURNS)]
    return [float(median) for median in np.median(rounds, axis=0)]


def _stress(
    subject: Subject, dataset: Dataset, sample: int, hear: Callable[[int, int], None]
) -> Stress:
    # Seeded: every model is shown the very same spoilt images.
    return stress.measure(
        subject.alone or subject.predict,
        dataset.test_images,
        dataset.test_labels,
        sample=sample,
        progress=lambda _what, done, total: hear(done, total),
    )
