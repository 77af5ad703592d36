"""A reference to a formula or figure shows it, by pointer and by keyboard."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from checker import PHONE, WIDTH

pytestmark = pytest.mark.browser
TIP = "[role=tooltip]"


@pytest.fixture
def tab(browser, site):
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.goto(f"{site}/book/glassy/beyond_ising.html")
    yield page
    page.close()


def reference(tab, start):
    return tab.locator(f'a.reference.internal[href^="{start}#equation-"]').first


@pytest.mark.parametrize("start", ["", "stretched.html"], ids=["here", "on another page"])
def test_a_formula_at_its_reference(tab, start):
    link = reference(tab, start)
    ids = tab.locator("[id]").count()
    link.hover()
    tab.wait_for_selector(f"{TIP} math[display=block]")
    assert link.get_attribute("aria-describedby") == tab.locator(TIP).get_attribute("id")
    assert tab.locator("[id]").count() == ids + 1, "no id twice"
    assert not Axe().run(tab, TIP).response["violations"]
    tab.keyboard.press("Escape")
    assert not tab.locator(TIP).count() and not link.get_attribute("aria-describedby")


def test_the_keyboard_and_a_phone(tab):
    tab.set_viewport_size({"width": PHONE, "height": 640})
    link = reference(tab, "")
    tab.keyboard.press("Tab")
    link.focus()
    assert tab.locator(f"{TIP} math").is_visible()
    assert tab.evaluate(WIDTH) == PHONE
    tab.keyboard.press("Tab")
    assert not tab.locator(TIP).count()


def test_every_reference_to_a_formula_has_one(html):
    """On its own page, or brought along from another one."""
    missing, found = [], 0
    for path in html.glob("book/*/*.html"):
        text = path.read_text("utf-8")
        brought = set(re.findall('<template data-for="([^"]*)">', text))
        for page, anchor in re.findall('internal" href="([^"#]*)#(equation-[^"]*)"', text):
            found += 1
            if anchor not in brought if page else f'id="{anchor}"' not in text:
                missing.append((path.name, page, anchor))
    assert missing == [] and found > 200
