"""Ruled and squared paper: printed lines found, each followed along its own ink, and taken out."""

from dataclasses import dataclass

import cv2
import numpy as np

from digit_classifier.picture.ink import Ink, extent, measure

SEEN = 800  # pixels, longest side of the copy in which lines are sought
ASKEW = 7.0  # degrees that a page may be turned
STRONG, CERTAIN = 0.5, 0.8  # shares of a line's length that show its own ink alone
MAX_LINES = 100  # lines that are looked at, each way: squared paper of A4 has 60
DARKER = 1.5  # times as dark as the rest of a line: ink that was written on it
WEAK = 0.3  # the share of a line's length that shows its own ink alone, at least
MIN_LENGTH = 0.7  # of the page's width: how far a printed line runs at least
OWN = 0.25  # of the page's width: on how much of it a line's own ink is seen alone, at least
THIN = 40  # a printed line is at least so many times longer than it is thick

Box = tuple[int, int, int, int]


@dataclass(frozen=True, eq=False)
class Line:
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
        """In columns."""
        return self.last - self.first + 1

    @property
    def box(self) -> Box:
        """In pixels, x, y, width, height."""
        tops = self.top[self.first : self.last + 1]
        y = max(0, int(tops.min()))
        return self.first, y, self.length, int(tops.max() - y + self.usual)

    def mark(self, mask: np.ndarray) -> None:
        """Set a mask, uint8 of the page's shape, to 1 on the line's own ink."""
        height = len(mask)
        for column in np.flatnonzero(self.thickness).tolist():
            top = int(self.top[column])
            end = min(height, top + int(self.thickness[column]))
            mask[max(0, top) : end, column] = 1


def take_out_lines(ink: Ink) -> list[Box]:
    """Take printed lines out of the ink; their boxes."""
    printed, ruled = find(ink.mask, ink.faint(), ink.depth)
    if ruled:
        ink.depth[printed > 0] = 0
        ink.mask[printed > 0] = 0
    return ruled


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
    if min(rows, columns) < 40 or (wide <= MIN_LENGTH * columns and high <= MIN_LENGTH * rows):
        return nothing, []
    sideways = cv2.transpose(faint)
    across = wide > MIN_LENGTH * columns and _may_hold_lines(faint)
    down = high > MIN_LENGTH * rows and _may_hold_lines(sideways)
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
    for _ in range(MAX_LINES):
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


def follow(mask: np.ndarray, depth: np.ndarray, wanted: np.ndarray) -> Line | None:
    """Measure the ink along a straight line; None where it is not a printed line.

    Args:
        mask: uint8, shape (height, width), 1 for ink.
        depth: uint8, same shape, how dark it is.
        wanted: row in which the line is thought to be, for each column.
    """
    height, width = mask.shape
    reach = reach_of(mask)
    rough = max(2, reach // 2)
    for near in (rough, 2):  # first roughly, then along the curve that the ink itself follows
        top, thickness, distance = _runs(mask, wanted, reach)
        seen = distance <= near
        if np.count_nonzero(seen) < 0.4 * width:
            return None
        usual = _quantile(thickness[seen], 0.35)  # digits on it are taller
        middle = top + (thickness - 1) / 2
        thin = seen & (thickness <= 1.6 * usual + 1)
        if usual > reach or np.count_nonzero(thin) < 0.35 * width:
            return None
        if near > 2:
            wanted = _fit(middle, thin)
    own = thin & (np.abs(middle - wanted) <= 0.5 * usual + 1.5)
    where = np.flatnonzero(own)
    if len(where) < OWN * width:
        return None
    first, last = int(where[0]), int(where[-1])
    if last - first < MIN_LENGTH * width or own[first : last + 1].mean() < WEAK:
        return None
    if last - first < THIN * usual:
        return None
    if float(np.abs(np.diff(middle[own])).mean()) > 0.5 * usual + 0.5:
        return None  # it jumps: pieces of digits, not one line
    rows = np.clip(np.round(middle).astype(int), 0, height - 1)
    dark = depth[rows, np.arange(width)].astype(np.float32)
    own &= dark <= DARKER * float(np.median(dark[own])) + 8
    share = float(own[first : last + 1].mean())
    return Line(top, np.where(own, thickness, 0), usual, first, last, share)


def reach_of(mask: np.ndarray) -> int:
    """How far from a straight line its ink may be."""
    return max(6, round(0.012 * float(max(mask.shape))))


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


def _quantile(values: np.ndarray, share: float) -> float:
    """As `np.quantile` to the last bit, which takes ten times as long for a few hundred values."""
    ordered = np.sort(values)
    at = share * (len(ordered) - 1)
    low, high = ordered[int(at)], ordered[min(int(at) + 1, len(ordered) - 1)]
    part = at - int(at)
    return float(low + (high - low) * part if part < 0.5 else high - (high - low) * (1 - part))
