from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from digit_classifier.cli import main
from digit_classifier.training import distortions
from digit_classifier.training.distortions import Distortions
from digit_classifier.training.networks import NETWORKS, find_distortions


def show(*arguments):
    with pytest.raises(SystemExit) as stopped:
        main(["data", "show", "--dataset", "sample", *arguments])
    return int(stopped.value.code or 0)


def test_each_row_is_a_training_image_and_distorted_copies_of_it(keras, sample):
    images, labels = sample.train_images, sample.train_labels
    gentle = Distortions(shift=1.0)
    found = distortions.show(images, labels, gentle, seed=4)
    assert [row.label for row in found] == list("0123456789")
    for row in found:
        assert row.images.shape == (1 + distortions.COPIES, 28, 28)
        (index,) = np.flatnonzero((images == row.images[0]).all(axis=(1, 2)))
        assert str(labels[index]) == row.label
        assert len({image.tobytes() for image in row.images}) == 1 + distortions.COPIES
        ink = row.images.sum(axis=(1, 2), dtype=float)
        np.testing.assert_allclose(ink, ink[0], rtol=0.05)  # moved, not redrawn


def test_the_seed_chooses_images_and_distortions(keras, sample):
    def draw(seed, images=sample.train_images, labels=sample.train_labels):
        found = distortions.show(images, labels, Distortions(rotation=20), seed)
        return np.stack([row.images for row in found])

    np.testing.assert_array_equal(draw(1), draw(1))
    assert (draw(1)[:, 0] != draw(2)[:, 0]).any()
    only = sample.train_images[:1], sample.train_labels[:1]
    assert (draw(1, *only)[:, 1:] != draw(2, *only)[:, 1:]).any()


def test_a_recipes_amounts_are_told_in_units():
    told = distortions.describe(Distortions(rotation=15, scale=0.12, shift=2.0, pen=0.5))
    assert told == "at most rotation 15°, scale 12 %, shift 2 px, pen in 50 %"


def test_the_command_draws_the_sheet(keras, capsys):
    assert show("--augmented", "--model", "small") == 0
    assert "augmented.png: 10 images of MNIST sample (5,000 images), 16 copies of each" in (
        capsys.readouterr().out
    )
    with Image.open("augmented.png") as page:
        assert page.width > 17 * 56


def test_a_network_is_drawn_with_the_recipe_that_it_is_trained_with():
    assert find_distortions("cnn", None) == ("best", NETWORKS["cnn"].recipe("best").distortions)
    assert find_distortions("cnn", "long")[0] == "long"


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--augmented", "--model", "quick"], "the recipe fast of quick distorts nothing"),
        (["--augmented", "--model", "mlp"], "the recipe classic of mlp distorts nothing"),
        (["--augmented", "--model", "resnet"], "no network is called 'resnet'"),
        (["--augmented", "--out", "x.jpg"], "x.jpg does not end in .png"),
        (["--augmented", "--part", "test"], "takes no --part"),
        (["--seed", "3"], "--augmented or --pages is missing; without it --seed has no meaning"),
        (["--pages", "3", "--augmented"], "--augmented and --pages are two sheets"),
        (["--pages", "3", "--part", "test"], "takes no --part"),
    ],
)
def test_what_makes_no_sense_is_refused_and_nothing_is_drawn(capsys, flags, words):
    assert show(*flags) == 2
    assert words in capsys.readouterr().err
    assert not list(Path().glob("*.png"))
