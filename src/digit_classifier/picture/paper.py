"""Paper and ink told apart: the colour axis that shows the ink best, its polarity, the background.

Everything here is judged on a small copy and then applied to the large one.
"""

from dataclasses import dataclass

import cv2
import numpy as np

SMALL = 256  # pixels, longest side of the copy that is judged
# What each sign counts: border, corners, area, room, thinness, pieces. Fitted (logistic regression)
# to MNIST's training digits drawn as scans without margin and as the pages of tests/pages.py.
WEIGHTS = (0.6, 1.0, 0.5, 1.0, 1.5, 1.2)
SCALES = (3, 5, 9, 17, 33)  # pixels: widths of structures that are looked for
SHARE = 0.04  # of all the energy: what a scale must show to be the scale of the pen
SURENESS = (3.0, 3.0, 2.0, 1.0, 0.5)  # how much the vote of a scale counts
CROP = 100  # pixels: a smaller picture holds a digit or a few, and no desk
LUMINANCE = (0.299, 0.587, 0.114)  # Source: ITU-R BT.601


@dataclass(frozen=True, eq=False)
class Paper:
    """How to turn a picture's pixels into ink.

    Attributes:
        weights: of red, green and blue in the grey that shows the ink best; they may be negative.
        light_ink: ink is lighter than paper along those weights.
        flat: the paper is one colour, as in a drawing; there is no lighting to take away.
        level: grey of the paper, where it is flat, 0 to 255, after light ink was turned dark.
        noise: standard deviation of the paper's grain, in grey levels.
    """

    weights: tuple[float, float, float]
    light_ink: bool
    flat: bool
    level: float
    noise: float


def judge(pixels: np.ndarray) -> Paper:
    """Find what is paper and what is ink.

    Args:
        pixels: uint8, shape (height, width) or (height, width, 3).
    """
    small = shrink(pixels, SMALL)
    weights = _axis(small)
    grey = to_grey(small, weights)
    light_ink = polarity(grey) < 0
    if light_ink:
        grey = 255 - grey
    noise = measure_noise(grey)
    level, flat = _flat_level(grey, noise)
    return Paper(weights, light_ink, flat, level, noise)


def shrink(pixels: np.ndarray, side: int) -> np.ndarray:
    """Bring the longest side to at most `side` pixels by averaging."""
    longest = max(pixels.shape[:2])
    if longest <= side:
        return pixels
    size = [max(1, round(n * side / longest)) for n in pixels.shape[1::-1]]
    result: np.ndarray = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    return result


def to_grey(pixels: np.ndarray, weights: tuple[float, float, float]) -> np.ndarray:
    """Project colours on an axis; uint8, so placed that every colour stays in 0 to 255."""
    if pixels.ndim == 2:
        return pixels
    offset = -255 * sum(weight for weight in weights if weight < 0)
    result: np.ndarray = cv2.transform(pixels, np.array([[*weights, offset]], np.float32))
    return result


def measure_noise(grey: np.ndarray) -> float:
    """Standard deviation of the grain, robust against ink: from the median of the differences."""
    if min(grey.shape) < 3:
        return 0.0
    difference = cv2.absdiff(grey, cv2.medianBlur(grey, 3))
    # Means of the values below a quantile, for a plain median of whole numbers is too coarse.
    counts = np.bincount(difference.ravel(), minlength=256)
    below = np.searchsorted(np.cumsum(counts), 0.7 * difference.size)
    kept = counts[: below + 1]
    return float((kept * np.arange(below + 1)).sum() / max(kept.sum(), 1) * 2.2)


def background(grey: np.ndarray, paper: Paper) -> np.ndarray:
    """The paper as it would look without ink.

    Args:
        grey: uint8, ink darker than paper.
        paper: what `judge` found.
    Returns:
        uint8, same shape.
    """
    if paper.flat:
        return np.full_like(grey, round(paper.level))
    small = shrink(grey, SMALL)
    longest = max(small.shape)
    # Wider than a pen stroke, narrower than a desk or a shadow. In a small crop of one digit the
    # stroke takes more of the picture.
    reach = max(longest // 8, min(longest // 2, 40)) | 1
    smooth = cv2.medianBlur(small, 3) if min(small.shape) >= 3 else small
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach))
    closed = cv2.morphologyEx(smooth, cv2.MORPH_CLOSE, kernel, borderType=cv2.BORDER_REPLICATE)
    blur = max(3, reach // 3) | 1
    # Where light ends sharply the mean would lie above the dark side and make ink of it.
    smooth = cv2.blur(closed, (blur, blur), borderType=cv2.BORDER_REPLICATE)
    closed = cv2.min(closed, smooth)
    if closed.shape != grey.shape:
        closed = cv2.resize(closed, grey.shape[::-1], interpolation=cv2.INTER_LINEAR)
    result: np.ndarray = closed
    return result


def _axis(small: np.ndarray) -> tuple[float, float, float]:
    """The direction in which colours differ most from what surrounds them."""
    if small.ndim == 2 or small.shape[0] * small.shape[1] < 4 or _is_grey(small):
        return LUMINANCE
    small = shrink(small, CROP)  # medians over large windows are slow
    reach = max(3, min(255, max(small.shape[:2]) // 3)) | 1
    around = cv2.medianBlur(small, reach)
    residual = small.astype(np.float32) - around
    strength = np.abs(residual).sum(axis=2)
    strong = residual[strength >= max(24.0, float(np.percentile(strength, 90)))]
    if len(strong) < 3:
        return LUMINANCE
    second_moment = strong.T @ strong
    axis = np.linalg.eigh(second_moment)[1][:, -1]
    if axis.sum() < 0:
        axis = -axis
    axis /= np.abs(axis).sum()
    if axis.min() > 0.1:
        return LUMINANCE  # nearly grey: the usual weights, which are the least noisy in JPEG
    return float(axis[0]), float(axis[1]), float(axis[2])


def _is_grey(pixels: np.ndarray) -> bool:
    red, green, blue = cv2.split(pixels)
    return max(cv2.norm(red, green, cv2.NORM_INF), cv2.norm(red, blue, cv2.NORM_INF)) <= 2


def polarity(grey: np.ndarray) -> float:
    """Whether ink is darker than paper: above zero it is, below zero it is lighter.

    The middle of the picture votes again on its own, for there may be a desk around the page.
    """
    small = shrink(grey, 128)
    if max(grey.shape) <= CROP:
        return _vote(small)
    height, width = small.shape
    middle = small[height // 6 : height - height // 6, width // 6 : width - width // 6]
    return _vote(small) + _vote(middle)


def _vote(grey: np.ndarray) -> float:
    """Six signs, as none is right alone.

    Paper is what lies along the border and in the corners, it takes more of the area and has room
    for larger circles; ink is what thin structures are made of, and in a crop it hangs together
    while it cuts the paper to pieces.
    """
    light = (grey > _otsu(grey)).astype(np.uint8)
    edge = np.concatenate([light[0], light[-1], light[:, 0], light[:, -1]])
    signs = (
        2 * float(edge.mean()) - 1,
        2 * float(light[:: light.shape[0] - 1 or 1, :: light.shape[1] - 1 or 1].mean()) - 1,
        2 * float(light.mean()) - 1,
        float(np.clip(np.log2(_room(light) / _room(1 - light)), -2, 2)),
        _thinness(grey),
        _pieces(light) if max(grey.shape) <= CROP else 0.0,
    )
    return sum(weight * sign for weight, sign in zip(WEIGHTS, signs, strict=True))


def _pieces(light: np.ndarray) -> float:
    """Above zero where the light parts are the more numerous; from -2 to 2."""
    counts = []
    for mask in (light, 1 - light):
        count = sum(cv2.connectedComponents(mask, connectivity=n)[0] - 1 for n in (4, 8))
        counts.append(max(count, 1))
    return float(np.clip(np.log2(counts[0] / counts[1]), -2, 2))


def _otsu(grey: np.ndarray) -> float:
    return float(cv2.threshold(grey, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)[0])


def _room(mask: np.ndarray) -> float:
    return 1 + float(cv2.distanceTransform(mask, cv2.DIST_L2, 3).max()) if mask.any() else 1.0


def _thinness(grey: np.ndarray) -> float:
    """Above zero where the thin structures are dark; the thinner they are, the surer."""
    grey = cv2.GaussianBlur(grey, (3, 3), 0)
    energies = []
    for reach in SCALES:
        kernel = np.ones((reach, reach), np.uint8)
        dark = cv2.morphologyEx(grey, cv2.MORPH_BLACKHAT, kernel).astype(np.float32)
        light = cv2.morphologyEx(grey, cv2.MORPH_TOPHAT, kernel).astype(np.float32)
        energies.append((float((dark**2).sum()), float((light**2).sum())))
    most = max(sum(pair) for pair in energies)
    if most == 0:
        return 0.0
    first = next(i for i, pair in enumerate(energies) if sum(pair) > SHARE * most)
    dark_energy, light_energy = energies[first]
    weight = SURENESS[first]
    return weight * (dark_energy - light_energy) / (dark_energy + light_energy)


def _flat_level(grey: np.ndarray, noise: float) -> tuple[float, bool]:
    """Grey of the paper, and whether it is the same everywhere."""
    edge = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
    counts = np.bincount(grey.ravel(), minlength=256).astype(np.float64)
    ahead = np.convolve(counts, np.ones(5), mode="same")
    # Paper is the brighter side: look for its peak above the middle of what there is.
    low = int(grey.min())
    middle = (low + int(grey.max()) + 1) // 2
    peak = middle + int(np.argmax(ahead[middle:]))
    width = max(3.0, 2.5 * noise)
    near = np.abs(grey.astype(np.float32) - peak) <= width
    paper = grey[grey >= middle]
    on_paper = np.abs(paper.astype(np.float32) - peak) <= width
    calm = float(on_paper.mean()) if len(paper) else 0.0
    near_edge = float((np.abs(edge.astype(np.float32) - peak) <= width).mean())
    clean = noise < 0.5 and near.mean() > 0.5
    # Ink may run over the border of a crop or a drawing, hardly over that of a photograph.
    framed = near_edge > (0.4 if noise < 0.5 or max(grey.shape) <= CROP else 0.8)
    flat = near.mean() > 0.3 and framed and (calm > 0.85 or clean)
    return float(grey[near].mean()) if near.any() else float(peak), bool(flat)
