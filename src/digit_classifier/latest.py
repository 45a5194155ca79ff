"""`runs/latest`: the newest finished run, as a link, or as a file that names it.

Windows lets few accounts make links, and some disks hold none.
"""

import contextlib
import os
import tempfile
from pathlib import Path

from digit_classifier.atomic import write_text
from digit_classifier.errors import DataError, StorageError

NAME = "latest"
# Longer names no file system allows.
_MAX_NAME = 255


def point_at(run: Path) -> None:
    """Let `latest` beside a run folder stand for it, if that folder is called runs.

    A run that the user put elsewhere leaves nothing there. What is called latest and is no link,
    nor a file of this module, stays as it is. Whatever the disk refuses is not worth an error.
    """
    run = run.absolute()
    place = run.with_name(NAME)
    if run.parent.name != "runs" or (_named(place) is None and os.path.lexists(place)):
        return
    try:
        with tempfile.TemporaryDirectory(prefix=f".{NAME}-", dir=run.parent) as folder:
            new = Path(folder, NAME)
            new.symlink_to(run.name, target_is_directory=True)
            new.replace(place)
    except (OSError, NotImplementedError):
        with contextlib.suppress(StorageError):
            write_text(place, f"{run.name}\n")


def resolve(path: str | os.PathLike[str]) -> Path:
    """The run folder that `latest` stands for; any other path unchanged.

    Raises:
        DataError: the run is gone.
    """
    path = Path(path)
    name = _named(path)
    if name is None:
        return path
    if not (run := path.with_name(name)).is_dir():
        raise DataError(f"{path} stands for {run}, which is gone. Name another run, or train anew.")
    return path if path.is_symlink() else run


def _named(path: Path) -> str | None:
    """The folder beside it that a link or a file called latest names; None for anything else."""
    if path.name != NAME:
        return None
    try:
        name = str(path.readlink()) if path.is_symlink() else path.read_text("utf-8").strip()
    except (OSError, ValueError):
        return None
    return name if name and len(name) <= _MAX_NAME and Path(name).name == name else None
