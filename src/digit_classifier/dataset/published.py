"""What is known of MNIST as it was published: files, sizes, hashes, mirrors, the array digest."""

from dataclasses import dataclass


@dataclass(frozen=True)
class PublishedFile:
    """A file that a mirror serves; `size` in bytes, `sha256` in hexadecimal."""

    name: str
    size: int
    sha256: str


FILES = (
    PublishedFile(
        "train-images-idx3-ubyte.gz",
        9_912_422,
        "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
    ),
    PublishedFile(
        "train-labels-idx1-ubyte.gz",
        28_881,
        "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
    ),
    PublishedFile(
        "t10k-images-idx3-ubyte.gz",
        1_648_877,
        "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
    ),
    PublishedFile(
        "t10k-labels-idx1-ubyte.gz",
        4_542,
        "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
    ),
)

# The same images as one file of Keras, served whole.
ARCHIVE = PublishedFile(
    "mnist.npz", 11_490_434, "731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1"
)

# A prefix before the files' names; an address that ends in .npz is `ARCHIVE`. In this order.
MIRRORS = (
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
    "https://raw.githubusercontent.com/fgnt/mnist/master/",
    "https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz",
)

# `labelled.digest` of MNIST's four arrays, whichever kind of file they came from.
DIGEST = "24507717d05d2356262620f647c468ee7f0d8d375b6a804a0379e93899f4b80f"

LICENCE = "CC BY-SA 3.0"
AUTHORS = "Yann LeCun, Corinna Cortes, Christopher J. C. Burges"
