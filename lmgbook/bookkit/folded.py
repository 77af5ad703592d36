"""What folded code is called: the line that a reader opens it by says what is in it.

Cells tagged `hide-input` hold what a reader can do without: imports, how a figure is drawn, how
numbers are printed and compared with the ledger. A cell that is none of these brings a name of its
own, `{"mystnb": {"code_prompt_show": "...", "code_prompt_hide": "..."}}`.
"""

import re

from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform

# the first that is found in a cell
KINDS = (
    (r"(?m)\A(?:import|from) ", "Imports"),
    (r"\bexplore\.\w+\(", "Code of the slider"),
    (r"(?s)\bledger\.check\(.*\bledger\.check\(", "Code of the checks"),
    (r"\bledger\.check\(", "Code of the check"),
    (r"\bprint\(", "Code of the numbers"),
)
OTHERWISE = "Code"
PROMPTS = ("prompt_show", "prompt_hide")


def label(source, figure=False):
    """Name of a folded cell, by its code and by whether a figure comes out of it."""
    if figure:
        return "Code of the figure"
    return next((name for kind, name in KINDS if re.search(kind, source)), OTHERWISE)


class NameFoldedCells(SphinxPostTransform):
    default_priority = 190  # before the one that makes boxes of them
    formats = ("html",)

    def run(self, **kwargs):
        for cell in self.document.findall(nodes.container):
            if cell.get("hide_mode") != "input":
                continue
            own = cell["cell_metadata"].get("mystnb", {})
            name = label(cell.children[0].astext(), "figure" in own)
            for prompt in PROMPTS:
                cell[prompt] = own.get(f"code_{prompt}", name)


def setup(app):
    app.add_post_transform(NameFoldedCells)
