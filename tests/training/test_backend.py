import os
import subprocess
import sys

import numpy as np
import pytest

from digit_classifier.errors import MissingExtraError, OptionError
from digit_classifier.training.backend import check_installed, seeded, start, without_chatter
from digit_classifier.training.networks import build


def test_the_backend_cannot_be_changed_behind_keras_back(keras):
    start("tensorflow")
    with pytest.raises(OptionError, match=r"already runs on tensorflow.*jax was asked for"):
        start("jax")


def test_an_unknown_backend_is_refused_with_the_known_ones():
    with pytest.raises(OptionError, match=r"'torch'.*tensorflow, jax"):
        start("torch")


def test_tensorflow_starts_in_silence():
    code = "from digit_classifier.training.backend import start; start('tensorflow')"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


def test_a_lean_start_imports_nothing_that_training_never_uses():
    code = (
        "import sys; from digit_classifier.training.backend import start\n"
        "start('tensorflow', lean=True)\n"
        "print(*{'matplotlib.pyplot', 'pandas', 'scipy', 'sklearn'} & set(sys.modules))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (result.stdout, result.stderr) == ("\n", "")


def test_what_is_not_chatter_is_let_through(capfd):
    with without_chatter():
        os.write(2, b"I0000 00:00:1 port.cc:153] oneDNN custom operations are on.\n")
        os.write(2, b"2026-11-23 05:00:00.1: I tensorflow/core/util/port.cc:153] hello\n")
        os.write(2, b"W0000 00:00:1 cuda.cc:1] the driver is too old\n")
        os.write(2, b"Traceback (most recent call last):\n")
    assert capfd.readouterr().err == (
        "W0000 00:00:1 cuda.cc:1] the driver is too old\nTraceback (most recent call last):\n"
    )


def test_what_was_held_back_comes_out_when_loading_fails(capfd):
    with pytest.raises(ImportError), without_chatter():
        os.write(2, b"libcuda.so: cannot open\n")
        raise ImportError
    assert "cannot open" in capfd.readouterr().err


@pytest.mark.parametrize(("missing", "extra"), [("keras", "train"), ("jax", "jax")])
def test_what_is_not_installed_is_named_with_the_extra_that_brings_it(monkeypatch, missing, extra):
    import importlib.util

    real = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == missing else real(name)
    )
    with pytest.raises(MissingExtraError, match=rf"{missing} is not installed.*\[{extra}\]"):
        check_installed("jax")


def test_all_of_a_long_seed_decides_the_untrained_weights(keras):
    weights = []
    for seed in (3, 3 + 2**32):
        with seeded(seed):
            weights.append(build("mlp").get_weights()[0])
    assert not np.array_equal(*weights)
