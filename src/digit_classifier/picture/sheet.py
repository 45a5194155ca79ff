"""A sheet of paper on a darker desk: where it ends, so that only the sheet is read."""

from dataclasses import dataclass

import cv2
import numpy as np

from digit_classifier.picture.paper import CROP, LUMINANCE, to_grey

STEP = 30  # grey levels from the desk up to the sheet, at least
SHARP = 0.6  # of that step lies within three pixels of the edge; a vignette has no edge
FILLED = 0.85  # of the smallest rectangle around it: seen aslant a sheet fills less, an oval 0.79
LARGE = 0.6  # of the picture: no digit is so large a solid block, so it need not be written on
MIN_AREA = 0.04  # of the picture
SOLID = 0.7  # of its outline is paper, with the writing taken off
ALONE = 0.25  # of the sheet's area: of more that is as light, it may be one sheet among others
ROOM = 2.5  # times as wide as its broadest stroke is the sheet's free paper, at least
SEEN = 0.3  # of a side of the sheet: so much of its edge shows that this side is surely one
RIM = 2.0  # pixels of the small copy that belong to the edge


@dataclass(frozen=True, eq=False)
class Sheet:
    """Part of a picture.

    Attributes:
        rows, columns: its box in the picture.
        desk: uint8, the box in a small copy: 1 where the desk shows.
        colour: of its paper, one value for each channel.
    """

    rows: slice
    columns: slice
    desk: np.ndarray
    colour: tuple[float, ...]

    @property
    def corner(self) -> tuple[int, int]:
        """X and y of the box in the picture."""
        return self.columns.start, self.rows.start

    def cut_out(self, pixels: np.ndarray) -> np.ndarray:
        """The sheet's box, with the sheet's own colour where the desk was."""
        cut: np.ndarray = pixels[self.rows, self.columns].copy()
        cut[self.outside(cut.shape) > 0] = self.colour if cut.ndim == 3 else self.colour[0]
        return cut

    def outside(self, shape: tuple[int, ...]) -> np.ndarray:
        """1 where the desk shows, for a copy of the box of shape (height, width, ...)."""
        size = shape[1], shape[0]
        result: np.ndarray = cv2.resize(self.desk, size, interpolation=cv2.INTER_NEAREST)
        return result


def find(small: np.ndarray, shape: tuple[int, ...]) -> Sheet | None:
    """Find a sheet that ends within the picture on three sides or four.

    A shadow or a desk along one or two sides is left to `ink`, which can tell them apart.

    Args:
        small: uint8, shape (height, width) or (height, width, 3), a copy of the picture.
        shape: of the picture itself.
    """
    if max(shape) <= CROP:
        return None
    grey = to_grey(small, LUMINANCE)
    bare = _without_strokes(grey)
    light = cv2.threshold(bare, 0, 1, cv2.THRESH_BINARY | cv2.THRESH_OTSU)[1]
    count, labels, stats, _ = cv2.connectedComponentsWithStats(light, connectivity=4)
    if count < 2:
        return None
    largest = 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())
    paper = (labels == largest).astype(np.uint8)
    outline = cv2.findContours(paper, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)[0][0]
    hull = cv2.convexHull(outline)
    edges = _edges(hull, paper.shape)
    if _sides(edges, hull) < 3:
        return None
    inside = np.zeros_like(paper)
    cv2.fillConvexPoly(inside, hull, 1)
    other = int(light.sum()) - int((light & inside).sum())
    if not _is_sheet(hull, inside, light.size) or other > ALONE * cv2.countNonZero(inside):
        return None
    writing = (cv2.subtract(bare, grey) > STEP).astype(np.uint8)
    if not _stands_out(bare, inside) or not _is_written_on(paper, writing, inside):
        return None
    beyond = _beyond(edges, paper.shape)
    return _cut(shape, small, inside, beyond) if (inside > beyond).any() else None


def _without_strokes(grey: np.ndarray) -> np.ndarray:
    """The paper without what is thin and dark; along the frame the picture is thought to go on."""
    reach = max(grey.shape) // 20 | 1
    square = np.ones((reach, reach), np.uint8)
    padded = cv2.copyMakeBorder(grey, *(reach,) * 4, cv2.BORDER_REPLICATE)
    closed = cv2.morphologyEx(padded, cv2.MORPH_CLOSE, square)[reach:-reach, reach:-reach]
    result: np.ndarray = cv2.medianBlur(np.ascontiguousarray(closed), 3)
    return result


def _edges(hull: np.ndarray, shape: tuple[int, ...]) -> list[tuple[np.ndarray, np.ndarray]]:
    """Where the sheet ends within the picture: of each straight edge its two ends."""
    corners = cv2.approxPolyDP(hull, 1.0, True).reshape(-1, 2).astype(np.float32)
    low, high = np.zeros(2), np.array([shape[1] - 1, shape[0] - 1])
    edges = []
    if len(corners) < 3:
        return []  # so narrow that it has no sides
    for a, b in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        framed = any((end[axis] == a[axis] == b[axis]) for end in (low, high) for axis in (0, 1))
        if not framed:
            edges.append((a, b))
    return edges


def _sides(edges: list[tuple[np.ndarray, np.ndarray]], hull: np.ndarray) -> int:
    """On how many of its four sides the sheet is seen to end."""
    _, _, width, height = cv2.boundingRect(hull)
    seen = dict.fromkeys(((0, -1.0), (0, 1.0), (1, -1.0), (1, 1.0)), 0.0)
    for a, b in edges:
        along = b - a
        axis = int(abs(along[1]) > abs(along[0]))
        seen[axis, float(np.sign(along[axis]))] += float(abs(along[axis]))
    return sum(length >= SEEN * (width, height)[axis] for (axis, _), length in seen.items())


def _is_sheet(hull: np.ndarray, inside: np.ndarray, size: int) -> bool:
    """Whether the outline is large and that of a rectangle, be it seen aslant."""
    around = cv2.minAreaRect(hull)[1]
    area = cv2.countNonZero(inside)
    return area >= MIN_AREA * size and area >= FILLED * around[0] * around[1]


def _stands_out(bare: np.ndarray, inside: np.ndarray) -> bool:
    """Whether all around it is darker, with a sharp edge."""
    beyond = 1 - inside
    high, low = cv2.mean(bare, inside)[0], cv2.mean(bare, beyond)[0]
    if high - low < STEP:
        return False
    rim = cv2.morphologyEx(inside, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8))
    step = cv2.morphologyEx(bare, cv2.MORPH_GRADIENT, np.ones((7, 7), np.uint8))
    return float(np.median(step[rim > 0])) >= SHARP * (high - low)


def _is_written_on(paper: np.ndarray, writing: np.ndarray, inside: np.ndarray) -> bool:
    """Whether there is something thin and dark on it: a light 0 has a hole, but no room."""
    area = cv2.countNonZero(inside)
    if cv2.countNonZero(paper) < SOLID * area:
        return False
    if area >= LARGE * inside.size:
        return True
    ink = writing & cv2.erode(inside, np.ones((7, 7), np.uint8))
    if not ink.any():
        return False
    free = np.pad(paper & (1 - ink), 1)
    broadest, room = (cv2.distanceTransform(m, cv2.DIST_L2, 3).max() for m in (ink, free))
    return bool(room >= ROOM * broadest)


def _beyond(edges: list[tuple[np.ndarray, np.ndarray]], shape: tuple[int, ...]) -> np.ndarray:
    """Uint8, 1 on the far side of any edge, to where the edge's line leaves the picture."""
    rows, columns = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
    beyond = np.zeros(shape, bool)
    for a, b in edges:
        along = (b - a) / max(float(np.hypot(*(b - a))), 1e-6)
        distance = (columns - a[0]) * along[1] - (rows - a[1]) * along[0]
        beyond |= distance > -RIM
    return beyond.astype(np.uint8)


def _cut(
    shape: tuple[int, ...], small: np.ndarray, inside: np.ndarray, beyond: np.ndarray
) -> Sheet:
    left, top, width, height = cv2.boundingRect(inside)
    paper = small[inside > beyond]
    colour = np.atleast_1d(np.median(paper, axis=0))
    scale = shape[0] / inside.shape[0], shape[1] / inside.shape[1]
    rows = slice(round(top * scale[0]), round((top + height) * scale[0]))
    columns = slice(round(left * scale[1]), round((left + width) * scale[1]))
    desk = beyond[top : top + height, left : left + width]
    return Sheet(rows, columns, desk, tuple(float(v) for v in colour))
