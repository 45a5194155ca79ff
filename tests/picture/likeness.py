"""How alike two images of a digit are."""

import cv2
import numpy as np


def likeness(a: np.ndarray, b: np.ndarray) -> float:
    """From 0 to 1: cosine of the two images, a little blurred, at the best shift of one pixel."""
    first = cv2.GaussianBlur(a.astype(np.float32), (0, 0), 1).ravel()
    best = 0.0
    for dy in (-1, 0, 1):
        for dx in (-1, 0, 1):
            moved = np.roll(b, (dy, dx), (0, 1)).astype(np.float32)
            second = cv2.GaussianBlur(moved, (0, 0), 1).ravel()
            length = float(np.linalg.norm(first) * np.linalg.norm(second))
            best = max(best, float(first @ second) / max(length, 1.0))
    return best
