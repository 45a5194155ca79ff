"""Train the classic MNIST network in seconds, and read the digits people really write.

>>> from digit_classifier import DigitReader
>>> DigitReader().read("photo.jpg").text  # doctest: +SKIP
'1572'
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from digit_classifier.dataset import Dataset, load
    from digit_classifier.errors import DigitError
    from digit_classifier.evaluation.result import compare, evaluate
    from digit_classifier.onnx_model import OnnxModel
    from digit_classifier.reader import Digit, DigitReader, Reading, Rejected
    from digit_classifier.training import Listener, Run, TrainConfig, resume, train

__version__ = "0.1.0"

# Imported when first asked for, so that reading a digit does not pay for the training stack.
_HOMES = {
    "Dataset": "dataset",
    "Digit": "reader",
    "DigitError": "errors",
    "DigitReader": "reader",
    "Listener": "training",
    "OnnxModel": "onnx_model",
    "Reading": "reader",
    "Rejected": "reader",
    "Run": "training",
    "TrainConfig": "training",
    "compare": "evaluation.result",
    "evaluate": "evaluation.result",
    "load": "dataset",
    "resume": "training",
    "train": "training",
}

__all__ = [
    "Dataset",
    "Digit",
    "DigitError",
    "DigitReader",
    "Listener",
    "OnnxModel",
    "Reading",
    "Rejected",
    "Run",
    "TrainConfig",
    "compare",
    "evaluate",
    "load",
    "resume",
    "train",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES])
