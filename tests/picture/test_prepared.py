"""MNIST's own images are the normaliser's fixed point."""

import io
import subprocess
import sys

import numpy as np
from PIL import Image

from digit_classifier.picture import decode, find, normalise
from picture.likeness import likeness


def test_mnist_passes_through_unchanged_to_the_bit(mnist: np.ndarray) -> None:
    """All 10,000 of MNIST's test images, and all 1,000 of the sample's."""
    same = [np.array_equal(normalise(image), image) for image in mnist]
    assert all(same), f"{len(same) - sum(same)} of {len(same)} changed"


def test_negatives_of_mnist_give_the_same_images(digits: np.ndarray) -> None:
    for image in digits[::10]:
        assert np.array_equal(normalise(255 - image), image)


def test_box_and_size_are_given_for_a_prepared_image(digit: np.ndarray) -> None:
    page = find(decode(digit))
    (mark,) = page.marks
    x, y, width, height = mark.box
    assert digit[y : y + height, x : x + width].sum() == digit.sum()
    assert max(width, height) == 20
    assert (page.width, page.height) == (28, 28)


def test_an_image_off_its_place_is_put_right(digits: np.ndarray) -> None:
    for image in digits[::100]:
        rows = np.flatnonzero(image.any(axis=1))
        moved = np.roll(image, -rows[0], axis=0)
        assert likeness(normalise(moved), image) > 0.96


def test_a_prepared_image_is_read_without_importing_opencv(digit: np.ndarray) -> None:
    file = io.BytesIO()
    Image.fromarray(digit).save(file, "PNG")
    script = (
        "import sys; from digit_classifier.picture import decode, find;"
        "page = find(decode(sys.stdin.buffer.read())); print(len(page.marks), 'cv2' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], input=file.getvalue(), capture_output=True, check=True
    )
    assert done.stdout.split() == [b"1", b"False"]
