"""Write the numbers of running text as people read them: 9e-12 becomes 9 × 10 to the power -12.

They come from the ledger and from glue, formatted by Python. Code and printed output stay as they
are.
"""

import re

from docutils import nodes
from sphinx import addnodes
from sphinx.transforms.post_transforms import SphinxPostTransform

from .formulas import RAISED

NUMBER = re.compile(r"(?<![\w.])([-−]?)(\d+(?:\.\d+)?)e([+-]?)0*(\d+)\b")
SKIPPED = (
    nodes.literal,
    nodes.literal_block,
    nodes.math,
    nodes.math_block,
    nodes.raw,
    addnodes.desc_signature,
)


def typeset(text):
    """Pieces of a text, with powers of ten raised."""
    start = 0
    for match in NUMBER.finditer(text):
        sign, digits, minus, power = match.groups()
        mantissa = "" if float(digits) == 1 else f"{digits}\N{NO-BREAK SPACE}×\N{NO-BREAK SPACE}"
        raised = ("−" if minus == "-" else "") + power
        yield nodes.Text(text[start : match.start()] + sign + mantissa + "10")
        yield nodes.superscript("", raised)
        start = match.end()
    yield nodes.Text(text[start:])


def written(text):
    """The same with raised digits of Unicode, for text without markup."""
    return "".join(
        part.astext().translate(RAISED) if isinstance(part, nodes.superscript) else part.astext()
        for part in typeset(text)
    )


class Numbers(SphinxPostTransform):
    default_priority = 710  # when all numbers are in place

    def run(self, **options):
        for text in list(self.document.findall(nodes.Text)):
            parts = list(typeset(text.astext()))
            if len(parts) > 1 and not inside(text):
                text.parent.replace(text, parts)


def inside(text):
    node = text.parent
    while node is not None and not isinstance(node, SKIPPED):
        node = node.parent
    return node is not None


def setup(app):
    app.add_post_transform(Numbers)
