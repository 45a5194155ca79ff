"""The command as people meet it: processes, signals, exit codes."""

import json
import os
import re
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from digit_classifier.cli.train import is_chance
from digit_classifier.onnx_model import OnnxModel
from training.conftest import DIGITS

# Read before the tests are given an environment of their own.
MNIST = os.environ.get("MNIST_DATA_DIR")
SCRIPT = Path(__file__).parents[2] / "mnist_digit_classifier.py"


def test_the_built_in_sample_trains_end_to_end(finished_run):
    printed = (finished_run.parent / "stdout.txt").read_text()
    lines = printed.splitlines()
    assert "MNIST sample (5,000 images): 4,000 training and 1,000 test images" in lines[0]
    epochs = [line for line in lines if line.startswith("epoch")]
    assert len(epochs) == 4
    for word in ("loss", "accuracy", "val loss", "val accuracy", " s"):
        assert all(word in line for line in epochs)
    # the first epoch compiles, so nothing is foretold from it
    assert [line.endswith(" left") for line in epochs] == [False, True, True, True]
    metrics = json.loads((finished_run / "metrics.json").read_text())
    assert metrics["accuracy"] > 0.8
    assert f"{100 * metrics['accuracy']:.2f} %" in printed
    assert "95 % interval" in printed
    assert re.search(r"^Next      \S*digits predict PICTURE --model run$", printed, re.MULTILINE)
    assert "no display to open a window on" in printed
    assert (finished_run.parent / "stderr.txt").read_text() == ""


def test_the_sample_is_named_wherever_a_result_is_written(finished_run):
    name = "MNIST sample (5,000 images)"
    assert json.loads((finished_run / "metrics.json").read_text())["dataset"] == name
    assert OnnxModel(finished_run / "model.onnx").metadata["dataset"] == name
    assert name in (finished_run / "log.txt").read_text()


def test_the_log_holds_what_was_printed(finished_run):
    printed = (finished_run.parent / "stdout.txt").read_text().splitlines()
    log = (finished_run / "log.txt").read_text()
    assert all(line in log for line in printed if line.startswith(("Data", "Network", "epoch")))


def test_a_plain_output_has_no_control_characters(finished_run):
    assert "\x1b" not in (finished_run.parent / "stdout.txt").read_text()


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--epochs", "0"], "--epochs is 0; it must be 1 or more"),
        (["--epochs", "many"], "'many' is not a valid integer"),
        (["--model", "resnet"], "'resnet' is not one of 'mlp', 'quick', 'small', 'cnn'"),
        (["--model", "ensemble"], "'ensemble' is not one of 'mlp', 'quick', 'small', 'cnn'"),
        (["--dataset", "nowhere.npz"], "nowhere.npz"),
        (["--resume", "nowhere"], "is not a run folder"),
        (["--resume", "run", "--epochs", "3"], "takes no --epochs"),
        (["--frobnicate"], "No such option"),
        (["--lr", "0.1"], "Did you mean '--learning-rate'?"),
    ],
)
def test_a_mistake_is_one_sentence_and_exit_code_2(digits, flags, words):
    result = digits("train", *flags)
    assert result.returncode == 2
    assert words in result.stderr
    assert "Traceback" not in result.stderr
    assert not Path("runs").exists()


EARLY = {
    "--dataset sample --out full": "full exists already",
    "--dataset sample --out full/file": "full/file exists already",
    "--dataset sample --model quick --recipe best": "quick has no recipe 'best'",
    "--dataset sample --learning-rate nan": "--learning-rate is nan",
    "--resume full": "is not a run folder",
    "--resume finished": "is finished",
    "--data-dir missing": "no file or folder called missing",
    "--dataset missing": "no data set missing",
}


def test_what_cannot_be_is_said_before_data_and_keras_are_loaded(tmp_path):
    for name in ("full", "finished"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").touch()
    (tmp_path / "finished" / "config.json").write_text("{}")
    (tmp_path / "finished" / "metrics.json").write_text("{}")
    code = (
        "import sys; from digit_classifier import cli\n"
        "from digit_classifier.dataset import sample; sample.load = None  # fails in another way\n"
        "for flags in sys.argv[1:]:\n"
        "    try: cli.main(['train', *flags.split()])\n"
        "    except SystemExit as left: print(left.code)\n"
        "assert not {'keras', 'tensorflow'} & set(sys.modules)"
    )
    line = [sys.executable, "-c", code, *EARLY]
    said = subprocess.run(line, cwd=tmp_path, capture_output=True, text=True)
    assert said.returncode == 0, said.stderr
    assert said.stdout.split() == ["2"] * len(EARLY), said.stderr
    for told, words in zip(said.stderr.splitlines(), EARLY.values(), strict=True):
        assert words in told


def test_mnist_with_no_network_is_an_error_that_leaves_nothing_behind(digits, tmp_path):
    environment = {**os.environ, "DIGITS_CACHE_DIR": str(tmp_path / "none")}
    result = digits("train", "--dataset", "mnist", "--offline", env=environment)
    assert result.returncode == 1
    assert "--data-dir" in result.stderr
    assert not Path("runs").exists()


def test_a_full_disk_is_one_sentence_and_leaves_no_half_file(tmp_path):
    def little_room():
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))

    result = subprocess.run(
        [*DIGITS, "train", "--dataset", "sample", "--epochs", "1", "--out", "run"],
        capture_output=True,
        text=True,
        preexec_fn=little_room,
    )
    assert result.returncode == 1
    assert result.stderr.startswith("Error: cannot write run/checkpoint.npz: File too large.")
    assert "Traceback" not in result.stderr
    assert not (tmp_path / "run").exists()


@pytest.fixture
def long_training(small_folder):
    """Start a training of 200 epochs and wait until some are saved."""

    def begin(out):
        flags = ["--dataset", small_folder, "--epochs", "200", "--out", out, "--no-show"]
        process = subprocess.Popen(
            [*DIGITS, "train", *flags], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        history = Path(out) / "history.csv"
        deadline = time.monotonic() + 60
        while not (history.exists() and history.read_text().count("\n") > 10):
            assert time.monotonic() < deadline, process.communicate()
            time.sleep(0.01)
        return process

    return begin


def test_killed_and_resumed_the_weights_end_byte_equal(digits, long_training, small_folder):
    flags = ["--dataset", small_folder, "--epochs", "200"]
    assert digits("train", *flags, "--out", "whole").returncode == 0

    process = long_training("cut")
    process.kill()
    process.communicate()
    assert not Path("cut/metrics.json").exists()
    result = digits("train", "--resume", "cut", "--no-show")
    assert result.returncode == 0, result.stderr
    assert "Resuming" in result.stdout

    files = [Path(run, "model.onnx").read_bytes() for run in ("whole", "cut")]
    assert files[0] == files[1]
    histories = [Path(run, "history.csv").read_text().splitlines() for run in ("whole", "cut")]
    without_seconds = [[line.rsplit(",", 1)[0] for line in lines] for lines in histories]
    assert without_seconds[0] == without_seconds[1]
    assert not Path("cut/checkpoint.npz").exists()


def test_ctrl_c_saves_what_there_is_and_says_how_to_go_on(digits, long_training):
    process = long_training("run")
    process.send_signal(signal.SIGINT)
    printed, complaint = process.communicate(timeout=60)
    assert process.returncode == 130, complaint
    assert "digits train --resume run --no-show\n" in printed
    names = {path.name for path in Path("run").iterdir()}
    assert {"model.keras", "model.onnx", "history.csv", "loss.png", "checkpoint.npz"} <= names
    assert "metrics.json" not in names
    done = Path("run/history.csv").read_text().count("\n") - 1
    assert 10 <= done < 200
    assert OnnxModel("run/model.onnx").metadata["epochs"] == done
    assert digits("train", "--resume", "run", "--no-show").returncode == 0
    assert Path("run/history.csv").read_text().count("\n") == 201


def test_a_second_ctrl_c_stops_at_once(long_training):
    process = long_training("run")
    os.kill(process.pid, signal.SIGSTOP)  # both arrive while it cannot listen
    process.send_signal(signal.SIGINT)
    os.kill(process.pid, signal.SIGCONT)
    time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode in (-signal.SIGINT, 130)


@pytest.mark.skipif(not MNIST, reason="MNIST_DATA_DIR is not set")
def test_the_real_mnist_is_learned_in_three_epochs(tmp_path):
    environment = {**os.environ, "MNIST_DATA_DIR": str(MNIST)}
    result = subprocess.run(
        [sys.executable, str(SCRIPT), "--epochs", "3", "--no-show", "--out", "run"],
        capture_output=True,
        text=True,
        env=environment,
    )
    assert result.returncode == 0, result.stderr
    assert "MNIST: 60,000 training and 10,000 test images" in result.stdout
    metrics = json.loads(Path("run/metrics.json").read_text())
    assert metrics["accuracy"] > 0.95
    assert metrics["dataset"] == "MNIST"
    assert np.isclose(metrics["accuracy"] * 10_000 % 1, 0)


@pytest.mark.parametrize(
    ("accuracy", "interval", "nothing"),
    [(0.183, (0.17, 0.2), True), (0.957, (0.95, 0.96), False), (0.5, (0.15, 0.85), False),
     (0.25, (0.22, 0.28), False)],
)  # fmt: skip
def test_a_training_that_reads_no_better_than_guessing_learned_nothing(accuracy, interval, nothing):
    assert is_chance({"accuracy": accuracy, "interval": interval}) == nothing
