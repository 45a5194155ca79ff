"""Training by whole epochs: permute, run compiled steps, validate."""

import contextlib
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from time import perf_counter
from types import FrameType
from typing import Any

import numpy as np

from digit_classifier.errors import TrainingError
from digit_classifier.shell import option
from digit_classifier.training.steps import (
    Objective,
    compile_forward,
    compile_statistics,
    compile_steps,
)

# Images per call when the network only answers. Small enough for the memory of any machine.
ANSWER_BATCH = 1_000
# Steps per call of a network that is not compiled as a whole: about a second, so that Ctrl-C is
# heard and a progress bar moves.
STEPS_PER_CALL = 16
# Training images whose means and variances the batch norms of a kept network answer with: about as
# many as a running average over batches of 128 at momentum 0.9 holds.
STATISTICS_IMAGES = 2_000


class StoppedError(Exception):
    """The user asked to stop; the epoch under way was not finished."""


@contextlib.contextmanager
def stoppable() -> Iterator[Callable[[], bool]]:
    """Turn the first Ctrl-C into an answer instead of an exception: finish the step, then save.

    After the first, Ctrl-C ends the process at once, also in the middle of a compiled call, where
    Python itself would not hear it; in an interactive session, a notebook's too, which has more to
    lose, it is a KeyboardInterrupt. Outside the main thread nothing is changed.

    Yields:
        A function that tells whether Ctrl-C was pressed.
    """
    asked = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield asked.is_set
        return

    def ask(_number: int, _frame: FrameType | None) -> None:
        asked.set()
        signal.signal(signal.SIGINT, before if hasattr(sys, "ps1") else signal.SIG_DFL)

    before = signal.signal(signal.SIGINT, ask)
    try:
        yield asked.is_set
    finally:
        signal.signal(signal.SIGINT, before)


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
        averaged: whether it was validated, and would be kept, with averaged weights.
    """

    epoch: int
    loss: float
    accuracy: float
    val_loss: float
    val_accuracy: float
    seconds: float
    averaged: bool = False


class Loop:
    """Trains a network, one epoch a call; another one, which answers, gets what is to be kept.

    What an epoch's validation figures show is what the answering network holds after it. Where the
    optimiser averages, that is the averaged weights or the plain ones, whichever has the lower
    loss on held-out images.

    Which images an epoch sees, and their order, come from `[seed, epoch]` alone, so that an epoch
    that is run again after a crash is the same epoch.

    Attributes:
        choose_rows: draws the indices of the images that an epoch sees, from a generator; every
            image once, unless it is set to another.
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
        final: tuple[int, Objective] | None = None,
        choose: bool = True,
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
            final: an epoch, and the objective of that epoch and all after it.
            choose: whether the validation images may choose between averaged and plain weights;
                where they are test images, the average is kept.
        """
        optimiser.build(model.trainable_variables)
        self.model, self._network, self.optimiser = model, network, optimiser
        self._training, self._validation = training, validation
        self._batch_size, self._seed, self._choose = batch_size, seed, choose
        self.choose_rows: Callable[[np.random.Generator], np.ndarray] = lambda rng: rng.permutation(
            len(training[1])
        )
        self._chunk = 1_000_000_000 if xla else STEPS_PER_CALL
        # (first epoch, compiled steps, statistics), in order
        self._phases = [
            (
                first,
                compile_steps(model, optimiser, aim, *training, xla),
                compile_statistics(model, aim),
            )
            for first, aim in ((1, objective), *((final,) if final else ()))
        ]
        self.answer = _in_batches(compile_forward(network, xla))
        network.set_weights(model.get_weights())

    @property
    def variables(self) -> list[Any]:
        """All that changes from epoch to epoch: what a checkpoint has to hold."""
        return [*self.model.variables, *self.optimiser.variables, *self._network.variables]

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
        order = self.choose_rows(np.random.default_rng(self._seed))
        shapes = {rows.shape: rows for rows in self._calls(order)}
        for _, steps, statistics in self._phases:
            for rows in shapes.values():
                steps(rows, 0, 0)
            if statistics:
                statistics(*self._shown(order[: self._batch_size]), 0)
        self.answer(self._validation[0])
        for variable, value in zip(variables, kept, strict=True):
            variable.assign(value)
        return perf_counter() - begun

    def run_epoch(
        self,
        epoch: int,
        *,
        best: float = np.inf,
        stop: Callable[[], bool] = lambda: False,
        progress: Callable[[float], None] = lambda _share: None,
    ) -> Epoch:
        """Train on the images of an epoch, then validate.

        Args:
            epoch: counted from 1.
            best: the lowest val_loss so far, where only a better epoch is to be kept: the
                answering network stays as it was unless this one's is lower.
            stop: asked after each compiled call.
            progress: told the share of the epoch that is done, 0 to 1.
        Returns:
            The epoch's figures, validated with the weights that would be kept of it.
        Raises:
            StoppedError: `stop` said so; the variables are then in mid-epoch.
            TrainingError: the loss is no longer finite.
        """
        begun = perf_counter()
        key = int(np.random.SeedSequence([self._seed, epoch]).generate_state(1)[0] >> 1)
        order = self.choose_rows(np.random.default_rng([self._seed, epoch]))
        steps, statistics = [phase[1:] for phase in self._phases if phase[0] <= epoch][-1]
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
        shown = self._shown(order)
        measure = (lambda: statistics(*shown, key)) if statistics else (lambda: None)
        val_loss, val_accuracy, averaged = self._keep(measure, best)
        if not np.isfinite(val_loss):
            raise TrainingError(self._not_finite(epoch))
        digits = np.count_nonzero(self._training[1][order] < 10)
        loss, accuracy, seconds = loss / len(order), hits / digits, perf_counter() - begun
        figures = float(loss), float(accuracy)  # numpy's would print as np.float64(...)
        return Epoch(epoch, *figures, val_loss, val_accuracy, seconds, averaged)

    def _keep(self, measure: Callable[[], None], best: float) -> tuple[float, float, bool]:
        """Give the answering network what is to be kept of the weights as they are now.

        Args:
            measure: puts statistics that fit into the model's batch norms.
            best: as for `run_epoch`.
        Returns:
            Loss and accuracy on the validation images, and whether the weights are averaged.
        """
        before, trained = self._network.get_weights(), self.model.get_weights()
        found = []
        for averaged in (True, False) if self.optimiser.use_ema else (False,):
            if averaged:
                self.optimiser.finalize_variable_values(self.model.trainable_variables)
            measure()
            weights = self.model.get_weights()
            self.model.set_weights(trained)
            self._network.set_weights(weights)
            loss, accuracy = score(self.answer(self._validation[0]), self._validation[1])
            found.append((loss, accuracy, averaged, weights))
            if averaged and not self._choose:
                break
        loss, accuracy, averaged, weights = min(
            found, key=lambda one: one[0] if np.isfinite(one[0]) else np.inf
        )
        self._network.set_weights(weights if loss < best else before)
        return loss, accuracy, averaged

    def _shown(self, order: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The first `STATISTICS_IMAGES` in whole batches, or one batch that is not whole."""
        size = min(self._batch_size, len(order))
        batches = min(len(order) // size, -(-STATISTICS_IMAGES // size))
        rows = order[: batches * size].reshape(batches, size)
        return self._training[0][rows], self._training[1][rows]

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
            f"Try a smaller {option('learning_rate')}."
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
