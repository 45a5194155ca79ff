"""Hands: one writer with one pen each, who writes digits and also what is no digit.

A hand draws its digits from MNIST's images, from the styles that the project draws, from fonts of
handwriting or print, or from seven segments. Whatever the source, its line is found, bent as this
writer bends it, and inked anew with this writer's pen. All ink is uint8, paper 0 and ink 255,
cropped, on a scale on which a tall digit is `faces.TALL` pixels tall.
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from digit_classifier.drawn import faces, shapes
from digit_classifier.drawn.faces import TALL
from digit_classifier.drawn.glyphs import FOREIGN, PLAIN
from digit_classifier.drawn.inking import (
    bent,
    choose_pen,
    enlarged,
    holes,
    padded,
    polylines,
    turned,
    varied,
)
from digit_classifier.drawn.pen import Stroke, arc, curve, line, strokes, wobble
from digit_classifier.drawn.styles import SEGMENTS, STYLES

SIGNS = {
    "+": "04 64;31 37",
    "-": "00 40",
    "=": "00 50;02 52",
    "/": "40 09",
    ":": "00 00;04 04",
    ".": "00 00",
    ",": "10 02",
    "(": "~20 03 06 29",
    ")": "~00 23 26 09",
    "[": "30 00 09 39",
    "]": "00 30 39 09",
    "{": "~30 11 14 05 15 18 39",
    "}": "~00 21 24 35 25 28 09",
    "x": "00 44;40 04",
}
# In some hands an f is a 1 and a v a 0. Added is what its neighbours show to be a letter, most
# often what stands for a number in formulas.
_LETTERS = "".join(letter for letter in PLAIN if letter not in "fv") + "aaabbbctuyyyjCGJLQTUY"
# Single signs that are no digit, whatever stands beside them.
_ALONE = "+-=:.,x%#*<^~@÷±€[]{}&?!$"
_WORDS = """am an at bei cm der die EUR et fax für g/m kg km les me Nr. of per the to von wk
    Name Datum Date Total Summe Price Preis Adresse Street Ort City Email Phone Telefon Konto Bank
    Menge Betrag Amount Rechnung Invoice Kunde Order Seite Page Week Monat Year Jahr Alter Age Post
    Class Klasse Math Team Points Score Room Raum Answer Lösung Test Aufgabe Task Exam Note Punkte
    Milk Brot Apples Tee Kaffee Huile Prix Nom Rue Ville From Until And With Paid Sum Check Code
    hello thanks meeting remember tomorrow Monday Freitag March August Number Nombre Fecha Importe
    Firma Height Weight Hours Minutes Temperature Pressure Distance Result Measure Sample Reference
    """
_UNLIKE = ("texture", "barred circle")  # no writing; on a page, a slashed zero
_KEPT = 2  # drawings of each digit that a hand has; the rest is turning and stretching them
# holes that a digit's line may have; MNIST's thick ones with a loop run full have no such line
_HOLES = ((1,), (0,), (0, 1), (0,), (0, 1), (0,), (1,), (0,), (2,), (1,))


def choose(
    rng: np.random.Generator, images: np.ndarray, labels: np.ndarray, held_out: bool = False
) -> "Hand":
    """Choose who writes.

    Args:
        rng: all chance comes from it: the same state gives the same hand.
        images: uint8, shape (n, 28, 28), MNIST's training images.
        labels: shape (n,), their digits.
        held_out: a hand that training never sees: other font families, nibs and shapes.
    """
    return Hand(rng, images, labels, held_out)


class Hand:
    """A writer with a pen; made by `choose`."""

    def __init__(
        self, rng: np.random.Generator, images: np.ndarray, labels: np.ndarray, held_out: bool
    ) -> None:
        self._images, self._labels, self._held_out = images, labels, held_out
        written = faces.families(faces.HANDWRITING, held_out)
        printed = faces.families(faces.PRINT, held_out) + faces.builtin(held_out)
        self._type = _one_of(printed, rng)
        self._face = _one_of(written or printed, rng)
        if held_out:
            shares = {"face": 0.85 if written else 0.5, "print": 0.15}
        else:
            shares = {"mnist": 0.38, "styles": 0.28, "face": 0.26 if written else 0.04}
            shares |= {"print": 0.05, "segments": 0.03}
        chances = np.array(list(shares.values()))
        self.source = str(rng.choice(list(shares), p=chances / chances.sum()))
        self.pen = choose_pen(rng, self.source, held_out)
        rare = rng.random(2) < 0.12
        self._aspect = float(np.exp(rng.uniform(-1.05, 0.79) if rare[0] else rng.normal(0, 0.16)))
        self._slant = float(rng.uniform(-0.4, 0.5) if rare[1] else rng.normal(0.05, 0.12))
        # a narrow hand needs a narrow pen
        self.pen = replace(self.pen, width=min(self.pen.width, 0.3 * self._aspect**1.5))
        self._bend = float(rng.uniform(0, 2.0))
        if self.source in ("print", "segments"):
            self._aspect, self._slant = max(self._aspect, 0.7), self._slant / 2
            self._bend = float(rng.uniform(0, 0.6))
        self._level = float(rng.uniform(90, 150))
        self._bare = rng.random() < 0.12  # its 1 is a bar and nothing else
        self._crossed = rng.random() < 0.25  # its 7 has a bar
        self._ways = SEGMENTS
        if self.source == "styles":
            self._ways = tuple(ways[int(rng.integers(len(ways)))] for ways in STYLES.values())
        self._drawn: dict[int | str, list[np.ndarray]] = {}  # what was inked already

    def digit(self, d: int, rng: np.random.Generator) -> np.ndarray:
        """Ink of the digit `d`, uint8, shape (h, w)."""
        return self._again(d, _KEPT, lambda: self._ink_digit(d, rng), rng)

    def writing(self, rng: np.random.Generator) -> np.ndarray:
        """Ink of a letter, word, sign, shape, scribble or stamp: of anything but a digit."""
        kind = str(rng.choice(list(_WRITINGS), p=_SHARES))
        return self._again(kind, 4 * _KEPT, lambda: _WRITINGS[kind][1](self, rng), rng)

    def sign(self, text: str, rng: np.random.Generator) -> np.ndarray:
        """Ink of one of `SIGNS`."""
        return self._again(text, 1, lambda: self._ink_sign(text, rng), rng)

    def letter(self, rng: np.random.Generator) -> np.ndarray:
        """Ink of one letter."""
        return self._again("letter", 4 * _KEPT, lambda: self._ink_letter(rng), rng)

    def word(self, rng: np.random.Generator) -> np.ndarray:
        """Ink of a word of two letters or more, written or printed."""
        return self._again("some word", 4 * _KEPT, lambda: self._ink_word(rng), rng)

    def _again(
        self, what: int | str, most: int, ink: Callable[[], np.ndarray], rng: np.random.Generator
    ) -> np.ndarray:
        """A new drawing of something, or one of the old, in either case a little other."""
        drawn = self._drawn.setdefault(what, [])
        if not drawn or (len(drawn) < most and rng.random() < 0.6):
            drawn.append(ink())
        return varied(drawn[int(rng.integers(len(drawn)))], rng)

    @property
    def faces(self) -> tuple[Path, Path]:
        """The fonts of its letters, written and printed."""
        return self._face, self._type

    # --- digits ---------------------------------------------------------------------------------

    def _ink_digit(self, d: int, rng: np.random.Generator) -> np.ndarray:
        aspect, slant = self._aspect, self._slant
        if d == 1:  # a flag that is stretched or leans is the bar of a 7
            aspect, slant = float(np.clip(aspect, 0.5, 1.15)), float(np.clip(slant, -0.25, 0.25))
        if d == 7:
            aspect = max(aspect, 0.65)
        if d == 1 and self._bare and self.source != "print":
            return self._ink_strokes(self._put("00 09", rng), 1.0, slant, rng)
        if self.source in ("styles", "segments"):
            return self._ink_strokes(self._put(self._ways[d], rng), aspect, slant, rng)
        model = self._model(d, rng)
        if d == 7 and self._crossed and self.source != "print":
            model = _barred(model, rng)
        model = bent(model, aspect, slant, self._bend, rng)
        return self._ink_mask(model, rng)

    def _model(self, d: int, rng: np.random.Generator) -> np.ndarray:
        """A digit to write after: a glyph, or an image of which the line can be found."""
        if self.source != "mnist":
            return faces.write(str(d), self._face if self.source == "face" else self._type, 8)
        (known,) = np.nonzero(self._labels == d)
        for _ in range(4):
            model = enlarged(self._images[known[rng.integers(len(known))]])
            line = (model > self._level).astype(np.uint8)
            if holes(line) in _HOLES[d] and (d == 5 or cv2.connectedComponents(line)[0] == 2):
                break
        return model

    def _put(self, notation: str, rng: np.random.Generator) -> list[Stroke]:
        """Strokes in pixels, every point where this hand happens to put it."""
        steady = self.source == "segments"
        drawn = strokes(notation)
        if not steady:
            jittered = [stroke + rng.normal(0, 0.02, 2) for stroke in drawn]
            drawn = wobble(jittered, rng, turn=0.04, bend=0.02)
        return [stroke * TALL / 0.9 for stroke in drawn]

    # --- what is no digit -----------------------------------------------------------------------

    def _ink_sign(self, text: str, rng: np.random.Generator) -> np.ndarray:
        if self.source in ("face", "print") and rng.random() < 0.7:
            return self._ink_text(text, self._face if self.source == "face" else self._type, rng)
        aspect = float(np.exp(rng.normal(0, 0.25)))
        return self._ink_strokes(self._put(SIGNS[text], rng), aspect, self._slant / 2, rng)

    def _ink_letter(self, rng: np.random.Generator) -> np.ndarray:
        letters = FOREIGN if self._held_out and rng.random() < 0.4 else _LETTERS
        face = self._type if rng.random() < 0.25 else self._face
        return self._ink_text(str(rng.choice(list(letters))), face, rng)

    def _ink_alone(self, rng: np.random.Generator) -> np.ndarray:
        text = str(rng.choice(list(_ALONE)))
        return self._ink_sign(text, rng) if text in SIGNS else self._ink_text(text, self._type, rng)

    def _ink_word(self, rng: np.random.Generator) -> np.ndarray:
        return self._ink_text(_word(rng), self._type if rng.random() < 0.3 else self._face, rng)

    def _ink_text(self, text: str, face: Path, rng: np.random.Generator) -> np.ndarray:
        if len(text) == 1 and not text.isascii():  # which Latin fonts draw as a box, like a 0
            face = faces.builtin(self._held_out)[0]
        written = faces.write(text, face, 8)
        aspect = float(np.clip(self._aspect, 0.6, 1.4))
        steady = 1.0 if face is self._face else 0.3
        ink = bent(written, aspect, steady * self._slant, steady * self._bend, rng)
        return self._ink_mask(ink, rng)

    def _ink_shape(self, rng: np.random.Generator) -> np.ndarray:
        drawn = shapes.HELD_OUT if self._held_out else shapes.DRAWN
        name = str(rng.choice([name for name in drawn if name not in _UNLIKE]))
        size = float(np.exp(rng.normal(0, 0.25)))
        shape: np.ndarray = cv2.resize(drawn[name](rng), None, fx=size, fy=size)
        return shape

    def _ink_crossed_out(self, rng: np.random.Generator) -> np.ndarray:
        ink = padded(self.digit(int(rng.integers(10)), rng), 12)
        high, wide = ink.shape
        through = shapes.crossing(rng)
        thick = max(5, round(self.pen.width * TALL))
        struck = [(stroke + 0.5) * (wide, high) for stroke in wobble(through, rng, 0.1)]
        return polylines(struck, thick, ink)

    def _ink_signature(self, rng: np.random.Generator) -> np.ndarray:
        n = int(rng.integers(6, 16))
        x = np.cumsum(rng.uniform(-0.25, 0.6, n))
        y = rng.normal(0, 0.35, n) * np.linspace(1, 0.3, n)
        signed = [curve(np.stack([x, y], axis=1))]
        if rng.random() < 0.4:  # underlined
            signed.append(curve(np.array([(x[0], 0.7), (x.mean(), 0.6), (x[-1], 0.75)])))
        sheared = [stroke * TALL @ np.array([[1, 0], [-self._slant, 1]]) for stroke in signed]
        fine = replace(self.pen, width=min(self.pen.width, 0.09), core=0.0)
        return fine.follow(polylines(sheared, 2), rng)

    def _ink_box(self, rng: np.random.Generator) -> np.ndarray:
        way = rng.random()
        if way < 0.4:
            return self._ink_outline(rng)
        wide = float(rng.uniform(1.8, 4))
        if way < 0.7:  # ticked or crossed
            wide = 1.0
            inside = [line((0.2, 0.5), (0.4, 0.8), (1.1, -0.1))]
            if rng.random() < 0.5:
                inside = [line((0.1, 0.1), (0.9, 0.9)), line((0.1, 0.9), (0.9, 0.1))]
        else:  # a field, empty or divided
            inside = [line((x, 0), (x, 1)) for x in np.arange(1.0, wide) if wide > 3]
        drawn = [line((0, 0), (wide, 0), (wide, 1), (0, 1), (0, 0)), *inside]
        return self._ink_strokes([s * TALL for s in wobble(drawn, rng, 0.04, 0.02)], 1.0, 0.0, rng)

    def _ink_outline(self, rng: np.random.Generator) -> np.ndarray:
        """Of a triangle, a square, a rectangle that lies, a pentagon or a hexagon."""
        sides = int(rng.choice([3, 4, 4, 4, 5, 6]))
        # a square stands on a side, now and then on a corner
        first = np.pi / 4 if sides == 4 and rng.random() < 0.8 else 0.0
        angles = first + np.arange(sides + 1) * 2 * np.pi / sides - np.pi / 2
        wide = rng.uniform(0.95, 1.9) if sides == 4 else rng.uniform(0.8, 1.3)
        corners = np.stack([np.cos(angles) * wide, np.sin(angles)], axis=1) / 2
        drawn = wobble([corners + rng.normal(0, 0.02, corners.shape)], rng, 0.12, 0.02)
        size = TALL * float(np.exp(rng.normal(0.1, 0.25)))
        return self._ink_strokes([stroke * size for stroke in drawn], 1.0, 0.0, rng)

    def _ink_stamp(self, rng: np.random.Generator) -> np.ndarray:
        word = padded(faces.write(_word(rng), self._type), 16)
        high, wide = word.shape
        middle, half = np.array((wide, high)) / 2, np.array((wide, high)) / 2 - 4
        frame = line((-1, -1), (1, -1), (1, 1), (-1, 1), (-1, -1))
        if rng.random() < 0.3:
            frame, half = arc((0, 0), 1.0), half * 1.35
            word = padded(word, high // 4, wide // 4)
            middle += (wide // 4, high // 4)
        word = polylines([frame * half + middle], int(rng.integers(2, 6)), word)
        noise = rng.integers(0, 256, (high // 2, wide // 2), np.uint8)
        coarse = cv2.resize(noise, word.shape[::-1], interpolation=cv2.INTER_CUBIC)
        word[coarse < rng.uniform(0, 90)] = 0  # where the rubber did not touch
        return turned(word, float(rng.normal(0, 0.15)))

    def _ink_wave(self, rng: np.random.Generator) -> np.ndarray:
        n = int(rng.integers(3, 14))
        y = np.where(np.arange(n) % 2, 1, -1) * rng.uniform(0, 0.15)
        x = np.linspace(0, rng.uniform(1.5, 5), n)
        return self._ink_strokes([curve(np.stack([x, y], axis=1)) * TALL], 1.0, 0.0, rng)

    # --- ink ------------------------------------------------------------------------------------

    def _ink_mask(self, mask: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        # a hairline that was squeezed is nowhere darker than that
        return self.pen.ink(mask > min(self._level, 0.6 * float(mask.max())), rng)

    def _ink_strokes(
        self, drawn: list[Stroke], aspect: float, slant: float, rng: np.random.Generator
    ) -> np.ndarray:
        sheared = [stroke @ np.array([[aspect, 0], [-slant, 1]]) for stroke in drawn]
        return self.pen.follow(polylines(sheared, 2), rng)


_WRITINGS: dict[str, tuple[float, Callable[[Hand, np.random.Generator], np.ndarray]]] = {
    "letter": (30, Hand._ink_letter),
    "some word": (20, Hand._ink_word),
    "sign": (12, Hand._ink_alone),
    "shape": (14, Hand._ink_shape),
    "crossed out": (5, Hand._ink_crossed_out),
    "signature": (5, Hand._ink_signature),
    "box": (8, Hand._ink_box),
    "stamp": (3, Hand._ink_stamp),
    "wave": (3, Hand._ink_wave),
}
_SHARES = np.array([share for share, _ in _WRITINGS.values()]) / 100


def _barred(seven: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A 7 with a bar across its stem."""
    x, y, wide, high = cv2.boundingRect(seven)
    at = y + rng.uniform(0.45, 0.6) * high
    stem = float(np.flatnonzero(seven[int(at)] > 127).mean()) if seven[int(at)].max() > 127 else x
    half, rise = rng.uniform(0.2, 0.38) * wide, rng.normal(0, 0.05) * high
    bar = np.array([(stem - half, at + rise), (stem + half, at - rise)])
    return polylines([bar], int(rng.integers(4, 9)), seven.copy())


def _word(rng: np.random.Generator) -> str:
    if rng.random() < 0.6:
        text = str(rng.choice(_WORDS.split()))
    else:  # pronounceable, and in no language
        pairs = rng.choice([c + v for c in "bcdfghjklmnprstvwz" for v in "aeiou"], 5)
        text = "".join(pairs)[: int(rng.integers(3, 10))]
        text = text if set(text.upper()) & set(PLAIN) else f"{text}m"  # "solo" could be 5010
    way = int(rng.integers(4))
    return (text, text.upper(), text.capitalize(), text + ":")[way]


def _one_of(paths: tuple[Path, ...], rng: np.random.Generator) -> Path:
    return paths[int(rng.integers(len(paths)))]
