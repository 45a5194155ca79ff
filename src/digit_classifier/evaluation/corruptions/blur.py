"""Corruptions of sharpness: frosted glass, a moving hand, and nothing left but edges.

Arguments and results as in `ink`.
"""

import cv2
import numpy as np
from scipy.ndimage import gaussian_filter

from digit_classifier.evaluation.corruptions.corruption import corruption

# As published with MNIST-C; the strength multiplies them.
FROST, ROUNDS = 0.7, 2  # pixels: the blur before and after, and how far pixels stray; how often
TRAIL, REACH, TILT = 3.0, 10, 45  # pixels: width of the trail (sigma), its end; degrees
CANNY = 1.0  # pixels: sigma of the smoothing before edges are sought
# Gradients between which an edge goes on: 10 and 20 % of the steepest that OpenCV's Sobel gives.
WEAK, STRONG = 102, 204


@corruption("glass blur")
def glass_blur(x: np.ndarray, strength: float, rng: np.random.Generator) -> np.ndarray:
    """As seen through frosted glass: blurred, each pixel taken from near by, and blurred."""
    sigma = FROST * strength
    blurred = gaussian_filter(x, (0, sigma, sigma))
    n, height, width = x.shape
    image, row, column = np.ogrid[:n, :height, :width]
    for _ in range(ROUNDS):
        dy, dx = np.rint(sigma * rng.standard_normal((2, *x.shape), dtype=np.float32)).astype(int)
        blurred = blurred[
            image, np.clip(row + dy, 0, height - 1), np.clip(column + dx, 0, width - 1)
        ]
    return np.asarray(gaussian_filter(blurred, (0, sigma, sigma)))


@corruption("motion blur")
def motion_blur(x: np.ndarray, strength: float, rng: np.random.Generator) -> np.ndarray:
    """A trail behind every pixel, in one direction a picture, up to 45 degrees off level."""
    angles = rng.integers(-TILT, TILT + 1, len(x))
    trails = {angle: _trail(np.deg2rad(angle), TRAIL * strength) for angle in set(angles.tolist())}
    moved = [
        cv2.filter2D(image, -1, trails[angle], borderType=cv2.BORDER_REPLICATE)
        for image, angle in zip(x, angles.tolist(), strict=True)
    ]
    return np.stack(moved)


def _trail(angle: float, sigma: float) -> np.ndarray:
    """Half a Gaussian along a line, as a filter that sums to 1; shape (2 REACH + 1,) * 2."""
    along = np.arange(REACH + 1)
    heights = np.exp(-(along**2) / (2 * sigma**2))
    across, down = REACH + along * np.cos(angle), REACH + along * np.sin(angle)
    trail = np.zeros((2 * REACH + 1, 2 * REACH + 1), np.float32)
    # each point shared out among the four pixels around it
    for y, x, height in zip(down, across, heights, strict=True):
        for row in (int(y), int(y) + 1):
            for column in (int(x), int(x) + 1):
                weight = (1 - abs(y - row)) * (1 - abs(x - column))
                if weight > 0:
                    trail[row, column] += height * weight
    return np.asarray(trail / trail.sum())


@corruption("canny edges")
def canny_edges(x: np.ndarray, strength: float, _: np.random.Generator) -> np.ndarray:
    """Edges only. Below strength 1 the ink fades as the edges come; above, edges get coarser.

    MNIST-C's is Canny's detector after a smoothing of one pixel. Less smoothing would be no weaker
    a corruption, so a strength below 1 mixes it into the picture.
    """
    sigma, share = CANNY * max(strength, 1.0), min(strength, 1.0)
    smooth = np.rint(gaussian_filter(x, (0, sigma, sigma)) * 255).astype(np.uint8)
    edges = np.stack([cv2.Canny(image, WEAK, STRONG) for image in smooth])
    return np.asarray((1 - share) * x + share * (edges / np.float32(255)))
