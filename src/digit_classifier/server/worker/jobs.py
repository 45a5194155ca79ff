"""What a reading process is asked to do with one picture: bytes in, bytes out."""

import base64
import io
from collections.abc import Sequence
from typing import Any

import numpy as np
import orjson

from digit_classifier.picture import Picture, decode, normalise, page_marks
from digit_classifier.reader import DigitReader, Reading
from digit_classifier.server.errors import bad_input

Box = Sequence[int]  # x, y, width, height
# The paper around a digit that is cut out: to be sure of the ink's edge, and to show what is paper.
_MARGIN, _PAPER = 0.04, 0.2


def read(
    reader: DigitReader,
    data: bytes,
    *,
    name: str | None,
    single: bool,
    details: bool,
    threshold: float | None,
    pixels: int,
) -> tuple[bytes, int]:
    """Carry one request out.

    Args:
        reader: what reads.
        data: a picture file.
        name: what its sender calls it.
        single: it holds one digit.
        details: also give what the network saw of each mark.
        threshold: the least confidence for a digit; None for the model's own rule.
        pixels: the most that are read.
    Returns:
        JSON, and how many digits it holds.
    Raises:
        PictureError: as `picture.decode`.
        TooLargeError: more pixels.
    """
    reading = reader.read(decode(data, max_pixels=pixels), single, threshold)
    said = _detailed(reading) if details else reading.to_dict()
    # a name in an odd character set may hold half a character
    called = name and name.encode("utf-8", "replace").decode()
    return orjson.dumps({**said, "file": called}), len(reading.digits)


def warm_up(reader: DigitReader) -> None:
    """Read a bar, so that the first user does not wait for what is imported and set up once."""
    paper = np.full((100, 100), 255, np.uint8)
    paper[20:80, 45:55] = 0
    decode(_png(paper))
    reader.read(paper)


def correct(_: DigitReader, *, data: bytes, box: Box | None, pixels: int) -> bytes:
    """Carry one request out.

    Args:
        data: a picture file.
        box: x, y, width, height of the one digit that is meant, none below 0; None where there is
            no other.
        pixels: the most that are read.
    Returns:
        A PNG file, upright and without what a camera wrote beside its pixels.
    Raises:
        PictureError: as `picture.decode`.
        TooLargeError: more pixels.
        NoInkError: nothing is drawn there, so that it would spoil a later training.
        ApiError: 422, no box inside the picture, or none where it shows a page.
    """
    picture = decode(data, max_pixels=pixels)
    if box is not None:
        _check_inside(box, picture)
    elif marks := page_marks(picture):
        raise bad_input(
            f"The picture shows {marks} marks, and a correction is of one digit. Send `box`: x, y, "
            "width and height of the digit that is meant.",
        )
    part = picture.pixels if box is None else _cut_out(picture.pixels, box)
    normalise(Picture(part, name="the picture"))
    return _png(part)


def _cut_out(pixels: np.ndarray, box: Box) -> np.ndarray:
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


def _png(pixels: np.ndarray) -> bytes:
    """A picture as the bytes of a PNG file."""
    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(pixels).save(file, format="PNG")
    return file.getvalue()


def _check_inside(box: Box, picture: Picture) -> None:
    x, y, width, height = box
    inside = x + width <= picture.width and y + height <= picture.height
    if width < 1 or height < 1 or not inside:
        raise bad_input(
            f"`box` does not lie inside the picture of {picture.width} x {picture.height} pixels.",
        )


def _detailed(reading: Reading) -> dict[str, Any]:
    result = reading.to_dict()
    for digit, entry in zip(reading.digits, result["digits"], strict=True):
        entry["image"] = _base64(digit.image)
    for mark, entry in zip(reading.rejected, result["rejected"], strict=True):
        entry["image"] = None if mark.image is None else _base64(mark.image)
    return result


def _base64(image: np.ndarray) -> str:
    return base64.b64encode(np.ascontiguousarray(image).tobytes()).decode()
