"""A contact sheet of pictures that were misread, each with what the network saw."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont, ImageOps

from digit_classifier.atomic import write_png
from digit_classifier.errors import DigitError
from digit_classifier.picture import decode
from digit_classifier.plotting import choose_font

MARGIN, THUMBNAIL, SEEN, CAPTION = 8, 150, 84, 18
COLUMNS = 8  # images of the network in one row
MAX_SHOWN = 150  # mistakes on one sheet; more is a picture that nothing opens


@dataclass(frozen=True, eq=False)
class Mistake:
    """One misread picture.

    Attributes:
        path: the file.
        caption: what is there and what was read.
        seen: label and image (uint8, shape (28, 28)) of each mark the network was shown.
    """

    path: Path
    caption: str
    seen: Sequence[tuple[str, np.ndarray]]


def write_sheet(path: str | Path, mistakes: Sequence[Mistake]) -> None:
    """Draw mistakes one below the other and write them as a PNG file.

    Args:
        path: where the sheet goes.
        mistakes: at most 150 are drawn; the last line says how many are left out.
    Raises:
        OptionError: the name does not end in .png.
        StorageError: the file cannot be written.
    """
    strips = [_strip(mistake) for mistake in mistakes[:MAX_SHOWN]]
    if len(mistakes) > MAX_SHOWN:
        strips.append(_text_strip(f"... and {len(mistakes) - MAX_SHOWN} more"))
    if not strips:
        strips.append(_text_strip("no mistakes"))
    width = max(strip.width for strip in strips)
    sheet = Image.new("RGB", (width, sum(strip.height for strip in strips)), "white")
    top = 0
    for strip in strips:
        sheet.paste(strip, (0, top))
        top += strip.height
    write_png(path, sheet)


def _strip(mistake: Mistake) -> Image.Image:
    rows = max(1, -(-len(mistake.seen) // COLUMNS))
    height = CAPTION + max(THUMBNAIL, rows * (SEEN + CAPTION)) + MARGIN
    left = 2 * THUMBNAIL + 2 * MARGIN
    width = left + min(COLUMNS, max(4, len(mistake.seen))) * (SEEN + MARGIN)
    strip = Image.new("RGB", (width, height), "white")
    pen = ImageDraw.Draw(strip)
    font = ImageFont.load_default(13)
    caption, fitting = choose_font(mistake.caption, 13)
    pen.text((MARGIN, 1), caption, fill="black", font=fitting)
    strip.paste(_thumbnail(mistake.path), (MARGIN, CAPTION))
    for index, (label, image) in enumerate(mistake.seen):
        x = left + index % COLUMNS * (SEEN + MARGIN)
        y = CAPTION + index // COLUMNS * (SEEN + CAPTION)
        enlarged = Image.fromarray(image).resize((SEEN, SEEN), Image.Resampling.NEAREST)
        strip.paste(enlarged.convert("RGB"), (x, y))
        pen.text((x, y + SEEN), label, fill="black", font=font)
    return strip


def _thumbnail(path: Path) -> Image.Image:
    size = 2 * THUMBNAIL - MARGIN, THUMBNAIL
    try:
        shown = Image.fromarray(decode(path).pixels).convert("RGB")
    except DigitError:  # the picture may be the very thing that cannot be read
        return Image.new("RGB", size, "lightgrey")
    return ImageOps.contain(shown, size, Image.Resampling.BICUBIC)


def _text_strip(text: str) -> Image.Image:
    strip = Image.new("RGB", (640, CAPTION + MARGIN), "white")
    ImageDraw.Draw(strip).text((MARGIN, 1), text, fill="black", font=ImageFont.load_default(13))
    return strip
