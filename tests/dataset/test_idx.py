import gzip
import os
import tracemalloc
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dataset import stand_in
from digit_classifier.dataset import idx
from digit_classifier.dataset.labelled import Arrays
from digit_classifier.errors import DataError

IMAGES = np.arange(3 * 28 * 28, dtype=np.uint32).astype(np.uint8).reshape(3, 28, 28)
GOOD = stand_in.idx_bytes(IMAGES)


@pytest.mark.parametrize("zipped", [True, False])
@pytest.mark.parametrize("dotted", [True, False])
def test_all_spellings_give_the_same_arrays(tmp_path, arrays, zipped, dotted):
    stand_in.write_idx(tmp_path, arrays, zipped=zipped, dotted=dotted)
    for read, written in zip(idx.read_folder(tmp_path), arrays, strict=True):
        np.testing.assert_array_equal(read, written)


def test_arrays_are_read_only(tmp_path, arrays):
    stand_in.write_idx(tmp_path, arrays)
    with pytest.raises(ValueError, match="read-only"):
        idx.read_folder(tmp_path).train_images[0] = 0


HEADER = GOOD[:16]
DAMAGE = {
    "empty": (b"", "found nothing"),
    "a web page": (b"<!DOCTYPE html><p>not found", "found an HTML page"),
    "wrong magic": (b"\x01" + GOOD[1:], "not an IDX file"),
    "floats": (b"\0\0\x0d\x03" + GOOD[4:], "type 0x0d"),
    "no dimensions": (b"\0\0\x08\x00" + GOOD[4:], "0 dimensions"),
    "too many dimensions": (b"\0\0\x08\xff" + GOOD[4:], "255 dimensions"),
    "labels instead of images": (
        stand_in.idx_bytes(np.arange(10, dtype=np.uint8)),
        "needed n x 28 x 28",
    ),
    "other size": (stand_in.idx_bytes(np.zeros((2, 32, 32), np.uint8)), "2 x 32 x 32"),
    "header cut off": (GOOD[:9], "truncated within its header"),
    "nothing but a header": (HEADER, "promises 3 x 28 x 28 = 2,352 bytes, it holds 0"),
    "one byte short": (GOOD[:-1], "it holds 2,351"),
    "one byte more": (GOOD + b"\0", "it holds more"),
    "claims the memory": (b"\0\0\x08\x03\xff\xff\xff\xff" + GOOD[8:], "the limit is"),
    "claims half the limit": (b"\0\0\x08\x03\0\x0a\0\0" + GOOD[8:], "is damaged"),
}


@pytest.mark.parametrize("zipped", [False, True], ids=["plain", "gz"])
@pytest.mark.parametrize(("content", "words"), DAMAGE.values(), ids=DAMAGE)
def test_damaged_file_is_an_error_that_says_what_was_found(content, words, zipped):
    with pytest.raises(DataError, match=words) as caught:
        idx.parse(gzip.compress(content) if zipped else content, 3, "FILE")
    assert "FILE" in str(caught.value)


@pytest.mark.parametrize("zipped", [False, True], ids=["plain", "gz"])
def test_lying_header_allocates_nothing_of_what_it_claims(zipped):
    content = b"\0\0\x08\x03\0\x14\0\0" + GOOD[8:]  # 1.3 million images: 1 GB
    raw = gzip.compress(content) if zipped else content
    tracemalloc.start()
    with pytest.raises(DataError):
        idx.parse(raw, 3, "FILE")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 5_000_000


def test_gzip_bomb_is_unpacked_no_further_than_its_header_says():
    packer = zlib.compressobj(9, wbits=31)
    million = bytes(1_000_000)
    raw = packer.compress(GOOD) + b"".join(packer.compress(million) for _ in range(300))
    raw += packer.flush()
    assert len(raw) < 400_000
    tracemalloc.start()
    with pytest.raises(DataError, match="it holds more"):
        idx.parse(raw, 3, "FILE")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 5_000_000


def test_gzip_damage_is_an_error():
    raw = gzip.compress(GOOD)
    for broken, words in [
        (raw[:-9], "truncated"),
        (raw[:5], "truncated"),
        (raw[:-8] + b"\0\0\0\0" + raw[-4:], "damaged gzip"),  # the checksum
        (raw[:40] + b"\xff\xff" + raw[42:], "damaged"),
        (raw + b"<html>", "damaged gzip"),
    ]:
        with pytest.raises(DataError, match=words):
            idx.parse(broken, 3, "FILE")


def test_gzip_in_several_members_and_padded_is_read():
    raw = gzip.compress(GOOD[:100]) + gzip.compress(GOOD[100:]) + bytes(512)
    np.testing.assert_array_equal(idx.parse(raw, 3, "FILE"), IMAGES)


def test_label_above_nine_is_an_error(tmp_path, arrays):
    labels = arrays.train_labels.copy()
    labels[5] = 10
    stand_in.write_idx(tmp_path, arrays._replace(train_labels=labels))
    with pytest.raises(DataError, match="train label is 10; labels must be 0 to 9"):
        idx.read_folder(tmp_path)


def test_counts_of_images_and_labels_must_agree(tmp_path, arrays):
    stand_in.write_idx(tmp_path, arrays._replace(test_labels=arrays.test_labels[1:]))
    with pytest.raises(DataError, match="40 test images but 39 labels"):
        idx.read_folder(tmp_path)


def test_no_images_at_all_is_an_error(tmp_path, arrays):
    empty = Arrays(*(array[:0] for array in arrays))
    stand_in.write_idx(tmp_path, empty)
    with pytest.raises(DataError, match="no train images"):
        idx.read_folder(tmp_path)


def test_missing_files_are_named(tmp_path, arrays):
    stand_in.write_idx(tmp_path, arrays)
    (tmp_path / "t10k-labels-idx1-ubyte.gz").unlink()
    with pytest.raises(DataError, match="lacks t10k-labels-idx1-ubyte "):
        idx.read_folder(tmp_path)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read all")
def test_unreadable_file_is_one_sentence(tmp_path, arrays):
    stand_in.write_idx(tmp_path, arrays)
    (tmp_path / "train-images-idx3-ubyte.gz").chmod(0)
    with pytest.raises(DataError, match=r"cannot read .*Permission denied"):
        idx.read_folder(tmp_path)


@given(
    st.one_of(
        st.binary(max_size=64),
        st.binary(max_size=40).map(lambda end: GOOD[: len(end)] + end),
        st.tuples(st.integers(0, len(GOOD) - 1), st.integers(0, 255)).map(
            lambda change: GOOD[: change[0]] + bytes([change[1]]) + GOOD[change[0] + 1 :]
        ),
    ),
    st.booleans(),
)
def test_any_bytes_are_an_array_or_one_error(content, zipped):
    try:
        array = idx.parse(gzip.compress(content) if zipped else content, 3, Path("FILE"))
    except DataError:
        return
    assert array.dtype == np.uint8
    assert array.shape == (3, 28, 28)
