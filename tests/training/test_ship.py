import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from tools.ship import ship

from digit_classifier import weights
from digit_classifier.errors import ModelError
from digit_classifier.onnx_model import OnnxModel
from digit_classifier.training import TrainConfig, train
from digit_classifier.training.run import Listener


@pytest.fixture(scope="module")
def trained_run(keras, cache, tmp_path_factory):
    """One training that held images out; no test changes it."""
    folder = tmp_path_factory.mktemp("best") / "best"
    quiet = Listener()  # that the sample is not MNIST is no news here
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DIGITS_CACHE_DIR", str(cache))
        train(TrainConfig(dataset="sample", recipe="best", epochs=1, out=str(folder)), quiet)
    return folder


@pytest.fixture
def best_run(trained_run, tmp_path):
    return Path(shutil.copytree(trained_run, tmp_path / "best"))


def test_a_shipped_run_answers_the_same_under_its_name(best_run, tmp_path, sample):
    path = ship(best_run, sample, tmp_path / "weights")
    assert {p.name for p in path.parent.iterdir()} == {"mlp.onnx", "mlp.md"}
    images = sample.test_images[:20]
    before = OnnxModel(best_run / "model.onnx").predict(images)
    np.testing.assert_array_equal(OnnxModel(path).predict(images), before)


def test_the_card_says_what_the_metrics_say(best_run, tmp_path, sample):
    path = ship(best_run, sample, tmp_path / "weights")
    card = path.with_suffix(".md").read_text()
    metrics = json.loads((best_run / "metrics.json").read_text())
    assert f"{100 * metrics['accuracy']:.2f} %" in card
    assert metrics["dataset_sha256"] in card
    assert "Known weaknesses" in card


def test_a_run_that_was_stopped_is_not_shipped(best_run, tmp_path, sample):
    (best_run / "metrics.json").unlink()
    with pytest.raises(ModelError, match="is not finished"):
        ship(best_run, sample, tmp_path / "weights")
    assert not (tmp_path / "weights").exists()


def test_a_run_of_the_original_recipe_is_not_shipped(own_copy, tmp_path, sample):
    with pytest.raises(ModelError, match="held no images out"):
        ship(own_copy, sample, tmp_path / "weights")


@pytest.mark.parametrize("name", weights.names())
def test_the_shipped_files_and_their_cards_agree(name):
    import hashlib

    path = weights.find(name)
    card = path.with_suffix(".md").read_text("utf-8")
    metadata = OnnxModel(path).metadata
    assert hashlib.sha256(path.read_bytes()).hexdigest() in card
    assert metadata["name"] == name
    assert metadata["dataset"] == "MNIST"
    assert metadata["dataset_sha256"] in card
    assert f"{100 * metadata['accuracy']:.2f} %" in card
    assert str(metadata["reject"]["threshold"]) in card
    assert re.search(rf"\| weights \| {metadata['parameters']:,} \|", card)


def test_an_ensemble_ships_with_a_card_that_names_its_members(best_run, tmp_path, sample):
    from tools.ensemble import combine

    member, joined = best_run / "model.onnx", tmp_path / "joined.onnx"
    measured = json.loads((best_run / "metrics.json").read_text())
    keys = ("accuracy", "interval", "errors", "loss", "measured_on", "reject")
    combine([member, member], joined, metadata={key: measured[key] for key in keys})
    path = ship(joined, sample, tmp_path / "weights")
    assert {p.name for p in path.parent.iterdir()} == {"ensemble.onnx", "ensemble.md"}
    assert path.read_bytes() == joined.read_bytes()
    card = path.with_suffix(".md").read_text()
    assert "mlp best seed 0, mlp best seed 0" in card
    assert f"{measured['errors']} errors" in card


def test_a_single_network_s_file_is_not_shipped_as_an_ensemble(best_run, tmp_path, sample):
    with pytest.raises(ModelError, match="no measured ensemble"):
        ship(best_run / "model.onnx", tmp_path / "weights")
    assert not (tmp_path / "weights").exists()
