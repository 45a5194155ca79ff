"""A trained network as a file: model.onnx, read by ONNX Runtime."""

import json
import os
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from digit_classifier.errors import ModelError

# From 1.29 on it reports its use to its maker, unless it is told otherwise before it is imported;
# disable_telemetry_events() comes too late. Nothing else imports it, so that this comes first.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
import onnxruntime

SIDE = 28
CLASSES = 10
# Images in one run of the network: what it works out between its layers is 200 kB an image for cnn.
SLICE = 1000
# Further outputs of a network of dense layers: hidden_1, hidden_2, ..., and these.
HIDDEN, FIRST_WEIGHTS = "hidden_", "first_weights"


class OnnxModel:
    """Images in, probabilities out.

    Thread-safe: ONNX Runtime allows concurrent `predict` calls on one session.

    Attributes:
        path: the file; None when made from bytes of nowhere.
        metadata: what the exporter wrote: name, classes, dataset, dataset_sha256, accuracy,
            temperature, reject, versions; values that parse as JSON are parsed.
    """

    def __init__(
        self, model: str | Path | bytes, threads: int = 1, *, path: Path | None = None
    ) -> None:
        """Load a model.

        Args:
            model: a path to an .onnx file, or its bytes.
            threads: how many cores one `predict` may use; 0 for all.
            path: the file that bytes were read from.
        Raises:
            ModelError: no such file, not ONNX, or not a digit network.
        """
        self.path = path if isinstance(model, bytes) else Path(model)
        self._given = model, threads
        shown = self.path or "the bytes given"
        self._session = open_session(model, threads, shown)
        self._input = self._session.get_inputs()[0]
        self._output = self._session.get_outputs()[0]
        self._check(shown)
        self.metadata = read_metadata(self._session)

    def predict(self, images: np.ndarray) -> np.ndarray:
        """Probabilities of the ten digits.

        Args:
            images: uint8, shape (n, 28, 28): paper 0, ink 255.
        Returns:
            float32, shape (n, 10), each row summing to 1.
        Raises:
            ModelError: images of another shape or dtype.
        """
        if not isinstance(images, np.ndarray):
            raise ModelError(
                f"a {type(images).__name__} was given as images; "
                "a numpy array, uint8 of shape (n, 28, 28), is needed"
            )
        if images.dtype != np.uint8 or images.ndim != 3 or images.shape[1:] != (SIDE, SIDE):
            raise ModelError(
                f"images of shape {images.shape} and dtype {images.dtype} were given, "
                f"uint8 of shape (n, 28, 28) are needed"
            )
        # no images are one empty slice
        slices = [images[at : at + SLICE] for at in range(0, max(1, len(images)), SLICE)]
        answers = [self._run(part) for part in slices]
        return answers[0] if len(answers) == 1 else np.concatenate(answers)

    @property
    def hidden(self) -> tuple[str, ...]:
        """The outputs with the activations of its hidden layers; none where the file has none."""
        names = [output.name for output in self._session.get_outputs()]
        return tuple(name for name in names if name.startswith(HIDDEN)) * (FIRST_WEIGHTS in names)

    def activations(self, image: np.ndarray) -> list[np.ndarray]:
        """What every neuron answers.

        Args:
            image: uint8, shape (28, 28): paper 0, ink 255.
        Returns:
            float32, one array for each hidden layer, shape (neurons,), and the ten probabilities.
        """
        names = [*self.hidden, self._output.name]
        return [row[0] for row in self._session.run(names, {self._input.name: image[None]})]

    def first_weights(self) -> np.ndarray:
        """float32, shape (neurons, 784): for each neuron of the first layer, a weight per pixel."""
        blank = np.zeros((1, SIDE, SIDE), np.uint8)
        (weights,) = self._session.run([FIRST_WEIGHTS], {self._input.name: blank})
        return np.ascontiguousarray(weights.T)

    def __reduce__(self) -> tuple[Any, ...]:
        """Copied and pickled as what it was made from: ONNX Runtime's sessions cannot be."""
        return partial(type(self), path=self.path), self._given

    def __repr__(self) -> str:
        name, accuracy = self.metadata.get("name", "model"), self.metadata.get("accuracy")
        said = f", accuracy {100 * accuracy:.2f} %" if isinstance(accuracy, float) else ""
        return f"<OnnxModel {name}{said}{f', from {self.path}' if self.path else ''}>"

    def _run(self, images: np.ndarray) -> np.ndarray:
        (probabilities,) = self._session.run([self._output.name], {self._input.name: images})
        return np.asarray(probabilities)

    def _check(self, shown: object) -> None:
        shape, kind = self._input.shape, self._input.type
        if len(self._session.get_inputs()) != 1 or kind != "tensor(uint8)" or shape[1:] != [28, 28]:
            raise ModelError(
                f"{shown} takes {kind} of shape {shape}; "
                "a digit network takes one uint8 input of shape (n, 28, 28)"
            )
        shape, kind = self._output.shape, self._output.type
        if kind != "tensor(float)" or shape[1:] != [CLASSES]:
            raise ModelError(
                f"{shown} gives {kind} of shape {shape}; "
                f"a digit network gives tensor(float) of shape (n, {CLASSES})"
            )


def open_session(
    model: str | Path | bytes, threads: int = 1, shown: object = None
) -> onnxruntime.InferenceSession:
    """Load any ONNX file, whatever its inputs and outputs are.

    Args:
        model: a path to an .onnx file, or its bytes.
        threads: how many cores one run may use; 0 for all.
        shown: what errors call it.
    Raises:
        ModelError: no such file, or nothing that ONNX Runtime can load.
    """
    shown = shown or ("the bytes given" if isinstance(model, bytes) else str(model))
    if not isinstance(model, bytes) and not Path(model).is_file():
        raise ModelError(f"no model at {shown}. Give a run folder, an .onnx file or a name.")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    source = model if isinstance(model, bytes) else os.fspath(model)
    try:
        return onnxruntime.InferenceSession(source, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # ONNX Runtime raises a dozen unrelated classes
        raise ModelError(_refusal(shown, model, error)) from error


# What else networks are saved as, and what makes an .onnx file of it.
_OTHERS = {
    ".keras": ("a Keras network", "model.export('net.onnx', format='onnx') in Keras makes one"),
    ".h5": ("a Keras network", "keras.models.load_model(...).save('net.keras') makes a .keras "
            "file, which `digits predict`, `serve`, `evaluate` and `compare` read"),
    ".pt": ("a PyTorch network", "torch.onnx.export(model, images, 'net.onnx') makes one"),
    ".pkl": ("a Python pickle", "skl2onnx.to_onnx makes one of a scikit-learn model"),
    ".tflite": ("a TensorFlow Lite network", "export the network that it was made of"),
}  # fmt: skip
_OTHERS |= {".hdf5": _OTHERS[".h5"], ".pth": _OTHERS[".pt"], ".ckpt": _OTHERS[".pt"],
            ".safetensors": _OTHERS[".pt"], ".joblib": _OTHERS[".pkl"]}  # fmt: skip


def _refusal(shown: object, model: str | Path | bytes, error: Exception) -> str:
    """Say what a file is that ONNX Runtime cannot load, and how to come by one that it can."""
    if (len(model) if isinstance(model, bytes) else Path(model).stat().st_size) == 0:
        return f"{shown} is empty; an .onnx file is needed. Copy or export it again."
    what, how = _OTHERS.get(Path(str(shown)).suffix.lower(), ("", ""))
    if what:
        return f"{shown} is {what}; an .onnx file is needed: {how}."
    reason = " ".join(str(error).split())
    return f"{shown} is not a model that ONNX Runtime can load: {reason}"


def read_metadata(session: onnxruntime.InferenceSession) -> dict[str, Any]:
    """What the exporter wrote into the file; values that parse as JSON are parsed."""
    texts = session.get_modelmeta().custom_metadata_map
    return {key: _parsed(value) for key, value in texts.items()}


def _parsed(value: str) -> Any:
    try:
        return json.loads(value)
    except ValueError:
        return value
