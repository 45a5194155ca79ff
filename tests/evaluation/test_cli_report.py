"""`digits evaluate` as it is typed."""

import json
from pathlib import Path

import numpy as np
import pytest

from digit_classifier import weights
from digit_classifier.cli import main
from digit_classifier.cli.opening import opened
from digit_classifier.errors import ModelError
from digit_classifier.evaluation.model import open_model
from digit_classifier.evaluation.predictions import judge


def digits(*arguments: object) -> int:
    with pytest.raises(SystemExit) as stopped:
        main([str(argument) for argument in arguments])
    return int(stopped.value.code or 0)


@pytest.fixture
def data(tmp_path, drawn):
    path = tmp_path / "drawn.npz"
    images, labels = drawn[0][:30], drawn[1][:30]
    np.savez(path, x_train=images, y_train=labels, x_test=images, y_test=labels)
    return path


def test_a_piped_summary_is_plain_and_says_where_the_report_is(
    linear, data, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    assert digits("evaluate", linear, "--dataset", data, "--quick") == 0
    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert "linear on 30 test images of own data: drawn.npz" in out.splitlines()
    assert "How accurate is it?" in out
    assert "Only 30 images, which tell little: mind the interval." in out
    assert "Does it know what is not a digit?" in out
    place = Path("reports") / "linear"
    assert f"Report  {place / 'report.html'} in" in out
    metrics = json.loads((place / "metrics.json").read_text("utf-8"))
    answers = open_model(linear).predict(np.load(data)["x_test"]).argmax(axis=1)
    assert metrics["accuracy"] == (answers == np.load(data)["y_test"]).mean()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nowhere"], "no model called nowhere"),
        (["--dataset", "nowhere"], "no data set nowhere"),
        (["small", "--scale", "0..1"], "takes uint8, which is always 0 to 255"),
        (["--ood", "nowhere"], "no other data at nowhere"),
    ],
)
def test_a_mistake_is_one_sentence_and_leaves_no_folder(
    arguments, words, data, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    if "--dataset" not in arguments:
        arguments = [*arguments, "--dataset", data]
    before = sorted(tmp_path.iterdir())
    assert digits("evaluate", *arguments) == 2
    err = capsys.readouterr().err
    assert err.startswith("Error: ")
    assert words in err
    assert sorted(tmp_path.iterdir()) == before


def test_a_folder_of_something_else_is_left_alone(linear, data, tmp_path, capsys):
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter.txt").write_text("mine")
    out = tmp_path / "thesis"
    assert digits("evaluate", linear, "--dataset", data, "--out", out) == 2
    assert "holds chapter.txt, which is of no report" in capsys.readouterr().err
    assert [file.name for file in out.iterdir()] == ["chapter.txt"]


@pytest.mark.train
def test_a_keras_file_is_judged_through_a_temporary_export(drawn, tmp_path):
    pytest.importorskip("tensorflow")
    from digit_classifier.training.rebuilt import rebuild

    saved = tmp_path / "mlp.keras"
    rebuild(weights.find("mlp")).save(saved)
    with opened(str(saved)) as model:
        assert model.name == "mlp"
        assert model.size_bytes == saved.stat().st_size
        exported = model.path
        np.testing.assert_allclose(
            judge(model, drawn[0]), judge(open_model("mlp"), drawn[0]), atol=1e-5
        )
    assert not exported.exists()


def test_a_keras_file_that_is_none_is_one_sentence(tmp_path):
    with (
        pytest.raises(ModelError, match=r"no model at .*none\.keras"),
        opened(str(tmp_path / "none.keras")),
    ):
        pass
