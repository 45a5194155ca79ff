"""From marks and the network's probabilities to what is vouched for."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from digit_classifier.picture import Mark, Page
from digit_classifier.reader.reading import Digit, Rejected

# A row of cut pieces must be surer than the uncut mark by this much: a cut always finds two
# smaller shapes, and some of them look like digits by accident.
SPLIT_MARGIN = 0.1
# A line of at least so many marks, of which less than this share is vouched for, is a line of
# words in which some letters look like digits.
WORDS_MARKS, WORDS_SHARE = 4, 0.4
# The same for a whole picture: a photograph of a lawn has blades that look like ones.
CLUTTER_MARKS, CLUTTER_SHARE = 12, 0.34


@dataclass(frozen=True, eq=False)
class Verdict:
    """What one page says; the fields are those of `Reading`."""

    text: str
    digits: tuple[Digit, ...]
    rejected: tuple[Rejected, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class _Seen:
    """A mark with what the network said of it."""

    mark: Mark
    probabilities: np.ndarray
    space: bool

    @property
    def confidence(self) -> float:
        return float(self.probabilities.max())

    @property
    def digit(self) -> int:
        return int(self.probabilities.argmax())


def images(page: Page) -> list[np.ndarray]:
    """All images that the network is asked about: each mark, then the pieces of its splits."""
    return [piece.image for mark in page.marks for piece in _with_pieces(mark)]


def judge(page: Page, probabilities: np.ndarray, threshold: float, *, single: bool) -> Verdict:
    """Decide which marks are digits.

    Args:
        page: what was found.
        probabilities: float32, shape (n, 10), one row per image of `images(page)`.
        threshold: the least confidence that is vouched for.
        single: the picture was said to hold one digit; its surroundings are not judged.
    Returns:
        Text, digits, what was rejected, and notes.
    """
    seen = list(_seen(page, probabilities))
    rejected = [Rejected(left.box, left.reason) for left in page.rejected]
    kept = seen if single else _without_words(seen, threshold, rejected)
    lines = sorted({each.mark.line for each in kept})
    digits, text = [], [""] * len(lines)
    for each in kept:
        line = lines.index(each.mark.line)
        text[line] += " " if each.space and text[line] else ""
        if each.confidence >= threshold:
            digits.append(_digit(each, line))
            text[line] += str(each.digit)
        else:
            rejected.append(_refusal(each))
            text[line] += "?"
    notes = page.notes if page.marks else (*page.notes, "nothing stands out from the paper")
    return Verdict("\n".join(text), tuple(digits), tuple(rejected), notes)


def _with_pieces(mark: Mark) -> Iterator[Mark]:
    yield mark
    for row in mark.splits:
        yield from row


def _seen(page: Page, probabilities: np.ndarray) -> Iterator[_Seen]:
    """Each mark, or the pieces into which it is better cut, in reading order."""
    start = 0
    for mark in page.marks:
        chosen, best = [_Seen(mark, probabilities[start], mark.space_before)], 0.0
        whole = chosen[0].confidence
        start += 1
        for row in mark.splits:
            pieces = [
                _Seen(piece, probabilities[start + i], mark.space_before and i == 0)
                for i, piece in enumerate(row)
            ]
            start += len(row)
            weakest = min(piece.confidence for piece in pieces)
            if weakest > max(whole + SPLIT_MARGIN, best):
                chosen, best = pieces, weakest
        yield from chosen


def _without_words(seen: list[_Seen], threshold: float, rejected: list[Rejected]) -> list[_Seen]:
    """Leave out lines, or the whole picture, where hardly a mark is a digit."""

    def vouched(marks: list[_Seen]) -> int:
        return sum(each.confidence >= threshold for each in marks)

    if len(seen) >= CLUTTER_MARKS and vouched(seen) < CLUTTER_SHARE * len(seen):
        lines: list[int] = []
        reason = "among many marks that are no digits"
    else:
        lines, reason = [], "on a line of writing that is not digits"
        for line in {each.mark.line for each in seen}:
            marks = [each for each in seen if each.mark.line == line]
            if len(marks) < WORDS_MARKS or vouched(marks) >= WORDS_SHARE * len(marks):
                lines.append(line)
    rejected += [
        Rejected(each.mark.box, reason, each.mark.image)
        for each in seen
        if each.mark.line not in lines
    ]
    return [each for each in seen if each.mark.line in lines]


def _digit(seen: _Seen, line: int) -> Digit:
    return Digit(
        seen.digit, seen.confidence, seen.probabilities, seen.mark.box, line, seen.mark.image
    )


def _refusal(seen: _Seen) -> Rejected:
    reason = f"not a digit: at best a {seen.digit}, confidence {seen.confidence:.2f}"
    return Rejected(seen.mark.box, reason, seen.mark.image)
