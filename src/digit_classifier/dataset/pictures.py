"""A user's own digits: a folder of pictures in sub-folders `0` to `9`."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from digit_classifier.dataset.labelled import Arrays, Pixels, check, split
from digit_classifier.errors import DataError, PictureError
from digit_classifier.picture.decode import SUFFIXES

_PARTS = 6  # one picture in six for testing, close to MNIST: 10,000 of 70,000

Progress = Callable[[str, int, int], None]


def is_here(folder: Path) -> bool:
    """Say whether `folder` is laid out as `read` needs it."""
    return bool(_classes(folder)) or bool(_classes(folder / "train"))


def read(folder: Path, progress: Progress | None = None) -> tuple[Arrays, tuple[str, ...]]:
    """Read every picture, redrawn as MNIST would have drawn it.

    With sub-folders `train` and `test` (each with `0` to `9`) these are the two parts; else one
    picture in six of every class is set aside for testing, always the same ones.

    Args:
        folder: holds `0` to `9`, or `train` and `test`; pictures may lie deeper down.
        progress: called with ("pictures", done, total).
    Returns:
        The arrays, and notes: classes without pictures, files that are no pictures.
    Raises:
        DataError: a picture cannot be read or shows nothing, or there are too few.
    """
    notes: list[str] = []
    if not _classes(folder / "train"):
        images, labels = _read_part(folder, progress, notes)
        arrays = split(images, labels, _PARTS)
    elif _classes(folder / "test"):
        train = _read_part(folder / "train", progress, notes)
        arrays = Arrays(*train, *_read_part(folder / "test", progress, notes))
    else:
        raise DataError(f"{folder} has a `train` folder but no `test` folder with digits 0 to 9.")
    if not len(arrays.test_labels):
        raise DataError(f"{folder}: too few pictures; some digit needs at least two.")
    return check(arrays, folder), tuple(notes)


def _classes(folder: Path) -> dict[int, Path]:
    return {digit: folder / str(digit) for digit in range(10) if (folder / str(digit)).is_dir()}


def _read_part(folder: Path, progress: Progress | None, notes: list[str]) -> tuple[Pixels, Pixels]:
    found: list[tuple[Path, int]] = []
    others: list[str] = []
    for digit, place in _classes(folder).items():
        for path in sorted(place.rglob("*")):
            if path.is_dir() or path.name.startswith("."):
                continue
            if path.suffix.lower() in SUFFIXES:
                found.append((path, digit))
            elif path.name not in ("Thumbs.db", "desktop.ini"):
                others.append(str(path.relative_to(folder)))
    if others:
        shown = ", ".join(others[:3]) + (" ..." if len(others) > 3 else "")
        notes.append(f"{folder}: skipped what is no picture ({len(others)}): {shown}")
    empty = sorted(set(range(10)) - {digit for _, digit in found})
    if len(empty) == 10:
        raise DataError(f"{folder} has no pictures in its sub-folders 0 to 9.")
    if empty:
        notes.append(f"{folder}: no pictures of {', '.join(map(str, empty))}")
    images = np.zeros((len(found), 28, 28), dtype=np.uint8)
    for index, (path, _) in enumerate(found):
        images[index] = _redraw(path)
        if progress:
            progress("pictures", index + 1, len(found))
    return images, np.array([digit for _, digit in found], dtype=np.uint8)


def _redraw(path: Path) -> Pixels:
    from digit_classifier.picture import decode, normalise

    try:
        return normalise(decode(path))
    except PictureError as error:
        raise DataError(f"in {path.parent}: {error}. Mend or remove the file.") from error
