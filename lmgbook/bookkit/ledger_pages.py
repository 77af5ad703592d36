"""Bring the ledger onto the pages: what a paper prints, what this book finds, and the verdict.

Roles take a claim's id: `{printed}`, `{ours}`, `{outside}`, `{rejected}`, `{tolerance}` and
`{verdict}`. The directives are `{scoreboard}` (all claims, one list a paper; `:compact:` shows the
highlights of one paper and folds the rest, `:summary:` counts), `{errata}` (what does not hold as
printed, by kind) and `{tolerance-words}`. Rows that follow from one slip count once, at their root.

The computed numbers are those that the notebooks glue with `ledger.publish()`: myst-nb keeps them
in one JSON file a notebook, which is read here once all notebooks have run. A claim without its
number is a warning. All of it is written into the site as `claims.json`.
"""

import ast
import json
import operator
import re
from collections import Counter
from decimal import Decimal
from pathlib import Path

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx import addnodes
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective, SphinxRole

from .. import __version__, ledger
from .ledger_symbols import dressed, used
from .paper_equations import claims_folder, link, papers, place_text, reference

LOGGER = logging.getLogger(__name__)
ERRATA = ("corrected", "not supported")
LINK = re.compile(
    r'<a class="reference internal" (href="[^"]*")>'
    r'<span class="(?:doc|std std-ref)">(.*?)</span></a>'
)
FAIR = {
    "open": "In fairness (nothing is decided): ",
    "corrected": "In fairness (the correction stands): ",
    "conditional": "In fairness (the condition stands): ",
}
# how a number was found, for who reads a row and nothing else
ROUTES = {
    "identity": "an identity, evaluated",
    "recomputed": "the paper's formula, evaluated",
    "independent": "found independently",
}
# said where an identity is checked and nothing is rejected: no row is silent about its strength
SLIP = "only a slip in the printed formula could fail here"
GROUPS = {  # what matters most comes first
    "conclusion": "Conclusions",
    "formula": "Formulas",
    "number": "Numbers",
    "misprint": "Misprints",
    "": "Not yet sorted",
}


class Number(nodes.Inline, nodes.TextElement):
    """A computed number, known only when all notebooks have run."""


class Badge(nodes.Inline, nodes.TextElement):
    """A verdict, linked to its row of the scoreboard once that is known."""


class Small(nodes.Inline, nodes.TextElement):
    """Small print: hundreds of them on one page, so without a class."""


class Html(nodes.General, nodes.Element):
    """A box of HTML: its tag, and attributes beside id and class."""


class Fact(nodes.General, nodes.TextElement):
    """A pair of dt and dd; one that waits for numbers vanishes if there are none."""


# --- what the pages know ------------------------------------------------------------------------


def chapters(env):
    """The papers in the order of the book's contents."""
    found = papers(claims_folder(env))
    toc = Path(env.srcdir, "_toc.yml")
    text = toc.read_text(encoding="utf-8") if toc.exists() else ""
    # a chapter is found by its folder; what the contents do not name comes last
    start = {stem: text.find(f"/{stem}/") % (len(text) + 1) for stem in found}
    return {stem: found[stem] for stem in sorted(found, key=start.get)}


def all_claims(env):
    return {claim.id: claim for paper in chapters(env).values() for claim in paper.claims}


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
            for key, text in found.items():
                if key == claim.id or key.startswith(f"{claim.id}."):
                    values[key] = float(ast.literal_eval(text))
    return values


def rejected(claim, values):
    """What the check of a claim would reject: label -> number."""
    lead = f"{claim.id}.rejects"
    return {
        key.removeprefix(lead).removeprefix("."): value
        for key, value in values.items()
        if key == lead or key.startswith(f"{lead}.")
    }


def state(env):
    """What this extension keeps between builds."""
    if not hasattr(env, "ledger_state"):
        env.ledger_state = {"pages": set(), "rows": {}, "values": {}}
    return env.ledger_state


def uses_ledger(env):
    """Read this page again when a claims file changes, resolve it again when a number does."""
    state(env)["pages"].add(env.docname)
    for paper in chapters(env).values():
        env.note_dependency(str(paper.path))


# --- pieces of a page ---------------------------------------------------------------------------


def typeset(text):
    """Nodes for a number: a proper minus sign, and powers of ten instead of `e-05`."""
    lead = "below " if text.startswith("below ") else ""
    mantissa, power, exponent = text.removeprefix(lead).partition("e")
    if not re.fullmatch(r"[-+]?[\d.]+", mantissa):
        return [nodes.Text(text)]
    if power and -4 < int(exponent) < 3:
        mantissa, power = f"{Decimal(mantissa + power + exponent):f}", ""
    mantissa = mantissa if float(mantissa) else mantissa.lstrip("-")
    result = [nodes.Text(lead + mantissa.replace("-", "\N{MINUS SIGN}"))]
    if power:
        exponent = f"{int(exponent)}".replace("-", "\N{MINUS SIGN}")
        result += [nodes.Text(" \N{MULTIPLICATION SIGN} 10"), nodes.superscript("", exponent)]
    return result


def printed(claim, parse):
    """Nodes for what the paper prints; `parse` renders inline MyST."""
    if re.fullmatch(r"[-+]?[\d.]+(e[-+]?\d+)?", claim.printed):
        return typeset(claim.printed)
    return parse(claim.printed)


def agreement(claim):
    """Nodes for the numbers that agree with the paper, and the rule that says how far off."""
    if claim.tolerance is None:
        return []
    if claim.rule in ("above", "below"):
        return [nodes.Text(f"{claim.rule} "), *typeset(short(claim, claim.target))]
    width = typeset(f"{claim.tolerance:.3g}")
    words = {"digits": "half the last digit", "identity": "rounding", "number": "", "": ""}
    why = words.get(claim.rule)
    if why is None:
        quoted = f"\N{LEFT DOUBLE QUOTATION MARK}{claim.rule}\N{RIGHT DOUBLE QUOTATION MARK}"
        why = f"{breadth(ledger.WORDS[claim.rule])} for {quoted}"
    parts = [*typeset(short(claim, claim.target)), nodes.Text(" \N{PLUS-MINUS SIGN} "), *width]
    return [*parts, *([nodes.Text(" "), small(nodes.Text(f"({why})"))] if why else [])]


def breadth(width):
    """What a word is worth: a part, or half a decade."""
    return "half a decade" if width == 0.5 else f"{100 * width:.0f} %"


def split(measure):
    """What is compared, and where the number "outside" was taken."""
    found = re.search(r" \(outside,? (.*?)\)", measure)
    return (measure.replace(found[0], ""), found[1]) if found else (measure, "")


def short(claim, target):
    """A target as it was given, or, like 1/3, with the digits of our number."""
    text = f"{target:.6g}"
    return text if len(re.sub(r"e.*|[-.]|^0\.0*", "", text)) < 6 else claim.format(target)


def fails(claim):
    """Whether the check has to find that our number does not agree."""
    return claim.doubtful or claim.verdict in ERRATA


def number(claim, part=""):
    """The number of a claim, or a part of its check: "found", "outside", "rejects", "first"."""
    return Number("", entry=claim, part=part)


def badge(verdict, claim_id=None, text=None, detail=""):
    return Badge("", text or verdict, verdict=verdict, claim=claim_id, detail=detail)


def full_badge(claim, claim_id=None):
    """Badge with what a row must say about its verdict: the kind of fault, or the kind of proof.

    A claim that fails outside the regime of its paper says so, once the numbers are known.
    """
    if claim.doubtful:
        return badge("open", claim_id, "corrected if our reading is right", claim.kind)
    proof = "by algebra" if claim.verdict == "reproduced" and claim.evidence == "identity" else ""
    result = badge(claim.verdict, claim_id, detail=claim.kind or proof)
    result["full"] = claim
    return result


def facts(claim, parse, where, symbols=()):
    """What a row or a card says in numbers, as a list of terms.

    `where` links to the paper, `symbols` says what the symbols of a row are.
    """
    inferred = claim.source == "inferred"
    paper = nodes.Text("not printed; inferred by us: ") if inferred else nodes.Text("")
    seen = [nodes.Text(" (figure, not seen)")] if claim.source == "figure, not seen" else []
    pairs = [("Paper prints", [paper, *printed(claim, parse), *seen, nodes.Text(" "), where])]
    if claim.should_be and claim.verdict != "conditional":
        pairs.append(("Should be", parse(claim.should_be)))
    if claim.verdict == "conditional" and claim.note:
        pairs.append(("Condition", parse(claim.note)))
    if symbols:
        # the same in row after row: nobody searches for them
        told = Small("", "", *parse("; ".join(symbols)), classes=["ledger-symbols"])
        pairs.append(("Symbols", [told]))
    if claim.notebook:
        quantity, where_else = split(claim.measure)
        pairs.append(("Compared", parse(quantity) if quantity else []))
        pairs.append(("Would agree", agreement(claim)))
        found = number(claim, "found")
        found += [nodes.inline("", "", *parse(claim.route))] if claim.route else []
        pairs.append(("We find", [found]))
        told = number(claim, "rejects")
        # parsed here, chosen once the numbers are known
        told += [nodes.inline("", "", *parse(t), label=k) for k, t in claim.if_false.items()]
        pairs.append(("What passes" if fails(claim) else "If false", [told]))
        beyond = "Where it fails" if claim.verdict == "conditional" else "Outside its regime"
        place = [nodes.Text(" "), small(*parse(where_else))] if where_else else []
        pairs.append((beyond, [number(claim, "outside"), *place]))
    if claim.verdict == "open":
        pairs.append(("To decide it", parse(claim.reason)))
    # the theme leaves a list alone if it is called simple
    listed = Html("", tag="dl", classes=["simple"])
    for name, content in filter(operator.itemgetter(1), pairs):
        listed += Fact("", "", *content, name=name)
    return listed


def small(*content):
    return Small("", "", *content)


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
    """Counts of the verdicts that occur, in the ledger's order, and of the kinds of their faults.

    Rows that follow from one slip count once.
    """
    roots = [claim for claim in claims if claim.is_root]
    result = []
    for verdict in ledger.VERDICTS:
        those = [claim for claim in roots if claim.verdict == verdict]
        kinds = Counter(claim.kind for claim in those if claim.kind and verdict in ERRATA)
        named = [f"{kinds[k]} {k}{'s' if kinds[k] > 1 else ''}" for k in ledger.KINDS if kinds[k]]
        if those:
            result.append((verdict, len(those), ", ".join(named)))
    return result


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
            if claim.source == "inferred":
                message = "%r is inferred, the paper does not print it"
                LOGGER.warning(message, claim.id, location=self.get_location())
            return printed(claim, self.parse), []
        if self.kind == "tolerance":
            return typeset(f"{claim.tolerance or 0:.3g}"), []
        part = {"ours": "", "outside": "outside", "rejected": "first"}[self.kind]
        node = number(claim, part)
        node["classes"] = ["ledger-value"]  # in a row or on a card all numbers are of one kind
        return [node], []

    def parse(self, text):
        return self.inliner.parse(text, self.lineno, None, self.inliner.parent)[0]


class LedgerDirective(SphinxDirective):
    """Common parts of the directives: the choice of papers, and paragraphs."""

    option_spec = {"paper": directives.unchanged_required}

    def run(self):
        uses_ledger(self.env)
        found = chapters(self.env)
        wanted = self.options.get("paper")
        if wanted and wanted not in found:
            raise self.error(f"no claims file {wanted}.yml; there are: {', '.join(found)}")
        return self.show([found[wanted]] if wanted else list(found.values()))

    def section(self, name, title, *content):
        section = nodes.section("", nodes.title("", "", *title), *content)
        section["ids"] = [nodes.make_id(f"{self.name}-{name}")]
        section["names"] = [nodes.fully_normalize_name(f"{self.name} {name}")]
        return section

    def parse(self, text, paper=None):
        # equations of a paper without its name are those of the paper at hand
        self.env.temp_data["ledger_paper"] = paper and paper.stem
        try:
            return self.state.inline_text(text, self.lineno)[0]
        finally:
            self.env.temp_data.pop("ledger_paper")

    def paragraph(self, *content, classes=()):
        parts = [nodes.Text(part) if isinstance(part, str) else part for part in content]
        return nodes.paragraph("", "", *parts, classes=list(classes))

    def named(self, paper):
        """What the initials of a paper stand for."""
        uri, text = reference(self.env, paper)
        known = nodes.reference("", text, refuri=uri) if uri else nodes.Text(text)
        return [nodes.strong("", paper.short), " is ", known]

    def place(self, paper, claim):
        # its heading names the paper: a tip in each of hundreds of rows would only weigh
        return link(self.env, paper, place_text(paper, claim.where), tip=False)

    def facts(self, paper, claim):
        shown = [claim.statement, claim.note, claim.printed, claim.should_be, claim.measure]
        text = " ".join([*shown, claim.route, *claim.if_false.values(), *claim.where])
        return facts(
            claim,
            lambda text: self.parse(dressed(paper.symbols, text), paper),
            self.place(paper, claim),
            used(paper.symbols, text, claim.own_symbols),
        )

    def remark(self, paper, claim):
        """One line of reason, before the numbers; the condition of a verdict is among them."""
        said = not claim.note or claim.verdict == "conditional"
        return [] if said else [self.paragraph(*self.parse(claim.note, paper))]

    def shown(self, claim):
        """Where this book deals with the claim."""
        if not claim.section:
            return []
        return [self.paragraph("Shown in ", cross_reference(self.env, "ref", claim.section))]

    def follows(self, paper, root):
        """Links to the rows that follow from the slip of another."""
        rows = [claim for claim in paper.claims if claim.root == root.id and claim is not root]
        parts = ["Counted with it: " if rows else ""]
        for position, claim in enumerate(rows):
            parts += ["; " if position else "", f"{', '.join(claim.where)} "]
            parts.append(badge(claim.verdict, claim.id))
        return [self.paragraph(*parts)] if rows else []


class Scoreboard(LedgerDirective):
    option_spec = LedgerDirective.option_spec | {
        "summary": directives.flag,
        "compact": directives.flag,
    }

    def show(self, found):
        if "summary" in self.options:
            return [nodes.bullet_list("", *map(self.line, found), classes=["ledger-summary"])]
        if "compact" in self.options:
            return [each for paper in found for each in self.overview(paper)]
        if "paper" in self.options:
            return self.rows(found[0])
        data = nodes.reference("", "claims.json", refuri=self.up("claims.json"), internal=True)
        note = self.paragraph("All rows as data, with our numbers: ", data, ".")
        return [note, *map(self.all_of, found)]

    def up(self, file):
        return "../" * self.env.docname.count("/") + file

    def all_of(self, paper):
        about = [self.paragraph(*self.named(paper), ".")]
        about += [self.paragraph(*self.parse(paper.about, paper))] if paper.about else []
        rows = [*self.rows(paper), *self.untested(paper)]
        return self.section(paper.stem, self.parse(paper.title), *about, *rows)

    def untested(self, paper):
        """Places of the paper that make no claim, folded, each with the reason."""
        items = Html("", tag="ul", classes=["ledger-others"])
        for where, reason in paper.no_claim:
            place = link(self.env, paper, place_text(paper, where), tip=False)
            items += Html("", self.paragraph(place, ": ", *self.parse(reason, paper)), tag="li")
        title = Html("", nodes.Text("Places that make no claim to test"), tag="summary")
        folded = Html("", title, items, tag="details", classes=["ledger-folded"])
        return [folded] if paper.no_claim else []

    def line(self, paper):
        index = (Path(self.env.config.ledger_claims).parent / paper.stem / "index").as_posix()
        title = [cross_reference(self.env, "doc", index, paper.title), ": "]
        return nodes.list_item("", self.tally(paper, title))

    def tally(self, paper, lead=()):
        roots, rows = sum(claim.is_root for claim in paper.claims), len(paper.claims)
        claims = f"{roots} claim{'s' if roots != 1 else ''}"
        parts = [*lead, claims, f" in {rows} rows: " if rows > roots else ": "]
        for position, (verdict, times, kinds) in enumerate(tally(paper.claims)):
            parts += [", "] if position else []
            parts.append(badge(verdict, text=f"{times} {verdict}"))
            parts += [f" ({kinds})"] if kinds else []
        return self.paragraph(*parts, ".", classes=["ledger-tally"])

    def rows(self, paper):
        listed = Html("", tag="ol", classes=["ledger-rows"])
        at = None
        for claim in paper.claims:
            # the page is named once for all the rows that it computes
            if claim.notebook and claim.notebook != at:
                at = claim.notebook
                page = cross_reference(self.env, "doc", notebook_page(self.env, claim))
                lead = self.paragraph("Computed in ", page, ":")
                listed += Html("", lead, tag="li", classes=["ledger-page"])
            listed += self.row(paper, claim)
        return [self.tally(paper), listed]

    def row(self, paper, claim):
        kind = claim.kind or claim.evidence
        about = {"data-verdict": claim.verdict}
        row = Html("", tag="li", attributes=about | ({"data-kind": kind} if kind else {}))
        row["ids"] = [row_id(claim)]
        statement = self.parse(claim.statement, paper)
        row += self.paragraph(full_badge(claim), " ", *statement)
        row += [*self.remark(paper, claim), self.facts(paper, claim), *self.shown(claim)]
        if claim.fair and claim.is_root:
            fair = self.parse(claim.fair, paper)
            row += self.paragraph(FAIR.get(claim.verdict, "In fairness: "), *fair)
        if not claim.is_root:
            root = all_claims(self.env)[claim.root]
            parts = ["Counted with ", f"{', '.join(root.where)} ", badge(root.verdict, root.id)]
            row += self.paragraph(*parts)
        state(self.env)["rows"][claim.id] = (self.env.docname, row_id(claim))
        return row

    def overview(self, paper):
        """The claims that matter, and the others folded away."""
        claims = {claim.id: claim for claim in paper.claims}
        shown = Html("", tag="ol", classes=["ledger-rows"])
        for claim in map(claims.get, paper.highlights):
            row = Html("", tag="li")
            statement = self.parse(claim.statement, paper)
            link = full_badge(claim, claim.id)
            row += self.paragraph(link, " ", *statement)
            row += self.facts(paper, claim)
            shown += row
        rest = [claim for claim in paper.claims if claim.id not in paper.highlights]
        items = Html("", tag="ul", classes=["ledger-others"])
        for claim in rest:
            place = small(self.place(paper, claim))
            statement = self.parse(claim.statement, paper)
            item = self.paragraph(badge(claim.verdict, claim.id), " ", *statement, " ", place)
            items += Html("", item, tag="li")
        title = Html("", nodes.Text(f"The other {len(rest)} rows"), tag="summary")
        folded = Html("", title, items, tag="details", classes=["ledger-folded"])
        return [self.tally(paper), *([shown] if paper.highlights else []), folded]


class Errata(LedgerDirective):
    def show(self, found):
        roots = [
            (paper, claim)
            for paper in found
            for claim in paper.claims
            if claim.verdict in ERRATA and claim.is_root
        ]
        if not roots:
            return [self.paragraph("Everything checked so far holds as printed.")]
        sections = []
        for kind, title in GROUPS.items():
            those = [self.entry(*root) for root in roots if root[1].kind == kind]
            if those:
                listed = Html("", *those, tag="ol", classes=["ledger-rows"])
                title = [nodes.Text(f"{title} ({len(those)})")]
                sections.append(self.section(kind or "other", title, listed))
        named = Html("", tag="ul", classes=["ledger-others"])
        for paper in found:
            times = sum(other is paper for other, _ in roots)
            entries = f"{times} entr{'y' if times == 1 else 'ies'}"
            named += Html("", self.paragraph(*self.named(paper), f": {entries}"), tag="li")
        return [named, *sections]

    def entry(self, paper, claim):
        def line(lead, text):
            strong = nodes.strong("", lead)
            return self.paragraph(strong, *self.parse(text, paper))

        statement = self.parse(claim.statement, paper)
        link = full_badge(claim, claim.id)
        row = Html("", tag="li")
        row += self.paragraph(link, " ", *statement)
        row += [*self.remark(paper, claim), self.facts(paper, claim), *self.shown(claim)]
        if claim.fair:
            row += line("How it may have been meant: ", claim.fair)
        row += self.follows(paper, claim)
        return row


class ToleranceWords(LedgerDirective):
    def show(self, found):
        """The table of words, which is one for all papers."""
        by_width = {}
        for word, width in ledger.WORDS.items():
            by_width.setdefault(width, []).append(word)
        listed = Html("", tag="dl", classes=["ledger-words", "simple"])
        for width, words in by_width.items():
            listed += Fact("", ", ".join(words), name=breadth(width))
        return [listed]


# --- resolving, once all notebooks have run -----------------------------------------------------


class Resolve(SphinxPostTransform):
    """Replace numbers and badges by text and links."""

    default_priority = 5

    def run(self):
        known = state(self.env)
        for node in list(self.document.findall(Number)):
            content = self.number(node, known["values"])
            if content:
                plain = nodes.inline("", "", *content, classes=node["classes"])
                node.replace_self(plain if node["classes"] else content)
            elif node["part"] in ("rejects", "outside") and isinstance(node.parent, Fact):
                node.parent.parent.remove(node.parent)
            else:
                LOGGER.warning("no computed number for %r", node["entry"].id, location=node)
                node.replace_self(nodes.inline("", "(no number)"))
        for node in list(self.document.findall(Badge)):
            node.replace_self(self.badge(node, known["rows"]))

    def number(self, node, values):
        """Nodes of one number, or nothing if no notebook has published it."""
        claim, part = node["entry"], node["part"]
        if part in ("rejects", "first"):
            pairs = list(rejected(claim, values).items())
            if part == "first":
                return typeset(claim.format(pairs[0][1])) if pairs else []
            words = {each["label"]: each.children for each in node.children}
            told = [
                self.rejection(claim, value, words.get(label, words.get("")) or [nodes.Text(label)])
                for label, value in pairs
            ]
            if not told and claim.verdict == "reproduced" and claim.evidence == "identity":
                return [small(nodes.Text(SLIP))]
            return [each for one in told for each in (nodes.Text("; "), *one)][1:]
        key = claim.id if part in ("", "found") else f"{claim.id}.{part}"
        if key not in values:
            return []
        content = typeset(claim.format(values[key]))
        error = values.get(f"{claim.id}.error")
        if error and key == claim.id:
            content += [nodes.Text(" \N{PLUS-MINUS SIGN} "), *typeset(f"{error:.1g}")]
        if part == "found":
            words = [nodes.Text(f" ({ROUTES[claim.evidence]}")]
            for route in node.children:
                words += [nodes.Text(": "), *route.children]
            if fails(claim) and claim.away(values[key]):
                words.append(nodes.Text(f"; {claim.away(values[key])} away"))
            content.append(small(*words, nodes.Text(")")))
        return content

    def rejection(self, claim, value, words):
        far = claim.verdict in ("reproduced", "conditional") and claim.away(value)
        away = [nodes.Text(" "), small(nodes.Text(f"({far} away)"))] if far else []
        text = claim.format(value)
        if len(re.sub(r"^[-0.]*|e.*|\.", "", text)) > 4 and claim.away(value):
            # what is ten tolerances away needs no fifth digit
            close = abs(value - claim.target) < 10 * claim.tolerance
            text = text if close else f"{value:.4g}"
        return [*typeset(text), nodes.Text(" "), *words, *away]

    def badge(self, node, rows):
        kind = f"verdict-{nodes.make_id(node['verdict'])}"
        claim, values = node.get("full"), state(self.env)["values"]
        detail = node["detail"]
        if claim and claim.verdict == "reproduced" and f"{claim.id}.outside" in values:
            beyond = claim.margin(values[f"{claim.id}.outside"]) < 0
            detail = ", ".join(filter(None, [detail, beyond and "in its regime only"]))
        text = node.astext() + (f" \N{MIDDLE DOT} {detail}" if detail else "")
        text = nodes.inline("", text, classes=["verdict", kind])
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
        labels = list(rejected(claim, values))
        if claim.if_false and list(claim.if_false) not in ([""] * (len(labels) == 1), labels):
            LOGGER.warning("claim %s: if_false does not fit what is rejected: %s", claim.id, labels)
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


def as_data(env):
    """The whole ledger with our numbers, for programs."""
    values, rows = state(env)["values"], state(env)["rows"]
    found = []
    for paper in chapters(env).values():
        address, text = reference(env, paper)
        claims = []
        for claim in paper.claims:
            fields = (
                "id where statement printed source target measure route if_false tolerance rule "
                "tolerance_reason verdict kind root evidence should_be fair note reason notebook "
                "section"
            ).split()
            row = {key: getattr(claim, key) for key in fields}
            row["value"] = values.get(claim.id)
            row["error"] = values.get(f"{claim.id}.error")
            row["outside"] = values.get(f"{claim.id}.outside")
            row["rejects"] = rejected(claim, values)
            page, anchor = rows.get(claim.id, ("", ""))
            row["page"] = page and f"{env.app.builder.get_target_uri(page)}#{anchor}"
            claims.append({key: each for key, each in row.items() if each not in (None, "", {})})
        about = {"chapter": paper.stem, "title": paper.title, "citation": text, "url": address}
        about |= {"about": paper.about}
        counts = {verdict: times for verdict, times, _ in tally(paper.claims)}
        found.append(about | {"counts_of_roots": counts, "claims": claims})
    return {"schema": 1, "version": __version__, "papers": found}


def write_data(app, exception):
    if exception is None and app.builder.format == "html" and state(app.env)["rows"]:
        text = json.dumps(as_data(app.env), ensure_ascii=False, indent=1)
        Path(app.outdir, "claims.json").write_text(text + "\n", encoding="utf-8")


def enter(self, node):
    self.body.append(self.starttag(node, node["tag"], "", **node.get("attributes", {})))


def leave(self, node):
    self.body.append(f"</{node['tag']}>\n")


def enter_fact(self, node):
    self.body.append(f"<dt>{self.encode(node['name'])}</dt><dd>")


def leave_fact(self, node):
    self.body.append("</dd>\n")


def enter_small(self, node):
    self.body.append("<small>")


def leave_small(self, node):
    self.body.append("</small>")


def enter_latex(self, node):
    name = node.get("name")
    self.body.append(f"\n\n\\textit{{{name}:}} " if name else "\n\n")


def skip(self, node):
    pass


def finish_board(app, pagename, templatename, context, doctree):
    """The filter is loaded where there is something to filter; the long page is made lighter."""
    if any(page == pagename for page, _ in state(app.env)["rows"].values()):
        app.add_js_file("ledger.js", loading_method="defer")
        body = context["body"].replace("paper-place reference external", "paper-place")
        context["body"] = LINK.sub(r"<a \1>\2</a>", body)


def setup(app):
    others = {"latex": (enter_latex, skip), "text": (skip, skip)}
    app.add_node(Html, html=(enter, leave), **others)
    quiet = {"latex": (skip, skip), "text": (skip, skip)}
    app.add_node(Small, html=(enter_small, leave_small), **quiet)
    app.add_node(Fact, html=(enter_fact, leave_fact), **others)
    for kind in ("printed", "ours", "outside", "rejected", "tolerance", "verdict"):
        app.add_role(kind, ClaimRole(kind))
    app.add_directive("scoreboard", Scoreboard)
    app.add_directive("errata", Errata)
    app.add_directive("tolerance-words", ToleranceWords)
    app.add_post_transform(Resolve)
    app.connect("env-get-updated", collect)
    app.connect("env-purge-doc", purge)
    app.connect("env-merge-info", merge)
    app.connect("html-page-context", finish_board)
    app.connect("build-finished", write_data)
    app.add_css_file("ledger.css")
