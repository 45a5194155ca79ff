"""The ensemble: its members are chosen on the held-out images, the test set is answered once.

The part of benchmarks/accuracy.py that writes ensemble.onnx.
"""

import sys
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np

from digit_classifier.dataset import Dataset, load
from digit_classifier.dataset.labelled import hold_out
from digit_classifier.onnx_model import OnnxModel
from digit_classifier.stats import wilson
from digit_classifier.training.calibration import choose_rejection
from digit_classifier.training.loop import score

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from tools.ensemble import LARGEST, combine

Labelled = tuple[np.ndarray, np.ndarray]
AIM = 99.83  # %: what this project set out to reach on the test set


def report(members: dict[str, list[Path]], path: Path) -> str:
    """Write the best ensemble: all trainings of one recipe or of two, if they fit into one file.

    Args:
        members: for each network and recipe the .onnx files of its finished trainings.
        path: where the ensemble is to be.
    Returns:
        A chapter in Markdown: what was compared, what was chosen, what it does on the test set.
    """
    lines = ["", "## Ensemble", ""]
    kinds = [(kind,) for kind in members] + list(combinations(members, 2))
    candidates = {}
    for chosen in kinds:
        files = [file for kind in chosen for file in members[kind]]
        enough = all(len(members[kind]) > 1 for kind in chosen)
        if enough and sum(file.stat().st_size for file in files) <= LARGEST:
            candidates[", ".join(f"{len(members[kind])} {kind}" for kind in chosen)] = files
    if not candidates:
        return "\n".join([*lines, "Needs two finished trainings of one recipe."]) + "\n"
    data = load("mnist")
    split = hold_out(data)
    held = split.test_images, split.test_labels
    marks = compare(candidates, held)
    best = min(marks, key=lambda name: marks[name])  # fewest errors, then least loss
    measured = measure(candidates[best], path, data, held)
    low, high = (100 * bound for bound in measured["interval"])
    lines += [
        f"The mean of the members' probabilities, on the {len(held[1]):,} held-out images:",
        "",
        "| members | errors | loss, nats |",
        "|---|---|---|",
        *(f"| {name} | {errors} | {loss:.5f} |" for name, (errors, loss) in marks.items()),
        "",
        f"Chosen by errors, then by loss: {best}. On the {measured['measured_on']}: "
        f"**{100 * measured['accuracy']:.2f} %**, 95 % interval {low:.2f} to {high:.2f} %, "
        f"{measured['errors']} errors, loss {measured['loss']:.4f} nats; one file of "
        f"{path.stat().st_size / 1e6:.2f} MB.",
    ]
    return "\n".join(lines) + "\n"


def compare(candidates: dict[str, list[Path]], held: Labelled) -> dict[str, tuple[int, float]]:
    """Errors and loss of each candidate on the held-out images."""
    images, labels = held
    files = {file for members in candidates.values() for file in members}
    answers = {file: OnnxModel(file).predict(images) for file in files}
    marks = {}
    for name, members in candidates.items():
        loss, accuracy = score(np.mean([answers[file] for file in members], axis=0), labels)
        marks[name] = round((1 - accuracy) * len(labels)), loss
    return marks


def measure(members: list[Path], path: Path, data: Dataset, held: Labelled) -> dict[str, Any]:
    """Write the ensemble with what was measured of it inside."""
    combine(members, path)
    joined = OnnxModel(path)
    rejection = choose_rejection(joined.predict, *held)
    loss, accuracy = score(joined.predict(data.test_images), data.test_labels)
    n = len(data.test_labels)
    right = round(accuracy * n)
    measured = {
        "accuracy": right / n,
        "interval": [round(bound, 6) for bound in wilson(right, n)],
        "errors": n - right,
        "loss": round(loss, 6),
        "measured_on": f"{n:,} test images",
    }
    combine(members, path, metadata={**measured, "reject": rejection._asdict()})
    return measured
