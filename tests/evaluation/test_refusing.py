"""What refusing buys: thresholds against counts by hand."""

import numpy as np
import pytest

from digit_classifier.evaluation.predictions import Predictions
from digit_classifier.evaluation.sections import calibration as risk_coverage
from evaluation.test_certainty import images, rows


def test_the_curve_counts_what_each_threshold_accepts():
    labels = np.array([0, 5, 0, 5, 0])
    held = Predictions(images(5), labels, rows([0.9, 0.8, 0.8, 0.6, 0.5], [0] * 5))
    curve = risk_coverage.trace(held)
    np.testing.assert_allclose(curve.thresholds, [0.9, 0.8, 0.6, 0.5])
    assert curve.accepted.tolist() == [1, 3, 4, 5]
    assert curve.wrong.tolist() == [0, 1, 2, 2]


def test_the_threshold_refuses_no_more_than_it_must():
    labels = np.array([0, 5, 0, 5, 0])
    curve = risk_coverage.trace(
        Predictions(images(5), labels, rows([0.9, 0.8, 0.8, 0.6, 0.5], [0] * 5))
    )
    found = risk_coverage.find_threshold(curve, 0.4)
    assert found == {"threshold": pytest.approx(0.8), "accepted": 3, "wrong": 1,
                     "refused": pytest.approx(0.4)}  # fmt: skip
    assert risk_coverage.find_threshold(curve, 0.001)["accepted"] == 1
    assert risk_coverage.find_threshold(curve, 0.5)["refused"] == 0
    worst = risk_coverage.trace(Predictions(images(2), np.array([1, 1]), rows([0.9, 0.8], [0, 0])))
    assert risk_coverage.find_threshold(worst, 0.001) is None
