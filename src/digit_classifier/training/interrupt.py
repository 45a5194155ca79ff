"""Ctrl-C: once to finish the step and save, twice to stop at once."""

import contextlib
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from types import FrameType


@contextlib.contextmanager
def stoppable() -> Iterator[Callable[[], bool]]:
    """Turn the first Ctrl-C into an answer instead of an exception.

    After the first, Ctrl-C ends the process at once, also in the middle of a compiled call, where
    Python itself would not hear it; in an interactive session, a notebook's too, which has more to
    lose, it is a KeyboardInterrupt. Outside the main thread nothing is changed.

    Yields:
        A function that tells whether Ctrl-C was pressed.
    """
    asked = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield asked.is_set
        return

    def ask(_number: int, _frame: FrameType | None) -> None:
        asked.set()
        signal.signal(signal.SIGINT, before if hasattr(sys, "ps1") else signal.SIG_DFL)

    before = signal.signal(signal.SIGINT, ask)
    try:
        yield asked.is_set
    finally:
        signal.signal(signal.SIGINT, before)
