"""One client's connection: how long its bytes may take, and what it is told when it is cut off.

Uvicorn waits for ever for the rest of a request, for its head as for its body, and for a client
that does not read its answer.
"""

import asyncio
from typing import Any, ClassVar, cast

from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from uvicorn._types import ASGI3Application
from uvicorn.protocols.http.httptools_impl import (
    STATUS_LINE,
    HttpToolsProtocol,
    RequestResponseCycle,
)

from digit_classifier.server.access_log import AccessLog, identity
from digit_classifier.server.errors import ApiError
from digit_classifier.server.settings import Limits

# A phone on a poor line sends more than this; a client that drips sends less.
BYTES_A_SECOND = 50_000
HEAD_BYTES = 65_536
# So many times the allowed connections are told that there are too many; the rest is dropped.
TOLD = 2


class Connection(HttpToolsProtocol):
    """Uvicorn's protocol, with limits on time, number of connections and length of heads."""

    limits: ClassVar[Limits]
    log: ClassVar[AccessLog]
    held: ClassVar[int]  # bytes of bodies, of all connections of one server

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._deadline: asyncio.TimerHandle | None = None
        self._unread: asyncio.TimerHandle | None = None
        self._receiving = self._in_head = self._answered_early = False
        self._answering: RequestResponseCycle | None = None
        self._began = 0.0
        self._head_bytes = self._body_bytes = self._held = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for the first request."""
        super().connection_made(transport)
        if len(self.connections) > TOLD * self.limits.connections:
            transport.abort()
        elif len(self.connections) > self.limits.connections:
            self.app = cast(ASGI3Application, self._too_many)
        self._begin()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the timers."""
        self._disarm()
        self._release()
        if self._unread is not None:
            self._unread.cancel()
        if self._answering is not None:  # of several requests at once uvicorn tells only the last
            self._answering.disconnected = True
            self._answering.message_event.set()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take what came, unless a head grows out of bounds."""
        if self.transport.is_closing():
            return
        if not self._receiving:
            self._begin()
        if self._in_head:
            self._head_bytes += len(data)
        super().data_received(data)
        if self._in_head and self._head_bytes > HEAD_BYTES:
            message = f"the head of the request has more than {HEAD_BYTES:,} bytes."
            self._refuse(ApiError(431, "head_too_large", message))

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        self._answering = cycle
        super()._start_asgi_task(cycle, app)

    # what the parser calls

    def on_message_begin(self) -> None:
        """A request's first byte; of a second one that came at once too."""
        super().on_message_begin()
        if not self._receiving:
            self._begin()

    def on_headers_complete(self) -> None:
        """The body has a time of its own."""
        self._in_head = False
        self._began = self.loop.time()
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Each byte buys time, and takes memory."""
        if self.transport.is_closing():
            return
        self._body_bytes += len(body)
        if not self.cycle.response_complete:  # else it is thrown away
            type(self).held += len(body)
            self._held += len(body)
        if self.held > self.limits.bodies_bytes:
            self._refuse(_overloaded("more is being received than this server holds"))
        else:
            super().on_body(body)

    def on_message_complete(self) -> None:
        """All is here."""
        self._receiving = self._answered_early = False
        self._disarm()
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """The answer is written; it may be early, or stay unread."""
        super().on_response_complete()
        self._release()
        if self.transport.is_closing():
            if self.transport.get_write_buffer_size():
                self.loop.call_later(self.limits.receive_seconds, self.transport.abort)
        elif self._receiving:
            # A body that is still coming is thrown away for a while: a client that was refused
            # would find the connection reset, and never see the answer, if it were closed now.
            self._answered_early = True
            self._arm(self.limits.receive_seconds)

    def stop(self) -> None:
        """The server ends, and what this client asked for will not be answered."""
        if self.cycle is not None and not self.cycle.response_complete:
            self._refuse(ApiError(503, "stopping", "the server stops.", {"Retry-After": "5"}))

    def pause_writing(self) -> None:
        """The client does not read; give it a while."""
        super().pause_writing()
        self._unread = self.loop.call_later(self.limits.receive_seconds, self.transport.abort)

    def resume_writing(self) -> None:
        """The client reads again."""
        if self._unread is not None:
            self._unread.cancel()
        super().resume_writing()

    def timeout_keep_alive_handler(self) -> None:
        """An idle connection ends, also where the last answer was not read."""
        if self.transport.get_write_buffer_size():
            self.transport.abort()
        super().timeout_keep_alive_handler()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002  uvicorn's sentence, in plain text
        """What came is not HTTP."""
        self._refuse(ApiError(400, "bad_request", "this is not a request of HTTP/1.1."))

    def _begin(self) -> None:
        self._receiving = self._in_head = True
        self._answered_early = False
        self._began = self.loop.time()
        self._head_bytes = self._body_bytes = 0
        self._arm(self.limits.receive_seconds)

    def _arm(self, seconds: float) -> None:
        self._disarm()
        self._deadline = self.loop.call_later(seconds, self._on_deadline)

    def _disarm(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _release(self) -> None:
        type(self).held -= self._held
        self._held = 0

    def _on_deadline(self) -> None:
        allowed = self.limits.receive_seconds + self._body_bytes / BYTES_A_SECOND
        left = self._began + allowed - self.loop.time()
        busy = self._in_head and self.cycle is not None and not self.cycle.response_complete
        if self._answered_early:
            self.transport.close()
        elif self.flow.read_paused or busy:  # it is the server that is slow
            self._arm(self.limits.receive_seconds)
        elif left > 0:
            self._arm(left)
        else:
            message = f"the request did not arrive within {self.limits.receive_seconds:g} s."
            self._refuse(ApiError(408, "too_slow", message))

    def _refuse(self, refused: ApiError) -> None:
        """Answer from here, without the application, and close."""
        cycle = self.cycle
        if cycle is None or cycle.response_complete:  # else the application says so in the log
            called, path = identity({}), ""
            if self._head_bytes:  # browsers open connections on which nothing is ever asked
                seconds = self.loop.time() - self._began
                cut_off = {"client": self.client}
                self.log.note(cut_off, refused.status, seconds, called, refused)
        else:
            scope = cast(dict[str, Any], cycle.scope)
            called, path = scope.get("request_id") or identity({}), scope["path"]
            cycle.disconnected = True  # whatever the application still says is not sent
            cycle.message_event.set()
            if cycle.response_started:
                self.transport.abort()
                return
        body = refused.body(path)
        lines = [
            STATUS_LINE[refused.status],
            b"content-type: application/json\r\n",
            b"content-length: %d\r\n" % len(body),
            b"x-request-id: %s\r\n" % called,
            b"".join(f"{name}: {value}\r\n".encode() for name, value in refused.headers.items()),
            b"connection: close\r\n\r\n",
            body,
        ]
        self.transport.write(b"".join(lines))
        self.transport.close()

    async def _too_many(self, scope: Scope, receive: Receive, send: Send) -> None:
        refused = _overloaded(f"{self.limits.connections} connections are open")
        called = identity(scope)
        seconds = self.loop.time() - self._began
        self.log.note(scope, refused.status, seconds, called, refused)
        headers = {**refused.headers, "Connection": "close", "X-Request-ID": called.decode()}
        body = refused.body(scope["path"])
        await Response(body, 503, headers, "application/json")(scope, receive, send)


def limited(limits: Limits, log: AccessLog) -> type[Connection]:
    """The protocol with the limits and the log of one server."""
    return type("Limited", (Connection,), {"limits": limits, "log": log, "held": 0})


def _overloaded(reason: str) -> ApiError:
    message = f"{reason}; try again in a second."
    return ApiError(503, "overloaded", message, {"Retry-After": "1"})
