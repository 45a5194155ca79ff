"""What a report is made of: sections of sentences, tables, pictures and figures.

A section is a function that is registered with `report_section`; a package of yours adds one
through the entry point group `digit_classifier.report_sections`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from digit_classifier.dataset import Dataset
from digit_classifier.evaluation.model import Model
from digit_classifier.evaluation.ood_sets import OodSet
from digit_classifier.evaluation.predictions import Predictions, Progress
from digit_classifier.registry import Registry

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class ReportFigure:
    """One picture of a report.

    Attributes:
        name: its files are name.png and name.svg.
        caption: what it shows, in a sentence or two.
        draw: makes the figure, in the house style (`plotting.style`).
    """

    name: str
    caption: str
    draw: Callable[[], Figure]


@dataclass(frozen=True)
class Table:
    """Rows of text or numbers, already rounded for people.

    Attributes:
        columns: headings, units included.
        rows: one cell a column.
        caption: what it shows.
    """

    columns: Sequence[str]
    rows: Sequence[Sequence[str | int | float]]
    caption: str = ""


@dataclass(frozen=True)
class Section:
    """The answer to one question about a model.

    Attributes:
        key: its name in metrics.json; the one it was registered by.
        title: the question.
        sentences: the answer in words, the most important first.
        caveats: why the answer may mean less than it seems; shown wherever it is.
        tables: figures for people.
        figures: pictures.
        metrics: the same figures unrounded, ready for JSON; None where a figure does not exist.
        tiles: pairs of a figure and what it is, for the head of the page.
    """

    key: str
    title: str
    sentences: Sequence[str]
    caveats: Sequence[str] = field(default=(), kw_only=True)
    tables: Sequence[Table] = ()
    figures: Sequence[ReportFigure] = ()
    metrics: dict[str, Any] = field(default_factory=dict)
    tiles: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True, eq=False)
class Evaluation:
    """What a section is made from.

    Attributes:
        model: the model.
        predictions: its answers to the test images of `dataset`.
        dataset: where the images came from.
        quick: whether fewer images will do.
        ood: pictures that are no digits, which the user named; or None.
    """

    model: Model
    predictions: Predictions
    dataset: Dataset
    quick: bool = False
    ood: OodSet | None = None


# From an evaluation, telling its progress; in the package's own sections that may be left out.
Make = Callable[[Evaluation, Progress], Section]


class SectionMaker(NamedTuple):
    """How a section is made; `seconds`, that it takes the cnn, share out the progress bar."""

    make: Make
    seconds: float


SECTIONS: Registry[SectionMaker] = Registry("report section", "digit_classifier.report_sections")


M = TypeVar("M", bound=Make)


def report_section(key: str, *, seconds: float = 1.0) -> Callable[[M], M]:
    """Register a function that makes a section of every report, after those that are there.

    Args:
        key: the section's name in metrics.json.
        seconds: see `SectionMaker`.
    """

    def add(make: M) -> M:
        SECTIONS.register(key, SectionMaker(make, seconds))
        return make

    return add
