"""Folders that a judgement is written into: a page, every picture, and metrics.json."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from digit_classifier import plotting
from digit_classifier.atomic import write_text
from digit_classifier.errors import OptionError
from digit_classifier.evaluation import page
from digit_classifier.evaluation.section import Section

METRICS = "metrics.json"
# What a step does with the progress of its own: (what, done, of how much)
Step = Callable[[Callable[[str, int, int], None]], Section]


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
        raise OptionError(f"{out} is a file; a report is a folder. Choose another --out.")
    found = {file.name for file in out.iterdir()}
    try:
        metrics = json.loads((out / METRICS).read_text("utf-8"))
        ours = set(metrics["files"]) if metrics["made_by"] == made_by else set()
    except (OSError, ValueError, KeyError, TypeError):
        ours = set()
    if strange := sorted(found - ours):
        raise OptionError(
            f"{out} holds {strange[0]}, which is of no report; choose another --out, or move it "
            "away. Only a report is replaced by a report."
        )


def take(step: Step, folder: Path, tell: Callable[[str, int, int], None]) -> page.Part:
    """Measure one section and draw its pictures into `folder`, as PNG and as SVG.

    Raises:
        StorageError: a file cannot be written.
    """
    began = time.perf_counter()
    section = step(tell)
    pictures = []
    for plate in section.plates:
        tell(f"drawing {plate.name.replace('_', ' ')}", 1, 1)
        with plotting.style():
            plotting.save(plate.draw(), folder / plate.name)
        pictures.append((folder / f"{plate.name}.svg").read_text("utf-8"))
    return page.Part(section, pictures, time.perf_counter() - began)


def write_metrics(folder: Path, metrics: dict[str, Any]) -> dict[str, Any]:
    """Write metrics.json, which also lists the folder's files.

    Args:
        folder: with all other files in it.
        metrics: what it is to hold, "made_by" among it.
    Returns:
        What it holds.
    Raises:
        StorageError: it cannot be written.
    """
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
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, float) and not np.isfinite(value):
        return None
    return value
