"""A model that is shown images otherwise than it was trained is said to be so, with the flag."""

import numpy as np
import pytest

from digit_classifier.dataset.labelled import Arrays, Dataset, digest
from digit_classifier.evaluation.model import open_model, warn
from evaluation import networks


def as_data(images, labels):
    arrays = Arrays(images, labels, images, labels)
    return Dataset("drawn", *arrays, sha256=digest(arrays), source="drawn here")


@pytest.mark.parametrize(
    ("turn", "words"),
    [
        (lambda x: 255 - x, "% with invert=True"),
        (lambda x: np.ascontiguousarray(x.transpose(0, 2, 1)), "% with transpose=True"),
    ],
    ids=["inverted", "transposed"],
)
def test_turned_images_are_named_with_the_flag_that_mends_it(linear, drawn, turn, words):
    images, labels = drawn
    (note,) = warn(open_model(linear), as_data(turn(images), labels)).notes
    assert words in note
    assert warn(open_model(linear), as_data(images, labels)).notes == ()


def test_wrong_scale_is_named_with_the_right_one(tmp_path, matrix, drawn):
    biased = matrix.copy()
    biased[0] = 0
    path = networks.write(
        tmp_path / "a.onnx", biased / 30, layout=("n", 784), dtype="float32", divisor=1.0
    )
    data = as_data(*drawn)
    model = open_model(path, scale="-1..1")
    (note,) = warn(model, data).notes
    flag = note.split(" with scale='")[1].split("'")[0]
    assert warn(open_model(path, scale=flag), data).notes == ()


def test_model_that_only_guesses_is_said_to(tmp_path, matrix, drawn):
    path = networks.write(tmp_path / "a.onnx", np.zeros_like(matrix))
    (note,) = warn(open_model(path), as_data(*drawn)).notes
    assert "about chance" in note
