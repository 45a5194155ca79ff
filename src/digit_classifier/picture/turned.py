"""Which way up a page is: writing that lies turned by 90, 180 or 270 degrees."""

import cv2
import numpy as np

from digit_classifier.picture import finder

TELLING, TWO = [2, 3, 4, 5, 7], 2  # so many digits that look like no other upside down
SHOWN = 0.45  # how surely something is writing, that it counts
DOUBTFUL = 0.7  # mean sureness of what was found, up to which other turns are asked
FEWEST, SURELY = 2.5, 0.55  # sum and mean of sureness: a page of less is not turned
BETTER = 1.3  # times the sum of the upright page, at least: a 6 turned is as sure a 9
SIZE = 28.0  # pixels: in this size the turns are compared


def quarters(grey: np.ndarray, seen: finder.Found, run: finder.Detector) -> int:
    """By how many quarters of a turn, anticlockwise, writing is to be turned to be read.

    A page that reads well as it is costs nothing; of another the four turns are looked at in one
    small size, and the one in which the most digits are surely read is taken. Turned letters may
    look like a few digits, hardly like a page of them.

    Args:
        grey: uint8, shape (height, width).
        seen: what was found in it as it is.
        run: the finder's network.
    Returns:
        0 to 3; 0 where no turn reads much better.
    """
    shown = np.maximum(seen.score, seen.other) >= SHOWN
    if shown.sum() < 2 or _sureness(seen)[shown].mean() > DOUBTFUL:
        return 0
    sizes = (seen.boxes[:, 2:] - seen.boxes[:, :2])[shown].max(axis=1)
    scale = min(SIZE / float(np.median(sizes)), finder.LARGEST / max(grey.shape), 4.0)
    size = [max(4, round(side * scale)) for side in grey.shape[::-1]]
    small = cv2.resize(grey, size, interpolation=cv2.INTER_AREA)
    told = []
    for turn in range(4):
        found = finder.look_once(np.ascontiguousarray(np.rot90(small, turn)), run)
        sure = _sureness(found)
        digits, shown = found.score >= SHOWN, np.maximum(found.score, found.other) >= SHOWN
        telling = np.isin(found.classes[digits].argmax(axis=1), TELLING).sum() >= TWO
        reads = telling and sure[shown].mean() >= SURELY
        told.append(float(sure[digits].sum()) if turn == 0 or reads else 0.0)
    best = int(np.argmax(told))
    return best if told[best] >= max(FEWEST, BETTER * told[0]) else 0


def _sureness(found: finder.Found) -> np.ndarray:
    return np.asarray(found.score * found.classes.max(axis=1, initial=0))


def turn_back(boxes: np.ndarray, turn: int, shape: tuple[int, ...]) -> np.ndarray:
    """Boxes of a picture that was turned, in pixels of the picture as it was.

    Args:
        boxes: float, shape (n, 4): x0, y0, x1, y1.
        turn: quarters, anticlockwise.
        shape: height and width of the picture as it was.
    """
    height, width = shape[:2]
    x0, y0, x1, y1 = boxes.T
    ways = (
        (x0, y0, x1, y1),
        (width - y1, x0, width - y0, x1),
        (width - x1, height - y1, width - x0, height - y0),
        (y0, height - x1, y1, height - x0),
    )
    return np.column_stack(ways[turn])
