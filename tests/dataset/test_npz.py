import io
import pickle
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dataset import stand_in
from digit_classifier.dataset import npz
from digit_classifier.errors import DataError


def npy(array: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=True)
    return buffer.getvalue()


def write_members(path: Path, arrays, **replaced: bytes) -> Path:
    """An archive of the four arrays, some members replaced by other bytes."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, array in zip(npz.NAMES, arrays, strict=True):
            archive.writestr(f"{name}.npy", replaced.get(name, npy(array)))
    return path


def test_keras_archive_is_read(tmp_path, arrays):
    stand_in.write_npz(tmp_path / "a.npz", arrays)
    for read, written in zip(npz.read(tmp_path / "a.npz"), arrays, strict=True):
        np.testing.assert_array_equal(read, written)
        assert read.dtype == np.uint8
        assert not read.flags.writeable


def test_labels_of_any_integer_type_and_columns_first_images_are_read(tmp_path, arrays):
    other = arrays._replace(
        train_labels=arrays.train_labels.astype(np.int64),
        test_images=np.asfortranarray(arrays.test_images),
    )
    stand_in.write_npz(tmp_path / "a.npz", other)
    read = npz.read(tmp_path / "a.npz")
    np.testing.assert_array_equal(read.train_labels, arrays.train_labels)
    np.testing.assert_array_equal(read.test_images, arrays.test_images)
    assert read.train_labels.dtype == np.uint8


class Spy:
    """Leaves a file behind when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


@pytest.mark.parametrize("name", npz.NAMES)
def test_pickled_objects_are_refused_and_never_run(tmp_path, arrays, name):
    objects = np.empty((40, 28, 28) if name.startswith("x") else 40, dtype=object)
    objects[:] = Spy(tmp_path / "it-ran")
    path = write_members(tmp_path / "a.npz", arrays, **{name: npy(objects)})
    with pytest.raises(DataError, match=f"{name} is object"):
        npz.read(path)
    raw = write_members(tmp_path / "b.npz", arrays, **{name: pickle.dumps(objects)})
    with pytest.raises(DataError, match=r"not a whole \.npz"):
        npz.read(raw)
    assert not (tmp_path / "it-ran").exists()


@pytest.mark.parametrize(
    ("name", "array", "words"),
    [
        ("x_train", np.zeros((240, 28, 28), complex), "complex128 of shape"),
        ("x_train", np.zeros((240, 32, 32), np.uint8), "such as uint8"),
        ("x_test", np.zeros((41, 28, 28), np.uint8), "41 test images but 40 labels"),
        ("y_train", np.zeros((240, 10), np.uint8), "needed integers"),
        ("y_train", np.full(240, 0.5), "no whole numbers"),
        ("y_train", np.full(240, 256), "256; labels must be 0 to 9"),
        ("y_test", np.full(40, -1), "from -1 to -1; labels"),
        ("y_test", np.full(40, 11, np.uint8), "labels must be 0 to 9"),
    ],
)
def test_wrong_array_is_an_error_that_says_what_was_found(tmp_path, arrays, name, array, words):
    path = write_members(tmp_path / "a.npz", arrays, **{name: npy(array)})
    with pytest.raises(DataError, match=words):
        npz.read(path)


def test_missing_array_is_named(tmp_path, arrays):
    np.savez(tmp_path / "a.npz", x_train=arrays.train_images, y_test=arrays.test_labels)
    with pytest.raises(DataError, match=r"lacks images or labels .*: found x_train .*, y_test"):
        npz.read(tmp_path / "a.npz")


def lying_header(shape: str) -> bytes:
    text = f"{{'descr': '|u1', 'fortran_order': False, 'shape': {shape}, }}"
    text = text.ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text.encode()


@pytest.mark.parametrize(
    "content",
    [
        lying_header("(1300000, 28, 28)") + bytes(100),
        lying_header("(4000000000, 28, 28)") + bytes(100),
        lying_header("(-1, 28, 28)") + bytes(100),
        lying_header("(240, 28, 28)") + bytes(50_000_000),  # a bomb: 50 kB in the archive
    ],
    ids=["1 GB claimed", "3 TB claimed", "negative", "bomb"],
)
def test_lying_header_and_bomb_are_refused_before_anything_is_allocated(tmp_path, arrays, content):
    path = write_members(tmp_path / "a.npz", arrays, x_train=content)
    del content
    tracemalloc.start()
    with pytest.raises(DataError):
        npz.read(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 5_000_000


def test_more_than_the_limit_is_refused(tmp_path, arrays, monkeypatch):
    stand_in.write_npz(tmp_path / "a.npz", arrays)
    monkeypatch.setattr(npz, "MAX_BYTES", 240 * 784 - 1)
    with pytest.raises(DataError, match="x_train claims 188,160 bytes; the limit is 188,159"):
        npz.read(tmp_path / "a.npz")


@pytest.mark.parametrize("position", [10_000, -1], ids=["amid", "last"])
def test_flipped_pixel_in_an_archive_that_is_not_packed_is_found(tmp_path, arrays, position):
    path = tmp_path / "a.npz"
    np.savez(path, **dict(zip(npz.NAMES, arrays, strict=True)))
    content = bytearray(path.read_bytes())
    end = content.find(arrays.train_images[-1].tobytes()) + 784
    content[position if position > 0 else end + position] ^= 1
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"not a whole \.npz archive.*CRC"):
        npz.read(path)


def test_truncated_or_damaged_archive_is_an_error(tmp_path, arrays):
    path = tmp_path / "a.npz"
    stand_in.write_npz(path, arrays)
    whole = path.read_bytes()
    flipped = whole[:60_000] + bytes([whole[60_000] ^ 255]) + whole[60_001:]
    for content in (b"", whole[:-100], whole[: len(whole) // 2], flipped, b"<!DOCTYPE html>"):
        path.write_bytes(content)
        with pytest.raises(DataError, match=r"not a whole \.npz archive"):
            npz.read(path)


def test_no_file_is_one_sentence(tmp_path):
    with pytest.raises(DataError, match="cannot read"):
        npz.read(tmp_path / "none.npz")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(st.integers(0, 10**9), st.integers(0, 255))
def test_any_changed_byte_gives_the_arrays_or_one_error(tmp_path, position, value):
    path = tmp_path / "a.npz"
    write_members(path, stand_in.make_arrays(3, 2))
    content = bytearray(path.read_bytes())
    content[position % len(content)] = value
    path.write_bytes(content)
    try:
        read = npz.read(path)
    except DataError:
        return
    assert read.train_images.shape == (3, 28, 28)
