"""The rule that rejects: what a file says of it, and what it accepts."""

import numpy as np
import pytest

from digit_classifier.errors import ModelError
from digit_classifier.rejection import RejectionRule


def test_the_rule_of_a_model_is_its_threshold_and_softness():
    assert RejectionRule.read({}) is None
    assert RejectionRule.read({"reject": "none"}) is None
    assert RejectionRule.read({"reject": {"threshold": 1}}) == RejectionRule(1.0)
    assert RejectionRule.read({"reject": {"threshold": 0.2, "softness": 0.5}}) == RejectionRule(
        0.2, 2.0
    )


def test_the_score_is_the_highest_probability_at_a_temperature() -> None:
    rows = np.array([[0.64, 0.36, *[0.0] * 8], [0.1] * 10])
    np.testing.assert_allclose(RejectionRule(0.5).score(rows), [0.64, 0.1])
    # square roots are 0.8 and 0.6, and those of the smallest number that is told from 0
    np.testing.assert_allclose(RejectionRule(0.2, 2.0).score(rows), [0.8 / 1.4, 0.1], rtol=1e-4)
    assert RejectionRule(0.2, 2.0).accept(rows).tolist() == [True, False]


def test_what_is_written_into_a_file_is_read_back() -> None:
    rule = RejectionRule(0.25, 5.0)
    assert RejectionRule.read({"reject": rule.describe()}) == rule


@pytest.mark.parametrize("reject", [{"threshold": None}, {"threshold": 0.2, "softness": "much"}])
def test_a_rule_without_numbers_is_refused(reject):
    with pytest.raises(ModelError, match="its rule is .* two numbers, .* are needed"):
        RejectionRule.read({"reject": reject})
