"""A model under judgement: any file that reads digits, and what it answers to labelled images."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from digit_classifier import weights
from digit_classifier.errors import DataError, ModelError
from digit_classifier.evaluation.adapter import Adapter
from digit_classifier.evaluation.onnx_graph import count_multiply_adds, count_parameters
from digit_classifier.onnx_model import CLASSES, SIDE

Predict = Callable[[np.ndarray], np.ndarray]
BATCH = 500
# Rows of float16 and of rounded exports still sum to 1 within this.
TOLERANCE = 5e-3


@dataclass(frozen=True)
class Model:
    """A model under judgement.

    Attributes:
        name: what to call it.
        path: its .onnx file; None where the model is no file.
        predict: uint8 (n, 28, 28) to probabilities, float32 (n, 10).
        metadata: what the exporter wrote into the file.
        size_bytes: of the file; 0 where there is none.
        sha256: of the file; "" where there is none.
        parameters: how many weights, as the file says or as counted; None where unknown.
        multiply_adds: for one image; None where unknown.
        wiring: how images go in and answers come out, in words, such as "scaled to 0..1".
        scale: what a float input is given, a key of `adapter.SCALES`; "" for uint8.
        alone: as `predict`, on one core, for timing; None where that is the same.
    """

    name: str
    path: Path | None
    predict: Predict
    metadata: dict[str, Any] = field(default_factory=dict)
    size_bytes: int = 0
    sha256: str = ""
    parameters: int | None = None
    multiply_adds: int | None = None
    wiring: str = ""
    scale: str = ""
    alone: Predict | None = None


def open_model(model: str | Path, *, scale: str | None = None, name: str | None = None) -> Model:
    """Open a model for judgement; it uses all cores.

    Args:
        model: a shipped model's name, a run folder, or any .onnx file from uint8 or float 28x28
            images to ten probabilities or logits.
        scale: what a float input is given, a key of `adapter.SCALES`; None for what the file's
            metadata says under "scale", or else 0..1.
        name: what to call it; else the file's name, or its run folder's.
    Raises:
        ModelError: no such model, not ONNX, or not a digit network.
        OptionError: a scale for a uint8 network, or none that is known.
    """
    path = weights.find(model)
    adapter = Adapter(path, scale)
    feed = adapter.feed
    said = feed.metadata.get("parameters")
    return Model(
        name=name or _name(path),
        path=path,
        predict=adapter.predict,
        metadata=feed.metadata,
        size_bytes=path.stat().st_size,
        sha256=digest(path),
        parameters=said if isinstance(said, int) else count_parameters(path),
        multiply_adds=count_multiply_adds(path),
        wiring=f"{feed.said}; gives {adapter.output}",
        scale=feed.scale,
        alone=Adapter(path, scale, threads=1).predict,
    )


def digest(path: Path) -> str:
    """The sha256 of a file, 64 hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def judge(
    model: Model,
    images: np.ndarray,
    batch: int = BATCH,
    progress: Callable[[int, int], None] | None = None,
) -> np.ndarray:
    """What a model answers to images, asked in batches and checked.

    Args:
        model: the model.
        images: uint8, shape (n, 28, 28), n at least 1.
        batch: how many are shown at once.
        progress: called with how many are done, and n.
    Returns:
        float64, shape (n, 10), rows summing to 1.
    Raises:
        DataError: images of another shape or dtype, or none.
        ModelError: answers of another shape, not finite, negative, or rows not summing to 1.
    """
    if images.dtype != np.uint8 or images.ndim != 3 or images.shape[1:] != (SIDE, SIDE):
        raise DataError(
            f"images of shape {images.shape} and dtype {images.dtype} were given; "
            "needed uint8 of shape (n, 28, 28)"
        )
    if not len(images):
        raise DataError("no images to judge the model on; at least one is needed")
    answers = []
    for at in range(0, len(images), batch):
        part = images[at : at + batch]
        answers.append(_checked(model, np.asarray(model.predict(part)), len(part)))
        if progress:
            progress(min(at + batch, len(images)), len(images))
    return np.concatenate(answers)


def check_labels(labels: np.ndarray, n: int) -> np.ndarray:
    """Give labels back as int64 if they can be judged by.

    Raises:
        DataError: not one whole number from 0 to 9 for each of `n` images.
    """
    labels = np.asarray(labels)
    if labels.shape != (n,) or labels.dtype.kind not in "iu":
        raise DataError(
            f"labels of shape {labels.shape} and dtype {labels.dtype} for {n:,} images; "
            "needed one whole number each"
        )
    if n and not 0 <= int(labels.min()) <= int(labels.max()) < CLASSES:
        bad = next(int(label) for label in labels if not 0 <= label < CLASSES)
        raise DataError(f"a label is {bad}; labels must be 0 to 9")
    return labels.astype(np.int64)


def measure_latency(model: Model, images: np.ndarray, seconds: float = 1.0) -> float:
    """Median time for one image on one core, in milliseconds.

    Args:
        model: the model.
        images: uint8, shape (n, 28, 28); shown one by one, again and again.
        seconds: how long to go on; at least ten images are shown.
    """
    predict = model.alone or model.predict
    predict(images[:1])
    times: list[float] = []
    began = time.perf_counter()
    while len(times) < 10 or time.perf_counter() - began < seconds:
        one = images[len(times) % len(images)][None]
        start = time.perf_counter()
        predict(one)
        times.append(time.perf_counter() - start)
    return float(np.median(times) * 1e3)


def _checked(model: Model, answers: np.ndarray, n: int) -> np.ndarray:
    if answers.shape != (n, CLASSES):
        raise ModelError(
            f"{model.name} answers {n} images with shape {answers.shape}; "
            f"a digit network gives ({n}, {CLASSES})"
        )
    if not np.isfinite(answers).all():
        raise ModelError(
            f"{model.name} answers with numbers that are not finite (NaN or infinity); "
            "the file is damaged, or its training diverged"
        )
    sums = answers.sum(axis=1, dtype=np.float64)
    worst = int(np.abs(sums - 1).argmax())
    if answers.min() < -TOLERANCE or abs(sums[worst] - 1) > TOLERANCE:
        raise ModelError(
            f"{model.name} gives no probabilities: a row sums to {sums[worst]:.4g} and the "
            f"least value is {answers.min():.4g}; needed ten numbers from 0 to 1 that sum to 1"
        )
    positive = np.clip(answers.astype(np.float64), 0, None)
    return np.asarray(positive / positive.sum(axis=1, keepdims=True))


def _name(path: Path) -> str:
    """The file's name, or its run folder's where every file is called model.onnx."""
    return path.resolve().parent.name if path.name == "model.onnx" else path.stem
