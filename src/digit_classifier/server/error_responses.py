"""Every error of the application, answered in one form."""

from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Match, Route

from digit_classifier.errors import DigitError
from digit_classifier.server.errors import ApiError, api_error

CODES = {
    400: "bad_request",
    413: "too_large",
}


def respond(refused: ApiError) -> Response:
    """The answer that says so."""
    return Response(refused.body(), refused.status, refused.headers, "application/json")


def install(app: FastAPI) -> None:
    """Answer every error of `app` in the one form."""

    async def answer(request: Request, error: Exception) -> Response:
        refused = _of_framework(request, error) or api_error(error)
        request.scope["fault"] = refused.code  # for whoever counts
        return respond(refused)

    for kind in (DigitError, HTTPException, RequestValidationError, Exception):
        app.add_exception_handler(kind, answer)


def _of_framework(request: Request, error: Exception) -> ApiError | None:
    if isinstance(error, RequestValidationError):
        return ApiError(422, "bad_input", _sentence(error))
    if isinstance(error, HTTPException):
        path = request.url.path[:80]
        if error.status_code == 404:
            message = f"there is nothing at {path!r}; /docs lists every route."
            return ApiError(404, "not_found", message)
        if error.status_code == 405:  # starlette knows only of the first route with the path
            allowed = ", ".join(_methods(request))
            message = f"{request.method} is not possible at {path}; use {allowed}."
            return ApiError(405, "method_not_allowed", message, {"Allow": allowed})
        code = CODES.get(error.status_code, "refused")
        return ApiError(error.status_code, code, f"{error.detail}.", dict(error.headers or {}))
    return None


def _methods(request: Request) -> list[str]:
    routes = [route for route in request.app.routes if isinstance(route, Route)]
    fitting = [r for r in routes if r.matches(request.scope)[0] != Match.NONE]
    methods = {method for route in fitting for method in route.methods or ()}
    return sorted(methods | ({"HEAD"} if "GET" in methods else set()))


def _sentence(error: RequestValidationError) -> str:
    faults: list[dict[str, Any]] = list(error.errors())
    parts = [f"{'.'.join(map(str, fault['loc'][1:]))}: {fault['msg']}" for fault in faults]
    return "; ".join(parts) + "."
