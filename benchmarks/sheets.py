"""How many boxes of a filled sheet are told rightly, through a camera, a scanner and a fax.

    python benchmarks/sheets.py                 # about three minutes on two cores
    python benchmarks/sheets.py --sheets 100

Each sheet is printed on A4 or Letter and filled with MNIST's test digits in a pen of its own; some
boxes stay empty, some have a speck, some are crossed out with an X or scribbled over. A box is
right where it is told empty or crossed out, or is kept under its digit, and the picture that was
kept is that of this box.
"""

import argparse
import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from digit_classifier.dataset import load
from digit_classifier.errors import PictureError
from digit_classifier.picture import decode, form
from digit_classifier.stats import wilson
from machine import describe
from picture import filled_forms as filled

DEVICES = {
    "photograph, 2,400 pixels": filled.photograph,
    "photograph, 1,600 pixels": lambda rng, page: filled.photograph(rng, page, pixels=1600),
    "scan, 150 dots an inch": filled.scan,
    "fax, 204 x 98 dots an inch": filled.fax,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sheets", type=int, default=15, help="for each device")
    wanted = parser.parse_args().sheets
    data = load("mnist", offline=True)
    print(describe())
    print(f"{wanted} sheets a device, {data.name}'s test digits\n")
    print(f"{'':28}{'refused':>8}{'boxes':>8}{'right':>9}{'95 % interval':>22}{'s a sheet':>11}")
    wrong = Counter()
    for name, device in DEVICES.items():
        refused, boxes, faults, seconds = 0, 0, 0, 0.0
        for number in range(wanted):
            rng = np.random.default_rng([number, 16])
            paper = ("A4", "Letter")[number % 2]
            page, truth = filled.fill(rng, data.test_images, data.test_labels, paper)
            picture = decode(device(rng, page))
            begun = time.perf_counter()
            try:
                read = form.read(picture)
            except PictureError:
                refused += 1
                continue
            seconds += time.perf_counter() - begun
            found = filled.faults(read, truth)
            wrong.update((was, said) for _, _, was, said in found)
            boxes, faults = boxes + len(read), faults + len(found)
        low, high = wilson(boxes - faults, boxes)
        print(
            f"{name:28}{refused:>8}{boxes:>8,}{1 - faults / boxes:>9.2%}"
            f"{f'{low:.2%} to {high:.2%}':>22}{seconds / (wanted - refused):>11.2f}",
            flush=True,
        )
    print("\nWhat was wrong:" if wrong else "\nNothing was wrong.")
    for (was, said), times in wrong.most_common():
        print(f"{times:>5} {was}, told to be {said}")


if __name__ == "__main__":
    main()
