"""A sheet of writing before it is a page: pieces and rules, in units of a digit."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from digit_classifier.drawn.faces import TALL
from digit_classifier.drawn.hands import Hand

NO_DIGIT = 10  # the label of writing that is no digit
# Signs that stand between digits, and how high over the line they stand, in digits.
FEET = {
    "+": 0.2, "-": 0.42, "=": 0.3, "/": -0.03, ":": 0.15, ".": 0.0, ",": -0.12, "(": -0.1,
    ")": -0.1, "x": 0.15, "[": -0.1, "]": -0.1, "{": -0.1, "}": -0.1,
}  # fmt: skip


@dataclass(eq=False)
class Piece:
    """A digit or other writing: its ink on the scale of `TALL`, and where its foot begins."""

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
        return float(self.ink.shape[1] * self.size / TALL)

    @property
    def height(self) -> float:
        """In units of the sheet."""
        return float(self.ink.shape[0] * self.size / TALL)


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
        self._unsteady, self._uneven = self.some(0, 0.08), self.some(0, 0.15)
        self.tilted = self.some(0, 0.08)
        self._thick = self.some(0.012, 0.08)

    def some(self, low: float, high: float) -> float:
        """A number between the two; `low` where the other is less."""
        return float(self.rng.uniform(low, max(low, high)))

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
        top = 1.1 + self.some(0, self.high - 0.3 - rows * pitch)
        return (top + row * pitch for row in range(rows))

    def digit(self, digit: int, x: float, y: float, size: float = 1.0) -> Piece:
        """Put a digit down."""
        return self._put(self.hand.digit(digit, self.rng), digit, x, y, size)

    def any_digit(self, x: float, y: float, size: float = 1.0) -> Piece:
        """Put any digit down."""
        return self.digit(self.count(0, 9), x, y, size)

    def other(
        self, x: float, y: float, size: float = 1.0, most: float = 6.0, word: bool = False
    ) -> Piece:
        """Put a word down or any other writing that is no digit, at most `most` units wide."""
        ink = self.hand.word(self.rng) if word else self.hand.writing(self.rng)
        size *= min(1.0, most * TALL / (ink.shape[1] * size))
        return self._put(ink, NO_DIGIT, x, y, size)

    def sign(self, text: str, x: float, y: float) -> Piece:
        """Put a sign of `FEET` down."""
        return self._put(self.hand.sign(text, self.rng), NO_DIGIT, x, y - FEET[text], 1.0)

    def write(self, text: str, x: float, y: float, gap: float | None = None) -> float:
        """Write from left to right as a line; return where it ends.

        Args:
            text: digits, spaces, signs of `FEET`; `l` for a letter, `W` for a word, `w` for any
                writing that is no digit.
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
            elif character == "l":
                piece = self._put(self.hand.letter(self.rng), NO_DIGIT, x, y, 1.0)
            elif character in "wW":
                piece = self.other(x, y, word=character == "W")
            else:
                piece = self.sign(character, x, y)
            x += piece.width + max(gap + float(self.rng.normal(0, 0.05)), -0.25 * piece.width)
        self.lines.append(written)
        return x

    def figures(self, low: int, high: float) -> str:
        """From `low` to `high` digits; some repeat one, end in noughts, count or have many 1s."""
        chosen = self.rng.integers(0, 10, self.count(low, high))
        way = self.rng.random()
        if way < 0.06:
            chosen[:] = chosen[0]
        elif way < 0.14:
            chosen[1:] = 0
        elif way < 0.2:
            chosen = (chosen[0] + np.arange(len(chosen))) % 10
        elif way < 0.26:
            chosen[self.rng.random(len(chosen)) < 0.6] = 1
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

    def ring(self, x0: float, y0: float, x1: float, y1: float) -> None:
        """Draw an ellipse in a box, as a pen does: it ends a little beside where it began."""
        first = self.some(0, 2 * np.pi)
        angles = first + np.linspace(0, 2 * np.pi + self.some(-0.3, 0.4), 40)
        reach = np.linspace(1, self.some(0.9, 1.1), 40)
        x, y = np.cos(angles) * reach, np.sin(angles) * reach
        half = (x1 - x0) / 2, (y1 - y0) / 2
        points = np.stack([x0 + half[0] * (1 + x), y0 + half[1] * (1 + y)], axis=1)
        self.rules.append(Rule(points, self._thick))

    def table(
        self,
        x: float,
        y: float,
        columns: int,
        rows: int,
        wide: float,
        high: float,
        thick: float = 0.0,
    ) -> None:
        """Print a table whose cells are `wide` and `high`."""
        right, bottom = x + columns * wide, y + rows * high
        for at in x + wide * np.arange(columns + 1):
            self.rule((at, y), (at, bottom), thick=thick)
        for at in y + high * np.arange(rows + 1):
            self.rule((x, at), (right, at), thick=thick)

    def turn(self) -> np.ndarray:
        """The matrix, 2 by 2, that slopes the sheet."""
        cos, sin = np.cos(self.angle), np.sin(self.angle)
        return np.array([[cos, -sin], [sin, cos]])

    def extent(self) -> tuple[np.ndarray, np.ndarray]:
        """Upper left and lower right of what counts for the fit, sloped."""
        corners = [
            (x, y)
            for piece in self.pieces if not piece.beside
            for x in (piece.x, piece.x + piece.width) for y in (piece.y, piece.y - piece.height)
        ]  # fmt: skip
        turned = np.array(corners or [(0, 0), (self.wide, self.high)]) @ self.turn().T
        return turned.min(axis=0), turned.max(axis=0)

    def dash(self) -> tuple[float, float] | None:
        """Length and gap of a broken line: dots, dashes, or none."""
        kinds = (None, (0.0, self.some(0.1, 0.3)), (self.some(0.1, 0.5), self.some(0.1, 0.4)))
        return kinds[self.count(0, 2)]

    def _put(self, ink: np.ndarray, label: int, x: float, y: float, size: float) -> Piece:
        unsteady, uneven, turn = self.rng.normal(0, (self._unsteady, self._uneven, self.tilted))
        piece = Piece(ink, label, x, y + unsteady * size, size * float(np.exp(uneven)), float(turn))
        self.pieces.append(piece)
        return piece
