"""Fifteen corruptions: what each does, that it grows with its level, that a seed fixes it."""

import numpy as np
import pytest

from digit_classifier.drawn import styles
from digit_classifier.errors import OptionError
from digit_classifier.evaluation.corruptions import CORRUPTIONS, LEVELS, corrupt, mnist_c

# Nothing is drawn for these: what happens is the same for every picture.
EVEN = {"scale", "brightness", "stripe", "canny edges"}
every_corruption = pytest.mark.parametrize("name", CORRUPTIONS)


@pytest.fixture(scope="module")
def digits() -> np.ndarray:
    return styles.generate(80, seed=11)[0]


def bar(height: int = 20, width: int = 3) -> np.ndarray:
    """An upright bar in the middle, uint8 (1, 28, 28)."""
    image = np.zeros((1, 28, 28), np.uint8)
    top, left = (28 - height) // 2, (28 - width) // 2
    image[:, top : top + height, left : left + width] = 255
    return image


def lean(image: np.ndarray) -> float:
    """Degrees by which the ink of (28, 28) leans to the right, from its second moments."""
    y, x = np.mgrid[:28, :28].astype(float)
    ink = image / image.sum()
    y, x = y - (ink * y).sum(), x - (ink * x).sum()
    return float(
        np.degrees(0.5 * np.arctan2(-2 * (ink * x * y).sum(), (ink * (y**2 - x**2)).sum()))
    )


def test_the_fifteen_of_mnist_c_are_there() -> None:
    assert set(CORRUPTIONS) >= {
        "shot noise", "impulse noise", "glass blur", "motion blur", "shear", "scale", "rotate",
        "brightness", "translate", "stripe", "fog", "spatter", "dotted line", "zigzag",
        "canny edges",
    }  # fmt: skip


@every_corruption
def test_pictures_keep_their_shape_and_type_and_are_spoilt(name: str, digits: np.ndarray) -> None:
    before = digits.copy()
    for level in LEVELS:
        spoilt = corrupt(digits, name, level)
        assert spoilt.dtype == np.uint8
        assert spoilt.shape == digits.shape
        assert (spoilt != digits).any(axis=(1, 2)).mean() > 0.9
    np.testing.assert_array_equal(digits, before)


@every_corruption
def test_a_seed_gives_the_same_bytes_and_another_seed_others(name: str, digits: np.ndarray) -> None:
    first = corrupt(digits, name, 3, (5, 1))
    np.testing.assert_array_equal(first, corrupt(digits, name, 3, (5, 1)))
    assert (first == corrupt(digits, name, 3, (5, 2))).all() == (name in EVEN)


@every_corruption
def test_a_higher_level_takes_pictures_further_from_what_they_were(
    name: str, digits: np.ndarray
) -> None:
    distances = [
        np.abs(corrupt(digits, name, level).astype(int) - digits).mean() for level in (0, *LEVELS)
    ]
    assert distances[0] == 0
    assert (np.diff(distances) > 0).all(), distances


@every_corruption
def test_one_picture_and_none_and_blank_ones_are_taken(name: str, digits: np.ndarray) -> None:
    blank = np.zeros((2, 28, 28), np.uint8)
    full = np.full((2, 28, 28), 255, np.uint8)
    for level in LEVELS:
        assert corrupt(digits[:1], name, level).shape == (1, 28, 28)
        assert corrupt(digits[:0], name, level).shape == (0, 28, 28)
        assert corrupt(blank, name, level).shape == (2, 28, 28)
        assert corrupt(full, name, level).shape == (2, 28, 28)


def test_an_unknown_corruption_or_level_is_refused(digits: np.ndarray) -> None:
    with pytest.raises(OptionError, match="no corruption 'rain'. Known are shot noise,"):
        corrupt(digits, "rain", 3)
    with pytest.raises(OptionError, match="no corruption of level 6; levels go from 0 to 5"):
        corrupt(digits, "fog", 6)


def test_impulse_noise_turns_its_share_of_pixels_black_or_white() -> None:
    grey = np.full((400, 28, 28), 100, np.uint8)
    for level in LEVELS:
        spoilt = corrupt(grey, "impulse noise", level)
        assert set(np.unique(spoilt)) == {0, 100, 255}
        # MNIST-C's 17 % at level 3, a third of it more at each level
        assert (spoilt != 100).mean() == pytest.approx(0.17 * level / 3, abs=0.003)
        assert (spoilt == 0).sum() == pytest.approx((spoilt == 255).sum(), rel=0.05)


def test_shot_noise_counts_photons() -> None:
    grey = np.full((400, 28, 28), 51, np.uint8)  # a fifth of full ink: 0.6 photons of 3
    spoilt = corrupt(grey, "shot noise", 3) / 255
    shares = [(np.abs(spoilt - k / 3) < 0.003).mean() for k in range(3)]
    poisson = [np.exp(-0.6) * 0.6**k / [1, 1, 2][k] for k in range(3)]
    np.testing.assert_allclose(shares, poisson, atol=0.005)


def test_brightness_adds_half_of_full_light(digits: np.ndarray) -> None:
    expected = np.minimum(digits.astype(float) + 127.5, 255)
    assert np.abs(corrupt(digits, "brightness", 3) - expected).max() <= 1


def test_stripe_inverts_seven_columns_on_each_side(digits: np.ndarray) -> None:
    expected = digits.copy()
    expected[:, :, :7] = 255 - expected[:, :, :7]
    expected[:, :, 21:] = 255 - expected[:, :, 21:]
    np.testing.assert_array_equal(corrupt(digits, "stripe", 3), expected)


def test_translate_moves_by_whole_pixels_both_ways(digits: np.ndarray) -> None:
    for level in LEVELS:
        seen = set()
        for before, after in zip(digits, corrupt(digits, "translate", level), strict=True):
            room = np.pad(before, level)
            found = {
                (down, right)
                for down in (-level, level)
                for right in (-level, level)
                if (after == room[level - down :, level - right :][:28, :28]).all()
            }
            assert found
            seen |= found
        assert len(seen) == 4


def test_rotate_turns_by_two_fifths_of_a_radian_either_way() -> None:
    found = [lean(each) for each in corrupt(np.repeat(bar(), 40, axis=0), "rotate", 3)]
    np.testing.assert_allclose(np.abs(found), np.degrees(0.4), atol=0.5)
    assert {round(angle) for angle in found} == {-23, 23}


def test_shear_slants_either_way() -> None:
    found = [lean(each) for each in corrupt(np.repeat(bar(16, 1), 40, axis=0), "shear", 3)]
    # sideways by sin(0.4) a pixel
    np.testing.assert_allclose(np.abs(found), np.degrees(np.arctan(np.sin(0.4))), atol=0.5)
    assert min(found) < 0 < max(found)


def test_scale_shrinks_to_seven_tenths() -> None:
    image = bar(20, 20)
    ink = [np.sqrt(corrupt(image, "scale", level).sum() / image.sum()) for level in LEVELS]
    np.testing.assert_allclose(ink, [0.9, 0.8, 0.7, 0.6, 0.5], atol=0.02)


def test_motion_blur_spreads_ink_along_a_line_and_loses_none() -> None:
    dot = np.zeros((60, 28, 28), np.uint8)
    dot[:, 14, 14] = 255
    spoilt = corrupt(dot, "motion blur", 3).astype(float)
    np.testing.assert_allclose(spoilt.sum(axis=(1, 2)), 255, rtol=0.05)
    y, x = np.mgrid[:28, :28] - 14.0
    weights = spoilt / spoilt.sum(axis=(1, 2), keepdims=True)
    spread = [
        np.linalg.eigvalsh(np.cov(np.stack([x.ravel(), y.ravel()]), aweights=w.ravel()))
        for w in weights
    ]
    assert all(across < 0.3 < 2 < along for across, along in spread)


def test_glass_blur_neither_adds_nor_takes_ink_and_softens_edges(digits: np.ndarray) -> None:
    spoilt = corrupt(digits, "glass blur", 3)
    assert spoilt.mean() == pytest.approx(digits.mean(), rel=0.03)
    assert np.abs(np.diff(spoilt.astype(int))).mean() < np.abs(np.diff(digits.astype(int))).mean()


def test_fog_hides_and_lets_the_digit_through(digits: np.ndarray) -> None:
    fogged = corrupt(digits, "fog", 3).astype(float)
    paper = corrupt(np.zeros_like(digits), "fog", 3).astype(float)
    # three parts of fog to one of picture
    np.testing.assert_allclose(fogged - paper, digits / 4, atol=1.01)
    assert 40 < paper.mean() < 160
    assert paper.std(axis=(1, 2)).min() > 2


def test_spatter_covers_its_share_with_grey() -> None:
    drops = corrupt(np.zeros((50, 28, 28), np.uint8), "spatter", 3)
    assert drops.max() == pytest.approx(0.25 * 0.88 * 255, abs=1)
    assert (drops > drops.max() / 2).mean() == pytest.approx(0.136, abs=0.01)
    assert corrupt(np.full((9, 28, 28), 255, np.uint8), "spatter", 3).min() < 100


def test_a_dotted_line_goes_from_edge_to_edge_in_dots() -> None:
    lines = corrupt(np.zeros((50, 28, 28), np.uint8), "dotted line", 3)
    inked = lines.max(axis=1) > 0
    np.testing.assert_array_equal(inked, np.tile(np.arange(28) % 4 >= 2, (50, 1)))


def test_a_zigzag_turns_every_four_columns() -> None:
    drawn = corrupt(np.zeros((200, 28, 28), np.uint8), "zigzag", 1).astype(float)
    whole = drawn[(drawn[:, [0, -1]].sum(axis=(1, 2)) == 0)]
    assert len(whole) > 50
    assert whole[:, :, [0, 1, 26, 27]].max() == 0
    middle = (whole * np.arange(28)[:, None]).sum(axis=1) / np.maximum(whole.sum(axis=1), 1)
    bends = np.diff(np.sign(np.diff(middle[:, 3:25])), axis=1) != 0
    assert 4 <= bends.sum(axis=1).mean() <= 7


def test_edges_are_where_another_implementation_of_canny_finds_them(digits: np.ndarray) -> None:
    feature = pytest.importorskip("skimage.feature")
    morphology = pytest.importorskip("skimage.morphology")
    ours = corrupt(digits, "canny edges", 3) > 0
    theirs = np.stack([feature.canny(image / 255) for image in digits])
    near_ours = np.stack([morphology.dilation(each, np.ones((3, 3))) for each in ours])
    near_theirs = np.stack([morphology.dilation(each, np.ones((3, 3))) for each in theirs])
    assert (near_ours & theirs).sum() > 0.9 * theirs.sum()
    assert (near_theirs & ours).sum() > 0.9 * ours.sum()


def test_turn_goes_anticlockwise_and_shift_down_and_to_the_right(digits: np.ndarray) -> None:
    quarter = mnist_c.turn(digits, np.full(len(digits), 90.0))
    assert np.abs(quarter.astype(int) - np.rot90(digits, axes=(1, 2))).max() <= 1
    moved = mnist_c.shift(digits, 3, -2)
    np.testing.assert_array_equal(moved[:, 3:, :-2], digits[:, :-3, 2:])
    assert moved[:, :3].max() == moved[:, :, -2:].max() == 0
