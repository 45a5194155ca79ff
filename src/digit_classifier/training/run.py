"""What a training gave, as `train` returns it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from digit_classifier.training.loop import Epoch
from digit_classifier.training.plan import Plan
from digit_classifier.words import count


@dataclass(frozen=True, eq=False, repr=False)
class Run:
    """What a training gave; prints as three lines.

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
            f"{config.recipe} on {self.plan.dataset.name}, seed {config.seed}\n"
            f"Accuracy  {100 * metrics['accuracy']:.2f} % of {metrics['measured_on']} "
            f"(95 % interval {low:.2f} to {high:.2f} %)\n"
            f"Folder    {folder}"
        )
