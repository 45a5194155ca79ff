"""Digits that the tests draw themselves, and a small network that reads them."""

import json
from pathlib import Path

import cv2
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from digit_classifier.drawn import nondigits, styles
from digit_classifier.drawn.pen import strokes

CROSS = "00 79;70 09"


def page(text: str, height: int = 60, gap: float = 0.5, pen: int = 6) -> np.ndarray:
    """Digits of `text` ("/" between lines) in black on white, uint8 (rows, columns)."""
    lines = text.split("/")
    advance = int(height * (0.7 + gap))
    width = max(map(len, lines)) * advance + height
    canvas = np.full((len(lines) * 2 * height + height, width), 255, np.uint8)
    for row, line in enumerate(lines):
        for column, character in enumerate(line):
            if character == " ":
                continue
            corner = np.array([column * advance + height // 2, row * 2 * height + height])
            for stroke in strokes(CROSS if character == "x" else styles.STYLES[int(character)][0]):
                points = np.round((stroke * height + corner) * 16).astype(np.int32)
                cv2.polylines(canvas, [points], False, 0, pen, cv2.LINE_AA, 4)
    return canvas


def write_model(path: Path, threshold: float = 0.5, softness: float = 1.0) -> Path:
    """A linear network, fitted to drawn digits and drawn non-digits by least squares."""
    images, labels = styles.generate(3000, seed=1)
    others = nondigits.generate(1500, seed=2, digits=images)
    x = np.concatenate([images, others]).reshape(-1, 784).astype(np.float64) / 255
    y = np.concatenate([np.eye(10)[labels], np.full((len(others), 10), 0.1)])
    x = np.concatenate([x, np.ones((len(x), 1))], axis=1)
    weights = np.linalg.solve(x.T @ x + 3 * np.eye(785), x.T @ (y - 0.1))
    values = {
        "scale": np.array(1 / 255, np.float32),
        "weights": (weights[:784] * 8).astype(np.float32),
        "bias": (weights[784] * 8).astype(np.float32),
        "shape": np.array([-1, 784], np.int64),
    }
    graph = helper.make_graph(
        [
            helper.make_node("Cast", ["images"], ["float"], to=TensorProto.FLOAT),
            helper.make_node("Reshape", ["float", "shape"], ["flat"]),
            helper.make_node("Mul", ["flat", "scale"], ["x"]),
            helper.make_node("MatMul", ["x", "weights"], ["product"]),
            helper.make_node("Add", ["product", "bias"], ["logits"]),
            helper.make_node("Softmax", ["logits"], ["probabilities"], axis=1),
        ],
        "linear",
        [helper.make_tensor_value_info("images", TensorProto.UINT8, ["n", 28, 28])],
        [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["n", 10])],
        [numpy_helper.from_array(value, name) for name, value in values.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    reject = json.dumps({"threshold": threshold, "softness": softness})
    metadata = {"name": "linear", "reject": reject}
    helper.set_model_props(model, metadata)
    onnx.save(model, str(path))
    return path
