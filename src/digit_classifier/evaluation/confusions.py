"""Where it errs: the confusion matrix, the pairs that are mixed up most, every error."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from digit_classifier import plotting
from digit_classifier.evaluation import error_sheet
from digit_classifier.evaluation.disputes import SOURCE, Dispute
from digit_classifier.evaluation.section import Plate, Section, Table
from digit_classifier.evaluation.trial import Trial
from digit_classifier.evaluation.wording import count, percent
from digit_classifier.onnx_model import CLASSES

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PAIRS, EXAMPLES = 8, 4


class Pair(NamedTuple):
    """One digit read as another.

    Attributes:
        truth: what the label says.
        answer: what was read.
        indices: the images, the most confident error first.
    """

    truth: int
    answer: int
    indices: list[int]


def section(trial: Trial, disputes: Mapping[int, Dispute] | None = None) -> Section:
    """The confusion matrix, the most frequent mix-ups, and every error.

    Args:
        trial: a model's answers.
        disputes: by index, the images whose labels human judges disputed.
    """
    disputes = disputes or {}
    matrix = count_confusions(trial)
    pairs = find_pairs(trial)
    return Section(
        key="confusions",
        title="Where does it err?",
        sentences=_sentences(trial, pairs, disputes),
        tables=_tables(matrix, pairs),
        plates=_plates(trial, matrix, pairs, disputes),
        metrics={
            "confusion_matrix": matrix.tolist(),
            "pairs": [{"truth": p.truth, "answer": p.answer, "n": len(p.indices)} for p in pairs],
            "errors": [_describe(trial, int(index), disputes) for index in trial.errors],
        },
    )


def count_confusions(trial: Trial) -> np.ndarray:
    """How often each digit was read as each: int64 (10, 10), a row a truth."""
    from sklearn.metrics import confusion_matrix

    return np.asarray(confusion_matrix(trial.labels, trial.answers, labels=range(CLASSES)))


def find_pairs(trial: Trial) -> list[Pair]:
    """Every mix-up, the most frequent first."""
    found: dict[tuple[int, int], list[int]] = {}
    for index in trial.errors.tolist():
        key = int(trial.labels[index]), int(trial.answers[index])
        found.setdefault(key, []).append(index)
    pairs = [Pair(*key, indices) for key, indices in found.items()]
    return sorted(pairs, key=lambda pair: (-len(pair.indices), pair.truth, pair.answer))


def draw_matrix(matrix: np.ndarray) -> Figure:
    """The errors of a confusion matrix in colour; what is right in grey figures only."""
    from matplotlib.figure import Figure

    errors = matrix.copy()
    np.fill_diagonal(errors, 0)
    most = max(1, int(errors.max()))
    figure = Figure(figsize=(7.0, 6.2), layout="constrained")
    axes = figure.subplots()
    axes.grid(visible=False)
    colours = plotting.heat()
    for (truth, answer), n in np.ndenumerate(matrix):
        right = truth == answer
        # Roots, or one frequent mix-up would leave all others white.
        colour = plotting.FAINT if right else colours((n / most) ** 0.5)
        if right or n:
            axes.add_patch(_cell(answer, truth, colour, 0.45 if right else 1.0))
            axes.text(
                answer,
                truth,
                f"{n:,}",
                ha="center",
                va="center",
                fontsize=9 if n > 999 else 10,
                color=plotting.INK if right else plotting.ON_PALE,
            )
    _write_sums(axes, errors)
    axes.set(
        title="What was read as what",
        xlabel="read as",
        ylabel="what it is",
        xticks=range(CLASSES),
        yticks=range(CLASSES),
        xlim=(-0.5, CLASSES + 0.5),
        ylim=(CLASSES + 0.35, -0.5),
        aspect="equal",
    )
    axes.xaxis.set_label_position("top")
    axes.tick_params(length=0, top=True, labeltop=True, bottom=False, labelbottom=False)
    for spine in axes.spines.values():
        spine.set_visible(False)
    return figure


def draw_pairs(trial: Trial, pairs: list[Pair]) -> Figure:
    """Examples of the most frequent mix-ups, two mix-ups a row."""
    from matplotlib.figure import Figure

    rows = -(-len(pairs) // 2)
    figure = Figure(figsize=(7.0, 0.72 * rows + 0.6), layout="constrained")
    block = [1.75, *[1] * EXAMPLES, 0.4]  # words, tiles, and air before the other half
    grid = figure.subplots(rows, 2 * len(block), squeeze=False, width_ratios=block * 2)
    places = grid.reshape(2 * rows, len(block))
    for place in places.ravel():
        place.set_axis_off()
    # Down the left half first, then down the right.
    order = [*range(0, 2 * rows, 2), *range(1, 2 * rows, 2)]
    for pair, row in zip(pairs, order, strict=False):
        label, *tiles, _air = places[row]
        label.text(0, 0.64, f"{pair.truth} read as {pair.answer}", fontsize=11, va="center")
        label.text(0, 0.26, count(len(pair.indices), "time"), fontsize=9.5, va="center", alpha=0.75)
        for tile, index in zip(tiles, pair.indices, strict=False):
            tile.set_axis_on()
            plotting.show_digit(tile, trial.images[index])
    figure.suptitle("The most frequent mix-ups", x=0.012, ha="left", fontsize=13, fontweight="bold")
    return figure


def _write_sums(axes: Any, errors: np.ndarray) -> None:
    """How many errors each row and each column holds, beyond the matrix."""
    style = {"ha": "center", "va": "center", "fontsize": 10, "color": plotting.INK}
    for digit in range(CLASSES):
        axes.text(CLASSES + 0.05, digit, f"{errors[digit].sum():,}", **style)
        axes.text(digit, CLASSES + 0.05, f"{errors[:, digit].sum():,}", **style)
    axes.text(CLASSES + 0.05, -0.8, "errors", **style)
    axes.text(-0.72, CLASSES + 0.05, "errors", **{**style, "ha": "right"})
    axes.text(CLASSES + 0.05, CLASSES + 0.05, f"{errors.sum():,}", **style, fontweight="bold")


def _cell(x: int, y: int, colour: Any, alpha: float) -> Any:
    from matplotlib.patches import Rectangle

    return Rectangle((x - 0.47, y - 0.47), 0.94, 0.94, facecolor=colour, alpha=alpha, linewidth=0)


def _sentences(trial: Trial, pairs: list[Pair], disputes: Mapping[int, Dispute]) -> list[str]:
    if not pairs:
        return [f"It errs on none of {count(trial.n, 'image')}."]
    worst = pairs[0]
    named = " and ".join(
        f"{pair.truth} read as {pair.answer} ({count(len(pair.indices), 'time')})"
        for pair in pairs[:2]
    )
    sure = int((trial.confidence[trial.errors] > 0.9).sum())
    sentences = [
        f"Most often it mixes up {named}; {count(len(pairs), 'kind')} of mix-up in all.",
        f"It was more than 90 % sure of {count(sure, 'answer')} of its "
        f"{count(len(trial.errors), 'error')}.",
    ]
    disputed = [index for index in trial.errors.tolist() if index in disputes]
    if disputes:
        agreed = sum(int(trial.answers[index]) == disputes[index].other for index in disputed)
        sentences.append(
            f"{len(disputed)} of the {count(len(trial.errors), 'error')} are among the "
            f"{len(disputes)} test images in which fewer than three of five human judges saw the "
            f"digit of the label; on {agreed} of them the model says what the study's models said. "
            f"The sheet of errors marks them. Source: {SOURCE}."
        )
    if len(worst.indices) == 1:
        sentences[0] = f"No mix-up happens twice: {count(len(pairs), 'kind')} of mix-up, once each."
    return sentences


def _tables(matrix: np.ndarray, pairs: list[Pair]) -> list[Table]:
    rows = [
        (
            f"{pair.truth} read as {pair.answer}",
            len(pair.indices),
            percent(len(pair.indices) / int(matrix[pair.truth].sum())),
        )
        for pair in pairs[:10]
    ]
    columns = ["Mix-up", "Times", "Of the images of that digit"]
    return [Table(columns, rows, "The most frequent mix-ups.")] if rows else []


def _plates(
    trial: Trial, matrix: np.ndarray, pairs: list[Pair], disputes: Mapping[int, Dispute]
) -> list[Plate]:
    plates = [
        Plate(
            "confusions",
            "Rows are what the images are, columns what was read; errors are coloured, right "
            "answers are grey.",
            lambda: draw_matrix(matrix),
        )
    ]
    if pairs:
        shown = pairs[:PAIRS]
        plates += [
            Plate(
                "pairs",
                f"The {count(len(shown), 'most frequent mix-up')}, up to {EXAMPLES} examples each, "
                "those first of which the model was surest.",
                lambda: draw_pairs(trial, shown),
            ),
            *error_sheet.plates(trial, disputes),
        ]
    return plates


def _describe(trial: Trial, index: int, disputes: Mapping[int, Dispute]) -> dict[str, Any]:
    truth = int(trial.labels[index])
    return {
        "index": index,
        "truth": truth,
        "answer": int(trial.answers[index]),
        "confidence": round(float(trial.confidence[index]), 6),
        "truth_probability": round(float(trial.probabilities[index, truth]), 6),
        "disputed": index in disputes,
    }
