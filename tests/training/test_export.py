import numpy as np
import pytest

from digit_classifier.errors import ModelError, TrainingError
from digit_classifier.onnx_model import OnnxModel, open_session
from digit_classifier.training.export import convert_file, export_onnx
from digit_classifier.training.networks import NETWORKS, build


@pytest.mark.parametrize("name", [n for n in NETWORKS if not NETWORKS[n].train])
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
    if name == "mlp":  # it shows its inside
        hidden_1, _, probabilities = model.activations(images[0])
        x = images[0].ravel() / np.float32(255) @ model.first_weights().T
        np.testing.assert_allclose(hidden_1, np.maximum(x, 0), atol=1e-4)  # biases are zero
        np.testing.assert_allclose(probabilities, answers[0], atol=1e-5)
    else:
        assert model.hidden == ()


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


def test_a_network_of_another_make_keeps_the_input_that_it_was_saved_with(keras, tmp_path):
    network = keras.Sequential(
        [keras.Input((28, 28, 1)), keras.layers.Flatten(), keras.layers.Dense(10)]
    )
    network.save(tmp_path / "other.keras")
    convert_file(tmp_path / "other.keras", tmp_path / "other.onnx")
    x = np.random.default_rng(0).random((4, 28, 28, 1), np.float32)
    session = open_session(tmp_path / "other.onnx")
    (answers,) = session.run(None, {session.get_inputs()[0].name: x})
    np.testing.assert_allclose(answers, network.predict(x, verbose=0), atol=1e-5)


def test_a_file_that_is_no_keras_network_is_one_sentence(tmp_path):
    (tmp_path / "text.keras").write_text("hello")
    with pytest.raises(ModelError, match=r"text\.keras is not a \.keras file"):
        convert_file(tmp_path / "text.keras", tmp_path / "text.onnx")


def test_large_logits_may_differ_by_what_float32_rounds_and_small_ones_may_not(
    keras, tmp_path, sample, monkeypatch
):
    network = build("mlp")
    *others, weights, bias = network.get_weights()
    network.set_weights([*others, 3000 * weights, bias])
    images = sample.test_images
    answers = network.predict(images, verbose=0)
    difference = export_onnx(network, tmp_path / "model.onnx", {}, images, answers)
    assert difference > 1e-5  # or this test tests nothing

    monkeypatch.setattr("digit_classifier.training.export.LOGIT_TOLERANCE", 0.0)
    with pytest.raises(TrainingError, match="at most 1e-05 is allowed"):
        export_onnx(network, tmp_path / "other.onnx", {}, images, answers)
