"""One published file from one address: asked for, received, verified, moved into place."""

import contextlib
import hashlib
import queue
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from digit_classifier import atomic
from digit_classifier.dataset.published import PublishedFile
from digit_classifier.errors import StorageError

if TYPE_CHECKING:
    import requests

Progress = Callable[[str, int, int], None]

_CHUNK = 1 << 16
_MAGIC = (b"\x1f\x8b", b"PK")  # gzip, zip


@dataclass(frozen=True)
class Patience:
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


class GivenUpError(Exception):
    """An address did not give the file; `reached` says whether anything answered at all."""

    def __init__(self, reason: str, reached: bool) -> None:
        super().__init__(reason)
        self.reached = reached


def is_sound(path: Path, file: PublishedFile) -> bool:
    """Say whether `path` holds the published bytes.

    Raises:
        StorageError: it is there and cannot be read.
    """
    try:
        if not path.is_file() or path.stat().st_size != file.size:
            return False
        with path.open("rb") as content:
            return hashlib.file_digest(content, "sha256").hexdigest() == file.sha256
    except OSError as error:
        raise StorageError(f"cannot read {path}: {error.strerror or error}.") from error


def part_of(folder: Path, file: PublishedFile) -> Path:
    """Where the bytes of `file` lie until all have come; the next attempt goes on from there."""
    return folder / f".{file.name}.part"


@dataclass(frozen=True)
class Courier:
    """Brings files into `folder`.

    Attributes:
        session: carries the connection, proxies and certificates.
        folder: where files go; only one courier at a time may serve it.
        patience: when to give up.
        contact: seconds until an address must have begun to answer.
        progress: called with (file name, bytes so far, bytes in all).
    """

    session: "requests.Session"
    folder: Path
    patience: Patience
    contact: float
    progress: Progress | None = None

    def download(self, url: str, file: PublishedFile) -> None:
        """Fetch `url` as `file`, going on from what an earlier attempt left.

        Raises:
            GivenUpError: this address does not give the file.
            StorageError: the folder cannot be written.
        """
        part = part_of(self.folder, file)
        while True:
            start = part.stat().st_size if part.exists() else 0
            if start < file.size:
                start = self._receive(url, file, part, start)
            if is_sound(part, file):
                atomic.settle(part, self.folder / file.name)
                return
            part.unlink(missing_ok=True)
            # What lay there may have come from a bad mirror: then this one gets a clean start.
            if not start:
                raise GivenUpError("wrong content (its sha256 differs)", reached=True)

    def _receive(self, url: str, file: PublishedFile, part: Path, start: int) -> int:
        """Append to `part` what is missing; return the byte from which the server sent."""
        response = self._ask(url, start)
        with contextlib.closing(response):
            if not _resumes(response, start):
                start = 0
                _check_answer(response, file)
            received = start
            began = time.monotonic()
            with _appending(part, start) as write:
                for piece in _pieces(response, file, start):
                    if not received and not any(m.startswith(piece[:2]) for m in _MAGIC):
                        raise GivenUpError(f"sent {_kind(response)}, not the file", reached=True)
                    received += len(piece)
                    if received > file.size:
                        raise GivenUpError("sent more than the file has", reached=True)
                    write(piece)
                    if self.progress:
                        self.progress(file.name, received, file.size)
                    late = time.monotonic() - began - self.patience.grace
                    if late > 0 and received - start < late * self.patience.slowest:
                        raise GivenUpError(f"too slow, {_of(received, file)}", reached=True)
        if received < file.size:
            raise GivenUpError(f"ended early, {_of(received, file)}", reached=True)
        return start

    def _ask(self, url: str, start: int) -> "requests.Response":
        """Give the answer once its headers are here.

        The asking happens in a thread that is left behind when time is up: neither the look-up
        of a name nor a name with many addresses can be limited otherwise.
        """
        headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={start}-"} if start else {})
        box: queue.SimpleQueue[requests.Response | Exception] = queue.SimpleQueue()
        over = threading.Event()

        def ask() -> None:
            try:
                timeout = (self.contact, self.patience.stall)
                answer = self.session.get(url, headers=headers, stream=True, timeout=timeout)
            except Exception as error:  # whatever it was belongs to the one who waits
                box.put(error)
                return
            box.put(answer)
            if over.is_set():
                answer.close()

        threading.Thread(target=ask, daemon=True).start()
        try:
            answer = box.get(timeout=self.contact)
        except queue.Empty:
            over.set()
            if not box.empty() and not isinstance(late := box.get(), Exception):
                late.close()
            raise GivenUpError(f"no answer in {self.contact:.1f} s", reached=False) from None
        if isinstance(answer, OSError):  # requests' errors are OSErrors, a bad CA bundle's too
            raise GivenUpError(*_explain(answer)) from answer
        if isinstance(answer, Exception):
            raise answer
        return answer


def _resumes(response: "requests.Response", start: int) -> bool:
    content_range = response.headers.get("Content-Range", "")
    return start > 0 and response.status_code == 206 and content_range.startswith(f"bytes {start}-")


def _check_answer(response: "requests.Response", file: PublishedFile) -> None:
    if response.status_code != 200:
        raise GivenUpError(f"HTTP {response.status_code} {response.reason}".strip(), reached=True)
    length = response.headers.get("Content-Length")
    if length is not None and length != str(file.size):
        raise GivenUpError(
            f"sent {length} bytes of {_kind(response)}; {file.name} has {file.size:,}",
            reached=True,
        )


def _pieces(response: "requests.Response", file: PublishedFile, received: int) -> Iterator[bytes]:
    """Give the bytes as they come, undecoded: what was published is gzipped already."""
    import urllib3

    try:
        while piece := response.raw.read1(_CHUNK):
            received += len(piece)
            yield piece
    except urllib3.exceptions.ReadTimeoutError:
        raise GivenUpError(f"went silent, {_of(received, file)}", reached=True) from None
    except urllib3.exceptions.HTTPError:
        raise GivenUpError(f"broke off, {_of(received, file)}", reached=True) from None


@contextlib.contextmanager
def _appending(part: Path, start: int) -> Iterator[Callable[[bytes], None]]:
    """Give a function that writes; a disk that is full gets its space back."""

    def write(piece: bytes) -> None:
        left = memoryview(piece)
        try:
            while left:
                left = left[target.write(left) :]
        except OSError as error:
            target.close()  # Windows removes no open file
            part.unlink(missing_ok=True)
            raise StorageError(
                f"cannot write {part.parent}: {error.strerror or error}. Free some space "
                "(MNIST needs 12 MB) or choose another folder."
            ) from error

    try:
        target = part.open("ab" if start else "wb", buffering=0)
    except OSError as error:
        raise StorageError(f"cannot write {part}: {error.strerror or error}.") from error
    try:
        with target:
            yield write
    finally:
        if part.exists() and not part.stat().st_size:
            part.unlink()


def _of(received: int, file: PublishedFile) -> str:
    return f"{received:,} of {file.size:,} bytes of {file.name}"


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
