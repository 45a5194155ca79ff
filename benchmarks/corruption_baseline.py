"""How often the original network errs on spoilt pictures; what `digits evaluate` compares with.

    python benchmarks/corruption_baseline.py              # about three minutes on two cores
    python benchmarks/corruption_baseline.py --seeds 2 --out /tmp/baseline.json

Trains the recipe `classic` (the original project's: 784-32-32-10, Adam, 10 epochs of 32) on MNIST
with several seeds and counts its errors on the same images, spoilt in the same ways, as a report
does. The means go into src/digit_classifier/evaluation/corruptions/baseline.json. Nothing was
chosen by these figures. Needs MNIST (`digits data download`).
"""

import argparse
import json
import tempfile
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

import machine
from digit_classifier.atomic import write_text
from digit_classifier.dataset import load
from digit_classifier.evaluation.corruptions import CORRUPTIONS, LEVELS, error_rates
from digit_classifier.onnx_model import OnnxModel
from digit_classifier.training import TrainConfig, train


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--seeds", type=int, default=5, help="trainings")
    parser.add_argument("--out", type=Path, default=error_rates.FILE, help="the file to write")
    options = parser.parse_args()
    console = Console(width=100, highlight=False)
    console.print(machine.describe("keras", "tensorflow-cpu", "numpy", "opencv-python-headless"))
    data = load("mnist")
    seeds = list(range(options.seeds))
    found = []
    for seed in seeds:
        found.append(measure(seed))
        console.print(
            f"seed {seed}: {found[-1].clean / found[-1].n:.2%} of {found[-1].n:,} images as they "
            f"are, {found[-1].rates.mean():.2%} of the spoilt ones"
        )
    write_text(options.out, json.dumps(summarise(found, seeds, data.sha256), indent=1) + "\n")
    report(console, found)
    console.print(f"written: {options.out.name}")


def measure(seed: int) -> error_rates.ErrorRates:
    """Train once and count errors."""
    data = load("mnist")
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "run"
        train(TrainConfig(dataset="mnist", model="mlp", recipe="classic", seed=seed, out=str(out)))
        model = OnnxModel(out / "model.onnx")
        return error_rates.measure(model.predict, data.test_images, data.test_labels)


def summarise(
    found: list[error_rates.ErrorRates], seeds: list[int], sha256: str
) -> dict[str, object]:
    """What baseline.json holds."""
    rates = np.mean([each.rates for each in found], axis=0)
    return {
        "what": "shares of errors of the network mlp, recipe classic; means over the seeds",
        "made_by": "python benchmarks/corruption_baseline.py",
        "dataset": "MNIST, test images",
        "dataset_sha256": sha256,
        "seeds": seeds,
        "n": found[0].n,
        "corruption_seed": error_rates.SEED,
        "clean": round(float(np.mean([each.clean / each.n for each in found])), 6),
        "rates": {
            name: [round(float(rate), 6) for rate in row]
            for name, row in zip(CORRUPTIONS, rates, strict=True)
        },
    }


def report(console: Console, found: list[error_rates.ErrorRates]) -> None:
    """Print the table: means over the seeds, and the spread at strength 3."""
    table = Table(title=f"errors, %, of {found[0].n:,} images; means over {len(found)} trainings")
    for head in ("corruption", *(f"strength {level}" for level in LEVELS), "deviation at 3"):
        table.add_column(head, justify="left" if head == "corruption" else "right")
    rates = 100 * np.array([each.rates for each in found])
    for index, name in enumerate(CORRUPTIONS):
        means = [f"{rate:.1f}" for rate in rates[:, index].mean(axis=0)]
        spread = f"{rates[:, index, 2].std(ddof=1):.1f}" if len(found) > 1 else "-"
        table.add_row(name, *means, spread)
    console.print(table)


if __name__ == "__main__":
    main()
