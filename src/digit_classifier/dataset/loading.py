"""Which data to train on: `load` turns a word or a path into a `Dataset`; where MNIST may lie."""

import os
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from digit_classifier import cache
from digit_classifier.dataset import checks, download, files, folder, idx, npz, sample
from digit_classifier.dataset.labelled import (
    MNIST_NAME,
    SAMPLE_NAME,
    Arrays,
    Dataset,
    Progress,
    digest,
    divide,
    reading,
    turn,
)
from digit_classifier.errors import (
    DataError,
    DownloadError,
    OptionError,
    UnreachableError,
)
from digit_classifier.shell import digits, option, readable
from digit_classifier.words import count, kind_of, listed

_VARIABLE = "MNIST_DATA_DIR"
_PARTS = 6  # one in six for testing, close to MNIST: 10,000 of 70,000


def load(
    dataset: str | Path = "auto",
    *,
    data_dir: str | Path | None = None,
    offline: bool = False,
    progress: Progress | None = None,
    mirrors: Sequence[str] | None = None,
    strict: bool = False,
    transpose: bool = False,
    invert: bool = False,
    warn: bool = True,
    whole: bool = False,
) -> Dataset:
    """Find labelled digits, fetch them if need be, and check them.

    Args:
        dataset: "mnist": from `data_dir` or MNIST_DATA_DIR where one is given, else from the
            cache, else from the copy Keras or torchvision keeps here, else downloaded into the
            cache. "auto": the same, and the built-in sample where there is no network at all;
            `notes` and a Python warning then say so. "sample": the built-in sample. Else a path: a
            file or folder of IDX, `.npz`, `.npy`, CSV or `.mat`, see `files`, or a folder of
            pictures, see `folder.find`.
        data_dir: a folder of the four IDX files (or an `.npz`); nowhere else is looked.
        offline: download nothing.
        progress: called with (what, done, total) while something is fetched or read.
        strict: refuse a folder of which some pictures or files would be left out; else `notes` name
            them.
        mirrors: addresses to fetch from instead of the usual ones, see `download.usual_mirrors`.
        transpose: swap rows and columns of every image, for EMNIST's and MATLAB's files.
        invert: make dark ink light and light paper dark.
        warn: False where the caller shows the `notes`.
        whole: leave data of one's own that have no test part in one piece, with no test images;
            else one image in six is set aside to test on, see `divide`.
    Returns:
        The data; MNIST only ever after its digest was checked. Its `notes` are for the user.
    Raises:
        OptionError: `dataset` is no such word or path.
        DataError: given data that are missing, corrupt, truncated or of the wrong kind.
        DownloadError: no mirror gave the files.
        StorageError: the cache cannot be written.
        MissingExtraError: a part that is needed is not installed.
    """
    if not isinstance(dataset, (str, os.PathLike)):
        raise OptionError(f"{kind_of(dataset)} was given as data set. Give a name or a path.")
    if data_dir and dataset not in ("auto", "mnist"):
        raise OptionError(f"a data folder says where MNIST is, but the data set is {dataset}.")
    if dataset in ("auto", "mnist", "sample"):
        found = _load_known(str(dataset), data_dir, offline, progress, mirrors)
        if warn and found.is_sample and dataset == "auto":
            warnings.warn(found.notes[-1], stacklevel=2)
        if not (transpose or invert):
            return found
        arrays = turn(Arrays(*(getattr(found, name) for name in Arrays._fields)), transpose, invert)
        done = _turned(transpose, invert)
        return replace(
            found, **arrays._asdict(), sha256=digest(arrays), name=found.name + done,
            source=found.source + done, is_sample=False,
        )  # fmt: skip
    return _load_own(cache.expand(dataset), progress, strict, transpose, invert, whole)


def _load_known(
    dataset: str,
    data_dir: str | Path | None,
    offline: bool,
    progress: Progress | None,
    mirrors: Sequence[str] | None,
) -> Dataset:
    if dataset != "sample":
        given = given_folder(data_dir)
        if given:
            return read_mnist(given)
        return _find_mnist(dataset == "auto", offline, progress, mirrors)
    return sample.load(cache.folder(), cache.notes())


def _find_mnist(
    may_sample: bool,
    offline: bool,
    progress: Progress | None,
    mirrors: Sequence[str] | None,
) -> Dataset:
    notes = list(cache.notes())
    for place in usual_places():
        if is_complete(place.path):
            try:
                return read_mnist(place, tuple(notes))
            except DataError as error:
                notes.append(f"skipped the copy in {place.label}: {error}")
    kept = usual_places()[0]
    try:
        if offline:
            raise UnreachableError(
                f"there is no MNIST on this machine, and {option('offline', True)} forbids to "
                "download it."
            )
        download.fetch(kept.path, mirrors=mirrors, progress=progress, replace=True)
    except DownloadError as error:
        if may_sample and isinstance(error, UnreachableError):
            notes.append(f"{error} So this is the built-in {SAMPLE_NAME}, which is not MNIST.")
            return sample.load(cache.folder(), tuple(notes))
        here, instead = option("data_dir"), option("dataset", "sample")
        advice = f"Name a folder that holds the files ({here}), or try {instead}."
        raise type(error)(f"{error} {advice}") from error
    return read_mnist(kept, tuple(notes))


def _load_own(
    path: Path,
    progress: Progress | None,
    strict: bool,
    transpose: bool,
    invert: bool,
    whole: bool,
) -> Dataset:
    if not path.exists():
        raise OptionError(
            f"no data set {path}: needed auto, mnist, sample, or the path of a folder or a CSV, "
            ".npz, .npy, .mat or IDX file."
        )
    writers = None
    if path.is_file():
        arrays, notes = files.read(path)
    elif is_there(path):
        arrays, notes = read_copy(path), ()
    elif found := files.read_folder(path):
        arrays, notes = found
    else:
        arrays, notes, writers = folder.read(path, progress, strict=strict)
    if not len(arrays.test_labels) and not whole:
        arrays, writers, said = _part(arrays, writers, path)
        notes = (*notes, said)
    done = _turned(transpose, invert)
    named = _named(turn(arrays, transpose, invert), path, notes, done)
    return replace(named, train_writers=writers)


def _part(
    arrays: Arrays, writers: NDArray[np.str_] | None, path: Path
) -> tuple[Arrays, NDArray[np.str_] | None, str]:
    """Set aside one image in six, as near to MNIST as a share can be; how, in words.

    Raises:
        DataError: no class has two different images.
    """
    images, labels = arrays.train_images, arrays.train_labels
    parts = divide(images, labels, _PARTS, writers)
    if not len(parts[1]):
        what = "image" if writers is None else "picture"
        see = digits("evaluate", "--pictures", path)
        advice = f", or see how the shipped network reads these: {see}"
        raise DataError(
            f"{path}: {count(len(labels), what)}, which is too few: some digit must have two "
            f"different ones, one to train and one to test on. Add some"
            f"{'.' if writers is None else advice}"
        )
    parted = Arrays.parted(images, labels, parts)
    for each in parted:
        each.flags.writeable = False
    if writers is None:
        held = f"{len(parted.test_labels):,} of its {len(labels):,} images are held out to test on."
        return parted, None, f"{path} has no test part, so {held}"
    trained, tested = (writers[part] for part in parts)
    return parted, trained, _say_who_is_tested(path, trained, tested)


def _say_who_is_tested(path: Path, trained: NDArray[np.str_], tested: NDArray[np.str_]) -> str:
    apart = set(tested.tolist())
    if apart & set(trained.tolist()):
        return (
            f"{path}: the test pictures are drawn from all of them, so the same writer may be on "
            "both sides."
        )
    names, writers = listed(sorted(apart)), count(len(apart | set(trained.tolist())), "writer")
    return f"{path}: tested on whole writers, {len(apart)} of {writers}: {names}."


def _turned(transpose: bool, invert: bool) -> str:
    words = [*(["transposed"] if transpose else []), *(["inverted"] if invert else [])]
    return f", {' and '.join(words)}" if words else ""


def _named(arrays: Arrays, path: Path, notes: tuple[str, ...], done: str) -> Dataset:
    """Name data by what it is: MNIST's own digest makes it MNIST, a folder's name never does."""
    found = digest(arrays)
    known = {download.DIGEST: MNIST_NAME, sample.DIGEST: SAMPLE_NAME}
    name = known.get(found, readable(f"own data: {path.resolve().name}"))
    is_sample = found == sample.DIGEST
    if found not in known:
        notes += checks.composition(arrays) if len(arrays.test_labels) else checks.repeated(arrays)
        odd = checks.orientation(arrays.train_images, arrays.train_labels)
        if "transposed" in done or "transpose" in "".join(odd):
            notes = tuple(note for note in notes if note not in files.warn_of_emnist("emnist"))
        notes += odd
    told = tuple(map(readable, notes))
    source = readable(path) + done
    return Dataset(name, *arrays, sha256=found, source=source, is_sample=is_sample, notes=told)


@dataclass(frozen=True)
class Place:
    """A folder of IDX files or an `.npz`, which may or may not be there."""

    label: str
    path: Path


def given_folder(data_dir: str | Path | None) -> Place | None:
    """Where the user says MNIST lies: `data_dir`, else MNIST_DATA_DIR, else None."""
    if data_dir:
        return Place("data folder", cache.expand(data_dir))
    chosen = os.environ.get(_VARIABLE)
    return Place(_VARIABLE, cache.expand(chosen)) if chosen else None


def usual_places() -> list[Place]:
    """Our cache, then where Keras and torchvision keep their copies."""
    keras = cache.expand(os.environ.get("KERAS_HOME") or "~/.keras")
    caches = dict.fromkeys((cache.folder(), cache.chosen()))  # the first can be written
    return [
        *(Place("cache", folder / "mnist") for folder in caches),
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
    with reading(path):
        if not path.exists():
            raise DataError(f"there is no file or folder called {path}. Check the path.")
        if not path.is_dir():
            return npz.read(path)
        archive = path / download.ARCHIVE.name
        if None in idx.locate(path) and archive.is_file():
            return npz.read(archive)
        return idx.read_folder(path)


def read_mnist(place: Place, notes: tuple[str, ...] = ()) -> Dataset:
    """Read the copy of MNIST in `place`, and make sure that it is MNIST.

    Raises:
        DataError: missing, damaged, or sound files of other data.
    """
    try:
        arrays = read_copy(place.path)
        found = digest(arrays)
        if found != download.DIGEST:
            raise DataError(
                f"{place.path} is not MNIST: the digest of its arrays is {found[:12]}..., MNIST's "
                f"is {download.DIGEST[:12]}.... To train on other data: "
                f"{option('dataset', str(place.path))}"
            )
    except DataError as error:
        if place.label != _VARIABLE:
            raise
        raise DataError(f"{error} The variable {_VARIABLE} names it.") from error
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
