"""What a model looks at: its first weights, what an answer hangs on, and a map of the images."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from digit_classifier import plotting
from digit_classifier.evaluation.model import Model
from digit_classifier.evaluation.onnx_graph import first_weights
from digit_classifier.evaluation.predictions import Predictions, Progress
from digit_classifier.evaluation.section import (
    Evaluation,
    ReportFigure,
    Section,
    count,
    report_section,
)
from digit_classifier.evaluation.sections.embedding import Embedding, draw_embedding, embed

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Side of the paper that is laid over a digit, in pixels; about two strokes wide.
PATCH = 5
OCCLUDED = 8
# More units than this are no picture.
MOST_UNITS = 128


def section(
    model: Model,
    predictions: Predictions,
    *,
    quick: bool = False,
    progress: Callable[[str, int, int], None] | None = None,
) -> Section:
    """First-layer weights, occlusion maps of the surest errors, a map of the images.

    Args:
        model: the model.
        predictions: its answers.
        quick: fewer images on the map.
        progress: called with what is done, how much of it, of how much.
    """
    tell = progress or (lambda _what, _done, _total: None)
    weights = first_weights(model.path) if model.path else None
    if weights is not None and len(weights) > MOST_UNITS:
        weights = None
    chosen = choose_examples(predictions)
    maps = []
    for done, index in enumerate(chosen.tolist()):
        tell("occlusion", done, len(chosen))
        maps.append(occlude(model.predict, predictions.images[index]))
    tell("map of the images", 0, 1)
    embedding = embed(model, predictions, quick=quick)
    tell("map of the images", 1, 1)
    return Section(
        key="looking",
        title="What does it look at?",
        sentences=_sentences(predictions, weights, embedding),
        figures=_figures(predictions, weights, chosen, maps, embedding),
        metrics={
            "occluded": chosen.tolist(),
            "patch": PATCH,
            "map": embedding and embedding.describe(),
        },
    )


@report_section("looking", seconds=8)
def _section(evaluation: Evaluation, tell: Progress) -> Section:
    return section(evaluation.model, evaluation.predictions, quick=evaluation.quick, progress=tell)


def choose_examples(predictions: Predictions) -> np.ndarray:
    """The surest errors; where there are few, the least sure of the right answers too."""
    unsure = np.flatnonzero(predictions.right)
    unsure = unsure[np.argsort(predictions.confidence[unsure], kind="stable")]
    return np.concatenate([predictions.errors, unsure])[:OCCLUDED].astype(np.int64)


def occlude(predict: Callable[[np.ndarray], np.ndarray], image: np.ndarray) -> np.ndarray:
    """How the probability of the answer changes when paper is laid over a part of the digit.

    Args:
        predict: uint8 (n, 28, 28) to probabilities (n, 10).
        image: uint8, shape (28, 28).
    Returns:
        float64, shape (28, 28): for each place of the patch's centre, the probability of the
        answer with the patch less that without it, -1 to 1.
    Source: Zeiler, Fergus, "Visualizing and understanding convolutional networks", ECCV 2014,
        section 4.2.
    """
    side = len(image)
    covered = np.repeat(image[None], side * side, axis=0)
    reach = PATCH // 2
    for place in range(side * side):
        y, x = divmod(place, side)
        covered[place, max(0, y - reach) : y + reach + 1, max(0, x - reach) : x + reach + 1] = 0
    before = predict(image[None])[0]
    answer = int(before.argmax())
    change = predict(covered)[:, answer].astype(np.float64) - float(before[answer])
    return np.asarray(change.reshape(side, side))


def draw_weights(weights: np.ndarray) -> Figure:
    """One picture a unit; orange where ink speaks for it, blue where ink speaks against it."""
    from matplotlib.figure import Figure

    columns = 8 if len(weights) <= 32 else 16
    rows = -(-len(weights) // columns)
    figure = Figure(figsize=(7.0, 7.0 / columns * rows + 0.45), layout="constrained")
    places = figure.subplots(rows, columns, squeeze=False).ravel()
    for place in places:
        place.set_axis_off()
    for place, unit in zip(places, weights, strict=False):
        place.set_axis_on()
        plotting.bare(place)
        # Each on its own scale: a single pixel's weight says nothing beside other units'.
        most = float(np.abs(unit).max()) or 1.0
        place.imshow(unit, cmap=plotting.two_sided(), vmin=-most, vmax=most, interpolation="none")
    figure.suptitle("First-layer weights", x=0.012, ha="left", fontsize=13, fontweight="bold")
    return figure


def draw_occlusion(predictions: Predictions, chosen: np.ndarray, maps: list[np.ndarray]) -> Figure:
    """Each digit beside the map of what covering does to the answer."""
    from matplotlib.figure import Figure

    rows = -(-len(chosen) // 4)
    figure = Figure(figsize=(7.0, 1.12 * rows + 0.85), layout="compressed")
    places = figure.subplots(rows, 8, squeeze=False).ravel()
    for place in places:
        place.set_axis_off()
    shown = None
    for at, (index, change) in enumerate(zip(chosen.tolist(), maps, strict=True)):
        digit, heat = places[2 * at], places[2 * at + 1]
        digit.set_axis_on()
        heat.set_axis_on()
        plotting.show_digit(digit, predictions.images[index])
        plotting.frame(heat)
        shown = heat.imshow(
            100 * change, cmap=plotting.two_sided().reversed(), vmin=-100, vmax=100,
            interpolation="none",
        )  # fmt: skip
        ink = predictions.images[index] > 100
        heat.contour(ink, levels=[0.5], colors=[plotting.ON_PALE], linewidths=0.7)
        truth, answer = predictions.labels[index], predictions.answers[index]
        title = f"{truth} read as {answer}" if truth != answer else f"{truth}, read rightly"
        digit.set_title(title, fontsize=10, fontweight="normal", pad=4, loc="left")
    if shown is not None:
        bar = figure.colorbar(shown, ax=places.tolist(), location="bottom", aspect=50, shrink=0.7)
        bar.set_label("change of the answer's probability (percentage points)")
        bar.outline.set_visible(False)
    figure.suptitle("What the answer hangs on", x=0.012, ha="left", fontsize=13, fontweight="bold")
    return figure


def _sentences(
    predictions: Predictions, weights: np.ndarray | None, embedding: Embedding | None
) -> list[str]:
    sentences = [
        f"The occlusion maps show what the answer hangs on: a patch of {PATCH} by {PATCH} pixels "
        "of paper is laid over every place of a digit in turn."
    ]
    if embedding:
        sentences.append(
            f"The map lays out {count(len(embedding.indices), 'image')} by {embedding.space}: "
            "images that are alike to the model lie close together."
        )
    else:
        sentences.append(
            f"No map: {count(predictions.n, 'image')} are too few, or all alike to the model."
        )
    if weights is None:
        sentences.append(
            "The first layer's weights are not shown: there is no one layer whose are pictures."
        )
    return sentences


def _figures(
    predictions: Predictions,
    weights: np.ndarray | None,
    chosen: np.ndarray,
    maps: list[np.ndarray],
    embedding: Embedding | None,
) -> list[ReportFigure]:
    figures = [
        ReportFigure(
            "occlusion",
            "The surest errors, each beside its map. Orange: covered there, the answer becomes "
            "less likely, so it hangs on that place; blue: covered there, it becomes likelier. "
            "The thin line is the outline of the ink.",
            lambda: draw_occlusion(predictions, chosen, maps),
        )
    ]
    if weights is not None:
        what = "pixel" if weights.shape[1] == 28 else "pixel of the window that slides over it"
        figures.append(
            ReportFigure(
                "weights",
                f"The weights of the first layer, a picture for each of its {len(weights)} units, "
                f"a square for each {what}: orange where ink speaks for the unit, blue where it "
                "speaks against it. Each picture has its own scale.",
                lambda: draw_weights(weights),
            )
        )
    if embedding:
        figures.append(
            ReportFigure("map", embedding.caption, lambda: draw_embedding(predictions, embedding))
        )  # fmt: skip
    return figures
