"""What a user may name as a model: a name, a run folder, an .onnx or a .keras file."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from digit_classifier.evaluation.model import Model


@contextmanager
def opened(model: str, scale: str | None = None) -> Iterator["Model"]:
    """Open a model for judgement; a .keras file is exported to a temporary .onnx file first.

    Args:
        model: a shipped model's name, a run folder, an .onnx file or a .keras file.
        scale: what a float input is given; see `evaluation.model.open_model`.
    Yields:
        The model; size and sha256 are those of the file that was named.
    Raises:
        ModelError, OptionError: as `open_model`.
        MissingExtraError: a .keras file, and Keras is not installed.
    """
    from digit_classifier.evaluation.model import digest, open_model

    with exported(model) as path:
        if not isinstance(path, Path):
            yield open_model(path, scale=scale)
            return
        saved, name = Path(model), path.stem
        made = open_model(path, scale=scale, name=name)
        yield replace(made, size_bytes=saved.stat().st_size, sha256=digest(saved))


@contextmanager
def exported(model: str) -> Iterator[str | Path]:
    """Give back what names a model that can be read, or the temporary export of a .keras file.

    Raises:
        ModelError: a .keras file that is missing or cannot be exported.
        MissingExtraError: a .keras file, and Keras is not installed.
    """
    from digit_classifier.errors import ModelError

    saved = Path(model)
    if saved.suffix.lower() != ".keras":
        yield model
        return
    if not saved.is_file():
        raise ModelError(f"no model at {saved}; check the path")
    from digit_classifier.training.export import convert_file

    name = saved.resolve().parent.name if saved.name == "model.keras" else saved.stem
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{name}.onnx"
        convert_file(saved, path)
        yield path
