"""Corruptions by another pen: a dotted line or a zigzag drawn over the digit.

Arguments and results as in `ink`.
"""

import numpy as np

from digit_classifier.evaluation.corruptions.corruption import corruption

# As published with MNIST-C, in pixels; the strength multiplies WIDTH, which is that of the
# published line at half of its ink.
WIDTH = 1.8
DOT, GAP = 2, 2  # columns of ink and columns without
FIRST, LAST = 2, 25  # columns between which the zigzag lies
TEETH = 2  # height of a zigzag's teeth above and below its axis, and a quarter of their length
RISE = (-5, 4)  # of the axis, from end to end


@corruption("dotted line")
def dotted_line(x: np.ndarray, strength: float, rng: np.random.Generator) -> np.ndarray:
    """A straight dotted line from edge to edge, at any height and slope."""
    height, width = x.shape[1:]
    left, right = rng.uniform(0, height - 1, (2, len(x), 1, 1)).astype(np.float32)
    row, column = _grid(height, width)
    slope = (right - left) / (width - 1)
    distance = np.abs(row - left - slope * column) / np.sqrt(1 + slope**2)
    dots = column % (DOT + GAP) >= GAP
    return np.asarray(x + _ink(distance, strength) * dots)


@corruption("zigzag")
def zigzag(x: np.ndarray, strength: float, rng: np.random.Generator) -> np.ndarray:
    """A saw's teeth along an axis that is nearly level."""
    height, width = x.shape[1:]
    start = rng.uniform(0, height - 1, (len(x), 1, 1)).astype(np.float32)
    angle = np.arctan(rng.uniform(*RISE, (len(x), 1, 1)).astype(np.float32) / (LAST - FIRST))
    row, column = _grid(height, width)
    along = (column - FIRST) * np.cos(angle) + (row - start) * np.sin(angle)
    across = (row - start) * np.cos(angle) - (column - FIRST) * np.sin(angle)
    # a triangle wave that starts on the axis; its sides are at 45 degrees
    teeth = np.abs((along + 3 * TEETH) % (4 * TEETH) - 2 * TEETH) - TEETH
    distance = np.abs(across - teeth) / np.sqrt(np.float32(2))
    between = (column >= FIRST) & (column <= LAST)
    return np.asarray(x + _ink(distance, strength) * between)


def _ink(distance: np.ndarray, strength: float) -> np.ndarray:
    """How much of a pixel at this distance from the middle of the line the pen covers."""
    return np.clip(WIDTH * strength / 2 + 0.5 - distance, 0, 1)


def _grid(height: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    row, column = np.mgrid[:height, :width].astype(np.float32)
    return row, column
