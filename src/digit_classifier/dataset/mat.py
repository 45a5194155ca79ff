"""MATLAB's files, which scipy reads: EMNIST's nested struct, or plain arrays. No code in them."""

from pathlib import Path
from typing import Any

import numpy as np

from digit_classifier.errors import DataError, MissingExtraError


def read(path: Path) -> dict[str, np.ndarray]:
    """Read every array of a `.mat` file up to version 7.

    Returns:
        Arrays by their names; those inside structs as "dataset/train/images".
    Raises:
        DataError: damaged, or not such a file.
        MissingExtraError: scipy is not installed.
    """
    try:
        from scipy.io import loadmat
    except ImportError:
        raise MissingExtraError("scipy, which reads .mat files,", "train") from None
    try:
        content = loadmat(path, simplify_cells=True)
    except Exception as error:  # scipy raises a dozen unrelated classes for damaged files
        raise DataError(f"{path} is not a whole .mat file ({error}). Fetch it again.") from error
    found: dict[str, np.ndarray] = {}
    _flatten(content, "", found)
    return found


def _flatten(value: Any, name: str, found: dict[str, np.ndarray]) -> None:
    if isinstance(value, dict):
        for key, inner in value.items():
            if not key.startswith("__"):
                _flatten(inner, f"{name}/{key}".lstrip("/"), found)
    elif isinstance(value, np.ndarray) and value.dtype.kind in "buifUS":
        found[name] = value
