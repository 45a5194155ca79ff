"""POST /v1/read: a picture in, the object that `digits predict --json` prints out."""

from functools import partial
from typing import Annotated

from fastapi import FastAPI, Query, Request
from starlette.responses import Response

from digit_classifier.server import request_body, schemas
from digit_classifier.server.service import Service
from digit_classifier.server.worker import read


def add(app: FastAPI, service: Service) -> None:
    """Give `app` the route."""
    limits = service.settings.limits

    @app.post(
        "/v1/read",
        tags=["reading"],
        summary="Read the digits in a picture",
        openapi_extra={"requestBody": schemas.READING_BODY},
        responses=schemas.answers(schemas.READING, 400, 403, 404, 413, 415, 422, 503, 504),
    )
    async def read_picture(
        request: Request,
        single: Annotated[bool, Query(description="The picture holds one digit.")] = False,
        model: Annotated[str | None, Query(description="One of /v1/settings.")] = None,
        threshold: Annotated[
            float | None, Query(ge=0, le=1, description="Least confidence for a digit.")
        ] = None,
        details: Annotated[
            bool, Query(description="Also give what the network saw of each mark.")
        ] = False,
    ) -> Response:
        served = service.models.find(model)
        data, name = await request_body.picture(request, limits.body_bytes)
        work = partial(
            read.answer, name=name, single=single, details=details, threshold=threshold,
            pixels=limits.pixels,
        )  # fmt: skip
        content, digits = await service.queue.run(lambda worker: worker.ask(served, work, data))
        service.metrics.digits.labels(served.name).inc(digits)
        return Response(content, media_type="application/json")
