"""Pages in many styles: every digit found, in reading order, redrawn as it was."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from digit_classifier.picture import Page, decode, find, look_again, search
from digit_classifier.picture.marks import BY_PIECES, SEARCHED
from picture import pages
from picture.likeness import likeness
from picture.page_styles import STYLES, Style
from picture.told import told

# Those with a dozen megapixels take too long here; touching digits have a test of their own.
QUICK = [
    name for name in STYLES if name not in ("12 megapixels", "small on a big page", "touching")
]


def lengths(page: Page) -> list[int]:
    lines = [mark.line for mark in page.marks]
    return [lines.count(line) for line in sorted(set(lines))]


def test_the_digits_of_nearly_all_pages_are_found_in_reading_order(digits: np.ndarray) -> None:
    missed = []
    for name in QUICK:
        style = STYLES[name]
        rng = np.random.default_rng(11)
        for _ in range(2):
            drawn = pages.draw(style, digits, [0] * len(digits), rng)
            page = told(find(decode(drawn.pixels), single=style.margin == 0))
            like = [likeness(m.image, d) for m, d in zip(page.marks, drawn.images, strict=False)]
            if lengths(page) != [style.columns] * style.rows or np.median(like) < 0.85:
                missed.append(name)
    assert len(missed) <= 0.12 * 2 * len(QUICK), missed


@pytest.mark.slow
def test_a_photograph_of_12_megapixels_is_read_like_a_small_one(digits: np.ndarray) -> None:
    drawn = pages.draw(STYLES["12 megapixels"], digits, [0] * len(digits), np.random.default_rng(2))
    assert drawn.pixels.size > 3 * 9e6
    assert lengths(told(find(decode(drawn.pixels)))) == [5, 5]


def test_boxes_lie_on_the_digits_in_pixels_of_the_picture(digits: np.ndarray) -> None:
    for height in (24, 60, 150):
        style = Style(height=height, columns=3, jitter=0)
        drawn = pages.draw(style, digits, [0] * len(digits), np.random.default_rng(4))
        page = told(find(decode(drawn.pixels)))
        ink = drawn.pixels.min(axis=2) < 128
        for mark in page.marks:
            x, y, width, box_height = mark.box
            inside = ink[y : y + box_height, x : x + width]
            assert inside.any(axis=1).mean() > 0.8
            assert inside.any(axis=0).mean() > 0.8
        covered = np.zeros_like(ink)
        for x, y, width, box_height in (mark.box for mark in page.marks):
            covered[y : y + box_height, x : x + width] = True
        assert ink[covered].sum() > 0.9 * ink.sum()


def test_no_box_of_a_digit_covers_half_of_its_neighbour(digits: np.ndarray) -> None:
    style = Style(columns=7, height=16, space=0.2, noise=2)
    rng = np.random.default_rng(2)
    for _ in range(5):
        drawn = pages.draw(style, digits, [0] * len(digits), rng)
        boxes = np.array([mark.box for mark in told(find(decode(drawn.pixels))).marks], float)
        assert len(boxes) > 4
        boxes[:, 2:] += boxes[:, :2]
        for i, box in enumerate(boxes):
            low, high = np.maximum(box[:2], boxes[:, :2]), np.minimum(box[2:], boxes[:, 2:])
            shared = np.maximum(high - low, 0).prod(axis=1)
            covered = shared / (boxes[:, 2:] - boxes[:, :2]).prod(axis=1)
            assert np.delete(covered, i).max() < 0.5


@pytest.mark.parametrize("size", [(2041, 2269), (2269, 2041), (300, 200)])
def test_boxes_of_ink_at_the_frame_end_with_the_picture(size: tuple[int, int]) -> None:
    width, height = size
    page = np.full((height, width), 255, np.uint8)
    page[40:140, width - 20 :] = page[height - 100 : height - 20, 90:120] = 0
    cv2.line(page, (0, height - 8), (width - 1, height - 1), 0, 6)
    found = find(decode(page))
    for x, y, wide, high in [each.box for each in (*found.marks, *found.rejected)]:
        assert min(x, y) >= 0
        assert x + wide <= width
        assert y + high <= height


def test_touching_digits_are_found_one_by_one_by_the_finder(digits: np.ndarray) -> None:
    rng = np.random.default_rng(8)
    good = 0
    for _ in range(30):
        drawn = pages.draw(replace(STYLES["touching"], columns=3), digits, [0] * 1000, rng)
        marks = told(search(decode(drawn.pixels))).marks
        good += len(marks) == 3 and all(
            likeness(m.image, d) > 0.8 for m, d in zip(marks, drawn.images, strict=True)
        )
    assert good >= 21, f"{good} of 30"


def canvas(width: int = 600, height: int = 300) -> np.ndarray:
    return np.full((height, width), 255, np.uint8)


def stroke(page: np.ndarray, *points: tuple[int, int], pen: int = 8) -> None:
    cv2.polylines(page, [np.array(points, np.int32)], False, 0, pen, cv2.LINE_AA)


def test_the_loose_bar_of_a_five_stays_with_it() -> None:
    page = canvas()
    stroke(page, (60, 60), (60, 140), (120, 150), (120, 210), (50, 220))
    stroke(page, (72, 50), (135, 46))
    stroke(page, (250, 50), (250, 220))
    marks = told(find(decode(page))).marks
    assert len(marks) == 2


def test_specks_are_left_out() -> None:
    page = canvas()
    stroke(page, (100, 50), (100, 220))
    cv2.circle(page, (300, 150), 4, 0, -1)
    assert len(told(find(decode(page))).marks) == 1


@pytest.mark.parametrize("ink", [(20, 20, 60), (0, 0, 160), (200, 0, 0), (0, 120, 0)])
def test_a_drawing_in_colour_is_taken_piece_by_piece_as_a_black_one(
    ink: tuple[int, int, int],
) -> None:
    page = sevens([50, 200])
    stroke(page, (400, 60), (398, 190))
    black = find(decode(page))
    light = 255 - (255 - page[..., None]) / 255 * (255 - np.array(ink))
    coloured = find(decode(light.astype(np.uint8)))
    assert (coloured.way, len(coloured.marks)) == (BY_PIECES, 3)
    for mark, other in zip(coloured.marks, black.marks, strict=True):
        assert np.abs(np.subtract(mark.box, other.box)).max() <= 1
        assert likeness(mark.image, other.image) > 0.99


def test_on_a_second_look_a_digit_is_all_of_its_piece_of_ink() -> None:
    picture = decode(sevens([50, 200]))
    first = find(picture)
    again = look_again(picture, first)
    assert (first.way, again.way) == (BY_PIECES, SEARCHED)
    for mark, piece in zip(told(again).marks, first.marks, strict=True):
        assert mark.box == piece.box
        assert np.array_equal(mark.image, piece.image)
        assert mark.likely is not None


def test_on_a_second_look_a_piece_may_be_several_digits() -> None:
    page = sevens([50, 200])
    stroke(page, (255, 75), (330, 75), (300, 180))
    first = find(decode(page))
    assert len(first.marks) == 2
    assert len(told(look_again(decode(page), first)).marks) == 3


@pytest.mark.parametrize("height", [0.5, 0.9])
def test_an_upright_stroke_is_a_one_and_no_ruled_line(height: float) -> None:
    page = canvas(300, 300)
    reach = int(150 * height)
    stroke(page, (150, 150 - reach), (152, 150 + reach), pen=3)
    assert len(find(decode(page)).marks) == 1


@pytest.mark.parametrize("turns", range(4))
def test_a_gradient_holds_no_digit(turns: int) -> None:
    page = np.tile(np.linspace(0, 255, 400).astype(np.uint8), (300, 1))
    assert find(decode(np.ascontiguousarray(np.rot90(page, turns)))).marks == ()


def test_a_vignette_holds_no_digit() -> None:
    y, x = np.mgrid[-150:150, -200:200]
    page = (255 * np.exp(-(x**2 + y**2) / 40000)).astype(np.uint8)
    assert find(decode(page)).marks == ()


@pytest.mark.parametrize("digits", [2, 3])
def test_an_underline_is_left_out(digits: int) -> None:
    page = canvas()
    for i in range(digits):
        stroke(page, (100 + 100 * i, 60), (100 + 100 * i, 180))
    stroke(page, (60, 230), (120 + 100 * (digits - 1), 233), pen=4)
    assert lengths(told(find(decode(page)))) == [digits]


def test_digits_that_a_margin_runs_through_are_read() -> None:
    page = np.full((340, 460, 3), 246, np.uint8)
    page[60::70] = page[61::70] = (160, 185, 225)
    page[:, 90:92] = (235, 120, 120)
    writing = np.full((340, 460), 255, np.uint8)
    for y in (40, 130, 230):
        for x in (66, 180, 290):
            stroke(writing, (x, y), (x + 40, y), (x + 27, y + 14), (x + 23, y + 70), pen=5)
    page[writing < 128] = (30, 30, 90)
    assert lengths(told(find(decode(page)))) == [3, 3, 3]


@pytest.mark.parametrize("grey", [90, 150, 200])
@pytest.mark.parametrize("turn", [1.6, -4.0])
def test_squared_paper_takes_no_ink_off_the_digits(grey: int, turn: float) -> None:
    shape = (640, 1000)
    writing = np.zeros(shape, np.uint8)
    for x in range(100, 900, 130):
        for y in (90, 270, 450):
            cv2.ellipse(writing, (x + 30, y + 45), (30, 45), 0, 0, 360, 255, 11, cv2.LINE_AA)
            cv2.line(writing, (x + 30, y), (x + 34, y + 92), 255, 11, cv2.LINE_AA)
    squares = np.zeros(shape, np.uint8)
    for at in range(-400, 1400, 40):
        lean = round(np.tan(np.deg2rad(turn)) * 1000)
        cv2.line(squares, (0, at), (1000, at + lean), 255, 2, cv2.LINE_AA)
        cv2.line(squares, (at, 0), (at - lean, 1000), 255, 2, cv2.LINE_AA)
    paper = 240 - squares * ((240 - grey) / 255)
    page = paper + writing / 255 * (50 - paper)
    found = told(find(decode(cv2.GaussianBlur(page, (3, 3), 0).astype(np.uint8))))
    plain = told(find(decode((240 - writing * (190 / 255)).astype(np.uint8))))
    assert lengths(found) == lengths(plain) == [7, 7, 7]
    like = [likeness(a.image, b.image) for a, b in zip(found.marks, plain.marks, strict=True)]
    assert np.median(like) > 0.85, like


def sevens(xs: list[int]) -> np.ndarray:
    page = canvas(1200)
    for x in xs:
        stroke(page, (x, 70), (x + 60, 70), (x + 20, 180))
    return page


def test_digits_far_apart_get_a_space_and_even_gaps_do_not() -> None:
    marks = told(find(decode(sevens([50, 140, 230, 600, 690, 780])))).marks
    assert [mark.space_before for mark in marks] == [False] * 3 + [True] + [False] * 2
    marks = told(find(decode(sevens(list(range(50, 1200, 200)))))).marks
    assert [mark.space_before for mark in marks] == [False] * 6


def test_single_makes_one_mark_of_everything(digits: np.ndarray) -> None:
    drawn = pages.draw(STYLES["plain"], digits, [0] * len(digits), np.random.default_rng(1))
    assert len(find(decode(drawn.pixels), single=True).marks) == 1


def test_of_small_pictures_of_a_broken_digit_nine_in_ten_hold_one_digit(
    digits: np.ndarray,
) -> None:
    found = []
    for image in digits[::20]:
        page = 255 - np.pad(image, 2)
        page[16:18] = 255
        found.append(len(find(decode(page)).marks) == 1)
    assert np.mean(found) >= 0.9


@pytest.mark.parametrize("rise", [-70, 70])
def test_a_steep_line_is_one_line(rise: int) -> None:
    page = canvas(600, 600)
    for i in range(5):
        y = 300 + rise * (i - 2)
        stroke(page, (100 + 90 * i, y - 45), (140 + 90 * i, y - 45), (110 + 90 * i, y + 45))
    marks = told(find(decode(page))).marks
    assert [mark.line for mark in marks] == [0] * 5
    assert [mark.box[0] for mark in marks] == sorted(mark.box[0] for mark in marks)


def test_a_frame_around_a_digit_is_no_vignette() -> None:
    page = canvas(100, 100)
    cv2.rectangle(page, (0, 0), (99, 99), 0, 4)
    stroke(page, (40, 23), (60, 23), (43, 76), pen=3)
    (mark,) = find(decode(page)).marks
    assert mark.box[2] < 40


@pytest.mark.parametrize("shape", [(1, 1), (1, 500), (500, 1), (2, 3), (3, 2000), (30, 3000)])
@pytest.mark.parametrize("single", [False, True])
def test_odd_shapes_do_no_harm(shape: tuple[int, int], single: bool) -> None:
    rng = np.random.default_rng(6)
    for page in (
        np.zeros(shape, np.uint8),
        rng.integers(0, 256, shape, np.uint8),
        rng.integers(0, 2, (*shape, 3), np.uint8) * np.uint8(255),
    ):
        for mark in find(decode(page), single=single).marks:
            assert mark.image.shape == (28, 28)
            assert mark.image.dtype == np.uint8


@pytest.mark.parametrize("sign", ["dash", "plus"])
def test_a_sign_between_digits_is_none(sign: str) -> None:
    page = canvas()
    stroke(page, (60, 60), (140, 60), (80, 200))
    stroke(page, (180, 130), (220, 130))
    if sign == "plus":
        stroke(page, (200, 105), (200, 155))
    stroke(page, (250, 60), (250, 130), (330, 130))
    stroke(page, (310, 90), (310, 200))
    stroke(page, (400, 60), (480, 60), (420, 200))
    assert lengths(told(find(decode(page)))) == [3]


def test_a_margin_line_askew_swallows_no_digit() -> None:
    page = np.full((1000, 600), 235, np.uint8)
    for row in range(4):
        for column in range(3):
            middle = 150 + 60 * row + 100 * column, 150 + 220 * row
            cv2.ellipse(page, middle, (28, 42), 0, 0, 360, 40, 10)
    cv2.line(page, (60, 5), (330, 995), 90, 4)
    heights = [mark.box[3] for mark in told(find(decode(page))).marks]
    assert sum(60 < height < 120 for height in heights) >= 12  # and some of the line
