"""From marks and the network's probabilities to what is accepted."""

from dataclasses import dataclass

import numpy as np

from digit_classifier.agreement import SURE, UNSURE
from digit_classifier.picture import Mark, Page
from digit_classifier.picture.marks import SEARCHED
from digit_classifier.reader.reading import Digit, Rejected
from digit_classifier.rejection import RejectionRule


@dataclass(frozen=True, eq=False)
class Verdict:
    """What one page says; the fields are those of `Reading`."""

    text: str
    digits: tuple[Digit, ...]
    rejected: tuple[Rejected, ...]
    notes: tuple[str, ...]
    confidences: tuple[float | None, ...] = ()


def combine(page: Page, probabilities: np.ndarray) -> np.ndarray:
    """What the network and, where it was asked, the finder say together.

    Args:
        page: what was found.
        probabilities: float32, shape (n, 10), the network's, one row per mark.
    Returns:
        The same shape.
    """
    if page.way != SEARCHED or not page.marks:
        return probabilities
    from digit_classifier.picture import finder  # and OpenCV with it, only where it is needed

    likely = np.array([mark.likely for mark in page.marks])
    found = np.array([mark.found for mark in page.marks])
    company = np.array([mark.company for mark in page.marks])
    return finder.load().agreement.combine(probabilities, likely, found, company)


def judge(
    page: Page, probabilities: np.ndarray, rule: RejectionRule, *, own: bool = True
) -> Verdict:
    """Decide which marks are digits.

    Args:
        page: what was found.
        probabilities: float32, shape (n, 10), one row per mark, as `combine` gives them.
        rule: which answers are accepted; one that the user gave holds for a whole line, too.
        own: the rule is the network's own, which knows its answers alone: on a page that the finder
            searched `SURE` stands for it.
    Returns:
        Text, digits, what was rejected, and notes.
    """
    if own and page.way == SEARCHED:
        rule = RejectionRule(SURE)
    rejected = [Rejected(left.box, left.reason) for left in page.rejected]
    accepted = rule.accept(probabilities).tolist() if len(probabilities) else []
    if not own:
        _doubt_numbers(page, probabilities.max(axis=1, initial=0), accepted, rule.threshold)
    seen = list(zip(page.marks, probabilities, accepted, strict=True))
    # Beside what is read a doubtful mark is told; on a line of its own only where nothing is read.
    read = {mark.line for mark, _, sure in seen if sure}
    told = [each[2] or _is_told(page, *each[:2], read) for each in seen]
    shown = [each for each, tell in zip(seen, told, strict=True) if tell]
    # the marks of the text come last, in its order: see `Reading.marks`
    why = "not a digit" if own else f"less sure than the threshold of {rule.threshold:g}"
    rejected += [
        _refusal(*each[:2], why) for each, tell in zip(seen, told, strict=True) if not tell
    ]
    rejected += [_refusal(mark, row, why) for mark, row, sure in shown if not sure]
    lines = sorted({mark.line for mark, _, _ in shown})
    digits, text = [], [""] * len(lines)
    for mark, row, sure in shown:
        line = lines.index(mark.line)
        text[line] += " " if mark.space_before and text[line] else ""
        if sure:
            digit = int(row.argmax())
            digits.append(Digit(digit, float(row.max()), row, mark.box, line, mark.image))
        text[line] += str(digit) if sure else "?"
    notes = page.notes if page.marks else (*page.notes, "nothing stands out from the paper")
    whole = tuple(
        _of_line(page, [digit for digit in digits if digit.line == line], "?" in said)
        for line, said in enumerate(text)
    )
    return Verdict("\n".join(text), tuple(digits), tuple(rejected), notes, whole)


def _doubt_numbers(
    page: Page, confidences: np.ndarray, accepted: list[bool], threshold: float
) -> None:
    """Where a line as a whole is less sure than the threshold, doubt its least sure digit, too."""
    for line in {mark.line for mark in page.marks}:
        here = [i for i, mark in enumerate(page.marks) if mark.line == line and accepted[i]]
        if len(here) > 1 and _together(page, confidences[here]) < threshold:
            accepted[here[int(confidences[here].argmin())]] = False


def _of_line(page: Page, digits: list[Digit], unsure: bool) -> float | None:
    """How sure it is that a line is right as a whole; None where part of it is not sure."""
    if unsure:
        return None
    return _together(page, np.array([digit.confidence for digit in digits]))


def _together(page: Page, confidences: np.ndarray) -> float:
    """How sure it is that all of these digits are right."""
    if page.way != SEARCHED:
        return float(confidences.prod())
    from digit_classifier.picture import finder

    return finder.load().agreement.of_number(confidences)


def _is_told(page: Page, mark: Mark, row: np.ndarray, read: set[int]) -> bool:
    """Whether a mark that is not accepted is a `?` in the text."""
    if page.way != SEARCHED:
        return True
    return bool(row.max() >= UNSURE) and (not read or mark.line in read)


def _refusal(mark: Mark, row: np.ndarray, why: str) -> Rejected:
    digit = int(row.argmax())
    article = "an" if digit == 8 else "a"
    sure = f"{row.max():.2f}"
    sure = "over 0.99" if sure == "1.00" else sure  # what was refused is not shown as certain
    reason = f"{why}: at best {article} {digit}, confidence {sure}"
    return Rejected(mark.box, reason, mark.image, row)
