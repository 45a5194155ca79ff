"""Drawn pages cut into crops of one size, and what the finder is to answer for each."""

from typing import TYPE_CHECKING

import cv2
import numpy as np

from digit_classifier.training.finder.network import STRIDE

if TYPE_CHECKING:
    from digit_classifier.drawn.pages import DrawnPage

CROP = 192  # pixels a side
CELLS = CROP // STRIDE
NON_DIGIT = 10
SMALLEST, LARGEST = 11.0, 66.0  # pixels, longer side: what one scale of a picture is to find
TINY, HUGE = 7.0, 80.0  # pixels: from here on it is for other scales, and nothing on this one
# Pixels: the height that the chosen digit of a crop gets, and how often.
WANTED = ((12.0, 58.0), (60.0, 200.0), (4.0, 11.0))
SHARES = (0.82, 0.13, 0.05)
WIDE = 1.5  # times as wide as high: writing that is no digit is looked at letter by letter
KEPT, LOST = 0.7, 0.15  # visible share of a box: from here on it counts, up to here it is no matter
CORE, HALO = 0.2, 0.42  # of a box's side: its middle, and what surrounds that


def cut(page: "DrawnPage", rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Cut one crop.

    Returns:
        uint8, shape (192, 192); float32, shape (48, 48, 7), as `network.loss` takes it.
    """
    height, width = page.pixels.shape
    centre = np.array([rng.uniform(0, width), rng.uniform(0, height)])
    size = float(max(height, width)) * rng.uniform(0.1, 0.6)
    if len(page.boxes) and rng.random() < 0.9:
        x0, y0, x1, y1 = page.boxes[rng.integers(len(page.boxes))]
        size = max(float(y1 - y0), 0.6 * float(x1 - x0), 4.0)
        centre = np.array([(x0 + x1) / 2, (y0 + y1) / 2])
    low, high = WANTED[int(rng.choice(len(WANTED), p=SHARES))]
    wanted = float(np.exp(rng.uniform(np.log(low), np.log(high))))
    scale = min(wanted / size, 3.0)
    # the chosen one lies anywhere in the crop
    at = rng.uniform(0.1, 0.9, 2) * CROP if rng.random() < 0.8 else np.full(2, CROP / 2)
    shift = at - scale * centre
    pixels = page.pixels
    if scale < 0.7:
        smaller = (max(1, round(width * scale)), max(1, round(height * scale)))
        pixels = cv2.resize(pixels, smaller, interpolation=cv2.INTER_AREA)
        matrix = np.array([[1.0, 0, shift[0]], [0, 1.0, shift[1]]])
    else:
        matrix = np.array([[scale, 0, shift[0]], [0, scale, shift[1]]])
    crop = cv2.warpAffine(
        pixels, matrix, (CROP, CROP), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    boxes = page.boxes * scale + np.tile(shift, 2)
    return _repaint(crop, rng), target(*by_letter(boxes, page.labels))


def by_letter(boxes: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Boxes of words and other wide writing that is no digit, each as a row of boxes about square.

    Among the digits of a page a word is as many things that might be digits as it has letters.
    """
    width, height = boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1]
    wide = (labels == NON_DIGIT) & (width > WIDE * height) & (height >= SMALLEST)  # not a dash
    counts = np.where(wide, np.round(width / np.maximum(height, 1.0)), 1).astype(int)
    parts, labels = np.repeat(boxes, counts, axis=0), np.repeat(labels, counts)
    number = np.concatenate([np.arange(count) for count in counts]) if len(counts) else counts
    step = np.repeat(width / counts, counts)
    parts[:, 0] += number * step
    parts[:, 2] = parts[:, 0] + step
    return parts, labels


def _repaint(crop: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Other brightness and contrast, light on dark, a little noise."""
    if rng.random() < 0.3:
        crop = 255 - crop
    if rng.random() < 0.5:
        gain, offset = rng.uniform(0.5, 1.2), rng.uniform(-40, 40)
        crop = cv2.convertScaleAbs(crop, alpha=gain, beta=max(0.0, offset + 128 * (1 - gain)))
    if rng.random() < 0.15:
        noise = rng.normal(0, rng.uniform(1, 8), crop.shape)
        crop = np.clip(crop + noise, 0, 255).astype(np.uint8)
    return crop


_MIDDLES = (np.arange(CELLS, dtype=np.float32) + 0.5) * STRIDE


def target(boxes: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """What the finder is to answer.

    Args:
        boxes: float, shape (n, 4): x0, y0, x1, y1 in the crop, also beyond its edges. What is TINY
            or HUGE is paper here: a large digit is found where the picture is smaller, and nobody
            shall take its middle or one of its strokes for a digit.
        labels: int, shape (n,): 0 to 9, or 10 for writing that is no digit.
    """
    answer = np.zeros((CELLS, CELLS, 7), np.float32)
    nearest = np.full((CELLS, CELLS), np.inf, np.float32)
    seen = np.clip(boxes, 0, CROP)
    area = np.prod(np.maximum(boxes[:, 2:] - boxes[:, :2], 1e-3), axis=1)
    visible = np.prod(np.maximum(seen[:, 2:] - seen[:, :2], 0), axis=1) / area
    for box, label, share in zip(seen, labels, visible, strict=True):
        if share <= 0:
            continue
        x0, y0, x1, y1 = box
        width, height = x1 - x0, y1 - y0
        x, y = (x0 + x1) / 2, (y0 + y1) / 2
        longest = max(width, height)
        if not TINY <= longest <= HUGE:
            continue
        dx, dy = np.abs(_MIDDLES - x)[None, :], np.abs(_MIDDLES - y)[:, None]
        if share < KEPT or not SMALLEST <= longest <= LARGEST:
            inside = (dx <= width / 2 + 2) & (dy <= height / 2 + 2)
            kind = answer[..., 0 if label < NON_DIGIT else 1]
            if share > LOST:
                kind[inside & (kind == 0)] = -1
            continue
        far = np.maximum(
            dx / max(CORE * width, 0.55 * STRIDE), dy / max(CORE * height, 0.55 * STRIDE)
        )
        mine = int(label == NON_DIGIT)
        core = (far < 1) & (far < nearest)
        kind = answer[..., mine]
        kind[(far < HALO / CORE) & (kind == 0)] = -1
        answer[core, 1 - mine] = 0
        answer[core, mine] = 1
        nearest[core] = far[core]
        answer[core, 2] = label % 10
        rows, columns = np.nonzero(core)
        across, down = _MIDDLES[columns], _MIDDLES[rows]
        answer[core, 3:] = np.stack([across - x0, down - y0, x1 - across, y1 - down], axis=1)
    answer[..., 3:] = np.maximum(answer[..., 3:], 0.25)
    return answer
