"""The search of the book: natural questions, prose only, one small file, from a folder too."""

import json
import re
from pathlib import Path

import pytest

pytestmark = pytest.mark.browser
QUESTIONS = [
    line.split("\t")
    for line in Path(__file__).with_name("questions.tsv").read_text("utf-8").splitlines()
]


@pytest.fixture(scope="module")
def library(html):
    text = (html / "_static" / "search-data.js").read_text("utf-8")
    return json.loads(text.partition("= ")[2].rstrip(";\n"))


@pytest.fixture
def tab(browser):
    page = browser.new_page()
    yield page
    page.close()


def found(tab):
    """Pages that are listed, in their order."""
    links = tab.locator("ul.search li a").all()
    return [link.get_attribute("href").partition(".html")[0] for link in links]


def test_natural_questions_find_their_page_among_the_first_three(tab, site):
    """Written, with their pages, from the table of contents alone; fifteen of them kept aside."""
    tab.goto(f"{site}/search.html")
    missed = []
    for question, pages in QUESTIONS:
        hits = tab.evaluate("q => find(q).slice(0, 3).map(hit => hit.page)", question)
        if not {f"book/{page}" for page in pages.split()} & set(hits):
            missed.append((question, hits))
    assert len(QUESTIONS) >= 35
    assert len(missed) <= 0.2 * len(QUESTIONS), missed


def test_a_search_loads_one_file_and_no_page(tab, site, html):
    loaded = []
    tab.on("response", lambda response: loaded.append(response.url))
    tab.goto(f"{site}/search.html?q=why+does+the+magnet+not+follow")
    tab.wait_for_load_state("networkidle")
    assert found(tab)
    assert [url for url in loaded if ".html" in url] == [tab.url]
    assert (html / "_static" / "search-data.js").stat().st_size < 1_000_000


def test_a_search_works_from_a_folder(browser, html):
    context = browser.new_context()  # with no cache of the site
    tab = context.new_page()
    tab.goto((html / "search.html").as_uri() + "?q=negative+specific+heat")
    link = tab.locator("ul.search li a").first
    assert tab.locator("ul.search li mark").count() > 3
    link.click()
    tab.wait_for_url("**/book/**")
    assert tab.locator("article h1").count() == 1
    context.close()


def test_what_was_typed_is_text(tab, site):
    tab.goto(f"{site}/search.html?q=%3Cimg+src%3Dx%3E+spin")
    assert tab.locator('input[name="q"]').first.input_value() == "<img src=x> spin"
    assert tab.locator("#search-results img").count() == 0
    tab.goto(f"{site}/search.html?q=zzzzqqq")
    assert tab.get_by_role("status").inner_text() == "No page has any of these words."


def test_code_and_formulas_are_not_searched(library):
    """No LaTeX, no line of code; in the appendix on the package its descriptions are prose."""
    for page, anchor, _, text, folded in library["sections"]:
        where = (library["pages"][page][0], anchor)
        assert not re.search(r"\\[a-z]+|\$|\{[a-z:]+\}`", text + folded), where
        assert not re.search(r"\bimport numpy\b|\bplt\.|ax\.plot\(|>>> ", text + folded), where


def test_a_folded_answer_is_found_but_not_shown(tab, site, library):
    shown, folded = zip(*(section[3:] for section in library["sections"]), strict=True)
    assert not [text for text in shown if re.search(r"(^|[.?!] )Answer[A-Z]", text)]
    assert sum(map(bool, folded)) > 50
    (answer,) = [text for text in folded if "A third of the spins has a third of M" in text]
    tab.goto(f"{site}/search.html?q=a+third+of+the+spins+has+a+third+of+the+bonds")
    assert "book/ensembles/all_spins" in found(tab)[:3]
    assert "A third of the spins" not in tab.locator("#search-results").inner_text()
    assert answer.startswith("Answer")


def test_exponents_are_readable(library):
    text = " ".join(section[3] for section in library["sections"])
    assert "10⁵" in text and "N^(−1/3)" in text and "2ᴺ" in text
    titles = [title for _, _, title, *_ in library["sections"]]
    assert "Why does 2ᴺ become N + 1?" in titles


def test_every_page_and_section_can_be_found(library, html):
    assert len(library["pages"]) > 50
    ids = {}
    for page, anchor, title, *_ in library["sections"]:
        name = library["pages"][page][0]
        if name not in ids:
            ids[name] = (html / f"{name}.html").read_text("utf-8")
        assert title, (name, anchor)
        assert not anchor or f'id="{anchor}"' in ids[name], (name, anchor)
