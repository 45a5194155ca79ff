"""Contact sheets: captioned pictures side by side in rows, and digits in labelled rows."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from digit_classifier.plotting import choose_font

_GAP, _CAPTION = 8, 18
_GROUND = (242, 242, 242)  # on which white paper has an edge
# Of the sheet of digits.
COLUMNS = 20
_SCALE = 2  # each pixel becomes a block of 2 x 2: every pixel of the data can be seen
_TILE = 28 * _SCALE
_BETWEEN = 4
_MARGIN = 28
_LABELS = 44  # width of the column that holds the labels
_APART = 20  # between what leads a row and what follows
_PAPER, _TEXT, _FAINT, _BEHIND = 255, 25, 110, 242


def draw(
    tiles: Sequence[tuple[str, Image.Image | None]], columns: int, narrowest: int = 320
) -> Image.Image:
    """Draw pictures in rows, each below its caption.

    Args:
        tiles: at least one: a caption, cut off where its picture ends, and a picture of any mode;
            None for a caption alone.
        columns: how many stand in a row.
        narrowest: the least width of a tile, in pixels.
    Returns:
        A colour picture ("RGB"), dark on light grey.
    """
    rows = [tiles[at : at + columns] for at in range(0, len(tiles), columns)]
    tile = max([narrowest, *(picture.width for _, picture in tiles if picture)])
    heights = [max([0, *(each.height for _, each in row if each)]) for row in rows]
    across = min(columns, len(tiles)) * (tile + _GAP) + _GAP
    sheet = Image.new("RGB", (across, sum(heights) + len(rows) * (_CAPTION + _GAP)), _GROUND)
    pen = ImageDraw.Draw(sheet)
    y = 0
    for row, height in zip(rows, heights, strict=True):
        for column, (caption, picture) in enumerate(row):
            x = _GAP + column * (tile + _GAP)
            caption, font = choose_font(caption, 13)
            while font.getlength(caption) > tile:
                caption = caption[:-2] + "…"
            pen.text((x, y + 1), caption, fill="black", font=font)
            if picture:
                sheet.paste(picture.convert("RGB"), (x, y + _CAPTION))
        y += _CAPTION + height + _GAP
    return sheet


class Row(NamedTuple):
    """A line of the sheet: what stands at its left, and uint8 images [n, 28, 28]."""

    label: str
    images: np.ndarray


def by_class(images: np.ndarray, labels: np.ndarray, columns: int = COLUMNS) -> list[Row]:
    """Pick up to `columns` images of each class, spread evenly over the data.

    Args:
        images: uint8, shape (n, 28, 28).
        labels: uint8, shape (n,).
        columns: how many of each class.
    Returns:
        A row for each class that occurs, "0" first.
    """
    rows = []
    for digit in np.unique(labels):
        members = np.flatnonzero(labels == digit)
        count = min(columns, len(members))
        rows.append(Row(str(digit), images[members[np.arange(count) * len(members) // count]]))
    return rows


def draw_rows(
    rows: Sequence[Row], title: str, caption: str = "", *, leading: int = 0
) -> Image.Image:
    """Draw the rows one below the other, ink dark on white paper.

    Args:
        rows: at least one; they may differ in length.
        title: the first line, large.
        caption: below it, small; may have several lines.
        leading: so many images at the left of each row stand apart from what follows them.
    Returns:
        A grey picture ("L"), no wider than the longest row needs, or the text.
    """
    middle = ImageFont.load_default(24)
    title, large = choose_font(title, 26)
    across = max(len(row.images) for row in rows)
    lines = [choose_font(line, 15) for line in caption.splitlines()]
    top = _MARGIN + 40 + 21 * len(lines) + 8
    text = max(large.getlength(title), *(small.getlength(line) for line, small in lines), 0)
    apart = _APART if leading else 0
    width = max(_LABELS + across * (_TILE + _BETWEEN) - _BETWEEN + apart, int(text)) + 2 * _MARGIN
    height = top + len(rows) * (_TILE + _BETWEEN) - _BETWEEN + _MARGIN
    page = Image.new("L", (width, height), _BEHIND)
    pen = ImageDraw.Draw(page)
    pen.text((_MARGIN, _MARGIN - 6), title, fill=_TEXT, font=large)
    for index, (line, small) in enumerate(lines):
        pen.text((_MARGIN, _MARGIN + 34 + 21 * index), line, fill=_FAINT, font=small)
    for index, row in enumerate(rows):
        y = top + index * (_TILE + _BETWEEN)
        pen.text((_MARGIN + 6, y + _TILE // 2), row.label, fill=_TEXT, font=middle, anchor="lm")
        for column, image in enumerate(row.images):
            tile = Image.fromarray(_PAPER - image).resize((_TILE, _TILE), Image.Resampling.NEAREST)
            x = (
                _MARGIN
                + _LABELS
                + column * (_TILE + _BETWEEN)
                + (apart if column >= leading else 0)
            )
            page.paste(tile, (x, y))
    return page
