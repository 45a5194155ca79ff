"""Corruptions of each pixel's grey: noise, light, weather, dirt.

Each takes x, float32 (n, 28, 28) in [0, 1], a strength (1 is MNIST-C's) and a random generator,
and returns the same shape; values may leave [0, 1], the caller clips them.
"""

import cv2
import numpy as np
from scipy.ndimage import gaussian_filter

from digit_classifier.evaluation.corruptions.corruption import corruption

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


@corruption("spatter")
def spatter(x: np.ndarray, strength: float, rng: np.random.Generator) -> np.ndarray:
    """Drops of grey mud that hide what is under them: the wettest share of a smooth field."""
    noise = rng.standard_normal(x.shape, dtype=np.float32)
    wet = gaussian_filter(noise, (0, DROP, DROP))
    edge = np.quantile(wet, 1 - SPATTERED * strength, axis=(1, 2), keepdims=True)
    spread = wet.std(axis=(1, 2), keepdims=True)
    # soft over about one pixel, half opaque at the edge
    drops = DROP_OPACITY * np.clip((wet - edge) / spread * 2 + 0.5, 0, 1)
    return np.asarray(x * (1 - drops) + DROP_GREY * drops)
