"""The Open Inference Protocol, version 2: images in, probabilities out, for KServe and Triton.

An error is {"error": "a sentence"} here, since its clients print that.
Source: https://github.com/kserve/open-inference-protocol, and for binary tensors Triton's
    docs/protocol/extension_binary_data.md.
"""

from functools import partial

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from digit_classifier import __version__
from digit_classifier.server import request_body, schemas
from digit_classifier.server.errors import ApiError
from digit_classifier.server.service import Service, service_of
from digit_classifier.server.worker.inference import HEADER, INPUT, OUTPUT
from digit_classifier.server.worker.inference import infer as work

router = APIRouter(
    prefix="/v2", tags=["inference"], dependencies=[Depends(request_body.check_query)]
)
_errors = partial(schemas.errors, model=schemas.InferenceError)


@router.post(
    "/models/{name}/infer",
    summary="Probabilities of the ten digits for 28 x 28 images",
    openapi_extra=schemas.body(schemas.InferenceRequest),
    response_model=schemas.InferenceResponse,
    responses=_errors(400, 403, 404, 413, 415, 422, 503, 504),
)
async def infer(request: Request, name: str) -> Response:
    """Images are whole numbers, flat or nested, or follow as bytes (binary tensor extension)."""
    service = service_of(request)
    served = service.models.find(name)
    body = await request.body()
    header = request.headers.get(HEADER)
    content, kind, headers = await service.queue.run(
        lambda worker: worker.ask(served, work, name, body, header)
    )
    return Response(content, headers=headers, media_type=kind)


@router.get("", summary="What server this is")
async def server() -> schemas.Server:
    """Name, version, and the extensions of the protocol that it knows."""
    return schemas.Server(
        name="mnist-digit-classifier", version=__version__, extensions=["binary_tensor_data"]
    )


@router.get("/models/{name}", summary="What a model takes and gives", responses=_errors(404, 422))
async def model_metadata(request: Request, name: str) -> schemas.ModelMetadata:
    """Images go in, probabilities come out, -1 of each: any number."""
    service_of(request).models.find(name)
    taken, given = map(schemas.TensorKind.model_validate, (INPUT, OUTPUT))
    return schemas.ModelMetadata(
        name=name, platform="onnxruntime_onnx", inputs=[taken], outputs=[given]
    )


@router.get(
    "/models/{name}/ready", summary="Whether a model is loaded", responses=_errors(404, 422, 503)
)
async def model_ready(request: Request, name: str) -> schemas.ModelReady:
    """A model that is served is loaded, until the server was told to stop."""
    service = service_of(request)
    service.models.find(name)
    _check_ready(service)
    return schemas.ModelReady(name=name, ready=True)


@router.get("/health/live", summary="Whether the process answers")
async def live() -> schemas.Live:
    """It answers this until it ends."""
    return schemas.Live(live=True)


@router.get(
    "/health/ready",
    summary="Whether requests are welcome: not once it was told to stop",
    responses=_errors(503),
)
async def ready(request: Request) -> schemas.Ready:
    """What is in flight is still answered then."""
    _check_ready(service_of(request))
    return schemas.Ready(ready=True)


def _check_ready(service: Service) -> None:
    if service.draining:
        raise ApiError(503, "stopping", "the server is stopping.", {"Retry-After": "5"})
