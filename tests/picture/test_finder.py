"""Boxes of several scales become one for each digit; the finder's file reads pages of any size."""

from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import pytest

from digit_classifier.picture import finder

SCALES = np.array([0.5, 0.7, 1.0, 1.4])
WINDOWS = np.array([[0.0, 0, 4000, 4000]] * 4)


def cell(box: tuple[float, ...], digit: float, other: float, level: int, name: int) -> np.ndarray:
    classes = np.full(10, 0.02)
    classes[name] = 0.82
    return np.array([*box, digit, other, level, *classes])


def merged(*cells: np.ndarray) -> finder.Found:
    return finder._merge(np.array(cells), SCALES, WINDOWS)


def test_one_digit_seen_in_several_scales_is_one() -> None:
    box = (10, 10, 34, 50)
    found = merged(*(cell(box, 0.8, 0.1, level, 4) for level in range(4)))
    assert len(found.boxes) == 1
    assert found.boxes[0] == pytest.approx(box)
    assert found.score[0] == pytest.approx(0.8)
    assert found.classes[0].argmax() == 4


def test_what_one_scale_alone_sees_is_doubted() -> None:
    assert merged(cell((10, 10, 34, 50), 0.8, 0.1, 1, 4)).score[0] < 0.5


def test_a_scale_that_did_not_look_there_does_not_doubt() -> None:
    aside = np.array([[100.0, 0, 200, 200]])
    cells = np.array([cell((10, 10, 34, 50), 0.8, 0.1, level, 4) for level in range(3)])
    found = finder._merge(cells, SCALES, np.concatenate([WINDOWS[:3], aside]))
    assert found.score[0] == pytest.approx(0.8)


def sevens(side: int, *heights: int) -> np.ndarray:
    """A square page with one 7 of each height, beside each other."""
    page = np.full((side, side), 240, np.uint8)
    x = 40
    for height in heights:
        points = np.array([(0, 0), (0.6, 0), (0.2, 1)]) * height + (x, 200)
        pen = max(2, height // 10)
        cv2.polylines(page, [points.astype(np.int32)], False, 20, pen, cv2.LINE_AA)
        x += height
    return page


def look(page: np.ndarray) -> tuple[finder.Found, int]:
    """What is found, and in how many pixels of all sizes."""
    areas = []

    def run(images: np.ndarray) -> np.ndarray:
        areas.append(images.size)
        return finder.load().run(images)

    return finder.detect(page, run), sum(areas)


def test_a_finer_look_is_taken_only_where_something_small_is_left() -> None:
    found, large = look(sevens(1600, 500, 500))
    assert (found.score > 0.6).sum() == 2
    assert large < 1600 * 1600 / 4
    found, small = look(sevens(1600, 500, 500, 30))
    assert (found.score > 0.6).sum() == 3
    assert small > large


def test_levels_that_are_looked_at_side_by_side_say_what_they_say_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    page = np.random.default_rng(1).normal(0, 3, (700, 700)) + sevens(700, 30, 60, 90, 25)
    page = page.clip(0, 255).astype(np.uint8)
    beside, _ = look(page)
    monkeypatch.setattr(finder, "ThreadPoolExecutor", lambda _: ThreadPoolExecutor(1))
    alone, _ = look(page)
    assert np.array_equal(beside.boxes, alone.boxes)
    assert np.array_equal(beside.classes, alone.classes)


def test_boxes_of_one_bar_agree_however_thin_they_are() -> None:
    thin = [cell((20 + i, 10, 23 + i, 50), 0.8, 0.1, i, 1) for i in range(4)]
    assert len(merged(*thin).boxes) == 1


def test_a_part_of_a_digit_is_no_digit_beside_it() -> None:
    whole = [cell((10, 10, 40, 60), 0.9, 0.1, level, 8) for level in range(3)]
    assert len(merged(*whole, cell((12, 12, 38, 34), 0.5, 0.1, 3, 0)).boxes) == 1


def test_what_a_digit_lies_in_does_not_widen_its_box() -> None:
    box = (60, 10, 84, 50)
    digit = [cell(box, 0.9, 0.1, level, 3) for level in range(4)]
    number = cell((10, 0, 140, 60), 0.1, 0.85, 0, 8)
    found = merged(*digit, number)
    assert len(found.boxes) == 1
    assert found.boxes[0] == pytest.approx(box)
    assert found.other[0] == pytest.approx(0.1)
    assert found.classes[0].argmax() == 3


def test_neighbours_stay_two() -> None:
    boxes = ((10, 10, 34, 50), (36, 12, 60, 52))
    found = merged(*(cell(box, 0.8, 0.1, level, 5) for box in boxes for level in range(4)))
    assert len(found.boxes) == 2


def test_levels_go_from_the_whole_picture_as_one_digit_to_its_own_size() -> None:
    for height, width in ((28, 28), (300, 900), (4000, 3000)):
        sizes = np.array(finder.levels(height, width)) * max(height, width)
        assert sizes[0] == pytest.approx(finder.SMALLEST)
        assert sizes[1:] / sizes[:-1] == pytest.approx(finder.STEP)
        assert sizes[-1] <= finder.LARGEST
        assert sizes[-1] >= min(max(height, width), finder.LARGEST) * 0.7


def test_blank_paper_is_not_searched() -> None:
    def refuse(images: np.ndarray) -> np.ndarray:
        raise AssertionError

    assert len(finder.detect(np.full((200, 300), 200, np.uint8), refuse).boxes) == 0


def test_a_page_of_noise_is_bounded_and_says_so() -> None:
    rng = np.random.default_rng(0)
    corners = rng.uniform(0, 3000, (finder.MAX_CELLS + 500, 2))
    cells = [cell((x, y, x + 20, y + 30), 0.3, 0.1, 2, 1) for x, y in corners]
    assert merged(*cells).crowded
    assert not merged(*cells[:100]).crowded
