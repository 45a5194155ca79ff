"""The plots of section 5: what is taken for a digit by kind, and how the scores lie."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from digit_classifier import plotting
from digit_classifier.evaluation.separation import Scores
from digit_classifier.intervals import wilson

if TYPE_CHECKING:
    from matplotlib.figure import Figure

BINS = 60
# The lowest that the highest of ten probabilities can be.
LEAST = 0.1


def draw_kinds(scores: Scores) -> Figure:
    """A dot a kind: the share taken for digits, the worst on top."""
    from matplotlib.figure import Figure

    rows = sorted(scores.rows, key=lambda row: row.share)
    with plotting.style():
        figure = Figure(figsize=(7.0, 1.2 + 0.19 * len(rows)), layout="constrained")
        axes = figure.subplots()
        for taught, label in ((False, "never trained on"), (True, "may have been trained on")):
            these = [(place, row) for place, row in enumerate(rows) if row.taught == taught]
            places = [place for place, _ in these]
            shares = np.array([row.share for _, row in these])
            ends = np.array([wilson(row.accepted, row.n) for _, row in these]).T
            axes.errorbar(
                100 * shares,
                places,
                xerr=100 * np.abs(ends - shares),
                fmt="o",
                color=plotting.BLUE if taught else plotting.ORANGE,
                markerfacecolor="white" if taught else plotting.ORANGE,
                elinewidth=1.2,
                label=label,
            )
        axes.set_yticks(range(len(rows)), [row.kind for row in rows], fontsize=9)
        axes.set(
            title="Not a digit, but taken for one",
            xlabel="share taken for a digit (%), where 99 % of digits are accepted",
            xlim=(-1, max(30.0, *axes.get_xlim())),
            ylim=(-0.8, len(rows) - 0.2),
        )
        axes.grid(axis="y", visible=False)
        axes.legend(loc="lower right", fontsize=9)
    return figure


def draw_scores(scores: Scores) -> Figure:
    """Histograms of the score, one above the other: digits, then groups of other things."""
    from matplotlib.figure import Figure

    groups = _group(scores)
    highest = max(float(values.max()) for values in groups.values())
    edges = np.linspace(LEAST, max(min(1.0, highest * 1.02), 2 * LEAST), BINS + 1)
    with plotting.style():
        figure = Figure(figsize=(7.0, 1.2 + 0.95 * len(groups)), layout="constrained")
        panels = figure.subplots(len(groups), 1, sharex=True, squeeze=False)[:, 0]
        for axes, (name, values) in zip(panels, groups.items(), strict=True):
            colour = plotting.BLUE if name == "digits" else plotting.ORANGE
            weights = np.full(len(values), 100 / len(values))
            axes.hist(np.clip(values, edges[0], edges[-1]), edges, weights=weights, color=colour)
            axes.axvline(scores.threshold, color=plotting.INK, linewidth=1.0, linestyle="--")
            axes.set_title(
                f"{name} ({len(values):,})", fontsize=10, pad=3, loc="left", fontweight="normal"
            )
            axes.tick_params(labelsize=9)
            axes.set_xlim(edges[0], edges[-1])
        panels[-1].set_xlabel(scores.acceptance.words)
        figure.supylabel("share of the pictures (%)", fontsize=11)
        figure.suptitle(
            "How sure it is of digits and of other things", x=0.01, ha="left", weight="bold"
        )
    return figure


def _group(scores: Scores) -> dict[str, np.ndarray]:
    """Digits, the data that the user named, kinds never taught, and those that may be."""
    groups = {"digits": scores.digits}
    if scores.ood:
        groups[scores.ood.kind] = scores.others[scores.ood.kind]
    rest = [row for row in scores.rows if row is not scores.ood]
    for name, taught in (
        ("not digits, kinds never trained on", False),
        ("not digits, kinds that may have been trained on", True),
    ):
        parts = [scores.others[row.kind] for row in rest if row.taught == taught]
        groups[name] = np.concatenate(parts)
    return groups
