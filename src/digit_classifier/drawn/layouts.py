"""How writing is laid out: digits, numbers, sums, forms and what else stands on a page.

A layout puts pieces of writing on a sheet in units of a digit's height, x to the right and y down,
and leaves it to `pages` to fit the sheet to a page.
"""

from collections.abc import Callable

import numpy as np

from digit_classifier.drawn.sheet import Piece, Sheet

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
    _neighbours(sheet, one)
    _frame(sheet, one)


def _neighbours(sheet: Sheet, one: Piece) -> None:
    """What stands beside the digit that was cropped, and may be cut off."""
    sides = sheet.rng.permutation(4)[: sheet.count(1, 2)]
    for side in sides if sheet.maybe(0.35) else ():
        away, digit = sheet.some(0.05, 0.45), sheet.maybe(0.6)
        other = sheet.any_digit(0, 0) if digit else sheet.other(0, 0)
        other.beside = True
        other.x = (-other.width - away, one.x, one.width + away, one.x)[side]
        other.y = (one.y, one.y - one.height - away, one.y, one.y + other.height + away)[side]
        line = next(line for line in sheet.lines if one in line)
        if digit and side in (0, 2):
            line.insert(0 if side == 0 else len(line), other)
        elif digit:
            sheet.lines.insert(0 if side == 1 else len(sheet.lines), [other])


def _frame(sheet: Sheet, one: Piece) -> None:
    """On some pages a box or a ring round it, or lines of a cell or of paper that run out of it."""
    left, top = one.x - sheet.some(0.05, 0.35), one.y - one.height - sheet.some(0.05, 0.35)
    right, bottom = one.x + one.width + sheet.some(0.05, 0.35), one.y + sheet.some(0.05, 0.35)
    way = sheet.rng.random()
    if way < 0.12:
        sheet.frame(left, top, right, bottom)
    elif way < 0.2:
        room = sheet.some(0.2, 0.8)
        sheet.ring(left - room, top - room, right + room, bottom + room)
        sheet.fill *= 0.7
    for side in sheet.rng.permutation(4)[: sheet.count(1, 3)] if way > 0.8 else ():
        at, askew = (left, top, right, bottom)[side], sheet.some(-0.2, 0.2)
        ends = [(at - askew, -9.0), (at + askew, 9.0)]
        sheet.rule(*(ends if side in (0, 2) else [(y, x) for x, y in ends]))


@_layout("small", 7)  # the same, far away
def _small(sheet: Sheet) -> None:
    x, y = sheet.some(0.3, sheet.wide - 1), sheet.some(1.1, sheet.high - 0.3)
    sheet.lines.append([sheet.any_digit(x, y)])
    if sheet.maybe(0.3):
        room = sheet.some(0, 1.5)
        enclose = sheet.frame if sheet.maybe(0.4) else sheet.ring
        enclose(x - 0.5 - room, y - 1.4 - room, x + 1.2 + room, y + 0.4 + room)


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
        sheet.sign("-.(+"[sheet.count(0, 3)], -0.8, 0)


@_layout("rows", 5)  # many boxes a page; at times a row of each digit, as samples are collected
def _rows(sheet: Sheet) -> None:
    wide, high = sheet.some(0.75, 1.8), sheet.some(1.15, 2.2)
    columns, rows = (
        sheet.count(1, min(10, sheet.wide / wide)),
        sheet.count(1, min(8, sheet.high / high)),
    )
    left, top = sheet.some(0, sheet.wide - columns * wide), sheet.some(0, sheet.high - rows * high)
    same = sheet.maybe(0.2)
    for row in range(rows):
        _fill_in(sheet, left, top + row * high, columns, wide, high, 0.96, row if same else None)


def _fill_in(
    sheet: Sheet, left: float, top: float, columns: int, wide: float, high: float, share: float,
    digit: int | None = None,
) -> None:  # fmt: skip
    """A row of cells, a digit in the middle of most."""
    line = []
    for x in left + wide * np.arange(columns):
        if sheet.maybe(share):
            size = sheet.some(0.75, 1.05) * min(1.0, high * 0.9)
            piece = sheet.digit(sheet.count(0, 9) if digit is None else digit, x, top, size)
            piece.x += (wide - piece.width) / 2 + float(sheet.rng.normal(0, 0.07))
            piece.y += (high + piece.height) / 2
            line.append(piece)
    sheet.lines.append(line)


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


@_layout("column", 5)
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
            for left in ("0", "00", "0.0") for sign in "+-x:/" for right in ("0", "00")
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
    "0 000,00", "00w", "w00", "0-0", "(0)", "(0,0)", "0.000", "W 00.00", "00 W", "00.00 w",
)  # fmt: skip


@_layout("dates", 8)  # and times, prices, telephone numbers: the smallest of signs is a point
def _dates(sheet: Sheet) -> None:
    sheet.fill = sheet.one_of(0, sheet.some(0.3, 1.0))
    for y in [0.0] if sheet.fill else sheet.rows(sheet.some(1.4, 2.2), 7):
        sheet.write(sheet.fill_in(_DATES), 0.3, y)


@_layout("cells", 6)  # one digit a printed cell, as forms ask for; not all are filled or kept to
def _cells(sheet: Sheet) -> None:
    wide, high = sheet.some(0.9, 1.8), sheet.some(1.15, 2.0)
    gap, down = sheet.one_of(0, sheet.some(0.1, 0.6)), high + sheet.one_of(0, sheet.some(0, 1.5))
    columns = sheet.count(1, min(12, sheet.wide / (wide + gap)))
    rows = sheet.count(1, min(7, sheet.high / down))
    comb, share = sheet.maybe(0.2), sheet.some(0.5, 1.0)  # a comb has no tops
    for top in down * np.arange(rows):
        for x in (wide + gap) * np.arange(columns) + gap / 2:
            corners = [(x, top), (x, top + high), (x + wide, top + high), (x + wide, top)]
            sheet.rule(*corners, *([] if comb else corners[:1]))
        _fill_in(sheet, 0, top, columns, wide + gap, high, share)
    if columns * rows < 4:
        sheet.fill = sheet.some(0.4, 1.0)


@_layout("form", 5)  # labels, and fields with numbers
def _form(sheet: Sheet) -> None:
    small, start = sheet.some(0.5, 1.0), min(sheet.some(2.5, 5), sheet.wide * 0.5)
    boxed, dash = sheet.maybe(0.35), sheet.dash()
    for y in sheet.rows(sheet.some(1.5, 2.6), 8):
        sheet.other(0.2, y, small, start - 0.4, word=sheet.maybe(0.8))
        text = sheet.figures(1, min(8, (sheet.wide - start) / 0.9)) if sheet.maybe(0.9) else ""
        end = max(sheet.write(text, start + 0.2, y) + 0.2, sheet.wide - 0.3)
        if boxed:
            sheet.frame(start, y - 1.3, end, y + 0.2)
        else:
            sheet.rule((start, y + 0.08), (end, y + 0.08), dash=dash)


@_layout("sudoku", 3)
def _sudoku(sheet: Sheet) -> None:
    side, cells = sheet.some(1.15, 1.9), int(sheet.one_of(3, 4, 6, 9))
    share = sheet.some(0.2, 0.8)
    sheet.table(0, 0, cells, cells, side, side, sheet.some(0.01, 0.05))
    sheet.table(0, 0, cells // 3, cells // 3, 3 * side, 3 * side, sheet.some(0.05, 0.12))
    for row in range(cells):
        _fill_in(sheet, 0, row * side, cells, side, side, share)
    sheet.fill = sheet.some(0.7, 1.05)


@_layout("baseline", 6)  # numbers on dotted and dashed lines that they touch or cross
def _baseline(sheet: Sheet) -> None:
    below, dash = float(sheet.rng.normal(0.05, 0.12)), sheet.dash() or (0.0, 0.2)
    for y in sheet.rows(sheet.some(1.3, 2.6), 8):
        x = sheet.some(0.2, 2)
        end = sheet.write(sheet.figures(1, min(9, sheet.wide / 0.9)), x, y)
        sheet.rule((x - 1, y + below), (max(end + 0.5, sheet.wide - 0.3), y + below), dash=dash)


@_layout("squared", 5)  # a digit to a square of squared paper, or two squares high
def _squared(sheet: Sheet) -> None:
    step = sheet.some(0.95, 1.5)
    columns, rows, squares = int(sheet.wide / step), int(sheet.high / step), sheet.count(1, 2)
    sheet.table(
        -step, -step, (columns + 3) * squares, (rows + 3) * squares, step / squares, step / squares
    )
    for row in range(min(8, rows)):
        first = sheet.count(0, 2)
        count = sheet.count(0, min(8, columns - first)) if sheet.maybe(0.7) else 0
        _fill_in(sheet, first * step, row * step, count, step, step, 0.95)


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
        sheet.other(0, 0, size, sheet.wide * 0.6)
    sheet.loose.append(sheet.pieces.pop())


_MIXED = (
    "W 0", "0 W", "w = 0", "0w + 0w = 0", "W 00", "00w", "w0", "w 0, 0 w", "0) W W", "0. W W",
    "w/0", "w - w = 0", "w(0)", "w: 000 W", "00 x w", "w w 0", "w0 + w", "W 0000 W", "W W 0",
    "l = 0", "0l + 0l = 0", "l + l = 00", "0l - 0l = -0", "{ l - 0l = 0", "l + 0l + 0l = 0",
    "0(l - 0) = l", "l0", "0l", "00l", "l-00", "[0, 0]", "{0, l}", "l/0 + 0/l", "W 00l", "l 000 l",
)  # fmt: skip


@_layout("mixed", 14)  # digits among letters, words and signs: formulas, addresses, lists
def _mixed(sheet: Sheet) -> None:
    if sheet.maybe(0.3):
        for _ in range(sheet.count(4, min(30, sheet.wide * sheet.high / 4))):
            _let_loose(sheet, sheet.maybe(0.35))
        return
    ends = [1.0]
    for y in sheet.rows(sheet.some(1.5, 2.4)):
        sheet.write(sheet.fill_in(_MIXED), sheet.some(0.2, 0.8), y)
        ends.append(y)
    if sheet.maybe(0.2):  # a brace holds the rows together
        brace = sheet.sign("{", 0, ends[-1])
        brace.size *= ends[-1] / max(brace.height, 0.5)
        brace.x -= brace.width


@_layout("writing", 20)  # no digit at all; with "mixed" it makes up for the digits of the others
def _writing(sheet: Sheet) -> None:
    way = sheet.rng.random()
    if way < 0.3:  # a sign or a word that fills the picture
        sheet.fill = sheet.some(0.4, 1.0)
        sheet.other(0, 0)
    elif way < 0.75:
        size, words = sheet.some(0.5, 1.1), sheet.some(0.2, 1)
        for y in sheet.rows(sheet.some(1.0, 2.0), 14):
            x = sheet.some(0.2, 1)
            while x < sheet.wide - 0.5 and sheet.maybe(0.95):
                piece = sheet.other(x, y, size, word=sheet.maybe(words))
                x += piece.width + sheet.some(0.2, 0.6)
    else:
        for _ in range(sheet.count(1, 40)):
            _let_loose(sheet, digit=False)


@_layout("empty", 3)  # nothing written; perhaps a printed table
def _empty(sheet: Sheet) -> None:
    columns, rows = sheet.count(1, 6), sheet.count(1, 6)
    if sheet.maybe(0.4):
        wide, high = sheet.wide / columns, sheet.high / rows
        sheet.table(sheet.some(-wide, 0), sheet.some(-high, 0), columns + 1, rows + 1, wide, high)
