"""MNIST from its mirrors: checked, resumed, and fetched once, however many processes want it."""

import contextlib
import hashlib
import os
import queue
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from digit_classifier import atomic
from digit_classifier.dataset.labelled import Progress
from digit_classifier.errors import (
    DataError,
    DownloadError,
    MissingExtraError,
    StorageError,
    UnreachableError,
)

if TYPE_CHECKING:
    import requests


@dataclass(frozen=True)
class PublishedFile:
    """A file that a mirror serves; `size` in bytes, `sha256` in hexadecimal."""

    name: str
    size: int
    sha256: str

    def is_at(self, path: Path) -> bool:
        """Say whether `path` holds the published bytes.

        Raises:
            StorageError: it is there and cannot be read.
        """
        try:
            if not path.is_file() or path.stat().st_size != self.size:
                return False
            with path.open("rb") as content:
                return hashlib.file_digest(content, "sha256").hexdigest() == self.sha256
        except OSError as error:
            raise StorageError(f"cannot read {path}: {error.strerror or error}.") from error

    def part(self, folder: Path) -> Path:
        """Where its bytes lie until all have come; the next attempt goes on from there."""
        return folder / f".{self.name}.part"

    def amount(self, received: int) -> str:
        """So many of its bytes, in words."""
        return f"{received:,} of {self.size:,} bytes of {self.name}"


FILES = (
    PublishedFile("train-images-idx3-ubyte.gz", 9_912_422,
                  "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609"),
    PublishedFile("train-labels-idx1-ubyte.gz", 28_881,
                  "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c"),
    PublishedFile("t10k-images-idx3-ubyte.gz", 1_648_877,
                  "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6"),
    PublishedFile("t10k-labels-idx1-ubyte.gz", 4_542,
                  "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6"),
)  # fmt: skip
# The same images as one file of Keras, served whole.
ARCHIVE = PublishedFile(
    "mnist.npz", 11_490_434, "731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1"
)
# A prefix before the files' names; an address that ends in .npz is `ARCHIVE`. In this order.
MIRRORS = (
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
    "https://raw.githubusercontent.com/fgnt/mnist/master/",
    "https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz",
)
# `labelled.digest` of MNIST's four arrays, whichever kind of file they came from.
DIGEST = "24507717d05d2356262620f647c468ee7f0d8d375b6a804a0379e93899f4b80f"

_CHUNK = 1 << 16
_MAGIC = (b"\x1f\x8b", b"PK")  # gzip, zip


@dataclass(frozen=True)
class Timeouts:
    """When to give an address up; seconds, and bytes a second.

    Attributes:
        contact: for all mirrors together, until each has begun to answer. Name look-up and
            every address of a name are included.
        stall: silence in the middle of a file.
        grace: before `slowest` counts.
        slowest: a file that comes more slowly than this is given up.
    """

    contact: float = 12.0
    stall: float = 10.0
    grace: float = 30.0
    slowest: float = 5_000.0


_TIMEOUTS = Timeouts()


class GivenUpError(Exception):
    """An address did not give the file; `reached` says whether anything answered at all."""

    def __init__(self, reason: str, reached: bool = True) -> None:
        super().__init__(reason)
        self.reached = reached


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
    timeouts: Timeouts = _TIMEOUTS,
) -> None:
    """Make sure that `folder` holds MNIST: the four gzipped files, or `mnist.npz`.

    What is there and sound stays. A lock lets one process at a time in; those that waited take
    what it brought.

    Args:
        folder: is created.
        mirrors: addresses to ask in turn; default `usual_mirrors()`.
        progress: called with (file name, bytes so far, bytes in all).
        replace: whether files of these names with other content are replaced; else an error.
        timeouts: when to give an address up.
    Raises:
        UnreachableError: nobody answered at all.
        DownloadError: somebody answered, but nobody gave the files; says who and why.
        DataError: other files are in the way.
        StorageError: the folder cannot be written.
        MissingExtraError: requests or filelock is not installed.
    """
    chosen = usual_mirrors() if mirrors is None else tuple(mirrors)
    with _alone(folder, progress):
        if _lacking(folder) and not ARCHIVE.is_at(folder / ARCHIVE.name):
            _clear(folder, replace)
            _ask_in_turn(folder, chosen, progress, timeouts)


def _lacking(folder: Path) -> list[PublishedFile]:
    return [file for file in FILES if not file.is_at(folder / file.name)]


def _clear(folder: Path, replace: bool) -> None:
    for file in (*FILES, ARCHIVE):
        path = folder / file.name
        if path.exists() and not file.is_at(path):
            if not replace:
                raise DataError(
                    f"{path} is in the way: its content is not MNIST's. Move it or choose "
                    "another folder."
                )
            path.unlink()


def _ask_in_turn(
    folder: Path, mirrors: tuple[str, ...], progress: Progress | None, timeouts: Timeouts
) -> None:
    try:
        import requests
    except ImportError:
        raise MissingExtraError("requests", "data") from None
    reasons: list[str] = []
    reached = False
    for mirror in mirrors:
        is_archive = mirror.endswith(".npz")
        with requests.Session() as session:
            contact = timeouts.contact / len(mirrors)
            downloader = Downloader(session, folder, timeouts, contact, progress)
            try:
                for file in [ARCHIVE] if is_archive else _lacking(folder):
                    downloader.download(mirror if is_archive else mirror + file.name, file)
                    reached = True
                return
            except GivenUpError as error:
                host = urlsplit(mirror).netloc or mirror
                reasons.append(f"{host}{f'/.../{ARCHIVE.name}' * is_archive}: {error}")
                reached = reached or error.reached
    kind = DownloadError if reached else UnreachableError
    raise kind(f"no mirror gave MNIST ({'; '.join(reasons) or 'there is none to ask'}).")


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
        for path in (folder / file.name, file.part(folder)):
            with contextlib.suppress(OSError):  # it may be renamed at this very moment
                done += path.stat().st_size
    return done, sum(file.size for file in FILES)


@dataclass(frozen=True)
class Downloader:
    """Brings files into a folder.

    Attributes:
        session: carries the connection, proxies and certificates.
        folder: where files go; only one downloader at a time may serve it.
        timeouts: when to give up.
        contact: seconds until an address must have begun to answer.
        progress: called with (file name, bytes so far, bytes in all).
    """

    session: "requests.Session"
    folder: Path
    timeouts: Timeouts
    contact: float
    progress: Progress | None = None

    def download(self, url: str, file: PublishedFile) -> None:
        """Fetch `url` as `file`, going on from what an earlier attempt left.

        Raises:
            GivenUpError: this address does not give the file.
            StorageError: the folder cannot be written.
        """
        part = file.part(self.folder)
        while True:
            start = part.stat().st_size if part.exists() else 0
            if start < file.size:
                start = self._receive(url, file, part, start)
            if file.is_at(part):
                atomic.settle(part, self.folder / file.name)
                return
            part.unlink(missing_ok=True)
            # What lay there may have come from a bad mirror: then this one gets a clean start.
            if not start:
                raise GivenUpError("wrong content (its sha256 differs)")

    def _receive(self, url: str, file: PublishedFile, part: Path, start: int) -> int:
        """Append to `part` what is missing; return the byte from which the server sent."""
        with contextlib.closing(self._ask(url, start)) as response:
            sent = response.headers.get("Content-Range", "")
            if not (start and response.status_code == 206 and sent.startswith(f"bytes {start}-")):
                start = 0
                _check_answer(response, file)
            pieces = self._pieces(response, file, start)
            try:
                with part.open("ab" if start else "wb") as target:
                    for piece in pieces:
                        target.write(piece)
                        target.flush()  # whoever kills this process leaves what came
            except BrokenPipeError:  # whoever read the progress has left
                raise
            except OSError as error:  # a full disk gets its space back
                part.unlink(missing_ok=True)
                raise StorageError(
                    f"cannot write {self.folder}: {error.strerror or error}. Free some space "
                    "(MNIST needs 12 MB) or choose another folder."
                ) from error
            finally:
                if part.exists() and not part.stat().st_size:
                    part.unlink()
        return start

    def _pieces(
        self, response: "requests.Response", file: PublishedFile, start: int
    ) -> Iterator[bytes]:
        """Give the bytes as they come, undecoded: what was published is gzipped already.

        Raises:
            GivenUpError: they end early, go on too long, come too slowly, or are others.
        """
        import urllib3

        received, began = start, time.monotonic()
        try:
            while piece := response.raw.read1(_CHUNK):
                if not received and not any(m.startswith(piece[:2]) for m in _MAGIC):
                    raise GivenUpError(f"sent {_kind(response)}, not the file")
                received += len(piece)
                if received > file.size:
                    raise GivenUpError("sent more than the file has")
                yield piece
                if self.progress:
                    self.progress(file.name, received, file.size)
                late = time.monotonic() - began - self.timeouts.grace
                if late > 0 and received - start < late * self.timeouts.slowest:
                    raise GivenUpError(f"too slow, {file.amount(received)}")
        except urllib3.exceptions.ReadTimeoutError:
            raise GivenUpError(f"went silent, {file.amount(received)}") from None
        except urllib3.exceptions.HTTPError:
            raise GivenUpError(f"broke off, {file.amount(received)}") from None
        if received < file.size:
            raise GivenUpError(f"ended early, {file.amount(received)}")

    def _ask(self, url: str, start: int) -> "requests.Response":
        """Give the answer once its headers are here.

        The asking happens in a thread that is left behind when time is up: neither the look-up
        of a name nor a name with many addresses can be limited otherwise.
        """
        headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={start}-"} if start else {})
        timeout = (self.contact, self.timeouts.stall)
        box: queue.SimpleQueue[requests.Response | Exception] = queue.SimpleQueue()

        def ask() -> None:
            try:
                box.put(self.session.get(url, headers=headers, stream=True, timeout=timeout))
            except Exception as error:  # whatever it was belongs to the one who waits
                box.put(error)

        threading.Thread(target=ask, daemon=True).start()
        try:
            answer = box.get(timeout=self.contact)
        except queue.Empty:
            raise GivenUpError(f"no answer in {self.contact:.1f} s", reached=False) from None
        if isinstance(answer, OSError):  # requests' errors are OSErrors, a bad CA bundle's too
            raise GivenUpError(*_explain(answer)) from answer
        if isinstance(answer, Exception):
            raise answer
        return answer


def _check_answer(response: "requests.Response", file: PublishedFile) -> None:
    if response.status_code != 200:
        raise GivenUpError(f"HTTP {response.status_code} {response.reason}".strip())
    length = response.headers.get("Content-Length")
    if length is not None and length != str(file.size):
        kind = _kind(response)
        raise GivenUpError(f"sent {length} bytes of {kind}; {file.name} has {file.size:,}")


def _kind(response: "requests.Response") -> str:
    return response.headers.get("Content-Type", "something").split(";")[0]


_REASONS = (
    # what the error's text has in it, what to say, whether somebody was there
    ("CERTIFICATE_VERIFY_FAILED", "its certificate is not trusted (set REQUESTS_CA_BUNDLE)", True),
    ("CA certificate bundle", "REQUESTS_CA_BUNDLE names no file", True),
    ("Tunnel connection failed", "the proxy refused", False),
    ("ProxyError", "the proxy cannot be reached", False),
    ("NameResolution", "name not found", False),
    ("refused", "connection refused", False),
    ("unreachable", "network unreachable", False),
    ("timed out", "no answer", False),
    ("Connection aborted", "hung up", False),
    ("Invalid URL", "not an address", True),
    ("No connection adapters", "not an address", True),
)


def _explain(error: OSError) -> tuple[str, bool]:
    text = f"{type(error).__name__} {error}"
    for sign, words, reached in _REASONS:
        if sign in text:
            return words, reached
    return f"connection failed ({type(error).__name__})", False
