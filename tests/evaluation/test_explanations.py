"""What a model looks at: occlusion by hand, and a map where alike images lie together."""

import numpy as np
import pytest

from digit_classifier.evaluation.model import open_model
from digit_classifier.evaluation.predictions import Predictions, predict_all
from digit_classifier.evaluation.sections import explanations as looking
from digit_classifier.evaluation.sections.explanations import embed, find_features
from evaluation.test_accuracy import STUB, evaluation


def corner_reader(images):
    """Says 1 where the pixel at row 3, column 20 holds ink, else 0."""
    inked = images[:, 3, 20] > 0
    rows = np.full((len(images), 10), 0.01, np.float32)
    rows[np.arange(len(images)), inked.astype(int)] = 0.91
    return rows


def test_occlusion_finds_the_one_pixel_that_matters():
    image = np.zeros((28, 28), np.uint8)
    image[3, 20] = 255
    change = looking.occlude(corner_reader, image)
    expected = np.zeros((28, 28))
    expected[1:6, 18:23] = 0.01 - 0.91
    np.testing.assert_allclose(change, expected, atol=1e-6)


def test_the_surest_errors_are_shown_and_unsure_answers_where_there_are_few():
    rows = np.full((4, 10), 0.05)
    for index, sure in enumerate((0.5, 0.9, 0.7, 0.6)):
        rows[index, 0] = sure
    held = Predictions(np.zeros((4, 28, 28), np.uint8), np.array([0, 1, 0, 1]), rows)
    assert looking.choose_examples(held).tolist() == [1, 3, 0, 2]


def test_the_map_puts_alike_images_together_and_shows_every_error(linear, drawn):
    model = open_model(linear)
    held = predict_all(model, *drawn)
    found = embed(model, held, quick=True)
    assert found.space == "their pixels"  # one layer: nothing lies between pixels and answer
    assert set(held.errors) <= set(found.indices)
    points, labels = found.points, held.labels[found.indices]
    distance = np.linalg.norm(points[:, None] - points[None], axis=2)
    np.fill_diagonal(distance, np.inf)
    assert (labels[distance.argmin(axis=1)] == labels).mean() > 0.6  # one in ten by chance


def test_images_are_compared_by_what_enters_the_last_layer(drawn):
    features, space = find_features(open_model("small"), drawn[0][:6])
    assert features.shape == (6, 36)
    assert "36 figures" in space


@pytest.mark.parametrize("n", [1, 40])
def test_few_or_equal_images_have_no_map(n):
    held = predict_all(STUB, np.zeros((n, 28, 28), np.uint8), np.zeros(n, int))
    section = looking.section(evaluation(held))
    assert [figure.name for figure in section.figures] == ["occlusion"]
    assert section.metrics["map"] is None
    section.figures[0].draw().canvas.draw()


def test_first_weights_are_shown_of_a_file_that_has_them(linear, drawn):
    model = open_model(linear)
    section = looking.section(evaluation(predict_all(model, *drawn), model, quick=True))
    assert [figure.name for figure in section.figures] == ["occlusion", "weights", "map"]
    for figure in section.figures:
        figure.draw().canvas.draw()
