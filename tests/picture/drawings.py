"""Drawings as a page's canvas makes them: clean paper, dark round strokes with soft edges."""

import cv2
import numpy as np

from digit_classifier.drawn import styles
from digit_classifier.drawn.pen import strokes, wobble


def draw(rng: np.random.Generator, side: int = 280) -> np.ndarray:
    """One to four digits, uint8, shape (side, side): paper 255, ink 0."""
    count = int(rng.integers(1, 5))
    size = min(side * rng.uniform(0.4, 0.85), side / count)
    pen = max(2, round(size * rng.uniform(0.04, 0.16)))
    page = np.full((2 * side, 2 * side), 255, np.uint8)
    for place in range(count):
        ways = styles.STYLES[int(rng.integers(10))]
        middle = np.array([side * (place + 0.5) / count, side / 2]) + rng.normal(0, 0.02 * side, 2)
        for stroke in wobble(strokes(ways[int(rng.integers(len(ways)))]), rng, 0.1, 0.03):
            points = np.round((stroke * size + middle) * 32).astype(np.int32)
            cv2.polylines(page, [points], False, 0, 2 * pen, cv2.LINE_AA, 4)
    return cv2.resize(page, (side, side), interpolation=cv2.INTER_AREA)


def variants(page: np.ndarray, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """The same drawing on other paper, some of it no longer clean."""
    ruled = page.copy()
    for y in range(int(rng.integers(8, 40)), len(page), int(rng.integers(25, 60))):
        cv2.line(ruled, (0, y), (len(page), y + 1), 150, int(rng.integers(1, 4)))
    squared = ruled.copy()
    for x in range(int(rng.integers(8, 40)), len(page), int(rng.integers(25, 60))):
        cv2.line(squared, (x, 0), (x, len(page)), 170, 1)
    grain = rng.normal(0, rng.choice([0.3, 0.6, 2, 6]), page.shape)
    return {
        "clean": page,
        "light ink": 255 - page,
        "ruled": np.minimum(ruled, page),
        "squared": np.minimum(squared, page),
        "grain": np.clip(np.clip(page, 20, 235) + grain, 0, 255).astype(np.uint8),
        "narrow": page[:, len(page) // 4 : 3 * len(page) // 4],
        "small": cv2.resize(page, None, fx=0.3, fy=0.3, interpolation=cv2.INTER_AREA),
    }
