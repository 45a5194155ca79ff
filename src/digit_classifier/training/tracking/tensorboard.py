"""A training as TensorBoard shows it: event files in the run folder."""

import importlib.util
from pathlib import Path
from typing import Any

from digit_classifier.errors import MissingExtraError
from digit_classifier.training.loop import Epoch
from digit_classifier.training.run import Plan
from digit_classifier.training.tracking.log import Log, describe

FOLDER = "tensorboard"
# Two runs with the same tags: TensorBoard then draws both curves into one chart.
PARTS = ("training", "validation")


class TensorBoardLog(Log):
    """Writes run/tensorboard: loss and accuracy an epoch, hyperparameters, the two plots.

    TensorFlow's own writer is used, which runs in a thread of its own.
    """

    name = "the TensorBoard log"

    def __init__(self) -> None:
        """Look for TensorBoard.

        Raises:
            MissingExtraError: it is not installed.
        """
        if importlib.util.find_spec("tensorboard") is None:
            raise MissingExtraError("TensorBoard", "tensorboard")

    def begin(self, plan: Plan) -> None:
        """Open the event files, and write what is trained into a new log."""
        import tensorflow as tf

        folder = plan.folder / FOLDER
        self._written = {part: last_epochs(folder / part) for part in PARTS}
        is_new = not folder.exists()
        self._writers = {part: tf.summary.create_file_writer(str(folder / part)) for part in PARTS}
        self._about = tf.summary.create_file_writer(str(folder))
        if is_new:
            self._describe(plan)

    def add(self, row: Epoch) -> None:
        """Write loss, accuracy and, of the whole epoch, seconds."""
        seen = {"loss": row.loss, "accuracy": row.accuracy, "seconds": row.seconds}
        self._write("training", row.epoch, seen)
        unseen = {"loss": row.val_loss, "accuracy": row.val_accuracy}
        self._write("validation", row.epoch, unseen)

    def end(self, plan: Plan, metrics: dict[str, Any]) -> None:
        """Add what the test set said and the plots, if the training is finished."""
        import tensorflow as tf

        if metrics["finished"]:
            with self._about.as_default(step=metrics["epochs"]):
                for name in ("accuracy", "loss", "errors"):
                    tf.summary.scalar(f"test/{name}", metrics[name])
                for name in ("accuracy", "loss"):
                    picture = (plan.folder / f"{name}.png").read_bytes()
                    tf.summary.image(f"plot/{name}", tf.io.decode_png(picture, channels=3)[None])
        for writer in (*self._writers.values(), self._about):
            writer.close()

    def _write(self, part: str, epoch: int, values: dict[str, float]) -> None:
        import tensorflow as tf

        with self._writers[part].as_default(step=epoch):
            for name, value in values.items():
                if epoch > self._written[part].get(name, 0):
                    tf.summary.scalar(name, value)
        self._writers[part].flush()  # what is shown while it trains, and what a crash leaves

    def _describe(self, plan: Plan) -> None:
        import tensorflow as tf
        from tensorboard.plugins.hparams import summary_v2 as hparams

        told = describe(plan)
        lines = [f"| {name} | {value} |" for name, value in told.items()]
        with self._about.as_default(step=0):
            tf.summary.text("training", "\n".join(["| what | value |", "|---|---|", *lines]))
            hparams.hparams(told, trial_id=plan.folder.name)
        self._about.flush()


def last_epochs(folder: Path) -> dict[str, int]:
    """The last epoch of each curve in the event files of `folder`.

    Each on its own, since reading stops at a record that a crash cut off.
    """
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    if not folder.is_dir():
        return {}
    events = EventAccumulator(str(folder), size_guidance={"tensors": 0})
    events.Reload()
    tags = events.Tags()["tensors"]
    return {tag: max(int(event.step) for event in events.Tensors(tag)) for tag in tags}
