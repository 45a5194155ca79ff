"""Lines of writing, also on a page a little askew."""

from itertools import pairwise

import numpy as np

from digit_classifier.picture.strokes import Stroke, union

HIGHEST = 1.6  # times as high as its higher part is a digit in two parts, at most
STEEP = 3  # lines, at least, that may be the steps of one
MANY = 600  # strokes: with so many nobody's broken digit is worth comparing all pairs


def arrange(strokes: list[Stroke], typical: float) -> list[list[Stroke]]:
    """Group strokes into lines, from top to bottom, each from left to right.

    From left to right, every stroke goes to the line whose last strokes it stands beside. So a
    line may climb or fall across the page.

    Args:
        strokes: of any order.
        typical: height of a digit, in the same pixels.
    """
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
    if len(strokes) > MANY:
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
