"""What a request says: its query, and a picture in one of three forms, never more than the limit.

A name that nobody looks for, or that comes twice, is refused: it was meant to change something.
"""

import base64
import binascii
import sys
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple, TypeVar

from pydantic import BaseModel, ValidationError
from starlette.datastructures import Headers, UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartParser
from starlette.requests import Request
from starlette.types import Message, Receive, Scope

from digit_classifier.server.errors import ApiError, bad_input
from digit_classifier.server.worker.inference import json_object, shown

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
FORM, JSON, RAW = "multipart/form-data", "application/json", "image/*"
# The content types of a picture, and how to send one so.
WAYS = {
    FORM: "a multipart form with a field `file`",
    RAW: "the picture itself with a content type such as image/png",
    JSON: 'JSON like {"image": "<base64 or data URL>"}',
}
MultiPartParser.spool_max_size = sys.maxsize  # a form's file stays in memory, whose limit is ours


def bounded(scope: Scope, receive: Receive, limit: int) -> Receive:
    """ASGI's `receive` for a request's body, and never more than `limit` bytes of it.

    What it returns raises:
        ApiError: 413, longer than `limit`; where the length is announced, before anything is read.
            415, compressed.
    """
    headers, left = Headers(scope=scope), limit

    async def receive_some() -> Message:
        nonlocal left
        coding = headers.get("content-encoding", "identity")
        if coding.lower() != "identity":
            message = f"a body in {coding[:20]!r} is not read; send it plain."
            raise ApiError(415, "unsupported_type", message)
        announced = headers.get("content-length", "")
        if announced.isdigit() and int(announced) > limit:
            raise _too_large(limit, scope["path"])
        received = await receive()
        left -= len(received.get("body", b""))
        if left < 0:
            raise _too_large(limit, scope["path"])
        return received

    return receive_some


async def check_query(request: Request) -> None:
    """A dependency of every route: its query holds the names that the route knows, each once.

    Raises:
        ApiError: 422.
    """
    known = [field.alias for field in request.scope["route"].dependant.query_params]
    _check_names([name for name, _ in request.query_params.multi_items()], known, "query")


def _check_names(given: Iterable[str], known: Iterable[str], where: str) -> None:
    seen = set[str]()
    for name in given:
        if name not in known:
            needed = ", ".join(f"`{each}`" for each in known) or "none"
            message = f"there is no {shown(name)} in the {where}; known is: {needed}."
            raise bad_input(message)
        if name in seen:
            raise bad_input(f"`{name}` is in the {where} twice; give it once.")
        seen.add(name)


class Sent(NamedTuple):
    """The bytes of a picture file, what its sender calls it, and the other fields of the body."""

    picture: bytes
    name: str | None
    fields: dict[str, Any]


async def receive(
    request: Request,
    body: type[BaseModel],
    *kinds: str,
    values: Mapping[str, Callable[[Any], Any]] | None = None,
) -> Sent:
    """A picture, and what else its body says.

    Args:
        request: with a body in one of the forms of `WAYS`.
        body: the schema of its JSON; a form has a `file` in place of its `image`.
        kinds: the content types that are taken.
        values: for fields that are no text, what makes of a form's text the value that JSON has.
    Raises:
        ApiError: 415 for another content type; 400 for a body that is not what it says; 422 for
            one without a picture, or with a field that is not known or comes twice; 413; 408, it
            did not arrive.
    """
    header = request.headers.get("content-type", "")
    kind = header.split(";")[0].strip().lower()
    kind = RAW if kind.startswith("image/") else kind
    if kind not in kinds:
        ways = ", or ".join(WAYS[kind] for kind in kinds)
        message = f"the content type is {header[:80]!r}; send {ways}."
        raise ApiError(415, "unsupported_type", message)
    if kind == RAW:
        return Sent(await request.body(), None, {})
    if kind == JSON:
        given = json_object(await request.body())
        _check_names(given, body.model_fields, "JSON")
        return Sent(_decoded(given.pop("image", None)), None, given)
    try:
        form = await request.form(max_files=1, max_fields=16)
    except (HTTPException, KeyError, ValueError) as error:
        reason = getattr(error, "detail", "a header of a part is malformed.")
        raise ApiError(400, "bad_form", f"the multipart form cannot be read: {reason}") from None
    known = ["file", *(name for name in body.model_fields if name != "image")]
    _check_names([name for name, _ in form.multi_items()], known, "form")
    fields = {**form}
    file = fields.pop("file", None)
    if not isinstance(file, UploadFile):
        message = "the multipart form holds no complete file field called `file`."
        raise bad_input(message)
    for name, value in (values or {}).items():
        if name in fields:
            fields[name] = value(fields[name])
    return Sent(await file.read(), file.filename or None, fields)


def _decoded(value: Any) -> bytes:
    """The bytes that a base64 string or a data URL stands for."""
    if not isinstance(value, str):
        found = "is missing" if value is None else f"is a {type(value).__name__}"
        raise bad_input(f"`image` {found}; a base64 string is needed.")
    if value.startswith("data:"):
        head, _, value = value.partition(",")
        if not head.endswith(";base64"):
            raise bad_input("`image` is a data URL without `;base64`.")
    try:
        # line breaks are allowed: the base64 command and Python's encodebytes write them
        return base64.b64decode("".join(value.split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise bad_input(f"`image` is not base64: {error}.") from None


def _too_large(limit: int, path: str) -> ApiError:
    smaller = "a smaller picture, or save it as JPEG"
    if path.startswith("/v2/"):
        smaller = "fewer images at once, or let the server take more with `--max-body`"
    message = f"the body has more than {limit:,} bytes; send {smaller}."
    return ApiError(413, "too_large", message)


B = TypeVar("B", bound=BaseModel)


def checked(kind: type[B], given: dict[str, Any]) -> B:
    """What a client gave, as a schema has it.

    Raises:
        ApiError: 422, with every field at fault.
    """
    try:
        return kind.model_validate(given)
    except ValidationError as error:
        raise bad_input(sentence(error.errors())) from None


def sentence(faults: Iterable[Any]) -> str:
    """What pydantic finds wrong, in one sentence: what was given, and what is needed."""
    parts = {}
    for fault in faults:
        name = next(part for part in fault["loc"] if part != "query")
        found = "and is missing" if fault["type"] == "missing" else f"not {shown(fault['input'])}"
        parts[name] = f"`{name}` must be {NEEDED[name]}, {found}"
    return "; ".join(parts.values()) + "."
