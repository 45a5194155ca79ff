import os
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest

from dataset import stand_in
from digit_classifier import cache
from digit_classifier.dataset import Dataset, download, labelled, load, sample
from digit_classifier.errors import (
    DataError,
    DownloadError,
    MissingExtraError,
    OptionError,
    StorageError,
    UnreachableError,
)

NOBODY = ["http://127.0.0.1:9/"]  # a port where nothing listens


def no_network(*_, **__):
    raise AssertionError("asked the network")


@pytest.fixture
def no_asking(monkeypatch):
    monkeypatch.setattr("digit_classifier.dataset.download.fetch", no_network)


@pytest.fixture
def own(tmp_path, arrays) -> Path:
    """A folder of IDX files that are not MNIST, in a folder called so."""
    other = arrays._replace(test_labels=arrays.test_labels[::-1].copy())
    stand_in.write_idx(tmp_path / "mnist", other)
    return tmp_path / "mnist"


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-20])


@pytest.mark.parametrize("dataset", ["auto", "mnist"])
def test_data_dir_is_used_and_the_network_not_asked(published_folder, no_asking, dataset):
    data = load(dataset, data_dir=published_folder)
    assert data.name == "MNIST"
    assert data.sha256 == download.DIGEST
    assert str(published_folder) in data.source
    assert not data.is_sample
    assert data.notes == ()


def test_data_dir_may_be_an_npz_or_a_folder_that_holds_one(published_folder, tmp_path, no_asking):
    assert load(data_dir=published_folder / "mnist.npz").name == "MNIST"
    shutil.copy(published_folder / "mnist.npz", tmp_path)
    assert load(data_dir=str(tmp_path)).name == "MNIST"


def test_environment_variable_names_the_folder(published_folder, monkeypatch, no_asking):
    monkeypatch.setenv("MNIST_DATA_DIR", str(published_folder))
    assert "MNIST_DATA_DIR" in load().source


def test_data_dir_goes_before_the_environment(published_folder, monkeypatch, no_asking):
    monkeypatch.setenv("MNIST_DATA_DIR", "/nowhere")
    assert load(data_dir=published_folder).name == "MNIST"


@pytest.mark.parametrize("dataset", ["auto", "mnist"])
def test_corrupt_data_dir_is_an_error_even_where_a_good_copy_is_near(
    published_folder, tmp_path, dataset
):
    shutil.copytree(published_folder, tmp_path / "cache" / "mnist")
    bad = tmp_path / "bad"
    shutil.copytree(published_folder, bad)
    cut(bad / "train-images-idx3-ubyte.gz")
    with pytest.raises(DataError, match=r"train-images.*truncated"):
        load(dataset, data_dir=bad)


@pytest.mark.parametrize("where", ["nothing there", "empty"])
def test_data_dir_without_mnist_is_an_error_that_says_what_to_do(tmp_path, where):
    folder = tmp_path / "new"
    if where == "empty":
        folder.mkdir()
    with pytest.raises(DataError, match=r"digits data download|Check the path"):
        load(data_dir=folder)


@pytest.mark.parametrize("dataset", ["auto", "mnist"])
def test_other_data_in_data_dir_are_not_taken_for_mnist(published_folder, own, dataset):
    with pytest.raises(DataError, match=r"is not MNIST: .*dataset="):
        load(dataset, data_dir=own)


def copy_to_cache(published_folder: Path) -> Path:
    return Path(shutil.copytree(published_folder, cache.folder() / "mnist"))


def copy_to_keras(published_folder: Path) -> Path:
    folder = Path(os.environ["KERAS_HOME"], "datasets")
    folder.mkdir(parents=True)
    return Path(shutil.copy(published_folder / "mnist.npz", folder))


def copy_to_torchvision(published_folder: Path) -> Path:
    raw = Path("data", "MNIST", "raw")
    stand_in.write_idx(raw, stand_in.make_arrays(), zipped=False)
    return raw


COPIES = {"cache": copy_to_cache, "Keras": copy_to_keras, "torchvision": copy_to_torchvision}


@pytest.mark.parametrize("label", COPIES)
@pytest.mark.parametrize("dataset", ["auto", "mnist"])
def test_copy_on_this_machine_is_used(published_folder, label, dataset, no_asking):
    COPIES[label](published_folder)
    data = load(dataset)
    assert data.name == "MNIST"
    assert data.source.startswith(label)
    assert data.notes == ()


def test_copy_of_keras_is_found_in_the_home_folder(published_folder, tmp_path, monkeypatch):
    monkeypatch.delenv("KERAS_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    folder = tmp_path / ".keras" / "datasets"
    folder.mkdir(parents=True)
    shutil.copy(published_folder / "mnist.npz", folder)
    assert load("mnist", offline=True).source.startswith("Keras")


def test_torchvision_copy_may_be_gzipped(published_folder):
    stand_in.write_idx(Path("data/MNIST/raw"), stand_in.make_arrays())
    assert load("mnist", offline=True).source.startswith("torchvision")


@pytest.mark.parametrize("label", COPIES)
def test_corrupt_copy_is_skipped_and_reported(published_folder, label, no_asking):
    for other in COPIES:
        place = COPIES[other](published_folder)
        if other == label:
            cut(next(place.glob("train-images*")) if place.is_dir() else place)
    data = load("mnist")
    assert not data.source.startswith(label)
    if label == "cache":  # the others are only looked at when those before them failed
        assert f"skipped the copy in {label}" in data.notes[0]
        assert "train-images" in data.notes[0]


def test_all_corrupt_copies_are_reported(published_folder, sample_here):
    for put in COPIES.values():
        place = put(published_folder)
        cut(next(place.glob("train-images*")) if place.is_dir() else place)
    data = load("auto", offline=True, warn=False)
    assert data.is_sample
    assert [note.split(":")[0] for note in data.notes[:3]] == [
        f"skipped the copy in {label}" for label in COPIES
    ]


def test_other_data_at_a_usual_place_are_skipped_and_reported(
    published_folder, sample_here, arrays
):
    other = arrays._replace(test_labels=arrays.test_labels[::-1].copy())
    stand_in.write_idx(Path("data/MNIST/raw"), other, zipped=False)
    with pytest.raises(DownloadError):
        load("mnist", offline=True)
    assert "is not MNIST" in load("auto", offline=True, warn=False).notes[0]


def test_without_network_auto_gives_the_sample_and_says_why(sample_here):
    with pytest.warns(UserWarning, match="not MNIST") as told:
        data = load("auto", mirrors=NOBODY)
    assert [warning.filename for warning in told] == [__file__]  # once, at the user's own line
    assert data.is_sample
    assert data.name == "MNIST sample (5,000 images)"
    assert "127.0.0.1:9: connection refused" in data.notes[-1]
    assert "not MNIST" in data.notes[-1]


def test_without_network_mnist_is_an_error_that_names_every_mirror_and_the_ways_out():
    mirrors = [*NOBODY, "http://127.0.0.1:9/keras/mnist.npz"]
    with pytest.raises(UnreachableError) as caught:
        load("mnist", mirrors=mirrors)
    words = str(caught.value)
    assert "127.0.0.1:9: connection refused" in words
    assert "127.0.0.1:9/.../mnist.npz: connection refused" in words
    assert "data_dir=" in words
    assert "dataset='sample'" in words


def test_offline_asks_nobody(no_asking, sample_here):
    with pytest.raises(UnreachableError, match="offline=True"):
        load("mnist", offline=True)
    data = load("auto", offline=True, warn=False)
    assert data.is_sample
    assert "offline=True" in data.notes[-1]


def test_mirrors_that_answer_badly_are_an_error_not_the_sample(server):
    with pytest.raises(DownloadError, match="HTTP 403") as caught:
        load("auto", mirrors=[server.url("403")])
    assert not isinstance(caught.value, UnreachableError)
    assert "dataset='sample'" in str(caught.value)


def test_download_goes_into_the_cache_and_the_next_load_asks_nobody(server):
    first = load("auto", mirrors=[server.url("good")])
    assert first.name == "MNIST"
    assert first.source.startswith("cache")
    server.asked.clear()
    assert load("auto", mirrors=[server.url("good")]).sha256 == first.sha256
    assert not server.asked


def test_corrupt_cache_is_mended_by_the_download_and_reported(server, published_folder):
    cache = copy_to_cache(published_folder)
    (cache / "mnist.npz").unlink()
    cut(cache / "t10k-images-idx3-ubyte.gz")
    data = load("mnist", mirrors=[server.url("good")])
    assert "t10k-images" in data.notes[0]
    assert list(server.asked) == ["good/t10k-images-idx3-ubyte.gz"]
    assert load("mnist", offline=True).notes == ()


def test_download_that_broke_off_is_finished_without_a_word(server, published_folder):
    cache = copy_to_cache(published_folder)
    (cache / "mnist.npz").unlink()
    (cache / "train-images-idx3-ubyte.gz").unlink()
    assert load("mnist", mirrors=[server.url("good")]).notes == ()
    assert list(server.asked) == ["good/train-images-idx3-ubyte.gz"]


def test_cache_that_cannot_be_written_is_one_sentence(server, tmp_path):
    (tmp_path / "cache").write_text("in the way")
    with pytest.raises(StorageError, match="cannot write"):
        load("mnist", mirrors=[server.url("good")])


def test_own_folder_and_npz_are_read_and_named_after_the_path(own, tmp_path):
    by_folder = load(own)
    stand_in.write_npz(tmp_path / "mnist.npz", stand_in.make_arrays())
    by_file = load(str(tmp_path / "mnist.npz"))
    assert by_folder.name == "own data: mnist"
    assert by_file.name == "own data: mnist.npz"
    assert len(by_folder.train_labels) == 240


def test_data_are_named_by_what_they_are_not_by_their_folder(published_folder, kept_sample):
    assert load(published_folder).name == "MNIST"
    again = load(kept_sample / "sample.npz")
    assert again.is_sample
    assert again.name == "MNIST sample (5,000 images)"


@pytest.mark.parametrize("word", ["mnits", "no/such/folder"])
def test_unknown_data_set_is_an_error_that_lists_the_choices(word):
    with pytest.raises(OptionError, match="auto, mnist, sample, or the path"):
        load(word)


def test_folder_of_nothing_known_is_an_error_that_says_what_is_needed(tmp_path):
    with pytest.raises(DataError, match="needed the four IDX files, or pictures"):
        load(tmp_path)


def test_file_that_is_no_archive_is_an_error(tmp_path):
    (tmp_path / "digits.npz").write_text("1,2,3")
    with pytest.raises(DataError, match=r"not a whole \.npz archive"):
        load(tmp_path / "digits.npz")


def test_data_dir_with_another_data_set_is_refused(own):
    for dataset in ("sample", own):
        with pytest.raises(OptionError, match="data folder"):
            load(dataset, data_dir=own)


REAL = os.environ.get("MNIST_DATA_DIR")
REAL_FOLDER = Path(REAL).absolute() if REAL else None  # before a test changes either


@pytest.fixture(scope="module")
def mnist() -> Dataset:
    if not REAL_FOLDER:
        pytest.skip("the real MNIST is not here: MNIST_DATA_DIR")
    return load("mnist", data_dir=REAL_FOLDER)


def test_published_files_have_the_known_digest_and_counts(mnist):
    assert mnist.name == "MNIST"
    assert mnist.train_images.shape == (60_000, 28, 28)
    assert mnist.test_images.shape == (10_000, 28, 28)
    # Source: the first labels and the counts, as every tutorial shows them.
    assert mnist.train_labels[:10].tolist() == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]
    assert np.bincount(mnist.test_labels).tolist() == [
        *(980, 1135, 1032, 1010, 982),
        *(892, 958, 1028, 974, 1009),
    ]


def test_keras_form_of_the_published_images_is_taken_for_mnist_too(mnist, tmp_path):
    arrays = labelled.Arrays(*(getattr(mnist, name) for name in labelled.Arrays._fields))
    np.savez(tmp_path / "m.npz", **dict(zip(stand_in.npz.NAMES, arrays, strict=True)))
    assert load(tmp_path / "m.npz").name == "MNIST"


def test_sample_is_part_of_the_training_images_only(mnist, kept_sample):
    train = {image.tobytes() for image in mnist.train_images}
    test = {image.tobytes() for image in mnist.test_images}
    data = sample.load(kept_sample)
    for images in (data.train_images, data.test_images):
        assert all(image.tobytes() in train for image in images)
        assert not any(image.tobytes() in test for image in images)


def test_folder_is_read_without_the_parts_that_only_a_download_needs(published_folder, monkeypatch):
    monkeypatch.delenv("DIGITS_CACHE_DIR")
    for name in ("requests", "filelock", "platformdirs"):
        monkeypatch.setitem(sys.modules, name, None)
    assert load("mnist", data_dir=published_folder).name == "MNIST"
    with pytest.raises(MissingExtraError, match=r"platformdirs is not installed.*\[data\]"):
        load("mnist")
    monkeypatch.setenv("DIGITS_CACHE_DIR", "cache")
    with pytest.raises(MissingExtraError, match="filelock is not installed"):
        load("mnist", mirrors=NOBODY)


def test_library_prints_nothing(server, sample_here, capfd):
    load("auto", offline=True, warn=False)
    load("mnist", mirrors=[server.url("403"), server.url("good")])
    said = capfd.readouterr()
    assert said.out == said.err == ""
