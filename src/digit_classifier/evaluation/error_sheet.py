"""Every error of a model, worst first, with what it is, what was read, and how surely."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from digit_classifier import plotting
from digit_classifier.evaluation.disputes import Dispute
from digit_classifier.evaluation.section import Plate
from digit_classifier.evaluation.trial import Trial
from digit_classifier.evaluation.wording import count

if TYPE_CHECKING:
    from matplotlib.figure import Figure

COLUMNS = 9
# A sheet of more is taller than a screen can scroll with pleasure, and thirty sheets are no
# report: the rest stands in metrics.json.
PER_SHEET, SHEETS = 90, 4
# In pixels of a digit: a tile, its caption below, and the space around both.
SIDE, CAPTION, SPACE = 28, 13, 6


def plates(trial: Trial, disputes: Mapping[int, Dispute]) -> list[Plate]:
    """Sheets of all errors, or of the first 360."""
    errors = trial.errors.tolist()
    shown = errors[: PER_SHEET * SHEETS]
    parts = [shown[at : at + PER_SHEET] for at in range(0, len(shown), PER_SHEET)]
    made = []
    for number, part in enumerate(parts):
        which = "" if len(parts) == 1 else f", sheet {number + 1} of {len(parts)}"
        caption = (
            f"All {count(len(errors), 'error')}{which}" if len(shown) == len(errors) else
            f"The worst {len(shown):,} of {len(errors):,} errors{which}; all are in metrics.json"
        )  # fmt: skip
        caption += (
            ". Below each: what it is → what was read, how sure the model was, and the image's "
            "index in the test set."
        )
        if any(index in disputes for index in part):
            caption += " Framed: human judges dispute the label."
        name = "errors" if not number else f"errors-{number + 1}"
        made.append(Plate(name, caption, partial(draw_sheet, trial, part, disputes)))
    return made


def draw_sheet(trial: Trial, indices: list[int], disputes: Mapping[int, Dispute]) -> Figure:
    """Draw errors in rows of nine."""
    from matplotlib.figure import Figure

    rows = -(-len(indices) // COLUMNS)
    wide, tall = COLUMNS * (SIDE + SPACE) - SPACE, rows * (SIDE + CAPTION + SPACE)
    head = 0.5
    width = 7.0
    scale = (width - 0.16) / wide
    height = tall * scale + head
    figure = Figure(figsize=(width, height))
    axes = figure.add_axes((0.08 / width, 0, wide * scale / width, tall * scale / height))
    plotting.bare(axes)
    axes.set(xlim=(-0.6, wide + 0.6), ylim=(tall, -0.6))  # half a frame stands out
    figure.text(0.08 / width, 1 - 0.3 / height, "Errors, the surest first", fontsize=13,
                fontweight="bold", va="center")  # fmt: skip
    if any(index in disputes for index in indices):
        figure.text(1 - 0.08 / width, 1 - 0.3 / height, "framed: human judges dispute the label",
                    fontsize=10, color=plotting.BLUE, va="center", ha="right")  # fmt: skip
    for place, index in enumerate(indices):
        row, column = divmod(place, COLUMNS)
        _draw_tile(
            axes, trial, index, column * (SIDE + SPACE), row * (SIDE + CAPTION + SPACE),
            framed=index in disputes,
        )  # fmt: skip
    return figure


def _draw_tile(axes: object, trial: Trial, index: int, x: float, y: float, *, framed: bool) -> None:
    from matplotlib.axes import Axes
    from matplotlib.patches import Rectangle

    assert isinstance(axes, Axes)
    axes.imshow(255 - trial.images[index], cmap="gray", vmin=0, vmax=255, interpolation="none",
                extent=(x, x + SIDE, y + SIDE, y), aspect="auto")  # fmt: skip
    colour, thickness = (plotting.BLUE, 2.4) if framed else (plotting.FAINT, 0.8)
    axes.add_patch(
        Rectangle((x, y), SIDE, SIDE, fill=False, edgecolor=colour, linewidth=thickness, zorder=3)
    )
    truth, answer = int(trial.labels[index]), int(trial.answers[index])
    text = f"{truth} → {answer}"
    axes.text(x + SIDE / 2, y + SIDE + 4.2, text, ha="center", va="center", fontsize=10.5)
    sure = np.floor(100 * trial.confidence[index])  # 99.96 % is not 100 %
    small = f"{sure:.0f} % #{index}"
    axes.text(
        x + SIDE / 2, y + SIDE + 9.3, small, ha="center", va="center", fontsize=7.5, alpha=0.8
    )
