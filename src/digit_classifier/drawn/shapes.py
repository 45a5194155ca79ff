"""Shapes that people draw and that are no digits: crosses, hearts, arrows, scribbles, textures."""

from collections.abc import Callable

import cv2
import numpy as np

from digit_classifier.drawn.pen import CANVAS, INSET, Stroke, arc, curve, draw, fill, line, wobble


def _scribble(rng: np.random.Generator) -> np.ndarray:
    return draw([curve(rng.random((rng.integers(7, 18), 2)))], rng)


def _cross(rng: np.random.Generator) -> np.ndarray:
    bend = rng.normal(0, 0.06, (2, 2))
    strokes = [
        curve(np.array([[0, 0], [0.5, 0.5] + bend[0], [1, 1]])),
        curve(np.array([[1, 0], [0.5, 0.5] + bend[1], [0, 1]])),
    ]
    return draw(wobble(strokes, rng), rng)


def _plus(rng: np.random.Generator) -> np.ndarray:
    across = line((0, 0.5), (1, 0.5))
    upright = line((0.5, 0), (0.5, 1))
    choice = rng.integers(4)
    if choice == 0:
        strokes = [across]
    elif choice == 1:
        strokes = [across, upright, line((0.1, 0.1), (0.9, 0.9)), line((0.9, 0.1), (0.1, 0.9))]
    else:
        strokes = [across, upright]
    return draw(wobble(strokes, rng, turn=0.12), rng)


def _check(rng: np.random.Generator) -> np.ndarray:
    turn = rng.uniform(0.25, 0.45)
    strokes = [line((0, rng.uniform(0.4, 0.7)), (turn, 1), (1, rng.uniform(0, 0.3)))]
    return draw(wobble(strokes, rng, turn=0.1), rng)


def _heart(rng: np.random.Generator) -> np.ndarray:
    t = np.linspace(0, 2 * np.pi, 40)
    # the usual parametric heart
    x = 16 * np.sin(t) ** 3
    y = 13 * np.cos(t) - 5 * np.cos(2 * t) - 2 * np.cos(3 * t) - np.cos(4 * t)
    (outline,) = wobble([np.stack([x, -y], axis=1) / 32 + 0.5], rng)
    return fill(outline) if rng.random() < 0.3 else draw([outline], rng)


def _star(rng: np.random.Generator) -> np.ndarray:
    points = int(rng.integers(4, 8))
    angles = np.arange(2 * points + 1) * np.pi / points - np.pi / 2
    if rng.random() < 0.4:  # one line, as children draw it
        angles = np.arange(6) * 4 * np.pi / 5 - np.pi / 2
        radii = np.ones(6)
    else:
        radii = np.where(np.arange(2 * points + 1) % 2, rng.uniform(0.3, 0.6), 1.0)
    corners = np.stack([np.cos(angles), np.sin(angles)], axis=1) * radii[:, None] / 2 + 0.5
    (outline,) = wobble([corners], rng)
    return fill(outline) if rng.random() < 0.3 else draw([outline], rng)


def _arrow(rng: np.random.Generator) -> np.ndarray:
    barb, reach = rng.uniform(0.2, 0.4), rng.uniform(0.55, 0.8)
    strokes = [
        line((0, 0.5), (1, 0.5)),
        line((reach, 0.5 - barb), (1, 0.5), (reach, 0.5 + barb)),
    ]
    # to the right, downwards or to the left; an upright one is a 1 with serifs
    angle = rng.choice([0.0, np.pi / 4, np.pi / 2, 3 * np.pi / 4, np.pi])
    rotation = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    turned = [(stroke - 0.5) @ rotation.T + 0.5 for stroke in strokes]
    return draw(wobble(turned, rng, turn=0.1), rng)


def _dots(rng: np.random.Generator) -> np.ndarray:
    canvas = np.zeros((CANVAS, CANVAS), np.uint8)
    count = rng.integers(1, 7)
    for _ in range(count):
        centre = tuple(int(v) for v in rng.integers(INSET, CANVAS - INSET, 2))
        # a long blot on its own would be a 1
        axes = tuple(int(v) for v in rng.integers(10 if count == 1 else 3, 14, 2))
        cv2.ellipse(canvas, centre, axes, rng.uniform(0, 180), 0, 360, 255, -1, cv2.LINE_AA)
    return canvas


def _barred_circle(rng: np.random.Generator) -> np.ndarray:
    reach = rng.uniform(0.0, 0.3)
    strokes = [arc((0.5, 0.5), 0.5)]
    bars = rng.integers(4)
    if bars in (0, 2):
        strokes.append(line((-reach, 0.5), (1 + reach, 0.5)))
    if bars in (1, 2):
        strokes.append(line((0.5, -reach), (0.5, 1 + reach)))
    if bars == 3:
        strokes += [line((0.15, 0.15), (0.85, 0.85)), line((0.85, 0.15), (0.15, 0.85))]
    # hardly turned: a circle with a slanting bar is how many people write zero
    return draw(wobble(strokes, rng, turn=0.08), rng)


def _polygon(rng: np.random.Generator) -> np.ndarray:
    sides = int(rng.integers(3, 7))
    angles = np.arange(sides + 1) * 2 * np.pi / sides - np.pi / 2 + rng.uniform(-0.2, 0.2)
    (outline,) = wobble([np.stack([np.cos(angles), np.sin(angles)], axis=1) / 2 + 0.5], rng)
    if sides > 3 or rng.random() < 0.5:  # an empty box of four or more sides is a square 0
        return fill(outline)
    return draw([outline], rng)


def _strokes(rng: np.random.Generator) -> np.ndarray:
    count = rng.integers(4, 8)
    return draw([curve(rng.random((rng.integers(2, 4), 2))) for _ in range(count)], rng)


def _texture(rng: np.random.Generator) -> np.ndarray:
    noise = rng.normal(0, 1, (CANVAS, CANVAS)).astype(np.float32)
    coarse: np.ndarray = cv2.GaussianBlur(noise, (0, 0), float(rng.uniform(0.8, 12)))
    level = np.quantile(coarse, rng.uniform(0.4, 0.85))
    spread = max(float(coarse.std()), 1e-6) * rng.uniform(0.02, 1.0)
    grey: np.ndarray = np.clip((coarse - level) / spread * 255, 0, 255)
    return grey.astype(np.uint8)


def _face(rng: np.random.Generator) -> np.ndarray:
    strokes = [
        arc((0.5, 0.5), 0.5),
        arc((0.32, 0.35), 0.06),
        arc((0.68, 0.35), 0.06),
        arc((0.5, 0.5), 0.28, 0.3, np.pi - 0.6),
    ]
    return draw(wobble(strokes, rng), rng, rng.uniform(2.5, 8))


def _house(rng: np.random.Generator) -> np.ndarray:
    strokes = [
        line((0.1, 0.4), (0.1, 1), (0.9, 1), (0.9, 0.4)),
        line((0, 0.45), (0.5, 0), (1, 0.45)),
        line((0.4, 1), (0.4, 0.65), (0.6, 0.65), (0.6, 1)),
    ]
    return draw(wobble(strokes, rng), rng, rng.uniform(2.5, 8))


def _spiral(rng: np.random.Generator) -> np.ndarray:
    t = np.linspace(0, rng.uniform(2.5, 4.5), 80)
    angle = rng.choice([-1, 1]) * 2 * np.pi * t + rng.uniform(0, 2 * np.pi)
    points = np.stack([np.cos(angle), np.sin(angle)], axis=1) * (0.08 + t[:, None])
    return draw(wobble([points / 8 + 0.5], rng), rng, rng.uniform(2.5, 7))


def _zigzag(rng: np.random.Generator) -> np.ndarray:
    x = np.linspace(0, 1, int(rng.integers(6, 11)))
    y = np.where(np.arange(len(x)) % 2, 0.5 + rng.uniform(0.15, 0.5), 0.5 - rng.uniform(0.15, 0.5))
    return draw(wobble([np.stack([x, y], axis=1)], rng), rng, rng.uniform(2.5, 10))


def crossing(rng: np.random.Generator) -> list[Stroke]:
    """Strokes, in the unit square, of someone who crosses a digit out: a cross, or to and fro."""
    if rng.random() < 0.5:
        return [line((0, 0), (1, 1)), line((1, 0), (0, 1))]
    x = np.linspace(0, 1, int(rng.integers(6, 12)))
    return [np.stack([x, np.where(np.arange(len(x)) % 2, 0.9, 0.1)], axis=1)]


DRAWN: dict[str, Callable[[np.random.Generator], np.ndarray]] = {
    "scribble": _scribble,
    "cross": _cross,
    "plus": _plus,
    "check": _check,
    "heart": _heart,
    "star": _star,
    "arrow": _arrow,
    "dots": _dots,
    "barred circle": _barred_circle,
    "polygon": _polygon,
    "strokes": _strokes,
    "texture": _texture,
}
HELD_OUT: dict[str, Callable[[np.random.Generator], np.ndarray]] = {
    "face": _face,
    "house": _house,
    "spiral": _spiral,
    "zigzag": _zigzag,
}
