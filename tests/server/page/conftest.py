"""One browser for all tests of the page; a window of its own for each."""

import pytest
from playwright.sync_api import sync_playwright

from server.page import hand
from server.page.hand import PATIENCE

PHONE = {"width": 390, "height": 844}
ON_ITS_SIDE = {"width": 844, "height": 390}


@pytest.fixture(scope="session")
def browser():
    """Chromium, without a window."""
    path = hand.find_chromium()
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=path, args=hand.ARGUMENTS)
        yield launched
        launched.close()


@pytest.fixture
def open_page(browser, server):
    """Opens the page in a window of its own; a script error in any of them fails the test."""
    errors, contexts = [], []

    def open_page(address=server.address, **options):
        context = browser.new_context(**options)
        contexts.append(context)
        context.set_default_timeout(PATIENCE)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(error))
        page.goto(address)
        page.locator("#models .choice").first.wait_for()
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not errors


@pytest.fixture
def page(open_page):
    """The page on a desktop."""
    return open_page(viewport={"width": 1440, "height": 900})


@pytest.fixture
def phone(open_page):
    """The page on a phone with a dense screen."""
    return open_page(viewport=PHONE, has_touch=True, is_mobile=True, device_scale_factor=3)


@pytest.fixture
def phone_on_its_side(open_page):
    """The same, turned."""
    return open_page(viewport=ON_ITS_SIDE, has_touch=True, is_mobile=True, device_scale_factor=3)
