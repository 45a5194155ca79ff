"""The report about a model: a folder with report.html, metrics.json and every picture."""

from __future__ import annotations

import importlib.util
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from digit_classifier.atomic import replacing_folder, write_text
from digit_classifier.dataset import Dataset
from digit_classifier.errors import MissingExtraError
from digit_classifier.evaluation import ood_sets, page
from digit_classifier.evaluation.model import Model
from digit_classifier.evaluation.page import (
    Report,
    check_place,
    render_section,
    write_metrics,
)
from digit_classifier.evaluation.predictions import Predictions, predict_all
from digit_classifier.evaluation.section import SECTIONS, Evaluation
from digit_classifier.evaluation.sections import accuracy
from digit_classifier.words import count

MADE_BY = "digits evaluate"
PAGE = "report.html"
# (what is being done, share of the whole report that is done)
Progress = Callable[[str, float], None]
_NEEDED = {"jinja2": "jinja2", "matplotlib": "matplotlib", "sklearn": "scikit-learn",
           "scipy": "scipy", "threadpoolctl": "threadpoolctl"}  # fmt: skip
_PACKAGES = ("scikit-learn", "scipy", "opencv-python-headless", "matplotlib")


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
    check_place(out, MADE_BY)
    check_installed()
    began, worked = time.perf_counter(), time.process_time()
    tell = progress or (lambda _what, _share: None)
    others = ood_sets.read(ood) if ood else None
    tell("answers", 0.0)
    predictions = predict_all(model, dataset.test_images, dataset.test_labels)
    evaluation = Evaluation(model, predictions, dataset, quick, others)
    whole = sum(maker.seconds for maker in SECTIONS.values())
    parts: list[page.Part] = []
    with replacing_folder(out) as folder:
        done = 0.0
        for maker in SECTIONS.values():
            hear = _scaled(tell, done / whole, maker.seconds / whole)
            parts.append(render_section(partial(maker.make, evaluation), folder, hear))
            done += maker.seconds
        seconds = {part.section.key: round(part.seconds, 2) for part in parts}
        total = time.perf_counter() - began
        metrics = _sum_up(model, predictions, dataset, parts, {**seconds, "total": round(total, 2)})
        # Of all cores together: says more than the clock does on a busy machine.
        metrics["processor_seconds"] = round(time.process_time() - worked, 2)
        metrics["quick"] = quick
        write_text(folder / PAGE, page.render(parts, _facts(model, predictions, parts, metrics)))
        metrics = write_metrics(folder, metrics)
    return Report(out, [part.section for part in parts], metrics)


def check_installed() -> None:
    """Look for what a report needs, before anything is measured.

    Raises:
        MissingExtraError: a part is not installed.
    """
    for module, package in _NEEDED.items():
        if importlib.util.find_spec(module) is None:
            raise MissingExtraError(package, "evaluate")


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
        **page.describe_making(MADE_BY, *_PACKAGES),
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
        "seconds": seconds,
        "sections": {part.section.key: part.section.metrics for part in parts},
    }


def _facts(
    model: Model, predictions: Predictions, parts: list[page.Part], metrics: dict[str, Any]
) -> dict[str, Any]:
    """What the head and the foot of the page say."""
    return {
        **page.say_making(metrics),
        "title": f"Report on {model.name}",
        "subtitle": f"Judged by {metrics['images']['dataset']}: "
        f"{count(predictions.n, 'test image')}.",
        "tiles": [tile for part in parts for tile in part.section.tiles],
        "seconds": metrics["seconds"]["total"],
        "worked": metrics["processor_seconds"],
    }
