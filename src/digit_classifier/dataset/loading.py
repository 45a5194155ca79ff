"""Which data to train on: `load` turns a word or a path into a `Dataset`."""

import os
from pathlib import Path

from digit_classifier.dataset import idx, npz, published
from digit_classifier.dataset.labelled import MNIST_NAME, Arrays, Dataset, digest
from digit_classifier.errors import DataError


def load(dataset: str = "auto", *, data_dir: str | Path | None = None) -> Dataset:
    """Work in progress: `auto` and `mnist` from `data_dir` or MNIST_DATA_DIR."""
    folder = Path(data_dir or os.environ["MNIST_DATA_DIR"])
    arrays = read_copy(folder)
    return mnist_from(arrays, str(folder))


def read_copy(path: Path) -> Arrays:
    """Read a folder of IDX files or an `.npz`.

    Raises:
        DataError: missing, damaged or of the wrong kind.
    """
    if path.is_dir():
        return idx.read_folder(path)
    return npz.read(path)


def mnist_from(arrays: Arrays, source: str) -> Dataset:
    """Call the arrays MNIST if they are.

    Raises:
        DataError: they are some other data.
    """
    found = digest(arrays)
    if found != published.DIGEST:
        raise DataError(f"{source}: not MNIST.")
    return Dataset(MNIST_NAME, *arrays, sha256=found, source=source)
