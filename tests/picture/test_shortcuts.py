"""What is left out to save time would have changed nothing: the short way against the long one."""

from collections.abc import Iterator

import numpy as np
import pytest
from PIL import Image

from digit_classifier.picture import decode, find, ink
from digit_classifier.picture.decode import compose
from digit_classifier.picture.marks import Page
from picture import drawings

PAGES = 12


def pages() -> Iterator[tuple[str, np.ndarray]]:
    rng = np.random.default_rng(21)
    for _ in range(PAGES):
        yield from drawings.variants(drawings.draw(rng), rng).items()


def test_contrast_is_the_mean_of_what_is_half_as_dark_as_the_darkest_few() -> None:
    rng = np.random.default_rng(8)
    depths = [255 - page for _, page in pages()]
    depths += [np.minimum(depth, np.uint8(rng.integers(1, 255))) for depth in depths]
    for depth in depths:
        few = int(np.ceil(max(ink.FEW[0], ink.FEW[1] * depth.size)))
        peak = float(np.sort(depth.ravel())[-few])
        assert ink.contrast(depth) == pytest.approx(depth[depth >= peak / 2].mean())


def test_nothing_has_no_contrast() -> None:
    assert ink.contrast(np.zeros((7, 9), np.uint8)) == 0


def described(page: Page) -> list[object]:
    return [(mark.image.tobytes(), mark.box, mark.line) for mark in page.marks]


def test_grey_stored_as_colour_or_on_a_canvas_is_read_as_grey() -> None:
    for _, page in pages():
        colour = np.repeat(page[..., None], 3, axis=2)
        canvas = np.dstack([colour, np.full_like(page, 255)])
        grey = described(find(decode(page)))
        assert described(find(decode(colour))) == grey
        assert described(find(decode(canvas))) == grey


def test_transparency_is_mixed_to_the_nearest_level() -> None:
    alpha, colour = np.mgrid[0:256, 0:256].astype(np.uint8)
    mixed = compose(np.dstack([colour, colour // 2, 255 - colour]), alpha)
    behind = np.array(mixed[0, 0], np.uint32)  # where nothing covers it
    for channel, level in enumerate((colour, colour // 2, 255 - colour)):
        exact = level.astype(np.uint32) * alpha + (255 - alpha.astype(np.uint32)) * behind[channel]
        assert (mixed[..., channel] == (exact + 127) // 255).all()


def test_an_opaque_canvas_is_its_colour() -> None:
    page = drawings.draw(np.random.default_rng(3))
    canvas = Image.fromarray(np.dstack([page, page, page, np.full_like(page, 255)]))
    assert (decode(canvas).pixels == page[..., None]).all()
