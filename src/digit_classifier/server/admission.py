"""Where requests wait for a worker: a bounded queue, whose length is a time.

Bursts wait: a class that sends at the same moment is answered. Under overload nobody waits, since
a queue that stays full only makes those wait who are let in.
"""

import asyncio
import contextlib
import math
import statistics
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, Protocol, TypeVar

from digit_classifier.server.access_log import Metrics
from digit_classifier.server.errors import ApiError

# However few places `Limits.queue` gives: what is answered within so long may wait.
MAX_QUEUE_DELAY = 0.1  # seconds
# Under overload, one worker in so many rests: to refuse takes a share of the cores, too.
RESERVED_WORKERS = 1
# Overload ends once the requests of so long were no more than all workers can do.
WINDOW = 0.25  # seconds
LATEST = 32  # requests of whose time the median is taken


class Worker(Protocol):
    """What does the work, one piece at a time."""

    @property
    def is_ready(self) -> bool:
        """Whether it can work; not for a while after its work was cancelled."""

    async def ready(self) -> None:
        """Return once it can work."""

    def close(self) -> None:
        """Give up what is under way, and for good."""


T = TypeVar("T")
W = TypeVar("W", bound=Worker)


class AdmissionQueue(Generic[W]):
    """A fixed number of workers behind a bounded queue. All of it happens on one event loop."""

    def __init__(self, workers: Sequence[W], places: int, seconds: float, metrics: Metrics) -> None:
        """Take the workers in charge.

        Args:
            workers: who works.
            places: how many requests may wait while all workers are busy; more where they are
                answered within `MAX_QUEUE_DELAY`.
            seconds: longest time that a worker gets for one; how long one waits is bounded by
                the places.
            metrics: where waits are counted.
        """
        self._workers, self._places, self._seconds = workers, places, seconds
        self._metrics = metrics
        metrics.depth.set_function(lambda: self._taken)
        self._taken = 0
        self._idle = list(workers)
        self._waiting: deque[asyncio.Future[W]] = deque()
        self._recovering: set[asyncio.Task[None]] = set()
        self._took: deque[float] = deque(maxlen=LATEST)  # seconds for one
        self._is_overloaded = False
        self._since, self._arrived = 0.0, 0  # requests of the current window

    def close(self) -> None:
        """Give up what is under way, and for good."""
        for worker in self._workers:
            worker.close()

    def check(self) -> None:
        """Refuse what there is no place for, best before its body is received.

        Raises:
            ApiError: 503, all places are taken.
        """
        if self._taken < self._limit():
            return
        self._count()
        self._is_overloaded = True
        wait = self._taken * self._usual() / len(self._workers)
        retry = max(1, math.ceil(min(wait, self._seconds)))
        raise ApiError(
            503,
            "overloaded",
            f"{self._taken} requests are being read or wait already; try again in {retry} s.",
            {"Retry-After": str(retry)},
        )

    async def run(self, work: Callable[[W], Awaitable[T]]) -> T:
        """Have a worker do `work`, and wait for what it returns.

        Raises:
            ApiError: 503, all places are taken; 504, it took too long.
        """
        self.check()
        self._count()
        self._taken += 1
        arrived = _now()
        try:
            worker = self._idle.pop() if self._idle else await self._next()
            begun = _now()
            self._metrics.wait.observe(begun - arrived)
            try:
                async with asyncio.timeout(self._seconds):
                    return await work(worker)
            except TimeoutError:
                message = (
                    f"the picture was not read within {self._seconds:g} s; send a smaller one."
                )
                raise ApiError(504, "too_slow", message) from None
            finally:
                self._took.append(_now() - begun)
                self._release(worker)
        finally:
            self._taken -= 1

    def _limit(self) -> int:
        """How many requests may be read or wait."""
        workers = len(self._workers)
        if self._is_overloaded:
            return max(1, workers - RESERVED_WORKERS)
        if self._taken < workers + self._places:
            return workers + self._places
        quick = MAX_QUEUE_DELAY * workers / max(self._usual(), 1e-6)
        return workers + max(self._places, int(quick))

    def _usual(self) -> float:
        """Seconds that one takes; one slow picture among many changes nothing."""
        return statistics.median(self._took) if self._took else 1.0

    def _count(self) -> None:
        """Count one request; at the end of a window, judge whether overload is over."""
        self._arrived += 1
        now = _now()
        elapsed = now - self._since
        if elapsed >= WINDOW:
            if self._arrived * self._usual() < elapsed * len(self._workers):
                self._is_overloaded = False
            self._since, self._arrived = now, 0

    async def _next(self) -> W:
        """Wait in line for a worker."""
        turn: asyncio.Future[W] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            return await turn
        except asyncio.CancelledError:
            if not turn.cancelled():  # it was its turn at that moment
                self._release(turn.result())
            raise

    def _release(self, worker: W) -> None:
        """Give a worker to who waits longest, or let it rest."""
        if not worker.is_ready:  # the time of who gets it would run
            task = asyncio.create_task(self._recover(worker))
            self._recovering.add(task)  # the loop itself would let it be collected
            task.add_done_callback(self._recovering.discard)
            return
        self._pass_on(worker)

    async def _recover(self, worker: W) -> None:
        with contextlib.suppress(EOFError, OSError):  # who asks it next is told
            await worker.ready()
        self._pass_on(worker)

    def _pass_on(self, worker: W) -> None:
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(worker)
                return
        # the one that worked last is taken first: what it needs is still in the caches of its core
        self._idle.append(worker)


def _now() -> float:
    return asyncio.get_running_loop().time()
