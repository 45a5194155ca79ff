"""What an ONNX file says of its network: weights, multiply-adds, its first layer.

Read with the onnx package; where that is not installed, nothing is known.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np

_FLOAT_TYPES = {1, 10, 11, 16}  # float, float16, double, bfloat16 of TensorProto.DataType
# Operators that do no multiply-add worth counting: one step a value at most.
_HEAVY = {"Conv", "MatMul", "Gemm", "ConvTranspose", "LinearClassifier"}
_UNKNOWN = {"TreeEnsembleClassifier", "TreeEnsemble", "SVMClassifier", "LSTM", "GRU", "RNN", "Loop",
            "If", "Scan", "Attention", "QLinearConv", "QLinearMatMul", "ConvInteger",
            "MatMulInteger", "Einsum"}  # fmt: skip


def count_parameters(path: Path) -> int | None:
    """How many numbers the weights of a file are; None where onnx is not installed.

    Single numbers, such as the 1/255 of a scaling, are no weights.
    """
    model = _load(path)
    if model is None:
        return None
    sizes: list[int] = [
        math.prod(tensor.dims)
        for tensor in model.graph.initializer
        if tensor.data_type in _FLOAT_TYPES and math.prod(tensor.dims) > 1
    ]
    for node in model.graph.node:
        if node.op_type == "LinearClassifier":
            sizes += [len(a.floats) for a in node.attribute if a.name in _LINEAR]
    return sum(sizes) or None  # trees have no weights


_LINEAR = {"coefficients", "intercepts"}


def count_multiply_adds(path: Path) -> int | None:
    """Multiplications with addition for one image, in convolutions and dense layers.

    Returns:
        None where onnx is not installed, or the file holds an operator or shape that tells not.
    """
    model = _load(path)
    if model is None:
        return None
    import onnx

    try:
        dims = model.graph.input[0].type.tensor_type.shape.dim
        dims[0].Clear()
        dims[0].dim_value = 1
        model = onnx.shape_inference.infer_shapes(model)
    except Exception:  # a graph that cannot be followed has no count
        return None
    shapes = {tensor.name: tuple(tensor.dims) for tensor in model.graph.initializer}
    for value in (*model.graph.value_info, *model.graph.input, *model.graph.output):
        sides = value.type.tensor_type.shape.dim
        shapes[value.name] = tuple(side.dim_value for side in sides)
    total = 0
    for node in model.graph.node:
        if node.op_type in _UNKNOWN:
            return None
        if node.op_type in _HEAVY:
            cost = _cost(node, shapes)
            if not cost:
                return None
            total += cost
    return total


def first_weights(path: Path) -> np.ndarray | None:
    """The weights that meet the pixels first, as pictures.

    Returns:
        float32, shape (units, side, side): of a dense layer (units, 28, 28), of a convolution its
        kernels; None where the first layer is neither, where several meet the pixels, or where
        onnx is not installed.
    """
    model = _load(path, weights=True)
    if model is None:
        return None
    import onnx

    tensors = {tensor.name: tensor for tensor in model.graph.initializer}
    first, _ = _find_ends(model.graph)
    if len(first) != 1 or first[0].input[1] not in tensors:
        return None
    node = first[0]
    array = np.asarray(onnx.numpy_helper.to_array(tensors[node.input[1]]), np.float32)
    if node.op_type == "Conv":
        return array[:, 0] if array.ndim == 4 and array.shape[1] == 1 else None
    turned = any(a.name == "transB" and a.i for a in node.attribute)
    array = array if turned else array.T
    return array.reshape(-1, 28, 28) if array.ndim == 2 and array.shape[1] == 784 else None


def expose_features(path: Path) -> bytes | None:
    """The same network, cut off before its last layer with weights.

    Returns:
        ONNX bytes whose only output is what enters that layer, or those layers side by side where
        several networks are joined; None where there is no such layer, where it is the first, or
        where onnx is not installed.
    """
    model = _load(path, weights=True)
    if model is None:
        return None
    import onnx

    graph = model.graph
    first, last = _find_ends(graph)
    if not last or any(node in first for node in last):
        return None
    entering = [node.input[0] for node in last]
    if len(last) > 1:  # several networks whose answers are joined
        graph.node.append(onnx.helper.make_node("Concat", entering, ["features"], axis=1))
        entering = ["features"]
    del graph.output[:]
    graph.output.append(onnx.helper.make_tensor_value_info(entering[0], 1, None))
    return bytes(model.SerializeToString())


def _find_ends(graph: Any) -> tuple[list[Any], list[Any]]:
    """The layers with weights that no other stands before, and those that none stands behind."""
    above: dict[str, set[int]] = {}  # tensor -> layers that it was made through
    layers: dict[int, set[int]] = {}  # layer -> layers before it
    for number, node in enumerate(graph.node):
        before: set[int] = set().union(*(above.get(name, set()) for name in node.input))
        if node.op_type in ("Conv", "MatMul", "Gemm"):
            layers[number] = before
            before = before | {number}
        above.update(dict.fromkeys(node.output, before))
    followed = set().union(*layers.values())
    first = [graph.node[number] for number, before in layers.items() if not before]
    return first, [graph.node[number] for number in layers if number not in followed]


def _load(path: Path, *, weights: bool = False) -> Any:
    try:
        import onnx
    except ImportError:
        return None
    try:
        # ONNX Runtime has opened it before; weights kept beside the file are not needed here.
        return onnx.load(path, load_external_data=weights)
    except Exception:  # onnx is newer or older than the file
        return None


def _cost(node: Any, shapes: dict[str, tuple[int, ...]]) -> int:
    """Multiply-adds of one node; 0 where a shape is not known."""
    if node.op_type == "LinearClassifier":
        return sum(len(a.floats) for a in node.attribute if a.name == "coefficients")
    left, right = shapes.get(node.input[0], ()), shapes.get(node.input[1], ())
    out = shapes.get(node.output[0], ())
    if not left or not right:
        return 0
    if node.op_type == "Conv":  # kernel: (out, in / groups, height, width)
        return math.prod(out) * math.prod(right[1:])
    if node.op_type == "ConvTranspose":
        return math.prod(left) * math.prod(right[1:])
    inner = left[0] if any(a.name == "transA" and a.i for a in node.attribute) else left[-1]
    return math.prod(out) * inner
