"""The two plots as they grow, in the output of a notebook's cell."""

import base64
import contextlib
import html
from pathlib import Path
from time import perf_counter
from typing import Any

from digit_classifier.training.curves import NAMES
from digit_classifier.training.plan import Plan
from digit_classifier.training.progress import OneLine

GAP = 0.2  # seconds between two outputs


class NotebookPlots(OneLine):
    """One output that is renewed: a line that follows the training, and the plots below it.

    The plots are the run folder's, which are drawn anew while it trains: see `LivePlots`.
    """

    def __init__(self) -> None:
        super().__init__()
        self._folder, self._shown = Path(), 0.0
        self._handle: Any = None

    def on_start(self, plan: Plan) -> None:
        """Begin the output."""
        super().on_start(plan)
        self._folder = plan.folder

    def _finish(self, text: str) -> None:
        self._shown = 0.0  # the last plots are never too recent
        self._show(text)

    def _show(self, text: str) -> None:
        if perf_counter() - self._shown < GAP:
            return
        from IPython.display import HTML, display

        plots = "".join(_image(self._folder / f"{name}.png") for name in NAMES)
        content = HTML(
            f'<div>{html.escape(text)}</div><div style="display:flex;flex-wrap:wrap;gap:8px">'
            f"{plots}</div>"
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
