"""A contact sheet of drawn pages, with a box round everything that is written on them."""

from collections.abc import Sequence

from PIL import Image, ImageDraw, ImageFont

from digit_classifier.drawn.layouts import NO_DIGIT
from digit_classifier.drawn.pages import DrawnPage

_COLUMNS, _TILE, _GAP, _TITLE = 6, 320, 8, 16
_DIGIT, _OTHER, _GROUND, _TEXT = (0, 150, 60), (225, 60, 60), (240, 240, 240), (25, 25, 25)


def draw(pages: Sequence[DrawnPage]) -> Image.Image:
    """Draw pages six in a row, each with its kind and the numbers that are to be read.

    Args:
        pages: at least one; larger ones are made smaller.
    Returns:
        A colour picture ("RGB"): green boxes are digits, red ones other writing.
    """
    rows = -(-len(pages) // _COLUMNS)
    step, down = _TILE + _GAP, _TILE + _GAP + _TITLE
    size = (min(len(pages), _COLUMNS) * step + _GAP, rows * down + _GAP)
    sheet = Image.new("RGB", size, _GROUND)
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(12)
    for index, page in enumerate(pages):
        x, y = _GAP + index % _COLUMNS * step, _GAP + index // _COLUMNS * down
        words = ": ".join([page.kind, " ".join(text for text, _ in page.numbers)])
        pen.text((x, y), words[:52], fill=_TEXT, font=font)
        sheet.paste(_boxed(page), (x, y + _TITLE))
    return sheet


def _boxed(page: DrawnPage) -> Image.Image:
    picture = Image.fromarray(page.pixels).convert("RGB")
    scale = min(1.0, _TILE / max(picture.size))
    picture = picture.resize([max(1, round(side * scale)) for side in picture.size])
    pen = ImageDraw.Draw(picture)
    for (x0, y0, x1, y1), label in zip(page.boxes * scale, page.labels, strict=True):
        pen.rectangle((x0 - 1, y0 - 1, x1, y1), outline=_OTHER if label == NO_DIGIT else _DIGIT)
    return picture
