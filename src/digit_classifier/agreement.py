"""What a classifier and the finder say of one mark, as one calibrated confidence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

# The confidence from which a found mark is a digit, where the user names none, and from which it is
# a `?` in the text; below, it is only listed as rejected. Chosen on drawn pages.
SURE, UNSURE = 0.5, 0.35
LEAST = 1e-4  # of a probability, before its logarithm is taken
CLASSES = 10
ROUNDS, RIDGE = 40, 1e-3


@dataclass(frozen=True)
class Agreement:
    """Two opinions multiplied, each to a power, and how often their answer then is right.

    The confidence is a logistic function of the log-odds of the likeliest digit and of the log-odds
    with which the finder takes the mark for a digit at all.

    Attributes:
        classifier: power of the classifier's probabilities.
        finder: power of the finder's.
        bias: of the logistic function.
        answer: what the log-odds of the likeliest digit count.
        found: what the log-odds of finding count.
        company: what counts how surely its neighbours are digits, 0 to 1.
        number_bias: the same two for a whole number, whose digits' confidences are multiplied.
        number: what the log-odds of that product count.
    """

    classifier: float = 0.3
    finder: float = 1.0
    bias: float = -1.5
    answer: float = 0.5
    found: float = 0.8
    company: float = 0.0
    number_bias: float = 0.0
    number: float = 1.0

    @classmethod
    def read(cls, metadata: Mapping[str, Any]) -> Agreement:
        """What was fitted for a finder, as its file says; the defaults where it says nothing."""
        said = metadata.get("agreement")
        return cls(**said) if isinstance(said, Mapping) else cls()

    def describe(self) -> dict[str, float]:
        """As the finder's file holds it."""
        return {name: round(value, 4) for name, value in asdict(self).items()}

    def combine(
        self, classifier: np.ndarray, finder: np.ndarray, found: np.ndarray, company: np.ndarray
    ) -> np.ndarray:
        """Probabilities of which the highest is how often such an answer is right.

        Args:
            classifier: float, shape (n, 10), probabilities.
            finder: the same, the finder's.
            found: shape (n,), how surely the finder takes it for a digit.
            company: shape (n,), the same of its neighbours, see `picture.Mark`.
        Returns:
            float32, shape (n, 10), each row summing to 1: the product of the two, mixed with an
            even guess as far as it is to be doubted.
        """
        product = self._product(classifier, finder)
        highest = product.max(axis=1)
        odds = self.bias + self.answer * _odds(highest) + self.found * _odds(found)
        odds = odds + self.company * company
        confidence = np.maximum(1 / (1 + np.exp(-odds)), 1.01 / CLASSES)
        even = 1 / CLASSES
        share = np.minimum(1, (confidence - even) / np.maximum(highest - even, 1e-6))[:, None]
        mixed = share * product + (1 - share) * even
        raised = np.maximum(confidence - mixed.max(axis=1), 0)  # surer than the product is
        top = np.eye(CLASSES)[product.argmax(axis=1)]
        result = mixed * (1 - raised[:, None]) + top * raised[:, None]
        return np.asarray(result, np.float32)

    def of_number(self, confidences: np.ndarray) -> float:
        """How often a number is right as a whole, by the confidences of its digits, shape (n,)."""
        odds = self.number_bias + self.number * _odds(np.prod(confidences))
        return float(1 / (1 + np.exp(-odds)))

    def fit_numbers(self, products: np.ndarray, right: np.ndarray) -> Agreement:
        """Fit what is said of whole numbers.

        Args:
            products: float, shape (n,), each the product of a number's confidences.
            right: bool, shape (n,): whether it was read as it is.
        """
        if right.all() or not right.any():
            return self
        bias, slope = _logistic(_odds(products)[:, None], right)
        return replace(self, number_bias=bias, number=slope)

    def _product(self, classifier: np.ndarray, finder: np.ndarray) -> np.ndarray:
        logs = self.classifier * np.log(classifier + LEAST) + self.finder * np.log(finder + LEAST)
        product = np.exp(logs - logs.max(axis=1, keepdims=True))
        return np.asarray(product / product.sum(axis=1, keepdims=True))

    @classmethod
    def fit(
        cls,
        classifier: np.ndarray,
        finder: np.ndarray,
        found: np.ndarray,
        company: np.ndarray,
        labels: np.ndarray,
    ) -> Agreement:
        """Fit the powers by the likelihood of the right digits, then the logistic function.

        Args:
            classifier: as for `combine`.
            finder: as for `combine`.
            found: as for `combine`.
            company: as for `combine`.
            labels: int, shape (n,): the digit; -1 for a mark that is none. Without any digit the
                defaults stay.
        """
        if not (labels >= 0).any():
            return cls()
        digits = labels >= 0
        rows = np.flatnonzero(digits), labels[digits]

        def loss(agreement: Agreement) -> float:
            return -float(np.log(agreement._product(classifier, finder)[rows] + 1e-9).mean())

        grid = [
            cls(classifier=a, finder=b)
            for a in np.arange(0, 1.3, 0.1)
            for b in np.arange(0, 2.1, 0.1)
        ]
        best = min(grid, key=loss)
        product = best._product(classifier, finder)
        right = product.argmax(axis=1) == labels
        odds = np.column_stack([_odds(product.max(axis=1)), _odds(found), company])
        bias, answer, sure, near = _logistic(odds, right)
        return replace(
            best,
            classifier=float(best.classifier),
            finder=float(best.finder),
            bias=bias,
            answer=answer,
            found=sure,
            company=near,
        )


def _odds(share: np.ndarray) -> np.ndarray:
    kept = np.clip(share, LEAST, 1 - LEAST)
    return np.asarray(np.log(kept / (1 - kept)))


def _logistic(x: np.ndarray, right: np.ndarray) -> list[float]:
    """Logistic regression by Newton's method: the bias, then a weight for each column."""
    x = np.column_stack([np.ones(len(x)), x])
    weights = np.zeros(x.shape[1])
    for _ in range(ROUNDS):
        p = 1 / (1 + np.exp(-x @ weights))
        curve = (x * (p * (1 - p))[:, None]).T @ x + RIDGE * np.eye(x.shape[1])
        weights += np.linalg.solve(curve, x.T @ (right - p) - RIDGE * weights)
    return [float(weight) for weight in weights]
