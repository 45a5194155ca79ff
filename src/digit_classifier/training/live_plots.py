"""The two plots while a training goes on: drawn anew between epochs, without holding it up."""

import contextlib
import importlib
import threading
from collections.abc import Callable, Sequence
from time import perf_counter

from digit_classifier.training.curves import draw_curves, save_curves
from digit_classifier.training.loop import Epoch
from digit_classifier.training.plan import Plan

SECONDS = 1.0
# Of the time that passes; drawing takes 0.1 to 0.3 s, an epoch of the smallest network 0.14 s.
SHARE = 0.04


class LivePlots:
    """Draws after an epoch if a second has passed and drawing takes at most 4 % of the time.

    It draws in the thread that trains, which stands between two epochs then: a matplotlib that
    draws in a second thread would change the style of whatever a notebook draws in the first.
    """

    def __init__(
        self, plan: Plan, draw: Callable[[Sequence[Epoch]], None], warn: Callable[[str], None]
    ) -> None:
        """Nothing is drawn before the first epoch.

        Args:
            plan: what is trained.
            draw: draws these epochs, all that there are; see `draw_files`.
            warn: told in a sentence if `draw` fails, after which nothing is drawn any more.
        """
        self._plan, self._draw, self._warn = plan, draw, warn
        self._history = list(plan.finished)
        self._next = perf_counter() + SECONDS
        # Half a second of importing, while the first epoch is compiled.
        threading.Thread(target=_import_matplotlib, daemon=True).start()

    def add(self, row: Epoch) -> None:
        """Take one more epoch, and draw if it is time.

        The last epoch is not drawn: what a finished training writes is drawn at its end.
        """
        self._history.append(row)
        begun = perf_counter()
        if begun < self._next or row.epoch == self._plan.recipe.epochs:
            return
        try:
            self._draw(self._history)
        except Exception as error:  # matplotlib's, of any class
            self._warn(f"the plots are not drawn while it trains: {error}")
            self._next = float("inf")
            return
        now = perf_counter()
        self._next = now + max(SECONDS, (now - begun) / SHARE)


def draw_files(plan: Plan, history: Sequence[Epoch]) -> None:
    """Write loss.png and accuracy.png into the run folder.

    Raises:
        StorageError: a file cannot be written.
    """
    figures = draw_curves(history, plan.dataset.name, plan.validation)
    save_curves(figures, plan.folder, (".png",))


def _import_matplotlib() -> None:
    with contextlib.suppress(Exception):  # heard of when something is to be drawn
        importlib.import_module("matplotlib.backends.backend_agg")
