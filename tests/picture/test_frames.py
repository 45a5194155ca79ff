"""What is drawn around digits is no digit, and does not hide them."""

from collections.abc import Callable

import cv2
import numpy as np
import pytest

from digit_classifier.picture import Mark, decode, find
from picture.told import told


def write(page: np.ndarray, x: int, y: int = 100, height: int = 100) -> None:
    """A stroke like a 7 with a foot."""
    points = [(x, y), (x + 40, y), (x + 6, y + height // 2), (x + 40, y + height)]
    cv2.polylines(page, [np.array(points)], False, 30, 9, cv2.LINE_AA)


def box(page: np.ndarray, x: int) -> None:
    cv2.rectangle(page, (x - 40, 60), (x + 80, 240), 70, 3)


def circle(page: np.ndarray, x: int) -> None:
    cv2.circle(page, (x + 20, 150), 85, 70, 4, cv2.LINE_AA)


def cells(page: np.ndarray, x: int) -> None:
    """One grid around all of them."""
    cv2.rectangle(page, (40, 60), (640, 240), 70, 3)
    cv2.line(page, (x - 80, 60), (x - 80, 240), 70, 3)


def marks(page: np.ndarray) -> list[Mark]:
    return list(told(find(decode(page))).marks)


@pytest.mark.parametrize("frame", [box, circle, cells])
def test_frames_around_digits_are_left_out(frame: Callable[[np.ndarray, int], None]) -> None:
    page = np.full((300, 700), 250, np.uint8)
    for x in (120, 320, 520):
        frame(page, x)
        write(page, x)
    assert len(marks(page)) == 3


def test_a_nought_with_a_dot_or_a_stroke_in_it_is_no_frame() -> None:
    for end in ((152, 152), (165, 110)):
        page = np.full((300, 300), 250, np.uint8)
        cv2.ellipse(page, (150, 150), (52, 100), 0, 0, 360, 30, 9, cv2.LINE_AA)
        cv2.line(page, (300 - end[0], 300 - end[1]), end, 30, 9, cv2.LINE_AA)
        (mark,) = marks(page)
        assert mark.box[3] > 180
