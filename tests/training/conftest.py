from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from digit_classifier.dataset import Dataset, load
from digit_classifier.training.backend import start


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache that holds the built-in sample, parsed once for all tests."""
    folder = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DIGITS_CACHE_DIR", str(folder))
        load("sample")
    return folder


@pytest.fixture(autouse=True)
def own_machine(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder, and nobody's settings but the sample's cache."""
    monkeypatch.setenv("DIGITS_CACHE_DIR", str(cache))
    monkeypatch.setenv("MPLBACKEND", "agg")
    monkeypatch.delenv("MNIST_DATA_DIR", raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def plots() -> None:
    """Is asked for by the tests that look at what a training draws."""


@pytest.fixture(autouse=True)
def draw_only_where_it_is_looked_at(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Drawing is a third of the time of so short a training."""
    if "plots" not in request.fixturenames:
        for module in ("outputs", "curves"):
            name = f"digit_classifier.training.{module}.save_curves"
            monkeypatch.setattr(name, lambda *_arguments: None)


@pytest.fixture(scope="session")
def keras():
    start("tensorflow")
    import keras

    return keras


@pytest.fixture(scope="session")
def sample(cache: Path) -> Dataset:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DIGITS_CACHE_DIR", str(cache))
        return load("sample")


@pytest.fixture
def small_folder(tmp_path: Path, sample: Dataset) -> Path:
    """600 + 200 images as an .npz, for trainings that need not learn much."""
    import numpy as np

    path = tmp_path / "small.npz"
    np.savez(
        path,
        x_train=sample.train_images[:600],
        y_train=sample.train_labels[:600],
        x_test=sample.test_images[:200],
        y_test=sample.test_labels[:200],
    )
    return path


@pytest.fixture(scope="session")
def finished_run(cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One real `digits train` on the sample, in a process of its own."""
    folder = tmp_path_factory.mktemp("finished")
    environment = {**os.environ, "DIGITS_CACHE_DIR": str(cache), "MPLBACKEND": "agg"}
    result = subprocess.run(
        [*DIGITS, "train", "--dataset", "sample", "--epochs", "4", "--out", "run"],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stderr
    (folder / "stdout.txt").write_text(result.stdout)
    (folder / "stderr.txt").write_text(result.stderr)
    return folder / "run"


@pytest.fixture
def own_copy(finished_run: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(finished_run, tmp_path / "copy"))


DIGITS = [sys.executable, "-m", "digit_classifier"]


@pytest.fixture
def digits() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run the command line in a process of its own."""

    def run(*arguments: object, **more: object) -> subprocess.CompletedProcess[str]:
        words = [*DIGITS, *map(str, arguments)]
        return subprocess.run(words, capture_output=True, text=True, timeout=120, **more)

    return run
