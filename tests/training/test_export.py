import numpy as np
import pytest

from digit_classifier.errors import TrainingError
from digit_classifier.onnx_model import OnnxModel
from digit_classifier.training.export import export_onnx
from digit_classifier.training.networks import NETWORKS, build


@pytest.mark.parametrize("name", list(NETWORKS))
def test_every_network_exports_to_uint8_in_probabilities_out(keras, tmp_path, sample, name):
    network = build(name)
    images = sample.test_images[:40]
    answers = network.predict(images, verbose=0)
    path = tmp_path / "model.onnx"
    difference = export_onnx(network, path, {"name": name, "classes": ["0"]}, images, answers)
    model = OnnxModel(path)
    np.testing.assert_allclose(model.predict(images), answers, atol=1e-5)
    assert difference <= 1e-5
    assert model.metadata["name"] == name
    assert model.metadata["classes"] == ["0"]
    assert model.predict(images[:0]).shape == (0, 10)


def test_a_file_that_disagrees_with_the_network_is_not_written(keras, tmp_path, sample):
    network = build("mlp")
    images = sample.test_images[:40]
    answers = network.predict(images, verbose=0)
    answers[7, 2] += 1e-3
    with pytest.raises(TrainingError, match=r"differ from Keras's by 1\.\de-03"):
        export_onnx(network, tmp_path / "model.onnx", {}, images, answers)
    assert list(tmp_path.glob("*.onnx")) == []


def test_probabilities_that_are_not_numbers_are_a_disagreement(keras, tmp_path, sample):
    network = build("mlp")
    images = sample.test_images[:40]
    answers = np.full((40, 10), np.nan, np.float32)
    with pytest.raises(TrainingError):
        export_onnx(network, tmp_path / "model.onnx", {}, images, answers)
