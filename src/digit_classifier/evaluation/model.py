"""A model under judgement: any file that reads digits, and whether it is asked as it should be."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from digit_classifier import weights
from digit_classifier.dataset import Dataset
from digit_classifier.errors import OptionError
from digit_classifier.evaluation.onnx_graph import count_multiply_adds, count_parameters
from digit_classifier.onnx_model import SCALES, OnnxModel, Session
from digit_classifier.shell import option

Predict = Callable[[np.ndarray], np.ndarray]
# Images that are shown another way, too.
_SAMPLE = 300
_GOOD, _BETTER = 0.9, 0.1  # an accuracy that asks for no check; what is better than chance is
_CHANCE = 0.2

_TURNS: dict[tuple[str, object], Callable[[np.ndarray], np.ndarray]] = {
    ("invert", True): lambda images: 255 - images,
    ("transpose", True): lambda images: np.ascontiguousarray(images.transpose(0, 2, 1)),
}


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
        scale: what a float input is given, a key of `onnx_model.SCALES`; "" for uint8.
        alone: as `predict`, on one core, for timing; None where that is the same.
        open_again: opens it with another `scale`; None where it takes none.
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
    open_again: Callable[..., Model] | None = None

    @property
    def on_one_core(self) -> Predict:
        """What to time, or to call from several threads at once."""
        return self.alone or self.predict


def open_model(
    model: str | os.PathLike[str] | OnnxModel,
    *,
    scale: str | None = None,
    name: str | None = None,
    session: Session | None = None,
) -> Model:
    """Open a model for judgement; it uses all cores.

    Args:
        model: a shipped model's name, a run or its folder, or any .onnx file from uint8 or float
            28x28 images to ten probabilities or logits; or one that is loaded, as it is.
        scale: what a float input is given, a key of `onnx_model.SCALES`; None for what the file's
            metadata says under "scale", or else 0..1.
        name: what to call it; else the file's name, or its run folder's.
        session: the same, loaded by another runtime: `model` then is any file or folder.
    Raises:
        ModelError: no such model, not ONNX, or not a digit network.
        OptionError: a scale for a uint8 network, or none that is known.
    """
    again = partial(open_model, model, name=name, session=session)
    if session and not isinstance(model, OnnxModel):
        opened = OnnxModel(session, path=Path(model), scale=scale)
        return Model(
            name=name or opened.name,
            path=None,
            predict=opened.predict,
            size_bytes=opened.size_bytes,
            sha256=digest(Path(model)) if Path(model).is_file() else "",
            wiring=opened.wiring,
            scale=opened.scale,
            open_again=again,
        )
    if isinstance(model, OnnxModel):
        model.check_scale(scale)
        opened, alone = model, model
        path = model.path if model.path and model.path.suffix == ".onnx" else None
    else:
        path = weights.find(model)
        opened = OnnxModel(path, threads=0, scale=scale)
        alone = OnnxModel(path, scale=scale)
    said = opened.metadata.get("parameters")
    return Model(
        name=name or opened.name,
        path=path,
        predict=opened.predict,
        metadata=opened.metadata,
        size_bytes=opened.size_bytes,
        sha256=digest(path) if path else "",
        parameters=said if isinstance(said, int) else count_parameters(path) if path else None,
        multiply_adds=count_multiply_adds(path) if path else None,
        wiring=opened.wiring,
        scale=opened.scale,
        alone=alone.predict,
        open_again=None if isinstance(model, OnnxModel) else again,
    )


def rescale(models: Sequence[Model], scale: str) -> list[Model]:
    """The models, those with float input given another scale; the others stay as they are.

    Raises:
        OptionError: all take uint8, or the scale is not known.
    """
    if not any(model.scale for model in models):
        raise OptionError(f"{option('scale', scale)} has no meaning: all models take uint8.")
    changed = []
    for model in models:
        if model.scale and model.open_again:
            other = model.open_again(scale=scale)
            model = replace(
                model, predict=other.predict, alone=other.alone, wiring=other.wiring, scale=scale
            )
        changed.append(model)
    return changed


def digest(path: Path) -> str:
    """The sha256 of a file, 64 hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def warn(model: Model, dataset: Dataset) -> Dataset:
    """The data set with a note more where the model reads far better another way, or by chance.

    Args:
        model: whose answers are counted on 300 test images.
        dataset: as it is shown to the model.
    """
    chosen = np.random.default_rng(0).permutation(len(dataset.test_labels))[:_SAMPLE]
    images, labels = dataset.test_images[chosen], dataset.test_labels[chosen]

    def share(predict: Predict, shown: np.ndarray = images) -> float:
        return float((predict(shown).argmax(axis=1) == labels).mean())

    plain = share(model.predict)
    if plain >= _GOOD:
        return dataset
    found = {way: share(model.predict, turn(images)) for way, turn in _TURNS.items()}
    if model.scale and model.path:
        for scale in SCALES:
            if scale != model.scale:
                found["scale", scale] = share(OnnxModel(model.path, scale=scale).predict)
    way, best = max(found.items(), key=lambda item: item[1])
    read = f"{model.name} reads {100 * plain:.0f} % of {len(labels)} sampled images"
    if best >= plain + _BETTER and best > 0.5:
        note = (
            f"{read}, but {100 * best:.0f} % with {option(*way)}: it seems to have been trained so."
        )
    elif plain <= _CHANCE:
        note = (
            f"{read}, which is about chance, and no other scale, position or ink is much better: "
            "was it trained on digits 0 to 9, in this order?"
        )
    else:
        return dataset
    return replace(dataset, notes=(*dataset.notes, note))
