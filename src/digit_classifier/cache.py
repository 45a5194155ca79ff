"""Where this package keeps what it downloads: the folder that the user named, or the system's."""

import os
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
    if folder := named():
        return folder
    try:
        import platformdirs
    except ImportError:
        raise MissingExtraError("platformdirs", "data") from None
    try:
        return platformdirs.user_cache_path(NAME, appauthor=False)
    except RuntimeError:  # this user has no home
        return Path("~", ".cache", NAME)


def expand(path: str | Path) -> Path:
    """A path with ~ replaced, unless nobody knows where this user is at home."""
    try:
        return Path(path).expanduser()
    except RuntimeError:
        return Path(path)
