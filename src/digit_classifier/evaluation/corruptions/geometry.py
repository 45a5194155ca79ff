"""Corruptions of place and shape: the picture is resampled about its centre.

Arguments and results as in `ink`.
"""

import cv2
import numpy as np

from digit_classifier.evaluation.corruptions.corruption import corruption

# As published with MNIST-C; the strength multiplies them.
SLANT = 0.4  # radians from upright
TURN = 0.4  # radians, 23 degrees
SHRINKAGE = 0.3  # share of the size
DISTANCE = 3  # pixels, both across and down


@corruption("shear")
def shear(x: np.ndarray, strength: float, rng: np.random.Generator) -> np.ndarray:
    """Slanted to the left or to the right, and taller by 1 / cosine, as the authors do."""
    signs = rng.choice([-1, 1], len(x))
    angle = SLANT * strength
    # from where in the old picture each pixel of the new one comes
    sources = {s: np.array([[1, -np.sin(s * angle)], [0, np.cos(angle)]]) for s in (-1, 1)}
    return _warp(x, [sources[s] for s in signs.tolist()])


@corruption("scale")
def scale(x: np.ndarray, strength: float, _: np.random.Generator) -> np.ndarray:
    """Smaller."""
    return _warp(x, [np.eye(2) / (1 - SHRINKAGE * strength)] * len(x))


@corruption("rotate")
def rotate(x: np.ndarray, strength: float, rng: np.random.Generator) -> np.ndarray:
    """Turned one way or the other."""
    signs = rng.choice([-1, 1], len(x))
    return turn(x, np.rad2deg(TURN * strength) * signs)


@corruption("translate")
def translate(x: np.ndarray, strength: float, rng: np.random.Generator) -> np.ndarray:
    """Moved along a diagonal; what leaves the picture is lost."""
    pixels = round(DISTANCE * strength)
    moved = np.empty_like(x)
    down, right = rng.choice([-1, 1], (2, len(x)))
    for sign_y in (-1, 1):
        for sign_x in (-1, 1):
            these = (down == sign_y) & (right == sign_x)
            moved[these] = shift(x[these], sign_y * pixels, sign_x * pixels)
    return moved


def shift(x: np.ndarray, down: int, right: int) -> np.ndarray:
    """Move whole pictures by whole pixels; paper, 0, follows.

    Args:
        x: any dtype, shape (n, h, w).
        down: pixels, negative for up, fewer than h.
        right: pixels, negative for left, fewer than w.
    """
    moved = np.zeros_like(x)
    _, height, width = x.shape
    moved[:, max(down, 0) : height + min(down, 0), max(right, 0) : width + min(right, 0)] = x[
        :, max(-down, 0) : height - max(down, 0), max(-right, 0) : width - max(right, 0)
    ]
    return moved


def turn(x: np.ndarray, degrees: np.ndarray) -> np.ndarray:
    """Turn pictures about their centres, interpolating bilinearly.

    Args:
        x: uint8 or float32, shape (n, h, w).
        degrees: anticlockwise, shape (n,).
    """
    angles = np.deg2rad(degrees)
    c, s = np.cos(angles), np.sin(angles)
    return _warp(x, np.stack([np.stack([c, -s], -1), np.stack([s, c], -1)], axis=1))


def _warp(x: np.ndarray, sources: list[np.ndarray] | np.ndarray) -> np.ndarray:
    """Resample about the centre; each 2 x 2 matrix maps new (x, y) to old."""
    if not len(x):
        return x.copy()
    height, width = x.shape[1:]
    centre = np.array([(width - 1) / 2, (height - 1) / 2])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    warped = [
        cv2.warpAffine(
            image, np.column_stack([source, centre - source @ centre]), (width, height), flags=flags
        )
        for image, source in zip(x, sources, strict=True)
    ]
    return np.stack(warped)
