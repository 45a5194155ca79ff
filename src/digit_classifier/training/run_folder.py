"""The run folder: the only thing that training hands on."""

import contextlib
import csv
import io
import json
import os
import re
import shutil
import zipfile
from collections.abc import Sequence
from dataclasses import asdict, fields
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np

from digit_classifier import latest
from digit_classifier.atomic import replacing, write_text
from digit_classifier.errors import DataError, OptionError, StorageError
from digit_classifier.shell import digits, on_command_line, option
from digit_classifier.training.config import TrainConfig
from digit_classifier.training.loop import Epoch

# What a training needs to go on after a crash, in one file that is whole or not there.
CHECKPOINT = "checkpoint.npz"
# The pictures that a fine-tuning made be read otherwise.
CHANGED = "changed.png"
# Of the checkpoint; counted up when what a training has to hold changes. Before 2 none was written.
FORMAT = 2
# History figures are rounded to what a float32 sum can carry, so that files stay readable.
DIGITS = 6
_TEMPORARY = re.compile(
    r"\.(checkpoint|model|config|history|metrics|loss|accuracy|changed)-\w{8}\.\w+", re.ASCII
)


class RunFolder:
    """Paths and small files of one training.

    Holds model.keras, model.onnx, config.json, history.csv, metrics.json, loss and accuracy as PNG
    and SVG, log.txt; of a fine-tuning changed.png; and checkpoint.npz until it is finished.
    """

    def __init__(self, path: str | Path) -> None:
        """Name a run folder, such as runs/latest; nothing is touched.

        Raises:
            DataError: `runs/latest` stands for a run that is gone.
        """
        self.path = latest.resolve(path)

    @classmethod
    def create(cls, config: TrainConfig) -> "RunFolder":
        """Make the folder that `config.out` names, or a new runs/<time>-<model>.

        Raises:
            OptionError, StorageError: as `check_out`.
        """
        check_out(config)
        try:
            path = _make(config)
        except FileExistsError as error:  # another training was first by a moment
            raise OptionError(
                f"{config.out} exists already. Choose another {option('out')}, or remove it first."
            ) from error
        except OSError as error:
            raise StorageError(
                f"cannot make a run folder: {error.strerror}: {error.filename}. "
                f"Choose another {option('out')}."
            ) from error
        run = cls(path)
        try:
            started = datetime.now().astimezone().isoformat(timespec="seconds")
            run.write_json("config.json", {**config.to_dict(), "started": started})
        except BaseException:
            run.discard()
            raise
        return run

    def discard(self) -> None:
        """Remove the folder, as far as it holds nothing but settings."""
        if self.is_new:
            shutil.rmtree(self.path, ignore_errors=True)

    @property
    def is_new(self) -> bool:
        """Whether nothing was trained in it yet: it was killed, or its disk full, before that."""
        held = {path.name for path in self.path.iterdir() if not _is_temporary(path)}
        return held <= {"config.json", "log.txt"}

    def clear_temporaries(self) -> None:
        """Remove the half-written files that a process left which was killed while it wrote."""
        for path in filter(_is_temporary, self.path.iterdir()):
            path.unlink(missing_ok=True)

    def config(self) -> TrainConfig:
        """Read config.json back.

        Raises:
            DataError: no such folder, or its config.json is missing or damaged.
        """
        try:
            settings = json.loads((self.path / "config.json").read_text("utf-8"))
            return TrainConfig(**{k: v for k, v in settings.items() if k != "started"})
        except FileNotFoundError as error:
            raise DataError(
                f"{self.path} is not a run folder: it holds no config.json. "
                "Give a folder that `digits train` made."
            ) from error
        except (ValueError, TypeError, AttributeError, OSError) as error:
            raise DataError(f"{self.path / 'config.json'} cannot be read: {error}") from error

    @property
    def finished(self) -> bool:
        """Whether the training came to its end, and all that it writes is written."""
        return (self.path / "metrics.json").is_file() and not (self.path / CHECKPOINT).exists()

    @property
    def results(self) -> list[str]:
        """What a user would look for, as far as it is there."""
        plots = (f"{name}{suffix}" for name in ("loss", "accuracy") for suffix in (".png", ".svg"))
        names = ("model.keras", "model.onnx", "finder.onnx", "history.csv", "metrics.json", CHANGED,
                 *plots)  # fmt: skip
        return [name for name in names if (self.path / name).is_file()]

    def write_json(self, name: str, content: dict[str, Any]) -> None:
        """Write a JSON file, indented, whole or not at all."""
        write_text(self.path / name, json.dumps(content, indent=2, ensure_ascii=False) + "\n")

    def write_history(self, history: Sequence[Epoch]) -> None:
        """Write history.csv: epoch, loss, accuracy, val_loss, val_accuracy, seconds."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        names = [field.name for field in fields(Epoch) if field.name != "averaged"]
        writer.writerow(names)
        for row in history:
            values = [getattr(row, name) for name in names]
            writer.writerow(round(v, DIGITS) if isinstance(v, float) else v for v in values)
        write_text(self.path / "history.csv", text.getvalue())

    def save_checkpoint(
        self, variables: Sequence[Any], history: Sequence[Epoch], data: str
    ) -> None:
        """Write weights, optimiser and history after an epoch.

        The random state is not written: the order of an epoch and its distortions come from the
        seed and the epoch's number, and whatever a layer draws with is among the model's variables.

        Args:
            variables: all that the training changes, `Loop.variables`.
            history: the finished epochs.
            data: `Plan.sha256`.
        Raises:
            StorageError: the file cannot be written; the last one stays.
        """
        arrays = {str(i): np.asarray(v) for i, v in enumerate(variables)}
        rows = json.dumps([asdict(epoch) for epoch in history])
        facts = {"history": np.array(rows), "data": np.array(data), "format": np.array(FORMAT)}
        with replacing(self.path / CHECKPOINT) as temporary, temporary.open("wb") as file:
            np.savez(file, allow_pickle=False, **facts, **arrays)

    def load_checkpoint(self, variables: Sequence[Any], data: str) -> list[Epoch]:
        """Put a saved state back into the variables of a training of the same kind.

        Args:
            variables: `Loop.variables`, of the shapes that were saved.
            data: `Plan.sha256` of what would be trained on now.
        Returns:
            The epochs that were finished.
        Raises:
            DataError: no checkpoint, or one of another version, network, optimiser or data set.
        """
        path = self.path / CHECKPOINT
        if not path.is_file():
            raise DataError(f"{self.path} holds no {CHECKPOINT}: nothing to resume. Train anew.")
        try:
            with path.open("rb") as file, np.load(file, allow_pickle=False) as saved:
                if "format" not in saved or saved["format"] != FORMAT:
                    raise DataError(
                        f"{path} was written by another version of this program: resume with that "
                        "version, or train anew."
                    )
                history = [Epoch(**row) for row in json.loads(str(saved["history"]))]
                values = [saved[str(i)] for i in range(len(saved.files) - 3)]
                trained_on = str(saved["data"])
        except (OSError, EOFError, ValueError, KeyError, TypeError, zipfile.BadZipFile) as error:
            raise DataError(f"{path} cannot be read ({error}). Train anew.") from error
        if [value.shape for value in values] != [tuple(v.shape) for v in variables]:
            raise DataError(
                f"{path} does not fit the network and optimiser that config.json names. Train anew."
            )
        if trained_on != data:
            what = "data or from another model" if self.config().start else "data"
            raise DataError(
                f"{self.path} was trained on other {what} (sha256 {trained_on[:12]}, now "
                f"{data[:12]}). Give the same, or train anew."
            )
        for variable, value in zip(variables, values, strict=True):
            variable.assign(value)
        return history

    def log(self, line: str) -> None:
        """Append a line, with the time, to log.txt.

        Raises:
            StorageError: the file cannot be written.
        """
        time = datetime.now().astimezone().isoformat(timespec="seconds")
        try:
            with (self.path / "log.txt").open("a", encoding="utf-8") as file:
                file.write(f"{time} {line}\n")
        except OSError as error:
            raise StorageError(
                f"cannot write {self.path / 'log.txt'}: {error.strerror}."
            ) from error


def check_out(config: TrainConfig) -> None:
    """Ask whether the run folder can be made, before the minutes that come first.

    Raises:
        OptionError: --out is there already and is no empty folder, or lies in no folder.
        StorageError: nothing can be written there.
    """
    path = Path(config.out if config.out is not None else "runs")
    another = f"Choose another {option('out')}."
    try:
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            path.lstat()  # complains of names that cannot be
        if config.out is not None:
            _check_unused(path)
        there = next(each for each in (path, *path.absolute().parents) if os.path.lexists(each))
        if not there.is_dir():
            raise OptionError(f"{there} is a file, so {path} cannot be made. {another}")
        if not os.access(there, os.W_OK | os.X_OK):
            raise StorageError(f"nothing can be written into {there}. {another}")
    except (OSError, ValueError) as error:
        what = option("out", str(path))
        raise OptionError(f"{what} cannot be: {error}. Choose another.") from error


def _check_unused(path: Path) -> None:
    if path.name == latest.NAME and path.absolute().parent.name == "runs":
        another = f"Choose another {option('out')}."
        raise OptionError(f"{path} always is the newest finished run. {another}")
    if not os.path.lexists(path) or (path.is_dir() and not any(path.iterdir())):
        return
    other = ""
    if (path / "config.json").is_file() and not RunFolder(path).finished:
        other = f" go on with it ({going_on(path)}),"
    raise OptionError(
        f"{path} exists already. Choose another {option('out')},{other} or remove it first."
    )


def going_on(folder: Path) -> str:
    """What goes on with a training: a command, or in Python a call."""
    if on_command_line():
        return digits("train", "--resume", folder)
    return f"resume({str(folder)!r})"


def _make(config: TrainConfig) -> Path:
    """Make the folder, which no other training has."""
    if config.out is not None:
        path = Path(config.out)
        path.mkdir(parents=True, exist_ok=True)
        (path / "config.json").touch(exist_ok=False)
        return path
    time = datetime.now().astimezone().strftime("%Y-%m-%d-%H%M%S")
    path = first = Path("runs", f"{time}-{config.model}")
    for number in count(2):
        try:
            path.mkdir(parents=True)
            break
        except FileExistsError:  # made in the same second
            path = first.with_name(f"{first.name}-{number}")
    return path


def _is_temporary(path: Path) -> bool:
    """Whether `atomic.replacing` made it; what else begins with a dot is the user's."""
    return _TEMPORARY.fullmatch(path.name) is not None
