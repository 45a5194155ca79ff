"""No command asks the network for anything it was not asked to, or writes what it does not say.

Each runs under strace, in a home that was never used, so that the first start of every library
that it imports is seen, in its worker processes too.
"""

import importlib.util
import os
import re
import shutil
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import numpy as np
import pytest

from digit_classifier.drawn import styles

STRACE = shutil.which("strace")
pytestmark = pytest.mark.skipif(
    STRACE is None and "REQUIRE_STRACE" not in os.environ,
    reason="strace is not installed, which shows what asks the network",
)
DIGITS = [sys.executable, "-m", "digit_classifier"]
# What README says that the libraries keep in a home: matplotlib's list of fonts, and our cache.
ALLOWED = (".cache/matplotlib", ".config/matplotlib", ".cache/mnist-digit-classifier")
_ADDRESS = re.compile(r'sin_addr=inet_addr\("([^"]+)"\)|inet_pton\(AF_INET6, "([^"]+)"')


class Machine:
    """A home, a temporary folder and a working folder that nobody has used yet."""

    def __init__(self, folder: Path) -> None:
        self.work, self.home, self.temporary = (folder / n for n in ("work", "home", "tmp"))
        for place in (self.work, self.home, self.temporary):
            place.mkdir()
        self._trace = folder / "strace.txt"
        told = ("ORT_", "MLFLOW_", "KERAS_", "TF_", "XDG_", "MPL", "DIGITS_", "MNIST_")
        self.environment = {k: v for k, v in os.environ.items() if not k.startswith(told)} | {
            "HOME": str(self.home), "TMPDIR": str(self.temporary),
        }  # fmt: skip

    def start(self, *line: object) -> "subprocess.Popen[str]":
        """Start a program whose every attempt to reach something is written down."""
        watch = [str(STRACE), "-f", "-qq", "--seccomp-bpf", "-A", "-o", str(self._trace),
                 "-e", "trace=connect,sendto,sendmsg,sendmmsg"]  # fmt: skip
        return subprocess.Popen(
            [*watch, *map(str, line)], cwd=self.work, env=self.environment, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip

    def run(self, *line: object) -> str:
        started = self.start(*line)
        out, err = started.communicate(timeout=280)
        assert started.returncode == 0, f"{line}\n{out}\n{err}"
        return out

    def asked(self) -> list[str]:
        """System calls that went to another machine, or to whoever resolves names."""
        calls = []
        for line in self._trace.read_text("utf-8", "replace").splitlines():
            for address in (four or six for four, six in _ADDRESS.findall(line)):
                local = address.startswith("127.") or address in ("::1", "::ffff:127.0.0.1")
                if not local or "htons(53)" in line:
                    calls.append(line)
        return calls

    def left(self) -> list[str]:
        """Files outside the working folder that README does not name."""
        files = [p for p in self.home.rglob("*") if not p.is_dir()]
        kept = [str(p.relative_to(self.home)) for p in files]
        return [name for name in kept if not name.startswith(ALLOWED)] + [
            str(path) for path in self.temporary.iterdir()
        ]


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


@pytest.fixture
def data(machine: Machine) -> str:
    """100 drawn digits, as many for training as for testing."""
    images, labels = styles.generate(100, seed=5)
    parts = {"x_train": images, "y_train": labels, "x_test": images, "y_test": labels}
    np.savez(machine.work / "own.npz", **parts)
    return "own.npz"


def test_a_program_that_asks_would_be_seen(machine):
    """What the others rely on: port 9 of an address that belongs to nobody."""
    ask = (
        "import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM).connect(('192.0.2.1', 9))"
    )
    machine.run(sys.executable, "-c", f"{ask}; open('{machine.home}/x', 'w').close()")
    assert len(machine.asked()) == 1
    assert machine.left() == ["x"]


def test_training_asks_and_leaves_nothing(machine, data):
    flags = ["--dataset", data, "--offline", "--epochs", "1", "--out", "run", "--no-show"]
    if importlib.util.find_spec("tensorboard"):
        flags.append("--tensorboard")
    if importlib.util.find_spec("mlflow"):
        flags += ["--mlflow", "sqlite:///mlflow.db"]
    machine.run(*DIGITS, "train", *flags)
    machine.run(*DIGITS, "data", "show", "--dataset", "sample", "--offline")
    assert machine.asked() == []
    assert machine.left() == []
    known = {"run", "own.npz", "digits.png", "mlflow.db"}
    assert {path.name for path in machine.work.iterdir()} <= known


def test_judging_asks_and_leaves_nothing(machine, data):
    machine.run(*DIGITS, "evaluate", "mlp", "--dataset", data, "--quick")
    machine.run(*DIGITS, "compare", "mlp", "small", "--dataset", data, "--no-robustness")
    assert machine.asked() == []
    assert machine.left() == []
    assert {path.name for path in machine.work.iterdir()} == {"reports", "comparison", "own.npz"}


def test_reading_asks_and_leaves_nothing(machine):
    picture = shutil.copy(Path(__file__).parents[1] / "docs" / "reading.png", machine.work)
    reader = "from digit_classifier import DigitReader as R; print(R().read('reading.png').text)"
    machine.run(sys.executable, "-c", reader)
    machine.run(*DIGITS, "predict", picture, picture, "--jobs", "2", "--json")
    machine.run(*DIGITS, "models")
    machine.run(*DIGITS, "data")
    machine.run(*DIGITS, "runs")
    assert machine.asked() == []
    assert machine.left() == []


def test_serving_asks_and_leaves_nothing(machine):
    picture = Path(__file__).parents[1] / "docs" / "reading.png"
    server = machine.start(*DIGITS, "serve", "--port", "0", "--workers", "1")
    try:
        address = server.stdout.readline().strip().rstrip("/")
        body = urllib.request.Request(f"{address}/v1/read", picture.read_bytes())
        body.add_header("Content-Type", "image/png")
        assert b'"text"' in urllib.request.urlopen(body, timeout=60).read()
        os.kill(
            int(Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text()), signal.SIGINT
        )
        server.communicate(timeout=60)
    finally:
        server.kill()
    assert machine.asked() == []
    assert machine.left() == []
