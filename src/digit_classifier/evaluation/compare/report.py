"""What a comparison of models says: words, tables, pictures and figures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from digit_classifier.evaluation.compare import figures as plots
from digit_classifier.evaluation.compare.comparison import TURNS, Comparison, Contestant, Duel
from digit_classifier.evaluation.corruptions.baseline import (
    Baseline,
    find_baseline,
    relative_errors,
)
from digit_classifier.evaluation.corruptions.error_rates import Stress
from digit_classifier.evaluation.section import Plate, Section, Table, count, write_p
from digit_classifier.intervals import wilson
from digit_classifier.machine import name_processor


def section(comparison: Comparison) -> Section:
    """Say what a comparison found, in words, tables, pictures and figures."""
    contestants = comparison.contestants
    baseline = find_baseline(comparison.dataset.sha256)
    plates = [
        Plate(
            "comparison",
            "Errors with their 95 % intervals (Wilson), and what each model costs. Shorter is "
            "better throughout.",
            partial(plots.draw_overview, contestants),
        ),
        Plate(
            "differences",
            "How much more of the images the first of each pair reads rightly, with the 95 % "
            "interval (Tango). Blue: told apart by McNemar's exact test; grey: may be chance.",
            partial(plots.draw_differences, comparison.duels),
        ),
    ]
    if any(duel.pairing.only_first or duel.pairing.only_second for duel in comparison.duels):
        plates.append(
            Plate(
                "disagreements",
                "What each model misreads and another reads rightly, its surest errors first: the "
                "truth, and what it answers.",
                partial(plots.draw_disagreements, contestants),
            )
        )
    return Section(
        key="comparison",
        title="Which is better?",
        sentences=_sentences(comparison),
        tables=[_tabulate_models(contestants, baseline), _tabulate_pairs(comparison.duels)],
        plates=plates,
        metrics={
            "dataset": comparison.dataset.name,
            "dataset_sha256": comparison.dataset.sha256,
            "n": contestants[0].trial.n,
            "processor": name_processor(),
            "models": [_measure(each, baseline) for each in contestants],
            "pairs": [_measure_pair(duel) for duel in comparison.duels],
        },
    )


def _sentences(comparison: Comparison) -> list[str]:
    data = comparison.dataset
    ranked = sorted(comparison.contestants, key=lambda each: each.errors)
    pairs = sorted(comparison.duels, key=lambda duel: duel.p_adjusted)
    sentences = [_verdict(duel) for duel in pairs]
    images = f"{count(ranked[0].trial.n, 'test image')} of {data.name}"
    errors = ", ".join(f"{each.name} {each.errors:,}" for each in ranked)
    if len(pairs) == 1:
        sentences.append(f"Errors on {images}: {errors}.")
    else:
        sentences.insert(0, f"Errors on {images}: {errors}. {_lead(ranked[0], pairs)}")
        sentences.append(
            f"There are {len(pairs)} pairs: their p are adjusted by Holm's method, so that the "
            "chance of even one false alarm among them stays below 5 %. The intervals are not."
        )
    own = [each.subject.metadata.get("dataset_sha256") for each in ranked]
    if data.is_sample and any(sha256 != data.sha256 for sha256 in own):
        sentences.append(
            "These images are of MNIST's training set: a model that was trained on MNIST has seen "
            "them, so they say little about which reads new digits better."
        )
    return sentences


def _lead(best: Contestant, duels: Sequence[Duel]) -> str:
    """Whom the one with the fewest errors can be told apart from."""
    rivals = [
        duel.worse.name if duel.better is best else duel.better.name
        for duel in duels
        if best in (duel.better, duel.worse) and not duel.told_apart
    ]
    if rivals:
        return f"{best.name} errs least, but the data cannot tell it apart from {_listed(rivals)}."
    return f"{best.name} errs least, and is told apart from every other."


def _listed(names: Sequence[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def _verdict(duel: Duel) -> str:
    better, worse, pairing = duel.better.name, duel.worse.name, duel.pairing
    if not pairing.only_first + pairing.only_second:
        same = (duel.better.trial.answers == duel.worse.trial.answers).all()
        how = "answer alike" if same else "are right and wrong alike"
        return (
            f"The data cannot tell {better} and {worse} apart: on all "
            f"{count(pairing.n, 'image')} they {how} (p = 1)."
        )
    low, high = (f"{100 * bound:+.2f}" for bound in pairing.interval)
    p = write_p(duel.p_adjusted)
    figures = (
        f"{better} alone is right on {pairing.only_first:,}, {worse} alone on "
        f"{pairing.only_second:,}; {p}; difference in accuracy "
        f"{100 * pairing.difference:+.2f} points, 95 % interval {low} to {high}"
    )
    if duel.told_apart:
        fewer = count(duel.worse.errors - duel.better.errors, "error")
        return f"{better} reads better than {worse}: {fewer} fewer ({figures})."
    aside = ""
    if pairing.interval[0] > 0:
        aside = " The interval, an approximation, leaves zero out; the exact test decides."
        if duel.p_adjusted != pairing.p:
            aside = " The interval, of this pair alone, leaves zero out; among all pairs it may be."
    return f"The data cannot tell {better} and {worse} apart ({figures}).{aside}"


def _tabulate_models(contestants: Sequence[Contestant], baseline: Baseline | None) -> Table:
    columns = ["Model", "Errors", "Accuracy, %", "95 % interval, %", "File, MB", "Weights",
               "One image, ms"]  # fmt: skip
    rows: list[list[str | int | float]] = []
    for each in contestants:
        low, high = wilson(each.trial.n - each.errors, each.trial.n)
        weights = each.subject.parameters
        rows.append(
            [
                each.name,
                each.errors,
                f"{100 * (1 - each.errors / each.trial.n):.2f}",
                f"{100 * low:.2f} to {100 * high:.2f}",
                f"{each.subject.size_bytes / 1e6:.2f}",
                f"{weights:,}" if weights else "-",
                f"{each.latency_ms:.3f}",
            ]
        )
    caption = f"One image: median on one core, {TURNS} turns each, {name_processor()}."
    if all(each.stress for each in contestants):
        columns.append("Errors on spoilt images, %")
        if baseline:
            columns.append("Mean corruption error")
        for row, each in zip(rows, contestants, strict=True):
            figures = _measure_stress(each.stress, baseline)
            row.append(f"{100 * figures['error_rate']:.1f}")
            if baseline:
                row.append(f"{100 * figures['mean_corruption_error']:.1f}")
        n = contestants[0].stress.n if contestants[0].stress else 0
        caption += f" Spoilt images: {n:,} under each of fifteen corruptions at five strengths."
        if baseline:
            caption += " Mean corruption error: the original network's is 100."
    return Table(columns, rows, caption)


def _tabulate_pairs(duels: Sequence[Duel]) -> Table:
    many = len(duels) > 1
    columns = ["A and B", "Only A right", "Only B right", "A − B, points", "95 % interval, points",
               "p, adjusted" if many else "p", "Told apart"]  # fmt: skip
    rows: list[list[str | int | float]] = []
    for duel in duels:
        low, high = duel.pairing.interval
        rows.append(
            [
                f"{duel.better.name} and {duel.worse.name}",
                duel.pairing.only_first,
                duel.pairing.only_second,
                f"{100 * duel.pairing.difference:+.2f}",
                f"{100 * low:+.2f} to {100 * high:+.2f}",
                write_p(duel.p_adjusted).removeprefix("p = ").removeprefix("p "),
                "yes" if duel.told_apart else "no",
            ]
        )
    return Table(
        columns,
        rows,
        "Pairs on the same images. p: McNemar's exact test on the images that only one of the two "
        f"reads rightly{', adjusted for the number of pairs (Holm)' if many else ''}; told apart: "
        "p below 0.05. Interval: Tango's score interval for paired proportions.",
    )


def _measure(each: Contestant, baseline: Baseline | None) -> dict[str, Any]:
    right = each.trial.n - each.errors
    return {
        "name": each.name,
        "file": str(each.subject.path) if each.subject.path else None,
        "sha256": each.subject.sha256 or None,
        "accuracy": right / each.trial.n,
        "interval": list(wilson(right, each.trial.n)),
        "errors": each.errors,
        "bytes": each.subject.size_bytes,
        "parameters": each.subject.parameters,
        "multiply_adds": each.subject.multiply_adds,
        "latency_ms": each.latency_ms,
        "spoilt": _measure_stress(each.stress, baseline) if each.stress else None,
    }


def _measure_stress(stressed: Stress | None, baseline: Baseline | None) -> dict[str, Any]:
    assert stressed
    error = None
    if baseline:
        error = float(np.nanmean(relative_errors(stressed.rates, baseline.rates)))
    return {
        "n": stressed.n,
        "error_rate": float(stressed.rates.mean()),
        "mean_corruption_error": error,
    }


def _measure_pair(duel: Duel) -> dict[str, Any]:
    return {
        "better": duel.better.name,
        "worse": duel.worse.name,
        "only_better_right": duel.pairing.only_first,
        "only_worse_right": duel.pairing.only_second,
        "difference": duel.pairing.difference,
        "interval": list(duel.pairing.interval),
        "p": duel.pairing.p,
        "p_adjusted": duel.p_adjusted,
        "told_apart": duel.told_apart,
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
        [
            history.name,
            len(history.epochs),
            f"{sum(history.seconds):,.1f}",
            f"{history.val_loss[-1]:.4f}",
            f"{history.val_misread[-1]:.2f}",
            history.validated_on or "-",
        ]
        for history in histories
    ]
    columns = ["Run", "Epochs", "Seconds", "Last loss, nats", "Last misread, %", "Validated on"]
    return Section(
        key="history",
        title="How did they learn?",
        sentences=sentences,
        tables=[Table(columns, rows, "Each training at its last epoch.")],
        plates=[
            Plate(
                "history",
                "Loss and errors over the epochs on logarithmic scales: bold on validation images, "
                "thin on training images.",
                partial(plots.draw_histories, histories),
            )
        ],
        metrics={"runs": [vars(history) for history in histories]},
    )
