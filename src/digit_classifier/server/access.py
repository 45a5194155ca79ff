"""Around every request: its id, what is counted, one line in the log, and headers for browsers."""

import asyncio
import contextlib
import json
import re
import secrets
import sys
import time
from datetime import UTC, datetime

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from digit_classifier.server.service import Service

# A client's own id goes into the log and back to it: nothing but a short word.
_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")
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


class Access:
    """ASGI middleware, the outermost."""

    def __init__(self, app: ASGIApp, service: Service) -> None:
        self._app, self._service = app, service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        headers = [(b"x-request-id", _identity(scope)), *HEADERS]
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
            await self._app(scope, receive, answer)
        except asyncio.CancelledError:
            # at the end of its time; its client was told
            if not self._service.draining:
                raise
        finally:
            self._service.in_flight -= 1
            self._note(scope, status, time.perf_counter() - started, headers[0][1].decode())

    def _note(self, scope: Scope, status: int, seconds: float, identity: str) -> None:
        route = getattr(scope.get("route"), "path", "none")  # the template: few different values
        metrics = self._service.metrics
        metrics.requests.labels(route, str(status)).inc()
        if "fault" in scope:
            metrics.errors.labels(scope["fault"]).inc()
        metrics.latency.labels(route).observe(seconds)
        entry = {
            "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "client": (scope.get("client") or ("-",))[0],
            "method": scope["method"],
            # as it was sent, percent-encoded: no line break can be smuggled into the log
            "path": scope.get("raw_path", b"").decode("ascii", "replace"),
            "status": status,
            "ms": round(seconds * 1000, 2),
            "request_id": identity,
        }
        as_json = self._service.settings.log_json
        line = json.dumps(entry) if as_json else " ".join(map(str, entry.values()))
        with contextlib.suppress(OSError):  # a log that cannot be written stops no answer
            sys.stderr.write(f"{line}\n")


def _identity(scope: Scope) -> bytes:
    for name, value in scope["headers"]:
        if name == b"x-request-id" and _ID.fullmatch(value):
            return bytes(value)
    return secrets.token_hex(8).encode()
