"""Which data to train on: `load` turns a word or a path into a `Dataset`."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from digit_classifier.dataset import download, files, folder, orientation, places, sample
from digit_classifier.dataset.folder import Progress
from digit_classifier.dataset.labelled import (
    MNIST_NAME,
    SAMPLE_NAME,
    Arrays,
    Dataset,
    digest,
    remarks,
    turn,
)
from digit_classifier.dataset.named import Read
from digit_classifier.errors import DataError, DownloadError, OptionError, UnreachableError


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
) -> Dataset:
    """Find labelled digits, fetch them if need be, and check them.

    Args:
        dataset: "mnist": from `data_dir` or MNIST_DATA_DIR where one is given, else from the
            cache, else from the copy Keras or torchvision keeps here, else downloaded into the
            cache. "auto": the same, and the built-in sample where there is no network at all;
            `notes` then say so. "sample": the built-in sample. Else a path: a file or folder of
            IDX, `.npz`, `.npy`, CSV or `.mat`, see `files`, or a folder of pictures, see
            `folder.find`.
        data_dir: a folder of the four IDX files (or an `.npz`); nowhere else is looked.
        offline: download nothing.
        progress: called with (what, done, total) while something is fetched or read.
        strict: refuse a folder of which some pictures or files would be left out; else `notes` name
            them.
        mirrors: addresses to fetch from instead of the usual ones, see `download.usual_mirrors`.
        transpose: swap rows and columns of every image, for EMNIST's and MATLAB's files.
        invert: make dark ink light and light paper dark.
    Returns:
        The data; MNIST only ever after its digest was checked. Its `notes` are for the user.
    Raises:
        OptionError: `dataset` is no such word or path.
        DataError: given data that are missing, corrupt, truncated or of the wrong kind.
        DownloadError: no mirror gave the files.
        StorageError: the cache cannot be written.
        MissingExtraError: a part that is needed is not installed.
    """
    if data_dir and dataset not in ("auto", "mnist"):
        raise OptionError(f"a data folder says where MNIST is, but the data set is {dataset}.")
    if dataset in ("auto", "mnist", "sample"):
        found = _load_known(str(dataset), data_dir, offline, progress, mirrors)
        if not (transpose or invert):
            return found
        arrays = turn(Arrays(*(getattr(found, name) for name in Arrays._fields)), transpose, invert)
        done = _turned(transpose, invert)
        return replace(
            found, **arrays._asdict(), sha256=digest(arrays), name=found.name + done,
            source=found.source + done, is_sample=False,
        )  # fmt: skip
    return _load_own(places.expand(dataset), progress, strict, transpose, invert)


def _load_known(
    dataset: str,
    data_dir: str | Path | None,
    offline: bool,
    progress: Progress | None,
    mirrors: Sequence[str] | None,
) -> Dataset:
    if dataset != "sample":
        given = places.given_folder(data_dir)
        if given:
            return places.read_mnist(given)
        return _find_mnist(dataset == "auto", offline, progress, mirrors)
    return sample.load(places.cache_folder(), places.cache_notes())


def _find_mnist(
    may_sample: bool,
    offline: bool,
    progress: Progress | None,
    mirrors: Sequence[str] | None,
) -> Dataset:
    notes = list(places.cache_notes())
    for place in places.usual_places():
        if places.is_complete(place.path):
            try:
                return places.read_mnist(place, tuple(notes))
            except DataError as error:
                notes.append(f"skipped the copy in {place.label}: {error}")
    cache = places.usual_places()[0]
    try:
        if offline:
            raise UnreachableError(
                "there is no MNIST on this machine, and --offline forbids to download it."
            )
        download.fetch(cache.path, mirrors=mirrors, progress=progress, replace=True)
    except UnreachableError as error:
        if may_sample:
            notes.append(f"{error} So this is the built-in {SAMPLE_NAME}, which is not MNIST.")
            return sample.load(places.cache_folder(), tuple(notes))
        raise type(error)(f"{error} {_ADVICE}") from error
    except DownloadError as error:
        raise type(error)(f"{error} {_ADVICE}") from error
    return places.read_mnist(cache, tuple(notes))


_ADVICE = "Name a folder that holds the files (--data-dir), or try --dataset sample."


def _load_own(
    path: Path, progress: Progress | None, strict: bool, transpose: bool, invert: bool
) -> Dataset:
    if not path.exists():
        raise OptionError(
            f"no data set {path}: needed auto, mnist, sample, or the path of a folder or a CSV, "
            ".npz, .npy, .mat or IDX file."
        )
    arrays, notes = _read_own(path, progress, strict)
    done = _turned(transpose, invert)
    return _name(turn(arrays, transpose, invert), path, notes, done)


def _read_own(path: Path, progress: Progress | None, strict: bool) -> Read:
    if path.is_file():
        return files.read(path)
    if places.is_there(path):
        return places.read_copy(path), ()
    return files.read_folder(path) or folder.read(path, progress, strict=strict)


def _turned(transpose: bool, invert: bool) -> str:
    words = [*(["transposed"] if transpose else []), *(["inverted"] if invert else [])]
    return f", {' and '.join(words)}" if words else ""


def _name(arrays: Arrays, path: Path, notes: tuple[str, ...], done: str) -> Dataset:
    """Name data by what it is: MNIST's own digest makes it MNIST, a folder's name never does."""
    found = digest(arrays)
    known = {download.DIGEST: MNIST_NAME, sample.DIGEST: SAMPLE_NAME}
    name = known.get(found, _printable(f"own data: {path.resolve().name}"))
    is_sample = found == sample.DIGEST
    if found not in known:
        notes += remarks(arrays)
        odd = orientation.remarks(arrays.train_images, arrays.train_labels)
        if "transposed" in done or "--transpose" in "".join(odd):
            notes = tuple(note for note in notes if note != files.EMNIST)
        notes += odd
    told = tuple(map(_printable, notes))
    source = _printable(str(path)) + done
    return Dataset(name, *arrays, sha256=found, source=source, is_sample=is_sample, notes=told)


def _printable(words: str) -> str:
    """Names of files that are not UTF-8 as text that is: what no file, log or model can hold."""
    return words.encode(errors="surrogateescape").decode(errors="backslashreplace")
