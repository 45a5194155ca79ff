"""Strokes joined into digits: a 5's bar, a broken 4, the two halves of a faint 3."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from statistics import median

import numpy as np

from digit_classifier.picture.strokes import Stroke, union

LEAST = 0.3  # of a digit's height: a smaller piece on its own is a dot or a comma
HIGH = 0.6  # of the height of all: each of several digits in a small picture is so high
PIECES = 30  # of which one digit is joined, at most
ASIDE = 0.08  # of a digit's height: paper between a digit and a piece that may not be part of it


@dataclass(frozen=True, eq=False)
class Segment:
    """What is probably one digit.

    Attributes:
        stroke: all its ink.
        apart: the strokes it was joined from, left to right, where they may as well be digits of
            their own; empty where they may not.
        beside: those of its strokes that may be no part of it: a dash, a plus, a smaller digit.
        bare: the others as one; None where none stands beside it.
    """

    stroke: Stroke
    apart: tuple[Stroke, ...] = ()
    beside: tuple[Stroke, ...] = ()
    bare: Stroke | None = None


def join(line: list[Stroke], labels: np.ndarray) -> tuple[list[Segment], list[Stroke]]:
    """Join the strokes of one line into digits.

    Args:
        line: strokes from left to right.
        labels: int32, shape (height, width), the page's strokes.
    Returns:
        The digits from left to right, and pieces that are too small to be one and near to none.
    """
    tall = _line_height(line)
    points = cache(partial(_points, labels))
    groups = [[s] for s in line if _is_tall(s, tall)]
    wholes = [group[0] for group in groups]
    fragments = sorted((s for s in line if not _is_tall(s, tall)), key=lambda s: -s.area)
    specks = []
    for fragment in fragments:
        home = _nearest(wholes, fragment, points, tall)
        if home is not None:
            groups[home].append(fragment)
            wholes[home] = union([wholes[home], fragment])
        elif max(fragment.height, fragment.width) < LEAST * tall:
            specks.append(fragment)
        else:
            groups.append([fragment])
            wholes.append(fragment)
    segments = [_segment(group, tall) for group in groups]
    segments.sort(key=lambda s: s.stroke.x + s.stroke.width / 2)
    return _pair(segments, points, tall), specks


def side_by_side(strokes: list[Stroke]) -> tuple[Stroke, ...]:
    """The strokes of a small picture as digits beside each other, where they may be such."""
    digits: list[Stroke] = []
    for stroke in sorted(strokes, key=lambda s: s.x):
        if digits and stroke.x < digits[-1].right:
            digits[-1] = union([digits[-1], stroke])
        else:
            digits.append(stroke)
    high = all(digit.height >= HIGH * union(strokes).height for digit in digits)
    return tuple(digits) if high and len(digits) > 1 else ()


def _gap(a: np.ndarray, b: np.ndarray) -> float:
    """Shortest distance between the ink of two strokes, in pixels, by their points."""
    difference = a[:, None, :] - b[None, :, :]
    return float(np.sqrt((difference**2).sum(axis=2).min()))


def _points(labels: np.ndarray, stroke: Stroke) -> np.ndarray:
    crop = labels[stroke.y : stroke.bottom, stroke.x : stroke.right]
    ink = np.isin(crop, stroke.labels)
    ink[1:-1, 1:-1] &= ~(ink[:-2, 1:-1] & ink[2:, 1:-1] & ink[1:-1, :-2] & ink[1:-1, 2:])
    points = np.argwhere(ink).astype(np.float32)
    return points[:: max(1, len(points) // 250)] + np.array([stroke.y, stroke.x], np.float32)


def _line_height(line: list[Stroke]) -> float:
    highest = max(s.height for s in line)
    return float(median(s.height for s in line if s.height >= 0.6 * highest))


def _is_tall(stroke: Stroke, tall: float) -> bool:
    return stroke.height >= 0.6 * tall


def _nearest(
    wholes: list[Stroke], fragment: Stroke, points: Callable[[Stroke], np.ndarray], tall: float
) -> int | None:
    """The digit that a small piece belongs to: near, and not made much taller by it."""
    best, best_distance = None, 0.3 * tall
    for i, whole in enumerate(wholes):
        if len(whole.labels) >= PIECES:
            continue
        both = union([whole, fragment])
        if both.height > 1.5 * max(tall, whole.height) or both.width > 1.6 * tall:
            continue
        dx = max(0, whole.x - fragment.right, fragment.x - whole.right)
        dy = max(0, whole.y - fragment.bottom, fragment.y - whole.bottom)
        if max(dx, dy) > best_distance:
            continue
        distance = _gap(points(whole), points(fragment)) * (0.6 if dx == 0 else 1.0)
        if distance < best_distance:
            best, best_distance = i, distance
    return best


def _segment(group: list[Stroke], tall: float) -> Segment:
    """A digit, the first of its group, with the pieces that were joined with it."""
    digit = group[0]
    beside = tuple(s for s in group if max(digit.x - s.right, s.x - digit.right) >= ASIDE * tall)
    if not beside:
        return Segment(union(group))
    close = [s for s in group if s not in beside]
    return Segment(union(group), beside=beside, bare=union(close))


def _pair(
    segments: list[Segment], points: Callable[[Stroke], np.ndarray], tall: float
) -> list[Segment]:
    """Join neighbours that stand in each other's way, and remember that they came apart."""
    result: list[Segment] = []
    for segment in segments:
        if result and _overlap(result[-1].stroke, segment.stroke, points, tall):
            left = result.pop()
            apart = (*(left.apart or (left.stroke,)), segment.stroke)
            result.append(Segment(union([left.stroke, segment.stroke]), apart))
        else:
            result.append(segment)
    return result


def _overlap(a: Stroke, b: Stroke, points: Callable[[Stroke], np.ndarray], tall: float) -> bool:
    shared = min(a.right, b.right) - max(a.x, b.x)
    both = union([a, b])
    if shared <= 0 or both.width > 1.5 * tall or both.height > 1.6 * tall:
        return False
    share = shared / max(1, min(a.width, b.width))
    if share >= 0.7:
        return True
    return share >= 0.25 and _gap(points(a), points(b)) < 0.12 * tall
