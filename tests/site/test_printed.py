"""The book to print: pages joined without losing links, printed without empty sheets."""

import json
import subprocess

import pytest
from bs4 import BeautifulSoup
from conftest import ROOT

from lmgbook.bookkit import made_of, printed

PAGE = """\
<html><head><link rel="stylesheet" href="../../_static/a.css"></head><body>
<article class="bd-article">
<h1>{title}<a class="headerlink" href="#t">#</a></h1><h2 id="summary">Summary</h2>
<p><a href="#summary">here</a> <a href="{other}.html#summary">there</a>
<a href="{other}.html">all</a>
<a href="../appendix/status.html#when">status</a> <a href="https://qutip.org">out</a></p>
<label for="step">s</label><input id="step" type="radio" name="step">
<img loading="lazy" src="../../_images/a.svg">
<details><summary>A solution</summary>folded</details>
<details open><summary>x</summary>shown</details>
<form class="answer"><label>Your number <input></label></form>
<template data-for="equation-x"><math></math></template>
<div class="cell"><div class="cell_output"><pre>Python 3.11.7, lmgbook 0.1.0</pre></div></div>
<div class="cell"><div class="cell_output"><pre>a number</pre></div></div>
</article></body></html>
"""
FILL = """
import json, sys, pymupdf
found = []
for page in pymupdf.open(sys.argv[1]):
    low = page.rect.height - 50  # above the foot
    ends = [block[3] for block in page.get_text("blocks")]
    ends += [drawing["rect"].y1 for drawing in page.get_drawings()]
    found.append(max([end for end in ends if end < low] + [0]) / low)
print(json.dumps(found))
"""


@pytest.fixture
def two(tmp_path):
    folder = tmp_path / "book" / "x"
    folder.mkdir(parents=True)
    for name, other in (("one", "two"), ("two", "one")):
        (folder / f"{name}.html").write_text(PAGE.format(title=name, other=other))
    return printed.Pages(tmp_path, ["book/x/one", "book/x/two"])


def joined(pages, address=""):
    names = ["book/x/one", "book/x/two"]
    return BeautifulSoup(pages.volume("t", names, "", address), "html.parser")


def test_names_are_unique_and_links_stay_inside(two):
    soup = joined(two)
    names = [part["id"] for part in soup.select("[id]")]
    assert len(names) == len(set(names))
    inside = [link["href"] for link in soup.select("a[href^='#']")]
    assert len(inside) == 6 and {link[1:] for link in inside} <= set(names)
    assert [part["for"] for part in soup.select("label")] == [
        part["id"] for part in soup.select("input")
    ]
    assert {part["src"] for part in soup.select("img")} == {"_images/a.svg"}
    assert soup.select("link")[0]["href"] == "_static/a.css" and len(soup.select("link")) == 1


def test_links_to_other_pages_need_an_address(two):
    def outside(soup):
        return [link.get("href") for link in soup.find_all("a", string="status")]

    assert outside(joined(two)) == [None, None]
    address = "https://x.org/b/book/appendix/status.html#when"
    assert outside(joined(two, "https://x.org/b")) == [address, address]


def test_what_asks_for_a_script_is_left_out(two):
    assert not joined(two).select("form, template")


def test_what_is_folded_is_left_out(two):
    text = joined(two).get_text()
    assert "folded" not in text and text.count("shown") == 2
    assert "Python 3" not in text and text.count("a number") == 2


def test_every_chapter_is_a_volume(html):
    found = printed.volumes(ROOT)
    chapters = {path.parent.name for path in html.glob("book/*/index.html")}
    assert set(found) == {"lmgbook", *chapters}
    assert set(sum((found[name] for name in chapters), [])) < set(found["lmgbook"])


@pytest.mark.browser
@pytest.mark.weekly
def test_a_chapter_is_printed_without_empty_sheets(html, browser):
    """An outline, and no page but the first and the last that is half empty."""
    root_pages = printed.Pages(html, (pages := printed.volumes(ROOT)["slow_quenches"]))
    title = "Slow quenches"
    source, target = html / "print-test.html", ROOT / made_of.PDF / "test.pdf"
    target.parent.mkdir(exist_ok=True)
    source.write_text(root_pages.volume(title, pages, printed.front(ROOT, title), ""), "utf-8")
    try:
        printed.print_one(browser, source, target, title)
        content = target.read_bytes()
        run = [".ci/tool", "pdf", "python", "-c", FILL, target]
        said = subprocess.run(run, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    finally:
        source.unlink()
        target.unlink(missing_ok=True)
    assert b"/Outlines" in content
    filled = json.loads(said)
    assert len(filled) > 20
    assert {page + 1: fill for page, fill in enumerate(filled[1:-1], 1) if fill < 0.5} == {}
