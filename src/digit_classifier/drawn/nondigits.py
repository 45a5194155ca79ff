"""Pictures of things that are not digits, for teaching and measuring an honest no.

Everything is drawn here from a seed; nothing is downloaded. What truly looks like a digit is
left out, since nobody could reject it and read the digit too: O o Q D (0), I l | / ! and upright
arrows (1), Z z ? (2), } (3), Y y T t U u H-like open tops (4), S s $ (5), b G (6), J j > (7),
B & g (8), g q a (9), C c and brackets (an open 0), single empty boxes (a square 0).

Two families that share no kind and no font: `KINDS` is what a network may be trained on,
`HELD_OUT` measures what it makes of things that it never saw.
"""

from collections.abc import Callable, Sequence

import cv2
import numpy as np

from digit_classifier.drawn import glyphs, shapes
from digit_classifier.drawn.pen import CANVAS, INSET, draw, wobble
from digit_classifier.errors import OptionError
from digit_classifier.picture.redraw import redraw


def generate(
    n: int, seed: int, digits: np.ndarray, kinds: Sequence[str] | None = None
) -> np.ndarray:
    """Draw `n` things that are not digits, as the reader would hand them to a network.

    The kinds take turns. Image i depends on `seed` and i alone, so a longer run begins as a
    shorter one does.

    Args:
        n: how many.
        seed: the same seed gives the same bytes.
        digits: uint8, shape (m, 28, 28): digits to squeeze, overlay and cross out.
        kinds: names from `KINDS` or `HELD_OUT`; None for all of `KINDS`.
    Returns:
        uint8, shape (n, 28, 28): paper 0, ink 255.
    Raises:
        OptionError: a kind that is not known, or no digits.
        MissingExtraError: fonts are needed and matplotlib, which brings them, is not installed.
    """
    chosen = list(KINDS if kinds is None else kinds)
    unknown = [kind for kind in chosen if kind not in (*KINDS, *HELD_OUT)]
    if unknown or not chosen:
        raise OptionError(f"no such kinds: {unknown}. Known are {', '.join((*KINDS, *HELD_OUT))}.")
    if len(digits) == 0:
        raise OptionError("no digits given; some kinds are made from them, so give at least one")
    images = np.zeros((n, 28, 28), np.uint8)
    for index in range(n):
        rng = np.random.default_rng([seed, index])
        canvas = _draw(chosen[index % len(chosen)], rng, digits)
        if rng.random() < 0.5:
            canvas = cv2.GaussianBlur(canvas, (0, 0), rng.uniform(0.5, 2.0))
        images[index] = redraw(canvas)
    return images


def _draw(kind: str, rng: np.random.Generator, digits: np.ndarray) -> np.ndarray:
    if kind in _FROM_DIGITS:
        return _FROM_DIGITS[kind](rng, digits)
    return _DRAWN[kind](rng)


def _squeezed(rng: np.random.Generator, digits: np.ndarray) -> np.ndarray:
    chosen = _cropped(digits, rng, int(rng.integers(2, 4)))
    tall = [cv2.resize(ink, (max(6, ink.shape[1] * 60 // ink.shape[0]), 60)) for ink in chosen]
    gap = np.zeros((60, int(rng.integers(1, 12))), np.uint8)
    row = [part for ink in tall for part in (ink, gap)][:-1]
    return np.concatenate(row, axis=1)


def _overlaid(rng: np.random.Generator, digits: np.ndarray) -> np.ndarray:
    canvas = np.zeros((CANVAS, CANVAS), np.uint8)
    for ink in _cropped(digits, rng, int(rng.integers(3, 5))):
        size = int(rng.integers(44, 64))
        large = cv2.resize(
            ink, (min(89, max(size // 2, ink.shape[1] * size // ink.shape[0])), size)
        )
        y, x = (int(rng.integers(0, CANVAS - side)) for side in large.shape)
        part = canvas[y : y + large.shape[0], x : x + large.shape[1]]
        np.maximum(part, large, out=part)
    return canvas


def _crossed_out(rng: np.random.Generator, digits: np.ndarray) -> np.ndarray:
    (ink,) = _cropped(digits, rng, 1)
    canvas: np.ndarray = cv2.resize(ink, (CANVAS - 2 * INSET, CANVAS - 2 * INSET))
    canvas = cv2.copyMakeBorder(canvas, INSET, INSET, INSET, INSET, cv2.BORDER_CONSTANT)
    crossed = wobble(shapes.crossing(rng), rng)
    np.maximum(canvas, draw(crossed, rng, rng.uniform(4, 10)), out=canvas)
    return canvas


def _half(rng: np.random.Generator, digits: np.ndarray) -> np.ndarray:
    (ink,) = _cropped(digits, rng, 1)
    height, width = ink.shape
    part = ink[: height // 2] if rng.random() < 0.5 else ink[height // 2 :]
    large: np.ndarray = cv2.resize(part, (width * 4, max(4, part.shape[0] * 4)))
    return large


def _cropped(digits: np.ndarray, rng: np.random.Generator, count: int) -> list[np.ndarray]:
    crops = []
    for image in digits[rng.integers(0, len(digits), count)]:
        rows = np.flatnonzero(image.max(axis=1))
        columns = np.flatnonzero(image.max(axis=0))
        crops.append(
            image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1] if len(rows) else image
        )
    return crops


_DRAWN = {**shapes.DRAWN, **glyphs.DRAWN, **shapes.HELD_OUT, **glyphs.HELD_OUT}
_FROM_DIGITS: dict[str, Callable[[np.random.Generator, np.ndarray], np.ndarray]] = {
    "squeezed digits": _squeezed,
    "overlaid digits": _overlaid,
    "crossed-out digit": _crossed_out,
    "half of a digit": _half,
}
KINDS = (
    *shapes.DRAWN,
    *glyphs.DRAWN,
    "squeezed digits",
    "overlaid digits",
    "crossed-out digit",
)
HELD_OUT = (*shapes.HELD_OUT, *glyphs.HELD_OUT, "half of a digit")
