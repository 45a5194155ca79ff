"""One digit, however it is stored, coloured, placed or lit, is one 28x28 image."""

import io

import cv2
import numpy as np
import pytest
from PIL import Image

from digit_classifier.picture import decode, find, normalise
from picture.likeness import likeness
from picture.told import told

SAMPLES = range(0, 1000, 111)


def alike(pixels: "np.ndarray | bytes", image: np.ndarray, least: float = 0.95) -> None:
    page = find(decode(pixels))
    assert len(page.marks) == 1, [mark.box for mark in page.marks]
    assert likeness(page.marks[0].image, image) >= least


def enlarge(image: np.ndarray, scale: float) -> np.ndarray:
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    return cv2.resize(np.pad(image, 8), None, fx=scale, fy=scale, interpolation=how)


def encode(image: Image.Image, kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


STORED = {
    "PNG": lambda image: encode(image, "PNG"),
    "JPEG": lambda image: encode(image, "JPEG", quality=60),
    "palette": lambda image: encode(image.convert("RGB").convert("P"), "PNG"),
    "CMYK": lambda image: encode(image.convert("CMYK"), "TIFF"),
    "16 bits": lambda image: encode(
        Image.fromarray(np.asarray(image).astype(np.uint16) * 257), "PNG"
    ),
    "1 bit": lambda image: encode(image.point(lambda v: 255 * (v > 128)).convert("1"), "PNG"),
    "inverted": lambda image: encode(image.point(lambda v: 255 - v), "PNG"),
    "WEBP": lambda image: encode(image, "WEBP", quality=70),
    "sideways": lambda image: encode(
        image.transpose(Image.Transpose.ROTATE_90), "PNG", exif=_exif(6)
    ),
    "transparent": lambda image: encode(
        Image.merge("LA", (image.point(lambda v: 255), image)), "PNG"
    ),
    "transparent, black ink": lambda image: encode(
        Image.merge("LA", (image.point(lambda v: 0), image)), "PNG"
    ),
}


def _exif(turn: int) -> Image.Exif:
    exif = Image.Exif()
    exif[274] = turn
    return exif


@pytest.mark.parametrize("how", STORED)
def test_however_a_digit_is_stored_its_image_is_the_same(digits: np.ndarray, how: str) -> None:
    for number in SAMPLES:
        large = Image.fromarray(enlarge(digits[number], 5))
        alike(STORED[how](large), digits[number], 0.93)


@pytest.mark.parametrize("scale", [0.5, 0.7, 1.3, 3, 8, 20])
def test_size_does_not_matter(digits: np.ndarray, scale: float) -> None:
    for number in SAMPLES:
        least = 0.88 if scale < 1 else 0.95
        alike(enlarge(digits[number], scale), digits[number], least)


def test_a_fifth_of_the_size_still_shows_the_shape(digits: np.ndarray) -> None:
    for number in SAMPLES:
        assert likeness(normalise(enlarge(digits[number], 0.2)), digits[number]) > 0.7


@pytest.mark.parametrize("corner", [(0, 0), (0, 1), (1, 0), (1, 1)])
def test_place_on_the_canvas_does_not_matter(digits: np.ndarray, corner: tuple[int, int]) -> None:
    for number in SAMPLES:
        ink = cv2.resize(digits[number], (112, 112), interpolation=cv2.INTER_CUBIC)
        page = np.full((600, 700), 255, np.uint8)
        y, x = corner[0] * (600 - 112), corner[1] * (700 - 112)
        page[y : y + 112, x : x + 112] = 255 - ink
        alike(page, digits[number])


@pytest.mark.parametrize(
    ("ink", "paper"),
    [
        ((30, 30, 30), (0, 0, 0)),
        ((225, 225, 225), (255, 255, 255)),
        ((255, 200, 40), (153, 217, 234)),
        ((200, 60, 60), (90, 140, 70)),
        ((20, 30, 160), (230, 220, 190)),
        ((240, 240, 230), (40, 70, 50)),
    ],
)
def test_colours_do_not_matter(
    digits: np.ndarray, ink: tuple[int, int, int], paper: tuple[int, int, int]
) -> None:
    for number in SAMPLES:
        cover = enlarge(digits[number], 4)[..., None] / 255
        page = np.array(paper) * (1 - cover) + np.array(ink) * cover
        alike(page.astype(np.uint8), digits[number], 0.93)


@pytest.mark.parametrize("direction", ["left", "right", "top", "bottom"])
def test_a_grey_ramp_across_the_paper_does_not_matter(digits: np.ndarray, direction: str) -> None:
    for number in SAMPLES:
        cover = enlarge(digits[number], 5) / 255
        ramp = np.linspace(0.45, 1, cover.shape[0])
        ramp = ramp if direction in ("left", "top") else ramp[::-1]
        light = ramp[None, :] if direction in ("left", "right") else ramp[:, None]
        alike((225 * light * (1 - 0.8 * cover)).astype(np.uint8), digits[number], 0.93)


@pytest.mark.parametrize("width", [1, 2, 40, 90])
def test_neither_hairline_nor_brush_is_lost(width: int) -> None:
    page = np.full((1000, 1000), 255, np.uint8)
    points = np.array([[250, 150], [750, 150], [400, 850]], np.int32)
    cv2.polylines(page, [points], False, 0, width, cv2.LINE_AA)
    image = normalise(page)
    strong = (image > 128).sum()
    assert 25 < strong < 170, strong  # MNIST's sevens lie in between


def test_blank_and_noisy_paper_hold_no_marks() -> None:
    noise = np.random.default_rng(5).normal(200, 3, (300, 400))
    for page in (np.zeros((28, 28)), np.full((500, 500), 255), noise):
        assert told(find(decode(page.astype(np.uint8)))).marks == ()
