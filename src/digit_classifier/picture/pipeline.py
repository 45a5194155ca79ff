"""From a picture to its marks: the way through the rest of this package, from top to bottom."""

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from digit_classifier.errors import NoInkError
from digit_classifier.picture import prepared
from digit_classifier.picture.decode import Picture, decode
from digit_classifier.picture.marks import Mark, Page, Rejected

if TYPE_CHECKING:
    from PIL import Image

    from digit_classifier.picture.strokes import Stroke

SMALL_PICTURE = 64  # pixels: a small, squarish picture holds one digit however broken it is
CROWD = 200  # marks: of more, none is cut apart, and pens are mended roughly
CHAINS = 40  # marks as wide as several digits: the same
PAGE_WIDTH, PIECES = 300, 5  # pixels; marks: a digit in pieces, on paper with specks, has no more
SHOWN = 1000  # of what was left out: the largest


def find(picture: Picture, *, single: bool = False) -> Page:
    """Find every mark that may be a digit.

    Args:
        picture: what `decode` returned.
        single: all ink belongs to one digit: do not look for several.
    Returns:
        The marks in reading order; none for a blank picture.
    """
    image = prepared.recognise(picture.pixels)
    if image is not None:
        mark = Mark(image, _box(image))
        return Page((mark,), width=picture.width, height=picture.height, notes=picture.notes)
    page = _read(picture.pixels, single=single)
    return replace(page, notes=(*picture.notes, *page.notes))


def page_marks(picture: Picture) -> int:
    """How many marks a picture that is to hold one digit shows, where it is a page; else 0."""
    if picture.width < PAGE_WIDTH:
        return 0  # no room for a page, and looking for one takes longer than all else
    marks = len(find(picture).marks)
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


def _read(pixels: np.ndarray, *, single: bool) -> Page:
    """Find the marks of a page, in reading order.

    Args:
        pixels: uint8, shape (height, width) or (height, width, 3).
        single: all ink is one digit.
    """
    # OpenCV is imported only where it is needed.
    from digit_classifier.picture.cutting import Cutter, is_chain
    from digit_classifier.picture.ink import extract
    from digit_classifier.picture.lines import Segment, arrange, join, side_by_side
    from digit_classifier.picture.ruling import take_out_lines
    from digit_classifier.picture.strokes import ROOM, Stroke, collect, sift, take_out_frames, union

    height, width = pixels.shape[:2]
    ink = extract(pixels)
    ruled = take_out_lines(ink) if ink.factor <= 1 else []
    labels, strokes = collect(ink.mask)
    if not strokes:
        return Page((), (), width, height)
    high, wide = (size / ink.factor for size in ink.mask.shape)
    small = max(high, wide) <= SMALL_PICTURE and wide < 1.8 * high
    around: list[Stroke] = []
    if not (single or small):
        strokes, around = take_out_frames(strokes, labels)
    strokes, dropped = sift(strokes, labels, high * wide / ROOM)
    dropped += [(stroke, "frame") for stroke in around]
    dropped += [(Stroke(*box, 0, ()), "ruled line") for box in ruled]
    lines: list[list[Segment]] = []
    if strokes and (single or small):
        lines = [[Segment(union(strokes), () if single else side_by_side(strokes))]]
    elif strokes:
        for line in arrange(strokes):
            segments, specks = join(line, labels)
            dropped += [(speck, "speck") for speck in specks]
            lines.append(segments)
    found = [segment.stroke for line in lines for segment in line]
    chains = sum(is_chain(stroke) for stroke in found)
    crowded = len(found) > CROWD or chains > CHAINS
    page = Cutter(ink, labels, (width, height), crowded=crowded)
    single = single or page.crowded
    marks = [mark for number, line in enumerate(lines) for mark in page.marks(line, number, single)]
    dropped.sort(key=lambda left: -left[0].width * left[0].height)
    rejected = tuple(Rejected(page.box(s), reason) for s, reason in dropped[:SHOWN])
    return Page(tuple(marks), rejected, width, height, _bounds(len(found), chains, dropped))


def _bounds(marks: int, chains: int, dropped: "list[tuple[Stroke, str]]") -> tuple[str, ...]:
    """What was left undone because there is so much on the page."""
    from digit_classifier.picture.strokes import TOO_MANY

    notes = []
    left = sum(reason == TOO_MANY for _, reason in dropped)
    if left:
        notes.append(f"too many marks: the smallest {left:,} were not read")
    if marks > CROWD:
        notes.append(f"{marks:,} marks: of more than {CROWD}, touching digits are not cut apart")
    elif chains > CHAINS:
        notes.append(f"{chains} wide marks: of more than {CHAINS}, none is cut into digits")
    return tuple(notes)


def _box(image: np.ndarray) -> tuple[int, int, int, int]:
    rows = np.flatnonzero(image.any(axis=1))
    columns = np.flatnonzero(image.any(axis=0))
    x, y = int(columns[0]), int(rows[0])
    return x, y, int(columns[-1]) - x + 1, int(rows[-1]) - y + 1
