"""Section 5 of a report: does a model know what is not a digit?"""

from __future__ import annotations

from dataclasses import asdict
from functools import partial
from typing import Any

import numpy as np

from digit_classifier.evaluation import doubt_plots, outsiders
from digit_classifier.evaluation.acceptance import Acceptance
from digit_classifier.evaluation.outsiders import Outsiders
from digit_classifier.evaluation.section import Plate, Section, Table
from digit_classifier.evaluation.separation import ACCEPTED, Scores, Separation, measure
from digit_classifier.evaluation.stress import Predict, Progress
from digit_classifier.intervals import wilson


def section(
    predict: Predict,
    digits: np.ndarray,
    labels: np.ndarray,
    *,
    acceptance: Acceptance | None = None,
    ood: Outsiders | None = None,
    quick: bool = False,
    progress: Progress | None = None,
) -> Section:
    """Measure whether a model's doubt tells digits from other things.

    Args:
        predict: uint8 (n, 28, 28) to probabilities (n, 10).
        digits: uint8, shape (n, 28, 28), at least one: digits that chose nothing about the model.
        labels: 0 to 9, shape (n,).
        acceptance: how the model decides: `Acceptance.of(model.metadata)`; the plain highest
            probability if left out.
        ood: other data, from `outsiders.read(path)`.
        quick: a third as many drawings of each kind.
        progress: called with ("what is no digit", done, total).
    Raises:
        DataError: `ood` holds the digits themselves.
        MissingExtraError: the fonts that draw letters are not installed.
    """
    per_kind = outsiders.QUICK_PER_KIND if quick else outsiders.PER_KIND
    scores = measure(
        predict,
        digits,
        labels,
        acceptance=acceptance or Acceptance(),
        ood=ood,
        per_kind=per_kind,
        progress=progress,
    )
    return Section(
        key="doubt",
        title="Does it know what is not a digit?",
        sentences=[*_summarise(scores), *_explain(scores)],
        tables=[_tabulate(scores)],
        plates=[
            Plate(
                "not_a_digit",
                f"What is taken for a digit when the threshold lets {ACCEPTED:.0%} of the digits "
                "through, with 95 % intervals. Hollow: kinds that a network may have been "
                "trained on.",
                partial(doubt_plots.draw_kinds, scores),
            ),
            Plate(
                "doubt_scores",
                "How sure it is of digits and of other things. "
                f"Dashed: the score that {ACCEPTED:.0%} of the digits reach.",
                partial(doubt_plots.draw_scores, scores),
            ),
        ],
        metrics=_measure(scores),
    )


def _summarise(scores: Scores) -> list[str]:
    untaught, taught = scores.sums
    sentences = [
        f"Where the threshold lets {ACCEPTED:.0%} of {len(scores.digits):,} digits through, "
        f"{untaught.accepted / untaught.n:.1%} of {untaught.n:,} pictures of kinds that no network "
        f"was ever taught are taken for digits (AUROC {untaught.auroc:.3f}), and "
        f"{taught.accepted / taught.n:.1%} of {taught.n:,} of kinds that some are taught (AUROC "
        f"{taught.auroc:.3f}).",
    ]
    if scores.ood:
        row = scores.ood
        sentences.append(
            f"Of {row.n:,} images of {row.kind}, {row.accepted / row.n:.1%} are taken for digits "
            f"(AUROC {row.auroc:.3f})."
        )
    rule = scores.acceptance.threshold
    if rule is not None:
        through = float((scores.digits >= rule).mean())
        counts = (untaught.accepted_by_rule or 0) / untaught.n
        sentences.append(
            f"Its own threshold, {rule:g}, lets {through:.2%} of the digits through, and "
            f"{counts:.1%} of the kinds that no network was ever taught."
        )
    worst = sorted(scores.rows, key=lambda row: -row.accepted / row.n)[:3]
    names = ", ".join(f"{row.kind} ({row.accepted / row.n:.0%})" for row in worst)
    return [*sentences, f"Most often taken for digits: {names}."]


def _explain(scores: Scores) -> list[str]:
    whose = "the threshold in the model's own file is of this score"
    if scores.acceptance.threshold is None:
        whose = "the model's file holds no threshold of its own"
    return [
        f"The score is the {scores.acceptance.words}; {whose}. The threshold for {ACCEPTED:.0%} "
        "is set on the very digits that are shown here, misread ones among them.",
        "AUROC is the chance that a digit scores higher than a picture of the kind: 0.5 is a coin, "
        "1 is perfect. Networks whose recipe trains with non-digits, such as cnn, see kinds marked "
        "'may be'; no network ever saw the others. Some joined halves and halves look like digits "
        "to anyone, so that 0 cannot be reached.",
    ]


def _tabulate(scores: Scores) -> Table:
    columns = [
        "kind",
        "trained on",
        "n",
        "AUROC",
        f"taken at {ACCEPTED:.0%}, %",
        "95 % interval, %",
    ]
    has_rule = scores.acceptance.threshold is not None
    if has_rule:
        columns.append("taken at the model's threshold, %")
    rows: list[list[str | int | float]] = []
    for row in (*scores.rows, *scores.sums):
        low, high = wilson(row.accepted, row.n)
        cells: list[str | int | float] = [row.kind, "may be" if row.taught else "never", row.n]
        cells += [f"{row.auroc:.4f}", f"{100 * row.accepted / row.n:.1f}"]
        cells.append(f"{100 * low:.1f} to {100 * high:.1f}")
        if has_rule:
            cells.append(f"{100 * (row.accepted_by_rule or 0) / row.n:.1f}")
        rows.append(cells)
    return Table(columns, rows, "What is taken for a digit, by kind; fewer is better.")


def _measure(scores: Scores) -> dict[str, Any]:
    def describe(row: Separation) -> dict[str, Any]:
        rule = row.accepted_by_rule
        return asdict(row) | {
            "false_accept_rate": row.accepted / row.n,
            "false_accept_rate_by_rule": None if rule is None else rule / row.n,
        }

    acceptance = scores.acceptance
    rule = acceptance.threshold
    return {
        "score": acceptance.words,
        "digits": len(scores.digits),
        "threshold": scores.threshold,
        "accepted_digits": float((scores.digits >= scores.threshold).mean()),
        "model_threshold": rule,
        "accepted_digits_by_rule": None if rule is None else float((scores.digits >= rule).mean()),
        "kinds": {row.kind: describe(row) for row in scores.rows},
        "never_taught": describe(scores.sums[0]),
        "may_be_taught": describe(scores.sums[1]),
    }
