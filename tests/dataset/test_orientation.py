"""Images that do not lie as MNIST's do are said to be so, with how to load them right."""

import sys

import numpy as np
import pytest

from dataset import stand_in
from digit_classifier.dataset import load, sample
from digit_classifier.dataset.checks import orientation
from digit_classifier.dataset.labelled import Arrays


@pytest.fixture(scope="module")
def digits(kept_sample):
    data = sample.load(kept_sample)
    return data.test_images, data.test_labels


TURNED = {
    "transposed": (lambda x: x.transpose(0, 2, 1), "transpose=True"),
    "inverted": (lambda x: 255 - x, "invert=True"),
    "both": (lambda x: 255 - x.transpose(0, 2, 1), "transpose=True and invert=True"),
    "mirrored": (lambda x: x[:, :, ::-1], r"mirrored.*images\[:, :, ::-1\]"),
    "upside down": (lambda x: x[:, ::-1, ::-1], r"np.rot90\(images, 2"),
    "a quarter": (lambda x: np.rot90(x, 1, (1, 2)), r"turned right.*np.rot90\(images, 3"),
    "faint": (lambda x: x // 16, r"images \* 17"),
}


@pytest.mark.parametrize("how", TURNED)
def test_what_would_be_read_far_better_is_said_with_the_way_to_load_it(digits, how):
    import re

    images, labels = digits
    turn, words = TURNED[how]
    (sentence,) = orientation(np.ascontiguousarray(turn(images)), labels)
    assert re.search(words, sentence)


def test_way_that_is_given_is_the_right_one(tmp_path, digits):
    images, labels = digits
    turned = np.ascontiguousarray(255 - images.transpose(0, 2, 1))
    stand_in.write_npz(tmp_path / "a.npz", Arrays(turned, labels, turned[:50], labels[:50]))
    data = load(tmp_path / "a.npz")
    assert any("Load them with transpose=True and invert=True" in note for note in data.notes)
    np.testing.assert_array_equal(data.train_images, turned)
    right = load(tmp_path / "a.npz", transpose=True, invert=True)
    assert not any("shipped cnn" in note for note in right.notes)


def test_labels_of_another_order_are_said_to_be_so(digits):
    images, labels = digits
    (sentence,) = orientation(images, np.roll(labels, 7))
    assert "is the label file of another data set" in sentence


def test_good_digits_noise_and_a_handful_are_not_spoken_of(digits):
    images, labels = digits
    assert orientation(images, labels) == ()
    noise = np.random.default_rng(0).integers(0, 256, images.shape, np.uint8)
    assert orientation(noise, labels) == ()
    assert orientation(255 - images[:10], labels[:10]) == ()
    assert orientation(np.zeros_like(images), labels) == ()


def test_check_does_not_need_the_training_stack(digits, monkeypatch):
    for name in ("tensorflow", "keras"):
        monkeypatch.setitem(sys.modules, name, None)
    images, labels = digits
    assert orientation(255 - images, labels)
