"""Pictures kept with what they truly show, as `digits train --dataset` reads them."""

import io
import secrets
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from digit_classifier import atomic
from digit_classifier.errors import StorageError
from digit_classifier.picture import Picture, normalise
from digit_classifier.server.refusal import Refusal

# What a small file takes on most disks.
BLOCK = 4096
Box = tuple[int, int, int, int]
# The paper around a digit that is cut out: to be sure of the ink's edge, and to show what is paper.
_MARGIN, _PAPER = 0.04, 0.2


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

    def keep(self, picture: Picture, box: Box | None, label: int) -> str:
        """Keep one picture.

        Args:
            picture: upright.
            box: x, y, width, height of the one digit that is meant; None where there is no other.
            label: 0 to 9.
        Returns:
            The file, as seen from the folder.
        Raises:
            NoInkError: nothing is drawn there, so that it would spoil a later training.
            Refusal: 507, the folder is full.
            StorageError: it cannot be written.
        """
        pixels = picture.pixels if box is None else cut_out(picture.pixels, box)
        normalise(Picture(pixels, name="the picture"))
        data = png(pixels)
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


def cut_out(pixels: np.ndarray, box: Box) -> np.ndarray:
    """One digit with paper around it, and nothing of its neighbours.

    Args:
        pixels: uint8, shape (height, width) or (height, width, 3).
        box: x, y, width, height of its ink.
    Returns:
        The same kind of array: the box and a narrow margin, framed by more of the margin's paper.
    """
    import cv2  # as in picture/: only where it is needed, for a start under a second

    x, y, width, height = box
    margin = max(2, round(_MARGIN * max(width, height)))
    part = pixels[max(0, y - margin) : y + height + margin, max(0, x - margin) : x + width + margin]
    frame = max(4, round(_PAPER * max(width, height)))
    framed: np.ndarray = cv2.copyMakeBorder(part, frame, frame, frame, frame, cv2.BORDER_REPLICATE)
    return framed


def png(pixels: np.ndarray) -> bytes:
    """A picture as the bytes of a PNG file."""
    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(pixels).save(file, format="PNG")
    return file.getvalue()


def _on_disk(size: int) -> int:
    return -(-size // BLOCK) * BLOCK
