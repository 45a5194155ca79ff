"""Pixel formats: every mode of Pillow and every dtype, as grey or RGB of 8 bits, opaque."""

from math import isqrt
from typing import TYPE_CHECKING

import numpy as np

from digit_classifier.errors import PictureError

if TYPE_CHECKING:
    from PIL import Image

# A camera or scanner of 10, 12 or 14 bits stores its values in 16 bits, often unscaled.
_DEPTHS = (255, 1023, 4095, 16383, 65535)
BAND = 1_000_000  # pixels of a large picture that are worked on at a time, which saves memory


def flatten(image: "Image.Image") -> np.ndarray:
    """Decode the first frame.

    Args:
        image: any mode.
    Returns:
        uint8, shape (height, width) or (height, width, 3), RGB, without transparency.
    """
    if image.mode == "L" and "transparency" not in image.info:
        return np.asarray(image)
    if image.mode.startswith("I") or image.mode == "F":
        return from_array(np.asarray(image))
    if image.mode == "1":
        return np.asarray(image.convert("L"))
    if image.has_transparency_data:
        mode = "LA" if image.mode in ("L", "LA", "La") else "RGBA"
        image = image if image.mode == mode else image.convert(mode)
        colour, alpha = _colour(image, mode[:-1]), np.asarray(image.getchannel("A"))
        return compose(colour[..., None] if colour.ndim == 2 else colour, alpha)
    return np.asarray(image if image.mode == "RGB" else image.convert("RGB"))


def _colour(image: "Image.Image", mode: str) -> np.ndarray:
    """An image in another mode, a band at a time: at once it would be in memory thrice."""
    width, height = image.size
    band = max(1, BAND // width)
    if height <= band:
        return np.asarray(image.convert(mode))
    starts = range(0, height, band)
    bands = (image.crop((0, top, width, min(top + band, height))) for top in starts)
    return np.concatenate([np.asarray(each.convert(mode)) for each in bands])


def from_array(array: np.ndarray) -> np.ndarray:
    """Bring an array to 8 bits and drop its transparency.

    Args:
        array: bool, integer (0 to 65535) or float (0 to 1, or 0 to 255), of shape
            (height, width) or (height, width, 1 to 4): grey, grey and alpha, RGB, RGBA; or a
            batch of one such.
    Returns:
        uint8, shape (height, width) or (height, width, 3).
    Raises:
        PictureError: another shape, dtype or range.
    """
    while array.ndim > 2 and array.shape[0] == 1 and (array.ndim > 3 or array.shape[2] > 4):
        array = array[0]
    if array.ndim not in (2, 3) or 0 in array.shape or array.shape[2:] > (4,):
        raise PictureError(_misshapen(array.shape))
    pixels = _to_bytes(array)
    if pixels.ndim == 2 or pixels.shape[2] == 3:
        return pixels
    if pixels.shape[2] == 1:
        return pixels[..., 0]
    return compose(pixels[..., :-1], pixels[..., -1])


def _misshapen(shape: tuple[int, ...]) -> str:
    """Why an array of this shape is no picture, and what may have been meant."""
    meant = "(height, width) or (height, width, 1 to 4) is"
    if len(shape) == 1 and shape[0] > 1 and isqrt(shape[0]) ** 2 == shape[0]:
        meant += f". Of a flat image give array.reshape({isqrt(shape[0])}, {isqrt(shape[0])})"
    elif len(shape) in (3, 4) and 0 not in shape:
        meant += ". Of several pictures give one, array[0], or give all of them to read_many"
        if shape[0] in (2, 3, 4):
            meant += "; of one whose channels come first, numpy.moveaxis(array, 0, -1)"
    return f"an array of shape {shape} is not a picture; {meant}"


def _to_bytes(array: np.ndarray) -> np.ndarray:
    if array.dtype == np.uint8:
        return array
    if array.dtype == np.bool_:
        return array.astype(np.uint8) * np.uint8(255)
    if array.dtype.kind not in "iuf":
        raise PictureError(f"an array of dtype {array.dtype} is not a picture; uint8 is")
    low, high = float(array.min()), float(array.max())  # float16 does not know 65535
    if not (low >= 0 and high <= 65535):  # also catches NaN
        raise PictureError(
            f"an array with values from {low} to {high} is not a picture; "
            "0 to 255, or 0 to 1 as float, is"
        )
    if array.dtype.kind == "f" and high <= 1:
        top = 1
    else:
        top = next(depth for depth in _DEPTHS if high <= depth)
    if top == 255 and array.dtype.kind in "iu":
        return array.astype(np.uint8)
    scaled = array.astype(np.float32)
    scaled *= 255 / top
    scaled += 0.5
    return scaled.astype(np.uint8)


def compose(colour: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """Put a picture with transparency on the background against which its ink shows.

    Args:
        colour: uint8, shape (height, width, 1 or 3).
        alpha: uint8, shape (height, width); 0 is transparent.
    Returns:
        uint8, shape (height, width) or (height, width, 3).
    """
    if alpha.min() == 255:
        return colour[..., 0] if colour.shape[2] == 1 else np.ascontiguousarray(colour)
    from PIL import Image

    paper = tuple(_paper(colour, alpha).tolist())
    result = np.empty(colour.shape, np.uint8)
    height, width = colour.shape[:2]
    band = max(1, BAND // width)
    for top in range(0, height, band):
        here = slice(top, top + band)
        ink = Image.fromarray(colour[here].squeeze(2) if len(paper) == 1 else colour[here])
        behind = Image.new(ink.mode, ink.size, paper if len(paper) > 1 else paper[0])
        behind.paste(ink, mask=Image.fromarray(alpha[here]))
        result[here] = np.asarray(behind).reshape(result[here].shape)
    return result[..., 0] if colour.shape[2] == 1 else result


def _paper(colour: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    step = max(1, max(alpha.shape) // 512)  # a sample is enough to judge by
    colour, alpha = colour[::step, ::step], alpha[::step, ::step]
    solid = alpha >= max(1, int(alpha.max()) // 2)
    if not alpha.any():
        return np.full(colour.shape[2], 255, np.uint8)
    shown = colour[solid]
    light = shown.mean(axis=1)
    low, high = np.percentile(light, [2, 98])
    if high - low > 60 and solid.mean() > 0.4:
        # A page with its own ink and transparent corners: go on with the page.
        result: np.ndarray = np.median(shown, axis=0).astype(np.uint8)
        return result
    # Only ink is there (or only paper, with the ink cut out): the far end shows it best.
    return np.full(colour.shape[2], 255 if light.mean() < 128 else 0, np.uint8)
