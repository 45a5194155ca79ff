"""ONNX in another dress: floats or a picture in place of pixels, other operators."""

from pathlib import Path
from typing import Any

import numpy as np

from digit_classifier.errors import OptionError
from digit_classifier.export import runtime
from digit_classifier.export.drawing import OPSET, PICTURE, put_before
from digit_classifier.export.exporter import DRAWING, FLOAT, UINT8, Options, Source, exporter
from digit_classifier.export.runtime import Tensor
from digit_classifier.onnx_model import (
    CLASSES,
    PROBABILITIES,
    SCALES,
    SIDE,
    Feed,
    OnnxModel,
    Session,
    open_session,
)

OLDEST = 13  # of the operator sets whose Softmax works along one axis


def open_onnx(path: Path) -> Session:
    """Load an .onnx file; one that takes a picture is given images one by one."""
    session: Session = open_session(path)
    if session.get_inputs()[0].name != PICTURE:
        return session

    def call(images: np.ndarray) -> dict[str, np.ndarray]:
        rows = np.zeros((len(images), CLASSES), np.float32)
        for at, image in enumerate(images):
            rows[at : at + 1] = session.run([PROBABILITIES], {PICTURE: image[..., None]})[0]
        return {PROBABILITIES: rows}

    given = Tensor.of(PICTURE, np.uint8, (-1, SIDE, SIDE))
    return runtime.Session(given, [Tensor.of(PROBABILITIES, np.float32, (-1, CLASSES))], call)


@exporter(
    "onnx", "ONNX, for onnxruntime everywhere; --input float or drawing, --opset N", ".onnx",
    open=open_onnx, tolerance=1e-5, runtime="onnxruntime",
    extra="onnx", takes=frozenset({"input", "opset"}),
    inputs=(UINT8, FLOAT, DRAWING),
)  # fmt: skip
def write(source: Source, path: Path, options: Options) -> None:
    """Write the file: what goes in is one of `inputs`, probabilities come out.

    Raises:
        OptionError: an operator set that this network cannot be written in.
    """
    import onnx

    if options.input == DRAWING:
        _check_drawing(source.onnx.feed, options)
    model = onnx.load(source.path)
    model = convert_operators(model, max(_opset(model), OLDEST))
    plain_ends(model, source.onnx, floats=options.input == FLOAT)
    least = OPSET if options.input == DRAWING else 0
    model = convert_operators(model, options.opset or max(_opset(model), least))
    if options.input == DRAWING:
        put_before(model)
    onnx.save(model, path)


def _check_drawing(feed: Feed, options: Options) -> None:
    if options.opset and options.opset < OPSET:
        raise OptionError(
            f"--opset {options.opset} cannot prepare a picture; {OPSET} or later is needed"
        )
    if feed.batch not in (None, 1):
        raise OptionError(
            f"{feed.shown} takes {feed.batch} images at once, and a picture holds one digit; "
            "export a network that takes any number"
        )


def _opset(model: Any) -> int:
    return next(int(each.version) for each in model.opset_import if each.domain in ("", "ai.onnx"))


def convert_operators(model: Any, opset: int) -> Any:
    """The same network in another version of ONNX's operators."""
    if opset == _opset(model):
        return model
    from onnx import helper, version_converter

    try:
        other = version_converter.convert_version(model, opset)
    except Exception as error:  # of the converter in C++, any class
        reason = str(error).strip().split("\n")[0]
        raise OptionError(
            f"the network of operator set {_opset(model)} cannot be written in {opset}: {reason}"
        ) from error
    other.ir_version = max(model.ir_version, helper.find_min_ir_version_for(other.opset_import))
    return other


def plain_ends(model: Any, loaded: OnnxModel, *, floats: bool = False) -> None:
    """Let a network of any layout take `images` (n, 28, 28) and give `probabilities` (n, 10).

    Args:
        model: of ONNX, changed in place; of operator set `OLDEST` or later.
        loaded: the same, loaded, which found out what it takes and gives.
        floats: take float32 of 0 to 1 in place of uint8.
    """
    from onnx import helper

    graph, feed = model.graph, loaded.feed
    output = next(each for each in graph.output if each.name == loaded.output_name)
    if floats or feed.scale or feed.layout != (SIDE, SIDE):
        _put_before(graph, feed, floats)
    if loaded.output != PROBABILITIES:
        # of log-probabilities, too, softmax makes probabilities
        answers = rename(graph, loaded.output_name, "answers")
        graph.node.append(helper.make_node("Softmax", [answers], [PROBABILITIES], axis=-1))
    else:
        rename(graph, loaded.output_name, PROBABILITIES)
    output.name = PROBABILITIES
    said = {entry.key: entry.value for entry in model.metadata_props if entry.key != "scale"}
    helper.set_model_props(model, {**said, **({"scale": "0..1"} if floats else {})})


def rename(graph: Any, old: str, new: str) -> str:
    """Call a tensor otherwise wherever a node takes or gives it; gives the new name."""
    for node in graph.node:
        node.input[:] = [new if name == old else name for name in node.input]
        node.output[:] = [new if name == old else name for name in node.output]
    return new


def _put_before(graph: Any, feed: Feed, floats: bool) -> None:
    """From `images` to what the network takes."""
    from onnx import TensorProto, helper, numpy_helper

    (given,) = graph.input
    inner = rename(graph, given.name, "prepared")
    kind = given.type.tensor_type.elem_type
    steps: list[tuple[str, list[Any], dict[str, Any]]] = []
    if floats:
        steps.append(("Mul", [np.float32(255)], {}))
    else:
        steps.append(("Cast", [], {"to": TensorProto.FLOAT}))
    if feed.scale:
        shift, divisor = SCALES[feed.scale]
        steps += [("Sub", [np.float32(shift)], {}), ("Div", [np.float32(divisor)], {})]
    elif any(node.op_type != "Cast" for node in graph.node if inner in node.input):
        steps.append(("Round", [], {}))  # what goes on as a whole number
    if kind != TensorProto.FLOAT and (feed.scale or steps[-1][0] == "Round"):
        steps.append(("Cast", [], {"to": kind}))
    steps.append(("Reshape", [np.array([feed.batch or -1, *feed.layout])], {}))
    nodes, name = [], "images"
    for number, (operator, constants, attributes) in enumerate(steps):
        names = [f"before_{number}_{at}" for at in range(len(constants))]
        graph.initializer.extend(map(numpy_helper.from_array, map(np.asarray, constants), names))
        result = inner if number == len(steps) - 1 else f"before_{number}"
        nodes.append(helper.make_node(operator, [name, *names], [result], **attributes))
        name = result
    kept = list(graph.node)
    del graph.node[:]
    graph.node.extend([*nodes, *kept])
    dtype = TensorProto.FLOAT if floats else TensorProto.UINT8
    shape = [feed.batch or "n", SIDE, SIDE]
    given.CopyFrom(helper.make_tensor_value_info("images", dtype, shape))
