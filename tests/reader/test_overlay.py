from pathlib import Path

import numpy as np

from digit_classifier.reader import DigitReader, Reading, overlay
from digit_classifier.reader.reading import Digit, Rejected, percent
from reader import drawing


def test_boxes_stand_around_the_digits_and_below_is_what_was_seen(digits: DigitReader) -> None:
    pixels = drawing.page("35", height=200)
    reading = digits.read(pixels)
    drawn = np.asarray(overlay.draw(pixels, reading)).astype(int)
    assert drawn.shape[0] > pixels.shape[0]
    x, y, width, height = reading.digits[0].box
    green = np.all(drawn == overlay.GREEN, axis=2)
    assert green[y + height // 2, max(0, x - 2)]
    assert not green[y + 3 : y + height - 3, x + 3 : x + width - 3].any()
    below = drawn[pixels.shape[0] :, :, 0]
    seen = np.kron(reading.digits[0].image, np.ones((3, 3), int))
    assert (below[6 : 6 + 84, 6 : 6 + 84] == seen).all()


def test_tiny_and_huge_pictures_are_shown_at_a_size_to_look_at(model: Path) -> None:
    reading = Reading("")
    assert max(overlay.draw(np.zeros((28, 28), np.uint8), reading).size) == overlay.SMALLEST
    huge = np.zeros((3000, 20, 3), np.uint8)
    assert max(overlay.draw(huge, reading).size) == overlay.LARGEST


def test_a_rejected_mark_gets_a_red_box(model: Path) -> None:
    pixels = drawing.page("3", height=300)
    drawn = np.asarray(overlay.draw(pixels, DigitReader(model, threshold=1).read(pixels)))
    assert np.all(drawn == overlay.RED, axis=2).any()
    assert not np.all(drawn == overlay.GREEN, axis=2).any()


def test_no_confidence_is_shown_as_certainty() -> None:
    shown = {0.99996: ">99.9%", 0.9994: "99.9%", 0.5: "50.0%", 0.0001: "<0.1%", 0.0: "0.0%"}
    assert {share: percent(share) for share in shown} == shown


def test_what_was_seen_stands_in_the_order_of_the_text():
    image, answers = np.zeros((28, 28), np.uint8), np.full(10, 0.1, np.float32)
    three, five = (Digit(d, 0.9, answers, (40 * d, 0, 9, 9), 0, image) for d in (3, 5))
    speck, word = Rejected((0, 0, 1, 1), "a speck"), Rejected((0, 50, 9, 9), "a word", image)
    mark = Rejected((160, 0, 9, 9), "not a digit", image)
    reading = Reading("3?5", (three, five), (speck, word, mark))
    assert reading.marks == [three, mark, five]


def test_what_was_refused_is_a_thin_box_but_for_specks() -> None:
    image, answers = np.zeros((28, 28), np.uint8), np.full(10, 0.1, np.float32)
    three = Digit(3, 0.9, answers, (50, 100, 60, 80), 0, image)
    refused = [Rejected((x, 100, side, side), "", image) for x, side in ((200, 70), (400, 12))]
    page = np.full((480, 480), 255, np.uint8)
    drawn = overlay.draw(page, Reading("3", (three,), tuple(refused)))
    assert drawn.height == overlay.draw(page, Reading("3", (three,))).height
    red = np.all(np.asarray(drawn) == overlay.RED, axis=2)
    x, y = np.flatnonzero(red.any(axis=0)), np.flatnonzero(red.any(axis=1))
    assert (x[0], x[-1], y[0], y[-1]) == (198, 271, 98, 171)
    assert red.sum() == 4 * 73


def test_a_label_below_a_box_at_the_lower_edge_is_not_cut() -> None:
    image, answers = np.zeros((28, 28), np.uint8), np.full(10, 0.1, np.float32)
    three = Digit(3, 0.9, answers, (5, 2, 30, 34), 0, image)
    drawn = overlay.draw(np.full((40, 480), 255, np.uint8), Reading("3", (three,)))
    rows = (np.asarray(drawn)[40:, 6:90].min(axis=2) < 200).any(axis=1)
    begins, ends = np.flatnonzero(np.diff(rows.astype(int)))[:2]
    assert 8 <= ends - begins < 28  # the label, whole, and then paper before what was seen


def test_a_label_is_read_on_a_dark_picture_too() -> None:
    answers = np.linspace(0, 1, 10, dtype=np.float32) / 5
    mark = Rejected((400, 400, 200, 200), "not a digit", np.zeros((28, 28), np.uint8), answers)
    assert str(mark) == "? 9 20.0%"
    drawn = overlay.draw(np.zeros((1400, 1400), np.uint8), Reading("?", (), (mark,)))
    label = np.asarray(drawn.crop((395, 375, 600, 397)))
    assert np.all(label == overlay.RED, axis=2).any()
    assert np.all(label == overlay.PAPER, axis=2).any()


def test_the_way_is_told_below_the_picture() -> None:
    page = np.full((200, 400), 255, np.uint8)
    told = overlay.draw(page, Reading("", way="searched by the finder"))
    plain = overlay.draw(page, Reading(""))
    assert told.height > plain.height
    assert np.asarray(told)[plain.height :].min() < 100
