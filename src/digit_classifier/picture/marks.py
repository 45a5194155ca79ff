"""What is found in a picture: marks in reading order, and what was left out and why."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Generic, TypeVar, overload

import numpy as np

Item = TypeVar("Item")


class Later(Sequence[Item], Generic[Item]):
    """A tuple that is made when it is first looked at: most marks are never cut apart."""

    def __init__(self, make: Callable[[], tuple[Item, ...]]) -> None:
        self._make = make

    @cached_property
    def _items(self) -> tuple[Item, ...]:
        return self._make()

    @overload
    def __getitem__(self, index: int) -> Item: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Item, ...]: ...
    def __getitem__(self, index: int | slice) -> Item | tuple[Item, ...]:
        return self._items[index]

    def __len__(self) -> int:
        return len(self._items)


@dataclass(frozen=True)
class Rejected:
    """Ink that is no digit whatever the network would say.

    Attributes:
        box: x, y, width, height in pixels of the upright picture.
        reason: "speck", "dash or dot", "frame", "ruled line", "edge of the page" or "one of
            too many marks".
    """

    box: tuple[int, int, int, int]
    reason: str


@dataclass(frozen=True, eq=False)
class Mark:
    """One piece of writing that may be a digit.

    Attributes:
        image: uint8, shape (28, 28): paper 0, ink 255, as MNIST would have drawn it.
        box: x, y, width, height in pixels of the upright picture.
        line: the line of writing it stands on, from 0 at the top.
        space_before: it stands clearly apart from the mark to its left on the same line.
        splits: other ways to see the same ink, best first: each is a row of marks (touching digits
            cut apart, strokes that were joined taken one by one, or a digit without the dash that
            stood beside it). The network's confidence decides between the mark and its splits;
            where there are none the mark is clearly one piece.
        height_ratio: its height over the median height of the marks on its line; 1.0 when alone.
        contrast: ink against paper, in grey levels, 0 to 255.
        thickness: width of the pen over the longest side of the box.
        pieces: how many separate strokes of ink it holds.
        cut: it touches the edge of the picture, so some of it may be missing.
        oneness: how well its proportions are those of one digit, 0.3 to 1: what the network's
            confidence in the whole mark is worth against that in the pieces of a split.
        links: of a mark as wide as several digits, all that may be one of them, by where it starts;
            any path of links from the first cut to the last is another way to see the same ink.
        beside: of a mark in a split, what that split leaves out.
        loose: a mark in a split that may be no digit while the others are.
    """

    image: np.ndarray
    box: tuple[int, int, int, int]
    line: int = 0
    space_before: bool = False
    splits: "Sequence[tuple[Mark, ...]]" = ()
    height_ratio: float = 1.0
    contrast: float = 255.0
    thickness: float = 0.1
    pieces: int = 1
    cut: bool = False
    oneness: float = 1.0
    links: "Sequence[Link]" = ()
    beside: tuple[Rejected, ...] = ()
    loose: bool = False


@dataclass(frozen=True, eq=False)
class Link:
    """What may be one digit of a chain of joined ones.

    Attributes:
        start: the cut to its left, numbered from 0, the left end of the chain.
        end: the cut to its right.
        mark: the ink between.
    """

    start: int
    end: int
    mark: Mark


@dataclass(frozen=True, eq=False)
class Page:
    """Everything found in one picture.

    Attributes:
        marks: in reading order: by line, then from left to right.
        rejected: what was left out.
        width: of the upright picture, in pixels.
        height: of the upright picture, in pixels.
        notes: what a person should know about how the picture was read.
    """

    marks: tuple[Mark, ...]
    rejected: tuple[Rejected, ...] = ()
    width: int = 0
    height: int = 0
    notes: tuple[str, ...] = field(default=())
