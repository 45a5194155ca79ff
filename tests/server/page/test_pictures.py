"""Pictures in place of a drawing."""

import io
import re

import pytest
from PIL import Image
from playwright.sync_api import expect

from server.page.hand import READ, drag, draw, number, sent_body, watch_bodies

DROP = """([name, bytes, type]) => {
    const data = new DataTransfer();
    data.items.add(new File([new Uint8Array(bytes)], name, { type }));
    for (const event of ['dragover', 'drop'])
        document.getElementById('stage').dispatchEvent(
            new DragEvent(event, { dataTransfer: data, bubbles: true, cancelable: true }));
}"""
COPY = """bytes => navigator.clipboard.write([new ClipboardItem(
    { 'image/png': new Blob([new Uint8Array(bytes)], { type: 'image/png' }) })])"""


def choose(page, content, name="page.png", kind="image/png"):
    page.locator("#file").set_input_files({"name": name, "mimeType": kind, "buffer": content})


def test_a_picture_that_is_pasted_is_read(page, picture):
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.evaluate(COPY, list(picture))
    page.keyboard.press("Control+v")
    expect(number(page)).to_have_text("42")


def test_a_picture_that_is_dropped_is_read_untouched(page, picture):
    watch_bodies(page)
    page.evaluate(DROP, ["../page.png", list(picture), "image/png"])
    expect(number(page)).to_have_text("42")
    assert sent_body(page) == picture


def test_boxes_lie_over_the_digits_of_a_picture(page, picture):
    with page.expect_response(READ) as answer:
        choose(page, picture)
    boxes = [digit["box"] for digit in answer.value.json()["digits"]]
    expect(page.locator("#boxes rect")).to_have_count(len(boxes))
    shown = page.locator("#picture").bounding_box()
    width, height = Image.open(io.BytesIO(picture)).size
    scale = min(shown["width"] / width, shown["height"] / height)
    for (x, _, w, _), rect in zip(boxes, page.locator("#boxes rect").all(), strict=True):
        drawn = rect.bounding_box()
        centre = shown["x"] + shown["width"] / 2 + (x + w / 2 - width / 2) * scale
        assert drawn["x"] + drawn["width"] / 2 == pytest.approx(centre, abs=2)
    expect(page.locator("#boxes text")).to_have_text(["4", "2"])


def test_a_phone_offers_its_camera(phone, page):
    assert phone.locator("label.camera").is_visible()
    assert phone.locator("#photo").get_attribute("capture") == "environment"
    assert not page.locator("label.camera").is_visible()


def test_clear_goes_back_to_drawing(page, picture):
    choose(page, picture)
    expect(number(page)).to_have_text("42")
    page.get_by_role("button", name="Clear").click()
    expect(page.locator("#picture")).not_to_be_visible()
    draw(page, "3")
    expect(number(page)).to_have_text("3")


def test_undo_puts_a_picture_away_and_brings_the_drawing_back(page, picture):
    drag(page, [(0.5, 0.2), (0.5, 0.8)])
    expect(number(page)).to_have_text("1")
    choose(page, picture)
    expect(number(page)).to_have_text("42")
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("#picture")).not_to_be_visible()
    expect(number(page)).to_have_text("1")
    choose(page, picture)
    expect(number(page)).to_have_text("42")
    page.keyboard.press("Control+z")
    expect(number(page)).to_have_text("1")
    page.get_by_role("button", name="Undo").click()
    expect(number(page)).to_have_text("")


@pytest.mark.parametrize("kind", ["", "application/x-unknown"])
def test_a_picture_whose_kind_the_browser_does_not_know_is_read(page, picture, kind):
    page.evaluate(DROP, ["photo", list(picture), kind])
    expect(number(page)).to_have_text("42")


@pytest.mark.parametrize(
    ("name", "kind", "content"),
    [
        ("notes.png", "image/png", b"not a picture"),
        ("notes.py", "text/x-python", b"import this"),
        ("drawing.svg", "image/svg+xml", b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
        ("nothing", "", b""),
    ],
)
def test_what_is_no_picture_is_said_in_a_users_words(page, name, kind, content):
    choose(page, content, name, kind)
    said = page.locator("#verdict")
    expect(said).to_contain_text("This file is no picture that can be read here")
    expect(page.locator("#unshown")).not_to_be_visible()
    for suffix in ("PNG", "JPEG", "WebP", "GIF", "BMP", "TIFF"):
        expect(said).to_contain_text(suffix)


def test_what_the_server_says_of_a_picture_is_a_sentence_on_the_page(page):
    file = io.BytesIO()
    Image.new("L", (5200, 5200), 255).save(file, format="PNG")
    choose(page, file.getvalue())
    said = re.compile(r"The picture has 5,200 x 5,200 pixels.*\.")
    expect(page.locator("#verdict")).to_have_text(said)


def test_of_an_animation_it_is_said_that_the_first_frame_was_read(page, picture):
    file, first = io.BytesIO(), Image.open(io.BytesIO(picture)).convert("L")
    first.save(file, "GIF", save_all=True, append_images=[Image.new("L", first.size, 255)])
    choose(page, file.getvalue(), "page.gif", "image/gif")
    expect(number(page)).to_have_text("42")
    said = "Animated: only the first of 2 was read"
    expect(page.locator("#left-out li")).to_have_text([said])


def test_a_picture_takes_the_answer_before_it_away_at_once(page, picture):
    draw(page, "3")
    expect(number(page)).to_have_text("3")
    held = []
    page.route(READ, lambda route: held.append(route))
    with page.expect_request(READ):
        choose(page, picture)
    expect(page.locator("#verdict")).to_have_text("Reading …")
    expect(page.locator("#number")).to_have_text("")
    held[0].continue_()
    expect(number(page)).to_have_text("42")


def test_a_picture_over_the_servers_limit_is_refused_before_it_is_sent(page, server):
    sent = []
    page.on("request", lambda request: READ.search(request.url) and sent.append(request))
    limit = server.client.get("v1/settings").json()["limits"]["body_bytes"]
    choose(page, bytes(limit + 1), "huge.png")
    expect(page.locator("#verdict")).to_contain_text(f"takes {limit / 1e6:.1f} MB")
    assert not sent


def test_a_picture_that_the_browser_cannot_show_is_read_all_the_same(page, picture):
    file = io.BytesIO()
    Image.open(io.BytesIO(picture)).save(file, format="TIFF")
    choose(page, file.getvalue(), "page.tiff", "image/tiff")
    expect(number(page)).to_have_text("42")
    expect(page.locator("#unshown")).to_be_visible()
    expect(page.locator("#boxes rect")).to_have_count(0)


def test_nothing_is_requested_from_anywhere_else(page, server, picture):
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.reload()
    draw(page, "3")
    expect(number(page)).to_have_text("3")
    choose(page, picture)
    expect(number(page)).to_have_text("42")
    expect(page.locator("#output .best")).to_be_visible()
    assert len(asked) > 10
    foreign = [url for url in asked if not url.startswith((server.address, "blob:", "data:"))]
    assert not foreign
