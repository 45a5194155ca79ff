"""Connected pieces of ink, sorted into writing and what only looks like it, such as frames."""

from bisect import bisect_left
from dataclasses import dataclass
from itertools import accumulate

import cv2
import numpy as np

from digit_classifier.picture.ink import extent, measure

MAX_STROKES = 1000  # strokes of a page: more is a lawn, a fabric or a page of print
MIN_KEPT = 20  # strokes that are kept of the smallest picture
ROOM = 150  # pixels of the picture for each stroke, at least: no digit with its paper has less
DOT = 0.3  # of the height of the digits: a smaller stroke is a point
TOO_MANY = "one of too many marks"
MIN_HEIGHT = 0.2  # of a cell's height is the highest stroke in it, at least: less is a dot in a 0
SLIMMEST = 0.6  # width over height of a frame: a slimmer one is a 0 with a stroke through it
BROADEST = 0.4  # of its box is ink, at most: more is a shadow, or a page taken for ink
# No digit is so many times as tall as the writing around it.
TOO_TALL = 5


@dataclass(frozen=True, eq=False)
class Stroke:
    """One connected piece of ink, at working size.

    Attributes:
        x, y, width, height: its box.
        area: pixels of ink.
        labels: which labels of the page's label image are its ink.
    """

    x: int
    y: int
    width: int
    height: int
    area: int
    labels: tuple[int, ...]

    @property
    def right(self) -> int:
        """First column after the box."""
        return self.x + self.width

    @property
    def bottom(self) -> int:
        """First row after the box."""
        return self.y + self.height

    @property
    def middle(self) -> float:
        """Row of the box's middle."""
        return self.y + self.height / 2


def collect(mask: np.ndarray) -> tuple[np.ndarray, list[Stroke]]:
    """Label the connected pieces of ink.

    Args:
        mask: uint8, shape (height, width), 1 for ink.
    Returns:
        int32 labels, same shape, 0 for paper; and the strokes.
    """
    here = rows, columns = extent(mask)
    labels = np.zeros(mask.shape, np.int32)
    labels[here], stats = measure(mask[here])
    strokes = [
        Stroke(x + columns.start, y + rows.start, width, height, area, (i,))
        for i, (x, y, width, height, area) in enumerate(stats[1:].tolist(), 1)
    ]
    return labels, strokes


def union(strokes: "list[Stroke] | tuple[Stroke, ...]") -> Stroke:
    """Several strokes as one."""
    x, y = min(s.x for s in strokes), min(s.y for s in strokes)
    right, bottom = max(s.right for s in strokes), max(s.bottom for s in strokes)
    labels = tuple(label for s in strokes for label in s.labels)
    return Stroke(x, y, right - x, bottom - y, sum(s.area for s in strokes), labels)


def writing_height(strokes: list[Stroke]) -> float:
    """Typical height of a digit, of which a stroke may be only a part.

    By area, seven tenths of the larger strokes' ink are in strokes at most so high.
    """
    if not strokes:
        return 0.0
    largest = max(s.area for s in strokes)
    kept = sorted((_digit_height(s), s.area) for s in strokes if s.area > largest / 20)
    weights = list(accumulate(area for _, area in kept))
    return float(kept[bisect_left(weights, 0.7 * weights[-1])][0])


def _digit_height(stroke: Stroke) -> float:
    """A row of touching digits is wider than high; an underline is much wider."""
    row = stroke.width / 2 if stroke.width < 5 * stroke.height else 0.0
    return max(stroke.height, row)


def sift(
    strokes: list[Stroke], labels: np.ndarray, room: float
) -> tuple[list[Stroke], list[tuple[Stroke, str]]]:
    """Keep what may be writing.

    Args:
        strokes: of the page, without frames.
        labels: int32, shape (height, width), the page's strokes.
        room: for how many digits the picture has room.
    Returns:
        The strokes to keep, and the others with the reason.
    """
    height, width = labels.shape
    kept: list[Stroke] = []
    dropped: list[tuple[Stroke, str]] = []
    corners = labels[:: max(height - 1, 1), :: max(width - 1, 1)]
    if len(strokes) == 1 and np.isin(corners, strokes[0].labels).all():
        return [], [(strokes[0], "edge of the page")]  # a vignette: no digit has ink in all corners
    typical = _typical_height(strokes, width, height)
    strips = {s for s in strokes if _lies_along_frame(s, width, height)}
    # One long strip is the desk beside the page; then the short ones are pieces of it.
    ended = len(strokes) > 1 and any(max(s.width, s.height) > 2 * typical for s in strips)
    for stroke in strokes:
        reason = _judge(stroke, typical, width, height, alone=len(strokes) == 1)
        if ended and stroke in strips:
            reason = "edge of the page"
        if reason:
            dropped.append((stroke, reason))
        else:
            kept.append(stroke)
    most = min(MAX_STROKES, max(MIN_KEPT, int(room)))
    if len(kept) > most:
        kept.sort(key=lambda s: -s.area)
        dropped += [(stroke, TOO_MANY) for stroke in kept[most:]]
        kept = kept[:most]
    return kept, dropped


def _typical_height(strokes: list[Stroke], width: int, height: int) -> float:
    """Height of writing, by what is not cut by the frame; that may be a mere decimal point."""
    inner = [s for s in strokes if not _on_edge(s, width, height)]
    typical = writing_height(inner or strokes)
    at_edge = [s for s in strokes if _on_edge(s, width, height)]
    cut = [s for s in at_edge if not _lies_along_frame(s, width, height)]
    if len(inner) <= len(cut) and typical < DOT * writing_height(cut):
        return writing_height(cut)
    return typical


def _on_edge(stroke: Stroke, width: int, height: int) -> bool:
    return (
        stroke.x <= 1 or stroke.y <= 1 or stroke.right >= width - 1 or stroke.bottom >= height - 1
    )


def _lies_along_frame(stroke: Stroke, width: int, height: int) -> bool:
    """Whether it lies in a corner, or is thin and touches the frame with its long side."""
    beside = stroke.x <= 1 or stroke.right >= width - 1
    above = stroke.y <= 1 or stroke.bottom >= height - 1
    if stroke.height > 2.5 * stroke.width:
        return beside
    return above if stroke.width > 2.5 * stroke.height else beside and above


def _fills_side(stroke: Stroke, width: int, height: int) -> bool:
    """Whether it is a strip along all of one side: the dark end of a gradient, and no 1."""
    if stroke.height >= height - 2 and 4 * stroke.width < width:
        return stroke.x <= 1 or stroke.right >= width - 1
    if stroke.width >= width - 2 and 4 * stroke.height < height:
        return stroke.y <= 1 or stroke.bottom >= height - 1
    return False


def _judge(stroke: Stroke, typical: float, width: int, height: int, *, alone: bool) -> str:
    size = max(stroke.width, stroke.height)
    if alone:
        return "edge of the page" if _fills_side(stroke, width, height) else ""
    if size < 0.12 * typical or (size < 0.25 * typical and stroke.area < 0.012 * typical**2):
        return "speck"
    edge = _on_edge(stroke, width, height)
    spans = stroke.width > 0.6 * width or stroke.height > 0.6 * height
    if edge and spans and size > 2 * typical:
        return "edge of the page"
    if stroke.height > TOO_TALL * typical:
        return "ruled line"  # a margin, askew: it would swallow the digits in its box
    # An underline, be it of two digits only; the loose bar of a 5 or a 7 is shorter.
    if stroke.width > 6 * stroke.height and stroke.width > 1.25 * typical:
        return "ruled line"
    return ""


def take_out_frames(strokes: list[Stroke], labels: np.ndarray) -> tuple[list[Stroke], list[Stroke]]:
    """Tell frames from what they enclose.

    Args:
        strokes: of the page.
        labels: int32, shape (height, width), the page's strokes.
    Returns:
        The strokes that are no frames, and the frames.
    """
    if not 1 < len(strokes) <= MAX_STROKES:
        return strokes, []
    frames = [s for s, inner in _within(strokes) if _encloses(s, inner, labels)]
    return [s for s in strokes if s not in frames], frames


def _within(strokes: list[Stroke]) -> list[tuple[Stroke, list[Stroke]]]:
    """The strokes in whose box, and away from its edges, others lie; and those others."""
    boxes = np.array([(s.x, s.y, s.right, s.bottom) for s in strokes])
    found = []
    for stroke in strokes:
        solid = stroke.area > BROADEST * stroke.width * stroke.height
        if solid or stroke.width < SLIMMEST * stroke.height:
            continue
        inside = (boxes[:, :2] > (stroke.x, stroke.y)) & (
            boxes[:, 2:] < (stroke.right, stroke.bottom)
        )
        inner = np.flatnonzero(inside.all(axis=1)).tolist()
        if inner:
            found.append((stroke, [strokes[i] for i in inner]))
    return found


def _encloses(stroke: Stroke, inner: list[Stroke], labels: np.ndarray) -> bool:
    """Whether a stroke runs all around one of those in its box that is high enough for a digit."""
    crop = labels[stroke.y : stroke.bottom, stroke.x : stroke.right]
    free = np.pad((~np.isin(crop, stroke.labels)).astype(np.uint8), 1, constant_values=1)
    _, cells, stats, _ = cv2.connectedComponentsWithStats(free, connectivity=4)
    for other in inner:
        here = labels[other.y : other.bottom, other.x : other.right]
        row, column = np.argwhere(np.isin(here, other.labels))[0]
        cell = cells[row + other.y - stroke.y + 1, column + other.x - stroke.x + 1]
        if cell != cells[0, 0] and other.height >= MIN_HEIGHT * stats[cell, cv2.CC_STAT_HEIGHT]:
            return True
    return False
