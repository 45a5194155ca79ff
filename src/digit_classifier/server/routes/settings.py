"""GET /v1/settings: what this server has and allows, for a page or a client to adapt to."""

from dataclasses import asdict

import orjson
from fastapi import FastAPI
from starlette.responses import Response

from digit_classifier import __version__
from digit_classifier.server import schemas
from digit_classifier.server.service import Service

_MODEL = schemas.record(
    name=schemas.TEXT,
    summary=schemas.TEXT,
    accuracy={"type": ["number", "null"]},
    measured_on={"type": ["string", "null"]},
    dataset={"type": ["string", "null"]},
    parameters={"type": ["integer", "null"]},
    bytes={"type": ["integer", "null"]},
    layers={**schemas.row(schemas.WHOLE), "type": ["array", "null"]},
    rule=schemas.record(threshold=schemas.NUMBER, softness=schemas.NUMBER),
)
_CORRECTIONS = {
    **schemas.record(folder=schemas.TEXT, bytes=schemas.WHOLE, limit_bytes=schemas.WHOLE),
    "type": ["object", "null"],
}
SCHEMA = schemas.record(
    version=schemas.TEXT,
    models=schemas.row(_MODEL),
    default_model=schemas.TEXT,
    reload_error={"type": ["string", "null"]},
    corrections=_CORRECTIONS,
    limits={"type": "object", "additionalProperties": schemas.NUMBER},
)


def add(app: FastAPI, service: Service) -> None:
    """Give `app` the route."""

    @app.get(
        "/v1/settings",
        tags=["reading"],
        summary="Models, limits, and whether corrections are kept",
        responses=schemas.answers(SCHEMA),
    )
    async def settings() -> Response:
        kept = service.corrections
        content = {
            "version": __version__,
            "models": service.models.describe(),
            "default_model": service.models.default,
            "reload_error": service.reload_error,
            "corrections": kept.describe() if kept else None,
            "limits": asdict(service.settings.limits),
        }
        return Response(orjson.dumps(content), media_type="application/json")
