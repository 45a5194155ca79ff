"""One inference request carried out: bytes in, bytes out, in a reading process.

Source: https://github.com/kserve/open-inference-protocol, and for binary tensors Triton's
    docs/protocol/extension_binary_data.md.
"""

from typing import Any, NamedTuple

import orjson

from digit_classifier.onnx_model import CLASSES, SIDE
from digit_classifier.reader import DigitReader
from digit_classifier.server.errors import ApiError
from digit_classifier.server.parsing import json_object
from digit_classifier.server.worker import tensors

# In a request and in an answer: how many bytes of the body are JSON; binary tensors follow.
HEADER = "Inference-Header-Content-Length"
INPUT = {"name": "images", "datatype": "UINT8", "shape": [-1, SIDE, SIDE]}
OUTPUT = {"name": "probabilities", "datatype": "FP32", "shape": [-1, CLASSES]}


class Answer(NamedTuple):
    """What goes back to the client."""

    content: bytes
    media_type: str
    headers: dict[str, str]


def answer(reader: DigitReader, name: str, body: bytes, header: str | None) -> Answer:
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
    images = tensors.images(asked.get("inputs"), body[length:], INPUT["name"])
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
        raise ApiError(422, "bad_input", "`id` must be a string.")
    binary = _parameters(asked).get("binary_data_output", False)
    outputs = asked.get("outputs", [])
    if not isinstance(outputs, list) or len(outputs) > 1:
        raise ApiError(422, "bad_input", "`outputs` must be a list of at most one output.")
    for output in outputs:
        if not isinstance(output, dict) or output.get("name") != OUTPUT["name"]:
            raise ApiError(422, "bad_input", f"the one output is called {OUTPUT['name']!r}.")
        binary = _parameters(output).get("binary_data", binary)
    return binary is True


def _parameters(holder: dict[str, Any]) -> dict[str, Any]:
    parameters = holder.get("parameters", {})
    if not isinstance(parameters, dict):
        raise ApiError(422, "bad_input", "`parameters` must be an object.")
    return parameters
