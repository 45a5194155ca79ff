import numpy as np

from digit_classifier.dataset import nondigits, styles
from digit_classifier.evaluation import rejection


def test_refusals_are_counted_by_kind_and_summed() -> None:
    digits, _ = styles.generate(40, seed=0)

    def predict(images: np.ndarray) -> np.ndarray:
        # sure of digits alone
        sure = [0.9 if (image == digits).all(axis=(1, 2)).any() else 0.3 for image in images]
        return np.repeat(np.array(sure)[:, None], 10, axis=1)

    rows = rejection.measure(predict, lambda rows: rows[:, 0] > 0.5, digits, seed=3, per_kind=4)
    assert rows[0] == rejection.Refusals("digits", None, 40, 0)
    assert [row.kind for row in rows[1:]] == [*nondigits.KINDS, *nondigits.HELD_OUT]
    assert {row.refused for row in rows[1:]} == {4}
    assert rejection.sum_up(rows) == [
        rejection.Refusals("digits", None, 40, 0),
        rejection.Refusals("kinds trained on", True, *[4 * len(nondigits.KINDS)] * 2),
        rejection.Refusals("kinds held out", False, *[4 * len(nondigits.HELD_OUT)] * 2),
    ]
