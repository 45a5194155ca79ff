"""GET and POST /v1/inside: a network of dense layers, neuron by neuron."""

import base64
from typing import Annotated

import numpy as np
import orjson
from fastapi import FastAPI, Query, Request
from starlette.responses import Response

from digit_classifier.onnx_model import SIDE
from digit_classifier.server import parsing, request_body, schemas
from digit_classifier.server.errors import ApiError
from digit_classifier.server.service import Service

# An image in base64 has 1,048 characters.
BODY_BYTES = 10_000

_LAYER = schemas.record(name=schemas.TEXT, activations=schemas.row(schemas.NUMBER))
_IMAGE = {"type": "string", "pattern": "^[A-Za-z0-9+/]{1046}==$"}
_Model = Annotated[
    str | None, Query(description="One of /v1/settings that has `layers`. Default: the default.")
]


def add(app: FastAPI, service: Service) -> None:
    """Give `app` the routes."""

    @app.get(
        "/v1/inside",
        tags=["inside"],
        summary="The weights of the first layer of a network of dense layers",
        responses=schemas.answers(
            schemas.record(model=schemas.TEXT, weights=schemas.TEXT), 404, 422
        ),
        description="`weights`: base64 of float32, little-endian, shape [neurons, 784]. Of a model "
        "that has no `layers` the answer is 404; where none is named, mlp stands in for it.",
    )
    async def show_weights(model: _Model = None) -> Response:
        served = service.models.find_layers(model)
        weights = served.reader.model.first_weights().astype("<f4")
        encoded = base64.b64encode(weights.tobytes()).decode()
        return _json({"model": served.name, "weights": encoded})

    @app.post(
        "/v1/inside",
        tags=["inside"],
        summary="What each neuron of a network of dense layers answers to an image",
        openapi_extra=schemas.json_body(schemas.record(image=_IMAGE), {"image": "A" * 1046 + "=="}),
        responses=schemas.answers(
            schemas.record(model=schemas.TEXT, layers=schemas.row(_LAYER)),
            400, 403, 404, 413, 415, 422, 503,
        ),
        description="`image`: base64 of 784 bytes, row by row, paper 0 and ink 255.",
    )  # fmt: skip
    async def show_activations(request: Request, model: _Model = None) -> Response:
        served = service.models.find_layers(model)
        body = await request_body.json_request(request, BODY_BYTES)
        data = parsing.encoded(body.get("image"), "image")
        if len(data) != SIDE * SIDE:
            raise ApiError(
                422, "bad_input", f"`image` has {len(data):,} bytes; {SIDE * SIDE} are needed."
            )
        image = np.frombuffer(data, np.uint8).reshape(SIDE, SIDE)
        found = served.reader.model.activations(image)
        names = [*(f"hidden {at}" for at in range(1, len(found))), "output"]
        layers = [
            {"name": name, "activations": [round(float(a), 6) for a in layer]}
            for name, layer in zip(names, found, strict=True)
        ]
        return _json({"model": served.name, "layers": layers})


def _json(content: object) -> Response:
    return Response(orjson.dumps(content), media_type="application/json")
