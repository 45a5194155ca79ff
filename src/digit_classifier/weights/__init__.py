"""The models that ship with the package, and how any model is found by name or path."""

import os
from pathlib import Path

from digit_classifier import latest
from digit_classifier.errors import ModelError

FOLDER = Path(__file__).parent
# Finds digits in a picture; reads none by itself, and so is no name of a model.
FINDER = FOLDER / "finder" / "finder.onnx"


def names() -> list[str]:
    """Names of the shipped models, in alphabetical order."""
    return sorted(path.stem for path in FOLDER.glob("*.onnx"))


def find(model: str | os.PathLike[str]) -> Path:
    """Find the .onnx file of a model.

    Args:
        model: the name of a shipped model, a run folder that holds model.onnx,
            `runs/latest`, or an .onnx file.
            A shipped name wins over a folder of that name; write ./name for the folder.
    Returns:
        A path to a file that exists.
    Raises:
        ModelError: none of these.
        DataError: `runs/latest` stands for a run that is gone.
    """
    if isinstance(model, str) and model in names():
        return FOLDER / f"{model}.onnx"
    path = latest.resolve(model)
    if path.is_file():
        return path
    if (path / "model.onnx").is_file():
        return path / "model.onnx"
    if path.is_dir():
        raise ModelError(
            f"no model.onnx in the folder {path}. Give a run folder that `digits train` finished."
        )
    shipped = ", ".join(names()) or "none"
    raise ModelError(
        f"no model called {model}: neither a file, nor a run folder, nor one of those that ship "
        f"({shipped})."
    )
