"""Equations of the papers, told apart from the book's own: `{paper-eq}` renders as "DEKM (5)".

The role takes what stands in the paper: `5`, `5, 7-9`, `23a`, or any other place, `Fig. 2a`. The
paper is that of the page's chapter; elsewhere it comes first, `slow_quenches:5`. The link leads to
the paper by its DOI, and the tooltip says which paper it is, both from the bibliography.
"""

import functools
import re
from pathlib import Path

from docutils import nodes
from sphinx.errors import ExtensionError
from sphinx.util import logging
from sphinx.util.docutils import SphinxRole

from .. import ledger

LOGGER = logging.getLogger(__name__)
EQUATION = re.compile(r"\d+[a-z]?")


@functools.cache
def papers(folder):
    """The papers by the name of their chapter, held against all rules of the ledger."""
    try:
        ledger.validate(folder)
        return {paper.stem: paper for paper in ledger.load_papers(folder)}
    except ledger.LedgerError as error:
        raise ExtensionError(str(error)) from None


def claims_folder(env):
    return Path(env.srcdir, env.config.ledger_claims)


@functools.cache
def entries(files):
    """All entries of the bibliography files."""
    from pybtex.database import parse_file

    found = {}
    for file in files:
        found |= parse_file(file).entries
    return found


def reference(env, paper):
    """Address and description of a paper; "" where the bibliography has none."""
    files = getattr(env.config, "bibtex_bibfiles", None) or []
    entry = entries(tuple(str(Path(env.srcdir, file)) for file in files)).get(paper.key)
    if entry is None:
        return "", paper.title
    field = entry.fields.get
    names = [" ".join(person.last_names) for person in entry.persons.get("author", [])]
    authors = ", ".join(names) if len(names) < 5 else f"{names[0]} et al."
    published = " ".join(filter(None, [field("journal"), field("volume")]))
    where = ", ".join(filter(None, [published, field("pages")]))
    text = ", ".join(filter(None, [authors, where or field("note")])) + f" ({field('year')})"
    doi = field("doi") or (field("eprint") and f"10.48550/arXiv.{field('eprint')}")
    return doi and f"https://doi.org/{doi}", re.sub(r"[{}]", "", text)


def place_text(paper, places):
    """Places of a paper in words: "DEKM (2), (3), text after (9)"."""
    texts = [re.sub(r"\bEqs?\. ?(\d+[a-z]?)", r"(\1)", place) for place in places]
    return f"{paper.short} {', '.join(texts)}".strip()


def link(env, paper, text, tip=True):
    """Node for a place in a paper, linked where the paper has a DOI; a tip says which paper."""
    address, about = reference(env, paper)
    if not address:
        return nodes.inline("", text, classes=["paper-place"])
    tips = {"reftitle": about} if tip else {}
    return nodes.reference("", text, refuri=address, classes=["paper-place"], **tips)


class PaperEquation(SphinxRole):
    def run(self):
        chapter, colon, places = self.text.rpartition(":")
        chapters = papers(claims_folder(self.env))
        if not colon:
            own = Path(self.env.docname).parent.name
            chapter = self.env.temp_data.get("ledger_paper") or own
        if chapter not in chapters:
            LOGGER.warning("no paper %r for %r", chapter, self.text, location=self.get_location())
            return [nodes.literal("", self.text)], []
        paper = chapters[chapter]
        self.env.note_dependency(str(paper.path))
        parts = [place.strip() for place in places.split(",")]
        text = ", ".join(EQUATION.sub(r"(\g<0>)", p) if p[:1].isdigit() else p for p in parts)
        # "(7)-(9)" is a range
        text = re.sub(r"\)[-\N{EN DASH}]\(", ")\N{EN DASH}(", text)
        return [link(self.env, paper, f"{paper.short or paper.title} {text}")], []


def setup(app):
    app.add_config_value("ledger_claims", "book/claims", "env")
    app.add_role("paper-eq", PaperEquation())
