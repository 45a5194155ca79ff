import csv
import io
import json
import os
import shutil
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from digit_classifier import shell
from digit_classifier.cli import main
from digit_classifier.errors import DataError, OptionError
from digit_classifier.training.config import TrainConfig
from digit_classifier.training.loop import Epoch
from digit_classifier.training.run_folder import RunFolder
from digit_classifier.training.runs import list_runs, read_history, sort_runs

BEGUN = 1_700_000_000


def make_run(name, *, accuracy=None, history=2, checkpoint=False, seed=0, age=0, **more):
    """A folder as a training leaves it; finished if it has an accuracy."""
    folder = Path("runs") / name
    folder.mkdir(parents=True)
    run = RunFolder(folder)
    run.write_json("config.json", {"model": "mlp", "recipe": "classic", "seed": seed})
    os.utime(folder / "config.json", (BEGUN - age, BEGUN - age))
    run.write_history([Epoch(i, 0.5 / i, 0.8, 0.6 / i, 0.85, 1.5) for i in range(1, history + 1)])
    if accuracy is not None:
        metrics = {"accuracy": accuracy, "loss": 1 - accuracy, "seconds": 3.0, "epochs": history}
        run.write_json("metrics.json", {**metrics, "dataset": "MNIST", **more})
    if checkpoint:
        (folder / "checkpoint.npz").write_bytes(b"")
    return folder


def runs(*arguments):
    with pytest.raises(SystemExit) as stopped:
        main(["runs", *map(str, arguments)])
    return int(stopped.value.code or 0)


def test_a_real_run_is_listed_with_its_own_figures(own_copy):
    (summary,) = list_runs(own_copy.parent)
    metrics = json.loads((own_copy / "metrics.json").read_text())
    assert summary.run == str(own_copy)
    assert summary.state == "finished"
    names = ("model", "recipe", "seed", "epochs", "accuracy", "loss", "seconds", "dataset")
    assert [getattr(summary, name) for name in names] == [metrics[name] for name in names]
    assert list_runs(own_copy) == [summary]
    assert len(read_history(own_copy)) == metrics["epochs"]


def test_finished_unfinished_and_broken_runs_are_told_apart():
    make_run("done", accuracy=0.97)
    make_run("cut", checkpoint=True, history=3)
    make_run("fresh", checkpoint=True)
    Path("runs/fresh/history.csv").unlink()
    make_run("bare")
    found = {Path(run.run).name: run for run in list_runs("runs")}
    assert {name: run.state for name, run in found.items()} == {
        "done": "finished", "cut": "unfinished", "fresh": "unfinished", "bare": "broken",
    }  # fmt: skip
    assert (found["cut"].epochs, found["cut"].seconds) == (3, 4.5)
    assert found["cut"].accuracy is None
    assert found["cut"].note == "validation accuracy 85.00 %"
    assert found["fresh"].epochs == 0
    assert "neither metrics.json nor checkpoint.npz" in found["bare"].note
    assert found["done"].time == datetime.fromtimestamp(BEGUN).astimezone()


@pytest.mark.parametrize(
    ("file", "content", "words"),
    [
        ("config.json", '{"model"', "config.json cannot be read"),
        ("config.json", "[]", "config.json holds no JSON object"),
        ("config.json", '{"model": "mlp", "seed": "x"}', "config.json says that seed is 'x'"),
        ("config.json", None, "config.json is missing"),
        ("config.json", b"\xff\xfe", "config.json cannot be read"),
        ("metrics.json", "", "metrics.json cannot be read"),
        ("metrics.json", '{"accuracy": NaN}', "metrics.json says that accuracy is nan"),
        ("metrics.json", '{"accuracy": true}', "metrics.json says that accuracy is True"),
        ("metrics.json", "{}", "metrics.json says that accuracy is None"),
    ],
)
def test_a_broken_run_is_listed_with_what_is_wrong(file, content, words, capsys):
    path = make_run("odd", accuracy=0.9) / file
    path.unlink()
    if content is not None:
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    make_run("good", accuracy=0.8)
    assert runs("--sort", "seed") == 0
    lines = capsys.readouterr().out.splitlines()
    (odd,) = [line for line in lines if "runs/odd" in line]
    assert "broken" in odd
    assert words in odd
    assert len(lines) == 3


@pytest.mark.parametrize("text", ["epoch,loss\n1,x\n", "epoch,loss\n1,2\n", "loss\n1\n", ""])
def test_a_damaged_history_is_an_error_and_a_broken_run(text):
    folder = make_run("odd", checkpoint=True)
    (folder / "history.csv").write_text(text)
    with pytest.raises(DataError, match=r"history\.csv"):
        read_history(folder)
    (run,) = list_runs("runs")
    assert run.state == "broken"
    assert "history.csv" in run.note


def test_folders_of_other_things_and_links_are_passed_over(capsys):
    folder = make_run("sweep/a", accuracy=0.9)
    Path("runs/diary").mkdir()
    Path("runs/diary/notes.txt").write_text("mine")
    Path("runs/latest").symlink_to(folder.resolve())
    assert [run.run for run in list_runs("runs")] == ["runs/sweep/a"]
    shutil.rmtree("runs/sweep")
    assert runs() == 0
    assert "digits train" in capsys.readouterr().out


def test_no_runs_at_all_says_how_to_make_one(capsys):
    assert runs() == 0
    assert capsys.readouterr().out == f"No run in runs. Make one with: {shell.digits('train')}\n"
    assert runs("nowhere") == 2
    assert "no folder nowhere" in capsys.readouterr().err


def test_each_column_sorts_the_best_and_newest_first_and_unknown_last():
    make_run("a", accuracy=0.90, seed=2, age=50)
    make_run("b", accuracy=0.99, seed=3, age=70)
    make_run("c", checkpoint=True, seed=1, age=60)
    found = list_runs("runs")

    def order(column):
        return "".join(Path(run.run).name for run in sort_runs(found, column))

    assert order("accuracy") == "bac"
    assert order("loss") == "bac"
    assert order("time") == "acb"
    assert order("seed") == "cab"
    assert order("run") == "abc"
    with pytest.raises(OptionError, match="no column 'colour'.*accuracy"):
        sort_runs(found, "colour")


def test_reverse_json_and_csv_hold_the_same_rows(capsys):
    make_run("a", accuracy=0.90)
    make_run("b", accuracy=0.95, dataset='odd, "name"')
    assert runs("--sort", "accuracy", "--reverse", "--json") == 0
    entries = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [entry["accuracy"] for entry in entries] == [0.9, 0.95]
    assert runs("--sort", "accuracy", "--csv") == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [row["run"] for row in rows] == ["runs/b", "runs/a"]
    assert list(rows[0]) == list(entries[0])
    assert rows[0]["dataset"] == 'odd, "name"'
    assert runs("--csv", "--json") == 2


def test_accuracy_sorts_by_the_lower_end_of_its_interval_and_says_so(capsys):
    make_run("lucky", accuracy=1.0, measured_on="4 test images")
    make_run("good", accuracy=0.97, measured_on="10,000 test images")
    assert runs("--sort", "accuracy") == 0
    shown = capsys.readouterr()
    _, good, lucky = shown.out.splitlines()
    assert good.startswith("runs/good")
    assert "100.00%       4  51.01%  100.00%" in lucky
    assert "by the lower end of the 95 % interval" in shown.err


@pytest.mark.parametrize("width", [150, 80])
def test_on_a_terminal_the_table_fits_its_width(monkeypatch, capsys, width):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", str(width))
    make_run("2026-11-23-082138-[red]", accuracy=0.917, measured_on="10,000 test images")
    assert runs() == 0
    out = capsys.readouterr().out
    assert "2026-11-23-082138-[red]" in out  # a name is shown, not obeyed
    assert "91.70%" in out
    assert ("No room for: seconds" in out) == (width == 80)
    assert ("MNIST" in out) == (width == 150)


def test_a_copied_run_keeps_its_time_and_order():
    """Copying a folder gives its files the time of the copy."""
    make_run("old", accuracy=0.97)
    config = {
        "model": "mlp",
        "recipe": "classic",
        "seed": 0,
        "started": "2026-01-31T12:00:00+00:00",
    }
    RunFolder("runs/old").write_json("config.json", config)
    os.utime("runs/old/config.json", (BEGUN, BEGUN))
    (found,) = list_runs("runs")
    assert found.time == datetime.fromisoformat(config["started"])


def test_a_run_folder_says_when_it_was_started(tmp_path):
    config = TrainConfig(out=tmp_path / "run")
    run = RunFolder.create(config)
    os.utime(run.path / "config.json", (BEGUN, BEGUN))
    assert run.config() == replace(config, out=run.config().out)
    assert list_runs(run.path)[0].time.timestamp() > BEGUN + 1000


def test_columns_stay_straight_where_the_output_lacks_letters(monkeypatch):
    make_run("张伟", accuracy=0.97)
    make_run("anna", accuracy=0.97)
    out = io.TextIOWrapper(io.BytesIO(), encoding="cp1252", errors="backslashreplace")
    monkeypatch.setattr("sys.stdout", out)
    runs()
    out.flush()
    heading, *lines = out.buffer.getvalue().decode("cp1252").splitlines()
    assert {line.index("mlp") for line in lines} == {heading.index("model")}
