"""Who may ask: no stranger's page through somebody's browser, and nobody once the end is near.

Nor anybody for whom there is no place. A crowd is sent away here, where it costs least.
"""

import re
from types import SimpleNamespace
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Receive, Scope, Send

from digit_classifier.server.error_responses import respond
from digit_classifier.server.errors import ApiError
from digit_classifier.server.service import Service
from digit_classifier.server.settings import LOOPBACK

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
# Answered to the end: whoever stops the server looks here to see how far it is.
_ALWAYS = ("/v2/health/", "/metrics")
# What waits at the desk, and the routes as metrics name them.
_READING = {
    re.compile("/v1/read"): SimpleNamespace(path="/v1/read"),
    re.compile("/v2/models/[^/]+/infer"): SimpleNamespace(path="/v2/models/{name}/infer"),
}


class RequestFilter:
    """ASGI middleware, before any route."""

    def __init__(self, app: ASGIApp, service: Service) -> None:
        self._app, self._service = app, service
        settings = service.settings
        names = {settings.host.lower(), *LOOPBACK, *map(str.lower, settings.allowed_hosts)}
        # A server for the whole network cannot know by which names it is called.
        self._names = names if settings.is_local else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on, or refuse it."""
        refused = self._refusal(scope) if scope["type"] == "http" else None
        if refused is None:
            await self._app(scope, receive, send)
        else:
            scope["fault"] = refused.code
            await respond(refused)(scope, receive, send)

    def _refusal(self, scope: Scope) -> ApiError | None:
        headers = dict(scope["headers"])
        hosts = sum(name == b"host" for name, _ in scope["headers"])
        if hosts > 1 or (hosts == 0 and scope["http_version"] != "1.0"):
            return ApiError(400, "bad_request", f"a request names one host, not {hosts}.")
        host = headers.get(b"host", b"").decode("latin-1").lower()
        if self._names is not None and host and hostname(host) not in self._names:
            return ApiError(
                421,
                "wrong_host",
                f"this server is not called {host[:80]!r}; allow the name with `--allow-host`.",
            )
        if scope["method"] not in _SAFE and _is_foreign(headers, host):
            return ApiError(
                403, "foreign_origin", "a page of another origin may not use this server."
            )
        if self._service.draining and not scope["path"].startswith(_ALWAYS):
            return ApiError(
                503, "stopping", "the server is stopping.",
                {"Retry-After": "5", "Connection": "close"},
            )  # fmt: skip
        return self._without_place(scope) if scope["method"] == "POST" else None

    def _without_place(self, scope: Scope) -> ApiError | None:
        for path, route in _READING.items():
            if path.fullmatch(scope["path"]):
                try:
                    self._service.queue.check()
                except ApiError as refused:
                    scope["route"] = route
                    return refused
        return None


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
