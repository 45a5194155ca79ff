"""Fifteen ways in which a picture of a digit goes bad, at five strengths, from a seed.

The list is MNIST-C's (N. Mu, J. Gilmer, "MNIST-C: a robustness benchmark for computer vision",
ICML 2019 workshop on uncertainty and robustness in deep learning), drawn anew from what the paper
and its published settings say; the pictures are not its files. MNIST-C has one strength for each.
Here that is the third of five: the one number that makes a corruption strong, its angle, share,
width or distance, is 1/3, 2/3, 1, 4/3 and 5/3 of the published one. For scale and translate these
five are the authors' own; Canny edges say themselves how they are weakened. Where the authors
publish no such number, for the two lines, it is the width of the pen.
Source of the published strengths: github.com/google-research/mnist-c, corruptions.py.
"""

from digit_classifier.evaluation.corruptions import mnist_c  # noqa: F401 - registers them
from digit_classifier.evaluation.corruptions.corruption import (
    CORRUPTIONS,
    LEVELS,
    STRENGTHS,
    corrupt,
    corruption,
)

__all__ = ["CORRUPTIONS", "LEVELS", "STRENGTHS", "corrupt", "corruption"]
