"""One picture read: bytes in, bytes out, in a reading process."""

import base64
from typing import Any

import numpy as np
import orjson

from digit_classifier.picture import decode
from digit_classifier.reader import DigitReader, Reading
from digit_classifier.server.worker.correct import png


def answer(
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
    decode(png(paper))
    reader.read(paper)


def _detailed(reading: Reading) -> dict[str, Any]:
    result = reading.to_dict()
    for digit, entry in zip(reading.digits, result["digits"], strict=True):
        entry["image"] = _base64(digit.image)
    for mark, entry in zip(reading.rejected, result["rejected"], strict=True):
        entry["image"] = None if mark.image is None else _base64(mark.image)
    return result


def _base64(image: np.ndarray) -> str:
    return base64.b64encode(np.ascontiguousarray(image).tobytes()).decode()
