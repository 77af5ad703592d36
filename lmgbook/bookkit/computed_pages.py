"""Show on a plain page what stands or was computed elsewhere, so that nothing is written twice.

`{computed-figure}` takes a page and the name of a figure on it, and shows that figure with its
alternative text and a caption of its own. `{execution-status}` tells when the notebooks ran, and
the time and memory that each of them took, from `_build/execution.json` (see `run_notebooks`).
`{teaching-plans}` shows the plans that `make course` writes.

On the API page docstrings may be plain text, as they are read in an editor: a vertical bar is a bar
(reStructuredText would look for a substitution), a colon in the comment of a constant is a colon
(napoleon would look for a type), and `ndarray` is NumPy's.
"""

import datetime
import json
import platform
import re
from importlib.metadata import version
from pathlib import Path

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx import addnodes
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

from . import course, run_notebooks

LOGGER = logging.getLogger(__name__)
PACKAGES = ("lmgbook", "qutip", "numpy", "scipy", "matplotlib", "numba", "jupyter-book", "sphinx")


class Borrowed(nodes.General, nodes.Element):
    """The image of a figure on another page, known once that page has been read."""


class ComputedFigure(SphinxDirective):
    required_arguments = 2
    has_content = True
    option_spec = {"width": directives.length_or_percentage_or_unitless}

    def run(self):
        page, _ = self.env.relfn2path(self.arguments[0])
        figure = nodes.figure("", Borrowed("", page=page, name=self.arguments[1], **self.options))
        self.set_source_info(figure)
        if self.content:
            box = nodes.Element()
            self.state.nested_parse(self.content, self.content_offset, box)
            figure += nodes.caption("", "", *box[0].children)
        return [figure]


class Borrow(SphinxPostTransform):
    """Put the image where it was asked for."""

    default_priority = 5

    def run(self):
        for node in list(self.document.findall(Borrowed)):
            if image := self.image(node):
                node.replace_self(image)
            else:
                place = f"{node['page']}, figure {node['name']}"
                LOGGER.warning("no computed figure: %s", place, location=node)
                node.parent.remove(node)

    def image(self, node):
        if node["page"] not in self.env.found_docs:
            return None
        for figure in self.env.get_doctree(node["page"]).findall(nodes.figure):
            if node["name"] in figure["names"]:
                image = next(iter(figure.findall(nodes.image))).deepcopy()
                if "width" in node:
                    image["width"] = node["width"]
                return image
        return None


class ExecutionStatus(SphinxDirective):
    def run(self):
        path = Path(self.env.srcdir, "_build", "execution.json")
        self.env.note_dependency(str(path))
        python = f"Python {platform.python_version()} on {platform.system()} {platform.machine()}"
        versions = ", ".join([python, *(f"{name} {version(name)}" for name in PACKAGES)])
        if not path.exists():
            return [self.paragraph("The notebooks of this build ran while its pages were made.")]
        costs = json.loads(path.read_text(encoding="utf-8"))
        day = datetime.datetime.fromtimestamp(path.stat().st_mtime, datetime.UTC)
        when = self.paragraph(f"Built on {day:%d %B %Y}, {day:%H:%M} UTC, with {versions}.")
        return [when, self.table(costs)]

    def table(self, costs):
        head = ("notebook", "time (s)", "processor (s)", "memory (MB)")
        keys = ("execution_seconds", "cpu_seconds", "peak_megabytes")
        rows = [
            (self.link(name.removesuffix(".ipynb")), *(self.number(cost, key) for key in keys))
            for name, cost in costs.items()
        ]
        total = sum((cost or {}).get("execution_seconds", 0) for cost in costs.values())
        rows.append(("all together", f"{total:.0f}", "", ""))
        group = nodes.tgroup("", *(nodes.colspec(colwidth=w) for w in (46, 18, 18, 18)), cols=4)
        group += nodes.thead("", self.row(head))
        group += nodes.tbody("", *map(self.row, rows))
        return nodes.table("", group)

    def number(self, cost, key):
        value = (cost or {}).get(key, "")
        return f"{value:.1f}" if isinstance(value, float) else str(value)

    def row(self, cells):
        return nodes.row("", *(nodes.entry("", self.paragraph(cell)) for cell in cells))

    def paragraph(self, content):
        return nodes.paragraph("", "", nodes.Text(content) if isinstance(content, str) else content)

    def link(self, page):
        if page not in self.env.found_docs:
            return page
        return addnodes.pending_xref(
            "",
            nodes.inline("", page),
            refdomain="std",
            reftype="doc",
            reftarget=f"/{page}",
            refexplicit=False,
            refwarn=True,
            refdoc=self.env.docname,
        )


class TeachingPlans(SphinxDirective):
    """The plan of every chapter that has a `teaching.yml`, in the order of the book."""

    def run(self):
        root, texts = Path(self.env.srcdir), []
        homes = dict.fromkeys(Path(root, name).parent for name in run_notebooks.notebooks(root))
        for path in [home / "teaching.yml" for home in homes]:
            if not path.is_file():
                continue
            self.env.note_dependency(str(path))
            texts.append(re.sub("(?m)^#", "##", course.plan(path)))
        return self.parse_text_to_nodes("\n".join(texts), allow_section_headings=True)


# --- docstrings -----------------------------------------------------------------------------

CODE = re.compile(r"(``?.+?``?)")
TYPES = {"ndarray": "numpy.ndarray", "callable": "collections.abc.Callable"}


def before_napoleon(app, what, name, obj, options, lines):
    for index, line in enumerate(lines):
        if not line.lstrip().startswith((">>>", "...")):
            parts = CODE.split(line)
            parts[::2] = [part.replace("|", r"\|") for part in parts[::2]]
            lines[index] = "".join(parts)
    if what in ("attribute", "data", "property") and lines:
        lines[0] = lines[0].replace(": ", " \N{EN DASH} ", 1)


def after_napoleon(app, what, name, obj, options, lines):
    for index, line in enumerate(lines):
        if match := re.fullmatch(r"(\s*:type: )(\w+)", line):
            lines[index] = match[1] + TYPES.get(match[2], match[2])


def setup(app):
    app.add_node(Borrowed)
    app.add_directive("computed-figure", ComputedFigure)
    app.add_directive("execution-status", ExecutionStatus)
    app.add_directive("teaching-plans", TeachingPlans)
    app.add_post_transform(Borrow)
    app.add_css_file("api.css")
    # napoleon works at the default priority, 500
    app.connect("autodoc-process-docstring", before_napoleon, priority=400)
    app.connect("autodoc-process-docstring", after_napoleon, priority=600)
