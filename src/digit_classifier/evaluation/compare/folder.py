"""A comparison as a folder: comparison.html, metrics.json, tables as CSV, and every picture."""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from digit_classifier.atomic import replacing_folder, write_text
from digit_classifier.evaluation import page
from digit_classifier.evaluation.compare import Comparison, report
from digit_classifier.evaluation.compare.report import History
from digit_classifier.evaluation.section import Section, percent
from digit_classifier.words import count

MADE_BY = "digits compare"
PAGE = "comparison.html"


def write_comparison(
    comparison: Comparison, histories: Sequence[History], out: Path, began: float
) -> page.Report:
    """Write a comparison.

    Args:
        comparison: what was found.
        histories: how the models' trainings went; none leaves that section out.
        out: the folder; an earlier comparison there is replaced once the new one is whole.
        began: when the work began, in `time.perf_counter`'s seconds.
    Raises:
        OptionError: `out` holds something else.
        StorageError: it cannot be written.
    """
    page.check_place(out, MADE_BY)
    sections = [report.section(comparison)]
    if histories:
        sections.append(report.history_section(histories))
    with replacing_folder(out) as folder:
        parts = [_draw(section, folder) for section in sections]
        parts[0] = replace(parts[0], seconds=time.perf_counter() - began)
        for table, name in zip(sections[0].tables, ("models.csv", "pairs.csv"), strict=True):
            write_text(folder / name, _write_csv(table.columns, table.rows))
        metrics = _sum_up(sections, time.perf_counter() - began)
        write_text(folder / PAGE, page.render(parts, _facts(comparison, metrics)))
        metrics = page.write_metrics(folder, metrics)
    return page.Report(out, sections, metrics)


def _draw(section: Section, folder: Path) -> page.Part:
    return page.render_section(lambda _tell: section, folder, lambda _what, _done, _total: None)


def _write_csv(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([columns, *rows])
    return text.getvalue()


def _sum_up(sections: Sequence[Section], seconds: float) -> dict[str, Any]:
    return {
        **page.describe_making(MADE_BY, "scipy", "matplotlib"),
        "seconds": round(seconds, 2),
        **{section.key: section.metrics for section in sections},
    }


def _facts(comparison: Comparison, metrics: dict[str, Any]) -> dict[str, Any]:
    """What the head and the foot of the page say."""
    ranked = sorted(comparison.results, key=lambda each: each.errors)
    n = ranked[0].predictions.n
    return {
        **page.say_making(metrics),
        "title": f"{count(len(ranked), 'model')} on the same images",
        "subtitle": f"Compared by {comparison.dataset.name}: {count(n, 'test image')}.",
        "tiles": [
            (percent(1 - each.errors / n), f"{each.name}: {count(each.errors, 'error')}")
            for each in ranked
        ],
        "seconds": metrics["seconds"],
    }
