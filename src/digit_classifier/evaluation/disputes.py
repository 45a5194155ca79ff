"""MNIST's test images whose labels human judges disputed."""

from typing import NamedTuple

from digit_classifier.dataset.labelled import MNIST_NAME, Dataset

SOURCE = (
    "Northcutt, Athalye, Mueller, “Pervasive label errors in test sets destabilize machine "
    "learning benchmarks”, NeurIPS 2021 Datasets and Benchmarks"
)


class Dispute(NamedTuple):
    """How five people judged one image.

    Attributes:
        label: what MNIST says it is.
        other: what the study's models took it for.
        for_label: how many of the five saw the label only.
        for_other: how many saw the other digit only; the rest saw neither.
    """

    label: int
    other: int
    for_label: int
    for_other: int


# Index in the test set -> dispute: all where fewer than three of the five saw the label.
# Source: SOURCE; github.com/cleanlab/label-errors, mturk/mnist_mturk.json.
JUDGES = 5
MNIST_TEST = {
    947: Dispute(8, 9, 0, 5),
    1621: Dispute(0, 6, 2, 3),
    1901: Dispute(9, 4, 2, 3),
    2130: Dispute(4, 9, 2, 2),
    2462: Dispute(2, 0, 0, 4),
    2597: Dispute(5, 3, 0, 4),
    2654: Dispute(6, 1, 0, 2),
    3520: Dispute(6, 4, 2, 0),
    3558: Dispute(5, 0, 1, 4),
    5937: Dispute(5, 3, 1, 3),
    6651: Dispute(0, 6, 0, 5),
    6783: Dispute(1, 6, 2, 3),
    8527: Dispute(4, 9, 2, 2),
    9679: Dispute(6, 3, 2, 0),
    9729: Dispute(5, 6, 2, 3),
}


def find(dataset: Dataset) -> dict[int, Dispute]:
    """The disputed test images of a data set, by index: none unless it is the real MNIST."""
    return MNIST_TEST if dataset.name == MNIST_NAME else {}
