"""A model is opened by name, folder or file, and what it answers is checked."""

import hashlib
import shutil

import numpy as np
import pytest

from digit_classifier import weights
from digit_classifier.errors import DataError, ModelError
from digit_classifier.evaluation.model import Model, open_model
from digit_classifier.evaluation.predictions import (
    check_labels,
    judge,
    measure_latency,
    predict_all,
)
from digit_classifier.onnx_model import OnnxModel


def model(answers):
    """A model that answers every image with the same row."""
    return Model("stub", None, lambda images: np.tile(answers, (len(images), 1)))


def test_a_shipped_name_a_run_folder_and_a_file_are_the_same_model(tmp_path, drawn):
    folder = tmp_path / "run-7"
    folder.mkdir()
    shutil.copy(weights.find("small"), folder / "model.onnx")
    models = [open_model(m) for m in ("small", folder, folder / "model.onnx")]
    assert [model.name for model in models] == ["small", "run-7", "run-7"]
    answers = OnnxModel(weights.find("small")).predict(drawn[0])
    for model in models:
        np.testing.assert_allclose(judge(model, drawn[0]), answers, atol=1e-6)
        assert model.sha256 == hashlib.sha256(weights.find("small").read_bytes()).hexdigest()
        assert model.size_bytes == weights.find("small").stat().st_size


def test_no_model_is_one_sentence(tmp_path):
    with pytest.raises(ModelError, match="no model called nowhere"):
        open_model("nowhere")
    (tmp_path / "x.onnx").write_text("hello")
    with pytest.raises(ModelError, match="not a model that ONNX Runtime can load"):
        open_model(tmp_path / "x.onnx")


@pytest.mark.parametrize("batch", [1, 7, 240, 1000])
def test_batches_leave_out_no_image(linear, drawn, batch):
    model = open_model(linear)
    told = []
    answers = judge(model, drawn[0], batch, lambda done, total: told.append((done, total)))
    np.testing.assert_allclose(answers, model.predict(drawn[0]), atol=1e-6)
    np.testing.assert_allclose(answers.sum(axis=1), 1)
    assert told[-1] == (240, 240)


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        (np.full(10, np.nan), "not finite"),
        (np.append(np.full(9, 0.1), np.inf), "not finite"),
        (np.full(10, 0.2), "a row sums to 2"),
        (np.append(np.full(8, 0.25), [-0.5, -0.5]), "the least value is -0.5"),
        (np.full(9, 1 / 9), r"a digit network gives \(3, 10\)"),
    ],
)
def test_answers_that_are_no_probabilities_are_refused(answers, words):
    with pytest.raises(ModelError, match=words):
        judge(model(answers), np.zeros((3, 28, 28), np.uint8))


@pytest.mark.parametrize(
    ("images", "words"),
    [
        (np.zeros((0, 28, 28), np.uint8), "no images"),
        (np.zeros((2, 28, 28), np.float32), "float32"),
        (np.zeros((2, 32, 32), np.uint8), r"\(2, 32, 32\)"),
    ],
)
def test_images_that_are_none_are_refused(images, words):
    with pytest.raises(DataError, match=words):
        judge(model(np.full(10, 0.1)), images)


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        (np.array([1, 10]), "a label is 10; labels must be 0 to 9"),
        (np.array([-1, 3]), "a label is -1"),
        (np.array([1, 2, 3]), "for 2 images"),
        (np.array([1.0, 2.0]), "float64"),
    ],
)
def test_labels_that_are_none_are_refused(labels, words):
    with pytest.raises(DataError, match=words):
        check_labels(labels, 2)
    with pytest.raises(DataError, match=words):
        predict_all(model(np.full(10, 0.1)), np.zeros((2, 28, 28), np.uint8), labels)


def test_errors_come_worst_first():
    rows = np.full((4, 10), 0.01)
    for row, answer, sure in ((0, 1, 0.6), (1, 2, 0.9), (2, 3, 0.8), (3, 4, 0.7)):
        rows[row, answer] = sure
    rows /= rows.sum(axis=1, keepdims=True)
    model = Model("stub", None, lambda images: rows[: len(images)])
    predictions = predict_all(model, np.zeros((4, 28, 28), np.uint8), np.array([0, 0, 3, 0]))
    assert predictions.errors.tolist() == [1, 3, 0]
    assert predictions.right.tolist() == [False, False, True, False]


def test_latency_is_of_one_image_at_a_time_on_one_core(drawn):
    seen = []

    def alone(images):
        seen.append(len(images))
        return np.full((len(images), 10), 0.1)

    model = Model("stub", None, lambda images: pytest.fail("both cores"), alone=alone)
    assert measure_latency(model, drawn[0], seconds=0) > 0
    assert set(seen) == {1}
    assert len(seen) > 10
