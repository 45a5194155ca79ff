"""Digits as people draw them on a screen: of any size, pen, place, colour and polarity."""

import cv2
import numpy as np

from digit_classifier.drawn.pen import strokes, wobble
from digit_classifier.drawn.styles import STYLES

FINE = 4  # bits of a coordinate behind the point


def draw(rng: np.random.Generator) -> tuple[np.ndarray, int]:
    """One drawing, uint8 (height, width, 1, 3 or 4), and its digit."""
    label = int(rng.integers(10))
    ways = STYLES[label]
    drawn = wobble(strokes(ways[rng.integers(len(ways))]), rng)
    size = float(np.exp(rng.uniform(np.log(40), np.log(500))))
    pen = max(1, round(size * float(np.exp(rng.uniform(np.log(0.02), np.log(0.2))))))
    low = np.min([line.min(axis=0) for line in drawn], axis=0)
    high = np.max([line.max(axis=0) for line in drawn], axis=0)
    drawn = [(line - low) * size / (high - low).max() for line in drawn]
    room = pen + rng.integers(3, 200, (2, 2))  # before and behind
    width, height = (np.ceil((high - low) * size / (high - low).max()) + room.sum(axis=0)).astype(
        int
    )
    cover = np.zeros((height, width), np.uint8)
    for line in drawn:
        points = np.round((line + room[0]) * 2**FINE).astype(np.int32)
        cv2.polylines(cover, [points], False, 255, pen, cv2.LINE_AA, FINE)
    share = cover[..., None] / 255
    channels = int(rng.choice([1, 3, 4]))
    if channels == 4:  # ink on nothing, as a canvas has it
        ink = np.full((height, width, 3), rng.choice([0, 40, 230, 255]))
        return np.concatenate([ink, cover[..., None]], axis=2).astype(np.uint8), label
    paper = rng.integers(200, 256, channels)
    ink = rng.integers(0, 90, channels)
    if rng.random() < 0.5:
        paper, ink = ink, paper
    return np.round(paper * (1 - share) + ink * share).astype(np.uint8), label
