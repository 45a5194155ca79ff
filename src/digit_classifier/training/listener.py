"""Who hears how a training goes."""

import sys
import warnings
from typing import Any

from digit_classifier.training.loop import Epoch
from digit_classifier.training.plan import Plan


class Listener:
    """Hears how a training goes; override what is of interest."""

    def on_download(self, name: str, done: int, total: int) -> None:
        """`done` of `total` bytes of a data file are here."""

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
