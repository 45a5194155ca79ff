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
from digit_classifier.evaluation.separation import Scores, Separation, measure
from digit_classifier.evaluation.stress import Predict, Progress
from digit_classifier.evaluation.wording import percent
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
                "What is taken for a digit where the threshold lets 99 % of the digits through. "
                "Bars: 95 % intervals. Hollow: kinds that a network may have been trained on.",
                partial(doubt_plots.draw_kinds, scores),
            ),
            Plate(
                "doubt_scores",
                "How sure it is of digits and of other things. "
                "Dashed: the score that 99 % of the digits reach.",
                partial(doubt_plots.draw_scores, scores),
            ),
        ],
        metrics=_measure(scores),
    )


def _summarise(scores: Scores) -> list[str]:
    untaught, taught = scores.sums
    sentences = [
        f"Where the threshold lets 99 % of {len(scores.digits):,} digits through, "
        f"{percent(untaught.share, 1)} of {untaught.n:,} pictures of kinds that no network was "
        f"ever taught are taken for digits (AUROC {untaught.auroc:.3f}), and "
        f"{percent(taught.share, 1)} of {taught.n:,} of kinds that some are taught (AUROC "
        f"{taught.auroc:.3f}).",
    ]
    if scores.ood:
        row = scores.ood
        sentences.append(
            f"Of {row.n:,} images of {row.kind}, {percent(row.share, 1)} are taken for digits "
            f"(AUROC {row.auroc:.3f})."
        )
    rule = scores.acceptance.threshold
    if rule is not None:
        through = float((scores.digits >= rule).mean())
        sentences.append(
            f"Its own threshold, {rule:g}, lets {percent(through)} of the digits through, and "
            f"{percent(untaught.share_by_rule or 0, 1)} of the kinds that no network was ever "
            "taught."
        )
    worst = sorted(scores.rows, key=lambda row: -row.share)[:3]
    names = ", ".join(f"{row.kind} ({percent(row.share, 0)})" for row in worst)
    return [*sentences, f"Most often taken for digits: {names}."]


def _explain(scores: Scores) -> list[str]:
    whose = "the threshold in the model's own file is of this score"
    if scores.acceptance.threshold is None:
        whose = "the model's file holds no threshold of its own"
    return [
        f"The score is the {scores.acceptance.words}; {whose}. The threshold for 99 % is set on "
        "the very digits that are shown here, misread ones among them. AUROC is the chance that a "
        "digit scores higher than a picture of the kind: 0.5 is a coin, 1 is perfect.",
        "Networks whose recipe trains with non-digits, such as cnn, see the kinds marked 'may be'; "
        "no network ever saw the others. Some halves, alone or joined, look like digits to anyone, "
        "so that nobody could refuse them all. The network is judged alone: the reader refuses "
        "blank paper and much else before the network is asked.",
    ]


def _tabulate(scores: Scores) -> Table:
    columns = ["Kind", "Trained on", "Images", "AUROC", "Taken for a digit, %", "95 % interval, %"]
    has_rule = scores.acceptance.threshold is not None
    if has_rule:
        columns.append("At its own threshold, %")
    rows: list[list[str | int | float]] = []
    for row in (*scores.rows, *scores.sums):
        low, high = wilson(row.accepted, row.n)
        cells: list[str | int | float] = [row.kind, "may be" if row.taught else "never", row.n]
        cells += [
            f"{row.auroc:.4f}",
            f"{100 * row.share:.1f}",
            f"{100 * low:.1f} to {100 * high:.1f}",
        ]
        if has_rule:
            cells.append(f"{100 * (row.share_by_rule or 0):.1f}")
        rows.append(cells)
    caption = (
        "What is taken for a digit where 99 % of digits are accepted, by kind; less is better."
    )
    return Table(columns, rows, caption)


def _measure(scores: Scores) -> dict[str, Any]:
    def describe(row: Separation) -> dict[str, Any]:
        rates = {
            "false_accept_rate": row.share,
            "false_accept_rate_by_rule": row.share_by_rule,
        }
        return asdict(row) | rates

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
