"""Whether a model is shown images as it was trained: their scale, their position, their ink."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from digit_classifier.adapter import SCALES
from digit_classifier.dataset import Dataset
from digit_classifier.evaluation.model import Model, Predict
from digit_classifier.onnx_model import OnnxModel
from digit_classifier.shell import option

_SAMPLE = 300
_GOOD, _BETTER = 0.9, 0.1  # an accuracy that asks for no check; what is better than chance is
_CHANCE = 0.2

_TURNS: dict[tuple[str, object], Callable[[np.ndarray], np.ndarray]] = {
    ("invert", True): lambda images: 255 - images,
    ("transpose", True): lambda images: np.ascontiguousarray(images.transpose(0, 2, 1)),
}


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
