"""Every refusal that a client can get: its status, its code and its sentence, decided here only."""

from typing import Any

import orjson
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Match, Route

from digit_classifier.errors import (
    DigitError,
    MissingExtraError,
    ModelError,
    NoInkError,
    OptionError,
    PictureError,
    StorageError,
    TooLargeError,
)

# The first class that fits decides.
STATUS: dict[type[DigitError], tuple[int, str]] = {
    TooLargeError: (413, "too_large"),
    NoInkError: (422, "no_ink"),
    PictureError: (400, "bad_picture"),
    MissingExtraError: (415, "unsupported_type"),
    ModelError: (422, "bad_input"),
    OptionError: (422, "bad_input"),
    StorageError: (507, "storage_failed"),
}
CODES = {
    400: "bad_request",
    404: "not_found",
    405: "method_not_allowed",
    413: "too_large",
}


class Refusal(DigitError):  # noqa: N818  what a server does, not what went wrong
    """A request that is not carried out, with the answer that says so.

    Attributes:
        status: of HTTP.
        code: a word for programs.
        headers: to be sent along.
    """

    def __init__(
        self, status: int, code: str, message: str, headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status, self.code, self.headers = status, code, headers or {}

    def response(self) -> Response:
        """The answer."""
        return Response(self.body(), self.status, self.headers, "application/json")

    def body(self) -> bytes:
        """The answer's body."""
        # a sentence may quote what a client sent, and that may hold half a character
        message = str(self).encode("utf-8", "replace").decode()
        return orjson.dumps({"error": {"code": self.code, "message": message}})


def refusal(error: Exception) -> Refusal:
    """What a client is told of any error; of one that nobody foresaw, no more than that."""
    if isinstance(error, Refusal):
        return error
    if isinstance(error, RequestValidationError):
        return Refusal(422, "bad_input", _sentence(error))
    if isinstance(error, HTTPException):
        code = CODES.get(error.status_code, "refused")
        return Refusal(error.status_code, code, f"{error.detail}.", dict(error.headers or {}))
    for kind, (status, code) in STATUS.items():
        if isinstance(error, kind):
            return Refusal(status, code, str(error))
    return Refusal(500, "internal", "The server failed at this request; its log says more.")


def install(app: FastAPI) -> None:
    """Answer every error of `app` in the one form."""

    async def answer(request: Request, error: Exception) -> Response:
        refused = refusal(error)
        if refused.status == 405:  # starlette knows only of the first route with the path
            refused.headers["Allow"] = ", ".join(_methods(request))
        request.scope["fault"] = refused.code  # for whoever counts
        return refused.response()

    for kind in (DigitError, HTTPException, RequestValidationError, Exception):
        app.add_exception_handler(kind, answer)


def _methods(request: Request) -> list[str]:
    routes = [route for route in request.app.routes if isinstance(route, Route)]
    fitting = [r for r in routes if r.matches(request.scope)[0] != Match.NONE]
    return sorted({method for route in fitting for method in route.methods or ()})


def _sentence(error: RequestValidationError) -> str:
    faults: list[dict[str, Any]] = list(error.errors())
    parts = [f"{'.'.join(map(str, fault['loc'][1:]))}: {fault['msg']}" for fault in faults]
    return "; ".join(parts) + "."
