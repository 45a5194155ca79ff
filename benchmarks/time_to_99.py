"""Seconds of training to 99 % on MNIST's test set, side by side with two well-known examples.

    python benchmarks/time_to_99.py --plot            # about twenty minutes on two cores
    python benchmarks/time_to_99.py --seeds 3 --peers-seeds 1
    python benchmarks/time_to_99.py --torch-python ~/torch/bin/python

This project's `fast` recipes run as they are, for a number of epochs that held-out images chose,
and answer the test set once. PyTorch's basic example and Keras's simple convnet, written anew with
their published settings, stop after the first epoch that passes 99.0 % on the test set: they choose
on it, which is kind to them. Every training is a process of its own, in turn with the others;
compiling is timed apart for all. Needs MNIST (`digits data download`).
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from rich.console import Console
from rich.table import Table

import machine
from digit_classifier import plotting
from digit_classifier.dataset import load

HERE = Path(__file__).parent
PLOT = HERE.parent / "docs" / "time_to_99"


class Contender(NamedTuple):
    """Who trains: its name, its script with arguments, what it is to reach, its colour."""

    name: str
    script: str
    arguments: tuple[str, ...]
    target: float
    ours: bool
    colour: str


QUICK = Contender("quick, recipe fast", "this_project.py", ("quick",), 0.99, True, plotting.BLUE)
CONTENDERS = (
    QUICK,
    Contender("mlp, recipe fast", "this_project.py", ("mlp",), 0.97, True, plotting.GREEN),
    Contender("Keras, simple convnet", "example_keras.py", ("0.99",), 0.99, False, plotting.PURPLE),
    Contender("PyTorch, basic MNIST", "example_torch.py", ("0.99",), 0.99, False, plotting.ORANGE),
)


class Result(NamedTuple):
    """One training: (seconds so far, test accuracy) wherever it was measured, compiling apart."""

    points: list[tuple[float, float]]
    compile: float
    version: str

    @property
    def seconds(self) -> float:
        """Of training, in all."""
        return self.points[-1][0]

    @property
    def accuracy(self) -> float:
        """On the test set, at the end."""
        return self.points[-1][1]


Results = dict[Contender, list[Result]]


def main() -> None:
    options = _options()
    console = Console(width=120, highlight=False)
    console.print(machine.describe("keras", "tensorflow-cpu", "numpy"))
    present = [c for c in CONTENDERS if c.name not in _absent(options.torch_python)]
    for contender in set(CONTENDERS) - set(present):
        console.print(f"left out, torch is not installed: {contender.name}")
    results: Results = {contender: [] for contender in present}
    with tempfile.TemporaryDirectory() as folder:
        archive = _write_data(Path(folder), options.n)
        for seed in range(max(options.seeds, options.peers_seeds)):
            for contender in present:
                if seed < (options.seeds if contender.ours else options.peers_seeds):
                    result = run(contender, archive, seed, options)
                    results[contender].append(result)
                    console.print(
                        f"seed {seed}  {contender.name}: {100 * result.accuracy:.2f} % after "
                        f"{result.seconds:.2f} s, compiled in {result.compile:.1f} s"
                    )
    report(console, {contender: runs for contender, runs in results.items() if runs})
    if options.plot:
        with plotting.style():
            plotting.save(draw(results), options.plot)
        # what this prints is kept under docs/, where no machine's own folders belong
        console.print(f"drawn: {os.path.relpath(options.plot, HERE.parent)}.png and .svg")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--seeds", type=int, default=10, help="of this project's networks")
    parser.add_argument("--peers-seeds", type=int, default=3, help="of each example")
    parser.add_argument(
        "--torch-python",
        default=os.environ.get("TORCH_PYTHON", sys.executable),
        help="an interpreter that has torch; also: TORCH_PYTHON",
    )
    parser.add_argument("--plot", type=Path, nargs="?", const=PLOT, help="draw; docs/time_to_99")
    parser.add_argument("--epochs", type=int, help="to try this script: at most so many each")
    parser.add_argument("--n", type=int, default=60_000, help="to try this script: images")
    return parser.parse_args()


def _absent(python: str) -> set[str]:
    probe = [python, "-c", "import torch"]
    missing = subprocess.run(probe, capture_output=True).returncode
    return {c.name for c in CONTENDERS if c.script == "example_torch.py"} if missing else set()


def _write_data(folder: Path, n: int) -> Path:
    """One uncompressed file that each contender can read."""
    data, path = load("mnist"), folder / "mnist.npz"
    images = {"x_train": data.train_images[:n], "x_test": data.test_images}
    np.savez(path, **images, y_train=data.train_labels[:n], y_test=data.test_labels)
    return path


def run(contender: Contender, archive: Path, seed: int, options: argparse.Namespace) -> Result:
    """Train once, in a process of its own."""
    python = options.torch_python if contender.script == "example_torch.py" else sys.executable
    out = archive.parent / "result.json"
    words = [python, HERE / "peers" / contender.script, archive, out, seed, *contender.arguments]
    if options.epochs:
        words.append(options.epochs)
    # Compiled modules are what users have; without them importing Keras takes a while.
    kept = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    environment = {**kept, "KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "2"}
    process = subprocess.run(list(map(str, words)), env=environment, capture_output=True, text=True)
    if process.returncode:
        sys.exit(f"{contender.name} failed:\n{process.stderr}")
    found: dict[str, Any] = json.loads(out.read_text())
    points = [(float(seconds), float(accuracy)) for seconds, accuracy in found["points"]]
    return Result(points, found["compile"], found["version"])


def report(console: Console, results: Results) -> None:
    """Print the table, and a verdict for each contender."""
    table = Table(title="training to an accuracy on MNIST's 10,000 test images")
    heads = ("", "n", "training, s", "compiling, s", "accuracy, %", "least, %", "quick is faster")
    for head in heads:
        table.add_column(head, justify="left" if not head else "right")
    for contender, runs in results.items():
        seconds = [result.seconds for result in runs]
        accuracies = [100 * result.accuracy for result in runs]
        ratio = ""
        if contender.target == QUICK.target and contender is not QUICK:
            ours = statistics.mean(result.seconds for result in results[QUICK])
            ratio = f"{statistics.mean(seconds) / ours:.1f} times"
        table.add_row(
            contender.name,
            str(len(runs)),
            _spread(seconds),
            f"{statistics.mean(result.compile for result in runs):.1f}",
            _spread(accuracies, 3),
            f"{min(accuracies):.2f}",
            ratio,
        )
    console.print(table)
    console.print("means ± standard deviations over n seeds; ratios are of mean seconds")
    for contender, runs in results.items():
        mean = statistics.mean(result.accuracy for result in runs)
        verdict = "reached" if mean >= contender.target else "NOT reached"
        console.print(f"{contender.name} ({runs[0].version}): {contender.target:.1%} {verdict}")


def _spread(values: list[float], digits: int = 2) -> str:
    deviation = f" ± {statistics.stdev(values):.{digits}f}" if len(values) > 1 else ""
    return f"{statistics.mean(values):.{digits}f}{deviation}"


def draw(results: Results) -> Any:
    """Test accuracy over seconds of training: a dot each time that it was measured."""
    from matplotlib.figure import Figure

    with plotting.style():
        figure = Figure(layout="constrained")
        axes = figure.subplots()
        for contender, runs in results.items():
            for number, result in enumerate(runs):
                seconds, accuracies = zip(*result.points, strict=True)
                axes.plot(
                    seconds,
                    [100 * accuracy for accuracy in accuracies],
                    "o" if contender.ours else "o-",
                    color=contender.colour,
                    linewidth=1.2,
                    alpha=0.8,
                    label=None if number else f"{contender.name} (n = {len(runs)})",
                )
        axes.axhline(99, color=plotting.INK, linewidth=0.8, linestyle="--")
        axes.set(
            title="Training to 99 % on MNIST",
            xlabel="seconds of training, compiling left out",
            ylabel="right answers on 10,000 test images (%)",
            xscale="log",
        )
        axes.xaxis.set_major_formatter("{x:g}")
        axes.legend(loc="lower right")
    return figure


if __name__ == "__main__":
    main()
