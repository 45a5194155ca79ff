"""A request's body: received up to the limit, then taken for a picture in one of three forms."""

import base64
import binascii
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect, Request

from digit_classifier.server.errors import ApiError
from digit_classifier.server.worker.inference import json_object, shown

FORMS = (
    "send a multipart form with a field `file`, "
    "the picture itself with a content type such as image/png, "
    'or JSON like {"image": "<base64 or data URL>"}'
)

# What each field of a query, a form or a JSON object holds.
NEEDED = {
    "threshold": "a number from 0 to 1",
    "single": "true or false",
    "details": "true or false",
    "label": "a whole number from 0 to 9",
    "box": "four whole numbers (x, y, width, height)",
    "replaces": "a name that an answer called `file`",
    "file": "a name that an answer called `file`",
}
JSON = "application/json"
FORM = "multipart/form-data"


async def receive(request: Request, limit: int) -> bytes:
    """The whole body, and never more than `limit` of it in memory.

    Raises:
        ApiError: 413, longer than `limit`; where the length is announced, before anything is read.
            415, compressed. 408, it did not arrive.
    """
    coding = request.headers.get("content-encoding", "identity")
    if coding.lower() != "identity":
        raise ApiError(
            415, "unsupported_type", f"a body in {coding[:20]!r} is not read; send it plain."
        )
    announced = request.headers.get("content-length", "")
    if announced.isdigit() and int(announced) > limit:
        raise _too_large(limit, request.url.path)
    parts, size = [], 0
    try:
        async for part in request.stream():
            size += len(part)
            if size > limit:
                raise _too_large(limit, request.url.path)
            parts.append(part)
    except ClientDisconnect:
        raise ApiError(408, "cut_off", "the body did not arrive.") from None
    return parts[0] if len(parts) == 1 else b"".join(parts)


async def picture(request: Request, limit: int) -> tuple[bytes, str | None]:
    """The bytes of a picture file, and what the client called it.

    Raises:
        ApiError: 413, 415 for another content type, 400 for a body that is not what it says.
    """
    kind, header = _kind(request)
    if kind == FORM:
        file, _ = await _uploaded(request, await receive(request, limit))
        return await file.read(), file.filename or None
    if kind.startswith("image/"):
        return await receive(request, limit), None
    if kind == JSON:
        return encoded(json_object(await receive(request, limit)).get("image"), "image"), None
    raise ApiError(415, "unsupported_type", f"the content type is {header[:80]!r}; {FORMS}.")


async def picture_and_fields(
    request: Request, limit: int, values: Mapping[str, Callable[[Any], Any]]
) -> tuple[bytes, dict[str, Any]]:
    """The bytes of a picture file, and what else the form or the JSON object says.

    Args:
        request: a multipart form with a field `file`, or JSON with `image`.
        limit: most bytes.
        values: for fields that are no text, what makes of a form's text the value that JSON has.
    Raises:
        ApiError: as `picture`.
    """
    kind, header = _kind(request)
    if kind == FORM:
        file, fields = await _uploaded(request, await receive(request, limit))
        given = {name: values.get(name, _same)(value) for name, value in fields.items()}
        return await file.read(), given
    if kind == JSON:
        given = json_object(await receive(request, limit))
        return encoded(given.pop("image", None), "image"), given
    raise ApiError(
        415, "unsupported_type", f"the content type is {header[:80]!r}, not {FORM} or {JSON}."
    )


async def json_request(request: Request, limit: int) -> dict[str, Any]:
    """The JSON object that is the body.

    Raises:
        ApiError: 413; 415, another content type; 400, not JSON; 422, JSON but no object.
    """
    kind, header = _kind(request)
    if kind != JSON:
        raise ApiError(415, "unsupported_type", f"the content type is {header[:80]!r}, not {JSON}.")
    return json_object(await receive(request, limit))


def encoded(value: Any, name: str) -> bytes:
    """The bytes that a base64 string or a data URL stands for.

    Raises:
        ApiError: 422, neither.
    """
    if not isinstance(value, str):
        found = "is missing" if value is None else f"is a {type(value).__name__}"
        raise ApiError(422, "bad_input", f"`{name}` {found}; a base64 string is needed.")
    if value.startswith("data:"):
        head, _, value = value.partition(",")
        if not head.endswith(";base64"):
            raise ApiError(422, "bad_input", f"`{name}` is a data URL without `;base64`.")
    try:
        # line breaks are allowed: the base64 command and Python's encodebytes write them
        return base64.b64decode("".join(value.split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise ApiError(422, "bad_input", f"`{name}` is not base64: {error}.") from None


def _kind(request: Request) -> tuple[str, str]:
    header = request.headers.get("content-type", "")
    return header.split(";")[0].strip().lower(), header


async def _uploaded(request: Request, body: bytes) -> tuple[UploadFile, dict[str, Any]]:
    """A form's file, and its other fields."""

    async def stream() -> AsyncGenerator[bytes, None]:
        yield body
        yield b""

    parser = MultiPartParser(
        request.headers, stream(), max_files=1, max_fields=16, max_part_size=len(body) + 1
    )
    parser.spool_max_size = len(body) + 1  # in memory, never in a temporary file
    try:
        form = await parser.parse()
    except (MultiPartException, KeyError, ValueError) as error:
        reason = getattr(error, "message", None) or "a header of a part is malformed"
        raise ApiError(400, "bad_form", f"the multipart form cannot be read: {reason}") from None
    file = form.get("file")
    if not isinstance(file, UploadFile):
        raise ApiError(
            422, "bad_input", "the multipart form holds no complete file field called `file`."
        )
    return file, {name: value for name, value in form.items() if name != "file"}


def _same(value: Any) -> Any:
    return value


def _too_large(limit: int, path: str) -> ApiError:
    smaller = "a smaller picture, or save it as JPEG"
    if path.startswith("/v2/"):
        smaller = "fewer images at once, or let the server take more with `--max-body`"
    return ApiError(
        413,
        "too_large",
        f"the body has more than {limit:,} bytes; send {smaller}.",
    )


B = TypeVar("B", bound=BaseModel)


def checked(kind: type[B], given: dict[str, Any]) -> B:
    """What a client gave, as a schema has it.

    Raises:
        ApiError: 422, with every field at fault.
    """
    try:
        return kind.model_validate(given)
    except ValidationError as error:
        raise ApiError(422, "bad_input", sentence(error.errors())) from None


def sentence(faults: Iterable[Any]) -> str:
    """What pydantic finds wrong, in one sentence: what was given, and what is needed."""
    parts = {}
    for fault in faults:
        name = next(part for part in fault["loc"] if part != "query")
        found = "and is missing" if fault["type"] == "missing" else f"not {shown(fault['input'])}"
        parts[name] = f"`{name}` must be {NEEDED[name]}, {found}"
    return "; ".join(parts.values()) + "."
