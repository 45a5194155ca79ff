"""Ink of one digit, redrawn as MNIST would have drawn it."""

import cv2
import numpy as np

from digit_classifier.picture.prepared import BOX, CENTRE, SIDE, centre_of_mass

FAINT = 16  # of 255: less is not counted as ink when the box is drawn


def redraw(ink: np.ndarray) -> np.ndarray:
    """Fit ink into MNIST's frame.

    Args:
        ink: uint8, shape (height, width): paper 0, ink 255, grey where the edge of a stroke covers
            a pixel in part.
    Returns:
        uint8, shape (28, 28): longest side 20 pixels, aspect kept, centre of mass in pixel
        (14, 14).
    Source: LeCun, Bottou, Bengio, Haffner, "Gradient-based learning applied to document
        recognition" (1998), section III.A.
    """
    ink = crop(ink)
    if not ink.size:
        return np.zeros((SIDE, SIDE), np.uint8)
    return place(_fit(ink, BOX))


def crop(ink: np.ndarray) -> np.ndarray:
    """Take the paper around the ink away."""
    left, top, width, height = cv2.boundingRect((ink >= FAINT).astype(np.uint8))
    return ink[top : top + height, left : left + width]


def _fit(ink: np.ndarray, side: int) -> np.ndarray:
    """Bring the longest side to `side` pixels."""
    height, width = ink.shape
    scale = side / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    if size == (width, height):
        return ink
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    result: np.ndarray = cv2.resize(ink, size, interpolation=how)
    return result


def place(digit: np.ndarray) -> np.ndarray:
    """Put a digit of at most 20x20 so that its centre of mass falls into pixel (14, 14)."""
    height, width = digit.shape
    y, x = centre_of_mass(digit)
    top = min(max(CENTRE - int(np.floor(y + 0.5)), 0), SIDE - height)
    left = min(max(CENTRE - int(np.floor(x + 0.5)), 0), SIDE - width)
    image = np.zeros((SIDE, SIDE), np.uint8)
    image[top : top + height, left : left + width] = digit
    return image
