"""The Open Inference Protocol, version 2: images in, probabilities out, for KServe and Triton.

Errors have this server's one form, {"error": {"code", "message"}}, where the protocol has a string.
Source: https://github.com/kserve/open-inference-protocol, and for binary tensors Triton's
    docs/protocol/extension_binary_data.md.
"""

import orjson
from fastapi import FastAPI, Request
from starlette.responses import Response

from digit_classifier import __version__
from digit_classifier.server import request_body, schemas
from digit_classifier.server.errors import ApiError
from digit_classifier.server.service import Service
from digit_classifier.server.worker.infer import HEADER, INPUT, OUTPUT, answer

_TENSOR = schemas.record(name=schemas.TEXT, datatype=schemas.TEXT, shape=schemas.row(schemas.WHOLE))
_READY = schemas.record(name=schemas.TEXT, ready={"const": True})
_MODEL = schemas.record(
    name=schemas.TEXT,
    platform=schemas.TEXT,
    inputs=schemas.row(_TENSOR, 1),
    outputs=schemas.row(_TENSOR, 1),
)
_SERVER = schemas.record(
    name=schemas.TEXT, version=schemas.TEXT, extensions=schemas.row(schemas.TEXT)
)


def add(app: FastAPI, service: Service) -> None:
    """Give `app` the routes."""
    _add_descriptions(app, service)

    @app.post(
        "/v2/models/{name}/infer",
        tags=["inference"],
        summary="Probabilities of the ten digits for 28 x 28 images",
        openapi_extra=schemas.json_body(schemas.INFER_REQUEST, schemas.INFER_EXAMPLE),
        responses=schemas.answers(schemas.INFER_ANSWER, 400, 403, 404, 413, 415, 422, 503, 504),
    )
    async def infer(request: Request, name: str) -> Response:
        model = service.models.find(name)
        body = await request_body.receive(request, service.settings.limits.body_bytes)
        header = request.headers.get(HEADER)
        content, kind, headers = await service.queue.run(
            lambda worker: worker.ask(model, answer, name, body, header)
        )
        return Response(content, headers=headers, media_type=kind)


def _json(content: object) -> Response:
    return Response(orjson.dumps(content), media_type="application/json")


def _add_descriptions(app: FastAPI, service: Service) -> None:
    @app.get(
        "/v2",
        tags=["inference"],
        summary="What server this is",
        responses=schemas.answers(_SERVER),
    )
    async def server() -> Response:
        content = {
            "name": "mnist-digit-classifier",
            "version": __version__,
            "extensions": ["binary_tensor_data"],
        }
        return _json(content)

    @app.get(
        "/v2/models/{name}",
        tags=["inference"],
        summary="What a model takes and gives",
        responses=schemas.answers(_MODEL, 404, 422),
    )
    async def model(name: str) -> Response:
        service.models.find(name)
        return _json(
            {"name": name, "platform": "onnxruntime_onnx", "inputs": [INPUT], "outputs": [OUTPUT]}
        )

    @app.get(
        "/v2/models/{name}/ready",
        tags=["inference"],
        summary="Whether a model is loaded",
        responses=schemas.answers(_READY, 404, 422, 503),
    )
    async def model_ready(name: str) -> Response:
        service.models.find(name)
        if service.draining:
            raise ApiError(503, "stopping", "the server is stopping.", {"Retry-After": "5"})
        return _json({"name": name, "ready": True})
