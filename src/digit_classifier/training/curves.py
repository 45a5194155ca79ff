"""The two plots of the original project: loss and accuracy over the epochs."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from digit_classifier import plotting
from digit_classifier.training.interrupt import unshielded
from digit_classifier.training.loop import Epoch

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def draw_curves(
    history: Sequence[Epoch],
    data: str,
    validation: str,
    blank: Callable[..., "Figure"] | None = None,
) -> dict[str, "Figure"]:
    """Draw training and validation figures of each epoch.

    Args:
        history: at least one epoch.
        data: the name of the data set, for the title.
        validation: what the validation images are, for the legend.
        blank: makes an empty figure; matplotlib's `Figure` unless a window is wanted.
    Returns:
        Figures under "loss" and "accuracy".
    """
    from matplotlib.figure import Figure

    epochs = [row.epoch for row in history]
    losses = [row.loss for row in history], [row.val_loss for row in history]
    shares = [row.accuracy for row in history], [row.val_accuracy for row in history]
    percents = [100 * share for share in shares[0]], [100 * share for share in shares[1]]
    names = ("training", validation)
    with plotting.style():
        figures = {name: (blank or Figure)(layout="constrained") for name in ("loss", "accuracy")}
        _draw(figures["loss"], epochs, dict(zip(names, losses, strict=True)))
        figures["loss"].axes[0].set(title=f"Loss on {data}", ylabel="cross-entropy (nats)")
        _draw(figures["accuracy"], epochs, dict(zip(names, percents, strict=True)))
        figures["accuracy"].axes[0].set(title=f"Accuracy on {data}", ylabel="right answers (%)")
    return figures


def save_curves(figures: dict[str, "Figure"], folder: Path) -> None:
    """Write loss.png, loss.svg, accuracy.png and accuracy.svg.

    Raises:
        StorageError: a file cannot be written.
    """
    with plotting.style():
        for name, figure in figures.items():
            plotting.save(figure, folder / name)


def show_curves(history: Sequence[Epoch], data: str, validation: str) -> bool:
    """Show both plots in windows and wait until they are closed.

    Returns:
        False where there is no display, or no toolkit to open a window with.
    """
    import matplotlib
    import matplotlib.pyplot as plt
    from matplotlib.backends.registry import BackendFilter, backend_registry

    # Asking for the backend makes matplotlib look for a display and fall back to files only.
    windowed = backend_registry.list_builtin(BackendFilter.INTERACTIVE)
    if matplotlib.get_backend().lower() not in {name.lower() for name in windowed}:
        return False
    draw_curves(history, data, validation, blank=plt.figure)
    with unshielded():
        plt.show()
    plt.close("all")
    return True


def _draw(figure: "Figure", epochs: list[int], lines: dict[str, list[float]]) -> None:
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
