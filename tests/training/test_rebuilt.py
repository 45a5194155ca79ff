import numpy as np
import pytest

from digit_classifier import weights
from digit_classifier.errors import ModelError
from digit_classifier.onnx_model import OnnxModel
from digit_classifier.training.export import export_onnx
from digit_classifier.training.networks import NETWORKS, build
from digit_classifier.training.rebuilt import rebuild

PLAIN = [name for name in NETWORKS if not NETWORKS[name].train]


@pytest.fixture
def exported(keras, tmp_path, sample):
    """Writes a network with weights of chance, batch norms that have seen something included."""

    def write(name):
        rng = np.random.default_rng(0)
        network = build(name)
        for layer in network.layers:
            if isinstance(layer, keras.layers.BatchNormalization):
                shape = layer.get_weights()[0].shape
                layer.set_weights(rng.uniform(0.5, 1.5, (4, *shape)).astype(np.float32))
        images = sample.test_images[:50]
        path = tmp_path / "model.onnx"
        export_onnx(network, path, {"network": name}, images, network.predict(images, verbose=0))
        return path

    return write


@pytest.mark.parametrize("name", PLAIN)
def test_every_network_is_made_again_from_its_onnx_file(exported, sample, name):
    path, images = exported(name), sample.test_images[:50]
    answers = rebuild(path).predict(images, verbose=0)
    np.testing.assert_allclose(answers, OnnxModel(path).predict(images), atol=1e-5)


@pytest.mark.parametrize("name", weights.names())
def test_every_shipped_model_is_made_again_for_keras(keras, sample, name):
    images = sample.test_images[:200]
    answers = rebuild(weights.find(name)).predict(images, verbose=0)
    np.testing.assert_allclose(answers, OnnxModel(weights.find(name)).predict(images), atol=1e-5)


def test_given_images_its_batch_norms_normalise_in_training_as_they_do_in_answers(keras, sample):
    images = sample.train_images[:500]
    path = weights.find("small")
    network = rebuild(path, images)
    trained = np.asarray(network(images, training=True))
    np.testing.assert_allclose(trained, OnnxModel(path).predict(images), atol=1e-3)


def test_a_file_of_another_make_is_refused_with_what_to_give_instead(exported, tmp_path):
    import onnx

    graph = onnx.load(exported("mlp"))
    onnx.helper.set_model_props(graph, {"network": "resnet"})
    onnx.save(graph, tmp_path / "other.onnx")
    with pytest.raises(ModelError, match=r"does not name a network.*Give the \.keras file"):
        rebuild(tmp_path / "other.onnx")


@pytest.mark.parametrize("name", ["small", "quick"])
def test_a_network_that_is_not_what_its_file_says_is_refused(exported, tmp_path, name):
    import onnx

    graph = onnx.load(exported("mlp"))
    onnx.helper.set_model_props(graph, {"network": name})
    onnx.save(graph, tmp_path / "other.onnx")
    with pytest.raises(ModelError, match="its layers are not those of this version"):
        rebuild(tmp_path / "other.onnx")
