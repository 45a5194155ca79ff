"""Trainings on few, uneven or unsorted images of one's own."""

from pathlib import Path

import numpy as np
import pytest

from digit_classifier.drawn import styles
from digit_classifier.errors import DataError
from digit_classifier.onnx_model import OnnxModel
from digit_classifier.training import Listener, TrainConfig, train

# What a listener does not take becomes a Python warning; here it is read from the notes.
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")


def archive(path, *counts):
    """So many drawn digits of 0, of 1, ... sorted, as an .npz; the last of each is for testing."""
    images, labels = styles.generate(2_400, 3)
    kept = [np.flatnonzero(labels == digit)[:count] for digit, count in enumerate(counts)]
    train = np.concatenate([members[:-1] for members in kept])
    test = np.concatenate([members[-1:] for members in kept])
    np.savez(
        path,
        x_train=images[train],
        y_train=labels[train],
        x_test=images[test],
        y_test=labels[test],
    )
    return str(path)


def train_on(data, **more):
    return train(TrainConfig(**{"dataset": data, "epochs": 2, "out": "run", **more}))


@pytest.mark.parametrize(
    ("model", "recipe", "each"),
    [("mlp", "classic", 2), ("mlp", "best", 2), ("mlp", "fast", 4), ("cnn", "best", 4)],
)
def test_a_handful_of_images_trains_and_says_what_it_lacks(keras, tmp_path, model, recipe, each):
    run = train_on(archive(tmp_path / "few.npz", *[each] * 10), model=model, recipe=recipe)
    assert len(run.history) == 2
    assert run.metrics["measured_on"] == "10 test images"
    told = " ".join(run.plan.dataset.notes)
    held_out = recipe != "classic"
    assert ("calibrate" in told) == held_out
    assert "reject" not in run.metrics
    assert "reject" not in OnnxModel(Path("run") / "model.onnx").metadata
    by_digit = np.bincount(run.plan.validation_set[1], minlength=10)
    np.testing.assert_array_equal(by_digit, np.ones(10))
    if held_out and each == 2:
        assert "none is held out" in told
        assert run.metrics["validated_on"] == "test images"


def test_epochs_of_so_few_images_that_nothing_is_learnt_are_said_to_be_few(keras, tmp_path):
    data = archive(tmp_path / "few.npz", *[4] * 10)
    few = "8 epochs of so few images give 8 training steps. If it learns little, give more, such "
    assert few + "as epochs=300." in train_on(data, recipe="fast", epochs=None).plan.dataset.notes


def test_rule_that_is_missing_after_poor_training_is_said_at_the_end(keras, tmp_path):
    class Ear(Listener):
        heard = ()

        def on_warning(self, sentence):
            self.heard = (*self.heard, sentence)

    ear = Ear()
    config = TrainConfig(
        dataset=archive(tmp_path / "many.npz", *[150] * 10), recipe="fast", epochs=1, out="run"
    )
    run = train(config, ear)
    assert "reject" not in run.metrics
    assert len(run.plan.validation_set[1]) >= 100
    assert "held-out images were read rightly, so the network gets no rule" in ear.heard[-1]


def test_of_uneven_sorted_data_every_digit_is_validated_on(keras, tmp_path):
    run = train_on(archive(tmp_path / "uneven.npz", 60, 5, 4), recipe="fast")
    np.testing.assert_array_equal(np.bincount(run.plan.validation_set[1]), [5, 1, 1])
    assert run.plan.training_images == 66 - 7
    assert "only 4 of 1 and 3 of 2 to train on" in " ".join(run.plan.dataset.notes)


def test_one_digit_alone_is_refused_before_a_folder_is_made(tmp_path):
    with pytest.raises(DataError, match="all 19 training images .* are of 0; at least two digits"):
        train_on(archive(tmp_path / "one.npz", 20))
    assert not Path("run").exists()
