"""POST /v1/corrections: pictures that were read wrongly, kept with what they truly show."""

import asyncio
from functools import partial
from typing import Any

import orjson
from fastapi import FastAPI, Request
from starlette.responses import Response

from digit_classifier.server import bodies, correct, parsing, schemas
from digit_classifier.server.refusal import Refusal
from digit_classifier.server.service import Service

_BODY = schemas.record(image=schemas.TEXT, label={"type": "integer", "minimum": 0, "maximum": 9})
_BODY["properties"]["box"] = {
    **schemas.row({"type": "integer", "minimum": 0}, 4), "type": ["array", "null"],
}  # fmt: skip


def add(app: FastAPI, service: Service) -> None:
    """Give `app` the route."""
    limits = service.settings.limits

    @app.post(
        "/v1/corrections",
        tags=["corrections"],
        status_code=201,
        summary="Keep a picture that was read wrongly, with the digit it truly shows",
        description="`image`: base64 or data URL of the whole picture; `box`: which part is meant.",
        openapi_extra=schemas.json_body(
            _BODY, {"image": schemas.PICTURE, "label": 1, "box": [14, 5, 5, 22]}
        ),
        responses=schemas.answers(
            schemas.record(file=schemas.TEXT),
            400,
            403,
            404,
            413,
            415,
            422,
            503,
            504,
            507,
            status=201,
        ),
    )
    async def keep(request: Request) -> Response:
        kept = service.corrections
        if kept is None:
            raise Refusal(
                404,
                "corrections_off",
                "this server keeps no corrections; start it with `--corrections FOLDER`.",
            )
        given = await bodies.json_request(request, limits.body_bytes)
        data = parsing.encoded(given.get("image"), "image")
        label = _label(given.get("label"))

        work = partial(correct.answer, data=data, box=given.get("box"), pixels=limits.pixels)
        reader = service.shelf.find(None)
        picture = await service.desk.run(lambda helper: helper.ask(reader, work))
        # not on the event loop: a disk may be slow
        file = await asyncio.to_thread(kept.keep, picture, label)
        return Response(orjson.dumps({"file": file}), 201, media_type="application/json")


def _label(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= 9:
        raise Refusal(422, "bad_input", "`label` must be a whole number from 0 to 9.")
    return value
