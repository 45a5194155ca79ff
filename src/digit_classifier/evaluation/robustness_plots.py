"""The plots of section 4: error curves, a map of shifts and turns, a sheet of the corruptions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from digit_classifier import plotting
from digit_classifier.evaluation.corruptions import CORRUPTIONS, LEVELS, corrupt
from digit_classifier.evaluation.worst_case import SHIFTS, TURNS, WorstCase

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from digit_classifier.evaluation.plain_network import PlainNetwork
    from digit_classifier.evaluation.stress import Stress

# As many panels in a row as the list of corruptions allows.
COLUMNS = 5
# Of the picture on the sheet: one where every corruption is plain to see.
SHEET_SEED = 6
# Between the pictures of a strip, in their own pixels; the grey of their frames.
GAP, FRAME = 3, 150
# Percent of errors that have the full colour in a map that has no more.
LEAST_SCALE = 10.0


def draw_curves(stressed: Stress, baseline: PlainNetwork | None) -> Figure:
    """One panel a corruption: errors over strength, the original network's dashed."""
    from matplotlib.figure import Figure

    with plotting.style():
        figure = Figure(figsize=(7.0, 4.9), layout="constrained")
        panels = figure.subplots(-(-len(CORRUPTIONS) // COLUMNS), COLUMNS, sharex=True, sharey=True)
        for index, (axes, name) in enumerate(zip(panels.flat, CORRUPTIONS, strict=True)):
            if baseline:
                axes.plot(
                    LEVELS,
                    100 * baseline.rates[index],
                    "--",
                    color=plotting.ORANGE,
                    linewidth=1.5,
                    label="the original network",
                )
            axes.plot(
                LEVELS,
                100 * stressed.rates[index],
                "o-",
                color=plotting.BLUE,
                markersize=3.5,
                linewidth=1.8,
                label="this model",
            )
            _label(axes, name)
        panels[0, 0].set(ylim=(0, 100), yticks=range(0, 101, 25), xticks=LEVELS)
        figure.supxlabel("strength (3: as strong as MNIST-C)", fontsize=10)
        figure.supylabel("errors (%)", fontsize=10)
        if baseline:
            lines = panels[0, 0].get_lines()
            names = [str(line.get_label()) for line in lines]
            figure.legend(lines[::-1], names[::-1], loc="outside upper right", ncols=2, fontsize=9)
    return figure


def _label(axes: Axes, name: str) -> None:
    axes.set_title(name, fontsize=9.5, pad=4, loc="left", fontweight="normal")
    axes.tick_params(labelsize=8, length=2)


def draw_map(worst: WorstCase) -> Figure:
    """Accuracy by shift as a map, and by turn as a curve with its worst case."""
    from matplotlib.figure import Figure

    with plotting.style():
        figure = Figure(figsize=(7.0, 3.7), layout="constrained")
        left, right = figure.subplots(1, 2, width_ratios=(1.0, 1.05))
        _draw_shifts(left, 100 * worst.shifted.mean(axis=2))
        _draw_turns(right, worst)
    return figure


def _draw_shifts(axes: Axes, percents: np.ndarray) -> None:
    side = SHIFTS[-1] + 0.5
    extent = (-side, side, side, -side)
    # White where nothing is misread, the full colour where most is; the numbers say what is right.
    most = max(LEAST_SCALE, 100 - float(percents.min()))
    axes.imshow(100 - percents, cmap=plotting.heat(), vmin=0, vmax=most, extent=extent)
    # Where nearly all is right, whole numbers would all be 99.
    figures = 1 if percents.min() >= 90 else 0
    for row, down in enumerate(SHIFTS):
        for column, right in enumerate(SHIFTS):
            text = _round(percents[row, column], figures)
            colour = plotting.ON_PALE
            axes.text(right, down, text, ha="center", va="center", fontsize=7, color=colour)
    axes.set(xlabel="shifted to the right (px)", ylabel="shifted down (px)")
    axes.set(xticks=SHIFTS[::2], yticks=SHIFTS[::2])
    axes.set_title("Right answers by shift (%)", fontsize=11)
    axes.grid(visible=False)
    axes.spines[:].set_visible(False)


def _round(percent: float, figures: int) -> str:
    """Rounded, but 100 only for all and 0 only for none."""
    if percent in (0, 100):
        return f"{percent:.0f}"
    step = 10.0**-figures
    return f"{np.clip(percent, step, 100 - step):.{figures}f}"


def _draw_turns(axes: Axes, worst: WorstCase) -> None:
    axes.plot(
        TURNS, 100 * worst.turned.mean(axis=1), "o-", color=plotting.BLUE, label="at this angle"
    )
    limits = [abs(angle) for angle in TURNS]
    always = [100 * worst.under_turns(limit).all(axis=0).mean() for limit in limits]
    axes.plot(TURNS, always, "--", color=plotting.ORANGE, label="at all angles up to this")
    axes.set(xlabel="turned anticlockwise (°)", ylabel="right answers (%)", ylim=(0, 102))
    axes.set(xticks=range(-45, 46, 15))
    axes.set_title("Right answers by turn", fontsize=11)
    axes.legend(fontsize=9, loc="lower center")


def choose_example(images: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """An ordinary 5, which has a loop, a bar and a corner to spoil; else the first image."""
    fives = images[labels == 5]
    if not len(fives):
        return np.asarray(images[0])
    return np.asarray(fives[np.square(fives - fives.mean(axis=0)).sum(axis=(1, 2)).argmin()])


def draw_sheet(image: np.ndarray) -> Figure:
    """Every corruption of one image, uint8 (28, 28): as it is, then strengths 1 to 5."""
    from matplotlib.figure import Figure

    with plotting.style():
        figure = Figure(figsize=(7.0, 3.6), layout="constrained")
        rows = -(-len(CORRUPTIONS) // 3)
        panels = figure.subplots(rows, 3)
        for index, (axes, name) in enumerate(zip(panels.flat, CORRUPTIONS, strict=True)):
            axes.imshow(_strip(image, name), cmap="gray", vmin=0, vmax=255, interpolation="nearest")
            axes.set_title(name, fontsize=9.5, pad=3, loc="left", fontweight="normal")
            plotting.bare(axes)
            if index >= len(CORRUPTIONS) - 3:
                axes.set_xticks([14.5 + (30 + GAP) * level for level in (0, *LEVELS)], [0, *LEVELS])
                axes.tick_params(labelsize=8, length=0)
        figure.supxlabel("strength", fontsize=10)
    return figure


def _strip(image: np.ndarray, name: str) -> np.ndarray:
    """Levels 0 to 5 beside one another, each in a thin frame; nothing, NaN, between."""
    spoilt = [corrupt(image[None], name, level, SHEET_SEED)[0] for level in (0, *LEVELS)]
    framed = [np.pad(each.astype(float), 1, constant_values=FRAME) for each in spoilt]
    gap = np.full((len(framed[0]), GAP), np.nan)
    return np.concatenate([part for each in framed for part in (each, gap)][:-1], axis=1)
