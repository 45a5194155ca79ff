"""What a model looks at: its first weights, what an answer hangs on, and a map of the images."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from digit_classifier import plotting
from digit_classifier.evaluation.model import Model
from digit_classifier.evaluation.onnx_graph import expose_features, first_weights
from digit_classifier.evaluation.predictions import BATCH, Predictions, Progress, silent
from digit_classifier.evaluation.section import (
    Evaluation,
    ReportFigure,
    Section,
    report_section,
)
from digit_classifier.onnx_model import CLASSES, Feed
from digit_classifier.words import count

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Side of the paper that is laid over a digit, in pixels; about two strokes wide.
PATCH = 5
OCCLUDED = 8
# More units than this are no picture.
MAX_UNITS = 128


@report_section("looking", seconds=8)
def section(evaluation: Evaluation, tell: Progress = silent) -> Section:
    """First-layer weights, occlusion maps of the most confident errors, a map of the images."""
    model, predictions = evaluation.model, evaluation.predictions
    weights = first_weights(model.path) if model.path else None
    if weights is not None and len(weights) > MAX_UNITS:
        weights = None
    chosen = choose_examples(predictions)
    maps = []
    for done, index in enumerate(chosen.tolist()):
        tell("occlusion", done, len(chosen))
        maps.append(occlude(model.predict, predictions.images[index]))
    tell("map of the images", 0, 1)
    embedding = embed(model, predictions, quick=evaluation.quick)
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


def choose_examples(predictions: Predictions) -> np.ndarray:
    """The most confident errors; where there are few, the least sure of the right answers too."""
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
    """One picture a unit; purple where ink speaks for it, green where ink speaks against it."""
    columns = 8 if len(weights) <= 32 else 16
    figure = plotting.new_figure(7.0 / columns * -(-len(weights) // columns) + 0.45)
    places = plotting.panels(figure, len(weights), columns)
    for place, unit in zip(places, weights, strict=True):
        plotting.bare(place)
        # Each on its own scale: a single pixel's weight says nothing beside other units'.
        most = float(np.abs(unit).max()) or 1.0
        place.imshow(unit, cmap=plotting.two_sided(), vmin=-most, vmax=most, interpolation="none")
    plotting.heading(figure, "First-layer weights")
    return figure


def draw_occlusion(predictions: Predictions, chosen: np.ndarray, maps: list[np.ndarray]) -> Figure:
    """Each digit beside the map of what covering does to the answer."""
    figure = plotting.new_figure(1.12 * -(-len(chosen) // 4) + 0.85, layout="compressed")
    places = plotting.panels(figure, 2 * len(chosen), 8)
    pairs = zip(places[::2], places[1::2], strict=True)
    for (digit, heat), index, change in zip(pairs, chosen.tolist(), maps, strict=True):
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
    bar = figure.colorbar(shown, ax=figure.axes, location="bottom", aspect=50, shrink=0.7)
    bar.set_label("change of the answer's probability (percentage points)")
    bar.outline.set_visible(False)
    plotting.heading(figure, "What the answer hangs on")
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
            "The most confident errors, each beside its map. Purple: covered there, the answer "
            "becomes less likely, so it depends on that place; green: it becomes likelier. "
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
                f"a square for each {what}: purple where ink speaks for the unit, green where it "
                "speaks against it. Each picture has its own scale.",
                lambda: draw_weights(weights),
            )
        )
    if embedding:
        figures.append(
            ReportFigure("map", embedding.caption, lambda: draw_embedding(predictions, embedding))
        )  # fmt: skip
    return figures


# The time of t-SNE grows faster than its images; these take a few seconds on one core.
SAMPLE, QUICK_SAMPLE = 2_500, 1_000
MAX_ERRORS = 300
MIN_IMAGES = 30
PERPLEXITY = 30
COMPONENTS = 30


@dataclass(frozen=True, eq=False)
class Embedding:
    """Where each image lies.

    Attributes:
        indices: the images, int64 (n,).
        points: float, shape (n, 2); the axes have no unit.
        space: what likeness was measured by, in words.
        errors: how many of the images are errors, and how many errors there are in all.
    """

    indices: np.ndarray
    points: np.ndarray
    space: str
    errors: tuple[int, int]

    @property
    def caption(self) -> str:
        """What the map shows."""
        shown, total = self.errors
        which = "all" if shown == total else f"{shown:,} of the"
        return (
            f"A map of {count(len(self.indices), 'image')} by t-SNE over {self.space}, grey where "
            f"read rightly, with {which} {count(total, 'error')} as the digits that they are, in "
            "orange. Near means alike; far, and the size of a cluster, mean nothing."
        )

    def describe(self) -> dict[str, Any]:
        """What went into the map, for metrics.json."""
        return {"method": "t-SNE", "perplexity": PERPLEXITY, "images": len(self.indices),
                "space": self.space}  # fmt: skip


def embed(model: Model, predictions: Predictions, *, quick: bool = False) -> Embedding | None:
    """Map an evenly spread sample of the images, and the most confident errors, by t-SNE.

    Args:
        model: the model; where its file tells, images are compared by what enters its last
            layer, else by their pixels.
        predictions: its answers.
        quick: take fewer images.
    Returns:
        None where there are fewer than 30 images, or all are the same to the model.
    Source: van der Maaten, Hinton, "Visualizing data using t-SNE", JMLR 9 (2008).
    """
    from sklearn.decomposition import PCA
    from sklearn.manifold import TSNE
    from threadpoolctl import threadpool_limits

    most = min(predictions.n, QUICK_SAMPLE if quick else SAMPLE)
    spread = np.linspace(0, predictions.n, most, endpoint=False, dtype=np.int64)
    indices = np.union1d(spread, predictions.errors[:MAX_ERRORS])
    if len(indices) < MIN_IMAGES:
        return None
    features, space = find_features(model, predictions.images[indices])
    if np.ptp(features, axis=0).max() < 1e-6:
        return None
    # t-SNE's threads wait for each other by spinning: on a busy machine two take ten times as
    # long as one.
    with threadpool_limits(1):
        parts = min(COMPONENTS, *features.shape)
        reduced = PCA(parts, random_state=0, svd_solver="covariance_eigh").fit_transform(features)
        perplexity = min(PERPLEXITY, (len(indices) - 1) / 3)
        points = TSNE(init="pca", perplexity=perplexity, random_state=0).fit_transform(reduced)
    wrong = int((~predictions.right[indices]).sum())
    return Embedding(indices, points, space, (wrong, len(predictions.errors)))


def find_features(model: Model, images: np.ndarray) -> tuple[np.ndarray, str]:
    """What the model makes of images before its last layer, or their pixels.

    Returns:
        float32, shape (n, features), and what they are in words.
    """
    exposed = expose_features(model.path) if model.path else None
    if exposed is None:
        return images.reshape(len(images), -1).astype(np.float32) / 255, "their pixels"
    feed = Feed(exposed, model.scale or None)
    parts = [feed.run(images[at : at + BATCH]) for at in range(0, len(images), BATCH)]
    features = np.concatenate(parts).reshape(len(images), -1).astype(np.float32)
    return features, f"the {features.shape[1]} figures that enter the model's last layer"


def draw_embedding(predictions: Predictions, embedding: Embedding) -> Figure:
    """Grey points, a large pale digit over each cluster, errors as orange digits."""
    figure = plotting.new_figure(6.0)
    axes = figure.subplots()
    plotting.bare(axes)
    points, labels = embedding.points, predictions.labels[embedding.indices]
    right = predictions.right[embedding.indices]
    axes.scatter(
        points[right, 0], points[right, 1], s=5, color="#9A9A9A", linewidths=0, rasterized=True
    )
    for digit in range(CLASSES):
        own = points[right & (labels == digit)]
        if len(own):
            # The image nearest to the median, so that the digit stands in its cluster.
            centre = own[np.linalg.norm(own - np.median(own, axis=0), axis=1).argmin()]
            axes.text(centre[0], centre[1], str(digit), fontsize=22, ha="center",
                      va="center", alpha=0.9, fontweight="bold", color=plotting.INK)  # fmt: skip
    for (x, y), digit in zip(points[~right], labels[~right], strict=True):
        axes.text(x, y, str(digit), fontsize=9.5, ha="center", va="center", fontweight="bold",
                  color=plotting.ORANGE)  # fmt: skip
    # Writing sets no limits of its own.
    (left, low), (far, high) = points.min(axis=0), points.max(axis=0)
    margin = 0.04 * max(far - left, high - low)
    axes.set(xlim=(left - margin, far + margin), ylim=(low - margin, high + margin))
    axes.set_title("Images that are alike to the model, and its errors")
    return figure
