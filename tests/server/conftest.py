import io
from collections.abc import Callable, Iterator
from pathlib import Path

import onnx
import pytest
from PIL import Image

from digit_classifier import weights
from reader import drawing
from server.process import Server


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """A server that many tests share; none of them changes it."""
    running = Server()
    yield running
    running.stop()


@pytest.fixture(scope="session")
def keeping(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The same for a server that keeps corrections."""
    running = Server("--corrections", str(tmp_path_factory.mktemp("kept")))
    yield running
    running.stop()


@pytest.fixture
def start() -> Iterator[Callable[..., Server]]:
    """Starts servers with flags of a test's own, and stops them in the end.

    One process reads unless a test says more; the servers that tests share have as many as usual.
    """
    running: list[Server] = []

    def begin(*flags: str) -> Server:
        one = () if "--workers" in flags else ("--workers", "1")
        running.append(Server(*flags, *one))
        return running[-1]

    yield begin
    for each in running:
        each.process.kill()
        each.stop()


def as_png(text: str) -> bytes:
    file = io.BytesIO()
    Image.fromarray(drawing.page(text)).save(file, format="PNG")
    return file.getvalue()


@pytest.fixture(scope="session")
def picture() -> bytes:
    """A PNG file that shows 42."""
    return as_png("42")


@pytest.fixture(scope="session")
def slow_picture() -> bytes:
    """A PNG file that takes a good while to read."""
    page = Image.fromarray(drawing.page("/".join(["0123456789"] * 8)))
    file = io.BytesIO()
    page.resize((3000, 3000)).save(file, format="PNG")
    return file.getvalue()


@pytest.fixture(scope="session")
def mine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model that does not ship: small's network under a name of its own."""
    network = onnx.load(weights.find("small"))
    onnx.helper.set_model_props(network, {"name": "mine"})
    path = tmp_path_factory.mktemp("model") / "mine.onnx"
    onnx.save(network, path)
    return path
