"""The window in which the two plots grow, in a process of its own.

A toolkit for windows may block, abort or end its process, and must not take the training with it.
The process looks at history.csv in the run folder, and ends when the training lets go of it.
"""

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

# Inches: two plots beside each other, 1,200 pixels wide.
SIZE = (12.0, 4.2)
SECONDS = 1.0
NO_DISPLAY = "no display to open a window on"
NO_TOOLKIT = "no display to open a window on, or no toolkit such as tkinter to open it with"


class Window:
    """A window onto the history of a run folder."""

    def __init__(self, folder: Path, data: str, validation: str) -> None:
        """Start the process where there may be a display; its window opens after the first epoch.

        Args:
            folder: the run folder.
            data: the name of the data set, for the titles.
            validation: what the validation images are, for the legends.
        """
        self._process: subprocess.Popen[bytes] | None = None
        if sys.platform == "linux" and not {"DISPLAY", "WAYLAND_DISPLAY"} & set(os.environ):
            return
        self._complaints = tempfile.TemporaryFile()  # noqa: SIM115 - as long as the process
        # a clone's script finds the package by a path of its own
        paths = [str(Path(__file__).parents[2]), *filter(None, [os.environ.get("PYTHONPATH")])]
        with contextlib.suppress(OSError):
            self._process = subprocess.Popen(
                [sys.executable, "-m", __name__, os.fspath(folder), data, validation],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=self._complaints,
                env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
            )

    @property
    def is_open(self) -> bool:
        """Whether there is a window, or will be."""
        return self._process is not None and self._process.poll() is None

    def wait(self) -> None:
        """Wait until somebody closes the window, or until it fails."""
        if self._process:
            self._process.wait()

    def close(self) -> str | None:
        """Close the window, whatever it is at.

        Returns:
            Why there was none; None if there was.
        """
        if not self._process:
            return NO_DISPLAY
        failed = self._process.poll()
        self._process.kill()
        with self._complaints, self._process:  # closes the pipe and waits
            return self._reason(failed) if failed else None

    def _reason(self, code: int) -> str:
        self._complaints.seek(0)
        lines = self._complaints.read().decode("utf-8", "replace").strip().splitlines()
        # Python says at the end what was wrong, a toolkit that aborts at the beginning.
        return lines[-1 if code == 1 else 0] if lines else f"its process ended with {code}"


def _watch(folder: Path, data: str, validation: str) -> None:
    """Show the history of a run folder in a window until it is closed."""
    import matplotlib.pyplot as plt
    from matplotlib.backends.registry import BackendFilter, backend_registry

    from digit_classifier.training.curves import NAMES, draw_on
    from digit_classifier.training.runs import read_history

    # Asking for the backend makes matplotlib look for a display and fall back to files only.
    windowed = backend_registry.list_builtin(BackendFilter.INTERACTIVE)
    if plt.get_backend().lower() not in {name.lower() for name in windowed}:
        sys.exit(NO_TOOLKIT)
    history = folder / "history.csv"
    while not history.exists():
        time.sleep(0.1)
    figure: Any = plt.figure(folder.name, figsize=SIZE, layout="constrained")
    halves = dict(zip(NAMES, figure.subfigures(1, 2), strict=True))
    shown = 0

    def grow() -> None:
        nonlocal shown
        changed = history.stat().st_mtime_ns
        if changed != shown:
            draw_on(halves, read_history(folder), data, validation)
            figure.canvas.draw_idle()
            shown = changed

    grow()
    timer = figure.canvas.new_timer(interval=round(1000 * SECONDS))
    timer.add_callback(grow)
    timer.start()
    plt.show()


def _end_with(stream: Any) -> None:
    """End the process when the stream does: the training let go of it, or died."""
    stream.read()
    os._exit(0)


def _main(folder: str, data: str, validation: str) -> None:
    # The training hears Ctrl-C, and decides.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(os, "nice"):
        os.nice(19)
    threading.Thread(target=_end_with, args=(sys.stdin.buffer,), daemon=True).start()
    try:
        _watch(Path(folder), data, validation)
    except Exception as error:  # a toolkit's, of any class
        sys.exit(" ".join(str(error).split()) or type(error).__name__)


if __name__ == "__main__":
    _main(*sys.argv[1:])
