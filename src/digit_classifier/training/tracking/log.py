"""What a log of a training is, wherever it goes, and what every log tells of the training."""

from abc import ABC, abstractmethod
from dataclasses import asdict
from typing import Any

from digit_classifier.training.loop import Epoch
from digit_classifier.training.run import Plan

Value = str | int | float | bool


class Log(ABC):
    """Where the figures of a training go, beside its run folder.

    Attributes:
        name: what a warning calls it.
    """

    name: str

    @abstractmethod
    def begin(self, plan: Plan) -> None:
        """Write what is trained; where the log exists already, go on after its last epoch."""

    @abstractmethod
    def add(self, row: Epoch) -> None:
        """Write one epoch, unless it is there already."""

    @abstractmethod
    def end(self, plan: Plan, metrics: dict[str, Any]) -> None:
        """Write test figures, plots and network of a finished training; close the log."""


def describe(plan: Plan) -> dict[str, Value]:
    """All that decides a training, flat: the recipe's fields by their names, its distortions too.

    None is left out: neither program knows it.
    """
    config, dataset = plan.config, plan.dataset
    recipe = asdict(plan.recipe)
    bent = {when: recipe.pop(when) or {} for when in ("distortions", "final_distortions")}
    told = {
        "model": config.model,
        "weights": plan.parameters,
        "recipe": config.recipe,
        "seed": config.seed,
        "backend": config.backend,
        "dataset": dataset.name,
        "dataset_sha256": dataset.sha256,
        "training_images": plan.training_images,
        "validated_on": plan.validated_on,
        **recipe,
        **{f"{when}.{name}": v for when, amounts in bent.items() for name, v in amounts.items()},
    }
    return {name: value for name, value in told.items() if value is not None}
