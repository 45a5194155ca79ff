"""What an exporter is, what it exports, and the formats that there are."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from digit_classifier import weights
from digit_classifier.dataset import Dataset
from digit_classifier.errors import ModelError
from digit_classifier.export.runtime import Session
from digit_classifier.onnx_model import OnnxModel, name_of
from digit_classifier.registry import Registry

UINT8, FLOAT, DRAWING = "uint8", "float", "drawing"
STATISTICS = 500  # training images whose statistics stand in the batch norms of what is rebuilt


@dataclass(frozen=True, eq=False)
class Source:
    """A model that is exported.

    Attributes:
        name: what it is called.
        onnx: the same as an .onnx file, which every export is compared with.
        dataset: whose test images compare them; training images set the ranges of whole numbers.
        saved: its .keras file, where there is one.
        scale: what that takes where it takes floats, a key of `onnx_model.SCALES`; None for 0..1.
        others: further models for a format that holds several.
    """

    name: str
    onnx: OnnxModel
    dataset: Dataset
    saved: Path | None = None
    scale: str | None = None
    others: tuple["Source", ...] = ()

    @property
    def path(self) -> Path:
        """Of the .onnx file."""
        assert self.onnx.path
        return self.onnx.path

    @cached_property
    def network(self) -> Any:
        """The Keras network, uint8 (n, 28, 28) to probabilities (n, 10).

        Raises:
            ModelError: none can be had of this model.
            MissingExtraError: Keras or TensorFlow is not installed.
        """
        from digit_classifier.export.keras_file import load_pixels
        from digit_classifier.training.backend import start
        from digit_classifier.training.rebuilt import rebuild

        start("tensorflow")
        if self.saved:
            return load_pixels(self.saved, self.scale)
        return rebuild(self.path, self.dataset.train_images[:STATISTICS])


@dataclass(frozen=True)
class Options:
    """What a format may be asked for; one that does not know of it refuses it.

    Attributes:
        input: what goes in, `UINT8`, `FLOAT` or `DRAWING`.
        opset: version of ONNX's operators; None for that of the model, or what the input needs.
    """

    input: str = UINT8
    opset: int | None = None


@dataclass(frozen=True)
class Exporter:
    """One format.

    Attributes:
        summary: one line for the user.
        suffix: what is put behind the model's name, with the file's ending; without one it is a
            folder.
        write: writes it to a path, which may be an empty file or folder.
        open: loads what was written in the format's own runtime; None where nothing runs it.
        tolerance: how far a probability may lie from the .onnx file's; None where only the answers
            count, of which at most 0.05 points may be lost.
        runtime: the package that runs it, for the record.
        extra: the optional part that brings what it needs.
        takes: the options that it knows of.
        inputs: what may go in.
    """

    summary: str
    suffix: str
    write: Callable[[Source, Path, Options], None]
    open: Callable[[Path], Session] | None = None
    tolerance: float | None = 1e-4
    runtime: str = ""
    extra: str = "train"
    takes: frozenset[str] = frozenset()
    inputs: tuple[str, ...] = field(default=(UINT8,))


_ROOM = "digit_classifier.export"
EXPORTERS: Registry[Exporter] = Registry(
    "exporter",
    "digit_classifier.exporters",
    *(f"{_ROOM}.{module}" for module in ("onnx_file", "keras_file", "saved_model", "litert")),
)
_Write = Callable[[Source, Path, Options], None]


def exporter(name: str, summary: str, suffix: str, **about: Any) -> Callable[[_Write], _Write]:
    """Register a function that writes a model in a format of its own; arguments as in `Exporter`.

    A package of yours does so through the entry point group `digit_classifier.exporters`.
    """

    def add(write: _Write) -> _Write:
        EXPORTERS.register(name, Exporter(summary, suffix, write, **about))
        return write

    return add


@contextmanager
def opened(model: str, dataset: Dataset, scale: str | None = None) -> Iterator[Source]:
    """Open what is to be exported.

    Args:
        model: a shipped model's name, a run folder, an .onnx file, or a .keras file of any make.
        dataset: see `Source`.
        scale: what a float input was trained on, a key of `onnx_model.SCALES`; None for what the
            file says, or else 0..1.
    Yields:
        The source; of a .keras file its .onnx file is there as long as the block lasts.
    Raises:
        ModelError: no such model, or no digit network.
        MissingExtraError: a .keras file, and Keras is not installed.
        OptionError: a scale that is not known, or for a network that takes uint8.
    """
    saved = Path(model)
    if saved.suffix.lower() != ".keras":
        path = weights.find(model)
        beside = path.with_suffix(".keras")
        source = Source(
            name_of(path), OnnxModel(path, scale=scale), dataset,
            beside if beside.is_file() else None, scale,
        )  # fmt: skip
        yield source
        return
    if not saved.is_file():
        raise ModelError(f"no model at {saved}; check the path")
    from digit_classifier.export.keras_file import load_pixels
    from digit_classifier.training.export import write_onnx

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{name_of(saved)}.onnx"
        write_onnx(load_pixels(saved, scale), path, {"name": name_of(saved)})
        yield Source(name_of(saved), OnnxModel(path), dataset, saved, scale)
