"""What is left out to save time would have changed nothing: the short way against the long one."""

from collections.abc import Iterator

import cv2
import numpy as np
import pytest
from PIL import Image

from digit_classifier.picture import decode, find, ink, paper
from digit_classifier.picture.decode import compose
from digit_classifier.picture.ink import extract, measure_contrast
from digit_classifier.picture.marks import Page
from picture import drawings

PAGES = 12


def pages() -> Iterator[tuple[str, np.ndarray]]:
    rng = np.random.default_rng(21)
    for _ in range(PAGES):
        yield from drawings.variants(drawings.draw(rng), rng).items()


def test_signs_that_are_not_asked_would_not_have_turned_the_vote(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    copies = [paper.project(paper.shrink(page, 256), paper.LUMINANCE) for _, page in pages()]
    rng = np.random.default_rng(5)  # and clouds, on which opinions are divided
    noise = [rng.random((side, side), np.float32) for side in (90, 140) for _ in range(100)]
    clouds = [cv2.GaussianBlur(each, (0, 0), rng.uniform(2, 9)) for each in noise]
    copies += [cv2.normalize(each, None, 0, 255, cv2.NORM_MINMAX, cv2.CV_8U) for each in clouds]
    short = [paper.is_ink_light(copy) for copy in copies]
    asked = []
    monkeypatch.setattr(paper, "_room", lambda mask: asked.append(mask) or 0.0)
    for copy in copies:
        paper.is_ink_light(copy)
    assert len(asked) < len(copies)  # of two views each
    monkeypatch.undo()
    assert short == [whole_vote(copy) < 0 for copy in copies]


def whole_vote(grey: np.ndarray) -> float:
    small = paper.shrink(grey, paper.SIDE)
    height, width = small.shape
    middle = small[height // 6 : height - height // 6, width // 6 : width - width // 6]
    vote = 0.0
    for view in [small] if max(grey.shape) <= paper.CROP else [small, middle]:
        mask = cv2.threshold(view, 0, 1, cv2.THRESH_BINARY | cv2.THRESH_OTSU)[1]
        vote += paper._layout(mask) + paper.THINNESS * paper._thinness(view)
        vote += paper.ROOM * paper._room(mask)
        if max(view.shape) <= paper.CROP:
            vote += paper.PIECES * paper._pieces(mask)
    return vote


def test_the_largest_scale_shows_the_most_energy() -> None:
    for _, page in pages():
        grey = paper.shrink(page, paper.SIDE)
        energies = [sum(paper._energies(grey, scale)) for scale in paper.SCALES]
        assert energies == sorted(energies)


def test_a_mask_of_nothing_has_an_extent_that_can_be_labelled() -> None:
    empty = np.zeros((7, 9), np.uint8)
    labels, stats = ink.measure(empty[ink.extent(empty)])
    assert not labels.any()
    assert len(stats) == 1


@pytest.mark.parametrize("count", [1, 2, ink.MAX_ONE_BY_ONE, ink.MAX_ONE_BY_ONE + 1, 40])
def test_pieces_are_measured_alike_whether_few_or_many(count: int) -> None:
    mask = np.zeros((90, 90), np.uint8)
    places = [(x, y) for y in range(0, 90, 10) for x in range(0, 90, 10)]
    rng = np.random.default_rng(count)
    for at in rng.permutation(len(places))[: count - 1]:
        x, y = places[at]
        mask[y : y + rng.integers(1, 9), x : x + rng.integers(1, 9)] = 1
    labels, stats = ink.measure(mask)
    _, whole, expected, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    assert len(stats) == count
    assert (labels == whole).all()
    assert (stats[1:] == expected[1:]).all()


@pytest.mark.parametrize("factor", [0.5, 1.0, 3.0])
def test_contrast_is_the_mean_of_what_is_half_as_dark_as_the_darkest_few(factor: float) -> None:
    rng = np.random.default_rng(8)
    depths = [extract(page).depth for _, page in pages()]
    depths += [
        np.minimum(depth, np.uint8(rng.integers(1, 255))) for depth in depths
    ]  # one even pen
    for depth in depths:
        few = int(np.ceil(max(6 * max(factor, 1) ** 2, 1e-4 * depth.size)))
        peak = float(np.sort(depth.ravel())[-few])
        expected = depth[depth >= peak / 2].mean() if peak else 0.0
        assert measure_contrast(depth, factor) == pytest.approx(expected)


@pytest.mark.parametrize("level", [-2.0, 0.0, 0.3, 4.0, 127.5, 255.0, 255.1, 400.0])
def test_at_least_compares_as_numbers_do(level: float) -> None:
    every = np.arange(256, dtype=np.uint8)[None]
    assert (ink.at_least(every, level) == (every >= level)).all()


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
