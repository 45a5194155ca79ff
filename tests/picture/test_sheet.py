"""Sheets on a desk: what is written on them is read, their edges are not."""

import cv2
import numpy as np
import pytest

from digit_classifier.picture import Mark, decode, find
from picture.told import told

PAPER, INK = 228, 40


def sheet(height: int = 400, width: int = 600) -> np.ndarray:
    """Two lines of three 7s."""
    page = np.full((height, width), PAPER, np.uint8)
    for y in (80, 230):
        for x in (120, 220, 400):
            points = np.array([(x, y), (x + 45, y), (x + 14, y + 100)])
            cv2.polylines(page, [points], False, INK, 9, cv2.LINE_AA)
    return page


def lay(page: np.ndarray, share: float, turn: float, desk: int) -> np.ndarray:
    """Photograph a page on a desk, the picture so many times as large as the page."""
    height, width = page.shape
    size = round(width * share), round(height * share)
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), turn, 1)
    matrix[:, 2] += (size[0] - width) / 2, (size[1] - height) / 2
    photo = cv2.warpAffine(page, matrix, size, borderValue=desk).astype(float)
    photo = cv2.GaussianBlur(photo, (3, 3), 0) + np.random.default_rng(0).normal(0, 4, photo.shape)
    return photo.clip(0, 255).astype(np.uint8)


def lines(marks: tuple[Mark, ...]) -> list[int]:
    numbers = [mark.line for mark in marks]
    return [numbers.count(number) for number in sorted(set(numbers))]


@pytest.mark.parametrize("desk", [35, 90])
@pytest.mark.parametrize("turn", [-4, 1.5])
@pytest.mark.parametrize("share", [1, 1.05, 1.2, 1.6, 2.5])
def test_a_desk_around_a_sheet_leaves_its_writing_and_adds_none(
    share: float, turn: float, desk: int
) -> None:
    assert lines(told(find(decode(lay(sheet(), share, turn, desk)))).marks) == [3, 3]


@pytest.mark.parametrize("turn", [2, -4])
def test_slivers_of_desk_along_one_or_two_sides_are_no_ones(turn: int) -> None:
    page = np.full((900, 1200), 35, np.uint8)
    page[:, 330:] = PAPER
    page[250:650, 380:980] = sheet()
    matrix = cv2.getRotationMatrix2D((600, 450), turn, 1)
    photo = cv2.warpAffine(page, matrix, (1200, 900), borderMode=cv2.BORDER_REPLICATE)
    page = told(find(decode(photo[210:700, 328:980])))
    assert lines(page.marks) == [3, 3]


@pytest.mark.parametrize("ground", [0, 40, 180])
def test_a_card_on_a_plain_ground_is_a_sheet(ground: int) -> None:
    page = np.full((900, 1500), ground, np.uint8)
    page[100:500, 200:800] = sheet()
    assert lines(told(find(decode(page))).marks) == [3, 3]


def test_boxes_on_a_sheet_are_in_pixels_of_the_whole_picture() -> None:
    photo = lay(sheet(), 2, 2, 50)
    page = told(find(decode(photo)))
    assert (page.width, page.height) == (1200, 800)
    for x, y, width, height in (mark.box for mark in page.marks):
        inside = photo[y : y + height, x : x + width] < 130
        assert inside.any(axis=1).mean() > 0.6
        assert inside.any(axis=0).mean() > 0.6
        assert 0.1 < inside.mean() < 0.6  # no desk


def test_a_light_nought_on_a_dark_page_is_no_sheet() -> None:
    page = np.random.default_rng(0).normal(40, 3, (300, 300)).clip(0, 255).astype(np.uint8)
    for shape in (cv2.ellipse, lambda p, c, s, *_: cv2.rectangle(p, (80, 60), (220, 240), 230, 40)):
        digit = page.copy()
        shape(digit, (150, 150), (70, 90), 0, 0, 360, 230, 40)
        (mark,) = told(find(decode(digit))).marks
        assert mark.box[2] > 140


def test_light_in_the_middle_is_no_sheet() -> None:
    page = sheet().astype(float)
    y, x = np.mgrid[: len(page), : page.shape[1]]
    page *= np.exp(-(((x - 300) / 450) ** 2) - ((y - 200) / 320) ** 2)
    assert lines(told(find(decode(page.astype(np.uint8)))).marks) == [3, 3]


def test_a_shadow_across_the_page_ends_no_sheet() -> None:
    page = sheet().astype(float) + np.random.default_rng(0).normal(0, 2, (400, 600))
    page[:, :330] *= 0.6
    assert lines(told(find(decode(page.clip(0, 255).astype(np.uint8)))).marks) == [3, 3]
