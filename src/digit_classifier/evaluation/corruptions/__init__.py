"""Fifteen ways in which a picture of a digit goes bad, at five strengths, from a seed.

The list is MNIST-C's (N. Mu, J. Gilmer, "MNIST-C: a robustness benchmark for computer vision",
ICML 2019 workshop on uncertainty and robustness in deep learning), drawn anew from what the paper
and its published settings say; the pictures are not its files. MNIST-C has one strength for each.
Here that is the third of five: the one number that makes a corruption strong, its angle, share,
width or distance, is 1/3, 2/3, 1, 4/3 and 5/3 of the published one. For scale and translate these
five are the authors' own; Canny edges say themselves how they are weakened. Where the authors
publish no such number, for the two lines, it is the width of the pen.
Source of the published strengths: github.com/google-research/mnist-c, corruptions.py.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from digit_classifier.errors import OptionError
from digit_classifier.registry import Registry

# How strong levels 1 to 5 are, as multiples of what MNIST-C published.
STRENGTHS = (1 / 3, 2 / 3, 1.0, 4 / 3, 5 / 3)
LEVELS = (1, 2, 3, 4, 5)

Pixels = NDArray[np.uint8]
# x in [0, 1], float32 (n, 28, 28); strength, above 0; what to draw from -> the same shape
Corruption = Callable[[np.ndarray, float, np.random.Generator], np.ndarray]

CORRUPTIONS: Registry[Corruption] = Registry(
    "corruption", "digit_classifier.corruptions", f"{__name__}.mnist_c"
)


def corruption(name: str) -> Callable[[Corruption], Corruption]:
    """Register a corruption; the report shows it after those that are there."""

    def add(spoil: Corruption) -> Corruption:
        CORRUPTIONS.register(name, spoil)
        return spoil

    return add


def corrupt(images: Pixels, name: str, level: int, seed: int | tuple[int, ...] = 0) -> Pixels:
    """Spoil images in one way.

    All levels draw the same random numbers from a seed, so that from one to the next only the
    strength changes: the same noise grows, the same line widens.

    Args:
        images: uint8, shape (n, 28, 28): paper 0, ink 255. n may be 0.
        name: a key of `CORRUPTIONS`.
        level: 0 (nothing happens) to 5; 3 is as strong as MNIST-C.
        seed: the same seed gives the same bytes.
    Returns:
        uint8, the same shape; a new array.
    Raises:
        OptionError: no such corruption or level.
    """
    if name not in CORRUPTIONS:
        raise OptionError(f"no corruption {name!r}. Known are {', '.join(CORRUPTIONS)}.")
    if level not in (0, *LEVELS):
        raise OptionError(f"no corruption of level {level}; levels go from 0 to {LEVELS[-1]}.")
    if level == 0 or not len(images):
        return images.copy()
    x = images.astype(np.float32) / 255
    spoilt = CORRUPTIONS[name](x, STRENGTHS[level - 1], np.random.default_rng(seed))
    return np.asarray(np.rint(np.clip(spoilt, 0, 1) * 255), dtype=np.uint8)
