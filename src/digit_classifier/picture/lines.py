"""Strokes arranged in lines of writing, also askew ones, and joined into digits."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from itertools import pairwise
from statistics import median

import numpy as np

from digit_classifier.picture.strokes import Stroke, union, writing_height

HIGHEST = 1.6  # times as high as its higher part is a digit in two parts, at most
STEEP = 3  # lines, at least, that may be the steps of one
MAX_STROKES = 600  # strokes: with so many nobody's broken digit is worth comparing all pairs
MIN_HEIGHT = 0.3  # of a digit's height: a smaller piece on its own is a dot or a comma
HIGH = 0.6  # of the height of all: each of several digits in a small picture is so high
PIECES = 30  # of which one digit is joined, at most
ASIDE = 0.08  # of a digit's height: paper between a digit and a piece that may not be part of it


def arrange(strokes: list[Stroke]) -> list[list[Stroke]]:
    """Group strokes into lines, from top to bottom, each from left to right.

    From left to right, every stroke goes to the line whose last strokes it stands beside. So a
    line may climb or fall across the page.

    Args:
        strokes: of any order.
    """
    typical = writing_height(strokes)
    strokes = _restore(strokes, typical)
    if len(strokes) == 2 and _stacked(*sorted(strokes, key=lambda s: s.y)):
        return [strokes]
    lines: list[list[Stroke]] = []
    ends: list[tuple[float, float]] = []
    for stroke in sorted((s for s in strokes if s.height >= 0.4 * typical), key=lambda s: s.x):
        best, best_score = len(lines), 0.35
        for i, end in enumerate(ends):
            score = _beside(end, stroke)
            if score > best_score:
                best, best_score = i, score
        if best == len(lines):
            lines.append([])
            ends.append((0.0, 0.0))
        lines[best].append(stroke)
        ends[best] = _end(lines[best])
    fragments = sorted((s for s in strokes if s.height < 0.4 * typical), key=lambda s: s.x)
    _add_fragments(lines, fragments, typical)
    lines = _join_steps(lines, typical)
    lines.sort(key=lambda line: sum(s.middle * s.area for s in line) / sum(s.area for s in line))
    return [sorted(line, key=lambda s: s.x + s.width / 2) for line in lines]


def _restore(strokes: list[Stroke], typical: float) -> list[Stroke]:
    """Join pieces that lie one above the other and together are no higher than a digit."""
    if len(strokes) > MAX_STROKES:
        return strokes
    result: list[Stroke] = []
    for stroke in sorted(strokes, key=lambda s: s.y):
        for i, upper in enumerate(result):
            shared = min(upper.right, stroke.right) - max(upper.x, stroke.x)
            if shared < 0.5 * min(upper.width, stroke.width):
                continue
            both = union([upper, stroke])
            near = stroke.y - upper.bottom < 0.2 * typical
            if near and max(both.height, both.width) <= 1.2 * typical:
                result[i] = both
                break
        else:
            result.append(stroke)
    return result


def _join_steps(lines: list[list[Stroke]], typical: float) -> list[list[Stroke]]:
    """A line so steep that its digits hardly stand beside each other is one line all the same.

    All there is climbs, or falls, step by step from left to right.
    """
    steps = sorted(map(union, lines), key=lambda s: s.x)
    pairs = list(pairwise(steps))
    gaps = [right.x - left.right for left, right in pairs]
    rises = [right.middle - left.middle for left, right in pairs]
    apart = all(-0.3 * typical < gap < 1.5 * typical for gap in gaps)
    near = all(abs(rise) < 1.6 * typical for rise in rises)
    one_way = len({rise > 0 for rise in rises}) == 1
    if len(lines) >= STEEP and apart and near and one_way:
        return [[stroke for line in lines for stroke in line]]
    return lines


def _stacked(upper: Stroke, lower: Stroke) -> bool:
    """Whether two strokes, all there is, are the parts of one broken digit, and not two digits."""
    shared = min(upper.right, lower.right) - max(upper.x, lower.x)
    distance = lower.y - upper.bottom
    low, high = sorted((upper.height, lower.height))
    one = union([upper, lower]).height <= HIGHEST * high
    return one and shared > 0.5 * min(upper.width, lower.width) and distance < 0.3 * low


def _end(line: list[Stroke]) -> tuple[float, float]:
    """First and last row of a line at its right end: the mean of its last two strokes."""
    near = sorted(line, key=lambda s: -s.right)[:2]
    return sum(s.y for s in near) / len(near), sum(s.bottom for s in near) / len(near)


def _beside(end: tuple[float, float], stroke: Stroke) -> float:
    """How much of the lower of the two heights a stroke shares with the end of a line, 0 to 1."""
    top, bottom = end
    shared = min(bottom, stroke.bottom) - max(top, stroke.y)
    return shared / max(1.0, min(bottom - top, stroke.height))


def _add_fragments(lines: list[list[Stroke]], fragments: list[Stroke], typical: float) -> None:
    """Put small pieces (a bar, a broken part) to the line with the nearest stroke."""
    placed = [(stroke, number) for number, line in enumerate(lines) for stroke in line]
    homes = [number for _, number in placed]
    boxes = np.array([_edges(s) for s in [*(s for s, _ in placed), *fragments]]).reshape(-1, 5)
    for stroke in fragments:
        left, right, top, bottom, middle = boxes[: len(homes)].T
        dx = np.maximum(left - stroke.right, stroke.x - right)
        dy = np.maximum(top - stroke.bottom, stroke.y - bottom)
        distance = np.maximum(np.maximum(dx, dy), 0) + 0.25 * np.abs(middle - stroke.middle)
        nearest = int(distance.argmin()) if homes else -1
        home = homes[nearest] if homes and distance[nearest] < 1.2 * typical else len(lines)
        if home == len(lines):
            lines.append([])
        lines[home].append(stroke)
        homes.append(home)


def _edges(stroke: Stroke) -> tuple[float, ...]:
    return stroke.x, stroke.right, stroke.y, stroke.bottom, stroke.middle


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
        elif max(fragment.height, fragment.width) < MIN_HEIGHT * tall:
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
