"""Printed sheets that MNIST's digits fill, and what a camera, a scanner and a fax make of them."""

import functools
import io

import cv2
import numpy as np
from PIL import Image

from digit_classifier.drawn import form as drawn
from digit_classifier.picture import form, normalise

DPI = 200
PER_MM = DPI / 25.4


@functools.cache
def blank(paper):
    """The printed page, uint8, grey."""
    with io.BytesIO() as file:
        drawn.draw(paper).savefig(file, dpi=DPI, format="png")
        return np.asarray(Image.open(file).convert("L"))


def fill(rng, images, labels, paper="A4"):
    """Write on a page: most boxes a digit, a few nothing, a few crossed out.

    Returns:
        The page, uint8; and for each (digit, column) the 28x28 image that is in the box, None for
        an empty one, "crossed out" for such.
    """
    page = blank(paper).astype(np.float32)
    width, height = drawn.PAPERS[paper]
    origin = np.array([(width - form.WIDTH) / 2, (height - form.HEIGHT) / 2])
    pen = rng.uniform(0.6, 1.0)  # from pencil to marker
    truth = {}
    for digit in range(10):
        for column in range(1, form.COLUMNS + 1):
            corner = (origin + form.place(digit, column)) * PER_MM
            kind = rng.choice(["digit", "empty", "crossed", "scribbled"], p=[0.8, 0.1, 0.07, 0.03])
            ink = np.zeros((round(form.BOX * PER_MM),) * 2, np.uint8)
            truth[digit, column] = None
            if kind != "empty" and (kind == "digit" or rng.random() < 0.7):
                image = images[rng.choice(np.flatnonzero(labels == digit))]
                truth[digit, column] = image
                _write(rng, ink, image)
            if kind in ("crossed", "scribbled"):
                truth[digit, column] = "crossed out"
                (_cross if kind == "crossed" else _scribble)(rng, ink)
            if kind == "empty" and rng.random() < 0.3:  # a speck
                cv2.circle(ink, rng.integers(20, 120, 2).tolist(), int(rng.integers(1, 5)), 255, -1)
            x, y = np.round(corner).astype(int)
            area = page[y : y + len(ink), x : x + len(ink)]
            area *= 1 - pen * ink / 255
    return page.astype(np.uint8), truth


def _write(rng, ink, image):
    side = rng.uniform(8, 14) * PER_MM  # millimetres from top to bottom of most
    large = cv2.resize(image[4:24, 4:24], (round(side),) * 2, interpolation=cv2.INTER_CUBIC)
    x, y = rng.integers(2 * PER_MM, len(ink) - side - 2 * PER_MM + 1, 2)
    ink[y : y + len(large), x : x + len(large)] = large


def _cross(rng, ink):
    """Two strokes from near a corner to near another, bowed as a hand bows them."""
    side = len(ink)
    for mirror in (False, True):
        start, end = rng.uniform(0.02, 0.18, 2) * side, side - rng.uniform(0.02, 0.18, 2) * side
        along = np.linspace(0, 1, 30)[:, None]
        points = start + (end - start) * along
        points[:, 0] += rng.normal(0, 0.012) * side * np.sin(np.pi * along[:, 0])
        if mirror:
            points[:, 0] = side - points[:, 0]
        cv2.polylines(ink, [np.round(points).astype(np.int32)], False, 255, 5, cv2.LINE_AA)


def _scribble(rng, ink):
    side = len(ink)
    points = rng.uniform(0.1, 0.9, (60, 2)) * side
    cv2.polylines(ink, [np.round(points).astype(np.int32)], False, 255, 6, cv2.LINE_AA)


def photograph(rng, page, *, pixels=2400, quality=80):
    """A telephone's picture: perspective, a desk, uneven light, blur, grain, JPEG; any turn."""
    height, width = page.shape
    room = 0.12 * width
    size = round(width + 2 * room), round(height + 2 * room)
    corners = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32)
    seen = corners + room + rng.uniform(-0.85, 0.85, (4, 2)) * room
    scale = pixels / max(size)
    to = cv2.getPerspectiveTransform(corners, (seen * scale).astype(np.float32))
    size = round(size[0] * scale), round(size[1] * scale)
    flags = {"flags": cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR}
    desk = float(rng.uniform(40, 190))
    page = cv2.GaussianBlur(page, (0, 0), max(0.3, 0.4 / scale))
    view = cv2.warpPerspective(page, to, size, borderValue=desk, **flags).astype(np.float32)
    y, x = np.mgrid[0 : size[1], 0 : size[0]] / max(size)
    angle, amount = rng.uniform(0, 2 * np.pi), rng.uniform(0.1, 0.5)
    view *= 1 - amount * np.clip(0.5 + np.cos(angle) * (x - 0.5) + np.sin(angle) * (y - 0.5), 0, 1)
    shadow = 1 / (1 + np.exp((x * np.cos(angle) + y * np.sin(angle) - rng.uniform(0.1, 0.6)) * 60))
    view *= 1 - rng.uniform(0, 0.35) * shadow
    view = cv2.GaussianBlur(view, (0, 0), rng.uniform(0.5, 1.6))
    view += rng.normal(0, rng.uniform(1, 5), view.shape)
    view = np.rot90(np.clip(view, 0, 255).astype(np.uint8), int(rng.integers(4)))
    return _save(np.repeat(view[..., None], 3, axis=2), "JPEG", quality=quality)


def scan(rng, page):
    """A flatbed's picture of 150 dots an inch, a little turned."""
    height, width = page.shape
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), float(rng.uniform(-4, 4)), 1)
    page = cv2.warpAffine(page, turn, (width, height), borderValue=250)
    small = cv2.resize(page, None, fx=0.75, fy=0.75, interpolation=cv2.INTER_AREA)
    return _save(np.rot90(small, 2 * int(rng.integers(2))), "PNG")


def fax(rng, page):
    """Black and white, 204 x 98 dots an inch."""
    height, width = page.shape
    size = round(width * 204 / DPI), round(height * 98 / DPI)
    coarse = cv2.resize(page, size, interpolation=cv2.INTER_AREA)
    coarse = np.where(coarse < rng.uniform(120, 160), np.uint8(0), np.uint8(255))
    return _save(cv2.resize(coarse, (size[0], 2 * size[1]), interpolation=cv2.INTER_NEAREST), "PNG")


def _save(pixels, kind, **how):
    with io.BytesIO() as file:
        Image.fromarray(np.ascontiguousarray(pixels)).save(file, kind, **how)
        return file.getvalue()


def is_image(kept, image):
    """Whether a kept picture shows this image of MNIST, redrawn."""
    redrawn = normalise(kept).astype(np.float32)
    wide = cv2.GaussianBlur(np.pad(redrawn, 3), (0, 0), 1.0)
    blurred = cv2.GaussianBlur(image.astype(np.float32), (0, 0), 1.0)
    return cv2.matchTemplate(wide, blurred, cv2.TM_CCOEFF_NORMED).max() > 0.75


def faults(boxes, truth):
    """Which boxes were told wrongly: (digit, column, what they are, what was said)."""
    found = []
    for box in boxes:
        what = truth[box.digit, box.column]
        state = "empty" if what is None else "crossed out" if isinstance(what, str) else "filled"
        if state == "filled" == box.state and not is_image(box.image, what):
            found.append((box.digit, box.column, "this image", "another image"))
        elif state != box.state:
            found.append((box.digit, box.column, state, box.state))
    return found
