"""Digits found in a picture by the finder: a network that looks at it in several sizes."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache, partial
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np

from digit_classifier.agreement import Agreement
from digit_classifier.picture.ink import shrink

STRIDE, MULTIPLE, UNIT = 4, 16, 8.0  # as `training.finder.network` has them
SMALLEST, LARGEST = 48, 2048  # pixels, longer side of the picture at the ends of the pyramid
STEP = 2**0.5
PAD = 16  # pixels of repeated edge around each level
CANDIDATE = 0.2  # least probability of a cell, and of what is found
LOGIT = float(np.log(CANDIDATE / (1 - CANDIDATE)))
IN_RANGE = 13.0, 52.0  # pixels: a box of this size should be found on that level
COARSE = 512  # pixels, longer side: up to it every level is looked at, from there on two at a time
AT_ONCE = 2  # levels, each in a thread
FLAT = 8  # grey levels between neighbouring pixels of a copy so large: less is paper
GRAIN = 2.5  # times what half of all neighbours differ by: the same where the paper has a grain
SURE, LARGE, MARGIN = 0.6, 40.0, 0.3  # what is so surely found, and on a level larger than so many
# pixels, is not looked at there, nor what lies around it within so much of its size
SAME = 0.45  # IoU from which two boxes are of one digit
WITHIN = 0.7  # share of the smaller box within the larger from which the less sure is dropped
THREADS = 1  # of one level: more round otherwise, and all ways to read shall agree
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


_none = np.zeros((0, 16), np.float32)
NOTHING = Found(_none[:, :4], _none[:, 4], _none[:, 5], _none[:, 6:])


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

    From the coarse levels to the fine ones; a finer one is looked at only where something is left
    that those before it do not explain.

    Args:
        grey: uint8, shape (height, width).
        detector: the finder's network.
    """
    halves = [grey]
    while max(halves[-1].shape) > 2 * SMALLEST:
        halves.append(shrink(halves[-1], max(halves[-1].shape) // 2))
    scales = np.array(levels(*grey.shape))
    coarse = int((scales * max(grey.shape) <= COARSE).sum())
    left = _written(grey)
    rows, windows, found = np.zeros((0, 17)), np.zeros((0, 4)), NOTHING
    for first, last in pairwise((0, *range(coarse, len(scales), AT_ONCE), len(scales))):
        if first:
            _erase(left, found, scales[first], grey.shape)
        window = _around(left, grey.shape)
        if window is None:
            break
        with ThreadPoolExecutor(AT_ONCE) as pool:
            numbers = range(last - 1, first - 1, -1)  # the largest takes as long as all others
            look = partial(_look, halves, scales, window, detector)
            rows = np.concatenate([rows, *pool.map(look, numbers)])
        windows = np.concatenate([windows, [window] * (last - first)])
        found = _merge(rows, scales[:last], windows)
    return found


def look_once(grey: np.ndarray, detector: Detector) -> Found:
    """As `detect`, in the picture's own size alone."""
    scale, window = np.ones(1), np.array([0.0, 0, *grey.shape[::-1]])
    return _merge(_look([grey], scale, window, detector, 0), scale, window[None])


def _written(grey: np.ndarray) -> np.ndarray:
    """Where there is something: uint8, a copy of the picture of at most COARSE pixels, 1 there."""
    change = cv2.morphologyEx(shrink(grey, COARSE), cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8))
    grain = GRAIN * float(np.median(change))  # most of a page is paper
    return np.asarray(change >= max(FLAT, grain), np.uint8)


def _erase(left: np.ndarray, found: Found, scale: float, shape: tuple[int, ...]) -> None:
    """Take away what was found for sure and would be large at this scale."""
    sure = np.maximum(found.score, found.other) >= SURE
    sides = found.boxes[:, 2:] - found.boxes[:, :2]
    large = sides.max(axis=1) * scale > LARGE
    margin = np.tile(sides * MARGIN, 2) * (-1, -1, 1, 1)
    to = np.tile(np.array(left.shape[::-1]) / shape[::-1], 2)
    for x0, y0, x1, y1 in ((found.boxes + margin) * to)[sure & large].clip(0).round().astype(int):
        left[y0 : y1 + 1, x0 : x1 + 1] = 0


def _around(left: np.ndarray, shape: tuple[int, ...]) -> np.ndarray | None:
    """The part of the picture that is to be looked at: x0, y0, x1, y1; None where none is."""
    x, y, width, height = cv2.boundingRect(left)
    if not width:
        return None
    to = np.tile(np.array(shape[::-1]) / left.shape[::-1], 2)
    window = np.array([x - 1, y - 1, x + width + 1, y + height + 1]) * to
    return window.clip(0, [*shape[::-1]] * 2)


def _look(
    halves: list[np.ndarray],
    scales: np.ndarray,
    window: np.ndarray,
    detector: Detector,
    number: int,
) -> np.ndarray:
    """One level: rows of x0, y0, x1, y1, digit, other, level, and ten probabilities."""
    half = int(np.clip(np.floor(-np.log2(scales[number])), 0, len(halves) - 1))
    source = halves[half]
    to = np.array(halves[0].shape) / source.shape
    left, top = (window[:2] / to[::-1]).astype(int).tolist()
    right, bottom = np.ceil(window[2:] / to[::-1]).astype(int).tolist()
    source = source[top:bottom, left:right]
    scale = scales[number] * to[::-1]
    width, height = (max(4, round(n * s)) for n, s in zip(source.shape[::-1], scale, strict=True))
    how = cv2.INTER_AREA if max(source.shape) > max(width, height) else cv2.INTER_LINEAR
    level = cv2.resize(source, (width, height), interpolation=how)
    below, beside = (PAD + -(side + 2 * PAD) % MULTIPLE for side in (height, width))
    level = cv2.copyMakeBorder(level, PAD, below, PAD, beside, cv2.BORDER_REPLICATE)
    answer = detector(level[None])[0]
    best = np.ascontiguousarray(answer[..., :2].max(axis=2))
    peak = (best >= LOGIT) & (best >= cv2.dilate(best, np.ones((3, 3), np.uint8)))
    ys, xs = np.nonzero(peak)
    cells = answer[ys, xs]
    sides = UNIT * np.exp(np.clip(cells[:, 12:16], -4, 3.5))
    x, y = (xs + 0.5) * STRIDE, (ys + 0.5) * STRIDE
    boxes = np.stack([x - sides[:, 0], y - sides[:, 1], x + sides[:, 2], y + sides[:, 3]], axis=1)
    size = np.array([width, height] * 2) / np.tile(source.shape[::-1], 2)
    boxes = ((boxes - PAD) / size + [left, top] * 2) * np.tile(to[::-1], 2)
    written = 1 / (1 + np.exp(-cells[:, :2]))
    classes = np.exp(cells[:, 2:12] - cells[:, 2:12].max(axis=1, keepdims=True))
    classes /= classes.sum(axis=1, keepdims=True)
    return np.column_stack([boxes, written, np.full(len(ys), number), classes])


def _merge(rows: np.ndarray, scales: np.ndarray, windows: np.ndarray) -> Found:
    """One box for each digit, from those of all levels: a vote of the boxes that agree.

    What lies within the surest box, or around it, is dropped and has no vote.

    Args:
        rows: as `_look` gives them.
        scales: of the levels.
        windows: shape (levels, 4): which part of the picture each looked at.
    """
    crowded = len(rows) > MAX_CELLS
    low, high = IN_RANGE
    size = (rows[:, 2:4] - rows[:, :2]).max(axis=1, initial=0)
    shown = np.maximum(size * scales[rows[:, 6].astype(int)], 1e-6)
    weight = rows[:, 4:6].max(axis=1) * np.minimum(1, np.minimum(shown / low, high / shown) ** 1.5)
    order = np.argsort(-weight)[:MAX_CELLS]
    rows, weight, wide = rows[order], weight[order], widen(rows[order, :4])
    found = []
    while len(rows):
        agrees = overlap(wide[0], wide) > SAME
        agrees[0] = True
        left = ~agrees & (contained(rows[0, :4], rows[:, :4]) <= WITHIN)
        group, w = rows[agrees], weight[agrees]
        box = (group[:, :4] * (w**2)[:, None]).sum(axis=0) / (w**2).sum()
        on = (rows[0, 2:4] - rows[0, :2]).max() * scales
        middle = (box[:2] + box[2:]) / 2
        looked = ((windows[:, :2] <= middle) & (middle <= windows[:, 2:])).all(axis=1)
        expected = (on >= low) & (on <= high) & looked
        best = np.zeros((len(scales), 2))
        np.maximum.at(best, group[:, 6].astype(int), group[:, 4:6])
        votes = best[expected].mean(axis=0) if expected.any() else best.max(axis=0)
        digits = w * group[:, 4]
        classes = np.exp((np.log(group[:, 7:] + 1e-5) * digits[:, None]).sum(axis=0) / digits.sum())
        found.append([*box, *votes, *(classes / classes.sum())])
        rows, weight, wide = rows[left], weight[left], wide[left]
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
