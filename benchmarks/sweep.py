"""Is what is saved as good as the best that the training showed? Every network, recipe and amount.

    python benchmarks/sweep.py                 # all of it: many hours on two cores, goes on
    python benchmarks/sweep.py --small         # minutes: few epochs on little data
    python benchmarks/sweep.py --models cnn --data sample 40 --epochs 1 3
    python benchmarks/sweep.py --report-only   # what is there

Each training is `digits train` into FOLDER/DATA-MODEL-RECIPE-EPOCHS; what was stopped goes on, what
is finished is left alone. `model.onnx` is then asked on the held-out images anew, and on the
test images. `classic` holds nothing out: there the test images are the ones that each epoch showed.

Saved is worse than shown, beyond noise, where the saved file reads fewer validation images rightly
than the last epoch did (it is to be that epoch's network: no difference is allowed), or where it
reads fewer of the validation or the test images than the best epoch by more than chance: Fisher's
exact test, one-sided, at 0.05 divided by the epochs, since the best one was picked from so many.
"""

import argparse
import csv
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from scipy.stats import fisher_exact

from digit_classifier.dataset import load
from digit_classifier.dataset.labelled import hold_out
from digit_classifier.onnx_model import OnnxModel
from digit_classifier.training.networks import NETWORKS
from machine import describe

DATA = ("mnist", "sample", "2000", "300", "40")
EPOCHS = ("1", "2", "3", "5", "default")
SMALL: dict[str, Any] = {
    "models": ["mlp", "quick", "small", "cnn"],
    "recipes": ["classic", "fast", "best"],
    "data": ["300", "40"],
    "epochs": ["1", "3"],
}
LEVEL = 0.05


class Cell(NamedTuple):
    """One training of the sweep; `epochs` is a number or "default"."""

    data: str
    model: str
    recipe: str
    epochs: str


class Row(NamedTuple):
    """What it showed and what it saved: right answers of so many images."""

    best: int
    last: int
    saved: int
    images: int
    test: int
    test_images: int
    epochs: int

    @property
    def worse(self) -> list[str]:
        """Where what was saved is worse than what was shown, beyond noise."""
        found = ["last epoch"] if self.saved != self.last else []
        shown = (self.best, self.images - self.best)
        for name, right, images in (
            ("held-out", self.saved, self.images),
            ("test", self.test, self.test_images),
        ):
            table = [shown, (right, images - right)]
            if fisher_exact(table, alternative="greater").pvalue < LEVEL / self.epochs:
                found.append(name)
        return found


def main() -> None:
    """Train what is missing, print a line each, exit with 1 where one is worse."""
    asked = arguments()
    cells = list(choose(asked))
    print(describe("keras", "tensorflow-cpu", "numpy", "onnxruntime"))
    print(f"{len(cells)} trainings in {asked.runs}")
    print(f"{'data':8}{'network':8}{'recipe':9}{'epochs':>7}  best shown   saved    test  of")
    bad = missing = 0
    for cell in cells:
        folder = asked.runs / "-".join(cell)
        if not asked.report_only:
            train(cell, folder, asked.runs)
        if not (folder / "metrics.json").is_file():
            missing += 1
            continue
        row = measure(cell, folder, asked.runs)
        bad += bool(row.worse)
        worse = f"   WORSE: {', '.join(row.worse)}" if row.worse else ""
        print(
            f"{cell.data:8}{cell.model:8}{cell.recipe:9}{row.epochs:7d}"
            f"{100 * row.best / row.images:10.2f} %{100 * row.saved / row.images:7.2f} %"
            f"{100 * row.test / row.test_images:7.2f} %  {row.images:,} and {row.test_images:,}"
            f"{worse}",
            flush=True,
        )
    print(
        f"{bad} of {len(cells) - missing} saved worse than shown, beyond noise; {missing} missing"
    )
    sys.exit(bool(bad))


def arguments() -> argparse.Namespace:
    """The command line; --small sets what is not given."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    networks = sorted(NETWORKS)
    recipes = sorted({name for network in NETWORKS.values() for name in network.recipes})
    parser.add_argument("--models", nargs="+", choices=networks)
    parser.add_argument("--recipes", nargs="+", choices=recipes)
    parser.add_argument("--data", nargs="+", choices=DATA)
    parser.add_argument("--epochs", nargs="+", choices=EPOCHS)
    parser.add_argument("--small", action="store_true", help="few epochs on little data")
    parser.add_argument("--runs", type=Path, default=Path("runs/sweep"))
    parser.add_argument("--report-only", action="store_true", help="train nothing")
    asked = parser.parse_args()
    whole = {"models": networks, "recipes": recipes, "data": DATA, "epochs": EPOCHS}
    for name, usual in (SMALL if asked.small else whole).items():
        setattr(asked, name, getattr(asked, name) or usual)
    return asked


def choose(asked: argparse.Namespace) -> Iterator[Cell]:
    """The trainings that were asked for, little data first."""
    for data in sorted(asked.data, key=DATA.index, reverse=True):
        for network, name in ((n.name, r) for n in NETWORKS.values() for r in n.recipes):
            if network in asked.models and name in asked.recipes:
                for epochs in asked.epochs:
                    twice = epochs == str(NETWORKS[network].recipe(name).epochs)
                    if not (twice and "default" in asked.epochs):
                        yield Cell(data, network, name, epochs)


def train(cell: Cell, folder: Path, runs: Path) -> None:
    """Run `digits train`, or go on with it, unless it is finished."""
    if (folder / "metrics.json").is_file():
        return
    words = [sys.executable, "-m", "digit_classifier", "train", "--no-show"]
    if (folder / "checkpoint.npz").is_file():
        words += ["--resume", str(folder)]
    else:
        words += ["--dataset", source(cell.data, runs), "--model", cell.model]
        words += ["--recipe", cell.recipe, "--out", str(folder)]
        words += [] if cell.epochs == "default" else ["--epochs", cell.epochs]
    environment = {**os.environ, "MPLBACKEND": "agg"}
    done = subprocess.run(words, capture_output=True, text=True, env=environment)
    if done.returncode:
        sys.exit(f"{folder} failed: {done.stderr}")


def source(data: str, runs: Path) -> str:
    """What --dataset is told; the first images of the sample as an .npz, of each digit as many."""
    if data in ("mnist", "sample"):
        return data
    path = runs / f"{data}.npz"
    if not path.is_file():
        runs.mkdir(parents=True, exist_ok=True)
        sample = load("sample")
        digits = [np.flatnonzero(sample.train_labels == d)[: int(data) // 10] for d in range(10)]
        rows = np.sort(np.concatenate(digits))
        np.savez(
            path,
            x_train=sample.train_images[rows],
            y_train=sample.train_labels[rows],
            x_test=sample.test_images,
            y_test=sample.test_labels,
        )
    return str(path)


def measure(cell: Cell, folder: Path, runs: Path) -> Row:
    """Read the history, and ask the saved file again."""
    dataset = load(source(cell.data, runs))
    test = dataset.test_images, dataset.test_labels
    metrics = json.loads((folder / "metrics.json").read_text("utf-8"))
    held_out = hold_out(dataset)[2:] if "held-out" in metrics["validated_on"] else test
    with (folder / "history.csv").open(encoding="utf-8") as file:
        shown = [float(row["val_accuracy"]) for row in csv.DictReader(file)]
    model = OnnxModel(folder / "model.onnx")

    def right(images: np.ndarray, labels: np.ndarray) -> int:
        return int((model.predict(images).argmax(axis=1) == labels).sum())

    count = len(held_out[1])
    best, last = round(max(shown) * count), round(shown[-1] * count)
    return Row(best, last, right(*held_out), count, right(*test), len(test[1]), len(shown))


if __name__ == "__main__":
    main()
