"""The two plots as they grow, in the output of a notebook's cell."""

import base64
import html
import io
from time import perf_counter
from typing import Any

from digit_classifier.training.curves import draw_curves
from digit_classifier.training.listener import Listener
from digit_classifier.training.loop import Epoch
from digit_classifier.training.plan import Plan
from digit_classifier.training.progress import Wording

# Seconds between two drawings, each of which takes a tenth of one, and between two lines.
PLOT_GAP, LINE_GAP = 1.0, 0.2


class NotebookPlots(Listener):
    """One output that is renewed: a line that follows the training, and the plots below it."""

    def __init__(self) -> None:
        self._wording, self._history = Wording(), list[Epoch]()
        self._plots, self._drawn, self._shown = "", 0.0, 0.0
        self._handle: Any = None

    def on_download(self, name: str, done: int, total: int) -> None:
        """Show how much is here."""
        self._show(f"{name}: {100 * done / total if total else 100:.0f} %")

    def on_start(self, plan: Plan) -> None:
        """Begin the output, with the epochs that a resumed training has behind it."""
        super().on_start(plan)
        self._plan, self._history = plan, list(plan.finished)
        self._wording.start(plan)

    def on_progress(self, epoch: int, share: float) -> None:
        """Renew the line."""
        if share < 1:
            self._show(self._wording.line(epoch, share))

    def on_epoch(self, row: Epoch) -> None:
        """Renew the line and the plots."""
        self._history.append(row)
        self._wording.add(row)
        if perf_counter() - self._drawn > PLOT_GAP:
            self._draw()
            self._shown = 0.0
        self._show(self._wording.line(row.epoch, 1.0))

    def on_end(self, metrics: dict[str, Any]) -> None:
        """Leave the last plots behind."""
        self._draw()
        self._shown = 0.0
        self._show(self._wording.end(finished=metrics["finished"]))

    def _draw(self) -> None:
        if not self._history:
            return
        figures = draw_curves(self._history, self._plan.dataset.name, self._plan.validation)
        self._plots = "".join(map(_image, figures.items()))
        self._drawn = perf_counter()

    def _show(self, line: str) -> None:
        if perf_counter() - self._shown < LINE_GAP:
            return
        self._shown = perf_counter()
        from IPython.display import HTML, display

        content = HTML(
            f'<div>{html.escape(line)}</div><div style="display:flex;flex-wrap:wrap;gap:8px">'
            f"{self._plots}</div>"
        )
        if self._handle is None:
            self._handle = display(content, display_id=True)
        else:
            self._handle.update(content)


def _image(named: tuple[str, Any]) -> str:
    name, figure = named
    png = io.BytesIO()
    figure.savefig(png, dpi=120)
    data = base64.b64encode(png.getvalue()).decode()
    return (
        f'<img alt="{name} of each epoch" style="width:460px" src="data:image/png;base64,{data}">'
    )
