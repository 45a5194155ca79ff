"""What this server is, and how it does: for a page or a client to adapt to, and for operators."""

from dataclasses import asdict

import orjson
from fastapi import APIRouter, Request
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.responses import Response

from digit_classifier import __version__
from digit_classifier.server import schemas
from digit_classifier.server.service import service_of

router = APIRouter()


@router.get(
    "/v1/settings",
    tags=["reading"],
    summary="Models, limits, and whether corrections are kept",
    response_model=schemas.Settings,
)
async def settings(request: Request) -> Response:
    """The default model comes first; `limits` are in bytes, pixels, seconds and numbers."""
    service = service_of(request)
    kept = service.corrections
    content = {
        "version": __version__,
        "models": service.models.describe(),
        "default_model": service.models.default,
        "reload_error": service.models.reload_error,
        "corrections": kept.describe() if kept else None,
        "limits": asdict(service.settings.limits),
    }
    return Response(orjson.dumps(content), media_type="application/json")


@router.get(
    "/metrics",
    tags=["operation"],
    summary="Counters and histograms, in Prometheus's text form",
    responses={200: {"description": "Metrics.", "content": {"text/plain": {}}}},
    response_class=Response,
)
async def metrics(request: Request) -> Response:
    """Requests, errors by code, latency, wait for a process, queue and models."""
    text = service_of(request).metrics.render()
    return Response(text, headers={"Content-Type": CONTENT_TYPE_LATEST})
