"""What a user may name as a model to be judged: a name, a run folder, an .onnx or a .keras file."""

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
    from digit_classifier.errors import ModelError
    from digit_classifier.evaluation.model import digest, open_model

    saved = Path(model)
    if saved.suffix != ".keras":
        yield open_model(model, scale=scale)
        return
    if not saved.is_file():
        raise ModelError(f"no model at {saved}; check the path")
    from digit_classifier.training.export import convert_file

    name = saved.resolve().parent.name if saved.name == "model.keras" else saved.stem
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.onnx"
        convert_file(saved, path)
        exported = open_model(path, scale=scale, name=name)
        yield replace(exported, size_bytes=saved.stat().st_size, sha256=digest(saved))
