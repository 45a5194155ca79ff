"""Where labelled images come from: `load` finds, fetches, checks and gives a `Dataset`."""

from digit_classifier.dataset.labelled import Dataset
from digit_classifier.dataset.loading import load

__all__ = ["Dataset", "load"]
