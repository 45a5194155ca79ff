"""Writing that lies turned is read where it lies; what looks alike either way turns nothing."""

from functools import cache

import cv2
import numpy as np
import pytest

from digit_classifier import DigitReader
from digit_classifier.drawn import styles
from digit_classifier.drawn.pen import strokes
from digit_classifier.picture import turned


@cache
def reader() -> DigitReader:
    return DigitReader()


def write(*lines: str, size: int = 60) -> np.ndarray:
    """Digits of one hand on grainy paper."""
    paper = np.full((size * (2 * len(lines) + 1), size * (max(map(len, lines)) + 2)), 225.0)
    for row, text in enumerate(lines):
        for column, digit in enumerate(text):
            corner = np.array([size * (1.5 + column), size * (1.2 + 2 * row)])
            for stroke in strokes(styles.STYLES[int(digit)][0]):
                points = np.round((stroke * size * 0.8 + corner) * 16).astype(np.int32)
                cv2.polylines(paper, [points], False, 50, max(2, size // 14), cv2.LINE_AA, 4)
    noise = np.random.default_rng(0).normal(0, 4, paper.shape)
    return np.clip(paper + noise, 0, 255).astype(np.uint8)


@pytest.mark.parametrize("turn", [1, 2, 3])
@pytest.mark.parametrize("lines", [("2743",), ("35274", "47325"), ("1942", "8370", "2456")])
def test_turned_writing_is_read_and_the_note_says_so(lines: tuple[str, ...], turn: int) -> None:
    page = write(*lines)
    upright = reader().read(page)
    assert upright.text.replace(" ", "").split() == list(lines)
    assert not upright.notes
    reading = reader().read(np.rot90(page, turn))
    assert reading.text == upright.text
    assert reading.notes == (f"read turned clockwise by {90 * turn} degrees",)
    for digit, there in zip(reading.digits, upright.digits, strict=True):
        x, y, width, height = there.box
        ink = np.zeros(page.shape, np.uint8)
        ink[y : y + height, x : x + width] = 1
        assert np.abs(np.array(cv2.boundingRect(np.rot90(ink, turn).copy())) - digit.box).max() < 6


@pytest.mark.parametrize("text", ["6", "9", "0", "8", "69", "1081", "6098", "96910"])
@pytest.mark.parametrize("turn", [0, 2])
def test_digits_that_look_like_digits_either_way_up_turn_nothing(text: str, turn: int) -> None:
    assert not reader().read(np.rot90(write(text), turn)).notes


def test_boxes_are_turned_back() -> None:
    page = np.zeros((40, 70), np.uint8)
    page[5:12, 20:50] = 1
    for turn in range(4):
        x, y, width, height = cv2.boundingRect(np.rot90(page, turn).copy())
        box = np.array([[x, y, x + width, y + height]], float)
        assert turned.turn_back(box, turn, page.shape)[0].tolist() == [20, 5, 50, 12]
