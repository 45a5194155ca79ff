"""Marks on a page: a first, simple version."""

import cv2
import numpy as np

from digit_classifier.picture.marks import Mark, Rejected
from digit_classifier.picture.redraw import redraw


def read(pixels: np.ndarray, *, single: bool) -> tuple[tuple[Mark, ...], tuple[Rejected, ...]]:
    """Find the marks of a page, in reading order."""
    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY) if pixels.ndim == 3 else pixels
    border = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
    paper = float(np.median(border))
    difference = cv2.absdiff(grey, np.full_like(grey, int(paper)))
    contrast = float(difference.max())
    if contrast < 12:
        return (), ()
    level, mask = cv2.threshold(difference, 0, 255, cv2.THRESH_OTSU)
    level = max(level, 1.0)
    ink = np.clip((difference.astype(np.float32) - level / 2) * (255 / (level * 1.2)), 0, 255)
    ink = ink.astype(np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    boxes = [tuple(int(v) for v in stats[i][:4]) for i in range(1, count)]
    if single:
        xs, ys = np.flatnonzero(mask.any(axis=0)), np.flatnonzero(mask.any(axis=1))
        box = int(xs[0]), int(ys[0]), int(xs[-1] - xs[0] + 1), int(ys[-1] - ys[0] + 1)
        return (Mark(redraw(ink), box, contrast=contrast),), ()
    tall = max((box[3] for box in boxes), default=0)
    marks = []
    for i, (x, y, w, h) in enumerate(boxes, 1):
        if h >= tall / 3:
            piece = np.where(labels == i, ink, 0)[y : y + h, x : x + w]
            marks.append(Mark(redraw(piece), (x, y, w, h), contrast=contrast))
    marks.sort(key=lambda mark: mark.box[0])
    return tuple(marks), ()
