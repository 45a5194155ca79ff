"""Hands: one writer with one pen each, who writes digits and also what is no digit.

A hand draws its digits from MNIST's images, from the styles that the project draws, from fonts of
handwriting or print, or from seven segments. Whatever the source, its line is found, bent as this
writer bends it, and inked anew with this writer's pen. All ink is uint8, paper 0 and ink 255,
cropped, on a scale on which a tall digit is `faces.TALL` pixels tall.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from digit_classifier.drawn import faces, shapes
from digit_classifier.drawn.faces import TALL
from digit_classifier.drawn.glyphs import FOREIGN, PLAIN
from digit_classifier.drawn.pen import SHIFT, Stroke, arc, curve, line, strokes, wobble
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
    "x": "00 44;40 04",
}
# Single signs that are no digit, whatever stands beside them.
_ALONE = "+-=:.,x%#*<^~@÷±€"
_WORDS = """am an at bei cm der die EUR et fax für g/m kg km les me Nr. of per the to von wk
    Name Datum Date Total Summe Price Preis Adresse Street Ort City Email Phone Telefon Konto Bank
    Menge Betrag Amount Rechnung Invoice Kunde Order Seite Page Week Monat Year Jahr Alter Age Post
    Class Klasse Math Team Points Score Room Raum Answer Lösung Test Aufgabe Task Exam Note Punkte
    Milk Brot Apples Tee Kaffee Huile Prix Nom Rue Ville From Until And With Paid Sum Check Code
    hello thanks meeting remember tomorrow Monday Freitag March August Number Nombre Fecha Importe
    Firma Height Weight Hours Minutes Temperature Pressure Distance Result Measure Sample Reference
    """
_UNLIKE = ("texture", "barred circle")  # no writing; on a page, a slashed zero
_KEPT = 3  # drawings of each digit that a hand has; the rest is turning and stretching them
# holes that a digit's line may have; MNIST's thick ones with a loop run full have no such line
_HOLES = ((1,), (0,), (0, 1), (0,), (0, 1), (0,), (1,), (0,), (2,), (1,))


@dataclass(frozen=True)
class Pen:
    """What a hand writes with.

    Attributes:
        width: of a digit's height; 0 keeps what the source has, give or take `weight` pixels.
        weight: pixels added on each side of the source's own stroke.
        nib: angle of a chisel nib, radians; None for a round one.
        core: share of its width that a worn brush leaves white in the middle.
        pressure: how much the width wavers.
    """

    width: float
    weight: float
    nib: float | None
    core: float
    pressure: float


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
            shares = {"mnist": 0.42, "styles": 0.24, "face": 0.26 if written else 0.04}
            shares |= {"print": 0.05, "segments": 0.03}
        chances = np.array(list(shares.values()))
        self.source = str(rng.choice(list(shares), p=chances / chances.sum()))
        self.pen = _choose_pen(rng, self.source, held_out)
        rare = rng.random(2) < 0.12
        self._aspect = float(np.exp(rng.uniform(-1.05, 0.79) if rare[0] else rng.normal(0, 0.16)))
        self._slant = float(rng.uniform(-0.4, 0.5) if rare[1] else rng.normal(0.05, 0.12))
        self._bend = float(rng.uniform(0, 2.0))
        if self.source in ("print", "segments"):
            self._aspect, self._slant = max(self._aspect, 0.7), self._slant / 2
            self._bend = float(rng.uniform(0, 0.6))
        self._level = float(rng.uniform(90, 150))
        self._models: dict[int, Sequence[np.ndarray | str]] = {}  # a digit -> how it is written
        self._drawn: dict[int | str, list[np.ndarray]] = {}  # what was inked already

    def digit(self, d: int, rng: np.random.Generator) -> np.ndarray:
        """Ink of the digit `d`, uint8, shape (h, w)."""
        return self._again(d, _KEPT, lambda: self._ink_digit(d, rng), rng)

    def writing(self, rng: np.random.Generator) -> np.ndarray:
        """Ink of a letter, word, sign, shape, scribble or stamp: of anything but a digit."""
        kind = str(rng.choice(list(_WRITINGS), p=_SHARES))
        return self._again(kind, _KEPT, lambda: _WRITINGS[kind][1](self, rng), rng)

    def sign(self, text: str, rng: np.random.Generator) -> np.ndarray:
        """Ink of one of `SIGNS`."""
        return self._again(text, 1, lambda: self._ink_sign(text, rng), rng)

    def word(self, rng: np.random.Generator) -> np.ndarray:
        """Ink of a word of two letters or more, written or printed."""
        return self._again("word", 2 * _KEPT, lambda: self._ink_word(rng), rng)

    def _again(
        self, what: int | str, most: int, ink: Callable[[], np.ndarray], rng: np.random.Generator
    ) -> np.ndarray:
        """A new drawing of something, or one of the old, in either case a little other."""
        drawn = self._drawn.setdefault(what, [])
        if not drawn or (len(drawn) < most and rng.random() < 0.5):
            drawn.append(ink())
        return _vary(drawn[int(rng.integers(len(drawn)))], rng)

    @property
    def faces(self) -> tuple[Path, Path]:
        """The fonts of its letters, written and printed."""
        return self._face, self._type

    # --- digits ---------------------------------------------------------------------------------

    def _ink_digit(self, d: int, rng: np.random.Generator) -> np.ndarray:
        if d not in self._models:
            self._models[d] = self._choose_models(d, rng)
        model = self._models[d][int(rng.integers(len(self._models[d])))]
        aspect, slant = self._aspect, self._slant
        if d == 1:  # a flag that is stretched or leans is the bar of a 7
            aspect, slant = float(np.clip(aspect, 0.5, 1.15)), float(np.clip(slant, -0.25, 0.25))
        if d == 7:
            aspect = max(aspect, 0.65)
        if isinstance(model, str):
            return self._ink_strokes(self._put(model, rng), aspect, slant, rng)
        return self._ink_mask(_bent(model, aspect, slant, self._bend, rng), rng)

    def _choose_models(self, d: int, rng: np.random.Generator) -> Sequence[np.ndarray | str]:
        if self.source == "segments":
            return [SEGMENTS[d]]
        if self.source == "styles":
            return [str(rng.choice(STYLES[d]))]
        if self.source == "mnist":
            (known,) = np.nonzero(self._labels == d)
            tries = [_enlarged(self._images[rng.choice(known)]) for _ in range(4)]
            clear = [ink for ink in tries if _holes(ink > self._level) in _HOLES[d]]
            return [*clear, *tries][:2]
        return [faces.write(str(d), self._face if self.source == "face" else self._type, 8)]

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
        return self._ink_strokes(self._put(SIGNS[text], rng), 1.0, self._slant / 2, rng)

    def _ink_letter(self, rng: np.random.Generator) -> np.ndarray:
        letters = FOREIGN if self._held_out and rng.random() < 0.4 else PLAIN
        face = self._type if letters is FOREIGN or rng.random() < 0.25 else self._face
        return self._ink_text(str(rng.choice(list(letters))), face, rng)

    def _ink_alone(self, rng: np.random.Generator) -> np.ndarray:
        text = str(rng.choice(list(_ALONE)))
        return self._ink_sign(text, rng) if text in SIGNS else self._ink_text(text, self._type, rng)

    def _ink_word(self, rng: np.random.Generator) -> np.ndarray:
        return self._ink_text(_word(rng), self._type if rng.random() < 0.3 else self._face, rng)

    def _ink_text(self, text: str, face: Path, rng: np.random.Generator) -> np.ndarray:
        bent = self._bend if face is self._face else 0.3 * self._bend
        slant = self._slant if face is self._face else 0.0
        aspect = float(np.clip(self._aspect, 0.6, 1.4))
        return self._ink_mask(_bent(faces.write(text, face, 8), aspect, slant, bent, rng), rng)

    def _ink_shape(self, rng: np.random.Generator) -> np.ndarray:
        drawn = shapes.HELD_OUT if self._held_out else shapes.DRAWN
        name = str(rng.choice([name for name in drawn if name not in _UNLIKE]))
        size = float(np.exp(rng.normal(0, 0.25)))
        shape: np.ndarray = cv2.resize(drawn[name](rng), None, fx=size, fy=size)
        return shape

    def _ink_crossed_out(self, rng: np.random.Generator) -> np.ndarray:
        ink = _padded(self.digit(int(rng.integers(10)), rng), 12)
        high, wide = ink.shape
        if rng.random() < 0.4:
            through = [line((0, 0), (1, 1)), line((1, 0), (0, 1)), line((0, 0.4), (1, 0.5))]
        else:  # to and fro
            x = np.linspace(0, 1, int(rng.integers(5, 12)))
            through = [np.stack([x, np.where(np.arange(len(x)) % 2, 0.9, 0.1)], axis=1)]
        thick = max(3, round(self.pen.width * TALL))
        return _polylines([(s + 0.5) * (wide, high) for s in wobble(through, rng, 0.1)], thick, ink)

    def _ink_signature(self, rng: np.random.Generator) -> np.ndarray:
        n = int(rng.integers(6, 16))
        x = np.cumsum(rng.uniform(-0.25, 0.6, n))
        y = rng.normal(0, 0.35, n) * np.linspace(1, 0.3, n)
        signed = [curve(np.stack([x, y], axis=1))]
        if rng.random() < 0.4:  # underlined
            signed.append(curve(np.array([(x[0], 0.7), (x.mean(), 0.6), (x[-1], 0.75)])))
        return self._ink_strokes([stroke * TALL for stroke in signed], 1.0, self._slant, rng)

    def _ink_box(self, rng: np.random.Generator) -> np.ndarray:
        wide = float(rng.uniform(1.8, 4))
        if rng.random() < 0.5:  # ticked or crossed
            wide = 1.0
            inside = [line((0.2, 0.5), (0.4, 0.8), (1.1, -0.1))]
            if rng.random() < 0.5:
                inside = [line((0.1, 0.1), (0.9, 0.9)), line((0.1, 0.9), (0.9, 0.1))]
        else:  # a field, empty or divided
            inside = [line((x, 0), (x, 1)) for x in np.arange(1.0, wide) if wide > 3]
        drawn = [line((0, 0), (wide, 0), (wide, 1), (0, 1), (0, 0)), *inside]
        return self._ink_strokes([s * TALL for s in wobble(drawn, rng, 0.04, 0.02)], 1.0, 0.0, rng)

    def _ink_stamp(self, rng: np.random.Generator) -> np.ndarray:
        word = _padded(faces.write(_word(rng), self._type), 16)
        high, wide = word.shape
        middle, half = np.array((wide, high)) / 2, np.array((wide, high)) / 2 - 4
        frame = line((-1, -1), (1, -1), (1, 1), (-1, 1), (-1, -1))
        if rng.random() < 0.3:
            frame, half = arc((0, 0), 1.0), half * 1.35
            word = _padded(word, high // 4, wide // 4)
            middle += (wide // 4, high // 4)
        word = _polylines([frame * half + middle], int(rng.integers(2, 6)), word)
        noise = rng.integers(0, 256, (high // 2, wide // 2), np.uint8)
        coarse = cv2.resize(noise, word.shape[::-1], interpolation=cv2.INTER_CUBIC)
        word[coarse < rng.uniform(0, 90)] = 0  # where the rubber did not touch
        return _turned(word, float(rng.normal(0, 0.15)))

    def _ink_wave(self, rng: np.random.Generator) -> np.ndarray:
        n = int(rng.integers(3, 14))
        y = np.where(np.arange(n) % 2, 1, -1) * rng.uniform(0, 0.15)
        x = np.linspace(0, rng.uniform(1.5, 5), n)
        return self._ink_strokes([curve(np.stack([x, y], axis=1)) * TALL], 1.0, 0.0, rng)

    # --- ink ------------------------------------------------------------------------------------

    def _ink_strokes(
        self, drawn: list[Stroke], aspect: float, slant: float, rng: np.random.Generator
    ) -> np.ndarray:
        sheared = [stroke @ np.array([[aspect, 0], [-slant, 1]]) for stroke in drawn]
        return self._ink_line(_polylines(sheared, 2), rng)

    def _ink_mask(self, mask: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        ink = mask > self._level
        if self.pen.width:
            return self._ink_line(_thin(ink), rng)
        return _heavier(ink, self.pen.weight)

    def _ink_line(self, thin: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Go along a line with the pen; with a finer one where it would fill or close a loop."""
        width = self.pen.width or 0.09
        radius = max(width * TALL / (1 - width) / 2, 0.9)
        holes = _holes(thin)
        for _ in range(6):
            ink, away = self._stroked(thin, radius, rng)
            if radius < 1.5 or _holes(ink > 96) == holes:
                break
            radius *= 0.75
        if self.pen.core and radius > 3:
            reach = radius * self.pen.core * (1.0 if self.pen.nib is None else 0.45)
            ink -= np.minimum(ink, np.clip((reach + 0.5 - away) * 255, 0, 255).astype(np.uint8))
        size = TALL / (TALL + 2 * radius)
        smaller: np.ndarray = cv2.resize(ink, None, fx=size, fy=size, interpolation=cv2.INTER_AREA)
        return smaller

    def _stroked(
        self, thin: np.ndarray, radius: float, rng: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray]:
        """Ink along a line, and how far from the line each pixel is."""
        room = int(np.ceil(1.4 * radius)) + 3
        drawn = _padded((thin > 0).astype(np.uint8), room)
        if self.pen.nib is not None:
            drawn, radius = cv2.dilate(drawn, _nib(radius, self.pen.nib)), 0.45 * radius
        away = cv2.distanceTransform(1 - drawn, cv2.DIST_L2, 3)
        away = cv2.GaussianBlur(away, (0, 0), 1.0) - 0.3  # no stairs; blurring lifts its valley
        reach = np.float32(radius)
        if self.pen.pressure:
            swell = 1 + self.pen.pressure * rng.normal(0, 1, (3, 3)).clip(-1.2, 1.2)
            size = (drawn.shape[1], drawn.shape[0])
            reach = cv2.resize((radius * swell).astype(np.float32), size)
        return np.clip((reach + 0.5 - away) * 255, 0, 255).astype(np.uint8), away


_WRITINGS: dict[str, tuple[float, Callable[[Hand, np.random.Generator], np.ndarray]]] = {
    "letter": (30, Hand._ink_letter),
    "some word": (22, Hand._ink_word),
    "sign": (12, Hand._ink_alone),
    "shape": (14, Hand._ink_shape),
    "crossed out": (6, Hand._ink_crossed_out),
    "signature": (5, Hand._ink_signature),
    "box": (5, Hand._ink_box),
    "stamp": (3, Hand._ink_stamp),
    "wave": (3, Hand._ink_wave),
}
_SHARES = np.array([share for share, _ in _WRITINGS.values()]) / 100


def _choose_pen(rng: np.random.Generator, source: str, held_out: bool) -> Pen:
    width = float(np.exp(rng.uniform(*np.log((0.02, 0.2)))))
    if rng.random() < 0.06:  # a brush
        width = float(rng.uniform(0.2, 0.3))
    own = {"mnist": 0.4, "face": 0.6, "print": 0.9}.get(source, 0.0)
    if rng.random() < own:
        return Pen(0.0, float(rng.normal(0.3, 1.2)), None, 0.0, 0.0)
    nib = None
    if rng.random() < 0.15:  # nobody who is held out holds a nib as others do
        nib = float(rng.uniform(-1.1, -0.3) if held_out else rng.uniform(0.2, 1.2))
    core = float(rng.uniform(0.3, 0.8)) if width > 0.14 and rng.random() < 0.2 else 0.0
    return Pen(width, 0.0, nib, core, float(rng.uniform(0, 0.35)))


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


def _enlarged(image: np.ndarray) -> np.ndarray:
    """An MNIST image at the size at which its 20-pixel box is `TALL` pixels."""
    x, y, wide, high = cv2.boundingRect(image)
    near = _padded(image[y : y + high, x : x + wide], 3)
    large: np.ndarray = cv2.resize(
        near, None, fx=TALL / 20, fy=TALL / 20, interpolation=cv2.INTER_CUBIC
    )
    return large


def _bent(
    mask: np.ndarray, aspect: float, slant: float, bend: float, rng: np.random.Generator
) -> np.ndarray:
    """Stretch, slant and bend; `bend` is the standard deviation of a coarse field, pixels."""
    high, wide = mask.shape
    out = (int(wide * aspect + abs(slant) * high) + 4, high + 4)
    x = np.arange(out[0], dtype=np.float32)[None] - out[0] / 2
    y = np.arange(out[1], dtype=np.float32)[:, None] - out[1] / 2
    coarse = rng.normal(0, bend, (4, max(4, 4 * wide // high), 2)).astype(np.float32)
    field = cv2.resize(coarse, out, interpolation=cv2.INTER_CUBIC)
    at_x = ((x + slant * y) / aspect + wide / 2 + field[..., 0]).astype(np.float32)
    at_y = (y + high / 2 + field[..., 1]).astype(np.float32)
    bent: np.ndarray = cv2.remap(mask, at_x, at_y, cv2.INTER_LINEAR)
    return bent


def _vary(ink: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The same drawing as the hand would repeat it, a little other; cropped."""
    turn, shear = rng.normal(0, 0.03, 2)
    across, down = np.exp(rng.normal(0, 0.04, 2))
    high, wide = ink.shape
    matrix = np.array([[across, shear - turn], [turn, down]])
    reach = np.abs(matrix) @ (wide, high) + 2
    shift = reach / 2 - matrix @ (wide / 2, high / 2)
    size = (int(reach[0]) + 1, int(reach[1]) + 1)
    varied = cv2.warpAffine(ink, np.column_stack([matrix, shift]), size)
    return _crop(varied)


def _turned(ink: np.ndarray, angle: float) -> np.ndarray:
    high, wide = ink.shape
    matrix = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    reach = np.abs(matrix) @ (wide, high)
    shift = reach / 2 - matrix @ (wide / 2, high / 2)
    size = (int(reach[0]) + 1, int(reach[1]) + 1)
    turned: np.ndarray = cv2.warpAffine(ink, np.column_stack([matrix, shift]), size)
    return turned


def _padded(ink: np.ndarray, high: int, wide: int | None = None) -> np.ndarray:
    wide = high if wide is None else wide
    padded: np.ndarray = cv2.copyMakeBorder(ink, high, high, wide, wide, cv2.BORDER_CONSTANT)
    return padded


def _crop(ink: np.ndarray) -> np.ndarray:
    x, y, wide, high = cv2.boundingRect(cv2.threshold(ink, 40, 255, cv2.THRESH_TOZERO)[1])
    return np.ascontiguousarray(ink[y : y + high, x : x + wide])


def _polylines(drawn: list[Stroke], thick: int, onto: np.ndarray | None = None) -> np.ndarray:
    """Draw strokes given in pixels, onto a picture or cropped to themselves."""
    if onto is None:
        corners = np.concatenate(drawn)
        low = corners.min(axis=0) - thick - 1
        wide, high = np.ceil(corners.max(axis=0) - low).astype(int) + thick + 2
        drawn, onto = [stroke - low for stroke in drawn], np.zeros((high, wide), np.uint8)
    lining = cv2.LINE_AA if thick > 2 else cv2.LINE_8
    for stroke in drawn:
        points = np.round(stroke * (1 << SHIFT)).astype(np.int32)
        cv2.polylines(onto, [points], False, 255, thick, lining, SHIFT)
    return onto


def _heavier(ink: np.ndarray, weight: float) -> np.ndarray:
    """Move the edge of a shape outwards by `weight` pixels, or inwards, and smooth it."""
    solid = _padded(ink.astype(np.uint8), 4)
    inside = cv2.distanceTransform(solid, cv2.DIST_L2, 3)
    edge = inside - cv2.distanceTransform(1 - solid, cv2.DIST_L2, 3)
    # a hairline keeps its middle
    weight = max(weight, 0.8 - float(np.median(inside[solid > 0])))
    edge = cv2.GaussianBlur(edge, (0, 0), 0.8) + weight
    heavier: np.ndarray = np.clip((edge + 0.5) * 255, 0, 255).astype(np.uint8)
    return heavier


def _nib(radius: float, angle: float) -> np.ndarray:
    """The edge of a chisel as a kernel."""
    half = int(np.ceil(radius))
    kernel = np.zeros((2 * half + 1, 2 * half + 1), np.uint8)
    x, y = round(radius * np.cos(angle)), round(radius * np.sin(angle))
    cv2.line(kernel, (half - x, half + y), (half + x, half - y), 1, 1)
    return kernel


def _holes(ink: np.ndarray) -> int:
    """How many holes a shape has that a person would see."""
    found, nested = cv2.findContours(ink.astype(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    if nested is None:
        return 0
    return sum(
        above >= 0 and cv2.contourArea(outline) > 6
        for outline, above in zip(found, nested[0, :, 3], strict=True)
    )


def _thinning() -> tuple[np.ndarray, np.ndarray]:
    """For each neighbourhood of a pixel, whether it stays, in the two steps of thinning."""
    bits = np.arange(256)[:, None] >> np.arange(8) & 1  # N, NE, E, SE, S, SW, W, NW
    n, _, e, _, s, _, w, _ = bits.T
    neighbours = bits.sum(axis=1)
    ends = ((bits == 0) & (np.roll(bits, -1, axis=1) == 1)).sum(axis=1) == 1
    rim = (neighbours >= 2) & (neighbours <= 6) & ends
    first = rim & (n * e * s == 0) & (e * s * w == 0)
    second = rim & (n * e * w == 0) & (n * s * w == 0)
    return (~first).astype(np.uint8), (~second).astype(np.uint8)


_STAYS = _thinning()
_AROUND = np.array([[128, 1, 2], [64, 0, 4], [32, 16, 8]], np.float32)


def _thin(ink: np.ndarray) -> np.ndarray:
    """The middle line of a shape, one pixel wide, as uint8 of 0 and 1.

    Source: T. Y. Zhang, C. Y. Suen, "A fast parallel algorithm for thinning digital patterns"
    (1984).
    """
    rest = ink.astype(np.uint8)
    left = -1
    while (now := cv2.countNonZero(rest)) != left:
        left = now
        for stays in _STAYS:
            around = cv2.filter2D(rest, -1, _AROUND, borderType=cv2.BORDER_CONSTANT)
            rest &= cv2.LUT(around, stays)
    return rest
