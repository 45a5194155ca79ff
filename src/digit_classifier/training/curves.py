"""The two plots of the original project: loss and accuracy over the epochs."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from digit_classifier import plotting
from digit_classifier.training.loop import Epoch

if TYPE_CHECKING:
    from matplotlib.figure import Figure, SubFigure

NAMES = ("loss", "accuracy")


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
