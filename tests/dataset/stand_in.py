"""A small data set in MNIST's form, and how to make the package take it for the published one.

The fetch is tested with it: the real files need not be there, and nothing large is sent.
"""

import gzip
import hashlib
from pathlib import Path

import numpy as np

from digit_classifier.dataset import download, idx, labelled, npz
from digit_classifier.dataset.download import ARCHIVE, FILES, PublishedFile
from digit_classifier.dataset.labelled import Arrays


def make_arrays(train: int = 240, test: int = 40) -> Arrays:
    random = np.random.default_rng(7)
    shapes = [(train, 28, 28), (train,), (test, 28, 28), (test,)]
    # Noise, so that gzip cannot make it small: there is something to break off and resume.
    return Arrays(
        *(random.integers(0, 256 if len(s) > 1 else 10, s, dtype=np.uint8) for s in shapes)
    )


def idx_bytes(array: np.ndarray) -> bytes:
    sides = b"".join(side.to_bytes(4, "big") for side in array.shape)
    return bytes([0, 0, 8, array.ndim]) + sides + array.tobytes()


def write_idx(folder: Path, arrays: Arrays, *, zipped: bool = True, dotted: bool = False) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for stem, array in zip(idx.STEMS, arrays, strict=True):
        name = (".".join(stem.rsplit("-", 1)) if dotted else stem) + "-ubyte"
        content = idx_bytes(array)
        path = folder / (name + ".gz" if zipped else name)
        path.write_bytes(gzip.compress(content, mtime=0) if zipped else content)


def write_npz(path: Path, arrays: Arrays) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        np.savez_compressed(file, **dict(zip(npz.NAMES, arrays, strict=True)))


def write_all(folder: Path, arrays: Arrays | None = None) -> Arrays:
    """Write what a mirror serves: the four files and `mnist.npz`."""
    arrays = arrays or make_arrays()
    write_idx(folder, arrays)
    write_npz(folder / ARCHIVE.name, arrays)
    return arrays


def publish(folder: Path) -> None:
    """Let the package believe that the files in `folder` are MNIST as it was published."""
    download.FILES = tuple(_published(folder, file) for file in FILES)
    download.ARCHIVE = _published(folder, ARCHIVE)
    download.DIGEST = labelled.digest(idx.read_folder(folder))


def _published(folder: Path, file: PublishedFile) -> PublishedFile:
    content = (folder / file.name).read_bytes()
    return PublishedFile(file.name, len(content), hashlib.sha256(content).hexdigest())
