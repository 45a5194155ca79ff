"""One inference request carried out: bytes in, bytes out, in a reading process.

Checked by hand: a general validator takes longer for 784 numbers than the network does, and numpy
would make of words, fractions and ragged lists what nobody meant.

Source: https://github.com/kserve/open-inference-protocol, and for binary tensors Triton's
    docs/protocol/extension_binary_data.md.
"""

from typing import Any, NamedTuple

import numpy as np
import orjson

from digit_classifier.onnx_model import CLASSES, SIDE
from digit_classifier.reader import DigitReader
from digit_classifier.server.errors import ApiError, bad_input

# In a request and in an answer: how many bytes of the body are JSON; binary tensors follow.
HEADER = "Inference-Header-Content-Length"
INPUT = {"name": "images", "datatype": "UINT8", "shape": [-1, SIDE, SIDE]}
OUTPUT = {"name": "probabilities", "datatype": "FP32", "shape": [-1, CLASSES]}

_NUMBERS = "whole numbers from 0 (paper) to 255 (ink)"


class Answer(NamedTuple):
    """What goes back to the client."""

    content: bytes
    media_type: str
    headers: dict[str, str]


def infer(reader: DigitReader, name: str, body: bytes, header: str | None) -> Answer:
    """Carry one request out.

    Args:
        reader: which holds the model.
        name: of the model, as it was asked for.
        body: JSON, and binary tensors after it.
        header: how many bytes of it are JSON; None for all.
    Raises:
        ApiError: 400 or 422, with what is wrong.
    """
    length = _length(header, len(body))
    asked = json_object(body[:length])
    images = _images(asked.get("inputs"), body[length:], INPUT["name"])
    binary = _wants_binary(asked)
    probabilities = reader.model.predict(images)
    output: dict[str, Any] = {**OUTPUT, "shape": list(probabilities.shape)}
    raw = probabilities.astype("<f4").tobytes() if binary else b""
    if binary:
        output["parameters"] = {"binary_data_size": len(raw)}
    else:
        output["data"] = probabilities.ravel()
    content: dict[str, Any] = {"model_name": name, "outputs": [output]}
    if asked.get("id") is not None:
        content["id"] = asked["id"]
    said = orjson.dumps(content, option=orjson.OPT_SERIALIZE_NUMPY)
    if not binary:
        return Answer(said, "application/json", {})
    headers = {HEADER: str(len(said))}
    return Answer(said + raw, "application/octet-stream", headers)


def json_object(body: bytes) -> dict[str, Any]:
    """The JSON object in `body`.

    Raises:
        ApiError: 400, not JSON; 422, JSON but no object.
    """
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise ApiError(400, "bad_json", f"the body is not JSON: {error}.") from None
    if not isinstance(value, dict):
        raise bad_input("the body is JSON but not an object; {...} is needed.")
    return value


def _length(header: str | None, size: int) -> int:
    if header is None:
        return size
    # the length first: Python makes no numbers of thousands of digits
    if not (header.isascii() and header.isdigit() and len(header) < 20) or int(header) > size:
        raise ApiError(
            400, "bad_request", f"{HEADER} is {header[:20]!r}, and the body has {size} bytes."
        )
    return int(header)


def _wants_binary(asked: dict[str, Any]) -> bool:
    """Whether the answer is to be binary; also checks `id`, `parameters` and `outputs`."""
    if not isinstance(asked.get("id", ""), str):
        raise bad_input("`id` must be a string.")
    binary = _parameters(asked).get("binary_data_output", False)
    outputs = asked.get("outputs", [])
    if not isinstance(outputs, list) or len(outputs) > 1:
        raise bad_input("`outputs` must be a list of at most one output.")
    for output in outputs:
        if not isinstance(output, dict) or output.get("name") != OUTPUT["name"]:
            raise bad_input(f"the one output is called {OUTPUT['name']!r}.")
        binary = _parameters(output).get("binary_data", binary)
    return binary is True


def _parameters(holder: dict[str, Any]) -> dict[str, Any]:
    parameters = holder.get("parameters", {})
    if not isinstance(parameters, dict):
        raise bad_input("`parameters` must be an object.")
    return parameters


def _images(inputs: Any, binary: bytes, name: object) -> np.ndarray:
    """The one input tensor.

    Args:
        inputs: the request's `inputs`, as JSON gave it.
        binary: what followed the JSON.
        name: what the tensor must be called.
    Returns:
        uint8, shape (n, 28, 28).
    Raises:
        ApiError: 422, anything else.
    """
    if not isinstance(inputs, list) or len(inputs) != 1 or not isinstance(inputs[0], dict):
        raise bad_input(f"`inputs` must be a list of one tensor, called {name!r}.")
    tensor = inputs[0]
    if tensor.get("name") != name:
        raise bad_input(f"the input is called {name!r}, not {shown(tensor.get('name'))}.")
    if tensor.get("datatype") != "UINT8":
        given = shown(tensor.get("datatype"))
        raise bad_input(f"the datatype is {given}; 'UINT8' is needed: {_NUMBERS}.")
    count = _count(tensor.get("shape"))
    parameters = _parameters(tensor)
    if "binary_data_size" in parameters:
        if parameters["binary_data_size"] != len(binary) or "data" in tensor:
            raise bad_input(f"`binary_data_size` does not fit the {len(binary)} bytes that came.")
        data = binary
    else:
        data = _numbers(tensor.get("data"), count)
    if len(data) != count * SIDE * SIDE:
        raise bad_input(
            f"`data` has {len(data):,} numbers; the shape [{count}, {SIDE}, {SIDE}] needs "
            f"{count * SIDE * SIDE:,}."
        )
    return np.frombuffer(data, np.uint8).reshape(count, SIDE, SIDE)


def _count(shape: Any) -> int:
    if (
        not isinstance(shape, list)
        or len(shape) != 3
        or type(shape[0]) is not int
        or shape[0] < 1
        or shape[1:] != [SIDE, SIDE]
    ):
        raise bad_input(f"the shape is {shown(shape)}; [n, {SIDE}, {SIDE}] is needed.")
    return shape[0]


def _numbers(data: Any, count: int) -> bytes:
    if not isinstance(data, list):  # bytes() of a number would be so many zeros
        raise bad_input(f"`data` must be a list, flat or nested, of {_NUMBERS}.")
    rows = [data]
    if data and isinstance(data[0], list):
        if len(data) != count or any(not _is_row(image) for image in data):
            raise _ragged(count)
        rows = [row for image in data for row in image]
        if any(not _is_row(row) for row in rows):
            raise _ragged(count)
    try:
        # bytes() takes nothing but whole numbers from 0 to 255, and is faster than numpy
        return b"".join([bytes(row) for row in rows])
    except (TypeError, ValueError):
        raise bad_input(f"`data` must be a list, flat or nested, of {_NUMBERS}.") from None


def shown(value: Any) -> str:
    """What was given, in few words."""
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list):
        # never what lists hold: nested a thousand deep they overflow Python's stack
        return str([item if isinstance(item, int) else "..." for item in value[:4]])[:40]
    return repr(value)[:40]


def _is_row(value: Any) -> bool:
    return isinstance(value, list) and len(value) == SIDE


def _ragged(count: int) -> ApiError:
    return bad_input(f"`data` is nested, but not as [{count}, {SIDE}, {SIDE}].")
