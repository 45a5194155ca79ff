"""A trained network as a file, read by ONNX Runtime: ours, or any that takes 28x28 images."""

import json
import os
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from digit_classifier.errors import ModelError, OptionError
from digit_classifier.shell import option
from digit_classifier.words import kind_of

# From 1.29 on it reports its use to its maker, unless it is told otherwise before it is imported;
# disable_telemetry_events() comes too late. Nothing else imports it, so that this comes first.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
import onnxruntime

SIDE = 28
CLASSES = 10
# What a float network was trained on: (subtract, divide by), in steps of 0 to 255.
# mnist: the training images' mean 0.1307 and standard deviation 0.3081, as PyTorch's example has.
SCALES = {
    "0..1": (0.0, 255.0),
    "0..255": (0.0, 1.0),
    "-1..1": (127.5, 127.5),
    "mnist": (0.1307 * 255, 0.3081 * 255),
}
LAYOUTS = ((SIDE, SIDE), (1, SIDE, SIDE), (SIDE, SIDE, 1), (SIDE * SIDE,))
FLOATS = {"tensor(float)": np.float32, "tensor(double)": np.float64, "tensor(float16)": np.float16}
# Images in one run of the network: what it works out between its layers is 200 kB an image for cnn.
SLICE = 500
PROBABILITIES = "probabilities"
# Rows of float16 and of rounded exports still sum to 1 within this.
TOLERANCE = 2e-3
# Further outputs of a network of dense layers: hidden_1, hidden_2, ..., and these.
HIDDEN, FIRST_WEIGHTS = "hidden_", "first_weights"


class Session(Protocol):
    """What of ONNX Runtime's session is used here: of another runtime, an object that has it."""

    def get_inputs(self) -> Sequence[Any]:
        """What goes in: name, type and shape of each."""

    def get_outputs(self) -> Sequence[Any]:
        """What comes out, the same."""

    def get_modelmeta(self) -> Any:
        """What holds `custom_metadata_map`."""

    def run(self, names: list[str], feeds: dict[str, np.ndarray]) -> list[np.ndarray]:
        """The outputs of these names, for inputs by name."""


class OnnxModel:
    """Images in, probabilities out.

    Whether the file gives probabilities, log-probabilities or logits is decided once, by what it
    answers to blank, full and random images. Thread-safe: ONNX Runtime allows concurrent `predict`
    calls on one session.

    Attributes:
        path: the file; None when made from bytes of nowhere.
        metadata: what the exporter wrote: name, classes, dataset, dataset_sha256, accuracy,
            temperature, reject, versions; values that parse as JSON are parsed.
        scale: what a float input is given, a key of `SCALES`; "" for uint8.
        output: what the file gives, in words.
        wiring: how images go in and answers come out, in words.
        feed: how images go in.
        output_name: of what is taken for its answer.
    """

    def __init__(
        self,
        model: str | Path | bytes | Session,
        threads: int = 1,
        *,
        path: Path | None = None,
        scale: str | None = None,
    ) -> None:
        """Load a model: one that `digits train` made, or whatever gives ten classes.

        Args:
            model: a path to an .onnx file, its bytes, or a session of another runtime.
            threads: how many cores one `predict` may use; 0 for all.
            path: the file that bytes or a session came from.
            scale: what a float input is given, a key of `SCALES`; None for what the file's
                metadata says under "scale", or else 0..1.
        Raises:
            ModelError: no such file, not ONNX, or not a digit network.
            OptionError: a scale for a uint8 network, or none that is known.
        """
        self.path = Path(model) if isinstance(model, (str, Path)) else path
        self._given = model, threads
        feed = self.feed = Feed(model, scale, threads, self.path)
        self.metadata, self.scale = feed.metadata, feed.scale
        self.output_name = self._find_output()
        # So `digits train` names it, and no probing holds up the start.
        own = not feed.scale and self.output_name == PROBABILITIES
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
                f"{kind_of(images)} was given as images; "
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

    def doubt(self, given: str | None) -> str:
        """What to say where a scale was assumed that neither the file nor the user gave; or "".

        Args:
            given: the scale that it was asked for with.
        """
        if not self.scale or given or "scale" in self.metadata:
            return ""
        return (
            f"{self.path or self.name} takes floats and does not say of which scale; it is given "
            f"{self.scale}. If it was trained on another: {option('scale')}, or `scale` in the "
            ".onnx file's metadata."
        )

    def check_scale(self, given: str | None) -> None:
        """See that nobody gives another scale to a model that is loaded.

        Raises:
            OptionError: it is given one.
        """
        if given and given != self.scale:
            raise OptionError(
                f"{self.name} is loaded already, for scale {self.scale or 'uint8'}. "
                f"Give {option('scale', given)} to OnnxModel."
            )

    @property
    def size_bytes(self) -> int:
        """Of what it was loaded from."""
        given, _ = self._given
        if isinstance(given, bytes):
            return len(given)
        assert self.path
        files = [self.path] if self.path.is_file() else self.path.rglob("*")
        return sum(file.stat().st_size for file in files if file.is_file())

    @property
    def hidden(self) -> tuple[str, ...]:
        """The outputs with the activations of its hidden layers; none where the file has none."""
        names = [output.name for output in self.feed.outputs]
        return tuple(name for name in names if name.startswith(HIDDEN)) * (FIRST_WEIGHTS in names)

    def activations(self, image: np.ndarray) -> list[np.ndarray]:
        """What every neuron answers.

        Args:
            image: uint8, shape (28, 28): paper 0, ink 255.
        Returns:
            float32, one array for each hidden layer, shape (neurons,), and the ten probabilities.
        """
        names = [*self.hidden, self.output_name]
        return [self.feed.run(image[None], name)[0] for name in names]

    def first_weights(self) -> np.ndarray:
        """float32, shape (neurons, 784): for each neuron of the first layer, a weight per pixel."""
        blank = np.zeros((1, SIDE, SIDE), np.uint8)
        return np.ascontiguousarray(self.feed.run(blank, FIRST_WEIGHTS).T)

    def _answer(self, images: np.ndarray) -> np.ndarray:
        raw = self.feed.run(images, self.output_name)
        if raw.shape != (len(images), CLASSES):
            raise ModelError(self._refusal(raw.shape[-1] if raw.ndim == 2 else raw.shape))
        return raw.astype(np.float32, copy=False)

    def _find_output(self) -> str:
        """The floats of shape (n, 10): scikit-learn's files give the labels first."""
        for output in self.feed.outputs:
            shape = output.shape or []
            if output.type in FLOATS and len(shape) == 2 and shape[1] in (CLASSES, None):
                return str(output.name)
            if output.type in FLOATS and len(shape) == 2 and isinstance(shape[1], str):
                return str(output.name)
        given = "; ".join(f"{o.type} of shape {o.shape}" for o in self.feed.outputs)
        if any(o.type.startswith("seq(map") for o in self.feed.outputs):
            raise ModelError(f"{self._refusal(given)} Export it with options={{'zipmap': False}}.")
        shape = self.feed.outputs[0].shape or []
        one = len(self.feed.outputs) == 1 and len(shape) == 2 and isinstance(shape[1], int)
        raise ModelError(self._refusal(shape[1] if one else given))

    def _refusal(self, given: object) -> str:
        """A sentence: how many classes, or else what comes out, where ten classes are needed."""
        told = f"tells {given} classes apart" if isinstance(given, int) else f"gives {given}"
        return (
            f"{self.feed.shown} {told}; a digit network gives floats of shape (n, {CLASSES}): ten "
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


class Feed:
    """Puts uint8 images into an ONNX file, whatever layout, dtype and scale it wants.

    A float input is given 0..1 unless `scale`, or the file's metadata under the key "scale", says
    otherwise.

    Attributes:
        said: what goes in, in words.
        scale: a key of `SCALES`; "" where pixels go in as uint8.
        metadata: what the exporter wrote into the file.
        outputs: what the file gives.
        layout: the shape of one image there, one of `LAYOUTS`.
        dtype: of what goes in, a type of numpy.
        batch: how many images one call takes; None for any number.
    """

    def __init__(
        self,
        model: str | Path | bytes | Session,
        scale: str | None = None,
        threads: int = 0,
        shown: object = None,
    ) -> None:
        """Load a file and find out what it takes.

        Args:
            model: an .onnx file, its bytes, or a session of another runtime.
            scale: a key of `SCALES`; None for the metadata's word, or 0..1.
            threads: how many cores one call may use; 0 for all.
            shown: what errors call it.
        Raises:
            ModelError: not ONNX, or nothing that takes 28x28 pixels.
            OptionError: a scale for a network that takes uint8, or one that is not known.
        """
        self.shown = str(shown or ("the bytes given" if isinstance(model, bytes) else model))
        file = isinstance(model, (str, Path, bytes))
        self._session: Session = open_session(model, threads, self.shown) if file else model  # type: ignore[arg-type, assignment]
        self.metadata = read_metadata(self._session)
        self.outputs = self._session.get_outputs()
        self._input, self.layout, self.batch = self._find_input()
        self.dtype = np.uint8 if self._input.type == "tensor(uint8)" else FLOATS[self._input.type]
        self.scale = self._choose_scale(scale)
        shape = ", ".join(["n", *map(str, self.layout)])
        self.said = f"{np.dtype(self.dtype).name} of shape ({shape})"
        if self.scale:
            self.said += f", scaled to {self.scale}"

    def run(self, images: np.ndarray, output: str | None = None) -> np.ndarray:
        """What the file gives for uint8 images (n, 28, 28), under a name or at first.

        Raises:
            ModelError: ONNX Runtime fails on them.
        """
        x = images.reshape(len(images), *self.layout)
        if self.dtype is not np.uint8:
            shift, divisor = SCALES[self.scale]
            x = ((x.astype(np.float32) - shift) / divisor).astype(self.dtype)
        name = output or str(self.outputs[0].name)
        if self.batch is None:
            return self._run(x, name)
        starts = range(0, max(len(x), 1), self.batch)
        parts = [self._run_full(x[at : at + self.batch], name) for at in starts]
        return np.concatenate(parts)

    def _run_full(self, x: np.ndarray, name: str) -> np.ndarray:
        """A file with a fixed batch is given full ones only; what pads the last is cut off."""
        missing = (self.batch or 0) - len(x)
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
        known = found.type == "tensor(uint8)" or found.type in FLOATS
        if len(inputs) != 1 or not known or not fitting:
            raise ModelError(
                f"{self.shown} takes {len(inputs)} input(s), the first {found.type} of shape "
                f"{found.shape}; a digit network takes one of uint8 or float, of shape "
                "(n, 28, 28), (n, 1, 28, 28), (n, 28, 28, 1) or (n, 784)"
            )
        return found, fitting[0], size[0]

    def _choose_scale(self, asked: str | None) -> str:
        if self.dtype is np.uint8:
            if asked:
                raise OptionError(
                    f"{self.shown} takes uint8, which is always 0 to 255; leave the scale out"
                )
            return ""
        chosen = asked or str(self.metadata.get("scale", "0..1"))
        if chosen not in SCALES:
            known = f"one of {', '.join(SCALES)} is needed."
            if asked:
                raise OptionError(f"{option('scale', chosen)} is not known; {known}")
            raise ModelError(f"{self.shown} says scale {chosen!r}; {known}")
        return chosen


def open_session(
    model: str | Path | bytes, threads: int = 1, shown: object = None
) -> onnxruntime.InferenceSession:
    """Load any ONNX file, whatever its inputs and outputs are.

    Args:
        model: a path to an .onnx file, or its bytes.
        threads: how many cores one run may use; 0 for all.
        shown: what errors call it.
    Raises:
        ModelError: no such file, or nothing that ONNX Runtime can load.
    """
    shown = shown or ("the bytes given" if isinstance(model, bytes) else str(model))
    if not isinstance(model, bytes) and not Path(model).is_file():
        raise ModelError(f"no model at {shown}. Give a run folder, an .onnx file or a name.")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    source = model if isinstance(model, bytes) else os.fspath(model)
    try:
        return onnxruntime.InferenceSession(source, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # ONNX Runtime raises a dozen unrelated classes
        raise ModelError(_refusal(shown, model, error)) from error


# What else networks are saved as, and what makes an .onnx file of it.
_OTHERS = {
    ".keras": ("a Keras network", "model.export('net.onnx', format='onnx') in Keras makes one"),
    ".h5": ("a Keras network", "keras.models.load_model(...).save('net.keras') makes a .keras "
            "file, which `digits predict`, `serve`, `evaluate` and `compare` read"),
    ".pt": ("a PyTorch network", "torch.onnx.export(model, images, 'net.onnx') makes one"),
    ".pkl": ("a Python pickle", "skl2onnx.to_onnx makes one of a scikit-learn model"),
    ".tflite": ("a TensorFlow Lite network", "export the network that it was made of"),
}  # fmt: skip
_OTHERS |= {".hdf5": _OTHERS[".h5"], ".pth": _OTHERS[".pt"], ".ckpt": _OTHERS[".pt"],
            ".safetensors": _OTHERS[".pt"], ".joblib": _OTHERS[".pkl"]}  # fmt: skip


def _refusal(shown: object, model: str | Path | bytes, error: Exception) -> str:
    """Say what a file is that ONNX Runtime cannot load, and how to come by one that it can."""
    if (len(model) if isinstance(model, bytes) else Path(model).stat().st_size) == 0:
        return f"{shown} is empty; an .onnx file is needed. Copy or export it again."
    what, how = _OTHERS.get(Path(str(shown)).suffix.lower(), ("", ""))
    if what:
        return f"{shown} is {what}; an .onnx file is needed: {how}."
    reason = " ".join(str(error).split())
    return f"{shown} is not a model that ONNX Runtime can load: {reason}"


def read_metadata(session: onnxruntime.InferenceSession) -> dict[str, Any]:
    """What the exporter wrote into the file; values that parse as JSON are parsed."""
    texts = session.get_modelmeta().custom_metadata_map
    return {key: _parsed(value) for key, value in texts.items()}


def _parsed(value: str) -> Any:
    try:
        return json.loads(value)
    except ValueError:
        return value
