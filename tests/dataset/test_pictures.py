import numpy as np
import pytest
from PIL import Image, ImageDraw

from digit_classifier.dataset import load, sample
from digit_classifier.errors import DataError


@pytest.fixture(scope="module")
def digits(kept_sample):
    """Thirty real digits, three of each class: uint8 [10, 3, 28, 28]."""
    data = sample.load(kept_sample)
    return np.stack([data.test_images[data.test_labels == digit][:3] for digit in range(10)])


def write(folder, images_by_class) -> None:
    for digit, images in images_by_class.items():
        (folder / str(digit)).mkdir(parents=True, exist_ok=True)
        for index, image in enumerate(images):
            Image.fromarray(image).save(folder / str(digit) / f"{index}.png")


def as_set(images, labels):
    return {(image.tobytes(), int(label)) for image, label in zip(images, labels, strict=True)}


def test_exported_mnist_images_come_out_unchanged_with_their_labels(tmp_path, digits):
    write(tmp_path / "mine", dict(enumerate(digits)))
    data = load(tmp_path / "mine")
    got = as_set(data.train_images, data.train_labels) | as_set(data.test_images, data.test_labels)
    want = {(image.tobytes(), digit) for digit in range(10) for image in digits[digit]}
    assert got == want
    assert data.name == "own data: mine"
    assert not data.is_sample


def test_every_class_gives_test_images_and_they_are_always_the_same(tmp_path, digits):
    write(tmp_path / "a", dict(enumerate(digits)))
    write(tmp_path / "b", dict(enumerate(digits[:, ::-1])))
    first, second = load(tmp_path / "a"), load(tmp_path / "b")
    assert sorted(first.test_labels) == list(range(10))
    assert first.sha256 == second.sha256


def test_train_and_test_folders_are_kept_apart(tmp_path, digits):
    write(tmp_path / "train", {digit: digits[digit, :2] for digit in range(10)})
    write(tmp_path / "test", {digit: digits[digit, 2:] for digit in range(10)})
    data = load(tmp_path)
    np.testing.assert_array_equal(data.train_images, digits[:, :2].reshape(-1, 28, 28))
    np.testing.assert_array_equal(data.test_images, digits[:, 2].reshape(-1, 28, 28))


def test_large_dark_on_white_pictures_are_redrawn_as_mnist(tmp_path, digits):
    write(tmp_path, {1: digits[1]})
    page = Image.new("RGB", (300, 200), "white")
    ImageDraw.Draw(page).line([(150, 40), (150, 160)], fill="black", width=14)
    page.save(tmp_path / "1" / "drawn.JPG", format="JPEG")
    data = load(tmp_path)
    images = np.concatenate([data.train_images, data.test_images])
    assert len(images) == 4
    assert (images[:, 0] == 0).all()
    assert (images.max(axis=(1, 2)) > 200).all()


def test_notes_tell_of_missing_classes_and_files_that_are_no_pictures(tmp_path, digits):
    write(tmp_path, {3: digits[3], 8: digits[8]})
    (tmp_path / "3" / "labels.csv").write_text("a,b")
    (tmp_path / "3" / ".DS_Store").write_text("")
    data = load(tmp_path)
    notes = "\n".join(data.notes)
    assert "skipped what is no picture (1): 3/labels.csv" in notes.replace("\\", "/")
    assert "no pictures of 0, 1, 2, 4, 5, 6, 7, 9" in notes


@pytest.mark.parametrize("content", ["blank", "text", "cut"])
def test_unusable_picture_is_an_error_that_names_it(tmp_path, digits, content):
    write(tmp_path, {5: digits[5]})
    path = tmp_path / "5" / "bad.png"
    if content == "blank":
        Image.new("L", (60, 60), 255).save(path)
    elif content == "text":
        path.write_text("no picture")
    else:
        path.write_bytes((tmp_path / "5" / "0.png").read_bytes()[:60])
    with pytest.raises(DataError, match=r"bad\.png") as caught:
        load(tmp_path)
    assert str(tmp_path / "5") in str(caught.value)


def test_progress_counts_the_pictures(tmp_path, digits):
    write(tmp_path, {2: digits[2], 4: digits[4]})
    calls = []
    load(tmp_path, progress=lambda *call: calls.append(call))
    assert calls == [("pictures", done, 6) for done in range(1, 7)]


def test_too_little_is_one_sentence(tmp_path, digits):
    write(tmp_path / "one", {2: digits[2][:1]})
    with pytest.raises(DataError, match="too few pictures"):
        load(tmp_path / "one")
    (tmp_path / "empty" / "7").mkdir(parents=True)
    with pytest.raises(DataError, match="no pictures in its sub-folders"):
        load(tmp_path / "empty")
    write(tmp_path / "half" / "train", {2: digits[2]})
    with pytest.raises(DataError, match="no `test` folder"):
        load(tmp_path / "half")
