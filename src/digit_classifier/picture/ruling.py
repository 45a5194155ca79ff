"""Ruled and squared paper: printed lines found and taken out from under the digits."""

import cv2
import numpy as np

from digit_classifier.picture.masks import extent, measure
from digit_classifier.picture.ruled_line import LEAST, OWN, THIN, Box, Line, follow, reach_of

SEEN = 800  # pixels, longest side of the copy in which lines are sought
ASKEW = 7.0  # degrees that a page may be turned
STRONG, CERTAIN = 0.5, 0.8  # shares of a line's length that show its own ink alone
MOST = 100  # lines that are looked at, each way: squared paper of A4 has 60


def find(mask: np.ndarray, faint: np.ndarray, depth: np.ndarray) -> tuple[np.ndarray, list[Box]]:
    """Find the ink of printed lines.

    Strokes that cross a line stay whole: where they do, the ink is taller than the line is thick,
    darker than the line, or beside it.

    Args:
        mask: uint8, shape (height, width), 1 for ink.
        faint: the same with paler ink too: lines are printed pale, and broken where they are faint.
        depth: uint8, same shape, how dark the ink is.
    Returns:
        uint8, same shape, 1 on the lines only; and their boxes (x, y, width, height).
    """
    nothing = np.zeros_like(mask)
    if cv2.countNonZero(faint) > 0.4 * faint.size:
        faint = mask
    high, wide = (here.stop - here.start for here in extent(faint))
    rows, columns = mask.shape
    if min(rows, columns) < 40 or (wide <= LEAST * columns and high <= LEAST * rows):
        return nothing, []
    sideways = cv2.transpose(faint)
    across = wide > LEAST * columns and _may_hold_lines(faint)
    down = high > LEAST * rows and _may_hold_lines(sideways)
    if not (across or down) or not _spans(faint):
        return nothing, []
    level = _find(faint, depth) if across else []
    upright = _find(sideways, cv2.transpose(depth)) if down else []
    many = len(level) + len(upright) >= 3
    level, upright = _alike(level, upright, columns), _alike(upright, level, rows)
    many = many and len(level) + len(upright) >= 3
    level = [line for line in level if many or _is_lone_line(line, columns)]
    upright = [line for line in upright if many or _is_lone_line(line, rows)]
    if not level and not upright:
        return nothing, []
    printed = nothing
    for line in level:
        line.mark(printed)
    turned = np.zeros_like(mask.T)
    for line in upright:
        line.mark(turned)
    printed = np.maximum(printed, turned.T)
    thickest = max(line.usual for line in (*level, *upright))
    if many:
        _mark_crumbs(printed, np.maximum(mask, faint), 2 * thickest + 2)
    if not many and int((mask & ~printed).sum()) < 0.05 * int(mask.sum()):
        return np.zeros_like(mask), []  # nothing but lines: a 1, or an equals sign
    boxes = [line.box for line in level]
    boxes += [(y, x, height, width) for x, y, width, height in (line.box for line in upright)]
    return printed, boxes


def _alike(lines: list[Line], others: list[Line], width: int) -> list[Line]:
    """Without rows of digits that a line was laid through: one printer, one pen, one direction.

    A line that writing covers for the most part counts where it is like those that it does not: in
    line with them, or square to them from edge to edge, as the margin of an exercise book is.
    """
    strong = [line for line in lines if line.share >= STRONG]
    square = [line for line in others if line.share >= STRONG]
    usual = float(np.median([x.usual for x in (*strong, *others) if x.share >= STRONG] or [0]))
    slope = float(np.median([line.slope for line in strong] or [0]))
    across = -float(np.median([line.slope for line in square] or [0]))
    kept = []
    for line in lines:
        like = line.usual <= 1.5 * usual + 1
        if like and line.share < STRONG:
            along = len(strong) >= 3 and abs(line.slope - slope) < 0.015
            margin = len(square) >= 3 and abs(line.slope - across) < 0.015
            like = along or (margin and _is_lone_line(line, width))
        if like or (line.share >= CERTAIN and line.usual <= 4 * usual):
            kept.append(line)
    return kept


def _may_hold_lines(mask: np.ndarray) -> bool:
    """Whether ink is thin enough for a line from left to right, on enough of the width."""
    width = mask.shape[1]
    # A line's own ink is never thicker than this; a broad pen's is hardly ever thinner.
    most = int(1.6 * min(reach_of(mask), width / THIN) + 1)
    broad = cv2.morphologyEx(
        mask,
        cv2.MORPH_OPEN,
        np.ones((most + 1, 1), np.uint8),
        borderType=cv2.BORDER_CONSTANT,
        borderValue=0,
    )
    thin = cv2.reduce(cv2.subtract(mask, broad), 0, cv2.REDUCE_MAX)
    return bool(cv2.countNonZero(thin) >= OWN * width)


def _spans(mask: np.ndarray) -> bool:
    """Whether any connected ink is long enough to be a line."""
    small = cv2.resize(mask, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
    if max(mask.shape) <= SEEN:
        small = mask
    height, width = small.shape
    widest, highest = measure(small)[1][1:, 2:4].max(axis=0, initial=0)
    return bool(widest > 0.4 * width or highest > 0.4 * height)


def _find(mask: np.ndarray, depth: np.ndarray) -> list[Line]:
    """Lines that run from left to right."""
    height, width = mask.shape
    scale = min(1.0, SEEN / max(height, width))
    small = mask
    if scale < 1:
        reach = int(np.ceil(1 / scale))
        thick = cv2.dilate(mask, np.ones((reach, reach), np.uint8))  # thin lines must not vanish
        small = cv2.resize(thick, None, fx=scale, fy=scale, interpolation=cv2.INTER_NEAREST)
    lean = np.deg2rad(ASKEW)
    votes = round(0.4 * small.shape[1])
    peaks = cv2.HoughLines(
        small, 1, np.pi / 720, votes, min_theta=np.pi / 2 - lean, max_theta=np.pi / 2 + lean
    )
    if peaks is None:
        return []
    # The strongest come first; each real line has many neighbours in the vote.
    rho, theta = peaks.reshape(-1, 2)[:1500].T
    slopes = -np.cos(theta) / np.sin(theta)
    starts = rho / np.sin(theta) / scale
    ends = starts + slopes * width
    lines: list[Line] = []
    new = np.ones(len(rho), bool)
    for _ in range(MOST):
        if not new.any():
            break
        i = int(new.argmax())
        new &= np.abs(starts - starts[i]) + np.abs(ends - ends[i]) >= 16 / scale + 8
        line = follow(mask, depth, float(starts[i]) + float(slopes[i]) * np.arange(width))
        if line is not None:
            lines.append(line)
    return lines


def _is_lone_line(line: Line, width: int) -> bool:
    """Strict where there are only one or two: it might be a 1, or the bar of a 7."""
    return line.length > 0.95 * width


def _mark_crumbs(printed: np.ndarray, mask: np.ndarray, size: float) -> None:
    """What is left of lines on their own, where they cross or end, belongs to them."""
    left = mask & (1 - printed)
    labels, stats = measure(left)
    x, y, wide, high, area = stats.T
    longest = np.maximum(wide, high)
    crumbs = longest <= size
    edge = (x <= 1) | (y <= 1) | (x + wide >= left.shape[1] - 1) | (y + high >= len(left) - 1)
    # The corner of a turned page cuts lines short.
    corner = edge & (area <= size * longest) & (np.minimum(wide, high) <= 0.12 * longest + size)
    crumbs[0] = corner[0] = False
    touching = np.zeros(len(stats), bool)
    touching[labels[cv2.dilate(printed, np.ones((3, 3), np.uint8)) > 0]] = True
    printed[((crumbs & touching) | corner)[labels]] = 1
