"""Section 4 of a report: how a model holds up when pictures are spoilt, shifted and turned."""

from functools import partial
from typing import Any

import numpy as np

from digit_classifier.evaluation import robustness_plots, stress, worst_case
from digit_classifier.evaluation.corruptions import CORRUPTIONS, LEVELS, STRENGTHS
from digit_classifier.evaluation.plain_network import PlainNetwork, compare
from digit_classifier.evaluation.section import Plate, Section, Table
from digit_classifier.evaluation.stress import Predict, Progress, Stress
from digit_classifier.evaluation.wording import percent
from digit_classifier.evaluation.worst_case import WorstCase
from digit_classifier.intervals import wilson

# Limits, in pixels and degrees, under which the worst case is given.
SHIFT_LIMITS, TURN_LIMITS = (1, 2, 3, 4), (10, 20, 30, 45)


def section(
    predict: Predict,
    images: np.ndarray,
    labels: np.ndarray,
    *,
    quick: bool = False,
    progress: Progress | None = None,
    baseline: PlainNetwork | None = None,
    workers: int | None = None,
) -> Section:
    """Measure a model under fifteen corruptions, shifts and rotations.

    Args:
        predict: uint8 (n, 28, 28) to probabilities (n, 10). It is called from several threads at
            once, as `OnnxModel.predict` may be; give one that keeps to one core, `Subject.alone`.
        images: uint8, shape (n, 28, 28), at least one: images that chose nothing about the model.
        labels: 0 to 9, shape (n,).
        quick: 1,000 images instead of up to 10,000; for shifts and turns 200 instead of 1,000.
        progress: called with (what, done, total).
        baseline: the original network on the same data: `plain_network.find(dataset.sha256)`;
            without it there is no mean corruption error.
        workers: threads; 1 if `predict` must not be called twice at once; None: one a core.
    """
    stressed = stress.measure(
        predict,
        images,
        labels,
        sample=stress.QUICK_SAMPLE if quick else stress.SAMPLE,
        progress=progress,
        workers=workers,
    )
    worst = worst_case.measure(
        predict,
        images,
        labels,
        sample=worst_case.QUICK_SAMPLE if quick else worst_case.SAMPLE,
        progress=progress,
        workers=workers,
    )
    shown = robustness_plots.choose_example(images, np.asarray(labels))
    return Section(
        key="robustness",
        title="How does it hold up?",
        sentences=[
            *_summarise(stressed, baseline),
            *_summarise_worst(worst),
            _explain(stressed, worst),
        ],
        tables=[_tabulate(stressed, baseline), _tabulate_worst(worst)],
        plates=[
            Plate(
                "robustness",
                "Errors under fifteen corruptions at five strengths; strength 3 is MNIST-C's."
                + _of_baseline(baseline),
                partial(robustness_plots.draw_curves, stressed, baseline),
            ),
            Plate(
                "shifts_and_turns",
                f"Right answers on {worst.n:,} images, shifted (left) and turned (right).",
                partial(robustness_plots.draw_map, worst),
            ),
            Plate(
                "corruptions",
                "What the corruptions do: one test image as it is (0) and at strengths 1 to 5, as "
                "the network is given it, with ink white.",
                partial(robustness_plots.draw_sheet, shown),
            ),
        ],
        metrics=_measure(stressed, worst, baseline),
    )


def _summarise(stressed: Stress, baseline: PlainNetwork | None) -> list[str]:
    rates = stressed.rates
    sentences = [
        f"Over fifteen corruptions at five strengths it errs on {percent(rates.mean(), 1)} of "
        f"{stressed.n:,} images; on the same as they are, on "
        f"{percent(stressed.clean / stressed.n)}."
    ]
    if baseline:
        error = np.nanmean(compare(rates, baseline.rates))
        verdict = "fewer" if error < 1 else "more"
        sentences.insert(
            0,
            f"Its mean corruption error is {100 * error:.1f}, that of the original network being "
            f"100: {verdict} errors than 784-32-32-10 trained as the original project did, which "
            f"errs on {percent(baseline.rates.mean(), 1)} (mean of {baseline.seeds} trainings).",
        )
    means = rates.mean(axis=1)
    names = list(CORRUPTIONS)
    order = np.argsort(-means, kind="stable")
    worst = ", ".join(f"{names[i]} ({percent(means[i], 1)})" for i in order[:3])
    best = ", ".join(f"{names[i]} ({percent(means[i], 1)})" for i in order[:-4:-1])
    sentences.append(f"It suffers most from {worst}; least from {best}.")
    if baseline:
        relative = compare(rates, baseline.rates)
        beaten = [name for name, error in zip(names, relative, strict=True) if error > 1]
        if beaten:
            sentences.append(
                f"It errs more often than the original network under {', '.join(beaten)}."
            )
    return sentences


def _summarise_worst(worst: WorstCase) -> list[str]:
    grids = (worst.under_shifts(2), worst.under_turns(20), worst.both)
    shifts, turns, both = (percent(grid.all(axis=0).mean(), 1) for grid in grids)
    return [
        f"Of {worst.n:,} images, {shifts} are read rightly under every shift of up to 2 pixels, "
        f"{turns} under every turn of up to 20 degrees, {both} under all {len(worst.both)} of a "
        "grid of both."
    ]


def _explain(stressed: Stress, worst: WorstCase) -> str:
    strengths = ", ".join(f"{strength:.2f}" for strength in STRENGTHS)
    return (
        "The corruptions are those of MNIST-C (Mu and Gilmer, 2019), drawn anew from their "
        "description, not its files. MNIST-C has one strength of each; strengths 1 to 5 are "
        f"{strengths} times that: its angle, share, width or distance, or, where no number is "
        "published, the width of the pen; edges below 3 are mixed into the picture. The same "
        f"{stressed.n:,} images are used throughout, and the same random numbers at every "
        f"strength; {worst.n:,}, evenly spread over the test set, were shifted and turned."
    )


def _of_baseline(baseline: PlainNetwork | None) -> str:
    if baseline is None:
        return ""
    return (
        f" Dashed: the original network, 784-32-32-10 trained for 10 epochs, mean of "
        f"{baseline.seeds} trainings, {baseline.n:,} images."
    )


def _tabulate(stressed: Stress, baseline: PlainNetwork | None) -> Table:
    columns = ["Corruption", *(f"Errors at {level}, %" for level in LEVELS), "Mean, %"]
    rows: list[list[str | int | float]] = []
    for name, rates in zip(CORRUPTIONS, 100 * stressed.rates, strict=True):
        rows.append([name, *(f"{rate:.1f}" for rate in rates), f"{rates.mean():.1f}"])
    means = 100 * stressed.rates.mean(axis=0)
    rows.append(["all", *(f"{rate:.1f}" for rate in means), f"{means.mean():.1f}"])
    caption = f"Errors by corruption and strength, n = {stressed.n:,} each."
    if baseline:
        columns += ["Original network, %", "Corruption error"]
        relative = 100 * compare(stressed.rates, baseline.rates)
        plain = 100 * baseline.rates.mean(axis=1)
        for row, other, error in zip(
            rows, [*plain, plain.mean()], [*relative, np.nanmean(relative)], strict=True
        ):
            row += [f"{other:.1f}", f"{error:.1f}"]
        caption += (
            " Corruption error: errors per 100 of the original network's, summed over the five "
            "strengths (Hendrycks and Dietterich, 2019)."
        )
    return Table(columns, rows, caption)


def _tabulate_worst(worst: WorstCase) -> Table:
    grids = [(f"shifts up to {most} px", worst.under_shifts(most)) for most in SHIFT_LIMITS]
    grids += [(f"turns up to {most}°", worst.under_turns(most)) for most in TURN_LIMITS]
    both = (
        f"shifts of {worst_case.BOTH_SHIFTS[-1]} px with turns up to {worst_case.BOTH_TURNS[-1]}°"
    )
    grids.append((both, worst.both))
    rows: list[list[str | int | float]] = []
    for name, right in grids:
        always = int(right.all(axis=0).sum())
        low, high = wilson(always, worst.n)
        rows.append(
            [
                name,
                len(right),
                f"{100 * right.mean():.1f}",
                f"{100 * right.mean(axis=1).min():.1f}",
                f"{100 * always / worst.n:.1f}",
                f"{100 * low:.1f} to {100 * high:.1f}",
            ]
        )
    columns = ["Grid", "Tried", "Right on average, %", "At the hardest, %"]
    columns += ["Right under all, %", "95 % interval, %"]
    caption = (
        f"Shifts and turns about the centre, n = {worst.n:,} images. Right under all: under every "
        "one that was tried, the worst for each image included."
    )
    return Table(columns, rows, caption)


def _measure(stressed: Stress, worst: WorstCase, baseline: PlainNetwork | None) -> dict[str, Any]:
    corruption_errors: dict[str, float | None] = {}
    if baseline:
        ratios = compare(stressed.rates, baseline.rates)
        corruption_errors = {
            name: None if np.isnan(ratio) else float(ratio)
            for name, ratio in zip(CORRUPTIONS, ratios, strict=True)
        }
    known = [error for error in corruption_errors.values() if error is not None]
    return {
        "n": stressed.n,
        "clean_error_rate": stressed.clean / stressed.n,
        "mean_error_rate": float(stressed.rates.mean()),
        "mean_corruption_error": float(np.mean(known)) if known else None,
        "corruption_errors": corruption_errors or None,
        "strengths": list(STRENGTHS),
        "error_rates": {
            name: rates.tolist() for name, rates in zip(CORRUPTIONS, stressed.rates, strict=True)
        },
        "worst_case": {
            "n": worst.n,
            "shifts_px": list(worst_case.SHIFTS),
            "accuracy_by_shift": worst.shifted.mean(axis=2).tolist(),
            "turns_degrees": list(worst_case.TURNS),
            "accuracy_by_turn": worst.turned.mean(axis=1).tolist(),
            "right_under_all_shifts": {
                str(most): float(worst.under_shifts(most).all(axis=0).mean())
                for most in SHIFT_LIMITS
            },
            "right_under_all_turns": {
                str(most): float(worst.under_turns(most).all(axis=0).mean()) for most in TURN_LIMITS
            },
            "right_under_both": float(worst.both.all(axis=0).mean()),
        },
    }
