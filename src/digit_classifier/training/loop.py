"""Training by whole epochs: permute, run compiled steps, validate."""

from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import numpy as np

from digit_classifier.errors import TrainingError
from digit_classifier.training.backend import Objective, compile_forward, compile_steps

# Images per call when the network only answers. Small enough for the memory of any machine.
ANSWER_BATCH = 1_000
# Steps per call of a network that is not compiled as a whole: about a second, so that Ctrl-C is
# heard and a progress bar moves.
STEPS_PER_CALL = 16


class StoppedError(Exception):
    """The user asked to stop; the epoch under way was not finished."""


@dataclass(frozen=True)
class Epoch:
    """One row of the history.

    Attributes:
        epoch: counted from 1.
        loss: mean cross-entropy in nats over the training batches, as they were seen.
        accuracy: share of training images answered rightly, as they were seen, 0 to 1.
        val_loss: mean cross-entropy in nats over the validation images.
        val_accuracy: share of validation images answered rightly, 0 to 1.
        seconds: wall time of the epoch, validation included.
    """

    epoch: int
    loss: float
    accuracy: float
    val_loss: float
    val_accuracy: float
    seconds: float


class Loop:
    """Trains a network in place, one epoch a call.

    The order of the images comes from `[seed, epoch]` alone, so that an epoch that is run again
    after a crash is the same epoch.

    Attributes:
        model: the Keras model under training.
        optimiser: its optimiser.
        answer: the answering network, compiled: uint8 (n, 28, 28) to probabilities (n, 10).
    """

    def __init__(
        self,
        model: Any,
        network: Any,
        optimiser: Any,
        objective: Objective,
        training: tuple[np.ndarray, np.ndarray],
        validation: tuple[np.ndarray, np.ndarray],
        *,
        batch_size: int,
        seed: int,
        xla: bool,
        late: tuple[int, Objective] | None = None,
    ) -> None:
        """Prepare compiled steps; nothing is compiled before the first epoch.

        Args:
            model: the Keras model that is trained, uint8 (n, 28, 28) to logits (n, 10).
            network: the same with a softmax at its end; it answers, and gets the weights.
            optimiser: a Keras optimiser.
            objective: loss and right answers of one batch.
            training: images uint8 (n, 28, 28) and labels uint8 (n,); a label of 10 is no digit.
            validation: the same for the images that measure each epoch.
            batch_size: images per step; the last step of an epoch takes what is left.
            seed: any non-negative integer.
            xla: see `compile_steps`.
            late: an epoch, and the objective of that epoch and all after it.
        """
        optimiser.build(model.trainable_variables)
        self.model, self._network, self.optimiser = model, network, optimiser
        self._labels, self._validation = training[1], validation
        self._batch_size, self._seed = batch_size, seed
        self._chunk = 1_000_000_000 if xla else STEPS_PER_CALL
        # (first epoch, compiled steps), in order
        self._phases = [
            (first, compile_steps(model, optimiser, aim, *training, xla))
            for first, aim in ((1, objective), *((late,) if late else ()))
        ]
        self.answer = _in_batches(compile_forward(network, xla))

    def compile(self) -> float:
        """Compile all that an epoch needs, so that epochs can be timed without it.

        One call of each shape is run and what it changed is put back, so that training gives the
        same weights with or without. Nobody needs to call this: the first epoch compiles, too.

        Returns:
            Seconds that it took, those calls included.
        """
        begun = perf_counter()
        variables = [*self.model.variables, *self.optimiser.variables]
        kept = [np.array(np.asarray(variable)) for variable in variables]
        shapes = {rows.shape: rows for rows in self._calls(np.arange(len(self._labels)))}
        for rows in shapes.values():
            for _, steps in self._phases:
                steps(rows, 0, 0)
        self.answer(self._validation[0])
        for variable, value in zip(variables, kept, strict=True):
            variable.assign(value)
        return perf_counter() - begun

    def run_epoch(
        self,
        epoch: int,
        *,
        last: bool = False,
        stop: Callable[[], bool] = lambda: False,
        progress: Callable[[float], None] = lambda _share: None,
    ) -> Epoch:
        """Train on every image once, then validate.

        Args:
            epoch: counted from 1.
            last: put averaged weights in place, where the optimiser averages, before validating.
            stop: asked after each compiled call.
            progress: told the share of the epoch that is done, 0 to 1.
        Raises:
            StoppedError: `stop` said so; the variables are then in mid-epoch.
            TrainingError: the loss is no longer finite.
        """
        begun = perf_counter()
        key = int(np.random.SeedSequence([self._seed, epoch]).generate_state(1)[0] >> 1)
        order = np.random.default_rng([self._seed, epoch]).permutation(len(self._labels))
        steps = [steps for first, steps in self._phases if first <= epoch][-1]
        loss = hits = 0.0
        done = 0
        for rows in self._calls(order):
            total, right = steps(rows, key, done)
            done += len(rows)
            loss, hits = loss + total * rows.shape[1], hits + right
            if not np.isfinite(loss):
                raise TrainingError(self._not_finite(epoch))
            progress(min(1.0, done * self._batch_size / len(order)))
            if stop():
                raise StoppedError
        if last:
            self.optimiser.finalize_variable_values(self.model.trainable_variables)
        self.sync()
        val_loss, val_accuracy = score(self.answer(self._validation[0]), self._validation[1])
        if not np.isfinite(val_loss):
            raise TrainingError(self._not_finite(epoch))
        digits = np.count_nonzero(self._labels < 10)
        return Epoch(
            epoch, loss / len(order), hits / digits, val_loss, val_accuracy, perf_counter() - begun
        )

    def sync(self) -> None:
        """Give the answering network the weights that were trained."""
        self._network.set_weights(self.model.get_weights())

    def _calls(self, order: np.ndarray) -> list[np.ndarray]:
        whole = len(order) // self._batch_size * self._batch_size
        rows = order[:whole].reshape(-1, self._batch_size)
        calls = [rows[i : i + self._chunk] for i in range(0, len(rows), self._chunk)]
        if whole < len(order):
            calls.append(order[None, whole:])
        return calls

    def _not_finite(self, epoch: int) -> str:
        rate = float(self.optimiser.learning_rate)
        return (
            f"the loss was no longer finite in epoch {epoch} at a learning rate of {rate:.3g}. "
            "Try a smaller --learning-rate."
        )


def score(probabilities: np.ndarray, labels: np.ndarray) -> tuple[float, float]:
    """Mean cross-entropy in nats and accuracy (0 to 1) of float (n, 10) against uint8 (n,)."""
    right = probabilities[np.arange(len(labels)), labels].astype(np.float64)
    # The same floor as Keras's own loss.
    loss = -np.log(np.clip(right, 1e-7, 1 - 1e-7)).mean()
    return float(loss), float((probabilities.argmax(1) == labels).mean())


def _in_batches(forward: Callable[[np.ndarray], np.ndarray]) -> Callable[[np.ndarray], np.ndarray]:
    def answer(images: np.ndarray) -> np.ndarray:
        starts = range(0, len(images), ANSWER_BATCH)
        return np.concatenate([forward(images[i : i + ANSWER_BATCH]) for i in starts])

    return answer
