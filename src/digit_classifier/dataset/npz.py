"""Arrays in files: `.npz` archives, `.npy`, MATLAB's `.mat`. Nothing is unpickled."""

import math
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.lib import format as npy

from digit_classifier.dataset.idx import MAX_BYTES
from digit_classifier.dataset.labelled import Arrays, reading
from digit_classifier.dataset.named import kind, settle
from digit_classifier.errors import DataError, MissingExtraError

# Keras's, as this project writes them.
NAMES = ("x_train", "y_train", "x_test", "y_test")
_NEED = f"{', '.join(NAMES)}, or images and labels"
# What a damaged or hostile archive makes zipfile and NumPy raise.
_DAMAGE = (
    zipfile.BadZipFile, zlib.error, EOFError, ValueError, KeyError, SyntaxError,
    NotImplementedError, RuntimeError, OverflowError,
)  # fmt: skip


def read(path: Path) -> Arrays:
    """Read the arrays of an `.npz` as a data set, see `named.settle`; without its notes.

    Raises:
        DataError: not a whole archive, pickled objects, or nothing that is labelled digits.
    """
    return settle(read_named(path), path)[0]


def read_named(path: Path) -> dict[str, np.ndarray]:
    """Read images and labels of an `.npz`, each header checked before its values are unpacked.

    Returns:
        Arrays by their names, those that are neither images nor labels by name left out.
    Raises:
        DataError: not a whole archive, pickled objects included.
    """
    found: dict[str, np.ndarray] = {}
    with _sentences(path, ".npz archive"), zipfile.ZipFile(path) as archive:
        for member in archive.infolist():
            name = member.filename.removesuffix(".npy")
            if name != member.filename and (kind(name) or name.startswith("arr_")):
                found[name] = _read_array(
                    partial(archive.open, member), member.file_size, name, path
                )
        if not found:
            held = ", ".join(archive.namelist()[:8]) or "nothing"
            raise DataError(f"{path} holds no images and labels: found {held}, need {_NEED}.")
    return found


def read_npy(path: Path) -> np.ndarray:
    """Read the one array of an `.npy` file; errors as `read_named`."""
    with _sentences(path, ".npy file"):
        return _read_array(lambda: path.open("rb"), path.stat().st_size, path.stem, path)


@contextmanager
def _sentences(path: Path, what: str) -> Iterator[None]:
    with reading(path):
        try:
            yield
        except _DAMAGE as error:
            raise DataError(f"{path} is not a whole {what} ({error}). Fetch it again.") from error


def _read_array(open_it: Callable[[], IO[bytes]], length: int, name: str, path: Path) -> np.ndarray:
    with open_it() as file:
        shape, dtype = _read_header(file)
        if dtype.kind not in "buifUS":
            raise DataError(
                f"{path}: {name} is {dtype} of shape {shape}; needed numbers. Nothing is unpickled."
            )
        size = math.prod(shape) * dtype.itemsize
        if size > MAX_BYTES:
            raise DataError(f"{path}: {name} claims {size:,} bytes; the limit is {MAX_BYTES:,}.")
        if length != file.tell() + size:
            raise DataError(f"{path}: {name} does not hold the {size:,} bytes its header promises.")
    with open_it() as file:
        values: np.ndarray = npy.read_array(file, allow_pickle=False)
    return values


def _read_header(member: IO[bytes]) -> tuple[tuple[int, ...], np.dtype]:
    version = npy.read_magic(member)
    reading = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}
    if version not in reading:
        raise ValueError(f"npy version {version}")
    shape, _, dtype = reading[version](member)
    return shape, dtype


def read_mat(path: Path) -> dict[str, np.ndarray]:
    """Read every array of a `.mat` file up to version 7: EMNIST's nested struct, or plain arrays.

    Returns:
        Arrays by their names; those inside structs as "dataset/train/images".
    Raises:
        DataError: damaged, or not such a file.
        MissingExtraError: scipy is not installed.
    """
    try:
        from scipy.io import loadmat
    except ImportError:
        raise MissingExtraError("scipy, which reads .mat files,", "train") from None
    try:
        content = loadmat(path, simplify_cells=True)
    except Exception as error:  # scipy raises a dozen unrelated classes for damaged files
        raise DataError(f"{path} is not a whole .mat file ({error}). Fetch it again.") from error
    found: dict[str, np.ndarray] = {}
    _flatten(content, "", found)
    return found


def _flatten(value: Any, name: str, found: dict[str, np.ndarray]) -> None:
    if isinstance(value, dict):
        for key, inner in value.items():
            if not key.startswith("__"):
                _flatten(inner, f"{name}/{key}".lstrip("/"), found)
    elif isinstance(value, np.ndarray) and value.dtype.kind in "buifUS":
        found[name] = value
