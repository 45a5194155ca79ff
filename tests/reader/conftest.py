from pathlib import Path

import pytest
from PIL import Image

from digit_classifier.reader import DigitReader
from reader import drawing


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small network that reads what the tests draw."""
    return drawing.write_model(tmp_path_factory.mktemp("model") / "linear.onnx")


@pytest.fixture(scope="session")
def digits(model: Path) -> DigitReader:
    return DigitReader(model)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three pictures and one text file that says it is a picture."""
    for name in ("3", "5", "12"):
        Image.fromarray(drawing.page(name)).save(tmp_path / f"{name}.png")
    (tmp_path / "broken.png").write_text("no picture at all")
    return tmp_path
