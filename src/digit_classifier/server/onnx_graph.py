"""The nodes and constants of an ONNX file, read without the onnx package (18 MB, and protobuf).

A protobuf message is a row of fields: a varint that holds field number and wire type, then a
varint (type 0) or a length and so many bytes (type 2).

Source: https://protobuf.dev/programming-guides/encoding/ and onnx/onnx.proto, from which the field
numbers are.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from digit_classifier.errors import ModelError

_GRAPH, _NODE, _INITIALISER = 7, 1, 5
_INPUTS, _OUTPUTS, _OPERATOR = 1, 2, 4
_DIMENSIONS, _KIND, _NAME, _RAW = 1, 2, 8, 9
_KINDS: dict[object, str] = {1: "<f4", 7: "<i8"}


@dataclass(frozen=True)
class Node:
    """One operation: its kind, and the names of what goes in and comes out."""

    operator: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]


def parse(model: bytes) -> tuple[list[Node], dict[str, np.ndarray]]:
    """Take a model apart.

    Args:
        model: an .onnx file whose constants are float32 or int64 and stored raw, as the exporters
            of Keras, PyTorch and this package store them.
    Returns:
        Nodes in the order in which they run; constants by name.
    Raises:
        ModelError: not such a file.
    """
    try:
        (graph,) = (value for number, value in _fields(model) if number == _GRAPH)
        assert isinstance(graph, bytes)
        wanted = (_NODE, _INITIALISER)
        parts = [
            (number, list(_fields(value)))
            for number, value in _fields(graph)
            if number in wanted and isinstance(value, bytes)
        ]
        nodes = [_node(fields) for number, fields in parts if number == _NODE]
        constants = dict(_constant(fields) for number, fields in parts if number == _INITIALISER)
    except (AssertionError, IndexError, KeyError, ValueError) as error:
        raise ModelError("not an ONNX file whose constants can be read") from error
    return nodes, constants


def _fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        number, wire = key >> 3, key & 7
        if wire == 0:
            value, at = _varint(message, at)
            yield number, value
        elif wire in (1, 5):  # 8 or 4 bytes: nothing that is needed here
            at += 8 if wire == 1 else 4
        elif wire == 2:
            length, at = _varint(message, at)
            if at + length > len(message):
                raise ValueError("truncated")
            yield number, message[at : at + length]
            at += length
        else:
            raise ValueError(f"wire type {wire}")


def _varint(message: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7


def _node(fields: list[tuple[int, int | bytes]]) -> Node:
    def texts(wanted: int) -> tuple[str, ...]:
        return tuple(v.decode() for n, v in fields if n == wanted and isinstance(v, bytes))

    return Node(texts(_OPERATOR)[0], texts(_INPUTS), texts(_OUTPUTS))


def _constant(fields: list[tuple[int, int | bytes]]) -> tuple[str, np.ndarray]:
    shape: list[int] = []
    single = {}
    for number, value in fields:
        if number != _DIMENSIONS:
            single[number] = value
        elif isinstance(value, int):
            shape.append(value)
        else:  # packed
            at = 0
            while at < len(value):
                side, at = _varint(value, at)
                shape.append(side)
    name, raw = single[_NAME], single[_RAW]
    assert isinstance(name, bytes)
    assert isinstance(raw, bytes)
    return name.decode(), np.frombuffer(raw, _KINDS[single[_KIND]]).reshape(shape)
