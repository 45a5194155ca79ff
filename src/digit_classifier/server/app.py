"""The application: its routes, how its errors are answered, and what stands around them."""

from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic.json_schema import models_json_schema
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.routing import Match, Route

from digit_classifier import __version__
from digit_classifier.errors import DigitError
from digit_classifier.server import schemas
from digit_classifier.server.errors import ApiError, api_error, bad_input
from digit_classifier.server.middleware import AccessLogMiddleware, RequestFilter, respond
from digit_classifier.server.request_body import sentence
from digit_classifier.server.routes import corrections, docs, inference, reading
from digit_classifier.server.service import Service
from digit_classifier.server.settings import Settings

# Tried in turn: first what is asked for most.
ROUTERS = (reading.router, inference.router, corrections.router, docs.router)


def build(settings: Settings) -> FastAPI:
    """Load the models and put the application together.

    Args:
        settings: how to serve.
    Returns:
        An ASGI application; `app.state.service` is what its routes share.
    Raises:
        ModelError: a model that is missing or does not work.
        StorageError: the folder for corrections cannot be written.
    """
    state = Service(settings)
    app = FastAPI(
        title="mnist-digit-classifier",
        version=__version__,
        summary="Reads handwritten digits.",
        # FastAPI's own pages fetch their script from elsewhere and need inline script
        docs_url=None,
        redoc_url=None,
        telemetry=None,
    )
    app.state.service = state
    for kind in (DigitError, HTTPException, RequestValidationError, ClientDisconnect):
        app.add_exception_handler(kind, _answer)
    # include_router would match every request twice, and once more for each router before its own
    app.router.routes.extend(route for router in ROUTERS for route in router.routes)
    document = _document(app, list(state.models.models))
    app.openapi = lambda: document  # type: ignore[method-assign]  # FastAPI's way to extend it
    app.mount("/", docs.Page())
    # the one added last stands outermost
    app.add_middleware(RequestFilter, service=state)
    app.add_middleware(AccessLogMiddleware, service=state)
    return app


def _document(app: FastAPI, models: list[str]) -> dict[str, Any]:
    """OpenAPI's, with the bodies that are not checked by FastAPI, and the names of the models."""
    for route in app.routes:
        if isinstance(route, APIRoute):
            route.operation_id = route.name  # what generated clients call it
    document = app.openapi()
    template = "#/components/schemas/{model}"
    kinds: list[Any] = [(model, "validation") for model in schemas.BODIES]
    _, found = models_json_schema(kinds, ref_template=template)
    named = document["components"]["schemas"]
    named |= found["$defs"]
    for path, methods in document["paths"].items():
        for operation in methods.values():
            if "{name}" in path:
                operation["parameters"][0]["schema"]["enum"] = models
            good = next(iter(operation["responses"].values()))
            if "application/json" in good["content"]:
                kind = good["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
                good["description"] = named[kind]["description"]
    return document


async def _answer(request: Request, error: Exception) -> Response:
    """Every error in the one form."""
    return respond(_of_framework(request, error) or api_error(error), request.scope)


def _of_framework(request: Request, error: Exception) -> ApiError | None:
    if isinstance(error, RequestValidationError):
        return bad_input(sentence(error.errors()))
    if isinstance(error, ClientDisconnect):
        return ApiError(408, "cut_off", "the body did not arrive.")
    if not isinstance(error, HTTPException):
        return None
    path, allowed = request.url.path[:80], _methods(request)
    if error.status_code in (404, 405):  # what starlette says is of the last route that it tried
        if not allowed or request.method in allowed:
            message = f"there is nothing at {path!r}; /docs lists every route."
            return ApiError(404, "not_found", message)
        methods = ", ".join(allowed)
        message = f"{request.method} is not possible at {path}; use {methods}."
        return ApiError(405, "method_not_allowed", message, {"Allow": methods})
    code = {400: "bad_request", 413: "too_large"}.get(error.status_code, "refused")
    return ApiError(error.status_code, code, f"{error.detail}.", dict(error.headers or {}))


def _methods(request: Request) -> list[str]:
    """Those of all routes with the path, as the Allow header lists them."""
    known = [route for route in request.app.routes if isinstance(route, Route)]
    fitting = [route for route in known if route.matches(request.scope)[0] != Match.NONE]
    methods = {method for route in fitting for method in route.methods or ()}
    if docs.Page.has(request.url.path):
        methods.add("GET")
    return sorted(methods | ({"HEAD"} if "GET" in methods else set()))
