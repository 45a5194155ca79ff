"""A contact sheet: captioned pictures side by side in rows."""

from collections.abc import Sequence

from PIL import Image, ImageDraw

from digit_classifier.plotting import choose_font

_GAP, _CAPTION = 8, 18
_GROUND = (242, 242, 242)  # on which white paper has an edge


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
