"""Ruled and squared paper: printed lines found and taken out from under the digits."""

from dataclasses import dataclass

import cv2
import numpy as np

SEEN = 800  # pixels, longest side of the copy in which lines are sought
ASKEW = 7.0  # degrees that a page may be turned
THIN = 40  # a printed line is at least so many times longer than it is thick


Box = tuple[int, int, int, int]


@dataclass(frozen=True, eq=False)
class _Line:
    """A printed line that runs across the page, by column.

    Attributes:
        top: first row of its ink in each column.
        thickness: rows of ink in each column; 0 where there is none.
        usual: median thickness.
        first, last: columns between which it runs.
    """

    top: np.ndarray
    thickness: np.ndarray
    usual: float
    first: int
    last: int

    @property
    def length(self) -> int:
        return self.last - self.first + 1


def find(mask: np.ndarray, faint: np.ndarray) -> tuple[np.ndarray, list[Box]]:
    """Find the ink of printed lines.

    Strokes that cross a line stay whole: where they do, the ink is taller than the line is thick.

    Args:
        mask: uint8, shape (height, width), 1 for ink.
        faint: the same with paler ink too: lines are printed pale, and broken where they are faint.
    Returns:
        uint8, same shape, 1 on the lines only; and their boxes (x, y, width, height).
    """
    nothing = np.zeros_like(mask)
    if float(faint.mean()) > 0.4:
        faint = mask
    if min(mask.shape) < 40 or not _spans(faint):
        return nothing, []
    level = _find(faint)
    upright = _find(np.ascontiguousarray(faint.T))
    many = len(level) + len(upright) >= 3
    level = [line for line in level if many or _is_lone_line(line, mask.shape[1])]
    upright = [line for line in upright if many or _is_lone_line(line, mask.shape[0])]
    printed = nothing
    for line in level:
        _mark(printed, line)
    turned = np.zeros_like(mask.T)
    for line in upright:
        _mark(turned, line)
    printed = np.maximum(printed, turned.T)
    if int((mask & ~printed).sum()) < 0.05 * int(mask.sum()):
        return np.zeros_like(mask), []  # nothing but lines: a 1, or an equals sign
    boxes = [_box(line) for line in level]
    boxes += [(y, x, height, width) for x, y, width, height in map(_box, upright)]
    return printed, boxes


def _spans(mask: np.ndarray) -> bool:
    """Whether any connected ink is long enough to be a line."""
    small = cv2.resize(mask, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
    if max(mask.shape) <= SEEN:
        small = mask
    _, _, stats, _ = cv2.connectedComponentsWithStats(small, connectivity=8)
    if len(stats) < 2:
        return False
    height, width = small.shape
    return bool((stats[1:, 2] > 0.4 * width).any() or (stats[1:, 3] > 0.4 * height).any())


def _find(mask: np.ndarray) -> list[_Line]:
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
    lines: list[_Line] = []
    taken: list[tuple[float, float]] = []
    # The strongest come first; each real line has many neighbours in the vote.
    for rho, theta in [] if peaks is None else peaks.reshape(-1, 2)[:1500]:
        slope = -np.cos(theta) / np.sin(theta)
        start = float(rho / np.sin(theta) / scale)
        end = start + slope * width
        if any(abs(start - a) + abs(end - b) < 16 / scale + 8 for a, b in taken):
            continue
        line = _follow(mask, start, float(slope))
        taken.append((start, end))
        if line is not None:
            lines.append(line)
        if len(taken) > 150:
            break
    return lines


def _follow(mask: np.ndarray, start: float, slope: float) -> _Line | None:
    """Measure the ink along a straight line; None where it is not a printed line."""
    height, width = mask.shape
    columns = np.arange(width)
    reach = max(6, round(0.012 * max(height, width)))
    wanted = start + slope * columns
    offsets = np.arange(-reach, reach + 1)
    rows = np.round(wanted).astype(int)[None, :] + offsets[:, None]
    inside = (rows >= 0) & (rows < height)
    band = mask[np.clip(rows, 0, height - 1), columns[None, :]] * inside
    # In every column the ink nearest to the line, and how far it goes up and down.
    nearness = np.where(band > 0, np.abs(offsets)[:, None], reach + 1)
    nearest = nearness.argmin(axis=0)
    seen = nearness.min(axis=0) <= max(2, reach // 2)
    if seen.mean() < 0.4:
        return None
    top, bottom = nearest.copy(), nearest.copy()
    for _ in range(2 * reach):
        up = np.maximum(top - 1, 0)
        down = np.minimum(bottom + 1, 2 * reach)
        top = np.where(band[up, columns] > 0, up, top)
        bottom = np.where(band[down, columns] > 0, down, bottom)
    thickness = np.where(seen, bottom - top + 1, 0)
    usual = float(np.median(thickness[seen]))
    thin = seen & (thickness <= 1.6 * usual + 1)
    if usual > reach or thin.mean() < 0.45:
        return None
    where = np.flatnonzero(thin)
    first, last = int(where[0]), int(where[-1])
    if last - first < 0.7 * width or thin[first : last + 1].mean() < 0.55:
        return None
    if last - first < THIN * usual:
        return None
    middle = np.where(thin, (top + bottom) / 2, np.nan)[thin]
    if float(np.abs(np.diff(middle)).mean()) > 0.5 * usual + 0.5:
        return None  # it jumps: pieces of digits, not one line
    return _Line(rows[top, columns], thickness, usual, first, last)


def _is_lone_line(line: _Line, width: int) -> bool:
    """Strict where there are only one or two: it might be a 1, or the bar of a 7."""
    return line.length > 0.95 * width


def _mark(mask: np.ndarray, line: _Line) -> None:
    most = 1.6 * line.usual + 1
    for column in range(line.first, line.last + 1):
        thickness = int(line.thickness[column])
        if 0 < thickness <= most:
            top = max(0, int(line.top[column]))
            mask[top : top + thickness, column] = 1


def _box(line: _Line) -> tuple[int, int, int, int]:
    tops = line.top[line.first : line.last + 1]
    y = max(0, int(tops.min()))
    return line.first, y, line.length, int(tops.max() - y + line.usual)
