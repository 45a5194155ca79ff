"""Ink, free of paper: how dark each pixel is, and where the strokes are, as a mask.

A mask is a uint8 image that is 1 where something is.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from digit_classifier.picture.paper import (
    SMALL,
    Paper,
    axis,
    background,
    drop_colour,
    histogram,
    judge,
    judge_plain,
    project,
    shrink,
)

# Pictures are read side by side in processes; threads in each would be in each other's way.
cv2.setNumThreads(1)

TINY = 160  # pixels: below it, strokes are too few pixels wide for geometry
MIN_CONTRAST = 10  # grey levels; the eye needs about as many
MAX_ONE_BY_ONE = 8  # pieces that are measured faster one by one


@dataclass(frozen=True, eq=False)
class Ink:
    """Ink at working size.

    Attributes:
        depth: uint8, shape (height, width): 0 on paper, 255 in the middle of a stroke.
        source: the same at the picture's own size, where the working copy was enlarged.
        mask: uint8, shape as depth: 1 where there is ink.
        contrast: ink against paper, grey levels.
        noise: grain of the paper, grey levels.
        factor: working pixels per pixel of the picture.
    """

    depth: np.ndarray
    source: np.ndarray
    mask: np.ndarray
    contrast: float
    noise: float
    factor: float


def to_grey(pixels: np.ndarray) -> np.ndarray:
    """The grey in which ink is as clear as its colour allows.

    Args:
        pixels: uint8, shape (height, width) or (height, width, 3).
    """
    pixels = drop_colour(pixels)
    return project(pixels, axis(shrink(pixels, SMALL)))


def extract(grey: np.ndarray) -> Ink:
    """Take the paper away.

    Args:
        grey: uint8, shape (height, width).
    """
    paper = judge_plain(grey) or judge(shrink(grey, SMALL))
    if paper.light_ink:
        grey = 255 - grey
    longest = max(grey.shape)
    source = depth = _difference(grey, paper)
    factor = 1.0
    if longest < TINY:
        factor = float(min(6, -(-TINY // longest)))
        size = int(grey.shape[1] * factor), int(grey.shape[0] * factor)
        depth = cv2.resize(source, size, interpolation=cv2.INTER_CUBIC)
    contrast = measure_contrast(depth, factor)
    if contrast < max(MIN_CONTRAST, 5 * paper.noise):
        mask = np.zeros_like(depth)
    else:
        mask = trace(depth, contrast, paper.noise)
    return Ink(depth, source, mask, contrast, paper.noise, factor)


def _difference(grey: np.ndarray, paper: Paper) -> np.ndarray:
    behind = background(grey, paper)
    depth = cv2.subtract(behind, grey)
    if not paper.flat:
        depth = _relight(depth, behind, paper)
    if paper.noise > 1.5 and max(grey.shape) >= TINY:
        depth = cv2.GaussianBlur(depth, (3, 3), 0)
    result: np.ndarray = depth
    return result


def _relight(depth: np.ndarray, behind: np.ndarray, paper: Paper) -> np.ndarray:
    """Ink in a shadow is as dark a share of its paper as ink in the light."""
    if paper.light_ink:
        return depth
    bright = float(np.percentile(behind[::8, ::8], 90))
    result: np.ndarray = cv2.divide(depth, cv2.max(behind, max(1, int(bright / 4))), scale=bright)
    return result


def measure_contrast(depth: np.ndarray, factor: float) -> float:
    """How dark ink is: the mean of the pixels at least half as dark as the darkest few."""
    few = max(6 * max(factor, 1) ** 2, 1e-4 * depth.size)
    ink = depth[extent(depth)]
    peak = int(ink.max())
    if cv2.countNonZero(at_least(ink, peak)) < few:  # else it is a clean drawing
        above = np.cumsum(histogram(ink)[::-1])[::-1]  # above[v]: pixels of depth v or more
        peak = int(np.searchsorted(-above, -few, side="right")) - 1
    if peak < 1:
        return 0.0
    strong = cv2.threshold(ink, (peak + 1) // 2 - 1, 0, cv2.THRESH_TOZERO)[1]
    return cv2.sumElems(strong)[0] / cv2.countNonZero(strong)


def trace(depth: np.ndarray, contrast: float, noise: float) -> np.ndarray:
    """Where ink is: faint pixels count where they belong to a stroke that is dark somewhere."""
    high = 0.5 * contrast
    low = min(high, max(0.33 * contrast, 3.5 * noise))
    faint = at_least(depth, low)
    here = extent(faint)
    count, labels = number(faint[here])
    if count <= 2:
        return faint  # one piece has the darkest pixel there is
    dark = np.zeros(count, np.uint8)
    dark[labels[depth[here] >= high]] = 1
    dark[0] = 0
    if int(dark.sum()) < count - 1:
        faint[here] = dark[labels]
    return faint


def at_least(depth: np.ndarray, level: float) -> np.ndarray:
    """Where ink is so dark: uint8, 1 there."""
    result: np.ndarray = cv2.threshold(depth, float(np.ceil(level)) - 1, 1, cv2.THRESH_BINARY)[1]
    return result


def extent(mask: np.ndarray) -> tuple[slice, slice]:
    """The rows and columns that hold all that is not 0; drawings are mostly paper.

    Never empty; it begins at even places, as OpenCV numbers pieces in blocks of two by two.
    """
    left, top, width, height = cv2.boundingRect(mask)
    rows = slice(top // 2 * 2, max(top + height, top // 2 * 2 + 1))
    return rows, slice(left // 2 * 2, max(left + width, left // 2 * 2 + 1))


def number(mask: np.ndarray) -> tuple[int, np.ndarray]:
    """Number the connected pieces of a mask, diagonal neighbours being neighbours.

    Args:
        mask: uint8, shape (height, width).
    Returns:
        How many numbers there are, 0 included; and int32, same shape, 0 where the mask is.
    """
    # The same labels as connectedComponents, in half the time.
    return cv2.connectedComponentsWithAlgorithm(mask, 8, cv2.CV_32S, cv2.CCL_BBDT)


def measure(mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """As `number`, and for each number: left, top, width, height, area, shape (n, 5).

    Row 0, of the paper, says nothing.
    """
    count, labels = number(mask)
    if count > MAX_ONE_BY_ONE:
        found = cv2.connectedComponentsWithStatsWithAlgorithm(mask, 8, cv2.CV_32S, cv2.CCL_BBDT)
        return found[1], found[2]
    stats = np.zeros((count, 5), np.int32)
    for i in range(1, count):
        piece = mask if count == 2 else (labels == i).view(np.uint8)
        stats[i] = *cv2.boundingRect(piece), cv2.countNonZero(piece)
    return labels, stats
