"""A picture of a reading: boxes, digits, confidences, and what the network saw. Pillow only."""

import base64
import html as markup
import io
from collections import deque
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from digit_classifier.errors import DigitError
from digit_classifier.picture import decode
from digit_classifier.reader.reading import Digit, Reading, Rejected

if TYPE_CHECKING:
    from digit_classifier.picture.decode import Source

GREEN, RED, INK, PAPER = (0, 140, 60), (200, 30, 30), (30, 30, 30), (255, 255, 255)
# The picture is shown within these many pixels a side, whatever its size.
SMALLEST, LARGEST = WITHIN = 480, 1600
# In a notebook, with digits and without.
SHOWN, SHOWN_EMPTY = 800, 240
ENLARGED = 3  # pixels for each of the 28
CELL = 28 * ENLARGED + 12
CAPTION = 18
# Of the digits' size: what was refused and is smaller is a speck, and shown nowhere.
SPECK = 0.5
# Below no picture, so many of what was seen stand in a row.
ROW = 10
# The last pictures that a notebook read: enough for the cell that shows what it just read, and no
# burden to one that reads ten thousand.
_recent: deque[tuple[Reading, "Source"]] = deque(maxlen=16)


def remember(reading: Reading, picture: "Source") -> None:
    """Keep the picture of a reading for a while, for a notebook to show."""
    _recent.append((reading, picture))


def pixels_of(reading: Reading, picture: "Source | None" = None) -> np.ndarray | None:
    """The picture that was read, uint8; None where it is no longer to be had.

    Raises:
        PictureError: `picture` is given and cannot be read.
    """
    if picture is not None:
        return decode(picture).pixels
    kept = [source for each, source in _recent if each is reading]
    sources = kept or ([reading.file] if reading.file else [])
    try:
        return decode(sources[0]).pixels if sources else None
    except DigitError:
        return None


def html(reading: Reading) -> str:
    """A reading as a notebook shows it: the text, what is to be known of it, and the drawing."""
    lines = [reading.error or reading.text or "no digit", *reading.notes]
    if not reading.digits:
        lines += dict.fromkeys(mark.reason for mark in reading.rejected)
    first, *others = (markup.escape(line).replace("\n", "<br>") for line in lines)
    text = f'<div style="font-size:1.3em">{first}</div>'
    text += "".join(f"<div>{line}</div>" for line in others[:4])
    pixels = pixels_of(reading)
    if reading.error or (pixels is None and not reading.marks):
        return text
    png = io.BytesIO()
    draw(pixels, reading).save(png, "PNG")
    data = base64.b64encode(png.getvalue()).decode()
    width = SHOWN if reading.marks else SHOWN_EMPTY
    alt = f"{reading.text or 'no digit'}: boxes, and what the network saw"
    return (
        f'{text}<img alt="{markup.escape(alt)}" style="max-width:min(100%,{width}px)" '
        f'src="data:image/png;base64,{data}">'
    )


def draw(
    pixels: np.ndarray | None,
    reading: Reading,
    *,
    within: tuple[int, int] = WITHIN,
    row: int | None = None,
) -> Image.Image:
    """Draw what was read.

    Args:
        pixels: uint8, shape (height, width) or (height, width, 3): the upright picture, or None.
        reading: what was read in it.
        within: least and most pixels that the picture's longer side is shown with.
        row: so many of what was seen stand in a row, however narrow the picture; None: as many as
            fit below it, or ten below no picture.
    Returns:
        RGB: the picture with a green box for each digit, a red one for each `?`, and a thin one for
        what else was refused; below it each 28x28 image that the network saw of a digit or a `?`,
        enlarged, with its answer, and how the digits were looked for.
    """
    seen = reading.marks
    if pixels is None:
        picture, scale = Image.new("RGB", (1, 0)), 0.0
        row = row or ROW
    else:
        picture, scale = _fitted(Image.fromarray(pixels).convert("RGB"), *within)
    columns = max(1, picture.width // CELL, min(len(seen), row or 0))
    rows = -(-len(seen) // columns)
    width = max(picture.width, columns * CELL if row else 1)
    label = max(14, picture.width // 70)
    lowest = max((_label_top(mark, scale, label) + label + 4 for mark in seen), default=0)
    top = max(picture.height, round(lowest)) if scale else 0
    height = top + rows * (CELL + CAPTION)
    foot = CAPTION if reading.way and scale else 0
    sheet = Image.new("RGB", (width, max(1, height + foot)), PAPER)
    sheet.paste(picture, (0, 0))
    pen = ImageDraw.Draw(sheet)
    if foot:
        pen.text((6, height + 1), reading.way, fill=INK, font=ImageFont.load_default(13))
    for refused in _refused(reading) if scale else ():
        pen.rectangle(_around(refused, scale), outline=RED, width=1)
    for mark in seen if scale else ():
        _box(pen, mark, scale, label)
    for index, mark in enumerate(seen):
        corner = index % columns * CELL, top + index // columns * (CELL + CAPTION)
        _cell(sheet, pen, mark, corner)
    return sheet


def _refused(reading: Reading) -> list[Rejected]:
    """What is not in the text, such as words, but for specks: beside digits, what is small."""
    sizes = [max(mark.box[2:]) for mark in reading.marks]
    least = SPECK * float(np.median(sizes)) if sizes else 0
    shown = set(map(id, reading.marks))
    return [m for m in reading.rejected if id(m) not in shown and max(m.box[2:]) >= least]


def seen_image(image: np.ndarray, enlarged: int = ENLARGED) -> Image.Image:
    """An image as the network saw it, uint8 (28, 28), each pixel as a small square."""
    side = 28 * enlarged
    return Image.fromarray(image).resize((side, side), Image.Resampling.NEAREST).convert("RGB")


def _fitted(picture: Image.Image, least: int, most: int) -> tuple[Image.Image, float]:
    scale = min(max(1.0, least / max(picture.size)), most / max(picture.size))
    size = max(1, round(picture.width * scale)), max(1, round(picture.height * scale))
    how = Image.Resampling.NEAREST if scale > 1 else Image.Resampling.LANCZOS
    return picture.resize(size, how), scale


def _around(mark: Digit | Rejected, scale: float) -> tuple[float, float, float, float]:
    x, y, width, height = (side * scale for side in mark.box)
    return x - 2, y - 2, x + width + 1, y + height + 1


def _label_top(mark: Digit | Rejected, scale: float, size: int) -> float:
    _, top, _, bottom = _around(mark, scale)
    # below the box where there is no room above
    return top - size - 2 if top >= size + 2 else bottom + 2


def _box(pen: ImageDraw.ImageDraw, mark: Digit | Rejected, scale: float, size: int) -> None:
    box = _around(mark, scale)
    colour = GREEN if isinstance(mark, Digit) else RED
    pen.rectangle(box, outline=colour, width=2)
    label, font = str(mark), ImageFont.load_default(size)
    if pen.textlength(label, font) > box[2] - box[0]:  # it would run into the next one's
        label = label[0]
    # with an edge of paper, to be read on a dark picture too
    at = box[0] + 2, _label_top(mark, scale, size)
    pen.text(at, label, fill=colour, font=font, stroke_width=2, stroke_fill=PAPER)


def _cell(
    sheet: Image.Image, pen: ImageDraw.ImageDraw, mark: Digit | Rejected, corner: tuple[int, int]
) -> None:
    assert mark.image is not None
    x, y = corner
    sheet.paste(seen_image(mark.image), (x + 6, y + 6))
    colour = GREEN if isinstance(mark, Digit) else RED
    pen.text((x + 6, y + CELL - 2), str(mark), fill=colour, font=ImageFont.load_default(13))
