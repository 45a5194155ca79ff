"""Formats that people bring: each gives the same digits, or one sentence."""

import gzip

import numpy as np
import pytest
from scipy.io import savemat

from dataset import stand_in
from digit_classifier.dataset import load
from digit_classifier.dataset.labelled import Arrays
from digit_classifier.errors import DataError

HEADING = ",".join(["label", *(f"pixel{n}" for n in range(784))])


@pytest.fixture
def arrays() -> Arrays:
    """Full of every value, with each digit many times, and dark corners as digits have."""
    made = stand_in.make_arrays(120, 30)
    for images in (made.train_images, made.test_images):
        images[:, 0, 0] = images[:, -1, -1] = 0
    for labels in (made.train_labels, made.test_labels):
        labels[:] = np.arange(len(labels)) % 10
    return made


def table(images, labels=None, *, last=False, heading="", mark=",", values="%d"):
    flat = images.reshape(len(images), -1)
    columns = [flat] if labels is None else [labels[:, None], flat][:: -1 if last else 1]
    rows = [mark.join(values % value for value in row) for row in np.hstack(columns)]
    return "\n".join([heading, *rows][not heading :]) + "\n"


def check_same(data, arrays):
    for name in Arrays._fields:
        np.testing.assert_array_equal(getattr(data, name), getattr(arrays, name))


def check_held_out(data, arrays):
    """All of the training images are there, some of each digit held out, and it is said."""
    assert len(data.test_labels) == 20
    assert np.bincount(data.test_labels).tolist() == [2] * 10
    images = np.concatenate([data.train_images, data.test_images])
    labels = np.concatenate([data.train_labels, data.test_labels])
    pairs = {(image.tobytes(), int(label)) for image, label in zip(images, labels, strict=True)}
    assert pairs == {
        (image.tobytes(), int(label))
        for image, label in zip(arrays.train_images, arrays.train_labels, strict=True)
    }
    assert any("20 of its 120 images are held out" in note for note in data.notes)


@pytest.mark.parametrize(
    "how",
    [
        {},
        {"heading": HEADING},
        {"last": True},
        {"last": True, "heading": ",".join([*(f"p{n}" for n in range(784)), "class"])},
        {"mark": ";"},
        {"mark": "\t", "values": "%.1f"},
        {"heading": HEADING.replace("label", '"label"')},
    ],
    ids=["plain", "heading", "last", "last named", "semicolons", "tabs, floats", "quoted"],
)
def test_csv_with_and_without_heading_is_read_and_a_part_of_it_held_out(tmp_path, arrays, how):
    path = tmp_path / "digits.csv"
    path.write_text(table(arrays.train_images, arrays.train_labels, **how))
    check_held_out(load(path), arrays)


def test_csv_with_windows_line_ends_a_mark_at_its_start_or_gzipped_is_read(tmp_path, arrays):
    text = table(arrays.train_images, arrays.train_labels, heading=HEADING)
    (tmp_path / "a.csv").write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())
    (tmp_path / "b.csv.gz").write_bytes(gzip.compress(text.encode()))
    for name in ("a.csv", "b.csv.gz"):
        check_held_out(load(tmp_path / name), arrays)


def test_index_column_that_pandas_writes_is_left_out(tmp_path, arrays):
    rows = table(arrays.train_images, arrays.train_labels).splitlines()
    lines = [f",{HEADING}", *(f"{number},{row}" for number, row in enumerate(rows))]
    (tmp_path / "a.csv").write_text("\n".join(lines))
    check_held_out(load(tmp_path / "a.csv"), arrays)


@pytest.mark.parametrize("named", ["folder", "file"])
def test_train_and_test_csv_are_one_data_set(tmp_path, arrays, named):
    (tmp_path / "mnist_train.csv").write_text(table(arrays.train_images, arrays.train_labels))
    (tmp_path / "mnist_test.csv").write_text(table(arrays.test_images, arrays.test_labels))
    data = load(tmp_path if named == "folder" else tmp_path / "mnist_train.csv")
    check_same(data, arrays)
    assert any("tested on mnist_test.csv" in note for note in data.notes)


def test_folder_of_kaggle_is_read_and_its_test_csv_has_no_labels_to_test_on(tmp_path, arrays):
    (tmp_path / "train.csv").write_text(
        table(arrays.train_images, arrays.train_labels, heading=HEADING)
    )
    (tmp_path / "test.csv").write_text(table(arrays.test_images))
    (tmp_path / "sample_submission.csv").write_text("ImageId,Label\n1,0\n")
    check_held_out(load(tmp_path), arrays)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is empty"),
        (HEADING + "\n", "a heading and no rows"),
        ("1,2,3\n", "columns found: 3; needed 785 columns"),
        (HEADING + "\n" + ",".join(["5"] * 785) + "\n1,2\n", "line 3 has 2 columns"),
        (
            HEADING.replace(",", ";") + "\n" + ";".join(["5"] * 784 + ["0,5"]),
            "with a point, as 0.5",
        ),
        ("name," + HEADING + "\n" + ",".join(["Eva"] + ["5"] * 785), "'Eva'; .* such as names"),
        (HEADING + "\n" + ",".join(["5"] * 784 + ["?"]), "line 2, column 785 holds '\\?'"),
        (HEADING + "\n" + ",".join(["5"] * 784 + [""]), "line 2, column 785 holds ''"),
        (HEADING + "\n" + ",".join(["5"] * 784 + ["\udce9"]), r"column 785 holds '\\xe9'"),
        (HEADING + "\n" + ",".join(["12"] * 785), "goes from 12 to 12; labels must be 0 to 9"),
        (HEADING + "\n" + ",".join(["5"] * 784 + ["400"]), "pixels from 5 to 400; needed 0"),
        (HEADING + "\n" + ",".join(["5"] * 784 + ["nan"]), "pixels from nan"),
        (",".join(["5"] * 784) + "\n", "lacks images or labels to train on"),
    ],
)
def test_bad_table_is_one_sentence(tmp_path, text, words):
    (tmp_path / "digits.csv").write_text(text, "utf-8", "surrogateescape")
    with pytest.raises(DataError, match=words):
        load(tmp_path / "digits.csv")


def one_hot(labels):
    return np.eye(10, dtype=np.float32)[labels]


SHAPES = {
    "flat": lambda images: images.reshape(-1, 784),
    "channel last": lambda images: images[..., None],
    "channel first": lambda images: images[:, None],
    "0 to 1": lambda images: (images / 255).astype(np.float32),
    "-1 to 1": lambda images: images / np.float32(127.5) - 1,
    "0 to 255": lambda images: images.astype(np.float64),
    "standardised": lambda images: (images / 255 - 0.1307) / 0.3081,
    "int": lambda images: images.astype(np.int64),
}
LABELS = {
    "one-hot": one_hot,
    "floats": lambda labels: labels.astype(np.float32),
    "column": lambda labels: labels[:, None].astype(np.int64),
    "text": lambda labels: labels.astype(str),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_images_of_any_shape_and_scale_are_read(tmp_path, arrays, shape):
    turn = SHAPES[shape]
    np.savez(
        tmp_path / "a.npz",
        x_train=turn(arrays.train_images),
        y_train=arrays.train_labels,
        x_test=turn(arrays.test_images),
        y_test=arrays.test_labels,
    )
    data = load(tmp_path / "a.npz")
    check_same(data, arrays)
    scaled = shape in ("0 to 1", "-1 to 1", "standardised")
    assert any("scaled to 0 to 255" in note for note in data.notes) == scaled
    if shape == "0 to 1":
        note = "x_train: pixels from 0 to 1 were scaled to 0 to 255; 1 is full ink."
        assert f"{tmp_path / 'a.npz'}: {note}" in data.notes


@pytest.mark.parametrize("form", LABELS)
def test_labels_of_any_form_are_read(tmp_path, arrays, form):
    turn = LABELS[form]
    np.savez(
        tmp_path / "a.npz",
        x_train=arrays.train_images,
        y_train=turn(arrays.train_labels),
        x_test=arrays.test_images,
        y_test=turn(arrays.test_labels),
    )
    check_same(load(tmp_path / "a.npz"), arrays)


@pytest.mark.parametrize(
    "names",
    [
        ("X_train", "y_train", "X_test", "y_test"),
        ("trainX", "trainY", "testX", "testY"),
        ("train_images", "train_labels", "test_images", "test_labels"),
        ("training_data", "training_target", "valid_data", "valid_target"),
        ("arr_0", "arr_1", "arr_2", "arr_3"),
        ("arr_0", "arr_2", "arr_1", "arr_3"),
    ],
    ids=" ".join,
)
def test_names_that_people_give_are_understood(tmp_path, arrays, names):
    np.savez(tmp_path / "a.npz", **dict(sorted(zip(names, arrays, strict=True))))
    check_same(load(tmp_path / "a.npz"), arrays)


@pytest.mark.parametrize(
    "names", [("images", "labels"), ("X", "y"), ("arr_0", "arr_1"), ("data", "target")]
)
def test_archive_without_a_test_part_has_some_held_out(tmp_path, arrays, names):
    np.savez(tmp_path / "a.npz", **dict(zip(names, arrays, strict=False)))
    check_held_out(load(tmp_path / "a.npz"), arrays)


def test_npy_files_are_read_by_folder_or_by_either_name(tmp_path, arrays):
    np.save(tmp_path / "images.npy", arrays.train_images)
    np.save(tmp_path / "labels.npy", arrays.train_labels)
    for path in (tmp_path, tmp_path / "images.npy", tmp_path / "labels.npy"):
        check_held_out(load(path), arrays)


def test_four_npy_files_are_one_data_set(tmp_path, arrays):
    for name, array in zip(("x_train", "y_train", "x_test", "y_test"), arrays, strict=True):
        np.save(tmp_path / f"{name}.npy", array)
    check_same(load(tmp_path), arrays)


def test_lone_npy_says_what_is_missing_and_pickles_are_not_opened(tmp_path, arrays):
    np.save(tmp_path / "images.npy", arrays.train_images)
    with pytest.raises(DataError, match="lacks images or labels"):
        load(tmp_path / "images.npy")
    np.save(tmp_path / "labels.npy", np.array([{"a": 1}] * 120))
    with pytest.raises(DataError, match="Nothing is unpickled"):
        load(tmp_path)


def test_mat_files_plain_nested_as_emnist_and_columns_as_images_are_read(tmp_path, arrays):
    part = {
        name: {"images": images.reshape(-1, 784), "labels": labels[:, None], "writers": labels}
        for name, images, labels in (("train", *arrays[:2]), ("test", *arrays[2:]))
    }
    savemat(tmp_path / "emnist.mat", {"dataset": {**part, "mapping": np.arange(20.0)}})
    check_same(load(tmp_path / "emnist.mat"), arrays)
    images, labels = arrays.train_images, arrays.train_labels
    savemat(tmp_path / "b.mat", {"X": images.reshape(-1, 784), "y": labels[:, None]})
    check_held_out(load(tmp_path / "b.mat"), arrays)
    savemat(tmp_path / "c.mat", {"data": images.reshape(-1, 784).T, "label": labels[None]})
    check_held_out(load(tmp_path / "c.mat"), arrays)


def test_mat_with_one_array_a_digit_is_read_as_mnist_all_is(tmp_path, arrays):
    order = [np.argsort(labels, kind="stable") for labels in (arrays[1], arrays[3])]
    want = Arrays(*(arrays[k][order[k // 2]] for k in range(4)))
    savemat(
        tmp_path / "mnist_all.mat",
        {
            f"{part}{digit}": images[labels == digit].reshape(-1, 784)
            for part, images, labels in (("test", *want[2:]), ("train", *want[:2]))
            for digit in range(10)
        },
    )
    check_same(load(tmp_path / "mnist_all.mat"), want)


def test_labels_from_1_to_10_have_the_digit_0_as_10_and_it_is_said(tmp_path, arrays):
    labels = np.where(arrays.train_labels == 0, 10, arrays.train_labels)
    savemat(tmp_path / "a.mat", {"X": arrays.train_images, "y": labels})
    data = load(tmp_path / "a.mat")
    check_held_out(data, arrays)
    assert any("10 was taken for the digit 0" in note for note in data.notes)


def test_damaged_mat_is_one_sentence(tmp_path, arrays):
    savemat(tmp_path / "a.mat", {"X": arrays.train_images, "y": arrays.train_labels})
    path = tmp_path / "a.mat"
    path.write_bytes(path.read_bytes()[:3000])
    with pytest.raises(DataError, match=r"not a whole \.mat file"):
        load(path)


def test_emnist_names_and_torchvision_root_are_read(tmp_path, arrays):
    raw = tmp_path / "root" / "EMNIST" / "raw"
    stand_in.write_idx(raw, arrays)
    for path in list(raw.iterdir()):
        path.rename(raw / f"emnist-digits-{path.name.replace('t10k', 'test')}")
    data = load(tmp_path / "root")
    check_same(data, arrays)
    assert any("EMNIST hold every image transposed. Load" in note for note in data.notes)
    right = load(tmp_path / "root", transpose=True)
    assert not any("transpose=True" in note for note in right.notes)
    stand_in.write_idx(tmp_path / "root" / "MNIST" / "raw", arrays, zipped=False)
    with pytest.raises(DataError, match="several data sets: EMNIST/raw/emnist-digits"):
        load(tmp_path / "root")
    check_same(load(tmp_path / "root" / "MNIST" / "raw" / "train-images-idx3-ubyte"), arrays)


def test_images_are_transposed_and_inverted_only_when_asked(tmp_path, arrays):
    turned = [255 - part.transpose(0, 2, 1) if part.ndim == 3 else part for part in arrays]
    stand_in.write_npz(tmp_path / "a.npz", Arrays(*turned))
    check_same(load(tmp_path / "a.npz"), Arrays(*turned))
    data = load(tmp_path / "a.npz", transpose=True, invert=True)
    check_same(data, arrays)
    assert data.source.endswith("a.npz, transposed and inverted")


def test_known_data_that_are_turned_are_no_longer_called_so(published_folder):
    data = load("mnist", data_dir=published_folder, invert=True)
    assert data.name == "MNIST, inverted"
    plain = load("mnist", data_dir=published_folder)
    np.testing.assert_array_equal(data.test_images, 255 - plain.test_images)
    assert data.sha256 != plain.sha256


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.parquet", b"PAR1....", "Parquet: needed a CSV"),
        ("a.h5", b"\x89HDF\r\n\x1a\n", "HDF5"),
        ("a.pkl", b"\x80\x04\x95....", "pickle, which can run anything"),
        ("7.png", b"\x89PNG\r\n\x1a\n", r"a picture \(PNG\): name the folder"),
        ("a.csv", b"<!DOCTYPE html>", "web page"),
        ("a.csv.gz", b"\x1f\x8b\x08\x00abc", "damaged gzip"),
        ("a.csv", "label,1\n".encode("utf-16"), "UTF-16. Save it as CSV in UTF-8"),
    ],
)
def test_other_kinds_of_file_are_named_with_what_to_do(tmp_path, name, content, words):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=words):
        load(tmp_path / name)


@pytest.mark.parametrize("shape", [(40, 8, 8), (40, 32, 32, 3), (40, 28, 28, 3)])
def test_images_of_another_size_or_in_colour_are_one_sentence(tmp_path, shape):
    np.savez(tmp_path / "a.npz", x=np.zeros(shape, np.uint8), y=np.arange(40) % 10)
    with pytest.raises(DataError, match="needed grey images of 28 x 28 pixels.*picture files"):
        load(tmp_path / "a.npz")


def test_folder_of_pictures_with_a_table_beside_is_a_folder_of_pictures(tmp_path, arrays):
    from PIL import Image

    for digit in range(10):
        (tmp_path / str(digit)).mkdir()
        for n in (0, 10):
            image = np.zeros((28, 28), np.uint8)
            image[4:24, 10 + digit // 2 + n // 10 : 14 + digit] = 255
            Image.fromarray(image).save(tmp_path / str(digit) / f"{n}.png")
    (tmp_path / "labels.csv").write_text("file,digit\n")
    assert any("left out: 1 file" in note for note in load(tmp_path).notes)
