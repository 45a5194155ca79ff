"""Digits that only occur in something else, such as letters that look like them in words."""

from dataclasses import dataclass

import numpy as np

from digit_classifier.picture import Mark
from digit_classifier.reader.reading import Rejected

# A line of at least so many marks, of which less than this share is accepted, is a line of
# words in which some letters look like digits.
WORDS_MARKS, WORDS_SHARE = 4, 0.4
# The same for a whole picture: a photograph of a lawn has blades that look like ones.
CLUTTER_MARKS, CLUTTER_SHARE = 12, 0.34
# One writer with one pen writes digits of about one size: over a page, the 90th percentile of
# height and of pen width stays within 1.6 times the 10th. Where they are spread further, or most
# of what was found was dropped at once, it is more likely a photograph of something else, and
# nearly all marks must be digits.
WILD_MARKS, WILD_SPREAD, WILD_DROPPED, WILD_SHARE = 4, 2.2, 4, 0.8
# In such a picture a line of digits is kept if nearly all of it is accepted.
SURE_SHARE = 0.9


@dataclass(frozen=True, eq=False)
class Seen:
    """A mark with what the network said of it.

    `accepted`: by the rule that the reader was given; `usual`: by the model's own.
    """

    mark: Mark
    probabilities: np.ndarray
    digit: int
    confidence: float
    accepted: bool
    usual: bool
    space: bool


def without_words(seen: list[Seen], rejected: list[Rejected]) -> list[Seen]:
    """Leave out lines where hardly a mark is a digit, and in a clutter all but lines of digits."""
    cluttered = _is_clutter(seen, len(rejected))
    reason = "among much that is no digit" if cluttered else "on a line of words"
    kept = []
    for line in dict.fromkeys(each.mark.line for each in seen):
        marks = [each for each in seen if each.mark.line == line]
        few, share = len(marks) < WORDS_MARKS, _accepted(marks)
        if cluttered:
            keep = not few and share >= SURE_SHARE and not _is_wild(marks)
        else:
            keep = few or share >= WORDS_SHARE
        if keep:
            kept += marks
        else:
            rejected += [
                Rejected(each.mark.box, reason, each.mark.image, each.probabilities)
                for each in marks
            ]
    return kept


def _is_clutter(seen: list[Seen], dropped: int) -> bool:
    """Whether a picture shows something other than writing in which digits occur."""
    share = _accepted(seen)
    if len(seen) >= WILD_MARKS and (_is_wild(seen) or dropped > WILD_DROPPED * len(seen)):
        return share < WILD_SHARE
    return len(seen) >= CLUTTER_MARKS and share < CLUTTER_SHARE


def _accepted(seen: list[Seen]) -> float:
    """Share of marks that the model's own rule accepts."""
    return sum(each.usual for each in seen) / max(1, len(seen))


def _is_wild(seen: list[Seen]) -> bool:
    heights = [each.mark.box[3] for each in seen]
    pens = [each.mark.thickness * max(each.mark.box[2:]) for each in seen]
    return max(_spread(heights), _spread(pens)) > WILD_SPREAD


def _spread(values: list[int] | list[float]) -> float:
    low, high = np.percentile(values, [10, 90])
    return float(high / max(low, 1e-6))
