"""Is it alive, is it ready, and how is it doing: for orchestrators and for Prometheus."""

import orjson
from fastapi import FastAPI
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.responses import Response

from digit_classifier.server import schemas
from digit_classifier.server.errors import ApiError
from digit_classifier.server.service import Service


def add(app: FastAPI, service: Service) -> None:
    """Give `app` the routes."""

    @app.get(
        "/v2/health/live",
        tags=["inference"],
        summary="Whether the process answers",
        responses=schemas.answers(schemas.record(live={"const": True})),
    )
    async def live() -> Response:
        return Response(orjson.dumps({"live": True}), media_type="application/json")

    @app.get(
        "/v2/health/ready",
        tags=["inference"],
        summary="Whether requests are welcome: not once it was told to stop",
        responses=schemas.answers(schemas.record(ready={"const": True}), 503),
    )
    async def ready() -> Response:
        if service.draining:
            raise ApiError(503, "stopping", "the server is stopping.", {"Retry-After": "5"})
        return Response(orjson.dumps({"ready": True}), media_type="application/json")

    @app.get(
        "/metrics",
        tags=["operation"],
        summary="Counters and histograms, in Prometheus's text form",
        responses={200: {"description": "Done.", "content": {"text/plain": {}}}},
        response_class=Response,
    )
    async def metrics() -> Response:
        return Response(service.metrics.render(), headers={"Content-Type": CONTENT_TYPE_LATEST})
