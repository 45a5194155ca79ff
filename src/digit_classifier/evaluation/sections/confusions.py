"""Where it errs: the confusion matrix, the pairs that are mixed up most, every error."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from digit_classifier import plotting
from digit_classifier.dataset.labelled import MNIST_NAME, Dataset
from digit_classifier.evaluation.predictions import Predictions, Progress, silent
from digit_classifier.evaluation.section import (
    Evaluation,
    ReportFigure,
    Section,
    Table,
    report_section,
)
from digit_classifier.onnx_model import CLASSES
from digit_classifier.words import count, percent

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


@report_section("confusions", seconds=3)
def section(evaluation: Evaluation, _tell: Progress = silent) -> Section:
    """The confusion matrix, the most frequent mix-ups, and every error.

    Images whose labels human judges disputed are marked.
    """
    predictions, disputes = evaluation.predictions, find_disputes(evaluation.dataset)
    matrix = count_confusions(predictions)
    pairs = find_pairs(predictions)
    return Section(
        key="confusions",
        title="Where does it err?",
        sentences=_sentences(predictions, pairs, disputes),
        tables=_tables(matrix, pairs),
        figures=_figures(predictions, matrix, pairs, disputes),
        metrics={
            "confusion_matrix": matrix.tolist(),
            "pairs": [{"truth": p.truth, "answer": p.answer, "n": len(p.indices)} for p in pairs],
            "errors": [
                _describe(predictions, int(index), disputes) for index in predictions.errors
            ],
        },
    )


def count_confusions(predictions: Predictions) -> np.ndarray:
    """How often each digit was read as each: int64 (10, 10), a row a truth."""
    from sklearn.metrics import confusion_matrix

    return np.asarray(
        confusion_matrix(predictions.labels, predictions.answers, labels=range(CLASSES))
    )


def find_pairs(predictions: Predictions) -> list[Pair]:
    """Every mix-up, the most frequent first."""
    found: dict[tuple[int, int], list[int]] = {}
    for index in predictions.errors.tolist():
        key = int(predictions.labels[index]), int(predictions.answers[index])
        found.setdefault(key, []).append(index)
    pairs = [Pair(*key, indices) for key, indices in found.items()]
    return sorted(pairs, key=lambda pair: (-len(pair.indices), pair.truth, pair.answer))


def draw_matrix(matrix: np.ndarray) -> Figure:
    """The errors of a confusion matrix in colour; what is right in grey figures only."""
    from matplotlib.patches import Rectangle

    errors = matrix.copy()
    np.fill_diagonal(errors, 0)
    most = max(1, int(errors.max()))
    figure = plotting.new_figure(6.2)
    axes = figure.subplots()
    axes.grid(visible=False)
    colours = plotting.heat()
    for (truth, answer), n in np.ndenumerate(matrix):
        right = truth == answer
        if right or n:
            # Roots, or one frequent mix-up would leave all others white.
            colour = plotting.FAINT if right else colours((n / most) ** 0.5)
            corner, alpha = (answer - 0.47, truth - 0.47), 0.45 if right else 1.0
            axes.add_patch(Rectangle(corner, 0.94, 0.94, facecolor=colour, alpha=alpha, lw=0))
            axes.text(answer, truth, f"{n:,}", ha="center", va="center",
                      fontsize=9 if n > 999 else 10,
                      color=plotting.INK if right else plotting.ON_PALE)  # fmt: skip
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


def draw_pairs(predictions: Predictions, pairs: list[Pair]) -> Figure:
    """Examples of the most frequent mix-ups, two mix-ups a row."""
    rows = -(-len(pairs) // 2)
    figure = plotting.new_figure(0.72 * rows + 0.6)
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
            plotting.show_digit(tile, predictions.images[index])
    plotting.heading(figure, "The most frequent mix-ups")
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


def _sentences(
    predictions: Predictions, pairs: list[Pair], disputes: Mapping[int, Dispute]
) -> list[str]:
    if not pairs:
        return [f"It errs on none of {count(predictions.n, 'image')}."]
    worst = pairs[0]
    named = " and ".join(
        f"{pair.truth} read as {pair.answer} ({count(len(pair.indices), 'time')})"
        for pair in pairs[:2]
    )
    sure = int((predictions.confidence[predictions.errors] > 0.9).sum())
    sentences = [
        f"Most often it mixes up {named}; {count(len(pairs), 'kind')} of mix-up in all.",
        f"It was more than 90 % sure of {count(sure, 'answer')} of its "
        f"{count(len(predictions.errors), 'error')}.",
    ]
    disputed = [index for index in predictions.errors.tolist() if index in disputes]
    if disputes:
        agreed = sum(int(predictions.answers[index]) == disputes[index].other for index in disputed)
        sentences.append(
            f"{len(disputed)} of the {count(len(predictions.errors), 'error')} are among the "
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


def _figures(
    predictions: Predictions, matrix: np.ndarray, pairs: list[Pair], disputes: Mapping[int, Dispute]
) -> list[ReportFigure]:
    figures = [
        ReportFigure(
            "confusions",
            "Rows are what the images are, columns what was read; errors are coloured, right "
            "answers are grey.",
            lambda: draw_matrix(matrix),
        )
    ]
    if pairs:
        shown = pairs[:PAIRS]
        figures += [
            ReportFigure(
                "pairs",
                f"The {count(len(shown), 'most frequent mix-up')}, up to {EXAMPLES} examples each, "
                "the most confident first.",
                lambda: draw_pairs(predictions, shown),
            ),
            *error_sheets(predictions, disputes),
        ]
    return figures


def _describe(
    predictions: Predictions, index: int, disputes: Mapping[int, Dispute]
) -> dict[str, Any]:
    truth = int(predictions.labels[index])
    return {
        "index": index,
        "truth": truth,
        "answer": int(predictions.answers[index]),
        "confidence": round(float(predictions.confidence[index]), 6),
        "truth_probability": round(float(predictions.probabilities[index, truth]), 6),
        "disputed": index in disputes,
    }


COLUMNS = 6  # so that a phone shows captions that can be read
# A sheet of more is taller than a screen can scroll with pleasure, and thirty sheets are no
# report: the rest stands in metrics.json.
PER_SHEET, SHEETS = 90, 4
# In pixels of a digit: a tile, what it takes with its caption and space around, and the title.
SIDE, ACROSS, DOWN, HEAD = 28, 33, 44, 17


def error_sheets(predictions: Predictions, disputes: Mapping[int, Dispute]) -> list[ReportFigure]:
    """Sheets of all errors, or of the first 360."""
    errors = predictions.errors.tolist()
    shown = errors[: PER_SHEET * SHEETS]
    parts = [shown[at : at + PER_SHEET] for at in range(0, len(shown), PER_SHEET)]
    made = []
    for number, part in enumerate(parts):
        which = "" if len(parts) == 1 else f", sheet {number + 1} of {len(parts)}"
        caption = (
            f"All {count(len(errors), 'error')}{which}" if len(shown) == len(errors) else
            f"The worst {len(shown):,} of {count(len(errors), 'error')}{which}; all are in "
            "metrics.json"
        )  # fmt: skip
        caption += (
            ". Below each: what it is → what was read, how sure the model was, and the image's "
            "index in the test set."
        )
        if any(index in disputes for index in part):
            caption += " Framed: human judges dispute the label."
        name = "errors" if not number else f"errors-{number + 1}"
        made.append(ReportFigure(name, caption, partial(draw_sheet, predictions, part, disputes)))
    return made


def draw_sheet(
    predictions: Predictions, indices: list[int], disputes: Mapping[int, Dispute]
) -> Figure:
    """Draw errors in rows, each above what it is, what was read, how surely, and its index."""
    from matplotlib.patches import Rectangle

    width, height = COLUMNS * ACROSS, HEAD + DOWN * -(-len(indices) // COLUMNS)
    figure = plotting.new_figure(plotting.SIZE[0] * height / width, layout=None)
    axes = figure.add_axes((0, 0, 1, 1))
    plotting.bare(axes)
    axes.set(xlim=(SIDE - ACROSS, width), ylim=(height, 0))
    legend = "truth → read"
    if any(index in disputes for index in indices):
        legend += "; framed: human judges dispute the label"
    left = (ACROSS - SIDE) / (width + ACROSS - SIDE)
    figure.text(left, 1 - 5 / height, "Errors, the most confident first", fontsize=13,
                fontweight="bold", va="center")  # fmt: skip
    figure.text(left, 1 - 11.5 / height, legend, fontsize=11, va="center")
    for place, index in enumerate(indices):
        row, column = divmod(place, COLUMNS)
        x, y = column * ACROSS, HEAD + row * DOWN
        axes.imshow(255 - predictions.images[index], cmap="gray", vmin=0, vmax=255,
                    interpolation="none", extent=(x, x + SIDE, y + SIDE, y),
                    aspect="auto")  # fmt: skip
        colour, line = (plotting.INK, 2.6) if index in disputes else (plotting.FAINT, 0.8)
        frame = Rectangle((x, y), SIDE, SIDE, fill=False, edgecolor=colour, linewidth=line)
        axes.add_patch(frame).set_zorder(3)
        sure = np.floor(100 * predictions.confidence[index])  # 99.96 % is not 100 %
        told = f"{predictions.labels[index]} → {predictions.answers[index]}"
        below = f"{sure:.0f} % #{index}"
        for dy, text, size, alpha in ((4, told, 13, 1.0), (9.5, below, 9.5, 0.8)):
            axes.text(x + SIDE / 2, y + SIDE + dy, text, fontsize=size, alpha=alpha, ha="center",
                      va="center")  # fmt: skip
    return figure


SOURCE = (
    "Northcutt, Athalye, Mueller, “Pervasive label errors in test sets destabilize machine "
    "learning benchmarks”, NeurIPS 2021 Datasets and Benchmarks"
)


class Dispute(NamedTuple):
    """How five people judged one image.

    Attributes:
        label: what MNIST says it is.
        other: what the study's models took it for.
        for_label: how many of the five saw the label only.
        for_other: how many saw the other digit only; the rest saw neither.
    """

    label: int
    other: int
    for_label: int
    for_other: int


# Index in the test set -> dispute: all where fewer than three of the five saw the label.
# Source: SOURCE; github.com/cleanlab/label-errors, mturk/mnist_mturk.json.
JUDGES = 5
MNIST_TEST = {
    947: Dispute(8, 9, 0, 5),
    1621: Dispute(0, 6, 2, 3),
    1901: Dispute(9, 4, 2, 3),
    2130: Dispute(4, 9, 2, 2),
    2462: Dispute(2, 0, 0, 4),
    2597: Dispute(5, 3, 0, 4),
    2654: Dispute(6, 1, 0, 2),
    3520: Dispute(6, 4, 2, 0),
    3558: Dispute(5, 0, 1, 4),
    5937: Dispute(5, 3, 1, 3),
    6651: Dispute(0, 6, 0, 5),
    6783: Dispute(1, 6, 2, 3),
    8527: Dispute(4, 9, 2, 2),
    9679: Dispute(6, 3, 2, 0),
    9729: Dispute(5, 6, 2, 3),
}


def find_disputes(dataset: Dataset) -> dict[int, Dispute]:
    """The disputed test images of a data set, by index: none unless it is the real MNIST."""
    return MNIST_TEST if dataset.name == MNIST_NAME else {}
