"""Where requests wait for somebody who reads: few places, so that nobody waits long."""

import asyncio
import contextlib
import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Generic, Protocol, TypeVar

from digit_classifier.server.metrics import Metrics
from digit_classifier.server.refusal import Refusal

# Once more than this share of the latest requests was refused there is a crowd, and nobody waits: a
# queue that stays full helps nobody, it only makes those wait who are let in. It is over when all
# hands would refuse a smaller share. Short bursts still find their places.
CROWDED = 0.33
LATEST = 32  # requests over which shares, gaps and times are sliding means
# To refuse a crowd takes a core of its own: so many hands then rest, and who is let in is not held
# up.
RESTING = 1


class Hand(Protocol):
    """What a thread of a desk works with."""

    def interrupt(self) -> None:
        """Give up what is under way; called from any thread."""

    def close(self) -> None:
        """Give up what is under way, and for good; called from any thread."""


T = TypeVar("T")
H = TypeVar("H", bound=Hand)


class Desk(Generic[H]):
    """A fixed number of hands behind a bounded queue, each with a thread that waits for it."""

    def __init__(
        self,
        hands: Sequence[H],
        places: int,
        seconds: float,
        metrics: Metrics,
        prepare: Callable[[H], object] = lambda _hand: None,
    ) -> None:
        """Start the threads.

        Args:
            hands: what the threads work with, one each.
            places: how many requests may wait while all hands are busy.
            seconds: longest time from arrival to answer.
            metrics: where waits are counted.
            prepare: what each thread does with its hand before the first request.
        """
        self._hands, self._places = len(hands), len(hands) + places
        self._few = max(1, len(hands) - RESTING)
        self._crowded = False
        self._refused = 0.0  # share
        self._gap = self._took = 0.0  # seconds between requests, and for one
        self._last = time.perf_counter()
        self._seconds = seconds
        self._metrics = metrics
        self._prepare = prepare
        metrics.depth.set_function(lambda: self._taken)
        self._taken = 0  # changed on the event loop only, as is who is idle
        self._waiting: deque[_Job] = deque()
        self._prepared: queue.SimpleQueue[Exception | None] = queue.SimpleQueue()
        self._clerks = [_Clerk(hand) for hand in hands]
        self._idle = list(self._clerks)
        # daemons: a picture that takes minutes must not keep the process from ending
        self._threads = [
            threading.Thread(target=self._work, args=(clerk,), name=f"reader-{n}", daemon=True)
            for n, clerk in enumerate(self._clerks)
        ]
        for thread in self._threads:
            thread.start()

    def wait(self) -> None:
        """Wait until all hands are ready for work; call it once.

        Raises:
            Exception: what kept one of them from it.
        """
        for _ in self._threads:
            if error := self._prepared.get():
                raise error

    def close(self, seconds: float) -> bool:
        """Let the threads end; whether they did within so many seconds."""
        self._waiting.clear()
        for clerk in self._clerks:
            clerk.inbox.put(None)
            clerk.hand.close()
        until = time.monotonic() + seconds
        for thread in self._threads:
            thread.join(max(0, until - time.monotonic()))
        return not any(thread.is_alive() for thread in self._threads)

    def check(self) -> None:
        """Refuse what there is no place for, best before its body is received.

        Raises:
            Refusal: 503, all places are taken.
        """
        if self._taken >= (self._few if self._crowded else self._places):
            self._count(refused=True)
            raise Refusal(
                503,
                "overloaded",
                f"{self._taken} requests are being read or wait already; try again in a second.",
                {"Retry-After": "1"},
            )

    async def run(self, work: Callable[[H], T]) -> T:
        """Have a thread do `work` with its hand, and wait for what it returns.

        Raises:
            Refusal: 503, all places are taken; 504, it took too long.
        """
        self.check()
        self._count(refused=False)
        loop = asyncio.get_running_loop()
        job = _Job(work, loop, loop.create_future())
        self._taken += 1
        timer = loop.call_later(self._seconds, self._give_up, job)
        if self._idle:
            # the one that worked last: what it needs is still in the caches of its core
            self._idle.pop().inbox.put(job)
        else:
            self._waiting.append(job)
        try:
            result: T = await job.answer
        finally:
            timer.cancel()
            if job.answer.cancelled():
                job.dropped = True
        return result

    def _count(self, *, refused: bool) -> None:
        """Judge from the latest requests whether there is a crowd."""
        now = time.perf_counter()
        self._gap += (now - self._last - self._gap) / LATEST
        self._last = now
        self._refused += (refused - self._refused) / LATEST
        if not self._crowded:
            self._crowded = self._refused > CROWDED
        elif 0 < self._took * (1 - CROWDED) < self._hands * self._gap:  # all hands could do it
            self._crowded, self._refused = False, 0.0

    def _give_up(self, job: "_Job") -> None:
        job.dropped = True
        for clerk in self._clerks:
            if clerk.job is job:
                clerk.hand.interrupt()
        if not job.answer.done():
            message = f"the picture was not read within {self._seconds:g} s; send a smaller one."
            job.answer.set_exception(Refusal(504, "too_slow", message))

    def _work(self, clerk: "_Clerk[H]") -> None:
        error = None
        try:
            self._prepare(clerk.hand)
        except Exception as raised:
            error = raised
        self._prepared.put(error)
        # the loop is closed where the server stopped without waiting for this answer
        with contextlib.suppress(RuntimeError):
            while job := clerk.inbox.get():
                self._serve(clerk, job)

    def _serve(self, clerk: "_Clerk[H]", job: "_Job") -> None:
        """Do this job, and what else waits."""
        more: _Job | None = job
        while more:
            job = more
            begun = time.perf_counter()
            self._metrics.wait.observe(begun - job.since)
            result, error = None, None
            clerk.job = job
            try:
                result = None if job.dropped else job.work(clerk.hand)
            except Exception as raised:
                error = raised
            clerk.job = None
            took = time.perf_counter() - begun
            self._took += (took - self._took) / (LATEST if self._took else 1)
            more = self._next()
            job.loop.call_soon_threadsafe(self._finish, job, result, error)
        job.loop.call_soon_threadsafe(self._rest, clerk)

    def _next(self) -> "_Job | None":
        try:
            return self._waiting.popleft()
        except IndexError:
            return None

    def _finish(self, job: "_Job", result: Any, error: Exception | None) -> None:
        self._taken -= 1
        if job.answer.done():
            return
        if error is None:
            job.answer.set_result(result)
        else:
            job.answer.set_exception(error)

    def _rest(self, clerk: "_Clerk[H]") -> None:
        if job := self._next():  # it came while the thread was on its way here
            clerk.inbox.put(job)
        else:
            self._idle.append(clerk)


class _Job:
    __slots__ = ("answer", "dropped", "loop", "since", "work")

    def __init__(
        self,
        work: Callable[[Any], Any],
        loop: asyncio.AbstractEventLoop,
        answer: "asyncio.Future[Any]",
    ) -> None:
        self.work, self.loop, self.answer = work, loop, answer
        self.since = time.perf_counter()
        self.dropped = False


class _Clerk(Generic[H]):
    """A thread's own: its hand, what it is to do next, and what it is doing."""

    def __init__(self, hand: H) -> None:
        self.hand = hand
        self.inbox: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self.job: _Job | None = None
