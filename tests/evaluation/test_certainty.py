"""What confidence means: figures against computations by hand."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import softmax

from digit_classifier.evaluation.predictions import Predictions
from digit_classifier.evaluation.sections import calibration as certainty
from evaluation.test_accuracy import STUB, evaluation, predictions


def rows(sure, answers):
    """Probabilities: `sure` for the answer, the rest shared evenly."""
    found = np.repeat((1 - np.asarray(sure)) / 9, 10).reshape(-1, 10)
    found[np.arange(len(answers)), answers] = sure
    return found


def images(n):
    return np.zeros((n, 28, 28), np.uint8)


def test_ece_is_the_one_computed_by_hand():
    """Two bins: 0.6 and 0.7 sure, half right; 0.8 and 0.9 sure, all right."""
    found = rows([0.9, 0.6, 0.8, 0.7], [0, 0, 0, 0])
    labels = np.array([0, 0, 0, 5])
    by_hand = (abs(0.65 - 0.5) * 2 + abs(0.85 - 1.0) * 2) / 4
    assert certainty.measure_ece(found, labels, bins=2) == pytest.approx(by_hand)
    one = abs(0.75 - 0.75)
    assert certainty.measure_ece(found, labels, bins=1) == pytest.approx(one)


def test_bins_are_of_equal_mass_and_hold_every_image():
    rng = np.random.default_rng(0)
    found = softmax(4 * rng.normal(size=(3000, 10)), axis=1)
    binned = certainty.bin_confidence(found, rng.integers(0, 10, 3000))
    assert len(binned) == 15
    assert set(binned[:, 2]) == {200}
    assert (np.diff(binned[:, 0]) > 0).all()


def test_answers_of_one_confidence_stay_in_one_bin():
    """Or else the order of the images would make up a calibration error."""
    labels = np.arange(100) % 2
    found = rows(np.full(100, 0.5), np.zeros(100, int))
    assert certainty.measure_ece(found, labels) == pytest.approx(0)
    assert len(certainty.bin_confidence(found, labels)) == 1


def test_brier_is_the_one_computed_by_hand():
    found = np.zeros((3, 10))
    found[0, 3] = 1  # right: 0
    found[1, 4] = 1  # wrong: 1 + 1
    found[2, :2] = 0.5  # half: 0.25 + 0.25
    assert certainty.measure_brier(found, np.array([3, 7, 0])) == pytest.approx((0 + 2 + 0.5) / 3)
    even = np.full((5, 10), 0.1)
    assert certainty.measure_brier(even, np.arange(5)) == pytest.approx(0.81 + 9 * 0.01)


def test_doubt_is_binned_three_times_a_factor_of_ten():
    found = rows([0.95, 0.94, 0.5, 1.0], [0, 0, 0, 0])
    binned = certainty.bin_doubt(found, np.array([0, 1, 1, 0]))
    np.testing.assert_allclose(binned, [[1.0, 1.0, 1], [0.945, 0.5, 2], [0.5, 0.0, 1]])


def test_bins_with_an_error_each_are_drawn_at_full_width():
    bins = certainty.bin_doubt(rows([0.2, 0.2], [0, 0]), np.array([1, 1]))
    figure = certainty.draw_reliability({"as it is": bins})
    figure.draw_without_rendering()  # warns where the layout collapses
    assert all(axes.get_position().width > 0.3 for axes in figure.axes)


def test_scaling_by_the_other_half_undoes_a_temperature():
    """Logits made too sure by a factor of three."""
    rng = np.random.default_rng(1)
    logits = 2 * rng.normal(size=(20_000, 10))
    true = softmax(logits, axis=1)
    labels = (true.cumsum(axis=1) > rng.random((20_000, 1))).argmax(axis=1)
    scaled, temperatures = certainty.scale_crosswise(softmax(3 * logits, axis=1), labels)
    assert temperatures == pytest.approx([3, 3], rel=0.1)
    assert certainty.measure_ece(scaled, labels) < 0.015
    assert certainty.measure_ece(softmax(3 * logits, axis=1), labels) > 0.15


def test_no_image_chooses_its_own_temperature():
    """What the odd images say moves the even ones only."""
    rng = np.random.default_rng(2)
    found = softmax(rng.normal(size=(200, 10)), axis=1)
    labels = rng.integers(0, 10, 200)
    before, _ = certainty.scale_crosswise(found, labels)
    labels[3::2] = found[3::2].argmax(axis=1)  # all but one read rightly
    after, _ = certainty.scale_crosswise(found, labels)
    np.testing.assert_array_equal(before[1::2], after[1::2])
    assert np.abs(before[0::2] - after[0::2]).max() > 0.01


def test_the_models_own_rule_is_tried_as_its_file_says():
    held = Predictions(images(3), np.array([0, 0, 1]), rows([0.9, 0.5, 0.2], [0, 0, 0]))
    model = replace(STUB, metadata={"reject": {"threshold": 0.4, "softness": 1.0}})
    found = certainty.section(evaluation(held, model)).metrics["thresholds"]
    rules = {row["rule"]: row for row in found}
    own = rules["the model's own rule"]
    assert (own["accepted"], own["wrong"]) == (2, 0)
    assert rules["nothing rejected"]["wrong"] == 1
    assert rules["90 %"]["accepted"] == 1
    assert rules["99 %"]["error"] is None


@pytest.mark.parametrize(
    ("labels", "answers", "sure"),
    [
        (np.arange(200) % 10, np.arange(200) % 10, 1.0),
        (np.arange(200) % 10, np.full(200, 3), 1.0),
        (np.arange(200) % 10, np.full(200, 3), 0.1),
        (np.array([4]), np.array([4]), 0.7),
    ],
    ids=["perfect", "constant", "even", "one image"],
)
def test_any_answers_make_a_section(labels, answers, sure):
    section = certainty.section(evaluation(predictions(labels, answers, sure)))
    for figure in section.figures:
        figure.draw().canvas.draw()
    if not (labels != answers).any():  # nothing to fit, and no curve to draw
        assert section.metrics["after"] is None
        assert [figure.name for figure in section.figures] == ["reliability"]
    if len(labels) == 1:
        assert section.metrics["after"] is None
        assert "too few" in " ".join(section.sentences)
    for table in section.tables:
        assert {len(row) for row in table.rows} == {len(table.columns)}
