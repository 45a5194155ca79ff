"""JSON and base64 as clients send them."""

import base64
import binascii
from typing import Any

import orjson

from digit_classifier.server.errors import ApiError


def json_object(body: bytes) -> dict[str, Any]:
    """The JSON object in `body`.

    Raises:
        ApiError: 400, not JSON; 422, JSON but no object.
    """
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise ApiError(400, "bad_json", f"the body is not JSON: {error}.") from None
    if not isinstance(value, dict):
        raise ApiError(422, "bad_input", "the body is JSON but not an object; {...} is needed.")
    return value


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
