"""How ink comes on paper: the line of a shape is found, bent, and gone along with a pen.

Masks and ink are uint8 on a scale on which a tall digit is `faces.TALL` pixels tall.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from digit_classifier.drawn.faces import TALL
from digit_classifier.drawn.pen import SHIFT, Stroke


@dataclass(frozen=True)
class Pen:
    """What a hand writes with.

    Attributes:
        width: of a digit's height; 0 keeps what the source has, give or take `weight` pixels.
        weight: pixels added on each side of the source's own stroke.
        nib: angle of a chisel nib, radians; None for a round one.
        core: share of its width that a worn brush leaves white in the middle.
        pressure: how much the width wavers.
    """

    width: float
    weight: float
    nib: float | None
    core: float
    pressure: float

    def ink(self, shape: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Write along the line of a shape (booleans), or keep its own strokes."""
        if self.width:
            return self.follow(thinned(shape), rng)
        return heavier(shape, self.weight)

    def follow(self, thin: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Write along a line; with a finer pen where this one would fill or close a loop.

        Args:
            thin: the line, not 0 where it is.
            rng: where the pen presses.
        Returns:
            uint8, paper 0, ink 255, made smaller by as much as the pen makes it larger.
        """
        width = self.width or 0.09
        radius = max(width * TALL / (1 - width) / 2, 0.9)
        wanted = holes(thin)
        for _ in range(6):
            ink, away = self._stroked(thin, radius, rng)
            if radius < 1.5 or holes(ink > 96) == wanted:
                break
            radius *= 0.75
        if self.core and radius > 3:
            reach = radius * self.core * (1.0 if self.nib is None else 0.45)
            ink -= np.minimum(ink, np.clip((reach + 0.5 - away) * 255, 0, 255).astype(np.uint8))
        size = TALL / (TALL + 2 * radius)
        smaller: np.ndarray = cv2.resize(ink, None, fx=size, fy=size)
        return smaller

    def _stroked(
        self, thin: np.ndarray, radius: float, rng: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray]:
        """Ink along a line, and how far from the line each pixel is."""
        room = int(np.ceil(1.4 * radius)) + 3
        drawn = padded((thin > 0).astype(np.uint8), room)
        if self.nib is not None:
            drawn, radius = cv2.dilate(drawn, _edge(radius, self.nib)), 0.45 * radius
        away = cv2.distanceTransform(1 - drawn, cv2.DIST_L2, 3)
        away = cv2.GaussianBlur(away, (5, 5), 1.0) - 0.3  # no stairs; blurring lifts its valley
        reach = np.float32(radius)
        if self.pressure:
            swell = 1 + self.pressure * rng.normal(0, 1, (3, 3)).clip(-1.2, 1.2)
            size = (drawn.shape[1], drawn.shape[0])
            reach = cv2.resize((radius * swell).astype(np.float32), size)
        return np.clip((reach + 0.5 - away) * 255, 0, 255).astype(np.uint8), away


def choose_pen(rng: np.random.Generator, source: str, held_out: bool) -> Pen:
    """A pen for a source of `hands`, which may keep the strokes of its images or fonts."""
    width = float(np.exp(rng.uniform(*np.log((0.02, 0.2)))))
    if rng.random() < 0.06:  # a brush
        width = float(rng.uniform(0.2, 0.3))
    own = {"mnist": 0.4, "face": 0.6, "print": 0.9}.get(source, 0.0)
    if rng.random() < own:
        return Pen(0.0, float(rng.normal(0.3, 1.2)), None, 0.0, 0.0)
    nib = None
    if rng.random() < 0.15:  # nobody who is held out holds a nib as others do
        nib = float(rng.uniform(-1.1, -0.3) if held_out else rng.uniform(0.2, 1.2))
    core = float(rng.uniform(0.3, 0.8)) if width > 0.14 and rng.random() < 0.2 else 0.0
    return Pen(width, 0.0, nib, core, float(rng.uniform(0, 0.35)))


def enlarged(image: np.ndarray) -> np.ndarray:
    """An MNIST image at the size at which its 20-pixel box is `TALL` pixels."""
    x, y, wide, high = cv2.boundingRect(image)
    near = padded(image[y : y + high, x : x + wide], 3)
    large: np.ndarray = cv2.resize(
        near, None, fx=TALL / 20, fy=TALL / 20, interpolation=cv2.INTER_CUBIC
    )
    return large


def bent(
    mask: np.ndarray, aspect: float, slant: float, bend: float, rng: np.random.Generator
) -> np.ndarray:
    """Stretch, slant and bend; `bend` is the standard deviation of a coarse field, pixels."""
    high, wide = mask.shape
    out = (int(wide * aspect + abs(slant) * high) + 4, high + 4)
    x = np.arange(out[0], dtype=np.float32)[None] - out[0] / 2
    y = np.arange(out[1], dtype=np.float32)[:, None] - out[1] / 2
    coarse = rng.normal(0, bend, (4, max(4, 4 * wide // high), 2)).astype(np.float32)
    field = cv2.resize(coarse, out, interpolation=cv2.INTER_CUBIC)
    at_x = ((x + slant * y) / aspect + wide / 2 + field[..., 0]).astype(np.float32)
    at_y = (y + high / 2 + field[..., 1]).astype(np.float32)
    bent: np.ndarray = cv2.remap(mask, at_x, at_y, cv2.INTER_LINEAR)
    return bent


def varied(ink: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The same drawing as the hand would repeat it, a little other; cropped."""
    turn, shear = rng.normal(0, 0.03, 2)
    across, down = np.exp(rng.normal(0, 0.04, 2))
    return _crop(_mapped(ink, np.array([[across, shear - turn], [turn, down]])))


def turned(ink: np.ndarray, angle: float) -> np.ndarray:
    """Turn by an angle in radians."""
    cos, sin = np.cos(angle), np.sin(angle)
    return _mapped(ink, np.array([[cos, -sin], [sin, cos]]))


def _mapped(ink: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """Map by a matrix, 2 by 2, about the middle; as large as it needs to be."""
    size = np.array(ink.shape[::-1])
    reach = np.ceil(np.abs(matrix) @ size).astype(int) + 2
    shift = (reach - 1) / 2 - matrix @ ((size - 1) / 2)
    mapped: np.ndarray = cv2.warpAffine(ink, np.column_stack([matrix, shift]), reach.tolist())
    return mapped


def padded(ink: np.ndarray, high: int, wide: int | None = None) -> np.ndarray:
    """Paper around: `high` pixels above and below, `wide` or as many left and right."""
    wide = high if wide is None else wide
    padded: np.ndarray = cv2.copyMakeBorder(ink, high, high, wide, wide, cv2.BORDER_CONSTANT)
    return padded


def _crop(ink: np.ndarray) -> np.ndarray:
    x, y, wide, high = cv2.boundingRect(cv2.threshold(ink, 40, 255, cv2.THRESH_TOZERO)[1])
    if not wide:
        return np.full((2, 2), 255, np.uint8)  # a hair that was thinned to nothing: a dot
    return np.ascontiguousarray(ink[y : y + high, x : x + wide])


def polylines(drawn: list[Stroke], thick: int, onto: np.ndarray | None = None) -> np.ndarray:
    """Draw strokes given in pixels, onto a picture or cropped to themselves."""
    if onto is None:
        corners = np.concatenate(drawn)
        low = corners.min(axis=0) - thick - 1
        wide, high = np.ceil(corners.max(axis=0) - low).astype(int) + thick + 2
        drawn, onto = [stroke - low for stroke in drawn], np.zeros((high, wide), np.uint8)
    lining = cv2.LINE_AA if thick > 2 else cv2.LINE_8
    for stroke in drawn:
        points = np.round(stroke * (1 << SHIFT)).astype(np.int32)
        cv2.polylines(onto, [points], False, 255, thick, lining, SHIFT)
    return onto


def heavier(ink: np.ndarray, weight: float) -> np.ndarray:
    """Move the edge of a shape outwards by `weight` pixels, or inwards, and smooth it."""
    solid = padded(ink.astype(np.uint8), 4)
    inside = cv2.distanceTransform(solid, cv2.DIST_L2, 3)
    edge = inside - cv2.distanceTransform(1 - solid, cv2.DIST_L2, 3)
    # a hairline keeps its middle
    weight = max(weight, 0.8 - float(np.median(inside[solid > 0])))
    edge = cv2.GaussianBlur(edge, (5, 5), 0.8) + weight
    heavier: np.ndarray = np.clip((edge + 0.5) * 255, 0, 255).astype(np.uint8)
    return heavier


def _edge(radius: float, angle: float) -> np.ndarray:
    """The edge of a chisel as a kernel."""
    half = int(np.ceil(radius))
    kernel = np.zeros((2 * half + 1, 2 * half + 1), np.uint8)
    x, y = round(radius * np.cos(angle)), round(radius * np.sin(angle))
    cv2.line(kernel, (half - x, half + y), (half + x, half - y), 1, 1)
    return kernel


def holes(ink: np.ndarray) -> int:
    """How many holes a shape has that a person would see."""
    found, nested = cv2.findContours(ink.astype(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    if nested is None:
        return 0
    return sum(
        above >= 0 and cv2.contourArea(outline) > 6
        for outline, above in zip(found, nested[0, :, 3], strict=True)
    )


def _thinning() -> tuple[np.ndarray, np.ndarray]:
    """For each neighbourhood of a pixel, whether it stays, in the two steps of thinning."""
    bits = np.arange(256)[:, None] >> np.arange(8) & 1  # N, NE, E, SE, S, SW, W, NW
    n, _, e, _, s, _, w, _ = bits.T
    neighbours = bits.sum(axis=1)
    ends = ((bits == 0) & (np.roll(bits, -1, axis=1) == 1)).sum(axis=1) == 1
    rim = (neighbours >= 2) & (neighbours <= 6) & ends
    first = rim & (n * e * s == 0) & (e * s * w == 0)
    second = rim & (n * e * w == 0) & (n * s * w == 0)
    return (~first).astype(np.uint8), (~second).astype(np.uint8)


_STAYS = _thinning()
_AROUND = np.array([[128, 1, 2], [64, 0, 4], [32, 16, 8]], np.float32)


def thinned(ink: np.ndarray) -> np.ndarray:
    """The middle line of a shape, one pixel wide, as uint8 of 0 and 1.

    Source: T. Y. Zhang, C. Y. Suen, "A fast parallel algorithm for thinning digital patterns"
    (1984).
    """
    rest = ink.astype(np.uint8)
    left = -1
    while (now := cv2.countNonZero(rest)) != left:
        left = now
        for stays in _STAYS:
            around = cv2.filter2D(rest, -1, _AROUND, borderType=cv2.BORDER_CONSTANT)
            thinner = rest & cv2.LUT(around, stays)
            if not cv2.countNonZero(thinner):  # a dot of two by two pixels would be gone at once
                return rest
            rest = thinner
    return rest
