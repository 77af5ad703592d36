"""What a published site has around its pages, as the build left it."""

import re
from html.parser import HTMLParser
from pathlib import PurePosixPath
from urllib.parse import urlsplit
from xml.etree import ElementTree

import pytest
from conftest import ROOT

from lmgbook.bookkit import publishing

LIST = "book/appendix/bibliography"
CITATION = re.compile(
    r'<a class="reference internal" href="[./\w]*bibliography\.html#(\w+)" title="[^"]*">(.*?)</a>'
)


def read(html, page):
    return (html / f"{page}.html").read_text("utf-8")


def all_pages(html):
    return [path for path in html.rglob("*.html") if "_static" not in path.parts]


def test_head_of_every_page(html):
    """One description, viewport and heading; an address only if it is known."""
    wrong = {}
    for path in all_pages(html):
        if path == html / "404.html":
            continue
        text = path.read_text("utf-8")
        counts = {
            part: len(re.findall(part, text))
            for part in ('<meta name="description"', '<meta name="viewport"', "<h1[ >]", "og:title")
        }
        if set(counts.values()) != {1}:
            wrong[path.relative_to(html).as_posix()] = counts
        address = re.findall(r'<link rel="canonical" href="([^"]*)"', text)
        pictures = re.findall(r'og:image" content="([^"]*)"', text)
        assert all(each.startswith("https://") for each in address + pictures), path
        assert len(address) == len(pictures) <= 1, path
    assert wrong == {}


def test_descriptions_differ(html):
    found = [
        re.search('<meta name="description" content="([^"]*)"', path.read_text("utf-8"))[1]
        for path in html.glob("book/*/*.html")
        if path.stem != "exercises"
    ]
    title = publishing.citation(ROOT)["title"]
    assert len(set(found)) > 0.9 * len(found)
    assert found.count(title) < 0.1 * len(found)


def test_foot_of_every_page(html):
    version = publishing.citation(ROOT)["version"]
    for path in all_pages(html):
        if path.parent != html or path.stem in ("search", "genindex"):
            text = path.read_text("utf-8")
            assert f"Version {version}" in text.partition('class="colophon"')[2], path
            assert text.count("@misc{lmgbook,") == 1, path
            licences = re.findall('<a rel="license" href="([^"]*)"', text)
            assert len(licences) == 2 and all((path.parent / at).exists() for at in licences), path


def test_a_work_is_listed_under_the_words_that_cite_it(html):
    listed = re.findall(r'<div class="citation" id="(\w+)".*?</p>', read(html, LIST), re.DOTALL)
    labels = re.findall(r'fn-bracket">\[</span>(.*?)<span class="fn-br', read(html, LIST))
    names = dict(zip(listed, labels, strict=True))
    assert len(set(labels)) == len(labels) > 90
    cited = set()
    for path in html.glob("book/*/*.html"):
        for anchor, words in CITATION.findall(path.read_text("utf-8")):
            assert re.sub("<[^>]*>", "", words).replace("\xa0", " ") == names[anchor], path
            cited.add(anchor)
    assert len(cited) > 80


def test_plans_stand_in_the_order_of_the_book(html):
    plans = re.findall("<h2>([^<]*): teaching plan<", read(html, "book/appendix/teaching"))
    side_bar = read(html, "book/intro").partition("<main")[0]
    assert len(plans) > 5 and plans == sorted(plans, key=lambda title: side_bar.find(title))


def test_arrows_of_the_side_bar_are_named(html):
    side_bar = read(html, "book/glassy/the_cloud").partition("<main")[0]
    names = re.findall(r'<summary(?: aria-label="Pages of ([^"]{4,})")?>', side_bar)
    assert len(names) == len(set(names)) == 6 and all(names)


def test_files_beside_the_pages(html):
    for name in (".nojekyll", "favicon.ico", "robots.txt", "404.html"):
        assert (html / name).exists(), name
    assert (html / "favicon.ico").read_bytes()[:4] == b"\0\0\1\0"
    assert (html / "sitemap.xml").exists() == ("Sitemap:" in (html / "robots.txt").read_text())


def test_sitemap_lists_every_page(html):
    if not (html / "sitemap.xml").exists():
        pytest.skip("the address of the site is not known here")
    places = [place.text for place in ElementTree.parse(html / "sitemap.xml").iter() if place.text]
    listed = {PurePosixPath(urlsplit(place.strip()).path).name for place in places if place.strip()}
    assert listed == {path.name for path in html.glob("book/**/*.html")}


class Links(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.links = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.links += [attrs[key] for key in ("href", "src") if key in attrs]


def test_lost_readers_find_home_at_any_depth(html):
    """The page for wrong addresses is shown in any folder: its links name the root."""
    links = Links((html / "404.html").read_text("utf-8")).links
    base = links[0].removesuffix("_static/favicon.svg")
    assert len(links) > 8 and base.startswith("/") and base.endswith("/")
    for link in links:
        assert link.startswith(base) and (html / link.removeprefix(base)).exists(), link


def test_what_no_page_asks_for_is_not_shipped(html):
    assert not [*html.rglob("*.map"), *html.rglob("*.mo"), *html.rglob("fontawesome.js")]
    scripts = [*html.rglob("_static/*.js"), *html.rglob("_static/*.css")]
    assert len(scripts) > 3
    assert not [path for path in scripts if "sourceMappingURL" in path.read_text("utf-8")[-200:]]


def test_licences_are_in_the_site_and_on_the_status_page(html):
    status = read(html, "book/appendix/status")
    for part, _, source in publishing.PARTS:
        assert part in status and f"../../{publishing.place(source)}" in status, part
        assert len((html / publishing.place(source)).read_text("utf-8")) > 500, part


@pytest.mark.browser
def test_lost_page_in_a_browser(browser, site):
    page = browser.new_page()
    page.goto(f"{site}/404.html")
    assert page.locator("h1").count() == 1
    page.close()
