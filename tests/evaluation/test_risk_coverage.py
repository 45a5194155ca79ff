"""What rejecting gains: thresholds against counts by hand."""

import numpy as np
import pytest

from digit_classifier.evaluation.predictions import Predictions
from digit_classifier.evaluation.sections import calibration, risk_coverage
from evaluation.test_accuracy import evaluation
from evaluation.test_certainty import images, rows


def test_the_curve_counts_what_each_threshold_accepts():
    labels = np.array([0, 5, 0, 5, 0])
    held = Predictions(images(5), labels, rows([0.9, 0.8, 0.8, 0.6, 0.5], [0] * 5))
    curve = risk_coverage.trace(held)
    np.testing.assert_allclose(curve.thresholds, [0.9, 0.8, 0.6, 0.5])
    assert curve.accepted.tolist() == [1, 3, 4, 5]
    assert curve.wrong.tolist() == [0, 1, 2, 2]


def test_the_threshold_refuses_no_more_than_it_must():
    labels = np.repeat([0, 5, 0, 5, 0], 10)
    sure = np.repeat([0.9, 0.8, 0.8, 0.6, 0.5], 10)
    curve = risk_coverage.trace(Predictions(images(50), labels, rows(sure, [0] * 50)))
    found = risk_coverage.find_threshold(curve, 0.51)
    assert found == {"threshold": pytest.approx(0.8), "accepted": 30, "wrong": 10,
                     "refused": pytest.approx(0.4)}  # fmt: skip
    assert risk_coverage.find_threshold(curve, 0.3)["accepted"] == 10
    assert risk_coverage.find_threshold(curve, 0.6)["refused"] == 0
    worst = risk_coverage.trace(Predictions(images(2), np.array([1, 1]), rows([0.9, 0.8], [0, 0])))
    assert risk_coverage.find_threshold(worst, 0.001) is None


@pytest.mark.parametrize(("n", "claims"), [(10, False), (2994, False), (2995, True)])
def test_errors_under_a_thousandth_are_claimed_of_no_handful(n, claims):
    """No error in n images: the 95 % bound is 1 - 0.05 ** (1 / n)."""
    held = Predictions(images(n), np.zeros(n, int), rows(np.full(n, 0.9), [0] * n))
    section = calibration.section(evaluation(held))
    assert (section.metrics["target"] is not None) == claims
    assert ("too few to say" in section.sentences[-1]) == (not claims)
    ten = Predictions(images(10), np.array([0] * 9 + [1]), rows([0.9] * 9 + [0.1399], [0] * 10))
    few = calibration.section(evaluation(ten))
    assert not few.tiles
    assert few.caveats == ["Only 10 images, which tell little: mind the interval."]


def test_what_must_be_rejected_for_errors_under_a_thousandth_is_said():
    labels = np.r_[np.zeros(4000, int), np.ones(100, int)]
    sure = np.r_[np.full(4000, 0.99), np.full(100, 0.5)]
    held = Predictions(images(4100), labels, rows(sure, [0] * 4100))
    section = calibration.section(evaluation(held))
    assert "are rejected: 2.44 % of the images" in section.sentences[-1]
    for figure in section.figures:
        figure.draw()
