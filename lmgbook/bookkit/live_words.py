"""What a live notebook asks the book for: numbers, verdicts, references, citations, as Markdown.

Everything is asked of Sphinx, once all pages are known: each role or link that stands in a notebook
is parsed again by itself and resolved as on the page, and the nodes that come out are written as
Markdown. A kind of node that is not known here stops the build. See `live` for where links lead.
"""

import posixpath
import re

from docutils import nodes
from myst_nb.core.variables import format_plain_text
from myst_nb.ext.glue.crossref import read_glue_cache
from myst_parser.parsers.sphinx_ import MystParser
from sphinx.errors import ExtensionError
from sphinx.transforms import SphinxTransformer
from sphinx.util.docutils import new_document, sphinx_domains

from . import formulas, live_text, numbers, site
from .ledger_pages import Html, Small

NUMBERS = ("eq", "numref", "ref", "prf:ref")  # with the page that it belongs to, if another
REFERENCES = (*NUMBERS, "link", "doc", "cite")


def escaped(text):
    """Plain text as Markdown."""
    return re.sub(r"([\\`*\[\]<])", r"\\\1", text)


class Words:
    """Answers what the text of one notebook asks for, by way of Sphinx."""

    def __init__(self, app, docname, cells):
        self.app, self.env, self.docname, self.cells = app, app.env, docname, cells
        self.inline, self.blocks = {}, {}
        self.settings = app.env.get_doctree(docname).settings

    def learn(self, asked):
        """Look up everything that a text has asked for."""
        inline = {}
        for key, (name, argument) in asked.inline.items():
            if name == "glue:text":
                self.inline[key] = self.glued(argument)
            else:
                inline[key] = (name, argument)
        paragraphs = self.nodes([self.written(*entry) for entry in inline.values()])
        for (key, (name, argument)), paragraph in zip(inline.items(), paragraphs, strict=True):
            self.inline[key] = self.answer(name, argument, paragraph)
        for source in asked.blocks:
            found = self.nodes([source])
            self.blocks[source] = "\n\n".join(self.written_block(node) for node in found).strip()

    def written(self, name, argument):
        """MyST that Sphinx understands without the notebook around it."""
        if name == "link":
            return f"[x]({argument})"
        if name == "number":  # of an exercise, a proposition, a figure, a table
            known = getattr(self.env, "sphinx_exercise_registry", {})
            proofs = getattr(self.env, "proof_list", {})
            kind = "ref" if argument in known else "prf:ref" if argument in proofs else "numref"
            return f"{{{kind}}}`{argument}`"
        return f"{{{name}}}`{argument}`"

    def nodes(self, sources):
        """Resolved nodes of blocks of MyST."""
        document = new_document(self.env.doc2path(self.docname), self.settings)
        self.env.prepare_settings(self.docname)
        with sphinx_domains(self.env):
            MystParser().parse("\n\n".join(sources), document)
        transformer = SphinxTransformer(document)
        transformer.set_environment(self.env)
        transformer.add_transforms(self.app.registry.get_post_transforms())
        transformer.apply_transforms()
        return list(document.children)

    def glued(self, argument):
        """A number that the notebook glued; the role exists only where a notebook is read."""
        file, _, argument = argument.rpartition("::")
        page = self.env.path2doc(self.env.relfn2path(file, self.docname)[1]) if file else None
        key, _, form = argument.partition(":")
        folder = self.env.mystnb_config.output_folder
        data = read_glue_cache(folder, page or self.docname)[key]["data"]
        return escaped(numbers.written(format_plain_text(data["text/plain"], form or "s")))

    def answer(self, name, argument, paragraph):
        """Markdown for a role, or the address that a link leads to."""
        references = list(paragraph.findall(nodes.reference))
        if name in REFERENCES and not references:
            raise ValueError(f"{{{name}}}`{argument}` leads nowhere")
        if name == "link":
            return self.target(references[0])
        if name == "number":
            return re.sub(r"\s+", " ", paragraph.astext()).partition(" (")[0].strip()
        if name == "cite":
            return "(" + "; ".join(map(self.citation, references)) + ")"
        text = self.markdown(paragraph)
        if name in NUMBERS and "<" not in argument:
            page, _ = self.place(references[0])
            title = self.title(page)
            if page != self.docname and paragraph.astext() != title.astext():
                # of the link only, so that the page's title is part of what one clicks on
                inner = self.children(references[0])
                return self.linked(f"{inner} of *{self.children(title)}*", references[0])
        return text

    # the methods that `live_text` calls

    def role(self, name, argument):
        return self.inline[f"{{{name}}}`{argument}`"]

    def link(self, text, target):
        address = self.inline[f"[x]({target})"]
        return f"[{text}]({address})" if address else text

    def equation(self, label):
        return re.search(r"\(([\w.]+)\)", self.inline[f"{{eq}}`{label}`"])[1]

    def block(self, source):
        return self.blocks[source]

    # references

    def title(self, page):
        return self.env.titles[page]

    def place(self, reference):
        """Page and anchor that a reference within the book leads to."""
        if "refid" in reference:
            return self.docname, reference["refid"]
        path, _, anchor = reference["refuri"].partition("#")
        folder = posixpath.dirname(self.docname)
        page = posixpath.normpath(posixpath.join(folder, path)) if path else self.docname
        return page.removesuffix(".html"), anchor

    def target(self, reference):
        """Address for a live notebook; "" if there is none."""
        address = reference.get("refuri", "")
        if re.match(r"\w+:", address):
            return address
        page, anchor = self.place(reference)
        if page not in self.cells:
            base = site.pages(self.app.srcdir)
            return base and f"{base}/{page}.html{anchor and '#'}{anchor}"
        start = posixpath.dirname(self.docname)
        file = posixpath.relpath(f"{page}.ipynb", start) if page != self.docname else ""
        cell = self.cells[page].get(anchor.removeprefix("equation-"), "")
        return f"{file}{cell and '#cell-id='}{cell}" or f"{posixpath.basename(page)}.ipynb"

    def linked(self, text, reference):
        address = self.target(reference)
        return f"[{text}]({address})" if address else text

    def citation(self, reference):
        """Author and year, linked to the publication, or to the list of references."""
        about, text = reference.get("reftitle", ""), self.children(reference)
        if found := re.search(r"\bdoi:(\S+?)\.?$", about):
            doi = found[1].replace("(", "%28").replace(")", "%29")
            return f"[{text}](https://doi.org/{doi})"
        if found := re.search(r"\barXiv:(\S+?)[.,]?(?:\s|$)", about):
            return f"[{text}](https://arxiv.org/abs/{found[1]})"
        return self.linked(text, reference)

    # nodes as Markdown

    def children(self, node):
        return "".join(map(self.markdown, node.children))

    def markdown(self, node):
        """Inline Markdown of a node."""
        inside = self.children(node)
        match node:
            case nodes.Text():
                return escaped(node.astext())
            case nodes.literal():
                return f"`{node.astext()}`"
            case nodes.math():
                return f"${node.astext()}$"
            case nodes.emphasis():
                return f"*{inside}*"
            case nodes.strong():
                return f"**{inside}**"
            case nodes.superscript():
                plain = node.astext()
                short = plain.translate(formulas.RAISED)
                return short if re.fullmatch(r"[0-9+\N{MINUS SIGN}-]+", plain) else f"^{inside}"
            case nodes.reference():
                return self.linked(inside, node)
            case nodes.inline() if "verdict" in node["classes"]:
                return f"**{inside}**"
            case Small():
                return f"{inside.strip()} "
            case nodes.inline() | nodes.paragraph() | nodes.title():
                return inside
        raise ExtensionError(f"no Markdown is known for {node.tagname}: {node.astext()[:200]}")

    def written_block(self, node):
        """Markdown of a node of the ledger, or of plain text."""
        match node:
            case Html() if node["tag"] == "dl":
                return "; ".join(map(self.fact, node)) + "."
            case Html() if node["tag"] in ("ol", "ul"):
                return "\n".join(f"- {self.joined(item)}" for item in node)
            case Html() if node["tag"] == "details":
                title, *rest = node.children
                inner = "\n\n".join(map(self.written_block, rest))
                return live_text.details(title.astext(), inner)
        return self.markdown(node).strip()

    def fact(self, fact):
        return f"{fact['name']}: " + re.sub(r"\s+", " ", self.children(fact)).strip()

    def joined(self, item):
        return " ".join(self.written_block(child) for child in item)
