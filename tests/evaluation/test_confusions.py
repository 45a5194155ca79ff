"""Where it errs: counts by hand, pairs in order, every error on a sheet."""

import numpy as np
import pytest

from digit_classifier.dataset import load
from digit_classifier.evaluation.sections import confusions
from digit_classifier.evaluation.sections.confusions import Dispute
from evaluation.test_accuracy import ANSWERS, LABELS, dataset, evaluation, predictions


def test_the_confusion_matrix_is_the_one_counted_by_hand():
    expected = np.zeros((10, 10), int)
    expected[0, 0], expected[0, 1], expected[1, 1], expected[1, 2], expected[2, 2] = 1, 1, 2, 1, 1
    np.testing.assert_array_equal(
        confusions.count_confusions(predictions(LABELS, ANSWERS)), expected
    )


def test_mix_ups_come_by_number_and_their_images_by_confidence():
    held = predictions([4, 9, 4, 7, 4, 4], [9, 4, 9, 1, 9, 4])
    for index, sure in ((0, 0.5), (2, 0.99), (4, 0.7)):
        held.probabilities[index] = (1 - sure) / 9
        held.probabilities[index, 9] = sure
    pairs = confusions.find_pairs(held)
    assert pairs[0] == (4, 9, [2, 4, 0])
    assert [pair[:2] for pair in pairs[1:]] == [(7, 1), (9, 4)]


def test_every_error_is_listed_with_truth_answer_and_confidence():
    section = confusions.section(evaluation(predictions(LABELS, ANSWERS)))
    assert section.metrics["errors"] == [
        {"index": 1, "truth": 0, "answer": 1, "confidence": 0.91, "truth_probability": 0.01,
         "disputed": False},
        {"index": 4, "truth": 1, "answer": 2, "confidence": 0.91, "truth_probability": 0.01,
         "disputed": False},
    ]  # fmt: skip
    assert [figure.name for figure in section.figures] == ["confusions", "pairs", "errors"]


def test_no_error_and_nothing_but_errors_make_a_section():
    perfect = confusions.section(evaluation(predictions(LABELS, LABELS)))
    assert perfect.sentences == ["It errs on none of 6 images."]
    assert [figure.name for figure in perfect.figures] == ["confusions"]
    assert perfect.figures[0].draw().axes
    hopeless = confusions.section(evaluation(predictions([0], [1])))
    for figure in hopeless.figures:
        assert figure.draw().axes


def test_sheets_hold_every_error_until_there_are_too_many_and_then_say_so():
    few = confusions.error_sheets(predictions([0] * 100, [1] * 100), {})
    assert [figure.name for figure in few] == ["errors", "errors-2"]
    assert few[0].caption.startswith("All 100 errors, sheet 1 of 2")
    many = confusions.error_sheets(predictions([0] * 1000, [1] * 1000), {})
    assert len(many) == confusions.SHEETS
    assert many[0].caption.startswith("The worst 360 of 1,000 errors")


def test_a_tile_says_what_it_is_what_was_read_and_how_surely():
    held = predictions([4], [9], sure=0.9996)
    figure = confusions.draw_sheet(held, [0], {0: Dispute(4, 9, 2, 2)})
    words = {text.get_text() for text in figure.axes[0].texts}
    assert words == {"4 → 9", "99 % #0"}  # 99.96 % is not 100 %


def test_disputed_labels_are_marked_and_their_source_named(monkeypatch):
    monkeypatch.setattr(confusions, "find_disputes", lambda _: {1: Dispute(0, 1, 0, 5)})
    section = confusions.section(evaluation(predictions(LABELS, ANSWERS)))
    assert [error["disputed"] for error in section.metrics["errors"]] == [True, False]
    said = " ".join(section.sentences)
    assert "1 of the 2 errors" in said
    assert "on 1 of them the model says what" in said
    assert "Northcutt" in said
    assert "Framed" in section.figures[2].caption


def test_disputes_are_of_mnist_only_and_of_its_own_labels():
    held = predictions(LABELS, ANSWERS)
    assert confusions.find_disputes(dataset(held)) == {}
    for dispute in confusions.MNIST_TEST.values():
        assert dispute.for_label < confusions.JUDGES / 2
        assert dispute.for_label + dispute.for_other <= confusions.JUDGES


def test_the_disputed_labels_are_mnists(monkeypatch):
    import os

    if not os.environ.get("MNIST_DATA_DIR"):
        pytest.skip("MNIST_DATA_DIR names no folder with MNIST")
    mnist = load("mnist")
    assert confusions.find_disputes(mnist)
    for index, dispute in confusions.MNIST_TEST.items():
        assert mnist.test_labels[index] == dispute.label
