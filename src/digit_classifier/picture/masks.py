"""Masks: uint8 images that are 1 where something is, as where there is ink."""

import cv2
import numpy as np

FEW = 8  # pieces that are measured faster one by one


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
    if count > FEW:
        found = cv2.connectedComponentsWithStatsWithAlgorithm(mask, 8, cv2.CV_32S, cv2.CCL_BBDT)
        return found[1], found[2]
    stats = np.zeros((count, 5), np.int32)
    for i in range(1, count):
        piece = mask if count == 2 else (labels == i).view(np.uint8)
        stats[i] = *cv2.boundingRect(piece), cv2.countNonZero(piece)
    return labels, stats
