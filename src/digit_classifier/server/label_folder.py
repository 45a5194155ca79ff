"""Pictures kept with what they truly show, as `digits train --dataset` reads them."""

import re
import secrets
import stat
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from digit_classifier import atomic
from digit_classifier.errors import StorageError
from digit_classifier.server.errors import ApiError, bad_input

# What a small file takes on most disks.
BLOCK = 4096
# The names that `keep` gives, and no others: no path can be made of one.
NAME = "[0-9]/[0-9]{8}T[0-9]{6}-[0-9a-f]{16}[.]png"


class LabelFolder:
    """A folder of labelled pictures, PNG files in sub-folders 0 to 9, bounded in size."""

    def __init__(self, folder: Path, limit: int) -> None:
        """Open the folder, and create it where it is missing.

        Args:
            folder: gets sub-folders 0 to 9.
            limit: most bytes of disk that all its files may take.
        Raises:
            StorageError: it cannot be written.
        """
        self._folder, self._limit = folder, limit
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._used = self._count()
        except OSError as error:
            raise StorageError(
                f"cannot keep corrections in {folder}: {error.strerror}. Choose another folder."
            ) from error
        self._lock = threading.Lock()

    def describe(self) -> dict[str, Any]:
        """For the page: no more of the path than its last part."""
        return {
            "folder": self._folder.resolve().name,
            "bytes": self._used,
            "limit_bytes": self._limit,
        }

    def keep(self, data: bytes, label: int, replaces: str | None = None) -> str:
        """Keep one picture.

        Args:
            data: a PNG file.
            label: 0 to 9.
            replaces: the name of one that was kept and that this one takes the place of; one that
                is no longer there is no fault.
        Returns:
            The file, as seen from the folder. Whoever knows it may remove it: it cannot be guessed.
        Raises:
            ApiError: 422, `replaces` is no name of this folder; 507, the folder is full.
            StorageError: it cannot be written.
        """
        now = datetime.now(UTC).strftime("%Y%m%dT%H%M%S")
        name = f"{label}/{now}-{secrets.token_hex(8)}.png"
        old = None if replaces is None else self._path(replaces)
        with self._lock:
            self._make_room(_on_disk(len(data)) - (_size(old) if old else 0))
            atomic.write_bytes(self._folder / name, data)
            self._used += _on_disk(len(data))
            if old:
                self._remove(old)
        return name

    def remove(self, name: str) -> None:
        """Take back one picture that was kept.

        Raises:
            ApiError: 422, no name of this folder; 404, it is not there.
            StorageError: it cannot be removed.
        """
        path = self._path(name)
        with self._lock:
            if not self._remove(path):
                raise ApiError(404, "not_found", f"no correction is called {name}.")

    def _path(self, name: str) -> Path:
        if not re.fullmatch(NAME, name):
            raise bad_input(f"{name[:80]!r} is not the name of a correction.")
        return self._folder / name

    def _make_room(self, size: int) -> None:
        """Refuse `size` bytes more where they are too many."""
        if self._used + size > self._limit:
            self._used = self._count()  # somebody may have moved some away meanwhile
        if self._used + size > self._limit:
            raise ApiError(
                507,
                "folder_full",
                f"corrections take {self._used:,} bytes, at most {self._limit:,} are allowed; "
                "move some away or start the server with a higher limit.",
            )

    def _remove(self, path: Path) -> bool:
        """Whether it was there."""
        size = _size(path)
        try:
            path.unlink()
        except FileNotFoundError:
            return False
        except OSError as error:
            raise StorageError(f"cannot remove {path.name}: {error.strerror}.") from error
        self._used = max(0, self._used - size)
        return True

    def _count(self) -> int:
        return sum(map(_size, self._folder.rglob("*")))


def _size(path: Path) -> int:
    """What a file takes on the disk; 0 where there is none, or no longer."""
    try:
        found = path.stat()
    except OSError:
        return 0
    return _on_disk(found.st_size) if stat.S_ISREG(found.st_mode) else 0


def _on_disk(size: int) -> int:
    return -(-size // BLOCK) * BLOCK
