"""Section 5 of a report: does a model know what is not a digit?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from digit_classifier.evaluation.section import Section
from digit_classifier.evaluation.stress import Predict, Progress
from digit_classifier.onnx_model import soften


@dataclass(frozen=True)
class Acceptance:
    """How a model decides what to vouch for: its score, and the least score it accepts.

    Attributes:
        softness: of the top probability, see `onnx_model.soften`; 1 takes it as it is.
        threshold: the least score that is accepted, or None where the model has none.
    """

    softness: float = 1.0
    threshold: float | None = None

    @classmethod
    def of(cls, metadata: Mapping[str, Any]) -> Acceptance:
        """What a model's own metadata say; the plain top probability where they say nothing."""
        reject = metadata.get("reject")
        if not isinstance(reject, Mapping):
            return cls()
        return cls(float(reject.get("softness", 1.0)), float(reject["threshold"]))

    def score(self, probabilities: np.ndarray) -> np.ndarray:
        """How sure of a digit, 0.1 to 1: (n, 10) to (n,)."""
        soft = probabilities if self.softness == 1 else soften(probabilities, self.softness)
        return np.asarray(soft.max(axis=1))


def section(
    predict: Predict,
    digits: np.ndarray,
    labels: np.ndarray,
    *,
    acceptance: Acceptance = Acceptance(),
    ood: tuple[str, np.ndarray] | None = None,
    quick: bool = False,
    progress: Progress | None = None,
) -> Section:
    """Measure whether a model's doubt tells digits from other things.

    Args:
        predict: uint8 (n, 28, 28) to probabilities (n, 10).
        digits: uint8, shape (n, 28, 28): digits that chose nothing about the model.
        labels: 0 to 9, shape (n,).
        acceptance: how the model decides: `Acceptance.of(model.metadata)`.
        ood: a name and images of other things, uint8 (m, 28, 28), from `outsiders.read(path)`.
        quick: fewer digits and drawings.
        progress: called with (what, done, total).
    """
    raise NotImplementedError
