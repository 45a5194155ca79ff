"""Confidence that means something: a temperature, and the least confidence to vouch for.

Both are chosen on training images that were held out, never on the test set.
"""

from typing import Any, NamedTuple

import numpy as np

# The share of held-out digits that the threshold lets through; the others cost a "?" each.
ACCEPTED = 0.995
NONDIGITS = 2_000
# A seed for the drawings that no training uses: those are drawn from the run's own.
NONDIGIT_SEED = 2_000_000_011


class Calibration(NamedTuple):
    """What was chosen on the held-out images.

    Attributes:
        temperature: what the logits were divided by.
        threshold: the least confidence that is vouched for.
        accepted: share of held-out digits at or above it.
        rejected_nondigits: share of drawn non-digits below it.
    """

    temperature: float
    threshold: float
    accepted: float
    rejected_nondigits: float


def calibrate(network: Any, answer: Any, images: np.ndarray, labels: np.ndarray) -> Calibration:
    """Put a temperature into a network's last layer and choose its threshold.

    Args:
        network: a Keras network that ends in Dense with softmax; its last weights are changed.
        answer: the same, compiled: uint8 (n, 28, 28) to probabilities (n, 10).
        images: uint8, shape (n, 28, 28), not trained on.
        labels: uint8, shape (n,).
    """
    from digit_classifier.dataset import nondigits

    temperature = fit_temperature(answer(images), labels)
    last = network.layers[-1]
    last.set_weights([weight / temperature for weight in last.get_weights()])
    digits = answer(images).max(axis=1).astype(np.float64)
    others = answer(nondigits.generate(NONDIGITS, NONDIGIT_SEED, images)).max(axis=1)
    # Rounded down, so that what is written in a file lets through what it let through here.
    threshold = np.floor(np.quantile(digits, 1 - ACCEPTED) * 1e4) / 1e4
    return Calibration(
        temperature=round(temperature, 4),
        threshold=float(threshold),
        accepted=round(float((digits >= threshold).mean()), 4),
        rejected_nondigits=round(float((others < threshold).mean()), 4),
    )


def fit_temperature(probabilities: np.ndarray, labels: np.ndarray) -> float:
    """The temperature that makes the cross-entropy on held-out images least.

    Args:
        probabilities: float, shape (n, 10).
        labels: uint8, shape (n,).
    Returns:
        Between 0.05 and 20; 1 changes nothing, more makes every answer less sure.
    Source: Guo, Pleiss, Sun, Weinberger, "On calibration of modern neural networks", ICML 2017,
        section 4.2.
    """
    from scipy.optimize import minimize_scalar
    from scipy.special import log_softmax

    logits = np.log(np.clip(probabilities.astype(np.float64), 1e-12, 1.0))
    rows = np.arange(len(labels))

    def loss(log_temperature: float) -> float:
        scaled = log_softmax(logits / np.exp(log_temperature), axis=1)
        return float(-scaled[rows, labels].mean())

    best = minimize_scalar(loss, bounds=(np.log(0.05), np.log(20)), method="bounded")
    return float(np.exp(best.x))
