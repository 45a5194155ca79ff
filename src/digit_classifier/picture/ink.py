"""Ink, free of paper: the grey that shows it best, how far it stands out, where its strokes are.

A mask is a uint8 image that is 1 where something is.
"""

import cv2
import numpy as np

# Pictures are read side by side in processes; threads in each would be in each other's way.
cv2.setNumThreads(1)

SMALL = 256  # pixels, longest side of the copy in which colours are compared
AROUND = 100  # the same while the colour around each pixel is worked out: such medians are slow
COPY = 128  # pixels, longest side of the copy from which the paper is worked out
FAINT = 0.33  # of the contrast: what is so dark belongs to a stroke that is dark somewhere
DARK = 0.5  # of the contrast, from which a stroke is dark
GRAIN = 7.0  # grey levels: less is paper, whatever the contrast
FEW = 6, 2e-3  # pixels, or a share of all: the darkest, that say how dark ink is


def shrink(pixels: np.ndarray, side: int) -> np.ndarray:
    """Bring the longest side to at most `side` pixels by averaging."""
    longest = max(pixels.shape[:2])
    if longest <= side:
        return pixels
    size = [max(1, round(n * side / longest)) for n in pixels.shape[1::-1]]
    result: np.ndarray = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    return result


def to_grey(pixels: np.ndarray) -> np.ndarray:
    """The grey in which ink is as clear as its colour allows.

    Args:
        pixels: uint8, shape (height, width) or (height, width, 3).
    Returns:
        uint8, shape (height, width); where the colours are nearly grey, their luminance.
    """
    if pixels.ndim == 2:
        return pixels
    weights = axis(shrink(pixels, SMALL))
    if weights is None:
        return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY))
    offset = -255 * float(weights[weights < 0].sum())  # so that every colour stays in 0 to 255
    return np.asarray(cv2.transform(pixels, np.array([[*weights, offset]], np.float32)))


def axis(small: np.ndarray) -> np.ndarray | None:
    """The direction in which colours differ most from what surrounds them.

    Args:
        small: uint8, shape (height, width, 3).
    Returns:
        Weights of red, green and blue, some perhaps negative; None where plain luminance will do.
    """
    red, green, blue = cv2.split(small)
    if max(cv2.norm(red, other, cv2.NORM_INF) for other in (green, blue)) <= 2 or small.size < 12:
        return None
    small = shrink(small, AROUND)
    reach = max(3, min(255, max(small.shape[:2]) // 3)) | 1
    residual = small.astype(np.float32) - cv2.medianBlur(small, reach)
    strength = np.abs(residual).sum(axis=2)
    strong = residual[strength >= max(24.0, float(np.percentile(strength, 90)))]
    if len(strong) < 3:
        return None
    weights = np.linalg.eigh(strong.T @ strong)[1][:, -1]
    weights = np.asarray(weights / np.abs(weights).sum() * (1 if weights.sum() >= 0 else -1))
    return None if weights.min() > 0.1 else weights  # luminance is the least noisy in JPEG


def lift(grey: np.ndarray, paper: float, inner: np.ndarray, reach: float) -> np.ndarray:
    """How far each pixel stands out from the paper behind it.

    Args:
        grey: uint8, shape (height, width).
        paper: grey level of the paper around the ink.
        inner: pixels among which the ink is; they tell whether it is lighter than the paper.
        reach: pixels; wider than a stroke, narrower than a shadow.
    Returns:
        uint8, the same shape: 0 on paper.
    """
    low, high = (quantile(inner, share) if inner.size else paper for share in (0.04, 0.96))
    is_light = high - paper > paper - low
    behind = background(grey, reach, is_light=is_light)
    return np.asarray(cv2.subtract(grey, behind) if is_light else cv2.subtract(behind, grey))


def background(grey: np.ndarray, reach: float, *, is_light: bool = False) -> np.ndarray:
    """The paper as it would look without ink, lighter than it or darker; uint8, as `grey`."""
    small = shrink(grey, COPY)
    side = max(3, int(reach * max(small.shape) / max(grey.shape))) | 1
    how = cv2.MORPH_OPEN if is_light else cv2.MORPH_CLOSE
    behind = cv2.morphologyEx(small, how, np.ones((side, side), np.uint8))
    behind = cv2.blur(behind, (side, side))
    if behind.shape != grey.shape:
        behind = cv2.resize(behind, grey.shape[::-1], interpolation=cv2.INTER_LINEAR)
    return np.asarray(behind)


def quantile(pixels: np.ndarray, share: float) -> float:
    """The grey level that so many of some uint8 pixels do not exceed."""
    return float(
        np.sort(pixels, axis=None)[int(share * (pixels.size - 1))]
    )  # whole numbers sort fast


def contrast(depth: np.ndarray) -> float:
    """How dark ink is: the mean of the pixels at least half as dark as the darkest few."""
    counts = cv2.calcHist([depth], [0], None, [256], [0, 256]).ravel()
    above = np.cumsum(counts[::-1])[::-1]  # above[v]: pixels of depth v or more
    few = min(max(FEW[0], FEW[1] * depth.size), depth.size)
    peak = int(np.flatnonzero(above >= few)[-1])
    strong = slice((peak + 1) // 2, None)
    return float(counts[strong] @ np.arange(256)[strong] / max(above[strong][0], 1))


def trace(depth: np.ndarray, dark: float) -> np.ndarray:
    """Where ink is: faint pixels count where they belong to a stroke that is dark somewhere.

    Args:
        depth: uint8, as `lift` gives it.
        dark: how dark ink is, as `contrast` says.
    """
    faint = (depth >= min(DARK * dark, max(FAINT * dark, GRAIN))).astype(np.uint8)
    count, labels = number(faint)
    kept = np.zeros(count, np.uint8)
    kept[labels[depth >= DARK * dark]] = 1
    kept[0] = 0
    return np.asarray(kept[labels])


def number(mask: np.ndarray) -> tuple[int, np.ndarray]:
    """Number the connected pieces of a mask, diagonal neighbours being neighbours.

    Args:
        mask: uint8, shape (height, width).
    Returns:
        How many numbers there are, 0 included; and int32, same shape, 0 where the mask is.
    """
    # The same labels as connectedComponents, in half the time.
    return cv2.connectedComponentsWithAlgorithm(mask, 8, cv2.CV_32S, cv2.CCL_BBDT)
