"""Marks on a page: ink, strokes, lines, digits, each step in its own module."""

from functools import partial
from itertools import pairwise
from statistics import median
from typing import Any

import cv2
import numpy as np

from digit_classifier.picture import cutting, frames, ruling, splits
from digit_classifier.picture.ink import Ink, extract
from digit_classifier.picture.lines import arrange
from digit_classifier.picture.marks import Later, Link, Mark, Page, Rejected
from digit_classifier.picture.redraw import CANVAS, ROUGH, measure_pen, redraw
from digit_classifier.picture.ruled_line import Box
from digit_classifier.picture.segments import LEAST, Segment, join, side_by_side
from digit_classifier.picture.strokes import (
    ROOM,
    TOO_MANY,
    Stroke,
    collect,
    sift,
    union,
    writing_height,
)

SMALL_PICTURE = 64  # pixels: a small, squarish picture holds one digit however broken it is
CROWD = 200  # marks: of more, none is cut apart, and pens are mended roughly
CHAINS = 40  # marks as wide as several digits: the same
SHOWN = 1000  # of what was left out: the largest
# Pictures are read side by side in processes; threads in each would be in each other's way.
cv2.setNumThreads(1)


def read(pixels: np.ndarray, *, single: bool) -> Page:
    """Find the marks of a page, in reading order.

    Args:
        pixels: uint8, shape (height, width) or (height, width, 3).
        single: all ink is one digit.
    """
    height, width = pixels.shape[:2]
    ink = extract(pixels)
    ruled = _unrule(ink) if ink.factor <= 1 else []
    labels, strokes = collect(ink.mask)
    if not strokes:
        return Page((), (), width, height)
    high, wide = (size / ink.factor for size in ink.mask.shape)
    small = max(high, wide) <= SMALL_PICTURE and wide < 1.8 * high
    around: list[Stroke] = []
    if not (single or small):
        strokes, around = frames.take_out(strokes, labels)
    strokes, dropped = sift(strokes, labels, high * wide / ROOM)
    dropped += [(stroke, "frame") for stroke in around]
    dropped += [(Stroke(*box, 0, ()), "ruled line") for box in ruled]
    lines: list[list[Segment]] = []
    if strokes and (single or small):
        lines = [[Segment(union(strokes), () if single else side_by_side(strokes))]]
    elif strokes:
        for line in arrange(strokes, writing_height(strokes)):
            segments, specks = join(line, labels)
            dropped += [(speck, "speck") for speck in specks]
            lines.append(segments)
    found = [segment.stroke for line in lines for segment in line]
    chains = sum(_is_chain(stroke) for stroke in found)
    crowded = len(found) > CROWD or chains > CHAINS
    page = _Sheet(ink, labels, (width, height), crowded=crowded)
    single = single or page.crowded
    marks = [mark for number, line in enumerate(lines) for mark in page.marks(line, number, single)]
    dropped.sort(key=lambda left: -left[0].width * left[0].height)
    rejected = tuple(Rejected(page.box(s), reason) for s, reason in dropped[:SHOWN])
    return Page(tuple(marks), rejected, width, height, _bounds(len(found), chains, dropped))


def _bounds(marks: int, chains: int, dropped: list[tuple[Stroke, str]]) -> tuple[str, ...]:
    """What was left undone because there is so much on the page."""
    notes = []
    left = sum(reason == TOO_MANY for _, reason in dropped)
    if left:
        notes.append(f"too many marks: the smallest {left:,} were not read")
    if marks > CROWD:
        notes.append(f"{marks:,} marks: of more than {CROWD}, touching digits are not cut apart")
    elif chains > CHAINS:
        notes.append(f"{chains} wide marks: of more than {CHAINS}, none is cut into digits")
    return tuple(notes)


def _is_chain(stroke: Stroke) -> bool:
    return stroke.width >= splits.CHAIN * stroke.height


def _unrule(ink: Ink) -> list[Box]:
    """Take printed lines out of the ink; their boxes."""
    printed, ruled = ruling.find(ink.mask, ink.faint(), ink.depth)
    if ruled:
        ink.depth[printed > 0] = 0
        ink.mask[printed > 0] = 0
    return ruled


class _Sheet:
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
        least = LEAST * digit.height
        small = tuple(Rejected(self.box(s), "dash or dot") for s in beside if s.height < least)
        marks = [self._mark(digit, number, beside=small)]
        high = (stroke for stroke in beside if stroke.height >= least)
        marks += [self._mark(stroke, number, loose=True) for stroke in high]
        return tuple(sorted(marks, key=lambda mark: mark.box[0]))

    def _links(self, stroke: Stroke, number: int) -> tuple[Link, ...]:
        if not _is_chain(stroke):
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
        level = cutting.cut_out(self.ink, keep, others, x, y)
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
