"""One found digit, taken out of its surroundings and redrawn as MNIST would have drawn it."""

import cv2
import numpy as np

from digit_classifier.picture.ink import number, trace
from digit_classifier.picture.redraw import measure_pen, redraw

MARGIN = 0.3  # of a box's longer side: paper that is looked at around it
SIDE = 72  # pixels: a smaller digit is enlarged to it before its strokes are looked at
LARGE = 160  # pixels: a larger one is reduced
ROOM = 0.0  # of the longer side: strokes that are cut may leave their box so far
# Shares of a stroke: in its box, from which it is the digit's; in another's, up to which it is.
OWN, ALIEN = 0.6, 0.4
# Of the largest stroke in the box: less is a speck; and from here on it may be cut at the box.
TINY, LARGE_PART = 0.01, 0.3


def cut(grey: np.ndarray, box: np.ndarray, others: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Redraw the digit in a box.

    Args:
        grey: uint8, shape (height, width): the picture.
        box: x0, y0, x1, y1 in pixels.
        others: shape (n, 4): the boxes of what was found around it.
    Returns:
        uint8, shape (28, 28): paper 0, ink 255; and the box of its ink, which may be a little
        larger or smaller than the one that was found.
    """
    longest = float(max(box[2] - box[0], box[3] - box[1], 2))
    scale = min(SIDE / longest, 6.0) if longest < SIDE else min(1.0, LARGE / longest)
    margin = MARGIN * longest + 2
    x0, y0 = (int(max(0, np.floor(v - margin))) for v in box[:2])
    x1, y1 = (int(np.ceil(v + margin)) for v in box[2:])
    region = grey[y0:y1, x0:x1]
    if min(region.shape) < 2:
        return np.zeros((28, 28), np.uint8), box
    size = [max(4, round(side * scale)) for side in region.shape[::-1]]
    how = cv2.INTER_CUBIC if scale > 1 else cv2.INTER_AREA
    region = cv2.resize(region, size, interpolation=how)
    to = np.array(
        [size[0] / (min(x1, grey.shape[1]) - x0), size[1] / (min(y1, grey.shape[0]) - y0)] * 2
    )
    corner = np.array([x0, y0] * 2)
    mine = (box - corner) * to
    near = (others - corner) * to
    depth = _depth(region, mine)
    inside = _inside(mine, depth.shape, ROOM * longest * scale)
    within = depth[inside > 0]
    strong = float(np.percentile(within, 97)) if within.size else 0.0
    if strong < 6:
        return np.zeros((28, 28), np.uint8), box
    mask = trace(depth, 0.9 * strong, 2.0)
    keep = _keep(mask, inside, near)
    ink = cv2.multiply(depth, keep, scale=255 / max(0.85 * strong, 1))
    x, y, width, height = cv2.boundingRect(keep)
    if not width:
        return np.zeros((28, 28), np.uint8), box
    pen = measure_pen(keep) / max(width, height)
    return redraw(ink, pen), np.array([x, y, x + width, y + height]) / to + corner


def _depth(region: np.ndarray, box: np.ndarray) -> np.ndarray:
    """How much darker, or lighter, than the paper each pixel is."""
    reach = max(3, int(0.45 * max(box[3] - box[1], box[2] - box[0]))) | 1
    kernel = np.ones((reach, reach), np.uint8)
    x0, y0, x1, y1 = (max(0, round(float(v))) for v in box)
    lit = cv2.blur(cv2.morphologyEx(region, cv2.MORPH_CLOSE, kernel), (reach, reach))
    dim = cv2.blur(cv2.morphologyEx(region, cv2.MORPH_OPEN, kernel), (reach, reach))
    ring = np.ones(region.shape, bool)
    ring[y0:y1, x0:x1] = False
    paper = float(np.median(region[ring])) if ring.any() else float(np.median(region))
    inner = region[y0:y1, x0:x1]
    low, high = np.percentile(inner, [4, 96]) if inner.size else (paper, paper)
    if paper - low >= high - paper:
        return np.asarray(cv2.subtract(lit, region))
    return np.asarray(cv2.subtract(region, dim))


def _inside(box: np.ndarray, shape: tuple[int, ...], room: float) -> np.ndarray:
    mask = np.zeros(shape, np.uint8)
    x0, y0 = (max(0, int(v - room)) for v in box[:2])
    x1, y1 = (int(np.ceil(v + room)) for v in box[2:])
    mask[y0:y1, x0:x1] = 1
    return mask


def _keep(mask: np.ndarray, inside: np.ndarray, near: np.ndarray) -> np.ndarray:
    """The strokes that are this digit's.

    Those that lie mostly in its box and in no other's, whole; of those that run on, such as a
    neighbour that touches it or a printed line, what is in the box.
    """
    count, labels = number(mask)
    all_of = np.bincount(labels.ravel(), minlength=count).astype(float)
    here = np.bincount(labels[inside > 0], minlength=count)
    theirs = np.zeros(count)
    for other in near:
        x0, y0 = (max(0, int(v)) for v in other[:2])
        x1, y1 = (max(0, int(np.ceil(v))) for v in other[2:])
        part = labels[y0:y1, x0:x1]
        if part.size:
            theirs = np.maximum(theirs, np.bincount(part.ravel(), minlength=count))
    largest = here[1:].max(initial=0)
    own = (here > OWN * all_of) & (theirs < ALIEN * all_of) & (here >= TINY * largest)
    shared = (here >= LARGE_PART * largest) & ((theirs <= here) | (here >= 0.8 * largest))
    own[np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])] = False  # runs on
    own[0] = shared[0] = False
    result: np.ndarray = own[labels].astype(np.uint8) | (shared[labels].astype(np.uint8) & inside)
    return result
