"""From marks and the network's probabilities to what is vouched for."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from digit_classifier.onnx_model import soften
from digit_classifier.picture import Mark, Page
from digit_classifier.reader.reading import Digit, Rejected

# A mark is cut only where it is itself doubtful and each of the pieces is sure: a cut always finds
# smaller shapes, and some of them look like digits by accident (the halves of a 0 like 6 and 7).
# On drawn pages, digits that truly touched had at most 0.66 together and 0.82 or more apart.
WHOLE_SURE, PIECE_SURE = 0.7, 0.75
# A line of at least so many marks, of which less than this share is vouched for, is a line of
# words in which some letters look like digits.
WORDS_MARKS, WORDS_SHARE = 4, 0.4
# The same for a whole picture: a photograph of a lawn has blades that look like ones.
CLUTTER_MARKS, CLUTTER_SHARE = 12, 0.34
# One hand with one pen writes digits of about one size: over a page, the 90th percentile of height
# and of pen width stays within 1.6 times the 10th. Where they are spread further than this, or most
# of what was found was dropped at once, it is more likely a photograph of something else, and
# nearly all marks must be digits.
WILD_MARKS, WILD_SPREAD, WILD_DROPPED, WILD_SHARE = 4, 2.2, 4, 0.8
# In such a picture a line of digits is kept if nearly all of it is vouched for.
SURE_SHARE = 0.9

# A mark with more than this share of the picture, and with other ink in it, may be the page itself.
PAGE_SHARE = 0.04


@dataclass(frozen=True)
class Rule:
    """Which answers of a network are vouched for.

    Attributes:
        threshold: the least confidence, once softened.
        softness: see `onnx_model.soften`; 1 compares the confidence as it is.
    """

    threshold: float
    softness: float = 1.0

    def vouch(self, probabilities: np.ndarray) -> np.ndarray:
        """For each row of (n, 10), whether its highest value is vouched for; bool, shape (n,)."""
        soft = probabilities if self.softness == 1 else soften(probabilities, self.softness)
        return np.asarray(soft.max(axis=1) >= self.threshold)


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
    digit: int
    confidence: float
    vouched: bool
    space: bool


def images(page: Page) -> list[np.ndarray]:
    """What the network is asked about first: each mark."""
    return [mark.image for mark in page.marks]


def pieces(page: Page, probabilities: np.ndarray) -> list[np.ndarray]:
    """What it is asked about then: the pieces into which doubtful marks may be cut.

    Args:
        page: what was found.
        probabilities: float32, shape (n, 10), one row per image of `images(page)`.
    """
    sure = probabilities.max(axis=1).tolist()
    return [
        piece.image
        for mark, confidence in zip(page.marks, sure, strict=True)
        if _is_doubtful(mark, confidence)
        for piece in _pieces(mark)
    ]


def judge(
    page: Page, probabilities: np.ndarray, of_pieces: np.ndarray, rule: Rule, *, single: bool
) -> Verdict:
    """Decide which marks are digits.

    Args:
        page: what was found.
        probabilities: float32, shape (n, 10), one row per image of `images(page)`.
        of_pieces: float32, shape (m, 10), one row per image of `pieces(page, probabilities)`.
        rule: which marks are vouched for.
        single: the picture was said to hold one digit; its surroundings are not judged.
    Returns:
        Text, digits, what was rejected, and notes.
    """
    seen = list(_seen(page, probabilities, of_pieces, rule))
    rejected = [Rejected(left.box, left.reason) for left in page.rejected]
    kept = seen if single else _without_words(seen, rejected)
    lines = sorted({each.mark.line for each in kept})
    digits, text = [], [""] * len(lines)
    for each in kept:
        line = lines.index(each.mark.line)
        text[line] += " " if each.space and text[line] else ""
        rejected += [Rejected(left.box, left.reason) for left in each.mark.beside]
        if each.vouched:
            digits.append(_digit(each, line))
            text[line] += str(each.digit)
        else:
            rejected.append(_refusal(each))
            text[line] += "?"
    notes = page.notes if page.marks else (*page.notes, "nothing stands out from the paper")
    if not digits and any(_holds_writing(mark, page) for mark in page.marks):
        notes = (*notes, "a whole page may have been taken for one mark: crop closer to the digits")
    return Verdict("\n".join(text), tuple(digits), tuple(rejected), notes)


def _holds_writing(mark: Mark, page: Page) -> bool:
    """Whether other ink was found within a mark that takes much of the picture."""
    x, y, width, height = mark.box
    within = [
        left
        for left in page.rejected
        if x < left.box[0] < left.box[0] + left.box[2] < x + width
        and y < left.box[1] < left.box[1] + left.box[3] < y + height
    ]
    return len(within) >= 2 and width * height > PAGE_SHARE * page.width * page.height


def _is_doubtful(mark: Mark, confidence: float) -> bool:
    return confidence * mark.oneness < WHOLE_SURE


def _pieces(mark: Mark) -> Iterator[Mark]:
    for row in mark.splits:
        yield from row
    for link in mark.links:
        yield link.mark


def _best_path(ends: list[tuple[int, int]], pieces: list[_Seen]) -> list[_Seen]:
    """The likeliest way through a chain of joined digits; empty where there is none."""
    best: dict[int, tuple[float, list[_Seen]]] = {0: (0.0, [])}
    for (start, end), piece in zip(ends, pieces, strict=True):
        if start in best:
            score = best[start][0] + float(np.log(max(piece.confidence, 1e-6)))
            if end not in best or score > best[end][0]:
                best[end] = (score, [*best[start][1], piece])
    return best.get(max((end for _, end in ends), default=-1), (0.0, []))[1]


def _seen(
    page: Page, probabilities: np.ndarray, of_pieces: np.ndarray, rule: Rule
) -> Iterator[_Seen]:
    """Each mark, or the pieces into which it is better cut, in reading order."""
    answers = _answers(of_pieces, rule)
    for mark, answer in zip(page.marks, _answers(probabilities, rule), strict=True):
        whole = _Seen(mark, *answer, mark.space_before)
        if _is_doubtful(mark, whole.confidence):
            yield from _cut(mark, answers) or [whole]
        else:
            yield whole


def _answers(
    probabilities: np.ndarray, rule: Rule
) -> Iterator[tuple[np.ndarray, int, float, bool]]:
    """Of each row: itself, the digit, the confidence, and whether it is vouched for."""
    digits, sure = probabilities.argmax(axis=1).tolist(), probabilities.max(axis=1).tolist()
    yield from zip(probabilities, digits, sure, rule.vouch(probabilities).tolist(), strict=True)


def _cut(mark: Mark, answers: Iterator[tuple[np.ndarray, int, float, bool]]) -> list[_Seen]:
    """The surest way to cut a mark into digits; empty where none is sure.

    Args:
        mark: a doubtful one.
        answers: of its pieces, then those of the marks to come; the former are taken.
    """
    ways = [
        [_Seen(piece, *next(answers), mark.space_before and i == 0) for i, piece in enumerate(row)]
        for row in mark.splits
    ]
    linked = [_Seen(link.mark, *next(answers), False) for link in mark.links]
    path = _best_path([(link.start, link.end) for link in mark.links], linked)
    if path:
        ways.append([replace(path[0], space=mark.space_before), *path[1:]])
    # Two straight strokes that join are a V or an M: ones stand side by side and do not touch.
    ways = [way for way in ways if mark.pieces > 1 or any(piece.digit != 1 for piece in way)]
    weakest = [min(piece.confidence for piece in way if not piece.mark.loose) for way in ways]
    best = max(weakest, default=0.0)
    return ways[weakest.index(best)] if best > PIECE_SURE else []


def _without_words(seen: list[_Seen], rejected: list[Rejected]) -> list[_Seen]:
    """Leave out lines where hardly a mark is a digit, and in a clutter all but lines of digits."""
    cluttered = _is_clutter(seen, len(rejected))
    reason = "among much that is no digit" if cluttered else "on a line of words"
    kept = []
    for line in dict.fromkeys(each.mark.line for each in seen):
        marks = [each for each in seen if each.mark.line == line]
        few, share = len(marks) < WORDS_MARKS, _vouched(marks)
        if cluttered:
            keep = not few and share >= SURE_SHARE and not _is_wild(marks)
        else:
            keep = few or share >= WORDS_SHARE
        if keep:
            kept += marks
        else:
            rejected += [Rejected(each.mark.box, reason, each.mark.image) for each in marks]
    return kept


def _is_clutter(seen: list[_Seen], dropped: int) -> bool:
    """Whether a picture shows something other than writing in which digits occur."""
    share = _vouched(seen)
    if len(seen) >= WILD_MARKS and (_is_wild(seen) or dropped > WILD_DROPPED * len(seen)):
        return share < WILD_SHARE
    return len(seen) >= CLUTTER_MARKS and share < CLUTTER_SHARE


def _vouched(seen: list[_Seen]) -> float:
    """Share of marks that are vouched for."""
    return sum(each.vouched for each in seen) / max(1, len(seen))


def _is_wild(seen: list[_Seen]) -> bool:
    heights = [each.mark.box[3] for each in seen]
    pens = [each.mark.thickness * max(each.mark.box[2:]) for each in seen]
    return max(_spread(heights), _spread(pens)) > WILD_SPREAD


def _spread(values: list[int] | list[float]) -> float:
    low, high = np.percentile(values, [10, 90])
    return float(high / max(low, 1e-6))


def _digit(seen: _Seen, line: int) -> Digit:
    return Digit(
        seen.digit, seen.confidence, seen.probabilities, seen.mark.box, line, seen.mark.image
    )


def _refusal(seen: _Seen) -> Rejected:
    reason = f"not a digit: at best a {seen.digit}, confidence {seen.confidence:.2f}"
    return Rejected(seen.mark.box, reason, seen.mark.image)
