"""Digits found in a picture by the finder: a network that looks at it in several sizes."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import cv2
import numpy as np

from digit_classifier.agreement import Agreement

STRIDE, MULTIPLE, UNIT = 4, 16, 8.0  # as `training.finder.network` has them
SMALLEST, LARGEST = 48, 2048  # pixels, longer side of the picture at the ends of the pyramid
STEP = 2**0.5
PAD = 16  # pixels of repeated edge around each level
CANDIDATE = 0.2  # least probability of a cell, and of what is found
IN_RANGE = 13.0, 52.0  # pixels: a box of this size should be found on that level
FLAT = 4  # grey levels between the darkest and the lightest pixel: less is paper
SAME = 0.45  # IoU from which two boxes are of one digit
WITHIN = 0.7  # share of the smaller box within the larger from which the less sure is dropped
THREADS = 1  # more round otherwise, and the command line, Python and the server shall agree
MAX_CELLS = 6000  # of all sizes together: a page of 300 digits has some 2,000
NARROW = 0.45  # of its height: bars are widened to it before they are compared


# The network: uint8 (n, h, w) -> float32 (n, h / 4, w / 4, 16).
Detector = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True, eq=False)
class Found:
    """What was found, in no order.

    Attributes:
        boxes: float32, shape (n, 4): x0, y0, x1, y1 in pixels of the picture.
        score: float32, shape (n,): how surely it is a digit.
        other: float32, shape (n,): how surely it is writing that is no digit.
        classes: float32, shape (n, 10): probabilities of the digits.
        crowded: there was more than is looked at; only the surest was.
    """

    boxes: np.ndarray
    score: np.ndarray
    other: np.ndarray
    classes: np.ndarray
    crowded: bool = False


@dataclass(frozen=True, eq=False)
class Finder:
    """A finder's file, loaded.

    Attributes:
        run: the network.
        agreement: what a classifier and this finder say together.
    """

    run: Detector
    agreement: Agreement


@cache
def load() -> Finder:
    """The finder that ships, loaded once."""
    from digit_classifier import weights

    return load_file(weights.FINDER)


def load_file(path: Path) -> Finder:
    """A finder that was trained.

    Raises:
        ModelError: no such file, or nothing that ONNX Runtime can load.
    """
    from digit_classifier.onnx_model import open_session, read_metadata

    session = open_session(path, THREADS, path)
    name = session.get_inputs()[0].name
    agreement = Agreement.read(read_metadata(session))
    return Finder(lambda images: np.asarray(session.run(None, {name: images})[0]), agreement)


def levels(height: int, width: int) -> list[float]:
    """The scales in which a picture is looked at, from small to large."""
    longest = max(height, width)
    largest = min(LARGEST, STEP * max(longest, 2 * SMALLEST))
    sizes = [float(SMALLEST)]
    while sizes[-1] * STEP <= largest * 1.01:
        sizes.append(sizes[-1] * STEP)
    return [size / longest for size in sizes]


def detect(grey: np.ndarray, detector: Detector) -> Found:
    """Find digits and other writing.

    Args:
        grey: uint8, shape (height, width).
        detector: the finder's network.
    """
    height, width = grey.shape
    rows = []
    if float(np.ptp(grey)) < FLAT:
        return _merge(np.zeros((0, 17)), np.ones(1))
    scales = levels(height, width)
    for number, scale in enumerate(scales):
        rows.append(_look(grey, scale, number, detector))
    every = np.concatenate(rows)
    return _merge(every, np.array(scales))


def _look(grey: np.ndarray, scale: float, number: int, detector: Detector) -> np.ndarray:
    """One level: rows of x0, y0, x1, y1, digit, other, level, and ten probabilities."""
    height, width = (max(4, round(side * scale)) for side in grey.shape)
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    level = cv2.resize(grey, (width, height), interpolation=how) if scale != 1 else grey
    bottom, right = (PAD + -(side + 2 * PAD) % MULTIPLE for side in (height, width))
    level = cv2.copyMakeBorder(level, PAD, bottom, PAD, right, cv2.BORDER_REPLICATE)
    answer = detector(level[None])[0]
    written = 1 / (1 + np.exp(-answer[..., :2]))
    best = np.ascontiguousarray(written.max(axis=2))
    peak = (best >= CANDIDATE) & (best >= cv2.dilate(best, np.ones((3, 3), np.uint8)))
    ys, xs = np.nonzero(peak)
    cells = answer[ys, xs]
    sides = UNIT * np.exp(np.clip(cells[:, 12:16], -4, 3.5))
    x, y = (xs + 0.5) * STRIDE, (ys + 0.5) * STRIDE
    boxes = np.stack([x - sides[:, 0], y - sides[:, 1], x + sides[:, 2], y + sides[:, 3]], axis=1)
    boxes = (boxes - PAD) / np.array([width, height] * 2) * np.array([*grey.shape[::-1]] * 2)
    logits = cells[:, 2:12]
    classes = np.exp(logits - logits.max(axis=1, keepdims=True))
    classes /= classes.sum(axis=1, keepdims=True)
    return np.column_stack([boxes, written[ys, xs], np.full(len(ys), number), classes])


def _merge(rows: np.ndarray, scales: np.ndarray) -> Found:
    """One box for each digit, from those of all levels: a vote of the boxes that agree.

    What lies within the surest box, or around it, is dropped and has no vote.
    """
    crowded = len(rows) > MAX_CELLS
    size = np.maximum(rows[:, 2] - rows[:, 0], rows[:, 3] - rows[:, 1])
    shown = size * scales[rows[:, 6].astype(int)] if len(rows) else size
    low, high = IN_RANGE
    fits = np.minimum(1, np.minimum(shown / low, high / np.maximum(shown, 1e-6)) ** 1.5)
    weight = rows[:, 4:6].max(axis=1) * fits
    order = np.argsort(-weight)[:MAX_CELLS]
    rows, weight, size = rows[order], weight[order], size[order]
    wide = widen(rows[:, :4])
    left = np.ones(len(rows), bool)
    found = []
    for i in range(len(rows)):
        if not left[i]:
            continue
        agrees = left & (overlap(wide[i], wide) > SAME)
        agrees[i] = True
        left &= ~agrees & (contained(rows[i, :4], rows[:, :4]) <= WITHIN)
        group, w = rows[agrees], weight[agrees]
        box = (group[:, :4] * (w**2)[:, None]).sum(axis=0) / (w**2).sum()
        on = size[i] * scales
        expected = np.flatnonzero((on >= low) & (on <= high))
        votes = []
        for kind in (4, 5):
            best = np.zeros(len(scales))
            np.maximum.at(best, group[:, 6].astype(int), group[:, kind])
            votes.append(float(best[expected].mean()) if len(expected) else float(best.max()))
        digits = w * group[:, 4]
        classes = np.exp((np.log(group[:, 7:] + 1e-5) * digits[:, None]).sum(axis=0) / digits.sum())
        found.append([*box, *votes, *(classes / classes.sum())])
    result = np.array(found, np.float32).reshape(-1, 16)
    result = result[result[:, 4:6].max(axis=1) >= CANDIDATE]
    return Found(result[:, :4], result[:, 4], result[:, 5], result[:, 6:], crowded)


def widen(boxes: np.ndarray) -> np.ndarray:
    """Bars as wide as an ordinary 1, so that boxes of one bar agree."""
    boxes = boxes.copy()
    width, height = boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1]
    more = np.maximum(0, NARROW * height - width) / 2
    boxes[:, 0] -= more
    boxes[:, 2] += more
    return boxes


def overlap(box: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """Intersection over union of one box with others."""
    shared, own, areas = _areas(box, boxes)
    return np.asarray(shared / np.maximum(own + areas - shared, 1e-6))


def contained(box: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """Intersection of one box with others over the smaller area of the two."""
    shared, own, areas = _areas(box, boxes)
    return np.asarray(shared / np.maximum(np.minimum(own, areas), 1e-6))


def _areas(box: np.ndarray, boxes: np.ndarray) -> tuple[np.ndarray, float, np.ndarray]:
    """Of a box and others: what they share, its own area, and theirs."""
    low, high = np.maximum(box[:2], boxes[:, :2]), np.minimum(box[2:], boxes[:, 2:])
    shared = np.prod(np.maximum(high - low, 0), axis=1)
    return shared, float(np.prod(box[2:] - box[:2])), np.prod(boxes[:, 2:] - boxes[:, :2], axis=1)
