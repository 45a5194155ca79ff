"""What a model answered to labelled images: what the sections of a report are made from."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from digit_classifier.evaluation.model import Model, check_labels, judge


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
        ModelError: answers that are none; see `judging.judge`.
    """
    labels = check_labels(labels, len(images))
    began = time.perf_counter()
    probabilities = judge(model, images, progress=progress)
    return Predictions(images, labels, probabilities, time.perf_counter() - began)
