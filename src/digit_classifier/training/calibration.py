"""Confidence that means something: a temperature, and the rule that rejects answers.

Both are chosen on training images that were held out, never on the test set.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from digit_classifier.rejection import RejectionRule
from digit_classifier.stats import fit_temperature

Answer = Callable[[np.ndarray], np.ndarray]

# The share of held-out digits, among those read rightly, that may be rejected: 3 of 5,000.
COST = 0.0006
# At which the score of the rule is taken; see `RejectionRule`.
TEMPERATURE = 5.0
# On fewer held-out images neither number can be told from chance.
MIN_IMAGES = 100
# Where none or next to none is misread, the best fit is a confidence of 100 % in everything.
MIN_ERRORS = 3


def calibrate(
    network: Any, answer: Answer, images: np.ndarray, labels: np.ndarray
) -> tuple[float, tuple[RejectionRule, float] | None]:
    """Put a temperature into a network's last layer and choose the rule for what it rejects.

    Args:
        network: a Keras network that ends in Dense with softmax; its last weights are changed.
        answer: the same, compiled: uint8 (n, 28, 28) to probabilities (n, 10).
        images: uint8, shape (n, 28, 28), not trained on.
        labels: uint8, shape (n,).
    Returns:
        The temperature that the logits were divided by, 1 where too little was misread to choose
        another; and the rule with the share that it accepts, None where fewer than `MIN_IMAGES`
        were read rightly.
    """
    probabilities = answer(images)
    right = np.count_nonzero(probabilities.argmax(axis=1) == labels)
    enough = len(labels) >= MIN_IMAGES and len(labels) - right >= MIN_ERRORS
    temperature = fit_temperature(probabilities, labels) if enough else 1.0
    last = network.layers[-1]
    last.set_weights([weight / temperature for weight in last.get_weights()])
    rule = choose_rejection(answer, images, labels) if right >= MIN_IMAGES else None
    return temperature, rule


def choose_rejection(
    answer: Answer, images: np.ndarray, labels: np.ndarray
) -> tuple[RejectionRule, float]:
    """The highest threshold at which next to no digit is rejected that would be read rightly.

    To reject one that would be misread costs nothing.

    Args:
        answer: uint8 (n, 28, 28) to probabilities (n, 10).
        images: uint8, shape (n, 28, 28), not trained on.
        labels: uint8, shape (n,).
    Returns:
        The rule, and the share of these images that it accepts.
    """
    probabilities = answer(images)
    scores = RejectionRule(0.0, TEMPERATURE).score(probabilities)
    right = probabilities.argmax(axis=1) == labels
    # Rounded down, so that what is written in a file lets through what it let through here.
    threshold = float(np.floor(np.quantile(scores[right], COST) * 1e4) / 1e4)
    return RejectionRule(threshold, TEMPERATURE), float((scores >= threshold).mean())
