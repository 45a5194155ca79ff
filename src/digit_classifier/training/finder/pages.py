"""Drawn pages for the finder: new ones for each epoch, drawn in a process beside the training."""

from collections import deque
from collections.abc import Generator, Iterator
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context

import numpy as np

from digit_classifier.drawn.pages import DrawnPage, draw_page
from digit_classifier.training.finder.crops import cut

PAGES = 1500  # drawn anew for each epoch
WINDOW = 4  # epochs for which a page is used
CROPS = 6080  # cut in an epoch, of pages chosen at random
KNOWN = 300  # pages of styles as in training on which is fitted how finder and classifier agree
UNSEEN = 10  # batches of crops of other styles that measure an epoch; four of them from one page
_PART = 50  # pages of one order
_AHEAD = 8  # batches that wait to be trained on

Batch = tuple[np.ndarray, np.ndarray]
_digits: list[np.ndarray] = []


def draw(
    images: np.ndarray, labels: np.ndarray, seed: int, epochs: int, first: int = 1
) -> Generator[list[DrawnPage], None, None]:
    """For each epoch, the pages that it is cut from: page i of an epoch depends on the seed alone.

    Args:
        images: uint8, shape (n, 28, 28): digits to write with.
        labels: shape (n,).
        seed: of the training.
        epochs: of the whole training.
        first: the first epoch that is wanted, from 1.
    """
    with ProcessPoolExecutor(1, get_context("spawn"), _prepare, (images, labels)) as pool:

        def order(epoch: int) -> "list[Future[list[DrawnPage]]]":
            starts = range(epoch * PAGES, (epoch + 1) * PAGES, _PART)
            return [pool.submit(_draw, seed, start) for start in starts]

        window: deque[list[DrawnPage]] = deque(maxlen=WINDOW)
        coming = [order(epoch) for epoch in range(max(1, first - WINDOW + 1), first + 1)]
        try:
            for epoch in range(first, epochs + 1):
                for orders in coming:
                    window.append([page for part in orders for page in part.result()])
                coming = [order(epoch + 1)] if epoch < epochs else []
                yield [page for pages in window for page in pages]
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _prepare(images: np.ndarray, labels: np.ndarray) -> None:
    _digits[:] = [images, labels]


def _draw(seed: int, start: int) -> list[DrawnPage]:
    images, labels = _digits
    rngs = (np.random.default_rng([seed, number]) for number in range(start, start + _PART))
    return [draw_page(rng, images, labels) for rng in rngs]


def batches(
    pages: list[DrawnPage], size: int, seed: int, epoch: int, steps: int | None = None
) -> Iterator[Batch]:
    """Crops of the pages and what is to be answered, made in a thread while others are trained on.

    Args:
        pages: that are cut.
        size: of a batch.
        seed: of the training.
        epoch: its number; the same gives the same crops.
        steps: how many batches; None for those of an epoch.
    Yields:
        uint8, shape (size, 192, 192); float32, shape (size, 48, 48, 7).
    """
    rng = np.random.default_rng([seed, 1, epoch])

    def make() -> Batch:
        return _batch([pages[rng.integers(len(pages))] for _ in range(size)], rng)

    left = steps or max(1, CROPS // size)
    with ThreadPoolExecutor(1) as thread:
        coming: deque[Future[Batch]] = deque()
        while left or coming:
            while left and len(coming) < _AHEAD:
                coming.append(thread.submit(make))
                left -= 1
            yield coming.popleft().result()


def held_out(
    images: np.ndarray, labels: np.ndarray, size: int
) -> tuple[list[DrawnPage], list[Batch]]:
    """Pages of hands and surfaces that training never sees, always the same, and crops of them."""
    pages = [
        draw_page(np.random.default_rng([number, 7]), images, labels, held_out=True)
        for number in range(max(1, size * UNSEEN // 4))
    ]
    rng = np.random.default_rng(7)
    return pages, [
        _batch([pages[rng.integers(len(pages))] for _ in range(size)], rng) for _ in range(UNSEEN)
    ]


def known(images: np.ndarray, labels: np.ndarray) -> list[DrawnPage]:
    """Pages of styles as in training, none of which it sees."""
    rngs = (np.random.default_rng([number, 8]) for number in range(KNOWN))
    return [draw_page(rng, images, labels) for rng in rngs]


def _batch(pages: list[DrawnPage], rng: np.random.Generator) -> Batch:
    crops, answers = zip(*(cut(page, rng) for page in pages), strict=True)
    return np.stack(crops), np.stack(answers)
