"""GET and POST /v1/inside: the original network, neuron by neuron."""

import base64
import functools
from collections.abc import Callable

import numpy as np
import orjson
from fastapi import FastAPI, Request
from starlette.responses import Response

from digit_classifier import weights
from digit_classifier.errors import ModelError
from digit_classifier.onnx_model import SIDE
from digit_classifier.server import onnx_graph, parsing, request_body, schemas
from digit_classifier.server.errors import ApiError

MODEL = "mlp"
NAMES = ("hidden 1", "hidden 2", "output")
# An image in base64 has 1,048 characters.
BODY_BYTES = 10_000

_LAYER = schemas.record(name=schemas.TEXT, activations=schemas.row(schemas.NUMBER))
_IMAGE = {"type": "string", "pattern": "^[A-Za-z0-9+/]{1046}==$"}

Array = np.ndarray
_OPERATORS: dict[str, Callable[..., Array]] = {
    "Cast": lambda x: x.astype(np.float32),
    "Mul": np.multiply,
    "Add": np.add,
    "Reshape": lambda x, shape: x.reshape(shape),
    "MatMul": np.matmul,
    "Relu": lambda x: np.maximum(x, 0),
    "Softmax": lambda x: (
        (e := np.exp(x - x.max(axis=-1, keepdims=True))) / e.sum(-1, keepdims=True)
    ),
}
# What ends a layer.
_ACTIVATIONS = ("Relu", "Softmax")


class Layers:
    """The original network run by hand, from the nodes and constants of its file."""

    def __init__(self, model: bytes) -> None:
        """Take a model apart.

        Args:
            model: an .onnx file of dense layers.
        Raises:
            ModelError: not such a network.
        """
        self._nodes, self._constants = onnx_graph.parse(model)
        strange = {node.operator for node in self._nodes} - set(_OPERATORS)
        if strange:
            raise ModelError(f"only a network of dense layers can be looked into, not {strange}")

    @property
    def first_weights(self) -> Array:
        """float32, shape (32, 784): for each neuron of the first layer, its weight per pixel."""
        first = next(node for node in self._nodes if node.operator == "MatMul")
        return np.ascontiguousarray(self._constants[first.inputs[1]].T)

    def activations(self, image: Array) -> list[Array]:
        """What every neuron answers.

        Args:
            image: uint8, shape (28, 28): paper 0, ink 255.
        Returns:
            float32, one array per layer: shapes (32,), (32,), (10,); the last sums to 1.
        """
        values = {**self._constants, "images": image[None]}
        layers = []
        for node in self._nodes:
            result = _OPERATORS[node.operator](*(values[name] for name in node.inputs))
            values[node.outputs[0]] = result
            if node.operator in _ACTIVATIONS:
                layers.append(result[0])
        return layers


@functools.cache
def layers() -> Layers:
    """Those of the model that ships."""
    return Layers(weights.find(MODEL).read_bytes())


def add(app: FastAPI) -> None:
    """Give `app` the routes."""

    @app.get(
        "/v1/inside",
        tags=["inside"],
        summary="The weights of the original network's first layer",
        responses=schemas.answers(schemas.record(model=schemas.TEXT, weights=schemas.TEXT)),
        description="`weights`: base64 of float32, little-endian, shape [32, 784].",
    )
    async def show_weights() -> Response:
        encoded = base64.b64encode(layers().first_weights.astype("<f4").tobytes()).decode()
        return _json({"model": MODEL, "weights": encoded})

    @app.post(
        "/v1/inside",
        tags=["inside"],
        summary="What each neuron of the original network answers to an image",
        openapi_extra=schemas.json_body(schemas.record(image=_IMAGE), {"image": "A" * 1046 + "=="}),
        responses=schemas.answers(
            schemas.record(layers=schemas.row(_LAYER, len(NAMES))), 400, 403, 413, 415, 422, 503
        ),
        description="`image`: base64 of 784 bytes, row by row, paper 0 and ink 255.",
    )
    async def show_activations(request: Request) -> Response:
        body = await request_body.json_request(request, BODY_BYTES)
        data = parsing.encoded(body.get("image"), "image")
        if len(data) != SIDE * SIDE:
            raise ApiError(
                422, "bad_input", f"`image` has {len(data):,} bytes; {SIDE * SIDE} are needed."
            )
        found = layers().activations(np.frombuffer(data, np.uint8).reshape(SIDE, SIDE))
        return _json(
            {
                "layers": [
                    {"name": name, "activations": [round(float(a), 6) for a in layer]}
                    for name, layer in zip(NAMES, found, strict=True)
                ]
            }
        )


def _json(content: object) -> Response:
    return Response(orjson.dumps(content), media_type="application/json")
