"""What an honest no costs in digits, and what it catches of things that are no digits."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from digit_classifier.dataset import nondigits

Predict = Callable[[np.ndarray], np.ndarray]
Vouch = Callable[[np.ndarray], np.ndarray]
PER_KIND = 300


@dataclass(frozen=True)
class Refusals:
    """How many of one kind were refused.

    Attributes:
        kind: "digits", or a kind of `dataset.nondigits`.
        seen: whether a network of this project may have been trained on the kind; None for digits.
        n: how many were shown.
        refused: how many were not vouched for.
    """

    kind: str
    seen: bool | None
    n: int
    refused: int


def measure(
    predict: Predict, vouch: Vouch, digits: np.ndarray, seed: int, per_kind: int = PER_KIND
) -> list[Refusals]:
    """Count refusals among digits and among drawn non-digits of every kind.

    Args:
        predict: uint8 (n, 28, 28) to probabilities (n, 10).
        vouch: probabilities (n, 10) to which are accepted, bool (n,).
        digits: uint8, shape (n, 28, 28): digits that chose nothing about the model.
        seed: of the drawings; another than in training.
        per_kind: drawings of each kind.
    Returns:
        Digits first, then the kinds that may be trained on, then those that never are.
    """
    rows = [_count("digits", None, digits, predict, vouch)]
    for kind in (*nondigits.KINDS, *nondigits.HELD_OUT):
        drawn = nondigits.generate(per_kind, seed, digits, [kind])
        rows.append(_count(kind, kind in nondigits.KINDS, drawn, predict, vouch))
    return rows


def sum_up(rows: Sequence[Refusals]) -> list[Refusals]:
    """Digits, all kinds that may be trained on, all that never are: three rows."""
    sums = []
    for kind, seen in (("digits", None), ("kinds trained on", True), ("kinds held out", False)):
        these = [row for row in rows if row.seen is seen]
        sums.append(Refusals(kind, seen, sum(r.n for r in these), sum(r.refused for r in these)))
    return sums


def _count(
    kind: str, seen: bool | None, images: np.ndarray, predict: Predict, vouch: Vouch
) -> Refusals:
    accepted = int(vouch(predict(images)).sum())
    return Refusals(kind, seen, len(images), len(images) - accepted)
