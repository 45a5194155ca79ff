"""A two-dimensional map of the images, alike ones close together, errors marked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from digit_classifier import plotting
from digit_classifier.evaluation.model import Feed, Model
from digit_classifier.evaluation.onnx_graph import expose_features
from digit_classifier.evaluation.predictions import BATCH, Predictions
from digit_classifier.evaluation.section import count
from digit_classifier.onnx_model import CLASSES

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# The time of t-SNE grows faster than its images; these take a few seconds on one core.
SAMPLE, QUICK_SAMPLE = 2_500, 1_000
MOST_ERRORS = 300
FEWEST = 30
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
    """Map an evenly spread sample of the images, and the surest errors, by t-SNE.

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
    indices = np.union1d(spread, predictions.errors[:MOST_ERRORS])
    if len(indices) < FEWEST:
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
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7.0, 6.0), layout="constrained")
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
                      va="center", alpha=0.9, fontweight="bold", color=plotting.BLUE)  # fmt: skip
    for (x, y), digit in zip(points[~right], labels[~right], strict=True):
        axes.text(x, y, str(digit), fontsize=9.5, ha="center", va="center", fontweight="bold",
                  color=plotting.ORANGE)  # fmt: skip
    # Writing sets no limits of its own.
    (left, low), (far, high) = points.min(axis=0), points.max(axis=0)
    margin = 0.04 * max(far - left, high - low)
    axes.set(xlim=(left - margin, far + margin), ylim=(low - margin, high + margin))
    axes.set_title("Images that are alike to the model, and its errors")
    return figure
