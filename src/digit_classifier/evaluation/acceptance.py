"""How a model decides what to vouch for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from digit_classifier.onnx_model import own_rule, soften


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
        threshold, softness = own_rule(metadata) or (None, 1.0)
        return cls(softness, threshold)

    @property
    def words(self) -> str:
        """What the score is, for an axis."""
        if self.softness == 1:
            return "highest probability"
        return f"highest probability, softened by a power of {self.softness:g}"

    def score(self, probabilities: np.ndarray) -> np.ndarray:
        """How sure of a digit, 0.1 to 1: (n, 10) to (n,)."""
        soft = probabilities if self.softness == 1 else soften(probabilities, self.softness)
        return np.asarray(soft.max(axis=1))
