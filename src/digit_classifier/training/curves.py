"""The two plots of the original project: loss and accuracy over the epochs, as they grow."""

import contextlib
import importlib
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

from digit_classifier import plotting
from digit_classifier.training.loop import Epoch
from digit_classifier.training.run import Plan

if TYPE_CHECKING:
    from matplotlib.figure import Figure, SubFigure

NAMES = ("loss", "accuracy")
# Between two drawings while it trains.
SECONDS = 1.0
# Of the time that passes; drawing takes 0.1 to 0.3 s, an epoch of the smallest network 0.14 s.
SHARE = 0.04


def draw_curves(history: Sequence[Epoch], data: str, validation: str) -> "dict[str, Figure]":
    """Draw training and validation figures of each epoch.

    Args:
        history: at least one epoch.
        data: the name of the data set, for the title.
        validation: what the validation images are, for the legend.
    Returns:
        Figures under "loss" and "accuracy".
    """
    from matplotlib.figure import Figure

    with plotting.style():
        figures = {name: Figure(layout="constrained") for name in NAMES}
    draw_on(figures, history, data, validation)
    return figures


def draw_on(
    figures: "Mapping[str, Figure | SubFigure]",
    history: Sequence[Epoch],
    data: str,
    validation: str,
) -> None:
    """The same on figures that there are, such as the halves of a window; clears them first."""
    epochs = [row.epoch for row in history]
    losses = [row.loss for row in history], [row.val_loss for row in history]
    shares = [row.accuracy for row in history], [row.val_accuracy for row in history]
    percents = [100 * share for share in shares[0]], [100 * share for share in shares[1]]
    names = ("training", validation)
    data = plotting.show_name(data)
    with plotting.style():
        for figure in figures.values():
            figure.clear()
        _draw(figures["loss"], epochs, dict(zip(names, losses, strict=True)))
        figures["loss"].axes[0].set(title=f"Loss on {data}", ylabel="cross-entropy (nats)")
        _draw(figures["accuracy"], epochs, dict(zip(names, percents, strict=True)))
        figures["accuracy"].axes[0].set(title=f"Accuracy on {data}", ylabel="right answers (%)")


def save_curves(
    figures: "Mapping[str, Figure]",
    folder: Path,
    suffixes: Sequence[str] = plotting.SUFFIXES,
) -> None:
    """Write loss.png, loss.svg, accuracy.png and accuracy.svg.

    Raises:
        StorageError: a file cannot be written.
    """
    with plotting.style():
        for name, figure in figures.items():
            plotting.save(figure, folder / name, suffixes)


def _draw(figure: "Figure | SubFigure", epochs: list[int], lines: dict[str, list[float]]) -> None:
    from matplotlib.ticker import MaxNLocator

    axes = figure.subplots()
    marks = zip(lines.items(), (plotting.BLUE, plotting.ORANGE), ("o", "s"), strict=True)
    for (label, values), colour, marker in marks:
        # Markers help on ten epochs and clutter three hundred.
        marker = marker if len(epochs) <= 30 else ""
        axes.plot(epochs, values, color=colour, marker=marker, label=label)
    axes.set(xlabel="epoch")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    axes.legend()


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
