"""Which answers are confident enough to be given; the others are rejected, as "not sure"."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from digit_classifier.errors import ModelError
from digit_classifier.stats import apply_temperature


@dataclass(frozen=True)
class RejectionRule:
    """Accepts an answer whose highest probability, at a temperature, is high enough.

    Calibrated probabilities of a good network are nearly all 0.99 and more. At a higher
    temperature they tell better how close a second answer was, and so digits from other things.
    Source: Liang, Li, Srikant, "Enhancing the reliability of out-of-distribution image detection
    in neural networks", ICLR 2018, section 3.

    Attributes:
        threshold: the least score that is accepted, 0 to 1.
        temperature: at which the score is taken, above 0; 1 is the confidence as it is.
    """

    threshold: float
    temperature: float = 1.0

    @classmethod
    def read(cls, metadata: Mapping[str, Any]) -> RejectionRule | None:
        """The rule that a model's file holds, as its exporter measured it; None for none.

        Raises:
            ModelError: there is a rule, but not of numbers.
        """
        said = metadata.get("reject")
        if not isinstance(said, Mapping) or "threshold" not in said:
            return None
        try:
            return cls(float(said["threshold"]), 1 / float(said.get("softness", 1)))
        except (TypeError, ValueError, ZeroDivisionError) as error:
            raise ModelError(
                f"the model says that its rule is {dict(said)}; two numbers, threshold and "
                "softness, are needed. Export it anew."
            ) from error

    def describe(self) -> dict[str, float]:
        """As files and the API hold it: threshold, and softness, which is 1 / temperature."""
        return {"threshold": self.threshold, "softness": 1 / self.temperature}

    @property
    def score_name(self) -> str:
        """What the score is, for an axis."""
        if self.temperature == 1:
            return "highest probability"
        return f"highest probability at a temperature of {self.temperature:g}"

    def score(self, probabilities: np.ndarray) -> np.ndarray:
        """How sure of a digit, 0.1 to 1: (n, 10) to (n,)."""
        if self.temperature != 1:
            probabilities = apply_temperature(probabilities, self.temperature)
        return np.asarray(probabilities.max(axis=1))

    def accept(self, probabilities: np.ndarray) -> np.ndarray:
        """For each row of (n, 10), whether its answer is accepted; bool, shape (n,)."""
        return np.asarray(self.score(probabilities) >= self.threshold)


# For models whose exporter measured none of their own.
DEFAULT_RULE = RejectionRule(0.5)
