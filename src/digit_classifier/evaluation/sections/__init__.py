"""The sections of a report, in its order: each answers one question about a model."""

# ruff: noqa: F401, I001 - imported to be registered, in this order
from digit_classifier.evaluation.sections import accuracy
from digit_classifier.evaluation.sections import confusions
from digit_classifier.evaluation.sections import calibration
from digit_classifier.evaluation.sections import robustness
from digit_classifier.evaluation.sections import ood
from digit_classifier.evaluation.sections import explanations
