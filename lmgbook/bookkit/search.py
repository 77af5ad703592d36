"""A search that finds prose: its data, one small file that only the search page loads.

Sphinx's own index holds code and LaTeX, wants every word of a question on the page, does not rank,
and fetches each page that it finds for an excerpt of it. Here the prose of every section goes into
`search-data.js`, without code, long formulas and outputs; `search.js` ranks the pages and cuts the
excerpts out of the same text. What a page folds, hints, answers and solutions, is found, and never
shown in an excerpt. A script tag loads it, so that it works from a folder too. Titles
here like to ask a question: what people call the subject of a page stands in `book/search.yml`.
"""

import json
import re
from pathlib import Path

import yaml
from docutils import nodes
from sphinx import addnodes

from . import contents, formulas

SKIPPED = (
    addnodes.index,
    addnodes.toctree,
    nodes.comment,
    nodes.doctest_block,
    nodes.field_list,  # parameters of functions
    nodes.image,
    nodes.literal_block,
    nodes.math_block,
    nodes.raw,
    nodes.system_message,
    nodes.target,
    nodes.title,
)
OUTSIDE = {"cell_input", "cell_output", "page-position", "ledger-symbols"}
FOLDED = {"dropdown", "sd-dropdown"}
BREAK = (nodes.paragraph, nodes.term, nodes.entry, nodes.caption, addnodes.desc_signature)
# what people ask with, and what pages say; a word stands for the others at half its weight
SAME = [
    "fast quick speed efficient rapid cheap",
    "slow adiabatic gradual",
    "propagate evolve integrate evolution",
    "sweep ramp quench",
    "follow lag",
    "measure measurement look readout observe",
    "disturb disturbance invasive perturb",
    "thermal thermalise thermalize thermalisation equilibrate equilibrium",
    "bath reservoir",
    "isolated closed alone",
    "lecture course teach class student lecturer",
    "molecule dissociate dissociation breaks",
    "edge surface boundary border",
    "mistake error misprint erratum errata wrong correction",
    "noise dephasing decoherence",
    "classical semiclassical",
    "jump discontinuous",
    "smooth continuous",
    "exponent power",
    "survive lifetime live",
    "fraction share probability",
    "simulate simulation compute",
    "small finite",
]


def prose(node, folded):
    """Text of a node that belongs to its own section, without code.

    What is folded is added to the list `folded` instead.
    """
    parts = []
    for child in node.children:
        if isinstance(child, nodes.Text):
            parts.append(child.astext())
        elif isinstance(child, nodes.math):
            parts.append(formulas.text(child.astext()))
        elif isinstance(child, nodes.superscript):
            parts.append(child.astext().translate(formulas.RAISED))
        elif FOLDED & set(child.get("classes", ())):
            folded.append(prose(child, folded))
        elif isinstance(child, (nodes.section, addnodes.desc, nodes.definition_list_item)) and (
            place(child)
        ):
            continue  # an entry of its own
        elif not isinstance(child, SKIPPED) and not OUTSIDE & set(child.get("classes", ())):
            parts.append(prose(child, folded))
            if isinstance(child, BREAK):
                parts.append(" ")
    return "".join(parts)


def place(node):
    """Anchor and title of a section, a documented object or a term; None for other nodes."""
    if isinstance(node, nodes.section):
        title = node.next_node(nodes.title)
        known = title is not None and node["ids"]
        return (node["ids"][0], plain(title.astext())) if known else None
    for kind, head in ((addnodes.desc, addnodes.desc_signature), (nodes.Element, nodes.term)):
        if isinstance(node, kind) and (first := node.next_node(head)) is not None and first["ids"]:
            return first["ids"][0], first.get("fullname") or plain(first.astext())
    return None


def plain(text):
    """Text in one line, with the short formulas of titles as words: beta for its letter."""
    text = formulas.raise_exponents(" ".join(text.split()))
    return re.sub(r"\\(\w+)|[{}$]", r"\1", text)


def entries(doctree):
    """[anchor, title, text, folded text] of each section of a page."""
    found = []
    for node in doctree.findall():
        if isinstance(node, (nodes.section, addnodes.desc, nodes.definition_list_item)):
            if where := place(node):
                text = plain(prose(node, folded := []))
                found.append([*where, text, plain(" ".join(folded))])
    if found:
        found[0][0] = ""  # the page itself
    return found


def folder(app):
    return Path(app.srcdir, "_build", "search")


def collect(app, pagename, templatename, context, doctree):
    """Keep the prose of a page when it is written; a file each, as pages may be written apart."""
    if doctree is not None:
        path = folder(app) / f"{pagename.replace('/', '+')}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(entries(doctree), ensure_ascii=False), "utf-8")


def subjects(app):
    """Page -> what it is about: words of ours, and its question on the overview of its chapter."""
    names = Path(app.srcdir, "book", "search.yml")
    own = yaml.safe_load(names.read_text("utf-8")) if names.exists() else {}
    found = {f"book/{page}": words for page, words in own.items()}
    for pages in contents.chapters(app.env).values():
        for page, _, question in pages:
            found[page] = f"{found.get(page, '')} {plain(question)}"
    return found


def write(app, exception):
    if exception or app.builder.name != "html":
        return
    words = subjects(app)
    pages, sections = [], []
    for page in sorted(app.env.found_docs):
        path = folder(app) / f"{page.replace('/', '+')}.json"
        if path.exists():
            found = json.loads(path.read_text("utf-8"))
            sections += [[len(pages), *entry] for entry in found]
            pages.append([page, found[0][1] if found else page, words.get(page, "")])
    data = {"pages": pages, "sections": sections, "same": [group.split() for group in SAME]}
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    Path(app.outdir, "_static", "search-data.js").write_text(f"const LIBRARY = {text};\n", "utf-8")
    for unused in ("searchindex.js", "_static/searchtools.js"):
        Path(app.outdir, unused).unlink(missing_ok=True)


def setup(app):
    app.connect("html-page-context", collect)
    app.connect("build-finished", write)
