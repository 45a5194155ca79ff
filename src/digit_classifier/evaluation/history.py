"""How trainings went, beside each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from digit_classifier.evaluation import comparison_plots as plots
from digit_classifier.evaluation.section import Plate, Section, Table


@dataclass(frozen=True)
class History:
    """One training, one figure an epoch in each column.

    Attributes:
        name: what to call it.
        epochs: counted from 1.
        loss: mean cross-entropy in nats on the training images, as they were seen.
        misread: share of those answered wrongly, in per cent.
        val_loss: mean cross-entropy in nats on the validation images.
        val_misread: share of those answered wrongly, in per cent.
        seconds: of each epoch.
        validated_on: what the validation images are, "" where unknown.
    """

    name: str
    epochs: Sequence[int]
    loss: Sequence[float]
    misread: Sequence[float]
    val_loss: Sequence[float]
    val_misread: Sequence[float]
    seconds: Sequence[float]
    validated_on: str = ""


def section(histories: Sequence[History]) -> Section:
    """Say how the trainings went; at least one."""
    kinds = {history.validated_on for history in histories}
    sentences = [
        "Training figures are of images as they were seen, distorted where the recipe distorts, "
        "while the network was still learning, and the training loss holds what the recipe adds to "
        "it, such as label smoothing; validation figures are of whole images after the epoch. So "
        "training may look worse than validation."
    ]
    if len(kinds) > 1:
        sentences.insert(
            0,
            "These trainings were not validated on the same images: compare the shapes of the "
            "curves, not their heights.",
        )
    rows: list[list[str | int | float]] = [
        [
            history.name,
            len(history.epochs),
            f"{sum(history.seconds):,.1f}",
            f"{history.val_loss[-1]:.4f}",
            f"{history.val_misread[-1]:.2f}",
            history.validated_on or "-",
        ]
        for history in histories
    ]
    columns = ["Run", "Epochs", "Seconds", "Last loss, nats", "Last misread, %", "Validated on"]
    return Section(
        key="history",
        title="How did they learn?",
        sentences=sentences,
        tables=[Table(columns, rows, "Each training at its last epoch.")],
        plates=[
            Plate(
                "history",
                "Loss and errors over the epochs on logarithmic scales: bold on validation images, "
                "thin on training images.",
                partial(plots.draw_histories, histories),
            )
        ],
        metrics={"runs": [vars(history) for history in histories]},
    )
