"""Boxes in the order in which a person reads them."""

import numpy as np
import pytest

from digit_classifier.picture.lines import arrange, company, spaces


def row(y: float, xs: list[float], height: float = 40, slope: float = 0.0) -> list[list[float]]:
    return [[x, y + slope * x, x + 24, y + slope * x + height] for x in xs]


def test_rows_are_read_from_top_to_bottom_and_left_to_right() -> None:
    boxes = np.array([*row(200, [300, 10, 150]), *row(20, [150, 12, 290])])
    assert arrange(boxes) == [[4, 3, 5], [1, 2, 0]]


def test_lines_that_climb_across_the_page_do_not_mix() -> None:
    xs = [40.0 * i for i in range(20)]
    boxes = np.array([line for y in (0, 70, 140) for line in row(y, xs, slope=-0.25)])
    assert arrange(boxes) == [list(range(20 * i, 20 * i + 20)) for i in range(3)]


def test_a_bar_that_stands_in_its_neighbours_box_stays_on_its_line() -> None:
    boxes = np.array([[0, 0, 30, 40], [34, 0, 70, 40], [50, 2, 55, 38], [80, 0, 110, 40]])
    assert arrange(boxes) == [[0, 1, 2, 3]]


def test_a_line_as_steep_as_stairs_is_one() -> None:
    stairs = np.array([[50 * i, 60 * i, 50 * i + 40, 60 * i + 55] for i in range(5)], float)
    assert arrange(stairs) == [[0, 1, 2, 3, 4]]


def test_a_doubtful_box_joins_a_line_and_makes_none() -> None:
    boxes = np.array(
        [*row(0, [0, 90]), [45, 4, 60, 40], [40, 44, 52, 58], [500, 1, 520, 38]], float
    )
    sure = np.array([True, True, False, False, False])
    assert arrange(boxes, sure) == [[4], [0, 2, 1], [3]]


def test_nothing_is_no_line() -> None:
    assert arrange(np.zeros((0, 4))) == []


def test_a_gap_that_stands_out_is_a_space_and_even_gaps_are_none() -> None:
    near = np.array(row(0, [0, 30, 60, 200, 230]), float)
    assert spaces(near) == [False, False, False, True, False]
    assert not any(spaces(np.array(row(0, [0, 150, 300, 450]), float)))


def test_equal_gaps_are_equal_spaces() -> None:
    pairs = np.array(row(0, [0, 30, 110, 140, 220, 250]), float)
    assert spaces(pairs) == [False, False, True, False, True, False]


def test_company_is_of_neighbours_that_are_about_as_high() -> None:
    boxes = np.array([*row(0, [0, 30, 60]), [95, 25, 105, 40]], float)
    assert company(boxes, np.array([0.9, 0.3, 0.7, 0.2])) == pytest.approx([0.5, 0.8, 0.6, 0.0])


@pytest.mark.parametrize("degrees", [-20, -12, 7, 20])
def test_lines_askew_by_up_to_20_degrees_stay_lines(degrees: float) -> None:
    corners = np.array([(x, y) for y in (0, 60, 120) for x in (0, 30, 60, 150, 180, 210)], float)
    turn = np.deg2rad(degrees)
    turned = corners @ np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    lines = arrange(np.column_stack([turned, turned + np.array([20, 30])]))
    assert lines == [list(range(i, i + 6)) for i in (0, 6, 12)]
