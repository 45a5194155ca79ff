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
    middles = (boxes[:, :2] + boxes[:, 2:]) / 2
    chosen = np.arange(len(boxes)) if sure is None else np.flatnonzero(sure)
    lines = _lines(boxes, chosen[np.argsort(middles[chosen, 0])].tolist())
    alone = []
    for i in sorted(set(range(len(boxes))) - set(chosen.tolist())):
        near = [line[np.abs(middles[line, 0] - middles[i, 0]).argmin()] for line in lines]
        shares = [_beside(boxes[j, 1::2], boxes[i, 1::2]) for j in near]
        best = int(np.argmax(shares)) if shares else -1
        if best >= 0 and shares[best] > JOINS and _is_near(boxes[near[best]], boxes[i]):
            lines[best] = sorted([*lines[best], i], key=lambda j: float(middles[j, 0]))
        else:
            alone.append([i])
    return sorted([*lines, *alone], key=lambda line: float(middles[line, 1].mean()))


def _is_near(box: np.ndarray, other: np.ndarray) -> bool:
    gap = max(box[0] - other[2], other[0] - box[2])
    return bool(gap < FAR * max(box[3] - box[1], other[3] - other[1]))


def _lines(boxes: np.ndarray, order: list[int]) -> list[list[int]]:
    lines: list[list[int]] = []
    for i in order:
        shares = [_beside(boxes[line[-2:], 1::2].mean(axis=0), boxes[i, 1::2]) for line in lines]
        best = int(np.argmax(shares)) if shares else -1
        if best >= 0 and shares[best] > BESIDE:
            lines[best].append(i)
        else:
            lines.append([i])
    if _is_steep(boxes, lines):
        return [[i for line in lines for i in line]]
    return lines


def _beside(end: np.ndarray, rows: np.ndarray) -> float:
    """How much of the lower height two stretches of rows have in common."""
    shared = min(end[1], rows[1]) - max(end[0], rows[0])
    return float(shared / max(min(end[1] - end[0], rows[1] - rows[0]), 1e-6))


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
