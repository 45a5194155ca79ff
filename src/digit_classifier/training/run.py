"""What a training tells: the plan before it, to a listener while it goes on, the run at its end."""

import sys
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from digit_classifier.dataset import Dataset
from digit_classifier.training.config import TrainConfig
from digit_classifier.training.loop import Epoch
from digit_classifier.training.recipes import Recipe
from digit_classifier.words import count

if TYPE_CHECKING:
    from digit_classifier.training.tuning import Tuning

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
        tuning: of a fine-tuning, what it began from and the own pictures; its `dataset` is what is
            mixed in.
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
    tuning: "Tuning | None" = None

    @property
    def sha256(self) -> str:
        """Of all that the weights come from."""
        return self.tuning.sha256 if self.tuning else self.dataset.sha256

    @property
    def data_name(self) -> str:
        """What is trained on."""
        name = self.dataset.name
        return f"{self.tuning.own.name} with {name}" if self.tuning else name

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


class Listener:
    """Hears how a training goes; override what is of interest."""

    def on_task(self, what: str, done: int, total: int) -> None:
        """Something else than an epoch is `done` in part: bytes of a download, pictures read."""

    def on_start(self, plan: Plan) -> None:
        """The data is here and the network is built; warns of what the data is not."""
        for note in plan.dataset.notes:
            self.on_warning(note)

    def on_progress(self, epoch: int, share: float) -> None:
        """A share, 0 to 1, of the epoch is done."""

    def on_epoch(self, row: Epoch) -> None:
        """An epoch is finished and saved."""

    def on_end(self, metrics: dict[str, Any]) -> None:
        """The run folder is written; `metrics["finished"]` is False if it can be resumed."""

    def on_warning(self, sentence: str) -> None:
        """Something that the user should know, while the training goes on: a Python warning."""
        depth, frame = 1, sys._getframe()
        while frame.f_back and frame.f_globals["__name__"].startswith("digit_classifier"):
            depth, frame = depth + 1, frame.f_back
        warnings.warn(sentence, stacklevel=depth)  # at the user's own line


@dataclass(frozen=True, eq=False, repr=False)
class Run:
    """What a training gave; prints as three lines, a fine-tuning also as its table.

    Attributes:
        plan: what was trained.
        history: one row an epoch: epoch, loss, accuracy, val_loss, val_accuracy, seconds.
        metrics: what metrics.json holds.
        model: the Keras network with its final weights, uint8 (n, 28, 28) to probabilities
            (n, 10), the one that model.keras holds; compiled, so that `evaluate` works.
        stopped: True after Ctrl-C: the run folder can be resumed.
    """

    plan: Plan
    history: tuple[Epoch, ...]
    metrics: dict[str, Any]
    model: Any
    stopped: bool = False

    @property
    def folder(self) -> Path:
        """The run folder: what `DigitReader`, `digits predict --model` and `resume` take."""
        return self.plan.folder

    def __fspath__(self) -> str:
        """Its folder: whatever takes the folder of a run takes the run."""
        return str(self.folder)

    def __repr__(self) -> str:
        config, metrics, done = self.plan.config, self.metrics, len(self.history)
        low, high = (100 * bound for bound in metrics["interval"])
        epochs = count(done, "epoch")
        folder = f"{self.folder}"
        if self.stopped:
            epochs = f"{done} of {count(self.plan.recipe.epochs, 'epoch')}"
            folder += ", stopped: resume() goes on with it"
        return (
            f"Network   {config.model}, {self.plan.parameters:,} parameters: {epochs} of recipe "
            f"{config.recipe} on {self.plan.data_name}, seed {config.seed}\n"
            f"Accuracy  {100 * metrics['accuracy']:.2f} % of {metrics['measured_on']} "
            f"(95 % interval {low:.2f} to {high:.2f} %)\n"
            + "".join(f"{line}\n" for line in metrics.get("tuned", {}).get("table", ()))
            + f"Folder    {folder}"
        )
