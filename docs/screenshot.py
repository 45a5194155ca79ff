"""Photograph the page of `digits serve`, in a real browser, with digits drawn by mouse moves.

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

from digit_classifier.dataset import pen, styles

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ARGUMENTS = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run"]
TEXT, SEED = "358", 5
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
    """Write digits on the canvas, a little wobbly, as a hand would."""
    box = page.locator("#canvas").bounding_box()
    assert box
    page.locator("#brush").fill("16")
    rng = np.random.default_rng(seed)
    size = box["height"] * 0.46
    for at, digit in enumerate(text):
        centre = np.array([box["width"] * (0.53 + 0.275 * (at - (len(text) - 1) / 2)), 0.0])
        centre += [box["x"], box["y"] + box["height"] * 0.53]
        bent = pen.wobble(pen.strokes(styles.STYLES[int(digit)][0]), rng, turn=0.04, bend=0.02)
        for stroke in bent:
            first, *rest = (stroke * size * [0.85, 1] + centre).tolist()
            page.mouse.move(*first)
            page.mouse.down()
            for point in rest:
                page.mouse.move(*point)
            page.mouse.up()


if __name__ == "__main__":
    main()
