"""`evaluate` and `compare` for Python: open what is named, measure it, give the figures back."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from digit_classifier.dataset import Dataset, load
from digit_classifier.errors import OptionError
from digit_classifier.evaluation import compare as comparison
from digit_classifier.evaluation import ood_sets, report
from digit_classifier.evaluation.compare import Comparison
from digit_classifier.evaluation.compare import report as comparison_report
from digit_classifier.evaluation.compare.report import History
from digit_classifier.evaluation.model import Model, open_model, rescale, warn
from digit_classifier.evaluation.predictions import Predictions, Progress, predict_all, silent
from digit_classifier.evaluation.report import Report, check_installed, check_place
from digit_classifier.evaluation.section import Evaluation
from digit_classifier.evaluation.sections import accuracy, calibration, confusions
from digit_classifier.onnx_model import OnnxModel
from digit_classifier.words import count, fine_percent, kind_of, percent


@dataclass(frozen=True, eq=False, repr=False)
class Result:
    """What a model does with the test images of a data set; prints as a few lines.

    Attributes:
        model: its name.
        dataset: whose test images it was shown; its `notes` are for the user.
        predictions: its answers to them: `probabilities` (n, 10), `answers` (n,), `right` (n,), and
            the indices of the `errors`, the most confident first.
        accuracy: share of right answers, 0 to 1.
        interval: its 95 % interval (Wilson).
        errors: how many answers are wrong.
        log_loss: nats an image.
        calibration_error: expected calibration error, 0 to 1.
        digits: for each digit a dict of n, errors, precision, recall and f1.
        confusion_matrix: int64, shape (10, 10), a row for each label.
        written: the report that was asked for; None without one.
    """

    model: str
    dataset: Dataset
    predictions: Predictions
    accuracy: float
    interval: tuple[float, float]
    errors: int
    log_loss: float
    calibration_error: float
    digits: list[dict[str, Any]]
    confusion_matrix: np.ndarray
    written: Report | None = None

    @property
    def report(self) -> Path | None:
        """The folder of the report; None without one."""
        return self.written.folder if self.written else None

    def __repr__(self) -> str:
        low, high = map(percent, self.interval)
        images = count(self.predictions.n, "test image")
        lines = [
            f"Model     {self.model} on {images} of {self.dataset.name}",
            f"Accuracy  {percent(self.accuracy)} (95 % interval {low} to {high}), "
            f"{count(self.errors, 'error')}",
            f"Log loss  {self.log_loss:.4f} nats an image, calibration error "
            f"{fine_percent(self.calibration_error)}",
            *(f"Warning   {note}" for note in self.dataset.notes),
            *([f"Report    {self.report / 'report.html'}"] if self.report else []),
        ]
        return "\n".join(lines)


def evaluate(
    model: str | os.PathLike[str] | OnnxModel | Model = "cnn",
    dataset: str | Path | Dataset = "mnist",
    *,
    scale: str | None = None,
    out: str | Path | None = None,
    quick: bool = False,
    ood: str | Path | None = None,
    progress: Progress = silent,
    **loading: Any,
) -> Result:
    """Measure a model on the test images of a data set.

    Args:
        model: a shipped model's name, a run or its folder, or an .onnx file that reads 28x28
            images; or one that is open already, such as an OnnxModel.
        dataset: what `load` takes, or what it gave.
        scale: what a network with float input was trained on: "0..1", "0..255", "-1..1" or
            "mnist"; None for what its file says, else 0..1.
        out: also write the report of `digits evaluate` into this folder, which takes a minute.
        quick: the report with fewer images for corruptions, and fewer non-digits.
        ood: for the report, pictures that are no digits, such as Fashion-MNIST.
        progress: called with what is being done, and how much of how much is.
        loading: more for `load`, such as data_dir, transpose and invert.
    Raises:
        OptionError, DataError, ModelError, DownloadError, StorageError: each with one sentence.
        MissingExtraError: the extra `evaluate` is not installed.
    """
    check_installed()
    if out:
        check_place(Path(out), report.MADE_BY)
    opened = _open(model, scale)
    data = warn(opened, _load(dataset, progress, loading))
    others = ood_sets.read(ood) if ood and out else None
    progress("answers", 0, 1)
    predictions = predict_all(opened, data.test_images, data.test_labels)
    written = None
    if out:
        judged = Evaluation(opened, predictions, data, quick, others)
        written = report.write_report(judged, Path(out), progress)
    figures = accuracy.measure(predictions)
    return Result(
        model=opened.name,
        dataset=data,
        predictions=predictions,
        accuracy=figures["accuracy"],
        interval=tuple(figures["interval"]),
        errors=figures["errors"],
        log_loss=figures["log_loss"],
        calibration_error=calibration.measure_ece(predictions.probabilities, predictions.labels),
        digits=accuracy.measure_digits(predictions),
        confusion_matrix=confusions.count_confusions(predictions),
        written=written,
    )


def compare(
    models: Sequence[str | os.PathLike[str] | OnnxModel | Model],
    dataset: str | Path | Dataset = "mnist",
    *,
    scale: str | None = None,
    robustness: bool = False,
    out: str | Path | None = None,
    histories: Sequence[History] = (),
    progress: Progress = silent,
    **loading: Any,
) -> Comparison:
    """Show the test images of a data set to two models or more.

    Args:
        models: each as for `evaluate`.
        dataset: as for `evaluate`.
        scale: as for `evaluate`, for those models that take floats.
        robustness: also count errors on spoilt images, which takes most of the time.
        out: also write the page, tables and pictures of `digits compare` into this folder.
        histories: how their trainings went, for the page.
        progress: as for `evaluate`.
        loading: as for `evaluate`.
    Raises:
        DigitError: as `evaluate`.
    """
    began = time.perf_counter()
    check_installed()
    if out:
        check_place(Path(out), comparison_report.MADE_BY)
    if isinstance(models, str | os.PathLike | Model | OnnxModel):
        raise OptionError("one model was given where several are compared. Give a list of them.")
    opened = [_open(model) for model in models]
    opened = rescale(opened, scale) if scale else opened
    data = _load(dataset, progress, loading)
    found = comparison.compare(opened, data, robustness=robustness, progress=progress)
    if out:
        progress("drawing", 0, 1)
        written = comparison_report.write_comparison(found, histories, Path(out), began)
        found = replace(found, written=written)
    return found


def _open(model: object, scale: str | None = None) -> Model:
    if isinstance(model, Model):
        return model
    if isinstance(model, str | os.PathLike | OnnxModel):
        return open_model(model, scale=scale)
    raise OptionError(
        f"{kind_of(model)} was given as model. Give its name, run folder or .onnx file."
    )


def _load(dataset: str | Path | Dataset, progress: Progress, loading: dict[str, Any]) -> Dataset:
    if isinstance(dataset, Dataset):
        return dataset
    return load(dataset, progress=progress, warn=False, **loading)
