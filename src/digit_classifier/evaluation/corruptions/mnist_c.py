"""The fifteen corruptions of MNIST-C, from its description.

Each takes x, float32 (n, 28, 28) in [0, 1], a strength (1 is MNIST-C's) and a random generator,
and returns the same shape; values may leave [0, 1], the caller clips them.
"""

from __future__ import annotations

import cv2
import numpy as np

from digit_classifier.evaluation.corruptions import corruption

# As published with MNIST-C; the strength multiplies them.
PHOTONS = 3.0  # counted where the ink is full: so few that ink is grainy
FLIPPED = 0.17  # share of pixels that turn black or white
LIGHT = 0.5  # grey added, ink being 1
STRIPE = 7  # columns inverted on each side
HAZE, DECAY = 3.0, 1.4  # fog to ink where it is thickest; how fast its finer billows fade
# Share of a picture under the drops. MNIST-C publishes how the drops are made; made so they cover
# 13.6 % on average.
SPATTERED = 0.136
DROP, DROP_GREY, DROP_OPACITY = 1.8, 0.25, 0.88  # their width (sigma, pixels), grey, opacity
CLOUD = 128  # pixels a side of the cloud of which each picture sees another part


@corruption("shot noise")
def shot_noise(x: np.ndarray, strength: float, rng: np.random.Generator) -> np.ndarray:
    """The grain of too little light: the noise's deviation, 1 / sqrt(photons), is multiplied."""
    photons = PHOTONS / strength**2
    return (rng.poisson(x * photons) / photons).astype(np.float32)


@corruption("impulse noise")
def impulse_noise(x: np.ndarray, strength: float, rng: np.random.Generator) -> np.ndarray:
    """Salt and pepper: a share of the pixels turns black or white, half of them each."""
    draw = rng.random(x.shape, dtype=np.float32)
    extreme = rng.integers(0, 2, x.shape, dtype=np.uint8)
    return np.where(draw < FLIPPED * strength, extreme.astype(np.float32), x)


@corruption("brightness")
def brightness(x: np.ndarray, strength: float, _: np.random.Generator) -> np.ndarray:
    """Light over everything: paper turns grey, and ink cannot become more than full."""
    return x + LIGHT * strength


@corruption("stripe")
def stripe(x: np.ndarray, strength: float, _: np.random.Generator) -> np.ndarray:
    """The left and right columns are inverted: a stripe is left in the middle."""
    columns = round(STRIPE * strength)
    striped = 1 - x
    striped[:, :, columns:-columns] = x[:, :, columns:-columns]
    return striped


@corruption("fog")
def fog(x: np.ndarray, strength: float, rng: np.random.Generator) -> np.ndarray:
    """Billows of all sizes before the digit, after which the light is dimmed to fit."""
    cloud = _cloud(rng)
    y0, x0 = rng.integers(0, CLOUD - x.shape[1] + 1, (2, len(x)))
    views = np.lib.stride_tricks.sliding_window_view(cloud, x.shape[1:])
    haze = HAZE * strength
    return np.asarray((x + haze * views[y0, x0]) / (1 + haze))


def _cloud(rng: np.random.Generator) -> np.ndarray:
    """Noise of every scale, each half as wide and 1 / DECAY as high as the last; 0 to 1."""
    cloud = np.zeros((CLOUD, CLOUD), np.float32)
    cells, height = 2, 1.0
    while cells <= CLOUD:
        grid = rng.uniform(-1, 1, (cells, cells)).astype(np.float32)
        cloud += height * cv2.resize(grid, (CLOUD, CLOUD), interpolation=cv2.INTER_LINEAR)
        cells, height = cells * 2, height / DECAY
    return np.asarray((cloud - cloud.min()) / (cloud.max() - cloud.min()))


def smoothed(x: np.ndarray, sigma: float) -> np.ndarray:
    """Images (n, 28, 28) blurred, each for itself, by a Gaussian of so many pixels."""
    from scipy.ndimage import gaussian_filter

    return np.asarray(gaussian_filter(x, (0, sigma, sigma)))


@corruption("spatter")
def spatter(x: np.ndarray, strength: float, rng: np.random.Generator) -> np.ndarray:
    """Drops of grey mud that hide what is under them: the wettest share of a smooth field."""
    noise = rng.standard_normal(x.shape, dtype=np.float32)
    wet = smoothed(noise, DROP)
    edge = np.quantile(wet, 1 - SPATTERED * strength, axis=(1, 2), keepdims=True)
    spread = wet.std(axis=(1, 2), keepdims=True)
    # soft over about one pixel, half opaque at the edge
    drops = DROP_OPACITY * np.clip((wet - edge) / spread * 2 + 0.5, 0, 1)
    return np.asarray(x * (1 - drops) + DROP_GREY * drops)


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
    around = max(abs(down), abs(right))
    padded = np.pad(x, ((0, 0), (around, around), (around, around)))
    top, left = around - down, around - right
    return padded[:, top : top + x.shape[1], left : left + x.shape[2]]


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
    blurred = smoothed(x, sigma)
    n, height, width = x.shape
    image, row, column = np.ogrid[:n, :height, :width]
    for _ in range(ROUNDS):
        dy, dx = np.rint(sigma * rng.standard_normal((2, *x.shape), dtype=np.float32)).astype(int)
        blurred = blurred[
            image, np.clip(row + dy, 0, height - 1), np.clip(column + dx, 0, width - 1)
        ]
    return np.asarray(smoothed(blurred, sigma))


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
    smooth = np.rint(smoothed(x, sigma) * 255).astype(np.uint8)
    edges = np.stack([cv2.Canny(image, WEAK, STRONG) for image in smooth])
    return np.asarray((1 - share) * x + share * (edges / np.float32(255)))


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
