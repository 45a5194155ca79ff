"""Touching digits cut apart, along the path that crosses the least ink."""

from itertools import combinations, pairwise

import cv2
import numpy as np

from digit_classifier.picture.redraw import measure_pen

WORK = 32  # rows of the copy in which paths are sought
MARGIN = WORK // 6  # columns at either end of it: what is cut off there is no digit
NARROWEST = 0.9  # width over height from which a mark may be two digits
CHAIN = 1.5  # width over height from which a mark may be a chain of many digits
MAX_CUTS = 14  # in a chain
WINDOW = 16  # columns in which the best cut is sought
SLIMMEST, WIDEST = 0.12, 1.4  # width over height of one digit in a chain
SLOPE = 0.25  # what a step aside costs, in pixels of ink


def propose(keep: np.ndarray) -> list[tuple[np.ndarray, ...]]:
    """Ways to cut one piece of ink into two to four digits, the cheapest first.

    Args:
        keep: uint8, shape (height, width), 1 on its ink.
    Returns:
        For each way its parts from left to right, uint8 of the same shape.
    """
    left, top, width, height = cv2.boundingRect(keep)
    if width < NARROWEST * height:
        return []
    small, scale = _work_copy(keep[top : top + height, left : left + width])
    if _is_ring(small):
        return []
    columns = small.shape[1]
    cuts = _valleys(small, _ways(small[None])[0])
    most = max(3.0, 1.6 * measure_pen(keep) * scale)  # digits touch, they do not grow together
    ways: list[tuple[float, tuple[np.ndarray, ...]]] = []
    for count in range(2, 5):
        if width < (count - 1) * NARROWEST * height:
            break
        ways.extend(_combine(cuts, count, columns, most))
    proposals = []
    for _, paths in sorted(ways, key=lambda way: way[0])[:6]:
        parts = _apply(keep, paths, left, top, height)
        if parts:
            proposals.append(parts)
    return proposals


def chain(keep: np.ndarray) -> list[tuple[int, int, np.ndarray]]:
    """What may be one digit in a long chain of joined ones.

    Args:
        keep: uint8, shape (height, width), 1 on its ink.
    Returns:
        For each: the cut to its left, the cut to its right, and its ink, uint8 of the same shape.
        Cuts are numbered from 0, the left end of the chain; the last is its right end.
    """
    left, top, width, height = cv2.boundingRect(keep)
    if width < CHAIN * height:
        return []
    small, scale = _work_copy(keep[top : top + height, left : left + width])
    if _is_ring(small):
        return []
    columns = small.shape[1]
    paths = _cuts(small, max(4.0, 2.5 * measure_pen(keep) * scale))
    edges = [np.full(WORK, -1), *paths, np.full(WORK, columns)]
    links = []
    for start, end in combinations(range(len(edges)), 2):
        wide = edges[end] - edges[start]
        whole = end - start == len(edges) - 1
        if whole or wide.min() < 1 or not SLIMMEST <= wide.mean() / WORK <= WIDEST:
            continue
        part = _between(keep, edges[start], edges[end], left, top, height)
        _, _, part_width, part_height = cv2.boundingRect(part)
        if part_height >= 0.5 * height and part_width >= 2:
            links.append((start, end, part))
    return links if any(end == len(edges) - 1 for _, end, _ in links) else []


def _work_copy(ink: np.ndarray) -> tuple[np.ndarray, float]:
    """The copy in which paths are sought, 0 to 1, and its rows for each row of the ink."""
    height, width = ink.shape
    scale = WORK / height
    columns = max(2, round(width * scale))
    return cv2.resize(ink * 255, (columns, WORK), interpolation=cv2.INTER_AREA) / 255.0, scale


def _is_ring(small: np.ndarray) -> bool:
    """Whether one hole reaches from end to end: a wide 0, which every path would cross twice."""
    paper = (small <= 0.5).astype(np.uint8)
    _, _, stats, _ = cv2.connectedComponentsWithStats(paper, connectivity=4)
    left, top, width, height, _ = stats[1:].T
    rows, columns = small.shape
    enclosed = (left > 0) & (top > 0) & (left + width < columns) & (top + height < rows)
    reaches = (left <= MARGIN) & (left + width >= columns - MARGIN)
    return bool((enclosed & reaches).any())


def _cuts(small: np.ndarray, most: float) -> list[np.ndarray]:
    """Cheap paths all along a chain, from left to right: in each window the best.

    Over the whole width paths would wander off to the cheapest place there is.
    """
    found: list[tuple[float, int, np.ndarray]] = []
    starts = range(0, small.shape[1] - WINDOW, WINDOW // 4)
    windows = [small[:, start : start + WINDOW] for start in starts]
    ways = _ways(np.array(windows)) if windows else []
    for start, window, way in zip(starts, windows, ways, strict=True):
        for cost, middle, path in _valleys(window, way, 1, margin=2):
            if cost <= most:
                found.append((cost, start + middle, start + path))
    kept: list[tuple[float, int, np.ndarray]] = []
    for cut in sorted(found, key=lambda cut: cut[0]):
        if all(abs(cut[1] - other[1]) >= WORK // 10 for other in kept):
            kept.append(cut)
    return [cut[2] for cut in sorted(kept[:MAX_CUTS], key=lambda cut: cut[1])]


def _between(
    keep: np.ndarray, before: np.ndarray, after: np.ndarray, left: int, top: int, height: int
) -> np.ndarray:
    """The ink between two paths."""
    x = np.arange(keep.shape[1])[None, :]
    rows = np.clip((np.arange(keep.shape[0]) - top) * WORK // max(height, 1), 0, WORK - 1)
    low, high = (left + (path[rows][:, None] + 0.5) * height / WORK for path in (before, after))
    return keep * ((x >= low) & (x < high)).astype(np.uint8)


def _ways(smalls: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """The cheapest path from the top to each column of the bottom, for several pictures at once.

    Args:
        smalls: ink, 0 to 1, shape (n, rows, columns).
    Returns:
        For each picture what its paths cost, shape (columns,), and the column of each path in each
        row, shape (rows, columns).
    """
    count, rows, columns = smalls.shape
    cost = smalls[:, 0]
    steps = np.ones((rows, count, columns), int)  # where a path comes from: left, above, right
    choices = np.full((3, count, columns), np.inf)
    for row in range(1, rows):
        np.add(cost[:, :-1], SLOPE, out=choices[0, :, 1:])
        choices[1] = cost
        np.add(cost[:, 1:], SLOPE, out=choices[2, :, :-1])
        choices.argmin(axis=0, out=steps[row])
        cost = choices.min(axis=0) + smalls[:, row]
    index = np.arange(columns)
    origin = steps + (index - 1)
    paths = np.empty((rows, count, columns), int)
    paths[-1] = index
    each = np.arange(count)[:, None]
    for row in range(rows - 1, 0, -1):
        paths[row - 1] = origin[row, each, paths[row]]
    return [(cost[n], paths[:, n]) for n in range(count)]


def _valleys(
    small: np.ndarray,
    ways: tuple[np.ndarray, np.ndarray],
    count: int = 8,
    margin: int = MARGIN,
) -> list[tuple[float, int, np.ndarray]]:
    """Cheapest paths from top to bottom, one for each valley: cost, mean column, columns."""
    rows, columns = small.shape
    costs, paths = ways
    middles = np.rint(paths.mean(axis=0)).astype(int).tolist()
    strokes = _crossings(np.take_along_axis(small, paths, axis=1))
    found: list[tuple[float, int, np.ndarray]] = []
    for end in np.argsort(costs, kind="stable").tolist():
        path, middle = paths[:, end], middles[end]
        if not margin <= middle < columns - margin:
            continue
        if any(abs(middle - other) < rows // 8 for _, other, _ in found):
            continue
        if strokes[end] > 1:
            continue  # through the top and the bottom of a 0, not between two digits
        found.append((float(costs[end]), middle, path))
        if len(found) == count:
            break
    return found


def _crossings(along: np.ndarray) -> list[int]:
    """How many strokes each path crosses, of what it meets, shape (rows, paths)."""
    ink = along > 0.5
    result: list[int] = (ink[0] + (ink[1:] & ~ink[:-1]).sum(axis=0)).tolist()
    return result


def _combine(
    cuts: list[tuple[float, int, np.ndarray]], count: int, columns: int, most: float
) -> list[tuple[float, tuple[np.ndarray, ...]]]:
    """The best few ways to choose count - 1 cuts; even widths are worth some ink."""
    ways = []
    for chosen in combinations(sorted(cuts, key=lambda cut: cut[1]), count - 1):
        paths = [cut[2] for cut in chosen]
        edges = [0, *(cut[1] for cut in chosen), columns]
        widths = np.diff(edges)
        if widths.min() < WORK / 8 or any((b <= a).any() for a, b in pairwise(paths)):
            continue
        uneven = float(widths.std()) / WORK
        cost = sum(cut[0] for cut in chosen) / (count - 1)
        if max(cut[0] for cut in chosen) > most:
            continue
        ways.append((cost + 8 * uneven + 2 * (count - 2), tuple(paths)))
    return sorted(ways, key=lambda way: way[0])[: {2: 3, 3: 2, 4: 1}[count]]


def _apply(
    keep: np.ndarray, paths: tuple[np.ndarray, ...], left: int, top: int, height: int
) -> tuple[np.ndarray, ...]:
    """Parts of the ink between the paths; empty where one of them is no digit."""
    x = np.arange(keep.shape[1])[None, :]
    rows = np.clip((np.arange(keep.shape[0]) - top) * WORK // max(height, 1), 0, WORK - 1)
    scale = height / WORK
    before = np.full((keep.shape[0], 1), -1.0)
    parts = []
    total = int(keep.sum())
    for path in (*paths, None):
        after = (
            np.full((keep.shape[0], 1), float(keep.shape[1]))
            if path is None
            else left + (path[rows][:, None] + 0.5) * scale
        )
        part = keep * ((x >= before) & (x < after)).astype(np.uint8)
        _, _, part_width, part_height = cv2.boundingRect(part)
        if part.sum() < 0.08 * total or part_height < 0.65 * height or part_width < 2:
            return ()
        parts.append(part)
        before = after
    return tuple(parts)
