"""Frames: circles and boxes that were drawn around digits, the cells of a form."""

import cv2
import numpy as np

from digit_classifier.picture.strokes import MOST, Stroke

LEAST = 0.2  # of a cell's height is the highest stroke in it, at least: less is a dot in a 0
SLIMMEST = 0.6  # width over height of a frame: a slimmer one is a 0 with a stroke through it
BROADEST = 0.4  # of its box is ink, at most: more is a shadow, or a page taken for ink


def take_out(strokes: list[Stroke], labels: np.ndarray) -> tuple[list[Stroke], list[Stroke]]:
    """Tell frames from what they enclose.

    Args:
        strokes: of the page.
        labels: int32, shape (height, width), the page's strokes.
    Returns:
        The strokes that are no frames, and the frames.
    """
    if not 1 < len(strokes) <= MOST:
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
        if cell != cells[0, 0] and other.height >= LEAST * stats[cell, cv2.CC_STAT_HEIGHT]:
            return True
    return False
