import os
from pathlib import Path

import pytest

from dataset import stand_in
from digit_classifier import cache
from digit_classifier.dataset import load, loading
from digit_classifier.dataset.loading import Place
from digit_classifier.errors import DataError


def state(path: Path) -> loading.Finding:
    return loading.inspect(Place("here", path))


def test_inspect_tells_verified_incomplete_damaged_and_absent_apart(published_folder, tmp_path):
    assert state(published_folder).state == "verified"
    assert state(published_folder).detail == "240 training and 40 test images"
    assert state(tmp_path / "nothing").state == "not there"
    assert state(tmp_path / "nothing.npz").state == "not there"
    (published_folder / "mnist.npz").unlink()
    path = published_folder / "train-images-idx3-ubyte.gz"
    whole = path.read_bytes()
    path.write_bytes(whole[:-30])
    assert state(published_folder).state == "damaged"
    assert "train-images" in state(published_folder).detail
    path.unlink()
    assert state(published_folder).state == "incomplete"
    assert "lacks train-images" in state(published_folder).detail


def test_other_data_count_as_damaged(published_folder, tmp_path):
    stand_in.write_idx(tmp_path / "mnist", stand_in.make_arrays(30, 20))
    assert state(tmp_path / "mnist").state == "damaged"
    assert "is not MNIST" in state(tmp_path / "mnist").detail


def test_archive_stands_in_for_missing_files(published_folder):
    (published_folder / "train-images-idx3-ubyte.gz").unlink()
    assert state(published_folder).state == "verified"


def test_cache_is_where_the_user_says_else_where_the_system_keeps_such_things(monkeypatch):
    for name in ("DIGITS_CACHE_DIR", "DIGITS_CACHE"):  # what it was called, and what it is
        monkeypatch.setenv(name, f"~/{name}")
        assert cache.folder() == Path(f"~/{name}").expanduser()
    for name in ("DIGITS_CACHE_DIR", "DIGITS_CACHE"):
        monkeypatch.delenv(name)
    assert "mnist-digit-classifier" in str(cache.folder())
    assert cache.folder().is_absolute()


def no_home(monkeypatch):
    pwd = pytest.importorskip("pwd", reason="Unix only")
    monkeypatch.delenv("HOME")

    def unknown(_):
        raise KeyError

    monkeypatch.setattr(pwd, "getpwuid", unknown)


@pytest.mark.parametrize(
    "lose_home", [no_home, lambda patch: patch.setenv("HOME", "/dev/null/nobody")]
)
def test_without_a_home_the_cache_is_a_temporary_one_and_that_is_said(
    monkeypatch, tmp_path, lose_home
):
    for name in ("DIGITS_CACHE_DIR", "DIGITS_CACHE", "XDG_CACHE_HOME", "KERAS_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    lose_home(monkeypatch)
    assert cache.folder().parent == tmp_path
    assert [place.label for place in loading.usual_places()].count("cache") == 2
    assert not any(loading.is_there(place.path) for place in loading.usual_places())
    (note,) = load("sample").notes
    assert "cannot be written" in note
    assert "DIGITS_CACHE" in note
    assert (cache.folder() / "sample.npz").is_file()


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="Unix only")
@pytest.mark.parametrize("mode", [0o777, 0o750, None])
def test_a_temporary_cache_that_others_may_have_made_is_not_used(monkeypatch, tmp_path, mode):
    for name in ("DIGITS_CACHE_DIR", "DIGITS_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setenv("HOME", "/dev/null/nobody")
    guessed = tmp_path / f"mnist-digit-classifier-{os.getuid()}"
    if mode is None:
        (tmp_path / "elsewhere").mkdir(mode=0o700)
        guessed.symlink_to("elsewhere")
    else:
        guessed.mkdir()
        guessed.chmod(mode)
    taken = cache.folder()
    assert taken.parent == tmp_path
    assert taken != guessed
    assert taken == cache.folder()
    assert taken.stat().st_mode & 0o777 == 0o700


def test_what_is_wrong_where_the_variable_points_names_the_variable(monkeypatch, tmp_path):
    stand_in.write_idx(tmp_path / "other", stand_in.make_arrays(30, 20))
    for name, words in (("none", "no file or folder"), ("other", "is not MNIST")):
        monkeypatch.setenv("MNIST_DATA_DIR", str(tmp_path / name))
        with pytest.raises(DataError, match=f"{words}.*MNIST_DATA_DIR names it"):
            load("mnist")


@pytest.mark.parametrize("given", ["~/mnist", Path("~/mnist")])
def test_home_folder_may_be_written_as_a_tilde(given):
    place = loading.given_folder(given)
    assert place is not None
    assert place.path == Path("~/mnist").expanduser()
