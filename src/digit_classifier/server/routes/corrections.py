"""/v1/corrections: pictures that were read wrongly, kept with what they truly show."""

import asyncio
import re
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request

from digit_classifier.server import request_body, schemas
from digit_classifier.server.errors import ApiError
from digit_classifier.server.label_folder import NAME, LabelFolder
from digit_classifier.server.request_body import FORM, JSON
from digit_classifier.server.service import Service, service_of
from digit_classifier.server.worker import jobs

_BOX = "[0-9]{1,6}(,[0-9]{1,6}){3}"
_FORM = {
    "type": "object",
    "required": ["file", "label"],
    "additionalProperties": False,
    "properties": {
        "file": {"type": "string", "format": "binary"},
        "label": {"type": "string", "pattern": "^[0-9]$"},
        "box": {"type": "string", "pattern": f"^{_BOX}$"},
        "replaces": {"type": "string", "pattern": f"^{NAME}$"},
    },
}
router = APIRouter(tags=["corrections"], dependencies=[Depends(request_body.check_query)])


@router.post(
    "/v1/corrections",
    status_code=201,
    summary="Keep a picture that was read wrongly, with the digit it truly shows",
    openapi_extra=schemas.body(schemas.Correction, **{FORM: _FORM}),
    responses=schemas.errors(400, 403, 404, 413, 415, 422, 503, 504, 507),
)
async def keep_correction(request: Request) -> schemas.Kept:
    """The whole picture is a form's `file`, or JSON's `image`: base64 or data URL.

    `box`: which part is meant, as x, y, width and height. `replaces`: the `file` of an earlier
    answer, which this one takes the place of.
    """
    service = service_of(request)
    kept, limits = _folder(service), service.settings.limits
    sent = await request_body.receive(
        request, schemas.Correction, FORM, JSON, values={"label": _number, "box": _numbers}
    )
    given = request_body.checked(schemas.Correction, {**sent.fields, "image": ""})
    work = partial(jobs.correct, data=sent.picture, box=given.box, pixels=limits.pixels)
    reader = service.models.find(None)
    picture = await service.queue.run(lambda worker: worker.ask(reader, work))
    # not on the event loop: a disk may be slow
    file = await asyncio.to_thread(kept.keep, picture, given.label, given.replaces)
    return schemas.Kept(file=file)


@router.delete(
    "/v1/corrections",
    summary="Take back a picture that was kept",
    responses=schemas.errors(403, 404, 422, 503, 507),
)
async def remove_correction(
    request: Request,
    file: Annotated[
        str, Query(pattern=f"^{NAME}$", description="The `file` of an earlier answer.")
    ],
) -> schemas.Kept:
    """Only names that this server gave are accepted."""
    await asyncio.to_thread(_folder(service_of(request)).remove, file)
    return schemas.Kept(file=file)


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
    fits = isinstance(text, str) and re.fullmatch("[0-9]|-?[1-9][0-9]{0,8}", text)
    return int(text) if fits else text


def _numbers(text: Any) -> Any:
    fits = isinstance(text, str) and re.fullmatch(_BOX, text)
    return [int(number) for number in text.split(",")] if fits else text
