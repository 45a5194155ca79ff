"""From a Keras network to the two files that every training writes.

They are model.keras, and model.onnx, checked against the network. `digit_classifier.export` makes
other formats of these.
"""

import os
import platform
import subprocess
import sys
import tempfile
import warnings
import zipfile
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from digit_classifier import __version__
from digit_classifier.atomic import replacing
from digit_classifier.errors import ModelError, TrainingError
from digit_classifier.onnx_model import FIRST_WEIGHTS, OnnxModel
from digit_classifier.training.backend import check_installed, start

# Of two float32 computations of a probability, in whichever order each sums.
TOLERANCE = 1e-5
# Of what a network of dense layers is made, once exported.
DENSE = {"Cast", "Mul", "Add", "Reshape", "MatMul", "Relu", "Softmax"}
# The same of logits, as a share of the largest; a trained-out network's are in the hundreds.
LOGIT_TOLERANCE = 2e-6
_REPORT = "Please report this with the versions that `digits --version` prints."


def save_keras(network: Any, path: Path) -> None:
    """Write a Keras network as one file.

    Raises:
        StorageError: the file cannot be written.
    """
    with replacing(path) as temporary:
        network.save(temporary, overwrite=True)


def export_onnx(
    model: Any,
    path: Path,
    metadata: dict[str, Any],
    images: np.ndarray,
    probabilities: np.ndarray,
) -> float:
    """Write model.onnx with its metadata, and prove that it answers as the network does.

    Args:
        model: a Keras network that takes (n, 28, 28).
        path: where the file is to be.
        metadata: what the file says of itself; values that are not text are written as JSON.
        images: uint8, shape (n, 28, 28).
        probabilities: float32, shape (n, 10): what the network answered for `images`.
    Returns:
        The largest difference between the file's probabilities and the network's.
    Raises:
        TrainingError: the network cannot be exported, or they differ by more than rounding gives
            with logits of this size; no file is written then.
        StorageError: the file cannot be written.
    """
    with replacing(path) as temporary:
        try:
            write_onnx(model, temporary, metadata)
            answers = OnnxModel(temporary).predict(images)
        except (OSError, TrainingError):
            raise
        except Exception as error:  # of the exporters, any class
            raise TrainingError(
                f"the ONNX export failed ({type(error).__name__}: {error}); model.onnx was not "
                f"written, model.keras is good. {_REPORT}"
            ) from error
        differences = np.abs(answers - probabilities).max(axis=1)
        allowed = _allowed(model, images, differences)
        # what is not a number is not below anything
        if not (differences <= allowed).all():
            raise TrainingError(
                f"the ONNX file's probabilities differ from Keras's by {differences.max():.1e}, at "
                f"most {allowed.max():.0e} is allowed; model.onnx was not written, model.keras is "
                f"good. {_REPORT}"
            )
    return float(differences.max())


def write_onnx(model: Any, path: Path, metadata: dict[str, Any]) -> None:
    """Write model.onnx, unchecked; arguments as of `export_onnx`."""
    import json

    import keras
    import onnx

    if keras.config.backend() == "tensorflow":
        _convert(model, path)
    else:
        _convert_elsewhere(model, path)
    graph = onnx.load(path)
    _name(graph, str(metadata.get("name", "digits")))
    show_layers(graph.graph)
    texts = {k: v if isinstance(v, str) else json.dumps(v) for k, v in metadata.items()}
    onnx.helper.set_model_props(graph, texts)
    onnx.save(graph, path)


def _allowed(model: Any, images: np.ndarray, differences: np.ndarray) -> np.ndarray:
    """How far apart two right computations of each image's probabilities may be, shape (n,).

    Where a logit is off by d, a probability is off by d / 2 at most, and float32 rounds a logit of
    1,000 by 1e-4 and more. So logits are worked out where `TOLERANCE` does not do.
    """
    allowed = np.full(len(images), TOLERANCE)
    odd = np.flatnonzero(~(differences <= TOLERANCE))
    for rows in np.array_split(odd, -(-len(odd) // 1000)) if len(odd) else ():
        x = images[rows]
        for layer in model.layers[:-1]:
            x = layer(x)
        weights, bias = (np.asarray(each) for each in model.layers[-1].get_weights())
        largest = np.abs(np.asarray(x) @ weights + bias).max(axis=1)
        allowed[rows] = np.maximum(TOLERANCE, LOGIT_TOLERANCE * largest)
    return allowed


def versions() -> dict[str, str]:
    """The versions that decide what a training gives: Python and the packages it ran on."""
    import keras

    found = {name: version(name) for name in ("keras", "numpy", "onnxruntime")}
    # not asked of pip: the script of a checkout runs where the pins alone were installed
    found["mnist-digit-classifier"] = __version__
    backend = keras.config.backend()
    found[backend] = __import__(backend).__version__
    return {"python": platform.python_version(), **found}


def _convert(model: Any, path: Path) -> None:
    """Keras's own export, on TensorFlow, with uint8 input."""
    import keras

    pixels = keras.Input((28, 28), dtype="uint8", name="images")
    _call_and_export(keras.Model(pixels, model(pixels)), np.zeros((1, 28, 28), np.uint8), path)


def _call_and_export(network: Any, images: np.ndarray, path: Path) -> None:
    """Keras 3.15 exports only what was called before."""
    network(images)
    with warnings.catch_warnings():
        # Keras 3.15 asks numpy for a name that numpy 2 reserves.
        warnings.filterwarnings("ignore", message=r"In the future `np\.object`")
        network.export(path, format="onnx", verbose=False)


def _name(graph: Any, name: str) -> None:
    """Give the graph names that say what they are, and the same from every process."""
    graph.graph.name, graph.graph.doc_string = name, ""
    output = graph.graph.output[0]
    for node in graph.graph.node:
        node.output[:] = ["probabilities" if o == output.name else o for o in node.output]
    output.name = "probabilities"
    for entry in (graph.graph.input[0], output):
        entry.type.tensor_type.shape.dim[0].dim_param = "n"


def show_layers(graph: Any) -> None:
    """Give a network of dense layers its inside as further outputs: hidden_1, ..., first_weights.

    What is asked for `probabilities` alone is worked out as before, to the bit.

    Args:
        graph: of ONNX, changed in place; any other network is left as it is.
    """
    import onnx

    if not {node.op_type for node in graph.node} <= DENSE:
        return
    sizes = {held.name: list(held.dims) for held in graph.initializer}
    layers = [node for node in graph.node if node.op_type == "MatMul"]
    hidden = [node for node in graph.node if node.op_type == "Relu"]
    if len(layers) != len(hidden) + 1 or not hidden:
        return
    renamed = {node.output[0]: f"hidden_{at}" for at, node in enumerate(hidden, 1)}
    shapes = {
        f"hidden_{at}": ["n", sizes[layer.input[1]][1]] for at, layer in enumerate(layers[:-1], 1)
    }
    renamed[layers[0].input[1]] = FIRST_WEIGHTS
    shapes[FIRST_WEIGHTS] = sizes[layers[0].input[1]]
    for node in graph.node:
        node.input[:] = [renamed.get(name, name) for name in node.input]
        node.output[:] = [renamed.get(name, name) for name in node.output]
    for held in graph.initializer:
        held.name = renamed.get(held.name, held.name)
    graph.output.extend(
        onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, shape)
        for name, shape in shapes.items()
    )


def convert_file(saved: Path, path: Path) -> None:
    """Export a .keras file to ONNX, in a process of its own.

    A network of this project gets uint8 input; any other keeps the input that it was saved with.

    Args:
        saved: the .keras file. It is loaded in Keras's safe mode, which is no sandbox: do not
            convert files of strangers.
        path: where the .onnx file is to be.
    Raises:
        ModelError: the file cannot be loaded or exported.
        MissingExtraError: Keras or TensorFlow is not installed.
    """
    if not zipfile.is_zipfile(saved):
        raise ModelError(f"{saved} is not a .keras file, which is a zip archive; give another")
    check_installed("tensorflow")
    result = subprocess.run(
        [sys.executable, "-m", "digit_classifier.training.export", saved, path],
        env={**os.environ, "KERAS_BACKEND": "tensorflow"},
        capture_output=True,
        text=True,
    )
    if result.returncode:
        reason = (result.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise ModelError(f"{saved} cannot be exported to ONNX: {reason}")


def _convert_elsewhere(model: Any, path: Path) -> None:
    """Keras exports to ONNX on TensorFlow only, which this process does not run on."""
    with tempfile.TemporaryDirectory() as folder:
        saved = Path(folder) / "model.keras"
        model.save(saved)
        try:
            convert_file(saved, path)
        except ModelError as error:
            raise TrainingError(f"the ONNX export failed: {error}") from error


def takes_pixels(model: Any) -> bool:
    """Whether a Keras network takes pixels of 0 to 255, as those of this project do."""
    if getattr(model, "input_shape", None) != (None, 28, 28):
        return False
    return bool(model.layers[0].name == "scale" or model.inputs[0].dtype == "uint8")


def _convert_stranger(model: Any, path: Path) -> None:
    """Any network, with the input that it was saved with."""
    shape = [1 if side is None else side for side in model.input_shape]
    _call_and_export(model, np.zeros(shape, model.inputs[0].dtype), path)


def _main(saved: str, path: str) -> None:
    start("tensorflow")
    import keras

    model = keras.models.load_model(saved, compile=False)
    (_convert if takes_pixels(model) else _convert_stranger)(model, Path(path))


if __name__ == "__main__":
    _main(*sys.argv[1:])
