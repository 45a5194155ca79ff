import os
import shutil
import sys

import numpy as np
import pytest
from PIL import Image, ImageDraw

from digit_classifier.dataset import load, sample
from digit_classifier.dataset.folder import digit_of
from digit_classifier.dataset.labelled import hold_out
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


def test_a_picture_under_two_labels_is_named_with_its_files_and_labels(tmp_path, digits):
    write(tmp_path / "e", dict(enumerate(digits)))
    Image.fromarray(digits[2, 0]).save(tmp_path / "e" / "7" / "odd.png")
    told = "\n".join(load(tmp_path / "e").notes)
    assert "1 of 30 different images is there under two labels, as 2 and 7." in told
    assert "the same picture under two labels: 2/0.png and 7/odd.png." in told.replace("\\", "/")


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
    told = " ".join(load(tmp_path).notes).replace("\\", "/")
    assert "left out: 1 file, no pictures by name: 3/labels.csv." in told
    assert "no training images of 0, 1, 2, 4, 5, 6, 7 and 9" in told


@pytest.mark.parametrize(
    ("name", "digit"),
    [
        *[(name, 3) for name in ("3", "03", "three", "Three", "digit_3", "class3", "3 - three")],
        *[(name, None) for name in ("10", "A", "3_samples", "3_4", "digit", "-", "Sample001")],
    ],
)
def test_a_folders_name_says_its_digit_or_clearly_none(name, digit):
    assert digit_of(name) == digit


def test_a_folder_whose_name_is_no_digit_is_named_and_refused_when_strict(tmp_path, digits):
    write(tmp_path, {**dict(enumerate(digits)), 10: digits[1], "A": digits[2][:1]})
    (tmp_path / "empty").mkdir()
    left_out = load(tmp_path).notes[:2]
    assert left_out == (
        "left out: 3 pictures in the folder 10, whose name is no digit.",
        "left out: 1 picture in the folder A, whose name is no digit.",
    )
    with pytest.raises(DataError, match="strict=True nothing may be left out") as caught:
        load(tmp_path, strict=True)
    assert "Left out: 3 pictures in the folder 10" in str(caught.value)


@pytest.mark.parametrize("names", [("train", "test"), ("Training", "TESTING"), ("train", "val")])
def test_train_and_test_folders_are_known_by_their_usual_names(tmp_path, digits, names):
    for name, images in zip(names, (digits[:, :2], digits[:, 2:]), strict=True):
        write(tmp_path / name, dict(enumerate(images)))
    data = load(tmp_path)
    np.testing.assert_array_equal(data.train_images, digits[:, :2].reshape(-1, 28, 28))
    np.testing.assert_array_equal(data.test_images, digits[:, 2].reshape(-1, 28, 28))
    assert bool(data.notes) == ("val" in names)


def test_validation_pictures_beside_train_and_test_are_trained_on_and_that_is_said(
    tmp_path, digits
):
    for index, name in enumerate(("train", "validation", "test")):
        write(tmp_path / name, dict(enumerate(digits[:, index : index + 1])))
    data = load(tmp_path)
    np.testing.assert_array_equal(data.test_images, digits[:, 2])
    assert len(data.train_labels) == 20
    assert "validation pictures (10) are trained on" in data.notes[0]


@pytest.mark.parametrize("place", ["train", "inner/deep"])
def test_one_part_or_folders_around_it_are_one_set(tmp_path, digits, place):
    write(tmp_path / place, dict(enumerate(digits)))
    assert load(tmp_path).counts == "20 training and 10 test images"


def test_files_that_begin_with_their_digit_need_no_folders(tmp_path, digits):
    for digit, images in enumerate(digits):
        for index, image in enumerate(images):
            Image.fromarray(image).save(tmp_path / f"{digit}-{index}.png")
    data = load(tmp_path)
    assert sorted(data.test_labels) == list(range(10))
    assert "what its file's name begins with" in data.notes[0]
    Image.fromarray(digits[1, 0]).save(tmp_path / "10.png")
    with pytest.raises(DataError, match=r"of 31 pictures these do not .*: 10\.png"):
        load(tmp_path)


def test_pictures_of_no_use_are_all_named_at_once_and_refused_when_strict(tmp_path, digits):
    write(tmp_path, dict(enumerate(digits)))
    Image.new("L", (60, 60), 255).save(tmp_path / "5" / "blank.png")
    (tmp_path / "6" / "text.png").write_text("no picture")
    (tmp_path / "7" / "cut.png").write_bytes((tmp_path / "5" / "0.png").read_bytes()[:60])
    (tmp_path / "8" / "empty.gif").write_bytes(b"")
    data = load(tmp_path)
    assert data.counts == "20 training and 10 test images"
    broken, blank, _ = (note.replace("\\", "/") for note in data.notes)
    names = "6/text.png, 7/cut.png and 8/empty.gif. The first: text.png is not a picture"
    assert broken.startswith(f"left out: 3 of 34 pictures that cannot be read: {names}")
    assert blank == "left out: 1 of 34 pictures that show nothing: 5/blank.png."
    with pytest.raises(DataError, match="strict=True") as caught:
        load(tmp_path, strict=True)
    for name in ("text.png", "cut.png", "empty.gif", "blank.png"):
        assert name in str(caught.value)


def test_pictures_of_every_kind_are_read(tmp_path, digits):
    write(tmp_path, {2: digits[2]})
    ink = Image.fromarray(digits[5, 0]).resize((90, 90))
    folder = tmp_path / "5"
    folder.mkdir()
    ink.convert("CMYK").save(folder / "cmyk.jpg")
    ink.convert("RGBA").save(folder / "alpha.png")
    Image.fromarray(np.asarray(ink).astype(np.uint16) * 257).save(folder / "deep.png")
    ink.save(folder / "moving.gif", save_all=True, append_images=[ink.rotate(9)])
    data = load(tmp_path)
    assert data.counts == "5 training and 2 test images"
    assert "animated: only the first of 2 was read (1 picture)." in data.notes


@pytest.mark.parametrize("copied", range(3))
def test_copies_of_a_picture_never_make_the_tested_part_the_larger(tmp_path, digits, copied):
    images = [*digits[2], *[digits[2, copied]] * 8]
    write(tmp_path, {2: images, 5: digits[5]})
    assert load(tmp_path).counts == "12 training and 2 test images"


@pytest.mark.skipif(sys.platform != "linux", reason="file names are bytes on Linux only")
def test_odd_names_links_and_pipes_break_nothing(tmp_path, digits):
    mine = tmp_path / os.fsdecode(b"d\xe9j\xe0")
    write(mine, dict(enumerate(digits)))
    (mine / "6" / "0.png").rename(mine / "6" / "七.png")
    (mine / "7" / os.fsdecode(b"br\xe9.png")).write_text("")
    (mine / "8" / "up").symlink_to("..")
    (mine / "8" / "dead.png").symlink_to("nowhere.png")
    os.mkfifo(mine / "9" / "pipe.png")
    data = load(mine)
    assert data.counts == "20 training and 10 test images"
    assert data.name == r"own data: d\xe9j\xe0"
    assert r"7/br\xe9.png and 8/dead.png" in " ".join(data.notes)
    "".join((*data.notes, data.source)).encode()


def test_progress_counts_the_pictures(tmp_path, digits):
    write(tmp_path, {2: digits[2], 4: digits[4]})
    calls = []
    load(tmp_path, progress=lambda *call: calls.append(call))
    assert calls == [("pictures", done, 6) for done in range(1, 7)]


def test_too_little_is_one_sentence(tmp_path, digits):
    write(tmp_path / "one", {2: digits[2][:1], 3: digits[3][:1]})
    with pytest.raises(DataError, match="2 pictures, which is too few") as caught:
        load(tmp_path / "one")
    assert str(caught.value).endswith(f"digits evaluate --pictures {tmp_path / 'one'}")
    (tmp_path / "empty" / "7").mkdir(parents=True)
    with pytest.raises(DataError, match="no train pictures that can be used"):
        load(tmp_path / "empty")
    write(tmp_path / "letters", {"A": digits[2], "B": digits[3]})
    with pytest.raises(DataError, match=r"holds no data set: .* There are A and B\."):
        load(tmp_path / "letters")
    write(tmp_path / "broken", {2: digits[2][:1]})
    (tmp_path / "broken" / "2" / "0.png").write_text("")
    with pytest.raises(DataError, match=r"can be used\. Left out: 1 of 1 picture that cannot"):
        load(tmp_path / "broken")


def test_a_page_of_digits_is_not_learnt_as_one(tmp_path, digits):
    write(tmp_path, {3: digits[3], 7: digits[7]})
    page = Image.new("L", (600, 300), 255)
    for at in range(10):
        tile = Image.fromarray(255 - digits[at, 0]).resize((84, 84))
        page.paste(tile, (20 + at % 5 * 115, 20 + at // 5 * 140))
    page.save(tmp_path / "3" / "page.png")
    data = load(tmp_path)
    assert len(data.train_labels) + len(data.test_labels) == 6
    assert "that show a page, and a training picture holds one digit" in " ".join(data.notes)
    with pytest.raises(DataError, match="about 10 marks"):
        load(tmp_path, strict=True)


def write_class(folder, digits, names) -> None:
    """A folder for each pupil, in which each digit has a folder; no two pictures are the same."""
    images = digits[:, np.arange(len(names)) % 3].copy()
    images[:, np.arange(len(names)), 0, np.arange(len(names))] = 9
    for pupil, name in enumerate(names):
        write(folder / name, {digit: images[digit, pupil : pupil + 1] for digit in range(10)})


@pytest.mark.parametrize("names", [("anna", "ben", "cem", "dora", "eva", "fatma"), "123456"])
def test_of_folders_for_each_pupil_whole_pupils_are_tested_on(tmp_path, digits, names):
    write_class(tmp_path, digits, names)
    data = load(tmp_path)
    assert data.counts == "50 training and 10 test images"
    assert sorted(data.test_labels) == list(range(10))
    (tested,) = set(names) - set(data.train_writers)
    assert f"tested on whole writers, 1 of 6 writers: {tested}." in " ".join(data.notes)
    held_out = hold_out(data)  # as each epoch is measured: another pupil, whole
    assert len(held_out.test_labels) == 10
    assert sorted(held_out.test_labels) == list(range(10))


def test_of_few_pupils_or_none_it_is_said_that_a_writer_may_be_on_both_sides(tmp_path, digits):
    write_class(tmp_path / "four", digits, ("anna", "ben", "cem", "dora"))
    write(tmp_path / "flat", dict(enumerate(digits)))
    for name in ("four", "flat"):
        data = load(tmp_path / name)
        assert "the same writer may be on both sides." in " ".join(data.notes)
        assert set(data.test_labels) == set(range(10))


def test_nobody_is_held_out_who_alone_wrote_a_digit(tmp_path, digits):
    names = ("anna", "ben", "cem", "dora", "eva", "fatma")
    write_class(tmp_path, digits, names)
    only = str(next(iter(set(names) - set(load(tmp_path).train_writers))))
    for name in set(names) - {only}:
        shutil.rmtree(tmp_path / name / "7")
    data = load(tmp_path)
    assert only in data.train_writers
    assert 7 in data.train_labels


def test_folders_inside_a_digits_folder_are_of_that_digit(tmp_path, digits):
    for digit in range(10):
        write(tmp_path / str(digit), {1: digits[digit, :1], 2: digits[digit, 1:]})
    data = load(tmp_path)
    assert np.bincount(data.train_labels).tolist() == [2] * 10
