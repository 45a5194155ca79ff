import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from digit_classifier import weights
from digit_classifier.cli.models import command as models_command
from digit_classifier.drawn import nondigits, styles
from digit_classifier.errors import ModelError
from digit_classifier.onnx_model import OnnxModel
from digit_classifier.reader import DigitReader
from digit_classifier.rejection import RejectionRule


def test_a_run_folder_and_a_file_are_found(tmp_path: Path) -> None:
    model = tmp_path / "model.onnx"
    model.write_bytes(b"any")
    assert weights.find(tmp_path) == model
    assert weights.find(str(model)) == model


def test_a_shipped_name_wins_over_a_folder_of_that_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shipped, here = tmp_path / "shipped", tmp_path / "here"
    (here / "cnn").mkdir(parents=True)
    (here / "cnn" / "model.onnx").write_bytes(b"mine")
    shipped.mkdir()
    (shipped / "cnn.onnx").write_bytes(b"theirs")
    monkeypatch.setattr(weights, "FOLDER", shipped)
    monkeypatch.chdir(here)
    assert weights.names() == ["cnn"]
    assert weights.find("cnn") == shipped / "cnn.onnx"
    assert weights.find("./cnn") == Path("cnn/model.onnx")


def test_what_is_not_there_is_said_with_what_is(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"no model called nothing.*those that ship"):
        weights.find("nothing")
    with pytest.raises(ModelError, match=r"no model\.onnx in the folder"):
        weights.find(tmp_path)


@pytest.mark.parametrize("name", weights.names())
def test_a_shipped_model_says_what_was_measured_of_it(name: str) -> None:
    model = OnnxModel(weights.find(name))
    assert model.metadata["name"] == name
    assert len(model.metadata["dataset_sha256"]) == 64
    assert 0.96 < model.metadata["accuracy"] <= 1
    low, high = model.metadata["interval"]
    assert low < model.metadata["accuracy"] < high


@pytest.mark.skipif("cnn" not in weights.names(), reason="a checkout without the shipped weights")
def test_the_shipped_cnn_reads_drawn_digits_and_refuses_drawn_crosses() -> None:
    reader = DigitReader()
    images, labels = styles.generate(200, seed=31)
    read = [reader.read(image, single=True).text for image in images]
    assert sum(text == str(label) for text, label in zip(read, labels, strict=True)) >= 190
    crosses = nondigits.generate(100, seed=31, digits=images, kinds=["cross", "plus", "heart"])
    assert sum(bool(reader.read(image, single=True).digits) for image in crosses) <= 3


def test_digits_models_shows_the_rule_and_no_older_measurement_of_it() -> None:
    result = CliRunner().invoke(models_command, ["cnn", "--json"])
    rule = RejectionRule.read(OnnxModel(weights.find("cnn")).metadata)
    assert rule
    assert json.loads(result.output)["reject"] == rule.describe()
