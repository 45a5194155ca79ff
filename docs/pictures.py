"""Draw the pictures that README shows: `make pictures`, or those named: docs/pictures.py report.

reading   reading.png: MNIST's test digits composed on a page, as `digits predict --show` reads it
page      page.png: the page of `digits serve` in a real browser, three test digits traced on it
curves    loss.png and accuracy.png: the plots of a real training on MNIST
report    errors.png, robustness.png and occlusion.png: out of `digits evaluate`'s report
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from digit_classifier.dataset import load

DOCS = Path(__file__).parent
LINES = ("31415 92653", "27182 818", "2026 11 23")
WIDTH, HEIGHT, STEP = 1280, 620, 185
INK, PAPER = np.array([38, 52, 120.0]), np.array([236, 231, 219.0])


def draw_page(seed: int = 1) -> np.ndarray:
    """MNIST's test digits, enlarged and inked, on drawn squared paper; uint8 (h, w, 3)."""
    rng = np.random.default_rng(seed)
    data = load("mnist")
    cover = np.zeros((HEIGHT, WIDTH), np.float32)
    for row, text in enumerate(LINES):
        x = 80 + int(rng.integers(0, 30))
        for letter in text:
            if letter == " ":
                x += 50
                continue
            written = data.test_images[rng.choice(np.flatnonzero(data.test_labels == int(letter)))]
            ink = enlarge(written, 112)
            height, width = ink.shape
            y = 95 + row * STEP - height // 2 + int(rng.integers(-6, 7))
            part = cover[y : y + height, x : x + width]
            np.maximum(part, ink, out=part)
            x += width + int(rng.integers(14, 30))
    return photograph(cover, rng)


def enlarge(image: np.ndarray, height: int) -> np.ndarray:
    """The ink of one 28x28 digit with smooth edges, `height` pixels high; float32, 0 to 1."""
    scale = height / 20
    wide = cv2.resize(np.pad(image, 2), None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
    soft = cv2.GaussianBlur(wide.astype(np.float32), (0, 0), 0.35 * scale)
    y, x = np.nonzero(soft > 110)
    soft = soft[y.min() : y.max() + 1, x.min() : x.max() + 1]
    return np.clip((soft - 110) / 24, 0, 1)


def photograph(cover: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Put ink on squared paper under a lamp, a little askew."""
    page = np.broadcast_to(PAPER, (HEIGHT, WIDTH, 3)).copy()
    page[::40] = page[:, ::40] = PAPER * [0.80, 0.86, 0.93]
    page += cover[..., None] * (INK - page) * 0.92
    turn = cv2.getRotationMatrix2D((WIDTH / 2, HEIGHT / 2), 1.6, 1.0)
    page = cv2.warpAffine(page, turn, (WIDTH, HEIGHT), borderMode=cv2.BORDER_REPLICATE)
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    lamp = np.exp(-(((x - WIDTH * 0.35) / WIDTH) ** 2 + ((y - HEIGHT * 0.3) / HEIGHT) ** 2))
    page = page * (0.62 + 0.42 * lamp[..., None]) + rng.normal(0, 2.5, page.shape)
    return np.clip(cv2.GaussianBlur(page, (0, 0), 0.9), 0, 255).astype(np.uint8)


def show_reading(folder: Path, model: str) -> None:
    photo = folder / "page.jpg"
    Image.fromarray(draw_page()).save(photo, quality=88)
    digits("predict", photo, "--model", model, "--show", DOCS / "reading.png")


def show_page(_folder: Path, _model: str) -> None:
    command = [sys.executable, str(DOCS / "screenshot.py"), str(DOCS / "page.png")]
    subprocess.run(command, check=True)


def show_curves(folder: Path, _model: str) -> None:
    digits("train", "--dataset", "mnist", "--no-show", "--out", folder / "run")
    for name in ("loss.png", "accuracy.png"):
        shutil.copy(folder / "run" / name, DOCS / name)


def show_report(folder: Path, model: str) -> None:
    digits("evaluate", model, "--out", folder / "report")
    for name in ("errors.png", "robustness.png", "occlusion.png"):
        with Image.open(folder / "report" / name) as drawn:
            # 256 colours are more than these plots need, and cost a third of the bytes.
            few = drawn.convert("RGB").quantize(256, Image.Quantize.MEDIANCUT, dither=0)
        few.save(DOCS / name, optimize=True)


def digits(*arguments: object) -> None:
    words = [sys.executable, "-m", "digit_classifier", *map(str, arguments)]
    subprocess.run(words, check=True)


PARTS = {"reading": show_reading, "page": show_page, "curves": show_curves, "report": show_report}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}; all")
    parser.add_argument("--model", default="cnn", help="what reads the page and is reported on")
    chosen = parser.parse_args()
    if unknown := set(chosen.parts) - PARTS.keys():
        parser.error(f"no part {', '.join(unknown)}; there are {', '.join(PARTS)}")
    with tempfile.TemporaryDirectory() as folder:
        for part in chosen.parts or PARTS:
            PARTS[part](Path(folder), chosen.model)


if __name__ == "__main__":
    main()
