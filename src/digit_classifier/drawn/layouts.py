"""How writing is laid out: digits, numbers, sums, forms and what else stands on a page.

A layout puts pieces of writing on a sheet in units of a digit's height, x to the right and y down,
and leaves it to `pages` to fit the sheet to a page.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Protocol

import cv2
import numpy as np

from digit_classifier.drawn.pen import Stroke, arc, line

NO_DIGIT = 10  # the label of writing that is no digit
UNIT = 64  # pixels of a hand's tall digit
_KEPT = 4  # drawings of a digit that a page draws before it repeats one


class Hand(Protocol):
    """Who writes a page: one pen, one slant, one tone; `hands.choose` gives one."""

    def digit(self, d: int, rng: np.random.Generator) -> np.ndarray:
        """Ink of a digit, uint8, cropped, about `UNIT` pixels tall."""
        ...

    def writing(self, rng: np.random.Generator) -> tuple[np.ndarray, int]:
        """Ink of a letter, word, sign or scribble on the same scale, and how many characters."""
        ...


@dataclass(eq=False)
class Piece:
    """A digit or other writing: its ink on the scale of `UNIT`, and where its foot begins."""

    ink: np.ndarray
    label: int
    x: float
    y: float
    size: float = 1.0
    turn: float = 0.0
    beside: bool = False  # does not count when the sheet is fitted to the page, so it may be cut

    @property
    def width(self) -> float:
        """In units of the sheet."""
        return float(self.ink.shape[1] * self.size / UNIT)

    @property
    def height(self) -> float:
        """In units of the sheet."""
        return float(self.ink.shape[0] * self.size / UNIT)


@dataclass(eq=False)
class Rule:
    """A printed line through points; its width and the length and gap of dashes in units."""

    points: np.ndarray
    thick: float
    dash: tuple[float, float] | None = None


@dataclass(eq=False)
class Sheet:
    """What a layout has put down, and the means to put down more.

    Attributes:
        wide, high: of the page, in units.
        angle: slope of the whole, radians.
        fill: how much of the page the content shall take; 0 for the size that it has.
        loose: pieces that are put wherever there is room.
        lines: the digits of each line, from left to right.
    """

    rng: np.random.Generator
    hand: Hand
    wide: float
    high: float
    angle: float = 0.0
    fill: float = 0.0
    pieces: list[Piece] = field(default_factory=list)
    loose: list[Piece] = field(default_factory=list)
    rules: list[Rule] = field(default_factory=list)
    lines: list[list[Piece]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._inks: dict[int, list[np.ndarray]] = {}
        self._unsteady, self._uneven = self.some(0, 0.08), self.some(0, 0.15)
        self.tilted = self.some(0, 0.08)
        self._pen = self.some(0.04, 0.14)
        self._thick = self.some(0.012, 0.08)
        # a broad brush that leaves its middle white
        self._core = self.some(0.25, 0.8) if self.maybe(0.06) else 0.0

    def some(self, low: float, high: float) -> float:
        """A number between the two."""
        return float(self.rng.uniform(low, high))

    def count(self, low: int, high: float) -> int:
        """A whole number from `low` to `high`, which may be less than `low`."""
        return int(self.rng.integers(low, max(low, int(high)) + 1))

    def maybe(self, chance: float) -> bool:
        """Whether this time."""
        return bool(self.rng.random() < chance)

    def one_of(self, *ways: float) -> float:
        """Any of the numbers."""
        return ways[int(self.rng.integers(len(ways)))]

    def rows(self, pitch: float, most: int = 9) -> Iterator[float]:
        """The feet of as many rows as the page has, or fewer."""
        full = max(1, min(most, int((self.high - 0.3) / pitch)))
        rows = full if self.maybe(0.5) else self.count(1, full)
        top = 1.1 + self.some(0, max(0.0, self.high - 0.3 - rows * pitch))
        return (top + row * pitch for row in range(rows))

    def digit(self, digit: int, x: float, y: float, size: float = 1.0) -> Piece:
        """Put a digit down; a page with many has some of them alike."""
        inks = self._inks.setdefault(digit, [])
        if len(inks) < _KEPT:
            inks.append(self._cored(self.hand.digit(digit, self.rng)))
            return self._put(inks[-1], digit, x, y, size)
        return self._put(inks[int(self.rng.integers(_KEPT))], digit, x, y, size)

    def any_digit(self, x: float, y: float, size: float = 1.0) -> Piece:
        """Put any digit down."""
        return self.digit(self.count(0, 9), x, y, size)

    def word(self, x: float, y: float, size: float = 1.0, most: float = 6.0) -> Piece:
        """Put any writing down that is no digit; never wider than `most` units."""
        ink, _ = self.hand.writing(self.rng)
        width = ink.shape[1] * size / UNIT
        return self._put(ink, NO_DIGIT, x, y, size * min(1.0, most / width))

    def sign(self, name: str, x: float, y: float, size: float = 1.0) -> Piece:
        """Put a sign down, of `SIGNS`."""
        ink, foot = _sign(name, self._pen, self.rng)
        return self._put(ink, NO_DIGIT, x, y - foot * size, size)

    def write(self, text: str, x: float, y: float, gap: float | None = None) -> float:
        """Write from left to right as a line; return where it ends.

        Args:
            text: digits, spaces, names of `SIGNS`; `w` for any other writing.
            x: where it begins.
            y: its foot.
            gap: between neighbours; negative where they overlap.
        """
        gap = self.some(0.02, 0.35) if gap is None else gap
        written = []
        for character in text:
            if character == " ":
                x += 0.6
                continue
            if character.isdigit():
                piece = self.digit(int(character), x, y)
                written.append(piece)
            else:
                piece = self.word(x, y) if character == "w" else self.sign(character, x, y)
            x += piece.width + max(gap + float(self.rng.normal(0, 0.05)), -0.25 * piece.width)
        self.lines.append(written)
        return x

    def figures(self, low: int, high: float) -> str:
        """From `low` to `high` digits; some numbers repeat one, end in noughts, or count."""
        chosen = self.rng.integers(0, 10, self.count(low, high))
        way = self.rng.random()
        if way < 0.06:
            chosen[:] = chosen[0]
        elif way < 0.14:
            chosen[1:] = 0
        elif way < 0.2:
            chosen = (chosen[0] + np.arange(len(chosen))) % 10
        return "".join(map(str, chosen))

    def fill_in(self, patterns: tuple[str, ...]) -> str:
        """One of the patterns, with other digits for each 0."""
        pattern = patterns[int(self.rng.integers(len(patterns)))]
        return "".join(str(self.count(0, 9)) if c == "0" else c for c in pattern)

    def rule(
        self,
        *points: tuple[float, float],
        thick: float = 0.0,
        dash: tuple[float, float] | None = None,
    ) -> None:
        """Print a line."""
        self.rules.append(Rule(np.array(points, float), thick or self._thick, dash))

    def frame(self, x0: float, y0: float, x1: float, y1: float) -> None:
        """Print a box."""
        self.rule((x0, y0), (x1, y0), (x1, y1), (x0, y1), (x0, y0))

    def dash(self) -> tuple[float, float] | None:
        """Length and gap of a broken line: dots, dashes, or none."""
        kinds = (None, (0.0, self.some(0.1, 0.3)), (self.some(0.1, 0.5), self.some(0.1, 0.4)))
        return kinds[self.count(0, 2)]

    def _put(self, ink: np.ndarray, label: int, x: float, y: float, size: float) -> Piece:
        unsteady, uneven, turn = self.rng.normal(0, (self._unsteady, self._uneven, self.tilted))
        piece = Piece(ink, label, x, y + unsteady * size, size * float(np.exp(uneven)), float(turn))
        self.pieces.append(piece)
        return piece

    def _cored(self, ink: np.ndarray) -> np.ndarray:
        if not self._core:
            return ink
        broad = 2 * cv2.distanceTransform(np.pad(ink, 1), cv2.DIST_L2, 3).max()
        if broad < 8:
            return ink
        side = int(broad * self._core) | 1
        kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
        core = cv2.erode(ink, kernel, borderType=cv2.BORDER_CONSTANT, borderValue=0)
        hollow: np.ndarray = ink - core // 4 * 3
        return hollow


# name -> strokes in units, y down; the height of their foot over the line
SIGNS: dict[str, tuple[list[Stroke], float]] = {
    ".": ([line((0, 0), (0.03, 0.02))], 0.0),
    ",": ([line((0.07, 0), (0, 0.2))], -0.15),
    ":": ([line((0, 0), (0.02, 0.02)), line((0, 0.4), (0.02, 0.42))], 0.15),
    "-": ([line((0, 0), (0.4, 0))], 0.42),
    "+": ([line((0, 0.25), (0.5, 0.25)), line((0.25, 0), (0.25, 0.5))], 0.2),
    "=": ([line((0, 0), (0.5, 0)), line((0, 0.22), (0.5, 0.22))], 0.3),
    "/": ([line((0, 1.1), (0.5, 0))], -0.05),
    "x": ([line((0, 0), (0.4, 0.4)), line((0.4, 0), (0, 0.4))], 0.15),
    "(": ([arc((0.9, 0.6), 0.75, 2.45, 1.4)], -0.1),
    ")": ([arc((-0.6, 0.6), 0.75, -0.7, 1.4)], -0.1),
    "[": ([line((0.25, 0), (0, 0), (0, 1.2), (0.25, 1.2))], -0.1),
    "]": ([line((0, 0), (0.25, 0), (0.25, 1.2), (0, 1.2))], -0.1),
    "*": ([line((0, 2), (4, 2)), line((1, 0), (3, 4)), line((3, 0), (1, 4))], 0.4),
    "%": ([arc((0.1, 0.15), 0.12), line((0, 0.9), (0.6, 0)), arc((0.5, 0.75), 0.12)], 0.0),
    "#": ([line((2, 0), (1, 9)), line((5, 0), (4, 9)), *(line((0, y), (6, y)) for y in (3, 6))], 0),
    "^": ([line((0, 0.3), (0.2, 0), (0.4, 0.3))], 0.7),
    "<": ([line((0.5, 0), (0, 0.25), (0.5, 0.5))], 0.2),
    "{": ([line((3, 0), (1.5, 1), (1.5, 5), (0, 6), (1.5, 7), (1.5, 11), (3, 12))], -0.1),
}  # fmt: skip
for _name in "*#{":  # drawn in tenths
    SIGNS[_name] = ([stroke / 10 for stroke in SIGNS[_name][0]], SIGNS[_name][1])


def _sign(name: str, pen: float, rng: np.random.Generator) -> tuple[np.ndarray, float]:
    """Ink of a sign and the height of its foot over the line of writing."""
    strokes, foot = SIGNS[name]
    across, down = np.exp(rng.normal(0, 0.12, 2))
    matrix = np.array([[across, 0], [rng.normal(0, 0.08), down]])
    bent = [stroke @ matrix + rng.normal(0, 0.01, stroke.shape) for stroke in strokes]
    points = np.concatenate(bent)
    low, reach = points.min(axis=0), np.ptp(points, axis=0)
    thick = max(1, round(pen * UNIT))
    width, height = np.ceil(reach * UNIT).astype(int) + thick + 2
    ink = np.zeros((height, width), np.uint8)
    for stroke in bent:
        at = np.round(((stroke - low) * UNIT + thick / 2 + 0.5) * 16).astype(np.int32)
        cv2.polylines(ink, [at], False, 255, thick, cv2.LINE_AA, 4)
    return ink, foot


# How often each layout is drawn: what people photograph most, and what is hardest, most often.
LAYOUTS: dict[str, tuple[float, Callable[[Sheet], None]]] = {}


def _layout(
    name: str, share: float
) -> Callable[[Callable[[Sheet], None]], Callable[[Sheet], None]]:
    def add(layout: Callable[[Sheet], None]) -> Callable[[Sheet], None]:
        LAYOUTS[name] = (share, layout)
        return layout

    return add


@_layout("single", 16)  # the commonest picture of all, and one box a page
def _single(sheet: Sheet) -> None:
    sheet.fill = sheet.one_of(sheet.some(0.5, 0.9), sheet.some(0.85, 1.0))
    one = sheet.any_digit(0, 0)
    sheet.lines.append([one])
    _leftovers(sheet, one)


def _leftovers(sheet: Sheet, one: Piece) -> None:
    """Frames, lines and neighbours at the edges of a tight crop."""
    sides = sheet.rng.permutation(4)[: sheet.count(1, 2)]
    for side in sides if sheet.maybe(0.35) else ():
        away = sheet.some(0.05, 0.45)
        other = sheet.any_digit(0, 0) if sheet.maybe(0.6) else sheet.word(0, 0)
        other.beside = True
        other.x = (one.width + away, -other.width - away, one.x, one.x)[side]
        other.y = (one.y, one.y, one.y + other.height + away, one.y - one.height - away)[side]
    left, top = one.x - sheet.some(0.05, 0.35), one.y - one.height - sheet.some(0.05, 0.35)
    right, bottom = one.x + one.width + sheet.some(0.05, 0.35), one.y + sheet.some(0.05, 0.35)
    way = sheet.rng.random()
    if way < 0.12:
        sheet.frame(left, top, right, bottom)
    elif way < 0.3:  # lines of a cell or of paper, longer than the picture
        for side in sheet.rng.permutation(4)[: sheet.count(1, 3)]:
            at, askew = (left, top, right, bottom)[side], sheet.some(-0.2, 0.2)
            ends = [(at - askew, -9.0), (at + askew, 9.0)]
            sheet.rule(*(ends if side in (0, 2) else [(y, x) for x, y in ends]))


@_layout("small", 6)  # the same, far away
def _small(sheet: Sheet) -> None:
    x, y = sheet.some(0.3, sheet.wide - 1), sheet.some(1.1, sheet.high - 0.3)
    sheet.lines.append([sheet.any_digit(x, y)])
    if sheet.maybe(0.15):
        sheet.frame(x - 0.5, y - 1.4, x + 1.2, y + 0.4)


@_layout("number", 16)  # neighbours that touch are the hardest to tell apart
def _number(sheet: Sheet) -> None:
    gap = sheet.one_of(sheet.some(-0.2, 0.05), sheet.some(0, 0.3), sheet.some(0.3, 1.2))
    end = sheet.write(sheet.figures(2, min(12, sheet.wide * 1.4)), 0, 0, gap)
    sheet.fill = sheet.some(0.3, 1.0) if sheet.maybe(0.75) else 0.0
    way = sheet.rng.random()
    if way < 0.25:
        sheet.rule((-3, 0.12), (end + 3, 0.12 + sheet.some(-0.1, 0.1)), dash=sheet.dash())
    elif way < 0.35:
        sheet.frame(-0.3, -1.4, end + 0.2, 0.4)
    if sheet.maybe(0.15):
        sheet.sign("-.(*#"[sheet.count(0, 4)], -0.8, 0)


@_layout("rows", 5)  # many boxes a page
def _rows(sheet: Sheet) -> None:
    across = sheet.some(0.75, 1.8)
    columns = sheet.count(1, min(10, (sheet.wide - 0.4) / across))
    left = sheet.some(0.2, max(0.3, sheet.wide - columns * across))
    same = sheet.maybe(0.2)  # a row of each digit, as samples are collected
    for row, y in enumerate(sheet.rows(sheet.some(1.15, 2.2), 8)):
        feet = [left + column * across for column in range(columns) if sheet.maybe(0.96)]
        sheet.lines.append(
            [sheet.digit(row, x, y) if same else sheet.any_digit(x, y) for x in feet]
        )


@_layout("lines", 7)  # numbers in lines that are even, staggered, climbing or steep
def _lines(sheet: Sheet) -> None:
    if sheet.maybe(0.5):
        sheet.angle = sheet.some(-0.35, 0.35)
    staggered = sheet.one_of(0, sheet.some(0, 2))
    climb = sheet.one_of(0, sheet.some(-0.15, 0.15))
    for y in sheet.rows(sheet.some(1.2, 2.4)):
        x, first = 0.3 + sheet.some(0, staggered), len(sheet.pieces)
        text = sheet.figures(1, min(10, (sheet.wide - x) / 0.8))
        sheet.write(f"{text[:3]} {text[3:]}" if sheet.maybe(0.3) else text, x, y)
        for piece in sheet.pieces[first:]:
            piece.y += climb * (piece.x - x)


@_layout("column", 4)
def _column(sheet: Sheet) -> None:
    pitch, longest = sheet.some(1.1, 2.0), sheet.count(1, 4)
    for x in (0.4, longest + 1.6)[: sheet.count(1, 2)]:
        for y in sheet.rows(pitch) if x + longest < sheet.wide else ():
            text = sheet.figures(1, longest)
            sheet.write(text, x + (longest - len(text)) * 0.75, y)
    if sheet.maybe(0.3):
        sheet.rule((longest + 0.9, 0), (longest + 0.9, sheet.high))


@_layout("stacked", 4)  # two numbers, one above the other, at times between lines
def _stacked(sheet: Sheet) -> None:
    sheet.fill = sheet.some(0.4, 1.0)
    apart, gap = sheet.some(1.05, 1.6), sheet.some(-0.1, 0.3)
    text = sheet.figures(1, 5)
    end = sheet.write(text, 0, 0, gap)
    sheet.write(sheet.figures(1, len(text)), sheet.some(0, 0.3), apart, gap)
    for y in (-1.3, apart - 1.1, apart + 0.15):
        if sheet.maybe(0.3):
            sheet.rule((-3, y), (end + 3, y))


@_layout("sum", 5)  # in a line, or one below the other over a rule
def _sum(sheet: Sheet) -> None:
    if sheet.maybe(0.6):
        patterns = tuple(
            f"{left} {sign} {right}{end}"
            for left in ("0", "00", "0.0") for sign in "+-x:/*" for right in ("0", "00")
            for end in ("", " =", " = 0", " = 00", " = -0")
        )  # fmt: skip
        sheet.fill = sheet.one_of(0, sheet.some(0.2, 0.95))
        for y in [0.0] if sheet.fill else sheet.rows(1.8, 5):
            text = sheet.fill_in(patterns)
            sheet.write(text if sheet.maybe(0.7) else text.replace(" ", ""), 0.3, y)
        return
    longest, rows = sheet.count(1, 4), sheet.count(2, 4)
    for row in range(rows + 1):
        text = sheet.figures(longest if row == rows else 1, longest)
        sheet.write(text, 1 + (longest - len(text)) * 0.85, row * 1.3, 0.2)
    sheet.sign("+-x"[sheet.count(0, 2)], 0, (rows - 1) * 1.3)
    sheet.rule((-0.2, rows * 1.3 - 1.15), (1 + longest, rows * 1.3 - 1.15))
    sheet.fill = sheet.some(0.4, 0.95)


_DATES = (
    "00.00.0000", "00/00/00", "0000-00-00", "0.0.00", "00:00", "0:00:00", "+00 000 0000000",
    "(000) 000-0000", "000-000", "00 00 00 00", "0.00", "00,00", "0,0", "000.00", "-00", "-0.0",
    "0 000,00", "00%", "#00", "0-0", "[0]", "(0,0)", "0.000", "w 00.00", "00 w", "0^0", "0<0",
)  # fmt: skip


@_layout("dates", 8)  # and times, prices, telephone numbers: the smallest of signs is a point
def _dates(sheet: Sheet) -> None:
    sheet.fill = sheet.one_of(0, sheet.some(0.3, 1.0))
    for y in [0.0] if sheet.fill else sheet.rows(sheet.some(1.4, 2.2), 7):
        sheet.write(sheet.fill_in(_DATES), 0.3, y)


@_layout("cells", 6)  # one digit a printed cell, as forms ask for; not all are filled or kept to
def _cells(sheet: Sheet) -> None:
    wide, high = sheet.some(0.9, 1.8), sheet.some(1.15, 2.0)
    gap = sheet.one_of(0, sheet.some(0.1, 0.6))
    columns = sheet.count(1, min(12, sheet.wide / (wide + gap)))
    comb, full = sheet.maybe(0.2), sheet.some(0.5, 1.0)  # a comb has no tops
    feet = list(sheet.rows(high + sheet.one_of(0, sheet.some(0, 1.5)), 7))
    for foot in feet:
        written = []
        for x in 0.2 + np.arange(columns) * (wide + gap):
            corners = [(x, foot - high), (x, foot), (x + wide, foot), (x + wide, foot - high)]
            sheet.rule(*corners, *([] if comb else corners[:1]))
            if sheet.maybe(full):
                written.append(_in_cell(sheet, x, foot - high, wide, high))
        sheet.lines.append(written)
    if columns * len(feet) < 4:
        sheet.fill = sheet.some(0.4, 1.0)


def _in_cell(sheet: Sheet, x: float, top: float, wide: float, high: float) -> Piece:
    """A digit about the middle of a cell, a little smaller than it."""
    piece = sheet.any_digit(x, top, sheet.some(0.75, 1.05) * min(1.0, high * 0.9))
    piece.x += (wide - piece.width) / 2 + float(sheet.rng.normal(0, 0.07))
    piece.y += (high + piece.height) / 2
    return piece


@_layout("form", 5)  # labels, and fields with numbers
def _form(sheet: Sheet) -> None:
    small, start = sheet.some(0.5, 1.0), min(sheet.some(2.5, 5), sheet.wide * 0.5)
    boxed, dash = sheet.maybe(0.35), sheet.dash()
    for y in sheet.rows(sheet.some(1.5, 2.6), 8):
        sheet.word(0.2, y, small, most=start - 0.4)
        text = sheet.figures(1, min(8, (sheet.wide - start) / 0.9)) if sheet.maybe(0.9) else ""
        end = max(sheet.write(text, start + 0.2, y) + 0.2, sheet.wide - 0.3)
        if boxed:
            sheet.frame(start, y - 1.3, end, y + 0.2)
        else:
            sheet.rule((start, y + 0.08), (end, y + 0.08), dash=dash)


@_layout("sudoku", 3)
def _sudoku(sheet: Sheet) -> None:
    side, cells = sheet.some(1.15, 1.9), int(sheet.one_of(3, 4, 6, 9))
    thin, broad, full = sheet.some(0.01, 0.05), sheet.some(0.05, 0.12), sheet.some(0.2, 0.8)
    for at in range(cells + 1):
        thick = broad if at % 3 == 0 else thin
        sheet.rule((at * side, 0), (at * side, cells * side), thick=thick)
        sheet.rule((0, at * side), (cells * side, at * side), thick=thick)
    for row in range(cells):
        filled = [column for column in range(cells) if sheet.maybe(full)]
        sheet.lines.append([_in_cell(sheet, c * side, row * side, side, side) for c in filled])
    sheet.fill = sheet.some(0.7, 1.05)


@_layout("baseline", 5)  # numbers on dotted and dashed lines that they touch or cross
def _baseline(sheet: Sheet) -> None:
    below, dash = float(sheet.rng.normal(0.05, 0.12)), sheet.dash() or (0.0, 0.2)
    for y in sheet.rows(sheet.some(1.3, 2.6), 8):
        x = sheet.some(0.2, 2)
        end = sheet.write(sheet.figures(1, min(9, sheet.wide / 0.9)), x, y)
        sheet.rule((x - 1, y + below), (max(end + 0.5, sheet.wide - 0.3), y + below), dash=dash)


@_layout("squared", 4)  # a digit to a square of squared paper, or two squares high
def _squared(sheet: Sheet) -> None:
    squares = sheet.count(1, 2)
    step = sheet.some(0.95, 1.5)
    for at in np.arange(0.1, max(sheet.wide, sheet.high), step / squares):
        sheet.rule((at, -1), (at, sheet.high + 1), thick=sheet._thick / 2)
        sheet.rule((-1, at), (sheet.wide + 1, at), thick=sheet._thick / 2)
    for row in range(min(8, int(sheet.high / step))):
        first = sheet.count(0, 2)
        last = first + sheet.count(0, min(8, sheet.wide / step - first)) if sheet.maybe(0.7) else 0
        sheet.lines.append(
            [
                _in_cell(sheet, 0.1 + c * step, 0.1 + row * step, step, step)
                for c in range(first, last)
            ]
        )


@_layout("scattered", 5)  # each for itself, of sizes and turns that differ
def _scattered(sheet: Sheet) -> None:
    sheet.tilted = sheet.some(0, 0.3)
    for _ in range(sheet.count(2, min(24, sheet.wide * sheet.high / 4))):
        _let_loose(sheet, sheet.maybe(0.85))


def _let_loose(sheet: Sheet, digit: bool) -> None:
    size = float(np.exp(sheet.rng.normal(0, 0.25)))
    if digit:
        sheet.lines.append([sheet.any_digit(0, 0, size)])
    else:
        sheet.word(0, 0, size, most=sheet.wide * 0.6)
    sheet.loose.append(sheet.pieces.pop())


_MIXED = (
    "w 0", "0 w", "w = 0", "0w + 0w = 0", "w 00", "00w", "w0", "w 0, 0 w", "0) w w", "0. w w",
    "w/0", "w - w = 0", "w(0)", "{ 0w", "w: 000 w", "00 x w", "w w 0", "w^0 + w", "w 0000 w",
)  # fmt: skip


@_layout("mixed", 10)  # digits among letters, words and signs: formulas, addresses, lists
def _mixed(sheet: Sheet) -> None:
    if sheet.maybe(0.3):
        for _ in range(sheet.count(4, min(30, sheet.wide * sheet.high / 4))):
            _let_loose(sheet, sheet.maybe(0.35))
        return
    for y in sheet.rows(sheet.some(1.5, 2.4)):
        sheet.write(sheet.fill_in(_MIXED), sheet.some(0.2, 0.8), y)


@_layout("writing", 18)  # no digit at all; with "mixed" it makes up for the digits of the others
def _writing(sheet: Sheet) -> None:
    way = sheet.rng.random()
    if way < 0.3:  # a sign or a word that fills the picture
        sheet.fill = sheet.some(0.4, 1.0)
        if sheet.maybe(0.35):
            sheet.sign(list(SIGNS)[sheet.count(0, len(SIGNS) - 1)], 0, 0)
        else:
            sheet.word(0, 0)
    elif way < 0.75:
        size = sheet.some(0.6, 1.1)
        for y in sheet.rows(sheet.some(1.0, 2.0), 14):
            x = sheet.some(0.2, 1)
            while x < sheet.wide - 0.5 and sheet.maybe(0.95):
                x += sheet.word(x, y, size).width + sheet.some(0.2, 0.6)
    else:
        for _ in range(sheet.count(1, 40)):
            _let_loose(sheet, digit=False)


@_layout("empty", 3)  # nothing written; perhaps a printed table
def _empty(sheet: Sheet) -> None:
    for full, other, across in ((sheet.wide, sheet.high, True), (sheet.high, sheet.wide, False)):
        step = full / sheet.count(1, 6)
        for at in np.arange(step / 2, full, step) if sheet.maybe(0.3) else ():
            ends = ((at, 0.0), (at, other))
            sheet.rule(*(ends if across else [(y, x) for x, y in ends]))
