"""A printed sheet with a box for each digit, filled by hand and photographed: what its boxes hold.

The place of a box says which digit is in it; no network is asked.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np

from digit_classifier.errors import PictureError
from digit_classifier.picture.decode import Picture
from digit_classifier.picture.ink import background, contrast, shrink, trace

# All in millimetres, from the upper left corner of the block that is printed, which is the same on
# every paper. A row for each digit.
WIDTH, HEIGHT = 194.0, 250.0
MARK = 11.0  # side of a mark
_RIGHT, _MIDDLE, _LOWER = WIDTH - MARK, (HEIGHT + 14 - MARK) / 2, HEIGHT - MARK
# Where the marks are, by their number: in the corners and in the middle of the longer sides.
PLACES = (
    (0.0, 0.0), (_RIGHT, 0.0), (_RIGHT, _LOWER), (0.0, _LOWER), (_RIGHT, _MIDDLE), (0.0, _MIDDLE),
)  # fmt: skip
LEFT, TOP, PITCH, BOX = 22.0, 32.0, 20.0, 18.5
COLUMNS = 8
ENOUGH = 4  # marks
MARKS = cv2.aruco.getPredefinedDictionary(cv2.aruco.DICT_5X5_50)

FINE = 10  # pixels a millimetre of the sheet that is looked at
SEEN = 2000  # pixels, longest side of the copy in which the marks are looked for
COARSEST = 2.5  # pixels a millimetre, at least: a fax has 3.8
FLAT = 2.0  # millimetres by which a mark may lie off its place on a sheet that is flat
EDGE = 0.8  # millimetres inside of its box are not looked at: the frame is printed there
FRAME = 1.2  # millimetres: what stays so near the edge is the frame of a sheet that is bent
SMALLEST = 2.5  # millimetres: what is shorter is no digit
FAINTEST = 30  # of 255: the least contrast of a pencil
WIDE = 0.125  # of the sheet's longer side: no stroke is wider
SPECK = 0.12  # of the largest piece's longer side: less is a speck
PAPER = 4.0  # millimetres of paper around what is kept: it is read as ink on plain paper then
SOLID = 0.4  # of a box is ink, at most, unless it was scribbled over
CORNER = 3.0  # millimetres: so near to a corner the lines of a cross begin and end
UNBROKEN = 0.97  # of a line of a cross is ink, at least


@dataclass(frozen=True, eq=False)
class Box:
    """One box of a sheet.

    Attributes:
        digit: what its place says, 0 to 9.
        column: 1 to `COLUMNS`.
        state: "filled", "empty" or "crossed out".
        image: uint8, shape (n, n), black ink on white paper; for a filled box.
    """

    digit: int
    column: int
    state: str
    image: np.ndarray | None = None


def place(digit: int, column: int) -> tuple[float, float]:
    """The upper left corner of a box on the sheet, in millimetres."""
    return LEFT + (column - 1) * PITCH, TOP + digit * PITCH


def read(picture: Picture) -> list[Box]:
    """Read the boxes of one sheet, whichever way it was turned.

    Args:
        picture: a scan, or a photograph in which all of the sheet can be seen.
    Returns:
        All boxes, row by row.
    Raises:
        PictureError: fewer than four of its six marks are seen, two sheets are, the sheet is bent,
            or too few pixels show it.
    """
    grey = picture.pixels
    if grey.ndim == 3:
        grey = cv2.cvtColor(grey, cv2.COLOR_RGB2GRAY)
    straight = _straighten(grey, picture.name)
    depth = _take_paper_away(straight)
    inner = {where: depth[area] for where, area in _areas()}
    dark = contrast(np.concatenate(list(inner.values())))
    boxes = []
    for (digit, column), ink in inner.items():
        mask = trace(ink, dark) if dark >= FAINTEST else np.zeros_like(ink)
        boxes.append(Box(digit, column, *_judge(ink, mask, dark)))
    return boxes


def _areas() -> Iterator[tuple[tuple[int, int], tuple[slice, slice]]]:
    side = round((BOX - 2 * EDGE) * FINE)
    for digit in range(10):
        for column in range(1, COLUMNS + 1):
            x, y = (round((at + EDGE) * FINE) for at in place(digit, column))
            yield (digit, column), (slice(y, y + side), slice(x, x + side))


def _straighten(grey: np.ndarray, name: str) -> np.ndarray:
    """The sheet as it was printed, `FINE` pixels a millimetre."""
    small = shrink(grey, SEEN)
    settings = cv2.aruco.DetectorParameters()
    settings.cornerRefinementMethod = cv2.aruco.CORNER_REFINE_SUBPIX
    found, numbers, _ = cv2.aruco.ArucoDetector(MARKS, settings).detectMarkers(small)
    ours = [int(n) for n in np.ravel(numbers) if n < len(PLACES)] if numbers is not None else []
    if len(set(ours)) < len(ours):
        raise PictureError(f"{name} shows two sheets; photograph each by itself")
    if len(ours) < ENOUGH:
        raise PictureError(
            f"{name}: {len(ours)} of the sheet's {len(PLACES)} black marks are seen, {ENOUGH} are "
            "needed; photograph all of the sheet, flat, sharp and with no shadow on a mark"
        )
    seen = np.concatenate(
        [c[0] for c, n in zip(found, np.ravel(numbers), strict=True) if n < len(PLACES)]
    )
    seen = (seen + 0.5) * (max(grey.shape) / max(small.shape)) - 0.5
    square = np.array([(0, 0), (MARK, 0), (MARK, MARK), (0, MARK)])
    printed = np.concatenate([square + PLACES[n] for n in ours]).astype(np.float32)
    to_sheet = cv2.findHomography(seen, printed)[0]
    at = cv2.perspectiveTransform(seen[None], to_sheet)[0]
    if np.abs(at - printed).max() > FLAT:
        raise PictureError(f"{name} shows a sheet that is bent; lay it flat")
    sides = [np.linalg.norm(np.roll(s, 1, 0) - s, axis=1).min() for s in seen.reshape(-1, 4, 2)]
    if min(sides) < COARSEST * MARK:
        raise PictureError(
            f"{name} shows a mark {min(sides):.0f} pixels wide, {COARSEST * MARK:.0f} are "
            "needed; go closer or scan it finer"
        )
    to_pixels = np.diag([FINE, FINE, 1.0]) @ to_sheet
    size = round(WIDTH * FINE), round(HEIGHT * FINE)
    result: np.ndarray = cv2.warpPerspective(
        grey, to_pixels, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    return result


def _take_paper_away(grey: np.ndarray) -> np.ndarray:
    """How dark each pixel is as a share of the paper around it: uint8, paper 0."""
    behind = background(grey, WIDE * max(grey.shape))
    result: np.ndarray = 255 - cv2.divide(grey, cv2.max(behind, 1), scale=255)
    return result


def _judge(ink: np.ndarray, mask: np.ndarray, dark: float) -> tuple[str, np.ndarray | None]:
    """What a box holds, and a clean picture of it."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    size = stats[:, 2:4].max(axis=1)
    size[0] = 0
    left, top = stats[:, 0], stats[:, 1]
    right, bottom = left + stats[:, 2], top + stats[:, 3]
    near, far = FRAME * FINE, len(mask) - FRAME * FINE
    size[(right <= near) | (bottom <= near) | (left >= far) | (top >= far)] = 0
    if size.max() < SMALLEST * FINE:
        return "empty", None
    keep = (size >= SPECK * size.max())[labels].astype(np.uint8)
    if keep.mean() > SOLID or _is_crossed(keep):
        return "crossed out", None
    around = cv2.dilate(keep, np.ones((7, 7), np.uint8))
    around[(labels > 0) & (keep == 0)] = 0
    level = cv2.multiply(ink, around, scale=255 / dark)
    return "filled", np.pad(255 - level, round(PAPER * FINE), constant_values=255)


def _is_crossed(mask: np.ndarray) -> bool:
    """Whether two straight strokes run from corner to corner."""
    small = cv2.resize(mask * np.uint8(255), (64, 64), interpolation=cv2.INTER_AREA)
    small = cv2.dilate((small >= 64).astype(np.uint8), np.ones((3, 3), np.uint8))
    return _has_diagonal(small) and _has_diagonal(small[:, ::-1])


def _has_diagonal(mask: np.ndarray) -> bool:
    """Whether a straight stroke runs from somewhere in the upper left to the lower right."""
    side = len(mask)
    reach = np.arange(0, round(CORNER / (BOX - 2 * EDGE) * side), 2)
    starts = np.stack(np.meshgrid(reach, reach), -1).reshape(-1, 1, 1, 2)
    ends = side - 1 - starts.reshape(1, -1, 1, 2)
    along = np.linspace(0, 1, side)[:, None]
    points = np.rint(starts + (ends - starts) * along).astype(int)
    return bool(mask[points[..., 0], points[..., 1]].mean(axis=2).max() >= UNBROKEN)
