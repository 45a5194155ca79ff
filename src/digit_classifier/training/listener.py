"""Who hears how a training goes."""

from typing import Any

from digit_classifier.training.loop import Epoch
from digit_classifier.training.plan import Plan


class Listener:
    """Hears how a training goes; override what is of interest."""

    def on_download(self, name: str, done: int, total: int) -> None:
        """`done` of `total` bytes of a data file are here."""

    def on_start(self, plan: Plan) -> None:
        """The data is here and the network is built."""

    def on_progress(self, epoch: int, share: float) -> None:
        """A share, 0 to 1, of the epoch is done."""

    def on_epoch(self, row: Epoch) -> None:
        """An epoch is finished and saved."""

    def on_end(self, metrics: dict[str, Any]) -> None:
        """The run folder is written; `metrics["finished"]` is False if it can be resumed."""

    def on_warning(self, sentence: str) -> None:
        """Something beside the training failed, which goes on."""
