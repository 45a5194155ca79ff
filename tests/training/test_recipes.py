"""Recipes: the original's is untouched, the others are complete and reach the optimiser."""

import dataclasses

import numpy as np
import pytest

from digit_classifier.errors import OptionError
from digit_classifier.training.config import TrainConfig
from digit_classifier.training.distortions import Distortions
from digit_classifier.training.networks import NETWORKS
from digit_classifier.training.recipes import Recipe, optimiser


def test_the_classic_recipe_is_the_original_projects():
    classic = NETWORKS["mlp"].recipe("classic")
    assert (classic.epochs, classic.batch_size, classic.optimiser) == (10, 32, "adam")
    assert classic.distortions is None
    assert not classic.holds_out
    import keras

    made, usual = optimiser(classic, 1000), keras.optimizers.Adam()
    assert type(made) is type(usual)
    assert made.get_config() | {"name": ""} == usual.get_config() | {"name": ""}


@pytest.mark.parametrize("network", NETWORKS)
def test_every_network_trains_by_a_recipe_of_its_own_where_none_is_named(network):
    assert NETWORKS[network].usual_recipe in NETWORKS[network].recipes
    words = TrainConfig.__dataclass_fields__["recipe"].metadata["help"]
    named = f"{NETWORKS[network].usual_recipe} for {network}" in words
    assert named or (NETWORKS[network].usual_recipe == "best" and "best for the others" in words)


def test_only_the_classic_recipe_looks_at_the_test_set_while_it_trains():
    assert [
        (network.name, name)
        for network in NETWORKS.values()
        for name, recipe in network.recipes.items()
        if not recipe.holds_out
    ] == [("mlp", "classic")]


def test_late_epochs_are_the_last_share_of_them():
    final = Distortions(rotation=1)
    assert Recipe(epochs=60, final_distortions=final, final_share=0.2).first_final_epoch == 49
    assert Recipe(epochs=2, final_distortions=final, final_share=0.2).first_final_epoch == 3  # none
    assert Recipe(epochs=60).first_final_epoch == 61
    assert Recipe(epochs=5, final_distortions=final, final_share=1.0).first_final_epoch == 1


def test_an_unknown_recipe_lists_those_of_the_network():
    with pytest.raises(OptionError, match=r"mlp has no recipe 'slow'\. Choose from: classic, best"):
        NETWORKS["mlp"].recipe("slow")


def test_the_cosine_schedule_rises_and_then_falls_to_its_end():
    rate = optimiser(
        Recipe(learning_rate=0.01, schedule="cosine", warmup=0.2, final=0.001), 100
    )._learning_rate
    rates = np.array([float(rate(step)) for step in range(101)])
    assert rates[0] == pytest.approx(0.001)
    assert rates.argmax() == 20
    assert rates.max() == pytest.approx(0.01)
    assert rates[100] == pytest.approx(1e-5)
    assert (np.diff(rates[20:]) <= 0).all()


@pytest.mark.parametrize("name", ["adam", "adamw", "sgd", "muon"])
def test_each_optimiser_takes_a_step_downhill(name):
    import keras
    from keras import ops

    matrix = keras.Variable(np.full((4, 4), 0.5, np.float32), name="kernel")
    made = optimiser(Recipe(optimiser=name, learning_rate=0.01), 10)
    made.apply([ops.ones((4, 4))], [matrix])
    assert float(ops.mean(matrix)) < 0.5


def test_muon_takes_the_kernel_of_a_convolution_for_the_matrix_that_it_is():
    import keras

    rng = np.random.default_rng(0)
    values, slopes = (rng.normal(size=(18, 4)).astype(np.float32) for _ in range(2))
    shapes = ((18, 4), (3, 3, 2, 4))
    matrix, kernel = (keras.Variable(values.reshape(shape), name="kernel") for shape in shapes)
    made = optimiser(Recipe(optimiser="muon", learning_rate=0.1, weight_decay=0.01), 10)
    made.apply([slopes.reshape(shape) for shape in shapes], [matrix, kernel])
    assert not np.allclose(matrix, values, atol=0.01)
    np.testing.assert_allclose(np.reshape(kernel, (18, 4)), matrix, rtol=1e-4)


def test_weight_decay_spares_biases_and_norms():
    import keras
    from keras import ops

    names = ("kernel", "bias", "gamma", "beta")
    variables = [keras.Variable(np.ones((2, 2), np.float32), name=name) for name in names]
    made = optimiser(Recipe(optimiser="adamw", learning_rate=0.1, weight_decay=0.5), 10)
    made.apply([ops.zeros((2, 2))] * 4, variables)
    values = [float(ops.mean(variable)) for variable in variables]
    assert values == pytest.approx([0.95, 1, 1, 1])


def test_a_recipe_cannot_be_changed_in_place():
    with pytest.raises(dataclasses.FrozenInstanceError):
        NETWORKS["mlp"].recipe("best").epochs = 1
