"""The IDX format of the MNIST files, plain or gzipped, read without trusting a byte of it.

An IDX file is: two zero bytes, a type byte (8: unsigned byte), the number of dimensions, each
dimension as four big-endian bytes, then the values in C order.
Source: LeCun, Cortes, Burges, "The MNIST database", the section on the file format.
"""

import gzip
import io
import math
import re
import zlib
from pathlib import Path

import numpy as np

from digit_classifier.dataset.labelled import Arrays, Pixels, check, reading
from digit_classifier.errors import DataError
from digit_classifier.shell import digits

# The names of the published files, in the order of `Arrays`.
STEMS = ("train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1")
_TRAIN_IMAGES = r"(.*?)train-images[-.]idx3-ubyte(?:\.gz)?"
# 1.3 million images; MNIST is 47 MB. What claims more is not read.
MAX_BYTES = 1 << 30
_UNSIGNED_BYTE = 8
_AT_ONCE = 1 << 20  # what is asked for is allocated, whether there is so much or not
_GZIP = b"\x1f\x8b"


def locate(folder: Path, prefix: str = "") -> list[Path | None]:
    """Find the four files in `folder`: gzipped or not, `-ubyte` or `.idx3-ubyte` spelling.

    Args:
        folder: where they lie.
        prefix: what their names begin with: EMNIST's are called emnist-digits-train-images... and
            emnist-digits-test-images....
    Returns:
        One path per array in the order of `Arrays`; None where no spelling is there. Where a
        file is there twice, the gzipped one wins: it carries a checksum.
    """
    found: list[Path | None] = []
    for stem in STEMS:
        stems = [prefix + stem, *([prefix + stem.replace("t10k", "test")] if prefix else [])]
        dotted = [".".join(stem.rsplit("-", 1)) for stem in stems]
        names = [f"{each}-ubyte{end}" for end in (".gz", "") for each in (*stems, *dotted)]
        found.append(next((folder / name for name in names if (folder / name).is_file()), None))
    return found


def prefixes(folder: Path) -> list[str]:
    """What the names of the data sets in `folder` begin with: "" for MNIST's own names."""
    names = (re.fullmatch(_TRAIN_IMAGES, path.name) for path in folder.iterdir())
    return sorted({name[1] for name in names if name})


def read_folder(folder: Path, prefix: str = "") -> Arrays:
    """Read the four IDX files in `folder`, whose names begin with `prefix`.

    Raises:
        DataError: a file is missing, unreadable, corrupt, truncated or of the wrong kind.
    """
    paths = locate(folder, prefix)
    missing = [
        f"{prefix}{stem}-ubyte" for stem, path in zip(STEMS, paths, strict=True) if path is None
    ]
    if missing:
        fetch = digits("data", "download", "--data-dir", folder)
        raise DataError(
            f"{folder} lacks {', '.join(missing)} (gzipped or not); all four files are needed."
            + ("" if prefix else f" Fetch MNIST's with: {fetch}")
        )
    present = [path for path in paths if path is not None]
    arrays = [
        read(path, dimensions) for path, dimensions in zip(present, (3, 1, 3, 1), strict=True)
    ]
    return check(Arrays(*arrays), folder)


def read(path: Path, dimensions: int) -> Pixels:
    """Read one IDX file.

    Args:
        path: the file; whether it is gzipped is seen from its first bytes, not its name.
        dimensions: 3 for images (n, 28, 28), 1 for labels (n,).
    Returns:
        uint8, read-only.
    Raises:
        DataError: anything but a whole IDX file of unsigned bytes with these dimensions.
    """
    with reading(path):
        if path.stat().st_size > MAX_BYTES:
            raise DataError(f"{path} is larger than {MAX_BYTES >> 20:,} MiB; that is not digits.")
        raw = path.read_bytes()
    return parse(raw, dimensions, path)


def parse(raw: bytes, dimensions: int, where: str | Path) -> Pixels:
    """Decode the bytes of an IDX file, gzipped or not; arguments and errors as `read`."""
    zipped = raw.startswith(_GZIP)
    shape = _parse_header(inflate(raw, 16, where) if zipped else raw[:16], where)
    if len(shape) != dimensions or (dimensions == 3 and shape[1:] != (28, 28)):
        need = "n x 28 x 28 images" if dimensions == 3 else "a list of labels"
        raise DataError(f"{where} says it holds {_times(shape)} values; needed {need}.")
    count, length = math.prod(shape), 4 + 4 * dimensions
    if count > MAX_BYTES:
        raise DataError(f"{where} claims {_times(shape)} values; the limit is {MAX_BYTES:,}.")
    # One byte more than is due, to see whether there is more.
    content = inflate(raw, length + count + 1, where) if zipped else raw
    if len(content) != length + count:
        have = len(content) - length
        is_held = f"{have:,}" if have <= count else "more"
        raise DataError(
            f"{where} is damaged: its header promises {_times(shape)} = {count:,} bytes, "
            f"it holds {is_held}. Fetch the file again."
        )
    return np.frombuffer(content, dtype=np.uint8, offset=length).reshape(shape)


def inflate(raw: bytes, limit: int, where: str | Path) -> bytes:
    """Unpack at most `limit` bytes of gzip data, so that a small file cannot fill the memory.

    Where everything fits into `limit`, the checksum at the end has been checked.

    Raises:
        DataError: corrupt, truncated, or followed by something else.
    """
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(raw)) as file:
            pieces = []
            while limit and (piece := file.read(min(limit, _AT_ONCE))):
                pieces.append(piece)
                limit -= len(piece)
        return b"".join(pieces)
    except EOFError:
        raise DataError(
            f"{where} is truncated: the gzip data ends early. Fetch it again."
        ) from None
    except (zlib.error, gzip.BadGzipFile) as error:
        raise DataError(f"{where} is damaged gzip data ({error}). Fetch it again.") from error


def _parse_header(header: bytes, where: str | Path) -> tuple[int, ...]:
    if len(header) < 4 or header[:2] != b"\0\0":
        kind = "an HTML page" if header.lstrip()[:1] == b"<" else f"bytes {header[:4].hex(' ')}"
        found = kind if header else "nothing"
        raise DataError(f"{where} is not an IDX file: found {found}, needed magic 00 00 08.")
    if header[2] != _UNSIGNED_BYTE:
        raise DataError(f"{where} holds values of IDX type {header[2]:#04x}; needed 0x08, bytes.")
    dimensions = header[3]
    if not 1 <= dimensions <= 3:
        raise DataError(f"{where} has {dimensions} dimensions; images have 3 and labels 1.")
    sides = header[4 : 4 + 4 * dimensions]
    if len(sides) < 4 * dimensions:
        raise DataError(f"{where} is truncated within its header. Fetch the file again.")
    return tuple(int.from_bytes(sides[i : i + 4], "big") for i in range(0, len(sides), 4))


def _times(shape: tuple[int, ...]) -> str:
    return " x ".join(f"{side:,}" for side in shape)
