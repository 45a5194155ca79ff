import os
from pathlib import Path

import numpy as np
import pytest

from digit_classifier import dataset
from digit_classifier.dataset import sample


@pytest.fixture(scope="session")
def digits(tmp_path_factory: pytest.TempPathFactory) -> np.ndarray:
    """uint8, shape (1000, 28, 28): the built-in sample's test images."""
    return sample.load(tmp_path_factory.mktemp("sample")).test_images


@pytest.fixture(scope="session")
def mnist(digits: np.ndarray) -> np.ndarray:
    """MNIST's 10,000 test images where MNIST_DATA_DIR is set, else the sample's 1,000."""
    folder = os.environ.get("MNIST_DATA_DIR")
    if not folder or not Path(folder).is_dir():
        return digits
    return dataset.load("mnist", data_dir=folder).test_images


@pytest.fixture(scope="session")
def digit(digits: np.ndarray) -> np.ndarray:
    """One image: a 2 or so, with strokes in all directions."""
    return digits[250]
