"""MNIST from its mirrors, once, however many processes want it."""

import contextlib
import json
import os
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from digit_classifier import atomic
from digit_classifier.dataset.published import ARCHIVE, FILES, MIRRORS, PublishedFile
from digit_classifier.dataset.transfer import (
    Courier,
    GivenUpError,
    Patience,
    Progress,
    is_sound,
    part_of,
)
from digit_classifier.errors import (
    DataError,
    DownloadError,
    MissingExtraError,
    StorageError,
    UnreachableError,
)

_PATIENCE = Patience()
_FAILURE = ".failure.json"


def usual_mirrors() -> tuple[str, ...]:
    """Addresses to ask, in turn: those in DIGITS_MIRRORS, else the public ones.

    An address is a prefix before the names of the four files (with its last slash), or ends in
    `.npz` and is Keras's file. DIGITS_MIRRORS holds several separated by spaces; what they send
    must have the published sha256 all the same.
    """
    return tuple(os.environ.get("DIGITS_MIRRORS", "").split()) or MIRRORS


def fetch(
    folder: Path,
    *,
    mirrors: Sequence[str] | None = None,
    progress: Progress | None = None,
    replace: bool = False,
    patience: Patience = _PATIENCE,
) -> None:
    """Make sure that `folder` holds MNIST: the four gzipped files, or `mnist.npz`.

    What is there and sound stays. A lock lets one process at a time in; those that waited take
    what it brought, or the reason why it brought nothing.

    Args:
        folder: is created.
        mirrors: addresses to ask in turn; default `usual_mirrors()`.
        progress: called with (file name, bytes so far, bytes in all).
        replace: whether files of these names with other content are replaced; else an error.
        patience: when to give an address up.
    Raises:
        UnreachableError: nobody answered at all.
        DownloadError: somebody answered, but nobody gave the files; says who and why.
        DataError: other files are in the way.
        StorageError: the folder cannot be written.
        MissingExtraError: requests or filelock is not installed.
    """
    chosen = usual_mirrors() if mirrors is None else tuple(mirrors)
    began = time.time()
    with _alone(folder, progress):
        if _is_complete(folder):
            return
        _raise_shared_failure(folder, began)
        (folder / _FAILURE).unlink(missing_ok=True)
        _clear(folder, replace)
        try:
            _ask_in_turn(folder, chosen, progress, patience)
        except DownloadError as error:
            _share_failure(folder, error)
            raise


def _is_complete(folder: Path) -> bool:
    whole = all(is_sound(folder / file.name, file) for file in FILES)
    return whole or is_sound(folder / ARCHIVE.name, ARCHIVE)


def _clear(folder: Path, replace: bool) -> None:
    for file in (*FILES, ARCHIVE):
        path = folder / file.name
        if path.exists() and not is_sound(path, file):
            if not replace:
                raise DataError(
                    f"{path} is in the way: its content is not MNIST's. Move it or choose "
                    "another folder."
                )
            path.unlink()


def _ask_in_turn(
    folder: Path, mirrors: tuple[str, ...], progress: Progress | None, patience: Patience
) -> None:
    try:
        import requests
    except ImportError:
        raise MissingExtraError("requests", "data") from None
    reasons: list[str] = []
    reached = False
    for mirror in mirrors:
        with requests.Session() as session:
            contact = patience.contact / len(mirrors)
            courier = Courier(session, folder, patience, contact, progress)
            try:
                for file, url in _errands(folder, mirror):
                    courier.download(url, file)
                    reached = True
                return
            except GivenUpError as error:
                reasons.append(f"{_short(mirror)}: {error}")
                reached = reached or error.reached
    kind = DownloadError if reached else UnreachableError
    raise kind(f"no mirror gave MNIST ({'; '.join(reasons) or 'there is none to ask'}).")


def _short(mirror: str) -> str:
    parts = urlsplit(mirror)
    return (parts.netloc or mirror) + (f"/.../{ARCHIVE.name}" if mirror.endswith(".npz") else "")


def _errands(folder: Path, mirror: str) -> list[tuple[PublishedFile, str]]:
    if mirror.endswith(".npz"):
        return [(ARCHIVE, mirror)]
    lacking = [file for file in FILES if not is_sound(folder / file.name, file)]
    return [(file, mirror + file.name) for file in lacking]


@contextlib.contextmanager
def _alone(folder: Path, progress: Progress | None) -> Iterator[None]:
    """Hold the folder's lock; while another process holds it, report how far that one is."""
    try:
        from filelock import FileLock, Timeout
    except ImportError:
        raise MissingExtraError("filelock", "data") from None
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder / ".lock")
        while not lock.is_locked:
            try:
                lock.acquire(timeout=0.25)
            except Timeout:
                if progress:
                    progress("waiting for another process", *_amounts(folder))
    except (OSError, NotImplementedError) as error:
        reason = getattr(error, "strerror", None) or error
        raise StorageError(f"cannot write {folder}: {reason}. Choose another folder.") from error
    try:
        yield
    finally:
        lock.release()


def _amounts(folder: Path) -> tuple[int, int]:
    done = 0
    for file in FILES:
        for path in (folder / file.name, part_of(folder, file)):
            with contextlib.suppress(OSError):  # it may be renamed at this very moment
                done += path.stat().st_size
    return done, sum(file.size for file in FILES)


def _share_failure(folder: Path, error: DownloadError) -> None:
    """Leave word for those that wait: eight of them would else spend the time-out eight times."""
    word = {
        "time": time.time(),
        "message": str(error),
        "unreachable": isinstance(error, UnreachableError),
    }
    with contextlib.suppress(StorageError):
        atomic.write_text(folder / _FAILURE, json.dumps(word))


def _raise_shared_failure(folder: Path, began: float) -> None:
    try:
        word = json.loads((folder / _FAILURE).read_text(encoding="utf-8"))
        is_ours = word["time"] > began
        kind = UnreachableError if word["unreachable"] else DownloadError
        message = str(word["message"])
    except (OSError, ValueError, KeyError, TypeError):
        return
    if is_ours:
        raise kind(message)
