"""What a user may name as pictures: files, folders, patterns and standard input."""

import glob
import os
from collections.abc import Iterable
from pathlib import Path

from digit_classifier.cli.streams import warn
from digit_classifier.errors import OptionError
from digit_classifier.picture.decode import SUFFIXES, format_of
from digit_classifier.shell import digits, one_line, readable
from digit_classifier.words import count

STDIN = "-"
# Tables of pixels, each row an image, which --submission reads.
_TABLES = (".csv", ".csv.gz", ".npz", ".npy", ".mat")


def expand(names: Iterable[str]) -> list[str]:
    """Turn names into files, in the order given; those of a folder or pattern are sorted.

    Args:
        names: files, folders (searched to any depth for the known suffixes), patterns with `*`,
            `?`, `[` or `**`, or `-` for standard input.
    Returns:
        Paths of files, and `-` where it was given.
    Raises:
        OptionError: a pattern or folder holds nothing, the only name is no file, or `-` was given
            twice.
    """
    names = list(names)
    files: list[str] = []
    for name in names:
        files += [STDIN] if name == STDIN else _matching(name, alone=len(names) == 1)
    if files.count(STDIN) > 1:
        raise OptionError("- was given twice; standard input holds one picture")
    return files


def _matching(name: str, *, alone: bool) -> list[str]:
    if not name:  # an empty variable of a shell; as a path it would be this folder
        raise OptionError("a picture's name is empty; check what was put in")
    path = Path(name)
    if path.is_dir():
        return _inside(path)
    if path.exists():
        if alone and name.lower().endswith(_TABLES) and not _begins_as_picture(path):
            raise OptionError(
                f"{name} is a table, not a picture. For a digit for each of its rows: "
                f"{digits('predict', name, '--submission', 'submission.csv')}"
            )
        return [name]
    if any(sign in name for sign in "*?["):
        # Path.glob takes no absolute pattern
        found = _readable(glob.glob(name, recursive=True))  # noqa: PTH207
        if not found:
            raise OptionError(f"no file matches {name}; check the pattern")
        return found
    if not alone:  # the others shall still be read; the reader says that this one is missing
        return [name]
    raise OptionError(f"no file {name}; check the path")


def _begins_as_picture(path: Path) -> bool:
    if not path.is_file():  # a pipe gives its bytes once
        return True
    try:
        with path.open("rb") as file:
            return format_of(file.read(12)) is not None
    except OSError:  # the reader says so
        return True


def _inside(top: Path) -> list[str]:
    """The pictures of a folder, at any depth; what else lies there is said, but for hidden files.

    A folder that cannot be opened, or is gone by then, costs itself alone.
    """
    named: list[str] = []
    others: list[str] = []
    for folder, below, files in os.walk(top, onerror=_cannot_open):
        below[:] = [name for name in below if not name.startswith(".")]
        for name in files:
            if not name.startswith("."):
                is_named = Path(name).suffix.lower() in SUFFIXES
                (named if is_named else others).append(str(Path(folder, name)))
    found = _readable(named)
    if not found:
        known = " ".join(sorted(SUFFIXES))
        raise OptionError(f"no picture in the folder {top}; files that end with {known} are")
    if others:
        shown = ", ".join(
            one_line(readable(Path(name).relative_to(top))) for name in sorted(others)[:5]
        )
        more = ", ..." if others[5:] else ""
        how = " Export a PDF's pages as PNG." if any(_is_pdf(name) for name in others) else ""
        what = f"{count(len(others), 'file')} in {top}, no pictures by name"
        warn(f"left out: {what}: {shown}{more}.{how}")
    return found


def _cannot_open(error: OSError) -> None:
    name = one_line(readable(error.filename))
    warn(f"the folder {name} is left out: it cannot be opened: {error.strerror}.")


def _is_pdf(name: str) -> bool:
    return name.lower().endswith(".pdf")


def _readable(found: Iterable[str]) -> list[str]:
    """The files among what was found, sorted; what is neither file nor folder is named.

    A pipe that nobody asked for by its name would be waited for. A link to what is gone is kept:
    the reader says so.
    """
    files = []
    for name in sorted(found):
        path = Path(name)
        if path.is_file() or (path.is_symlink() and not path.exists()):
            files.append(name)
        elif not path.is_dir():
            warn(f"{readable(name)} is a pipe, a socket or a device and is left out.")
    return files
