"""POST /v1/read: a picture in, the object that `digits predict --json` prints out."""

import base64
from dataclasses import replace
from typing import Annotated, Any

import numpy as np
import orjson
from fastapi import FastAPI, Query, Request
from starlette.responses import Response

from digit_classifier.picture import decode
from digit_classifier.reader import DigitReader, Reading
from digit_classifier.server import bodies, schemas
from digit_classifier.server.service import Service


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
    async def read(
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
        service.desk.check()
        reader = service.shelf.find(model)
        if threshold is not None:
            reader = DigitReader(reader.model, threshold)
        data, name = await bodies.picture(request, limits.body_bytes)

        def work() -> tuple[bytes, int]:
            reading = read_picture(reader, data, single, limits.pixels)
            answer = _detailed(reading) if details else reading.to_dict()
            return orjson.dumps({**answer, "file": name}), len(reading.digits)

        content, digits = await service.desk.run(work)
        service.metrics.digits.labels(reader.name).inc(digits)
        return Response(content, media_type="application/json")


def read_picture(reader: DigitReader, data: bytes, single: bool, pixels: int) -> Reading:
    """As `DigitReader.read`, with a limit of this server's own.

    Raises:
        PictureError: as `picture.decode`.
    """
    picture = decode(data, max_pixels=pixels)
    return replace(reader.read(picture.pixels, single), notes=picture.notes)


def _detailed(reading: Reading) -> dict[str, Any]:
    result = reading.to_dict()
    for digit, entry in zip(reading.digits, result["digits"], strict=True):
        entry["image"] = _base64(digit.image)
    for mark, entry in zip(reading.rejected, result["rejected"], strict=True):
        entry["image"] = None if mark.image is None else _base64(mark.image)
    return result


def _base64(image: np.ndarray) -> str:
    return base64.b64encode(np.ascontiguousarray(image).tobytes()).decode()
