"""Numbers in sentences: one of a thing, several of them; and no sentence that forgets it."""

import re
from pathlib import Path

import pytest

from digit_classifier.stats import caveat
from digit_classifier.words import count

SOURCE = Path(__file__).parents[1] / "src" / "digit_classifier"
# A number of these may be 1 wherever it is told.
COUNTED = "epochs|errors|training steps|mistakes"


@pytest.mark.parametrize(
    ("n", "said"), [(0, "0 errors"), (1, "1 error"), (2, "2 errors"), (1000, "1,000 errors")]
)
def test_one_of_a_thing_is_not_several(n, said):
    assert count(n, "error") == said


def test_a_caveat_about_one_image_is_a_sentence():
    assert caveat(1) == "Only 1 image, which tells little: mind the interval."
    assert caveat(1000) == ""


def test_every_sentence_with_such_a_number_asks_for_its_plural():
    told = re.compile(rf"(?<!verdict)\}} ({COUNTED})\b")
    found = [
        f"{path.name}: {line.strip()}"
        for path in SOURCE.rglob("*.py")
        for line in path.read_text("utf-8").splitlines()
        if told.search(line)
    ]
    assert found == []
