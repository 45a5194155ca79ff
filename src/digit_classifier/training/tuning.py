"""Fine-tuning: going on from a trained network with pictures of one's own, and what that changes.

MNIST is mixed in, so that nothing is forgotten, and a fifth of the own pictures is held out before
anything else: what those say before and after was chosen by nothing that they say.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np

from digit_classifier import weights
from digit_classifier.dataset import Dataset
from digit_classifier.dataset.labelled import fifths, hold_out
from digit_classifier.errors import OptionError
from digit_classifier.onnx_model import OnnxModel
from digit_classifier.rejection import DEFAULT_RULE, RejectionRule
from digit_classifier.shell import option
from digit_classifier.training.calibration import calibrate
from digit_classifier.training.change import Change, write_table
from digit_classifier.training.config import TrainConfig
from digit_classifier.training.loop import Loop
from digit_classifier.training.networks import NETWORKS
from digit_classifier.training.rebuilt import rebuild
from digit_classifier.training.recipes import Recipe
from digit_classifier.training.steps import NONDIGIT_LABEL
from digit_classifier.words import count

RECIPE = "tune"
# Of fewer pictures a fifth tells next to nothing: each is held out in its turn.
FEW = 20
# Names of data that are nobody's own.
_NOT_OWN = ("auto", "mnist", "sample")
# Images whose means and variances the batch norms of the network begin with.
NORM_IMAGES = 1_000


def settle(config: TrainConfig, model: str | None) -> TrainConfig:
    """A config with the network and recipe that a fine-tuning takes; any other as it is.

    Args:
        config: as asked for.
        model: the network that was asked for by name; None where none was.
    Raises:
        OptionError: what is asked for does not go together.
        ModelError, DataError: `start` is no model, see `weights.find`.
    """
    if config.start is None:
        if config.recipe == RECIPE or config.mix is not None:
            asked = "mix" if config.mix is not None else "recipe"
            raise OptionError(
                f"{option(asked, getattr(config, asked))} is for going on from a trained network. "
                f"Name one: {option('start', 'cnn')}."
            )
        return config
    path = weights.find(config.start)
    said = OnnxModel(path).metadata
    network = str(said.get("network", said.get("name")))
    given = option("start", config.start)
    if "members" in said:
        raise OptionError(
            f"{given}: that is {len(said['members'])} networks in one file. Begin with one of one "
            f"network, such as {option('start', 'cnn')}."
        )
    if network not in NETWORKS or RECIPE not in NETWORKS[network].recipes:
        known = ", ".join(name for name, one in NETWORKS.items() if RECIPE in one.recipes)
        raise OptionError(
            f"{given}: its file says that it is the network {network!r}, which cannot be "
            f"fine-tuned. These can: {known}."
        )
    if model not in (None, network):
        raise OptionError(
            f"{given} is the network {network}, {option('model', model)} another. Leave "
            f"{option('model')} out."
        )
    if config.recipe not in (None, RECIPE):
        raise OptionError(
            f"{option('recipe', config.recipe)} trains from nothing; {option('start')} goes by "
            f"the recipe {RECIPE}. Leave {option('recipe')} out."
        )
    if config.early_stop:
        raise OptionError(
            f"{option('early_stop')} would choose by images of MNIST, which a fine-tuning does not "
            f"get better at. Leave it out; {option('epochs')} says how long."
        )
    if config.dataset in _NOT_OWN:
        raise OptionError(
            f"{option('start')} learns from pictures of your own beside MNIST: name them with "
            f"{option('dataset', 'my-digits')}."
        )
    start = str(path.parent) if path.name == "model.onnx" else config.start
    return replace(config, model=network, recipe=RECIPE, start=start)


@dataclass(frozen=True)
class Start:
    """The model that a fine-tuning begins from.

    Attributes:
        name: a shipped model's, or the path of a run folder or a file.
        path: its .onnx file.
        sha256: of that file.
    """

    name: str
    path: Path
    sha256: str

    @classmethod
    def find(cls, name: str) -> "Start":
        """The model of that name; errors as `weights.find`."""
        path = weights.find(name)
        return cls(name, path, hashlib.sha256(path.read_bytes()).hexdigest())

    @cached_property
    def model(self) -> OnnxModel:
        """What it answers."""
        return OnnxModel(self.path)


class Tuning:
    """The data of a fine-tuning, and what it is measured by.

    Attributes:
        start: what it begins from.
        own: the own pictures to learn from; as its test part those that are held out.
        mnist: MNIST, or the sample where that is not at hand.
        mix: share of an epoch's images that are of `mnist`.
        folds: of fewer than `FEW` pictures, in which part each is held out, int (n,): all are
            learned from, and each part is read by a network that learned from the others. None
            where a part is held out for good.
        training: images and labels that an epoch is drawn from: the own ones, then `mnist`'s, then
            drawn non-digits.
        validation: held-out images of `mnist` that measure each epoch, and calibrate.
        learned_from: how many own pictures are learned from.
        seen: how many images an epoch is of.
    """

    def __init__(self, config: TrainConfig, recipe: Recipe, own: Dataset, mnist: Dataset) -> None:
        """Hold out own pictures, then put together what is learned from.

        Args:
            config: with a `start`.
            recipe: how much of what an epoch is of.
            own: a test part of its own is held out; else a fifth of its training part is.
            mnist: what is mixed in.
        """
        self.start = Start.find(str(config.start))
        self.mnist = mnist
        self.mix = recipe.mix if config.mix is None else config.mix
        self.folds: np.ndarray | None = None
        self.own = self._hold_out(own)
        images, labels, *held_out = hold_out(mnist)
        self.validation = held_out[0], held_out[1]
        self.learned_from, self._others = len(self.own.train_labels), len(labels)
        seen = recipe.images or self._others
        self._repeated = max(self.learned_from, round(seen * (1 - self.mix)))
        self._mixed = min(self._others, round(self._repeated * self.mix / (1 - self.mix)))
        parts = [(self.own.train_images, self.own.train_labels), (images, labels)]
        if drawn := round(recipe.nondigits * (self._repeated + self._mixed)):
            from digit_classifier.drawn import nondigits

            others = nondigits.generate(drawn, config.seed, images[: 10 * drawn])
            parts.append((others, np.full(drawn, NONDIGIT_LABEL, np.uint8)))
        every = [np.concatenate(each) for each in zip(*parts, strict=True)]
        self.training = every[0], every[1]
        self.seen = self._repeated + self._mixed + drawn
        self._found: tuple[np.ndarray, np.ndarray] | None = None

    def _hold_out(self, own: Dataset) -> Dataset:
        """The pictures with a fifth as their test part, as far as they have none."""
        if len(own.test_labels):
            return own
        images, labels = own.train_images, own.train_labels
        parts = fifths(images, labels)
        if len(labels) < FEW:
            self.folds = parts
            return own
        held, kept = parts == 0, parts != 0
        return replace(
            own,
            train_images=images[kept],
            train_labels=labels[kept],
            test_images=images[held],
            test_labels=labels[held],
        )

    @property
    def sha256(self) -> str:
        """Of all that the weights come from: own pictures, what is mixed in, the start."""
        parts = self.own.sha256, self.mnist.sha256, self.start.sha256
        return hashlib.sha256(" ".join(parts).encode()).hexdigest()

    @property
    def notes(self) -> tuple[str, ...]:
        """What the user must be told."""
        notes = [*self.own.notes, *self.mnist.notes]
        if self.mnist.is_sample:
            notes.append(
                "MNIST is not at hand, so the built-in sample is mixed in and measured on. All of "
                "it is of MNIST's training set, which the shipped networks learned from: what they "
                "read of it says too much of them."
            )
        if self.folds is not None:
            n, parts = len(self.folds), len(np.unique(self.folds))
            notes.append(
                f"{count(n, 'picture')}, too few to hold a fifth out: all are learned from, and "
                f"{count(parts, 'further training')} measure what such a network reads, each "
                "without some of them."
                if parts > 1
                else f"{count(n, 'picture')}: none is left to measure with what was learned."
            )
        return tuple(notes)

    def build(self) -> Any:
        """The Keras network that it begins with, whose answers are those of the start.

        Raises:
            ModelError: as `rebuild`.
        """
        return rebuild(self.start.path, self.validation[0][:NORM_IMAGES])

    def choose_rows(
        self, rng: np.random.Generator, learned: np.ndarray | None = None
    ) -> np.ndarray:
        """What an epoch sees: own pictures again and again, and others in between.

        Args:
            rng: draws them.
            learned: indices of the own pictures to learn from; None for all.
        Returns:
            Indices of `training`, shape (seen,).
        """
        learned = np.arange(self.learned_from) if learned is None else learned
        rounds = -(-self._repeated // len(learned))
        own = np.concatenate([rng.permutation(learned) for _ in range(rounds)])[: self._repeated]
        mixed = self.learned_from + rng.choice(self._others, self._mixed, replace=False)
        drawn = np.arange(self.learned_from + self._others, len(self.training[1]))
        return rng.permutation(np.concatenate([own, mixed, drawn]))

    def try_folds(
        self,
        loop: Loop,
        network: Any,
        initial: Sequence[np.ndarray],
        epochs: int,
        hear: Callable[[str, int, int], None],
        stop: Callable[[], bool],
    ) -> None:
        """Train once for each part of the own pictures without it, and have it read.

        Args:
            loop: after the training; is as before at the end.
            network: its answering network.
            initial: values of `loop.variables` before the first epoch.
            epochs: of each training.
            hear: told what is done, how many epochs of it, of how many.
            stop: asked after each compiled call.
        Raises:
            StoppedError: `stop` said so; the loop is then in the middle of a training.
            TrainingError: as `Loop.run_epoch`.
        """
        if self.folds is None or not self.folds.any():
            return
        trained = [np.array(each) for each in loop.variables]
        answers = np.zeros((self.learned_from, 10), np.float32)
        accepted = np.zeros(self.learned_from, bool)
        parts = np.unique(self.folds)
        for part in parts.tolist():
            _assign(loop.variables, initial)
            learned = np.flatnonzero(self.folds != part)
            loop.choose_rows = partial(self.choose_rows, learned=learned)
            for epoch in range(1, epochs + 1):
                loop.run_epoch(epoch, stop=stop)
                hear("own pictures held out in turn", part * epochs + epoch, len(parts) * epochs)
            _, rule = calibrate(network, loop.answer, *self.validation)
            held = self.folds == part
            answers[held] = loop.answer(self.own.train_images[held])
            accepted[held] = (rule[0] if rule else DEFAULT_RULE).accept(answers[held])
        _assign(loop.variables, trained)
        loop.choose_rows = self.choose_rows
        self._found = answers, accepted

    def changes(
        self, answer: Callable[[np.ndarray], np.ndarray], rule: RejectionRule | None
    ) -> dict[str, Change]:
        """What became of own pictures that were not learned from, and of MNIST's test images.

        Args:
            answer: the trained network, calibrated, uint8 (n, 28, 28) to probabilities (n, 10).
            rule: which of its answers it is sure of; None for the default.
        Returns:
            Under "own", unless there is nothing to tell it by, and "mnist".
        """
        rule = rule or DEFAULT_RULE
        own, mnist = self.own, self.mnist
        found: dict[str, Change] = {}
        if self._found:
            n = len(own.train_labels)
            what = f"{n} pictures of {own.name}, each read by a network that did not learn from it"
            found["own"] = self._change(what, own.train_images, own.train_labels, *self._found)
        elif len(own.test_labels):
            answers = answer(own.test_images)
            what = f"{len(own.test_labels):,} held-out pictures of {own.name}"
            found["own"] = self._change(
                what, own.test_images, own.test_labels, answers, rule.accept(answers)
            )
        answers = answer(mnist.test_images)
        what = f"{len(mnist.test_labels):,} test images of {mnist.name}"
        found["mnist"] = self._change(
            what, mnist.test_images, mnist.test_labels, answers, rule.accept(answers)
        )
        return found

    def _change(
        self,
        what: str,
        images: np.ndarray,
        labels: np.ndarray,
        answers: np.ndarray,
        accepted: np.ndarray,
    ) -> Change:
        model = self.start.model
        before = model.predict(images)
        rule = RejectionRule.read(model.metadata) or DEFAULT_RULE
        digits = before.argmax(axis=1), answers.argmax(axis=1)
        return Change(what, images, labels, digits, (rule.accept(before), accepted))

    def describe(self, changes: dict[str, Change]) -> dict[str, Any]:
        """For metrics.json, under "tuned"."""
        described = {name: change.describe() for name, change in changes.items()}
        return {
            "from": self.start.name,
            "from_sha256": self.start.sha256,
            "own_data": self.own.name,
            "own_sha256": self.own.sha256,
            "learned_from": self.learned_from,
            "mix": self.mix,
            **described,
            "table": [line for change in described.values() for line in write_table(change)],
        }


def _assign(variables: Sequence[Any], values: Sequence[np.ndarray]) -> None:
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)
