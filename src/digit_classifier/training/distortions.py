"""Distorted copies of training images: moved, turned, bent, drawn with other pens.

Written in `keras.ops` alone, with random numbers that are a function of a seed tensor, so that the
same code runs, and draws the same distortions, inside a compiled training step of every backend.
"""

from __future__ import annotations

import functools
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from digit_classifier.contact_sheet import Row

SIDE = 28
CENTRE = (SIDE - 1) / 2
BUMPS = 5  # control points of the elastic field, along each side
WHITE = 255.0
COPIES = 16  # of each image on a contact sheet
_UNITS = {"rotation": "°", "shift": " px", "elastic": " px"}
_SHARES = ("pen", "blur", "contrast", "erasure")  # of the images; the others are amounts


@dataclass(frozen=True)
class Distortions:
    """How far an image may be bent. Every amount is the largest; each image draws its own.

    Attributes:
        rotation: degrees, either way.
        scale: 0.1 makes a digit 10 % larger or smaller.
        aspect: 0.1 makes it 10 % wider and 10 % lower, or the opposite.
        shear: pixels sideways per pixel of height.
        shift: pixels, along each axis.
        elastic: pixels that a control point of a coarse elastic field moves, along each axis.
        pen: share of images drawn with another pen: thinner or thicker by up to a pixel a side.
        blur: share of images seen out of focus.
        contrast: share of images with hard edges, as from a scanner that knows black and white.
        erasure: share of images with a small rectangle wiped out.
    """

    rotation: float = 0.0
    scale: float = 0.0
    aspect: float = 0.0
    shear: float = 0.0
    shift: float = 0.0
    elastic: float = 0.0
    pen: float = 0.0
    blur: float = 0.0
    contrast: float = 0.0
    erasure: float = 0.0


def distort(images: Any, distortions: Distortions, seed: Any) -> Any:
    """Distort each image in its own way.

    Args:
        images: shape (n, 28, 28), uint8 or float, 0 to 255.
        distortions: the largest amounts.
        seed: two integers, in a tensor of shape (2,) or a tuple; [run's seed, step], say. The same
            seed gives the same distortions on every backend.
    Returns:
        float32, shape (n, 28, 28), 0 to 255.
    """
    from keras import ops

    x = ops.cast(images, "float32")
    count = x.shape[0]
    noise = uniform(seed, count, _GEOMETRY + _PEN)
    x = _resample(x, _field(distortions, noise[:, :_GEOMETRY]))
    return _redraw(x, distortions, noise[:, _GEOMETRY:])


def uniform(seed: Any, count: int, width: int) -> Any:
    """Random numbers that depend on the seed and on nothing else.

    Keras's own generators keep state or take whole-number seeds, neither of which can change
    from step to step inside one compiled loop.

    Args:
        seed: two integers, in a tensor of shape (2,) or a tuple.
        count: rows.
        width: numbers in each row.
    Returns:
        float32, shape (count, width), in [0, 1).
    Source: the mixing function is lowbias32 of Chris Wellons, "Prospecting for Hash Functions".
    """
    from keras import ops

    seed = ops.cast(ops.convert_to_tensor(seed), "uint32")
    bits = ops.cast(ops.arange(count * width, dtype="int32"), "uint32")  # XLA ranges are signed
    for part in (seed[0], seed[1]):
        bits = _mixed(ops.add(bits, _mixed(ops.add(part, _word(0x9E3779B9)))))
    fractions = ops.cast(ops.cast(ops.right_shift(bits, _word(8)), "int32"), "float32")
    return ops.reshape(fractions * 2.0**-24, (count, width))


def _word(value: int) -> Any:
    from keras import ops

    return ops.convert_to_tensor(np.uint32(value), dtype="uint32")


def _mixed(bits: Any) -> Any:
    from keras import ops

    bits = ops.bitwise_xor(bits, ops.right_shift(bits, _word(16)))
    bits = ops.multiply(bits, _word(0x7FEB352D))
    bits = ops.bitwise_xor(bits, ops.right_shift(bits, _word(15)))
    bits = ops.multiply(bits, _word(0x846CA68B))
    return ops.bitwise_xor(bits, ops.right_shift(bits, _word(16)))


_GEOMETRY = 8 + 2 * BUMPS * BUMPS
_PEN = 12


@functools.cache
def _basis() -> np.ndarray:
    """What a displacement is a sum of: x, y, 1 and the bumps; shape (3 + bumps, 784)."""
    axis = np.arange(SIDE) - CENTRE
    y, x = np.meshgrid(axis, axis, indexing="ij")
    position = np.arange(SIDE) / (SIDE - 1) * (BUMPS - 1)  # in units of control points
    away = np.abs(position[None, :] - np.arange(BUMPS)[:, None]).clip(0, 1)
    weight = 1 - away * away * (3 - 2 * away)  # smooth, and the weights of a pixel sum to 1
    bumps = np.einsum("ai,bj->abij", weight, weight).reshape(BUMPS * BUMPS, SIDE * SIDE)
    rows = np.stack([x.ravel(), y.ravel(), np.ones(SIDE * SIDE)])
    return np.concatenate([rows, bumps]).astype(np.float32)


def _field(distortions: Distortions, noise: Any) -> tuple[Any, Any]:
    """Where each pixel of the distorted image comes from: x and y, each (n, 784), in pixels.

    The affine map and the elastic field are both sums of fixed images, so that one matrix
    product makes them.
    """
    from keras import ops

    noise = noise * 2 - 1
    angle = noise[:, 0] * (distortions.rotation * np.pi / 180)
    scale = ops.exp(noise[:, 1] * float(np.log1p(distortions.scale)))
    aspect = ops.exp(noise[:, 2] * float(np.log1p(distortions.aspect)))
    shear = noise[:, 3] * distortions.shear
    wide, high = scale * aspect, scale / aspect
    cosine, sine = ops.cos(angle), ops.sin(angle)
    across = [cosine * wide, (shear * cosine - sine) * wide, noise[:, 4] * distortions.shift]
    down = [sine * high, (cosine + shear * sine) * high, noise[:, 5] * distortions.shift]
    amount = distortions.elastic * ops.abs(noise[:, 6:7])
    bumps = noise[:, 8:] * amount
    half = BUMPS * BUMPS
    basis = ops.convert_to_tensor(_basis())
    x = ops.matmul(ops.concatenate([ops.stack(across, 1), bumps[:, :half]], 1), basis)
    y = ops.matmul(ops.concatenate([ops.stack(down, 1), bumps[:, half:]], 1), basis)
    return x + CENTRE, y + CENTRE


def _resample(x: Any, field: tuple[Any, Any]) -> Any:
    """Read the images (n, 28, 28) at the field's points, bilinearly; paper lies all around."""
    from keras import ops

    count, side = x.shape[0], SIDE + 2
    flat = ops.reshape(ops.pad(x, ((0, 0), (1, 1), (1, 1))), (-1,))
    across, down = (ops.clip(axis + 1.0, 0.0, side - 1.001) for axis in field)
    left, top = ops.floor(across), ops.floor(down)
    right_share, low_share = across - left, down - top
    start = ops.expand_dims(ops.arange(count, dtype="int32") * (side * side), 1)
    corner = start + ops.cast(top, "int32") * side + ops.cast(left, "int32")
    upper = ops.take(flat, corner) * (1 - right_share) + ops.take(flat, corner + 1) * right_share
    corner = corner + side
    lower = ops.take(flat, corner) * (1 - right_share) + ops.take(flat, corner + 1) * right_share
    return ops.reshape(upper + (lower - upper) * low_share, (count, SIDE, SIDE))


def _redraw(x: Any, distortions: Distortions, noise: Any) -> Any:
    """Another pen, another scanner. `noise` is uniform, shape (n, 12); x is 0 to 255."""
    from keras import ops

    def chosen(column: int, share: float) -> Any:
        return ops.cast(noise[:, column, None, None] < share, "float32")

    def drawn(column: int) -> Any:
        return noise[:, column, None, None]

    if distortions.pen:
        amount = (drawn(1) * 2 - 1) * chosen(0, distortions.pen)
        x = _kept(x)
        thick, thin = _widest(x) - x, x + _widest(-x)
        x = x + thick * ops.maximum(amount, 0.0) + thin * ops.minimum(amount, 0.0) * 0.8
    if distortions.blur:
        x = x + (_blurred(x) - x) * (drawn(3) * chosen(2, distortions.blur))
    if distortions.contrast:
        on = chosen(4, distortions.contrast)
        middle = 0.45 * WHITE
        x = ops.clip((x - middle) * (1 + 5 * drawn(5) * on) + middle, 0.0, WHITE)
        x = x * (1 - 0.3 * drawn(6) * on)
    if distortions.erasure:
        axis = ops.arange(SIDE, dtype="float32")

        def inside(size: int, place: int) -> Any:
            centre, half = 6 + 16 * noise[:, place, None], 1 + 2 * noise[:, size, None]
            return ops.cast(ops.abs(axis - centre) < half, "float32")

        hole = ops.expand_dims(inside(7, 8), 2) * ops.expand_dims(inside(9, 10), 1)
        x = x * (1 - hole * chosen(11, distortions.erasure))
    return x


def _neighbours(x: Any) -> tuple[Any, Any, Any, Any]:
    """The pixel above, below, left and right of each, paper beyond the edge."""
    from keras import ops

    wide = ops.pad(x, ((0, 0), (1, 1), (1, 1)))
    return wide[:, :-2, 1:-1], wide[:, 2:, 1:-1], wide[:, 1:-1, :-2], wide[:, 1:-1, 2:]


def _widest(x: Any) -> Any:
    """The largest of each pixel and its four neighbours: ink one pixel thicker."""
    from keras import ops

    above, below, left, right = _neighbours(x)
    return ops.maximum(x, ops.maximum(ops.maximum(above, below), ops.maximum(left, right)))


def _blurred(x: Any) -> Any:
    """Each pixel mixed with its neighbours, 1 : 2 : 1 along both axes."""
    from keras import ops

    mixing = (2 * np.eye(SIDE) + np.eye(SIDE, k=1) + np.eye(SIDE, k=-1)).astype(np.float32) / 4
    x = ops.matmul(mixing, x)
    return ops.reshape(ops.matmul(ops.reshape(x, (-1, SIDE)), mixing), x.shape)


def _kept(x: Any) -> Any:
    """The same images, computed once.

    XLA would fuse the resampling into each of the neighbours read from its result, and so resample
    up to 25 times. It keeps what goes into a matrix product; this one is by the unit matrix, and
    makes the whole nine times faster.
    """
    from keras import ops

    unit = np.eye(SIDE, dtype=np.float32)
    return ops.reshape(ops.matmul(ops.reshape(x, (-1, SIDE)), unit), x.shape)


def show(images: np.ndarray, labels: np.ndarray, distortions: Distortions, seed: int) -> list[Row]:
    """One image of each class, and after it copies as a training step would see them.

    Keras must be running: see `backend.start`.

    Args:
        images: uint8, shape (n, 28, 28).
        labels: uint8, shape (n,).
        distortions: the recipe's.
        seed: chooses the images, and seeds their distortions.
    Returns:
        A row of 1 + `COPIES` images, uint8, for each class that occurs.
    """
    from digit_classifier.contact_sheet import Row

    rng = np.random.default_rng(seed)
    classes = np.unique(labels)
    originals = images[[rng.choice(np.flatnonzero(labels == digit)) for digit in classes]]
    bent = np.asarray(distort(np.repeat(originals, COPIES, axis=0), distortions, (seed, 1)))
    bent = np.rint(bent).clip(0, 255).astype(np.uint8).reshape(len(classes), COPIES, 28, 28)
    together = np.concatenate([originals[:, None], bent], axis=1)
    return [Row(str(digit), line) for digit, line in zip(classes, together, strict=True)]


def describe(distortions: Distortions) -> str:
    """The largest amounts, in words: "at most rotation 15°, scale 12 %, pen in 50 % of images"."""
    words = []
    for name, value in asdict(distortions).items():
        if not value:
            continue
        if name in _SHARES:
            words.append(f"{name} in {100 * value:g} %")
        elif name in _UNITS:
            words.append(f"{name} {value:g}{_UNITS[name]}")
        else:
            words.append(f"{name} {100 * value:g} %")
    return "at most " + ", ".join(words)
