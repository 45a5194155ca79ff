"""A contact sheet: rows of labelled digits in one picture."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from digit_classifier.dataset.labelled import Pixels
from digit_classifier.plotting import choose_font

COLUMNS = 20
_SCALE = 2  # each pixel becomes a block of 2 x 2: every pixel of the data can be seen
_TILE = 28 * _SCALE
_GAP = 4
_MARGIN = 28
_LABELS = 44  # width of the column that holds the labels
_APART = 20  # between what leads a row and what follows
_PAPER, _TEXT, _FAINT, _GROUND = 255, 25, 110, 242


class Row(NamedTuple):
    """A line of the sheet: what stands at its left, and uint8 images [n, 28, 28]."""

    label: str
    images: Pixels


def by_class(images: Pixels, labels: Pixels, columns: int = COLUMNS) -> list[Row]:
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


def draw(rows: Sequence[Row], title: str, caption: str = "", *, leading: int = 0) -> Image.Image:
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
    width = max(_LABELS + across * (_TILE + _GAP) - _GAP + apart, int(text)) + 2 * _MARGIN
    height = top + len(rows) * (_TILE + _GAP) - _GAP + _MARGIN
    page = Image.new("L", (width, height), _GROUND)
    pen = ImageDraw.Draw(page)
    pen.text((_MARGIN, _MARGIN - 6), title, fill=_TEXT, font=large)
    for index, (line, small) in enumerate(lines):
        pen.text((_MARGIN, _MARGIN + 34 + 21 * index), line, fill=_FAINT, font=small)
    for index, row in enumerate(rows):
        y = top + index * (_TILE + _GAP)
        pen.text((_MARGIN + 6, y + _TILE // 2), row.label, fill=_TEXT, font=middle, anchor="lm")
        for column, image in enumerate(row.images):
            tile = Image.fromarray(_PAPER - image).resize((_TILE, _TILE), Image.Resampling.NEAREST)
            x = _MARGIN + _LABELS + column * (_TILE + _GAP) + (apart if column >= leading else 0)
            page.paste(tile, (x, y))
    return page
