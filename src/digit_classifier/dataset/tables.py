"""Tables of digits as text: CSV with or without a heading, a label and 784 pixels in each row."""

import gzip
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np

from digit_classifier.dataset.idx import MAX_BYTES
from digit_classifier.dataset.labelled import reading
from digit_classifier.errors import DataError

PIXELS = 784
_LABEL_NAMES = ("label", "labels", "class", "digit", "target", "y")
_INDEX_NAMES = ("", "id", "index", "imageid", "unnamed: 0")
_NEED = "needed 785 columns, a label and 784 pixels, in each row"


def read(path: Path) -> dict[str, np.ndarray]:
    """Read a CSV file, gzipped or not; columns may be parted by commas, semicolons or tabs.

    Args:
        path: the label comes first or last, or where the heading says `label`; 784 columns are
            pixels alone, as in Kaggle's test.csv. A column called id or index is left out.
    Returns:
        "images", float32 (n, 784), and "labels", float32 (n,), if there are any.
    Raises:
        DataError: not such a table; names the line.
    """
    lines = _lines(path)
    number, first = next(lines, (0, b""))
    if not number:
        raise DataError(f"{path} is empty; {_NEED}.")
    mark = max((b",", b";", b"\t", b" "), key=first.count)
    cells = [cell.strip().lower() for cell in first.split(mark)]
    heading = None if all(map(_is_number, cells)) else cells
    columns = len(cells)
    rows = [] if heading else [_numbers(first, mark, columns, path, number)]
    rows += [_numbers(line, mark, columns, path, number) for number, line in lines]
    if not rows:
        raise DataError(f"{path} holds a heading and no rows; {_NEED}.")
    table = np.array(rows)
    kept, label = _columns(table, heading, path)
    found = {"images": table[:, kept]}
    return found if label is None else found | {"labels": table[:, label]}


def _columns(
    table: np.ndarray, heading: Sequence[bytes] | None, path: Path
) -> tuple[np.ndarray, int | None]:
    """Which columns are pixels, and which is the label."""
    names = [name.decode(errors="replace") for name in heading or ()]
    dropped = [at for at, name in enumerate(names) if name in _INDEX_NAMES]
    kept = np.setdiff1d(np.arange(table.shape[1]), dropped)
    if len(kept) == PIXELS:
        return kept, None
    if len(kept) != PIXELS + 1:
        raise DataError(f"{path}: columns found: {table.shape[1]:,}; {_NEED}, of 28 x 28.")
    named = [at for at, name in enumerate(names) if name in _LABEL_NAMES]
    ends = [*named, int(kept[0]), int(kept[-1])]
    # The corners of digits are paper: only a column with something in it can be the labels.
    label = ends[0] if named else next((at for at in ends if _is_label(table[:, at])), ends[0])
    return kept[kept != label], label


def _is_label(column: np.ndarray) -> bool:
    return bool(column.max() <= 10 and column.max() > column.min() >= 0)


def _numbers(line: bytes, mark: bytes, columns: int, path: Path, number: int) -> np.ndarray:
    if line.count(mark) + 1 == columns and not line.translate(None, b"0123456789" + mark):
        # Whole numbers, as nearly always: fifteen times faster.
        with suppress(ValueError):
            values = np.fromstring(line, np.int32, sep=mark.decode())
            if len(values) == columns:
                return values.astype(np.float32)
    cells = line.split(mark)
    if len(cells) != columns:
        raise DataError(
            f"{path}: line {number:,} has {len(cells):,} columns, the first has {columns:,}; all "
            "must have as many. Is the file whole?"
        )
    try:
        return np.fromiter(map(float, cells), np.float32, columns)
    except ValueError:
        odd = next(at for at, cell in enumerate(cells) if not _is_number(cell))
        shown = cells[odd][:20].decode(errors="backslashreplace")
        raise DataError(
            f"{path}: line {number:,}, column {odd + 1:,} holds '{shown}'; needed a number. "
            + (
                "Write decimals with a point, as 0.5."
                if _is_number(cells[odd].replace(b",", b"."))
                else "Take out what is neither label nor pixel, such as names."
            )
        ) from None


def _is_number(cell: bytes) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """Each line that is not blank, with its number; without quotes."""
    size = 0
    with reading(path):
        with path.open("rb") as raw:
            zipped = raw.read(2) == b"\x1f\x8b"
        with gzip.open(path) if zipped else path.open("rb") as file:
            for number, line in enumerate(iter(lambda: file.readline(MAX_BYTES), b""), start=1):
                size += len(line)
                if size > MAX_BYTES:
                    raise DataError(f"{path} holds more than {MAX_BYTES >> 20:,} MiB of text.")
                if line.startswith((b"\xff\xfe", b"\xfe\xff")):
                    raise DataError(f"{path} is text in UTF-16. Save it as CSV in UTF-8.")
                if b"\0" in line:
                    raise DataError(f"{path} is no text: {_NEED}, as UTF-8.")
                text = line.removeprefix(b"\xef\xbb\xbf").replace(b'"', b"").rstrip(b"\r\n")
                if text.strip():
                    yield number, text
