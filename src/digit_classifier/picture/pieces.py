"""The short way: all the ink is one digit, or a drawing whose pieces of ink are its digits."""

import cv2
import numpy as np

from digit_classifier.picture.ink import contrast, lift, shrink, trace

LARGEST, SMALLEST = 800, 160  # pixels, longer side: in such a size pieces are looked at
LEAST = 10  # grey levels between paper and ink
WIDE = 0.35  # of the longer side: no stroke is wider
PLAIN = 0.8  # the share of a drawing that is its paper's one grey
MAX_PIECES = 30  # of which each digit has one, or two or three
SPECK = 0.12  # of the largest piece's longer side: less is a speck
CLUTTER = 0.15  # of the ink that counts is in specks, at most
WIDEST = 1.75  # times as wide as high is one digit, at most: of MNIST 99.9 % are no wider
PAIR = 1.2  # the same of one among several: two that touch are no narrower, as a rule
HIGHEST = 0.4  # of the height of all the ink is the largest piece of it, at least
SOLID, BAR = 0.7, 0.4  # of its box is ink, at most, where that is wider than a bar's
THICKEST = 0.22  # of the longer side lies ink from paper, at most: more is a sheet or a shadow
APART, BESIDE = 0.35, 0.12  # of the height: pieces of one digit lie no further from each other


def find(grey: np.ndarray, *, single: bool = False) -> np.ndarray:
    """Find the one digit of a picture, or those of a drawing.

    Args:
        grey: uint8, shape (height, width).
        single: all the ink is one digit, wherever it lies.
    Returns:
        float, shape (n, 4), in no order: the box of each digit, x0, y0, x1, y1. None where the ink
        is in several places of a paper that is not plain, in pieces that are no digits by their
        size, or where there is none.
    """
    nothing = np.zeros((0, 4))
    depth, is_plain = _lifted(grey)
    if (dark := contrast(depth)) < LEAST:
        return nothing
    mask = trace(depth, dark)
    found = cv2.connectedComponentsWithStatsWithAlgorithm(mask, 8, cv2.CV_32S, cv2.CCL_BBDT)
    labels, pieces = found[1], found[2][1:]
    if not 1 <= len(pieces) <= MAX_PIECES:
        return nothing
    size, area = pieces[:, 2:4].max(axis=1), pieces[:, 4]
    largest = int(area.argmax())
    kept = np.flatnonzero(size >= SPECK * size[largest])
    if area.sum() > (1 + CLUTTER) * area[kept].sum():
        return nothing
    boxes = pieces[:, :4].copy()
    boxes[:, 2:] += boxes[:, :2]
    if single or (len(kept) <= 3 and _is_one(boxes[kept], boxes[largest])):
        groups = [kept.tolist()]
    else:
        groups = _group(boxes, kept) if is_plain else []
    whole = np.array([_around(boxes[group]) for group in groups]).reshape(-1, 4)
    if not single and any(
        _is_odd(np.isin(labels, np.array(group) + 1).astype(np.uint8), box)
        for group, box in zip(groups, whole, strict=True)
    ):
        return nothing
    return np.asarray(whole * (np.tile(grey.shape[::-1], 2) / np.tile(depth.shape[::-1], 2)))


def _lifted(grey: np.ndarray) -> tuple[np.ndarray, bool]:
    """How far ink stands out from the paper, and whether that is of one grey, as in a drawing."""
    edge = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
    paper = np.uint8(np.median(edge))
    is_plain = bool((edge == paper).all()) and (grey == paper).mean() >= PLAIN
    grey = shrink(grey, LARGEST)
    if is_plain:
        # NumPy's means: to OpenCV four numbers are a colour, even those of an image of 1x4
        darker, lighter = paper - np.minimum(grey, paper), np.maximum(grey, paper) - paper
        depth = darker if cv2.countNonZero(darker) >= cv2.countNonZero(lighter) else lighter
    else:
        depth = lift(cv2.GaussianBlur(grey, (3, 3), 0), float(paper), grey, WIDE * max(grey.shape))
        grain = np.uint8(np.median(depth))  # of the paper
        depth = np.maximum(depth, grain) - grain
    longest = max(depth.shape)
    if longest < SMALLEST:
        scale = min(6, -(-SMALLEST // longest))
        depth = cv2.resize(depth, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
    return depth, is_plain


def _around(boxes: np.ndarray) -> np.ndarray:
    return np.concatenate([boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)])


def _is_one(boxes: np.ndarray, main: np.ndarray) -> bool:
    """Whether a few pieces are one digit, `main` being the largest of them."""
    left, top, right, bottom = _around(boxes).tolist()
    height = bottom - top
    if right - left > WIDEST * height or main[3] - main[1] < HIGHEST * height:
        return False
    apart = np.maximum(np.maximum(boxes[:, :2] - main[2:], main[:2] - boxes[:, 2:]), 0)
    as_high = (boxes[:, 3] - boxes[:, 1] > 0.75 * height) & (apart[:, 0] > 0)
    near = (apart.max(axis=1) <= APART * height) & (apart[:, 0] <= BESIDE * height)
    return bool((near & ~as_high).all())


def _group(boxes: np.ndarray, kept: np.ndarray) -> list[list[int]]:
    """Pieces that stand one above the other, as one digit; none where some are no digit by size.

    Args:
        boxes: of all pieces, shape (n, 4).
        kept: indices of those that count.
    """
    heights = boxes[:, 3] - boxes[:, 1]
    some = heights[kept]
    typical = float(np.median(some[some >= 0.4 * some.max()]))
    groups: list[list[int]] = []
    for i in sorted(kept.tolist(), key=lambda i: -int(heights[i])):
        for group in groups:
            box, mine = _around(boxes[group]), boxes[i]
            both = _around(np.array([box, mine]))
            shared = min(box[2], mine[2]) - max(box[0], mine[0])
            gap = max(box[1], mine[1]) - min(box[3], mine[3])
            over = shared > 0.4 * min(box[2] - box[0], mine[2] - mine[0]) and gap < 0.25 * typical
            if over and both[3] - both[1] < 1.3 * typical:
                group.append(i)
                break
        else:
            groups.append([i])
    for group in groups:
        width, height = np.diff(_around(boxes[group]).reshape(2, 2), axis=0)[0]
        if not 0.5 * typical <= height <= 1.8 * typical or width > PAIR * height:
            return []
    return groups


def _is_odd(mask: np.ndarray, box: np.ndarray) -> bool:
    """Whether ink is a sheet, a shadow or a desk: along most of the frame, solid, or too thick."""
    x0, y0, x1, y1 = box.tolist()
    rows, columns = mask.shape
    ink = mask[y0:y1, x0:x1]
    at_frame = (x0 <= 1) + (y0 <= 1) + (x1 >= columns - 1) + (y1 >= rows - 1)
    solid = x1 - x0 > BAR * (y1 - y0) and cv2.countNonZero(ink) > SOLID * ink.size
    depth = cv2.distanceTransform(
        cv2.copyMakeBorder(ink, 1, 1, 1, 1, cv2.BORDER_CONSTANT), cv2.DIST_L2, 3
    )
    return at_frame >= 3 or solid or float(depth.max()) > THICKEST * max(ink.shape)
