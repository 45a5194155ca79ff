"""Any picture, from anywhere, as upright uint8 pixels; refused early when it cannot be read."""

import io
import os
import threading
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from math import isqrt
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, BinaryIO, TypeAlias

import numpy as np

from digit_classifier.errors import MissingExtraError, PictureError, TooLargeError
from digit_classifier.words import kind_of

if TYPE_CHECKING:
    from PIL import Image

    # And whatever becomes an array by `__array__`, such as a tensor of PyTorch or TensorFlow.
    Source: TypeAlias = (
        "str | os.PathLike[str] | bytes | IO[bytes] | np.ndarray | Image.Image | Picture"
    )

FORMATS = ["PNG", "JPEG", "BMP", "GIF", "WEBP", "TIFF"]  # an MPO opens as JPEG
READABLE = "PNG, JPEG, BMP, GIF, WEBP, TIFF"
# What files of these formats are called, for whoever looks for pictures in a folder.
SUFFIXES = frozenset(
    (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".heic", ".heif")
)
MAX_BYTES = 50_000_000
MAX_PIXELS = 64_000_000

_SIGNATURES = {
    b"\x89PNG": "PNG", b"\xff\xd8\xff": "JPEG", b"GIF8": "GIF", b"BM": "BMP",
    b"II*\0": "TIFF", b"MM\0*": "TIFF",
}  # fmt: skip
_HEIF_BRANDS = {b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1"}
_OPENING = threading.Lock()
ORIENTATION = 274  # of a photograph, among its EXIF tags
# A camera or scanner of 10, 12 or 14 bits stores its values in 16 bits, often unscaled.
_DEPTHS = (255, 1023, 4095, 16383, 65535)
BAND = 1_000_000  # pixels of a large picture that are worked on at a time, which saves memory


@dataclass(frozen=True, eq=False)
class Picture:
    """An upright picture.

    Attributes:
        pixels: uint8, shape (height, width) or (height, width, 3), RGB.
        notes: what a person should know about how it was read.
        name: what errors call it.
    """

    pixels: np.ndarray
    notes: tuple[str, ...] = ()
    name: str = "the picture"

    @property
    def width(self) -> int:
        """In pixels."""
        return int(self.pixels.shape[1])

    @property
    def height(self) -> int:
        """In pixels."""
        return int(self.pixels.shape[0])


def decode(
    source: "Source",
    *,
    max_bytes: int = MAX_BYTES,
    max_pixels: int = MAX_PIXELS,
) -> Picture:
    """Read a picture, turned upright and without transparency.

    Args:
        source: a path; the bytes of a file; a file that is open for reading bytes; an array or
            tensor, uint8, uint16, float (0 to 1 or 0 to 255) or bool, of shape (height, width),
            (height, width, 1), (.., 2), (.., 3) or (.., 4); a PIL image; or what this function
            returned, which stays as it is.
        max_bytes: refuse larger files, before they are read.
        max_pixels: refuse larger pictures, from the header, before they are decoded.
    Returns:
        The picture. Transparent parts get the colour against which the ink shows; 16-bit
        pictures are scaled by their own depth; of an animation the first frame is read.
    Raises:
        TooLargeError: more bytes or pixels than the limits.
        PictureError: not a file, not a picture, truncated or corrupt.
        MissingExtraError: HEIC, and pillow-heif is not installed.
    """
    given: Any = held(source, max_bytes)
    if isinstance(given, Picture):
        return given
    if isinstance(given, np.ndarray):
        _check_pixels("the array", given.shape[1::-1], max_pixels)
        return Picture(from_array(given), name="the array")
    if isinstance(given, (bytes, bytearray, memoryview)):
        data = bytes(given)
        _check_bytes("the picture", len(data), max_bytes)
        return _decode_bytes(data, "the picture", max_pixels)
    if isinstance(given, (str, os.PathLike)):
        _check_address(given)
        data, name = _read(Path(given), max_bytes)
        return _decode_bytes(data, name, max_pixels)
    if hasattr(given, "getexif"):
        return _decode_image(given, "the image", max_pixels)
    raise PictureError(
        f"{kind_of(given)} is not a picture; "
        "give a path, bytes, an open file, a numpy array or a PIL image"
    )


def decode_pages(path: str | os.PathLike[str]) -> Iterator[Picture]:
    """Read all pages of a TIFF file, as scanners write them, or the one picture of another file.

    Args:
        path: of a file.
    Raises:
        As `decode`.
    """
    data, name = _read(Path(path), MAX_BYTES)
    yield _decode_bytes(data, name, MAX_PIXELS)
    if format_of(data) == "TIFF":
        with _open(io.BytesIO(data), ["TIFF"]) as image:
            for page in range(1, getattr(image, "n_frames", 1)):
                image.seek(page)
                yield _decode_image(image, f"{name}, page {page + 1}", MAX_PIXELS)


def format_of(head: bytes) -> str | None:
    """The format of a picture by its first 12 bytes, whole or not; None if it is none we know."""
    if head[4:8] == b"ftyp" and head[8:12] in _HEIF_BRANDS:
        return "HEIC"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WEBP"
    return next((name for sign, name in _SIGNATURES.items() if head.startswith(sign)), None)


def held(source: Any, max_bytes: int = MAX_BYTES) -> Any:
    """An open file as its bytes, a tensor as an array; any other source as it is.

    Raises:
        PictureError: the file does not give bytes, the tensor no array.
    """
    if isinstance(source, (np.ndarray, bytes, str, os.PathLike)) or hasattr(source, "getexif"):
        return source
    try:
        if hasattr(source, "read"):
            data = source.read(max_bytes + 1)
            if isinstance(data, bytes):
                return data
            getattr(data, "close", lambda: None)()  # a coroutine, which nobody will await
            kind = type(data).__name__
            raise PictureError(
                f"an open file gave {kind}, bytes are needed: open it with mode 'rb'"
            )
        return np.asarray(source) if hasattr(source, "__array__") else source
    except (OSError, ValueError, TypeError, RuntimeError) as error:
        reason = str(error).split("\n")[0].rstrip(".")
        raise PictureError(f"{kind_of(source)} gave no picture: {reason}") from None


def _check_address(text: object) -> None:
    """An address is no file, and may be as long as a picture."""
    kind = text.partition(":")[0].lower() if isinstance(text, str) else ""
    if kind in ("http", "https", "ftp"):
        raise PictureError(
            f"{str(text)[:80]} is an address, from which nothing is fetched: download the picture, "
            "or in Python give urllib.request.urlopen(address)"
        )
    if kind == "data":
        raise PictureError(
            f"{str(text)[:30]}... is a data address: give the bytes that "
            "base64.b64decode makes of what follows its comma"
        )


def _read(path: Path, max_bytes: int) -> tuple[bytes, str]:
    name = path.name or str(path)
    try:
        with path.open("rb") as file:
            _check_bytes(name, os.fstat(file.fileno()).st_size, max_bytes)
            data = file.read(max_bytes + 1)  # a pipe has no size to look up
    except FileNotFoundError:
        raise PictureError(f"no file {path}; check the path") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise PictureError(f"{path} cannot be read: {reason}") from None
    _check_bytes(name, len(data), max_bytes)
    return data, name


def _check_bytes(name: str, size: int, limit: int) -> None:
    if size > limit:
        raise TooLargeError(
            f"{name} has {size:,} bytes, at most {limit:,} are read; save it smaller or as JPEG"
        )


def _check_pixels(name: str, size: tuple[int, ...], limit: int) -> None:
    if len(size) == 2 and size[0] * size[1] > limit:
        raise TooLargeError(
            f"{name} has {size[0]:,} x {size[1]:,} pixels, at most {limit:,} are read; "
            "scale it down"
        )


def _decode_bytes(data: bytes, name: str, max_pixels: int) -> Picture:
    from PIL import Image

    if not data:
        raise PictureError(f"{name} is empty; a picture is needed")
    formats = FORMATS
    if (kind := format_of(data)) == "HEIC":
        formats = _register_heif(name)
    try:
        image = _open(io.BytesIO(data), formats)
    except (Image.DecompressionBombWarning, Image.DecompressionBombError):
        raise TooLargeError(
            f"{name} claims far more pixels than the {max_pixels:,} that are read; scale it down"
        ) from None
    except Exception:  # Pillow's readers raise a dozen unrelated classes on broken headers
        if kind:
            raise PictureError(
                f"{name} begins as {kind} and is damaged or cut off; save or download it again"
            ) from None
        more = ", HEIC" if find_spec("pillow_heif") else " (and HEIC with the heic extra)"
        raise PictureError(
            f"{name} is not a picture that can be read, it begins with {data[:8]!r}; "
            f"{READABLE}{more} can"
        ) from None
    with image:
        return _decode_image(image, name, max_pixels)


def _open(file: BinaryIO, formats: list[str]) -> "Image.Image":
    from PIL import Image, TiffImagePlugin, WebPImagePlugin  # noqa: F401  not registered by itself

    # Our own limit follows at once; Pillow's warning would only add a line to somebody's log.
    # The lock is there because the filters belong to the whole process.
    with _OPENING, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        return Image.open(file, formats=formats)


def _register_heif(name: str) -> list[str]:
    try:
        import pillow_heif
    except ModuleNotFoundError:
        raise MissingExtraError(f"{name} is a HEIC picture, and pillow-heif", "heic") from None
    pillow_heif.register_heif_opener()
    return ["HEIF"]


def _decode_image(image: "Image.Image", name: str, max_pixels: int) -> Picture:
    from PIL import ImageOps

    _check_pixels(name, image.size, max_pixels)
    if 0 in image.size:
        raise PictureError(f"{name} has no pixels; a picture is needed")
    try:
        notes = _notes(image)
        if image.getexif().get(ORIENTATION, 1) != 1:
            image = ImageOps.exif_transpose(image)
        pixels = flatten(image)
    except MemoryError:
        raise TooLargeError(f"{name} does not fit into memory; scale it down") from None
    except Exception as error:  # Pillow's decoders raise a dozen unrelated classes on bad data
        reason = str(error).split("\n")[0] or type(error).__name__
        raise PictureError(
            f"{name} is truncated or corrupt ({reason}); save or download it again"
        ) from None
    return Picture(pixels, notes, name)


def _notes(image: "Image.Image") -> tuple[str, ...]:
    frames = getattr(image, "n_frames", 1)
    if frames < 2 or image.format == "MPO":  # in an MPO the others are views of the same scene
        return ()
    what = "several pages" if image.format == "TIFF" else "animated"
    return (f"{what}: only the first of {frames} was read",)


def flatten(image: "Image.Image") -> np.ndarray:
    """Decode the first frame.

    Args:
        image: any mode.
    Returns:
        uint8, shape (height, width) or (height, width, 3), RGB, without transparency.
    """
    if image.mode.startswith("I") or image.mode == "F":
        return from_array(np.asarray(image))
    if image.has_transparency_data:
        mode = "LA" if image.mode in ("L", "LA", "La") else "RGBA"
    else:
        mode = "L" if image.mode in ("1", "L") else "RGB"
    return from_array(np.asarray(image if image.mode == mode else image.convert(mode)))


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
