"""What a report is made of: sections of sentences, tables, pictures and figures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Plate:
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
        key: its name in metrics.json.
        title: the question.
        sentences: the answer in words, the most important first.
        caveats: why the answer may mean less than it seems; shown wherever it is.
        tables: figures for people.
        plates: pictures.
        metrics: the same figures unrounded, ready for JSON; None where a figure does not exist.
    """

    key: str
    title: str
    sentences: Sequence[str]
    caveats: Sequence[str] = field(default=(), kw_only=True)
    tables: Sequence[Table] = ()
    plates: Sequence[Plate] = ()
    metrics: dict[str, Any] = field(default_factory=dict)
