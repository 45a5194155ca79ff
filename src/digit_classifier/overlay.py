"""A picture of a reading: boxes, digits, confidences, and what the network saw. Pillow only."""

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from digit_classifier.reader import Digit, Reading, Rejected
from digit_classifier.reader.reading import percent

GREEN, RED, INK, PAPER = (0, 140, 60), (200, 30, 30), (30, 30, 30), (255, 255, 255)
# The picture is shown within these many pixels a side, whatever its size.
SMALLEST, LARGEST = 480, 1600
ENLARGED = 3  # pixels for each of the 28
CELL = 28 * ENLARGED + 12
CAPTION = 18


def draw(pixels: np.ndarray, reading: Reading) -> Image.Image:
    """Draw what was read.

    Args:
        pixels: uint8, shape (height, width) or (height, width, 3): the upright picture.
        reading: what was read in it.
    Returns:
        RGB: the picture with a green box for each digit and a red one for each mark that is not
        vouched for; below it each 28x28 image that the network saw, enlarged, with its answer.
    """
    picture, scale = _fitted(Image.fromarray(pixels).convert("RGB"))
    # Specks and ruled lines were never shown to the network: their boxes would only clutter.
    seen: list[Digit | Rejected] = [*reading.digits]
    seen += [mark for mark in reading.rejected if mark.image is not None]
    columns = max(1, picture.width // CELL)
    rows = -(-len(seen) // columns)
    sheet = Image.new("RGB", (picture.width, picture.height + rows * (CELL + CAPTION)), PAPER)
    sheet.paste(picture, (0, 0))
    pen = ImageDraw.Draw(sheet)
    for mark in seen:
        _box(pen, mark, scale)
    for index, mark in enumerate(seen):
        corner = index % columns * CELL, picture.height + index // columns * (CELL + CAPTION)
        _cell(sheet, pen, mark, corner)
    return sheet


def seen_image(image: np.ndarray, enlarged: int = ENLARGED) -> Image.Image:
    """An image as the network saw it, uint8 (28, 28), each pixel as a small square."""
    side = 28 * enlarged
    return Image.fromarray(image).resize((side, side), Image.Resampling.NEAREST).convert("RGB")


def _fitted(picture: Image.Image) -> tuple[Image.Image, float]:
    scale = min(max(1.0, SMALLEST / max(picture.size)), LARGEST / max(picture.size))
    size = max(1, round(picture.width * scale)), max(1, round(picture.height * scale))
    how = Image.Resampling.NEAREST if scale > 1 else Image.Resampling.LANCZOS
    return picture.resize(size, how), scale


def _box(pen: ImageDraw.ImageDraw, mark: Digit | Rejected, scale: float) -> None:
    x, y, width, height = (side * scale for side in mark.box)
    colour = GREEN if isinstance(mark, Digit) else RED
    pen.rectangle((x - 2, y - 2, x + width + 1, y + height + 1), outline=colour, width=2)
    label = _label(mark) if isinstance(mark, Digit) else "?" * (mark.image is not None)
    pen.text((x, max(0, y - 18)), label, fill=colour, font=ImageFont.load_default(14))


def _cell(
    sheet: Image.Image, pen: ImageDraw.ImageDraw, mark: Digit | Rejected, corner: tuple[int, int]
) -> None:
    assert mark.image is not None
    x, y = corner
    sheet.paste(seen_image(mark.image), (x + 6, y + 6))
    colour = GREEN if isinstance(mark, Digit) else RED
    text = _label(mark) if isinstance(mark, Digit) else "?"
    pen.text((x + 6, y + CELL - 2), text, fill=colour, font=ImageFont.load_default(13))


def _label(digit: Digit) -> str:
    return f"{digit.digit} {percent(digit.confidence)}"
