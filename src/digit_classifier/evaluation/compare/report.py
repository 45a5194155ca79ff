"""A comparison as a folder: what it says in words, tables and pictures, and its tables as CSV."""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from digit_classifier.atomic import replacing_folder, write_text
from digit_classifier.evaluation import report
from digit_classifier.evaluation.compare import (
    TURNS,
    Comparison,
    ModelResult,
    PairedTest,
)
from digit_classifier.evaluation.compare import figures as plots
from digit_classifier.evaluation.corruptions.error_rates import (
    Baseline,
    find_baseline,
    mean_corruption_error,
)
from digit_classifier.evaluation.page import Part
from digit_classifier.evaluation.section import ReportFigure, Section, Table
from digit_classifier.machine import name_processor
from digit_classifier.stats import interval, wilson
from digit_classifier.words import count, listed, percent, write_p

MADE_BY, PAGE = "digits compare", "comparison.html"


def write_comparison(
    comparison: Comparison, histories: Sequence[History], out: Path, began: float
) -> report.Report:
    """Write a comparison.

    Args:
        comparison: what was found.
        histories: how the models' trainings went; none leaves that section out.
        out: the folder; an earlier comparison there is replaced once the new one is whole.
        began: when the work began, in `time.perf_counter`'s seconds.
    Raises:
        StorageError: it cannot be written.
    """
    sections = [section(comparison), *([history_section(histories)] if histories else [])]
    ranked = sorted(comparison.results, key=lambda each: each.errors)
    n = ranked[0].predictions.n
    with replacing_folder(out) as folder:
        parts, started = [], began  # all the measuring was for the first section
        for each in sections:
            pictures = report.draw(each, folder)
            parts.append(Part(each, pictures, time.perf_counter() - started))
            started = time.perf_counter()
        for table, name in zip(sections[0].tables, ("models.csv", "pairs.csv"), strict=True):
            text = io.StringIO()
            csv.writer(text, lineterminator="\n").writerows([table.columns, *table.rows])
            write_text(folder / name, text.getvalue())
        metrics = {
            **report.describe_making(MADE_BY, "scipy", "matplotlib"),
            "seconds": round(time.perf_counter() - began, 2),
            **{section.key: section.metrics for section in sections},
        }
        facts = {
            "title": f"{count(len(ranked), 'model')} on the same images",
            "subtitle": f"Compared by {comparison.dataset.name}: {count(n, 'test image')}.",
            "tiles": [
                (percent(1 - each.errors / n), f"{each.name}: {count(each.errors, 'error')}")
                for each in ranked
            ],
            "seconds": metrics["seconds"],
        }
        metrics = report.finish(folder, PAGE, parts, metrics, facts)
    return report.Report(out, sections, metrics)


def section(comparison: Comparison) -> Section:
    """Say what a comparison found, in words, tables, pictures and figures."""
    results = comparison.results
    baseline = find_baseline(comparison.dataset.sha256)
    figures = [
        ReportFigure(
            "comparison",
            "Errors with their 95 % intervals (Wilson), and what each model costs. Shorter is "
            "better throughout.",
            partial(plots.draw_overview, results),
        ),
        ReportFigure(
            "differences",
            "How much more of the images the first of each pair reads rightly, with the 95 % "
            "interval (Tango). Blue: told apart by McNemar's exact test; grey: may be chance.",
            partial(plots.draw_differences, comparison.tests),
        ),
    ]
    if any(test.pairing.only_first or test.pairing.only_second for test in comparison.tests):
        figures.append(
            ReportFigure(
                "disagreements",
                "What each model misreads and another reads rightly, its most confident errors "
                "first: the truth, and what it answers.",
                partial(plots.draw_disagreements, results),
            )
        )
    return Section(
        key="comparison",
        title="Which is better?",
        sentences=_sentences(comparison),
        tables=[_tabulate_models(results, baseline), _tabulate_pairs(comparison.tests)],
        figures=figures,
        metrics={
            "dataset": comparison.dataset.name,
            "dataset_sha256": comparison.dataset.sha256,
            "n": results[0].predictions.n,
            "processor": name_processor(),
            "models": [_measure(each, baseline) for each in results],
            "pairs": [_measure_pair(test) for test in comparison.tests],
        },
    )


def _sentences(comparison: Comparison) -> list[str]:
    data = comparison.dataset
    ranked = sorted(comparison.results, key=lambda each: each.errors)
    pairs = sorted(comparison.tests, key=lambda test: test.p_adjusted)
    sentences = [_verdict(test) for test in pairs]
    images = f"{count(ranked[0].predictions.n, 'test image')} of {data.name}"
    errors = ", ".join(f"{each.name} {each.errors:,}" for each in ranked)
    if len(pairs) == 1:
        sentences.append(f"Errors on {images}: {errors}.")
    else:
        sentences.insert(0, f"Errors on {images}: {errors}. {_lead(ranked[0], pairs)}")
        sentences.append(
            f"There are {len(pairs)} pairs: their p are adjusted by Holm's method, so that the "
            "chance of even one false alarm among them stays below 5 %. The intervals are not."
        )
    own = [each.model.metadata.get("dataset_sha256") for each in ranked]
    for test in pairs:
        if test.better.model.sha256 and test.better.model.sha256 == test.worse.model.sha256:
            names = f"{test.better.name} and {test.worse.name}"
            sentences.append(f"{names} are one network, the same to the byte: it meets itself.")
    if data.is_sample and any(sha256 != data.sha256 for sha256 in own):
        sentences.append(
            "These images are of MNIST's training set: a model that was trained on MNIST has seen "
            "them, so they say little about which reads new digits better."
        )
    return sentences


def _lead(best: ModelResult, tests: Sequence[PairedTest]) -> str:
    """Whom the one with the fewest errors can be told apart from."""
    alike = [test.worse.name for test in tests
             if test.better is best and test.worse.errors == best.errors]  # fmt: skip
    if alike:
        return f"{listed([best.name, *alike])} err equally often, and none less."
    rivals = [
        test.worse.name if test.better is best else test.better.name
        for test in tests
        if best in (test.better, test.worse) and not test.significant
    ]
    if rivals:
        return f"{best.name} errs least, but the data cannot tell it apart from {listed(rivals)}."
    return f"{best.name} errs least, and is told apart from every other."


def _verdict(test: PairedTest) -> str:
    better, worse, pairing = test.better.name, test.worse.name, test.pairing
    if not pairing.only_first + pairing.only_second:
        same = (test.better.predictions.answers == test.worse.predictions.answers).all()
        how = "answer alike" if same else "are right and wrong alike"
        return (
            f"The data cannot tell {better} and {worse} apart: on all "
            f"{count(pairing.n, 'image')} they {how} (p = 1)."
        )
    low, high = (f"{100 * bound:+.2f}" for bound in pairing.interval)
    p = write_p(test.p_adjusted)
    figures = (
        f"{better} alone is right on {pairing.only_first:,}, {worse} alone on "
        f"{pairing.only_second:,}; {p}; difference in accuracy "
        f"{100 * pairing.difference:+.2f} points, 95 % interval {low} to {high}"
    )
    if test.significant:
        fewer = count(test.worse.errors - test.better.errors, "error")
        return f"{better} reads better than {worse}: {fewer} fewer ({figures})."
    aside = ""
    if pairing.interval[0] > 0:
        aside = " The interval, an approximation, leaves zero out; the exact test decides."
        if test.p_adjusted != pairing.p:
            aside = " The interval, of this pair alone, leaves zero out; among all pairs it may be."
    return f"The data cannot tell {better} and {worse} apart ({figures}).{aside}"


def _tabulate_models(results: Sequence[ModelResult], baseline: Baseline | None) -> Table:
    columns = ["Model", "Errors", "Accuracy, %", "95 % interval, %", "File, MB", "Weights",
               "One image, ms"]  # fmt: skip
    caption = f"One image: median on one core, {TURNS} turns each, {name_processor()}."
    rows: list[list[str | int | float]] = [
        [each.name, each.errors, f"{100 * each.accuracy:.2f}",
         interval(each.predictions.n - each.errors, each.predictions.n, 2),
         f"{each.model.size_bytes / 1e6:.2f}",
         f"{each.model.parameters:,}" if each.model.parameters else "-",
         f"{each.latency_ms:.3f}"]
        for each in results
    ]  # fmt: skip
    if spoilt := [each.stress for each in results if each.stress]:
        columns.append("Errors on spoilt images, %")
        n, kinds = spoilt[0].n, len(spoilt[0].names)
        caption += f" Spoilt images: {n:,} under each of {kinds} corruptions at five strengths."
        for row, stress in zip(rows, spoilt, strict=True):
            row.append(f"{100 * stress.rates.mean():.1f}")
    if spoilt and baseline:
        columns.append("Mean corruption error")
        caption += " Mean corruption error: the original network's is 100."
        for row, stress in zip(rows, spoilt, strict=True):
            mean = mean_corruption_error(stress.rates, baseline)
            row.append("-" if mean is None else f"{100 * mean:.1f}")
    return Table(columns, rows, caption)


def _tabulate_pairs(tests: Sequence[PairedTest]) -> Table:
    many = len(tests) > 1
    columns = ["A and B", "Only A right", "Only B right", "A − B, points", "95 % interval, points",
               "p, adjusted" if many else "p", "Told apart"]  # fmt: skip
    rows = [
        [f"{test.better.name} and {test.worse.name}", test.pairing.only_first,
         test.pairing.only_second, f"{100 * test.pairing.difference:+.2f}",
         " to ".join(f"{100 * bound:+.2f}" for bound in test.pairing.interval),
         write_p(test.p_adjusted).removeprefix("p = ").removeprefix("p "),
         "yes" if test.significant else "no"]
        for test in tests
    ]  # fmt: skip
    return Table(
        columns,
        rows,
        "Pairs on the same images. p: McNemar's exact test on the images that only one of the two "
        f"reads rightly{', adjusted for the number of pairs (Holm)' if many else ''}; told apart: "
        "p below 0.05. Interval: Tango's score interval for paired proportions.",
    )


def _measure(each: ModelResult, baseline: Baseline | None) -> dict[str, Any]:
    right = each.predictions.n - each.errors
    return {
        "name": each.name,
        "file": str(each.model.path) if each.model.path else None,
        "sha256": each.model.sha256 or None,
        "accuracy": right / each.predictions.n,
        "interval": list(wilson(right, each.predictions.n)),
        "errors": each.errors,
        "bytes": each.model.size_bytes,
        "parameters": each.model.parameters,
        "multiply_adds": each.model.multiply_adds,
        "latency_ms": each.latency_ms,
        "spoilt": each.stress
        and {
            "n": each.stress.n,
            "error_rate": float(each.stress.rates.mean()),
            "mean_corruption_error": mean_corruption_error(each.stress.rates, baseline),
        },
    }


def _measure_pair(test: PairedTest) -> dict[str, Any]:
    return {
        "better": test.better.name,
        "worse": test.worse.name,
        "only_better_right": test.pairing.only_first,
        "only_worse_right": test.pairing.only_second,
        "difference": test.pairing.difference,
        "interval": list(test.pairing.interval),
        "p": test.pairing.p,
        "p_adjusted": test.p_adjusted,
        "told_apart": test.significant,
    }


@dataclass(frozen=True)
class History:
    """One training, one figure an epoch in each column.

    Attributes:
        name: what to call it.
        epochs: counted from 1.
        loss: mean cross-entropy in nats on the training images, as they were seen.
        misread: share of those answered wrongly, in per cent.
        val_loss: mean cross-entropy in nats on the validation images.
        val_misread: share of those answered wrongly, in per cent.
        seconds: of each epoch.
        validated_on: what the validation images are, "" where unknown.
    """

    name: str
    epochs: Sequence[int]
    loss: Sequence[float]
    misread: Sequence[float]
    val_loss: Sequence[float]
    val_misread: Sequence[float]
    seconds: Sequence[float]
    validated_on: str = ""


def history_section(histories: Sequence[History]) -> Section:
    """Say how the trainings went; at least one."""
    kinds = {history.validated_on for history in histories}
    sentences = [
        "Training figures are of images as they were seen, distorted where the recipe distorts, "
        "while the network was still learning, and the training loss holds what the recipe adds to "
        "it, such as label smoothing; validation figures are of whole images after the epoch. So "
        "training may look worse than validation."
    ]
    if len(kinds) > 1:
        sentences.insert(
            0,
            "These trainings were not validated on the same images: compare the shapes of the "
            "curves, not their heights.",
        )
    rows: list[list[str | int | float]] = [
        [history.name, len(history.epochs), f"{sum(history.seconds):,.1f}",
         f"{history.val_loss[-1]:.4f}", f"{history.val_misread[-1]:.2f}",
         history.validated_on or "-"]
        for history in histories
    ]  # fmt: skip
    columns = ["Run", "Epochs", "Seconds", "Last loss, nats", "Last misread, %", "Validated on"]
    return Section(
        key="history",
        title="How did they learn?",
        sentences=sentences,
        tables=[Table(columns, rows, "Each training at its last epoch.")],
        figures=[
            ReportFigure(
                "history",
                "Loss and errors over the epochs on logarithmic scales: bold on validation images, "
                "thin on training images.",
                partial(plots.draw_histories, histories),
            )
        ],
        metrics={"runs": [vars(history) for history in histories]},
    )
