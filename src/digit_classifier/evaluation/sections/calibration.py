"""Whether confidence means anything: calibration, temperature, and what an honest no buys."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from digit_classifier import plotting, stats
from digit_classifier.evaluation.predictions import Predictions, Progress, silent
from digit_classifier.evaluation.section import (
    Evaluation,
    ReportFigure,
    Section,
    Table,
    report_section,
)
from digit_classifier.evaluation.sections import risk_coverage
from digit_classifier.onnx_model import CLASSES
from digit_classifier.words import count, fine_percent, percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

BINS = 15
# Less doubt than this is drawn as this much: one in ten thousand is all that MNIST can tell.
MIN_DOUBT = 1e-4
# Fewer than this in either half fit no temperature that says anything.
ENOUGH = 50


# What `calibrate` finds, by name.
Calibration = dict[str, float]


@report_section("certainty", seconds=2)
def section(evaluation: Evaluation, _tell: Progress = silent) -> Section:
    """Calibration before and after temperature scaling, and the reject option.

    The rule for rejecting that the model's own file holds, under "reject", is tried too.
    """
    predictions = evaluation.predictions
    before = calibrate(predictions.probabilities, predictions.labels)
    scaled, temperatures = scale_crosswise(predictions.probabilities, predictions.labels)
    after = None if scaled is None else calibrate(scaled, predictions.labels)
    curve = risk_coverage.trace(predictions)
    target = risk_coverage.find_threshold(curve, risk_coverage.TARGET)
    rows = risk_coverage.try_thresholds(predictions, evaluation.model.metadata)
    bins = {"as it is": bin_doubt(predictions.probabilities, predictions.labels)}
    if scaled is not None:
        bins["temperature-scaled"] = bin_doubt(scaled, predictions.labels)
    few = stats.caveat(predictions.n)
    return Section(
        key="certainty",
        title="Does its confidence mean anything?",
        sentences=_sentences(predictions, before, after, temperatures, target),
        tables=[_tabulate(before, after), risk_coverage.tabulate(rows)],
        figures=[
            ReportFigure("reliability", RELIABILITY, lambda: draw_reliability(bins)),
            *([ReportFigure("refusing", risk_coverage.CAPTION,
                            lambda: risk_coverage.draw(curve, target))]
              if len(predictions.errors) else []),
        ],
        metrics={
            "before": before,
            "after": after,
            "temperatures": temperatures,
            "target_error": risk_coverage.TARGET,
            "target": target,
            "thresholds": rows,
        },
        tiles=[
            *([(percent(before["ece"]), "calibration error")] if not few else []),
            *([(percent(target["refused"]), "rejected for errors under 0.1 %")] if target else []),
        ],
        caveats=[few] if few else [],
    )  # fmt: skip


def bin_confidence(probabilities: np.ndarray, labels: np.ndarray, bins: int = BINS) -> np.ndarray:
    """Sort answers by confidence into bins of equal mass.

    Answers of the same confidence stay together, so there may be fewer bins, of unequal mass.

    Returns:
        float64, shape (bins, 3): mean confidence, share right, how many.
    Source: Nixon, Dusenberry, Zhang, Jerfel, Tran, "Measuring calibration in deep learning",
        CVPR Workshops 2019, section 3 (adaptive bins).
    """
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == labels
    ranked = np.sort(confidence)
    starts = np.unique(ranked[[len(ranked) * k // bins for k in range(bins)]])
    return _average(np.searchsorted(starts, confidence, side="right") - 1, confidence, right)


def bin_doubt(probabilities: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Sort answers by doubt, 1 less confidence, into three bins a factor of ten.

    For drawing: nearly all bins of equal mass of a good model hold answers of 99.9 %.

    Returns:
        As `bin_confidence`; the first bin holds all doubts under `MIN_DOUBT`.
    """
    confidence = probabilities.max(axis=1)
    doubt = np.maximum(1 - confidence, MIN_DOUBT)
    place = np.floor(3 * (np.log10(doubt) - np.log10(MIN_DOUBT)) + 1e-9).astype(int)
    return _average(place, confidence, probabilities.argmax(axis=1) == labels)


def _average(place: np.ndarray, confidence: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Mean confidence, share right and number of each bin that holds anything."""
    n = np.bincount(place)
    some = n > 0
    sums = np.bincount(place, confidence)[some], np.bincount(place, right)[some]
    return np.column_stack([*(each / n[some] for each in sums), n[some]])


def measure_ece(probabilities: np.ndarray, labels: np.ndarray, bins: int = BINS) -> float:
    """Expected calibration error: the mean gap between confidence and share right.

    Source: Naeini, Cooper, Hauskrecht, "Obtaining well calibrated probabilities using Bayesian
        binning", AAAI 2015.
    """
    binned = bin_confidence(probabilities, labels, bins)
    return float(np.abs(binned[:, 0] - binned[:, 1]) @ binned[:, 2] / len(labels))


def measure_brier(probabilities: np.ndarray, labels: np.ndarray) -> float:
    """Brier score: the mean squared distance from the truth, summed over the ten digits.

    Source: G. W. Brier, "Verification of forecasts expressed in terms of probability", Monthly
        Weather Review 78 (1950).
    """
    truth = np.eye(CLASSES)[labels]
    return float(((probabilities - truth) ** 2).sum(axis=1).mean())


def calibrate(probabilities: np.ndarray, labels: np.ndarray) -> Calibration:
    """How well confidence says how often the answer is right.

    Returns:
        ece, see `measure_ece`; brier, 0 at best, 2 at worst; log_loss, nats an image; confidence,
        the mean probability of the answers.
    """
    from sklearn.metrics import log_loss

    return {
        "ece": measure_ece(probabilities, labels),
        "brier": measure_brier(probabilities, labels),
        "log_loss": float(log_loss(labels, probabilities, labels=range(CLASSES))),
        "confidence": float(probabilities.max(axis=1).mean()),
    }


def scale_crosswise(
    probabilities: np.ndarray, labels: np.ndarray
) -> tuple[np.ndarray | None, list[float]]:
    """Scale each half of the images by the temperature that was fitted on the other half.

    Returns:
        Probabilities, (n, 10), and the temperatures for every other image from the first and from
        the second; None and an empty list where there are too few images, or a half without an
        error: the coldest temperature would fit that best.
    """
    wrong = probabilities.argmax(axis=1) != labels
    if len(labels) < 2 * ENOUGH or not (wrong[::2].any() and wrong[1::2].any()):
        return None, []
    scaled = np.empty_like(probabilities)
    temperatures = []
    for half in (slice(0, None, 2), slice(1, None, 2)):
        other = slice(1 - (half.start or 0), None, 2)
        temperature = stats.fit_temperature(probabilities[other], labels[other])
        scaled[half] = stats.apply_temperature(probabilities[half], temperature)
        temperatures.append(temperature)
    return scaled, temperatures


def _sentences(
    predictions: Predictions,
    before: Calibration,
    after: Calibration | None,
    temperatures: list[float],
    target: dict[str, float | int] | None,
) -> list[str]:
    right = float(predictions.right.mean())
    gap = before["confidence"] - right
    word = "more sure than right" if gap > 0 else "less sure than right"
    sentences = [
        f"On average it is {percent(before['confidence'])} sure and {percent(right)} right"
        + (f": {fine_percent(abs(gap))} {word}" if abs(gap) > 1e-9 else "")
        + f". The expected calibration error is {fine_percent(before['ece'])}, the Brier score "
        f"{before['brier']:.5f}."
    ]
    if after:
        low, high = sorted(temperatures)
        sentences.append(
            "Temperature scaling would bring the calibration error to "
            f"{fine_percent(after['ece'])} (temperatures {low:.2f} and {high:.2f}; 1 changes "
            "nothing). Each half of the images is scaled by the temperature fitted on the other "
            "half, so no image chooses its own."
        )
    else:
        few, wrong = count(predictions.n, "image"), count(len(predictions.errors), "error")
        sentences.append(f"No temperature: {few} with {wrong} are too few to fit one.")
    sentences.append(risk_coverage.describe_target(target, predictions.n))
    return sentences


def _tabulate(before: Calibration, after: Calibration | None) -> Table:
    both = [("as it is", before), *([("temperature-scaled", after)] if after else [])]
    rows = [
        [name, fine_percent(c["ece"]), f"{c['brier']:.5f}", f"{c['log_loss']:.5f}",
         percent(c["confidence"])]
        for name, c in both
    ]  # fmt: skip
    return Table(
        ["", "ECE", "Brier score", "Log loss (nats)", "Mean confidence"],
        rows,
        f"Calibration. ECE: the mean gap between confidence and share right over {BINS} bins of "
        "equal mass. Brier score: squared error of the ten probabilities, 0 at best, 2 at worst.",
    )


RELIABILITY = (
    "Reliability. Left: how sure the answers are against how many are right. Right: the same by "
    "their doubt, 100 % less confidence, since nearly all answers of a good model are surer than "
    "99 %. On the line, confidence means what it says; below it on the left and above it on the "
    "right the model is too sure. Three bins a factor of ten of doubt. Bars: 95 % intervals "
    "(Wilson); a triangle at the lower edge: no error in the bin."
)


def draw_reliability(bins: dict[str, np.ndarray]) -> Figure:
    """Confidence against share right, doubt against share wrong; one series a name of `bins`."""
    figure = plotting.new_figure(4.4, 1.25 * plotting.SIZE[0])
    plain, doubts = figure.subplots(1, 2, width_ratios=(1, 1.25))
    floor = MIN_DOUBT
    for axes in (plain, doubts):
        axes.plot([floor, 1], [floor, 1], color=plotting.INK, linewidth=1, linestyle=(0, (4, 3)))
    looks = zip(bins.items(), (plotting.BLUE, plotting.GREY), ("o", "s"), strict=False)
    for (name, binned), colour, marker in looks:
        plain.plot(binned[:, 0], binned[:, 1], marker, color=colour, markersize=6, label=name)
        _draw_bins(doubts, binned, floor, colour, marker)
    plain.set(title="How often it is right", xlabel="confidence of the answers",
              ylabel="right answers", xlim=(0, 1.03), ylim=(0, 1.03))  # fmt: skip
    limits = (floor * 0.75, 1.15)
    doubts.set(title="How often it is wrong", xlabel="doubt of the answers", xscale="log",
               yscale="log", ylabel="wrong answers", xlim=limits, ylim=limits)  # fmt: skip
    for axis in (plain.xaxis, plain.yaxis, doubts.xaxis, doubts.yaxis):
        plotting.percent_ticks(axis)
    plain.legend(loc="upper left")
    return figure


def _draw_bins(axes: Axes, binned: np.ndarray, floor: float, colour: str, marker: str) -> None:
    doubt = np.clip(1 - binned[:, 0], floor, 1)
    wrong = 1 - binned[:, 1]
    n = np.rint(binned[:, 2]).astype(int)
    for x, share, size in zip(doubt, wrong, n, strict=True):
        low, high = stats.wilson(round(share * size), size)
        axes.plot([x, x], [max(low, floor), max(high, floor)], color=colour, linewidth=4,
                  alpha=0.28, solid_capstyle="butt")  # fmt: skip
    some = wrong > 0
    axes.plot(doubt[some], wrong[some], marker, color=colour, markersize=6)
    # Not of the layout, which an empty line that nothing clips would press into a corner.
    axes.plot(doubt[~some], np.full((~some).sum(), floor), "v", color=colour, markersize=6,
              clip_on=False, in_layout=False)  # fmt: skip
