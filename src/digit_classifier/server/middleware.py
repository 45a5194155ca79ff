"""Around every request: its id, its line in the log, headers for browsers, and who may ask."""

import asyncio
import re
import time
from types import SimpleNamespace
from urllib.parse import urlsplit

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from digit_classifier.server.access_log import identity
from digit_classifier.server.errors import ApiError, api_error
from digit_classifier.server.request_body import bounded
from digit_classifier.server.service import Service
from digit_classifier.server.settings import LOOPBACK

HEADERS = [
    (
        b"content-security-policy",
        b"default-src 'self'; img-src 'self' data: blob:; object-src 'none'; base-uri 'none'; "
        b"form-action 'none'; frame-ancestors 'none'",
    ),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
]
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
# Answered to the end: whoever stops the server looks here to see how far it is.
_ALWAYS = ("/v2/health/", "/metrics")
# What waits in the queue.
_READING = re.compile("/v1/read|/v2/models/[^/]+/infer")


def respond(error: ApiError, scope: Scope) -> Response:
    """The answer to a request that says so."""
    scope["fault"] = error  # for whoever counts
    if error.status == 500:
        message = f"{error} The request's id is {scope['request_id'].decode()}."
        error = ApiError(500, error.code, message)
    return Response(error.body(scope["path"]), error.status, error.headers, "application/json")


class AccessLogMiddleware:
    """ASGI middleware, the outermost."""

    def __init__(self, app: ASGIApp, service: Service) -> None:
        self._app, self._service = app, service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        called = scope["request_id"] = identity(scope)
        headers = [(b"x-request-id", called), *HEADERS]
        # whoever asks for the head of an answer gets that of GET's; the body is left out on the way
        inner = {**scope, "method": "GET"} if scope["method"] == "HEAD" else scope
        status = 0

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], *headers]
                if status >= 400 and any(name == b"expect" for name, _ in scope["headers"]):
                    # who asked for leave to send may as well not send, and then nothing can follow
                    message["headers"].append((b"connection", b"close"))
            await send(message)

        self._service.in_flight += 1
        try:
            await self._app(inner, receive, answer)
        except asyncio.CancelledError:
            # at the end of its time; its client was told
            if not self._service.draining:
                raise
        except Exception as error:  # of this program: the answer says so, and the process lives
            response = respond(api_error(error), inner)
            if status == 0:
                await response(inner, receive, answer)
        finally:
            self._service.in_flight -= 1
            seconds = time.perf_counter() - started
            inner["method"] = scope["method"]  # as it was asked
            self._service.log.note(inner, status, seconds, called, inner.get("fault"))


class RequestFilter:
    """ASGI middleware, before any route.

    No stranger's page asks through somebody's browser, nobody once the end is near, nor anybody for
    whom there is no place: under overload they are refused here, where it costs least. And no route
    gets a body that is longer than the limit.
    """

    def __init__(self, app: ASGIApp, service: Service) -> None:
        self._app, self._service = app, service
        settings = service.settings
        names = {settings.host.lower(), *LOOPBACK, *map(str.lower, settings.allowed_hosts)}
        # A server for the whole network cannot know by which names it is called.
        self._names = names if settings.is_local else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on, or refuse it."""
        if scope["type"] == "http":
            try:
                self._check(scope)
            except ApiError as error:
                await respond(error, scope)(scope, receive, send)
                return
            receive = bounded(scope, receive, self._service.settings.limits.body_bytes)
        await self._app(scope, receive, send)

    def _check(self, scope: Scope) -> None:
        headers = dict(scope["headers"])
        hosts = sum(name == b"host" for name, _ in scope["headers"])
        if hosts > 1 or (hosts == 0 and scope["http_version"] != "1.0"):
            raise ApiError(400, "bad_request", f"a request names one host, not {hosts}.")
        host = headers.get(b"host", b"").decode("latin-1").lower()
        if self._names is not None and host and hostname(host) not in self._names:
            message = f"this server is not called {host[:80]!r}; allow it with `--allow-host`."
            raise ApiError(421, "wrong_host", message)
        if scope["method"] not in _SAFE and _is_foreign(headers, host):
            message = "a page of another origin may not use this server."
            raise ApiError(403, "foreign_origin", message)
        if self._service.draining and not scope["path"].startswith(_ALWAYS):
            until = {"Retry-After": "5", "Connection": "close"}
            raise ApiError(503, "stopping", "the server is stopping.", until)
        if scope["method"] == "POST" and _READING.fullmatch(scope["path"]):
            # as metrics name it, should it go no further
            route = re.sub("/models/.*/", "/models/{name}/", scope["path"])
            scope["route"] = SimpleNamespace(path=route)
            self._service.queue.check()


def hostname(host: str) -> str:
    """A Host header without its port: `[::1]:80` gives `::1`; "" where it makes no sense."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def _is_foreign(headers: dict[bytes, bytes], host: str) -> bool:
    """Whether a browser says that a page of another origin asks; other clients say nothing."""
    if headers.get(b"sec-fetch-site", b"") in (b"cross-site", b"same-site"):
        return True
    origin = headers.get(b"origin")
    if origin is None:
        return False
    try:
        return urlsplit(origin.decode("latin-1")).netloc.lower() != host
    except ValueError:
        return True
