"""From a picture to its marks: the way through the rest of this package, from top to bottom."""

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from digit_classifier.errors import NoInkError
from digit_classifier.picture import prepared
from digit_classifier.picture.decode import Picture, decode
from digit_classifier.picture.marks import BY_PIECES, PREPARED, SEARCHED, Mark, Page, Rejected

if TYPE_CHECKING:
    from PIL import Image

    from digit_classifier.picture import finder

PAGE_WIDTH, PIECES = 300, 5  # pixels; marks: a digit in pieces, on paper with specks, has no more
CLEAR = 0.45  # how surely the finder must take a mark for a digit, that lines are made of it
SHOWN = 1000  # of what was left out: the surest


def find(picture: Picture, *, single: bool = False) -> Page:
    """Find every mark that may be a digit.

    Two ways: where all the ink is one piece it is taken as one digit, and in a drawing on plain
    paper each piece, in about a millisecond; in any other picture the finder looks for digits.
    `search` asks the finder in any case.

    Args:
        picture: what `decode` returned.
        single: the picture holds one digit: do not look for several.
    Returns:
        The marks in reading order; none for a blank picture.
    """
    image = prepared.recognise(picture.pixels)
    if image is not None:
        mark = Mark(image, _box(image))
        return Page((mark,), (), picture.width, picture.height, picture.notes, PREPARED)
    from digit_classifier.picture import crops, ink, lines, pieces  # OpenCV only where it is needed

    grey = ink.to_grey(picture.pixels)
    boxes = pieces.find(grey, single=single)
    if not len(boxes):
        return search(picture, single=single)
    marks = []
    for number, line in enumerate(lines.arrange(boxes)):
        for i, space in zip(line, lines.spaces(boxes[line]), strict=True):
            image, box = crops.cut(grey, boxes[i], np.delete(boxes, i, axis=0))
            marks.append(Mark(image, _whole(box, picture), number, space))
    return Page(tuple(marks), (), picture.width, picture.height, picture.notes, BY_PIECES)


def search(picture: Picture, *, single: bool = False, by: "finder.Finder | None" = None) -> Page:
    """Find marks with the finder; as `find`.

    Args:
        picture: as for `find`.
        single: as for `find`.
        by: another finder than the one that ships.
    """
    from digit_classifier.picture import crops, finder, ink, lines, turned

    grey, run = ink.to_grey(picture.pixels), (by or finder.load()).run
    seen, notes = finder.detect(grey, run), picture.notes
    turn = 0 if single else turned.quarters(grey, seen, run)
    if turn:
        grey = np.ascontiguousarray(np.rot90(grey, turn))
        seen = finder.detect(grey, run)
        notes = (*notes, f"read turned clockwise by {360 - 90 * turn} degrees")
    is_digit = (seen.score >= seen.other) & (seen.score >= finder.CANDIDATE)
    if single and len(seen.boxes):
        is_digit[:] = False
        is_digit[seen.score.argmax()] = True

    def whole(box: np.ndarray) -> tuple[int, int, int, int]:
        return _whole(turned.turn_back(box[None], turn, picture.pixels.shape)[0], picture)

    digits, boxes = np.flatnonzero(is_digit), seen.boxes
    marks = []
    for number, line in enumerate(lines.arrange(boxes[digits], seen.score[digits] >= CLEAR)):
        indices = digits[line]
        apart = lines.spaces(boxes[indices])
        company = lines.company(boxes[indices], seen.score[indices])
        for i, space, others in zip(indices.tolist(), apart, company, strict=True):
            image, within = crops.cut(grey, boxes[i], np.delete(boxes, i, axis=0))
            score = float(seen.score[i])
            marks.append(Mark(image, whole(within), number, space, seen.classes[i], score, others))
    left = np.flatnonzero(~is_digit & (not single))  # whoever says single means one thing
    left = left[np.argsort(-np.maximum(seen.score, seen.other)[left])][:SHOWN]
    rejected = tuple(
        Rejected(whole(boxes[i]), _reason(float(seen.score[i]), float(seen.other[i])))
        for i in left.tolist()
    )
    if seen.crowded:
        notes = (*notes, "too much that may be writing: only the surest was looked at")
    return Page(tuple(marks), rejected, picture.width, picture.height, notes, SEARCHED, turn)


def look_again(picture: Picture, page: Page, *, single: bool = False) -> Page:
    """Ask the finder of a drawing whose pieces of ink may be several digits, or none.

    A digit that it finds alone on a piece of ink is all of that piece, however much of it the
    finder saw: so what a network is shown of a clean drawing depends on the drawing alone.

    Args:
        picture: as for `find`.
        page: what `find` made of it, by its pieces.
        single: as for `find`.
    """
    found = search(picture, single=single)
    if found.turn:
        return found  # the pieces lie turned
    marks = list(found.marks)
    for piece in page.marks:
        x, y, width, height = piece.box
        on_it = [
            i
            for i, mark in enumerate(marks)
            if 0 <= mark.box[0] + mark.box[2] / 2 - x <= width
            and 0 <= mark.box[1] + mark.box[3] / 2 - y <= height
        ]
        if len(on_it) == 1:
            marks[on_it[0]] = replace(marks[on_it[0]], image=piece.image, box=piece.box)
    return replace(found, marks=tuple(marks))


def _reason(digit: float, other: float) -> str:
    if other > digit:
        return f"writing that is no digit: {other:.2f}"
    return f"hardly a digit: {digit:.2f}"


def page_marks(picture: Picture) -> int:
    """How many marks a picture that is to hold one digit shows, where it is a page; else 0."""
    if picture.width < PAGE_WIDTH:
        return 0  # no room for a page, and looking for one takes longer than all else
    marks = sum(mark.found >= CLEAR for mark in find(picture).marks)
    return marks if marks > PIECES else 0


def normalise(image: "Picture | np.ndarray | Image.Image") -> np.ndarray:
    """Redraw one digit as MNIST would have drawn it.

    Args:
        image: a picture of one digit, any mode and size; ink darker or lighter than the paper.
    Returns:
        uint8, shape (28, 28): paper 0, ink 255, longest side 20 px, centre of mass within one
        pixel of (14, 14). MNIST's own images come back unchanged.
    Raises:
        NoInkError: nothing stands out from the paper.
    Source: LeCun, Cortes, Burges, "The MNIST database", the normalisation paragraph.
    """
    picture = image if isinstance(image, Picture) else decode(image)
    page = find(picture, single=True)
    if not page.marks:
        raise NoInkError(
            f"no digit found in {picture.name}: nothing stands out from the paper; "
            "use a darker pen or crop closer"
        )
    return page.marks[0].image


def _whole(box: np.ndarray, picture: Picture) -> tuple[int, int, int, int]:
    """A found box in whole pixels, within the picture, at least one pixel a side."""
    x0, y0 = (
        int(np.clip(v, 0, side - 1))
        for v, side in zip(box[:2], (picture.width, picture.height), strict=True)
    )
    x1, y1 = (
        int(np.ceil(min(v, side)))
        for v, side in zip(box[2:], (picture.width, picture.height), strict=True)
    )
    return x0, y0, max(1, x1 - x0), max(1, y1 - y0)


def _box(image: np.ndarray) -> tuple[int, int, int, int]:
    rows = np.flatnonzero(image.any(axis=1))
    columns = np.flatnonzero(image.any(axis=0))
    x, y = int(columns[0]), int(rows[0])
    return x, y, int(columns[-1]) - x + 1, int(rows[-1]) - y + 1
