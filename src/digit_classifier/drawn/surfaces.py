"""What writing lies on, and what a camera, a scanner or a program makes of it.

A style of picture is a column of `_CHANCES`: how often each effect comes on pages of that style. A
new effect is a function and a row, and sooner or later it meets every other.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache

import cv2
import numpy as np

MIN_CONTRAST = 15  # grey levels between ink and paper, before noise: fainter is for nobody to read
_BANK = 512  # side of the textures that pages are cut from; noise for each page would cost more

# The styles that training never sees are right of the bar. Paper, ink and light come before
# "compose", which puts them together; what follows is done to the picture. Nothing is 0.
_CHANCES = """
               drawing scan binary photograph board screen | crumpled cloth wood halftone
share             2     1.5   1       3        .7     1    |    1       1    1      1
faintest_ink     .6     .3   .5      .1        .3    .12   |   .3      .4   .3     .7
grain             -     .6   .3      .8        .6     -    |    -       -   .6      -
blotches          -     .2    -      .4        .5     -    |    -       -    -      -
crumple           -      -    -       -         -     -    |    1       -    -      -
weave             -      -    -       -         -     -    |    -       1    -      -
smears            -      -    -       -        .8     -    |    -       -    -      -
folds             -     .1    -      .2         -     -    |    -       -    -      -
show_through      -     .2    -      .1         -     -    |    -       -    -      -
ruling           .08    .35  .4      .3        .15   .1    |   .3       -   .3      -
worn             .1     .4   .5      .5        .5    .2    |   .5      .5    -      -
chalk             -     .3   .4      .4        .7     -    |    -       -    -      -
exposure          -     .2    -      .6         -     -    |   .5       -    -      -
gradient          -     .1    -      .6        .4     -    |   .5       -   .6      -
vignette          -      -    -      .4         -    .15   |    -       -    -      -
shadow            -      -    -      .25        -     -    |    -      .3    -      -
compose           1      1    1       1         1     1    |    1       1    1      1
desk              -     .08   -      .2         -     -    |    -       -    -      -
wood              -      -    -       -         -     -    |    -       -    1      -
sliver           .03    .2   .25     .2        .1     -    |    -       -    -      -
glare             -      -    -      .15       .2     -    |    -       -    -      -
binary            -      -    1       -         -     -    |    -       -    -      -
halftone          -      -    -       -         -     -    |    -       -    -      1
negative         .25    .04  .2       -        .85   .8    |    -       -    -     .2
squeeze          .15     -    -       -        .4    .3    |    -       -    -      -
blur             .25    .3   .2      .5        .4    .35   |   .4      .4   .4     .6
motion            -      -    -      .12        -     -    |    -       -    -      -
steps            .4     .25  .35     .25       .2    .4    |    -       -    -      -
noise            .1     .4    -      .7        .5    .15   |   .5      .3   .5      -
specks            -     .15  .3       -         -     -    |    -       -    -      -
jpeg             .2     .4   .15     .4        .3    .3    |   .4       -   .4     .3
"""


def _styles(table: str) -> dict[str, dict[str, float]]:
    heading, *rows = table.strip("\n").splitlines()
    styles: dict[str, dict[str, float]] = {name: {} for name in heading.replace("|", "").split()}
    for row in rows:
        effect, *chances = row.replace("|", "").split()
        for style, chance in zip(styles.values(), chances, strict=True):
            style[effect] = 0.0 if chance == "-" else float(chance)
    return styles


STYLES = _styles("\n".join(row.split("|")[0] for row in _CHANCES.splitlines()))
HELD_OUT = {name: style for name, style in _styles(_CHANCES).items() if name not in STYLES}


@dataclass(eq=False)
class _Scene:
    """A page on its way from coverage to grey."""

    rng: np.random.Generator
    ink: np.ndarray  # float32 (height, width): 0 paper, 1 full ink
    rules: np.ndarray  # the same of printed lines
    digit: float  # height of a digit in pixels
    strength: float  # how much of the paper's light full ink takes, 0..1
    cut: bool = False  # printed lines go through the ink
    paper: np.ndarray = field(init=False)  # how much light it gives back
    light: np.ndarray = field(init=False)  # how much falls on it
    grey: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        self.paper = np.ones_like(self.ink)
        self.light = np.ones_like(self.ink)

    def some(self, low: float, high: float) -> float:
        return float(self.rng.uniform(low, high))

    def maybe(self, chance: float) -> bool:
        return bool(self.rng.random() < chance)

    def any_of(self, *names: str) -> str:
        return str(self.rng.choice(names))

    def across(self) -> np.ndarray:
        """From 0 at the left to 1 at the right."""
        return np.linspace(0, 1, self.ink.shape[1], dtype=np.float32)[None]

    def down(self) -> np.ndarray:
        """From 0 at the top to 1 at the bottom."""
        return np.linspace(0, 1, self.ink.shape[0], dtype=np.float32)[:, None]

    def slope(self) -> np.ndarray:
        """A plane from 0 to 1 in any direction."""
        angle = self.some(0, 2 * np.pi)
        rising = (self.across() - 0.5) * float(np.cos(angle)) + (self.down() - 0.5) * float(
            np.sin(angle)
        )
        plane: np.ndarray = rising / 1.42 + 0.5
        return plane

    def hills(self, count: int) -> np.ndarray:
        """A smooth field from about 0 to 1 with so many hills a side."""
        coarse = self.rng.random((count, count), np.float32)
        smooth = cv2.resize(coarse, self.ink.shape[::-1], interpolation=cv2.INTER_CUBIC)
        return np.asarray(smooth)

    def texture(self, name: str) -> np.ndarray:
        """A piece of a texture of standard deviation 1, any way up."""
        bank, (height, width) = _bank(name), self.ink.shape
        bank = bank.T if self.maybe(0.5) else bank
        bank = bank[:: self.rng.choice([-1, 1]), :: self.rng.choice([-1, 1])]
        if max(height, width) > _BANK:
            bank = np.tile(bank, (-(-height // _BANK), -(-width // _BANK)))
        y = int(self.rng.integers(bank.shape[0] - height + 1))
        x = int(self.rng.integers(bank.shape[1] - width + 1))
        return bank[y : y + height, x : x + width]

    def margins(self) -> list[int]:
        """Pixels free of ink at the left, the top, the right and the bottom."""
        height, width = self.ink.shape
        x, y, w, h = cv2.boundingRect((self.ink > 0.2).view(np.uint8))
        if not w:
            return [width // 2, height // 2, width // 2, height // 2]
        return [x, y, width - x - w, height - y - h]


def develop(
    rng: np.random.Generator,
    ink: np.ndarray,
    rules: np.ndarray,
    digit: float,
    held_out: bool = False,
) -> np.ndarray:
    """Put ink and printed lines on a surface, light it and take its picture.

    Args:
        rng: where the chance comes from.
        ink: float32, shape (height, width), 0 to 1: how much ink covers each pixel.
        rules: the same of lines that are printed, not written.
        digit: height of the page's digits, pixels; blur and steps keep to what it can bear.
        held_out: take a style that training never shows.
    Returns:
        uint8, shape (height, width).
    """
    styles = list((HELD_OUT if held_out else STYLES).values())
    shares = np.array([style["share"] for style in styles])
    style = styles[int(rng.choice(len(styles), p=shares / shares.sum()))]
    strength = float(style["faintest_ink"] ** rng.random() ** 1.4)  # most people's ink is not faint
    scene = _Scene(rng, ink, rules, digit, strength)
    for name, chance in style.items():
        if name in _EFFECTS and rng.random() < chance:
            _EFFECTS[name](scene)
    return np.clip(scene.grey * 255 + 0.5, 0, 255).astype(np.uint8)


@cache
def _bank(name: str) -> np.ndarray:
    rng = np.random.default_rng(list(name.encode()))
    white = rng.standard_normal((_BANK, _BANK), np.float32)
    y, x = np.mgrid[:_BANK, :_BANK].astype(np.float32)
    if name == "crumple":  # facets: the nearest of a few points, each with a tilt of its own
        points, tilt = rng.uniform(0, _BANK, (70, 2)), rng.normal(0, 1, (70, 3))
        nearest = np.argmin([(x - px) ** 2 + (y - py) ** 2 for px, py in points], axis=0)
        made = tilt[nearest, 0] + (tilt[nearest, 1] * x + tilt[nearest, 2] * y) / 60 % 2
    elif name == "wood":
        stripes = cv2.GaussianBlur(white, (0, 0), sigmaX=60, sigmaY=1.2)
        made = stripes / stripes.std() + 0.3 * cv2.GaussianBlur(white, (0, 0), 1)
    elif name == "weave":
        made = np.sin(x * 1.9) * np.sin(y * 1.9) + 0.5 * cv2.GaussianBlur(white, (0, 0), 1.5)
    elif name == "fibre":
        made = cv2.GaussianBlur(white, (0, 0), sigmaX=6, sigmaY=0.7)
        made = made + cv2.GaussianBlur(white.T, (0, 0), sigmaX=0.7, sigmaY=4)
    else:
        made = cv2.GaussianBlur(
            white, (0, 0), {"fine": 0.3, "grain": 0.9, "cloud": 3, "blotch": 14}[name]
        )
    return np.asarray((made - made.mean()) / made.std(), np.float32)


def _blurred(image: np.ndarray, sigma: float) -> np.ndarray:
    shrink = max(1.0, sigma / 2)  # a small copy blurs as well and is much quicker
    if shrink == 1:
        return np.asarray(cv2.GaussianBlur(image, (0, 0), float(sigma)))
    size = tuple(max(2, round(side / shrink)) for side in image.shape[::-1])
    small = cv2.GaussianBlur(cv2.resize(image, size, interpolation=cv2.INTER_AREA), (0, 0), 2)
    return np.asarray(cv2.resize(small, image.shape[::-1]))


# --- paper and ink ------------------------------------------------------------------------------


def _textured(scene: _Scene, low: float, high: float, *names: str) -> None:
    depth = scene.strength * scene.some(low, high)
    scene.paper *= 1 + scene.texture(scene.any_of(*names)) * depth


def _smears(scene: _Scene) -> None:
    """What a sponge leaves on a board."""
    for _ in range(int(scene.rng.integers(1, 5))):
        broad = scene.hills(int(scene.rng.integers(3, 8)))
        scene.paper *= 1 - 0.25 * scene.strength * np.clip(broad - 0.6, 0, 1)


def _folds(scene: _Scene) -> None:
    """A fold is a line, and its two sides face the light in different ways."""
    for _ in range(int(scene.rng.integers(1, 4))):
        away = scene.slope() - scene.some(0.25, 0.75)
        crease = np.clip(1 - np.abs(away) / scene.some(0.003, 0.02), 0, 1)
        scene.paper *= 1 + crease * (scene.strength * scene.some(-0.6, 0.4))
        scene.paper *= np.where(away > 0, np.float32(1 - scene.some(0, 0.12)), np.float32(1))


def _show_through(scene: _Scene) -> None:
    behind = scene.ink[:, ::-1] if scene.maybe(0.7) else scene.ink[::-1, ::-1]
    behind = _blurred(np.roll(behind, scene.rng.integers(5, 40, 2), (0, 1)), scene.some(0.7, 2))
    scene.paper *= 1 - behind * (scene.strength * scene.some(0.04, 0.2))


def _ruling(scene: _Scene) -> None:
    """Ruled, squared or dotted paper, of any pitch, in line with the writing or not."""
    height, width = scene.ink.shape
    pitch = max(7.0, scene.digit * float(np.exp(scene.some(-1, 0.9))))
    angle = scene.rng.normal(0, 0.02) if scene.maybe(0.7) else scene.some(-0.2, 0.2)
    kind = str(
        scene.rng.choice(["ruled", "squared", "dotted", "upright"], p=[0.45, 0.35, 0.1, 0.1])
    )
    thick = max(1, round(scene.digit * scene.some(0.01, 0.07)))
    reach = (height + width) / 2
    steps = np.arange(scene.some(-pitch, 0) - reach, reach, pitch)
    along = np.array([np.cos(angle), np.sin(angle)])
    normal, middle = np.array([-along[1], along[0]]), np.array([width, height]) / 2
    layer = np.zeros((height, width), np.uint8)
    for way, other, kinds in ((along, normal, "ruled"), (normal, along, "upright")):
        for at in steps if kind in (kinds, "squared", "dotted") else ():
            ends = middle + other * at + way * np.array([[-reach], [reach]])
            cv2.polylines(layer, [np.int32(ends * 8)], False, 255, thick, cv2.LINE_AA, 3)
        if kind == "dotted":
            break
    lines = layer.astype(np.float32) / 255
    if kind == "dotted":
        gone = (scene.across() * width + scene.down() * height * float(np.tan(angle))) % pitch
        lines *= gone < 2 * thick
    elif scene.maybe(0.25):  # a worn plate
        lines *= np.clip(scene.texture("cloud") + scene.some(0, 1.5), 0, 1)
    if scene.rules.any() or scene.maybe(0.6):
        scene.paper *= 1 - lines * (scene.strength * scene.some(0.1, 0.9))
    else:  # may be darker than the ink, or go through it
        scene.rules, scene.cut = lines, scene.maybe(0.3)


def _worn(scene: _Scene) -> None:
    """Ink that is not the same all along a stroke."""
    low = scene.some(0.35, 0.85)
    wave = scene.hills(int(np.clip(max(scene.ink.shape) / scene.digit * 2, 4, 40)))
    scene.ink = scene.ink * np.clip(low + (1 - low) * 1.6 * wave, low, 1)


def _chalk(scene: _Scene) -> None:
    """Pencil or chalk: the paper's grain shows in the stroke."""
    teeth = scene.texture(scene.any_of("grain", "fine", "cloud")) * scene.some(0.05, 0.35)
    scene.ink = scene.ink * np.clip(teeth + scene.some(0.65, 1), 0.15, 1)


# --- light --------------------------------------------------------------------------------------


def _exposure(scene: _Scene) -> None:
    scene.light *= scene.some(0.4, 1)


def _gradient(scene: _Scene) -> None:
    if scene.maybe(0.6):
        scene.light *= 1 - scene.some(0.1, 0.75) * scene.slope()
    else:  # no deeper than faint ink can bear
        depth = scene.some(0.1, min(0.75, 3 * scene.strength))
        scene.light *= 1 - depth * np.clip(scene.hills(3), 0, 1)


def _vignette(scene: _Scene) -> None:
    x, y = scene.some(0.3, 0.7), scene.some(0.3, 0.7)
    away = (scene.across() - x) ** 2 + (scene.down() - y) ** 2
    scene.light *= 1 / (1 + scene.some(0.5, 4) * away)


def _shadow(scene: _Scene) -> None:
    """Of a hand, a phone, a shelf: with a hard or a soft edge."""
    mask = np.zeros(scene.ink.shape, np.float32)
    if scene.maybe(0.5):
        corners = scene.rng.uniform(-0.4, 1.4, (5, 2)) * scene.ink.shape[::-1]
        cv2.fillPoly(mask, [cv2.convexHull(corners.astype(np.int32))], 1.0)
    else:
        mask[scene.slope() > scene.some(0.3, 0.7)] = 1
    soft = float(scene.rng.choice([0.7, 2.0, 6.0, 15.0]))
    scene.light *= 1 - _blurred(mask, soft) * scene.some(0.2, 0.65)


def _compose(scene: _Scene) -> None:
    tone = min(1.0, scene.strength * scene.some(0.15, 1.3))
    dark = scene.ink * scene.strength
    if scene.cut:  # lines that are lighter than the ink, and show in it
        dark *= 1 - scene.some(0.5, 1) * scene.rules
        tone *= 0.3
    np.maximum(dark, tone * scene.rules, out=dark)
    # the darkest shadow leaves ink that many grey levels below its paper
    np.maximum(scene.light, min(1.0, MIN_CONTRAST / 255 / scene.strength), out=scene.light)
    scene.grey = scene.paper * (1 - dark) * scene.light


# --- camera, scanner, program -------------------------------------------------------------------


def _lay(scene: _Scene, *textures: str) -> None:
    """Put the sheet on a desk; no writing is hidden."""
    height, width = scene.ink.shape
    left, top, right, bottom = (
        min(free, side / 4) * scene.some(0.1, 1) if scene.maybe(0.6) else -20.0
        for free, side in zip(scene.margins(), (width, height, width, height), strict=True)
    )
    right, bottom = width - right, height - bottom
    corners = np.array([[left, top], [right, top], [right, bottom], [left, bottom]])
    askew = np.maximum(0, [left, top]) * scene.rng.uniform(0, 0.7, (4, 2))
    corners += askew * [[-1, -1], [1, -1], [1, 1], [-1, 1]]  # outwards
    sheet = np.zeros(scene.ink.shape, np.float32)
    cv2.fillPoly(sheet, [np.int32(corners * 16)], 1.0, cv2.LINE_8, 4)
    sheet = _blurred(sheet, scene.some(0.4, 1.5))
    desk = scene.some(0.03, 0.9) * (1 + scene.texture(scene.any_of(*textures)) * scene.some(0, 0.3))
    if scene.maybe(0.5):  # the sheet's shadow
        desk *= 1 - 0.5 * _blurred(sheet, scene.some(3, 8))
    scene.grey = scene.grey * sheet + desk * scene.light * (1 - sheet)


def _sliver(scene: _Scene) -> None:
    """A dark strip at the frame: the edge of a desk, of a scanner's lid, of the next cell."""
    side = int(scene.rng.integers(4))
    grey = np.rot90(scene.grey, side)  # a view, whose left is the side
    width = grey.shape[1]
    free = max(0.02 * width, min(scene.margins()[side] * 0.9, 0.12 * width))
    first, last = free * scene.rng.random(2)
    depth = np.linspace(first, last, grey.shape[0], dtype=np.float32)[:, None]
    inside = np.clip(depth - np.arange(width, dtype=np.float32), 0, 1)
    grey += (scene.some(0, 0.3) - grey) * inside


def _glare(scene: _Scene) -> None:
    x, y = scene.some(0, 1), scene.some(0, 1)
    away = (scene.across() - x) ** 2 + (scene.down() - y) ** 2
    spot = np.exp(-away / scene.some(0.01, 0.1)) * scene.some(0.2, 0.65)
    scene.grey += spot * (1 - scene.grey)


def _binary(scene: _Scene) -> None:
    """Two tones, as a fax or a careless threshold leaves them: lines break, edges are ragged."""
    dark = 1 - scene.grey / np.maximum(scene.light, 1e-3)
    ragged = scene.texture("grain") * scene.some(0, 0.15)
    scene.grey = (dark < scene.strength * (scene.some(0.3, 0.6) + ragged)).astype(np.float32)


def _halftone(scene: _Scene) -> None:
    """Print: dots on a turned grid whose size is the tone."""
    height, width = scene.ink.shape
    pitch = 9 / max(2.5, scene.digit / 14)
    x, y = scene.across() * width, scene.down() * height
    dots = np.sin((x + y) * pitch / 2) * np.sin((x - y) * pitch / 2)
    scene.grey = np.clip(0.5 + (scene.grey * 1.1 - 0.5 - 0.35 * dots) * 2, 0, 1)


def _negative(scene: _Scene) -> None:
    scene.grey = 1 - scene.grey


def _squeeze(scene: _Scene) -> None:
    """Little between black and white: a faint pen on a screen, a bad copy."""
    span = min(1.0, max(scene.some(0.1, 0.6), 1.2 * MIN_CONTRAST / 255 / scene.strength))
    scene.grey = scene.some(0, 1 - span) + scene.grey * span


def _blur(scene: _Scene) -> None:
    most = 0.045 if scene.strength > 0.3 else 0.025
    scene.grey = _blurred(scene.grey, scene.digit * scene.some(0.008, most))


def _motion(scene: _Scene) -> None:
    length = int(max(2, scene.digit * scene.some(0.04, 0.14)))
    kernel = np.zeros((2 * length + 1, 2 * length + 1), np.float32)
    angle = scene.some(0, np.pi)
    reach = np.array([np.cos(angle), np.sin(angle)]) * length / 2
    first, last = np.round([length - reach, length + reach]).astype(int).tolist()
    cv2.line(kernel, first, last, 1.0, 1, cv2.LINE_AA)
    scene.grey = np.asarray(cv2.filter2D(scene.grey, -1, kernel / kernel.sum()))


def _steps(scene: _Scene) -> None:
    """A small picture that somebody enlarged, with or without steps."""
    most = float(np.log(np.clip(scene.digit / 10, 1.3, 14)))
    shrink = float(np.exp(scene.some(0.18, most)))
    size = tuple(max(8, round(side / shrink)) for side in scene.ink.shape[::-1])
    small = cv2.resize(scene.grey, size, interpolation=cv2.INTER_AREA)
    how = int(scene.rng.choice([cv2.INTER_NEAREST, cv2.INTER_LINEAR, cv2.INTER_CUBIC]))
    scene.grey = np.asarray(cv2.resize(small, scene.ink.shape[::-1], interpolation=how))


def _noise(scene: _Scene) -> None:
    depth = scene.strength * scene.some(0.01, 0.12)
    scene.grey += scene.texture(scene.any_of("fine", "grain")) * depth


def _specks(scene: _Scene) -> None:
    scene.grey[scene.texture("grain") > scene.some(2.8, 3.8)] = scene.rng.choice([0.0, 1.0, 0.3])


def _jpeg(scene: _Scene) -> None:
    pixels = np.clip(scene.grey * 255 + 0.5, 0, 255).astype(np.uint8)
    quality = int(scene.rng.integers(15 if scene.strength > 0.5 else 40, 92))
    _, packed = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, quality])
    scene.grey = np.asarray(cv2.imdecode(packed, cv2.IMREAD_GRAYSCALE), np.float32) / 255


_EFFECTS: dict[str, Callable[[_Scene], None]] = {
    "grain": lambda scene: _textured(scene, 0.01, 0.12, "fine", "grain", "cloud", "fibre"),
    "blotches": lambda scene: _textured(scene, 0.02, 0.15, "blotch"),
    "crumple": lambda scene: _textured(scene, 0.05, 0.15, "crumple"),
    "weave": lambda scene: _textured(scene, 0.05, 0.15, "weave"),
    "smears": _smears, "folds": _folds, "show_through": _show_through, "ruling": _ruling,
    "worn": _worn, "chalk": _chalk, "exposure": _exposure, "gradient": _gradient,
    "vignette": _vignette, "shadow": _shadow, "compose": _compose,
    "desk": lambda scene: _lay(scene, "cloud", "blotch", "grain", "fibre"),
    "wood": lambda scene: _lay(scene, "wood"),
    "sliver": _sliver, "glare": _glare, "binary": _binary, "halftone": _halftone,
    "negative": _negative, "squeeze": _squeeze, "blur": _blur, "motion": _motion,
    "steps": _steps, "noise": _noise, "specks": _specks, "jpeg": _jpeg,
}  # fmt: skip
