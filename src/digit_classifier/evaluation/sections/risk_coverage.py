"""What refusing unsure answers buys: the curve of all thresholds, and the one that is needed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from digit_classifier.evaluation.predictions import Predictions
from digit_classifier.rejection import RejectionRule

THRESHOLDS = (0.5, 0.9, 0.99, 0.999)


@dataclass(frozen=True, eq=False)
class RiskCoverage:
    """What every threshold does, from refusing all but the surest to refusing nothing.

    Attributes:
        thresholds: least confidence that is accepted, falling.
        accepted: how many images are.
        wrong: how many of those are misread.
        n: how many images there are.
    """

    thresholds: np.ndarray
    accepted: np.ndarray
    wrong: np.ndarray
    n: int


def trace(predictions: Predictions) -> RiskCoverage:
    """Count accepted images and errors among them for every confidence that occurs."""
    order = np.argsort(-predictions.confidence, kind="stable")
    confidence = predictions.confidence[order]
    wrong = np.cumsum(~predictions.right[order])
    # A threshold takes all images of one confidence or none.
    last = np.append(confidence[1:] < confidence[:-1], True)
    return RiskCoverage(confidence[last], np.flatnonzero(last) + 1, wrong[last], predictions.n)


def find_threshold(curve: RiskCoverage, error: float) -> dict[str, float | int] | None:
    """The threshold that refuses least while errors among accepted images are under a share.

    Returns:
        threshold, accepted, wrong and the share refused; None where no threshold does it.
    """
    good = np.flatnonzero(curve.wrong / curve.accepted < error)
    if not len(good):
        return None
    at = int(good[-1])
    accepted = int(curve.accepted[at])
    return {
        "threshold": float(curve.thresholds[at]),
        "accepted": accepted,
        "wrong": int(curve.wrong[at]),
        "refused": 1 - accepted / curve.n,
    }


def try_thresholds(predictions: Predictions, metadata: dict[str, Any]) -> list[dict[str, Any]]:
    """What usual thresholds accept, and what the model's own rule does, if its file holds one.

    Returns:
        For each the rule in words, accepted, refused (a share), wrong and error (a share, None
        where nothing is accepted).
    """
    rules = {"nothing refused": np.ones(predictions.n, bool)}
    rules |= {f"{100 * t:g} %": predictions.confidence >= t for t in THRESHOLDS}
    if own := RejectionRule.read(metadata):
        rules["the model's own rule"] = own.accept(predictions.probabilities)
    rows = []
    for name, accepted in rules.items():
        n, wrong = int(accepted.sum()), int((accepted & ~predictions.right).sum())
        rows.append({"rule": name, "accepted": n, "refused": 1 - n / predictions.n, "wrong": wrong,
                     "error": wrong / n if n else None})  # fmt: skip
    return rows
