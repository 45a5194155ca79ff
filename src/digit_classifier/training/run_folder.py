"""The run folder: the only thing that training hands on."""

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import asdict, fields
from datetime import datetime
from pathlib import Path
from typing import Any

from digit_classifier.atomic import write_text
from digit_classifier.errors import DataError, OptionError, StorageError
from digit_classifier.training.config import TrainConfig
from digit_classifier.training.loop import Epoch

# History figures are rounded to what a float32 sum can carry, so that files stay readable.
DIGITS = 6


class RunFolder:
    """Paths and small files of one training.

    Holds model.keras, model.onnx, config.json, history.csv, metrics.json, loss and accuracy as PNG
    and SVG, log.txt; and checkpoint.npz until the training is finished.
    """

    def __init__(self, path: str | Path) -> None:
        """Name a run folder; nothing is touched."""
        self.path = Path(path)

    @classmethod
    def create(cls, config: TrainConfig) -> "RunFolder":
        """Make the folder that `config.out` names, or runs/<time>-<model>.

        Raises:
            OptionError: it exists already.
            StorageError: it cannot be made.
        """
        time = datetime.now().astimezone().strftime("%Y-%m-%d-%H%M%S")
        path = Path(config.out) if config.out else Path("runs") / f"{time}-{config.model}"
        try:
            path.mkdir(parents=True)
        except FileExistsError as error:
            raise OptionError(
                f"{path} exists already. Choose another --out, or remove it first."
            ) from error
        except OSError as error:
            raise StorageError(
                f"cannot make the run folder {path}: {error.strerror}. Choose another --out."
            ) from error
        run = cls(path)
        run.write_json("config.json", config.to_dict())
        return run

    def config(self) -> TrainConfig:
        """Read config.json back.

        Raises:
            DataError: no such folder, or its config.json is missing or damaged.
        """
        try:
            return TrainConfig(**json.loads((self.path / "config.json").read_text("utf-8")))
        except FileNotFoundError as error:
            raise DataError(
                f"{self.path} is not a run folder: it holds no config.json. "
                "Give a folder that `digits train` made."
            ) from error
        except (ValueError, TypeError, OSError) as error:
            raise DataError(f"{self.path / 'config.json'} cannot be read: {error}") from error

    @property
    def finished(self) -> bool:
        """Whether the training came to its end."""
        return (self.path / "metrics.json").is_file()

    def write_json(self, name: str, content: dict[str, Any]) -> None:
        """Write a JSON file, indented, whole or not at all."""
        write_text(self.path / name, json.dumps(content, indent=2, ensure_ascii=False) + "\n")

    def write_history(self, history: Sequence[Epoch]) -> None:
        """Write history.csv: epoch, loss, accuracy, val_loss, val_accuracy, seconds."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(field.name for field in fields(Epoch))
        for row in history:
            values = asdict(row).values()
            writer.writerow(round(v, DIGITS) if isinstance(v, float) else v for v in values)
        write_text(self.path / "history.csv", text.getvalue())

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
