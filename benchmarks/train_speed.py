"""How long training takes, side by side with the scripts that people write first.

    python benchmarks/train_speed.py                # five seeds of each, about ten minutes
    python benchmarks/train_speed.py --seeds 1
    TORCH_PYTHON=~/torch/bin/python python benchmarks/train_speed.py   # PyTorch lives elsewhere

Every contender trains 784-32-32-10 with Adam on the real MNIST, batches of 32, 10 epochs, as a
process of its own, in turn with the others. Needs MNIST (`digits data download`); a peer that is
not installed is left out and named.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np
from rich.console import Console
from rich.table import Table

import machine
from digit_classifier.dataset import load

HERE = Path(__file__).parent
SCRIPT = HERE.parent / "mnist_digit_classifier.py"


class Peer(NamedTuple):
    """A contender: how it is called, what it needs, how it is run."""

    name: str
    needs: str
    command: list[str]
    backend: str = "tensorflow"


PLAIN = "Keras on TensorFlow, plain fit"
OURS = "this project"
# PyTorch may live in an environment of its own.
TORCH_PYTHON = os.environ.get("TORCH_PYTHON", sys.executable)
PEERS = [
    Peer(PLAIN, "tensorflow", ["peers/plain_keras.py"]),
    Peer("Keras on JAX, plain fit", "jax", ["peers/plain_keras.py"], "jax"),
    Peer("PyTorch, plain loop", "torch", ["peers/plain_torch.py"]),
    Peer("scikit-learn, MLPClassifier", "sklearn", ["peers/plain_sklearn.py"]),
    Peer(OURS, "tensorflow", []),
    Peer(f"{OURS}, --backend jax", "jax", [], "jax"),
]


class Result(NamedTuple):
    """One process: seconds of the epochs after the first, of all of it, and test accuracy."""

    epoch: float
    first: float
    whole: float
    accuracy: float


def run(peer: Peer, data: Path, seed: int, epochs: int) -> Result:
    """Run one contender once."""
    environment = {**os.environ, "KERAS_BACKEND": peer.backend, "MPLBACKEND": "agg"}
    environment["TF_CPP_MIN_LOG_LEVEL"] = "1"
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "run"
        if peer.command:
            out.mkdir()
            words = [HERE / peer.command[0], data / "mnist.npz", out, seed, epochs]
        else:
            words = [SCRIPT, "--data-dir", data, "--out", out, "--seed", seed, "--epochs", epochs]
            words += ["--no-show", "--backend", peer.backend]
        begun = time.perf_counter()
        python = TORCH_PYTHON if peer.needs == "torch" else sys.executable
        subprocess.run([python, *map(str, words)], env=environment, check=True, capture_output=True)
        whole = time.perf_counter() - begun
        if peer.command:
            result = json.loads((out / "result.json").read_text())
            seconds, accuracy = result["epoch_seconds"], result["accuracy"]
        else:
            accuracy = json.loads((out / "metrics.json").read_text())["accuracy"]
            rows = (out / "history.csv").read_text().splitlines()[1:]
            seconds = [float(row.rsplit(",", 1)[1]) for row in rows]
    return Result(statistics.mean(seconds[1:]), seconds[0], whole, accuracy)


def is_installed(peer: Peer) -> bool:
    """Whether the peer can run, in its own interpreter."""
    python = TORCH_PYTHON if peer.needs == "torch" else sys.executable
    code = f"import importlib.util, sys; sys.exit(importlib.util.find_spec({peer.needs!r}) is None)"
    return subprocess.run([python, "-c", code]).returncode == 0


def write_data(folder: Path) -> None:
    """Both kinds of file, so that each contender reads what it likes best, uncompressed."""
    data = load("mnist")
    images = {"x_train": data.train_images, "x_test": data.test_images}
    labels = {"y_train": data.train_labels, "y_test": data.test_labels}
    np.savez(folder / "mnist.npz", **images, **labels)


def table(results: dict[str, list[Result]]) -> Table:
    """Medians of times and of ratios to plain Keras; mean and deviation of accuracies."""
    plain = results[PLAIN]
    shown = Table(title="784-32-32-10, Adam, batches of 32, 60,000 images an epoch")
    for head in ("", "s / epoch", "times faster", "whole process, s", "times faster", "accuracy %"):
        shown.add_column(head, justify="left" if not head else "right")
    for name, runs in results.items():
        epoch, whole = ([getattr(r, key) for r in runs] for key in ("epoch", "whole"))
        ratios = [
            statistics.median(
                p / o for p, o in zip([getattr(r, key) for r in plain], ours, strict=True)
            )
            for key, ours in (("epoch", epoch), ("whole", whole))
        ]
        accuracy = [100 * r.accuracy for r in runs]
        spread = f" ± {statistics.stdev(accuracy):.2f}" if len(runs) > 1 else ""
        shown.add_row(
            name,
            f"{statistics.median(epoch):.2f}",
            f"{ratios[0]:.1f}",
            f"{statistics.median(whole):.1f}",
            f"{ratios[1]:.1f}",
            f"{statistics.mean(accuracy):.2f}{spread}",
        )
    return shown


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=10)
    chosen = parser.parse_args()
    console = Console(width=120)
    console.print(
        machine.describe("keras", "tensorflow-cpu", "jax", "torch", "scikit-learn", "numpy")
    )
    present = [peer for peer in PEERS if is_installed(peer)]
    for peer in PEERS:
        if peer not in present:
            console.print(f"left out, {peer.needs} is not installed: {peer.name}")
    results: dict[str, list[Result]] = {peer.name: [] for peer in present}
    with tempfile.TemporaryDirectory() as folder:
        write_data(Path(folder))
        for seed in range(chosen.seeds):
            for peer in present:
                result = run(peer, Path(folder), seed, chosen.epochs)
                results[peer.name].append(result)
                console.print(
                    f"seed {seed}  {peer.name}: {result.epoch:.2f} s an epoch (first "
                    f"{result.first:.2f}), {result.whole:.1f} s in all, "
                    f"{100 * result.accuracy:.2f} %"
                )
    console.print(table(results))
    console.print(
        f"n = {chosen.seeds} seeds; times are medians, ratios medians of the ratios within a "
        "round, accuracies mean ± standard deviation on the 10,000 test images at the end.\n"
        "An epoch is any after the first, validation included."
    )
    if chosen.seeds > 1:
        console.print(difference(results))


def difference(results: dict[str, list[Result]]) -> str:
    """Whether accuracy differs from the plain script's by more than two standard errors."""
    theirs, ours = ([100 * r.accuracy for r in results[name]] for name in (PLAIN, OURS))
    gap = statistics.mean(ours) - statistics.mean(theirs)
    error = (
        statistics.variance(ours) / len(ours) + statistics.variance(theirs) / len(theirs)
    ) ** 0.5
    verdict = "no more" if abs(gap) <= 2 * error else "MORE"
    return (
        f"Accuracy, this project less plain fit: {gap:+.2f} points, standard error {error:.2f}: "
        f"{verdict} than two standard errors."
    )


if __name__ == "__main__":
    main()
