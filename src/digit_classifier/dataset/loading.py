"""Which data to train on: `load` turns a word or a path into a `Dataset`."""

from collections.abc import Sequence
from pathlib import Path

from digit_classifier.dataset import fetch, folder, places, published, sample
from digit_classifier.dataset.folder import Progress
from digit_classifier.dataset.labelled import (
    MNIST_NAME,
    SAMPLE_NAME,
    Arrays,
    Dataset,
    digest,
    remarks,
)
from digit_classifier.errors import DataError, DownloadError, OptionError, UnreachableError


def load(
    dataset: str | Path = "auto",
    *,
    data_dir: str | Path | None = None,
    offline: bool = False,
    progress: Progress | None = None,
    mirrors: Sequence[str] | None = None,
    strict: bool = False,
) -> Dataset:
    """Find labelled digits, fetch them if need be, and check them.

    Args:
        dataset: "mnist": from `data_dir` or MNIST_DATA_DIR where one is given, else from the
            cache, else from the copy Keras or torchvision keeps here, else downloaded into the
            cache. "auto": the same, and the built-in sample where there is no network at all;
            `notes` then say so. "sample": the built-in sample. Else a path: a folder of IDX
            files, an `.npz` with Keras's names, or a folder of pictures, see `folder.find`.
        data_dir: a folder of the four IDX files (or an `.npz`); nowhere else is looked.
        offline: download nothing.
        progress: called with (what, done, total) while something is fetched or read.
        strict: refuse a folder of which some pictures or files would be left out; else `notes` name
            them.
        mirrors: addresses to fetch from instead of the usual ones, see `fetch.usual_mirrors`.
    Returns:
        The data; MNIST only ever after its digest was checked. Its `notes` are for the user.
    Raises:
        OptionError: `dataset` is no such word or path.
        DataError: given data that are missing, corrupt, truncated or of the wrong kind.
        DownloadError: no mirror gave the files.
        StorageError: the cache cannot be written.
        MissingExtraError: a part that is needed is not installed.
    """
    if dataset in ("auto", "mnist"):
        given = places.given_folder(data_dir)
        if given:
            return places.read_mnist(given)
        return _find_mnist(dataset == "auto", offline, progress, mirrors)
    if data_dir:
        raise OptionError(f"a data folder says where MNIST is, but the data set is {dataset}.")
    if dataset == "sample":
        return sample.load(places.cache_folder(), places.cache_notes())
    return _load_own(places.expand(dataset), progress, strict)


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
        fetch.fetch(cache.path, mirrors=mirrors, progress=progress, replace=True)
    except UnreachableError as error:
        if may_sample:
            notes.append(f"{error} So this is the built-in {SAMPLE_NAME}, which is not MNIST.")
            return sample.load(places.cache_folder(), tuple(notes))
        raise type(error)(f"{error} {_ADVICE}") from error
    except DownloadError as error:
        raise type(error)(f"{error} {_ADVICE}") from error
    return places.read_mnist(cache, tuple(notes))


_ADVICE = "Name a folder that holds the files (--data-dir), or try --dataset sample."


def _load_own(path: Path, progress: Progress | None, strict: bool) -> Dataset:
    notes: tuple[str, ...] = ()
    if not path.exists():
        raise OptionError(
            f"no data set {path}: needed auto, mnist, sample, or the path of a folder or .npz file."
        )
    if path.is_file() or places.is_there(path):
        arrays = places.read_copy(path)
    else:
        arrays, notes = folder.read(path, progress, strict=strict)
    return _name(arrays, path, notes)


def _name(arrays: Arrays, path: Path, notes: tuple[str, ...]) -> Dataset:
    """Name data by what it is: MNIST's own digest makes it MNIST, a folder's name never does."""
    found = digest(arrays)
    known = {published.DIGEST: MNIST_NAME, sample.DIGEST: SAMPLE_NAME}
    name = known.get(found, _printable(f"own data: {path.resolve().name}"))
    is_sample = found == sample.DIGEST
    if found not in known:
        notes += remarks(arrays)
    told = tuple(map(_printable, notes))
    source = _printable(str(path))
    return Dataset(name, *arrays, sha256=found, source=source, is_sample=is_sample, notes=told)


def _printable(words: str) -> str:
    """Names of files that are not UTF-8 as text that is: what no file, log or model can hold."""
    return words.encode(errors="surrogateescape").decode(errors="backslashreplace")
