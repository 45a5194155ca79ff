"""`train` as it is called from Python: settings by name, what it shows, what it gives."""

import inspect
import random
import signal
import subprocess
import sys
import threading
import types
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

from digit_classifier import DigitReader, Listener, Run, TrainConfig, train
from digit_classifier.errors import OptionError
from digit_classifier.training.loop import stoppable

QUICK = {"epochs": 1, "out": "run"}


def test_every_setting_is_a_keyword_with_its_default_and_its_type():
    shown = inspect.signature(train).parameters
    for each in fields(TrainConfig):
        assert (shown[each.name].default, shown[each.name].annotation) == (each.default, each.type)


def test_settings_by_name_train_and_are_kept_as_plain_python(keras, small_folder, tmp_path):
    run = train(dataset=Path(small_folder), epochs=np.int64(2), learning_rate=1, out=tmp_path / "r")
    assert run.plan.config == TrainConfig(
        dataset=str(small_folder), epochs=2, learning_rate=1.0, out=str(tmp_path / "r"),
        recipe="classic",
    )  # fmt: skip
    assert len(run.history) == 2


def test_settings_go_on_top_of_a_config(keras, small_folder):
    config = TrainConfig(dataset=str(small_folder), epochs=3, seed=7)
    run = train(config, epochs=1, out="run", quiet=True)
    assert (run.plan.config.epochs, run.plan.config.seed) == (1, 7)
    assert DigitReader(run).name == "run"


def test_the_history_is_of_plain_numbers(keras, small_folder):
    run = train(dataset=small_folder, **QUICK)
    assert {type(value) for value in vars(run.history[-1]).values()} <= {int, float, bool}


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"epoch": 2}, r"there is no setting epoch\. Did you mean epochs\?"),
        ({"x": 2}, r"there is no setting x\. There are: dataset, .*, mlflow\."),
        ({"epochs": "2"}, "^epochs is '2'; it must be a whole number"),
        ({"epochs": True}, "^epochs is True; it must be a whole number"),
        ({"seed": None}, "^seed is None; it must be a whole number"),
        ({"learning_rate": "high"}, "^learning_rate is 'high'; it must be a number"),
        ({"offline": "no"}, "^offline is 'no'; it must be True or False"),
        ({"dataset": np.zeros((9, 28, 28))}, "^dataset is a ndarray; it must be a name or a path"),
        ({"model": "cnm"}, "^model 'cnm' is not known"),
        ({"config": "sample"}, r'a str was given as config.*train\(dataset="sample"\)'),
    ],
)
def test_a_setting_that_makes_no_sense_is_one_sentence_and_leaves_no_folder(
    tmp_path, settings, sentence
):
    with pytest.raises(OptionError, match=sentence):
        train(**settings)
    assert not list(tmp_path.iterdir())


def test_a_run_is_three_lines_a_folder_a_network_and_its_history(keras, small_folder, sample):
    run = train(dataset=small_folder, **QUICK)
    network, accuracy, folder = repr(run).splitlines()
    assert network.startswith("Network   mlp, 26,506 parameters: 1 epoch of recipe classic on own")
    low, high = run.metrics["interval"]
    assert accuracy == (
        f"Accuracy  {100 * run.metrics['accuracy']:.2f} % of 200 test images "
        f"(95 % interval {100 * low:.2f} to {100 * high:.2f} %)"
    )
    assert folder == "Folder    run"
    assert run.folder == Path("run")
    assert run.history[-1].val_accuracy == pytest.approx(run.metrics["accuracy"])

    images, labels = sample.test_images[:200], sample.test_labels[:200]
    right = run.model.predict(images, verbose=0).argmax(1) == labels
    assert right.mean() == run.metrics["accuracy"]
    assert run.model.evaluate(images, labels, verbose=0)[1] == pytest.approx(right.mean())
    assert DigitReader(run.folder).name == "run"


def test_a_line_on_standard_error_follows_the_training_and_quiet_leaves_it_out(
    keras, small_folder, capsys
):
    train(dataset=small_folder, **QUICK)
    shown = capsys.readouterr()
    assert shown.out == ""
    last = shown.err.splitlines()[-1]
    assert last.startswith("mlp on own data: small.npz: finished after epoch 1, validation acc")
    train(dataset=small_folder, epochs=1, out="quiet", quiet=True)
    train(TrainConfig(dataset=str(small_folder), epochs=1, out="own"), Listener())
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("quiet", [False, True])
def test_the_sample_in_place_of_mnist_is_a_warning_at_the_users_line(keras, monkeypatch, quiet):
    monkeypatch.setenv("KERAS_HOME", "nowhere")
    with pytest.warns(UserWarning, match="built-in MNIST sample .* not MNIST") as told:
        run = train(offline=True, quiet=quiet, **QUICK)
    ours = [warning.filename for warning in told if "not MNIST" in str(warning.message)]
    assert ours == [__file__]
    assert "on MNIST sample (5,000 images)" in repr(run)


def test_the_users_own_random_numbers_go_on_as_if_nothing_had_been_trained(keras, small_folder):
    random.seed(1)
    np.random.seed(1)  # noqa: NPY002
    expected = random.random(), np.random.random()  # noqa: NPY002
    random.seed(1)
    np.random.seed(1)  # noqa: NPY002
    train(dataset=small_folder, quiet=True, **QUICK)
    assert (random.random(), np.random.random()) == expected  # noqa: NPY002


def test_a_users_own_layout_of_images_changes_nothing_and_is_left_alone(keras, small_folder):
    usual = train(dataset=small_folder, quiet=True, epochs=1, out="usual")
    keras.config.set_image_data_format("channels_first")
    try:
        same = train(dataset=small_folder, quiet=True, **QUICK)
        assert keras.config.image_data_format() == "channels_first"
    finally:
        keras.config.set_image_data_format("channels_last")
    assert same.metrics["loss"] == usual.metrics["loss"]


def test_a_distribution_strategy_around_it_is_refused(keras, small_folder, tmp_path):
    import tensorflow as tf

    with (
        tf.distribute.OneDeviceStrategy("/cpu:0").scope(),
        pytest.raises(OptionError, match=r"tf\.distribute strategy.*outside of the scope"),
    ):
        train(dataset=small_folder, **QUICK)
    assert not (tmp_path / "run").exists()


def test_it_trains_without_a_standard_error(small_folder):
    code = (
        "import sys; sys.stderr = None\nfrom digit_classifier import train\n"
        f"print(len(train(dataset={str(small_folder)!r}, epochs=1, out='run').history))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "1\n")


def test_a_thread_trains_too(keras, small_folder):
    given: list[Run] = []
    thread = threading.Thread(
        target=lambda: given.append(train(dataset=small_folder, quiet=True, **QUICK))
    )
    thread.start()
    thread.join()
    assert given[0].folder == Path("run")


def test_in_an_interactive_session_a_second_interrupt_does_not_end_python(monkeypatch):
    monkeypatch.setattr(sys, "ps1", ">>> ", raising=False)
    with pytest.raises(KeyboardInterrupt), stoppable() as stop:
        signal.raise_signal(signal.SIGINT)
        assert stop()
        signal.raise_signal(signal.SIGINT)


class _Shell:
    """Stands where a Jupyter kernel's shell does."""

    kernel = object()


def test_in_a_notebook_one_output_is_renewed_with_a_line_and_both_plots(
    keras, plots, small_folder, monkeypatch
):
    shown = []

    class Handle:
        def update(self, content):
            shown.append(content)

    def display(content, display_id):
        assert display_id
        shown.append(content)
        return Handle()

    ipython, inner = types.ModuleType("IPython"), types.ModuleType("IPython.display")
    ipython.get_ipython, inner.HTML, inner.display = _Shell, str, display
    ipython.version_info = (9, 0, 0)  # matplotlib asks
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    monkeypatch.setitem(sys.modules, "IPython.display", inner)
    train(dataset=small_folder, **QUICK)
    assert "finished after epoch 1, validation accuracy" in shown[-1]
    assert shown[-1].count('src="data:image/png;base64,') == 2


def test_a_notebook_shows_an_error_as_one_sentence():
    with pytest.raises(OptionError) as caught:
        train(epoch=2)
    assert caught.value._render_traceback_() == [f"OptionError: {caught.value}"]
