"""What another package adds by entry points is there like what the project has itself."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from digit_classifier import weights
from digit_classifier.drawn import styles

PLUGIN = Path(__file__).parent / "plugin"


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("plugin") / "drawn.npz"
    images, labels = styles.generate(400, seed=1)
    np.savez(path, x_train=images, y_train=labels, x_test=images[:60], y_test=labels[:60])
    return path


def digits(*arguments: object, place: Path = PLUGIN) -> str:
    path = os.pathsep.join([str(place), *filter(None, [os.environ.get("PYTHONPATH")])])
    done = subprocess.run(
        [sys.executable, "-m", "digit_classifier", *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        timeout=280,
    )
    return done.stdout + done.stderr


def test_a_network_of_another_package_is_listed_trained_and_exported(drawn: Path) -> None:
    assert "wide       fast                 one layer of 64 neurons" in digits("models")
    run = drawn.parent / "run"
    said = digits("train", "--model", "wide", "--dataset", drawn, "--no-show", "--out", run)
    metrics = json.loads((run / "metrics.json").read_text("utf-8"))
    assert metrics["model"] == "wide", said
    assert metrics["recipe"] == "fast"
    sums = run.parent / "sums.json"
    said = digits("export", run, "--to", "weights", "--dataset", drawn, "--out", sums)
    assert len(json.loads(sums.read_text("utf-8"))) == 4, said


def test_a_sixteenth_corruption_and_a_seventh_section_are_in_the_report(drawn: Path) -> None:
    out = drawn.parent / "report"
    said = digits("evaluate", weights.find("mlp"), "--quick", "--dataset", drawn, "--out", out)
    assert "How much ink is there?" in said
    metrics = json.loads((out / "metrics.json").read_text("utf-8"))
    assert metrics["sections"]["ink"]["share"] > 0
    assert len(metrics["sections"]["robustness"]["error_rates"]) == 16
    page = (out / "report.html").read_text("utf-8")
    assert "How much ink is there?" in page
    assert "negative" in (out / "robustness.svg").read_text("utf-8")


def test_a_plugin_that_is_broken_is_named_in_one_sentence(tmp_path: Path) -> None:
    folder = tmp_path / "broken-1.0.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: broken\nVersion: 1.0\n")
    (folder / "entry_points.txt").write_text("[digit_classifier.networks]\nx = no_such_module:x\n")
    said = digits("models", place=tmp_path)
    assert "the plugin no_such_module:x of broken cannot be loaded" in said
    assert "Traceback" not in said
