"""Data files that people bring, each read by what it is: its first bytes, not its name."""

import gzip
from pathlib import Path

import numpy as np

from digit_classifier.dataset import idx, npz, tables
from digit_classifier.dataset.folder import digit_of, digits_inside, is_part
from digit_classifier.dataset.folder import read as read_pictures
from digit_classifier.dataset.labelled import Pixels, reading
from digit_classifier.dataset.named import Read, kind, role, settle, settle_images
from digit_classifier.errors import DataError
from digit_classifier.picture.decode import SUFFIXES, format_of
from digit_classifier.shell import option

_SUFFIXES = (".csv", ".csv.gz", ".npz", ".npy", ".mat")
# First bytes of what is not read, and what to do instead.
_OTHERS = {
    b"PAR1": 'Parquet: needed a CSV or .npz file. With the package datasets: ds = load_dataset("'
    'parquet", data_files=...)["train"]; np.savez("digits.npz", images=np.stack([np.array(i) for i '
    'in ds["image"]]), labels=ds["label"])',
    b"\x89HDF": 'HDF5 (or MATLAB 7.3): needed a CSV, .npz or older .mat file. In MATLAB: save(..., '
    '"-v7"); in Python read it with h5py and write it with np.savez',
    b"\x80": "a Python pickle, which can run anything when it is opened: write its arrays with "
    "np.savez(..., x_train=, y_train=, x_test=, y_test=)",
    b"ARROW1": "Arrow: needed a CSV or .npz file; write its arrays with np.savez",
    b"<": "a web page or XML: needed a data file. Was a download page saved instead of the file?",
}  # fmt: skip


def warn_of_emnist(name: str) -> tuple[str, ...]:
    """A note where a file's name says that its images lie otherwise than MNIST's."""
    if "emnist" not in name.lower():
        return ()
    return (
        f"files of EMNIST hold every image transposed. Load them with {option('transpose', True)}, "
        "unless somebody has turned these already.",
    )


def read(path: Path) -> Read:
    """Read a data file: CSV, `.npz`, `.npy`, `.mat`, or one of the four IDX files.

    What belongs to it is found beside it: the other IDX files, the labels of an `.npy` file, and
    mnist_test.csv of mnist_train.csv.

    Returns:
        The arrays, and notes for the user.
    Raises:
        DataError: of another kind, damaged, or not labelled digits.
        MissingExtraError: a `.mat` file, and scipy is not installed.
    """
    head = head_of(path)
    if head.startswith(b"\0\0\x08"):
        return _read_idx(path)
    if head.startswith(b"\x93NUMPY"):
        files = [each for each in sorted(path.parent.glob("*.npy")) if kind(each.stem)]
        return settle({each.stem: npz.read_npy(each) for each in {path, *files}}, path)
    found = _named(path, head)
    notes: tuple[str, ...] = ()
    beside = _beside(path)
    if beside and not any(role(name) == "test" for name in found):
        test = _named(beside, head_of(beside))
        if any(kind(name) == "labels" for name in test):
            found = {f"train/{name}": array for name, array in found.items()}
            found |= {f"test/{name}": array for name, array in test.items()}
            notes = (f"{path}: tested on {beside.name}, which lies beside it.",)
    arrays, more = settle(found, path)
    return arrays, (*warn_of_emnist(path.name), *notes, *more)


def read_images(path: Path) -> tuple[Pixels, tuple[str, ...]]:
    """Read images alone, whatever their labels are: the test images where there are such.

    Args:
        path: as for `read` and `read_folder`, or one IDX file of images.
    Returns:
        uint8, shape (n, 28, 28), and notes for the user.
    Raises:
        DataError: no images of 28 x 28 pixels.
    """
    if path.is_dir():
        train, _, test, _ = idx.locate(*(_idx_set(path) or (path, "")))
        if there := test or train:
            return idx.read(there, 3), ()
        arrays, notes = read_folder(path) or read_pictures(path)[:2]
        return arrays.test_images if len(arrays.test_images) else arrays.train_images, notes
    head = head_of(path)
    if head.startswith(b"\0\0"):
        return idx.read(path, 3), ()
    if head.startswith(b"\x93NUMPY"):
        return settle_images({"images": npz.read_npy(path)}, path)
    return settle_images(_named(path, head), path)


def read_folder(folder: Path) -> Read | None:
    """Read a folder of data files: IDX files, or those of one data set in other forms.

    IDX files may lie in `MNIST/raw` or `raw`, as torchvision puts them, and be called as EMNIST's.
    Of other files the names say which part they are: train.csv and test.csv, x_train.npy and so on.

    Returns:
        As `read`; None where there are no such files.
    Raises:
        DataError: as `read`, or there are several data sets.
    """
    with reading(folder):
        found = _idx_set(folder)
        files = [path for path in sorted(folder.iterdir()) if _is_data(path)]
    if found:
        return idx.read_folder(*found), warn_of_emnist(found[1])
    if _holds_pictures(folder):
        return None
    arrays = [path for path in files if path.suffix == ".npy" and kind(path.stem)]
    if arrays:
        return settle({path.stem: npz.read_npy(path) for path in arrays}, folder)
    trained = [
        path for path in files if role(path.name) == "train" and "train" in path.name.lower()
    ]
    chosen = trained or files
    if len(chosen) > 1:
        names = ", ".join(path.name for path in chosen[:8])
        raise DataError(f"{folder} holds several data files: {names}. Name the one to train on.")
    return read(chosen[0]) if chosen else None


def _idx_set(folder: Path) -> tuple[Path, str] | None:
    """In which folder the four IDX files lie, and what their names begin with."""
    homes = [folder, *sorted(folder.glob("raw")), *sorted(folder.glob("*/raw"))]
    sets = [(home, prefix) for home in homes if home.is_dir() for prefix in idx.prefixes(home)]
    if len(sets) > 1:
        names = ", ".join(
            str((home / (prefix or "train-images")).relative_to(folder)) + "..."
            for home, prefix in sets
        )
        raise DataError(f"{folder} holds several data sets: {names}. Name one of its files.")
    return sets[0] if sets else None


def _named(path: Path, head: bytes) -> dict[str, np.ndarray]:
    """Arrays by name, of any kind of file that holds several."""
    if head.startswith(b"PK"):
        return npz.read_named(path)
    if head.startswith(b"MATLAB 5.0"):
        return npz.read_mat(path)
    if picture := format_of(head):
        raise DataError(
            f"{path} is a picture ({picture}): name the folder of pictures instead, with "
            "sub-folders 0 to 9."
        )
    for begin, advice in _OTHERS.items():
        if head.startswith(begin):
            raise DataError(f"{path} is {advice}.")
    if path.suffix.lower() == ".npz":
        raise DataError(f"{path} is not a whole .npz archive. Fetch it again.")
    return tables.read(path)


def _beside(path: Path) -> Path | None:
    """The file of test images that belongs to a file of training images."""
    for train, test in (("training", "testing"), ("train", "test")):
        there = path.with_name(path.name.replace(train, test))
        if there.name != path.name and there.is_file():
            return there
    return None


def _read_idx(path: Path) -> Read:
    for prefix in idx.prefixes(path.parent):
        if path in idx.locate(path.parent, prefix):
            return idx.read_folder(path.parent, prefix), warn_of_emnist(prefix)
    raise DataError(
        f"{path} is one IDX file; needed four, images and labels to train and to test on, called "
        "as MNIST's are: train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte "
        "and t10k-labels-idx1-ubyte."
    )


def _holds_pictures(folder: Path) -> bool:
    """Whether a file of data in it would be something beside pictures."""
    for path in folder.iterdir():
        if path.suffix.lower() in SUFFIXES:
            return True
        if path.is_dir() and (
            digit_of(path.name) is not None or is_part(path.name) or digits_inside(path)
        ):
            return True
    return False


def _is_data(path: Path) -> bool:
    return path.name.lower().endswith(_SUFFIXES) and not path.name.startswith(".")


def head_of(path: Path) -> bytes:
    """The first bytes, those inside where it is gzipped."""
    with reading(path):
        with path.open("rb") as file:
            head = file.read(16)
        if head.startswith(b"\x1f\x8b"):
            with gzip.open(path) as file:
                return file.read(16)
    return head
