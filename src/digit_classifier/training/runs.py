"""Which run folders there are, and what became of each."""

import csv
import json
import math
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import datetime
from pathlib import Path
from typing import Any

from digit_classifier import latest
from digit_classifier.errors import DataError, OptionError
from digit_classifier.stats import wilson
from digit_classifier.training.loop import Epoch
from digit_classifier.training.run_folder import CHECKPOINT, RunFolder

FINISHED, UNFINISHED, BROKEN = "finished", "unfinished", "broken"
# What makes a folder a run folder, even where config.json is gone.
_SIGNS = ("config.json", "metrics.json", "history.csv", CHECKPOINT, "model.onnx")
DEPTH = 3
_NUMBER = (int, float)
_CONFIG: dict[str, Any] = {"model": str, "recipe": (str, type(None)), "seed": int}
_METRICS: dict[str, Any] = {
    **dict.fromkeys(("accuracy", "loss", "seconds"), _NUMBER),
    "epochs": int,
    "dataset": str,
}


@dataclass(frozen=True)
class RunSummary:
    """One line of the list of runs. None: unknown, or not there yet.

    Attributes:
        run: the folder.
        time: when the training began, as config.json says, or of older runs the time of that file;
            local time.
        model: the network's name.
        recipe: the recipe's name.
        seed: as asked for.
        epochs: how many are finished.
        accuracy: share of the test images answered rightly, 0 to 1; of a finished run only.
        images: how many test images that was measured on.
        low: lower end of the accuracy's 95 % interval, 0 to 1.
        high: upper end.
        loss: mean cross-entropy on the test images, in nats; of a finished run only.
        seconds: of the finished epochs, together.
        dataset: its name.
        state: `FINISHED`, `UNFINISHED` (stopped, killed, or still under way) or `BROKEN`.
        note: what is wrong, or how far it came.
    """

    run: str
    time: datetime | None = None
    model: str | None = None
    recipe: str | None = None
    seed: int | None = None
    epochs: int | None = None
    accuracy: float | None = None
    images: int | None = None
    low: float | None = None
    high: float | None = None
    loss: float | None = None
    seconds: float | None = None
    dataset: str | None = None
    state: str = BROKEN
    note: str = ""


COLUMNS = tuple(field.name for field in fields(RunSummary))
# Best or newest first; the others in the order of the alphabet, or the least first.
_FALLING = ("time", "accuracy", "images", "low", "high")


def list_runs(folder: str | Path) -> list[RunSummary]:
    """Describe every run folder below a folder, which may be one itself.

    A damaged one is described with what is wrong. Folders that hold nothing of a run are passed
    over, as are links and what lies deeper than `DEPTH`.

    Raises:
        OptionError: no such folder.
    """
    folder = latest.resolve(folder)
    if not folder.is_dir():
        raise OptionError(f"no folder {folder}; give one that `digits train` wrote into.")
    return [summarise(path) for path in sorted(_find(folder, DEPTH))]


def sort_runs(runs: list[RunSummary], column: str) -> list[RunSummary]:
    """Sort by a column: best and newest first, runs without a value last.

    Accuracy goes by the lower end of its interval: all of 4 test images are less than 97 % of
    10,000.

    Raises:
        OptionError: no such column.
    """
    if column not in COLUMNS:
        raise OptionError(f"no column {column!r}. Choose one of: {', '.join(COLUMNS)}.")
    known = [run for run in runs if getattr(run, column) is not None]

    def value(run: RunSummary) -> Any:
        return run.low if column == "accuracy" and run.low is not None else getattr(run, column)

    known.sort(key=value, reverse=column in _FALLING)
    return known + [run for run in runs if getattr(run, column) is None]


def summarise(folder: Path) -> RunSummary:
    """Describe one run folder, whatever state it is in."""
    run, told = str(folder), {}
    try:
        told = _checked(folder / "config.json", _CONFIG)
        told["time"] = _started(folder / "config.json")
        if (folder / "metrics.json").exists():
            figures = _checked(folder / "metrics.json", _METRICS)
            figures |= _certainty(figures["accuracy"], _said(folder, "measured_on"))
            return RunSummary(run, **told, **figures, state=FINISHED)
        history = read_history(folder) if (folder / "history.csv").exists() else []
    except DataError as error:
        return RunSummary(run, **told, note=str(error))
    if RunFolder(folder).is_new:
        return RunSummary(run, **told, epochs=0, state=UNFINISHED, note="not begun")
    done = len(history)
    note = f"validation accuracy {100 * history[-1].val_accuracy:.2f} %" if history else ""
    if not (folder / CHECKPOINT).exists():
        note = f"neither metrics.json nor {CHECKPOINT}: it can neither be used nor resumed"
    state = UNFINISHED if (folder / CHECKPOINT).exists() else BROKEN
    seconds = round(sum(row.seconds for row in history), 3)
    return RunSummary(run, **told, epochs=done, seconds=seconds, state=state, note=note)


def read_history(folder: str | Path) -> list[Epoch]:
    """Read history.csv of a run folder back.

    Raises:
        DataError: it is missing, empty or damaged.
    """
    path = latest.resolve(folder) / "history.csv"
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = [_epoch(row) for row in csv.DictReader(file)]
    except FileNotFoundError as error:
        raise DataError(f"{path} is missing. Give a folder that `digits train` made.") from error
    except (OSError, ValueError, TypeError, KeyError, csv.Error) as error:
        raise DataError(f"{path} cannot be read: {error}") from error
    if not rows:
        raise DataError(f"{path} holds no epoch.")
    return rows


def _epoch(row: dict[str, str]) -> Epoch:
    values: dict[str, Any] = {name: float(value) for name, value in row.items()}
    return Epoch(**values | {"epoch": int(row["epoch"])})


def _find(folder: Path, depth: int) -> Iterator[Path]:
    if any((folder / name).is_file() for name in _SIGNS):
        yield folder
    elif depth:
        try:
            inside = [Path(entry) for entry in os.scandir(folder) if entry.is_dir()]
        except OSError:  # not ours to read
            return
        for path in inside:
            if not path.is_symlink():
                yield from _find(path, depth - 1)


def _checked(path: Path, kinds: dict[str, type | tuple[type, ...]]) -> dict[str, Any]:
    """What a JSON file says under each name, if it is of its kind.

    Raises:
        DataError: the file is missing or damaged, or a value is of another kind or not finite.
    """
    content = _read_json(path)
    for name, kind in kinds.items():
        value = content.get(name)
        odd = isinstance(value, bool) or (isinstance(value, float) and not math.isfinite(value))
        if odd or not isinstance(value, kind):
            raise DataError(f"{path.name} says that {name} is {value!r}")
    return {name: content.get(name) for name in kinds}


def _read_json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text("utf-8"))
    except FileNotFoundError as error:
        raise DataError(f"{path.name} is missing") from error
    except (OSError, ValueError) as error:
        raise DataError(f"{path.name} cannot be read: {error}") from error
    if not isinstance(content, dict):
        raise DataError(f"{path.name} holds no JSON object")
    return content


def _certainty(accuracy: float, measured: str) -> dict[str, Any]:
    """On how many images an accuracy was measured, and its interval, where that is known."""
    begun = re.match(r"[\d,]+", measured)
    images = int(begun[0].replace(",", "") or 0) if begun else 0
    if not images or not 0 <= accuracy <= 1:
        return {}
    low, high = wilson(round(accuracy * images), images)
    return {"images": images, "low": round(low, 6), "high": round(high, 6)}


def validated_on(folder: Path) -> str:
    """What the validation images of a finished run were; "" where it does not say."""
    return _said(folder, "validated_on")


def _started(config: Path) -> datetime:
    try:
        return datetime.fromisoformat(_read_json(config)["started"]).astimezone()
    except (KeyError, TypeError, ValueError):
        return datetime.fromtimestamp(config.stat().st_mtime).astimezone()


def _said(folder: Path, name: str) -> str:
    """What metrics.json says under a name; "" where it says nothing."""
    try:
        return str(_read_json(folder / "metrics.json").get(name) or "")
    except DataError:
        return ""
