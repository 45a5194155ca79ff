from dataclasses import replace

import numpy as np
import pytest

from digit_classifier.agreement import Agreement
from digit_classifier.picture import Mark, Page, Rejected
from digit_classifier.picture.marks import BY_PIECES, SEARCHED
from digit_classifier.reader import judgement
from digit_classifier.rejection import RejectionRule

IMAGE = np.zeros((28, 28), np.uint8)


def mark(x: int = 0, line: int = 0, space: bool = False) -> Mark:
    return Mark(IMAGE, (x, 10 * line, 5, 9), line, space)


def judge(
    marks: list[Mark],
    said: list[tuple[int, float]],
    threshold: float = 0.5,
    way: str = SEARCHED,
    own: bool = False,
) -> judgement.Verdict:
    """Judge marks of which was said: digit, confidence."""
    page = Page(tuple(marks), way=way)
    return judgement.judge(page, probabilities(said), RejectionRule(threshold), own=own)


def probabilities(said: list[tuple[int, float]]) -> np.ndarray:
    rows = np.zeros((len(said), 10), np.float32)
    for row, (digit, confidence) in zip(rows, said, strict=True):
        row[:] = (1 - confidence) / 9
        row[digit] = confidence
    return rows


def test_a_doubtful_mark_among_digits_is_a_question_mark() -> None:
    verdict = judge([mark(0), mark(10), mark(20, space=True)], [(1, 0.9), (8, 0.4), (2, 0.9)])
    assert verdict.text == "1? 2"
    assert verdict.rejected[0].reason == (
        "less sure than the threshold of 0.5: at best an 8, confidence 0.40"
    )


def test_a_mark_under_the_users_own_threshold_is_called_so_and_its_confidence_rounded() -> None:
    for sure, said in ((0.9949, "confidence 0.99"), (0.996, "confidence over 0.99")):
        (refused,) = judge([mark()], [(4, sure)], threshold=1).rejected
        assert refused.reason == f"less sure than the threshold of 1: at best a 4, {said}"


@pytest.mark.parametrize("way", [SEARCHED, BY_PIECES])
def test_a_threshold_holds_for_a_whole_number_too(way: str) -> None:
    said = [(1, 0.999), (2, 0.97), (3, 0.96)]
    marks = [mark(0), mark(10), mark(20)]
    assert judge(marks, said, 0.6, way).text == "123"
    assert judge(marks, said, 0.95, way).text == "12?"  # each digit is surer, not all together
    assert judge(marks, said, 0.95, way, own=True).text != ""
    apart = [mark(0), mark(0, line=1), mark(0, line=2)]
    assert judge(apart, said, 0.95, way).text == "1\n2\n3"


def test_what_is_hardly_a_digit_is_listed_and_no_part_of_the_text() -> None:
    marks = [mark(0), mark(10), mark(0, line=1), mark(0, line=2)]
    verdict = judge(marks, [(1, 0.9), (8, 0.15), (3, 0.12), (2, 0.9)])
    assert verdict.text == "1\n2"
    assert [digit.line for digit in verdict.digits] == [0, 1]
    assert len(verdict.rejected) == 2


def test_a_doubtful_mark_alone_on_its_line_is_told_only_where_nothing_is_read() -> None:
    marks = [mark(0), mark(0, line=1)]
    assert judge(marks, [(8, 0.4), (3, 0.9)]).text == "3"
    assert judge(marks, [(8, 0.4), (3, 0.4)]).text == "?\n?"


def test_what_is_a_question_mark_comes_last_in_the_order_of_the_text() -> None:
    verdict = judge([mark(0), mark(10), mark(20)], [(8, 0.42), (1, 0.12), (2, 0.44)])
    assert [left.box[0] for left in verdict.rejected] == [10, 0, 20]


def test_a_mark_that_was_not_searched_for_is_always_part_of_the_text() -> None:
    assert judge([mark()], [(1, 0.15)], way=BY_PIECES).text == "?"


def test_a_higher_threshold_turns_digits_into_question_marks() -> None:
    verdict = judge([mark(10 * i) for i in range(5)], [(i, 0.9) for i in range(5)], threshold=1)
    assert verdict.text == "?????"


def test_a_networks_own_rule_is_for_its_own_answers_only() -> None:
    said = [(3, 0.7)]
    assert judge([mark()], said, threshold=0.95, way=BY_PIECES, own=True).text == "?"
    assert judge([mark()], said, threshold=0.95, own=True).text == "3"


def test_what_the_page_left_out_is_reported() -> None:
    page = Page((), (Rejected((1, 2, 3, 4), "hardly a digit: 0.21"),), 10, 10, ("a note",))
    verdict = judgement.judge(page, probabilities([]), RejectionRule(0.5))
    assert [left.reason for left in verdict.rejected] == ["hardly a digit: 0.21"]
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


def test_the_finder_has_a_say_only_where_it_was_asked() -> None:
    network = probabilities([(3, 0.6)])
    likely = probabilities([(8, 0.9)])[0]
    alone = Page((mark(),), way=BY_PIECES)
    assert judgement.combine(alone, network) is network
    asked = Page((replace(mark(), likely=likely, found=0.9),), way=SEARCHED)
    assert judgement.combine(asked, network).argmax() == 8


def marks_of(n: int, seed: int = 0) -> tuple[np.ndarray, ...]:
    """Two opinions on n marks, the finder's the better one, a third of them no digits."""
    rng = np.random.default_rng(seed)
    labels = np.where(rng.random(n) < 1 / 3, -1, rng.integers(0, 10, n))
    shown = np.where(labels < 0, rng.integers(0, 10, n), labels)
    opinions = []
    for blunders in (0.3, 0.1):
        told = np.where(rng.random(n) < blunders, rng.integers(0, 10, n), shown)
        opinions.append(probabilities([(d, rng.uniform(0.4, 0.99)) for d in told]))
    found = np.where(labels < 0, rng.beta(2, 4, n), rng.beta(5, 2, n))
    company = np.where(labels < 0, rng.uniform(0, 0.5, n), rng.uniform(0.2, 0.9, n))
    return (*opinions, found, company, labels)


def test_a_confidence_of_the_two_is_how_often_they_are_right() -> None:
    classifier, finder, found, company, labels = marks_of(6000)
    fitted = Agreement.fit(classifier, finder, found, company, labels)
    assert fitted.company > 0
    assert fitted.finder > fitted.classifier
    classifier, finder, found, company, labels = marks_of(6000, seed=1)
    together = fitted.combine(classifier, finder, found, company)
    assert together.sum(axis=1) == pytest.approx(1)
    confidence, right = together.max(axis=1), together.argmax(axis=1) == labels
    for low, high in ((0.2, 0.5), (0.5, 0.8), (0.8, 1.0)):
        some = (confidence >= low) & (confidence < high)
        assert right[some].mean() == pytest.approx(confidence[some].mean(), abs=0.07)


def test_a_finder_says_how_it_agrees() -> None:
    fitted = Agreement(0.2, 1.1, -1.0, 0.4, 0.9, 0.7, 0.3, 1.2)
    assert Agreement.read({"agreement": fitted.describe()}) == fitted
    assert Agreement.read({}) == Agreement()


def test_a_confidence_of_a_number_is_how_often_all_of_it_is_right() -> None:
    rng = np.random.default_rng(5)
    digits = [rng.beta(9, 1, rng.integers(1, 9)) for _ in range(4000)]
    right = np.array([bool((rng.random(len(each)) < each**1.5).all()) for each in digits])
    fitted = Agreement().fit_numbers(np.array([each.prod() for each in digits]), right)
    told = np.array([fitted.of_number(each) for each in digits])
    for low, high in ((0.1, 0.4), (0.4, 0.7), (0.7, 1.0)):
        some = (told >= low) & (told < high)
        assert right[some].mean() == pytest.approx(told[some].mean(), abs=0.06)
