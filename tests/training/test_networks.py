"""Networks: sizes that are promised, images in, probabilities out."""

import numpy as np
import pytest

from digit_classifier.errors import OptionError
from digit_classifier.training import Listener, resume, train
from digit_classifier.training.networks import NETWORKS, Network, build
from digit_classifier.training.recipes import Recipe
from digit_classifier.training.run_folder import RunFolder


@pytest.fixture(scope="module", params=[name for name in NETWORKS if not NETWORKS[name].train])
def network(request):
    return build(request.param)


def test_the_original_has_its_26506_weights_and_layers():
    import keras

    network = build("mlp")
    assert isinstance(network, keras.Sequential)
    assert network.count_params() == 26_506
    names = [type(layer).__name__ for layer in network.layers]
    assert names == ["Rescaling", "Flatten", "Dense", "Dense", "Dense"]
    assert [layer.units for layer in network.layers[2:]] == [32, 32, 10]
    assert [layer.activation.__name__ for layer in network.layers[2:]] == [
        "relu",
        "relu",
        "softmax",
    ]


def test_small_stays_under_30_000_weights():
    assert build("small").count_params() < 30_000


def test_cnn_as_float32_stays_under_2_megabytes():
    assert build("cnn").count_params() * 4 < 1_950_000


def test_uint8_images_give_ten_probabilities(network):
    images = np.random.default_rng(0).integers(0, 256, (3, 28, 28), np.uint8)
    probabilities = np.asarray(network(images))
    assert probabilities.shape == (3, 10)
    assert probabilities.dtype == np.float32
    assert probabilities.sum(axis=1) == pytest.approx(1, abs=1e-5)


def test_scaling_is_inside_so_bytes_and_equal_floats_read_alike(network):
    images = np.random.default_rng(1).integers(0, 256, (2, 28, 28), np.uint8)
    assert np.array_equal(
        np.asarray(network(images)), np.asarray(network(images.astype("float32")))
    )


@pytest.mark.parametrize("precision", ["float32", "mixed_bfloat16"])
def test_weights_trained_on_logits_fit_the_network_that_gives_probabilities(precision):
    images = np.random.default_rng(2).integers(0, 256, (4, 28, 28), np.uint8)
    trained, network = build("small", logits=True, precision=precision), build("small")
    network.set_weights(trained.get_weights())
    logits = np.asarray(trained(images), np.float64)
    expected = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    assert np.asarray(network(images)) == pytest.approx(
        expected, abs=1e-5 if "float32" in precision else 0.05
    )


def test_building_in_low_precision_leaves_keras_as_it_was():
    import keras

    build("small", precision="mixed_bfloat16")
    assert keras.config.dtype_policy().name == "float32"
    assert {weight.dtype for weight in build("mlp").weights} == {"float32"}


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(OptionError, match=r"no network is called 'vgg'.*mlp, quick, small, cnn"):
        build("vgg")


def test_a_network_with_a_training_of_its_own_is_trained_and_resumed_by_it(monkeypatch):
    told = []

    def other(config, recipe, run, listener, lean):
        told.append((config.recipe, recipe.epochs, run and run.path.name, listener, lean))
        return run or RunFolder.create(config)

    recipes = {"usual": Recipe(epochs=7)}
    network = Network("boxes", "answers with boxes", list, recipes, train=other)
    monkeypatch.setitem(NETWORKS._things, "boxes", network)
    ear = Listener()
    run = train(listener=ear, model="boxes", epochs=3, out="run", dataset="no such data")
    assert resume(run.path, ear, lean=True) is not None
    assert told == [("usual", 3, None, ear, False), ("usual", 3, "run", ear, True)]
