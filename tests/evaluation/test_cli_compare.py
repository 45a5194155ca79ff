"""The command as people meet it, with models that ship."""

import csv
import io
import json
import re
import shutil

import html5lib
import numpy as np
import pytest

from dataset import stand_in
from digit_classifier import weights
from digit_classifier.cli import main
from digit_classifier.evaluation.model import open_model, rescale
from digit_classifier.onnx_model import OnnxModel
from digit_classifier.stats import wilson
from evaluation import networks

FILES = {
    "comparison.html", "metrics.json", "models.csv", "pairs.csv",
    *(f"{name}.{kind}" for name in ("comparison", "differences", "disagreements")
      for kind in ("png", "svg")),
}  # fmt: skip


@pytest.fixture(autouse=True)
def data(tmp_path, monkeypatch):
    """A working folder with a small data set."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MNIST_DATA_DIR", raising=False)
    arrays = stand_in.make_arrays(20, 40)
    names = ("x_train", "y_train", "x_test", "y_test")
    np.savez("data.npz", **dict(zip(names, arrays, strict=True)))
    return arrays


def compare(*arguments):
    with pytest.raises(SystemExit) as stopped:
        main(["compare", "--dataset", "data.npz", *map(str, arguments)])
    return int(stopped.value.code or 0)


def make_run(path, shipped, epochs=2, **more):
    path.mkdir(parents=True)
    shutil.copy(weights.find(shipped), path / "model.onnx")
    lines = [f"{e},{1 / e},0.5,{2 / e},{1 - 0.5 / e},1.5" for e in range(1, epochs + 1)]
    heading = "epoch,loss,accuracy,val_loss,val_accuracy,seconds"
    (path / "history.csv").write_text("\n".join([heading, *lines]) + "\n")
    (path / "metrics.json").write_text(json.dumps(more))
    return path


def test_a_comparison_is_a_page_its_figures_its_tables_and_its_pictures(tmp_path, capsys, data):
    assert compare("mlp", "small", "--no-robustness", "--out", "here") == 0
    printed = capsys.readouterr().out
    assert {path.name for path in (tmp_path / "here").iterdir()} == FILES
    metrics = json.loads((tmp_path / "here/metrics.json").read_text())
    assert set(metrics["files"]) == FILES
    assert metrics["made_by"] == "digits compare"

    # Every figure again, from the models themselves.
    right = {}
    for entry in metrics["comparison"]["models"]:
        answers = OnnxModel(weights.find(entry["name"])).predict(data.test_images).argmax(1)
        right[entry["name"]] = answers == data.test_labels
        hits = int(right[entry["name"]].sum())
        assert entry["accuracy"] == hits / 40
        assert entry["interval"] == pytest.approx(wilson(hits, 40))
        assert entry["bytes"] == weights.find(entry["name"]).stat().st_size
        assert entry["spoilt"] is None
    (pair,) = metrics["comparison"]["pairs"]
    better, worse = right[pair["better"]], right[pair["worse"]]
    assert pair["only_better_right"] == (better & ~worse).sum()
    assert pair["only_worse_right"] == (worse & ~better).sum()

    rows = list(csv.DictReader(io.StringIO((tmp_path / "here/models.csv").read_text())))
    assert [row["Model"] for row in rows] == ["mlp", "small"]
    assert "Which is better?" in printed
    assert "mlp" in printed
    assert "here/comparison.html" in printed
    assert "\x1b" not in printed


def test_the_page_is_valid_html_and_asks_nothing_of_anyone(tmp_path):
    run = make_run(tmp_path / "<b>&$x_$", "mlp")
    assert compare(run, make_run(tmp_path / "b", "small"), "--no-robustness", "--history") == 0
    page = (tmp_path / "comparison/comparison.html").read_text()
    html5lib.HTMLParser(strict=True).parse(page)
    addresses = re.findall(r"(?:src|href|url)\s*[=(]\s*[\"']?([^\"')> ]+)", page)
    assert addresses
    assert all(address.startswith(("#", "data:image/png;")) for address in addresses)
    assert "&lt;b&gt;&amp;$x_$" in page
    assert "Made by <code>digits compare</code>" in page


def test_histories_of_run_folders_are_laid_over_each_other(tmp_path, capsys):
    one = make_run(tmp_path / "one", "mlp", 3, validated_on="test images")
    two = make_run(tmp_path / "two", "mlp", 2)
    assert compare(one, two, "--history", "--no-robustness", "--out", "out") == 0
    runs = json.loads((tmp_path / "out/metrics.json").read_text())["history"]["runs"]
    assert [(run["name"], run["epochs"]) for run in runs] == [("one", [1, 2, 3]), ("two", [1, 2])]
    assert runs[0]["val_misread"] == pytest.approx([50.0, 25.0, 100 / 6])
    assert runs[0]["validated_on"] == "test images"
    assert (tmp_path / "out/history.svg").exists()
    said = capsys.readouterr().out
    assert "How did they learn?" in said
    assert "on all 40 images they answer alike" in said


def test_a_scale_is_for_the_networks_that_take_floats(tmp_path, capsys, data, matrix):
    assert compare("mlp", "small", "--scale", "mnist", "--no-robustness") == 2
    assert "--scale mnist has no meaning: all models take uint8" in capsys.readouterr().err
    floats = networks.write(tmp_path / "floats.onnx", matrix, dtype="float32", divisor=1)
    assert compare("mlp", floats, "--scale", "-1..1", "--no-robustness") == 0
    models = [open_model("mlp"), open_model(floats)]
    mlp, scaled = rescale(models, "-1..1")
    assert mlp is models[0]
    asked = open_model(floats, scale="-1..1").predict(data.test_images)
    np.testing.assert_array_equal(scaled.predict(data.test_images), asked)
    assert np.abs(asked - models[1].predict(data.test_images)).max() > 0.1


def test_a_comparison_replaces_an_earlier_one_only_where_that_was_named(tmp_path, capsys):
    there = ("--no-robustness", "--out", "comparison")
    assert compare("mlp", "small", "--no-robustness") == 0
    assert compare("mlp", "mlp", "--no-robustness") == 0
    assert (tmp_path / "comparison/disagreements.png").exists()
    assert not (tmp_path / "comparison-2/disagreements.png").exists()
    assert compare("mlp", "mlp", *there) == 0
    assert not (tmp_path / "comparison/disagreements.png").exists()
    (tmp_path / "comparison/diary.txt").write_text("mine")
    assert compare("mlp", "small", *there) == 2
    assert "diary.txt" in capsys.readouterr().err
    assert (tmp_path / "comparison/diary.txt").read_text() == "mine"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["mlp"], "two models or more"),
        (["mlp", "nothing"], "no model called nothing"),
        (["mlp", "data.npz"], "not a model"),
        (["mlp", "small", "--history"], "mlp is none"),
        (["mlp", "small", "--dataset", "nowhere"], "no data set nowhere"),
        (["mlp", "small", "--out", "data.npz"], "is a file"),
    ],
)
def test_a_mistake_is_one_sentence_and_nothing_is_written(tmp_path, capsys, arguments, words):
    assert compare(*arguments) == 2
    said = capsys.readouterr().err
    assert words in said
    assert "Traceback" not in said
    assert [path.name for path in tmp_path.iterdir()] == ["data.npz"]


def test_a_run_without_a_history_is_said(tmp_path, capsys):
    run = make_run(tmp_path / "run", "mlp")
    (run / "history.csv").unlink()
    assert compare(run, "mlp", "--history") == 2
    assert "history.csv is missing" in capsys.readouterr().err
