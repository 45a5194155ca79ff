"""The Open Inference Protocol, version 2: images in, probabilities out, for KServe and Triton.

Errors have this server's one form, {"error": {"code", "message"}}, where the protocol has a string.
Source: https://github.com/kserve/open-inference-protocol, and for binary tensors Triton's
    docs/protocol/extension_binary_data.md.
"""

from typing import Any

import orjson
from fastapi import FastAPI, Request
from starlette.responses import Response

from digit_classifier import __version__
from digit_classifier.onnx_model import CLASSES, SIDE
from digit_classifier.reader import DigitReader
from digit_classifier.server import bodies, schemas, tensors
from digit_classifier.server.faults import Refusal
from digit_classifier.server.service import Service

# In a request and in an answer: how many bytes of the body are JSON; binary tensors follow.
HEADER = "Inference-Header-Content-Length"
INPUT = {"name": "images", "datatype": "UINT8", "shape": [-1, SIDE, SIDE]}
OUTPUT = {"name": "probabilities", "datatype": "FP32", "shape": [-1, CLASSES]}

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
        service.desk.check()
        reader = service.shelf.find(name)
        body = await bodies.receive(request, service.settings.limits.body_bytes)
        header = request.headers.get(HEADER)
        return await service.desk.run(lambda: answer(name, reader, body, header))


def answer(name: str, reader: DigitReader, body: bytes, header: str | None) -> Response:
    """Carry one request out.

    Args:
        name: of the model, as it was asked for.
        reader: which holds it.
        body: JSON, and binary tensors after it.
        header: how many bytes of it are JSON; None for all.
    Raises:
        Refusal: 400 or 422, with what is wrong.
    """
    length = _length(header, len(body))
    asked = bodies.json_object(body[:length])
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
        return Response(said, media_type="application/json")
    headers = {HEADER: str(len(said))}
    return Response(said + raw, media_type="application/octet-stream", headers=headers)


def _length(header: str | None, size: int) -> int:
    if header is None:
        return size
    if not (header.isascii() and header.isdigit()) or int(header) > size:
        raise Refusal(
            400, "bad_request", f"{HEADER} is {header[:20]!r}, and the body has {size} bytes."
        )
    return int(header)


def _wants_binary(asked: dict[str, Any]) -> bool:
    """Whether the answer is to be binary; also checks `id`, `parameters` and `outputs`."""
    if not isinstance(asked.get("id", ""), str):
        raise Refusal(422, "bad_input", "`id` must be a string.")
    binary = _parameters(asked).get("binary_data_output", False)
    outputs = asked.get("outputs", [])
    if not isinstance(outputs, list) or len(outputs) > 1:
        raise Refusal(422, "bad_input", "`outputs` must be a list of at most one output.")
    for output in outputs:
        if not isinstance(output, dict) or output.get("name") != OUTPUT["name"]:
            raise Refusal(422, "bad_input", f"the one output is called {OUTPUT['name']!r}.")
        binary = _parameters(output).get("binary_data", binary)
    return binary is True


def _parameters(holder: dict[str, Any]) -> dict[str, Any]:
    parameters = holder.get("parameters", {})
    if not isinstance(parameters, dict):
        raise Refusal(422, "bad_input", "`parameters` must be an object.")
    return parameters


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
        responses=schemas.answers(_MODEL, 404),
    )
    async def model(name: str) -> Response:
        service.shelf.find(name)
        return _json(
            {"name": name, "platform": "onnxruntime_onnx", "inputs": [INPUT], "outputs": [OUTPUT]}
        )

    @app.get(
        "/v2/models/{name}/ready",
        tags=["inference"],
        summary="Whether a model is loaded",
        responses=schemas.answers(_READY, 404, 503),
    )
    async def model_ready(name: str) -> Response:
        service.shelf.find(name)
        if service.draining:
            raise Refusal(503, "stopping", "the server is stopping.", {"Retry-After": "5"})
        return _json({"name": name, "ready": True})
