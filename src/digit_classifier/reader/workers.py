"""Many pictures on many cores: processes, since reading a small picture is mostly Python."""

import logging
import multiprocessing
import signal
import sys
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import resource_tracker
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import TYPE_CHECKING

from digit_classifier.errors import FaultError, OptionError

if TYPE_CHECKING:
    from digit_classifier.picture.decode import Source
    from digit_classifier.reader import DigitReader
    from digit_classifier.reader.reading import Reading

PACKAGE = "digit_classifier"
# What a process ends with that was about to start processes while it ran the script that did.
UNGUARDED = 97
GUARD = 'Put the script\'s own start under `if __name__ == "__main__":`, or leave `jobs` out.'
_reader: "DigitReader | None" = None  # of a worker process


def read_many(
    reader: "DigitReader", sources: "Iterable[Source]", jobs: int, single: bool
) -> "Iterator[Reading]":
    """As `DigitReader.read_many`, in `jobs` processes, each with a model of its own.

    Raises:
        OptionError: the script has no `if __name__ == "__main__":`, or is no file.
        FaultError: a process died.
    """
    from digit_classifier.reader import batches

    if getattr(multiprocessing.current_process(), "_inheriting", False):
        sys.exit(UNGUARDED)  # a worker that begins by running the user's script; see below
    main = getattr(sys.modules["__main__"], "__file__", None)
    if main and not Path(main).is_file():  # such as <stdin>
        raise OptionError(
            f"{main} is no file that other processes can begin with: save it as one. {GUARD}"
        )
    before = set(multiprocessing.active_children())
    executor = ProcessPoolExecutor(
        jobs,
        # fork would copy ONNX Runtime's locks in whatever state its threads left them
        mp_context=multiprocessing.get_context("spawn"),
        initializer=_start,
        initargs=(reader, logging.getLogger(PACKAGE).level),
    )
    started: set[BaseProcess] = set()
    waiting: deque[Future[list[Reading]]] = deque()
    try:
        for batch in batches(sources):
            with shielded(signal.SIGINT):
                waiting.append(executor.submit(_read, batch, single))
            started |= set(multiprocessing.active_children()) - before
            # far enough ahead to keep all busy, and no further: sources may be endless
            if len(waiting) > 2 * jobs:
                yield from waiting.popleft().result()
        while waiting:
            yield from waiting.popleft().result()
    except BrokenProcessPool as error:
        executor.shutdown(wait=True)
        if any(process.exitcode == UNGUARDED for process in started):
            raise OptionError(
                f"each process begins with the script, and that starts processes. {GUARD}"
            ) from None
        raise FaultError(
            "a process that read pictures died, perhaps for lack of memory; use fewer jobs"
        ) from error
    finally:
        executor.shutdown(wait=True, cancel_futures=True)


@contextmanager
def shielded(*signals: signal.Signals) -> Iterator[None]:
    """Have processes that are started inside the block never hear these signals, such as Ctrl-C.

    They could set so themselves only after seconds of imports. One that comes meanwhile is heard
    by this process after the block. Windows has no such mask.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    resource_tracker.ensure_running()  # else the first start would, and unblock them
    before = signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _start(reader: "DigitReader", log_level: int) -> None:
    # Ctrl-C reaches every process of a terminal; the parent alone answers it
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    logging.basicConfig(format="%(message)s")
    logging.getLogger(PACKAGE).setLevel(log_level)
    global _reader
    _reader = reader


def _read(batch: "list[Source]", single: bool) -> "list[Reading]":
    assert _reader is not None
    return _reader.read_batch(batch, single)
