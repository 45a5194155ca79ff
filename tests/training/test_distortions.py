"""Distortions: seeded, bounded, alike on every backend, and never another digit's image."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest

from digit_classifier.training.distortions import Distortions, _field, distort, uniform
from digit_classifier.training.recipes import STRONG


@pytest.fixture(scope="module")
def images():
    """Eight bars and boxes, each in its own place."""
    drawn = np.zeros((8, 28, 28), np.uint8)
    for index, image in enumerate(drawn):
        image[6:22, 8 + index : 11 + index] = 255
        image[10:13, 6:20] = 160 + 10 * index
    return drawn


def to_array(tensor):
    from keras import ops

    return ops.convert_to_numpy(tensor)


def test_without_amounts_the_images_come_back_unchanged(images):
    assert np.array_equal(to_array(distort(images, Distortions(), (1, 2))), images)


def test_the_same_seed_gives_the_same_images_and_another_step_gives_others(images):
    first, again, later = (to_array(distort(images, STRONG, (7, step))) for step in (1, 1, 2))
    assert np.array_equal(first, again)
    assert (np.abs(first - later).max(axis=(1, 2)) > 50).all()


def test_equal_images_in_a_batch_are_distorted_differently(images):
    bent = to_array(distort(np.repeat(images[:1], 8, axis=0), STRONG, (3, 4)))
    assert len({image.tobytes() for image in bent}) == 8


def test_pixels_stay_between_paper_and_ink(images):
    bent = to_array(distort(images, STRONG, (5, 6)))
    assert bent.dtype == np.float32
    assert bent.shape == images.shape
    assert bent.min() >= 0
    assert bent.max() <= 255


def test_shift_moves_the_centre_of_mass_by_at_most_that_many_pixels(images):
    copies = np.repeat(images[3:4], 200, axis=0)
    bent = to_array(distort(copies, Distortions(shift=2.0), (8, 9)))
    axis = np.arange(28)
    moved = (bent.sum(1) @ axis / bent.sum((1, 2))) - (images[3].sum(0) @ axis / images[3].sum())
    assert np.abs(moved).max() <= 2.01
    assert moved.min() < -1.5
    assert moved.max() > 1.5


@pytest.mark.parametrize("degrees", [10, 45])
def test_rotation_turns_by_at_most_that_many_degrees(degrees):
    bar = np.zeros((200, 28, 28), np.uint8)
    bar[:, 4:24, 13:15] = 255
    bent = to_array(distort(bar, Distortions(rotation=degrees), (1, 1)))
    rows, columns = np.mgrid[:28, :28] - 13.5
    # The angle of each image's long axis, from its second moments.
    xy, xx, yy = ((bent * part).sum((1, 2)) for part in (rows * columns, columns**2, rows**2))
    angles = np.degrees(np.arctan2(2 * xy, yy - xx) / 2)
    assert np.abs(angles).max() <= degrees + 0.5
    assert np.abs(angles).max() >= degrees * 0.9


def test_a_turn_and_a_shear_together_keep_area_and_middle_and_a_turn_alone_keeps_lengths():
    noise = to_array(uniform((3, 9), 50, 58))
    for shear in (0.0, 0.6):
        x, y = map(to_array, _field(Distortions(rotation=60, shear=shear), noise))
        axes = np.stack([axis.reshape(-1, 28, 28) for axis in (x, y)], axis=1)
        right = (axes[..., 14, 15] - axes[..., 14, 14]).T
        down = (axes[..., 15, 14] - axes[..., 14, 14]).T
        area = right[0] * down[1] - right[1] * down[0]
        np.testing.assert_allclose(area, 1, atol=1e-4)
        np.testing.assert_allclose(axes.mean((2, 3)), 13.5, atol=1e-3)  # the middle stays
        if not shear:
            np.testing.assert_allclose((right * down).sum(0), 0, atol=1e-4)
            np.testing.assert_allclose((down**2).sum(0), 1, atol=1e-4)


def test_a_larger_scale_and_aspect_reach_as_far_as_they_say():
    noise = to_array(uniform((3, 9), 500, 58))
    x, y = map(to_array, _field(Distortions(scale=0.2, aspect=0.1), noise))
    wide, high = x[:, 1] - x[:, 0], y[:, 28] - y[:, 0]
    for found, most in ((np.sqrt(wide * high), 1.2), (np.sqrt(wide / high), 1.1)):
        assert found.max() == pytest.approx(most, rel=0.01)
        assert found.min() == pytest.approx(1 / most, rel=0.01)


def test_hard_edges_pull_greys_away_from_the_middle_and_dim_all_alike():
    middle = 0.45 * 255
    greys = np.full((400, 28, 28), middle, np.float32)
    greys[:, :, :9], greys[:, :, 19:] = middle - 10, middle + 10
    dark, same, light = to_array(distort(greys, Distortions(contrast=1.0), (5, 1)))[
        :, 14, [4, 14, 24]
    ].T
    dimmed = same / middle
    assert [dimmed.min(), dimmed.max()] == pytest.approx([0.7, 1.0], abs=0.01)
    pulled = (light / dimmed - middle) / 10
    assert [pulled.min(), pulled.max()] == pytest.approx([1, 6], abs=0.1)
    np.testing.assert_allclose(dark / dimmed, middle - 10 * pulled, atol=0.01)


def test_the_pen_makes_strokes_thinner_and_thicker(images):
    copies = np.repeat(images[:1], 100, axis=0)
    ink = to_array(distort(copies, Distortions(pen=1.0), (2, 3))).sum((1, 2)) / images[0].sum()
    assert ink.min() < 0.75
    assert ink.max() > 1.3


def test_erasure_wipes_part_of_about_the_share_asked_for():
    full = np.full((400, 28, 28), 255, np.uint8)
    wiped = (to_array(distort(full, Distortions(erasure=0.25), (1, 5))) == 0).sum((1, 2))
    assert 0.15 < (wiped > 0).mean() < 0.35
    assert wiped.max() <= 36


def test_random_numbers_are_uniform_and_uncorrelated():
    drawn = to_array(uniform((11, 12), 500, 40))
    assert drawn.min() >= 0
    assert drawn.max() < 1
    assert np.histogram(drawn, 10, (0, 1))[0] == pytest.approx(2000, abs=250)
    across = np.corrcoef(drawn, rowvar=False) - np.eye(40)
    assert np.abs(across).max() < 0.25


_DIGEST = """
import hashlib, json, sys
import numpy as np
from keras import ops
from digit_classifier.training.distortions import distort
from digit_classifier.training.recipes import STRONG
images = np.random.default_rng(0).integers(0, 256, (4, 28, 28), np.uint8)
print(json.dumps(ops.convert_to_numpy(distort(images, STRONG, (1, 2))).round(1).tolist()))
"""


def test_every_backend_draws_the_same_distortions():
    pytest.importorskip("jax")
    bent = []
    for backend in ("tensorflow", "jax"):
        environment = os.environ | {"KERAS_BACKEND": backend, "TF_CPP_MIN_LOG_LEVEL": "3"}
        output = subprocess.run(
            [sys.executable, "-c", _DIGEST], env=environment, capture_output=True, check=True
        ).stdout
        bent.append(np.array(json.loads(output)))
    assert np.abs(bent[0] - bent[1]).max() < 0.5


def test_the_compiled_step_gives_what_the_plain_one_gives(images):
    tf = pytest.importorskip("tensorflow")
    compiled = tf.function(lambda x, seed: distort(x, STRONG, seed), jit_compile=True)
    fast = compiled(tf.constant(images), tf.constant([3, 4])).numpy()
    assert np.abs(fast - to_array(distort(images, STRONG, (3, 4)))).max() < 0.5
