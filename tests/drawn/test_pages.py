import numpy as np
import pytest

from digit_classifier.drawn import hands, pages, styles, surfaces
from digit_classifier.drawn.sheet import NO_DIGIT, Sheet

IMAGES, LABELS = styles.generate(200, seed=5)


def drawn(seed, **how):
    return pages.draw_page(np.random.default_rng(seed), IMAGES, LABELS, **how)


@pytest.fixture
def bare(monkeypatch):
    """Pages that are the ink alone, black on white."""
    monkeypatch.setattr(
        surfaces, "develop", lambda _rng, ink, *_: (255 * (1 - ink)).round().astype(np.uint8)
    )


@pytest.mark.parametrize("held_out", [False, True])
def test_the_same_seed_draws_the_same_page(held_out):
    for seed in range(12):
        first, again = (drawn(seed, held_out=held_out) for _ in range(2))
        assert first.pixels.tobytes() == again.pixels.tobytes()
        assert first.boxes.tobytes() == again.boxes.tobytes()
        assert (first.kind, first.numbers) == (again.kind, again.numbers)
    assert first.pixels.tobytes() != drawn(0, held_out=held_out).pixels.tobytes()


@pytest.mark.parametrize("kind", pages.KINDS)
def test_a_page_of_every_kind_has_the_size_that_is_asked_for_and_numbers_that_are_its_boxes(kind):
    for seed in range(5):
        page = drawn(seed, kind=kind, size=(200, 333))
        assert (page.pixels.shape, page.pixels.dtype, page.kind) == ((200, 333), np.uint8, kind)
        assert (page.boxes.dtype, page.labels.dtype) == (np.float32, np.int64)
        told = [index for _, indices in page.numbers for index in indices]
        assert sorted(told) == np.flatnonzero(page.labels < 10).tolist()
        for text, indices in page.numbers:
            assert text == "".join(map(str, page.labels[list(indices)]))


@pytest.mark.parametrize("kind", [kind for kind in pages.KINDS if kind != "empty"])
def test_boxes_lie_on_the_page_and_are_tight_round_its_ink(kind, bare):
    for seed in range(4):
        page = drawn(seed, kind=kind)
        height, width = page.pixels.shape
        ink = page.pixels < 255 - pages.INK
        for x0, y0, x1, y1 in page.boxes.astype(int):
            assert 0 <= x0 < x1 <= width
            assert 0 <= y0 < y1 <= height
            part = ink[y0:y1, x0:x1]
            assert part[0].any() and part[-1].any()  # noqa: PT018
            assert part[:, 0].any() and part[:, -1].any()  # noqa: PT018


def test_all_that_is_written_has_a_box(bare):
    for seed in range(20):
        page = drawn(seed, kind="mixed")
        ink = page.pixels < 255 - pages.INK
        for x0, y0, x1, y1 in page.boxes.astype(int):
            ink[y0:y1, x0:x1] = False
        assert ink.mean() < 0.001  # specks of what the edge cuts off


def test_a_digit_of_which_the_edge_leaves_a_third_is_no_digit():
    rng = np.random.default_rng(0)
    sheet = Sheet(rng, hands.choose(rng, IMAGES, LABELS), 5, 5, fill=0.7)
    eight = sheet.digit(8, 0, 1)
    painted = pages._Painted(sheet, (100, 100), 40)
    assert painted.labels == [8]
    width = painted._inked(eight).shape[1]
    for share, label in ((0.33, NO_DIGIT), (0.75, 8)):
        painted._paint(eight, width * (share - 0.5), 50)
        assert painted.labels[-1] == label
        assert painted.boxes[-1][0] == 0


def test_a_ring_round_a_digit_is_a_line_without_a_box():
    rng = np.random.default_rng(0)
    sheet = Sheet(rng, hands.choose(rng, IMAGES, LABELS), 5, 5, fill=0.3)
    sheet.digit(8, 0, 1)
    sheet.ring(-1, -1, 2, 2)
    painted = pages._Painted(sheet, (200, 200), 40)
    assert painted.labels.count(8) == 1
    assert set(painted.labels) <= {8, NO_DIGIT}  # a note beside it
    (x0, y0, x1, y1) = map(int, painted.boxes[0])
    assert not painted.rules[y0:y1, x0:x1].any()
    for side in (painted.rules[:y0], painted.rules[y1:], painted.rules[:, :x0]):
        assert side.max() > 0.5


@pytest.mark.parametrize("held_out", [False, True])
def test_a_page_that_is_held_out_has_a_hand_and_a_surface_that_are(held_out, monkeypatch):
    asked = []
    for module, name in ((hands, "choose"), (surfaces, "develop")):
        real = getattr(module, name)
        monkeypatch.setattr(
            module, name, lambda *how, real=real: asked.append(how[-1]) or real(*how)
        )
    drawn(1, held_out=held_out)
    assert asked == [held_out, held_out]


def test_training_never_sees_what_is_held_out():
    assert not set(surfaces.STYLES) & set(surfaces.HELD_OUT)
    for effect in ("crumple", "weave", "wood", "halftone"):
        assert not any(style[effect] for style in surfaces.STYLES.values())
        assert any(style[effect] for style in surfaces.HELD_OUT.values())
    for style in surfaces.HELD_OUT.values():
        assert any(style[effect] == 1 for effect in ("crumple", "weave", "wood", "halftone"))
