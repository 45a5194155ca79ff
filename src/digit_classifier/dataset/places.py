"""Where a copy of MNIST may lie on this machine, and whether it is sound."""

import contextlib
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from digit_classifier.dataset import download, idx, npz
from digit_classifier.dataset.labelled import MNIST_NAME, Arrays, Dataset, digest
from digit_classifier.errors import DataError, MissingExtraError

_NAME = "mnist-digit-classifier"


@dataclass(frozen=True)
class Place:
    """A folder of IDX files or an `.npz`, which may or may not be there."""

    label: str
    path: Path


def cache_folder() -> Path:
    """Where downloads are kept: `chosen_cache`, or a temporary folder if the system's is read-only.

    Raises:
        MissingExtraError: platformdirs is not installed.
    """
    chosen = chosen_cache()
    if _named_cache() or _can_write(chosen):
        return chosen  # a folder that the user named is never taken for another
    name = f"{_NAME}-{os.getuid()}" if hasattr(os, "getuid") else _NAME
    with contextlib.suppress(OSError):  # no temporary folder either: whoever writes will say so
        temporary = Path(tempfile.gettempdir()) / name
        if _can_write(temporary):
            return temporary
    return chosen


def chosen_cache() -> Path:
    """DIGITS_CACHE (once DIGITS_CACHE_DIR), else the system's folder for such things.

    Raises:
        MissingExtraError: platformdirs is not installed.
    """
    if named := _named_cache():
        return expand(named)
    try:
        import platformdirs
    except ImportError:
        raise MissingExtraError("platformdirs", "data") from None
    try:
        return platformdirs.user_cache_path(_NAME, appauthor=False)
    except RuntimeError:  # this user has no home
        return Path("~", ".cache", _NAME)


def _named_cache() -> str | None:
    return os.environ.get("DIGITS_CACHE") or os.environ.get("DIGITS_CACHE_DIR")


def cache_notes() -> tuple[str, ...]:
    """What a user must be told of the cache: that it is a temporary one, and why."""
    chosen, taken = chosen_cache(), cache_folder()
    if chosen == taken:
        return ()
    return (
        f"{chosen} cannot be written, so images are kept in {taken} for the time being. Set "
        "DIGITS_CACHE to a folder that can be written.",
    )


def expand(path: str | Path) -> Path:
    """A path with ~ replaced, unless nobody knows where this user is at home."""
    try:
        return Path(path).expanduser()
    except RuntimeError:
        return Path(path)


def _can_write(folder: Path) -> bool:
    """Whether files can be made in a folder, or in one that would be made for it."""
    if folder.parts[0].startswith("~"):
        return False
    try:
        folder = folder.absolute()
        while not folder.exists() and not folder.is_symlink():
            folder = folder.parent
        return folder.is_dir() and os.access(folder, os.W_OK | os.X_OK)
    except OSError:
        return False


def given_folder(data_dir: str | Path | None) -> Place | None:
    """Where the user says MNIST lies: `data_dir`, else MNIST_DATA_DIR, else None."""
    if data_dir:
        return Place("data folder", expand(data_dir))
    chosen = os.environ.get("MNIST_DATA_DIR")
    return Place("MNIST_DATA_DIR", expand(chosen)) if chosen else None


def usual_places() -> list[Place]:
    """Our cache, then where Keras and torchvision keep their copies."""
    keras = expand(os.environ.get("KERAS_HOME") or "~/.keras")
    caches = dict.fromkeys((cache_folder(), chosen_cache()))  # the first can be written
    return [
        *(Place("cache", cache / "mnist") for cache in caches),
        Place("Keras", keras / "datasets" / "mnist.npz"),
        Place("torchvision", Path("data") / "MNIST" / "raw"),
    ]


def is_there(path: Path) -> bool:
    """Say whether anything of MNIST is at `path`, sound or not."""
    try:
        if path.suffix == ".npz":
            return path.is_file()
        return any(idx.locate(path)) or (path / download.ARCHIVE.name).is_file()
    except OSError:  # no permission: `read_copy` says so
        return True


def is_complete(path: Path) -> bool:
    """Say whether a whole copy is at `path`, sound or not: a download may have broken off."""
    if path.suffix == ".npz" or not is_there(path):
        return is_there(path)
    try:
        return None not in idx.locate(path) or (path / download.ARCHIVE.name).is_file()
    except OSError:
        return True


def read_copy(path: Path) -> Arrays:
    """Read an `.npz`, or a folder with the four IDX files or with `mnist.npz`.

    Raises:
        DataError: missing, damaged or of the wrong kind.
    """
    try:
        if not path.exists():
            raise DataError(f"no file or folder {path}. Check the path.")
        if not path.is_dir():
            return npz.read(path)
        archive = path / download.ARCHIVE.name
        if None in idx.locate(path) and archive.is_file():
            return npz.read(archive)
        return idx.read_folder(path)
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror or error}.") from error


def read_mnist(place: Place, notes: tuple[str, ...] = ()) -> Dataset:
    """Read the copy of MNIST in `place`, and make sure that it is MNIST.

    Raises:
        DataError: missing, damaged, or sound files of other data.
    """
    arrays = read_copy(place.path)
    found = digest(arrays)
    if found != download.DIGEST:
        raise DataError(
            f"{place.path} is not MNIST: the digest of its arrays is {found[:12]}..., MNIST's is "
            f"{download.DIGEST[:12]}.... To train on other data: --dataset {place.path}"
        )
    source = f"{place.label}: {place.path}"
    return Dataset(MNIST_NAME, *arrays, sha256=found, source=source, notes=notes)


@dataclass(frozen=True)
class Finding:
    """What is at a place.

    Attributes:
        place: where was looked.
        state: "verified", "not there", "incomplete" or "damaged" (other data included).
        detail: why it is incomplete or damaged; how many images there are.
    """

    place: Place
    state: str
    detail: str = ""


def inspect(place: Place) -> Finding:
    """Read the copy of MNIST in `place`, every byte of it."""
    if not is_there(place.path):
        return Finding(place, "not there")
    try:
        data = read_mnist(place)
    except DataError as error:
        state = "damaged" if is_complete(place.path) else "incomplete"
        return Finding(place, state, str(error))
    return Finding(place, "verified", data.counts)
