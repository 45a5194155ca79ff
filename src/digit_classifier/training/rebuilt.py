"""From a model.onnx back to its Keras network, for more training and for other formats."""

from pathlib import Path
from typing import Any

import numpy as np

from digit_classifier.errors import ModelError
from digit_classifier.onnx_model import OnnxModel
from digit_classifier.training.networks import NETWORKS, SIDE, build

# Of a probability, between the file and what was made of it: both sum in float32.
TOLERANCE = 1e-5


def rebuild(path: Path, images: np.ndarray | None = None) -> Any:
    """Make the Keras network whose weights an .onnx file of this project holds.

    The export folds each batch norm into one factor and one term per channel. The network made here
    has batch norms that do the same. To go on with its training give it images: their statistics
    then stand in the batch norms as if they had been trained, and the answers stay as they are.

    Args:
        path: an .onnx file that `digits train` wrote, or an ensemble of such.
        images: uint8, shape (n, 28, 28), some hundred training images; None where the network is
            only to answer.
    Returns:
        A built `keras.Model`, uint8 or float (n, 28, 28) to probabilities (n, 10); of an ensemble
        one that answers with the mean of its members.
    Raises:
        ModelError: the file is of another make, or of another version of its network.
    """
    import onnx

    answers = OnnxModel(path)
    said = answers.metadata
    members = said.get("members", [{"name": said.get("network", said.get("name"))}])
    names = [str(one["name"]) for one in members]
    if not all(name in NETWORKS for name in names):
        raise ModelError(
            f"{path} does not name a network of this project ({', '.join(NETWORKS)}), so no Keras "
            "network can be made of it. Give the .keras file that it was exported from."
        )
    found = _read_layers(onnx.load(path).graph)
    networks = [build(name) for name in names]
    try:
        for network in networks:
            _fill(network, found)
        whole = networks[0] if len(networks) == 1 else _average(networks)
        probe = np.random.default_rng(0).integers(0, 256, (16, SIDE, SIDE), np.uint8)
        difference = np.abs(np.asarray(whole(probe)) - answers.predict(probe)).max()
    except (IndexError, ValueError) as error:  # another number of layers, or other shapes
        raise _refusal(path, names) from error
    if found or not difference <= TOLERANCE:
        raise _refusal(path, names)
    if images is not None:
        for network in networks:
            _measure_norms(network, images)
    return whole


def _refusal(path: Path, names: list[str]) -> ModelError:
    return ModelError(
        f"{path} says that it is {' and '.join(sorted(set(names)))}, but its layers are not those "
        "of this version. Give the .keras file that it was exported from, or train it anew."
    )


def _read_layers(graph: Any) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Each layer with weights in turn: kernel as Keras has it, and per channel factor and term."""
    from onnx import numpy_helper

    held = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    layers: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
    for node in graph.node:
        constants = [held[name] for name in node.input if name in held]
        if node.op_type in ("Conv", "MatMul"):
            kernel = constants[0].transpose(2, 3, 1, 0) if node.op_type == "Conv" else constants[0]
            term = constants[1] if len(constants) > 1 else np.zeros(kernel.shape[-1], np.float32)
            layers.append((kernel, np.ones_like(term), term))
        elif layers and node.op_type in ("Mul", "Add") and constants and constants[0].size > 1:
            kernel, factor, term = layers[-1]
            given = constants[0].ravel()
            if node.op_type == "Mul":
                layers[-1] = kernel, factor * given, term * given
            else:
                layers[-1] = kernel, factor, term + given
    return layers


def _fill(network: Any, found: list[tuple[np.ndarray, np.ndarray, np.ndarray]]) -> None:
    """Set a network's weights from the first of the layers, and take those away."""
    import keras

    norm = keras.layers.BatchNormalization
    weighted = [layer for layer in network.layers if layer.weights]
    for layer, after in zip(weighted, [*weighted[1:], None], strict=True):
        if isinstance(layer, norm):
            continue  # set with the layer before it
        kernel, factor, term = found.pop(0)
        if isinstance(after, norm):
            _set_norm(after, factor, term, np.zeros_like(factor), np.ones_like(factor))
            term = np.zeros_like(term)
        else:
            kernel = kernel * factor
        layer.set_weights([kernel, term] if layer.use_bias else [kernel])


def _set_norm(
    norm: Any, factor: np.ndarray, term: np.ndarray, mean: np.ndarray, variance: np.ndarray
) -> None:
    """Let a batch norm of these statistics multiply by `factor` and add `term`."""
    norm.set_weights(
        [factor * np.sqrt(variance + norm.epsilon), term + factor * mean, mean, variance]
    )


def _measure_norms(network: Any, images: np.ndarray) -> None:
    """Give each batch norm the mean and variance of what comes to it; its answers stay."""
    import keras

    x: Any = images
    for layer in network.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            gamma, beta, mean, variance = layer.get_weights()
            factor = gamma / np.sqrt(variance + layer.epsilon)
            seen = np.asarray(x).reshape(-1, len(gamma))
            _set_norm(layer, factor, beta - factor * mean, seen.mean(axis=0), seen.var(axis=0))
        x = layer(x)


def _average(networks: list[Any]) -> Any:
    import keras

    for number, network in enumerate(networks):
        network.name = f"member{number}"
    pixels = keras.Input((SIDE, SIDE), dtype="uint8")
    answer = keras.layers.Average()([network(pixels) for network in networks])
    return keras.Model(pixels, answer, name="ensemble")
