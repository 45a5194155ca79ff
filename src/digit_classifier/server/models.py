"""The models that this server can read with, found by name, and loaded anew when they change."""

import asyncio
import logging
from pathlib import Path
from typing import Any

import numpy as np

from digit_classifier import latest, weights
from digit_classifier.errors import DigitError, InputError, ModelError
from digit_classifier.onnx_model import CLASSES, SIDE, OnnxModel
from digit_classifier.reader import DigitReader
from digit_classifier.server.access_log import Metrics
from digit_classifier.server.errors import ApiError

RELOAD_SECONDS = 1.0
_log = logging.getLogger(__name__)

SUMMARIES = {
    "cnn": "the convolutional network that reads best",
    "mlp": "the original network, 784-32-32-10",
    "small": "a convolutional network about as large as the original",
    "ensemble": "several convolutional networks that are asked together",
}


class ModelRegistry:
    """Models by name: those that ship, and the one that the server was started with.

    Attributes:
        models: what reads, by name. Replaced as a whole when one changes: any thread may read it.
        default: name of the one that reads unless a request names another.
        reload_error: why the changed file of the default was not taken, if it was not.
    """

    def __init__(self, model: str, scale: str | None = None) -> None:
        """Load all models.

        Args:
            model: a shipped name, a run folder or an .onnx file. One with the name of a shipped
                model takes its place.
            scale: what its input is given, if that is floats; as `OnnxModel`.
        Raises:
            ModelError: no such model, or one that does not work.
            OptionError: a scale for a network that takes uint8.
        """
        chosen = load(weights.find(model), scale)
        if Path(model).name == latest.NAME:  # its runs come and go, none of their names stays true
            chosen.name = latest.NAME
        self.default = chosen.name
        self.reload_error: str | None = None
        self._model, self._scale = model, scale
        self.models = {name: load(weights.find(name)) for name in weights.names()}
        self.models[chosen.name] = chosen

    def find(self, name: str | None) -> DigitReader:
        """The model of that name; the default for None.

        Raises:
            ApiError: 404, no such model.
        """
        found = self.models.get(self.default if name is None else name)
        if found is None:
            known = ", ".join(self.models)
            raise ApiError(404, "unknown_model", f"no model called {name!r}; there are {known}.")
        return found

    def find_layers(self, name: str | None) -> DigitReader:
        """A model whose hidden layers can be shown; for None the default, or else mlp.

        Raises:
            ApiError: 404, no such model, or one that shows none.
        """
        found = self.find(name)
        if name is None and not found.model.hidden:
            found = self.find("mlp")
        if not found.model.hidden:
            raise ApiError(
                404,
                "no_layers",
                f"{found.name} shows no layers: it is not made of dense layers alone, or it was "
                "exported by an earlier version.",
            )
        return found

    def replace(self, new: DigitReader) -> None:
        """Let `new` take the default's place, and its name: clients go on asking for that."""
        new.name = self.default
        self.models = {**self.models, new.name: new}

    async def watch(self, metrics: Metrics) -> None:
        """Look at the default's file once a second, and read with a new one that works."""
        seen = _stamp(self._model)
        while True:
            await asyncio.sleep(RELOAD_SECONDS)
            now = _stamp(self._model)
            if now is None and seen is not None:
                seen = None  # whatever comes next is looked at
                self.reload_error = f"{self._model} is gone; what was read from it is still in use"
                _log.warning("The model's file: %s.", self.reload_error)
            elif now is not None and now != seen:
                seen = now
                await asyncio.to_thread(self._reload, now[0], metrics)

    def _reload(self, path: Path, metrics: Metrics) -> None:
        try:
            new = load(path, self._scale)
        except InputError as error:
            self.reload_error = f"{error}; the one before it is still in use"
            metrics.reloads.labels("refused").inc()
            _log.warning("The changed model was not taken: %s.", self.reload_error)
        else:
            self.replace(new)
            self.reload_error = None
            metrics.reloads.labels("taken").inc()
            _log.warning("The model %s was loaded anew from %s.", self.default, path)

    def describe(self) -> list[dict[str, Any]]:
        """What each model says of itself, the default first."""
        readers = self.models.values()
        ordered = sorted(readers, key=lambda reader: (reader.name != self.default, reader.name))
        return [_described(reader) for reader in ordered]


def load(path: Path, scale: str | None = None) -> DigitReader:
    """Load a model and see that it answers as a digit network does.

    It keeps the file as it was when it was checked: that is what the processes that read get.

    Raises:
        ModelError: it cannot be loaded, or its answers are no probabilities.
        OptionError: a scale for a network that takes uint8.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror}") from error
    images = np.random.default_rng(0).integers(0, 256, (4, SIDE, SIDE), np.uint8)
    try:
        reader = DigitReader(OnnxModel(content, path=path, scale=scale))
        answers = reader.model.predict(images)
        sums = answers.sum(axis=1)
    except InputError:
        raise
    except Exception as error:  # ONNX Runtime raises a dozen unrelated classes, numpy others
        raise ModelError(f"{path} loads but does not run: {error}") from error
    if answers.shape != (4, CLASSES) or not np.allclose(sums, 1, atol=1e-3) or answers.min() < 0:
        raise ModelError(
            f"{path} does not answer with probabilities: for noise it gave shape {answers.shape} "
            f"with rows that sum to {sums.min():.3g} and {sums.max():.3g}, "
            f"and (4, {CLASSES}) with rows that sum to 1 are needed"
        )
    return reader


def _layers(model: OnnxModel) -> list[int] | None:
    if not model.hidden:
        return None
    return [len(layer) for layer in model.activations(np.zeros((SIDE, SIDE), np.uint8))]


def _summary(model: OnnxModel) -> str:
    """By the file that is read now: one of one's own may be called as a shipped one is."""
    kind = str(model.metadata.get("network") or model.metadata.get("name"))
    if model.path and model.path.parent == weights.FOLDER:
        return SUMMARIES.get(kind, "")
    return "a network of your own" + (f": {kind}" if kind in SUMMARIES else "")


def _described(reader: DigitReader) -> dict[str, Any]:
    model, said = reader.model, reader.model.metadata
    return {
        "name": reader.name,
        "summary": _summary(model),
        "accuracy": said.get("accuracy"),
        "measured_on": said.get("measured_on"),
        "dataset": said.get("dataset"),
        "parameters": said.get("parameters"),
        "bytes": model.size_bytes,
        "layers": _layers(model),
        "rule": reader.rule.describe(),
    }


def _stamp(model: str) -> tuple[Path, int, int, int] | None:
    """The file, and what changes when it does; None while it is not there."""
    try:
        path = weights.find(model)  # anew: another run may be runs/latest by now
        about = path.stat()
    except (DigitError, OSError):
        return None
    return path, about.st_mtime_ns, about.st_size, about.st_ino
