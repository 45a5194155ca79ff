import numpy as np

from digit_classifier.drawn import styles


def test_the_same_seed_draws_the_same_digits() -> None:
    images, labels = styles.generate(50, seed=7)
    assert (images.shape, images.dtype, labels.dtype) == ((50, 28, 28), np.uint8, np.uint8)
    again, same = styles.generate(30, seed=7)
    assert (again == images[:30]).all()
    assert (same == labels[:30]).all()


def test_all_ten_digits_are_drawn_and_mostly_ones_and_sevens() -> None:
    counts = np.bincount(styles.generate(800, seed=1)[1], minlength=10)
    assert counts.min() > 20
    assert set(np.argsort(counts)[-2:]) == {1, 7}


def test_every_style_of_a_digit_is_another_drawing() -> None:
    for ways in styles.STYLES.values():
        drawn = [styles._draw(way, np.random.default_rng(0)).tobytes() for way in ways]
        assert len(set(drawn)) == len(ways)
