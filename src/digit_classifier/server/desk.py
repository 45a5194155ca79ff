"""Where requests wait for a thread that reads: few places, so that nobody waits long."""

import asyncio
import queue
import threading
import time
from collections.abc import Callable
from typing import Any, TypeVar

from digit_classifier.server.faults import Refusal
from digit_classifier.server.metrics import Metrics

T = TypeVar("T")

# While more than this share of the latest requests is refused, nobody waits: a queue that stays
# full helps nobody, it only makes those wait who are let in. Short bursts still find their places.
CROWDED = 0.33
LATEST = 32  # requests over which that share is a sliding mean
# Clients that ask again at once would be refused for ever: so often the queue is tried anew.
CROWDED_SECONDS = 5.0


class Desk:
    """A fixed number of threads behind a bounded queue.

    OpenCV and ONNX Runtime release Python's lock, so threads share the cores, and the event loop
    stays free for all that is quick.
    """

    def __init__(self, workers: int, places: int, seconds: float, metrics: Metrics) -> None:
        """Start the threads.

        Args:
            workers: how many.
            places: how many requests may wait while all threads are busy.
            seconds: longest time from arrival to answer.
            metrics: where waits are counted.
        """
        self._workers, self._places = workers, workers + places
        self._refused = 0.0
        self._calm_at = 0.0
        self._seconds = seconds
        self._metrics = metrics
        metrics.depth.set_function(lambda: self._taken)
        self._taken = 0  # changed on the event loop only
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        # daemons: a picture that takes minutes must not keep the process from ending
        self._threads = [
            threading.Thread(target=self._work, name=f"reader-{number}", daemon=True)
            for number in range(workers)
        ]
        for thread in self._threads:
            thread.start()

    def close(self, seconds: float) -> bool:
        """Let the threads end; whether they did within so many seconds."""
        for _ in self._threads:
            self._jobs.put(None)
        until = time.monotonic() + seconds
        for thread in self._threads:
            thread.join(max(0, until - time.monotonic()))
        return not any(thread.is_alive() for thread in self._threads)

    def check(self) -> None:
        """Refuse what there is no place for, best before its body is received.

        Raises:
            Refusal: 503, all places are taken.
        """
        now = time.monotonic()
        if self._refused >= CROWDED and now - self._calm_at > CROWDED_SECONDS:
            self._refused = 0.0
        if self._refused < CROWDED:
            self._calm_at = now
        places = self._places if self._refused < CROWDED else self._workers
        full = self._taken >= places
        self._refused += (full - self._refused) / LATEST
        if full:
            raise Refusal(
                503,
                "overloaded",
                f"{self._taken} requests are being read or wait already; try again in a second.",
                {"Retry-After": "1"},
            )

    async def run(self, work: Callable[[], T]) -> T:
        """Have a thread do `work`, and wait for what it returns.

        Raises:
            Refusal: 503, all places are taken; 504, it took too long.
        """
        self.check()
        loop = asyncio.get_running_loop()
        job = _Job(work, loop, loop.create_future())
        self._taken += 1
        timer = loop.call_later(self._seconds, self._give_up, job)
        self._jobs.put(job)
        try:
            result: T = await job.answer
        finally:
            timer.cancel()
            if job.answer.cancelled():
                job.dropped = True
        return result

    def _give_up(self, job: "_Job") -> None:
        job.dropped = True
        if not job.answer.done():
            message = f"the picture was not read within {self._seconds:g} s; send a smaller one."
            job.answer.set_exception(Refusal(504, "too_slow", message))

    def _work(self) -> None:
        while job := self._jobs.get():
            self._metrics.wait.observe(time.perf_counter() - job.since)
            result, error = None, None
            if not job.dropped:
                try:
                    result = job.work()
                except Exception as raised:
                    error = raised
            try:
                job.loop.call_soon_threadsafe(self._finish, job, result, error)
            except RuntimeError:  # the loop is closed: the server stopped without this answer
                return

    def _finish(self, job: "_Job", result: Any, error: Exception | None) -> None:
        self._taken -= 1
        if job.answer.done():
            return
        if error is None:
            job.answer.set_result(result)
        else:
            job.answer.set_exception(error)


class _Job:
    __slots__ = ("answer", "dropped", "loop", "since", "work")

    def __init__(
        self,
        work: Callable[[], Any],
        loop: asyncio.AbstractEventLoop,
        answer: "asyncio.Future[Any]",
    ) -> None:
        self.work, self.loop, self.answer = work, loop, answer
        self.since = time.perf_counter()
        self.dropped = False
