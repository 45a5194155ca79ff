"""Confidence that means something: a temperature, and the least confidence to vouch for.

Both are chosen on training images that were held out, never on the test set.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from digit_classifier.onnx_model import soften
from digit_classifier.temperature import fit_temperature

Answer = Callable[[np.ndarray], np.ndarray]

# The share of held-out digits, among those read rightly, that an honest no may cost: 3 of 5,000.
COST = 0.0006
# Calibrated probabilities are too even among digits to tell other things apart; see `soften`.
SOFTNESS = 0.2
NONDIGITS = 2_000
# On fewer held-out images neither number can be told from chance.
MIN_IMAGES = 100
# Where none or next to none is misread, the best fit is a confidence of 100 % in everything.
MIN_ERRORS = 3
# A seed for the drawings that no training uses: those are drawn from the run's own.
NONDIGIT_SEED = 2_000_000_011


class Rejection(NamedTuple):
    """The rule by which an answer is vouched for, and what it does; `reject` in model.onnx.

    Attributes:
        threshold: the least confidence, once softened.
        softness: see `onnx_model.soften`.
        accepted: share of held-out digits that are vouched for.
        rejected_nondigits: share refused of drawn non-digits, of kinds that may be trained on.
        rejected_held_out_kinds: the same, of kinds that never are.
    """

    threshold: float
    softness: float
    accepted: float
    rejected_nondigits: float
    rejected_held_out_kinds: float


def calibrate(
    network: Any, answer: Answer, images: np.ndarray, labels: np.ndarray
) -> tuple[float, Rejection | None]:
    """Put a temperature into a network's last layer and choose what it vouches for.

    Args:
        network: a Keras network that ends in Dense with softmax; its last weights are changed.
        answer: the same, compiled: uint8 (n, 28, 28) to probabilities (n, 10).
        images: uint8, shape (n, 28, 28), not trained on.
        labels: uint8, shape (n,).
    Returns:
        The temperature that the logits were divided by, 1 where too little was misread to choose
        another; and the rule. None for the rule where fewer than `MIN_IMAGES` were read rightly.
    """
    probabilities = answer(images)
    right = np.count_nonzero(probabilities.argmax(axis=1) == labels)
    enough = len(labels) >= MIN_IMAGES and len(labels) - right >= MIN_ERRORS
    temperature = fit_temperature(probabilities, labels) if enough else 1.0
    last = network.layers[-1]
    last.set_weights([weight / temperature for weight in last.get_weights()])
    rule = choose_rejection(answer, images, labels) if right >= MIN_IMAGES else None
    return temperature, rule


def choose_rejection(answer: Answer, images: np.ndarray, labels: np.ndarray) -> Rejection:
    """The highest threshold at which next to no digit is refused that would be read rightly.

    To refuse one that would be misread costs nothing.

    Args:
        answer: uint8 (n, 28, 28) to probabilities (n, 10).
        images: uint8, shape (n, 28, 28), not trained on.
        labels: uint8, shape (n,).
    """
    from digit_classifier.dataset import nondigits

    def score(shown: np.ndarray) -> np.ndarray:
        return np.asarray(soften(answer(shown), SOFTNESS).max(axis=1))

    digits = score(images)
    right = answer(images).argmax(axis=1) == labels
    # Rounded down, so that what is written in a file lets through what it let through here.
    threshold = float(np.floor(np.quantile(digits[right], COST) * 1e4) / 1e4)
    refused = [
        float(
            (score(nondigits.generate(NONDIGITS, NONDIGIT_SEED, images, kinds)) < threshold).mean()
        )
        for kinds in (nondigits.KINDS, nondigits.HELD_OUT)
    ]
    accepted = float((digits >= threshold).mean())
    return Rejection(threshold, SOFTNESS, round(accepted, 4), *(round(s, 4) for s in refused))
