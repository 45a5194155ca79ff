"""TensorFlow's SavedModel: a folder, for TensorFlow Serving, tf.function and converters."""

from pathlib import Path
from typing import Any

import numpy as np

from digit_classifier.errors import ModelError
from digit_classifier.export.exporter import Options, Source, exporter
from digit_classifier.export.runtime import Session, Tensor
from digit_classifier.onnx_model import PROBABILITIES, SIDE
from digit_classifier.training.backend import start, without_chatter

SIGNATURE = "serving_default"


def open_saved_model(path: Path) -> Session:
    """Load a SavedModel by its serving signature.

    Raises:
        ModelError: it has none with one input.
    """
    start("tensorflow")
    import tensorflow as tf

    try:
        loaded = tf.saved_model.load(str(path))
        serve = loaded.signatures[SIGNATURE]
        ((name, given),) = serve.structured_input_signature[1].items()
    except (OSError, KeyError, ValueError, AttributeError) as error:
        reason = str(error).split("\n")[0]
        raise ModelError(
            f"{path} cannot be read as a SavedModel with a signature {SIGNATURE} of one input: "
            f"{reason}"
        ) from error

    def call(x: np.ndarray) -> dict[str, np.ndarray]:
        assert loaded  # whose variables would go with it
        return {key: value.numpy() for key, value in serve(**{name: tf.constant(x)}).items()}

    outputs = [
        Tensor.of(key, each.dtype.as_numpy_dtype, each.shape)
        for key, each in serve.structured_outputs.items()
    ]
    return Session(Tensor.of(name, given.dtype.as_numpy_dtype, given.shape), outputs, call)


@exporter(
    "savedmodel", "TensorFlow's folder, for TensorFlow Serving and other converters",
    "_savedmodel", open=open_saved_model, runtime="tensorflow",
)  # fmt: skip
def write(source: Source, path: Path, _options: Options) -> None:
    """Write the folder; its signature takes `images` and gives `probabilities`."""
    network: Any = source.network  # comes first, as it starts TensorFlow
    import keras
    import tensorflow as tf

    archive = keras.export.ExportArchive()
    archive.track(network)
    archive.add_endpoint(
        name="serve",
        fn=lambda images: {PROBABILITIES: network(images, training=False)},
        input_signature=[tf.TensorSpec((None, SIDE, SIDE), tf.uint8, name="images")],
    )
    with without_chatter(all_of_it=True):
        archive.write_out(str(path), verbose=False)
