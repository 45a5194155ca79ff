"""Photograph the page of `digits serve`, with three of MNIST's test digits traced on it.

In a real browser. The mouse follows the middle of their strokes. MNIST is looked for where
`digits train` finds it.

python docs/screenshot.py docs/page.png     # what docs/pictures.py calls; needs Chromium
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from playwright.sync_api import Page, expect, sync_playwright
from scipy.ndimage import convolve, gaussian_filter1d, zoom
from skimage.morphology import skeletonize

from digit_classifier.dataset import load

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ARGUMENTS = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run"]
TEXT, SEED = "358", 6
PATIENCE = 20_000  # milliseconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path, help="PNG file to write")
    parser.add_argument("--width", type=int, default=1280, help="of the window, in CSS pixels")
    parser.add_argument("--dark", action="store_true", help="the dark theme")
    chosen = parser.parse_args()
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        sys.exit(f"no browser: none of {', '.join(BROWSERS)} is on the PATH")
    with sync_playwright() as playwright, serving() as address:
        browser = playwright.chromium.launch(executable_path=found, args=ARGUMENTS)
        page = browser.new_page(
            viewport={"width": chosen.width, "height": 900},
            device_scale_factor=1.5,
            color_scheme="dark" if chosen.dark else "light",
            reduced_motion="reduce",
        )
        page.goto(address)
        page.locator("#models .choice").first.wait_for(timeout=PATIENCE)
        write(page, TEXT)
        expect(page.locator("#number")).to_have_text(TEXT, timeout=PATIENCE)
        expect(page.locator("#output .best")).to_be_visible(timeout=PATIENCE)
        page.mouse.move(2, 2)
        page.screenshot(path=chosen.file, full_page=True)
        browser.close()


@contextmanager
def serving() -> Iterator[str]:
    """Run `digits serve` on a free port; yields the page's address."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "digit_classifier", "serve", "--port", "0"]
        command += ["--corrections", str(Path(folder) / "my-digits")]
        quiet = subprocess.DEVNULL  # the access log
        server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=quiet, text=True)
        try:
            assert server.stdout
            yield server.stdout.readline().strip()
        finally:
            server.terminate()
            server.communicate()


def write(page: Page, text: str, seed: int = SEED) -> None:
    """Trace one test digit for each letter on the canvas."""
    box = page.locator("#canvas").bounding_box()
    assert box
    page.locator("#brush").fill("13")
    rng = np.random.default_rng(seed)
    data = load("mnist")
    size = box["height"] * 0.36  # no digit touches the next
    for at, digit in enumerate(text):
        centre = np.array([box["width"] * (0.5 + 0.275 * (at - (len(text) - 1) / 2)), 0.0])
        centre += [box["x"], box["y"] + box["height"] * 0.53]
        image = data.test_images[rng.choice(np.flatnonzero(data.test_labels == int(digit)))]
        for stroke in trace(image):
            first, *rest = (stroke * size + centre).tolist()
            page.mouse.move(*first)
            page.mouse.down()
            for point in rest:
                page.mouse.move(*point)
            page.mouse.up()


def trace(image: np.ndarray, scale: int = 8) -> list[np.ndarray]:
    """The middle of a digit's strokes as lines (n, 2) of x, y; the digit's height is 1."""
    thin = skeletonize(zoom(image.astype(float), scale, order=3) > 100)
    free = {(int(y), int(x)) for y, x in np.argwhere(thin)}
    neighbours = convolve(thin.astype(int), np.ones((3, 3), int), mode="constant") - 1
    drawn: list[tuple[int, int]] = []
    lines = []
    while free:
        # From an end where there is one, and straight on at a crossing.
        at = min(free, key=lambda point: (neighbours[point], point))
        free.discard(at)
        line, course = [at], np.zeros(2)
        while near := [p for p in free if distance(p, at) < 3]:
            step = min(near, key=lambda p: distance(p, at) - course @ np.subtract(p, at))
            course = 0.7 * course + 0.3 * np.subtract(step, at)
            free -= {p for p in near if distance(p, at) <= distance(step, at)}
            line.append(step)
            at = step
        if len(line) > scale:
            for end, place in ((line[0], 0), (line[-1], len(line) + 1)):
                line[place:place] = [p for p in drawn if distance(p, end) < scale][:1]
            drawn += line
            smooth = gaussian_filter1d(np.array(line, float), 3, axis=0, mode="nearest")
            lines.append(smooth[:, ::-1])
    every = np.concatenate(lines)
    middle, height = (every.min(0) + every.max(0)) / 2, np.ptp(every[:, 1])
    return [(line - middle) / height for line in lines]


def distance(one: tuple[int, int], other: tuple[int, int]) -> float:
    """Between two points."""
    return float(np.hypot(*np.subtract(one, other)))


if __name__ == "__main__":
    main()
