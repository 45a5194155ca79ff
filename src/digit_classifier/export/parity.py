"""Whether an exported file answers as the model that it was made of."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import numpy as np

from digit_classifier.atomic import replacing, replacing_folder, write_text
from digit_classifier.errors import DataError, MissingExtraError, TrainingError
from digit_classifier.evaluation.model import Model
from digit_classifier.evaluation.predictions import measure_latency, predict_all
from digit_classifier.export.exporter import DRAWING, Exporter, Options, Source
from digit_classifier.machine import list_versions, name_processor
from digit_classifier.onnx_model import OnnxModel
from digit_classifier.picture.prepared import recognise
from digit_classifier.shell import option
from digit_classifier.stats import wilson

POINTS = 0.0005  # of the accuracy that a file of whole numbers may lose; one image at least
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Answers:
    """How one of the two files reads the images.

    Attributes:
        accuracy: share of the labels.
        interval: its 95 % interval.
        bytes: of the file or folder.
        microseconds: median for one image, given alone.
    """

    accuracy: float
    interval: tuple[float, float]
    bytes: int
    microseconds: float


@dataclass(frozen=True)
class Parity:
    """What is written beside an exported file.

    Attributes:
        model: what was exported.
        format: to what.
        input: what goes in.
        dataset: whose test images both answered.
        images: how many.
        difference: the largest between two probabilities.
        allowed: what was allowed of that; None where only answers count.
        changed: how many answers are others.
        onnx: of the .onnx file, in ONNX Runtime.
        file: of the exported one, in its own.
        runtime: versions of what ran them, and of Python.
        processor: on which this was measured.
    """

    model: str
    format: str
    input: str
    dataset: str
    images: int
    difference: float
    allowed: float | None
    changed: int
    onnx: Answers
    file: Answers
    runtime: dict[str, str]
    processor: str


def export(
    source: Source,
    name: str,
    exporter: Exporter,
    path: Path,
    options: Options,
    progress: Progress = lambda _what, _done, _total: None,
) -> Parity | None:
    """Write a model in a format, unless the file answers otherwise than the model.

    Args:
        source: the model.
        name: the format's.
        exporter: the format.
        path: of the file or folder; PATH.json beside it says how it answers.
        options: what the format is asked for.
        progress: called with what is done, how much of it, and of how much.
    Returns:
        How it answers; None of a format that nothing runs.
    Raises:
        TrainingError: its answers are others, or it cannot be written or run; nothing is left then.
        StorageError: it cannot be written.
        DataError: a file for drawings, and no test image is as such a drawing is prepared.
        DigitError: as the format's own.
    """
    replaced = replacing if "." in exporter.suffix else replacing_folder
    with replaced(path) as temporary:
        progress(f"writing {name}", 0, 1)
        try:
            exporter.write(source, temporary, options)
        except ModuleNotFoundError as error:
            raise MissingExtraError(f"{error.name}, which {name} needs,", exporter.extra) from error
        progress(f"writing {name}", 1, 1)
        if exporter.open is None:
            return None
        parity = _compare(source, name, exporter, temporary, options, progress)
        _check(parity, path)
    write_text(path.with_name(path.name + ".json"), json.dumps(asdict(parity), indent=1) + "\n")
    return parity


def _compare(
    source: Source,
    name: str,
    exporter: Exporter,
    path: Path,
    options: Options,
    progress: Progress,
) -> Parity:
    assert exporter.open
    data = source.dataset
    images, labels = data.test_images, data.test_labels
    if options.input == DRAWING:  # any other would be drawn anew
        ready = [recognise(image) is not None for image in images]
        if not any(ready):
            raise DataError(
                f"none of the {len(images):,} test images of {data.name} has the form of MNIST's, "
                "ink 20 pixels long about the middle, so none can tell how a file for drawings "
                f"answers. Give other images: {option('dataset')}."
            )
        images, labels = images[ready], labels[ready]
    files = [source.onnx, OnnxModel(exporter.open(path), path=path)]
    models = [Model(file.name, None, file.predict) for file in files]
    told = [
        predict_all(model, images, labels, partial(progress, what))
        for model, what in zip(models, ("model.onnx", name), strict=True)
    ]
    before, after = (each.probabilities for each in told)
    answers = [
        Answers(
            accuracy=float(each.right.mean()),
            interval=wilson(int(each.right.sum()), each.n),
            bytes=file.size_bytes,
            microseconds=round(1e3 * measure_latency(model, images), 1),
        )
        for each, model, file in zip(told, models, files, strict=True)
    ]
    return Parity(
        model=source.name,
        format=name,
        input=options.input,
        dataset=data.name,
        images=len(images),
        difference=float(np.abs(before - after).max()),
        allowed=exporter.tolerance,
        changed=int((told[0].answers != told[1].answers).sum()),
        onnx=answers[0],
        file=answers[1],
        runtime=list_versions(*filter(None, ("onnxruntime", exporter.runtime))),
        processor=name_processor(),
    )


def _check(parity: Parity, path: Path) -> None:
    lost = round((parity.onnx.accuracy - parity.file.accuracy) * parity.images)
    most = max(1, int(POINTS * parity.images))
    if parity.allowed is None and lost > most:
        raise TrainingError(
            f"{path.name} reads {lost} of {parity.images:,} images fewer than the model, at most "
            f"{most} are allowed; it was not written. Export to a format of floats."
        )
    if parity.allowed is not None and not parity.difference <= parity.allowed:
        raise TrainingError(
            f"{path.name} answers with probabilities up to {parity.difference:.1e} off the "
            f"model's, at most {parity.allowed:.0e} is allowed; it was not written. Please report "
            "this with the versions that `digits --version` prints."
        )
