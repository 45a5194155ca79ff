"""NumPy archives with Keras's names: x_train, y_train, x_test, y_test. Nothing is unpickled."""

import math
import zipfile
import zlib
from pathlib import Path
from typing import IO

import numpy as np
from numpy.lib import format as npy

from digit_classifier.dataset.idx import MAX_BYTES
from digit_classifier.dataset.labelled import Arrays, Pixels, check
from digit_classifier.errors import DataError

NAMES = ("x_train", "y_train", "x_test", "y_test")
# What a damaged or hostile archive makes zipfile and NumPy raise.
_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    ValueError,
    KeyError,
    SyntaxError,
    NotImplementedError,
    RuntimeError,
    OverflowError,
)


def read(path: Path) -> Arrays:
    """Read the four arrays of an `.npz`, each header checked before its values are unpacked.

    Args:
        path: images must be uint8 of shape (n, 28, 28); labels any integers in 0..9, (n,).
    Raises:
        DataError: anything else, pickled objects included.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            arrays = [_read_member(archive, name, path) for name in NAMES]
    except DataError:
        raise
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror or error}.") from error
    except _DAMAGE as error:
        raise DataError(f"{path} is not a whole .npz archive ({error}). Fetch it again.") from error
    return check(Arrays(*arrays), path)


def _read_member(archive: zipfile.ZipFile, name: str, path: Path) -> Pixels:
    if f"{name}.npy" not in archive.namelist():
        held = ", ".join(archive.namelist()[:8]) or "nothing"
        raise DataError(f"{path} lacks the array {name}: found {held}, need {', '.join(NAMES)}.")
    is_image = name.startswith("x")
    with archive.open(f"{name}.npy") as member:
        shape, dtype = _read_header(member)
        fits = len(shape) == 3 and shape[1:] == (28, 28) if is_image else len(shape) == 1
        kind_fits = dtype == np.uint8 if is_image else dtype.kind in "iu"
        if not (fits and kind_fits):
            need = "uint8 (n, 28, 28)" if is_image else "integers (n,)"
            raise DataError(f"{path}: {name} is {dtype} of shape {shape}; needed {need}.")
        size = math.prod(shape) * dtype.itemsize
        if size > MAX_BYTES:
            raise DataError(f"{path}: {name} claims {size:,} bytes; the limit is {MAX_BYTES:,}.")
        if archive.getinfo(f"{name}.npy").file_size != member.tell() + size:
            raise DataError(f"{path}: {name} does not hold the {size:,} bytes its header promises.")
    with archive.open(f"{name}.npy") as member:
        values: np.ndarray = npy.read_array(member, allow_pickle=False)
    if not is_image and len(values) and not 0 <= int(values.min()) <= int(values.max()) <= 9:
        raise DataError(
            f"{path}: {name} goes from {values.min()} to {values.max()}; labels must be 0 to 9."
        )
    return np.ascontiguousarray(values, dtype=np.uint8)


def _read_header(member: IO[bytes]) -> tuple[tuple[int, ...], np.dtype]:
    version = npy.read_magic(member)
    reading = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}
    if version not in reading:
        raise ValueError(f"npy version {version}")
    shape, _, dtype = reading[version](member)
    return shape, dtype
