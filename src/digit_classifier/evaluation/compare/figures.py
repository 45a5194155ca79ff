"""The pictures of a comparison."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import cycle
from typing import TYPE_CHECKING, Any

import numpy as np

from digit_classifier import plotting
from digit_classifier.stats import wilson
from digit_classifier.words import write_p

if TYPE_CHECKING:
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure

    from digit_classifier.evaluation.compare import ModelResult, PairedTest
    from digit_classifier.evaluation.compare.report import History

# How many errors of each model are drawn.
SHOWN = 10


def draw_overview(results: Sequence[ModelResult]) -> Figure:
    """A row for each model, a column for what it gets wrong and for each of its costs."""
    misread = [100 * each.errors / each.predictions.n for each in results]
    columns = [
        ("misread (%)", misread, "{:.2f}"),
        ("file (MB)", [each.model.size_bytes / 1e6 for each in results], "{:.2f}"),
        ("one image (ms)", [each.latency_ms for each in results], "{:.3f}"),
    ]
    if spoilt := [100 * each.stress.rates.mean() for each in results if each.stress]:
        columns.insert(1, ("misread, spoilt (%)", spoilt, "{:.1f}"))
    figure = plotting.new_figure(1.3 + 0.42 * len(results), plotting.SIZE[0] * 1.25)
    places = np.arange(len(results))[::-1]
    panels = figure.subplots(1, len(columns), sharey=True)
    for axes, (label, values, shown) in zip(panels, columns, strict=True):
        ends = values
        if values is misread:
            bounds = [wilson(each.errors, each.predictions.n) for each in results]
            for place, (low, high) in zip(places, bounds, strict=True):
                axes.plot([100 * low, 100 * high], [place] * 2, color=plotting.INK, lw=1.3)
            ends = [100 * high for _, high in bounds]
        axes.barh(places, values, height=0.5, color=plotting.BLUE, alpha=0.55, linewidth=0)
        for place, value, end in zip(places, values, ends, strict=True):
            axes.annotate(
                shown.format(value), (end, place), (5, 0), textcoords="offset points",
                va="center", fontsize=9.5,
            )  # fmt: skip
        axes.set(xlabel=label, xlim=(0, 1.42 * (max(ends) or 1.0)), ylim=(-0.6, len(values) - 0.4))
        axes.grid(visible=False, axis="y")
        axes.tick_params(axis="y", length=0)
        axes.locator_params(axis="x", nbins=3)
    names = [_short(each.name) for each in results]
    figure.axes[0].set(yticks=places, yticklabels=names)
    plotting.heading(figure, "Errors and costs: shorter is better")
    return figure


def draw_differences(tests: Sequence[PairedTest]) -> Figure:
    """The difference in accuracy of each pair with its interval, zero marked."""
    height = 1.5 + 0.42 * len(tests)
    figure = plotting.new_figure(height)
    axes = figure.subplots()
    places = np.arange(len(tests))[::-1]
    for place, test in zip(places, tests, strict=True):
        colour = plotting.BLUE if test.significant else plotting.GREY
        low, high = (100 * bound for bound in test.pairing.interval)
        axes.plot([low, high], [place, place], color=colour, solid_capstyle="butt", linewidth=3)
        axes.plot(100 * test.pairing.difference, place, "o", color=colour, markersize=8)
        axes.annotate(
            write_p(test.p_adjusted), (1.0, place), (6, 0), va="center",
            xycoords=("axes fraction", "data"), textcoords="offset points", fontsize=10,
        )  # fmt: skip
    axes.axvline(0, color=plotting.INK, linewidth=1)
    axes.set(
        xlabel="difference (percentage points)",
        yticks=places,
        yticklabels=[f"{_short(test.better.name)} − {_short(test.worse.name)}" for test in tests],
        ylim=(-0.6, len(tests) - 0.4),
    )
    axes.grid(visible=False, axis="y")
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    plotting.heading(figure, "Difference in accuracy on the same images")
    return figure


def draw_disagreements(results: Sequence[ModelResult]) -> Figure:
    """A row for each model: images that it misreads and another one reads rightly."""
    known = np.any([each.predictions.right for each in results], axis=0)
    rows = [
        (each, [index for index in each.predictions.errors if known[index]]) for each in results
    ]
    rows = [(each, indices) for each, indices in rows if indices]
    figure = plotting.new_figure(1.06 * len(rows))
    parts = figure.subfigures(len(rows), 1, squeeze=False)[:, 0]
    for part, (each, indices) in zip(parts, rows, strict=True):
        more = f", {SHOWN} of {len(indices)}" if len(indices) > SHOWN else ""
        part.suptitle(
            f"misread by {_short(each.name, 40)}, not by all{more}", x=0.012, ha="left",
            fontsize=10, weight="bold",
        )  # fmt: skip
        grid = part.subplots(1, SHOWN)
        for axes, index in zip(grid, indices, strict=False):
            plotting.show_digit(axes, each.predictions.images[index])
            told = f"{each.predictions.labels[index]} → {each.predictions.answers[index]}"
            axes.set_xlabel(told, fontsize=9, labelpad=2)
        for axes in grid[len(indices) :]:
            axes.set_visible(False)
    return figure


def draw_histories(histories: Sequence[History]) -> Figure:
    """Loss and misread share over the epochs, a colour for each training."""
    from matplotlib.lines import Line2D
    from matplotlib.ticker import MaxNLocator

    colours = (plotting.BLUE, plotting.ORANGE, plotting.GREEN, plotting.PURPLE)
    dashes: tuple[Any, ...] = ("-", (0, (4, 1.5)), (0, (1, 1.2)))
    looks = cycle([(colour, dash) for dash in dashes for colour in colours])
    height = 3.6 + 0.2 * -(-len(histories) // 2)
    figure = plotting.new_figure(height, plotting.SIZE[0] * 1.25)
    left, right = figure.subplots(1, 2)
    handles = []
    lengths = [history.epochs[-1] for history in histories]
    for history, (colour, dash) in zip(histories, looks, strict=False):
        faint = {"color": colour, "linestyle": dash, "linewidth": 1.0, "alpha": 0.45}
        plain = {"color": colour, "linestyle": dash, "linewidth": 2.0}
        left.plot(history.epochs, history.loss, **faint)
        left.plot(history.epochs, history.val_loss, **plain)
        right.plot(history.epochs, _above_zero(history.misread), **faint)
        right.plot(history.epochs, _above_zero(history.val_misread), **plain)
        if len(history.epochs) == 1:
            left.plot(history.epochs, history.val_loss, "o", color=colour)
            right.plot(history.epochs, _above_zero(history.val_misread), "o", color=colour)
        handles.append(Line2D([], [], label=_short(history.name, 40), **plain))
    handles.append(Line2D([], [], color=plotting.GREY, linewidth=2.0, label="bold: validation"))
    handles.append(
        Line2D([], [], color=plotting.GREY, linewidth=1.0, alpha=0.6, label="thin: training")
    )
    left.set(title="Loss", ylabel="cross-entropy (nats)")
    right.set(title="Errors", ylabel="misread (%)")
    for axes in (left, right):
        axes.set(xlabel="epoch", yscale="log")
        _write_plain_numbers(axes.yaxis, (1.0, 2.0, 3.0, 5.0))
        if max(lengths) >= 8 * min(lengths):  # else the shorter would be a line upright
            axes.set(xscale="log")
            _write_plain_numbers(axes.xaxis, (1.0, 3.0))
        else:
            axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    figure.legend(handles=handles, loc="outside lower center", ncols=2)
    return figure


def _above_zero(percents: Sequence[float]) -> np.ndarray:
    """A logarithmic axis has no place for 0: the line breaks there."""
    values = np.asarray(percents, float)
    return np.where(values > 0, values, np.nan)


def _write_plain_numbers(axis: Axis, steps: tuple[float, ...]) -> None:
    """0.5 instead of 5 x 10^-1."""
    from matplotlib.ticker import FuncFormatter, LogLocator

    axis.set_major_locator(LogLocator(subs=steps))
    axis.set_major_formatter(FuncFormatter(lambda value, _at: f"{value:g}"))
    axis.set_minor_formatter(FuncFormatter(lambda _value, _at: ""))


def _short(name: str, most: int = 24) -> str:
    """A name as a plot can show it, with its middle left out where it is long."""
    if len(name) > most:
        name = f"{name[: most // 2 - 1]}…{name[-(most // 2) :]}"
    return plotting.show_name(name)
