"""What is about to be trained, once the data is here and the network is built."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from digit_classifier.dataset import Dataset
from digit_classifier.training.config import TrainConfig
from digit_classifier.training.loop import Epoch
from digit_classifier.training.recipes import Recipe

TEST, HELD_OUT = "test images", "held-out training images"


@dataclass(frozen=True)
class Plan:
    """All that a listener may want to show before the first epoch.

    Attributes:
        config: as asked for.
        recipe: with the config's own epochs, batch size and learning rate put in.
        dataset: name, source, notes and images.
        parameters: how many numbers the network learns.
        training_images: how many of the data set's images it learns from.
        validation_set: images and labels that measure each epoch.
        validated_on: what those are, `TEST` or `HELD_OUT`.
        folder: the run folder.
        finished: the epochs that a resumed training has behind it.
    """

    config: TrainConfig
    recipe: Recipe
    dataset: Dataset
    parameters: int
    training_images: int
    validation_set: tuple[np.ndarray, np.ndarray]
    validated_on: str
    folder: Path
    finished: tuple[Epoch, ...] = ()

    @property
    def patience(self) -> int | None:
        """Epochs without a lower held-out loss that end the training; None for any number."""
        return self.config.early_stop if self.validated_on == HELD_OUT else None

    def kept(self, history: Sequence[Epoch]) -> Epoch | None:
        """The epoch whose weights are kept: the last, with patience that of the lowest val_loss."""
        if self.patience and history:
            return min(history, key=lambda row: row.val_loss)
        return history[-1] if history else None

    @property
    def validation_images(self) -> int:
        """How many images measure each epoch."""
        return len(self.validation_set[1])

    @property
    def validation(self) -> str:
        """What val_loss and val_accuracy are measured on, for a legend."""
        return f"validation ({self.validation_images:,} {self.validated_on})"
