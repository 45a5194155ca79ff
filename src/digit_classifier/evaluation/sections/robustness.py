"""Section 4 of a report: how a model holds up when pictures are spoilt, shifted and turned."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from digit_classifier import plotting
from digit_classifier.evaluation.corruptions import (
    CORRUPTIONS,
    LEVELS,
    STRENGTHS,
    corrupt,
    error_rates,
)
from digit_classifier.evaluation.corruptions.error_rates import Baseline, ErrorRates, find_baseline
from digit_classifier.evaluation.predictions import Progress, silent
from digit_classifier.evaluation.section import (
    Evaluation,
    ReportFigure,
    Section,
    Table,
    report_section,
)
from digit_classifier.evaluation.sections import worst_case
from digit_classifier.evaluation.sections.worst_case import WorstCase
from digit_classifier.stats import caveat
from digit_classifier.words import percent

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@report_section("robustness", seconds=50)
def section(evaluation: Evaluation, tell: Progress = silent) -> Section:
    """Measure a model under all corruptions, shifts and rotations.

    Up to 10,000 images are spoilt, 1,000 shifted and turned; where the evaluation is quick, 1,000
    and 200. Without the original network on the same data there is no mean corruption error.
    """
    predictions, quick = evaluation.predictions, evaluation.quick
    baseline = find_baseline(evaluation.dataset.sha256)
    shown = evaluation.model.on_one_core, predictions.images, predictions.labels
    sample = error_rates.QUICK_SAMPLE if quick else error_rates.SAMPLE
    measured = error_rates.measure(*shown, sample=sample, progress=tell)
    sample = worst_case.QUICK_SAMPLE if quick else worst_case.SAMPLE
    worst = worst_case.measure(*shown, sample=sample, progress=tell)
    example = choose_example(predictions.images, predictions.labels)
    return Section(
        key="robustness",
        title="How does it hold up?",
        sentences=[
            *_summarise(measured, baseline),
            *worst_case.summarise(worst),
            _explain(measured, worst),
        ],
        caveats=[few] if (few := caveat(measured.n)) else [],
        tables=[_tabulate(measured, baseline), worst_case.tabulate(worst)],
        figures=[
            ReportFigure(
                "robustness",
                f"Errors under {len(measured.names)} corruptions at five strengths; "
                "strength 3 is MNIST-C's. Those that it bears best come first."
                + _of_baseline(baseline),
                partial(draw_curves, measured, baseline),
            ),
            ReportFigure(
                "shifts_and_turns",
                f"Right answers on {worst.n:,} images, shifted (left) and turned (right).",
                partial(worst_case.draw_map, worst),
            ),
            ReportFigure(
                "corruptions",
                "What the corruptions do: one test image as it is (0) and at strengths 1 to 5, as "
                "the network is given it, with ink white.",
                partial(draw_sheet, example),
            ),
        ],
        metrics=_measure(measured, worst, baseline),
    )


def _summarise(measured: ErrorRates, baseline: Baseline | None) -> list[str]:
    rates = measured.rates
    sentences = [
        f"Over {len(measured.names)} corruptions at five strengths it errs on "
        f"{percent(rates.mean(), 1)} of "
        f"{measured.n:,} images; on the same as they are, on "
        f"{percent(measured.clean / measured.n)}."
    ]
    error = error_rates.mean_corruption_error(rates, baseline)
    if baseline and error is not None:
        verdict = "fewer" if error < 1 else "more"
        sentences.insert(
            0,
            f"Its mean corruption error is {100 * error:.1f}, that of the original network being "
            f"100: {verdict} errors than 784-32-32-10 trained as the original project did, which "
            f"errs on {percent(np.nanmean(baseline.rates), 1)} (mean of {baseline.seeds} "
            "trainings).",
        )
    means = rates.mean(axis=1)
    names = measured.names
    order = np.argsort(-means, kind="stable")
    worst = ", ".join(f"{names[i]} ({percent(means[i], 1)})" for i in order[:3])
    best = ", ".join(f"{names[i]} ({percent(means[i], 1)})" for i in order[:-4:-1])
    sentences.append(f"It suffers most from {worst}; least from {best}.")
    if baseline:
        relative = error_rates.relative_errors(rates, baseline.rates)
        beaten = [name for name, error in zip(names, relative, strict=True) if error > 1]
        if beaten:
            sentences.append(
                f"It errs more often than the original network under {', '.join(beaten)}."
            )
        unknown = [
            name for name, rate in zip(names, baseline.rates, strict=True) if np.isnan(rate[0])
        ]
        if unknown:
            sentences.append(f"The original network is not known under {', '.join(unknown)}.")
    return sentences


def _explain(measured: ErrorRates, worst: WorstCase) -> str:
    strengths = ", ".join(f"{strength:.2f}" for strength in STRENGTHS)
    return (
        "The corruptions of this package are those of MNIST-C (Mu and Gilmer, 2019), drawn anew "
        "from their description, not its files. MNIST-C has one strength of each; strengths 1 to 5 "
        "are "
        f"{strengths} times that: its angle, share, width or distance, or, where no number is "
        "published, the width of the pen; edges below 3 are mixed into the picture. The same "
        f"{measured.n:,} images are used throughout, and the same random numbers at every "
        f"strength; {worst.n:,}, evenly spread over the test set, were shifted and turned."
    )


def _of_baseline(baseline: Baseline | None) -> str:
    if baseline is None:
        return ""
    return (
        " Best is furthest below the original network. Dashed: that network, 784-32-32-10 trained "
        f"for 10 epochs, mean of {baseline.seeds} trainings, {baseline.n:,} images."
    )


def _tabulate(measured: ErrorRates, baseline: Baseline | None) -> Table:
    columns = ["Corruption", *(f"Errors at {level}, %" for level in LEVELS), "Mean, %"]
    rows: list[list[str | int | float]] = []
    for name, rates in zip(measured.names, 100 * measured.rates, strict=True):
        rows.append([name, *(f"{rate:.1f}" for rate in rates), f"{rates.mean():.1f}"])
    means = 100 * measured.rates.mean(axis=0)
    rows.append(["all", *(f"{rate:.1f}" for rate in means), f"{means.mean():.1f}"])
    caption = f"Errors by corruption and strength, n = {measured.n:,} each."
    if baseline:
        columns += ["Original network, %", "Corruption error"]
        relative = 100 * error_rates.relative_errors(measured.rates, baseline.rates)
        plain = 100 * baseline.rates.mean(axis=1)  # NaN where nothing is known
        for row, other, error in zip(
            rows, [*plain, np.nanmean(plain)], [*relative, np.nanmean(relative)], strict=True
        ):
            row += ["-" if np.isnan(x) else f"{x:.1f}" for x in (other, error)]
        caption += (
            " Corruption error: errors per 100 of the original network's, summed over the five "
            "strengths (Hendrycks and Dietterich, 2019)."
        )
    return Table(columns, rows, caption)


def _measure(measured: ErrorRates, worst: WorstCase, baseline: Baseline | None) -> dict[str, Any]:
    ratios = error_rates.relative_errors(measured.rates, baseline.rates) if baseline else ()
    corruption_errors = {
        name: None if np.isnan(ratio) else float(ratio)
        for name, ratio in zip(measured.names, ratios, strict=False)
    }
    return {
        "n": measured.n,
        "clean_error_rate": measured.clean / measured.n,
        "mean_error_rate": float(measured.rates.mean()),
        "mean_corruption_error": error_rates.mean_corruption_error(measured.rates, baseline),
        "corruption_errors": corruption_errors or None,
        "strengths": list(STRENGTHS),
        "error_rates": {
            name: rates.tolist() for name, rates in zip(measured.names, measured.rates, strict=True)
        },
        "worst_case": worst_case.describe(worst),
    }


# As many panels in a row as the list of corruptions allows.
COLUMNS = 5
# Of the picture on the sheet: one where every corruption is plain to see.
SHEET_SEED = 6
# Between the pictures of a strip, in their own pixels; the grey of their frames.
GAP, FRAME = 3, 150


def draw_curves(measured: ErrorRates, baseline: Baseline | None) -> Figure:
    """One panel a corruption: errors over strength, the original network's dashed.

    The one that it is most ahead of the original network comes first, or else that it bears best.
    """
    gains = measured.rates.mean(axis=1)
    if baseline:
        gains = np.nan_to_num(gains - baseline.rates.mean(axis=1))
    figure = plotting.new_figure(1.3 + 1.4 * -(-len(measured.names) // COLUMNS))
    panels = plotting.panels(figure, len(measured.names), COLUMNS, sharex=True, sharey=True)
    for index, axes in zip(np.argsort(gains, kind="stable"), panels, strict=True):
        if baseline:
            axes.plot(LEVELS, 100 * baseline.rates[index], "--", color=plotting.GREY,
                      linewidth=1.5, label="the original network")  # fmt: skip
        axes.plot(LEVELS, 100 * measured.rates[index], "o-", color=plotting.BLUE, markersize=3.5,
                  linewidth=1.8, label="this model")  # fmt: skip
        axes.set_title(measured.names[index], fontsize=9.5, pad=4, loc="left", fontweight="normal")
        axes.tick_params(labelsize=8, length=2)
    panels[0].set(ylim=(0, 100), yticks=range(0, 101, 25), xticks=LEVELS)
    figure.supxlabel("strength (3: as strong as MNIST-C)", fontsize=10)
    figure.supylabel("errors (%)", fontsize=10)
    plotting.heading(figure, "Errors under each corruption")
    if baseline:
        lines = panels[0].get_lines()[::-1]
        figure.legend(lines, [str(line.get_label()) for line in lines], ncols=2, fontsize=9,
                      loc="outside lower right")  # fmt: skip
    return figure


def choose_example(images: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """An ordinary 5, which has a loop, a bar and a corner to spoil; else the first image."""
    fives = images[labels == 5]
    if not len(fives):
        return np.asarray(images[0])
    return np.asarray(fives[np.square(fives - fives.mean(axis=0)).sum(axis=(1, 2)).argmin()])


def draw_sheet(image: np.ndarray) -> Figure:
    """Every corruption of one image, uint8 (28, 28): as it is, then strengths 1 to 5."""
    figure = plotting.new_figure(0.35 + 0.65 * -(-len(CORRUPTIONS) // 3))
    panels = plotting.panels(figure, len(CORRUPTIONS), 3)
    for index, (axes, name) in enumerate(zip(panels, CORRUPTIONS, strict=True)):
        axes.imshow(_strip(image, name), cmap="gray", vmin=0, vmax=255, interpolation="nearest")
        axes.set_title(name, fontsize=9.5, pad=3, loc="left", fontweight="normal")
        plotting.bare(axes)
        if index >= len(CORRUPTIONS) - 3:
            axes.set_xticks(
                [14.5 + (30 + GAP) * level for level in (0, *LEVELS)], ["0", *map(str, LEVELS)]
            )
            axes.tick_params(labelsize=8, length=0)
    figure.supxlabel("strength", fontsize=10)
    return figure


def _strip(image: np.ndarray, name: str) -> np.ndarray:
    """Levels 0 to 5 beside one another, each in a thin frame; nothing, NaN, between."""
    spoilt = [corrupt(image[None], name, level, SHEET_SEED)[0] for level in (0, *LEVELS)]
    framed = [np.pad(each.astype(float), 1, constant_values=FRAME) for each in spoilt]
    gap = np.full((len(framed[0]), GAP), np.nan)
    return np.concatenate([part for each in framed for part in (each, gap)][:-1], axis=1)
