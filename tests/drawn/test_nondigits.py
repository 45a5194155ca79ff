import numpy as np
import pytest

from digit_classifier.drawn import nondigits, styles
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
