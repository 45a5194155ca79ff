from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from digit_classifier.picture import Mark, Page, Rejected
from digit_classifier.picture.marks import Link
from digit_classifier.reader import judgement
from digit_classifier.rejection import RejectionRule

IMAGE = np.zeros((28, 28), np.uint8)


def mark(x: int = 0, line: int = 0, splits: Sequence[int] = (), space: bool = False) -> Mark:
    """A mark; `splits` are the lengths of its rows of pieces."""
    rows = tuple(tuple(mark(x + i, line) for i in range(length)) for length in splits)
    return Mark(IMAGE, (x, 10 * line, 5, 9), line, space, rows)


def judge(
    marks: list[Mark], said: list[tuple[int, float]], single: bool = False, threshold: float = 0.5
):
    """Judge marks of which the network said (digit, confidence), each before its pieces."""
    page = Page(tuple(marks))
    answers = iter(said)
    whole, of_pieces = [], []
    for each in marks:
        whole.append(next(answers))
        inside = [next(answers) for _ in range(sum(map(len, each.splits)) + len(each.links))]
        if whole[-1][1] < judgement.WHOLE_SURE:
            of_pieces += inside
    assert not list(answers)
    rows, others = probabilities(whole), probabilities(of_pieces)
    assert len(judgement.pieces(page, rows)) == len(others)
    rules = RejectionRule(threshold), RejectionRule(0.5)
    return judgement.judge(page, rows, others, *rules, single=single)


def probabilities(said: list[tuple[int, float]]) -> np.ndarray:
    rows = np.zeros((len(said), 10), np.float32)
    for row, (digit, confidence) in zip(rows, said, strict=True):
        row[:] = (1 - confidence) / 9
        row[digit] = confidence
    return rows


def test_a_mark_is_cut_where_all_its_pieces_are_surer_than_the_whole() -> None:
    verdict = judge([mark(splits=[2])], [(8, 0.4), (1, 0.95), (3, 0.95)])
    assert verdict.text == "13"
    assert [digit.box[0] for digit in verdict.digits] == [0, 1]


def test_a_mark_stays_whole_where_one_piece_is_doubtful() -> None:
    assert judge([mark(splits=[2])], [(8, 0.6), (1, 0.99), (3, 0.55)]).text == "8"


def test_a_mark_that_is_sure_of_itself_stays_whole() -> None:
    assert judge([mark(splits=[2])], [(4, 0.75), (1, 0.99), (7, 0.99)]).text == "4"


def test_a_mark_that_is_no_digit_is_not_cut_into_doubtful_ones() -> None:
    assert judge([mark(splits=[2])], [(8, 0.1), (1, 0.7), (7, 0.7)]).text == "?"


def test_joined_straight_strokes_are_no_row_of_ones() -> None:
    said = [(8, 0.1), (1, 0.99), (1, 0.99)]
    assert judge([mark(splits=[2])], said).text == "?"
    assert judge([replace(mark(splits=[2]), pieces=2)], said).text == "11"


def test_the_surest_of_several_cuts_is_taken() -> None:
    said = [(8, 0.2), (1, 0.85), (3, 0.85), (5, 0.96), (6, 0.96), (7, 0.96)]
    assert judge([mark(splits=[2, 3])], said).text == "567"


def test_a_chain_of_joined_digits_is_read_along_its_likeliest_path() -> None:
    ends = [(0, 1), (0, 2), (1, 2), (1, 3), (2, 3)]
    links = tuple(Link(a, b, mark(10 * a)) for a, b in ends)
    said = [(8, 0.1), (2, 0.97), (5, 0.6), (7, 0.96), (3, 0.5), (4, 0.9)]
    verdict = judge([mark(), replace(mark(1, space=True), links=links)], [(9, 0.99), *said])
    assert verdict.text == "9 274"
    doubtful = [(8, 0.1), (2, 0.97), (5, 0.6), (7, 0.6), (3, 0.5), (4, 0.6)]
    assert judge([replace(mark(), links=links)], doubtful).text == "?"


def test_pieces_keep_the_space_before_their_mark() -> None:
    said = [(1, 0.9), (8, 0.2), (2, 0.95), (3, 0.95)]
    assert judge([mark(), mark(20, splits=[2], space=True)], said).text == "1 23"


def test_a_doubtful_mark_among_digits_is_a_question_mark() -> None:
    verdict = judge([mark(0), mark(10), mark(20)], [(1, 0.9), (8, 0.3), (2, 0.9)])
    assert verdict.text == "1?2"
    assert verdict.rejected[0].reason == "not a digit: at best an 8, confidence 0.30"


def test_a_higher_threshold_turns_digits_into_question_marks_and_not_into_words() -> None:
    verdict = judge([mark(10 * i) for i in range(5)], [(i, 0.9) for i in range(5)], threshold=1)
    assert verdict.text == "?????"


def test_a_line_of_words_is_left_out_and_the_others_are_renumbered() -> None:
    words = [(0, 0.9), (1, 0.2), (2, 0.2), (3, 0.2), (4, 0.2)]
    numbers = [(7, 0.9), (8, 0.9)]
    marks = [mark(10 * i) for i in range(5)] + [mark(10 * i, line=1) for i in range(2)]
    verdict = judge(marks, words + numbers)
    assert verdict.text == "78"
    assert [digit.line for digit in verdict.digits] == [0, 0]
    assert {left.reason for left in verdict.rejected} == {"on a line of words"}
    assert len(verdict.rejected) == 5


def test_a_clutter_of_marks_is_left_out_altogether() -> None:
    marks = [mark(10 * (i % 3), line=i // 3) for i in range(30)]
    said = [(1, 0.9 if i % 4 == 0 else 0.2) for i in range(30)]
    verdict = judge(marks, said)
    assert (verdict.text, verdict.digits) == ("", ())
    assert len(verdict.rejected) == 30


def test_a_line_of_digits_is_read_below_many_lines_of_words() -> None:
    marks = [mark(10 * (i % 5), line=i // 5) for i in range(25)]
    said = [(1, 0.2)] * 20 + [(digit, 0.9) for digit in range(5)]
    assert judge(marks, said).text == "01234"


def test_a_few_digits_among_many_lines_of_clutter_are_left_out() -> None:
    marks = [mark(10 * (i % 5), line=i // 5) for i in range(23)]
    said = [(1, 0.2)] * 20 + [(digit, 0.9) for digit in range(3)]
    assert judge(marks, said).text == ""


def test_marks_of_wildly_different_sizes_must_nearly_all_be_digits() -> None:
    marks = [replace(mark(), box=(0, 0, 5, 9 * (1 + 9 * (i % 2)))) for i in range(8)]
    assert judge(marks, [(1, 0.9)] * 8).text == "11111111"
    assert judge(marks, [(1, 0.9)] * 5 + [(1, 0.2)] * 3).text == ""


def test_what_the_page_left_out_is_reported() -> None:
    page = Page((), (Rejected((1, 2, 3, 4), "speck"),), 10, 10, ("a note",))
    nothing = probabilities([])
    verdict = judgement.judge(page, nothing, nothing, *[RejectionRule(0.5)] * 2, single=False)
    assert [(left.box, left.reason) for left in verdict.rejected] == [((1, 2, 3, 4), "speck")]
    assert verdict.notes == ("a note", "nothing stands out from the paper")


@pytest.mark.parametrize("confidence", [0.49, 0.51])
def test_confidence_is_compared_with_the_threshold(confidence: float) -> None:
    assert judge([mark()], [(3, confidence)]).text == ("3" if confidence > 0.5 else "?")


def test_a_rule_at_a_high_temperature_asks_how_close_the_second_answer_came() -> None:
    close, clear = np.full((2, 10), 0.001)
    close[[3, 8]] = 0.8, 0.192
    clear[[3, 8]] = 0.992, 0.001
    rows = np.stack([close, clear])
    assert RejectionRule(0.7).accept(rows).tolist() == [True, True]
    assert RejectionRule(0.28, temperature=5).accept(rows).tolist() == [False, True]


def test_a_doubtful_mark_is_read_without_the_dash_beside_it() -> None:
    dash = Rejected((9, 4, 5, 2), "dash or dot")
    bare = replace(mark(), beside=(dash,))
    verdict = judge([replace(mark(), splits=((bare,),))], [(0, 0.4), (7, 0.95)])
    assert verdict.text == "7"
    assert [(left.box, left.reason) for left in verdict.rejected] == [(dash.box, dash.reason)]
    assert judge([replace(mark(), splits=((bare,),))], [(0, 0.9), (7, 0.95)]).rejected == ()


def test_a_plus_beside_a_digit_is_no_reason_to_doubt_the_digit() -> None:
    row = (replace(mark(), loose=True), mark(5))
    assert judge([replace(mark(), splits=(row,))], [(0, 0.1), (8, 0.1), (7, 0.95)]).text == "?7"
    assert judge([replace(mark(), splits=(row,))], [(0, 0.1), (8, 0.9), (7, 0.7)]).text == "?"


def test_a_large_mark_with_ink_in_it_may_be_a_page_and_the_note_says_what_to_do() -> None:
    large = replace(mark(), box=(10, 10, 60, 60))
    specks = tuple(Rejected((x, 30, 5, 9), "speck") for x in (20, 40))
    page = Page((large,), specks, 100, 100)
    nothing = probabilities([])
    for confidence, said in ((0.1, 1), (0.9, 0)):
        rows = probabilities([(3, confidence)])
        verdict = judgement.judge(page, rows, nothing, *[RejectionRule(0.5)] * 2, single=False)
        assert sum("crop closer" in note for note in verdict.notes) == said
