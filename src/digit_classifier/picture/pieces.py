"""The short way: all the ink is one digit, or a drawing whose pieces of ink are its digits."""

import cv2
import numpy as np

from digit_classifier.picture.ink import Ink, extent, extract, measure
from digit_classifier.picture.marks import Box
from digit_classifier.picture.paper import LEVELS, judge_plain, shrink
from digit_classifier.picture.redraw import measure_pen, redraw

LARGEST = 1200  # pixels, longer side: larger pictures are looked at in this size
MAX_PIECES = 30  # of which each digit has one, or two or three
SPECK = 0.12  # of the largest piece's longer side: less is a speck
CLUTTER = 0.15  # of the ink that counts is in specks, at most
WIDEST = 1.75  # times as wide as high is one digit, at most: of MNIST 99.9 % are no wider
HIGHEST = 0.4  # of the height of all the ink is the largest piece of it, at least
SOLID, BAR = 0.7, 0.4  # of its box is ink, at most, where that is wider than a bar's
THICKEST = 0.4  # of the longer side is a pen's width, at most: more is a sheet or a shadow
APART = 0.35  # of the height: pieces of one digit lie no further from each other


def find(grey: np.ndarray, *, single: bool = False) -> list[tuple[np.ndarray, Box]]:
    """Redraw the one digit of a picture, or those of a drawing.

    Args:
        grey: uint8, shape (height, width).
        single: all the ink is one digit, wherever it lies.
    Returns:
        For each digit, in no order, uint8, shape (28, 28), as MNIST would have drawn it, and its
        box, x, y, width, height. Empty where the ink is in several places of a paper that is not
        plain, in pieces that are no digits by their size, or in none.
    """
    size_of_all = grey.shape
    grey = shrink(grey, LARGEST)
    ink = extract(grey)
    factor = ink.factor * max(grey.shape) / max(size_of_all)
    here = extent(ink.mask)
    labels, stats = measure(ink.mask[here])
    pieces = stats[1:]
    if not 1 <= len(pieces) <= MAX_PIECES:
        return []
    size = pieces[:, 2:4].max(axis=1)
    largest = int(pieces[:, 4].argmax())
    kept = [i for i in range(len(pieces)) if size[i] >= SPECK * size[largest]]
    left = pieces[:, 4].sum() - pieces[kept, 4].sum()
    if left > CLUTTER * pieces[kept, 4].sum():
        return []
    if single or (len(kept) <= 3 and _is_one(pieces[kept], pieces[largest])):
        groups = [kept]
    elif judge_plain(grey) is not None:
        groups = _group(pieces, kept)
    else:
        return []
    found = []
    for group in groups:
        mask, others = np.zeros_like(ink.mask), np.zeros_like(ink.mask)
        mask[here] = np.isin(labels, [i + 1 for i in group])
        others[here] = (labels > 0) & (mask[here] == 0)
        x, y, width, height = cv2.boundingRect(mask)
        box = x, y, width, height
        pen = measure_pen(mask[y : y + height, x : x + width]) / max(width, height)
        solid = width > BAR * height and cv2.countNonZero(mask) > SOLID * width * height
        odd = _touches_frame(box, ink.mask.shape) or solid or pen > THICKEST
        if odd and not single:
            return []
        image = _redraw(ink, mask, others, box, pen)
        found.append((image, _in_picture(box, factor, size_of_all)))
    return found


def _group(pieces: np.ndarray, kept: list[int]) -> list[list[int]]:
    """Pieces that stand one above the other, as one digit; none where some are no digit by size.

    Args:
        pieces: left, top, width, height, area, shape (n, 5).
        kept: indices of those that count.
    """
    heights = pieces[kept, 3]
    typical = float(np.median(heights[heights >= 0.4 * heights.max()]))
    groups: list[list[int]] = []
    boxes: list[np.ndarray] = []
    for i in sorted(kept, key=lambda i: -int(pieces[i, 3])):
        x, y, width, height = pieces[i, :4].tolist()
        mine = np.array([x, y, x + width, y + height])
        for number, box in enumerate(boxes):
            union = np.concatenate([np.minimum(box[:2], mine[:2]), np.maximum(box[2:], mine[2:])])
            shared = min(box[2], mine[2]) - max(box[0], mine[0])
            gap = max(box[1], mine[1]) - min(box[3], mine[3])
            over = shared > 0.4 * min(box[2] - box[0], width) and gap < 0.25 * typical
            if over and union[3] - union[1] < 1.3 * typical:
                groups[number].append(i)
                boxes[number] = union
                break
        else:
            groups.append([i])
            boxes.append(mine)
    for box in boxes:
        width, height = box[2] - box[0], box[3] - box[1]
        if not 0.5 * typical <= height <= 1.8 * typical or width > WIDEST * height:
            return []
    return groups


def _is_one(pieces: np.ndarray, main: np.ndarray) -> bool:
    left, top = pieces[:, 0].min(), pieces[:, 1].min()
    right, bottom = (pieces[:, 0] + pieces[:, 2]).max(), (pieces[:, 1] + pieces[:, 3]).max()
    width, height = right - left, bottom - top
    if width > WIDEST * max(height, 1) or main[3] < HIGHEST * height:
        return False
    for piece in pieces:
        dx = max(piece[0] - (main[0] + main[2]), main[0] - (piece[0] + piece[2]), 0)
        dy = max(piece[1] - (main[1] + main[3]), main[1] - (piece[1] + piece[3]), 0)
        if max(dx, dy) > APART * height or dx > 0.12 * height:
            return False
        if piece is not main and piece[3] > 0.75 * height and dx > 0:
            return False
    return True


def _touches_frame(box: Box, shape: tuple[int, ...]) -> bool:
    """Ink along most of one side is a shadow or a desk, not a digit that was cut."""
    x, y, width, height = box
    edges = (x <= 1) + (y <= 1) + (x + width >= shape[1] - 1) + (y + height >= shape[0] - 1)
    return edges >= 3


def _redraw(ink: Ink, mask: np.ndarray, others: np.ndarray, box: Box, pen: float) -> np.ndarray:
    """The digit, cut out with a margin that is aligned to whole pixels of the picture."""
    step = max(1, round(ink.factor))
    x, y, width, height = box
    left, top = (max(0, at - 3 * step) // step * step for at in (x, y))
    right, bottom = (
        min(side, -(-(end + 3 * step) // step) * step)
        for side, end in zip(mask.shape[::-1], (x + width, y + height), strict=True)
    )
    keep = np.ascontiguousarray(mask[top:bottom, left:right])
    level = _cut_out(ink, keep, others[top:bottom, left:right], left, top)
    return redraw(level, pen)


def _in_picture(box: Box, factor: float, shape: tuple[int, ...]) -> Box:
    x, y, width, height = box
    left, top = int(x / factor), int(y / factor)
    right = min(shape[1], max(left + 1, int(-(-(x + width) // factor))))
    bottom = min(shape[0], max(top + 1, int(-(-(y + height) // factor))))
    return left, top, right - left, bottom - top


def _cut_out(ink: Ink, keep: np.ndarray, others: np.ndarray, x: int, y: int) -> np.ndarray:
    """Ink of one digit, at the picture's own resolution where that is coarser.

    Args:
        ink: the page.
        keep: uint8, shape (height, width), 1 on the digit's ink, part of the page.
        others: uint8, same shape, 1 on ink of others.
        x: where `keep` lies on the page.
        y: where `keep` lies on the page.
    Returns:
        uint8, paper 0, ink 255.
    """
    factor = max(1, round(ink.factor))
    reach = 2 * factor + 1 if ink.noise < 1 else factor + 2
    grown = cv2.dilate(keep, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1,) * 2))
    if cv2.countNonZero(others):
        grown[others > 0] = 0
    height, width = keep.shape
    if factor > 1:
        share = cv2.resize(grown, (width // factor, height // factor), interpolation=cv2.INTER_AREA)
        depth = ink.source[y // factor :, x // factor :][: height // factor, : width // factor]
        depth = depth * (share > 0)
    else:
        depth = ink.depth[y : y + height, x : x + width] * grown
    return _even(depth, ink)


def _even(depth: np.ndarray, ink: Ink) -> np.ndarray:
    """Make the middle of every stroke 255, also where the pen was light.

    Args:
        depth: uint8, ink of one digit, grey levels.
        ink: the page, for its contrast and noise.
    """
    floor = 0.0 if ink.noise < 0.5 else min(2 * ink.noise, 0.25 * ink.contrast)
    reach = max(3, max(depth.shape) // 8) | 1
    core = cv2.dilate(depth, np.ones((reach, reach), np.uint8))
    core = cv2.blur(core, (reach, reach))
    # of each depth in the middle of a stroke, what makes it 255
    factor = 255 / np.maximum(np.maximum(LEVELS, 0.5 * ink.contrast) - floor, 1)
    level = depth.astype(np.float32)
    if floor:
        level = np.maximum(level - floor, 0)
    level *= cv2.LUT(core, factor.astype(np.float32))
    level += 0.5
    result: np.ndarray = cv2.min(level, 255).astype(np.uint8)
    return result
