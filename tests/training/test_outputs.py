"""Whatever fails at the end or before the first epoch, what was trained is kept."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from digit_classifier.errors import OptionError, TrainingError
from digit_classifier.training import TrainConfig, export, outputs, resume, train
from digit_classifier.training.run_folder import RunFolder
from digit_classifier.training.runs import list_runs


@pytest.fixture
def small(small_folder):
    return {"dataset": str(small_folder), "epochs": 1, "quiet": True}


def names(folder):
    return {path.name for path in Path(folder).iterdir()}


def test_a_failed_onnx_check_keeps_all_else_and_can_be_tried_again(
    keras, plots, small, monkeypatch
):
    with monkeypatch.context() as patched:
        patched.setattr(export, "TOLERANCE", -1.0)
        patched.setattr(export, "LOGIT_TOLERANCE", -1.0)
        with pytest.raises(TrainingError, match=r"probabilities differ.*All else is saved.*resume"):
            train(out="runs/one", **small)
    kept = names("runs/one")
    assert {"model.keras", "metrics.json", "history.csv", "loss.png", "accuracy.svg"} <= kept
    assert "model.onnx" not in kept
    assert not Path("runs/latest").exists()
    before = json.loads(Path("runs/one/metrics.json").read_text())

    run = resume("runs/one", quiet=True)
    assert run.metrics["accuracy"] == before["accuracy"]
    assert "model.onnx" in names("runs/latest")
    assert "checkpoint.npz" not in names("runs/one")


def test_an_exporter_and_plots_that_fail_in_any_way_are_one_sentence(keras, small, monkeypatch):
    monkeypatch.setattr(export, "write_onnx", lambda *_arguments: 1 / 0)
    monkeypatch.setattr(outputs, "draw_curves", lambda *_arguments: [][0])
    with pytest.raises(
        TrainingError, match=r"plots could not be drawn.*ONNX export failed"
    ) as told:
        train(out="run", **small)
    assert "\n" not in str(told.value)
    assert {"model.keras", "metrics.json", "checkpoint.npz"} <= names("run")


@pytest.mark.filterwarnings("ignore:held-out training images")
def test_a_calibration_that_fails_keeps_all_else(keras, plots, small, monkeypatch):
    monkeypatch.setattr(outputs, "calibrate", lambda *_arguments: 1 / 0)
    with pytest.raises(TrainingError, match=r"could not be calibrated.*All else is saved"):
        train(out="run", recipe="best", **small)
    kept = {"model.keras", "model.onnx", "metrics.json", "loss.png", "checkpoint.npz"}
    assert kept <= names("run")


def test_trainings_that_start_in_one_second_get_a_folder_each():
    def make(_number):
        return RunFolder.create(TrainConfig()).path

    with ThreadPoolExecutor(8) as pool:
        folders = list(pool.map(make, range(8)))
    assert len(set(folders)) == 8
    assert all((folder / "config.json").stat().st_size for folder in folders)


def test_two_trainings_never_share_a_folder_that_was_named():
    Path("run").mkdir()

    def make(_number):
        try:
            return RunFolder.create(TrainConfig(out="run"))
        except OptionError as error:
            return str(error)

    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(make, range(8)))
    assert sum(isinstance(each, RunFolder) for each in made) == 1
    assert sum("run exists already" in str(each) for each in made) == 7


def test_a_run_that_was_killed_before_its_first_checkpoint_is_begun_by_resume(keras, small_folder):
    run = RunFolder.create(TrainConfig(dataset=str(small_folder), epochs=1, recipe="classic"))
    (run.path / ".checkpoint-abcd1234.npz").write_bytes(b"half")
    (summary,) = list_runs("runs")
    assert (summary.state, summary.note) == ("unfinished", "not begun")
    assert resume(run.path, quiet=True).metrics["finished"]
    assert ".checkpoint-abcd1234.npz" not in names(run.path)


@pytest.mark.parametrize(
    ("out", "words"),
    [
        ("file", "file exists already"),
        ("file/deep/run", "is a file, so file/deep/run cannot be made"),
        ("full", "full exists already"),
        ("runs/latest", "always is the newest finished run"),
        ("begun", "go on with it"),
        ("a" * 300, "File name too long"),
        ("a\0b", "null byte"),
    ],
)
def test_an_out_that_cannot_be_is_said_before_the_data_is_loaded(tmp_path, out, words):
    (tmp_path / "file").write_text("")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "diary.txt").write_text("mine")
    (tmp_path / "begun").mkdir()
    (tmp_path / "begun" / "config.json").write_text("{}")
    with pytest.raises(OptionError, match=words):
        train(out=out, dataset="nowhere.npz", quiet=True)
