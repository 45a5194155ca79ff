"""One digit cut out of the page: its own ink only, of even depth."""

import cv2
import numpy as np

from digit_classifier.picture.ink import Ink
from digit_classifier.picture.paper import LEVELS


def cut_out(ink: Ink, keep: np.ndarray, others: np.ndarray, x: int, y: int) -> np.ndarray:
    """Ink of one digit, at the picture's own resolution where that is coarser.

    Args:
        ink: the page.
        keep: uint8, shape (height, width), 1 on the digit's ink, part of the page.
        others: uint8, same shape, 1 on ink of others.
        x: where `keep` lies on the page.
        y: where `keep` lies on the page.
    Returns:
        uint8, paper 0, ink 255.
    """
    factor = max(1, round(ink.factor))
    reach = 2 * factor + 1 if ink.noise < 1 else factor + 2
    grown = cv2.dilate(keep, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1,) * 2))
    if cv2.countNonZero(others):
        grown[others > 0] = 0
    height, width = keep.shape
    if factor > 1:
        share = cv2.resize(grown, (width // factor, height // factor), interpolation=cv2.INTER_AREA)
        depth = ink.source[y // factor :, x // factor :][: height // factor, : width // factor]
        depth = depth * (share > 0)
    else:
        depth = ink.depth[y : y + height, x : x + width] * grown
    return even(depth, ink)


def even(depth: np.ndarray, ink: Ink) -> np.ndarray:
    """Make the middle of every stroke 255, also where the pen was light.

    Args:
        depth: uint8, ink of one digit, grey levels.
        ink: the page, for its contrast and noise.
    """
    floor = 0.0 if ink.noise < 0.5 else min(2 * ink.noise, 0.25 * ink.contrast)
    reach = max(3, max(depth.shape) // 8) | 1
    core = cv2.dilate(depth, np.ones((reach, reach), np.uint8))
    core = cv2.blur(core, (reach, reach))
    # of each depth in the middle of a stroke, what makes it 255
    factor = 255 / np.maximum(np.maximum(LEVELS, 0.5 * ink.contrast) - floor, 1)
    level = depth.astype(np.float32)
    if floor:
        level = np.maximum(level - floor, 0)
    level *= cv2.LUT(core, factor.astype(np.float32))
    level += 0.5
    result: np.ndarray = cv2.min(level, 255).astype(np.uint8)
    return result
