"""Accuracy: the share of right answers, digit by digit, and what it costs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from digit_classifier import plotting
from digit_classifier.dataset import Dataset
from digit_classifier.evaluation.model import Model
from digit_classifier.evaluation.predictions import (
    Predictions,
    Progress,
    measure_latency,
    silent,
)
from digit_classifier.evaluation.section import (
    Evaluation,
    ReportFigure,
    Section,
    Table,
    report_section,
)
from digit_classifier.machine import count_cores, name_processor
from digit_classifier.onnx_model import CLASSES
from digit_classifier.stats import MIN_IMAGES, caveat, wilson
from digit_classifier.words import count, percent, scaled

if TYPE_CHECKING:
    from matplotlib.figure import Figure


RATES = ("precision", "recall", "f1")


@report_section("accuracy", seconds=3)
def section(evaluation: Evaluation, _tell: Progress = silent) -> Section:
    """Accuracy, log loss, figures of each digit, size and speed."""
    model, predictions, dataset = evaluation.model, evaluation.predictions, evaluation.dataset
    figures = measure(predictions)
    digits = measure_digits(predictions)
    latency = measure_latency(model, predictions.images)
    speed = {
        "latency_ms": latency,
        "images_per_second": _throughput(predictions),
        "cores": count_cores(),
        "processor": name_processor(),
    }
    rows = [
        [each["digit"], each["n"], each["errors"],
         *("-" if each[name] is None else percent(each[name]) for name in RATES)]
        for each in digits
    ]  # fmt: skip
    return Section(
        key="accuracy",
        title="How accurate is it?",
        sentences=_sentences(model, predictions, figures),
        caveats=_caveats(predictions, dataset),
        tables=[
            Table(
                ["Digit", "Images", "Errors", "Precision", "Recall", "F1"],
                rows,
                "Each digit. Precision: of the answers with this digit, the share that are right; "
                "recall: of the images of this digit, the share read rightly; F1: their harmonic "
                "mean.",
            ),
            _about(model, predictions, dataset, speed),
        ],
        figures=[
            ReportFigure(
                "digits",
                "The share of each digit's images that is misread, with its 95 % interval "
                "(Wilson). Where two bars overlap much, the images cannot tell which digit is "
                "harder.",
                lambda: draw_digits(digits),
            )
        ],
        metrics={**figures, "digits": digits, **speed},
        tiles=[
            (
                percent(figures["accuracy"]),
                "right; 95 % interval {} to {}".format(*map(percent, figures["interval"])),
            ),
            (f"{figures['errors']:,}", f"errors on {count(predictions.n, 'image')}"),
            (f"{figures['log_loss']:.4f}", "log loss (nats an image)"),
            (f"{latency:.3f} ms", "for one image on one core"),
        ],
    )


def measure(predictions: Predictions) -> dict[str, Any]:
    """Accuracy with its interval, errors, and log loss in nats."""
    from sklearn.metrics import log_loss

    right = int(predictions.right.sum())
    return {
        "accuracy": right / predictions.n,
        "interval": list(wilson(right, predictions.n)),
        "errors": predictions.n - right,
        "n": predictions.n,
        "log_loss": float(
            log_loss(predictions.labels, predictions.probabilities, labels=range(CLASSES))
        ),
    }


def measure_digits(predictions: Predictions) -> list[dict[str, Any]]:
    """Precision, recall, F1 of each digit; None where there is nothing to divide by."""
    from sklearn.metrics import precision_recall_fscore_support

    *rates, counts = precision_recall_fscore_support(
        predictions.labels, predictions.answers, labels=range(CLASSES), zero_division=np.nan
    )
    digits = []
    for digit, n in enumerate(counts.tolist()):
        errors = int((~predictions.right[predictions.labels == digit]).sum())
        known = [None if np.isnan(rate[digit]) else float(rate[digit]) for rate in rates]
        digits.append(
            {"digit": digit, "n": n, "errors": errors, **dict(zip(RATES, known, strict=True))}
        )
    return digits


def draw_digits(digits: list[dict[str, Any]]) -> Figure:
    """The misread share of each digit, with its interval."""
    figure = plotting.new_figure(3.4)
    axes = figure.subplots()
    for each in digits:
        if not each["n"]:
            continue
        share = 100 * each["errors"] / each["n"]
        low, high = (100 * bound for bound in wilson(each["errors"], each["n"]))
        axes.plot([each["digit"]] * 2, [low, high], color=plotting.BLUE, linewidth=7, alpha=0.3,
                  solid_capstyle="butt")  # fmt: skip
        axes.plot(each["digit"], share, "o", color=plotting.BLUE, markersize=7)
    axes.set(
        title="Share of each digit that is misread",
        xlabel="digit",
        ylabel="misread (%)",
        xticks=range(CLASSES),
        xlim=(-0.6, CLASSES - 0.4),
    )
    axes.set_ylim(bottom=0)
    axes.grid(visible=False, axis="x")
    return figure


def _sentences(model: Model, predictions: Predictions, figures: dict[str, Any]) -> list[str]:
    low, high = figures["interval"]
    return [
        f"{model.name} reads {predictions.n - figures['errors']:,} of "
        f"{count(predictions.n, 'image')} rightly: {percent(figures['accuracy'])} (95 % interval "
        f"{percent(low)} to {percent(high)}), {count(figures['errors'], 'error')}.",
        f"Its log loss is {figures['log_loss']:.4f} nats an image: what a wrong or hesitant answer "
        "costs, 0 at best, 2.3026 for one who only ever says “any digit, equally likely”.",
    ]


def _throughput(predictions: Predictions) -> float | None:
    """Images a second; None where they are so few that calling the network is what is timed."""
    if predictions.n < MIN_IMAGES or not predictions.seconds:
        return None
    return predictions.n / predictions.seconds


def _caveats(predictions: Predictions, dataset: Dataset) -> list[str]:
    caveats = []
    if dataset.is_sample:
        caveats.append(
            "These images are of MNIST's training set: a model that was trained on MNIST has seen "
            "them, and its figures here say nothing about new digits."
        )
    if few := caveat(predictions.n):
        caveats.append(few)
    return caveats


def _about(
    model: Model, predictions: Predictions, dataset: Dataset, speed: dict[str, Any]
) -> Table:
    rows = [
        ["Images", f"{dataset.name}, {count(predictions.n, 'image')} to test with"],
        ["sha256 of the images", dataset.sha256],
        ["Model file", f"{model.size_bytes / 1e6:.2f} MB"],
        ["sha256 of the file", model.sha256 or "-"],
        ["Weights", f"{model.parameters:,}" if model.parameters else "not known"],
        ["Multiply-adds an image",
         scaled(model.multiply_adds) if model.multiply_adds else "not known"],
        ["How it is asked", model.wiring or "-"],
        ["One image, one core", f"{speed['latency_ms']:.3f} ms (median)"],
    ]  # fmt: skip
    if speed["images_per_second"]:
        rows.append(
            [f"Many images, {count(speed['cores'], 'core')}",
             f"{speed['images_per_second']:,.0f} a second"]
        )  # fmt: skip
    rows.append(["Measured on", speed["processor"]])
    return Table(["", ""], rows, "The images, the file, and what an answer costs.")
