"""A process that reads: reading is mostly Python, and threads would wait for each other's turn."""

import atexit
import contextlib
import gc
import importlib
import multiprocessing
import pickle
import signal
import threading
import traceback
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

from digit_classifier.onnx_model import OnnxModel
from digit_classifier.reader import DigitReader
from digit_classifier.reader.workers import shielded
from digit_classifier.server.refusal import Refusal, refusal

if TYPE_CHECKING:
    from digit_classifier.server.shelf import Shelved

P = ParamSpec("P")
T = TypeVar("T")

# fork would copy ONNX Runtime's locks in whatever state its threads left them
_CONTEXT = multiprocessing.get_context("spawn")


class Helper:
    """One process, asked by one thread at a time; another takes its place when it dies."""

    def __init__(self) -> None:
        """Start the process; it needs a moment before it answers."""
        self._interrupted = self._closed = self._greeted = False
        self._ending = threading.Lock()
        self._start()
        # where nobody calls close: multiprocessing would wait for the process for ever
        atexit.register(self.close)

    def ask(
        self,
        model: "Shelved",
        work: "Callable[Concatenate[DigitReader, P], T]",
        *arguments: P.args,
        **named: P.kwargs,
    ) -> T:
        """Have the process carry `work` out with `model`, and wait for what it returns.

        Args:
            model: what reads; the process is given it if it has another one of that name.
            work: a function of a module, since it is found by its name there.
            arguments: what it gets besides the reader.
            named: the same, by name.
        Raises:
            Refusal: what a client is to be told of any error of `work`; 503, the process died.
        """
        self._interrupted = False
        order = pickle.dumps((work, model.name, arguments, named))
        for _ in range(2):  # whoever killed it may have meant another picture
            try:
                result: T = self._ask(model, order)
                return result
            except (EOFError, OSError):
                self._end()
                with self._ending:
                    if self._closed:
                        break
                    self._start()
                if self._interrupted:
                    # the next request is not to wait for it: its time would run
                    with contextlib.suppress(EOFError, OSError):
                        self._greet()
                    break
        raise Refusal(
            503,
            "reader_died",
            "the process that read this died, perhaps for lack of memory; send a smaller picture "
            "or try again.",
            {"Retry-After": "1"},
        )

    def interrupt(self) -> None:
        """Kill the process, from any thread: what it is asked for will not be answered."""
        self._interrupted = True
        self._process.kill()

    def close(self) -> None:
        """End the process, from any thread, whatever it is doing."""
        with self._ending:
            self._closed = True
        self._process.kill()
        self._process.join()
        atexit.unregister(self.close)

    def _greet(self) -> None:
        """Wait until the process can read."""
        if not self._greeted:
            self._connection.recv_bytes()
            self._greeted = True

    def _ask(self, model: "Shelved", order: bytes) -> Any:
        self._greet()
        if self._known.get(model.name) is not model:
            self._connection.send_bytes(pickle.dumps((model.name, model.content)))
            self._known[model.name] = model
        self._connection.send_bytes(order)
        answer = pickle.loads(self._connection.recv_bytes())
        if isinstance(answer, Refusal):
            raise answer
        return answer

    def _start(self) -> None:
        ours, theirs = _CONTEXT.Pipe()
        process = _CONTEXT.Process(target=_serve, args=(theirs,), name="reader")
        with shielded(signal.SIGINT, signal.SIGTERM):
            process.start()
        theirs.close()
        self._process, self._connection, self._greeted = process, ours, False
        self._known: dict[str, Shelved] = {}  # models that the process was given

    def _end(self) -> None:
        self._connection.close()
        self._process.kill()
        self._process.join()


def _serve(connection: Connection) -> None:
    """In the process: learn models and carry out orders until the other end closes."""
    # A signal for the whole group is answered by the parent, which lets requests finish.
    for name in ("SIGINT", "SIGTERM"):
        signal.signal(getattr(signal, name), signal.SIG_IGN)
    # imported only where they are needed, which is here
    importlib.import_module("digit_classifier.picture.layout")
    importlib.import_module("PIL.PngImagePlugin")
    readers: dict[str, DigitReader] = {}
    with contextlib.suppress(OSError):
        connection.send_bytes(b"ready")
    while True:
        try:
            message = pickle.loads(connection.recv_bytes())
        except (EOFError, OSError):
            return
        if len(message) == 2:
            given, content = message
            readers[given] = DigitReader(OnnxModel(content))
            readers[given].name = given
            gc.freeze()  # what is loaded stays: not to be looked through again and again
            continue
        work, name, arguments, named = message
        try:
            answer = work(readers[name], *arguments, **named)
        except Exception as error:
            answer = refusal(error)
            if answer.status == 500:
                traceback.print_exc()
        try:
            connection.send_bytes(pickle.dumps(answer))
        except OSError:
            return
