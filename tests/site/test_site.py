"""Every page of the book in a real browser; and the checker itself on pages that are wrong."""

import re
from html.parser import HTMLParser
from urllib.parse import unquote, urldefrag, urlsplit

import pytest
from checker import faults

from lmgbook.bookkit import icons

browser_test = pytest.mark.browser


@browser_test
def test_page_is_whole(browser, site, page):
    assert faults(browser, f"{site}/{page}.html") == []


@browser_test
def test_front_door_leads_to_the_introduction(browser, site):
    page = browser.new_page()
    page.goto(f"{site}/index.html")
    page.wait_for_url("**/book/intro.html")
    page.close()


class Links(HTMLParser):
    """The targets that a page links to, and the places in it that others may link to."""

    def __init__(self, text):
        super().__init__()
        self.links, self.places = set(), set()
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.places |= {attrs.get("id"), attrs.get("name")}
        self.links |= {attrs[key] for key in ("href", "src") if attrs.get(key)}


def test_no_dead_link_inside_the_book(html):
    pages = {
        path: Links(path.read_text(encoding="utf-8"))
        for path in html.rglob("*.html")
        # the page for wrong addresses has other links: see test_published
        if "_static" not in path.parts and path.name != "404.html"
    }
    dead = []
    for path, page in pages.items():
        for link in page.links:
            address, place = urldefrag(link)
            if urlsplit(link).scheme or link.startswith("//"):
                continue
            target = (path.parent / unquote(urlsplit(address).path)).resolve() if address else path
            here = pages.get(target)
            if not target.exists() or (place and here and unquote(place) not in here.places):
                dead.append(f"{path.relative_to(html)}: {link}")
    assert dead == []


def test_no_remote_script_style_or_frame(html):
    remote = re.compile(
        r"<(?:script|iframe|img|source)[^>]*\ssrc=[\"'](?:https?:)?//[^\"']*|"
        r"<link[^>]*rel=[\"']stylesheet[\"'][^>]*href=[\"'](?:https?:)?//[^\"']*"
    )
    found = [
        f"{path.relative_to(html)}: {match}"
        for path in html.rglob("*.html")
        for match in remote.findall(path.read_text(encoding="utf-8"))
    ]
    assert found == []


GOOD = "<title>t</title><h1>t</h1><article>{}</article>"
BAD = {
    "request to another host": '<script src="https://cdn.example.org/x.js"></script>',
    "console": "<script>console.error('oh')</script>",
    "script error": "<script>throw new Error('oh')</script>",
    "formula not rendered": '<span class="math">\\(x\\)</span>',
    "formula in error": "<math><merror><mi>x</mi></merror></math>",
    "image without alt": '<img src="data:image/gif;base64,R0lGODlhAQABAAAAACwAAAAAAQABAAA=">',
    "image did not load": '<img alt="gone" src="gone.png">',
    "pixels wide": '<div style="width: 900px">wide</div>',
    "raw markup": "<p>a price of $$x^2$$</p>",
    "formula cut off": '<p style="width: 50px"><span class="math"><math data-tex="x">'
    '<mspace width="99px"/></math></span></p>',
    "printed tables": '<div class="cell_output"><pre style="font-size: 13px">x</pre></div>',
}


@browser_test
def test_checker_passes_a_good_page(browser, serve, tmp_path):
    (tmp_path / "good.html").write_text(GOOD.format("<p>fine</p>"))
    (tmp_path / "favicon.ico").touch()
    assert faults(browser, f"{serve(tmp_path)}/good.html") == []


@browser_test
@pytest.mark.parametrize("fault", BAD)
def test_checker_fails_a_bad_page(browser, serve, tmp_path, fault):
    (tmp_path / "bad.html").write_text(GOOD.format(BAD[fault]))
    assert any(fault in line for line in faults(browser, f"{serve(tmp_path)}/bad.html"))


@browser_test
def test_checker_fails_a_page_without_headings(browser, serve, tmp_path):
    (tmp_path / "bad.html").write_text("<p>no title, no heading</p>")
    assert {"no title", "no h1"} <= set(faults(browser, f"{serve(tmp_path)}/bad.html"))


def test_every_icon_is_in_the_font(html):
    """And nothing else of the theme's icons: its script weighs more than all the rest of a page."""
    used = set()
    for path in html.rglob("*.html"):
        if "_static" not in path.parts:
            text = path.read_text(encoding="utf-8")
            assert "fontawesome.js" not in text, path
            for classes in re.findall(r'class="([^"]*\bfa[srb]?\b[^"]*|[^"]*\bfa-[^"]*)"', text):
                used |= set(re.findall(r"\bfa-([\w-]+)", classes))
    # of the theme's script, of its style sheet, of the exercises' style sheet
    elsewhere = {"xmark", "angle-down", "pencil"}
    # of pages whose repository is known
    published = {*icons.PUBLISHED, *icons.BRANDS}
    assert used - {"solid", "lg", "fw"} - published | elsewhere == set(icons.ICONS)


@browser_test
@pytest.mark.parametrize("some_page", ["intro", "slow_quenches/exercises", "foundations/solvers"])
def test_no_page_fetches_the_whole_icon_font(browser, site, some_page):
    fetched = []
    view = browser.new_page()
    view.on("response", lambda response: fetched.append(response.url))
    view.goto(f"{site}/book/{some_page}.html")
    view.wait_for_load_state("networkidle")
    view.close()
    assert [url for url in fetched if "webfonts" in url] == []


def test_no_number_in_the_text_is_written_as_by_a_program(html):
    """2e-14: on the pages it is 2 × 10 to the power -14. Code and printed lines are left alone."""
    out = re.compile(r"(?s)<(pre|script|style|code|dt|title|svg)\b.*?</\1>|<[^>]*>")
    found = []
    for path in html.glob("book/*/*.html"):
        article = path.read_text("utf-8").partition("<article")[2].partition("</article>")[0]
        numbers = re.findall(r"(?<![\w.])\d+(?:\.\d+)?e[+-]\d+", out.sub(" ", article))
        found += [f"{path.relative_to(html)}: {number}" for number in numbers]
    assert found == []


def test_only_the_search_page_loads_the_index(html):
    texts = {path.name: path.read_text("utf-8") for path in html.rglob("*.html")}
    assert [name for name, text in texts.items() if "search-data.js" in text] == ["search.html"]
    assert not any("searchindex.js" in text for text in texts.values()), "Sphinx's own"


def test_every_page_of_a_chapter_links_terms_of_the_glossary(html):
    """The first mention of each; three at least, or the glossary lacks what the page is about."""
    links = {
        path.relative_to(html).as_posix(): len(re.findall('class="glossary-term', text))
        for path in html.glob("book/*/*.html")
        if (text := path.read_text("utf-8")) and path.parent.name != "appendix"
    }
    assert len(links) > 40
    assert {page: number for page, number in links.items() if number < 3} == {}


def test_a_page_says_where_it_stands_and_how_long_it_takes(html):
    """The same as the overview of its chapter; and no two pages share a title."""
    titles = {}
    for path in html.glob("book/*/*.html"):
        text = path.read_text("utf-8")
        titles.setdefault(re.search("<title>(.*?)</title>", text, re.DOTALL)[1].strip(), path)
        position = re.search(r'"page-position">Page (\d+) of (\d+) of .*?, ([^<]*)</p>', text)
        assert bool(position) == (path.parent.name != "appendix" and path.stem != "index"), path
        if position:
            overview = path.with_name("index.html").read_text("utf-8")
            rows = re.findall(r"(?s)<tr[^>]*>(.*?)</tr>", overview.partition('id="the-pages"')[2])
            (row,) = [row for row in rows if f'href="{path.name}"' in row][:1]
            number, pages, rest = position.groups()
            assert f"<p>{rest.removesuffix(', advanced')}</p>" in row, path
            assert rows.index(row) == int(number) <= int(pages)
    assert len(titles) == len(list(html.glob("book/*/*.html")))
