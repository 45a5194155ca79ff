from pathlib import Path

import numpy as np
import pytest

from digit_classifier.drawn import styles
from evaluation import networks


@pytest.fixture(scope="session")
def matrix() -> np.ndarray:
    """Weights of a linear reader, float32 (784, 10)."""
    return networks.weights()


@pytest.fixture(scope="session")
def drawn() -> tuple[np.ndarray, np.ndarray]:
    """Digits drawn here: images and labels."""
    return styles.generate(240, seed=77)


@pytest.fixture
def linear(tmp_path: Path, matrix: np.ndarray) -> Path:
    """A network of this project's kind: uint8 in, probabilities out."""
    return networks.write(tmp_path / "linear.onnx", matrix)
