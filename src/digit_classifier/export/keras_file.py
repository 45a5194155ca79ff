"""Keras's own file; and a .keras file of any make as a network from pixels to probabilities."""

from pathlib import Path
from typing import Any

from digit_classifier.errors import ModelError, OptionError
from digit_classifier.export.exporter import Options, Source, exporter
from digit_classifier.export.runtime import Session, Tensor
from digit_classifier.onnx_model import CLASSES, LAYOUTS, PROBABILITIES, SCALES, SIDE, OnnxModel
from digit_classifier.training.backend import start
from digit_classifier.training.export import save_keras, takes_pixels


def open_keras(path: Path) -> Session:
    """Load a .keras file; it is run as one compiled call."""
    start("tensorflow")
    import keras

    return _session(keras.models.load_model(path, compile=False))


def _session(model: Any) -> Session:
    import tensorflow as tf

    answer = tf.function(lambda x: model(x, training=False), reduce_retracing=True)
    dtype = "uint8" if takes_pixels(model) else model.inputs[0].dtype
    given = Tensor.of("images", dtype, model.input_shape)
    output = Tensor.of("answers", model.outputs[0].dtype, model.output_shape)
    return Session(given, [output], lambda x: {"answers": answer(x).numpy()})


@exporter(
    "keras", "Keras's own file, to go on with in Python", ".keras",
    open=open_keras, runtime="keras",
)  # fmt: skip
def write(source: Source, path: Path, _options: Options) -> None:
    """Write model.keras."""
    save_keras(source.network, path)


def load_pixels(saved: Path, scale: str | None = None) -> Any:
    """Load a .keras file as a network from uint8 (n, 28, 28) to probabilities (n, 10).

    Args:
        saved: the file. It is loaded in Keras's safe mode, which is no sandbox: load no files of
            strangers.
        scale: what it takes where it takes floats, a key of `onnx_model.SCALES`; None for 0..1.
    Raises:
        ModelError: it cannot be loaded, or is no digit network.
        OptionError: a scale for a network that takes pixels.
    """
    start("tensorflow")
    import keras

    try:
        model = keras.models.load_model(saved, compile=False)
    except Exception as error:  # Keras raises a dozen unrelated classes
        reason = str(error).strip().split("\n")[0]
        raise ModelError(f"{saved} cannot be loaded by Keras: {reason}") from error
    if takes_pixels(model):
        if scale:
            raise OptionError(f"{saved} takes pixels of 0 to 255 as they are; leave the scale out")
        return model
    shape, answers = getattr(model, "input_shape", None), getattr(model, "output_shape", None)
    sides = tuple(shape[1:]) if isinstance(shape, tuple) else None
    if sides not in LAYOUTS or answers != (None, CLASSES):
        raise ModelError(
            f"{saved} takes {shape} and gives {answers}; a digit network takes (None, 28, 28), "
            "(None, 28, 28, 1), (None, 1, 28, 28) or (None, 784) and gives (None, 10)"
        )
    shift, divisor = SCALES[scale or "0..1"]
    pixels = keras.Input((SIDE, SIDE), dtype="uint8", name="images")
    x = keras.layers.Rescaling(1 / divisor, -shift / divisor, name="scale")(pixels)
    x = model(keras.layers.Reshape(sides)(x))
    if OnnxModel(_session(model)).output != PROBABILITIES:
        x = keras.layers.Softmax()(x)  # of log-probabilities, too, it makes probabilities
    return keras.Model(pixels, x, name=model.name)
