"""A load generator: HTTP/1.1 over keep-alive connections of one process, cheap beside any server.

Two kinds of load. Closed: so many connections, each sends its next request when it has its answer;
that measures capacity. Open: requests are due at a fixed rate whatever the server does, and the
time of each counts from when it was due, not from when it could be sent, so that a slow server
cannot hide behind its own slowness (coordinated omission).
"""

import asyncio
import select
import selectors
from collections import deque
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from itertools import cycle
from typing import Any

import numpy as np

DRAIN_SECONDS = 10.0  # after the last request was due: what has no answer by then is lost


@dataclass
class Outcome:
    """What became of the requests.

    Attributes:
        due: when each answered request was due, seconds from the start.
        seconds: from then to the last byte of its answer.
        status: HTTP status of each.
        late: seconds by which each request of an open load was sent after it was due: this
            generator's own fault, or for want of a free connection; contained in `seconds`.
        lost: requests whose connection was reset or closed before the answer, or without answer.
        wall: seconds from the first request to the last answer.
    """

    due: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    status: list[int] = field(default_factory=list)
    late: list[float] = field(default_factory=list)
    lost: int = 0
    wall: float = 0.0

    def times(self, status: int = 200) -> np.ndarray:
        """Milliseconds of the answers with that status."""
        return 1e3 * np.array(self.seconds)[np.array(self.status, int) == status]

    def count(self, status: int = 200) -> int:
        """How many had that status."""
        return self.status.count(status)

    @property
    def rate(self) -> float:
        """Answers with status 200 a second."""
        return self.count() / self.wall


def request(path: str, body: bytes, kind: str) -> bytes:
    """The bytes of one POST."""
    head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: {kind}\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


def closed(port: int, requests: Sequence[bytes], connections: int, seconds: float) -> Outcome:
    """Ask as fast as the server answers, on so many connections at once."""
    return _run(_closed(port, requests, connections, lambda _, now: now >= seconds))


def repeat(port: int, requests: Sequence[bytes], connections: int, total: int) -> Outcome:
    """As `closed`, so many requests in all."""
    return _run(_closed(port, requests, connections, lambda sent, _: sent >= total))


def opened(
    port: int, requests: Sequence[bytes], plan: Sequence[tuple[float, float]], most: int = 256
) -> Outcome:
    """Ask at fixed rates.

    Args:
        port: of the server, on this machine.
        requests: sent in turn.
        plan: (requests a second, seconds), one after the other.
        most: connections; where all are busy a request waits for one, and that counts.
    """
    return _run(_opened(port, requests, plan, most))


class _Selector(selectors.DefaultSelector):
    """Waits for microseconds, as select() does, and looks at few of many sockets, as epoll does.

    epoll alone waits for whole milliseconds, and select() alone looks at every socket each time.
    """

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout and timeout > 0 and hasattr(self, "fileno"):
            select.select([self.fileno()], [], [], timeout)
            timeout = 0
        return super().select(timeout)


def _run(work: Coroutine[Any, Any, Outcome]) -> Outcome:
    loop = asyncio.SelectorEventLoop(_Selector())
    try:
        return loop.run_until_complete(work)
    finally:
        loop.close()


class _Connection(asyncio.Protocol):
    """One keep-alive connection with at most one request under way."""

    def __init__(self, answered: "Callable[[_Connection, int, float], None]") -> None:
        self._answered = answered
        self._received = b""
        self._needed = -1
        self.transport: asyncio.Transport
        self.due: float | None = None
        self.open = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport, self.open = transport, True

    def ask(self, data: bytes, due: float) -> None:
        """Send one request that was due then."""
        self.due = due
        self.transport.write(data)

    def data_received(self, data: bytes) -> None:
        received = self._received = self._received + data if self._received else data
        if self._needed < 0:
            end = received.find(b"\r\n\r\n")
            if end < 0:
                return
            head = received[:end].lower()
            at = head.index(b"content-length:") + 15
            self._needed = end + 4 + int(head[at:].split(b"\r\n", 1)[0])
        if len(received) >= self._needed:
            due, status = self.due, int(received[9:12])
            self._received, self._needed, self.due = b"", -1, None
            if due is not None:  # else: told that it is closed for having been idle
                self._answered(self, status, due)

    def connection_lost(self, _exc: Exception | None) -> None:
        self.open = False
        if self.due is not None:
            due, self.due = self.due, None
            self._answered(self, 0, due)


async def _closed(
    port: int, requests: Sequence[bytes], count: int, is_enough: Callable[[int, float], bool]
) -> Outcome:
    loop = asyncio.get_running_loop()
    outcome, turn, sent, busy = Outcome(), cycle(requests), 0, count
    finished: asyncio.Future[None] = loop.create_future()

    def answered(connection: _Connection, status: int, due: float) -> None:
        nonlocal sent, busy
        now = loop.time() - start
        _note(outcome, status, due, now)
        if connection.open and not is_enough(sent, now):
            sent += 1
            connection.ask(next(turn), now)
            return
        busy -= 1
        if busy == 0:
            finished.set_result(None)

    connections = await _connect(port, count, answered)
    start = loop.time()
    for connection in connections:
        sent += 1
        connection.ask(next(turn), 0.0)
    await finished
    outcome.wall = loop.time() - start
    await _close(connections)
    return outcome


async def _opened(
    port: int, requests: Sequence[bytes], plan: Sequence[tuple[float, float]], most: int
) -> Outcome:
    loop = asyncio.get_running_loop()
    outcome, turn = Outcome(), cycle(requests)
    waiting: deque[float] = deque()
    idle: deque[_Connection] = deque()  # in turn, so that none is idle for long

    def ask(connection: _Connection, due: float) -> None:
        outcome.late.append(loop.time() - start - due)
        connection.ask(next(turn), due)

    def answered(connection: _Connection, status: int, due: float) -> None:
        _note(outcome, status, due, loop.time() - start)
        if not connection.open:
            return
        if waiting:
            ask(connection, waiting.popleft())
        else:
            idle.append(connection)

    connections = await _connect(port, most, answered)
    idle += connections
    start, asked = loop.time(), 0
    for due in schedule(plan):
        if (wait := due - (loop.time() - start)) > 0 or asked % 32 == 0:
            await asyncio.sleep(max(wait, 0))
        asked += 1
        while idle and not idle[0].open:
            idle.popleft()
        if idle:
            ask(idle.popleft(), due)
        else:
            waiting.append(due)
    until = loop.time() + DRAIN_SECONDS
    while len(outcome.seconds) + outcome.lost < asked and loop.time() < until:
        await asyncio.sleep(0.005)
    outcome.lost = asked - len(outcome.seconds)
    outcome.wall = loop.time() - start
    await _close(connections)
    return outcome


def schedule(plan: Sequence[tuple[float, float]]) -> list[float]:
    """When each request is due."""
    due: list[float] = []
    begin = 0.0
    for rate, seconds in plan:
        due += (begin + np.arange(round(rate * seconds)) / rate).tolist()
        begin += seconds
    return due


async def _connect(
    port: int, count: int, answered: Callable[[_Connection, int, float], None]
) -> list[_Connection]:
    loop = asyncio.get_running_loop()
    connections = []
    for _ in range(count):
        _, made = await loop.create_connection(lambda: _Connection(answered), "127.0.0.1", port)
        connections.append(made)
    return connections


async def _close(connections: Sequence[_Connection]) -> None:
    for connection in connections:
        connection.due = None
        connection.transport.abort()
    await asyncio.sleep(0)


def _note(outcome: Outcome, status: int, due: float, now: float) -> None:
    if status == 0:
        outcome.lost += 1
        return
    outcome.due.append(due)
    outcome.seconds.append(now - due)
    outcome.status.append(status)
