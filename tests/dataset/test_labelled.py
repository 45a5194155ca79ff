import numpy as np
import pytest

from dataset import stand_in
from digit_classifier.dataset import checks, idx, labelled, npz
from digit_classifier.dataset.labelled import Arrays


def test_gz_plain_and_npz_copies_have_one_digest(tmp_path, arrays):
    stand_in.write_idx(tmp_path / "gz", arrays)
    stand_in.write_idx(tmp_path / "plain", arrays, zipped=False, dotted=True)
    stand_in.write_npz(
        tmp_path / "a.npz", arrays._replace(train_labels=arrays.train_labels.astype(np.int32))
    )
    digests = {
        labelled.digest(idx.read_folder(tmp_path / "gz")),
        labelled.digest(idx.read_folder(tmp_path / "plain")),
        labelled.digest(npz.read(tmp_path / "a.npz")),
        labelled.digest(arrays),
    }
    assert len(digests) == 1


def test_digest_sees_every_change(arrays):
    one_pixel = arrays.test_images.copy()
    one_pixel[-1, -1, -1] ^= 1
    changed = [
        arrays,
        arrays._replace(test_images=one_pixel),
        arrays._replace(train_labels=arrays.train_labels[::-1].copy()),
        # the same bytes, cut at another place
        Arrays(
            np.concatenate([arrays.train_images, arrays.test_images[:1]]),
            arrays.train_labels,
            arrays.test_images[1:],
            arrays.test_labels,
        ),
    ]
    assert len({labelled.digest(each) for each in changed}) == len(changed)


def test_digest_is_the_documented_one():
    import hashlib

    small = Arrays(
        np.full((1, 28, 28), 7, np.uint8),
        np.array([3], np.uint8),
        np.zeros((2, 28, 28), np.uint8),
        np.array([1, 2], np.uint8),
    )
    text = (
        b"train_images uint8 1x28x28\n" + bytes([7]) * 784 + b"train_labels uint8 1\n\x03"
        b"test_images uint8 2x28x28\n" + bytes(2 * 784) + b"test_labels uint8 2\n\x01\x02"
    )
    assert labelled.digest(small) == hashlib.sha256(text).hexdigest()


def pairs(images, labels):
    return {(image.tobytes(), int(label)) for image, label in zip(images, labels, strict=True)}


def test_split_takes_one_part_of_every_class_and_loses_nothing():
    random = np.random.default_rng(1)
    labels = np.repeat(np.arange(10, dtype=np.uint8), np.arange(10) * 6)
    images = random.integers(0, 256, (len(labels), 28, 28), dtype=np.uint8)
    parts = labelled.split(images, labels, 6)
    np.testing.assert_array_equal(np.bincount(parts.test_labels, minlength=10), np.arange(10))
    train, test = pairs(*parts[:2]), pairs(*parts[2:])
    assert not train & test
    assert train | test == pairs(images, labels)


def test_split_does_not_depend_on_the_order_of_the_images(arrays):
    shuffled = np.random.default_rng(2).permutation(len(arrays.train_labels))
    once = labelled.split(arrays.train_images, arrays.train_labels, 5)
    again = labelled.split(arrays.train_images[shuffled], arrays.train_labels[shuffled], 5)
    assert labelled.digest(once) == labelled.digest(again)


def test_split_mixes_the_classes():
    labels = np.repeat(np.arange(10, dtype=np.uint8), 20)
    images = np.random.default_rng(3).integers(0, 256, (200, 28, 28), dtype=np.uint8)
    parts = labelled.split(images, labels, 5)
    assert len(np.unique(parts.train_labels[:20])) > 4


@pytest.mark.parametrize(("count", "aside"), [(1, 0), (2, 1), (5, 1), (9, 2), (60, 10)])
def test_small_classes_still_give_a_test_image(count, aside):
    images = np.random.default_rng(4).integers(0, 256, (count, 28, 28), dtype=np.uint8)
    parts = labelled.split(images, np.full(count, 4, np.uint8), 6)
    assert len(parts.test_labels) == aside


def test_copies_of_an_image_are_never_on_both_sides():
    images = np.random.default_rng(5).integers(0, 256, (6, 28, 28), dtype=np.uint8)
    parts = labelled.split(np.repeat(images, 7, axis=0), np.full(42, 4, np.uint8), 6)
    assert len(parts.test_labels) == 7
    assert not pairs(*parts[:2]) & pairs(*parts[2:])


def own(arrays, name="own data: mine"):
    return labelled.Dataset(name, *arrays, sha256="", source="")


def drawn(*counts):
    """So many different images of 0, of 1, ... sorted by their digit."""
    labels = np.repeat(np.arange(len(counts), dtype=np.uint8), counts)
    images = np.random.default_rng(6).integers(0, 256, (len(labels), 28, 28), dtype=np.uint8)
    return images, labels


def test_of_sorted_and_uneven_data_every_digit_is_held_out_and_trained_on():
    data = own(Arrays(*drawn(500, 5, 2), *drawn(1, 1, 1)))
    parts = labelled.hold_out(data)
    np.testing.assert_array_equal(np.bincount(parts.test_labels), [42, 1, 1])
    np.testing.assert_array_equal(np.bincount(parts.train_labels), [458, 4, 1])


def test_of_mnist_the_last_twelfth_is_held_out_as_ever():
    images, labels = drawn(100, 20)
    parts = labelled.hold_out(own(Arrays(images, labels, images, labels), labelled.MNIST_NAME))
    np.testing.assert_array_equal(parts.test_images, images[110:])
    np.testing.assert_array_equal(parts.train_labels, labels[:110])


def test_remarks_name_digits_that_are_missing_or_hardly_there():
    images, labels = drawn(0, 500, 5, 2)
    first, second, third, fourth = checks.composition(
        Arrays(images, labels, images[463:503] ^ 1, labels[463:503])
    )
    assert first.startswith("no training images of 0, 4, 5, 6, 7, 8 and 9")
    assert second == "only 5 of 2 and 2 of 3 to train on, where there are 500 of 1."
    assert third == "no test images of 3."
    assert fourth == (
        "37 of 40 test images are of 1: to answer 1 to everything is right in 92.5 %."
    )


def test_remarks_count_test_images_that_are_trained_on_and_double_labels():
    images, labels = drawn(*[4] * 10)
    twice = Arrays(images, labels, images[:12], np.roll(labels[:12], 1))
    told = "\n".join(checks.composition(twice))
    assert "12 of 12 test images are also among the training images" in told
    assert "3 of 40 different images are there under two labels, as 0 and 2, " in told
    assert checks.composition(Arrays(images, labels, images ^ 1, labels)) == ()
