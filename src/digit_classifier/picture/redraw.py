"""Ink of one digit, redrawn as MNIST would have drawn it."""

import cv2
import numpy as np

from digit_classifier.picture.prepared import BOX, CENTRE, SIDE, centre_of_mass

CANVAS = 120  # pixels, longest side while the pen is mended
FAINT = 16  # of 255: less is not counted as ink when the box is drawn
# Width of the pen in an image of 28x28: outside of THINNEST to THICKEST it is brought to THIN or
# THICK. Measured on MNIST's training images.
THINNEST, THIN, THICK, THICKEST = 1.2, 1.8, 4.2, 5.0


def redraw(ink: np.ndarray, pen: float | None = None) -> np.ndarray:
    """Fit ink into MNIST's frame.

    Args:
        ink: uint8, shape (height, width): paper 0, ink 255, grey where the edge of a stroke covers
            a pixel in part.
        pen: width of the pen over the longest side, where it is known.
    Returns:
        uint8, shape (28, 28): longest side 20 pixels, aspect kept, centre of mass in pixel
        (14, 14), strokes neither thinner nor thicker than MNIST's.
    Source: LeCun, Bottou, Bengio, Haffner, "Gradient-based learning applied to document
        recognition" (1998), section III.A.
    """
    ink = crop(ink)
    if not ink.size:
        return np.zeros((SIDE, SIDE), np.uint8)
    if pen is not None and not THINNEST <= pen * BOX <= THICKEST:
        mended = crop(_mend_pen(ink, pen))
        ink = mended if mended.size else ink
    return place(_fit(ink, BOX))


def crop(ink: np.ndarray) -> np.ndarray:
    """Take the paper around the ink away."""
    left, top, width, height = cv2.boundingRect((ink >= FAINT).astype(np.uint8))
    return ink[top : top + height, left : left + width]


def _fit(ink: np.ndarray, side: int) -> np.ndarray:
    """Bring the longest side to `side` pixels."""
    height, width = ink.shape
    scale = side / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    if size == (width, height):
        return ink
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    result: np.ndarray = cv2.resize(ink, size, interpolation=how)
    return result


def measure_pen(mask: np.ndarray) -> float:
    """Mean width of the strokes, in pixels.

    Args:
        mask: uint8, 1 on ink. Across a stroke of width w the distance to the paper is w / 4 on
            average, and half a pixel more as it is measured between the middles of pixels.
    """
    wide = cv2.copyMakeBorder(mask, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0)
    area = cv2.countNonZero(wide)
    if not area:
        return 0.0
    distance = cv2.distanceTransform(wide, cv2.DIST_L2, 5)
    return max(1.0, 4 * cv2.sumElems(distance)[0] / area - 2)


def _mend_pen(ink: np.ndarray, pen: float) -> np.ndarray:
    """Draw the same lines with a pen of MNIST's width."""
    scale = CANVAS / max(ink.shape)
    if scale < 1:
        strong = (ink >= 128).astype(np.uint8)
        inside = _fit(strong * np.uint8(255), CANVAS)
        # A hairline covers little of the coarser pixels, but all of them are its.
        mask = (inside >= min(128, 255 * pen * CANVAS / 2)).astype(np.uint8)
    else:
        mask = (_fit(ink, CANVAS) >= 128).astype(np.uint8)
    now = measure_pen(mask)
    wanted = THIN * CANVAS / BOX if pen * BOX < THINNEST else THICK * CANVAS / BOX
    if wanted > now:
        reach = round((wanted - now) / 2)
        mask = cv2.dilate(np.pad(mask, reach + 1), _disc(reach))
    else:
        mask = _erode(mask, round((now - wanted) / 2))
    result: np.ndarray = cv2.GaussianBlur(mask * np.uint8(255), (5, 5), 0)
    return result


def _erode(mask: np.ndarray, reach: int) -> np.ndarray:
    """Thin the strokes as far as none breaks."""
    before = _topology(mask)
    padded = np.pad(mask, 1)
    while reach > 0:
        thinner = cv2.erode(padded, _disc(reach))
        if _topology(thinner) == before:
            result: np.ndarray = thinner
            return result
        reach -= 1
    return mask


def _topology(mask: np.ndarray) -> tuple[int, int]:
    """How many pieces and how many holes."""
    pieces = cv2.connectedComponents(mask, connectivity=8)[0]
    holes = cv2.connectedComponents(1 - np.pad(mask, 1), connectivity=4)[0]
    return pieces, holes


def _disc(reach: int) -> np.ndarray:
    result: np.ndarray = cv2.getStructuringElement(
        cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1)
    )
    return result


def place(digit: np.ndarray) -> np.ndarray:
    """Put a digit of at most 20x20 so that its centre of mass falls into pixel (14, 14)."""
    height, width = digit.shape
    y, x = centre_of_mass(digit)
    top = min(max(CENTRE - int(np.floor(y + 0.5)), 0), SIDE - height)
    left = min(max(CENTRE - int(np.floor(x + 0.5)), 0), SIDE - width)
    image = np.zeros((SIDE, SIDE), np.uint8)
    image[top : top + height, left : left + width] = digit
    return image
