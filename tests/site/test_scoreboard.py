"""The ledger on the built pages: cards instead of log lines, a filter, and the data."""

import json
import re

import pytest
from checker import open_page

LINE = re.compile(r"(?m)^\w+\.\w+: .* -> (reproduced|conditional|corrected|not supported|open)$")
BOARD = "book/appendix/scoreboard.html"
VISIBLE = "li[data-verdict]:not([hidden]):visible"

browser_test = pytest.mark.browser


def test_no_page_shows_the_line_of_a_check(html):
    from bs4 import BeautifulSoup

    found, cards = [], 0
    for path in (html / "book").rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        cards += text.count('class="ledger-card')
        if " -&gt; " in text:
            printed = BeautifulSoup(text, "html.parser").select(".cell_output pre")
            found += [(path.name, line[0]) for pre in printed for line in LINE.finditer(pre.text)]
    assert found == []
    assert cards > 200


def test_the_data_are_served(html):
    data = json.loads((html / "claims.json").read_text(encoding="utf-8"))
    rows = [row for paper in data["papers"] for row in paper["claims"]]
    pages = {row["page"].partition("#")[0] for row in rows}
    assert pages == {BOARD}
    ids = re.findall(r'id="(claim-[\w-]+)"', (html / BOARD).read_text(encoding="utf-8"))
    assert [row["page"].partition("#")[2] for row in rows] == sorted(ids, key=ids.index)
    assert all("value" in row for row in rows if "notebook" in row)


@browser_test
def test_rows_are_filtered_by_keyboard(browser, site):
    page = open_page(browser)
    page.goto(f"{site}/{BOARD}")
    rows = page.locator(VISIBLE).count()
    page.get_by_label("Verdict").focus()
    page.keyboard.type("not")
    page.wait_for_function("document.querySelector('.ledger-filter output').value")
    verdicts = page.locator(VISIBLE).evaluate_all("rows => rows.map(r => r.dataset.verdict)")
    assert set(verdicts) == {"not supported"} and len(verdicts) < rows
    assert page.locator(".ledger-filter output").inner_text() == f"{len(verdicts)} of {rows} rows"
    page.goto(f"{site}/{BOARD}?verdict=corrected")
    verdicts = page.locator(VISIBLE).evaluate_all("rows => rows.map(r => r.dataset.verdict)")
    assert set(verdicts) == {"corrected"}
    page.close()


@browser_test
def test_a_link_to_a_row_shows_it_even_if_it_was_filtered_away(browser, site):
    page = open_page(browser)
    page.goto(f"{site}/{BOARD}?verdict=corrected")
    hidden = page.locator("li[data-verdict][hidden]").first.get_attribute("id")
    page.evaluate("id => { location.hash = id }", hidden)
    page.wait_for_selector(f"#{hidden}", state="visible")
    page.close()


@browser_test
def test_without_scripts_all_rows_show(browser, site):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{site}/{BOARD}")
    assert page.locator(VISIBLE).count() == page.locator("li[data-verdict]").count() > 200
    assert page.locator(".ledger-filter").count() == 0
    context.close()
