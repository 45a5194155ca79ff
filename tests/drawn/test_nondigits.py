import numpy as np
import pytest

from digit_classifier.drawn import nondigits, shapes, styles
from digit_classifier.errors import OptionError


@pytest.fixture(scope="module")
def digits() -> np.ndarray:
    return styles.generate(50, seed=0)[0]


def test_the_same_seed_draws_the_same_and_another_seed_something_else(digits: np.ndarray) -> None:
    first = nondigits.generate(60, seed=7, digits=digits)
    assert first.shape == (60, 28, 28)
    assert first.dtype == np.uint8
    assert (nondigits.generate(60, seed=7, digits=digits) == first).all()
    assert (nondigits.generate(60, seed=8, digits=digits) != first).any(axis=(1, 2)).mean() > 0.9


def test_a_longer_run_begins_as_a_shorter_one(digits: np.ndarray) -> None:
    long = nondigits.generate(40, seed=7, digits=digits)
    assert (nondigits.generate(25, seed=7, digits=digits) == long[:25]).all()


@pytest.mark.parametrize("kind", [*nondigits.KINDS, *nondigits.HELD_OUT])
def test_every_kind_stands_in_the_frame_of_mnist(digits: np.ndarray, kind: str) -> None:
    for image in nondigits.generate(20, seed=3, digits=digits, kinds=[kind]):
        inked = image > 0
        rows, columns = (np.flatnonzero(inked.any(axis=axis)) for axis in (1, 0))
        longest = max(rows[-1] - rows[0], columns[-1] - columns[0]) + 1
        assert 16 <= longest <= 20
        assert image.max() > 60


def test_what_is_trained_on_shares_nothing_with_what_measures() -> None:
    assert not set(nondigits.KINDS) & set(nondigits.HELD_OUT)


def test_a_kind_that_is_not_known_and_no_digits_are_refused(digits: np.ndarray) -> None:
    with pytest.raises(OptionError, match="unicorn"):
        nondigits.generate(1, seed=0, digits=digits, kinds=["unicorn"])
    with pytest.raises(OptionError, match="at least one"):
        nondigits.generate(1, seed=0, digits=digits[:0])


@pytest.mark.parametrize("shape", ["_star", "_polygon"])
def test_corners_lie_at_equal_angles_around_the_middle_and_the_line_closes(shape, monkeypatch):
    outlines = []
    monkeypatch.setattr(shapes, "wobble", lambda strokes, _rng: outlines.extend(strokes) or strokes)
    rng = np.random.default_rng(0)
    for _ in range(40):
        getattr(shapes, shape)(rng)
    for outline in outlines:
        x, y = (outline - 0.5).T
        steps = np.diff(np.unwrap(np.arctan2(y, x)))
        np.testing.assert_allclose(steps, steps[0], atol=1e-6)
        assert abs(steps[0]) > 0.3
        np.testing.assert_allclose(outline[0], outline[-1], atol=1e-6)
        assert np.hypot(x, y)[0] == pytest.approx(0.5) == np.hypot(x, y).max()
        assert abs(x[0]) < 0.11  # a corner is on top
        assert y[0] < 0


def test_of_polygons_only_triangles_are_left_empty_for_an_empty_box_is_a_square_0(monkeypatch):
    empty = []
    monkeypatch.setattr(shapes, "draw", lambda strokes, _rng: empty.append(len(strokes[0]) - 1))
    rng = np.random.default_rng(0)
    for _ in range(60):
        shapes._polygon(rng)
    assert set(empty) == {3}
