"""Digits cut out of the page: each with its own ink only, of even depth."""

from functools import partial
from itertools import pairwise
from statistics import median
from typing import Any

import cv2
import numpy as np

from digit_classifier.picture import splits
from digit_classifier.picture.ink import Ink
from digit_classifier.picture.lines import MIN_HEIGHT, Segment
from digit_classifier.picture.marks import Later, Link, Mark, Rejected
from digit_classifier.picture.paper import LEVELS
from digit_classifier.picture.redraw import CANVAS, ROUGH, measure_pen, redraw
from digit_classifier.picture.strokes import Stroke


class Cutter:
    """The page while its digits are cut out."""

    def __init__(
        self, ink: Ink, labels: np.ndarray, size: tuple[int, int], *, crowded: bool
    ) -> None:
        self.ink = ink
        self.labels = labels
        self.size = size  # of the picture: width and height
        self.crowded = crowded  # there is not much time for each mark

    def marks(self, line: list[Segment], number: int, single: bool) -> list[Mark]:
        """One line's digits."""
        usual = float(median(segment.stroke.height for segment in line))
        spaces = _spaces([segment.stroke for segment in line], usual)
        return [
            self._mark(
                segment.stroke,
                number,
                space_before=space,
                splits=() if single else Later(partial(self._splits, segment, number)),
                links=() if single else Later(partial(self._links, segment.stroke, number)),
                height_ratio=segment.stroke.height / usual,
            )
            for segment, space in zip(line, spaces, strict=True)
        ]

    def _splits(self, segment: Segment, number: int) -> tuple[tuple[Mark, ...], ...]:
        rows = []
        if segment.apart:
            rows.append(tuple(self._mark(stroke, number) for stroke in segment.apart))
        if segment.bare:
            rows.append(self._apart(segment.bare, segment.beside, number))
        keep, others, x, y = self._crop(segment.stroke)
        for parts in splits.propose(keep):
            row = [
                self._draw(part, cv2.max(others, keep - part), x, y, line=number) for part in parts
            ]
            if all(mark.image.any() for mark in row):  # some have next to no ink of their own
                rows.append(tuple(row))
        return tuple(rows)

    def _apart(self, digit: Stroke, beside: tuple[Stroke, ...], number: int) -> tuple[Mark, ...]:
        """A digit without what was joined with it, and that as marks of its own if high enough."""
        least = MIN_HEIGHT * digit.height
        small = tuple(Rejected(self.box(s), "dash or dot") for s in beside if s.height < least)
        marks = [self._mark(digit, number, beside=small)]
        high = (stroke for stroke in beside if stroke.height >= least)
        marks += [self._mark(stroke, number, loose=True) for stroke in high]
        return tuple(sorted(marks, key=lambda mark: mark.box[0]))

    def _links(self, stroke: Stroke, number: int) -> tuple[Link, ...]:
        if not is_chain(stroke):
            return ()
        keep, others, x, y = self._crop(stroke)
        links = (
            Link(a, b, self._draw(part, cv2.max(others, keep - part), x, y, line=number))
            for a, b, part in splits.chain(keep)
        )
        return tuple(link for link in links if link.mark.image.any())

    def _mark(self, stroke: Stroke, number: int, **place: Any) -> Mark:
        """A stroke as a mark, with what is said of its place among the others."""
        return self._draw(*self._crop(stroke), line=number, pieces=len(stroke.labels), **place)

    def _crop(self, stroke: Stroke) -> tuple[np.ndarray, np.ndarray, int, int]:
        """The stroke with a margin, aligned to whole pixels of the picture."""
        step = max(1, round(self.ink.factor))
        margin = 3 * step
        left = max(0, stroke.x - margin) // step * step
        top = max(0, stroke.y - margin) // step * step
        height, width = self.labels.shape
        right = min(width, -(-(stroke.right + margin) // step) * step)
        bottom = min(height, -(-(stroke.bottom + margin) // step) * step)
        crop = self.labels[top:bottom, left:right]
        alone = len(stroke.labels) == 1
        keep = crop == stroke.labels[0] if alone else np.isin(crop, stroke.labels)
        others = (crop > 0) & ~keep
        return keep.view(np.uint8), others.view(np.uint8), left, top

    def _draw(self, keep: np.ndarray, others: np.ndarray, x: int, y: int, **place: Any) -> Mark:
        level = cut_out(self.ink, keep, others, x, y)
        left, top, width, height = cv2.boundingRect(keep)
        pen = measure_pen(keep) / max(width, height)
        at = Stroke(x + left, y + top, width, height, 0, ())
        page_height, page_width = self.labels.shape
        return Mark(
            redraw(level, pen, ROUGH if self.crowded else CANVAS),
            self.box(at),
            contrast=self.ink.contrast,
            thickness=pen,
            cut=at.x <= 0 or at.y <= 0 or at.right >= page_width or at.bottom >= page_height,
            oneness=_oneness(width / height),
            **place,
        )

    def box(self, stroke: Stroke) -> tuple[int, int, int, int]:
        """In pixels of the picture, within it."""
        factor = self.ink.factor
        starts, ends = (stroke.x, stroke.y), (stroke.right, stroke.bottom)
        (x, width), (y, height) = (
            _within(int(start / factor) + corner, int(-(-end // factor)) + corner, size)
            for start, end, corner, size in zip(
                starts, ends, self.ink.corner, self.size, strict=True
            )
        )
        return x, y, width, height


def _within(start: int, end: int, size: int) -> tuple[int, int]:
    """Where a stretch begins and how long it is, at least one pixel, of those from 0 to `size`."""
    start = min(max(start, 0), size - 1)
    return start, max(1, min(end, size) - start)


def _oneness(aspect: float) -> float:
    """From 1 for the proportions of one digit down to 0.3 for those of two or more.

    Of MNIST's training digits 97 % are at most 1.2 times as wide as high, 99.9 % at most 1.7 times.
    """
    return min(max(1 - 1.2 * (aspect - 1.25), 0.3), 1.0)


def _spaces(line: list[Stroke], height: float) -> list[bool]:
    """Which marks stand clearly apart from the one to their left."""
    gaps = [right.x - left.right for left, right in pairwise(line)]
    if not gaps:
        return [False] * len(line)
    usual = median(gaps) if len(gaps) > 2 else 0.6 * height
    least = max(1.2 * height, 2.5 * usual)
    return [False, *(gap > least for gap in gaps)]


def is_chain(stroke: Stroke) -> bool:
    """Whether a mark is so wide that it may be many joined digits."""
    return stroke.width >= splits.CHAIN * stroke.height


def cut_out(ink: Ink, keep: np.ndarray, others: np.ndarray, x: int, y: int) -> np.ndarray:
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
    return even(depth, ink)


def even(depth: np.ndarray, ink: Ink) -> np.ndarray:
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
