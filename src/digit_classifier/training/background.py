"""A training in a process of its own, for a server: events come out, a word stops it.

The process is niced, and ends when whoever started it does: then as on Ctrl-C, with what was
trained saved, so that `resume` goes on with it.
"""

import _thread
import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from digit_classifier.errors import DigitError, StorageError
from digit_classifier.training.loop import Epoch
from digit_classifier.training.run import Listener, Plan
from digit_classifier.training.session import train

# The last event of each training is one of these.
ENDS = ("end", "failed")


class BackgroundTraining:
    """Trains as `train(**settings)` does, in another process.

    >>> training = BackgroundTraining(start="cnn", dataset="my-digits")  # doctest: +SKIP
    >>> for event in training:  # doctest: +SKIP
    ...     print(event["event"])

    Iterate it once, in one thread; `stop` may be called from any. Events are dicts of plain values,
    told apart by `event`:

    - "task": what, done, total: something before or after the epochs, such as pictures read.
    - "start": folder (the run folder), model, epochs, and notes, a list of sentences.
    - "progress": epoch (from 1), epochs, share of that epoch, 0 to 1.
    - "epoch": the fields of `Epoch`, and epochs.
    - "warning": sentence.
    - "end": folder, stopped, and metrics as metrics.json holds them; in its "tuned" before and
      after: see `Tuning.describe`. With `stopped` the run can be resumed; metrics is then None.
    - "failed": sentence.

    The last one is "end" or "failed", also where the process was killed.
    """

    def __init__(self, **settings: Any) -> None:
        """Start the process.

        Args:
            settings: keywords of `train`, as JSON can hold them.
        Raises:
            StorageError: no process can be started.
        """
        paths = [str(Path(__file__).parents[2]), *filter(None, [os.environ.get("PYTHONPATH")])]
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-m", __name__, json.dumps(settings)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                encoding="utf-8",
                env={**os.environ, "PYTHONPATH": os.pathsep.join(paths), "MPLBACKEND": "agg"},
                start_new_session=True,  # a terminal's Ctrl-C is for the server, which stops it
            )
        except OSError as error:
            raise StorageError(f"no process for a training: {error.strerror}.") from error

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """Yield the events as they come."""
        assert self._process.stdout
        last = ""
        for line in self._process.stdout:
            event = json.loads(line)
            last = event["event"]
            yield event
        code = self._process.wait()
        if last not in ENDS:
            yield {"event": "failed", "sentence": f"the training's process ended with {code}."}

    @property
    def running(self) -> bool:
        """Whether the process is still there."""
        return self._process.poll() is None

    def stop(self, timeout: float = 30.0) -> None:
        """Finish the step under way, save, and end; killed after `timeout` seconds."""
        assert self._process.stdin
        with contextlib.suppress(OSError):
            self._process.stdin.close()
        try:
            self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


class _Events(Listener):
    """Writes what it hears as lines of JSON."""

    def __init__(self) -> None:
        self._epochs = 0

    def say(self, event: str, **values: Any) -> None:
        with contextlib.suppress(OSError):  # nobody listens any more
            print(json.dumps({"event": event, **values}), flush=True)

    def on_task(self, what: str, done: int, total: int) -> None:
        self.say("task", what=what, done=done, total=total)

    def on_start(self, plan: Plan) -> None:
        self._epochs = plan.recipe.epochs
        self.say(
            "start",
            folder=str(plan.folder),
            model=plan.config.model,
            epochs=self._epochs,
            notes=list(plan.dataset.notes),
        )

    def on_progress(self, epoch: int, share: float) -> None:
        self.say("progress", epoch=epoch, epochs=self._epochs, share=share)

    def on_epoch(self, row: Epoch) -> None:
        self.say("epoch", epochs=self._epochs, **vars(row))

    def on_warning(self, sentence: str) -> None:
        self.say("warning", sentence=sentence)


def _stop_with(stream: Any) -> None:
    """Stop as on Ctrl-C when the stream ends: the starter closed it, or is gone."""
    stream.read()
    _thread.interrupt_main()


def _main(settings: str) -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)  # also where the starter ignores it
    if hasattr(os, "nice"):
        os.nice(10)
    threading.Thread(target=_stop_with, args=(sys.stdin.buffer,), daemon=True).start()
    events = _Events()
    try:
        run = train(None, events, lean=True, **json.loads(settings))
    except DigitError as error:
        events.say("failed", sentence=str(error))
    except KeyboardInterrupt:  # before the first epoch
        events.say("end", folder=None, stopped=True, metrics=None)
    else:
        metrics = None if run.stopped else run.metrics
        events.say("end", folder=str(run.folder), stopped=run.stopped, metrics=metrics)
    os._exit(0)  # nothing is left to do, and a second interrupt would be a traceback


if __name__ == "__main__":
    _main(sys.argv[1])
