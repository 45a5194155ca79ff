"""Where this package keeps what it downloads: the folder that the user named, or the system's."""

import contextlib
import functools
import os
import stat
import sys
import tempfile
from pathlib import Path

from digit_classifier.errors import MissingExtraError

NAME = "mnist-digit-classifier"


def named() -> Path | None:
    """The folder that DIGITS_CACHE names (once DIGITS_CACHE_DIR); None where it names none."""
    said = os.environ.get("DIGITS_CACHE") or os.environ.get("DIGITS_CACHE_DIR")
    return expand(said) if said else None


def chosen() -> Path:
    """The folder that is named, else the system's for such things; it need not be there.

    Raises:
        MissingExtraError: platformdirs is not installed.
    """
    if said := named():
        return said
    try:
        import platformdirs
    except ImportError:
        raise MissingExtraError("platformdirs", "data") from None
    try:
        return platformdirs.user_cache_path(NAME, appauthor=False)
    except RuntimeError:  # this user has no home
        return Path("~", ".cache", NAME)


def folder() -> Path:
    """Where downloads go: what is `chosen`, or a temporary folder if the system's is read-only.

    Raises:
        MissingExtraError: platformdirs is not installed.
    """
    usual = chosen()
    if named() or _can_write(usual):
        return usual  # a folder that the user named is never taken for another
    with contextlib.suppress(OSError):  # no temporary folder either: whoever writes will say so
        return _own_folder(Path(tempfile.gettempdir()))
    return usual


def _own_folder(place: Path) -> Path:
    """A folder that is this user's alone, in a place where others may make some, too.

    Raises:
        OSError: none can be made.
    """
    if sys.platform == "win32":  # where the place is
        return place / NAME
    own = place / f"{NAME}-{os.getuid()}"
    with contextlib.suppress(FileExistsError):
        own.mkdir(mode=0o700)
    about = own.lstat()
    mine = stat.S_ISDIR(about.st_mode) and about.st_uid == os.getuid()
    if mine and stat.S_IMODE(about.st_mode) == 0o700:
        return own
    return _unguessable_folder(place)  # somebody may have got there first


@functools.cache
def _unguessable_folder(place: Path) -> Path:
    return Path(tempfile.mkdtemp(prefix=f"{NAME}-", dir=place))


def notes() -> tuple[str, ...]:
    """What a user must be told of the cache: that it is a temporary one, and why."""
    usual, taken = chosen(), folder()
    if usual == taken:
        return ()
    return (
        f"{usual} cannot be written, so images are kept in {taken} for the time being. Set "
        "DIGITS_CACHE to a folder that can be written.",
    )


def _can_write(place: Path) -> bool:
    """Whether files can be made in a folder, or in one that would be made for it."""
    if place.parts[0].startswith("~"):
        return False
    try:
        place = place.absolute()
        while not place.exists() and not place.is_symlink():
            place = place.parent
        return place.is_dir() and os.access(place, os.W_OK | os.X_OK)
    except OSError:
        return False


def expand(path: str | Path) -> Path:
    """A path with ~ replaced, unless nobody knows where this user is at home."""
    try:
        return Path(path).expanduser()
    except RuntimeError:
        return Path(path)
