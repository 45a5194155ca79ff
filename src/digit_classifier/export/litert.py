"""LiteRT (TensorFlow Lite), for phones and small computers: in floats, or in whole numbers."""

import threading
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from digit_classifier.errors import MissingExtraError, ModelError
from digit_classifier.export.exporter import Options, Source, exporter
from digit_classifier.export.runtime import Session, Tensor
from digit_classifier.onnx_model import PROBABILITIES, SIDE
from digit_classifier.training.backend import without_chatter

# Training images whose activations set the ranges of the whole numbers. With 100 the mlp lost a
# digit more in 10,000; 2,000 gave what 500 give.
CALIBRATION = 500
SHARE = 1 / 256  # what LiteRT's softmax gives in whole numbers


def open_litert(path: Path) -> Session:
    """Load a .tflite file; whole numbers with a scale are given and taken as what they stand for.

    Raises:
        MissingExtraError: LiteRT is not installed.
        ModelError: it cannot be loaded, or has several inputs.
    """
    try:
        from ai_edge_litert.interpreter import Interpreter
    except ImportError as error:
        raise MissingExtraError("ai-edge-litert, which runs .tflite files,", "litert") from error
    try:
        with without_chatter(all_of_it=True):
            network = Interpreter(model_path=str(path), num_threads=1)
            network.allocate_tensors()
    except (ValueError, RuntimeError) as error:
        reason = str(error).split("\n")[0]
        raise ModelError(f"{path} is not a model that LiteRT can load: {reason}") from error
    given = network.get_input_details()
    if len(given) != 1:
        raise ModelError(f"{path} takes {len(given)} inputs; a digit network takes one")
    outputs = network.get_output_details()
    busy = threading.Lock()  # an interpreter holds the one call that it works on

    def call(x: np.ndarray) -> dict[str, np.ndarray]:
        with busy:
            if tuple(network.get_input_details()[0]["shape"]) != x.shape:
                network.resize_tensor_input(given[0]["index"], x.shape)
                network.allocate_tensors()
            network.set_tensor(given[0]["index"], _quantised(x, given[0]))
            network.invoke()
            found = {each["name"]: network.get_tensor(each["index"]) for each in outputs}
        return {each["name"]: _real(found[each["name"]], each) for each in outputs}

    return Session(_tensor(given[0]), [_tensor(each) for each in outputs], call)


def _tensor(detail: dict[str, Any]) -> Tensor:
    scale = detail["quantization"][0]
    # Pixels that stand for themselves go in as they are.
    plain = not scale or (detail["dtype"] is np.uint8 and detail["quantization"] == (1.0, 0))
    dtype = detail["dtype"] if plain else np.float32
    return Tensor.of(detail["name"], dtype, detail["shape_signature"])


def _quantised(x: np.ndarray, detail: dict[str, Any]) -> np.ndarray:
    (scale, zero), dtype = detail["quantization"], detail["dtype"]
    if not scale or x.dtype == dtype:
        return x
    limits = np.iinfo(dtype)
    return np.asarray(np.clip(np.rint(x / scale) + zero, limits.min, limits.max), dtype)


def _real(x: np.ndarray, detail: dict[str, Any]) -> np.ndarray:
    scale, zero = detail["quantization"]
    if not scale:
        return x
    real = (x.astype(np.float32) - zero) * scale
    if scale == SHARE and x.ndim == 2:  # each was rounded by itself
        real /= np.maximum(real.sum(axis=1, keepdims=True), SHARE)
    return np.asarray(real)


@exporter(
    "litert", "LiteRT (TensorFlow Lite), float32: for phones", ".tflite",
    open=open_litert, runtime="ai-edge-litert", extra="litert",
)  # fmt: skip
def write(source: Source, path: Path, _options: Options) -> None:
    """Write the file; it takes uint8, any number of images."""
    _convert(source.network, "uint8", path)


@exporter(
    "litert-int8", "the same in whole numbers of 8 bits: a quarter the size",
    "-int8.tflite", open=open_litert, tolerance=None, runtime="ai-edge-litert", extra="litert",
)  # fmt: skip
def write_int8(source: Source, path: Path, _options: Options) -> None:
    """Write the file; it takes uint8 and gives uint8, where 255 stands for 255/256."""
    images = source.dataset.train_images
    chosen = np.random.default_rng(0).permutation(len(images))[:CALIBRATION]
    _convert(source.network, "float32", path, images[chosen])


def _convert(network: Any, dtype: str, path: Path, ranges: np.ndarray | None = None) -> None:
    """Write a network that takes `dtype`; with images whose activations set the ranges, in uint8.

    Each channel of a convolution has a scale of its own, which is LiteRT's default: with one for
    all channels, small and cnn lost 0.02 points more.
    """
    import tensorflow as tf

    answer = tf.function(
        lambda images: {PROBABILITIES: network(images, training=False)},
        input_signature=[tf.TensorSpec((None, SIDE, SIDE), dtype, name="images")],
    )
    with without_chatter(all_of_it=True), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it expects the statistics of older versions
        # without the network beside it: then its variables become constants
        converter = tf.lite.TFLiteConverter.from_concrete_functions(
            [answer.get_concrete_function()]
        )
        if ranges is not None:
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
            converter.representative_dataset = lambda: (
                [image[None].astype(np.float32)] for image in ranges
            )
            converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
            converter.inference_input_type = converter.inference_output_type = tf.uint8
        content = converter.convert()
    with path.open("r+b") as temporary:  # an empty file of `atomic.replacing`
        temporary.write(content)
