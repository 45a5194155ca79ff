"""Images as the Open Inference Protocol carries them: a list of numbers, nested or flat, or bytes.

Checked by hand: a general validator takes longer for 784 numbers than the network does, and numpy
would make of words, fractions and ragged lists what nobody meant.
"""

from typing import Any

import numpy as np

from digit_classifier.onnx_model import SIDE
from digit_classifier.server.errors import ApiError

_NUMBERS = "whole numbers from 0 (paper) to 255 (ink)"


def images(inputs: Any, binary: bytes, name: object) -> np.ndarray:
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
        raise _wrong(f"`inputs` must be a list of one tensor, called {name!r}.")
    tensor = inputs[0]
    if tensor.get("name") != name:
        raise _wrong(f"the input is called {name!r}, not {_shown(tensor.get('name'))}.")
    if tensor.get("datatype") != "UINT8":
        given = _shown(tensor.get("datatype"))
        raise _wrong(f"the datatype is {given}; 'UINT8' is needed: {_NUMBERS}.")
    count = _count(tensor.get("shape"))
    parameters = tensor.get("parameters", {})
    if not isinstance(parameters, dict):
        raise _wrong("`parameters` must be an object.")
    if "binary_data_size" in parameters:
        if parameters["binary_data_size"] != len(binary) or "data" in tensor:
            raise _wrong(f"`binary_data_size` does not fit the {len(binary)} bytes that came.")
        data = binary
    else:
        data = _numbers(tensor.get("data"), count)
    if len(data) != count * SIDE * SIDE:
        raise _wrong(
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
        raise _wrong(f"the shape is {_shown(shape)}; [n, {SIDE}, {SIDE}] is needed.")
    return shape[0]


def _numbers(data: Any, count: int) -> bytes:
    if not isinstance(data, list):  # bytes() of a number would be so many zeros
        raise _wrong(f"`data` must be a list, flat or nested, of {_NUMBERS}.")
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
        raise _wrong(f"`data` must be a list, flat or nested, of {_NUMBERS}.") from None


def _shown(value: Any) -> str:
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
    return _wrong(f"`data` is nested, but not as [{count}, {SIDE}, {SIDE}].")


def _wrong(message: str) -> ApiError:
    return ApiError(422, "bad_input", message)
