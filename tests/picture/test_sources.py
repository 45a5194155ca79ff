"""What people give as a picture from Python: it is read, or one sentence says what to give."""

import io

import numpy as np
import pytest
from PIL import Image

from digit_classifier.errors import PictureError
from digit_classifier.picture import decode

GREY = (np.arange(30 * 20) % 256).astype(np.uint8).reshape(30, 20)


class Tensor:
    """As PyTorch's and TensorFlow's: no array, but one by `__array__`."""

    def __init__(self, array: np.ndarray) -> None:
        self._array = array

    def __array__(self, dtype: object = None, copy: object = None) -> np.ndarray:
        return self._array


def as_file() -> io.BytesIO:
    file = io.BytesIO()
    Image.fromarray(GREY).save(file, "PNG")
    file.seek(0)
    return file


@pytest.mark.parametrize(
    "source",
    [
        GREY,
        GREY[..., None],
        GREY[None],
        GREY[None, ..., None],
        GREY[None, None],
        GREY.astype(np.int64),
        (GREY / 255).astype(np.float32),
        GREY.astype(np.float64),
        Tensor(GREY),
        Tensor((GREY / 255).astype(np.float32)[None]),
        Image.fromarray(GREY),
        as_file().getvalue(),
        bytearray(as_file().getvalue()),
        as_file(),
    ],
    ids=lambda source: f"{type(source).__name__}{getattr(source, 'shape', '')}",
)
def test_the_same_picture_comes_out_of_every_kind_of_source(source):
    np.testing.assert_array_equal(decode(source).pixels, GREY)


async def upload():
    return b""


class Upload:
    def read(self, _size):
        return upload()


class Gradient:
    def __array__(self, dtype=None, copy=None):
        raise RuntimeError("Can't call numpy() on Tensor that requires grad. Use detach()")


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (np.zeros((64, 28, 28), np.uint8), r"several pictures give one, array\[0\].*read_many"),
        (np.zeros((3, 28, 28), np.uint8), r"channels come first, numpy\.moveaxis"),
        (np.zeros((9, 28, 28, 1), np.uint8), "give all of them to read_many"),
        (np.zeros(784, np.uint8), r"array\.reshape\(28, 28\)"),
        (np.zeros((28, 28)) - 1, "values from -1.0 to -1.0"),
        (Gradient(), "a Gradient gave no picture: Can't call numpy.*detach"),
        (io.StringIO("text"), "an open file gave str, bytes are needed: open it with mode 'rb'"),
        (Upload(), "an open file gave coroutine"),
        ("https://example.org/7.png", r"is an address.*urllib\.request\.urlopen"),
        ("data:image/png;base64," + "A" * 9999, "is a data address: give the bytes"),
        ([[0, 255], [255, 0]], "a list is not a picture; give a path, bytes, an open file"),
        (None, "a NoneType is not a picture"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_cannot_be_read_is_one_sentence_that_names_the_right_call(source, words):
    with pytest.raises(PictureError, match=words) as caught:
        decode(source)
    assert len(str(caught.value)) < 300


def test_a_closed_file_is_said():
    file = as_file()
    file.close()
    with pytest.raises(PictureError, match="a BytesIO gave no picture: .*closed file"):
        decode(file)
