import csv
import json
from dataclasses import replace

import numpy as np
import pytest

from digit_classifier.errors import DataError, OptionError, TrainingError
from digit_classifier.onnx_model import OnnxModel
from digit_classifier.stats import wilson
from digit_classifier.training import Listener, TrainConfig, resume, train
from digit_classifier.training.distortions import Distortions
from digit_classifier.training.loop import Loop
from digit_classifier.training.networks import NETWORKS
from digit_classifier.training.recipes import Recipe

FILES = {
    "model.keras",
    "model.onnx",
    "config.json",
    "history.csv",
    "metrics.json",
    "loss.png",
    "loss.svg",
    "accuracy.png",
    "accuracy.svg",
}


def config(small_folder, **more):
    return TrainConfig(**{"dataset": str(small_folder), "epochs": 2, "out": "run", **more})


def test_a_run_folder_holds_all_that_is_promised(keras, plots, small_folder, tmp_path, sample):
    run = train(config(small_folder))
    folder = tmp_path / "run"
    assert {path.name for path in folder.iterdir()} == FILES
    metrics = json.loads((folder / "metrics.json").read_text())
    assert metrics == run.metrics

    with (folder / "history.csv").open() as file:
        rows = list(csv.DictReader(file))
    names = ["epoch", "loss", "accuracy", "val_loss", "val_accuracy", "seconds"]
    assert list(rows[0]) == names
    assert [row["epoch"] for row in rows] == ["1", "2"]
    assert float(rows[-1]["val_accuracy"]) == metrics["accuracy"]

    # Every figure again, from the file that is handed on.
    model = OnnxModel(folder / "model.onnx")
    answers = model.predict(sample.test_images[:200]).argmax(1)
    right = int((answers == sample.test_labels[:200]).sum())
    assert metrics["accuracy"] == right / 200
    assert metrics["errors"] == 200 - right
    assert metrics["interval"] == pytest.approx(wilson(right, 200), abs=1e-6)
    assert metrics["parameters"] == 26_506
    assert model.metadata["dataset"] == metrics["dataset"] == run.plan.dataset.name
    assert model.metadata["dataset_sha256"] == run.plan.dataset.sha256
    assert model.metadata["accuracy"] == metrics["accuracy"]
    assert model.metadata["versions"]["tensorflow"]

    network = keras.models.load_model(folder / "model.keras")
    kinds = [type(layer).__name__ for layer in network.layers]
    assert kinds == ["Rescaling", "Flatten", "Dense", "Dense", "Dense"]
    answers = network.predict(sample.test_images[:200], verbose=0)
    np.testing.assert_allclose(model.predict(sample.test_images[:200]), answers, atol=1e-5)


def test_the_listener_hears_plan_progress_and_every_epoch(keras, small_folder):
    heard = []

    class Ear(Listener):
        def on_start(self, plan):
            heard.append(("start", plan.training_images, plan.validation))

        def on_progress(self, epoch, share):
            heard.append(("progress", epoch, share))

        def on_epoch(self, row):
            heard.append(("epoch", row.epoch))

    train(config(small_folder), Ear())
    assert heard[0] == ("start", 600, "validation (200 test images)")
    assert [entry for entry in heard if entry[0] == "epoch"] == [("epoch", 1), ("epoch", 2)]
    assert ("progress", 2, 1.0) in heard


def test_same_seed_same_weights_other_seed_other_weights(keras, small_folder):
    weights = []
    seed = 10**40  # any whole number is one, and all of it counts
    for name, given in (("a", seed), ("b", seed), ("c", seed + 2**32)):
        run = train(config(small_folder, seed=given, epochs=1, out=name))
        assert run.metrics["seed"] == given
        weights.append(keras.models.load_model(f"{name}/model.keras").get_weights())
    a, b, c = (np.concatenate([w.ravel() for w in each]) for each in weights)
    assert a.tobytes() == b.tobytes()
    assert a.tobytes() != c.tobytes()


@pytest.mark.filterwarnings("ignore:held-out training images")
def test_a_recipe_that_holds_out_never_validates_on_the_test_set(keras, small_folder):
    run = train(config(small_folder, recipe="best", epochs=1))
    assert run.plan.training_images == 550
    assert run.plan.validation == "validation (50 held-out training images)"
    assert run.metrics["measured_on"] == "200 test images"
    assert run.metrics["validated_on"] == "held-out training images"


def test_a_run_folder_that_exists_is_left_alone(keras, small_folder, tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "diary.txt").write_text("mine")
    with pytest.raises(OptionError, match="run exists already"):
        train(config(small_folder))
    assert [path.name for path in (tmp_path / "run").iterdir()] == ["diary.txt"]


def test_a_run_folder_that_cannot_be_made_is_said(keras, small_folder, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OptionError, match=r"file is a file, so file/run cannot be made"):
        train(config(small_folder, out="file/run"))


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        ({"model": "resnet"}, "resnet"),
        ({"recipe": "secret"}, "secret"),
    ],
)
def test_an_unknown_name_is_refused_before_a_folder_is_made(small_folder, tmp_path, flags, words):
    with pytest.raises(OptionError, match=words):
        train(config(small_folder, **flags))
    assert not (tmp_path / "run").exists()


def test_damaged_data_leave_no_run_folder(tmp_path):
    (tmp_path / "bad.npz").write_bytes(b"PK\x03\x04 cut")
    with pytest.raises(DataError):
        train(TrainConfig(dataset="bad.npz", out="run"))
    assert not (tmp_path / "run").exists()


def test_a_loss_that_explodes_at_once_leaves_nothing(keras, small_folder, tmp_path):
    with pytest.raises(TrainingError, match=r"epoch 1 at a learning rate of 1e\+38"):
        train(config(small_folder, learning_rate=1e38, epochs=5))
    assert not (tmp_path / "run").exists()


def test_a_loss_that_explodes_keeps_the_last_good_weights(
    keras, small_folder, tmp_path, monkeypatch
):
    run_epoch = Loop.run_epoch

    def explode(loop, number, **how):
        if number == 2:
            raise TrainingError("the loss was no longer finite.")
        return run_epoch(loop, number, **how)

    monkeypatch.setattr(Loop, "run_epoch", explode)
    with pytest.raises(TrainingError, match=r"after epoch 1 are kept in run"):
        train(config(small_folder, epochs=5))
    network = keras.models.load_model("run/model.keras")
    assert all(np.isfinite(weight).all() for weight in network.get_weights())
    assert not (tmp_path / "run" / "metrics.json").exists()


def test_a_finished_run_is_not_resumed(own_copy):
    with pytest.raises(OptionError, match="is finished: nothing to resume"):
        resume(own_copy)


def test_a_folder_that_is_no_run_is_not_resumed(tmp_path):
    with pytest.raises(DataError, match="is not a run folder"):
        resume(tmp_path)


def test_fit_with_callbacks_stays_usable_for_users_own_code(keras, sample):
    from digit_classifier.training.networks import build

    network = build("mlp")
    network.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    ended = []
    callback = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: ended.append(epoch))
    images, labels = sample.train_images[:64], sample.train_labels[:64]
    network.fit(images, labels, epochs=2, verbose=0, callbacks=[callback])
    assert ended == [0, 1]


@pytest.mark.filterwarnings("ignore:2 epochs of so few images")
def test_the_last_epochs_see_what_the_recipe_keeps_for_them(
    keras, small_folder, tmp_path, monkeypatch
):
    hard_then_plain = Recipe(
        epochs=2,
        learning_rate=3e-3,
        distortions=Distortions(shift=14),
        final_distortions=Distortions(),
        final_share=0.5,
        holds_out=False,
    )
    monkeypatch.setitem(NETWORKS["mlp"].recipes, "two", hard_then_plain)
    first, second = train(config(small_folder, recipe="two", epochs=None)).history
    monkeypatch.setitem(
        NETWORKS["mlp"].recipes, "one", replace(hard_then_plain, final_distortions=None)
    )
    same, harder = train(config(small_folder, recipe="one", epochs=None, out="run1")).history
    assert first.loss == same.loss
    assert second.loss < 0.97 * harder.loss


class Silent(Listener):
    """Few images are warned of, which is not what is tested here."""

    def on_warning(self, sentence):
        pass


def test_early_stop_keeps_the_best_epoch_of_those_shown(keras, small_folder, tmp_path):
    more = {"recipe": "fast", "learning_rate": 0.05, "early_stop": 2, "epochs": 60}
    run = train(config(small_folder, **more), Silent())
    losses = [row.val_loss for row in run.history]
    best = int(np.argmin(losses)) + 1
    assert len(losses) == best + 2 < 60
    assert run.metrics["kept_epoch"] == best
    images, labels = run.plan.validation_set
    answers = OnnxModel(tmp_path / "run" / "model.onnx").predict(images).argmax(1)
    assert (answers == labels).mean() == run.history[best - 1].val_accuracy


def kept(run):
    """The bytes of what was saved; Keras counts names on, so that files of one process differ."""
    return [weights.tobytes() for weights in run.model.get_weights()]


def cut_and_resume(small_folder, epoch, **more):
    """A training that crashes once it has saved this epoch, and is gone on with."""

    class Crash(Silent):
        def on_epoch(self, row):
            if row.epoch == epoch:
                raise KeyError

    with pytest.raises(KeyError):
        train(config(small_folder, out="cut", **more), Crash())
    return resume("cut", Silent())


def test_early_stop_resumed_ends_byte_equal(keras, small_folder, tmp_path):
    more = {"recipe": "fast", "learning_rate": 0.05, "early_stop": 2, "epochs": 60}
    whole = train(config(small_folder, out="whole", **more), Silent())
    past_the_best = len(whole.history) - 1
    cut = cut_and_resume(small_folder, past_the_best, **more)
    assert len(cut.history) == len(whole.history)
    assert kept(cut) == kept(whole)


def test_an_average_resumed_ends_byte_equal(keras, small_folder, monkeypatch):
    """quick has batch norm; what is kept of the second epoch is an average from the first on."""
    averaging = Recipe(batch_size=64, learning_rate=0.02, ema=0.999)
    monkeypatch.setitem(NETWORKS["quick"].recipes, "averaging", averaging)
    more = {"model": "quick", "recipe": "averaging"}
    whole = train(config(small_folder, out="whole", **more), Silent())
    assert whole.metrics["averaged"]
    assert kept(cut_and_resume(small_folder, 1, **more)) == kept(whole)


def test_early_stop_of_classic_holds_images_out_for_it(keras, small_folder):
    run = train(config(small_folder, early_stop=1), Silent())
    assert run.plan.config.recipe == "classic"
    assert run.metrics["validated_on"] == "held-out training images"


def test_classic_chooses_nothing_on_the_test_set(keras, small_folder):
    run = train(config(small_folder, epochs=4, learning_rate=0.03))
    assert run.metrics["kept_epoch"] == 4
    assert run.metrics["accuracy"] == run.history[-1].val_accuracy


@pytest.mark.parametrize("count", [20, 300])
def test_an_averaging_network_saves_what_it_showed_after_a_few_steps(
    keras, sample, tmp_path, count
):
    """small averages its weights and has batch norm; these runs have one to six steps."""
    images, labels = sample.train_images, sample.train_labels
    rows = np.concatenate([np.flatnonzero(labels == d)[: count // 10] for d in range(10)])
    np.savez(
        tmp_path / "few.npz",
        x_train=images[rows],
        y_train=labels[rows],
        x_test=images[-100:],
        y_test=labels[-100:],
    )
    run = train(config(tmp_path / "few.npz", model="small"), Silent())
    images, labels = run.plan.validation_set
    answers = OnnxModel(run.folder / "model.onnx").predict(images).argmax(1)
    assert (answers == labels).mean() == run.history[-1].val_accuracy
    if count == 300:
        assert run.history[-1].val_accuracy > 0.5
