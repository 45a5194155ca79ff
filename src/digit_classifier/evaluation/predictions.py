"""What a model answered to labelled images: what the sections of a report are made from."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TypeVar

import numpy as np

from digit_classifier.errors import DataError, ModelError
from digit_classifier.evaluation.model import Model
from digit_classifier.machine import count_cores
from digit_classifier.onnx_model import CLASSES, SIDE

BATCH = 500
# Rows of float16 and of rounded exports still sum to 1 within this.
TOLERANCE = 5e-3
T = TypeVar("T")
R = TypeVar("R")
# what is done, how much of it, of how much
Progress = Callable[[str, float, float], None]


def silent(_what: str, _done: float, _total: float) -> None:
    """Progress that nobody wants to hear of."""


@dataclass(frozen=True, eq=False)
class Predictions:
    """A model's answers to labelled images.

    Attributes:
        images: uint8, shape (n, 28, 28).
        labels: int64, shape (n,), 0 to 9.
        probabilities: float64, shape (n, 10), rows summing to 1.
        seconds: how long all the answers took, on all cores.
    """

    images: np.ndarray
    labels: np.ndarray
    probabilities: np.ndarray
    seconds: float = 0.0

    @property
    def n(self) -> int:
        """How many images."""
        return len(self.labels)

    @cached_property
    def answers(self) -> np.ndarray:
        """The most probable digit of each image, int64 (n,)."""
        return np.asarray(self.probabilities.argmax(axis=1))

    @cached_property
    def confidence(self) -> np.ndarray:
        """The probability of the answer, float64 (n,)."""
        return np.asarray(self.probabilities.max(axis=1))

    @cached_property
    def right(self) -> np.ndarray:
        """Whether the answer is the label, bool (n,)."""
        return np.asarray(self.answers == self.labels)

    @cached_property
    def errors(self) -> np.ndarray:
        """Indices of the errors, the most confident first, int64."""
        wrong = np.flatnonzero(~self.right)
        truth = self.probabilities[wrong, self.labels[wrong]]
        return np.asarray(wrong[np.lexsort((truth, -self.confidence[wrong]))])


def predict_all(
    model: Model,
    images: np.ndarray,
    labels: np.ndarray,
    progress: Callable[[int, int], None] | None = None,
) -> Predictions:
    """Show every image to a model.

    Args:
        model: the model.
        images: uint8, shape (n, 28, 28), n at least 1.
        labels: whole numbers 0 to 9, shape (n,).
        progress: called with how many are done, and n.
    Raises:
        DataError: images or labels that are none.
        ModelError: answers that are none; see `predictions.judge`.
    """
    labels = check_labels(labels, len(images))
    began = time.perf_counter()
    probabilities = judge(model, images, progress=progress)
    return Predictions(images, labels, probabilities, time.perf_counter() - began)


def judge(
    model: Model,
    images: np.ndarray,
    batch: int = BATCH,
    progress: Callable[[int, int], None] | None = None,
) -> np.ndarray:
    """What a model answers to images, asked in batches and checked.

    Args:
        model: the model.
        images: uint8, shape (n, 28, 28), n at least 1.
        batch: how many are shown at once.
        progress: called with how many are done, and n.
    Returns:
        float64, shape (n, 10), rows summing to 1.
    Raises:
        DataError: images of another shape or dtype, or none.
        ModelError: answers of another shape, not finite, negative, or rows not summing to 1.
    """
    if images.dtype != np.uint8 or images.ndim != 3 or images.shape[1:] != (SIDE, SIDE):
        raise DataError(
            f"images of shape {images.shape} and dtype {images.dtype} were given; "
            "needed uint8 of shape (n, 28, 28)"
        )
    if not len(images):
        raise DataError("no images to judge the model on; at least one is needed")
    answers = []
    for at in range(0, len(images), batch):
        part = images[at : at + batch]
        answers.append(_checked(model, np.asarray(model.predict(part)), len(part)))
        if progress:
            progress(min(at + batch, len(images)), len(images))
    return np.concatenate(answers)


def check_labels(labels: np.ndarray, n: int) -> np.ndarray:
    """Give labels back as int64 if they can be judged by.

    Raises:
        DataError: not one whole number from 0 to 9 for each of `n` images.
    """
    labels = np.asarray(labels)
    if labels.shape != (n,) or labels.dtype.kind not in "iu":
        raise DataError(
            f"labels of shape {labels.shape} and dtype {labels.dtype} for {n:,} images; "
            "needed one whole number each"
        )
    if n and not 0 <= int(labels.min()) <= int(labels.max()) < CLASSES:
        bad = next(int(label) for label in labels if not 0 <= label < CLASSES)
        raise DataError(f"a label is {bad}; labels must be 0 to 9")
    return labels.astype(np.int64)


def measure_latency(model: Model, images: np.ndarray, seconds: float = 1.0) -> float:
    """Median time for one image on one core, in milliseconds.

    Args:
        model: the model.
        images: uint8, shape (n, 28, 28); shown one by one, again and again.
        seconds: how long to go on; at least ten images are shown.
    """
    predict = model.on_one_core
    predict(images[:1])
    times: list[float] = []
    began = time.perf_counter()
    while len(times) < 10 or time.perf_counter() - began < seconds:
        one = images[len(times) % len(images)][None]
        start = time.perf_counter()
        predict(one)
        times.append(time.perf_counter() - start)
    return float(np.median(times) * 1e3)


def _checked(model: Model, answers: np.ndarray, n: int) -> np.ndarray:
    if answers.shape != (n, CLASSES):
        raise ModelError(
            f"{model.name} answers {n} images with shape {answers.shape}; "
            f"a digit network gives ({n}, {CLASSES})"
        )
    if not np.isfinite(answers).all():
        raise ModelError(
            f"{model.name} answers with numbers that are not finite (NaN or infinity); "
            "the file is damaged, or its training diverged"
        )
    sums = answers.sum(axis=1, dtype=np.float64)
    worst = int(np.abs(sums - 1).argmax())
    if answers.min() < -TOLERANCE or abs(sums[worst] - 1) > TOLERANCE:
        raise ModelError(
            f"{model.name} gives no probabilities: a row sums to {sums[worst]:.4g} and the "
            f"least value is {answers.min():.4g}; needed ten numbers from 0 to 1 that sum to 1"
        )
    positive = np.clip(answers.astype(np.float64), 0, None)
    return np.asarray(positive / positive.sum(axis=1, keepdims=True))


def choose(n: int, most: int) -> np.ndarray:
    """Indices of at most `most` of `n` images, spread evenly: MNIST's halves are not alike."""
    return np.unique(np.linspace(0, n, min(n, most), endpoint=False, dtype=int))


def spread(work: Callable[[T], R], tasks: list[T]) -> Iterator[R]:
    """Do tasks in a thread a core, results in their order, never more than a few ahead."""
    workers = count_cores()
    with ThreadPoolExecutor(workers) as pool:
        waiting = deque(pool.submit(partial(work, task)) for task in tasks[: 2 * workers])
        for task in tasks[2 * workers :]:
            yield waiting.popleft().result()
            waiting.append(pool.submit(partial(work, task)))
        while waiting:
            yield waiting.popleft().result()
