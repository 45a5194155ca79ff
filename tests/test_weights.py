from pathlib import Path

import pytest

from digit_classifier import weights
from digit_classifier.errors import ModelError


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
