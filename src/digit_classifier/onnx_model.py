"""A trained network as a file: model.onnx, read by ONNX Runtime."""

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from digit_classifier.adapter import CLASSES, FLOATS, SIDE, Feed
from digit_classifier.errors import ModelError

__all__ = ["CLASSES", "SIDE", "OnnxModel"]

# Images in one run of the network: what it works out between its layers is 200 kB an image for cnn.
SLICE = 1000
PROBABILITIES = "probabilities"
# Rows of float16 and of rounded exports still sum to 1 within this.
TOLERANCE = 2e-3
# Further outputs of a network of dense layers: hidden_1, hidden_2, ..., and these.
HIDDEN, FIRST_WEIGHTS = "hidden_", "first_weights"


class OnnxModel:
    """Images in, probabilities out.

    Whether the file gives probabilities, log-probabilities or logits is decided once, by what it
    answers to blank, full and random images. Thread-safe: ONNX Runtime allows concurrent `predict`
    calls on one session.

    Attributes:
        path: the file; None when made from bytes of nowhere.
        metadata: what the exporter wrote: name, classes, dataset, dataset_sha256, accuracy,
            temperature, reject, versions; values that parse as JSON are parsed.
        scale: what a float input is given, a key of `adapter.SCALES`; "" for uint8.
        output: what the file gives, in words.
        wiring: how images go in and answers come out, in words.
    """

    def __init__(
        self,
        model: str | Path | bytes,
        threads: int = 1,
        *,
        path: Path | None = None,
        scale: str | None = None,
    ) -> None:
        """Load a model: one that `digits train` made, or whatever gives ten classes.

        Args:
            model: a path to an .onnx file, or its bytes.
            threads: how many cores one `predict` may use; 0 for all.
            path: the file that bytes were read from.
            scale: what a float input is given, a key of `adapter.SCALES`; None for what the file's
                metadata says under "scale", or else 0..1.
        Raises:
            ModelError: no such file, not ONNX, or not a digit network.
            OptionError: a scale for a uint8 network, or none that is known.
        """
        self.path = path if isinstance(model, bytes) else Path(model)
        self._given = model, threads
        feed = self._feed = Feed(model, scale, threads, self.path)
        self.metadata, self.scale = feed.metadata, feed.scale
        self._output_name = self._find_output()
        # So `digits train` names it, and no probing holds up the start.
        own = not feed.scale and self._output_name == PROBABILITIES
        self.output = PROBABILITIES if own else self._probe()
        self.wiring = f"{feed.said}; gives {self.output}"

    def predict(self, images: np.ndarray) -> np.ndarray:
        """Probabilities of the ten digits.

        Args:
            images: uint8, shape (n, 28, 28): paper 0, ink 255.
        Returns:
            float32, shape (n, 10), each row summing to 1.
        Raises:
            ModelError: images of another shape or dtype.
        """
        if not isinstance(images, np.ndarray):
            raise ModelError(
                f"a {type(images).__name__} was given as images; "
                "a numpy array, uint8 of shape (n, 28, 28), is needed"
            )
        if images.dtype != np.uint8 or images.ndim != 3 or images.shape[1:] != (SIDE, SIDE):
            raise ModelError(
                f"images of shape {images.shape} and dtype {images.dtype} were given, "
                f"uint8 of shape (n, 28, 28) are needed"
            )
        # no images are one empty slice
        slices = [images[at : at + SLICE] for at in range(0, max(1, len(images)), SLICE)]
        answers = [self._answer(part) for part in slices]
        raw = answers[0] if len(answers) == 1 else np.concatenate(answers)
        if self.output == PROBABILITIES:
            return raw
        powers = np.exp(raw - raw.max(axis=1, keepdims=True))
        return np.asarray(powers / powers.sum(axis=1, keepdims=True), np.float32)

    @property
    def name(self) -> str:
        """What to call it: its run folder where the file is model.onnx, else the file's own name.

        For bytes of nowhere what the exporter wrote, or "model".
        """
        if self.path is None:
            return str(self.metadata.get("name") or "model")
        return name_of(self.path)

    @property
    def size_bytes(self) -> int:
        """Of what it was loaded from."""
        model, _ = self._given
        return len(model) if isinstance(model, bytes) else Path(model).stat().st_size

    @property
    def hidden(self) -> tuple[str, ...]:
        """The outputs with the activations of its hidden layers; none where the file has none."""
        names = [output.name for output in self._feed.outputs]
        return tuple(name for name in names if name.startswith(HIDDEN)) * (FIRST_WEIGHTS in names)

    def activations(self, image: np.ndarray) -> list[np.ndarray]:
        """What every neuron answers.

        Args:
            image: uint8, shape (28, 28): paper 0, ink 255.
        Returns:
            float32, one array for each hidden layer, shape (neurons,), and the ten probabilities.
        """
        names = [*self.hidden, self._output_name]
        return [self._feed.run(image[None], name)[0] for name in names]

    def first_weights(self) -> np.ndarray:
        """float32, shape (neurons, 784): for each neuron of the first layer, a weight per pixel."""
        blank = np.zeros((1, SIDE, SIDE), np.uint8)
        return np.ascontiguousarray(self._feed.run(blank, FIRST_WEIGHTS).T)

    def _answer(self, images: np.ndarray) -> np.ndarray:
        raw = self._feed.run(images, self._output_name)
        if raw.shape != (len(images), CLASSES):
            raise ModelError(self._refusal(raw.shape[-1] if raw.ndim == 2 else raw.shape))
        return raw.astype(np.float32, copy=False)

    def _find_output(self) -> str:
        """The floats of shape (n, 10): scikit-learn's files give the labels first."""
        for output in self._feed.outputs:
            shape = output.shape or []
            if output.type in FLOATS and len(shape) == 2 and shape[1] in (CLASSES, None):
                return str(output.name)
            if output.type in FLOATS and len(shape) == 2 and isinstance(shape[1], str):
                return str(output.name)
        given = "; ".join(f"{o.type} of shape {o.shape}" for o in self._feed.outputs)
        if any(o.type.startswith("seq(map") for o in self._feed.outputs):
            raise ModelError(f"{self._refusal(given)} Export it with options={{'zipmap': False}}.")
        shape = self._feed.outputs[0].shape or []
        one = len(self._feed.outputs) == 1 and len(shape) == 2 and isinstance(shape[1], int)
        raise ModelError(self._refusal(shape[1] if one else given))

    def _refusal(self, given: object) -> str:
        """A sentence: how many classes, or else what comes out, where ten classes are needed."""
        told = f"tells {given} classes apart" if isinstance(given, int) else f"gives {given}"
        return (
            f"{self._feed.shown} {told}; a digit network gives floats of shape (n, {CLASSES}): ten "
            "classes, the digits 0 to 9."
        )

    def _probe(self) -> str:
        rng = np.random.default_rng(0)
        images = rng.integers(0, 256, (8, SIDE, SIDE), np.uint8)
        images[0], images[1], images[2:5, :, : SIDE // 2] = 0, 255, 0
        raw = self._answer(images)
        if (raw >= -TOLERANCE).all() and (np.abs(raw.sum(axis=1) - 1) < TOLERANCE).all():
            return PROBABILITIES
        if (raw <= 0).all() and (np.abs(np.exp(raw).sum(axis=1) - 1) < TOLERANCE).all():
            return "log-probabilities, exponentiated"
        return "logits, made probabilities by softmax"

    def __reduce__(self) -> tuple[Any, ...]:
        """Copied and pickled as what it was made from: ONNX Runtime's sessions cannot be."""
        return partial(type(self), path=self.path, scale=self.scale or None), self._given

    def __repr__(self) -> str:
        accuracy = self.metadata.get("accuracy")
        said = f", accuracy {100 * accuracy:.2f} %" if isinstance(accuracy, float) else ""
        return f"<OnnxModel {self.name}{said}{f', from {self.path}' if self.path else ''}>"


def name_of(path: Path) -> str:
    """A model file's name; its run folder's, behind `latest` too, where all are called model."""
    if path.name in ("model.onnx", "model.keras"):
        return path.parent.resolve().name or path.stem
    return path.stem
