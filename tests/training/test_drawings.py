import numpy as np

from digit_classifier.training.recipes import Recipe
from digit_classifier.training.session import _with_drawings
from digit_classifier.training.steps import NONDIGIT_LABEL


def test_drawn_digits_and_non_digits_have_the_shares_that_the_recipe_asks() -> None:
    images = np.full((850, 28, 28), 7, np.uint8)
    labels = np.arange(850).astype(np.uint8) % 10
    recipe = Recipe(nondigits=0.1, styles=0.05)
    more, answers = _with_drawings(images, labels, recipe, seed=3)
    assert len(more) == len(answers) == 1000
    assert (more[:850] == 7).all()
    assert (answers[:850] == labels).all()
    assert (answers[850:900] < 10).all()
    assert (answers[900:] == NONDIGIT_LABEL).all()


def test_a_recipe_without_drawings_trains_on_the_images_alone() -> None:
    images, labels = np.zeros((20, 28, 28), np.uint8), np.zeros(20, np.uint8)
    more, answers = _with_drawings(images, labels, Recipe(), seed=3)
    assert len(more) == len(answers) == 20
