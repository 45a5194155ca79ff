"""Files and folders that are either whole or not there: temporary file, fsync, rename."""

import contextlib
import errno
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from digit_classifier.errors import OptionError, StorageError

if TYPE_CHECKING:
    from PIL import Image


@contextlib.contextmanager
def replacing(path: str | Path) -> Iterator[Path]:
    """Give a temporary path beside `path`; move it there once the block has ended well.

    The temporary name keeps the suffix, since many writers choose their format by it. If the
    block fails, the temporary file goes and whatever was at `path` stays as it was.

    Args:
        path: where the file is to be; its folder is created.
    Yields:
        An empty temporary file in the same folder, to be written by name.
    Raises:
        StorageError: the folder or the file cannot be written (full, read-only, gone).
    """
    path = Path(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(
            prefix=f".{path.stem}-", suffix=path.suffix, dir=path.parent
        )
        os.close(handle)
    except OSError as error:
        raise StorageError(_sentence(path, error)) from error
    temporary = Path(name)
    try:
        yield temporary
        settle(temporary, path)
    except OSError as error:
        raise StorageError(_sentence(path, error)) from error
    finally:
        temporary.unlink(missing_ok=True)


@contextlib.contextmanager
def replacing_folder(path: str | Path) -> Iterator[Path]:
    """Give a temporary folder beside `path`; move it there once the block has ended well.

    A folder that is at `path` goes, whatever is in it: ask first. If the block fails, the
    temporary folder goes and whatever was at `path` stays as it was.

    Args:
        path: where the folder is to be; the folder around it is created.
    Yields:
        An empty folder.
    Raises:
        StorageError: it cannot be written (full, read-only, gone).
    """
    path = Path(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(prefix=f".{path.name}-", dir=path.parent))
    except OSError as error:
        raise StorageError(_sentence(path, error)) from error
    try:
        yield temporary
        temporary.chmod(0o777 & ~_umask())
        if path.exists():
            # Two renames: the old folder is out of the way for an instant only.
            old = Path(tempfile.mkdtemp(prefix=f".{path.name}-old-", dir=path.parent))
            path.replace(old)
            temporary.replace(path)
            shutil.rmtree(old, ignore_errors=True)
        else:
            temporary.replace(path)
    except OSError as error:
        raise StorageError(_sentence(path, error)) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def settle(temporary: Path, path: Path) -> None:
    """Move a finished file in the same folder to `path`, its bytes being on the disk first.

    Raises:
        StorageError: as `replacing`.
    """
    try:
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        temporary.chmod(0o666 & ~_umask())
        temporary.replace(path)
    except OSError as error:
        raise StorageError(_sentence(path, error)) from error


def write_text(path: str | Path, text: str) -> None:
    """Write `text` to `path` as UTF-8, whole or not at all.

    Raises:
        StorageError: as `replacing`.
    """
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_bytes(path: str | Path, data: bytes) -> None:
    """Write `data` to `path`, whole or not at all.

    Raises:
        StorageError: as `replacing`.
    """
    with replacing(path) as temporary:
        temporary.write_bytes(data)


def fresh(path: str | Path) -> Path:
    """`path`, or where that is taken the first of path-2, path-3 ... that is not.

    For what a command writes where nobody said: it replaces nothing.
    """
    path, n = Path(path), 1
    place = path
    while place.exists():
        n += 1
        place = path.with_name(f"{path.stem}-{n}{path.suffix}")
    return place


def check_png(path: str | Path) -> Path:
    """Give a path back if a picture may be written there; asked before long work, too.

    Raises:
        OptionError: the name does not end in .png.
    """
    path = Path(path)
    if path.suffix.lower() != ".png":
        raise OptionError(f"{path} does not end in .png, and what is drawn is PNG. Name it so.")
    return path


def check_spares(path: str | Path, *sources: str | Path) -> None:
    """See that what is written neither replaces what is read nor lands among its files.

    Args:
        path: where a file is to be.
        sources: files and folders that are read; what is not there does not count.
    Raises:
        OptionError: it is one of the files, or lies in one of the folders, or in none that is
            there: a slip of the pen makes no folders.
    """
    out = Path(path)
    for source in map(Path, sources):
        if source.is_dir() and source.resolve() in out.resolve().parents:
            raise OptionError(f"{out} lies in {source}, which is read. Write it elsewhere.")
        if out.exists() and source.exists() and out.samefile(source):
            raise OptionError(f"{out} is what is read and would be lost. Write to another file.")
    if not out.parent.is_dir():
        raise OptionError(
            f"there is no folder {out.parent} to write {out.name} into. Make it first."
        )


def write_png(path: str | Path, picture: "Image.Image") -> None:
    """Write a picture to `path`, whole or not at all.

    Raises:
        OptionError: as `check_png`.
        StorageError: as `replacing`.
    """
    with replacing(check_png(path)) as temporary:
        picture.save(temporary, format="PNG")


def _umask() -> int:
    # mkstemp gives 0600; a file the user asked for should have the permissions of any other.
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _sentence(path: Path, error: OSError) -> str:
    reason = error.strerror or str(error)
    full = error.errno in (errno.ENOSPC, errno.EDQUOT)
    advice = "Free some space or choose another folder" if full else "Choose another folder"
    return f"cannot write {path}: {reason}. {advice}."
