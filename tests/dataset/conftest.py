import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from dataset import mirror, stand_in
from digit_classifier.dataset import download, sample
from digit_classifier.dataset.labelled import Arrays


@pytest.fixture(autouse=True)
def fresh_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine that has no copy of anything, with nobody's settings."""
    for name in list(os.environ):
        if name.lower().endswith("_proxy") or name in ("MNIST_DATA_DIR", "DIGITS_MIRRORS"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("DIGITS_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    return work


@pytest.fixture(scope="session")
def kept_sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache that holds the sample: parsing takes two seconds, so once for all tests."""
    folder = tmp_path_factory.mktemp("kept")
    sample.load(folder)
    return folder


@pytest.fixture
def sample_here(kept_sample: Path, tmp_path: Path) -> None:
    (tmp_path / "cache").mkdir()
    shutil.copy(kept_sample / "sample.npz", tmp_path / "cache")


@pytest.fixture
def arrays() -> Arrays:
    return stand_in.make_arrays()


@pytest.fixture
def published_folder(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """What a mirror serves; the package takes it for MNIST."""
    folder = tmp_path_factory.mktemp("published")
    stand_in.write_all(folder)
    for name in ("FILES", "ARCHIVE", "DIGEST"):
        monkeypatch.setattr(download, name, getattr(download, name))  # put back afterwards
    stand_in.publish(folder)
    return folder


@pytest.fixture
def server(published_folder: Path) -> Iterator[mirror.Mirror]:
    with mirror.serving(published_folder) as running:
        yield running
