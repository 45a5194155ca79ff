"""What is found in a picture: marks in reading order, and what was left out and why."""

from dataclasses import dataclass, field

import numpy as np

Box = tuple[int, int, int, int]

# The ways in which marks are found.
PREPARED = "an image as MNIST has them"
BY_PIECES = "by its pieces of ink"
SEARCHED = "searched by the finder"


@dataclass(frozen=True)
class Rejected:
    """What is no digit whatever the network would say.

    Attributes:
        box: x, y, width, height in pixels of the upright picture.
        reason: "writing that is no digit", "speck".
    """

    box: Box
    reason: str


@dataclass(frozen=True, eq=False)
class Mark:
    """One piece of writing that may be a digit.

    Attributes:
        image: uint8, shape (28, 28): paper 0, ink 255, as MNIST would have drawn it.
        box: x, y, width, height in pixels of the upright picture.
        line: the line of writing it stands on, from 0 at the top.
        space_before: it stands clearly apart from the mark to its left on the same line.
        likely: float32, shape (10,): which digit the finder takes it for; None where the finder
            was not asked.
        found: how surely the finder takes it for a digit at all, 0 to 1.
        company: the mean of `found` of its neighbours on the line that are about as high; 0 where
            it stands alone.
    """

    image: np.ndarray
    box: Box
    line: int = 0
    space_before: bool = False
    likely: np.ndarray | None = None
    found: float = 1.0
    company: float = 0.0


@dataclass(frozen=True, eq=False)
class Page:
    """Everything found in one picture.

    Attributes:
        marks: in reading order: by line, then from left to right.
        rejected: what was left out.
        width: of the upright picture, in pixels.
        height: of the upright picture, in pixels.
        notes: what a person should know about how the picture was read.
        way: how the marks were found: `PREPARED`, `BY_PIECES` or `SEARCHED`.
        turn: by how many quarters of a turn, anticlockwise, it was turned to be read.
    """

    marks: tuple[Mark, ...]
    rejected: tuple[Rejected, ...] = ()
    width: int = 0
    height: int = 0
    notes: tuple[str, ...] = field(default=())
    way: str = SEARCHED
    turn: int = 0
