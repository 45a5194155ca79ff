"""Around every request: its id, its line in the log, and headers for browsers."""

import asyncio
import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from digit_classifier.server import access_log
from digit_classifier.server.service import Service

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
        identity = scope["request_id"] = access_log.identity(scope)
        headers = [(b"x-request-id", identity), *HEADERS]
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
        finally:
            self._service.in_flight -= 1
            seconds = time.perf_counter() - started
            inner["method"] = scope["method"]  # as it was asked
            self._service.log.note(inner, status, seconds, identity, inner.get("fault"))
