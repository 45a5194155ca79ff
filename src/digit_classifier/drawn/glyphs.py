"""Letters, signs and words, written by a pen or set in type and bent, that are no digits."""

from collections.abc import Callable
from functools import cache

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from digit_classifier.drawn.faces import STIX, of_matplotlib
from digit_classifier.drawn.pen import draw, strokes, wobble

# Letters and signs as a pen writes them, in the notation of `pen.strokes`.
LETTERS = {
    "A": "09 40 89;25 65",
    "E": "60 00 09 69;05 55",
    "F": "60 00 09;04 54",
    "H": "00 09;80 89;04 84",
    "K": "00 09;60 05 69",
    "M": "09 10 45 80 99",
    "N": "09 00 79 70",
    "P": "09 00;~00 40 62 44 05",
    "R": "09 00;~00 40 62 44 05;15 69",
    "V": "00 49 80",
    "W": "00 29 43 69 90",
    "d": "60 69;~64 34 07 39 67",
    "e": "~06 65 43 15 07 29 68",
    "f": "~60 31 25 39;04 55",
    "h": "00 09;~05 33 55 59",
    "k": "00 09;54 06 59",
    "m": "04 09;~05 24 35 39;~35 54 65 69",
    "n": "04 09;~05 34 55 59",
    "p": "03 09;~04 33 55 37 06",
    "r": "03 09;~05 23 54",
    "w": "~03 18 45 78 93",
    "lambda": "00 79;43 09",
    "pi": "00 90;20 19;70 79",
    "psi": "~00 05 47 75 80;40 49",
    "hash": "20 19;60 59;03 83;06 76",
    "equals": "03 93;06 96",
    "less": "80 04 89",
    "caret": "06 41 86",
    "tilde": "~05 23 56 74",
}
PLAIN = "AEFHKMNPRVWXdefhkmnprvwx"
SIGNS = "#%@*+=<^~±×÷√µ¶©®¥♥★☺♪♣♠→←↓✓✗"
FOREIGN = "ЖМЛПШЩЫЮЯДФΔΛΞΠΨΩλμπψω"
DEJAVU = ("DejaVuSans", "DejaVuSans-Oblique", "DejaVuSansMono", "DejaVuSerif-Italic")


def _letter(rng: np.random.Generator) -> np.ndarray:
    return draw(wobble(strokes(LETTERS[str(rng.choice(list(LETTERS)))]), rng), rng)


def _handwritten_word(rng: np.random.Generator) -> np.ndarray:
    word, x = [], 0.0
    for name in rng.choice(list(LETTERS), rng.integers(2, 6)):
        shift = np.array([x, rng.normal(0, 0.05)])
        written = [stroke + shift for stroke in strokes(LETTERS[str(name)])]
        x = max(float(stroke[:, 0].max()) for stroke in written) + rng.uniform(0.05, 0.3)
        word += written
    return draw(wobble(word, rng, turn=0.1), rng, rng.uniform(1.5, 6))


def _glyph(rng: np.random.Generator) -> np.ndarray:
    plain = rng.random() < 0.6
    font = str(rng.choice(DEJAVU)) if plain else "DejaVuSans"
    return _printed(str(rng.choice(list(PLAIN if plain else SIGNS))), font, rng)


def _word(rng: np.random.Generator) -> np.ndarray:
    alphabet = list("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
    text = "".join(rng.choice(alphabet, rng.integers(3, 7)))
    return _printed(text, str(rng.choice(DEJAVU)), rng)


def _foreign_glyph(rng: np.random.Generator) -> np.ndarray:
    return _printed(str(rng.choice(list(FOREIGN))), str(rng.choice(STIX)), rng)


def _other_glyph(rng: np.random.Generator) -> np.ndarray:
    return _printed(str(rng.choice(list(PLAIN))), str(rng.choice(STIX)), rng)


def _printed(text: str, font: str, rng: np.random.Generator) -> np.ndarray:
    """Set `text` in type, then bend it as a pen would: slant, uneven size, thick or thin."""
    face = _face_of(font)
    left, top, right, bottom = face.getbbox(text)
    image = Image.new("L", (int(right - left) + 40, int(bottom - top) + 40))
    ImageDraw.Draw(image).text((20 - left, 20 - top), text, fill=255, font=face)
    ink = np.asarray(image)
    size = int(rng.integers(1, 5))
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))
    ink = cv2.dilate(ink, kernel) if rng.random() < 0.7 else cv2.erode(ink, kernel[:2, :2])
    height, width = ink.shape
    angle, slant = rng.normal(0, 0.12), rng.normal(0.1, 0.2)
    matrix = np.array([[np.cos(angle), -np.sin(angle) - slant], [np.sin(angle), np.cos(angle)]])
    matrix *= 0.8
    centre = np.array([width / 2, height / 2])
    shift = centre - matrix @ centre
    bent: np.ndarray = cv2.warpAffine(ink, np.column_stack([matrix, shift]), (width, height))
    return bent


@cache
def _face_of(font: str) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(of_matplotlib(font), 56)


DRAWN: dict[str, Callable[[np.random.Generator], np.ndarray]] = {
    "letter": _letter,
    "glyph": _glyph,
    "handwritten word": _handwritten_word,
    "word": _word,
}
HELD_OUT: dict[str, Callable[[np.random.Generator], np.ndarray]] = {
    "other font": _other_glyph,
    "foreign letter": _foreign_glyph,
}
