"""Pictures in place of a drawing."""

import io

import pytest
from PIL import Image
from playwright.sync_api import expect

from server.page.hand import READ, draw, number, sent_body, watch_bodies

DROP = """([name, bytes]) => {
    const data = new DataTransfer();
    data.items.add(new File([new Uint8Array(bytes)], name, { type: 'image/png' }));
    for (const type of ['dragover', 'drop'])
        document.getElementById('stage').dispatchEvent(
            new DragEvent(type, { dataTransfer: data, bubbles: true, cancelable: true }));
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
    page.evaluate(DROP, ["../page.png", list(picture)])
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


def test_what_is_no_picture_is_said_in_the_readers_words(page, server):
    choose(page, b"not a picture", "notes.png")
    kind = {"Content-Type": "image/png"}
    said = server.client.post("v1/read", content=b"not a picture", headers=kind).json()
    expect(page.locator("#verdict")).to_have_text(said["error"]["message"])


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
