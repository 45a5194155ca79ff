"""A found digit is taken out of its surroundings."""

import cv2
import numpy as np
import pytest

from digit_classifier.picture.crops import cut
from picture.likeness import likeness

NOBODY = np.zeros((0, 4))


def written(digit: np.ndarray, side: int = 60) -> tuple[np.ndarray, np.ndarray]:
    """Coverage of a page of 200 x 200 with one digit, and its box."""
    page = np.zeros((200, 200), np.float32)
    scale = side / 20
    ink = cv2.resize(digit, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC) / 255
    top = 100 - ink.shape[0] // 2
    page[top : top + ink.shape[0], top : top + ink.shape[1]] = ink.clip(0, 1)
    x, y, width, height = cv2.boundingRect((page > 0.25).astype(np.uint8))
    return page, np.array([x, y, x + width, y + height], float)


@pytest.mark.parametrize(("paper", "ink"), [(240, 30), (20, 230), (150, 120), (90, 110)])
def test_ink_may_be_dark_or_light_and_pale(digits: np.ndarray, paper: int, ink: int) -> None:
    for digit in digits[::100]:
        cover, box = written(digit)
        page = (paper + cover * (ink - paper)).astype(np.uint8)
        assert likeness(cut(page, box, NOBODY)[0], digit) > 0.9


def test_light_that_falls_off_is_no_ink(digits: np.ndarray) -> None:
    ramp = np.linspace(0.4, 1, 200)[None, :]
    for digit in digits[::100]:
        cover, box = written(digit)
        page = (230 * ramp * (1 - 0.8 * cover)).astype(np.uint8)
        assert likeness(cut(page, box, NOBODY)[0], digit) > 0.9


def test_a_neighbour_is_left_out(digits: np.ndarray) -> None:
    for digit in digits[::100]:
        cover, box = written(digit)
        beside = np.roll(cover, int(box[2] - box[0]) + 2, axis=1)
        page = (240 - 200 * np.maximum(cover, beside)).astype(np.uint8)
        other = box + np.array([1, 0, 1, 0]) * (box[2] - box[0] + 2)
        assert likeness(cut(page, box, other[None])[0], digit) > 0.9


def test_a_box_that_is_a_little_too_small_takes_no_ink_off(digits: np.ndarray) -> None:
    beside = []
    for digit in digits[::100]:
        cover, box = written(digit)
        small = box + np.array([4, 4, -4, -4])
        page = (240 - 200 * cover).astype(np.uint8)
        image, found = cut(page, small, NOBODY)
        assert likeness(image, digit) > 0.85
        beside.append(np.abs(found - box).max())
    assert np.median(beside) < 2.5, beside


def test_empty_paper_is_an_empty_image() -> None:
    page = np.full((80, 80), 200, np.uint8)
    box = np.array([10.0, 10, 40, 60])
    image, found = cut(page, box, NOBODY)
    assert not image.any()
    assert found is box
