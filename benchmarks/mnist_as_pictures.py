"""What reading MNIST's test images as picture files costs in accuracy, beside the plain model.

Last come digits of other people: scikit-learn's load_digits, enlarged from 8x8 to 32x32 pixels
and read as single digits.

    python benchmarks/mnist_as_pictures.py            # all 10,000, about a minute
    python benchmarks/mnist_as_pictures.py --n 1000 --model runs/latest

Each image is written as a file, found, redrawn and read like any stranger's picture: nothing tells
the reader that it holds one digit, and a digit that is refused counts as a mistake.
"""

import argparse
import io
from collections.abc import Callable, Iterator

import cv2
import numpy as np
from PIL import Image
from sklearn.datasets import load_digits

from digit_classifier import load
from digit_classifier.reader import DigitReader
from digit_classifier.stats import wilson
from machine import describe


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="cnn")
    parser.add_argument("--n", type=int, default=10_000, help="test images")
    options = parser.parse_args()
    dataset = load("mnist")
    images, labels = dataset.test_images[: options.n], dataset.test_labels[: options.n]
    reader = DigitReader(options.model)
    print(describe("numpy", "onnxruntime", "opencv-python-headless", "pillow"))
    print(f"model {reader.name}, its own rule, {len(labels):,} test images")
    plain = reader.model.predict(images).argmax(axis=1) == labels
    _row("the model alone", plain.sum(), len(labels), None)
    for name, encode in WAYS.items():
        files = _files(images, encode)
        readings = reader.read_many(files)
        right = sum(reading.text == str(y) for reading, y in zip(readings, labels, strict=True))
        _row(name, right, len(labels), float(plain.mean()))
    _other_people(reader)


def _other_people(reader: DigitReader) -> None:
    known = load_digits()
    images = (known.images * (255 / 16)).astype(np.uint8)
    files = [_png(cv2.resize(i, (32, 32), interpolation=cv2.INTER_CUBIC)) for i in images]
    readings = reader.read_many(files, single=True)
    right = sum(r.text == str(y) for r, y in zip(readings, known.target, strict=True))
    _row(f"load_digits, {len(files):,}, --single", right, len(files), None)


def _row(name: str, right: int, n: int, plain: float | None) -> None:
    low, high = wilson(int(right), n)
    difference = "" if plain is None else f"{100 * (right / n - plain):+7.2f} points"
    print(f"{name:34} {right / n:7.2%}  ({low:.2%}-{high:.2%}) {difference}", flush=True)


def _files(images: np.ndarray, encode: Callable[[np.ndarray], bytes]) -> Iterator[bytes]:
    for image in images:
        yield encode(image)


def _png(image: np.ndarray) -> bytes:
    return _encoded(image, "PNG")


def _encoded(image: np.ndarray, kind: str, **options: int) -> bytes:
    file = io.BytesIO()
    Image.fromarray(image).save(file, kind, **options)
    return file.getvalue()


def _inverse(image: np.ndarray) -> bytes:
    return _png(255 - image)


def _off_centre(image: np.ndarray) -> bytes:
    return _png(np.pad(image, ((40, 8), (3, 60))))


def _enlarged(image: np.ndarray) -> bytes:
    large = cv2.resize(image, (280, 280), interpolation=cv2.INTER_CUBIC)
    return _encoded(255 - large, "JPEG", quality=80)


def _on_paper(image: np.ndarray) -> bytes:
    cover = cv2.resize(image, (112, 112), interpolation=cv2.INTER_CUBIC)[..., None] / 255.0
    page = np.array([205, 198, 180]) * np.linspace(1, 0.7, 112)[None, :, None]
    return _encoded((page * (1 - cover) + 40 * cover).astype(np.uint8), "JPEG", quality=75)


WAYS: dict[str, Callable[[np.ndarray], bytes]] = {
    "as PNG": _png,
    "black on white": _inverse,
    "off centre on a larger sheet": _off_centre,
    "ten times enlarged, JPEG": _enlarged,
    "on uneven paper, JPEG": _on_paper,
}

if __name__ == "__main__":
    main()
