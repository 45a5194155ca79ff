"""Boxes put in the order in which a person reads them: lines, also askew ones, and spaces."""

from itertools import pairwise

import numpy as np

BESIDE = 0.35  # of the lower of two heights: what a box shares with the end of its line, at least
JOINS, FAR = 0.5, 4.0  # the same of a doubtful box; heights between it and its neighbour, at most
STEEP = 3  # boxes, at least, of a line that climbs by more than BESIDE leaves in common
STEP, NEAR = 1.6, 1.5  # heights: rise and gap from one box of it to the next, at most
LOOSE, APART = 1.2, 0.55  # heights: a gap that is a space between two boxes, and in a longer line
STANDS_OUT = 1.8  # times the median gap of its line
NEIGHBOURS, ALIKE = 2, 1.5  # on each side; times as high, or as low, at most
# Of the slope of a page: boxes that tell it; heights to the next; and of all slopes, as rise over
# run: the steepest, the least that is mended, and how far the middle half of them lie apart.
FEWEST, REACH, STEEPEST, ASKEW, AGREED = 4, 2.5, 0.6, 0.06, 0.2


def arrange(boxes: np.ndarray, sure: np.ndarray | None = None) -> list[list[int]]:
    """Group boxes into lines, from top to bottom, each from left to right.

    From left to right, every box goes to the line whose last boxes it stands beside. So a line may
    climb or fall across the page.

    Args:
        boxes: float, shape (n, 4): x0, y0, x1, y1.
        sure: bool, shape (n,): which boxes make the lines; the others join one, or stand alone.
            None for all.
    Returns:
        Indices of boxes.
    """
    boxes = _level(boxes)
    middles = (boxes[:, :2] + boxes[:, 2:]) / 2
    chosen = np.arange(len(boxes)) if sure is None else np.flatnonzero(sure)
    lines = _lines(boxes, chosen[np.argsort(middles[chosen, 0])].tolist())
    alone = []
    for i in sorted(set(range(len(boxes))) - set(chosen.tolist())):
        near = [line[np.abs(middles[line, 0] - middles[i, 0]).argmin()] for line in lines]
        shares = _beside(boxes[near, 1::2].T, boxes[i, 1::2]) if near else np.zeros(0)
        best = int(np.argmax(shares)) if near else -1
        if best >= 0 and shares[best] > JOINS and _is_near(boxes[near[best]], boxes[i]):
            lines[best] = sorted([*lines[best], i], key=lambda j: float(middles[j, 0]))
        else:
            alone.append([i])
    return sorted([*lines, *alone], key=lambda line: float(middles[line, 1].mean()))


def _level(boxes: np.ndarray) -> np.ndarray:
    """Boxes moved up or down as if the page were not askew: by the slope that most neighbours have.

    The neighbour of a box is the nearest to its right of about its height.
    """
    if len(boxes) < FEWEST:
        return boxes
    middles, heights = (boxes[:, :2] + boxes[:, 2:]) / 2, boxes[:, 3] - boxes[:, 1]
    slopes = []
    for middle, height in zip(middles, heights, strict=True):
        away = middles - middle
        far = np.where(away[:, 0] > 0.3 * height, np.hypot(*away.T), np.inf)
        far[np.abs(away[:, 1]) > STEEPEST * away[:, 0]] = np.inf
        far[(heights > ALIKE * height) | (height > ALIKE * heights)] = np.inf
        if far.min() < REACH * height:
            slopes.append(np.divide(*away[far.argmin(), ::-1]))
    if len(slopes) < 0.5 * len(boxes):
        return boxes
    low, slope, high = np.percentile(slopes, [25, 50, 75])
    if abs(slope) < ASKEW or high - low > AGREED:
        return boxes
    return np.asarray(boxes - [0, slope, 0, slope] * middles[:, :1])


def _is_near(box: np.ndarray, other: np.ndarray) -> bool:
    gap = max(box[0] - other[2], other[0] - box[2])
    return bool(gap < FAR * max(box[3] - box[1], other[3] - other[1]))


def _lines(boxes: np.ndarray, order: list[int]) -> list[list[int]]:
    lines: list[list[int]] = []
    ends = np.zeros((0, 2))  # rows that the last two boxes of each line take, on average
    for i in order:
        shares = _beside(ends.T, boxes[i, 1::2])
        best = int(np.argmax(shares)) if lines else -1
        if best >= 0 and shares[best] > BESIDE:
            lines[best].append(i)
            ends[best] = boxes[lines[best][-2:], 1::2].mean(axis=0)
        else:
            lines.append([i])
            ends = np.concatenate([ends, boxes[[i], 1::2]])
    if _is_steep(boxes, lines):
        return [[i for line in lines for i in line]]
    return lines


def _beside(ends: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """How much of the lower height stretches of rows, shape (2, n), have in common with one."""
    shared = np.minimum(ends[1], rows[1]) - np.maximum(ends[0], rows[0])
    lower = np.minimum(ends[1] - ends[0], rows[1] - rows[0])
    return np.asarray(shared / np.maximum(lower, 1e-6))


def _is_steep(boxes: np.ndarray, lines: list[list[int]]) -> bool:
    """Whether all there is climbs, or falls, step by step from left to right."""
    if len(lines) < STEEP or any(len(line) > 2 for line in lines):
        return False
    steps = [
        np.concatenate([boxes[line, :2].min(axis=0), boxes[line, 2:].max(axis=0)]) for line in lines
    ]
    height = float(np.median([box[3] - box[1] for box in steps]))
    rises = [float(b[1] + b[3] - a[1] - a[3]) / 2 for a, b in pairwise(steps)]
    gaps = [float(b[0] - a[2]) for a, b in pairwise(steps)]
    one_way = len({rise > 0 for rise in rises}) == 1
    close = all(abs(rise) < STEP * height for rise in rises)
    return one_way and close and all(-0.3 * height < gap < NEAR * height for gap in gaps)


def spaces(boxes: np.ndarray) -> list[bool]:
    """Which boxes of one line, left to right, stand clearly apart from the one before."""
    if len(boxes) < 2:
        return [False] * len(boxes)
    height = float(np.median(boxes[:, 3] - boxes[:, 1]))
    gaps = np.maximum(boxes[1:, 0] - boxes[:-1, 2], 0) / max(height, 1e-6)
    if len(gaps) == 1:
        return [False, bool(gaps[0] > LOOSE)]
    wide = (gaps > APART) & (gaps > STANDS_OUT * float(np.median(gaps)))
    return [False, *wide.tolist()]


def company(boxes: np.ndarray, found: np.ndarray) -> list[float]:
    """For each box of one line, left to right, how surely its neighbours are digits.

    Args:
        boxes: float, shape (n, 4).
        found: shape (n,), how surely each is a digit.
    Returns:
        The mean over those of the next NEIGHBOURS on each side that are about as high; 0 for none.
    """
    heights = boxes[:, 3] - boxes[:, 1]
    result = []
    for i, height in enumerate(heights):
        near = np.arange(max(0, i - NEIGHBOURS), min(len(boxes), i + NEIGHBOURS + 1))
        near = near[
            (near != i) & (heights[near] > height / ALIKE) & (heights[near] < height * ALIKE)
        ]
        result.append(float(found[near].mean()) if len(near) else 0.0)
    return result
