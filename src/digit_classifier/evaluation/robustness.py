"""Section 4 of a report: how a model holds up when pictures are spoilt, shifted and turned."""

import numpy as np

from digit_classifier.evaluation.plain_network import PlainNetwork
from digit_classifier.evaluation.section import Section
from digit_classifier.evaluation.stress import Predict, Progress


def section(
    predict: Predict,
    images: np.ndarray,
    labels: np.ndarray,
    *,
    quick: bool = False,
    progress: Progress | None = None,
    baseline: PlainNetwork | None = None,
    workers: int | None = None,
) -> Section:
    """Measure a model under fifteen corruptions, shifts and rotations.

    Args:
        predict: uint8 (n, 28, 28) to probabilities (n, 10). It is called from several threads at
            once, as `OnnxModel.predict` may be; load the model with `threads=1`.
        images: uint8, shape (n, 28, 28): images that chose nothing about the model.
        labels: 0 to 9, shape (n,).
        quick: 1,000 images instead of 5,000 (100 instead of 1,000 for shifts and turns).
        progress: called with (what, done, total).
        baseline: the original network on the same data: `plain_network.find(dataset.sha256)`;
            without it there is no mean corruption error.
        workers: threads; 1 if `predict` must not be called twice at once; None: one a core.
    """
    raise NotImplementedError
