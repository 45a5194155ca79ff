"""Where requests wait for somebody who reads: few places, so that nobody waits long."""

import asyncio
import contextlib
import math
import statistics
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, Protocol, TypeVar

from digit_classifier.server.errors import ApiError
from digit_classifier.server.metrics import Metrics

# Once more than this share of the latest requests was refused there is a crowd, and nobody waits: a
# queue that stays full helps nobody, it only makes those wait who are let in. Short bursts still
# find their places.
CROWDED = 0.33
# A crowd is over when all hands would be busy for less than this share of their time (they share
# the cores with whoever brings them the work, so that all of it is more than they could do), or
# when so few are refused that all hands would refuse nobody.
EASY = 0.75
LATEST = 32  # requests over which shares and gaps are sliding means, and times a median
# However few places there are: who will be served so soon may wait. Quick work comes in bursts.
SOON = 0.005  # seconds
# To refuse a crowd takes a core of its own: so many hands then rest, and who is let in is not held
# up.
RESTING = 1


class Worker(Protocol):
    """What does a desk's work, one piece at a time."""

    @property
    def is_ready(self) -> bool:
        """Whether it can work; not for a while after its work was cancelled."""

    async def ready(self) -> None:
        """Return once it can work."""

    def close(self) -> None:
        """Give up what is under way, and for good."""


T = TypeVar("T")
H = TypeVar("H", bound=Worker)


class AdmissionQueue(Generic[H]):
    """A fixed number of hands behind a bounded queue. All of it happens on one event loop."""

    def __init__(self, hands: Sequence[H], places: int, seconds: float, metrics: Metrics) -> None:
        """Take the hands in charge.

        Args:
            hands: who works.
            places: how many requests may wait while all hands are busy; more where all of them
                are served within `SOON`.
            seconds: longest time from arrival to answer.
            metrics: where waits are counted.
        """
        self._hands, self._places = hands, len(hands) + places
        self._few = max(1, len(hands) - RESTING)
        self._crowded = False
        self._refused = 0.0  # share
        self._gap = 0.0  # seconds between requests
        self._took: deque[float] = deque(maxlen=LATEST)  # seconds for one
        self._last = time.perf_counter()
        self._seconds = seconds
        self._metrics = metrics
        metrics.depth.set_function(lambda: self._taken)
        self._taken = 0
        self._idle = list(hands)
        self._waiting: deque[asyncio.Future[H]] = deque()
        self._recovering: set[asyncio.Task[None]] = set()

    async def prepare(self, work: Callable[[H], Awaitable[object]]) -> None:
        """Have every hand do `work` once, all at the same time.

        Raises:
            Exception: what kept one of them from it.
        """
        await asyncio.gather(*map(work, self._hands))

    def close(self) -> None:
        """Give up what is under way, and for good."""
        for hand in self._hands:
            hand.close()

    def check(self) -> None:
        """Refuse what there is no place for, best before its body is received.

        Raises:
            ApiError: 503, all places are taken.
        """
        if self._is_full():
            self._count(refused=True)
            raise ApiError(
                503,
                "overloaded",
                f"{self._taken} requests are being read or wait already; try again in a second.",
                {"Retry-After": "1"},
            )

    async def run(self, work: Callable[[H], Awaitable[T]]) -> T:
        """Have a hand do `work`, and wait for what it returns.

        Raises:
            ApiError: 503, all places are taken; 504, it took too long.
        """
        self.check()
        self._count(refused=False)
        self._taken += 1
        arrived = time.perf_counter()
        try:
            async with asyncio.timeout(self._seconds):
                hand = self._idle.pop() if self._idle else await self._next()
                begun = time.perf_counter()
                self._metrics.wait.observe(begun - arrived)
                try:
                    return await work(hand)
                finally:
                    self._took.append(time.perf_counter() - begun)
                    self._release(hand)
        except TimeoutError:
            message = f"the picture was not read within {self._seconds:g} s; send a smaller one."
            raise ApiError(504, "too_slow", message) from None
        finally:
            self._taken -= 1

    def _is_full(self) -> bool:
        if self._crowded:
            return self._taken >= self._few
        if self._taken < self._places:
            return False
        return self._taken * self._usual() >= len(self._hands) * SOON

    def _usual(self) -> float:
        """Seconds that one takes; one slow picture among many changes nothing."""
        return statistics.median(self._took) if self._took else math.inf

    def _count(self, *, refused: bool) -> None:
        """Judge from the latest requests whether there is a crowd."""
        now = time.perf_counter()
        self._gap += (now - self._last - self._gap) / LATEST
        self._last = now
        self._refused += (refused - self._refused) / LATEST
        if not self._crowded and self._refused > CROWDED:
            self._crowded, self._refused = True, 1.0  # of the few, until they have shown better
        all_hands = len(self._hands)
        if self._crowded and (
            self._usual() < EASY * all_hands * self._gap
            or self._refused < 1 - self._few / all_hands
        ):
            self._crowded, self._refused = False, 0.0

    async def _next(self) -> H:
        """Wait in line for a hand."""
        turn: asyncio.Future[H] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            return await turn
        except asyncio.CancelledError:
            if not turn.cancelled():  # it was its turn at that moment
                self._release(turn.result())
            raise

    def _release(self, hand: H) -> None:
        """Give a hand to who waits longest, or let it rest."""
        if not hand.is_ready:  # the time of who gets it would run
            task = asyncio.create_task(self._recover(hand))
            self._recovering.add(task)  # the loop itself would let it be collected
            task.add_done_callback(self._recovering.discard)
            return
        self._hand_on(hand)

    async def _recover(self, hand: H) -> None:
        with contextlib.suppress(EOFError, OSError):  # who asks it next is told
            await hand.ready()
        self._hand_on(hand)

    def _hand_on(self, hand: H) -> None:
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(hand)
                return
        # the one that worked last is taken first: what it needs is still in the caches of its core
        self._idle.append(hand)
