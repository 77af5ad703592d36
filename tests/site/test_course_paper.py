"""Plans and slides of `make course` as paper and on a screen: one sheet, one slide a step."""

import re

import pytest
from book_files import BOOK

from lmgbook.bookkit import course, documents, slides

pytestmark = pytest.mark.browser
PLANS = course.plans_of(BOOK)


def sheets(tab):
    return len(re.findall(rb"/Type\s*/Page\b(?!s)", tab.pdf(prefer_css_page_size=True)))


@pytest.mark.parametrize("path", PLANS, ids=lambda path: path.parent.name)
def test_a_plan_is_one_sheet(browser, path):
    tab = browser.new_page()
    body = documents.html(course.plan(path))
    tab.set_content(documents.page("plan", body, documents.SHEET))
    assert sheets(tab) == 1
    tab.set_content(documents.page("plan", 3 * body, documents.SHEET))
    assert sheets(tab) > 1, "is it counted?"
    tab.close()


def test_slides_step_and_print(browser):
    """Four slides without a program, by keys; each on a sheet of its own."""
    content = {
        "title": "Title",
        "votes": [{"question": "Vote?", "answer": "Because."}],
        "discussion": [{"question": "Why?", "listen_for": "Since."}],
        "path": {},
    }
    context = browser.new_context(
        java_script_enabled=False, viewport={"width": 1280, "height": 720}
    )
    tab = context.new_page()
    tab.set_content(slides.deck(content, []))
    places = [each.bounding_box()["y"] for each in tab.locator("section").all()]
    assert places == [0, 720, 1440, 2160]
    tab.keyboard.press("PageDown")
    tab.wait_for_timeout(1000)
    assert abs(tab.locator("section").nth(1).bounding_box()["y"]) < 1
    assert sheets(tab) == 4
    # the 50 minutes: the same page, without the discussion
    tab.keyboard.press("Home")
    tab.get_by_role("link", name="Only the 3 slides").click()
    tab.wait_for_timeout(1000)
    sections = tab.locator("section")
    assert [each.is_visible() for each in sections.all()] == [True, True, True, False]
    tab.keyboard.press("PageDown")
    tab.wait_for_timeout(1000)
    assert abs(sections.nth(1).bounding_box()["y"]) < 1
    assert sheets(tab) == 3
    context.close()
