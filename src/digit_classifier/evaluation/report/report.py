"""The report about a model: a folder with report.html, metrics.json and every picture."""

from __future__ import annotations

import importlib.util
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from digit_classifier.atomic import replacing_folder, write_text
from digit_classifier.dataset import Dataset
from digit_classifier.errors import MissingExtraError
from digit_classifier.evaluation import ood_sets
from digit_classifier.evaluation.acceptance import Acceptance
from digit_classifier.evaluation.corruptions.baseline import find_baseline
from digit_classifier.evaluation.model import Model
from digit_classifier.evaluation.predictions import Predictions, predict_all
from digit_classifier.evaluation.report import page
from digit_classifier.evaluation.report.page import Step, render_section, write_metrics
from digit_classifier.evaluation.section import Section, count, percent
from digit_classifier.evaluation.sections import accuracy, confusions, robustness
from digit_classifier.evaluation.sections import calibration as certainty
from digit_classifier.evaluation.sections import explanations as looking
from digit_classifier.evaluation.sections import ood as doubt
from digit_classifier.machine import count_cores, list_versions, name_processor

MADE_BY = "digits evaluate"
PAGE = "report.html"
# (what is being done, share of the whole report that is done)
Progress = Callable[[str, float], None]
_NEEDED = {"jinja2": "jinja2", "matplotlib": "matplotlib", "sklearn": "scikit-learn",
           "scipy": "scipy", "threadpoolctl": "threadpoolctl"}  # fmt: skip
_VERSIONS = ("mnist-digit-classifier", "numpy", "onnxruntime", "scikit-learn", "scipy",
             "opencv-python-headless", "matplotlib")  # fmt: skip


@dataclass(frozen=True, eq=False)
class Report:
    """A report that was written.

    Attributes:
        folder: where it is.
        sections: what it says, in order.
        metrics: what metrics.json holds.
        seconds: how long each section took to measure and draw, by key.
    """

    folder: Path
    sections: list[Section]
    metrics: dict[str, Any]
    seconds: dict[str, float]


def write_report(
    model: Model,
    dataset: Dataset,
    out: str | Path,
    *,
    quick: bool = False,
    ood: str | Path | None = None,
    progress: Progress | None = None,
) -> Report:
    """Judge a model by the test images of a data set and write what came out.

    Args:
        model: the model.
        dataset: whose test images are shown to it.
        out: the folder; an earlier report there is replaced once the new one is whole.
        quick: fewer images for corruptions, non-digits and the map.
        ood: pictures that are no digits, such as Fashion-MNIST; see `ood_sets.read`.
        progress: called with what is being done, and the share of the whole that is.
    Raises:
        OptionError: `out` holds something else than a report.
        DataError, ModelError: images, labels or answers that are none.
        MissingExtraError: the extra `evaluate` is not installed.
        StorageError: the folder cannot be written.
    """
    out = Path(out)
    check_place(out)
    check_installed()
    began, worked = time.perf_counter(), time.process_time()
    tell = progress or (lambda _what, _share: None)
    strange = ood_sets.read(ood) if ood else None
    tell("answers", 0.0)
    predictions = predict_all(model, dataset.test_images, dataset.test_labels)
    steps = _plan(model, predictions, dataset, strange, quick=quick)
    whole = sum(weight for weight, _ in steps)
    parts: list[page.Part] = []
    with replacing_folder(out) as folder:
        done = 0.0
        for weight, step in steps:
            parts.append(render_section(step, folder, _scaled(tell, done / whole, weight / whole)))
            done += weight
        seconds = {part.section.key: round(part.seconds, 2) for part in parts}
        total = time.perf_counter() - began
        metrics = _sum_up(model, predictions, dataset, parts, {**seconds, "total": round(total, 2)})
        # Of all cores together: says more than the clock does on a busy machine.
        metrics["processor_seconds"] = round(time.process_time() - worked, 2)
        metrics["quick"] = quick
        write_text(folder / PAGE, page.render(parts, _facts(model, predictions, metrics)))
        metrics = write_metrics(folder, metrics)
    return Report(out, [part.section for part in parts], metrics, metrics["seconds"])


def check_place(out: Path) -> None:
    """See that nothing but an earlier report would be overwritten.

    Raises:
        OptionError: a file, or a folder that holds something else.
    """
    page.check_place(out, MADE_BY)


def check_installed() -> None:
    """Look for what a report needs, before anything is measured.

    Raises:
        MissingExtraError: a part is not installed.
    """
    for module, package in _NEEDED.items():
        if importlib.util.find_spec(module) is None:
            raise MissingExtraError(package, "evaluate")


def _plan(
    model: Model,
    predictions: Predictions,
    dataset: Dataset,
    strange: ood_sets.OodSet | None,
    *,
    quick: bool,
) -> list[tuple[float, Step]]:
    """Each section with about how many seconds it takes the cnn."""
    alone = model.alone or model.predict
    images, labels = predictions.images, predictions.labels
    return [
        (3, lambda _tell: accuracy.section(model, predictions, dataset)),
        (3, lambda _tell: confusions.section(predictions, confusions.find_disputes(dataset))),
        (2, lambda _tell: certainty.section(predictions, model.metadata)),
        (
            12 if quick else 50,
            lambda tell: robustness.section(
                alone, images, labels, quick=quick, progress=tell,
                baseline=find_baseline(dataset.sha256),
            ),
        ),
        (
            6,
            lambda tell: doubt.section(
                alone, images, labels, acceptance=Acceptance.of(model.metadata), ood=strange,
                quick=quick, progress=tell,
            ),
        ),
        (8, lambda tell: looking.section(model, predictions, quick=quick, progress=tell)),
    ]  # fmt: skip


def _scaled(tell: Progress, start: float, length: float) -> Callable[[str, int, int], None]:
    """Progress within a step as progress of the whole; what starts anew does not turn it back."""
    reached = 0.0

    def scaled(what: str, done: int, total: int) -> None:
        nonlocal reached
        reached = max(reached, min(1.0, done / max(total, 1)))
        tell(what, start + length * reached)

    return scaled


def _sum_up(
    model: Model,
    predictions: Predictions,
    dataset: Dataset,
    parts: list[page.Part],
    seconds: dict[str, float],
) -> dict[str, Any]:
    figures = accuracy.measure(predictions)
    return {
        "made_by": MADE_BY,
        "made": datetime.now().astimezone().isoformat(timespec="seconds"),
        **figures,
        "model": {
            "name": model.name,
            "sha256": model.sha256,
            "bytes": model.size_bytes,
            "parameters": model.parameters,
            "multiply_adds": model.multiply_adds,
            "asked": model.wiring,
            "metadata": model.metadata,
        },
        "images": {
            "dataset": dataset.name,
            "sha256": dataset.sha256,
            "part": "test images",
            "n": predictions.n,
        },
        "machine": {"processor": name_processor(), "cores": count_cores()},
        "versions": list_versions(*_VERSIONS),
        "seconds": seconds,
        "sections": {part.section.key: part.section.metrics for part in parts},
    }


def _facts(model: Model, predictions: Predictions, metrics: dict[str, Any]) -> dict[str, Any]:
    """What the head and the foot of the page say."""
    low, high = metrics["interval"]
    sure = metrics["sections"]["certainty"]["before"]
    made = datetime.fromisoformat(metrics["made"])
    machine = metrics["machine"]
    versions = ", ".join(f"{name} {number}" for name, number in metrics["versions"].items())
    return {
        "title": f"What {model.name} is worth",
        "subtitle": f"Judged by {metrics['images']['dataset']}: "
        f"{count(predictions.n, 'test image')}.",
        "tiles": [
            (
                percent(metrics["accuracy"]),
                f"right; 95 % interval {percent(low)} to {percent(high)}",
            ),
            (f"{metrics['errors']:,}", f"errors on {count(predictions.n, 'image')}"),
            (f"{metrics['log_loss']:.4f}", "log loss (nats an image)"),
            (percent(sure["ece"]), "calibration error"),
            *_more_tiles(metrics["sections"]),
        ],
        "made": f"{made.day} {made:%B %Y}",
        "seconds": metrics["seconds"]["total"],
        "worked": metrics["processor_seconds"],
        "machine": f"{machine['processor']} with {count(machine['cores'], 'core')}",
        "versions": f"Versions: {versions}",
    }


def _more_tiles(sections: dict[str, Any]) -> list[tuple[str, str]]:
    """Figures of the later sections that sum them up, where they exist."""
    target = sections["certainty"]["target"]
    error = sections["robustness"]["mean_corruption_error"]
    spoilt = sections["robustness"]["mean_error_rate"]
    taken = sections["doubt"]["never_taught"]["false_accept_rate"]
    tiles = []
    if target:
        tiles.append((percent(target["refused"]), "to refuse for errors under 0.1 %"))
    if error is not None:
        tiles.append((f"{100 * error:.0f}", "mean corruption error; the original network: 100"))
    else:
        tiles.append((percent(spoilt, 1), "errors on spoilt images"))
    tiles.append((percent(taken, 1), "of strange non-digits taken for digits"))
    tiles.append((f"{sections['accuracy']['latency_ms']:.3f} ms", "for one image on one core"))
    return tiles
