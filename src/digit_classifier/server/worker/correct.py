"""One corrected picture made ready to be kept: bytes in, bytes out, in a reading process."""

import io
from typing import Any

import numpy as np

from digit_classifier.picture import Picture, decode, normalise
from digit_classifier.reader import DigitReader
from digit_classifier.server.errors import ApiError

Box = tuple[int, int, int, int]
# The paper around a digit that is cut out: to be sure of the ink's edge, and to show what is paper.
_MARGIN, _PAPER = 0.04, 0.2


def answer(_: DigitReader, *, data: bytes, box: Any, pixels: int) -> bytes:
    """Carry one request out.

    Args:
        data: a picture file.
        box: x, y, width, height of the one digit that is meant; None where there is no other.
        pixels: the most that are read.
    Returns:
        A PNG file, upright and without what a camera wrote beside its pixels.
    Raises:
        PictureError: as `picture.decode`.
        TooLargeError: more pixels.
        NoInkError: nothing is drawn there, so that it would spoil a later training.
        ApiError: 422, no box inside the picture.
    """
    picture = decode(data, max_pixels=pixels)
    inside = _box(box, picture)
    part = picture.pixels if inside is None else cut_out(picture.pixels, inside)
    normalise(Picture(part, name="the picture"))
    return png(part)


def cut_out(pixels: np.ndarray, box: Box) -> np.ndarray:
    """One digit with paper around it, and nothing of its neighbours.

    Args:
        pixels: uint8, shape (height, width) or (height, width, 3).
        box: x, y, width, height of its ink.
    Returns:
        The same kind of array: the box and a narrow margin, framed by more of the margin's paper.
    """
    import cv2  # as in picture/: only where it is needed, for a start under a second

    x, y, width, height = box
    margin = max(2, round(_MARGIN * max(width, height)))
    part = pixels[max(0, y - margin) : y + height + margin, max(0, x - margin) : x + width + margin]
    frame = max(4, round(_PAPER * max(width, height)))
    framed: np.ndarray = cv2.copyMakeBorder(part, frame, frame, frame, frame, cv2.BORDER_REPLICATE)
    return framed


def png(pixels: np.ndarray) -> bytes:
    """A picture as the bytes of a PNG file."""
    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(pixels).save(file, format="PNG")
    return file.getvalue()


def _box(value: Any, picture: Picture) -> Box | None:
    if value is None:
        return None
    whole = isinstance(value, list) and len(value) == 4
    if not whole or any(not isinstance(v, int) or isinstance(v, bool) for v in value):
        raise ApiError(422, "bad_input", "`box` must be four whole numbers: x, y, width, height.")
    x, y, width, height = value
    inside = x + width <= picture.width and y + height <= picture.height
    if x < 0 or y < 0 or width < 1 or height < 1 or not inside:
        raise ApiError(
            422,
            "bad_input",
            f"`box` does not lie inside the picture of {picture.width} x {picture.height} pixels.",
        )
    return x, y, width, height
