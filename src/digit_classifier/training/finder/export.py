"""The finder as an ONNX file, for pictures of any size."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from digit_classifier.atomic import write_bytes
from digit_classifier.errors import TrainingError
from digit_classifier.onnx_model import open_session

OPSET = 17
TOLERANCE = 1e-3  # of an answer, between Keras and ONNX Runtime


def to_onnx(model: Any, path: Path, said: dict[str, Any]) -> None:
    """Write the file, and ask both for the same answer.

    Args:
        model: as `network.build` makes it.
        path: the file.
        said: goes into its metadata.
    Raises:
        TrainingError: the two differ.
        StorageError: the file cannot be written.
    """
    import tensorflow as tf
    import tf2onnx

    given = (tf.TensorSpec((None, None, None), tf.uint8, name="pixels"),)
    answer = tf.function(lambda pixels: model(pixels, training=False), input_signature=given)
    proto, _ = tf2onnx.convert.from_function(answer, input_signature=given, opset=OPSET)
    for key, value in said.items():
        entry = proto.metadata_props.add()
        entry.key, entry.value = key, value if isinstance(value, str) else json.dumps(value)
    content = proto.SerializeToString()
    session = open_session(content)
    page = np.random.default_rng(0).integers(0, 256, (1, 96, 160), np.uint8)
    got = session.run(None, {session.get_inputs()[0].name: page})[0]
    difference = float(np.abs(got - model(page, training=False).numpy()).max())
    if difference > TOLERANCE:
        raise TrainingError(
            f"ONNX Runtime and Keras differ by {difference:.2g} on the same page; "
            f"{TOLERANCE:g} is allowed. {path.name} is not written."
        )
    write_bytes(path, content)
