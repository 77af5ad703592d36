"""Code on the pages: it fits its cell, scrolls softly, is not cut off in print, can be pasted."""

import re

import pytest

OVERFLOW = """() => [...document.querySelectorAll(".cell_input pre")]
  .filter(pre => pre.clientWidth && pre.scrollWidth > pre.clientWidth + 1)
  .map(pre => pre.textContent.split("\\n").sort((a, b) => b.length - a.length)[0])"""


@pytest.mark.browser
def test_no_visible_line_is_wider_than_its_cell(browser, site, html):
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    wide = {}
    for path in html.glob("book/*/*.html"):
        name = path.relative_to(html)
        page.goto(f"{site}/{name}", wait_until="domcontentloaded")
        if lines := page.evaluate(OVERFLOW):
            wide[str(name)] = lines
    page.close()
    assert wide == {}


@pytest.mark.browser
def test_a_printed_line_is_wrapped_and_not_cut_off(browser, site):
    page = browser.new_page(viewport={"width": 500, "height": 800})
    page.goto(f"{site}/book/foundations/solvers.html")
    assert page.evaluate(OVERFLOW) != [], "narrower than a line"
    page.emulate_media(media="print")
    assert page.evaluate(OVERFLOW) == []
    page.close()


def test_quotes_of_the_package_reference_can_be_pasted(html):
    """And those of the prose are curly: only this page belongs to Python."""
    curly = re.compile("[\u2018\u2019\u201c\u201d]")
    body = (html / "book" / "appendix" / "api.html").read_text("utf-8").partition("<article")[2]
    assert curly.findall(body.partition("</article>")[0]) == []
    for name in ("glossary", "teaching"):
        assert curly.search((html / "book" / "appendix" / f"{name}.html").read_text("utf-8")), name
