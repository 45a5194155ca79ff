"""Accuracy: figures against counts by hand."""

import numpy as np
import pytest

from digit_classifier.dataset.labelled import Dataset
from digit_classifier.evaluation.model import Model
from digit_classifier.evaluation.predictions import Predictions
from digit_classifier.evaluation.section import Evaluation
from digit_classifier.evaluation.sections import accuracy

LABELS = np.array([0, 0, 1, 1, 1, 2])
ANSWERS = np.array([0, 1, 1, 1, 2, 2])


def predictions(labels, answers, sure=0.91):
    """Answers of one confidence, the rest shared evenly."""
    rows = np.full((len(labels), 10), (1 - sure) / 9)
    rows[np.arange(len(labels)), answers] = sure
    images = np.zeros((len(labels), 28, 28), np.uint8)
    return Predictions(images, np.asarray(labels), rows, seconds=2.0)


def dataset(of, **more):
    return Dataset("drawn", of.images, of.labels, of.images, of.labels, "ab" * 32, "here", **more)


STUB = Model("stub", None, lambda x: np.full((len(x), 10), 0.1))


def evaluation(of, model=STUB, *, is_sample=False, **more):
    """What a section is made from: answers, whoever gave them."""
    return Evaluation(model, of, dataset(of, is_sample=is_sample), **more)


def test_accuracy_log_loss_and_interval_are_those_counted_by_hand():
    figures = accuracy.measure(predictions(LABELS, ANSWERS))
    assert figures["accuracy"] == pytest.approx(4 / 6)
    assert figures["errors"] == 2
    assert figures["n"] == 6
    assert figures["log_loss"] == pytest.approx(-(4 * np.log(0.91) + 2 * np.log(0.01)) / 6)
    # Wilson by hand: p = 2/3, n = 6, z = 1.959964.
    assert figures["interval"] == pytest.approx([0.29999, 0.90323], abs=1e-5)


def test_precision_recall_and_f1_are_those_counted_by_hand():
    digits = accuracy.measure_digits(predictions(LABELS, ANSWERS))
    zero, one, two = digits[:3]
    assert (zero["precision"], zero["recall"], zero["errors"]) == (1.0, 0.5, 1)
    assert zero["f1"] == pytest.approx(2 / 3)
    assert (one["precision"], one["recall"], one["n"]) == pytest.approx((2 / 3, 2 / 3, 3))
    assert (two["precision"], two["recall"]) == (0.5, 1.0)


def test_a_class_that_is_missing_has_no_recall_rather_than_a_bad_one():
    nine = accuracy.measure_digits(predictions(LABELS, ANSWERS))[9]
    assert nine == {"digit": 9, "n": 0, "errors": 0, "precision": None, "recall": None, "f1": None}
    # Never there, but answered: every such answer is wrong.
    three = accuracy.measure_digits(predictions([0, 0], [0, 3]))[3]
    assert (three["precision"], three["recall"]) == (0.0, None)


@pytest.mark.parametrize(
    ("labels", "answers", "right"),
    [
        (range(10), range(10), 1.0),
        (range(10), [3] * 10, 0.1),
        ([4], [4], 1.0),
        ([4], [5], 0.0),
    ],
    ids=["perfect", "constant", "one image", "one error"],
)
def test_perfect_constant_and_single_answers_make_a_section(labels, answers, right):
    held = predictions(np.array(labels), np.array(answers))
    section = accuracy.section(evaluation(held))
    assert section.metrics["accuracy"] == right
    assert section.sentences[0].startswith(f"stub reads {round(right * len(labels))} of")
    for table in section.tables:
        assert {len(row) for row in table.rows} == {len(table.columns)}
    assert section.figures[0].draw().axes


def test_random_answers_are_right_one_time_in_ten():
    rng = np.random.default_rng(0)
    labels, answers = rng.integers(0, 10, (2, 20_000))
    low, high = accuracy.measure(predictions(labels, answers))["interval"]
    assert low < 0.1 < high


def test_the_section_names_images_and_file_by_digest_and_says_what_an_answer_costs():
    held = predictions(LABELS, ANSWERS)
    model = Model(
        "stub", None, lambda x: np.full((len(x), 10), 0.1), size_bytes=1_230_000, sha256="cd" * 32,
        parameters=26_506, multiply_adds=6_434_048, wiring="uint8; gives probabilities",
    )  # fmt: skip
    section = accuracy.section(evaluation(held, model))
    facts = dict(section.tables[1].rows)
    assert facts["Images"] == "drawn, 6 images to test with"
    assert facts["sha256 of the images"] == "ab" * 32
    assert facts["sha256 of the file"] == "cd" * 32
    assert facts["Model file"] == "1.23 MB"
    assert facts["Weights"] == "26,506"
    assert facts["Multiply-adds an image"] == "6.4 million"
    assert section.metrics["images_per_second"] is None
    assert section.metrics["latency_ms"] > 0


def test_images_a_second_are_of_many_images_or_not_told():
    few, many = (predictions(np.zeros(n, int), np.zeros(n, int)) for n in (999, 1000))
    told = [accuracy.section(evaluation(held)) for held in (few, many)]
    assert [each.metrics["images_per_second"] for each in told] == [None, 500.0]
    assert ["Many images" in str(each.tables) for each in told] == [False, True]


def test_the_built_in_sample_is_said_to_be_of_the_training_set():
    held = predictions(LABELS, ANSWERS)
    said = " ".join(accuracy.section(evaluation(held, is_sample=True)).caveats)
    assert "has seen them" in said
