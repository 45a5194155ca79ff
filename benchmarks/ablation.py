"""What each piece of the reader earns: pictures read exactly with it and without it.

    python benchmarks/ablation.py FOLDER

FOLDER is such as `digits evaluate --pictures` takes. Beside it the same is measured on drawn pages
of hands and surfaces that the finder was never taught.
"""

import argparse
import contextlib
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from unittest import mock

import numpy as np

from digit_classifier import agreement, dataset
from digit_classifier.dataset.labelled import hold_out
from digit_classifier.drawn.pages import DrawnPage, draw_page
from digit_classifier.evaluation.pictures import Case, judge, list_cases
from digit_classifier.picture import crops, finder, ink, lines, pieces
from digit_classifier.reader import DigitReader
from machine import describe

PAGES = 60
Patch = contextlib.AbstractContextManager[object]


def _agreement(**changes: float) -> Callable[[], Patch]:
    def patched() -> Patch:
        plain = agreement.Agreement.combine

        def combine(self: agreement.Agreement, *args: np.ndarray) -> np.ndarray:
            return plain(replace(self, **changes), *args)

        return mock.patch.object(agreement.Agreement, "combine", combine)

    return patched


def _set(module: object, name: str, value: object) -> Callable[[], Patch]:
    return lambda: mock.patch.object(module, name, value)


def _nothing(*_: object, **__: object) -> np.ndarray:
    return np.zeros((0, 4))


WITHOUT: dict[str, Callable[[], Patch]] = {
    "all of it": contextlib.nullcontext,
    "the short way by pieces of ink": _set(pieces, "find", _nothing),
    "several digits by pieces of ink": _set(pieces, "_group", lambda *_: []),
    "the classifier on found digits": _agreement(classifier=0.0),
    "the finder's opinion of the digit": _agreement(finder=0.0, classifier=1.0),
    "how sure the neighbours are": _agreement(company=0.0),
    "the colour that shows the ink best": _set(ink, "axis", lambda _: None),
    "hairlines drawn darker": _set(crops, "THIN", 0),
    "boxes narrower than a 1 widened": _set(finder, "NARROW", 0.0),
    "every second size": _set(finder, "STEP", 2.0),
    "only a look where something is left": _set(finder, "LARGE", np.inf),
    "steep lines": _set(lines, "_is_steep", lambda *_: False),
}


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    cases, _ = list_cases(parser.parse_args().folder)
    kinds = list(dict.fromkeys(case.kind for case in cases))
    pages = list(_pages())
    print(describe("numpy", "onnxruntime", "opencv-python-headless", "pillow"))
    print(
        f"{'pictures read exactly without':40s}"
        + "".join(f"{kind:>10s}" for kind in (*kinds, "drawn"))
    )
    for name, patch in WITHOUT.items():
        with patch():
            counts = [*_count(cases, kinds), sum(map(_exact, pages))]
        print(f"{name:40s}" + "".join(f"{count:10d}" for count in counts), flush=True)
    totals = [sum(case.kind == kind for case in cases) for kind in kinds]
    print(f"{'of':40s}" + "".join(f"{total:10d}" for total in (*totals, len(pages))))


def _count(cases: list[Case], kinds: list[str]) -> Iterator[int]:
    readings = DigitReader().read_many([case.path for case in cases])
    outcomes = judge(cases, (reading.text for reading in readings))
    for kind in kinds:
        yield sum(each.exact for each in outcomes if each.case.kind == kind)


def _pages() -> Iterator[DrawnPage]:
    *_, images, labels = hold_out(dataset.load("auto"))
    for number in range(PAGES):
        yield draw_page(np.random.default_rng([number, 9]), images, labels, held_out=True)


def _exact(page: DrawnPage) -> bool:
    """Whether all digits of a page, and no others, were read; in whatever order."""
    text = DigitReader().read(page.pixels).text
    wanted = sorted(str(label) for label in page.labels if label < 10)
    return sorted(re.sub(r"\s", "", text)) == wanted


if __name__ == "__main__":
    main()
