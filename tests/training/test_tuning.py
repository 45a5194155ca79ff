"""Going on from a trained network with pictures of one's own."""

import json
import signal
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from digit_classifier import DigitReader, weights
from digit_classifier.dataset.labelled import fifths
from digit_classifier.drawn import styles
from digit_classifier.errors import OptionError
from digit_classifier.onnx_model import OnnxModel
from digit_classifier.training import Listener, resume, train
from digit_classifier.training.background import BackgroundTraining
from digit_classifier.training.networks import NETWORKS

# The sample stands in for MNIST, and a warning says so.
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")
QUICK = {"start": "mlp", "offline": True, "epochs": 1, "out": "run"}


@pytest.fixture
def pictures(tmp_path):
    """Writes a folder as `digits serve --corrections` keeps it: drawn digits as pictures."""

    def write(n, only=None):
        images, labels = styles.generate(40 * n, 5)
        kept = np.flatnonzero(labels == only) if only is not None else np.arange(len(labels))
        for at in kept[:n].tolist():
            path = tmp_path / "own" / str(labels[at]) / f"20261125T120000-{at:016x}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(255 - np.pad(images[at], 20)).save(path)
        return str(tmp_path / "own")

    return write


@pytest.fixture
def tuned(keras, pictures):
    return train(dataset=pictures(40), **QUICK)


def test_it_tells_before_and_after_on_pictures_that_it_did_not_learn_from(tuned):
    said = json.loads((tuned.folder / "metrics.json").read_text())["tuned"]
    assert (said["learned_from"], said["own"]["n"]) == (32, 8)
    held_out = tuned.plan.tuning.own
    model = OnnxModel(weights.find("mlp"))
    before = model.predict(held_out.test_images).argmax(axis=1)
    assert said["own"]["before"]["right"] == np.count_nonzero(before == held_out.test_labels)
    after = OnnxModel(tuned.folder / "model.onnx").predict(held_out.test_images).argmax(axis=1)
    assert said["own"]["after"]["right"] == np.count_nonzero(after == held_out.test_labels)
    assert said["mnist"]["images"] == "1,000 test images of MNIST sample (5,000 images)"
    shown = repr(tuned)
    assert "8 held-out pictures of own data: own\n  before" in shown
    assert "McNemar's p" in shown
    learned = {image.tobytes() for image in held_out.train_images}
    assert not learned & {image.tobytes() for image in held_out.test_images}


def test_a_fine_tuned_run_is_a_run_that_says_what_it_began_from(tuned):
    reader = DigitReader(tuned.folder)
    said = reader.model.metadata["tuned"]
    assert said["from"] == "mlp"
    assert said["from_sha256"] == tuned.plan.tuning.start.sha256
    assert reader.model.metadata["network"] == "mlp"
    assert "reject" in reader.model.metadata
    assert Image.open(tuned.folder / "changed.png").width > 100
    again = train(dataset="own", **{**QUICK, "start": str(tuned.folder), "out": "again"})
    assert again.metrics["tuned"]["from"] == str(tuned.folder)


def test_stopped_and_resumed_the_weights_end_equal(keras, pictures):
    class Stop(Listener):
        def on_epoch(self, row):
            signal.raise_signal(signal.SIGINT)

    how = {**QUICK, "epochs": 2, "dataset": pictures(20)}
    stopped = train(listener=Stop(), **how)
    assert stopped.stopped
    whole = train(**{**how, "out": "whole"})
    resumed = resume("run")
    assert len(resumed.history) == 2
    for one, other in zip(resumed.model.get_weights(), whole.model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    assert resumed.metrics["tuned"]["own"] == whole.metrics["tuned"]["own"]


def test_each_of_few_pictures_is_read_by_a_network_that_did_not_learn_from_it(keras, pictures):
    run = train(dataset=pictures(6), **QUICK)
    own = run.metrics["tuned"]["own"]
    assert own["n"] == run.metrics["tuned"]["learned_from"] == 6
    assert "each read by a network that did not learn from it" in own["images"]
    assert "6 pictures, too few to hold a fifth out" in " ".join(run.plan.dataset.notes)


@pytest.mark.parametrize(("n", "only", "held_out"), [(1, None, None), (25, 7, 5)])
def test_one_picture_and_one_digit_alone_are_learned_from(keras, pictures, n, only, held_out):
    folder = pictures(n, only)
    Path(folder, "3").mkdir(exist_ok=True)
    Path(folder, "3", "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    run = train(dataset=folder, **QUICK)
    assert run.metrics["tuned"].get("own", {}).get("n") == held_out
    notes = " ".join(run.plan.dataset.notes)
    assert "that cannot be read: 3/broken.png" in notes
    assert ("none is left to measure with" in notes) == (n == 1)


def test_a_test_part_of_ones_own_is_what_is_held_out(keras, tmp_path):
    images, labels = styles.generate(60, 5)
    np.savez(
        "own.npz", x_train=images[:30], y_train=labels[:30], x_test=images[30:], y_test=labels[30:]
    )
    said = train(dataset="own.npz", **QUICK).metrics["tuned"]
    assert (said["learned_from"], said["own"]["n"]) == (30, 30)


def test_a_fifth_of_every_digit_is_held_out_and_equal_pictures_together():
    images, labels = styles.generate(400, 1)
    images[-1], labels[-1] = images[0], labels[0]
    parts = fifths(images, labels)
    assert parts[-1] == parts[0]
    for digit in range(10):
        counts = np.bincount(parts[labels == digit], minlength=5)
        assert counts.max() - counts.min() <= 2
    order = np.random.default_rng(0).permutation(400)
    np.testing.assert_array_equal(fifths(images[order], labels[order]), parts[order])


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"start": None, "recipe": "tune"}, "recipe='tune' is for going on from a trained network"),
        ({"start": None, "mix": 0.5}, "mix=0.5 is for going on .* Name one: start='cnn'"),
        ({"start": "ensemble"}, "3 networks in one file. Begin with .* start='cnn'"),
        ({"model": "cnn"}, "is the network mlp, model='cnn' another. Leave model= out"),
        ({"recipe": "best"}, "recipe='best' trains from nothing"),
        ({"early_stop": 3}, "early_stop= would choose by images of MNIST"),
        ({"dataset": "auto"}, "pictures of your own beside MNIST: name them with dataset="),
        ({"mix": 1.0}, "mix is 1.0; it must be from 0 to below 1"),
    ],
)
def test_what_does_not_go_together_is_one_sentence_and_leaves_no_folder(settings, sentence):
    with pytest.raises(OptionError, match=sentence):
        train(**{**QUICK, "dataset": "own", **settings})
    assert not Path("run").exists()


@pytest.mark.parametrize("name", [name for name in NETWORKS if not NETWORKS[name].train])
def test_every_network_that_classifies_has_a_recipe_to_tune_it(name):
    assert 0 < NETWORKS[name].recipe("tune").mix < 1


def test_few_own_images_without_a_start_are_said_to_start_from_nothing(keras, pictures):
    run = train(dataset=pictures(40), epochs=1, out="run", quiet=True)
    assert "starts from nothing" in (notes := " ".join(run.plan.dataset.notes))
    assert "start='cnn'" in notes


def test_in_the_background_its_events_tell_the_run_and_its_end(pictures):
    training = BackgroundTraining(**QUICK, dataset=pictures(20))
    events = list(training)
    kinds = [event["event"] for event in events]
    assert kinds[-1] == "end"
    assert {"task", "start", "progress", "epoch"} <= set(kinds)
    assert events[-1]["folder"] == "run"
    assert events[-1]["metrics"]["tuned"]["own"]["n"] == 4
    assert not training.running


def test_a_background_training_is_stopped_resumable_and_leaves_no_process(pictures):
    training = BackgroundTraining(**{**QUICK, "epochs": 500}, dataset=pictures(20))
    for event in training:
        if event["event"] == "epoch":
            training.stop()
    assert (event["event"], event["stopped"]) == ("end", True)
    assert not training.running
    assert (Path(event["folder"]) / "checkpoint.npz").is_file()


def test_a_background_training_that_cannot_be_says_why():
    (event,) = BackgroundTraining(start="nobody", dataset="own")
    assert event["event"] == "failed"
    assert "no model called nobody" in event["sentence"]
