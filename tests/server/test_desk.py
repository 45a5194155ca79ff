"""Who gets a place: bursts wait, a crowd does not."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from digit_classifier.server import desk as desks
from digit_classifier.server.desk import Desk
from digit_classifier.server.faults import Refusal
from digit_classifier.server.metrics import Metrics


class Held:
    """A desk of one thread and four waiting places, whose work ends when it is let go."""

    def __init__(self) -> None:
        self.desk = Desk(1, 4, 60, Metrics())
        self.go = threading.Event()
        self.tasks: list[asyncio.Task[bool]] = []

    async def ask(self) -> bool:
        """Whether one more request is taken."""
        try:
            self.desk.check()
        except Refusal:
            return False
        self.tasks.append(asyncio.create_task(self.desk.run(lambda: self.go.wait(60))))
        await asyncio.sleep(0)
        return True

    async def finish(self) -> None:
        """Let all work end, and wait for it."""
        self.go.set()
        await asyncio.gather(*self.tasks)
        self.tasks.clear()
        self.go.clear()


def run(test) -> None:
    """In a thread: a browser of other tests may keep a loop running in this one."""

    async def within_a_minute() -> None:
        await asyncio.wait_for(test(Held()), 60)

    with ThreadPoolExecutor(1) as thread:
        thread.submit(lambda: asyncio.run(within_a_minute())).result()


def test_a_burst_finds_the_waiting_places() -> None:
    async def test(held: Held) -> None:
        assert [await held.ask() for _ in range(6)] == [True] * 5 + [False]
        await held.finish()
        assert await held.ask()
        await held.finish()

    run(test)


def test_in_a_crowd_nobody_waits() -> None:
    async def test(held: Held) -> None:
        for _ in range(40):
            await held.ask()
        await held.finish()
        assert [await held.ask() for _ in range(3)] == [True, False, False]
        await held.finish()

    run(test)


def test_once_the_crowd_is_gone_bursts_may_wait_again() -> None:
    async def test(held: Held) -> None:
        for _ in range(40):
            await held.ask()
        for _ in range(60):
            await held.finish()
            assert await held.ask()
        assert [await held.ask() for _ in range(4)] == [True] * 4
        await held.finish()

    run(test)


def test_a_crowd_that_asks_again_at_once_is_let_wait_after_a_while(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def test(held: Held) -> None:
        for _ in range(40):
            await held.ask()
        await held.finish()
        assert [await held.ask() for _ in range(2)] == [True, False]
        monkeypatch.setattr(desks, "CROWDED_SECONDS", 0.0)
        assert [await held.ask() for _ in range(4)] == [True] * 4
        await held.finish()

    run(test)
