"""Bring the ledger onto the pages: what a paper prints, what this book finds, and the verdict.

Roles `{printed}`, `{ours}`, `{outside}` and `{verdict}` take a claim's id; the directives are
`{scoreboard}` (all claims, one table a paper) and `{errata}` (what does not hold as printed).
The computed numbers are those that the notebooks glue with `ledger.publish()`: myst-nb keeps them
in one JSON file a notebook, which is read here once all notebooks have run. A claim without its
number is a warning.
"""

import ast
import functools
import json
import re
from collections import Counter
from pathlib import Path

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx import addnodes
from sphinx.errors import ExtensionError
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective, SphinxRole

from .. import ledger

LOGGER = logging.getLogger(__name__)
ERRATA = ("corrected", "conditional", "not supported")


class Number(nodes.Inline, nodes.TextElement):
    """A computed number, known only when all notebooks have run."""


class Badge(nodes.Inline, nodes.TextElement):
    """A verdict, linked to its row of the scoreboard once that is known."""


class Region(nodes.General, nodes.Element):
    """A box that scrolls sideways on a phone, and can be reached by keyboard."""


# --- what the pages know ------------------------------------------------------------------------


@functools.cache
def papers(folder):
    try:
        return {paper.stem: paper for paper in ledger.load_papers(folder)}
    except ledger.LedgerError as error:
        raise ExtensionError(str(error)) from None


def claims_folder(env):
    return Path(env.srcdir, env.config.ledger_claims)


def all_claims(env):
    chapters = papers(claims_folder(env)).values()
    return {claim.id: claim for paper in chapters for claim in paper.claims}


def notebook_page(env, claim):
    """Page that checks a claim: notebooks are named relative to the chapters' folder."""
    return (Path(env.config.ledger_claims).parent / claim.notebook).as_posix()


def glued(env, page):
    """Numbers that a notebook published; nothing if it did not run."""
    keys = getattr(env, "nb_metadata", {}).get(page, {}).get("glue", [])
    path = Path(env.mystnb_config.output_folder, f"{page}.glue.json")
    if not keys or not path.exists():
        return {}
    data = json.loads(path.read_text(encoding="utf-8"))
    return {key: data[key]["data"]["text/plain"] for key in keys if key in data}


def computed(env):
    """All published numbers of the claims, by glue key."""
    values, pages = {}, {}
    for claim in all_claims(env).values():
        if claim.notebook:
            page = notebook_page(env, claim)
            found = pages.setdefault(page, glued(env, page))
            for key in (claim.id, f"{claim.id}.outside"):
                if key in found:
                    values[key] = float(ast.literal_eval(found[key]))
    return values


def state(env):
    """What this extension keeps between builds."""
    if not hasattr(env, "ledger_state"):
        env.ledger_state = {"pages": set(), "rows": {}, "values": {}}
    return env.ledger_state


def uses_ledger(env):
    """Read this page again when a claims file changes, resolve it again when a number does."""
    state(env)["pages"].add(env.docname)
    for paper in papers(claims_folder(env)).values():
        env.note_dependency(str(paper.path))


# --- pieces of a page ---------------------------------------------------------------------------


def typeset(text):
    """Nodes for a number: a proper minus sign, and powers of ten instead of `e-05`."""
    mantissa, power, exponent = text.partition("e")
    if not re.fullmatch(r"[-+]?[\d.]+", mantissa):
        return [nodes.Text(text)]
    result = [nodes.Text(mantissa.replace("-", "\N{MINUS SIGN}"))]
    if power:
        exponent = f"{int(exponent)}".replace("-", "\N{MINUS SIGN}")
        result += [nodes.Text(" \N{MULTIPLICATION SIGN} 10"), nodes.superscript("", exponent)]
    return result


def printed(claim, parse):
    """Nodes for what the paper prints; `parse` renders inline MyST."""
    if re.fullmatch(r"[-+]?[\d.]+(e[-+]?\d+)?", claim.printed):
        return typeset(claim.printed)
    return parse(claim.printed)


def number(claim, outside=False):
    key = f"{claim.id}.outside" if outside else claim.id
    return Number("", key=key, entry=claim, classes=["ledger-value"])


def badge(verdict, claim_id=None, text=None):
    return Badge("", text or verdict, verdict=verdict, claim=claim_id)


def cross_reference(env, kind, target, text=None):
    """Pending link to a page ("doc") or to a labelled section ("ref")."""
    label = nodes.inline("", text or target, classes=["std", f"std-{kind}"])
    return addnodes.pending_xref(
        "",
        label,
        refdomain="std",
        reftype=kind,
        reftarget=f"/{target}" if kind == "doc" else target.lower(),
        refexplicit=text is not None,
        refwarn=True,
        refdoc=env.docname,
    )


def row_id(claim):
    return nodes.make_id(f"claim-{claim.id}")


def tally(claims):
    """Counts of the verdicts that occur, in the ledger's order."""
    counts = Counter(claim.verdict for claim in claims)
    return [(verdict, counts[verdict]) for verdict in ledger.VERDICTS if counts[verdict]]


class ClaimRole(SphinxRole):
    """Roles that take the id of a claim."""

    def __init__(self, kind):
        self.kind = kind

    def run(self):
        uses_ledger(self.env)
        claim = all_claims(self.env).get(self.text)
        if claim is None:
            LOGGER.warning("no claim %r in the ledger", self.text, location=self.get_location())
            return [nodes.literal("", self.text)], []
        if self.kind == "verdict":
            return [badge(claim.verdict, claim.id)], []
        if self.kind == "printed":
            return printed(claim, self.parse), []
        return [number(claim, outside=self.kind == "outside")], []

    def parse(self, text):
        return self.inliner.parse(text, self.lineno, None, self.inliner.parent)[0]


class LedgerDirective(SphinxDirective):
    """Common parts of the directives: the choice of papers, and paragraphs."""

    option_spec = {"paper": directives.unchanged_required}

    def run(self):
        uses_ledger(self.env)
        chapters = papers(claims_folder(self.env))
        wanted = self.options.get("paper")
        if wanted and wanted not in chapters:
            raise self.error(f"no claims file {wanted}.yml; there are: {', '.join(chapters)}")
        return self.show([chapters[wanted]] if wanted else list(chapters.values()))

    def by_paper(self, chapters, show):
        """Nodes of `show(paper)`, under a heading each unless the page chose one paper."""
        if "paper" in self.options:
            return show(chapters[0])
        sections = []
        for paper in chapters:
            title = self.parse(paper.title)
            about = [self.paragraph(*self.parse(paper.about))] if paper.about else []
            section = nodes.section("", nodes.title("", "", *title), *about, *show(paper))
            section["ids"] = [nodes.make_id(f"{self.name}-{paper.stem}")]
            section["names"] = [nodes.fully_normalize_name(f"{self.name} {paper.stem}")]
            sections.append(section)
        return sections

    def parse(self, text):
        return self.state.inline_text(text, self.lineno)[0]

    def paragraph(self, *content, classes=()):
        parts = [nodes.Text(part) if isinstance(part, str) else part for part in content]
        return nodes.paragraph("", "", *parts, classes=list(classes))

    def links(self, claim):
        """Where the claim stands in the paper, and where this book deals with it."""
        parts = [nodes.Text(", ".join(claim.where))]
        if claim.notebook:
            page = notebook_page(self.env, claim)
            parts += [nodes.Text(" · "), cross_reference(self.env, "doc", page)]
        if claim.section:
            link = cross_reference(self.env, "ref", claim.section)
            parts += [nodes.Text(" · shown in "), link]
        return parts

    def ours(self, claim):
        """Our number, with what it measures where that is not obvious."""
        if not claim.notebook:
            return [self.paragraph("\N{EM DASH}")]
        content = [self.paragraph(number(claim))]
        if claim.measure:
            content.append(self.paragraph(*self.parse(claim.measure), classes=["ledger-small"]))
        if claim.verdict == "conditional":
            outside = number(claim, outside=True)
            outside["optional"] = "outside the condition: "
            content.append(self.paragraph(outside, classes=["ledger-small"]))
        return content


class Scoreboard(LedgerDirective):
    option_spec = LedgerDirective.option_spec | {
        "summary": directives.flag,
        "compact": directives.flag,
    }

    def show(self, chapters):
        if "summary" in self.options:
            return [nodes.bullet_list("", *map(self.line, chapters), classes=["ledger-summary"])]
        return self.by_paper(chapters, self.table_of)

    def line(self, paper):
        index = (Path(self.env.config.ledger_claims).parent / paper.stem / "index").as_posix()
        title = [cross_reference(self.env, "doc", index, paper.title), ": "]
        return nodes.list_item("", self.tally(paper, title))

    def tally(self, paper, lead=()):
        count = len(paper.claims)
        parts = [*lead, f"{count} claim{'s' if count != 1 else ''}: "]
        for position, (verdict, times) in enumerate(tally(paper.claims)):
            parts += [", "] if position else []
            parts.append(badge(verdict, text=f"{times} {verdict}"))
        return self.paragraph(*parts, ".", classes=["ledger-tally"])

    def table_of(self, paper):
        if "compact" in self.options:
            kind, head, widths = "compact", ("where", "claim", "verdict"), (18, 58, 24)
            rows = [self.compact_row(claim) for claim in paper.claims]
        else:
            kind, head, widths = "full", ("claim", "printed", "ours", "verdict"), (42, 19, 20, 19)
            rows = [self.row(claim) for claim in paper.claims]
        group = nodes.tgroup("", *(nodes.colspec(colwidth=width) for width in widths))
        group["cols"] = len(head)
        titles = [nodes.entry("", self.paragraph(text)) for text in head]
        group += [nodes.thead("", nodes.row("", *titles)), nodes.tbody("", *rows)]
        table = nodes.table(
            "", group, classes=["ledger-table", f"ledger-{kind}", "colwidths-given"]
        )
        region = Region("", table, label=f"Claims of the paper: {paper.title}")
        return [self.tally(paper), region]

    def compact_row(self, claim):
        statement = self.paragraph(*self.parse(claim.statement))
        cells = [self.paragraph(", ".join(claim.where)), statement]
        cells.append(self.paragraph(badge(claim.verdict, claim.id)))
        return nodes.row("", *(nodes.entry("", cell) for cell in cells))

    def row(self, claim):
        statement = [self.paragraph(*self.parse(claim.statement))]
        if remark := claim.note or claim.reason:
            statement.append(self.paragraph(*self.parse(remark), classes=["ledger-small"]))
        statement.append(self.paragraph(*self.links(claim), classes=["ledger-small"]))
        cells = [
            statement,
            [self.paragraph(*printed(claim, self.parse))],
            self.ours(claim),
            [self.paragraph(badge(claim.verdict))],
        ]
        row = nodes.row("", *(nodes.entry("", *cell) for cell in cells), ids=[row_id(claim)])
        state(self.env)["rows"][claim.id] = (self.env.docname, row_id(claim))
        return row


class Errata(LedgerDirective):
    def show(self, chapters):
        chapters = [paper for paper in chapters if self.faults(paper)]
        if not chapters:
            return [self.paragraph("Everything checked so far holds as printed.")]
        return self.by_paper(chapters, self.entries)

    def faults(self, paper):
        return [claim for claim in paper.claims if claim.verdict in ERRATA]

    def entries(self, paper):
        entries = nodes.definition_list(classes=["ledger-errata"])
        for claim in self.faults(paper):
            term = nodes.term("", "", nodes.Text(f"{', '.join(claim.where)} "))
            term += badge(claim.verdict, claim.id)
            definition = nodes.definition("", self.paragraph(*self.parse(claim.statement)))
            definition += self.paragraph(
                nodes.strong("", "Printed: "), *printed(claim, self.parse), "."
            )
            here, *more = self.ours(claim)
            here.insert(0, nodes.strong("", "Here: "))
            definition += [here, *more]
            if claim.note:
                definition += self.paragraph(*self.parse(claim.note))
            proof = cross_reference(self.env, "ref", claim.section)
            definition += self.paragraph(nodes.strong("", "Shown in: "), proof)
            entries += nodes.definition_list_item("", term, definition)
        return [entries]


# --- resolving, once all notebooks have run -----------------------------------------------------


class Resolve(SphinxPostTransform):
    """Replace numbers and badges by text and links."""

    default_priority = 5

    def run(self):
        known = state(self.env)
        for node in list(self.document.findall(Number)):
            node.replace_self(self.number(node, known["values"]))
        for node in list(self.document.findall(Badge)):
            node.replace_self(self.badge(node, known["rows"]))

    def number(self, node, values):
        if node["key"] in values:
            text = node["entry"].format(values[node["key"]])
            lead = [nodes.Text(node["optional"])] if "optional" in node else []
            return nodes.inline("", "", *lead, *typeset(text), classes=node["classes"])
        if "optional" in node:
            return nodes.inline()
        LOGGER.warning("no computed number for %r", node["key"], location=node)
        return nodes.inline("", "(no number)")

    def badge(self, node, rows):
        kind = f"verdict-{nodes.make_id(node['verdict'])}"
        text = nodes.inline("", node.astext(), classes=["verdict", kind])
        if node["claim"] is None:
            return text
        if node["claim"] not in rows:
            LOGGER.warning("no scoreboard lists %r", node["claim"], location=node)
            return text
        page, anchor = rows[node["claim"]]
        uri = self.app.builder.get_relative_uri(self.env.docname, page)
        uri = f"#{anchor}" if page == self.env.docname else f"{uri}#{anchor}"
        return nodes.reference("", "", text, refuri=uri, internal=True, classes=["verdict-link"])


def collect(app, env):
    """Gather the numbers of all notebooks, complain of missing ones, name the pages to resolve."""
    known, values = state(env), computed(env)
    for claim in all_claims(env).values():
        page = notebook_page(env, claim)
        if claim.notebook and claim.id not in values:
            why = "was not executed or does not check and publish it"
            why = why if page in env.found_docs else "is not a page of the book"
            LOGGER.warning("claim %s: notebook %s %s", claim.id, page, why)
    seen = (values, dict(known["rows"]))
    if known.get("seen") == seen:
        return []
    known.update(values=values, seen=seen)
    return sorted(known["pages"] & env.found_docs)


def purge(app, env, docname):
    known = state(env)
    known["pages"].discard(docname)
    known["rows"] = {key: row for key, row in known["rows"].items() if row[0] != docname}


def merge(app, env, docnames, other):
    theirs = state(other)
    state(env)["pages"] |= theirs["pages"] & set(docnames)
    state(env)["rows"] |= {key: row for key, row in theirs["rows"].items() if row[0] in docnames}


def enter_region(self, node):
    label = self.attval(node["label"])
    self.body.append(f'<div class="ledger-region" role="region" aria-label="{label}" tabindex="0">')


def leave_region(self, node):
    self.body.append("</div>\n")


def skip(self, node):
    pass


def setup(app):
    app.add_config_value("ledger_claims", "book/claims", "env")
    app.add_node(Region, html=(enter_region, leave_region), latex=(skip, skip), text=(skip, skip))
    for kind in ("printed", "ours", "outside", "verdict"):
        app.add_role(kind, ClaimRole(kind))
    app.add_directive("scoreboard", Scoreboard)
    app.add_directive("errata", Errata)
    app.add_post_transform(Resolve)
    app.connect("env-get-updated", collect)
    app.connect("env-purge-doc", purge)
    app.connect("env-merge-info", merge)
    app.add_css_file("ledger.css")
