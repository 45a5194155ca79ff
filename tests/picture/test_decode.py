"""Every kind of source and pixel format; limits; what cannot be read."""

import io
import struct
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from digit_classifier.errors import MissingExtraError, PictureError, TooLargeError
from digit_classifier.picture import decode

GREY = np.arange(24 * 32, dtype=np.uint8).reshape(24, 32)


def encode(image: Image.Image, kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def png_header(width: int, height: int) -> bytes:
    """A PNG that claims a size and has almost no data."""
    head = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    chunks = [(b"IHDR", head), (b"IDAT", zlib.compress(b"")), (b"IEND", b"")]
    body = b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in chunks
    )
    return b"\x89PNG\r\n\x1a\n" + body


@pytest.mark.parametrize("kind", ["PNG", "BMP", "GIF", "TIFF"])
def test_lossless_formats_give_the_pixels_back(kind: str) -> None:
    assert np.array_equal(decode(encode(Image.fromarray(GREY), kind)).pixels, GREY)


@pytest.mark.parametrize(("kind", "error"), [("JPEG", 12), ("WEBP", 12)])
def test_lossy_formats_give_nearly_the_pixels_back(kind: str, error: int) -> None:
    smooth = np.linspace(0, 255, 64 * 64).reshape(64, 64).astype(np.uint8)
    pixels = decode(encode(Image.fromarray(smooth), kind, quality=90)).pixels
    grey = pixels if pixels.ndim == 2 else pixels[..., 1]
    assert np.abs(grey.astype(int) - smooth).max() <= error


def test_path_bytes_array_and_image_are_one_picture(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(encode(Image.fromarray(GREY), "PNG"))
    for source in (path, str(path), path.read_bytes(), GREY, Image.fromarray(GREY)):
        picture = decode(source)
        assert np.array_equal(picture.pixels, GREY)
        assert (picture.width, picture.height) == (32, 24)


@pytest.mark.parametrize(
    "array",
    [
        GREY.astype(np.uint16) * 257,
        GREY.astype(np.float64) / 255,
        GREY.astype(np.float32),
        (GREY / 255).astype(np.float16),
        GREY[..., None],
        GREY.astype(np.int64),
        np.dstack([GREY, np.full_like(GREY, 255)]),
    ],
    ids=[
        "uint16",
        "float to 1",
        "float to 255",
        "float16",
        "one channel",
        "int64",
        "grey and alpha",
    ],
)
def test_arrays_of_every_dtype_give_the_same_grey(array: np.ndarray) -> None:
    assert np.array_equal(decode(array).pixels, GREY)


def test_bool_array_is_black_and_white() -> None:
    assert set(np.unique(decode(GREY > 100).pixels)) == {0, 255}


def test_picture_of_12_bits_in_16_keeps_its_contrast() -> None:
    array = (GREY.astype(np.uint16) * 16) + 15
    pixels = decode(encode(Image.fromarray(array), "PNG")).pixels
    assert pixels.max() == 255
    assert np.abs(pixels.astype(int) - GREY).max() <= 1


@pytest.mark.parametrize("mode", ["1", "P", "CMYK", "LA", "RGBA", "I;16"])
def test_every_mode_shows_the_same_square(mode: str) -> None:
    array = np.full((20, 20), 255, np.uint8)
    array[5:15, 5:15] = 0
    image = Image.fromarray(array)
    if mode == "I;16":
        image = Image.fromarray(array.astype(np.uint16) * 257)
    else:
        image = image.convert("RGB").convert(mode) if mode in ("P", "CMYK") else image.convert(mode)
    kind = "TIFF" if mode == "CMYK" else "PNG"
    pixels = decode(encode(image, kind)).pixels
    grey = pixels if pixels.ndim == 2 else pixels.mean(axis=2)
    assert np.abs(grey - array).max() < 3


@pytest.mark.parametrize(("ink", "paper"), [(0, 255), (255, 0)])
def test_ink_on_transparency_gets_the_paper_that_shows_it(ink: int, paper: int) -> None:
    array = np.zeros((20, 20, 4), np.uint8)
    array[8:12, 3:17] = (ink, ink, ink, 255)
    pixels = decode(array).pixels
    assert (pixels[0] == paper).all()
    assert (pixels[10, 5:15] == ink).all()


def test_palette_with_a_transparent_colour_is_composed() -> None:
    array = np.zeros((20, 20), np.uint8)
    array[8:12, 3:17] = 1
    image = Image.fromarray(array, "L").convert("P")
    image.putpalette([0, 0, 0, 0, 0, 0])  # black ink on a transparent black
    pixels = decode(encode(image, "PNG", transparency=0)).pixels
    assert pixels[0].min() == 255
    assert pixels[10, 5:15].max() == 0


def test_page_with_transparent_corners_keeps_its_own_paper() -> None:
    array = np.full((40, 40, 4), (200, 210, 220, 255), np.uint8)
    array[15:25, 18:22, :3] = 20
    array[:4, :4, 3] = 0
    assert np.abs(decode(array).pixels[0, 0].astype(int) - (200, 210, 220)).max() <= 1


def test_wholly_transparent_picture_is_blank() -> None:
    assert np.ptp(decode(np.zeros((9, 9, 4), np.uint8)).pixels) == 0


@pytest.mark.parametrize("turn", range(1, 9))
def test_exif_orientation_is_applied(turn: int) -> None:
    undo = {
        1: None,
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }[turn]
    image = Image.fromarray(GREY)
    exif = Image.Exif()
    exif[274] = turn
    turned = image if undo is None else image.transpose(undo)
    assert np.array_equal(decode(encode(turned, "PNG", exif=exif)).pixels, GREY)


@pytest.mark.parametrize(("kind", "word"), [("GIF", "animated"), ("TIFF", "pages")])
def test_first_frame_is_read_and_the_note_says_so(kind: str, word: str) -> None:
    frames = [Image.fromarray(np.full((8, 8), value, np.uint8)) for value in (10, 120, 240)]
    picture = decode(encode(frames[0], kind, save_all=True, append_images=frames[1:]))
    assert word in picture.notes[0]
    assert "3" in picture.notes[0]
    assert abs(int(picture.pixels.flat[0]) - 10) <= 1


def test_limits_are_checked_before_decoding() -> None:
    with pytest.raises(TooLargeError, match="9,000 x 9,000 pixels"):
        decode(png_header(9000, 9000))
    with pytest.raises(TooLargeError):
        decode(png_header(100_000, 100_000))
    with pytest.raises(TooLargeError, match="bytes"):
        decode(bytes(1000), max_bytes=999)
    with pytest.raises(TooLargeError):
        decode(np.zeros((40, 40), np.uint8), max_pixels=1000)


def test_a_photograph_of_16_megapixels_is_within_the_limits() -> None:
    photo = Image.new("L", (5312, 2988), 200)
    assert decode(encode(photo, "JPEG")).width == 5312


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"),
        (b"my notes about digits", "not a picture"),
        (b"%PDF-1.7 ...", "not a picture"),
        (b"\x89PNG\r\n", "begins as PNG and is damaged or cut off"),
        (b"RIFF1234WEBP", "begins as WEBP and is damaged or cut off"),
        (encode(Image.fromarray(GREY), "PNG")[:60], "truncated"),
        (encode(Image.effect_noise((99, 99), 50), "JPEG")[:-900], "truncated"),
        (png_header(30, 30), "truncated"),
    ],
)
def test_broken_files_say_what_is_wrong(tmp_path: Path, data: bytes, words: str) -> None:
    path = tmp_path / "notes.png"
    path.write_bytes(data)
    with pytest.raises(PictureError, match=words) as caught:
        decode(path)
    assert "notes.png" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_folder_missing_file_and_other_objects_are_refused(tmp_path: Path) -> None:
    for source in (tmp_path, tmp_path / "none.png", "a\0b", 7, None):
        with pytest.raises(PictureError):
            decode(source)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "array",
    [
        np.zeros((0, 5), np.uint8),
        np.zeros(5, np.uint8),
        np.zeros((2, 2, 5), np.uint8),
        np.full((4, 4), np.nan),
        np.full((4, 4), -1.0),
        np.full((4, 4), 1e9),
        np.full((4, 4), "a"),
        np.zeros((4, 4), complex),
    ],
)
def test_arrays_that_are_no_pictures_are_refused(array: np.ndarray) -> None:
    with pytest.raises(PictureError):
        decode(array)


def test_heic_without_its_extra_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    with pytest.raises(MissingExtraError, match="heic"):
        decode(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic")


def test_what_is_no_picture_names_the_heic_extra_only_where_it_is_missing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pytest.importorskip("pillow_heif")
    with pytest.raises(PictureError, match=r"WEBP, TIFF, HEIC can$"):
        decode(b"damaged from the first byte on")
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    with pytest.raises(PictureError, match=r"TIFF \(and HEIC with the heic extra\) can$"):
        decode(b"damaged from the first byte on")


def test_heic_is_read_where_the_extra_is_installed() -> None:
    heif = pytest.importorskip("pillow_heif")
    file = io.BytesIO()
    smooth = Image.fromarray(np.full((64, 64, 3), 90, np.uint8))
    heif.from_pillow(smooth).save(file, quality=90)
    pixels = decode(file.getvalue()).pixels
    assert pixels.shape[:2] == (64, 64)
    assert abs(float(pixels.mean()) - 90) < 4
