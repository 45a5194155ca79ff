"""Networks of every make, built here: the same weights behind different inputs and outputs."""

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from digit_classifier.drawn import styles

KINDS = {"uint8": TensorProto.UINT8, "float32": TensorProto.FLOAT, "float64": TensorProto.DOUBLE}


def weights() -> np.ndarray:
    """A linear reader of drawn digits, float32 (784, 10), for pixels from 0 to 1."""
    images, labels = styles.generate(2000, seed=1)
    x = images.reshape(-1, 784) / 255
    found = np.linalg.solve(x.T @ x + 30 * np.eye(784), x.T @ (np.eye(10)[labels] - 0.1))
    return np.asarray(8 * found, np.float32)


def softmax(logits: np.ndarray) -> np.ndarray:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def write(
    path: Path,
    matrix: np.ndarray,
    *,
    layout: tuple[int | str, ...] = ("n", 28, 28),
    dtype: str = "uint8",
    divisor: float = 255.0,
    end: str = "Softmax",
    label: bool = False,
    classes: int = 10,
    metadata: dict[str, str] | None = None,
) -> Path:
    """Write x / divisor @ matrix, with `end` behind it, as scikit-learn would where `label`."""
    constants = {
        "divisor": np.array(divisor, np.float32),
        "matrix": matrix[:, :classes],
        "shape": np.array([-1, 784], np.int64),
    }
    nodes = [
        helper.make_node("Cast", ["images"], ["cast"], to=TensorProto.FLOAT),
        helper.make_node("Reshape", ["cast", "shape"], ["flat"]),
        helper.make_node("Div", ["flat", "divisor"], ["x"]),
        helper.make_node("MatMul", ["x", "matrix"], ["logits" if end else "answer"]),
    ]
    if end:
        nodes.append(helper.make_node(end, ["logits"], ["answer"], axis=1))
    batch = layout[0]
    outputs = [helper.make_tensor_value_info("answer", TensorProto.FLOAT, [batch, classes])]
    if label:
        nodes.append(helper.make_node("ArgMax", ["answer"], ["label"], axis=1, keepdims=0))
        outputs.insert(0, helper.make_tensor_value_info("label", TensorProto.INT64, [batch]))
    graph = helper.make_graph(
        nodes,
        "linear",
        [helper.make_tensor_value_info("images", KINDS[dtype], layout)],
        outputs,
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    helper.set_model_props(model, metadata or {})
    onnx.save(model, str(path))
    return path
