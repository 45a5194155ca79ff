"""Digits drawn in the ways of hands that MNIST hardly holds.

MNIST was written in the United States: its 1 is a bar, its 7 has no bar. Elsewhere 1 has a long
flag, 7 is crossed, 9 ends in a hook, zero may be slashed. A network that never saw these reads a
flagged 1 as 7. A few of them among its training images are enough to teach the difference.
"""

import cv2
import numpy as np

from digit_classifier.drawn.pen import draw, strokes, wobble
from digit_classifier.picture.redraw import redraw

# digit -> ways to write it; in the notation of `pen.strokes`
STYLES: dict[int, tuple[str, ...]] = {
    0: (
        "~41 11 04 17 49 77 84 71 40 21",
        "~50 21 05 18 49 77 73 51 30",
        "~41 11 04 17 49 77 84 71 40;81 08",
        "~34 32 11 05 18 49 77 83 61 31",
        "~20 32 44 32 11 05 18 49 77 83 61 41",
        "~33 31 14 17 49 77 83 61 41 44",
    ),
    # A flag climbs at half a right angle and more, or is short: flatter and longer it is the bar of
    # a 7, of which MNIST has many that rise.
    1: (
        "15 50 59",
        "14 50 49",
        "16 50 59",
        "32 50 59",
        "~15 34 50;50 59",
        "~34 43 60;60 59",
        "13 40 49;19 79",
        "22 40 39;09 79",
        "30 49;09 89",
    ),
    2: (
        "~02 20 51 63 36 09;09 79",
        "~12 31 52 54 27 09 28 59 78",
        "~02 30 61 54 18 07 27 49 88",
        "~01 40 62 45 09;09 69 68",
    ),
    3: (
        "~11 40 72 54 24;~24 64 87 49 08",
        "00 70 34;~34 75 77 39 07",
        "~01 40 62 44 14;~34 66 68 39 08",
    ),
    4: (
        "20 05 75;60 59",
        "00 04 64;60 69",
        "30 06 86;53 59",
        "59 50 06 86",
        "~20 14 25 64;~71 65 49",
        "~50 23 06 17 47 73;73 59",
        "~50 24 16 27 56 63;64 49",
        "60 06 76;54 49",
        "50 06 66;45 39",
    ),
    5: (
        "70 10 04;~04 44 76 48 08",
        "~10 04 43 76 48 08;10 80",
        "60 20 14;~14 54 67 39 08",
    ),
    6: (
        "~60 23 06 28 59 76 54 15",
        "50 16;~16 29 58 65 34 16",
        "~72 41 05 28 59 77 55 25 17",
    ),
    7: (
        "00 70 29",
        "01 81 39",
        "00 70 29;14 74",
        "01 70 39;25 75",
        "02 00 70 39;24 64",
        "00 70;~70 44 29",
        "~02 20 51 80;80 38",
        "12 11 71;~71 54 49;25 75",
    ),
    8: (
        "~72 40 12 34 66 58 28 07 34 63 72",
        "~40 11 23 44 63 71 40;~44 16 28 49 78 76 44",
        "~61 30 12 44 76 48 17 35 62 61",
    ),
    9: (
        "~71 40 13 35 64 71;71 69",
        "~71 40 13 35 64 71;~71 76 59 18",
        "~62 41 13 25 54 62;62 49",
        "~71 40 13 35 64 71;~71 74 57 39",
        "~62 41 13 34 62;~62 65 77 69 09",
        "~62 31 13 44 62;62 78 09",
        "~61 31 12 33 61;~61 63 75 68 29 08",
    ),
}
# the same in seven segments
SEGMENTS: tuple[str, ...] = (
    "10 50;61 64;65 68;19 59;05 08;01 04",
    "61 64;65 68",
    "10 50;61 64;15 55;05 08;19 59",
    "10 50;61 64;15 55;65 68;19 59",
    "01 04;15 55;61 64;65 68",
    "10 50;01 04;15 55;65 68;19 59",
    "10 50;01 04;15 55;05 08;19 59;65 68",
    "10 50;61 64;65 68",
    "10 50;61 64;65 68;19 59;05 08;01 04;15 55",
    "10 50;61 64;65 68;19 59;01 04;15 55",
)
# Most of the drawings go to the two digits that are told apart by a style alone; 0 has a style that
# is a heart but for its round end.
WEIGHTS = np.array([2, 4, 1, 1, 2, 1, 1, 4, 1, 2]) / 19


def generate(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Draw `n` digits, as the reader would hand them to a network.

    Image i depends on `seed` and i alone.

    Args:
        n: how many.
        seed: the same seed gives the same bytes.
    Returns:
        images, uint8, shape (n, 28, 28), paper 0 and ink 255; labels, uint8, shape (n,).
    """
    images = np.zeros((n, 28, 28), np.uint8)
    labels = np.zeros(n, np.uint8)
    for index in range(n):
        rng = np.random.default_rng([seed, index])
        digit = int(rng.choice(10, p=WEIGHTS))
        images[index] = _draw(str(rng.choice(STYLES[digit])), rng)
        labels[index] = digit
    return images, labels


def _draw(notation: str, rng: np.random.Generator) -> np.ndarray:
    # every point where another hand would put it
    jittered = [stroke + rng.normal(0, 0.02, 2) for stroke in strokes(notation)]
    # gently: a flagged 1 that is turned and bent far enough is a 7
    canvas = draw(wobble(jittered, rng, turn=0.06, bend=0.025), rng, rng.uniform(3, 12))
    if rng.random() < 0.5:
        canvas = cv2.GaussianBlur(canvas, (0, 0), rng.uniform(0.5, 2.0))
    return redraw(canvas)
