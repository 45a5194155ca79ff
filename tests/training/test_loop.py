import numpy as np
import pytest

from digit_classifier.errors import TrainingError
from digit_classifier.training.distortions import Distortions
from digit_classifier.training.loop import Loop, StoppedError, score
from digit_classifier.training.networks import build
from digit_classifier.training.recipes import Recipe, optimiser
from digit_classifier.training.steps import make_objective


def make_loop(keras, sample, count=330, recipe=None, xla=True, seed=3, network="mlp", **more):
    recipe = recipe or Recipe()
    keras.utils.set_random_seed(seed)
    training = sample.train_images[:count], sample.train_labels[:count]
    validation = sample.test_images[:50], sample.test_labels[:50]
    return Loop(
        build(network, logits=True),
        build(network),
        optimiser(recipe, 1000),
        more.get("objective", make_objective(recipe)),
        training,
        validation,
        batch_size=recipe.batch_size,
        seed=seed,
        xla=xla,
        final=more.get("final"),
        choose=more.get("choose", True),
    )


def test_two_epochs_are_what_keras_own_fit_makes_of_the_same_order(keras, sample):
    loop = make_loop(keras, sample)
    keras.utils.set_random_seed(3)
    plain = build("mlp")
    plain.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    for epoch in (1, 2):
        row = loop.run_epoch(epoch)
        order = np.random.default_rng([3, epoch]).permutation(330)
        x, y = sample.train_images[order], sample.train_labels[order]
        history = plain.fit(x, y, batch_size=32, shuffle=False, verbose=0).history
        assert row.loss == pytest.approx(history["loss"][0], rel=1e-4)
        assert row.accuracy == pytest.approx(history["accuracy"][0])
    for ours, theirs in zip(loop.model.get_weights(), plain.get_weights(), strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-4)


def test_the_final_objective_takes_over_at_its_epoch(keras, sample):
    def told(loss):
        return lambda call, images, labels, seed: (
            keras.ops.sum(call(images)) * 0 + loss,
            keras.ops.cast(0, "float32"),
        )

    loop = make_loop(keras, sample, count=64, objective=told(1.0), final=(3, told(2.0)))
    losses = [loop.run_epoch(epoch).loss for epoch in (1, 2, 3, 4)]
    assert losses == pytest.approx([1, 1, 2, 2])
    resumed = make_loop(keras, sample, count=64, objective=told(1.0), final=(3, told(2.0)))
    assert resumed.run_epoch(4).loss == pytest.approx(2)


def test_the_last_epochs_are_distorted_as_the_recipe_says(keras, sample):
    recipe = Recipe(
        distortions=Distortions(shift=9), final_distortions=Distortions(), final_share=0.5
    )
    labels = keras.ops.convert_to_tensor(sample.train_labels[:8])
    images = keras.ops.convert_to_tensor(sample.train_images[:8])
    shown = {}
    for final in (False, True):

        def look(x, final=final):
            shown[final] = np.asarray(x)
            return keras.ops.zeros((8, 10))

        make_objective(recipe, final=final)(look, images, labels, (1, 2))
    np.testing.assert_allclose(shown[True], sample.train_images[:8], atol=1e-3)
    assert np.abs(shown[False] - sample.train_images[:8]).mean() > 5


def test_validation_figures_are_those_of_keras_evaluate(keras, sample):
    loop = make_loop(keras, sample)
    row = loop.run_epoch(1)
    network = build("mlp")
    network.set_weights(loop.model.get_weights())
    network.compile(loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    loss, accuracy = network.evaluate(sample.test_images[:50], sample.test_labels[:50], verbose=0)
    assert row.val_loss == pytest.approx(loss, rel=1e-4)
    assert row.val_accuracy == pytest.approx(accuracy)


@pytest.mark.parametrize("xla", [True, False])
def test_every_image_is_seen_once_an_epoch_the_last_small_batch_too(keras, sample, xla):
    seen = []

    def objective(call, images, labels, seed):
        import tensorflow as tf

        logits = call(images)
        if not xla:
            tf.py_function(lambda rows: seen.extend(rows.numpy().tolist()), [labels], [])
        return tf.reduce_mean(logits), tf.cast(tf.shape(labels)[0], tf.float32)

    recipe = Recipe(learning_rate=1e-9)
    loop = make_loop(keras, sample, count=330, recipe=recipe, xla=xla, objective=objective)
    row = loop.run_epoch(1)
    assert row.accuracy == 1.0  # as many as there are, counted in the compiled steps
    if not xla:
        assert sorted(seen) == sorted(sample.train_labels[:330].tolist())


def test_the_order_is_another_every_epoch_and_another_for_every_seed(keras, sample):
    first = make_loop(keras, sample, seed=3)
    second = make_loop(keras, sample, seed=4)
    orders = [
        np.random.default_rng([seed, epoch]).permutation(330) for seed in (3, 4) for epoch in (1, 2)
    ]
    assert len({order.tobytes() for order in orders}) == 4
    assert first.run_epoch(1).loss != second.run_epoch(1).loss


def test_a_loss_that_is_not_finite_names_epoch_and_learning_rate(keras, sample):
    loop = make_loop(keras, sample, recipe=Recipe(learning_rate=1e38))
    with pytest.raises(TrainingError, match=r"epoch 1 at a learning rate of 1e\+38"):
        for _ in range(3):
            loop.run_epoch(1)


def test_asked_to_stop_it_stops_between_two_calls(keras, sample):
    loop = make_loop(keras, sample, count=330, xla=False, recipe=Recipe(batch_size=4))
    shares = []
    with pytest.raises(StoppedError):
        loop.run_epoch(1, stop=lambda: len(shares) == 2, progress=shares.append)
    assert len(shares) == 2
    assert 0 < shares[0] < shares[1] < 1


@pytest.mark.parametrize("xla", [True, False])
def test_compiling_beforehand_changes_no_weight(keras, sample, xla):
    recipe = Recipe(ema=0.9, schedule="cosine", warmup=0.2)
    plain = make_loop(keras, sample, recipe=recipe, xla=xla)
    compiled = make_loop(keras, sample, recipe=recipe, xla=xla)
    assert compiled.compile() > 0
    assert compiled.run_epoch(1).loss == plain.run_epoch(1).loss
    for one, other in zip(compiled.model.get_weights(), plain.model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("xla", [True, False])
def test_after_compiling_an_epoch_compiles_nothing(keras, sample, xla):
    traced = []
    objective = make_objective(Recipe())

    def counted(*arguments):
        traced.append(1)
        return objective(*arguments)

    recipe = Recipe(batch_size=4)  # 16 steps a call: two shapes of calls, and the last batch
    loop = make_loop(keras, sample, recipe=recipe, xla=xla, objective=counted)
    loop.compile()
    count = len(traced)
    loop.run_epoch(1)
    assert len(traced) == count > 0


def averaged_by_hand(weights):
    """The rule in numpy: decay t / (t + 9) after step t, from 0."""
    average = np.zeros_like(weights[0])
    for t, now in enumerate(weights):
        average = t / (t + 9) * average + 9 / (t + 9) * now
    return average


def test_the_average_fits_few_steps_and_leaves_the_untrained_weights_out(keras, sample):
    plain = make_loop(keras, sample, count=32, recipe=Recipe())
    loop = make_loop(keras, sample, count=32, recipe=Recipe(ema=0.999), choose=False)
    seen = []
    for epoch in (1, 2, 3, 4):  # a step each
        plain.run_epoch(epoch)
        seen.append(plain.model.get_weights()[0])
        row = loop.run_epoch(epoch)
        assert row.averaged
        np.testing.assert_array_equal(loop.model.get_weights()[0], seen[-1])
        np.testing.assert_allclose(kept(loop)[0], averaged_by_hand(seen), atol=1e-6)


def kept(loop):
    return [np.asarray(one) for one in loop.variables[-len(loop.model.variables) :]]


@pytest.mark.parametrize(("rate", "averaged"), [(1e-3, False), (1.0, True)])
def test_what_is_kept_is_the_better_of_averaged_and_plain_weights(keras, sample, rate, averaged):
    """A small rate still falls, where the average lags; a huge one jumps about."""
    recipe = Recipe(optimiser="sgd", learning_rate=rate, ema=0.9)
    loop = make_loop(keras, sample, recipe=recipe)
    for epoch in (1, 2):
        row = loop.run_epoch(epoch)
        losses = {}
        for name in (False, True):
            network = build("mlp")
            network.set_weights(loop.model.get_weights())
            if name:
                average = [v for v in loop.optimiser.variables if "average" in v.path]
                network.set_weights([np.asarray(v) for v in average])
            answers = network.predict(sample.test_images[:50], verbose=0)
            losses[name] = score(answers, sample.test_labels[:50])[0]
        assert row.averaged == (losses[True] <= losses[False]) == averaged
        assert row.val_loss == pytest.approx(min(losses.values()), rel=1e-4)
        answers = loop.answer(sample.test_images[:50])
        assert score(answers, sample.test_labels[:50]) == (row.val_loss, row.val_accuracy)


def test_an_epoch_that_is_no_better_leaves_what_is_kept(keras, sample):
    loop = make_loop(keras, sample)
    first = loop.run_epoch(1)
    before = kept(loop)
    assert loop.run_epoch(2, best=first.val_loss / 100).val_loss < first.val_loss
    for one, other in zip(before, kept(loop), strict=True):
        np.testing.assert_array_equal(one, other)
    loop.run_epoch(3, best=first.val_loss)
    assert not np.array_equal(before[0], kept(loop)[0])


def test_batch_norms_answer_with_the_statistics_of_the_weights_that_are_kept(keras, sample):
    """Running ones would still be mostly the untrained network's, and none are averaged."""
    recipe = Recipe(learning_rate=0.01, batch_size=256, ema=0.999)
    loop = make_loop(keras, sample, count=1024, recipe=recipe, xla=False, network="quick")
    rows = [loop.run_epoch(epoch) for epoch in (1, 2)]
    answers = loop.answer(sample.test_images[:50])
    assert score(answers, sample.test_labels[:50]) == (rows[-1].val_loss, rows[-1].val_accuracy)
    network = build("quick")
    network.set_weights(kept(loop))
    (norm,) = [layer for layer in network.layers if "batch" in layer.name]
    seen = keras.Model(network.inputs, norm.input).predict(sample.train_images[:1024], verbose=0)
    np.testing.assert_allclose(norm.moving_mean, seen.mean((0, 1, 2)), rtol=0.01, atol=1e-4)
    np.testing.assert_allclose(norm.moving_variance, seen.var((0, 1, 2)), rtol=0.05)


def test_score_is_mean_cross_entropy_and_share_of_right_answers():
    probabilities = np.full((2, 10), 0.05, np.float32)
    probabilities[0, 3] = probabilities[1, 4] = 0.55
    loss, accuracy = score(probabilities, np.array([3, 5], np.uint8))
    assert loss == pytest.approx(-(np.log(0.55) + np.log(0.05)) / 2)
    assert accuracy == 0.5
