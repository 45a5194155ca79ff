"""Small data in place of MNIST: drawn digits, which the shipped networks read."""

import numpy as np
import pytest

from digit_classifier.dataset import load
from digit_classifier.drawn import styles
from digit_classifier.training.backend import start


@pytest.fixture(scope="session")
def data(tmp_path_factory):
    images, labels = styles.generate(400, seed=1)
    path = tmp_path_factory.mktemp("data") / "drawn.npz"
    np.savez(path, x_train=images, y_train=labels, x_test=images[:200], y_test=labels[:200])
    return path


@pytest.fixture(scope="session")
def dataset(data):
    return load(str(data), warn=False)


@pytest.fixture(scope="session")
def keras():
    start("tensorflow")
    import keras

    return keras


@pytest.fixture(scope="session")
def sample_images():
    """Twenty of MNIST's own."""
    return load("sample", warn=False).test_images[:20]
