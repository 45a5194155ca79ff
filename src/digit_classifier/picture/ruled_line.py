"""One printed line, followed along its own ink."""

from dataclasses import dataclass

import numpy as np

DARKER = 1.5  # times as dark as the rest of a line: ink that was written on it
WEAK = 0.3  # the share of a line's length that shows its own ink alone, at least
LEAST = 0.7  # of the page's width: how far a printed line runs at least
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
    if last - first < LEAST * width or own[first : last + 1].mean() < WEAK:
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
