"""A model under judgement: any file that reads digits, and what it answers to labelled images."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from digit_classifier import weights
from digit_classifier.errors import ModelError, OptionError
from digit_classifier.evaluation.onnx_graph import count_multiply_adds, count_parameters
from digit_classifier.onnx_model import CLASSES, SIDE, open_session, read_metadata

Predict = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Model:
    """A model under judgement.

    Attributes:
        name: what to call it.
        path: its .onnx file; None where the model is no file.
        predict: uint8 (n, 28, 28) to probabilities, float32 (n, 10).
        metadata: what the exporter wrote into the file.
        size_bytes: of the file; 0 where there is none.
        sha256: of the file; "" where there is none.
        parameters: how many weights, as the file says or as counted; None where unknown.
        multiply_adds: for one image; None where unknown.
        wiring: how images go in and answers come out, in words, such as "scaled to 0..1".
        scale: what a float input is given, a key of `adapter.SCALES`; "" for uint8.
        alone: as `predict`, on one core, for timing; None where that is the same.
    """

    name: str
    path: Path | None
    predict: Predict
    metadata: dict[str, Any] = field(default_factory=dict)
    size_bytes: int = 0
    sha256: str = ""
    parameters: int | None = None
    multiply_adds: int | None = None
    wiring: str = ""
    scale: str = ""
    alone: Predict | None = None


def open_model(model: str | Path, *, scale: str | None = None, name: str | None = None) -> Model:
    """Open a model for judgement; it uses all cores.

    Args:
        model: a shipped model's name, a run folder, or any .onnx file from uint8 or float 28x28
            images to ten probabilities or logits.
        scale: what a float input is given, a key of `adapter.SCALES`; None for what the file's
            metadata says under "scale", or else 0..1.
        name: what to call it; else the file's name, or its run folder's.
    Raises:
        ModelError: no such model, not ONNX, or not a digit network.
        OptionError: a scale for a uint8 network, or none that is known.
    """
    path = weights.find(model)
    adapter = Adapter(path, scale)
    feed = adapter.feed
    said = feed.metadata.get("parameters")
    return Model(
        name=name or _name(path),
        path=path,
        predict=adapter.predict,
        metadata=feed.metadata,
        size_bytes=path.stat().st_size,
        sha256=digest(path),
        parameters=said if isinstance(said, int) else count_parameters(path),
        multiply_adds=count_multiply_adds(path),
        wiring=f"{feed.said}; gives {adapter.output}",
        scale=feed.scale,
        alone=Adapter(path, scale, threads=1).predict,
    )


def digest(path: Path) -> str:
    """The sha256 of a file, 64 hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _name(path: Path) -> str:
    """The file's name, or its run folder's where every file is called model.onnx."""
    return path.resolve().parent.name if path.name == "model.onnx" else path.stem


# What a float network was trained on: (subtract, divide by), in steps of 0 to 255.
# mnist: the training images' mean 0.1307 and standard deviation 0.3081, as PyTorch's example has.
SCALES = {
    "0..1": (0.0, 255.0),
    "0..255": (0.0, 1.0),
    "-1..1": (127.5, 127.5),
    "mnist": (0.1307 * 255, 0.3081 * 255),
}
LAYOUTS = ((SIDE, SIDE), (1, SIDE, SIDE), (SIDE, SIDE, 1), (SIDE * SIDE,))
_FLOATS = {"tensor(float)": np.float32, "tensor(double)": np.float64, "tensor(float16)": np.float16}
# Rows of float16 and of rounded exports still sum to 1 within this.
TOLERANCE = 2e-3


class Feed:
    """Puts uint8 images into an ONNX file, whatever layout, dtype and scale it wants.

    A float input is given 0..1 unless `scale`, or the file's metadata under the key "scale", says
    otherwise.

    Attributes:
        said: what goes in, in words.
        scale: a key of `SCALES`; "" where pixels go in as uint8.
        metadata: what the exporter wrote into the file.
        outputs: what the file gives.
    """

    def __init__(self, model: str | Path | bytes, scale: str | None = None, threads: int = 0):
        """Load a file and find out what it takes.

        Args:
            model: an .onnx file, or its bytes.
            scale: a key of `SCALES`; None for the metadata's word, or 0..1.
            threads: how many cores one call may use; 0 for all.
        Raises:
            ModelError: not ONNX, or nothing that takes 28x28 pixels.
            OptionError: a scale for a network that takes uint8, or one that is not known.
        """
        self.shown = "the bytes given" if isinstance(model, bytes) else str(model)
        self._session = open_session(model, threads)
        self.metadata = read_metadata(self._session)
        self.outputs = self._session.get_outputs()
        self._input, self._layout, self._batch = self._find_input()
        self._dtype = np.uint8 if self._input.type == "tensor(uint8)" else _FLOATS[self._input.type]
        self.scale = self._choose_scale(scale)
        shape = ", ".join(["n", *map(str, self._layout)])
        self.said = f"{np.dtype(self._dtype).name} of shape ({shape})"
        if self.scale:
            self.said += f", scaled to {self.scale}"

    def run(self, images: np.ndarray, output: str | None = None) -> np.ndarray:
        """What the file gives for uint8 images (n, 28, 28), under a name or at first.

        Raises:
            ModelError: ONNX Runtime fails on them.
        """
        x = images.reshape(len(images), *self._layout)
        if self._dtype is not np.uint8:
            shift, divisor = SCALES[self.scale]
            x = ((x.astype(np.float32) - shift) / divisor).astype(self._dtype)
        name = output or str(self.outputs[0].name)
        if self._batch is None:
            return self._run(x, name)
        starts = range(0, max(len(x), 1), self._batch)
        parts = [self._run_full(x[at : at + self._batch], name) for at in starts]
        return np.concatenate(parts)

    def _run_full(self, x: np.ndarray, name: str) -> np.ndarray:
        """A file with a fixed batch is given full ones only; what pads the last is cut off."""
        missing = (self._batch or 0) - len(x)
        padded = np.concatenate([x, np.zeros((missing, *x.shape[1:]), x.dtype)])
        return self._run(padded, name)[: len(x)]

    def _run(self, x: np.ndarray, name: str) -> np.ndarray:
        try:
            return np.asarray(self._session.run([name], {self._input.name: x})[0])
        except Exception as error:  # ONNX Runtime raises a dozen unrelated classes
            raise ModelError(f"{self.shown} fails on images of shape {x.shape}: {error}") from error

    def _find_input(self) -> tuple[Any, tuple[int, ...], int | None]:
        inputs = self._session.get_inputs()
        found = inputs[0]
        size = [side if isinstance(side, int) and side > 0 else None for side in found.shape]
        fitting = [
            layout
            for layout in LAYOUTS
            if len(size) == len(layout) + 1
            and all(side in (None, want) for side, want in zip(size[1:], layout, strict=True))
        ]
        known = found.type == "tensor(uint8)" or found.type in _FLOATS
        if len(inputs) != 1 or not known or not fitting:
            raise ModelError(
                f"{self.shown} takes {len(inputs)} input(s), the first {found.type} of shape "
                f"{found.shape}; needed one of uint8 or float, of shape (n, 28, 28), "
                "(n, 1, 28, 28), (n, 28, 28, 1) or (n, 784)"
            )
        return found, fitting[0], size[0]

    def _choose_scale(self, asked: str | None) -> str:
        if self._dtype is np.uint8:
            if asked:
                raise OptionError(
                    f"{self.shown} takes uint8, which is always 0 to 255; leave the scale out"
                )
            return ""
        chosen = asked or str(self.metadata.get("scale", "0..1"))
        if chosen not in SCALES:
            raise OptionError(f"no scale {chosen!r}; needed one of {', '.join(SCALES)}")
        return chosen


class Adapter:
    """Calls an ONNX file with uint8 images and gives probabilities.

    Whether its output is probabilities, log-probabilities or logits is decided once, by what it
    answers to blank, full and random images.

    Attributes:
        feed: how images go in.
        output: what the file gives, in words.
    """

    def __init__(self, path: str | Path, scale: str | None = None, threads: int = 0) -> None:
        """Load a file and find out how to talk to it.

        Args:
            path: an .onnx file.
            scale: see `Feed`.
            threads: how many cores one call may use; 0 for all.
        Raises:
            ModelError: not ONNX, or not a network from 28x28 pixels to ten classes.
            OptionError: see `Feed`.
        """
        self.feed = Feed(path, scale, threads)
        self._name = self._find_output()
        self.output = self._probe()

    def predict(self, images: np.ndarray) -> np.ndarray:
        """Probabilities, float32 (n, 10), of uint8 images (n, 28, 28)."""
        raw = self._answer(images)
        return raw if self.output == "probabilities" else _softmax(raw)

    def _answer(self, images: np.ndarray) -> np.ndarray:
        raw = self.feed.run(images, self._name)
        if raw.shape != (len(images), CLASSES):
            raise ModelError(
                f"{self.feed.shown} gives shape {raw.shape} for {len(images)} images; a digit "
                f"network gives ({len(images)}, {CLASSES})"
            )
        return raw.astype(np.float32)

    def _find_output(self) -> str:
        """The floats of shape (n, 10): scikit-learn's files give the labels first."""
        for output in self.feed.outputs:
            shape = output.shape or []
            if output.type in _FLOATS and len(shape) == 2 and shape[1] in (CLASSES, None):
                return str(output.name)
            if output.type in _FLOATS and len(shape) == 2 and isinstance(shape[1], str):
                return str(output.name)
        given = "; ".join(f"{o.type} of shape {o.shape}" for o in self.feed.outputs)
        hint = ""
        if any(o.type.startswith("seq(map") for o in self.feed.outputs):
            hint = "; export it with options={'zipmap': False}"
        raise ModelError(
            f"{self.feed.shown} gives {given}; a digit network gives floats of shape "
            f"(n, {CLASSES}){hint}"
        )

    def _probe(self) -> str:
        rng = np.random.default_rng(0)
        images = rng.integers(0, 256, (32, SIDE, SIDE), np.uint8)
        images[0], images[1], images[2:17, :, : SIDE // 2] = 0, 255, 0
        raw = self._answer(images)
        if (raw >= -TOLERANCE).all() and (np.abs(raw.sum(axis=1) - 1) < TOLERANCE).all():
            return "probabilities"
        if (raw <= 0).all() and (np.abs(np.exp(raw).sum(axis=1) - 1) < TOLERANCE).all():
            return "log-probabilities, exponentiated"
        return "logits, made probabilities by softmax"


def _softmax(logits: np.ndarray) -> np.ndarray:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True), np.float32)
