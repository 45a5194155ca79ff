"""One found digit, taken out of its surroundings and redrawn as MNIST would have drawn it."""

import cv2
import numpy as np

from digit_classifier.picture.ink import contrast, lift, number, quantile, trace
from digit_classifier.picture.redraw import redraw

MARGIN = 0.3  # of a box's longer side: paper that is looked at around it
SIDE = 72  # pixels: a smaller digit is enlarged to it before its strokes are looked at
LARGE = 160  # pixels: a larger one is reduced
THIN = 160  # of 255: a line that is no darker in the image of 28x28 is a hairline, and drawn darker
LEAST = 6  # grey levels between paper and ink
WIDE = 0.45  # of the longer side: no stroke is wider
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
    nothing = np.zeros((28, 28), np.uint8), box
    longest = float(max(box[2] - box[0], box[3] - box[1], 2))
    scale = min(SIDE / longest, 6.0) if longest < SIDE else min(1.0, LARGE / longest)
    margin = MARGIN * longest + 2
    x0, y0 = (int(max(0, np.floor(v - margin))) for v in box[:2])
    x1, y1 = (int(np.ceil(v + margin)) for v in box[2:])
    region = grey[y0:y1, x0:x1]
    if min(region.shape) < 2:
        return nothing
    size = [max(4, round(side * scale)) for side in region.shape[::-1]]
    to = np.array([size[0] / region.shape[1], size[1] / region.shape[0]] * 2)
    how = cv2.INTER_CUBIC if scale > 1 else cv2.INTER_AREA
    region = cv2.resize(region, size, interpolation=how)
    corner = np.array([x0, y0] * 2)
    near = others[((others[:, :2] < (x1, y1)) & (others[:, 2:] > (x0, y0))).all(axis=1)]
    mine = (box - corner) * to
    inside = _window(mine, region.shape)
    around = np.ones(region.shape, bool)
    around[inside] = False
    paper = quantile(region[around] if around.any() else region, 0.5)
    depth = lift(region, paper, region[inside], WIDE * float(max(mine[2:] - mine[:2])))
    if not depth[inside].size or (dark := contrast(depth[inside])) < LEAST:
        return nothing
    keep = _keep(
        trace(depth, dark), inside, [_window(each, size[::-1]) for each in (near - corner) * to]
    )
    x, y, width, height = cv2.boundingRect(keep)
    if not width:
        return nothing
    ink = cv2.multiply(depth, keep, scale=255 / max(dark, 1))
    image = redraw(ink)
    strong = quantile(image[image > 0], 0.9) if image.any() else 0.0
    if 0 < strong < THIN:
        image = cv2.convertScaleAbs(image, alpha=255 / strong)
    return image, np.array([x, y, x + width, y + height]) / to + corner


def _window(box: np.ndarray, shape: "tuple[int, ...] | list[int]") -> tuple[slice, slice]:
    """The rows and columns of a box, within an image of this shape."""
    (x0, y0), (x1, y1) = np.floor(box[:2]), np.ceil(box[2:])
    height, width = shape[:2]
    return slice(max(0, int(y0)), min(height, int(y1))), slice(max(0, int(x0)), min(width, int(x1)))


def _keep(
    mask: np.ndarray, inside: tuple[slice, slice], near: list[tuple[slice, slice]]
) -> np.ndarray:
    """The strokes that are this digit's.

    Those that lie mostly in its box and in no other's, whole; of those that run on, such as a
    neighbour that touches it or a printed line, what is in the box.
    """
    count, labels = number(mask)
    all_of, here = (np.bincount(each.ravel(), minlength=count) for each in (labels, labels[inside]))
    theirs = np.zeros(count)
    for other in near:
        theirs = np.maximum(theirs, np.bincount(labels[other].ravel(), minlength=count))
    largest = here[1:].max(initial=0)
    own = (here > OWN * all_of) & (theirs < ALIEN * all_of) & (here >= TINY * largest)
    shared = (here >= LARGE_PART * largest) & ((theirs <= here) | (here >= 0.8 * largest))
    own[np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])] = False  # runs on
    own[0] = shared[0] = False
    result: np.ndarray = own[labels].astype(np.uint8)
    result[inside] |= shared[labels[inside]]
    return result
