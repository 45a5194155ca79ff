"""Pictures kept with what they truly show, as `digits train --dataset` reads them."""

import secrets
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from digit_classifier import atomic
from digit_classifier.errors import StorageError
from digit_classifier.server.refusal import Refusal

# What a small file takes on most disks.
BLOCK = 4096


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
            files = [path for path in folder.rglob("*") if path.is_file()]
            self._used = sum(_on_disk(path.stat().st_size) for path in files)
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

    def keep(self, data: bytes, label: int) -> str:
        """Keep one picture.

        Args:
            data: a PNG file.
            label: 0 to 9.
        Returns:
            The file, as seen from the folder.
        Raises:
            Refusal: 507, the folder is full.
            StorageError: it cannot be written.
        """
        now = datetime.now(UTC).strftime("%Y%m%dT%H%M%S")
        name = f"{label}/{now}-{secrets.token_hex(4)}.png"
        with self._lock:
            if self._used + _on_disk(len(data)) > self._limit:
                raise Refusal(
                    507,
                    "folder_full",
                    f"corrections take {self._used:,} bytes, at most {self._limit:,} are allowed; "
                    "move some away or start the server with a higher limit.",
                )
            atomic.write_bytes(self._folder / name, data)
            self._used += _on_disk(len(data))
        return name


def _on_disk(size: int) -> int:
    return -(-size // BLOCK) * BLOCK
