"""Labelled images as arrays, the digest that names them, and the split that is always the same."""

import gzip
import hashlib
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from digit_classifier.errors import DataError

Pixels = NDArray[np.uint8]
# Called with (what, done, total) while something is fetched or read.
Progress = Callable[[str, int, int], None]

MNIST_NAME = "MNIST"
SAMPLE_NAME = "MNIST sample (5,000 images)"
# MNIST's last 5,000 training images of 60,000, and the same share of any other set.
HELD_OUT_SHARE = 12
MIN_WRITERS = 5  # of fewer, whole ones are too large a share, and too chance a one


class Arrays(NamedTuple):
    """The four arrays of a data set, uint8: images [n, 28, 28] and labels [n] in 0..9."""

    train_images: Pixels
    train_labels: Pixels
    test_images: Pixels
    test_labels: Pixels

    @classmethod
    def parted(cls, images: Pixels, labels: Pixels, parts: "Parts") -> "Arrays":
        """The images and labels of which the indices are given, as `divide` gives them."""
        train, test = parts
        return cls(images[train], labels[train], images[test], labels[test])


# Indices of the images to train on, and of those to test on.
Parts = tuple[NDArray[np.int64], NDArray[np.int64]]


@dataclass(frozen=True, eq=False)
class Dataset:
    """Labelled digits, ready to train on.

    Attributes:
        name: what to call the data wherever a result is shown: "MNIST" for the real 70,000
            images only, "MNIST sample (5,000 images)", or "own data: <folder or file>".
        train_images: uint8, shape (n, 28, 28), paper 0, ink 255. All arrays are read-only.
        train_labels: uint8, shape (n,), 0 to 9.
        test_images: uint8, shape (m, 28, 28).
        test_labels: uint8, shape (m,).
        sha256: the digest of the decoded arrays, as `digest` makes it.
        source: where the data came from, in words.
        is_sample: True for the built-in sample, which is not MNIST.
        notes: what the user must be told: why the sample came, which copies were skipped.
        train_writers: who wrote each training image, "" where that is not known; None where it is
            known of none.
    """

    name: str
    train_images: Pixels
    train_labels: Pixels
    test_images: Pixels
    test_labels: Pixels
    sha256: str
    source: str
    is_sample: bool = False
    notes: tuple[str, ...] = ()
    train_writers: NDArray[np.str_] | None = None

    @property
    def counts(self) -> str:
        """How many images, in words."""
        return f"{len(self.train_labels):,} training and {len(self.test_labels):,} test images"

    def __repr__(self) -> str:
        return (
            f"<Dataset {self.name}: {self.counts}, sha256 {self.sha256[:8]}..., from {self.source}>"
        )


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Say in a sentence why a file or folder cannot be read inside the block.

    Raises:
        DataError: no permission, a broken disk, or damaged gzip data.
    """
    try:
        yield
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise DataError(f"{path} is damaged gzip data ({error}). Fetch it again.") from error
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror or error}.") from error


def digest(arrays: Arrays) -> str:
    """Name the data by its content, whichever kind of file it came from.

    The sha256 over the four arrays in the order of `Arrays`; each contributes one ASCII line,
    such as ``train_images uint8 60000x28x28``, a line feed, and its bytes in C order. So the
    gzipped files, the plain files and Keras's `.npz` of MNIST have one digest.

    Returns:
        64 hexadecimal digits.
    """
    total = hashlib.sha256()
    for name, array in zip(Arrays._fields, arrays, strict=True):
        shape = "x".join(str(side) for side in array.shape)
        total.update(f"{name} {array.dtype} {shape}\n".encode("ascii"))
        total.update(np.ascontiguousarray(array).data)
    return total.hexdigest()


def check(arrays: Arrays, where: str | Path) -> Arrays:
    """Give the arrays back, read-only, if they are labelled digits.

    Raises:
        DataError: a shape, type, count or label is not what `Arrays` promises; names `where`.
    """
    for part in ("train", "test"):
        images: Pixels = getattr(arrays, f"{part}_images")
        labels: Pixels = getattr(arrays, f"{part}_labels")
        if images.dtype != np.uint8 or images.shape[1:] != (28, 28):
            raise DataError(
                f"{where}: {part} images are {images.dtype} of shape {images.shape}; "
                "needed uint8 of shape (n, 28, 28)."
            )
        if labels.shape != (len(images),):
            raise DataError(
                f"{where}: {len(images):,} {part} images but {labels.size:,} labels; "
                "each image needs one label. The files may be from different data sets."
            )
        if not len(images):
            raise DataError(f"{where}: no {part} images; at least one is needed.")
        if int(labels.max()) > 9:
            raise DataError(
                f"{where}: a {part} label is {int(labels.max())}; labels must be 0 to 9."
            )
    for array in arrays:
        array.flags.writeable = False
    return arrays


def untested(images: Pixels, labels: Pixels, where: str | Path) -> Arrays:
    """Images and labels that are not parted yet: their test part is empty; else as `check`."""
    checked = check(Arrays(images, labels, images, labels), where)
    return checked._replace(test_images=images[:0], test_labels=labels[:0])


def split(
    images: Pixels, labels: Pixels, parts: int, writers: NDArray[np.str_] | None = None
) -> Arrays:
    """The images and labels as `divide` divides them."""
    return Arrays.parted(images, labels, divide(images, labels, parts, writers))


def divide(
    images: Pixels, labels: Pixels, parts: int, writers: NDArray[np.str_] | None = None
) -> Parts:
    """Set aside one image in `parts` for testing, the same ones each time.

    The order comes from the sha256 of each image's pixels, so neither the order of the files
    nor a random generator's version decides which images are tested on. Where five writers or more
    are known, whole ones are set aside; else one part in `parts` of every class, and images of one
    class with the same pixels stay together: what is trained on is never tested on. Images with the
    fewest copies are set aside first, so that copies never make the tested part the larger one.

    Args:
        images: uint8, shape (n, 28, 28).
        labels: uint8, shape (n,).
        parts: 5 sets 1/5 of each class aside; a class of two different images or more gives at
            least one, and keeps at least one.
        writers: who wrote each image, shape (n,); None or "" where that is not known.
    Returns:
        Indices of the images that are kept, and of those that are set aside.
    """
    named = hashes(images)
    order = np.argsort(named, kind="stable")
    is_test = np.zeros(len(labels), dtype=bool)
    if writers is not None and "" not in writers and len(np.unique(writers)) >= MIN_WRITERS:
        is_test = _choose_writers(named, labels, parts, writers)
    for digit in np.unique(labels) if not is_test.any() else ():
        members = np.flatnonzero(labels == digit)
        different, copies = np.unique(named[members], return_counts=True)
        different = different[np.argsort(copies, kind="stable")]
        share = max(round(len(different) / parts), 1) if len(different) > 1 else 0
        is_test[members] = np.isin(named[members], different[:share])
    return order[~is_test[order]], order[is_test[order]]


def _choose_writers(
    named: NDArray[np.bytes_], labels: Pixels, parts: int, writers: NDArray[np.str_]
) -> NDArray[np.bool_]:
    """Whole writers till one image in `parts` is theirs.

    Nobody is taken who wrote all that would be left of a digit, or more than a third of it all.
    """
    chosen = np.zeros(len(labels), dtype=bool)
    for writer in sorted(np.unique(writers), key=lambda each: min(named[writers == each])):
        own = writers == writer
        kept = np.unique(labels[~chosen & ~own])
        if len(kept) == len(np.unique(labels)) and 3 * own.sum() <= len(labels):
            chosen |= own
        if chosen.sum() * parts >= len(labels):
            break
    return chosen


def turn(arrays: Arrays, transpose: bool, invert: bool) -> Arrays:
    """Images with rows and columns swapped, or with ink and paper swapped, or both."""
    if not (transpose or invert):
        return arrays

    def turned(images: Pixels) -> Pixels:
        swapped = np.ascontiguousarray(images.transpose(0, 2, 1)) if transpose else images
        done = 255 - swapped if invert else swapped
        done.flags.writeable = False
        return done

    return arrays._replace(
        train_images=turned(arrays.train_images), test_images=turned(arrays.test_images)
    )


def hold_out(dataset: Dataset) -> Arrays:
    """Training images, and those of them that are kept out of training to measure each epoch.

    Of MNIST the last 5,000 of 60,000, as all published figures of this project; of other data,
    which may be sorted by anything, one in twelve, drawn as by `divide`: whole writers, or some of
    every class.

    Returns:
        Held-out images and labels are in the place of the test part; none where no class has two
        different images.
    """
    images, labels = dataset.train_images, dataset.train_labels
    if dataset.name != MNIST_NAME:
        return split(images, labels, HELD_OUT_SHARE, dataset.train_writers)
    kept = len(labels) - len(labels) // HELD_OUT_SHARE
    return Arrays(images[:kept], labels[:kept], images[kept:], labels[kept:])


def fifths(images: Pixels, labels: Pixels) -> NDArray[np.int64]:
    """In which of five parts, 0 to 4, each image lies: every digit is spread over all of them.

    Always the same ones, whatever the order of the images; equal images of one digit lie together.
    Of fewer than five different images each is a part of its own.
    """
    named = np.char.add(labels.astype("S1"), hashes(images))
    return np.unique(named, return_inverse=True)[1] % 5


def hashes(images: Pixels) -> NDArray[np.bytes_]:
    """The sha256 of each image's pixels, as 64 hexadecimal digits."""
    return np.array([hashlib.sha256(image.tobytes()).hexdigest() for image in images], dtype="S64")
