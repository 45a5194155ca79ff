"""What `train` shows when it is called from Python: one line, or in a notebook the plots."""

import base64
import contextlib
import html
import shutil
import sys
from abc import ABC, abstractmethod
from pathlib import Path
from time import perf_counter
from typing import Any

from digit_classifier.training.curves import NAMES
from digit_classifier.training.loop import Epoch
from digit_classifier.training.run import Listener, Plan

# Seconds between two lines, on a terminal that shows one in place of the other, in a file and in
# a notebook.
TERMINAL_GAP, FILE_GAP = 0.1, 1.0
NOTEBOOK_GAP = 0.2


def usual_listener(*, quiet: bool) -> Listener:
    """Who listens where the caller named nobody."""
    if quiet or sys.stderr is None:
        return Listener()
    if _in_notebook():
        return NotebookPlots()
    return ProgressLine()


def _in_notebook() -> bool:
    """Whether this is a Jupyter kernel, Colab's included; IPython in a terminal is a terminal."""
    if "IPython" not in sys.modules:
        return False
    return hasattr(sys.modules["IPython"].get_ipython(), "kernel")


class OneLine(Listener, ABC):
    """A training in one line that is shown anew as it goes on."""

    def __init__(self) -> None:
        self._plan: Plan | None = None
        self._row: Epoch | None = None
        self._seconds: list[float] = []

    @abstractmethod
    def _show(self, text: str) -> None:
        """Show the line in place of the one before, or leave it out if that is too recent."""

    @abstractmethod
    def _finish(self, text: str) -> None:
        """Show the last line, which stays."""

    def on_task(self, what: str, done: int, total: int) -> None:
        """Show how much is here."""
        self._show(f"{what}: {100 * done / total if total else 100:.0f} %")

    def on_start(self, plan: Plan) -> None:
        """Begin the line."""
        super().on_start(plan)
        self._plan = plan

    def on_progress(self, epoch: int, share: float) -> None:
        """Renew the line."""
        if share < 1:
            self._show(self._line(epoch, share))

    def on_epoch(self, row: Epoch) -> None:
        """Renew the line."""
        self._row = row
        self._seconds.append(row.seconds)
        self._show(self._line(row.epoch, 1.0))

    def on_end(self, metrics: dict[str, Any]) -> None:
        """End the line with what came out."""
        what = "finished" if metrics["finished"] else "stopped"
        when = f"after epoch {self._row.epoch}" if self._row else "before the first epoch was done"
        self._finish(f"{self._name}: {what} {when}{self._figures}")

    def _line(self, epoch: int, share: float) -> str:
        """What is done of which epoch, the last figures, the time left."""
        assert self._plan
        epochs = self._plan.recipe.epochs
        text = f"{self._name}: epoch {epoch} of {epochs}, {100 * share:.0f} %{self._figures}"
        if usual := self._seconds[1:]:  # the first epoch compiles: it tells nothing
            left = sum(usual) / len(usual) * (epochs - epoch + 1 - share)
            text += f", {left:.0f} s left"
        return text

    @property
    def _name(self) -> str:
        assert self._plan
        return f"{self._plan.config.model} on {self._plan.data_name}"

    @property
    def _figures(self) -> str:
        if not self._row:
            return ""
        return f", validation accuracy {100 * self._row.val_accuracy:.2f} %"


class ProgressLine(OneLine):
    """One line on standard error that follows the training; in a file, at most one a second."""

    def __init__(self) -> None:
        super().__init__()
        self._last, self._terminal = 0.0, sys.stderr.isatty()

    def on_start(self, plan: Plan) -> None:
        """Make room for warnings, then begin the line."""
        self._clear()
        super().on_start(plan)

    def _finish(self, text: str) -> None:
        self._clear()
        print(text, file=sys.stderr)

    def _show(self, text: str) -> None:
        now = perf_counter()
        if now - self._last < (TERMINAL_GAP if self._terminal else FILE_GAP):
            return
        self._last = now
        self._clear()
        width = shutil.get_terminal_size().columns - 1
        text = text[:width] if self._terminal else f"{text}\n"
        print(text, end="", file=sys.stderr, flush=True)

    def _clear(self) -> None:
        if self._terminal:
            print("\r\x1b[2K", end="", file=sys.stderr, flush=True)


class NotebookPlots(OneLine):
    """One output that is renewed: a line that follows the training, and the plots below it.

    The plots are the run folder's, which are drawn anew while it trains: see `LivePlots`.
    """

    def __init__(self) -> None:
        super().__init__()
        self._shown = 0.0
        self._handle: Any = None

    def _finish(self, text: str) -> None:
        self._shown = 0.0  # the last plots are never too recent
        self._show(text)

    def _show(self, text: str) -> None:
        if perf_counter() - self._shown < NOTEBOOK_GAP:
            return
        from IPython.display import HTML, display

        plots = [_image(self._plan.folder / f"{name}.png") for name in NAMES] if self._plan else []
        content = HTML(
            f'<div>{html.escape(text)}</div><div style="display:flex;flex-wrap:wrap;gap:8px">'
            f"{''.join(plots)}</div>"
        )
        if self._handle is None:
            self._handle = display(content, display_id=True)
        else:
            self._handle.update(content)
        self._shown = perf_counter()


def _image(path: Path) -> str:
    with contextlib.suppress(OSError):  # not drawn yet
        data = base64.b64encode(path.read_bytes()).decode()
        return (
            f'<img alt="{path.stem} of each epoch" style="width:460px;max-width:100%" '
            f'src="data:image/png;base64,{data}">'
        )
    return ""
