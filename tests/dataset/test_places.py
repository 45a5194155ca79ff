from pathlib import Path

import pytest

from dataset import stand_in
from digit_classifier.dataset import places
from digit_classifier.dataset.places import Place


def state(path: Path) -> places.Finding:
    return places.inspect(Place("here", path))


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
    monkeypatch.setenv("DIGITS_CACHE_DIR", "~/somewhere")
    assert places.cache_folder() == Path("~/somewhere").expanduser()
    monkeypatch.delenv("DIGITS_CACHE_DIR")
    assert "mnist-digit-classifier" in str(places.cache_folder())
    assert places.cache_folder().is_absolute()


@pytest.mark.parametrize("given", ["~/mnist", Path("~/mnist")])
def test_home_folder_may_be_written_as_a_tilde(given):
    place = places.given_folder(given)
    assert place is not None
    assert place.path == Path("~/mnist").expanduser()
