"""Train a small neural network on MNIST's handwritten digits and plot how it learned.

The same as `digits train`, whose flags it takes: python mnist_digit_classifier.py --help

It learns from 60,000 images, is validated on 10,000 others after each of 10 epochs, and draws two
plots: loss, and accuracy, on both sets of images. All of it is saved in a new folder under runs/.
"""

import sys
from pathlib import Path

# Works from a clone with only requirements.txt installed.
sys.path.insert(0, str(Path(__file__).resolve().parent / "src"))

from digit_classifier.cli import main

if __name__ == "__main__":
    main(["train", *sys.argv[1:]])
