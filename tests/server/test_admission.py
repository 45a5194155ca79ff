"""Who is answered, and who is refused: in virtual time, so that an hour of load takes seconds."""

import asyncio
import selectors
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np
import pytest

from digit_classifier.server.access_log import Metrics
from digit_classifier.server.admission import AdmissionQueue
from digit_classifier.server.errors import ApiError

DRAWING, PHOTOGRAPH = 0.002, 0.2  # seconds that a worker needs


class Ready:
    """A worker that only waits."""

    is_ready = True

    async def ready(self) -> None:
        """It always is."""

    def close(self) -> None:
        """It holds nothing."""


class VirtualTime(asyncio.SelectorEventLoop):
    """A loop that waits for nothing: where it would sleep, its clock jumps."""

    def __init__(self) -> None:
        self._seconds = 0.0
        selector = selectors.SelectSelector()
        super().__init__(selector)
        select = selector.select

        def jump(timeout: float | None = None) -> list:
            self._seconds += timeout or 0.0
            return select(0)

        selector.select = jump

    def time(self) -> float:
        """Seconds from the start."""
        return self._seconds


@dataclass
class Load:
    """A queue with two workers, and what became of the requests."""

    queue: AdmissionQueue[Ready]
    answered: list[tuple[float, float]] = field(default_factory=list)  # when asked, how long
    refused: list[tuple[float, int]] = field(default_factory=list)  # when asked, Retry-After

    async def ask(self, seconds: float) -> None:
        """One request."""
        now = asyncio.get_running_loop().time
        asked = now()
        try:
            await self.queue.run(lambda _: asyncio.sleep(seconds))
        except ApiError as error:
            self.refused.append((asked, int(error.headers["Retry-After"])))
        else:
            self.answered.append((asked, now() - asked))

    async def many(self, rate: float, seconds: float, each: float, seed: int = 0) -> None:
        """Requests at random moments, each of a random length."""
        rng = np.random.default_rng(seed)
        async with asyncio.TaskGroup() as group:
            for gap in rng.exponential(1 / rate, round(rate * seconds)):
                await asyncio.sleep(gap)
                group.create_task(self.ask(each * rng.uniform(0.7, 1.3)))

    async def at_once(self, *times: float) -> None:
        """Requests at the same moment."""
        await asyncio.gather(*map(self.ask, times))

    def p99(self, start: float = 0.0) -> float:
        """Of the time that answered requests took."""
        return float(np.percentile([took for asked, took in self.answered if asked >= start], 99))


def run(test: Callable[[Load], Awaitable[None]], workers: int = 2, seconds: float = 10) -> Load:
    """In a thread: a browser of other tests may keep a loop running in this one."""

    async def begin() -> Load:
        load = Load(AdmissionQueue([Ready() for _ in range(workers)], 32, seconds, Metrics()))
        await test(load)
        return load

    def within() -> Load:
        with asyncio.Runner(loop_factory=VirtualTime) as runner:
            return runner.run(begin())

    with ThreadPoolExecutor(1) as thread:
        return thread.submit(within).result()


@pytest.mark.parametrize(("each", "longest"), [(DRAWING, 2), (PHOTOGRAPH, 5)])
def test_a_class_that_sends_at_the_same_moment_is_answered(each: float, longest: float) -> None:
    load = run(lambda load: load.at_once(*[each] * 25))
    assert len(load.answered) == 25
    assert max(took for _, took in load.answered) < longest


def test_drawings_beside_photographs_are_answered_too() -> None:
    load = run(lambda load: load.at_once(*[PHOTOGRAPH, DRAWING] * 16))
    assert not load.refused


@pytest.mark.parametrize("each", [0.0004, DRAWING, PHOTOGRAPH])
@pytest.mark.parametrize("workers", [1, 2, 8])
def test_at_seventy_percent_of_capacity_nothing_is_refused(each: float, workers: int) -> None:
    rate = 0.7 * workers / each
    load = run(lambda load: load.many(rate, 4000 / rate, each), workers)
    assert not load.refused


async def overload(load: Load, share: float = 4) -> None:
    """For ten seconds, then five quiet ones."""
    await load.many(share * 2 / DRAWING, 10, DRAWING)
    await load.many(50, 5, DRAWING)


def test_under_overload_who_is_accepted_waits_hardly_longer_than_alone() -> None:
    alone = run(lambda load: load.many(50, 20, DRAWING)).p99()
    crowded = run(overload)
    assert crowded.p99(start=1) <= 2 * alone
    assert len(crowded.answered) > 4000  # one of two workers at the least
    assert crowded.refused


def test_a_second_after_an_overload_nothing_is_refused_or_slow() -> None:
    load = run(overload)
    end = max(asked for asked, _ in load.refused)
    assert end < 10.5
    assert load.p99(start=11) < 2 * DRAWING


@pytest.mark.parametrize("share", [0.7, 0.9])
def test_after_an_overload_what_the_workers_can_do_is_done(share: float) -> None:
    async def test(load: Load) -> None:
        await load.many(4 * 2 / DRAWING, 2, DRAWING)
        await load.many(share * 2 / DRAWING, 10, DRAWING, seed=1)

    load = run(test)
    assert all(asked < 3.5 for asked, _ in load.refused)


def test_one_slow_picture_prolongs_no_overload() -> None:
    async def test(load: Load) -> None:
        slow = asyncio.create_task(load.ask(5))
        await load.many(4 * 2 / DRAWING, 2, DRAWING)
        await slow
        await load.many(300, 2, DRAWING)

    load = run(test)
    assert all(asked < 5 for asked, _ in load.refused)


def test_who_is_refused_is_told_when_to_come_again() -> None:
    async def test(load: Load) -> None:
        await load.many(10, 2, PHOTOGRAPH)  # from which it learns how long one takes
        await load.at_once(*[PHOTOGRAPH] * 80)

    load = run(test)
    assert load.refused
    assert {retry for _, retry in load.refused} <= {3, 4, 5}


def test_the_time_limit_counts_from_when_a_worker_begins() -> None:
    async def test(load: Load) -> None:
        await load.at_once(*[PHOTOGRAPH] * 30)  # the last one waits for three seconds

    assert len(run(test, seconds=1).answered) == 30


def test_what_takes_too_long_is_504_and_no_worker_is_lost() -> None:
    async def test(load: Load) -> None:
        for _ in range(3):
            with pytest.raises(ApiError) as slow:
                await load.queue.run(lambda _: asyncio.sleep(100))
            assert slow.value.status == 504
        await load.at_once(*[DRAWING] * 30)

    assert len(run(test, seconds=1).answered) == 30
