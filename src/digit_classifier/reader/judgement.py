"""From marks and the network's probabilities to what is accepted."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from digit_classifier.picture import Mark, Page
from digit_classifier.reader.reading import Digit, Rejected
from digit_classifier.reader.words import Seen, without_words
from digit_classifier.rejection import RejectionRule

# A mark is cut only where it is itself doubtful and each of the pieces is sure: a cut always finds
# smaller shapes, and some of them look like digits by accident (the halves of a 0 like 6 and 7).
# On drawn pages, digits that truly touched had at most 0.66 together and 0.82 or more apart.
WHOLE_SURE, PIECE_SURE = 0.7, 0.75
# A mark with more than this share of the picture, and with other ink in it, may be the page itself.
PAGE_SHARE = 0.04

_Answer = tuple[np.ndarray, int, float, bool, bool]


@dataclass(frozen=True, eq=False)
class Verdict:
    """What one page says; the fields are those of `Reading`."""

    text: str
    digits: tuple[Digit, ...]
    rejected: tuple[Rejected, ...]
    notes: tuple[str, ...]


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
    page: Page,
    probabilities: np.ndarray,
    of_pieces: np.ndarray,
    rule: RejectionRule,
    own: RejectionRule,
    *,
    single: bool,
) -> Verdict:
    """Decide which marks are digits.

    Args:
        page: what was found.
        probabilities: float32, shape (n, 10), one row per image of `images(page)`.
        of_pieces: float32, shape (m, 10), one row per image of `pieces(page, probabilities)`.
        rule: which marks are accepted.
        own: the same by the model's own rule, which tells words from digits: whoever asks for
            more certainty asks for more `?`, not for less of the page.
        single: the picture was said to hold one digit; its surroundings are not judged.
    Returns:
        Text, digits, what was rejected, and notes.
    """
    seen = list(_seen(page, probabilities, of_pieces, (rule, own)))
    rejected = [Rejected(left.box, left.reason) for left in page.rejected]
    kept = seen if single else without_words(seen, rejected)
    lines = sorted({each.mark.line for each in kept})
    digits, text = [], [""] * len(lines)
    for each in kept:
        line = lines.index(each.mark.line)
        text[line] += " " if each.space and text[line] else ""
        rejected += [Rejected(left.box, left.reason) for left in each.mark.beside]
        if each.accepted:
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


def _best_path(ends: list[tuple[int, int]], pieces: list[Seen]) -> list[Seen]:
    """The likeliest way through a chain of joined digits; empty where there is none."""
    best: dict[int, tuple[float, list[Seen]]] = {0: (0.0, [])}
    for (start, end), piece in zip(ends, pieces, strict=True):
        if start in best:
            score = best[start][0] + float(np.log(max(piece.confidence, 1e-6)))
            if end not in best or score > best[end][0]:
                best[end] = (score, [*best[start][1], piece])
    return best.get(max((end for _, end in ends), default=-1), (0.0, []))[1]


def _seen(
    page: Page,
    probabilities: np.ndarray,
    of_pieces: np.ndarray,
    rules: tuple[RejectionRule, RejectionRule],
) -> Iterator[Seen]:
    """Each mark, or the pieces into which it is better cut, in reading order."""
    answers = _answers(of_pieces, rules)
    for mark, answer in zip(page.marks, _answers(probabilities, rules), strict=True):
        whole = Seen(mark, *answer, mark.space_before)
        if _is_doubtful(mark, whole.confidence):
            yield from _cut(mark, answers) or [whole]
        else:
            yield whole


def _answers(
    probabilities: np.ndarray, rules: tuple[RejectionRule, RejectionRule]
) -> Iterator[_Answer]:
    """Of each row: itself, the digit, the confidence, and whether each rule accepts it."""
    if not len(probabilities):
        return
    digits, sure = probabilities.argmax(axis=1).tolist(), probabilities.max(axis=1).tolist()
    told, own = rules
    accepted = told.accept(probabilities).tolist()
    usual = accepted if own == told else own.accept(probabilities).tolist()
    yield from zip(probabilities, digits, sure, accepted, usual, strict=True)


def _cut(mark: Mark, answers: Iterator[_Answer]) -> list[Seen]:
    """The surest way to cut a mark into digits; empty where none is sure.

    Args:
        mark: a doubtful one.
        answers: of its pieces, then those of the marks to come; the former are taken.
    """
    ways = [
        [Seen(piece, *next(answers), mark.space_before and i == 0) for i, piece in enumerate(row)]
        for row in mark.splits
    ]
    linked = [Seen(link.mark, *next(answers), False) for link in mark.links]
    path = _best_path([(link.start, link.end) for link in mark.links], linked)
    if path:
        ways.append([replace(path[0], space=mark.space_before), *path[1:]])
    # Two straight strokes that join are a V or an M: ones stand side by side and do not touch.
    ways = [way for way in ways if mark.pieces > 1 or any(piece.digit != 1 for piece in way)]
    weakest = [min(piece.confidence for piece in way if not piece.mark.loose) for way in ways]
    best = max(weakest, default=0.0)
    return ways[weakest.index(best)] if best > PIECE_SURE else []


def _digit(seen: Seen, line: int) -> Digit:
    return Digit(
        seen.digit, seen.confidence, seen.probabilities, seen.mark.box, line, seen.mark.image
    )


def _refusal(seen: Seen) -> Rejected:
    article = "an" if seen.digit == 8 else "a"
    sure = min(seen.confidence, 0.99)  # what was refused is not shown as certain
    reason = f"not a digit: at best {article} {seen.digit}, confidence {sure:.2f}"
    return Rejected(seen.mark.box, reason, seen.mark.image, seen.probabilities)
