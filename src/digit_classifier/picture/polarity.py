"""Whether ink is darker or lighter than the paper: a vote of six signs, as none is right alone."""

import cv2
import numpy as np

SIDE = 128  # pixels, longest side of the copy that votes
CROP = 100  # pixels: a smaller picture holds a digit or a few, and no desk
# What each sign counts. Fitted (logistic regression) to MNIST's training digits drawn as scans
# without margin and as the pages of tests/pages.py.
BORDER, CORNERS, AREA, ROOM, THINNESS, PIECES = 0.6, 1.0, 0.5, 1.0, 1.5, 1.2
MOST = 2.0  # either way: what room or pieces may say
SCALES = (3, 5, 9, 17, 33)  # pixels: widths of structures that are looked for
SHARE = 0.04  # of all the energy: what a scale must show to be the scale of the pen
SURENESS = (3.0, 3.0, 2.0, 1.0, 0.5)  # how much the vote of a scale counts


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
    if abs(vote) <= MOST * (PIECES + ROOM * len(views)):
        vote += PIECES * _pieces(masks[-1])
        if abs(vote) <= MOST * ROOM * len(views):
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
    return float(np.clip(np.log2(counts[0] / counts[1]), -MOST, MOST))


def _room(light: np.ndarray) -> float:
    """Above zero where the light parts have room for larger circles."""
    return float(np.clip(np.log2(_radius(light) / _radius(1 - light)), -MOST, MOST))


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
