"""How well a finder reads drawn pages together with the shipped classifier, by kind of page."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from digit_classifier import weights
from digit_classifier.agreement import SURE, UNSURE, Agreement
from digit_classifier.onnx_model import OnnxModel
from digit_classifier.picture import Mark, finder, search
from digit_classifier.picture.decode import Picture
from digit_classifier.stats import wilson

if TYPE_CHECKING:
    from digit_classifier.drawn.pages import DrawnPage

CLASSIFIER = "cnn"  # of those that ship
SAME = 0.4  # IoU from which a found box is that digit's
NON_DIGIT = 10
CONFIDENT = 0.95


@dataclass(frozen=True, eq=False)
class Marks:
    """The marks of several pages.

    Attributes:
        page: int, shape (n,): of which page.
        line: int, shape (n,): of which line of it.
        boxes: int, shape (n,): of which box of its page; -1 for none of a digit.
        labels: int, shape (n,): the digit; -1 where there is none.
        found, company, likely: as of `picture.Mark`, shape (n,), (n,) and (n, 10).
        told: float32, shape (n, 10): the classifier's probabilities.
    """

    page: np.ndarray
    line: np.ndarray
    boxes: np.ndarray
    labels: np.ndarray
    found: np.ndarray
    company: np.ndarray
    likely: np.ndarray
    told: np.ndarray


def look(path: Path, pages: "Sequence[DrawnPage]") -> Marks:
    """Search drawn pages with a finder's file, and let the classifier look at what it found."""
    loaded, classifier = finder.load_file(path), OnnxModel(weights.find(CLASSIFIER))
    every: list[Mark] = []
    numbers, boxes, labels = [], [], []
    for number, page in enumerate(pages):
        marks = search(Picture(page.pixels), by=loaded).marks
        every += marks
        numbers += [number] * len(marks)
        matched = _match(page, marks)
        boxes += matched
        labels += [int(page.labels[i]) if i >= 0 else -1 for i in matched]
    images = np.array([mark.image for mark in every], np.uint8).reshape(-1, 28, 28)
    return Marks(
        np.array(numbers, int),
        np.array([mark.line for mark in every], int),
        np.array(boxes, int),
        np.array(labels, int),
        np.array([mark.found for mark in every]),
        np.array([mark.company for mark in every]),
        np.array([mark.likely for mark in every]).reshape(-1, 10),
        classifier.predict(images),
    )


def fit(path: Path, pages: "Sequence[DrawnPage]") -> Agreement:
    """Fit what both say together, on pages of styles that the finder was taught."""
    marks = look(path, pages)
    agreement = Agreement.fit(marks.told, marks.likely, marks.found, marks.company, marks.labels)
    products, right = _numbers(marks, pages, agreement)
    return agreement.fit_numbers(products, right)


def _numbers(
    marks: Marks, pages: "Sequence[DrawnPage]", agreement: Agreement
) -> tuple[np.ndarray, np.ndarray]:
    """Of each line that is read without a doubt: the product of confidences, and if it is right.

    It is where each digit is, and each number of which it holds a digit is whole and in order.
    Numbers that stand side by side may be one line: no page says where a line ends.
    """
    answers = agreement.combine(marks.told, marks.likely, marks.found, marks.company)
    sure, digits = answers.max(axis=1), answers.argmax(axis=1)
    products, right = [], []
    for number, line in sorted(set(zip(marks.page.tolist(), marks.line.tolist(), strict=True))):
        here = np.flatnonzero((marks.page == number) & (marks.line == line) & (sure >= UNSURE))
        if not len(here) or sure[here].min() < SURE:
            continue
        products.append(float(sure[here].prod()))
        read = marks.boxes[here].tolist()
        whole = all(
            [i for i in read if i in written] == list(written)
            for _, written in pages[number].numbers
            if not set(read).isdisjoint(written)
        )
        right.append(whole and bool((digits[here] == marks.labels[here]).all()))
    return np.array(products), np.array(right, bool)


def measure(path: Path, pages: "Sequence[DrawnPage]", agreement: Agreement) -> dict[str, Any]:
    """Look at each page.

    Args:
        path: finder.onnx.
        pages: drawn, with boxes.
        agreement: as `fit` gives it.
    Returns:
        digits: how many there are; accuracy: share found and told rightly, with its interval and
        errors; recall and precision of finding; pages read exactly; and the same by kind of page
        under "kinds".
    """
    marks = look(path, pages)
    answers = agreement.combine(marks.told, marks.likely, marks.found, marks.company)
    kept = answers.max(axis=1) >= SURE
    right = kept & (answers.argmax(axis=1) == marks.labels)
    sums: dict[str, np.ndarray] = defaultdict(lambda: np.zeros(6, int))
    for number, page in enumerate(pages):
        here = marks.page == number
        digits = int((page.labels < NON_DIGIT).sum())
        given, good = int(kept[here].sum()), int(right[here].sum())
        matched = int((kept & here & (marks.labels >= 0)).sum())
        exact = int(digits == given == good)
        for kind in ("all", page.kind):
            sums[kind] += [digits, given, matched, good, exact, 1]
    result = _shares(*sums.pop("all").tolist())
    low, high = wilson(round(result["accuracy"] * result["digits"]), max(1, result["digits"]))
    result["interval"] = [round(low, 6), round(high, 6)]
    result["errors"] = result["digits"] - round(result["accuracy"] * result["digits"])
    products, whole = _numbers(marks, pages, agreement)
    told = np.array([agreement.of_number(np.array([each])) for each in products])
    some = told >= CONFIDENT
    result["numbers"] = {
        "read": len(whole),
        "right": int(whole.sum()),
        f"given with {CONFIDENT:g} or more": int(some.sum()),
        "right of these": int(whole[some].sum()),
    }
    result["kinds"] = {kind: _shares(*sums[kind].tolist()) for kind in sorted(sums)}
    return result


def _match(page: "DrawnPage", marks: Sequence[Mark]) -> list[int]:
    """Which box of the page each mark is, of those of digits; -1 for none."""
    matched = [-1] * len(marks)
    sides = np.array([mark.box for mark in marks], float).reshape(-1, 4)
    boxes = finder.widen(np.column_stack([sides[:, :2], sides[:, :2] + sides[:, 2:]]))
    wanted = np.flatnonzero(page.labels < NON_DIGIT)
    free = np.ones(len(marks), bool)
    for box, index in zip(finder.widen(page.boxes[wanted]), wanted.tolist(), strict=True):
        shared = np.where(free, finder.overlap(box, boxes), 0.0)
        if len(marks) and shared.max() >= SAME:
            best = int(shared.argmax())
            free[best], matched[best] = False, index
    return matched


def _shares(
    digits: int, given: int, matched: int, right: int, exact: int, pages: int
) -> dict[str, Any]:
    return {
        "digits": digits,
        "accuracy": right / max(1, digits),
        "recall": round(matched / max(1, digits), 4),
        "precision": round(matched / max(1, given), 4),
        "exact": exact,
        "pages": pages,
    }
