"""Who gets a place: bursts wait, a crowd does not."""

import asyncio
import math
import time
from concurrent.futures import ThreadPoolExecutor

from digit_classifier.server.admission import SOON, AdmissionQueue
from digit_classifier.server.errors import ApiError
from digit_classifier.server.metrics import Metrics


class Ready:
    """A hand that only waits."""

    is_ready = True

    async def ready(self) -> None:
        """It always is."""

    def close(self) -> None:
        """It holds nothing."""


class Held:
    """A desk with four waiting places, whose work ends when it is let go."""

    def __init__(self, hands: int = 1) -> None:
        self.queue = AdmissionQueue([Ready() for _ in range(hands)], 4, 60, Metrics())
        self.go = asyncio.Event()
        self.tasks: list[asyncio.Task[bool]] = []

    async def ask(self) -> bool:
        """Whether one more request is taken."""
        try:
            self.queue.check()
        except ApiError:
            return False
        self.tasks.append(asyncio.create_task(self.queue.run(self.work)))
        await asyncio.sleep(0)
        return True

    async def work(self, _: Ready) -> bool:
        await self.go.wait()
        await asyncio.sleep(0.01)
        return True

    async def finish(self) -> None:
        """Let all work end, and wait for it."""
        self.go.set()
        await asyncio.gather(*self.tasks)
        self.tasks.clear()
        self.go.clear()

    async def crowd(self) -> None:
        """Ask for far more than there is room for, then let what was taken end."""
        for _ in range(40):
            await self.ask()
        await asyncio.sleep(0.05)  # work takes longer than requests are apart
        await self.finish()
        self.queue._last = time.perf_counter()  # however long that took on a busy machine


def run(test, hands: int = 1) -> None:
    """In a thread: a browser of other tests may keep a loop running in this one."""

    async def within_a_minute() -> None:
        await asyncio.wait_for(test(Held(hands)), 60)

    with ThreadPoolExecutor(1) as thread:
        thread.submit(lambda: asyncio.run(within_a_minute())).result()


def test_a_burst_finds_the_waiting_places() -> None:
    async def test(held: Held) -> None:
        assert [await held.ask() for _ in range(6)] == [True] * 5 + [False]
        await held.finish()
        assert await held.ask()
        await held.finish()

    run(test)


def test_of_quick_work_as_much_may_wait_as_is_done_soon() -> None:
    async def test(held: Held) -> None:
        held.queue._took.extend([SOON / 10] * 20 + [1.0] * 5)  # and a few slow ones
        assert [await held.ask() for _ in range(12)] == [True] * 10 + [False] * 2
        await held.finish()

    run(test)


def test_in_a_crowd_nobody_waits() -> None:
    async def test(held: Held) -> None:
        await held.crowd()
        assert [await held.ask() for _ in range(3)] == [True, False, False]
        await held.finish()

    run(test)


def test_in_a_crowd_one_hand_rests() -> None:
    async def test(held: Held) -> None:
        await held.crowd()
        assert [await held.ask() for _ in range(4)] == [True, True, False, False]
        await held.finish()

    run(test, hands=3)


def test_once_all_hands_could_do_what_is_asked_bursts_may_wait_again() -> None:
    async def test(held: Held) -> None:
        await held.crowd()
        for _ in range(100):
            assert await held.ask()
            await held.finish()
            await asyncio.sleep(0.01)
        assert [await held.ask() for _ in range(6)] == [True] * 5 + [False]
        await held.finish()

    run(test)


def test_a_crowd_lasts_while_it_would_keep_all_hands_busy() -> None:
    async def test(held: Held) -> None:
        await held.crowd()
        held.queue._took.extend([0.1] * 32)
        for share, taken in ((0.9, False), (0.6, True)):  # of the time of two hands
            held.queue._gap, held.queue._last = 0.1 / 2 / share, time.perf_counter()
            assert [await held.ask() for _ in range(2)] == [True, taken]
            held.go.set()
            await asyncio.gather(*held.tasks)
            held.go.clear()

    run(test, hands=2)


def test_a_crowd_is_over_when_all_hands_would_refuse_nobody() -> None:
    async def test(held: Held) -> None:
        await held.crowd()
        held.queue._usual = lambda: math.inf  # not for having had time
        for _ in range(20):
            assert [await held.ask() for _ in range(2)] == [True, False]  # half of all
            await held.finish()
        for _ in range(20):
            assert await held.ask()
            await held.finish()
        assert [await held.ask() for _ in range(2)] == [True, True]
        await held.finish()

    run(test, hands=2)


def test_one_slow_picture_does_not_prolong_a_crowd() -> None:
    async def test(held: Held) -> None:
        await held.ask()
        await asyncio.sleep(1)
        await held.crowd()
        for _ in range(40):
            await asyncio.sleep(0.02)
            await held.ask()
            await held.finish()
        assert [await held.ask() for _ in range(6)] == [True] * 5 + [False]
        await held.finish()

    run(test)


def test_all_who_wait_are_served_and_no_hand_is_lost() -> None:
    async def test(held: Held) -> None:
        for _ in range(50):
            assert [await held.ask() for _ in range(7)] == [True] * 6 + [False]
            await held.finish()
            held.queue._refused = 0.0  # bursts with a pause between them, without the pause

    run(test, hands=2)
