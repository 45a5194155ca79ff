"""What of a page would be told: without what the finder hardly takes for a digit."""

from dataclasses import replace

import numpy as np

from digit_classifier.agreement import UNSURE
from digit_classifier.picture import Mark, Page, finder
from digit_classifier.picture.marks import SEARCHED


def told(page: Page) -> Page:
    """The page with the marks that are in a text, as far as the finder alone can say."""
    if page.way != SEARCHED:
        return page
    return replace(page, marks=tuple(filter(_is_told, page.marks)))


def _is_told(mark: Mark) -> bool:
    assert mark.likely is not None
    likely = mark.likely[None]
    found, company = np.array([mark.found]), np.array([mark.company])
    answer = finder.load().agreement.combine(likely, likely, found, company)
    return bool(answer.max() >= UNSURE)
