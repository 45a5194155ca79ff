"""What a user may name: a model, by name, run folder, .onnx or .keras file; labelled images."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from digit_classifier.cli.streams import warn

if TYPE_CHECKING:
    from digit_classifier.dataset import Dataset
    from digit_classifier.dataset.labelled import Progress
    from digit_classifier.evaluation.model import Model
    from digit_classifier.onnx_model import OnnxModel, Session
    from digit_classifier.reader import DigitReader


def reader(model: str, threshold: float | None = None, scale: str | None = None) -> "DigitReader":
    """Load what reads pictures; which scale a float network is given unasked is a warning.

    Raises:
        ModelError, OptionError, MissingExtraError: as `OnnxModel` and `exported`.
    """
    from digit_classifier.reader import DigitReader

    return DigitReader(network(model, scale), threshold)


def network(model: str, scale: str | None = None) -> "OnnxModel":
    """Load a model of any kind; as `reader`."""
    with exported(model) as path:
        return load(path, model, scale)


def load(path: str | Path, model: str, scale: str | None) -> "OnnxModel":
    """Load what `exported` gives for `model`; as `reader`."""
    from digit_classifier import weights
    from digit_classifier.onnx_model import OnnxModel

    if isinstance(path, Path):  # it is gone soon
        loaded = OnnxModel(path.read_bytes(), path=Path(model), scale=scale)
    else:
        loaded = OnnxModel(weights.find(path), scale=scale)
    if doubt := loaded.doubt(scale):
        warn(doubt)
    return loaded


@contextmanager
def opened(model: str, scale: str | None = None) -> Iterator["Model"]:
    """Open a model for judgement; a .keras file is exported to a temporary .onnx file first.

    Args:
        model: a shipped model's name, a run folder, an .onnx, .keras or .tflite file, or the folder
            of a SavedModel.
        scale: what a float input is given; see `evaluation.model.open_model`.
    Yields:
        The model; size and sha256 are those of the file that was named.
    Raises:
        ModelError, OptionError: as `open_model`.
        MissingExtraError: a .keras file, and Keras is not installed.
    """
    from digit_classifier.evaluation.model import digest, open_model

    if session := _loaded_elsewhere(Path(model)):
        yield open_model(model, scale=scale, session=session)
        return
    with exported(model) as path:
        if not isinstance(path, Path):
            yield open_model(path, scale=scale)
            return
        saved = Path(model)
        made = open_model(path, scale=scale, name=path.stem)
        yield replace(made, size_bytes=saved.stat().st_size, sha256=digest(saved))


def _loaded_elsewhere(path: Path) -> "Session | None":
    """A file or folder of another runtime than ONNX's, loaded; None for any other.

    Raises:
        ModelError: it cannot be loaded.
        MissingExtraError: that runtime is not installed.
    """
    if path.suffix.lower() == ".tflite":
        from digit_classifier.export.litert import open_litert

        return open_litert(path)
    if (path / "saved_model.pb").is_file():
        from digit_classifier.export.saved_model import open_saved_model

        return open_saved_model(path)
    return None


@contextmanager
def exported(model: str) -> Iterator[str | Path]:
    """Give back what names a model that can be read, or the temporary export of a .keras file.

    Raises:
        ModelError: a .keras file that is missing or cannot be exported.
        MissingExtraError: a .keras file, and Keras is not installed.
    """
    from digit_classifier.errors import ModelError
    from digit_classifier.onnx_model import name_of

    saved = Path(model)
    if saved.suffix.lower() != ".keras":
        yield model
        return
    if not saved.is_file():
        raise ModelError(f"no model at {saved}; check the path")
    from digit_classifier.training.export import convert_file

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{name_of(saved)}.onnx"
        convert_file(saved, path)
        try:
            yield path
        except ModelError as error:  # names the user's own file
            raise ModelError(str(error).replace(str(path), str(saved))) from error


def load_aloud(dataset: str, **how: Any) -> "Dataset":
    """Load labelled images with progress bars; every note becomes a warning on stderr.

    Args:
        dataset: a name or a path.
        how: further keywords of `digit_classifier.dataset.load`.

    Raises:
        DigitError: as `digit_classifier.dataset.load`.
    """
    from digit_classifier.dataset import load

    with progress_bars() as progress:
        data = load(dataset, progress=progress, warn=False, **how)
    for note in data.notes:
        warn(note)
    return data


@contextmanager
def progress_bars() -> "Iterator[Progress]":
    """Give a progress callback that moves a bar on stderr, or prints lines where that is a file."""
    from rich.console import Console

    from digit_classifier.progress import progress_bar

    console = Console(stderr=True)
    if console.is_terminal:
        with progress_bar(console) as show:
            yield lambda name, done, total: show(f"{name}, {_amount(name, total)}", done, total)
        return
    begun: set[str] = set()

    def say(name: str, _done: int, total: int) -> None:
        if name not in begun:
            begun.add(name)
            click.echo(f"{name}: {_amount(name, total)} ...", err=True)

    yield say


def _amount(name: str, total: int) -> str:
    return f"{total:,}" if name == "pictures" else f"{total / 1e6:.2g} MB"
