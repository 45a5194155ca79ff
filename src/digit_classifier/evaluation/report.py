"""A report or a comparison as a folder: its page, metrics.json, every picture as PNG and SVG."""

from __future__ import annotations

import importlib.util
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from digit_classifier import plotting
from digit_classifier.atomic import replacing_folder, write_text
from digit_classifier.errors import MissingExtraError, OptionError
from digit_classifier.evaluation import page
from digit_classifier.evaluation.page import Part
from digit_classifier.evaluation.predictions import Progress, silent
from digit_classifier.evaluation.section import SECTIONS, Evaluation, Section
from digit_classifier.evaluation.sections import accuracy
from digit_classifier.machine import count_cores, list_versions, name_processor
from digit_classifier.shell import option
from digit_classifier.words import count

MADE_BY, PAGE = "digits evaluate", "report.html"
METRICS = "metrics.json"
_NEEDED = {"jinja2": "jinja2", "matplotlib": "matplotlib", "sklearn": "scikit-learn",
           "scipy": "scipy", "threadpoolctl": "threadpoolctl"}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Report:
    """A report or a comparison that was written.

    Attributes:
        folder: where it is.
        sections: what it says, in order.
        metrics: what metrics.json holds; under "seconds" how long it took.
    """

    folder: Path
    sections: Sequence[Section]
    metrics: dict[str, Any]


def write_report(evaluation: Evaluation, out: Path, progress: Progress = silent) -> Report:
    """Make every section about a model, and write what came out.

    Args:
        evaluation: the model, its answers, and what they are answers to.
        out: the folder; an earlier report there is replaced once the new one is whole.
        progress: called with what is being done, and how much of how much is.
    Raises:
        DataError, ModelError: what a section finds wrong with the images or answers.
        StorageError: the folder cannot be written.
    """
    began, worked = time.perf_counter(), time.process_time()
    model, predictions = evaluation.model, evaluation.predictions
    whole, done = sum(maker.seconds for maker in SECTIONS.values()), 0.0
    parts: list[Part] = []
    with replacing_folder(out) as folder:
        for maker in SECTIONS.values():
            hear = _within(progress, done, maker.seconds, whole)
            started = time.perf_counter()
            section = maker.make(evaluation, hear)
            pictures = draw(section, folder, hear)
            parts.append(Part(section, pictures, time.perf_counter() - started))
            done += maker.seconds
        seconds = {part.section.key: round(part.seconds, 2) for part in parts}
        metrics = {
            **describe_making(MADE_BY, "scikit-learn", "scipy", "opencv-python-headless",
                              "matplotlib"),
            **accuracy.measure(predictions),
            **_name(evaluation),
            "seconds": {**seconds, "total": round(time.perf_counter() - began, 2)},
            "sections": {part.section.key: part.section.metrics for part in parts},
            # Of all cores together: says more than the clock does on a busy machine.
            "processor_seconds": round(time.process_time() - worked, 2),
            "quick": evaluation.quick,
        }  # fmt: skip
        facts = {
            "title": f"Report on {model.name}",
            "subtitle": f"Judged by {evaluation.dataset.name}: "
            f"{count(predictions.n, 'test image')}.",
            "tiles": [tile for part in parts for tile in part.section.tiles],
            "seconds": metrics["seconds"]["total"],
            "worked": metrics["processor_seconds"],
        }
        metrics = finish(folder, PAGE, parts, metrics, facts)
    return Report(out, [part.section for part in parts], metrics)


def _name(evaluation: Evaluation) -> dict[str, Any]:
    """The model and the images, by their digests."""
    model, dataset = evaluation.model, evaluation.dataset
    return {
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
            "n": evaluation.predictions.n,
        },
    }


def _within(tell: Progress, start: float, length: float, whole: float) -> Progress:
    """Progress of a step as progress of the whole; what starts anew does not turn it back."""
    reached = 0.0

    def scaled(what: str, done: float, total: float) -> None:
        nonlocal reached
        reached = max(reached, min(1.0, done / max(total, 1)))
        tell(what, (start + length * reached) / whole, 1.0)

    return scaled


def check_installed() -> None:
    """Look for what a report needs, before anything is measured.

    Raises:
        MissingExtraError: a part is not installed.
    """
    for module, package in _NEEDED.items():
        if importlib.util.find_spec(module) is None:
            raise MissingExtraError(package, "evaluate")


def check_place(out: Path, made_by: str) -> None:
    """See that nothing but an earlier folder of the same kind would be overwritten.

    Args:
        out: where a folder is to be written.
        made_by: the command that writes it, as its metrics.json says.
    Raises:
        OptionError: a file, or a folder that holds something else.
    """
    if not out.exists():
        return
    if not out.is_dir():
        raise OptionError(f"{out} is a file; a report is a folder. Choose another {option('out')}.")
    found = {file.name for file in out.iterdir()}
    try:
        metrics = json.loads((out / METRICS).read_text("utf-8"))
        ours = set(metrics["files"]) if metrics["made_by"] == made_by else set()
    except (OSError, ValueError, KeyError, TypeError):
        ours = set()
    if strange := sorted(found - ours):
        raise OptionError(
            f"{out} holds {strange[0]}, which is of no report; choose another {option('out')}, or "
            "move it away. Only a report is replaced by a report."
        )


def draw(section: Section, folder: Path, tell: Progress = silent) -> list[str]:
    """Draw the pictures of a section into `folder`, as PNG and as SVG.

    Returns:
        The SVG text of each, in their order.
    Raises:
        StorageError: a file cannot be written.
    """
    pictures = []
    for figure in section.figures:
        tell(f"drawing {figure.name.replace('_', ' ')}", 1, 1)
        with plotting.style():
            plotting.save(figure.draw(), folder / figure.name)
        pictures.append((folder / f"{figure.name}.svg").read_text("utf-8"))
    return pictures


def describe_making(made_by: str, *packages: str) -> dict[str, Any]:
    """What every metrics.json says of itself: which command, when, where, which versions."""
    return {
        "made_by": made_by,
        "made": datetime.now().astimezone().isoformat(timespec="seconds"),
        "machine": {"processor": name_processor(), "cores": count_cores()},
        "versions": list_versions("mnist-digit-classifier", "numpy", "onnxruntime", *packages),
    }


def finish(
    folder: Path, name: str, parts: Sequence[Part], metrics: dict[str, Any], facts: dict[str, Any]
) -> dict[str, Any]:
    """Write the page, and metrics.json, which also lists the folder's files.

    Args:
        folder: with all other files in it.
        name: of the page.
        parts: the sections and their pictures.
        metrics: what metrics.json is to hold, what `describe_making` says among it.
        facts: title, subtitle, tiles and seconds, and what else `page.render` may say.
    Returns:
        What metrics.json holds.
    Raises:
        StorageError: a file cannot be written.
    """
    made, machine = datetime.fromisoformat(metrics["made"]), metrics["machine"]
    versions = ", ".join(f"{name} {number}" for name, number in metrics["versions"].items())
    making = {
        "made_by": metrics["made_by"],
        "made": f"{made.day} {made:%B %Y}",
        "machine": f"{machine['processor']} with {count(machine['cores'], 'core')}",
        "versions": f"Versions: {versions}",
    }
    write_text(folder / name, page.render(parts, {**making, **facts}))
    files = sorted([METRICS, *(file.name for file in folder.iterdir())])
    metrics = {**metrics, "files": files}
    text = json.dumps(plain(metrics), indent=2, ensure_ascii=False, allow_nan=False)
    write_text(folder / METRICS, text + "\n")
    return metrics


def plain(value: Any) -> Any:
    """Numpy's numbers as Python's, and None for what is not finite: JSON has no word for it."""
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, np.ndarray | np.generic):
        return plain(value.tolist())
    if isinstance(value, float) and not np.isfinite(value):
        return None
    return value
