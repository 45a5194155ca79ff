import numpy as np
import pytest

from digit_classifier.stats import fit_temperature
from digit_classifier.training.calibration import COST, calibrate
from digit_classifier.training.loop import Loop
from digit_classifier.training.networks import build
from digit_classifier.training.recipes import Recipe, optimiser
from digit_classifier.training.steps import make_objective


def drawn(temperature, n=4000):
    """Answers of a network whose logits are `temperature` times too large, and the labels."""
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(n, 10)) * 2
    true = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    labels = np.array([rng.choice(10, p=row) for row in true], np.uint8)
    shown = np.exp(logits * temperature)
    return shown / shown.sum(1, keepdims=True), labels


@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
def test_the_temperature_that_was_put_in_is_found(temperature):
    assert fit_temperature(*drawn(temperature)) == pytest.approx(temperature, rel=0.06)


@pytest.fixture(scope="module")
def three_epochs(keras, sample):
    keras.utils.set_random_seed(0)
    recipe = Recipe()
    network = build("mlp")
    loop = Loop(
        build("mlp", logits=True),
        network,
        optimiser(recipe, 1000),
        make_objective(recipe),
        (sample.train_images, sample.train_labels),
        (sample.test_images, sample.test_labels),
        batch_size=32,
        seed=0,
        xla=True,
    )
    for epoch in range(1, 4):
        loop.run_epoch(epoch)
    return network, loop.answer, network.get_weights()


@pytest.fixture
def trained(three_epochs):
    network, answer, weights = three_epochs
    network.set_weights(weights)
    return network, answer


def test_calibrating_changes_no_answer_and_no_loss_for_the_worse(trained, sample):
    from digit_classifier.training.loop import score

    network, answer = trained
    images, labels = sample.test_images, sample.test_labels
    before = answer(images)
    temperature, _ = calibrate(network, answer, images, labels)
    after = answer(images)
    np.testing.assert_array_equal(before.argmax(1), after.argmax(1))
    assert score(after, labels)[0] <= score(before, labels)[0] + 1e-6
    expected = np.log(before) / temperature
    expected = np.exp(expected) / np.exp(expected).sum(1, keepdims=True)
    np.testing.assert_allclose(after, expected, atol=1e-3)


def test_the_threshold_costs_what_it_says(trained, sample):
    network, answer = trained
    images, labels = sample.test_images, sample.test_labels
    _, (rule, accepted) = calibrate(network, answer, images, labels)
    answers = answer(images)
    score = rule.score(answers)
    assert accepted == rule.accept(answers).mean()
    right = answers.argmax(1) == labels
    refused = np.count_nonzero(score[right] < rule.threshold)
    assert refused <= np.ceil(COST * right.sum())
    # ... and it is the highest such threshold, but for rounding
    assert np.count_nonzero(score[right] < rule.threshold + 0.02) > refused


def test_few_images_and_few_errors_choose_neither_temperature_nor_rule(trained, sample):
    network, answer = trained
    images, labels = sample.test_images, sample.test_labels
    assert calibrate(network, answer, images[:3], labels[:3]) == (1.0, None)
    right = answer(images).argmax(1) == labels
    temperature, rule = calibrate(network, answer, images[right], labels[right])
    assert temperature == 1.0
    assert rule[1] > 0.99
