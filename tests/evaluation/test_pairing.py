import itertools
import math

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from scipy.stats import binom, binomtest, multinomial

from digit_classifier.evaluation.compare import Pairing, holm, pair, tango
from digit_classifier.stats import mcnemar


def test_a_pairing_counts_what_only_one_of_the_two_reads_rightly():
    first = np.array([True, True, True, False, False, False, True])
    second = np.array([True, False, False, True, False, False, True])
    found = pair(first, second)
    assert (found.n, found.only_first, found.only_second) == (7, 2, 1)
    assert found.difference == pytest.approx(1 / 7)
    assert found.p == 1.0


@pytest.mark.parametrize("shapes", [(3, 4), (0, 0)])
def test_answers_to_other_images_cannot_be_paired(shapes):
    with pytest.raises(ValueError, match="cannot be paired"):
        pair(*(np.ones(n, bool) for n in shapes))


@pytest.mark.parametrize(("one", "other"), [(1, 7), (7, 1), (12, 2), (20, 20), (0, 1), (110, 16)])
def test_mcnemar_is_the_binomial_test_of_the_images_that_differ(one, other):
    assert mcnemar(one, other) == pytest.approx(binomtest(one, one + other, 0.5).pvalue)
    tail = binom.cdf(min(one, other), one + other, 0.5)
    assert mcnemar(one, other) == pytest.approx(min(1.0, 2 * tail))


def test_mcnemar_by_hand():
    assert mcnemar(5, 0) == pytest.approx(2 / 2**5)
    assert mcnemar(1, 7) == pytest.approx(2 * (1 + 8) / 2**8)
    assert mcnemar(0, 0) == 1.0


def test_tangos_interval_as_published():
    """Fagerland, Lydersen, Laake, Statistics in Medicine 33 (2014): 1 and 7 of 21 children."""
    assert tango(1, 7, 21) == pytest.approx((-0.517, -0.026), abs=5e-4)


def rejected(delta, one, other, n):
    """The score test of one difference, the nuisance parameter maximised numerically."""
    low, high = max(0.0, -delta), (1 - delta) / 2

    def unlikely(share):
        terms = ((one, share + delta), (other, share), (n - one - other, 1 - 2 * share - delta))
        return -sum(count * math.log(max(p, 1e-300)) for count, p in terms if count)

    share = minimize_scalar(
        unlikely, bounds=(low, high), method="bounded", options={"xatol": 1e-9}
    ).x
    variance = n * (2 * share + delta - delta * delta)
    return (one - other - n * delta) ** 2 > 1.959964**2 * variance


@pytest.mark.parametrize(
    ("one", "other", "n"),
    [(12, 2, 50), (40, 20, 160), (0, 1, 44), (0, 0, 30), (3, 3, 6), (1, 0, 1), (9, 0, 10)],
)
def test_tangos_interval_holds_what_a_score_test_by_brute_force_does_not_reject(one, other, n):
    grid = np.linspace(-0.9995, 0.9995, 1_000)
    kept = [delta for delta in grid if not rejected(delta, one, other, n)]
    step = grid[1] - grid[0]
    assert tango(one, other, n) == pytest.approx((kept[0], kept[-1]), abs=2 * step)


def test_tangos_interval_covers_nineteen_times_of_twenty():
    n, shares = 25, (0.2, 0.1, 0.7)
    true = shares[0] - shares[1]
    covered = 0.0
    for one, other in itertools.product(range(n + 1), repeat=2):
        if one + other <= n:
            low, high = tango(one, other, n)
            covered += (low <= true <= high) * multinomial.pmf(
                [one, other, n - one - other], n, shares
            )
    assert 0.94 < covered < 0.98


def test_the_interval_turns_with_the_models_and_stays_within_one():
    for one, other, n in ((12, 2, 50), (5, 0, 5), (0, 0, 1), (0, 3, 10_000)):
        low, high = tango(one, other, n)
        assert tango(other, one, n) == pytest.approx((-high, -low))
        assert -1 <= low <= (one - other) / n <= high <= 1
    assert Pairing(5, 5, 0).interval[1] == 1.0


def test_models_that_never_differ_may_still_differ_a_little():
    low, high = tango(0, 0, 100)
    assert high == pytest.approx(1.959964**2 / (100 + 1.959964**2))
    assert low == pytest.approx(-high)


@pytest.mark.parametrize("counts", [(-1, 2, 5), (3, 3, 5), (0, 0, 0)])
def test_impossible_counts_are_refused(counts):
    with pytest.raises(ValueError, match="cannot be a pairing"):
        tango(*counts)


def test_holm_by_hand():
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.2]) == [0.2]
    assert holm([]) == []
    assert holm([0.9, 0.8]) == [1.0, 1.0]


def test_holm_rejects_what_its_procedure_rejects():
    rng = np.random.default_rng(3)
    for _ in range(200):
        values = (rng.random(6) ** 4).tolist()
        kept = set()
        for rank, index in enumerate(np.argsort(values)):  # step down until one is not rejected
            if values[index] > 0.05 / (6 - rank):
                break
            kept.add(int(index))
        assert {i for i, p in enumerate(holm(values)) if p <= 0.05} == kept
