"""Strokes as a hand would put them on paper: curves, slant, wobble and pens of any width.

Coordinates are in a unit square, x to the right and y down; a stroke is a float array of
shape (points, 2).
"""

from itertools import pairwise

import cv2
import numpy as np

Stroke = np.ndarray

CANVAS = 96  # pixels a side: enough that 28 pixels are a reduction, and still quick to draw
INSET = 14  # pixels left free on each side, for slant and wobble
SHIFT = 4  # fractional bits of a coordinate that OpenCV draws


def curve(points: Stroke, steps: int = 8) -> Stroke:
    """A smooth curve through `points`.

    Source: E. Catmull, R. Rom, "A class of local interpolating splines" (1974), uniform form.
    """
    padded = np.concatenate([points[:1], points, points[-1:]])
    t = np.linspace(0, 1, steps, endpoint=False)[:, None]
    p0, p1, p2, p3 = padded[:-3], padded[1:-2], padded[2:-1], padded[3:]
    pieces = [
        0.5
        * (
            2 * b
            + (c - a) * t
            + (2 * a - 5 * b + 4 * c - d) * t**2
            + (3 * b - a - 3 * c + d) * t**3
        )
        for a, b, c, d in zip(p0, p1, p2, p3, strict=True)
    ]
    return np.concatenate([*pieces, points[-1:]])


def line(*points: tuple[float, float], steps: int = 6) -> Stroke:
    """Straight pieces through `points`, cut finely enough to be bent by `wobble`."""
    corners = np.array(points, dtype=float)
    t = np.linspace(0, 1, steps, endpoint=False)[:, None]
    pieces = [a + (b - a) * t for a, b in pairwise(corners)]
    return np.concatenate([*pieces, corners[-1:]])


def arc(
    centre: tuple[float, float], radius: float, start: float = 0.0, sweep: float = 2 * np.pi
) -> Stroke:
    """Part of a circle, angles in radians, clockwise on paper."""
    angles = start + np.linspace(0, sweep, 24)
    circle: Stroke = np.stack([np.cos(angles), np.sin(angles)], axis=1) * radius + centre
    return circle


def strokes(notation: str) -> list[np.ndarray]:
    """Strokes of a character: points of a grid of ten by ten, `;` between strokes, `~` a curve."""
    found = []
    for text in notation.split(";"):
        points = [(int(pair[0]) / 10, int(pair[1]) / 10) for pair in text.strip("~").split()]
        found.append(curve(np.array(points)) if text.startswith("~") else line(*points))
    return found


def wobble(
    drawn: list[Stroke], rng: np.random.Generator, turn: float = 0.2, bend: float = 0.05
) -> list[Stroke]:
    """Slant, turn, stretch and bend strokes the way hands differ.

    Args:
        drawn: in the unit square.
        rng: where the chance comes from.
        turn: standard deviation of the rotation, radians.
        bend: largest height of a wave, of the unit square.
    """
    angle, slant = rng.normal(0, turn), rng.normal(0.1, 0.2)
    stretch = np.exp(rng.normal(0, 0.15, 2))
    rotation = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    matrix = rotation @ np.array([[stretch[0], -slant], [0, stretch[1]]])
    amplitude = rng.uniform(0, bend, (2, 2))
    frequency = rng.uniform(2, 8, (2, 2))
    phase = rng.uniform(0, 2 * np.pi, (2, 2))
    bent = []
    for stroke in drawn:
        # each coordinate is displaced by a slow wave of both coordinates
        waves = amplitude[None] * np.sin(stroke[:, None, :] * frequency[None] + phase[None])
        bent.append((stroke - 0.5 + waves.sum(axis=2)) @ matrix.T + rng.normal(0, 0.012, 2))
    return bent


def draw(drawn: list[Stroke], rng: np.random.Generator, width: float | None = None) -> np.ndarray:
    """Draw strokes, fitted to the canvas, with one pen.

    Args:
        drawn: in any units; their common box is fitted to the canvas, aspect kept.
        rng: chooses the pen where `width` is None.
        width: pixels, of a canvas of 96.
    Returns:
        uint8, shape (96, 96): paper 0, ink 255.
    """
    thickness = max(1, round(rng.uniform(2.5, 13) if width is None else width))
    canvas = np.zeros((CANVAS, CANVAS), np.uint8)
    for points in _fitted(drawn):
        cv2.polylines(canvas, [points], False, 255, thickness, cv2.LINE_AA, SHIFT)
    return canvas


def fill(outline: Stroke) -> np.ndarray:
    """Fill a closed outline, fitted to the canvas; as `draw`."""
    canvas = np.zeros((CANVAS, CANVAS), np.uint8)
    cv2.fillPoly(canvas, _fitted([outline]), 255, cv2.LINE_AA, SHIFT)
    return canvas


def _fitted(drawn: list[Stroke]) -> list[Stroke]:
    """Strokes moved and scaled to the canvas, whole numbers with `SHIFT` fractional bits."""
    corners = np.concatenate(drawn)
    low, high = corners.min(axis=0), corners.max(axis=0)
    scale = (CANVAS - 2 * INSET) / max(float((high - low).max()), 1e-6)
    offset = CANVAS / 2 - (low + high) / 2 * scale
    shifted = [(stroke * scale + offset) * (1 << SHIFT) for stroke in drawn]
    return [np.round(stroke).astype(np.int32) for stroke in shifted]
