"""Ruled and squared paper: printed lines found and taken out from under the digits."""

from dataclasses import dataclass

import cv2
import numpy as np

SEEN = 800  # pixels, longest side of the copy in which lines are sought
ASKEW = 7.0  # degrees that a page may be turned
DARKER = 1.5  # times as dark as the rest of a line: ink that was written on it
WEAK, STRONG, CERTAIN = 0.3, 0.5, 0.8  # shares of a line's length that show its own ink alone
THIN = 40  # a printed line is at least so many times longer than it is thick


Box = tuple[int, int, int, int]


@dataclass(frozen=True, eq=False)
class _Line:
    """A printed line that runs across the page, by column.

    Attributes:
        top: first row of its ink in each column.
        thickness: rows of ink in each column; 0 where it is not the line's own ink alone.
        usual: median thickness.
        first, last: columns between which it runs.
        share: of those columns, how many show the line's own ink alone.
    """

    top: np.ndarray
    thickness: np.ndarray
    usual: float
    first: int
    last: int
    share: float

    @property
    def slope(self) -> float:
        """Rows a column."""
        return float(self.top[self.last] - self.top[self.first]) / self.length

    @property
    def length(self) -> int:
        return self.last - self.first + 1


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
    if float(faint.mean()) > 0.4:
        faint = mask
    if min(mask.shape) < 40 or not _spans(faint):
        return nothing, []
    level = _find(faint, depth)
    upright = _find(np.ascontiguousarray(faint.T), np.ascontiguousarray(depth.T))
    many = len(level) + len(upright) >= 3
    level, upright = _alike(level, upright), _alike(upright, level)
    many = many and len(level) + len(upright) >= 3
    level = [line for line in level if many or _is_lone_line(line, mask.shape[1])]
    upright = [line for line in upright if many or _is_lone_line(line, mask.shape[0])]
    if not level and not upright:
        return nothing, []
    printed = nothing
    for line in level:
        _mark(printed, line)
    turned = np.zeros_like(mask.T)
    for line in upright:
        _mark(turned, line)
    printed = np.maximum(printed, turned.T)
    thickest = max(line.usual for line in (*level, *upright))
    if many:
        _mark_crumbs(printed, np.maximum(mask, faint), 2 * thickest + 2)
    if not many and int((mask & ~printed).sum()) < 0.05 * int(mask.sum()):
        return np.zeros_like(mask), []  # nothing but lines: a 1, or an equals sign
    boxes = [_box(line) for line in level]
    boxes += [(y, x, height, width) for x, y, width, height in map(_box, upright)]
    return printed, boxes


def _alike(lines: list[_Line], others: list[_Line]) -> list[_Line]:
    """Without rows of digits that a line was laid through: one printer, one pen, one direction.

    A line that writing covers for the most part counts where it is like those that it does not.
    """
    strong = [line for line in lines if line.share >= STRONG]
    usual = float(np.median([x.usual for x in (*strong, *others) if x.share >= STRONG] or [0]))
    slope = float(np.median([line.slope for line in strong] or [0]))
    kept = []
    for line in lines:
        like = line.usual <= 1.5 * usual + 1
        if like and line.share < STRONG:
            like = len(strong) >= 3 and abs(line.slope - slope) < 0.015
        if like or (line.share >= CERTAIN and line.usual <= 4 * usual):
            kept.append(line)
    return kept


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


def _find(mask: np.ndarray, depth: np.ndarray) -> list[_Line]:
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
        line = _follow(mask, depth, start + slope * np.arange(width))
        taken.append((start, end))
        if line is not None:
            lines.append(line)
        if len(taken) > 150:
            break
    return lines


def _follow(mask: np.ndarray, depth: np.ndarray, wanted: np.ndarray) -> _Line | None:
    """Measure the ink along a straight line; None where it is not a printed line.

    Args:
        mask: uint8, shape (height, width), 1 for ink.
        depth: uint8, same shape, how dark it is.
        wanted: row in which the line is thought to be, for each column.
    """
    height, width = mask.shape
    reach = max(6, round(0.012 * max(height, width)))
    rough = max(2, reach // 2)
    for near in (rough, 2):  # first roughly, then along the curve that the ink itself follows
        top, thickness, distance = _runs(mask, wanted, reach)
        seen = distance <= near
        if seen.mean() < 0.4:
            return None
        usual = float(np.percentile(thickness[seen], 35))  # digits on it are taller
        middle = top + (thickness - 1) / 2
        thin = seen & (thickness <= 1.6 * usual + 1)
        if usual > reach or thin.mean() < 0.35:
            return None
        if near > 2:
            wanted = _fit(middle, thin)
    own = thin & (np.abs(middle - wanted) <= 0.5 * usual + 1.5)
    where = np.flatnonzero(own)
    if len(where) < 0.25 * width:
        return None
    first, last = int(where[0]), int(where[-1])
    if last - first < 0.7 * width or own[first : last + 1].mean() < WEAK:
        return None
    if last - first < THIN * usual:
        return None
    if float(np.abs(np.diff(middle[own])).mean()) > 0.5 * usual + 0.5:
        return None  # it jumps: pieces of digits, not one line
    rows = np.clip(np.round(middle).astype(int), 0, height - 1)
    dark = depth[rows, np.arange(width)].astype(np.float32)
    own &= dark <= DARKER * float(np.median(dark[own])) + 8
    share = float(own[first : last + 1].mean())
    return _Line(top, np.where(own, thickness, 0), usual, first, last, share)


def _runs(
    mask: np.ndarray, wanted: np.ndarray, reach: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """In every column the run of ink nearest to a wanted row.

    Returns:
        Its first row, its length, and how far its nearest ink is from the wanted row.
    """
    height, width = mask.shape
    columns = np.arange(width)
    offsets = np.arange(-reach, reach + 1, dtype=np.int16)[:, None]
    rows = np.round(wanted).astype(np.int16)[None, :] + offsets
    band = (mask[np.clip(rows, 0, height - 1), columns] > 0) & (rows >= 0) & (rows < height)
    distance = np.where(band, np.abs(offsets), np.int16(reach + 1))
    nearest = distance.argmin(axis=0)
    index = np.arange(2 * reach + 1, dtype=np.int16)[:, None]
    gap_above = np.maximum.accumulate(np.where(band, np.int16(-1), index), axis=0)
    gap_below = np.minimum.accumulate(np.where(band, np.int16(2 * reach + 1), index)[::-1], axis=0)[
        ::-1
    ]
    first = gap_above[nearest, columns] + 1
    length = gap_below[nearest, columns] - first
    return rows[0] + first, length, distance.min(axis=0)


def _fit(middle: np.ndarray, thin: np.ndarray) -> np.ndarray:
    """The gently bent curve on which most of a line's ink lies, for each column."""
    x = np.linspace(-1, 1, len(middle))
    chosen = thin.copy()
    curve = middle
    for degree in (1, 1, 2, 2):
        if chosen.sum() < 10:
            break
        curve = np.polyval(np.polyfit(x[chosen], middle[chosen], degree), x)
        distance = np.abs(middle - curve)
        chosen = thin & (distance <= max(1.5, 1.5 * float(np.median(distance[thin]))))
    return curve


def _is_lone_line(line: _Line, width: int) -> bool:
    """Strict where there are only one or two: it might be a 1, or the bar of a 7."""
    return line.length > 0.95 * width


def _mark(mask: np.ndarray, line: _Line) -> None:
    height = len(mask)
    for column in np.flatnonzero(line.thickness).tolist():
        top = int(line.top[column])
        mask[max(0, top) : min(height, top + int(line.thickness[column])), column] = 1


def _mark_crumbs(printed: np.ndarray, mask: np.ndarray, size: float) -> None:
    """What is left of lines on their own, where they cross or end, belongs to them."""
    left = mask & (1 - printed)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(left, connectivity=8)
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


def _box(line: _Line) -> tuple[int, int, int, int]:
    tops = line.top[line.first : line.last + 1]
    y = max(0, int(tops.min()))
    return line.first, y, line.length, int(tops.max() - y + line.usual)
