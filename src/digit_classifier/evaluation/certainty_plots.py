"""The reliability diagram and the price of fewer errors."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from digit_classifier import plotting
from digit_classifier.intervals import wilson

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from digit_classifier.evaluation.refusing import Curve

RELIABILITY = (
    "Reliability: the doubt of the answers (100 % less their confidence), three bins a factor of "
    "ten, against how often they are wrong. On the line, confidence means what it says; above it "
    "the model is too sure, below it too modest. Bars: 95 % intervals (Wilson); a triangle at the "
    "lower edge: no error in the bin."
)
REFUSING = (
    "What refusing unsure answers buys: the share of images refused against the share of the "
    "accepted ones that is misread. The curve ends where nothing is left to be misread."
)


def draw_reliability(bins: dict[str, np.ndarray]) -> Figure:
    """Mean doubt against share wrong, one series a name of `bins` (see `bin_confidence`)."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7.0, 4.6), layout="constrained")
    axes = figure.subplots()
    floor = 1e-4
    axes.plot([floor, 1], [floor, 1], color=plotting.INK, linewidth=1, linestyle=(0, (4, 3)))
    looks = zip(bins.items(), (plotting.BLUE, plotting.ORANGE), ("o", "s"), strict=False)
    for (name, binned), colour, marker in looks:
        _draw_bins(axes, binned, floor, colour, marker, name)
    axes.set(
        title="How often answers of each doubt are wrong",
        xlabel="doubt of the answers: 100 % less confidence",
        ylabel="wrong answers",
        xscale="log",
        yscale="log",
        xlim=(floor * 0.75, 1.15),
        ylim=(floor * 0.75, 1.15),
    )
    _percent_ticks(axes.xaxis)
    _percent_ticks(axes.yaxis)
    axes.legend(loc="upper left")
    return figure


def draw_refusing(curve: Curve, target: dict[str, float | int] | None, error: float) -> Figure:
    """Share refused against share wrong among accepted, with the point that meets a target."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7.0, 3.8), layout="constrained")
    axes = figure.subplots()
    refused = 1 - curve.accepted / curve.n
    wrong = curve.wrong / curve.accepted
    shown = curve.wrong > 0
    least = 0.5 / curve.n
    axes.plot(np.maximum(refused[shown], least), wrong[shown], color=plotting.BLUE,
              drawstyle="steps-post")  # fmt: skip
    axes.axhline(error, color=plotting.INK, linewidth=1, linestyle=(0, (4, 3)))
    axes.annotate(f"{100 * error:g} %", (0.995, error), xycoords=("axes fraction", "data"),
                  xytext=(0, 4), textcoords="offset points", ha="right", fontsize=10)  # fmt: skip
    if target and target["refused"]:
        x, y = target["refused"], target["wrong"] / target["accepted"]
        axes.plot(
            x, max(y, wrong[shown].min(initial=error)), "o", color=plotting.ORANGE, markersize=8
        )
        axes.annotate(
            f"{100 * x:.2g} % refused, below {100 * target['threshold']:.3g} % confidence",
            (x, y), xytext=(-8, -16), textcoords="offset points", ha="right", fontsize=10,
        )  # fmt: skip
    axes.set(
        title="Fewer errors for more refusals",
        xlabel="images refused",
        ylabel="errors among accepted images",
        xscale="log",
        yscale="log",
        xlim=(least, 1.0),
    )
    _percent_ticks(axes.xaxis)
    _percent_ticks(axes.yaxis)
    return figure


def _draw_bins(
    axes: Axes, binned: np.ndarray, floor: float, colour: str, marker: str, name: str
) -> None:
    doubt = np.clip(1 - binned[:, 0], floor, 1)
    wrong = 1 - binned[:, 1]
    n = np.rint(binned[:, 2]).astype(int)
    for x, share, size in zip(doubt, wrong, n, strict=True):
        low, high = wilson(round(share * size), size)
        axes.plot([x, x], [max(low, floor), max(high, floor)], color=colour, linewidth=4,
                  alpha=0.28, solid_capstyle="butt")  # fmt: skip
    some = wrong > 0
    axes.plot(doubt[some], wrong[some], marker, color=colour, markersize=6, label=name)
    axes.plot(doubt[~some], np.full((~some).sum(), floor), "v", color=colour, markersize=6,
              clip_on=False)  # fmt: skip


def _percent_ticks(axis: object) -> None:
    from matplotlib.axis import Axis
    from matplotlib.ticker import FuncFormatter, NullFormatter

    assert isinstance(axis, Axis)
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{100 * value:g} %"))
    axis.set_minor_formatter(NullFormatter())
