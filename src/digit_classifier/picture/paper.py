"""Paper and ink told apart: the colour axis that shows the ink best, its polarity, the background.

Everything here is judged on a small copy and then applied to the large one. Whether ink is darker
or lighter than the paper is a vote of six signs, as none is right alone.
"""

from dataclasses import dataclass

import cv2
import numpy as np

SMALL = 256  # pixels, longest side of the copy that is judged
CALM = 0.7  # the share of a picture that shows the grain of the paper, the rest may be ink
SOLID = 0.6  # the share of its box that is not ground, from which light ink may be a sheet
PLAIN = 0.8  # the share of a drawing that is its paper's one colour
LEVELS = np.arange(256, dtype=np.float64)
LUMINANCE = (0.299, 0.587, 0.114)  # Source: ITU-R BT.601
SIDE = 128  # pixels, longest side of the copy that votes
CROP = 100  # pixels: a smaller picture holds a digit or a few, and no desk
# What each sign counts. Fitted (logistic regression) to MNIST's training digits drawn as scans
# without margin and as the pages of tests/pages.py.
BORDER, CORNERS, AREA, ROOM, THINNESS, PIECES = 0.6, 1.0, 0.5, 1.0, 1.5, 1.2
MAX_VOTE = 2.0  # either way: what room or pieces may say
SCALES = (3, 5, 9, 17, 33)  # pixels: widths of structures that are looked for
SHARE = 0.04  # of all the energy: what a scale must show to be the scale of the pen
SURENESS = (3.0, 3.0, 2.0, 1.0, 0.5)  # how much the vote of a scale counts


@dataclass(frozen=True, eq=False)
class Paper:
    """How to turn a picture's pixels into ink.

    Attributes:
        light_ink: ink is lighter than paper.
        flat: the paper is one colour, as in a drawing; there is no lighting to take away.
        level: grey of the paper, where it is flat, 0 to 255, after light ink was turned dark.
        noise: standard deviation of the paper's grain, in grey levels.
    """

    light_ink: bool
    flat: bool
    level: float
    noise: float


def judge(grey: np.ndarray) -> Paper:
    """Find what is paper and what is ink, where `judge_plain` does not know.

    Args:
        grey: uint8, shape (height, width).
    """
    grey = shrink(grey, SMALL)
    light_ink = is_ink_light(grey)
    if light_ink:
        grey = 255 - grey
    noise = measure_noise(grey)
    level, flat = _flat_level(grey, noise)
    return Paper(light_ink, flat, level, noise)


def judge_plain(grey: np.ndarray) -> Paper | None:
    """The same of a drawing on paper of exactly one grey; None for other pictures."""
    if min(grey.shape) < 3:
        return None
    level = int(grey[0, 0])
    ink = cv2.compare(grey, level, cv2.CMP_NE)
    if ink[0].any() or ink[-1].any() or ink[:, 0].any() or ink[:, -1].any():
        return None
    inked = cv2.countNonZero(ink)
    if inked > (1 - PLAIN) * grey.size:
        return None
    lighter = cv2.countNonZero(cv2.compare(grey, level, cv2.CMP_GT))
    light_ink = 2 * lighter > inked
    if light_ink and _fills_its_box(ink):
        return None  # it may be a sheet on a plain ground
    return Paper(light_ink, True, float(255 - level if light_ink else level), 0.0)


def _fills_its_box(ink: np.ndarray) -> bool:
    _, _, width, height = cv2.boundingRect(ink)
    return bool(cv2.countNonZero(ink) > SOLID * width * height)


def project(pixels: np.ndarray, weights: tuple[float, float, float]) -> np.ndarray:
    """Project colours on an axis; uint8, so placed that every colour stays in 0 to 255."""
    if pixels.ndim == 2:
        return pixels
    offset = -255 * sum(weight for weight in weights if weight < 0)
    result: np.ndarray = cv2.transform(pixels, np.array([[*weights, offset]], np.float32))
    return result


def drop_colour(pixels: np.ndarray) -> np.ndarray:
    """One channel of a picture that is grey but stored in three; any other as it is."""
    if pixels.ndim == 2 or not _is_grey(pixels[::16, ::16], 0) or not _is_grey(pixels, 0):
        return pixels
    result: np.ndarray = cv2.extractChannel(pixels, 0)
    return result


def measure_noise(grey: np.ndarray) -> float:
    """Standard deviation of the grain, robust against ink: from the median of the differences."""
    if min(grey.shape) < 3:
        return 0.0
    difference = cv2.absdiff(grey, cv2.medianBlur(grey, 3))
    if difference.size - cv2.countNonZero(difference) >= CALM * difference.size:
        return 0.0
    # Means of the values below a quantile, for a plain median of whole numbers is too coarse.
    counts = histogram(difference)
    below = np.searchsorted(np.cumsum(counts), CALM * difference.size)
    kept = counts[: below + 1]
    return float((kept @ LEVELS[: below + 1]) / max(kept.sum(), 1) * 2.2)


def histogram(grey: np.ndarray) -> np.ndarray:
    """How many pixels have each grey level; float64, shape (256,), whole numbers."""
    counts: np.ndarray = cv2.calcHist([grey], [0], None, [256], [0, 256])
    return counts.ravel().astype(np.float64)


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


def axis(small: np.ndarray) -> tuple[float, float, float]:
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


def _is_grey(pixels: np.ndarray, most: float = 2) -> bool:
    """Whether the channels differ by at most so many levels."""
    red, green, blue = cv2.split(pixels)
    return max(cv2.norm(red, green, cv2.NORM_INF), cv2.norm(red, blue, cv2.NORM_INF)) <= most


def _flat_level(grey: np.ndarray, noise: float) -> tuple[float, bool]:
    """Grey of the paper, and whether it is the same everywhere."""
    edge = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
    counts = histogram(grey)
    ahead = np.convolve(counts, np.ones(5), mode="same")
    # Paper is the brighter side: look for its peak above the middle of what there is.
    low, high = np.flatnonzero(counts)[[0, -1]].tolist()
    middle = (low + high + 1) // 2
    peak = middle + int(np.argmax(ahead[middle:]))
    near = np.abs(LEVELS - peak) <= max(3.0, 2.5 * noise)
    on_paper = float(counts[near].sum())
    bright = counts[middle:]
    calm = float(bright[near[middle:]].sum() / bright.sum())
    near_edge = np.count_nonzero(near[edge]) / edge.size
    clean = noise < 0.5 and on_paper > 0.5 * grey.size
    # Ink may run over the border of a crop or a drawing, hardly over that of a photograph.
    framed = near_edge > (0.4 if noise < 0.5 or max(grey.shape) <= CROP else 0.8)
    flat = on_paper > 0.3 * grey.size and framed and (calm > 0.85 or clean)
    level = float((counts * LEVELS)[near].sum() / on_paper) if on_paper else float(peak)
    return level, bool(flat)


def is_ink_light(grey: np.ndarray) -> bool:
    """Whether ink is lighter than paper.

    Paper is what lies along the border and in the corners, it takes more of the area and has room
    for larger circles; ink is what thin structures are made of, and in a crop it hangs together
    while it cuts the paper to pieces. The middle of the picture votes again on its own, for there
    may be a desk around the page.

    Args:
        grey: uint8, shape (height, width), at most a few hundred pixels a side.
    """
    small = shrink(grey, SIDE)
    height, width = small.shape
    views = [small]
    if max(grey.shape) > CROP:
        views.append(small[height // 6 : height - height // 6, width // 6 : width - width // 6])
    masks = [cv2.threshold(v, 0, 1, cv2.THRESH_BINARY | cv2.THRESH_OTSU)[1] for v in views]
    vote = sum(map(_layout, masks)) + sum(THINNESS * _thinness(view) for view in views)
    # What takes longer is asked only while it can still turn the vote.
    if abs(vote) <= MAX_VOTE * (PIECES + ROOM * len(views)):
        vote += PIECES * _pieces(masks[-1])
        if abs(vote) <= MAX_VOTE * ROOM * len(views):
            vote += ROOM * sum(map(_room, masks))
    return bool(vote < 0)


def shrink(pixels: np.ndarray, side: int) -> np.ndarray:
    """Bring the longest side to at most `side` pixels by averaging."""
    longest = max(pixels.shape[:2])
    if longest <= side:
        return pixels
    size = [max(1, round(n * side / longest)) for n in pixels.shape[1::-1]]
    result: np.ndarray = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    return result


def _layout(light: np.ndarray) -> float:
    """Border, corners and area: above zero where they are light."""
    edge = np.concatenate([light[0], light[-1], light[:, 0], light[:, -1]])
    corners = light[:: light.shape[0] - 1 or 1, :: light.shape[1] - 1 or 1]
    return BORDER * _balance(edge) + CORNERS * _balance(corners) + AREA * _balance(light)


def _balance(light: np.ndarray) -> float:
    """From -1, all dark, to 1, all light."""
    return 2 * np.count_nonzero(light) / light.size - 1


def _pieces(light: np.ndarray) -> float:
    """Above zero where the light parts are the more numerous."""
    counts = []
    for mask in (light, 1 - light):
        count = sum(cv2.connectedComponents(mask, connectivity=n)[0] - 1 for n in (4, 8))
        counts.append(max(count, 1))
    return float(np.clip(np.log2(counts[0] / counts[1]), -MAX_VOTE, MAX_VOTE))


def _room(light: np.ndarray) -> float:
    """Above zero where the light parts have room for larger circles."""
    return float(np.clip(np.log2(_radius(light) / _radius(1 - light)), -MAX_VOTE, MAX_VOTE))


def _radius(mask: np.ndarray) -> float:
    return 1 + float(cv2.distanceTransform(mask, cv2.DIST_L2, 3).max()) if mask.any() else 1.0


def _thinness(grey: np.ndarray) -> float:
    """Above zero where the thin structures are dark; the thinner they are, the surer."""
    grey = cv2.GaussianBlur(grey, (3, 3), 0)
    # The larger the square, the less is left by an opening: the last scale shows the most.
    most = sum(_energies(grey, SCALES[-1]))
    if most == 0:
        return 0.0
    scales = ((*_energies(grey, n), sure) for n, sure in zip(SCALES, SURENESS, strict=True))
    dark, light, sureness = next(s for s in scales if s[0] + s[1] > SHARE * most)
    return sureness * (dark - light) / (dark + light)


def _energies(grey: np.ndarray, reach: int) -> tuple[float, float]:
    """How much there is of dark and of light structures narrower than `reach` pixels."""
    square = np.ones((reach, reach), np.uint8)
    dark = cv2.morphologyEx(grey, cv2.MORPH_BLACKHAT, square)
    light = cv2.morphologyEx(grey, cv2.MORPH_TOPHAT, square)
    return cv2.norm(dark, cv2.NORM_L2SQR), cv2.norm(light, cv2.NORM_L2SQR)
