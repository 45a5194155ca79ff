"""A hand that draws in a real browser, with mouse or finger."""

import base64
import io
import os
import re
import shutil

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from digit_classifier.drawn import pen, styles

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# Nothing but what the tests ask for: no updates, no reports, no sandbox (containers have none).
ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
READ = re.compile("/v1/read")
PATIENCE = 60_000  # milliseconds: the machine may do ten other things

expect.set_options(timeout=PATIENCE)


def find_chromium():
    """Where Chromium is; without one, skip the test, or fail it where REQUIRE_CHROMIUM is set."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        message = f"no browser: none of {', '.join(NAMES)} is on the PATH"
        if os.environ.get("REQUIRE_CHROMIUM"):
            pytest.fail(message)
        pytest.skip(message)
    return found


def strokes(text):
    """Handwriting of some digits side by side: arrays (points, 2) in shares of the canvas."""
    width = 0.8 / len(text)
    found = []
    for at, digit in enumerate(text):
        corner = np.array([0.5 + (at - len(text) / 2) * width + width * 0.14, 0.2])
        size = [min(width, 0.5) * 0.9, 0.6]
        found += [s * size + corner for s in pen.strokes(styles.STYLES[int(digit)][0])]
    return found


def on_screen(page, shares):
    """Places on the screen, of places in shares of the canvas."""
    box = page.locator("#canvas").bounding_box()
    scaled = np.asarray(shares) * [box["width"], box["height"]] + [box["x"], box["y"]]
    return [(float(x), float(y)) for x, y in scaled]


def drag(page, shares):
    """One stroke with the mouse."""
    first, *rest = on_screen(page, shares)
    page.mouse.move(*first)
    page.mouse.down()
    for point in rest:
        page.mouse.move(*point)
    page.mouse.up()


def draw(page, text):
    """Write with the mouse."""
    for stroke in strokes(text):
        drag(page, stroke)


def swipe(page, points):
    """Move one finger along places on the screen."""
    session = page.context.new_cdp_session(page)
    for at, (x, y) in enumerate(points):
        kind = "touchMove" if at else "touchStart"
        touches = [{"x": x, "y": y}]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": touches})
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


def touch(page, text):
    """Write with a finger."""
    for stroke in strokes(text):
        swipe(page, on_screen(page, stroke))


def number(page):
    """The number that was read, once no other answer is on its way."""
    return page.locator(".answer[aria-busy=false] #number")


def verdict(page):
    """What is said of it, at the same time."""
    return page.locator(".answer[aria-busy=false] #verdict")


def pixels(page, canvas):
    """What a canvas shows: uint8, shape (height, width, 4)."""
    url = page.locator(canvas).evaluate("canvas => canvas.toDataURL('image/png')")
    png = base64.b64decode(url.partition(",")[2])
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGBA"))


def watch_bodies(page):
    """Keep the body that the page sends last: Chromium does not tell what was in a Blob."""
    page.evaluate("""() => {
        const fetch = window.fetch;
        window.fetch = (path, options) => {
            if (options?.body instanceof Blob) window.sent = options.body;
            return fetch(path, options);
        };
    }""")


def sent_body(page):
    """The bytes of the body that was sent last, after `watch_bodies`."""
    url = page.evaluate("""() => new Promise(resolve => {
        const reader = new FileReader();
        reader.onload = () => resolve(reader.result);
        reader.readAsDataURL(window.sent);
    })""")
    return base64.b64decode(url.partition(",")[2])


def repainted(page, grey):
    """A drawing as it is sent, black on white, in the colours of the page: float, RGB."""
    paper, ink = (
        np.array([float(part) for part in re.findall(r"[\d.]+", colour)[:3]])
        for colour in page.evaluate("""() => ['--paper', '--ink'].map(
            name => getComputedStyle(document.documentElement).getPropertyValue(name))""")
    )
    return paper + (ink - paper) * (1 - grey[..., None] / 255)
