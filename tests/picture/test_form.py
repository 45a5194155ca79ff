"""Sheets that MNIST's digits fill, through a camera, a scanner and a fax."""

import io

import numpy as np
import pytest
from PIL import Image

from digit_classifier.dataset import load
from digit_classifier.errors import PictureError
from digit_classifier.picture import decode, form, normalise
from digit_classifier.picture.decode import decode_pages
from picture import filled_forms as filled


@pytest.fixture(scope="module")
def digits():
    data = load("sample")
    return data.train_images, data.train_labels


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("device", [filled.photograph, filled.scan, filled.fax])
def test_each_box_is_told_filled_empty_or_crossed_out_and_its_digit_is_kept(digits, device, seed):
    rng = np.random.default_rng([seed, 8])
    page, truth = filled.fill(rng, *digits, "A4" if seed else "Letter")
    boxes = form.read(decode(device(rng, page)))
    assert [(box.digit, box.column) for box in boxes] == list(truth)
    assert filled.faults(boxes, truth) == []


@pytest.mark.parametrize("turns", range(4))
def test_a_sheet_is_read_whichever_way_it_was_turned(digits, turns):
    page, truth = filled.fill(np.random.default_rng(3), *digits)
    assert filled.faults(form.read(decode(np.rot90(page, turns))), truth) == []


def test_two_hidden_marks_are_made_up_for_by_the_others(digits):
    page, truth = filled.fill(np.random.default_rng(4), *digits)
    page[: 35 * 8, : 30 * 8] = 255
    page[-35 * 8 :, -30 * 8 :] = 255
    assert filled.faults(form.read(decode(page)), truth) == []


def test_a_thick_digit_that_runs_over_its_frame_is_kept_as_dark_ink_on_paper():
    page = np.array(filled.blank("A4"))
    x, y = 236, 437  # the first box begins there
    page[y : y + 150, x + 50 : x + 95] = 0
    kept = form.read(decode(page))[0]
    assert kept.state == "filled"
    assert 80 < np.count_nonzero(normalise(kept.image) > 128) < 200


def test_an_empty_sheet_is_all_empty():
    boxes = form.read(decode(filled.blank("A4")))
    assert {box.state for box in boxes} == {"empty"}


def mirrored():
    return filled.blank("A4")[:, ::-1]


def two_sheets():
    return np.hstack([filled.blank("A4")] * 2)


def half_a_sheet():
    return filled.blank("A4")[:1200]


def bent():
    """As if it lay over a pencil: from top to bottom its middle comes 5 mm too far to the left."""
    page = filled.blank("A4")
    shift = 40 * np.sin(np.linspace(0, np.pi, len(page)))
    return np.stack([np.roll(row, -round(n)) for row, n in zip(page, shift, strict=True)])


def coarse():
    return np.asarray(Image.fromarray(filled.blank("A4")).reduce(4))


@pytest.mark.parametrize(
    ("page", "words"),
    [
        (mirrored, "0 of the sheet's 6 black marks are seen, 4 are needed"),
        (half_a_sheet, "2 of the sheet's 6"),
        (two_sheets, "shows two sheets"),
        (bent, "is bent; lay it flat"),
        (coarse, "21 pixels wide, 28 are needed"),
    ],
)
def test_a_page_whose_boxes_cannot_be_placed_is_refused_with_the_reason(page, words):
    with pytest.raises(PictureError, match=words):
        form.read(decode(np.ascontiguousarray(page())))


def test_all_pages_of_a_tiff_are_read(tmp_path):
    pages = [Image.fromarray(np.full((40, 30), shade, np.uint8)) for shade in (10, 20, 30)]
    pages[0].save(tmp_path / "scan.tif", save_all=True, append_images=pages[1:])
    shades = [page.pixels[0, 0] for page in decode_pages(tmp_path / "scan.tif")]
    assert shades == [10, 20, 30]


def test_the_pages_of_other_files_are_their_one_picture(tmp_path):
    file = io.BytesIO()
    Image.new("L", (30, 40)).save(file, "PNG")
    (tmp_path / "scan.png").write_bytes(file.getvalue())
    assert len(list(decode_pages(tmp_path / "scan.png"))) == 1
