"""Pages of writing as people photograph, scan and draw them, with a box round every digit.

The sheet of a layout is fitted to the page, sloped and painted as coverage, from which the boxes
are measured; `surfaces.develop` makes the picture. A digit of which the edge leaves half or less is
writing that is no digit.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from PIL import Image, ImageDraw

from digit_classifier.drawn import hands, surfaces
from digit_classifier.drawn.faces import TALL
from digit_classifier.drawn.inking import turned
from digit_classifier.drawn.layouts import LAYOUTS
from digit_classifier.drawn.sheet import NO_DIGIT, Piece, Sheet

KINDS: tuple[str, ...] = tuple(LAYOUTS)
_SIDES = (192, 448)  # of a page, pixels
_HEIGHTS = (12, 60)  # of its digits, pixels
INK = 72  # of 255: a pixel that belongs to a piece's box


@dataclass(frozen=True, eq=False)
class DrawnPage:
    """A synthetic page.

    Attributes:
        pixels: uint8, shape (height, width).
        boxes: float32, shape (n, 4): x0, y0, x1, y1 in pixels, tight round the ink of each digit
            and of each other piece of writing, also where pieces overlap.
        labels: int64, shape (n,): the digit, or 10 for writing that is no digit.
        kind: the layout, of `KINDS`.
        numbers: the lines of digits as a person would read them: the digits alone, and which of
            `boxes` they are.
    """

    pixels: np.ndarray
    boxes: np.ndarray
    labels: np.ndarray
    kind: str
    numbers: tuple[tuple[str, tuple[int, ...]], ...]

    def outlined(self, most: int = 320) -> tuple[str, Image.Image]:
        """Its kind and numbers, and the page with its boxes: green digits, red other writing.

        Args:
            most: pixels of its longer side; a larger page is made smaller.
        """
        picture = Image.fromarray(self.pixels).convert("RGB")
        scale = min(1.0, most / max(picture.size))
        picture = picture.resize([max(1, round(side * scale)) for side in picture.size])
        pen = ImageDraw.Draw(picture)
        for (x0, y0, x1, y1), label in zip(self.boxes * scale, self.labels, strict=True):
            colour = (225, 60, 60) if label == NO_DIGIT else (0, 150, 60)
            pen.rectangle((x0 - 1, y0 - 1, x1, y1), outline=colour)
        return f"{self.kind}: {' '.join(text for text, _ in self.numbers)}", picture


def draw_page(
    rng: np.random.Generator,
    images: np.ndarray,
    labels: np.ndarray,
    *,
    kind: str | None = None,
    size: tuple[int, int] | None = None,
    held_out: bool = False,
) -> DrawnPage:
    """Draw one page.

    Args:
        rng: all chance comes from it: the same state gives the same bytes.
        images: uint8, shape (n, 28, 28), MNIST's training images.
        labels: shape (n,), their digits.
        kind: a layout of `KINDS`; None for any, as often as `KINDS` says.
        size: height and width in pixels; None for sides of 192 to 448.
        held_out: hands and surfaces that training never sees.
    """
    if kind is None:
        shares = np.array([share for share, _ in LAYOUTS.values()])
        kind = str(rng.choice(KINDS, p=shares / shares.sum()))
    page = size or (_log_uniform(rng, *_SIDES), _log_uniform(rng, *_SIDES))
    digit = min(_log_uniform(rng, *_HEIGHTS), min(page) / 2)
    sheet = Sheet(
        rng, hands.choose(rng, images, labels, held_out), page[1] / digit, page[0] / digit
    )
    way = rng.random()
    if way < 0.6:  # held a little askew, or up to 20 degrees
        sheet.angle = float(rng.normal(0, 0.05) if way < 0.45 else rng.uniform(-0.35, 0.35))
    LAYOUTS[kind][1](sheet)
    if size is None and sheet.fill > 0.7:  # a tight crop has about the shape of what is on it
        low, high = sheet.extent()
        shape = (high - low)[::-1] * rng.uniform(0.9, 1.2, 2)
        height, width = np.clip(shape / shape.max() * max(page), *_SIDES).astype(int)
        page = int(height), int(width)
    painted = _Painted(sheet, page, digit)
    pixels = surfaces.develop(rng, painted.ink, painted.rules, painted.digit, held_out)
    boxes = np.array(painted.boxes, np.float32).reshape(-1, 4)
    return DrawnPage(pixels, boxes, np.array(painted.labels, np.int64), kind, painted.numbers())


def _log_uniform(rng: np.random.Generator, low: int, high: int) -> int:
    return round(float(np.exp(rng.uniform(np.log(low), np.log(high)))))


# --- painting -----------------------------------------------------------------------------------


class _Painted:
    """A sheet fitted to a page, as coverage, with the boxes of what can be seen of it."""

    def __init__(self, sheet: Sheet, size: tuple[int, int], digit: float) -> None:
        self.height, self.width = size
        self._sheet, self._rng = sheet, sheet.rng
        self._layer = np.zeros(size, np.uint8)
        self.boxes: list[tuple[float, float, float, float]] = []
        self.labels: list[int] = []
        self._index: dict[int, int] = {}  # id of a piece -> its box
        self._fit(digit)
        crisp = self._rng.uniform(1, max(1.0, self.digit / TALL * 2))
        steep = (np.arange(256) - 127) * crisp + 127
        self._sharper = np.clip(steep, 0, 255).astype(np.uint8)  # for enlarged ink
        for piece in sheet.pieces:
            self._paint(
                piece, *self._to_page(piece.x + piece.width / 2, piece.y - piece.height / 2)
            )
        self._paint_loose()
        self.ink = self._layer.astype(np.float32) / 255
        self.rules = self._paint_rules()

    def numbers(self) -> tuple[tuple[str, tuple[int, ...]], ...]:
        """The lines of digits of which something is left on the page."""
        found = []
        for written in self._sheet.lines:
            seen = [self._index[id(p)] for p in written if id(p) in self._index]
            seen = [index for index in seen if self.labels[index] != NO_DIGIT]
            if seen:
                found.append(("".join(str(self.labels[i]) for i in seen), tuple(seen)))
        return tuple(found)

    def _fit(self, digit: float) -> None:
        """Choose scale and place, so that the content lies on the page."""
        sheet, rng = self._sheet, self._rng
        self._turn, (low, high) = sheet.turn(), sheet.extent()
        page = np.array([self.width, self.height])
        widest = float((page / np.maximum(high - low, 1e-3)).min())
        self.digit = sheet.fill * widest if sheet.fill else min(digit, max(0.96 * widest, 10))
        free = page - (high - low) * self.digit
        share = rng.uniform(0, 1, 2)
        if sheet.fill > 0.8:  # whoever crops tightly has the digit in the middle
            share = np.clip(rng.normal(0.5, 0.2, 2), 0, 1)
        self._shift = np.where(free > 0, free * share, free / 2) - low * self.digit

    def _to_page(self, x: float, y: float) -> tuple[float, float]:
        at = self._turn @ (x, y) * self.digit + self._shift
        return float(at[0]), float(at[1])

    def _inked(self, piece: Piece) -> np.ndarray:
        """A piece at its size and turn on the page."""
        scale = self.digit * piece.size / TALL
        height, width = piece.ink.shape
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        how = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
        ink: np.ndarray = cv2.resize(piece.ink, size, interpolation=how)
        angle = self._sheet.angle + piece.turn
        if abs(angle) > 0.004:
            ink = turned(ink, angle)
        if scale < 1:  # a thin pen stays ink, however small
            ink = cv2.convertScaleAbs(ink, alpha=255 / max(int(ink.max()), 1))
        else:
            ink = np.asarray(cv2.LUT(ink, self._sharper))
        return np.asarray(ink)

    def _paint(self, piece: Piece, x: float, y: float, ink: np.ndarray | None = None) -> None:
        ink = self._inked(piece) if ink is None else ink
        left, top = round(x - ink.shape[1] / 2), round(y - ink.shape[0] / 2)
        mask = ink > INK
        all_of_it = cv2.countNonZero(mask.view(np.uint8))
        x0, y0 = max(0, -left), max(0, -top)
        x1, y1 = min(ink.shape[1], self.width - left), min(ink.shape[0], self.height - top)
        if x0 >= x1 or y0 >= y1 or not all_of_it:
            return
        part, seen = ink[y0:y1, x0:x1], mask[y0:y1, x0:x1].view(np.uint8)
        target = self._layer[top + y0 : top + y1, left + x0 : left + x1]
        np.maximum(target, part, out=target)
        share = cv2.countNonZero(seen) / all_of_it
        bx, by, width, height = cv2.boundingRect(seen)
        if share < 0.15 or max(width, height) < 2:
            return  # a speck at the edge, of which nobody could say what it was
        self._index[id(piece)] = len(self.boxes)
        bx, by = bx + left + x0, by + top + y0
        self.boxes.append((bx, by, bx + width, by + height))
        self.labels.append(piece.label if share >= 0.55 else NO_DIGIT)

    def _paint_loose(self) -> None:
        """Put loose pieces where there is room, and on some pages a few notes beside the rest."""
        sheet, rng = self._sheet, self._rng
        notes = []
        if sheet.pieces and rng.random() < 0.4 and sheet.fill < 0.6:
            for _ in range(int(rng.integers(1, 6))):
                sheet.other(0, 0, float(np.exp(rng.normal(-0.2, 0.3))))
                notes.append(sheet.pieces.pop())
        for piece in (*sheet.loose, *notes):
            ink = self._inked(piece)
            height, width = ink.shape
            if width >= self.width or height >= self.height:
                continue
            for _ in range(12):
                x, y = rng.integers(0, (self.width - width, self.height - height))
                if not self._layer[y : y + height, x : x + width].any():
                    self._paint(piece, x + width / 2, y + height / 2, ink)
                    break

    def _paint_rules(self) -> np.ndarray:
        layer = np.zeros_like(self._layer)
        for rule in self._sheet.rules:
            points = rule.points @ self._turn.T * self.digit + self._shift
            thick = max(1, round(rule.thick * self.digit))
            for part in self._dashes(points, rule.dash) if rule.dash else [points]:
                ends = np.round(np.clip(part, -2000, 4000) * 8).astype(np.int32)
                cv2.polylines(layer, [ends], False, 255, thick, cv2.LINE_AA, 3)
        return layer.astype(np.float32) / 255

    def _dashes(self, points: np.ndarray, dash: tuple[float, float]) -> list[np.ndarray]:
        length, gap = (part * self.digit for part in dash)
        reach = float(np.linalg.norm(points[-1] - points[0]))
        starts = np.arange(0, reach, max(length + gap, 2.5)) / max(reach, 1e-6)
        ends = np.minimum(starts + length / max(reach, 1e-6), 1)
        way = points[-1] - points[0]
        return [points[0] + np.stack([a * way, b * way]) for a, b in zip(starts, ends, strict=True)]
