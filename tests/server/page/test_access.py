"""The page for everyone: fingers, keyboards, screen readers, screens of any size."""

import base64

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from server.page.hand import READ, drag, draw, number, on_screen, pixels, swipe, touch
from server.process import wait_until

SIZES = {"phone": (390, 844), "tablet": (820, 1180), "desktop": (1440, 900)}
FOCUSED = "() => document.activeElement?.id || document.activeElement?.value"


def tab_to(page, name):
    """Press Tab until the element with this id, or the choice with this value, has the focus."""
    for _ in range(80):
        page.keyboard.press("Tab")
        if page.evaluate(FOCUSED) == name:
            return
    raise AssertionError(f"Tab never reaches {name}")


def serious_faults(page):
    """What axe-core finds serious or critical on the page as it is."""
    found = Axe().run(page).response["violations"]
    return [
        (fault["id"], [node["html"] for node in fault["nodes"]])
        for fault in found
        if fault["impact"] in ("serious", "critical")
    ]


def test_a_finger_on_the_canvas_draws_and_does_not_scroll(phone):
    swipe(phone, on_screen(phone, [(0.5, share / 20) for share in range(18, 1, -1)]))
    expect(number(phone)).to_have_text("1")
    assert phone.evaluate("() => scrollY") == 0


def test_a_finger_beside_the_canvas_scrolls_and_does_not_draw(phone):
    empty = pixels(phone, "#canvas")
    box = phone.locator("#measured").bounding_box()
    swipe(phone, [(box["x"] + 20, box["y"] - 15 * step) for step in range(20)])
    wait_until(lambda: phone.evaluate("() => scrollY") > 100)
    assert (pixels(phone, "#canvas") == empty).all()


def test_a_phone_on_its_side_draws_on_the_canvas_and_scrolls_beside_it(phone_on_its_side):
    phone = phone_on_its_side
    swipe(phone, on_screen(phone, [(0.5, share / 20) for share in range(18, 1, -1)]))
    expect(number(phone)).to_have_text("1")
    assert phone.evaluate("() => scrollY") == 0
    box = phone.locator(".answer").bounding_box()
    swipe(phone, [(box["x"] + 20, box["y"] + 280 - 12 * step) for step in range(20)])
    wait_until(lambda: phone.evaluate("() => scrollY") > 100)
    expect(number(phone)).to_have_text("1")


@pytest.mark.parametrize(
    "size",
    [
        (844, 390),
        (932, 430),
        (568, 320),
        (900, 500),
        (999, 641),
        (700, 600),
        (400, 450),
        (1024, 500),
        (390, 844),
        (1440, 900),
    ],
    ids=str,
)
def test_canvas_tools_and_some_of_the_answer_fit_on_any_screen(open_page, size):
    width, height = size
    page = open_page(viewport={"width": width, "height": height}, has_touch=True)
    draw(page, "35")
    expect(number(page)).to_have_text("35")
    assert page.evaluate("() => scrollY") == 0
    for part in ("#canvas", "#undo", "#clear", "#brush", "label[for=file]", "#number"):
        box = page.locator(part).bounding_box()
        assert box["x"] >= 0
        assert box["y"] >= 0
        assert box["x"] + box["width"] <= width
        assert box["y"] + box["height"] <= height
    canvas = page.locator("#canvas").bounding_box()
    assert canvas["width"] / canvas["height"] == pytest.approx(4 / 3, abs=0.01)


def test_an_answer_of_hundreds_of_marks_scrolls_in_its_card(page):
    image = base64.b64encode(bytes(784)).decode()
    mark = {"digit": 1, "confidence": 0.99, "probabilities": [0.1] * 10, "line": 0, "image": image}
    many = [{**mark, "box": [at, 0, 1, 5]} for at in range(400)]
    reading = {"text": "1" * 400, "digits": many, "rejected": [], "model": "cnn", "file": None}
    page.route(READ, lambda route: route.fulfill(json={**reading, "error": None}))
    drag(page, [(0.5, 0.2), (0.5, 0.8)])
    expect(page.locator("#marks .choice")).to_have_count(400)
    card = page.locator(".answer")
    assert card.bounding_box()["height"] < 900
    last = page.locator("#marks input").last
    last.focus()
    assert card.evaluate("card => card.scrollTop") > 0
    expect(last).to_be_in_viewport()
    assert serious_faults(page) == []


@pytest.mark.parametrize("width", [390, 820, 1024, 1440])
def test_the_documents_are_one_column_at_any_width(browser, server, width):
    page = browser.new_page(viewport={"width": width, "height": 900})
    page.goto(f"{server.address}docs")
    inner = page.locator("main").evaluate("main => main.getBoundingClientRect().toJSON()")
    tops = []
    for block in page.locator("main > *").all():
        box = block.bounding_box()
        assert box["width"] == pytest.approx(inner["width"], abs=1)
        tops.append(box["y"])
    assert tops == sorted(set(tops))
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    page.close()


def test_a_second_finger_adds_nothing(phone):
    touch(phone, "1")
    expect(number(phone)).to_have_text("1")
    before = pixels(phone, "#canvas")
    session = phone.context.new_cdp_session(phone)
    (x, y), (palm_x, palm_y) = on_screen(phone, [(0.5, 0.5), (0.1, 0.1)])
    fingers = [{"x": x, "y": y, "id": 0}, {"x": palm_x, "y": palm_y, "id": 1}]
    for kind, points in (("touchStart", fingers[:1]), ("touchStart", fingers), ("touchEnd", [])):
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    changed = (pixels(phone, "#canvas") != before).any(axis=2)
    height, width = changed.shape
    assert not changed[: height // 5, : width // 6].any()


def test_the_keyboard_alone_draws_undoes_and_clears(page):
    tab_to(page, "canvas")
    for key in ("Space", *["Shift+ArrowDown"] * 8, "Space"):
        page.keyboard.press(key)
    expect(number(page)).to_have_text("1")
    assert page.evaluate("() => scrollY") == 0
    page.keyboard.press("Control+z")
    expect(number(page)).to_have_text("")
    for key in ("Space", *["Shift+ArrowUp"] * 8, "Space"):
        page.keyboard.press(key)
    expect(number(page)).to_have_text("1")
    tab_to(page, "clear")
    page.keyboard.press("Enter")
    expect(number(page)).to_have_text("")


def test_the_keyboard_alone_chooses_a_network_and_a_neuron(page):
    draw(page, "3")
    expect(number(page)).to_have_text("3")
    tab_to(page, "cnn")
    page.keyboard.press("ArrowLeft")
    expect(page.locator("#verdict")).to_contain_text("Read by small")
    before = page.locator("#neuron-title").inner_text()
    page.locator("[name=neuron]:checked").focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator("#neuron-title")).not_to_have_text(before)


def test_every_control_is_reached_by_tab(page):
    draw(page, "3")
    expect(number(page)).to_have_text("3")
    for name in ("theme", "canvas", "undo", "clear", "brush", "file", "cnn"):
        tab_to(page, name)


@pytest.mark.parametrize("size", SIZES)
def test_nothing_is_wider_than_the_screen(open_page, size):
    width, height = SIZES[size]
    page = open_page(viewport={"width": width, "height": height})
    draw(page, "35")
    expect(number(page)).to_have_text("35")
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_no_serious_fault(open_page, theme):
    page = open_page(color_scheme=theme, reduced_motion="reduce")
    assert serious_faults(page) == []
    draw(page, "35")
    expect(page.locator("#output .best")).to_be_visible()
    assert serious_faults(page) == []
