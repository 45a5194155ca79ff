"""Draws pages of digits as people make and photograph them."""

import io
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from picture.page_styles import Style


@dataclass(frozen=True, eq=False)
class Drawn:
    """A page and what is on it.

    Attributes:
        pixels: uint8, shape (height, width, 3).
        text: the digits, a slash between lines.
        images: uint8, shape (n, 28, 28), what was drawn, in reading order.
    """

    pixels: np.ndarray
    text: str
    images: np.ndarray


def draw(
    style: Style, images: np.ndarray, labels: Sequence[int], rng: np.random.Generator
) -> Drawn:
    """Draw one page with digits picked at random.

    Args:
        style: how it looks.
        images: uint8, shape (n, 28, 28), MNIST.
        labels: the n digits.
        rng: picks and places them.
    """
    picked = rng.integers(len(images), size=(style.rows, style.columns))
    text = "/".join("".join(str(labels[i]) for i in row) for row in picked)
    cover = _write(style, [[images[i] for i in row] for row in picked], rng)
    paper = _paper(style, cover.shape, rng)
    ink = np.array(style.ink, np.float32)
    if style.uneven:
        pressure = _clouds(cover.shape, style.height // 2 + 1, rng)
        cover = cover * (1 - style.uneven * 0.75 * pressure)
    page = paper + cover[..., None] * (ink - paper)
    page = _photograph(page, style, rng)
    return Drawn(page, text, images[picked.ravel()])


def _write(style: Style, rows: list[list[np.ndarray]], rng: np.random.Generator) -> np.ndarray:
    """Coverage by ink, 0 to 1."""
    size = style.height
    lines = []
    for row in rows:
        drawn = [_stretch(image, style, rng) for image in row]
        width = sum(d.shape[1] for d in drawn) + round(style.space * size) * (len(drawn) - 1)
        spread = round(style.jitter * size)
        line = np.zeros((round(size * 1.4) + 2 * spread, width + 4 * spread + 2), np.float32)
        x = spread
        for digit in drawn:
            height, width = digit.shape
            y = (line.shape[0] - height) // 2 + int(rng.integers(-spread, spread + 1))
            y = min(max(y, 0), line.shape[0] - height)
            window = line[y : y + height, x : x + width]
            np.maximum(window, digit[: window.shape[0], : window.shape[1]], out=window)
            x += width + round(style.space * size) + int(rng.integers(0, spread + 1))
        lines.append(line)
    if style.margin <= 0.15 and style.rows == 1:
        rows_used = np.flatnonzero(lines[0].max(axis=1) > 0.05)
        columns_used = np.flatnonzero(lines[0].max(axis=0) > 0.05)
        lines = [lines[0][rows_used[0] : rows_used[-1] + 1, columns_used[0] : columns_used[-1] + 1]]
    margin = round(style.margin * size)
    height = sum(line.shape[0] for line in lines) + 2 * margin
    page = np.zeros((height, max(line.shape[1] for line in lines) + 2 * margin), np.float32)
    y = margin
    for line in lines:
        page[y : y + line.shape[0], margin : margin + line.shape[1]] = line
        y += line.shape[0]
    return page


def _stretch(image: np.ndarray, style: Style, rng: np.random.Generator) -> np.ndarray:
    """One digit at the page's size, with the page's pen; coverage 0 to 1."""
    y, x = np.nonzero(image > 40)
    ink = image[y.min() : y.max() + 1, x.min() : x.max() + 1]
    size = style.height * float(1 + rng.uniform(-style.jitter, style.jitter))
    work = max(size, 160.0)
    scale = work / 20
    pad = 2
    large = cv2.resize(np.pad(ink, pad), None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
    large = cv2.GaussianBlur(large, (0, 0), scale / 3)
    mask = (large > 110).astype(np.uint8)
    reach = round(abs(style.pen) * work / 2)
    if reach:
        disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
        mask = cv2.dilate(np.pad(mask, reach), disc) if style.pen > 0 else _thin(mask, reach)
    y, x = np.nonzero(mask)
    mask = mask[y.min() : y.max() + 1, x.min() : x.max() + 1]
    factor = size / work
    fitted = (max(1, round(mask.shape[1] * factor)), max(1, round(mask.shape[0] * factor)))
    how = cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR
    return cv2.resize(mask.astype(np.float32), fitted, interpolation=how)


def _thin(mask: np.ndarray, reach: int) -> np.ndarray:
    """Thin strokes, but never away: at least a line along their middle stays."""
    distance = cv2.distanceTransform(np.pad(mask, 1), cv2.DIST_L2, 5)[1:-1, 1:-1]
    ridge = (distance >= cv2.dilate(distance, np.ones((3, 3), np.uint8)) - 0.8) & (distance > 1)
    line = cv2.dilate(ridge.astype(np.uint8), np.ones((3, 3), np.uint8))
    return np.maximum((distance > reach).astype(np.uint8), line * mask)


def _paper(style: Style, shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    page = np.empty((*shape, 3), np.float32)
    page[:] = style.paper
    height, width = shape
    step = max(8, round(style.height * 1.4 + 2 * round(style.jitter * style.height)))
    if style.ruled:
        offset = round(style.margin * style.height) + round(1.1 * style.height)
        for y in range(offset % step, height, step):
            cv2.line(page, (0, y), (width, y), style.ruled, max(1, style.height // 40))
    if style.squared:
        cell = max(8, style.height // 2)
        start = int(rng.integers(cell))
        for y in range(start, height, cell):
            cv2.line(page, (0, y), (width, y), style.squared, 1)
        for x in range(start, width, cell):
            cv2.line(page, (x, 0), (x, height), style.squared, 1)
    for _ in range(style.dots):
        at = int(rng.integers(width)), int(rng.integers(height))
        cv2.circle(page, at, max(1, style.height // 60), style.ink, -1)
    return page


def _photograph(page: np.ndarray, style: Style, rng: np.random.Generator) -> np.ndarray:
    height, width = page.shape[:2]
    if style.rotate or style.perspective or style.desk:
        page = _warp(page, style)
        height, width = page.shape[:2]
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    light = np.ones((height, width), np.float32)
    if style.light:
        angle = rng.uniform(0, 2 * np.pi)
        slope = (np.cos(angle) * (x / width - 0.5) + np.sin(angle) * (y / height - 0.5)) + 0.5
        light *= 1 - style.light * np.clip(slope, 0, 1) ** 1.5
    if style.shadow:
        edge = (x - width * rng.uniform(0.3, 0.7)) + (y - height / 2) * rng.uniform(-0.6, 0.6)
        light *= 1 - style.shadow / (
            1 + np.exp(np.clip(-edge / max(2.0, style.height / 15), -50, 50))
        )
    page = page * light[..., None]
    if style.blur:
        page = cv2.GaussianBlur(page, (0, 0), style.blur)
    if style.shrink != 1:
        page = cv2.resize(
            page, None, fx=style.shrink, fy=style.shrink, interpolation=cv2.INTER_AREA
        )
    if style.noise:
        page = page + rng.normal(0, style.noise, page.shape[:2])[..., None].astype(np.float32)
    pixels = np.clip(page + 0.5, 0, 255).astype(np.uint8)
    return _compress(pixels, style.jpeg) if style.jpeg else pixels


def _warp(page: np.ndarray, style: Style) -> np.ndarray:
    """Turn and tilt the page; a desk shows around it where there is one."""
    height, width = page.shape[:2]
    around = round(style.height * 0.7) if style.desk else 0
    turn = np.deg2rad(style.rotate)
    extra = round(abs(np.sin(turn)) * max(height, width) / 2) if not style.desk else around
    new = (width + 2 * extra, height + 2 * extra)
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    squeeze = style.perspective * width / 2
    target = corners + np.array([[squeeze, 0], [-squeeze, 0], [0, 0], [0, 0]], np.float32)
    middle = np.array([width / 2, height / 2], np.float32)
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]], np.float32)
    target = (target - middle) @ rotation.T + np.array([new[0] / 2, new[1] / 2], np.float32)
    matrix = cv2.getPerspectiveTransform(corners, target.astype(np.float32))
    colour = style.desk or style.paper
    return cv2.warpPerspective(
        page, matrix, new, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT,
        borderValue=tuple(float(c) for c in colour),
    )  # fmt: skip


def _clouds(shape: tuple[int, ...], reach: int, rng: np.random.Generator) -> np.ndarray:
    """Soft noise from 0 to 1."""
    small = rng.random((shape[0] // reach + 2, shape[1] // reach + 2)).astype(np.float32)
    return np.clip(cv2.resize(small, shape[::-1], interpolation=cv2.INTER_CUBIC), 0, 1)


def _compress(pixels: np.ndarray, quality: int) -> np.ndarray:
    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=quality)
    return np.asarray(Image.open(file))
