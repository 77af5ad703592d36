"""Terms of the glossary become links where a page uses them first, and nowhere else."""

import io

import pytest
from bs4 import BeautifulSoup
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace

from lmgbook.bookkit import terms

pytestmark = pytest.mark.filterwarnings("ignore")  # Sphinx's own

PAGES = {
    "index": "# Book\n\n```{toctree}\none/page\nend/glossary\nend/list\n```\n",
    "one/page": "# A gap\n\n"
    "The *gap* and two gaps; `gap`, $gap$, [a gap](https://x.org), gapless. A Mean-field theory."
    "\n\n"
    "```{note}\nA tricritical\npoint, no critical point.\n```\n",
    "end/list": "# List\n\nA gap.\n",
    "end/glossary": "# Glossary\n\n```{glossary}\ngap\n  Between $E_0$ and the next: see "
    "{term}`gap`. It closes.\n\nmean field\n  All act as one, $\\frac12$.\n\n"
    "tricritical point\n  A point.\n\n"
    "critical point\n  Another.\n```\n",
}


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    source = tmp_path_factory.mktemp("book")
    for name, text in PAGES.items():
        (source / name).parent.mkdir(exist_ok=True)
        (source / f"{name}.md").write_text(text, encoding="utf-8")
    config = {
        "extensions": ["myst_nb", "lmgbook.bookkit.terms"],
        "html_theme": "basic",
        "myst_enable_extensions": ["dollarmath"],
    }
    warnings = io.StringIO()
    with docutils_namespace():
        out = source / "out"
        Sphinx(source, None, out, out / "t", "html", config, status=None, warning=warnings).build()
    assert warnings.getvalue() == ""

    def read(name):
        return BeautifulSoup((out / f"{name}.html").read_text("utf-8"), "html.parser")

    return read


def test_first_mention_in_prose_is_linked(page):
    links = page("one/page").select("a.glossary-term")
    assert [(link.get_text(), link["href"]) for link in links] == [
        ("gap", "../end/glossary.html#term-gap"),
        ("Mean-field", "../end/glossary.html#term-mean-field"),
        ("tricritical\npoint", "../end/glossary.html#term-tricritical-point"),
        ("critical point", "../end/glossary.html#term-critical-point"),
    ]
    assert [link.get("title") for link in links] == [
        "Between E₀ and the next.",
        "All act as one, 1/2.",
        "A point.",
        "Another.",
    ]


def test_pages_beside_the_glossary_have_no_such_links(page):
    assert not page("end/list").select("a.glossary-term")
    assert not page("end/glossary").select("a.glossary-term")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One. Two.", "One."),
        ("One: 1.5 of it; no more", "One."),
        ("So 0.5 it is", "So 0.5 it is"),
        ("word " * 80, "word " * 47 + "word …"),
    ],
)
def test_tips_are_one_sentence(text, expected):
    assert terms.first_sentence(text) == expected
