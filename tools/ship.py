"""Put a finished run, or an ensemble of them, among the models that ship, with its card.

    python tools/ship.py RUN|ENSEMBLE.onnx ...

A run of the finder becomes weights/finder/finder.onnx and its card beside it.

Rebuild a network with `digits train --model NAME --recipe NAME --seed N` from what its card says,
and ship that run; rebuild the ensemble with `make accuracy`.
"""

import hashlib
import json
import sys
from dataclasses import fields
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

from digit_classifier import weights
from digit_classifier.atomic import write_bytes, write_text
from digit_classifier.dataset import Dataset, load
from digit_classifier.errors import ModelError
from digit_classifier.evaluation.ood_sets import measure
from digit_classifier.machine import name_processor
from digit_classifier.onnx_model import OnnxModel
from digit_classifier.rejection import RejectionRule
from digit_classifier.shell import digits
from digit_classifier.training.distortions import Distortions
from digit_classifier.training.networks import NETWORKS
from digit_classifier.training.recipes import Recipe
from digit_classifier.training.run_folder import RunFolder

# What is known to go wrong with it; the networks say so of themselves.
ENSEMBLE_WEAKNESSES = (
    "Its members err together: it is little more accurate than the best of them, and takes as "
    "long as all of them.",
    "It shares the weaknesses of cnn, whose trainings it is made of.",
)


def ship(source: Path, dataset: Dataset, folder: Path = weights.FOLDER) -> Path:
    """Copy a finished run's network, or an ensemble, into the package and write its card.

    Args:
        source: a run folder that `digits train` finished, or the .onnx file of an ensemble that
            says what was measured of it.
        dataset: whose test images measure what the model rejects, as in `digits evaluate`.
        folder: where NAME.onnx and NAME.md go; the package's own.
    Returns:
        The .onnx file.
    Raises:
        ModelError: the run is not finished, its file was not calibrated, or the file is no
            ensemble.
        StorageError: a file cannot be written.
    """
    if source.is_file():
        onnx = source.read_bytes()
        said = OnnxModel(onnx).metadata
        if "members" not in said or "reject" not in said:
            raise ModelError(f"{source} is no measured ensemble. `make accuracy` writes one.")
        name, card = said["name"], write_card(said, _membership(said), onnx, dataset)
    elif (source / "finder.onnx").is_file():
        return _ship_finder(source, folder / "finder")
    else:
        metrics = _measured(RunFolder(source))
        name, onnx = metrics["model"], (source / "model.onnx").read_bytes()
        card = write_card(metrics, _training(metrics), onnx, dataset)
    write_text(folder / f"{name}.md", card)
    write_bytes(folder / f"{name}.onnx", onnx)
    return folder / f"{name}.onnx"


def _measured(run: RunFolder) -> dict[str, Any]:
    if not run.finished:
        raise ModelError(
            f"{run.path} is not finished. Go on with: {digits('train', '--resume', run.path)}"
        )
    metrics: dict[str, Any] = json.loads((run.path / "metrics.json").read_text("utf-8"))
    if "reject" not in metrics:
        raise ModelError(
            f"{run.path} held no images out, so nothing is known of its confidence. "
            "Ship a run of recipe best."
        )
    return metrics


def _ship_finder(source: Path, folder: Path) -> Path:
    metrics: dict[str, Any] = json.loads((source / "metrics.json").read_text("utf-8"))
    onnx = (source / "finder.onnx").read_bytes()
    low, high = metrics["interval"]
    rows = {
        "file": f"finder.onnx, {len(onnx):,} bytes, sha256 `{hashlib.sha256(onnx).hexdigest()}`",
        "input, output": "uint8 (n, height, width), both multiples of 16; float32 (n, height / 4, "
        "width / 4, 16), see `training/finder/network.py`",
        "weights": f"{metrics['parameters']:,}",
        "accuracy": f"{100 * metrics['accuracy']:.2f} % of {metrics['measured_on']} of hands and "
        f"surfaces that it was never taught are found and read rightly, together with cnn; 95 % "
        f"interval {100 * low:.2f} to {100 * high:.2f} %",
        "recipe": f"{metrics['recipe']}, seed {metrics['seed']}, {metrics['epochs']} epochs of "
        "6,080 crops of drawn pages (`digits data show --pages 60`)",
        "with cnn": ", ".join(f"{k} {v:g}" for k, v in metrics["agreement"].items()),
        **metrics.get("remarks", {}),
        "made with": ", ".join(f"{k} {v}" for k, v in metrics["versions"].items()),
    }
    lines = ["# finder", "", "| | |", "|---|---|"]
    lines += [f"| {key} | {value} |" for key, value in rows.items()]
    lines += ["", "Drawn pages by kind:", ""]
    lines += ["| kind | pages | read exactly | digits | recall | precision | read rightly |"]
    lines += ["|---|---|---|---|---|---|---|"]
    lines += [
        f"| {kind} | {row['pages']} | {row['exact']} | {row['digits']} | {row['recall']:.3f} | "
        f"{row['precision']:.3f} | {row['accuracy']:.3f} |"
        for kind, row in metrics["kinds"].items()
    ]
    lines += ["", "Known weaknesses:", ""]
    lines += [f"- {weakness}" for weakness in NETWORKS["finder"].weaknesses]
    write_text(folder / "finder.md", "\n".join(lines) + "\n")
    write_bytes(folder / "finder.onnx", onnx)
    return folder / "finder.onnx"


def write_card(
    measured: dict[str, Any], made: dict[str, str], onnx: bytes, dataset: Dataset
) -> str:
    """The model card, in Markdown: every figure from what was measured and the file's own bytes.

    Args:
        measured: the run's metrics, or what the file of an ensemble says of itself.
        made: rows on how it came to be.
        onnx: the file.
        dataset: see `ship`.
    """
    model = OnnxModel(onnx)
    name = model.metadata["name"]
    low, high = measured["interval"]
    rows = {
        "file": f"{name}.onnx, {len(onnx):,} bytes, sha256 `{hashlib.sha256(onnx).hexdigest()}`",
        "input, output": "uint8 (n, 28, 28), paper 0 and ink 255; float32 (n, 10), probabilities",
        "weights": f"{model.metadata['parameters']:,}",
        "accuracy": f"{100 * measured['accuracy']:.2f} % of MNIST's {measured['measured_on']}, "
        f"95 % interval {100 * low:.2f} to {100 * high:.2f} %, {measured['errors']} errors",
        "cross-entropy": f"{measured['loss']:.4f} nats on the same",
        **made,
        "data": f"{measured['dataset']}, sha256 of the arrays `{measured['dataset_sha256']}`; the "
        "last 5,000 training images were held out and made every choice",
        "not sure": describe_rejection(model, dataset),
        "speed": f"{_milliseconds(model):.3f} ms for one image on one core of {name_processor()}",
        "made with": ", ".join(f"{k} {v}" for k, v in measured["versions"].items()),
    }
    lines = [f"# {name}", "", "| | |", "|---|---|"]
    lines += [f"| {key} | {value} |" for key, value in rows.items()]
    weaknesses = NETWORKS[name].weaknesses if name in NETWORKS else ENSEMBLE_WEAKNESSES
    lines += ["", "Known weaknesses:", ""]
    lines += [f"- {weakness}" for weakness in weaknesses]
    return "\n".join(lines) + "\n"


def describe_rejection(model: OnnxModel, dataset: Dataset) -> str:
    """What the model's rule does, the figures of `digits evaluate NAME --nondigits`."""
    rule = RejectionRule.read(model.metadata)
    assert rule
    digits = dataset.test_images
    scores = measure(model.predict, digits, dataset.test_labels, rule=rule)
    accepted = float((scores.digits >= rule.threshold).mean())
    never, taught = (100 * (1 - (row.share_by_rule or 0)) for row in scores.sums)
    return (
        f"answers of which the {rule.score_name} is under {rule.threshold:g} are rejected: "
        f"{100 * (1 - accepted):.2f} % of {len(digits):,} test images, {taught:.1f} % of drawn "
        f"non-digits of kinds that some networks are taught, and {never:.1f} % of kinds that none "
        "is (`digits evaluate NAME --nondigits`)"
    )


def _training(metrics: dict[str, Any]) -> dict[str, str]:
    how = NETWORKS[metrics["model"]].recipe(metrics["recipe"])
    return {
        "recipe": f"{metrics['recipe']}: {_describe(how)}",
        "seed": str(metrics["seed"]),
        "epochs": str(metrics["epochs"]),
        "temperature": f"{metrics['temperature']}, inside the last layer",
    }


def _membership(said: dict[str, Any]) -> dict[str, str]:
    members = [f"{one['name']} {one['recipe']} seed {one['seed']}" for one in said["members"]]
    return {"members": f"{', '.join(members)}; it answers with the mean of their probabilities"}


def _describe(how: Recipe) -> str:
    """Whatever differs from the original's recipe."""
    changed = _differing(how, Recipe())
    for when in ("distortions", "final_distortions"):
        if amounts := getattr(how, when):
            bent = _differing(amounts, Distortions())
            changed[when] = f"({', '.join(f'{k} {v:g}' for k, v in bent.items())})"
    return ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in changed.items())


def _differing(ours: Any, plain: Any) -> dict[str, Any]:
    values = {field.name: getattr(ours, field.name) for field in fields(ours)}
    return {name: v for name, v in values.items() if v != getattr(plain, name)}


def _milliseconds(model: OnnxModel, repeats: int = 500) -> float:
    """Median time of answering one image."""
    image = np.zeros((1, 28, 28), np.uint8)
    image[0, 4:24, 12:16] = 255
    times = []
    for _ in range(repeats):
        begun = perf_counter()
        model.predict(image)
        times.append(perf_counter() - begun)
    return float(np.median(times)) * 1e3


if __name__ == "__main__":
    mnist = load("mnist")
    for argument in sys.argv[1:]:
        print(ship(Path(argument), mnist))
