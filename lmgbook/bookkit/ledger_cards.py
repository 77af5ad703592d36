"""Show the lines that `ledger.check` prints as cards: claim, printed, ours, tolerance, verdict.

The notebook keeps its line, which the tests compare; here each line of the output of a cell that
belongs to a claim of the ledger gives way to a card, made from the claim and the glued numbers.
"""

import re

from docutils import nodes
from docutils.utils import new_document
from myst_parser.parsers.sphinx_ import MystParser
from sphinx.transforms import SphinxTransform

from .ledger_pages import Html, all_claims, facts, full_badge, uses_ledger
from .paper_equations import claims_folder, link, papers, place_text

LINE = re.compile(r"(\w+\.\w+): .* -> [a-z ]+")


class Cards(SphinxTransform):
    """Replace the ledger's lines in the outputs of a notebook."""

    default_priority = 200

    def apply(self, **options):
        claims = None
        for block in list(self.document.findall(nodes.literal_block)):
            if "stream" not in block["classes"] or " -> " not in block.astext():
                continue
            claims = claims or all_claims(self.env)
            parts = self.split(block, claims)
            if any(isinstance(part, Html) for part in parts):
                uses_ledger(self.env)
                block.replace_self(parts)

    def split(self, block, claims):
        """Cards, and what else was printed between them."""
        parts, other = [], []

        def rest():
            if "".join(other).strip():
                text = "\n".join(other)
                copy = block.copy()
                copy.rawsource = text
                copy += nodes.Text(text)
                parts.append(copy)
            other.clear()

        for line in block.astext().rstrip("\n").split("\n"):
            found = LINE.fullmatch(line)
            if found and found[1] in claims:
                rest()
                parts.append(self.card(claims[found[1]]))
            else:
                other.append(line)
        rest()
        return parts

    def card(self, claim):
        paper = papers(claims_folder(self.env))[claim.id.partition(".")[0]]
        self.env.temp_data["ledger_paper"] = paper.stem
        place = link(self.env, paper, place_text(paper, claim.where))
        lead = [full_badge(claim, claim.id), nodes.Text(" ")]
        statement = nodes.paragraph("", "", *lead, *self.inline(claim.statement))
        parts = [statement, facts(claim, self.inline, place)]
        if claim.tolerance_reason:
            why = self.inline(claim.tolerance_reason)
            parts.append(nodes.paragraph("", "", nodes.Text("Tolerance: "), *why))
        self.env.temp_data.pop("ledger_paper")
        attributes = {"role": "group", "aria-label": f"Checked: {', '.join(claim.where)}"}
        return Html("", *parts, tag="div", attributes=attributes, classes=["ledger-card"])

    def inline(self, text):
        """Nodes for inline MyST."""
        document = new_document(self.document["source"], self.document.settings)
        MystParser().parse(text, document)
        paragraph = next(iter(document.findall(nodes.paragraph)), None)
        return list(paragraph.children) if paragraph is not None else [nodes.Text(text)]


def setup(app):
    app.add_transform(Cards)
