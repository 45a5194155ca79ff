"""Any picture -> upright 28x28 digits and their boxes; all pixel work for reading is here."""

from digit_classifier.picture.decode import Picture, decode
from digit_classifier.picture.marks import Mark, Page, Rejected
from digit_classifier.picture.pipeline import find, look_again, normalise, page_marks, search

__all__ = [
    "Mark",
    "Page",
    "Picture",
    "Rejected",
    "decode",
    "find",
    "look_again",
    "normalise",
    "page_marks",
    "search",
]
