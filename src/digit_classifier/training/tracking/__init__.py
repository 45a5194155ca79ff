"""Logs of a training for other programs: TensorBoard and MLflow, both off by default.

A log is fed from the history after an epoch is saved, so it never stands inside the compiled
epoch, and a training that is resumed continues its log: each log says up to which epoch it goes.
"""

from typing import Any

from digit_classifier.errors import DigitError, TrackingError
from digit_classifier.training.config import TrainConfig
from digit_classifier.training.loop import Epoch
from digit_classifier.training.run import Listener, Plan
from digit_classifier.training.tracking.log import Log


class Tracked(Listener):
    """Passes all it hears on to another listener, and the epochs to the logs as well.

    A log that fails once the training runs must not cost the training: it is left out from there
    on, and the listener is told. One that cannot even be begun ends it before it starts.
    """

    def __init__(self, listener: Listener, logs: list[Log]) -> None:
        """Name who listens and what is logged to."""
        self._listener, self._logs = listener, logs

    def on_task(self, what: str, done: int, total: int) -> None:
        """Pass it on."""
        self._listener.on_task(what, done, total)

    def on_progress(self, epoch: int, share: float) -> None:
        """Pass it on."""
        self._listener.on_progress(epoch, share)

    def on_warning(self, sentence: str) -> None:
        """Pass it on."""
        self._listener.on_warning(sentence)

    def on_start(self, plan: Plan) -> None:
        """Begin every log, and catch up with the epochs that a resumed training has behind it.

        Raises:
            TrackingError: a log cannot be begun.
        """
        self._plan = plan
        for log in self._logs:
            try:
                log.begin(plan)
                for row in plan.finished:
                    log.add(row)
            except DigitError:
                raise
            except Exception as error:  # another project's, of any class
                raise TrackingError(_sentence(log, error)) from error
        self._listener.on_start(plan)

    def on_epoch(self, row: Epoch) -> None:
        """Write the epoch to every log."""
        self._listener.on_epoch(row)
        for log in list(self._logs):
            self._try(log, lambda log=log: log.add(row))

    def on_end(self, metrics: dict[str, Any]) -> None:
        """Close every log."""
        for log in list(self._logs):
            self._try(log, lambda log=log: log.end(self._plan, metrics))
        self._listener.on_end(metrics)

    def _try(self, log: Log, write: Any) -> None:
        try:
            write()
        except Exception as error:  # another project's, of any class
            self._logs.remove(log)
            self._listener.on_warning(f"{_sentence(log, error)} The training goes on without it.")


def tracked(config: TrainConfig, listener: Listener) -> Listener:
    """Add the logs that the config asks for, after trying whether they can be written.

    Raises:
        MissingExtraError: TensorBoard or MLflow is not installed.
        OptionError: the MLflow URI holds a password.
        TrackingError: MLflow's server does not answer, or its store cannot be opened.
    """
    logs: list[Log] = []
    if config.tensorboard:
        from digit_classifier.training.tracking.tensorboard import TensorBoardLog

        logs.append(TensorBoardLog())
    if config.mlflow:
        from digit_classifier.training.tracking.mlflow import MlflowLog

        logs.append(MlflowLog(config.mlflow))
    return Tracked(listener, logs) if logs else listener


def _sentence(log: Log, error: Exception) -> str:
    words = str(error).strip().splitlines() or [type(error).__name__]
    return f"{log.name} cannot be written: {words[0].rstrip('.')}."
