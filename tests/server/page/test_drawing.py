"""Drawing on the page, and the answer to it."""

import io
import re
import time

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from server.page.hand import (
    READ,
    drag,
    draw,
    number,
    on_screen,
    pixels,
    repainted,
    sent_body,
    touch,
    verdict,
    watch_bodies,
)
from server.process import wait_until


def test_a_3_drawn_with_the_mouse_is_read_as_3(page):
    draw(page, "3")
    expect(number(page)).to_have_text("3")
    expect(page.locator("#verdict")).to_contain_text("cnn")


def test_a_3_drawn_with_a_finger_is_read_as_3(phone):
    touch(phone, "3")
    expect(number(phone)).to_have_text("3")


def test_two_digits_are_one_number_with_a_confidence_each(page):
    draw(page, "35")
    expect(number(page)).to_have_text("35")
    expect(page.locator("#marks .choice")).to_have_text(
        [re.compile(rf"{digit} >?\d+\.\d %") for digit in "35"]
    )
    expect(page.locator("#boxes rect")).to_have_count(2)


def test_an_answer_is_said_to_those_who_hear_it(page):
    draw(page, "35")
    said = re.compile(r"^cnn read 3, >?\d+\.\d %; 5, >?\d+\.\d %\.$")
    expect(page.locator("#live")).to_have_text(said)
    expect(page.locator("#live")).to_have_role("status")


def test_an_empty_canvas_asks_for_a_digit_and_gives_no_answer(page):
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    expect(page.locator("#invitation")).to_contain_text("Draw a digit")
    page.locator("input[value=mlp]").check(force=True)
    page.reload()
    expect(page.locator("#live")).to_have_text("Draw a digit.")
    expect(number(page)).to_have_text("")
    assert not [url for url in asked if "/v1/read" in url]


def test_the_invitation_is_gone_as_soon_as_a_stroke_begins(page):
    ((x, y),) = on_screen(page, [(0.5, 0.5)])
    page.mouse.move(x, y)
    page.mouse.down()
    expect(page.locator("#invitation")).not_to_be_visible()


def test_clear_takes_the_drawing_and_its_answer_away(page):
    empty = pixels(page, "#canvas")
    draw(page, "3")
    expect(number(page)).to_have_text("3")
    page.get_by_role("button", name="Clear").click()
    expect(number(page)).to_have_text("")
    for gone in ("#marks", "#wrong", "#boxes rect"):
        expect(page.locator(gone)).not_to_be_visible()
    assert np.array_equal(pixels(page, "#canvas"), empty)


def test_undo_takes_the_last_stroke_away_and_reads_again(page):
    draw(page, "3")
    expect(number(page)).to_have_text("3")
    before = pixels(page, "#canvas")
    drag(page, [(0.9, 0.2), (0.9, 0.8)])
    expect(number(page)).to_have_text("31")
    page.get_by_role("button", name="Undo").click()
    expect(number(page)).to_have_text("3")
    assert np.array_equal(pixels(page, "#canvas"), before)


def test_a_thicker_brush_leaves_more_ink(page):
    inks = []
    for size in (10, 40):
        page.locator("#brush").fill(str(size))
        empty = pixels(page, "#canvas")
        drag(page, [(0.5, 0.2), (0.5, 0.8)])
        expect(number(page)).to_have_text("1")
        inks.append((pixels(page, "#canvas") != empty).any(axis=2).sum())
        page.get_by_role("button", name="Clear").click()
    assert inks[1] > 3 * inks[0]


def test_a_pen_that_presses_harder_draws_thicker(page):
    session = page.context.new_cdp_session(page)
    empty, inks = pixels(page, "#canvas"), []
    for force in (0.2, 0.9):
        for kind, share in (("mousePressed", 0.2), ("mouseMoved", 0.5), ("mouseReleased", 0.8)):
            ((x, y),) = on_screen(page, [(0.5, share)])
            event = {"x": x, "y": y, "button": "left", "buttons": 1, "clickCount": 1}
            event |= {"type": kind, "pointerType": "pen", "force": force}
            session.send("Input.dispatchMouseEvent", event)
        inks.append((pixels(page, "#canvas") != empty).any(axis=2).sum())
        page.get_by_role("button", name="Clear").click()
    assert inks[1] > 1.5 * inks[0]


def test_the_canvas_is_sent_pixel_by_pixel_as_drawn_in_black_on_white(page):
    watch_bodies(page)
    drag(page, [(0.5, 0.2), (0.5, 0.8)])
    expect(number(page)).to_have_text("1")
    body = sent_body(page)
    Image.open(io.BytesIO(body)).verify()  # checksums too
    picture = Image.open(io.BytesIO(body))
    assert (picture.format, picture.mode) == ("PNG", "L")
    grey = np.asarray(picture)
    assert set(np.unique(grey)) >= {0, 255}
    difference = np.abs(repainted(page, grey) - pixels(page, "#canvas")[..., :3])
    assert difference.max() <= 2  # rounding


def test_a_drawing_is_the_same_file_in_every_theme(open_page):
    bodies = []
    for theme in ("light", "dark"):
        page = open_page(color_scheme=theme)
        watch_bodies(page)
        drag(page, [(0.5, 0.2), (0.5, 0.8)])
        expect(number(page)).to_have_text("1")
        bodies.append(np.asarray(Image.open(io.BytesIO(sent_body(page)))))
    assert np.array_equal(*bodies)


def test_a_browser_that_cannot_compress_sends_the_same_picture(open_page):
    bodies = []
    for script in ("0", "delete globalThis.CompressionStream"):
        page = open_page()
        page.evaluate(script)
        watch_bodies(page)
        drag(page, [(0.5, 0.2), (0.5, 0.8)])
        expect(number(page)).to_have_text("1")
        bodies.append(Image.open(io.BytesIO(sent_body(page))))
    assert [picture.mode for picture in bodies] == ["L", "RGBA"]
    assert np.array_equal(*(np.asarray(picture.convert("L")) for picture in bodies))


def test_a_dense_screen_shows_more_pixels_and_sends_as_many_as_any_other(phone):
    watch_bodies(phone)
    drag(phone, [(0.5, 0.2), (0.5, 0.8)])
    expect(number(phone)).to_have_text("1")
    shown = pixels(phone, "#canvas")
    frame = phone.locator("#canvas").bounding_box()
    assert shown.shape[1] >= 3 * frame["width"]  # device pixels: nothing is blown up
    picture = Image.open(io.BytesIO(sent_body(phone)))
    assert picture.size == (640, 480)
    smaller = np.asarray(Image.fromarray(shown).resize((640, 480), Image.Resampling.BOX))
    difference = np.abs(repainted(phone, np.asarray(picture)) - smaller[..., :3])
    assert difference.mean() < 0.5


def test_a_window_that_moves_to_a_denser_screen_draws_anew(page):
    drag(page, [(0.5, 0.2), (0.5, 0.8)])
    expect(number(page)).to_have_text("1")
    session = page.context.new_cdp_session(page)
    denser = {"width": 1400, "height": 880, "deviceScaleFactor": 2, "mobile": False}
    session.send("Emulation.setDeviceMetricsOverride", denser)
    wait_until(lambda: pixels(page, "#canvas").shape[:2] == (960, 1280))
    assert (pixels(page, "#canvas")[480, 640, :3] < 140).all()  # ink


def test_a_late_answer_never_replaces_a_newer_one(page):
    held = []
    page.route(READ, lambda route: route.continue_() if held else held.append(route))
    with page.expect_request(READ):
        drag(page, [(0.3, 0.2), (0.3, 0.8)])
    drag(page, [(0.6, 0.2), (0.6, 0.8)])
    expect(number(page)).to_have_text("11")
    late = held[0].fetch()
    assert late.json()["text"] == "1"
    held[0].fulfill(response=late)
    page.evaluate("() => new Promise(requestAnimationFrame)")
    assert number(page).inner_text() == "11"


def test_a_mark_it_is_not_sure_of_is_a_question_mark_with_reason_and_probabilities(page):
    drag(page, [(0.2, 0.2), (0.8, 0.8), (0.8, 0.2), (0.2, 0.8), (0.5, 0.1), (0.5, 0.9)])
    expect(number(page)).to_have_text("?")
    expect(page.locator("#marks .choice")).to_contain_text("not a digit")
    expect(page.locator("#saw-note")).to_contain_text("not sure of this mark")
    expect(page.locator("#bars .best")).to_have_count(1)
    expect(page.locator("#bars tr")).to_contain_text([re.compile(r"[<>]?\d+\.\d %")] * 10)


def test_marks_keep_the_order_of_the_text(page):
    drag(page, [(0.1, 0.3), (0.1, 0.7)])
    drag(page, [(0.3, 0.3), (0.5, 0.7), (0.5, 0.3), (0.3, 0.7), (0.4, 0.25), (0.4, 0.75)])
    page.locator("#brush").fill("8")
    drag(page, [(0.8, 0.9), (0.801, 0.9)])  # a speck
    expect(number(page)).to_have_text("1?")
    expect(page.locator("#marks .choice")).to_have_text([re.compile("1"), re.compile(r"\?")])


def test_another_network_reads_when_it_is_chosen(page):
    draw(page, "3")
    for name in ("mlp", "small", "cnn"):
        page.get_by_role("radio", name=name).check(force=True)
        expect(page.locator("#verdict")).to_contain_text(f"Read by {name}")
        expect(number(page)).to_have_text("3")


def test_each_network_shows_what_was_measured_of_it(page, server):
    for model in server.client.get("v1/settings").json()["models"]:
        card = page.locator("#models .choice", has_text=model["name"])
        expect(card).to_contain_text(f"{model['accuracy']:.2%}".replace("%", " %"))
        count = model["parameters"]
        written = f"{count:,}" if count < 1e6 else f"{count / 1e6:.1f} M"
        expect(card).to_contain_text(f"{written} weights")
    said = "Accuracy on MNIST’s 10,000 test images."
    expect(page.locator("#measured")).to_have_text(said)


def test_a_server_that_cannot_be_reached_is_said_and_asked_again(page):
    page.context.set_offline(True)
    drag(page, [(0.5, 0.2), (0.5, 0.8)])
    expect(verdict(page)).to_contain_text("cannot be reached")
    expect(number(page)).to_have_text("")
    expect(page.locator("#verdict")).to_contain_text("Trying again in 2 s")
    page.context.set_offline(False)
    expect(number(page)).to_have_text("1")  # by itself


def test_a_server_that_was_started_anew_is_asked_for_its_settings(open_page, start, tmp_path):
    before = start("--corrections", str(tmp_path / "mine"))
    page = open_page(before.address)
    page.locator("input[value=small]").check(force=True)
    draw(page, "3")
    expect(page.locator("#privacy")).to_contain_text("mine")
    before.stop()
    drag(page, [(0.9, 0.2), (0.9, 0.8)])
    expect(verdict(page)).to_contain_text("cannot be reached")
    start("--port", str(before.port))  # which the page finds by itself
    expect(page.locator("#verdict")).to_contain_text("Read by small")
    expect(page.locator("#kept")).to_contain_text("Corrections are off")
    expect(page.locator("#labels")).not_to_be_visible()
    expect(page.locator("#privacy")).not_to_contain_text("mine")


@pytest.mark.parametrize("status", [500, 504])
def test_a_server_that_fails_is_said_in_a_users_words_and_asked_again(page, status):
    page.route(READ, lambda route: route.fulfill(status=status, body="oops"))
    draw(page, "3")
    expect(verdict(page)).to_contain_text("The server failed")
    page.unroute(READ)
    page.get_by_role("button", name="Try again").click()
    expect(number(page)).to_have_text("3")


def test_an_answer_that_takes_long_does_not_leave_the_one_before_it_as_if_it_were_new(page):
    held = []
    drag(page, [(0.3, 0.2), (0.3, 0.8)])
    expect(page.locator("#verdict")).to_contain_text("Read by")
    page.route(READ, lambda route: held.append(route))
    drag(page, [(0.6, 0.2), (0.6, 0.8)])
    expect(page.locator("#verdict")).to_have_text("Reading …")
    expect(page.locator("#live")).to_have_text("Reading …")
    expect(page.locator("#number")).to_have_css("opacity", "0.4")
    held[0].continue_()
    expect(number(page)).to_have_text("11")
    expect(page.locator("#verdict")).to_contain_text("Read by")
    expect(number(page)).to_have_css("opacity", "1")


def test_a_busy_server_is_waited_for_as_long_as_it_asks_and_said_so(page):
    asked = []
    fault = {"error": {"code": "overloaded", "message": "overloaded"}}

    def refuse_twice(route):
        asked.append(time.monotonic())
        if len(asked) > 2:
            return route.continue_()
        return route.fulfill(status=503, json=fault, headers={"Retry-After": str(len(asked))})

    page.route(READ, refuse_twice)
    drag(page, [(0.5, 0.2), (0.5, 0.8)])
    expect(verdict(page)).to_contain_text("The server is busy at the moment. Trying again in 1 s")
    expect(page.get_by_role("button", name="Try again")).to_be_visible()
    expect(page.locator("#verdict")).to_contain_text("Trying again in 2 s")
    expect(number(page)).to_have_text("1")
    first, second, third = asked
    assert second - first >= 1
    assert third - second >= 2


def test_a_drawing_that_changes_does_not_wait_for_the_next_try(page):
    fault = {"error": {"code": "overloaded", "message": "overloaded"}}
    refusal = {"status": 503, "json": fault, "headers": {"Retry-After": "3000"}}
    page.route(READ, lambda route: route.fulfill(**refusal))
    drag(page, [(0.3, 0.2), (0.3, 0.8)])
    expect(verdict(page)).to_contain_text("Trying again in 3000 s")
    page.unroute(READ)
    drag(page, [(0.6, 0.2), (0.6, 0.8)])
    expect(number(page)).to_have_text("11")


def test_a_drawing_outlives_a_change_of_theme(page):
    draw(page, "3")
    expect(number(page)).to_have_text("3")
    light = pixels(page, "#canvas")
    page.get_by_role("button", name="light and dark").click()
    dark = pixels(page, "#canvas")
    assert light[0, 0, 0] > 200 > 100 > dark[0, 0, 0]
    expect(number(page)).to_have_text("3")
    page.reload()
    page.locator("#models .choice").first.wait_for()
    assert pixels(page, "#canvas")[0, 0, 0] == dark[0, 0, 0]
