"""What surrounds the pages: descriptions, citations, addresses, licences, banners."""

import re
from types import SimpleNamespace

import pytest
from docutils import nodes
from projects import ROOT

from lmgbook.bookkit import publishing

HASH = "0123456789abcdef0123456789abcdef01234567"


def section(*paragraphs):
    """A page of paragraphs; a part of one that starts with a dollar sign is a formula."""
    page = nodes.section("")
    for parts in paragraphs:
        made = [nodes.math(p, p) if p.startswith("$") else nodes.Text(p) for p in parts]
        page += nodes.paragraph("", "", *made)
    return page


def test_a_description_is_what_a_page_says_first():
    text = "How slowly must a field change for a magnet to follow? The answer is in the gap."
    assert publishing.description(section([text], ["Another."])) == text


def test_a_description_has_no_formula():
    first = ["Let ", "$x$", " be small. ", "Then the magnet follows its field to the very end."]
    assert publishing.description(section(first)) == (
        "Then the magnet follows its field to the very end."
    )
    second = "A paragraph of plain words that goes on for a while and then ends."
    assert publishing.description(section(["Of ", "$x$", "."], [second])) == second
    assert publishing.description(section(["Short."])) == publishing.description(None) == ""


def test_the_line_on_where_a_page_stands_is_no_description():
    page = section(["Page 2 of 8 of a chapter that has a very long name, about 35 min"])
    page[0]["classes"] = ["page-position"]
    assert publishing.description(page) == ""


@pytest.mark.parametrize(
    "text", ["A sentence of fifty characters, which stands alone. " * 4, "word " * 60]
)
def test_a_long_description_ends_between_words(text):
    short = publishing.shorten(text.strip())
    assert 40 < len(short) <= publishing.WORDS
    assert short[-1] in ".…" and text.startswith(short.removesuffix(" …"))


def app(base="", url=None, commit=""):
    config = SimpleNamespace(html_baseurl=base, html_title="lmgbook", root_doc="book/intro")
    known = {"repository": url, "commit": commit, "has_pdf": False}
    return SimpleNamespace(config=config, srcdir=ROOT, **known)


def test_head_without_an_address_names_none():
    lines = publishing.head(app(), "book/a", 'The <em>"a"</em>', "About it.")
    assert '<meta name="description" content="About it.">' in lines
    assert 'og:title" content="The &quot;a&quot;"' in lines
    assert "http" not in lines and "image" not in lines


def test_head_with_an_address():
    lines = publishing.head(app("https://x.org/b/"), "book/a", "A", "")
    assert 'og:url" content="https://x.org/b/book/a.html"' in lines
    assert 'og:image" content="https://x.org/b/_static/cover.png"' in lines
    assert (ROOT / "book" / "_assets" / "cover.png").exists()
    assert publishing.citation(ROOT)["title"] in lines


def test_the_picture_has_the_size_that_is_told():
    from PIL import Image

    _, width, height = publishing.PICTURE
    with Image.open(ROOT / "book" / "_assets" / "cover.png") as picture:
        assert picture.size == (width, height)


def test_citations_balance_and_hold_what_the_file_says():
    about = publishing.citation(ROOT)
    text = publishing.cite(app("https://x.org/b/", commit=HASH), "book/glassy/the_cloud", "A cloud")
    assert text.count("{") == text.count("}") and text.count("\n@") == 1
    assert about["title"] in text and f"Version {about['version']}, commit {HASH[:12]}" in text
    assert "@incollection{lmgbook-glassy-the-cloud," in text
    assert "url = {https://x.org/b/book/glassy/the_cloud.html}" in text
    for page in ("book/intro", "book/appendix/status", "search"):
        assert "incollection" not in publishing.cite(app(), page, "T")


@pytest.mark.parametrize(
    ("url", "start"),
    [
        (None, ""),
        ("https://github.com/a/b", "https://github.com/a/b/issues/new?template=wrong-number.yml"),
        ("https://gitlab.com/a/b", "https://gitlab.com/a/b/-/issues/new?issue%5Btitle%5D=T"),
    ],
)
def test_faults_are_reported_where_the_repository_is(url, start):
    address = publishing.report(url, "book/glassy/fitting", "T")
    assert address.startswith(start) and bool(address) == bool(url)
    assert not url or "glassy%2Ffitting" in address
    # the form has the field that the address fills in
    form = (ROOT / ".github" / "ISSUE_TEMPLATE" / "wrong-number.yml").read_text("utf-8")
    assert "id: where" in form


def test_permalink_needs_repository_and_commit():
    url = "https://github.com/a/b"
    shown = publishing.colophon(app(url=url, commit=HASH), "book/intro", "T")
    assert shown["permalink"] == f"{url}/tree/{HASH}"
    assert not publishing.colophon(app(commit=HASH), "book/intro", "T")["permalink"]
    assert not publishing.colophon(app(url=url), "book/intro", "T")["permalink"]


@pytest.mark.parametrize(
    ("page", "files"),
    [
        ("book/intro", ["lmgbook.pdf"]),
        ("book/appendix/glossary", ["lmgbook.pdf"]),
        ("search", ["lmgbook.pdf"]),
        ("book/glassy/fitting", ["lmgbook.pdf", "glassy.pdf"]),
        ("book/glassy/index", ["lmgbook.pdf", "glassy.pdf"]),
    ],
)
def test_files_to_print_of_a_page(page, files):
    assert [name for _, name in publishing.pdf(page)] == files


def test_arrows_are_named_by_chapter():
    one = '<a class="reference" href="x">2. Gaps &amp; <em>more</em></a><details><summary>'
    two = one.replace("2. Gaps", "3. Jumps").replace("<details>", '<details open="open">')
    found = publishing.ARROW.sub(publishing.name_arrow, f"<ul>{one}</summary>{two}")
    assert 'aria-label="Pages of 2. Gaps &amp; more"' in found
    assert 'open="open"><summary aria-label="Pages of 3. Jumps' in found


def test_every_part_has_the_text_of_its_licence():
    for part, _, source in publishing.PARTS:
        kept = ROOT / "book" / "_assets" / "licences" / source
        text = kept.read_text("utf-8") if kept.is_file() else publishing.licence(source, ROOT)
        assert len(text) > 500 and re.search("copyright|creative commons", text.lower()), part


PAGE = '<head><link rel="canonical" href="x"></head><body class="b">\n<p>text</p></body>'


def test_old_versions_lead_to_the_new_one(tmp_path):
    old, new = tmp_path / "v" / "0.1", tmp_path
    for page in (old / "book" / "a.html", old / "book" / "gone.html", new / "book" / "a.html"):
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_text(PAGE)
    (new / "index.html").write_text(PAGE)
    assert publishing.mark_old(old, "0.1", new) == 2
    here = (old / "book" / "a.html").read_text()
    assert 'href="../../../book/a.html"' in here and "version 0.1 of the book" in re.sub(
        r"\s+", " ", here
    )
    assert "noindex" in here and "canonical" not in here
    assert 'href="../../../index.html"' in (old / "book" / "gone.html").read_text()
    assert publishing.mark_old(old, "0.1", new) == 0
    assert (new / "book" / "a.html").read_text() == PAGE
