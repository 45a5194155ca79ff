"""A process that reads: reading is mostly Python, and would hold up whoever answers requests."""

import asyncio
import atexit
import contextlib
import gc
import importlib
import multiprocessing
import pickle
import signal
import socket
import struct
from collections.abc import Callable
from typing import IO, Any, Concatenate, ParamSpec, TypeVar

from digit_classifier.reader import DigitReader
from digit_classifier.reader.workers import shielded
from digit_classifier.server.errors import ApiError, api_error

P = ParamSpec("P")
T = TypeVar("T")

# fork would copy ONNX Runtime's locks in whatever state its threads left them
_CONTEXT = multiprocessing.get_context("spawn")
_LENGTH = struct.Struct("!Q")  # before each answer; orders are pickles one after the other


class WorkerProcess:
    """One process, asked for one thing at a time; another takes its place when it dies."""

    _stream: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None
    _greeted: bool

    def __init__(self) -> None:
        """Start the process; it needs a moment before it answers."""
        self._start()
        # where nobody calls close: multiprocessing would wait for the process for ever
        atexit.register(self.close)

    @property
    def is_ready(self) -> bool:
        """Whether the process can read; one that was just started cannot yet."""
        return self._greeted

    async def ready(self) -> None:
        """Return once the process can read.

        Raises:
            EOFError: it died before.
            OSError: the same.
        """
        if self._stream is None:
            self._stream = await asyncio.open_connection(sock=self._socket)
        if not self._greeted:
            await _receive(self._stream[0])
            self._greeted = True

    async def ask(
        self,
        reader: DigitReader,
        work: "Callable[Concatenate[DigitReader, P], T]",
        *arguments: P.args,
        **named: P.kwargs,
    ) -> T:
        """Have the process carry `work` out with `reader`, and wait for what it returns.

        Who no longer waits, and is cancelled, has the process killed and another one started.

        Args:
            reader: what reads; the process is given it if it has another one of that name.
            work: a function of a module, since it is found by its name there.
            arguments: what it gets besides the reader.
            named: the same, by name.
        Raises:
            ApiError: what a client is to be told of any error of `work`; 503, the process died.
        """
        order = pickle.dumps((work, reader.name, arguments, named))
        for _ in range(2):  # whoever killed it may have meant another picture
            try:
                result: T = await self._ask(reader, order)
                return result
            except (EOFError, OSError):
                self._restart()
            except asyncio.CancelledError:
                self._restart()
                raise
        raise ApiError(
            503,
            "reader_died",
            "the process that read this died, perhaps for lack of memory; send a smaller picture "
            "or try again.",
            {"Retry-After": "1"},
        )

    def close(self) -> None:
        """End the process, whatever it is doing."""
        self._process.kill()
        self._process.join()
        with contextlib.suppress(RuntimeError):  # the loop has ended
            if self._stream:
                self._stream[1].transport.abort()
        self._socket.close()
        atexit.unregister(self.close)

    async def _ask(self, reader: DigitReader, order: bytes) -> Any:
        await self.ready()
        assert self._stream
        answers, orders = self._stream
        if self._known.get(reader.name) is not reader:
            orders.write(pickle.dumps(reader))
            self._known[reader.name] = reader
        orders.write(order)
        answer = pickle.loads(await _receive(answers))
        if isinstance(answer, ApiError):
            raise answer
        return answer

    def _start(self) -> None:
        self._socket, theirs = socket.socketpair()
        with theirs, shielded(signal.SIGINT, signal.SIGTERM):
            self._process = _CONTEXT.Process(target=_serve, args=(theirs,), name="reader")
            self._process.start()
        self._stream, self._greeted = None, False
        self._known: dict[str, DigitReader] = {}  # those that the process was given

    def _restart(self) -> None:
        # not joined: that would hold up the event loop, and the next start collects it
        self._process.kill()
        if self._stream:
            self._stream[1].transport.abort()
        self._socket.close()
        self._start()


async def _receive(stream: asyncio.StreamReader) -> bytes:
    (length,) = _LENGTH.unpack(await stream.readexactly(_LENGTH.size))
    return await stream.readexactly(length)


def _serve(connection: socket.socket) -> None:
    """In the process: learn models and carry out orders until the other end closes."""
    # A signal for the whole group is answered by the parent, which lets requests finish.
    for name in ("SIGINT", "SIGTERM"):
        signal.signal(getattr(signal, name), signal.SIG_IGN)
    # imported only where they are needed, which is here
    from digit_classifier.picture import finder

    importlib.import_module("digit_classifier.picture.pieces")
    importlib.import_module("PIL.PngImagePlugin")
    finder.load()
    readers: dict[str, DigitReader] = {}
    orders, answers = connection.makefile("rb"), connection.makefile("wb")
    with contextlib.suppress(EOFError, OSError, pickle.UnpicklingError):
        _write(answers, b"ready")
        while True:
            order = pickle.load(orders)
            if isinstance(order, DigitReader):
                readers[order.name] = order
                gc.freeze()  # what is loaded stays: not to be looked through again and again
                continue
            work, name, arguments, named = order
            try:
                answer = work(readers[name], *arguments, **named)
            except Exception as error:
                answer = api_error(error)
            _write(answers, pickle.dumps(answer))


def _write(stream: IO[bytes], message: bytes) -> None:
    stream.write(_LENGTH.pack(len(message)))
    stream.write(message)
    stream.flush()
