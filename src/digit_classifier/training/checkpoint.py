"""What a training needs to go on after a crash, in one file that is whole or not there."""

import json
import zipfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from digit_classifier.atomic import replacing
from digit_classifier.errors import DataError
from digit_classifier.training.loop import Epoch

NAME = "checkpoint.npz"
# Counted up when what a training has to hold changes; before 2 none was written.
FORMAT = 2


def save(folder: Path, variables: Sequence[Any], history: Sequence[Epoch], data: str) -> None:
    """Write weights, optimiser and history after an epoch.

    The random state is not written: the order of an epoch and its distortions come from the seed
    and the epoch's number, and whatever a layer draws with is among the model's variables.

    Args:
        folder: the run folder.
        variables: all that the training changes, `Loop.variables`.
        history: the finished epochs.
        data: the data set's sha256.
    Raises:
        StorageError: the file cannot be written; the last one stays.
    """
    arrays = {str(i): np.asarray(v) for i, v in enumerate(variables)}
    rows = json.dumps([asdict(epoch) for epoch in history])
    facts = {"history": np.array(rows), "data": np.array(data), "format": np.array(FORMAT)}
    with replacing(folder / NAME) as temporary, temporary.open("wb") as file:
        np.savez(file, allow_pickle=False, **facts, **arrays)


def load(folder: Path, variables: Sequence[Any], data: str) -> list[Epoch]:
    """Put a saved state back into the variables of a training of the same kind.

    Args:
        folder: the run folder.
        variables: `Loop.variables`, of the shapes that were saved.
        data: the sha256 of the data that would be trained on now.
    Returns:
        The epochs that were finished.
    Raises:
        DataError: no checkpoint, or one of another version, network, optimiser or data set.
    """
    path = folder / NAME
    if not path.is_file():
        raise DataError(
            f"{folder} holds no {NAME}: nothing to resume. Train again without --resume."
        )
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as saved:
            if "format" not in saved or saved["format"] != FORMAT:
                raise DataError(
                    f"{path} was written by another version of this program: resume with that "
                    "version, or train again without --resume."
                )
            history = [Epoch(**row) for row in json.loads(str(saved["history"]))]
            values = [saved[str(i)] for i in range(len(saved.files) - 3)]
            trained_on = str(saved["data"])
    except (OSError, EOFError, ValueError, KeyError, TypeError, zipfile.BadZipFile) as error:
        raise DataError(
            f"{path} cannot be read ({error}). Train again without --resume."
        ) from error
    if [value.shape for value in values] != [tuple(v.shape) for v in variables]:
        raise DataError(
            f"{path} does not fit the network and optimiser that config.json names. "
            "Train again without --resume."
        )
    if trained_on != data:
        raise DataError(
            f"{folder} was trained on other data (sha256 {trained_on[:12]}, now {data[:12]}). "
            "Give the same data, or train again without --resume."
        )
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)
    return history
