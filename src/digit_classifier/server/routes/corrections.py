"""/v1/corrections: pictures that were read wrongly, kept with what they truly show."""

import asyncio
import re
from functools import partial
from typing import Annotated, Any

import orjson
from fastapi import FastAPI, Query, Request
from starlette.responses import Response

from digit_classifier.server import request_body, schemas
from digit_classifier.server.errors import ApiError
from digit_classifier.server.label_folder import NAME, LabelFolder
from digit_classifier.server.service import Service
from digit_classifier.server.worker import correct

_NAME = {"type": "string", "pattern": f"^{NAME}$"}
_BOX = "[0-9]{1,6}(,[0-9]{1,6}){3}"
_JSON = schemas.record(image=schemas.TEXT, label={"type": "integer", "minimum": 0, "maximum": 9})
_JSON["properties"]["box"] = {
    **schemas.row({"type": "integer", "minimum": 0}, 4), "type": ["array", "null"],
}  # fmt: skip
_JSON["properties"]["replaces"] = {**_NAME, "type": ["string", "null"]}
_FORM = schemas.record(
    file={"type": "string", "format": "binary"}, label={"type": "string", "pattern": "^[0-9]$"}
)
_FORM["properties"]["box"] = {"type": "string", "pattern": f"^{_BOX}$"}
_FORM["properties"]["replaces"] = _NAME
_BODY: dict[str, Any] = schemas.json_body(
    _JSON, {"image": schemas.PICTURE, "label": 1, "box": [14, 5, 5, 22]}
)
_BODY["requestBody"]["content"][request_body.FORM] = {"schema": _FORM}


def add(app: FastAPI, service: Service) -> None:
    """Give `app` the routes."""
    limits = service.settings.limits

    @app.post(
        "/v1/corrections",
        tags=["corrections"],
        status_code=201,
        summary="Keep a picture that was read wrongly, with the digit it truly shows",
        description="The whole picture is a form's `file`, or JSON's `image`: base64 or data URL. "
        "`box`: which part is meant, as x, y, width and height. `replaces`: the `file` of an "
        "earlier answer, which this one takes the place of.",
        openapi_extra=_BODY,
        responses=schemas.answers(
            schemas.record(file=_NAME), 400, 403, 404, 413, 415, 422, 503, 504, 507, status=201
        ),
    )
    async def keep(request: Request) -> Response:
        kept = _folder(service)
        values = {"label": _number, "box": _numbers}
        data, given = await request_body.picture_and_fields(request, limits.body_bytes, values)
        label, replaces = _label(given.get("label")), _name(given.get("replaces"))

        work = partial(correct.answer, data=data, box=given.get("box"), pixels=limits.pixels)
        reader = service.models.find(None)
        picture = await service.queue.run(lambda worker: worker.ask(reader, work))
        # not on the event loop: a disk may be slow
        file = await asyncio.to_thread(kept.keep, picture, label, replaces)
        return Response(orjson.dumps({"file": file}), 201, media_type="application/json")

    @app.delete(
        "/v1/corrections",
        tags=["corrections"],
        summary="Take back a picture that was kept",
        responses=schemas.answers(schemas.record(file=_NAME), 403, 404, 422, 503, 507),
    )
    async def take_back(
        file: Annotated[
            str, Query(pattern=f"^{NAME}$", description="The `file` of an earlier answer.")
        ],
    ) -> Response:
        await asyncio.to_thread(_folder(service).remove, file)
        return Response(orjson.dumps({"file": file}), media_type="application/json")


def _folder(service: Service) -> LabelFolder:
    if service.corrections is None:
        raise ApiError(
            404,
            "corrections_off",
            "this server keeps no corrections; start it with `--corrections FOLDER`.",
        )
    return service.corrections


def _number(text: Any) -> Any:
    """What a form's field stands for; as it is where it stands for nothing: it is judged later."""
    fits = isinstance(text, str) and re.fullmatch("[0-9]", text)
    return int(text) if fits else text


def _numbers(text: Any) -> Any:
    fits = isinstance(text, str) and re.fullmatch(_BOX, text)
    return [int(number) for number in text.split(",")] if fits else text


def _label(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= 9:
        raise ApiError(422, "bad_input", "`label` must be a whole number from 0 to 9.")
    return value


def _name(value: Any) -> str | None:
    if value is not None and not isinstance(value, str):
        raise ApiError(422, "bad_input", "`replaces` must be the name of a correction, as text.")
    return value
