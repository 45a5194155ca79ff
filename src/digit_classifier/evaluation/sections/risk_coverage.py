"""What rejecting unsure answers gains: the curve of all thresholds, and the one that is needed.

The part of the section on calibration that is about the reject option.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from digit_classifier import plotting
from digit_classifier.evaluation.predictions import Predictions
from digit_classifier.evaluation.section import Table
from digit_classifier.rejection import RejectionRule
from digit_classifier.stats import upper_bound, wilson
from digit_classifier.words import count, fine_percent, percent

if TYPE_CHECKING:
    from matplotlib.figure import Figure

THRESHOLDS = (0.5, 0.9, 0.99, 0.999)
TARGET = 0.001
SURE = "with 95 % certainty"
CAPTION = (
    "What rejecting unsure answers gains: the share of images rejected against the share of the "
    "accepted ones that is misread. The curve ends where nothing is left to be misread."
)


@dataclass(frozen=True, eq=False)
class RiskCoverage:
    """What every threshold does, from rejecting all but the most confident to rejecting nothing.

    Attributes:
        thresholds: least confidence that is accepted, falling.
        accepted: how many images are.
        wrong: how many of those are misread.
        n: how many images there are.
    """

    thresholds: np.ndarray
    accepted: np.ndarray
    wrong: np.ndarray
    n: int


def trace(predictions: Predictions) -> RiskCoverage:
    """Count accepted images and errors among them for every confidence that occurs."""
    order = np.argsort(-predictions.confidence, kind="stable")
    confidence = predictions.confidence[order]
    wrong = np.cumsum(~predictions.right[order])
    # A threshold takes all images of one confidence or none.
    last = np.append(confidence[1:] < confidence[:-1], True)
    return RiskCoverage(confidence[last], np.flatnonzero(last) + 1, wrong[last], predictions.n)


def find_threshold(curve: RiskCoverage, error: float) -> dict[str, float | int] | None:
    """The threshold that rejects least while errors among accepted images are under a share.

    They are where the one-sided 95 % bound of their share is: no error in a handful proves nothing.

    Returns:
        threshold, accepted, wrong and the share rejected; None where no threshold does it.
    """
    counted = zip(curve.wrong.tolist(), curve.accepted.tolist(), strict=True)
    good = np.flatnonzero([upper_bound(wrong, accepted) < error for wrong, accepted in counted])
    if not len(good):
        return None
    at = int(good[-1])
    accepted = int(curve.accepted[at])
    return {
        "threshold": float(curve.thresholds[at]),
        "accepted": accepted,
        "wrong": int(curve.wrong[at]),
        "refused": 1 - accepted / curve.n,
    }


def try_thresholds(predictions: Predictions, metadata: dict[str, Any]) -> list[dict[str, Any]]:
    """What usual thresholds accept, and what the model's own rule does, if its file holds one.

    Returns:
        For each the rule in words, accepted, rejected (a share), wrong and error (a share, None
        where nothing is accepted).
    """
    rules = {"nothing rejected": np.ones(predictions.n, bool)}
    rules |= {f"{100 * t:g} %": predictions.confidence >= t for t in THRESHOLDS}
    if own := RejectionRule.read(metadata):
        rules["the model's own rule"] = own.accept(predictions.probabilities)
    rows = []
    for name, accepted in rules.items():
        n, wrong = int(accepted.sum()), int((accepted & ~predictions.right).sum())
        rows.append({"rule": name, "accepted": n, "refused": 1 - n / predictions.n, "wrong": wrong,
                     "error": wrong / n if n else None})  # fmt: skip
    return rows


def describe_target(target: dict[str, float | int] | None, n: int) -> str:
    """What `find_threshold` found for `TARGET` on n images, in a sentence."""
    under = f"under {percent(TARGET, 1)}"
    if upper_bound(0, n) >= TARGET:
        return (
            f"{count(n, 'image')}: too few to say what must be rejected for errors {under} among "
            "the accepted. That takes about 3,000 accepted images without an error, or more."
        )
    if target is None:
        return f"No threshold is sure to bring errors among accepted images {under}."
    errors = f"{count(int(target['wrong']), 'error')} among {target['accepted']:,}, {SURE}"
    if not target["refused"]:
        return f"Without rejecting any image its errors are {under} ({errors})."
    return (
        f"Errors among accepted images fall {under} where answers of less than "
        f"{100 * target['threshold']:.4g} % confidence are rejected: {percent(target['refused'])} "
        f"of the images ({errors}). The threshold is chosen on the images that it is judged by, so "
        "it is a little hopeful."
    )


def tabulate(rows: list[dict[str, Any]]) -> Table:
    """What `try_thresholds` found, for people."""
    return Table(
        ["Least confidence", "Rejected", "Accepted", "Errors among accepted", "Share",
         "95 % interval"],
        [
            [row["rule"], percent(row["refused"]), f"{row['accepted']:,}", row["wrong"],
             *_error_cells(row)]
            for row in rows
        ],
        "What rejecting unsure answers gains.",
    )  # fmt: skip


def _error_cells(row: dict[str, Any]) -> list[str]:
    """The share of errors among the accepted, and its interval (Wilson)."""
    if not row["accepted"]:
        return ["-", "-"]
    low, high = map(fine_percent, wilson(row["wrong"], row["accepted"]))
    return [fine_percent(row["error"]), f"{low} to {high}"]


def draw(
    curve: RiskCoverage, target: dict[str, float | int] | None, error: float = TARGET
) -> Figure:
    """Share rejected against share wrong among accepted, with the point that meets a target."""
    figure = plotting.new_figure(3.8)
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
        axes.plot(x, max(y, wrong[shown].min(initial=error)), "o", color=plotting.INK, markersize=8)
        axes.annotate(
            f"{100 * x:.2g} % rejected, below {100 * target['threshold']:.3g} % confidence",
            (x, y), xytext=(-8, -16), textcoords="offset points", ha="right", fontsize=10,
        )  # fmt: skip
    axes.set(
        title="Fewer errors for more rejections",
        xlabel="images rejected",
        ylabel="errors among accepted images",
        xscale="log",
        yscale="log",
        xlim=(least, 1.0),
    )
    plotting.percent_ticks(axes.xaxis)
    plotting.percent_ticks(axes.yaxis)
    return figure
