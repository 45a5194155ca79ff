"""POST /v1/read: a picture in, the object that `digits predict --json` prints out.

And /v1/inside: a network of dense layers, neuron by neuron.
"""

import base64
from functools import partial
from typing import Annotated, Any

import numpy as np
from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from digit_classifier.onnx_model import SIDE
from digit_classifier.server import request_body, schemas
from digit_classifier.server.errors import bad_input
from digit_classifier.server.request_body import FORM, JSON, RAW
from digit_classifier.server.service import service_of
from digit_classifier.server.worker import jobs

_FILE: dict[str, Any] = {"type": "string", "format": "binary"}
_FORM: dict[str, Any] = {"type": "object", "required": ["file"], "properties": {"file": _FILE},
                         "additionalProperties": False}  # fmt: skip
_PICTURE = schemas.body(schemas.PictureBody, **{FORM: _FORM, RAW: _FILE})
_Layered = Annotated[
    str | None, Query(description="One of /v1/settings that has `layers`. Default: the default.")
]
router = APIRouter(dependencies=[Depends(request_body.check_query)])


@router.post(
    "/v1/read",
    tags=["reading"],
    summary="Read the digits in a picture",
    openapi_extra=_PICTURE,
    response_model=schemas.Reading,
    responses=schemas.errors(400, 403, 404, 413, 415, 422, 503, 504),
)
async def read(
    request: Request,
    single: Annotated[bool, Query(description="The picture holds one digit.")] = False,
    model: Annotated[str | None, Query(description="One of /v1/settings.")] = None,
    threshold: Annotated[
        float | None, Query(ge=0, le=1, description="Least confidence for a digit, and for a line.")
    ] = None,
    details: Annotated[
        bool, Query(description="Also give what the network saw of each mark.")
    ] = False,
) -> Response:
    """The object that `digits predict --json` prints, but for `image`."""
    service = service_of(request)
    limits, served = service.settings.limits, service.models.find(model)
    sent = await request_body.receive(request, schemas.PictureBody, FORM, RAW, JSON)
    work = partial(
        jobs.read, name=sent.name, single=single, details=details, threshold=threshold,
        pixels=limits.pixels,
    )  # fmt: skip
    content, digits = await service.queue.run(lambda worker: worker.ask(served, work, sent.picture))
    service.metrics.digits.labels(served.name).inc(digits)
    return Response(content, media_type="application/json")


@router.get(
    "/v1/inside",
    tags=["inside"],
    summary="The weights of the first layer of a network of dense layers",
    responses=schemas.errors(404, 422),
)
async def first_weights(request: Request, model: _Layered = None) -> schemas.FirstWeights:
    """Of a model without `layers` it is 404; for a default without any, mlp stands in."""
    served = service_of(request).models.find_layers(model)
    weights = served.model.first_weights().astype("<f4")
    text = base64.b64encode(weights.tobytes()).decode()
    return schemas.FirstWeights(model=served.name, weights=text)


@router.post(
    "/v1/inside",
    tags=["inside"],
    summary="What each neuron of a network of dense layers answers to an image",
    openapi_extra=schemas.body(schemas.ImageBody),
    responses=schemas.errors(400, 403, 404, 413, 415, 422, 503),
)
async def activations(request: Request, model: _Layered = None) -> schemas.Activations:
    """Layer by layer; the last one holds the ten probabilities."""
    served = service_of(request).models.find_layers(model)
    data = (await request_body.receive(request, schemas.ImageBody, JSON)).picture
    if len(data) != SIDE * SIDE:
        message = f"`image` has {len(data):,} bytes; {SIDE * SIDE} are needed."
        raise bad_input(message)
    image = np.frombuffer(data, np.uint8).reshape(SIDE, SIDE)
    found = served.model.activations(image)
    names = [*(f"hidden {at}" for at in range(1, len(found))), "output"]
    layers = [
        schemas.Layer(name=name, activations=[round(float(a), 6) for a in layer])
        for name, layer in zip(names, found, strict=True)
    ]
    return schemas.Activations(model=served.name, layers=layers)
