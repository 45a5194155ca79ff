"""Section 5 of a report: does a model know what is not a digit?"""

from __future__ import annotations

from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from digit_classifier import plotting
from digit_classifier.evaluation import ood_sets
from digit_classifier.evaluation.ood_sets import OodResult, OodScores, measure
from digit_classifier.evaluation.predictions import Progress, silent
from digit_classifier.evaluation.section import (
    Evaluation,
    ReportFigure,
    Section,
    Table,
    report_section,
)
from digit_classifier.rejection import RejectionRule
from digit_classifier.stats import caveat, interval, wilson
from digit_classifier.words import percent

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@report_section("doubt", seconds=6)
def section(evaluation: Evaluation, tell: Progress = silent) -> Section:
    """Measure whether a model's doubt tells digits from other things.

    Raises:
        DataError: the other data that the user named hold the digits themselves.
        MissingExtraError: the fonts that draw letters are not installed.
    """
    model, predictions = evaluation.model, evaluation.predictions
    scores = measure(
        model.on_one_core,
        predictions.images,
        predictions.labels,
        rule=RejectionRule.read(model.metadata),
        ood=evaluation.ood,
        per_kind=ood_sets.QUICK_PER_KIND if evaluation.quick else ood_sets.PER_KIND,
        progress=tell,
    )
    return Section(
        key="doubt",
        title="Does it know what is not a digit?",
        sentences=[*_summarise(scores), *_explain(scores)],
        tables=[_tabulate(scores)],
        figures=[
            ReportFigure(
                "not_a_digit",
                "What is taken for a digit where the threshold lets 99 % of the digits through. "
                "Bars: 95 % intervals. Hollow: kinds that a network may have been trained on.",
                partial(draw_kinds, scores),
            ),
            ReportFigure(
                "doubt_scores",
                "How sure it is of digits and of other things. "
                "Dashed: the score that 99 % of the digits reach.",
                partial(draw_scores, scores),
            ),
        ],
        metrics=_measure(scores),
        caveats=[few] if (few := caveat(len(scores.digits))) else [],
        tiles=[(percent(_share(scores.sums[0]), 1), "of strange non-digits taken for digits")],
    )


def _share(row: OodResult) -> float:
    """Taken for digits by the model's own rule; without one, where 99 % of digits pass."""
    return row.share if row.share_by_rule is None else row.share_by_rule


def _summarise(scores: OodScores) -> list[str]:
    untaught, taught = scores.sums
    sentences = []
    if scores.rule:  # which is what the model's users meet
        through = float((scores.digits >= scores.rule.threshold).mean())
        sentences.append(
            f"By its own rule it accepts {percent(through)} of {len(scores.digits):,} digits, and "
            f"takes for digits {percent(untaught.share_by_rule or 0, 1)} of {untaught.n:,} "
            f"pictures of kinds that no network was ever taught and "
            f"{percent(taught.share_by_rule or 0, 1)} of {taught.n:,} of kinds that some are "
            "taught."
        )
    sentences.append(
        f"Where the threshold lets 99 % of {len(scores.digits):,} digits through, "
        f"{percent(untaught.share, 1)} of {untaught.n:,} pictures of kinds that no network was "
        f"ever taught are taken for digits (AUROC {untaught.auroc:.3f}), and "
        f"{percent(taught.share, 1)} of {taught.n:,} of kinds that some are taught (AUROC "
        f"{taught.auroc:.3f})."
    )
    if row := scores.ood:
        sentences.append(
            f"Of {row.n:,} images of {row.kind}, {percent(row.share, 1)} are taken for digits "
            f"(AUROC {row.auroc:.3f})."
        )
    worst = sorted(scores.rows, key=lambda row: -row.share)[:3]
    names = ", ".join(f"{row.kind} ({percent(row.share, 0)})" for row in worst)
    return [*sentences, f"Most often taken for digits: {names}."]


def _explain(scores: OodScores) -> list[str]:
    whose = "the threshold in the model's own file is of this score"
    if scores.rule is None:
        whose = "the model's file holds no threshold of its own"
    return [
        f"The score is the {scores.score_name}; {whose}. The threshold for 99 % is set on "
        "the very digits that are shown here, misread ones among them. AUROC is the chance that a "
        "digit scores higher than a picture of the kind: 0.5 is a coin, 1 is perfect.",
        "Networks whose recipe trains with non-digits, such as cnn, see the kinds marked 'may be'; "
        "no network ever saw the others. Some halves, alone or joined, look like digits to anyone, "
        "so that nobody could reject them all. The network is judged alone: the reader rejects "
        "blank paper and much else before the network is asked.",
    ]


def _tabulate(scores: OodScores) -> Table:
    columns = ["Kind", "Trained on", "Images", "AUROC", "Taken for a digit, %", "95 % interval, %"]
    return Table(
        [*columns, *(["At its own threshold, %"] if scores.rule else [])],
        [
            [row.kind, "may be" if row.taught else "never", row.n, f"{row.auroc:.4f}",
             f"{100 * row.share:.1f}", interval(row.accepted, row.n),
             *([f"{100 * (row.share_by_rule or 0):.1f}"] if scores.rule else [])]
            for row in (*scores.rows, *scores.sums)
        ],
        "What is taken for a digit where 99 % of digits are accepted, by kind; less is better.",
    )  # fmt: skip


def _measure(scores: OodScores) -> dict[str, Any]:
    def describe(row: OodResult) -> dict[str, Any]:
        rates = {"false_accept_rate": row.share, "false_accept_rate_by_rule": row.share_by_rule}
        return asdict(row) | rates

    rule = scores.rule.threshold if scores.rule else None
    return {
        "score": scores.score_name,
        "digits": len(scores.digits),
        "threshold": scores.threshold,
        "accepted_digits": float((scores.digits >= scores.threshold).mean()),
        "model_threshold": rule,
        "accepted_digits_by_rule": None if rule is None else float((scores.digits >= rule).mean()),
        "kinds": {row.kind: describe(row) for row in scores.rows},
        "never_taught": describe(scores.sums[0]),
        "may_be_taught": describe(scores.sums[1]),
    }


BINS = 60
# The lowest that the highest of ten probabilities can be.
MIN_SCORE = 0.1


def draw_kinds(scores: OodScores) -> Figure:
    """A dot a kind: the share taken for digits, the worst on top."""
    rows = sorted(scores.rows, key=lambda row: row.share)
    figure = plotting.new_figure(1.2 + 0.19 * len(rows))
    axes = figure.subplots()
    for taught, label in ((False, "never trained on"), (True, "may have been trained on")):
        these = [(place, row) for place, row in enumerate(rows) if row.taught == taught]
        places = [place for place, _ in these]
        shares = np.array([row.share for _, row in these])
        ends = np.array([wilson(row.accepted, row.n) for _, row in these]).T
        axes.errorbar(
            100 * shares,
            places,
            xerr=100 * np.abs(ends - shares),
            fmt="o",
            color=plotting.ORANGE,
            markerfacecolor="white" if taught else plotting.ORANGE,
            elinewidth=1.2,
            label=label,
        )
    axes.set_yticks(range(len(rows)), [plotting.show_name(row.kind) for row in rows], fontsize=9)
    axes.set(
        title="Not a digit, but taken for one",
        xlabel="share taken for a digit (%), where 99 % of digits are accepted",
        xlim=(-1, max(30.0, *axes.get_xlim())),
        ylim=(-0.8, len(rows) - 0.2),
    )
    axes.grid(axis="y", visible=False)
    figure.legend(loc="outside lower center", ncols=2, fontsize=9)
    return figure


def draw_scores(scores: OodScores) -> Figure:
    """Histograms of the score, one above the other: digits, then groups of other things."""
    groups = _group(scores)
    highest = max(float(values.max()) for values in groups.values())
    edges = np.linspace(MIN_SCORE, max(min(1.0, highest * 1.02), 2 * MIN_SCORE), BINS + 1)
    figure = plotting.new_figure(1.2 + 0.95 * len(groups))
    panels = figure.subplots(len(groups), 1, sharex=True, squeeze=False)[:, 0]
    for axes, (name, values) in zip(panels, groups.items(), strict=True):
        colour = plotting.BLUE if name == "digits" else plotting.ORANGE
        weights = np.full(len(values), 100 / len(values))
        axes.hist(np.clip(values, edges[0], edges[-1]), edges, weights=weights, color=colour)
        axes.axvline(scores.threshold, color=plotting.INK, linewidth=1.0, linestyle="--")
        axes.set_title(
            f"{name} ({len(values):,})", fontsize=10, pad=3, loc="left", fontweight="normal"
        )
        axes.tick_params(labelsize=9)
        axes.set_xlim(edges[0], edges[-1])
    panels[-1].set_xlabel(scores.score_name)
    figure.supylabel("share of the pictures (%)", fontsize=11)
    plotting.heading(figure, "How sure it is of digits and of other things")
    return figure


def _group(scores: OodScores) -> dict[str, np.ndarray]:
    """Digits, the data that the user named, kinds never taught, and those that may be."""
    groups = {"digits": scores.digits}
    if scores.ood:
        groups[scores.ood.kind] = scores.others[scores.ood.kind]
    for name, taught in (("never", False), ("that may have been", True)):
        groups[f"not digits, kinds {name} trained on"] = np.concatenate(
            [scores.others[row.kind] for row in scores.rows
             if row is not scores.ood and row.taught == taught]
        )  # fmt: skip
    return groups
