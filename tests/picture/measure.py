"""Share of drawn pages that are read exactly, by style.

    python tests/picture/measure.py --model RUN_OR_FILE --pages 20

Digits come from MNIST's training images (MNIST_DATA_DIR) or from the built-in sample.
"""

import argparse
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from digit_classifier import dataset
from digit_classifier.reader import DigitReader
from picture import pages
from picture.page_styles import STYLES


def main() -> None:
    """Print a line per style and the mean."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", required=True)
    parser.add_argument("--pages", type=int, default=20)
    parser.add_argument("--style", help="only styles whose name contains this")
    options = parser.parse_args()
    reader = DigitReader(options.model)
    data = dataset.load("auto", offline=True)
    images, labels = data.train_images[:10000], data.train_labels[:10000]
    shares = []
    for name, style in STYLES.items():
        if options.style and options.style not in name:
            continue
        rng = np.random.default_rng(sum(map(ord, name)))
        exact = 0
        for _ in range(options.pages):
            page = pages.draw(style, images, labels, rng)
            reading = reader.read(page.pixels, single=style.margin == 0)
            exact += reading.text.replace(" ", "").replace("\n", "/") == page.text
        shares.append(exact / options.pages)
        print(f"{name:28s} {exact:3d} of {options.pages}", flush=True)
    print(f"mean of the styles: {np.mean(shares):.1%}")


if __name__ == "__main__":
    main()
