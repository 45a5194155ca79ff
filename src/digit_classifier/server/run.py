"""From the first byte to the last: listen, say where, serve, and stop without dropping anybody."""

import asyncio
import errno
import gc
import logging
import socket
import sys
import time
from collections.abc import Callable
from types import FrameType

import uvicorn

from digit_classifier.errors import FaultError, OptionError
from digit_classifier.server.app import build
from digit_classifier.server.connection import Connection, limited
from digit_classifier.server.service import Service
from digit_classifier.server.settings import Settings


class Server(uvicorn.Server):
    """Uvicorn's, but requests in flight finish before it stops listening, and it exits with 0."""

    def __init__(self, config: uvicorn.Config, service: Service, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._service, self._ready = service, ready
        self._stop_at: float | None = None
        self._watching: asyncio.Task[None] | None = None

    def handle_exit(self, _sig: int, _frame: FrameType | None) -> None:
        """Begin to stop; a second signal stops at once."""
        if self._stop_at is None:
            self._service.draining = True
            self._stop_at = time.monotonic() + self._service.settings.limits.stop_seconds
        else:
            self.should_exit = self.force_exit = True

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, and say so."""
        await self._service.prepare()
        await super().startup(sockets)
        if self._service.settings.reload_model:
            self._watching = asyncio.create_task(self._service.models.watch(self._service.metrics))
        # What is loaded by now stays. To look through it for garbage again and again would make
        # requests wait for tens of milliseconds each time.
        gc.freeze()
        self._ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Close what is left."""
        for connection in list(self.server_state.connections):
            if isinstance(connection, Connection):
                connection.stop()
        if self._watching is not None:
            self._watching.cancel()
        await super().shutdown(sockets)

    async def on_tick(self, counter: int) -> bool:
        """Ten times a second: whether it is time to go."""
        if self._stop_at is not None:
            done = self._service.in_flight == 0 or time.monotonic() > self._stop_at
            self.should_exit = self.should_exit or done
        return await super().on_tick(counter)


def serve(settings: Settings, ready: Callable[[str], None]) -> None:
    """Serve until told to stop (SIGTERM, SIGINT).

    Args:
        settings: how.
        ready: called with the server's address once it accepts connections.
    Raises:
        ModelError: a model that is missing or does not work.
        OptionError: an address that is not one of this machine.
        FaultError: the port is in use.
    """
    listener = _listen(settings.host, settings.port)
    with listener:
        app = build(settings)
        logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(message)s")
        config = uvicorn.Config(
            app,
            http=limited(settings.limits, app.state.service.log),
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=1,  # what was in flight has finished, or had its time
        )
        address = _address(settings.host, listener.getsockname()[1])
        Server(config, app.state.service, lambda: ready(address)).run([listener])
    app.state.service.queue.close()


def _listen(host: str, port: int) -> socket.socket:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, kind, protocol, _, address = found[0]
        listener = socket.socket(family, kind, protocol)
        if sys.platform != "win32":  # there it would let a second server take the same port
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(2048)
    except socket.gaierror as error:
        raise OptionError(f"no address {host}: {error.strerror}; try 127.0.0.1") from error
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise FaultError(
                f"port {port} of {host} is in use; choose another with --port, or 0 for any."
            ) from error
        raise FaultError(f"cannot listen on port {port} of {host}: {error.strerror}.") from error
    return listener


def _address(host: str, port: int) -> str:
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"
