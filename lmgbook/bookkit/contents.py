"""What a reader wants to know of a page before reading it: where it stands, and how long it takes.

The directive `{pages}` stands on the overview of a chapter, one line a page with its question,

    exact_dynamics: Does the magnet agree?
    ladder (advanced): What is proved?

and becomes a table with the titles of the pages and the time that reading takes. Each page says the
same under its title. Time is counted, not promised: words, displayed formulas and visible lines of
code, each at the pace of `PACE`, rounded to five minutes.
"""

import re
from pathlib import PurePosixPath

from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util.docutils import SphinxDirective, SphinxRole

# a minute reads so many words, derives so many formulas, follows so many lines of code
PACE = {"words": 150, "formulas": 2, "lines": 25}
LINE = re.compile(r"(\w+)(?: \((advanced)\))?: (.+)")
EXERCISES = "an hour to a weekend"


class Pages(nodes.General, nodes.Element):
    """The table of a chapter's pages, until their titles and times are known."""


def minutes(document):
    """Minutes that it takes to read a page, in steps of five."""
    words = lines = formulas = 0
    for node in document.findall():
        if isinstance(node, nodes.math_block):
            formulas += 1
        elif isinstance(node, nodes.literal_block):
            cell = node.parent
            if "cell_input" in cell.get("classes", ()) and not hidden(cell.parent):
                lines += len(node.astext().splitlines())
        elif isinstance(node, nodes.paragraph):
            words += len(node.astext().split())
    time = words / PACE["words"] + formulas / PACE["formulas"] + lines / PACE["lines"]
    return max(5, 5 * round(time / 5))


def hidden(cell):
    """Whether a reader has to open a cell to see its code."""
    return cell.get("hide_mode") in ("all", "input") if cell is not None else False


def measure(app, doctree):
    """Note the time of a page when it is read: its overview, itself and the front page tell it."""
    times(app.env)[app.env.docname] = minutes(doctree)


def times(env):
    """Page -> minutes."""
    if not hasattr(env, "page_minutes"):
        env.page_minutes = {}
    return env.page_minutes


def chapters(env):
    """Overview -> [(page, advanced, question), ...], as the overviews list them."""
    if not hasattr(env, "chapter_pages"):
        env.chapter_pages = {}
    return env.chapter_pages


class PagesDirective(SphinxDirective):
    """The pages of a chapter, one in each line: name, question."""

    has_content = True

    def run(self):
        folder = PurePosixPath(self.env.docname).parent
        found = []
        for text in filter(None, map(str.strip, self.content)):
            match = LINE.fullmatch(text)
            if not match or not self.env.doc2path(page := f"{folder}/{match[1]}"):
                raise self.error(f"{text!r}: must be a page of this folder, colon, question")
            found.append((page, bool(match[2]), match[3]))
        chapters(self.env)[self.env.docname] = found
        node = Pages(
            "",
            entries=[
                (page, advanced, self.parse_inline(question)[0])
                for page, advanced, question in found
            ],
        )
        return [node]


def time_of(env, page):
    if page.endswith("/exercises"):
        return EXERCISES
    return f"{times(env)[page]} min"


class Time(nodes.Inline, nodes.TextElement):
    """Minutes for a page, or hours for all pages of all chapters, exercises apart."""


class TimeRole(SphinxRole):
    """`{reading-time}`book``, or a page, seen from this one."""

    def run(self):
        page = PurePosixPath(self.env.docname).parent / self.text
        return [Time("", page="" if self.text == "book" else str(page))], []


class Resolve(SphinxPostTransform):
    default_priority = 5

    def run(self, **options):
        for node in list(self.document.findall(Time)):
            known = times(self.env)
            time = known[node["page"]] if node["page"] else self.hours(known)
            node.replace_self(nodes.Text(f"{time}"))
        for node in list(self.document.findall(Pages)):
            node.replace_self(self.table(node["entries"]))
        self.position()

    def hours(self, known):
        every = [page for pages in chapters(self.env).values() for page, _, _ in pages]
        return round(sum(known[page] for page in every if not page.endswith("/exercises")) / 60)

    def table(self, entries):
        rows = []
        for page, advanced, question in entries:
            title = self.env.titles[page].deepcopy().children
            uri = self.app.builder.get_relative_uri(self.env.docname, page)
            link = nodes.reference("", "", *title, refuri=uri, internal=True)
            level = [nodes.Text(" (advanced)")] if advanced else []
            rows.append([[link, *level], question, [nodes.Text(time_of(self.env, page))]])
        heads = [[nodes.Text(text)] for text in ("page", "question", "time")]
        return table([heads], rows)

    def position(self):
        """One line under the title: "Page 2 of 5 of Slow quenches, about 45 min"."""
        here = self.env.docname
        for overview, pages in chapters(self.env).items():
            names = [page for page, _, _ in pages]
            title = self.document.next_node(nodes.title)
            if here in names and title:  # what is asked of Sphinx for live notebooks has none
                number = names.index(here)
                uri = self.app.builder.get_relative_uri(here, overview)
                chapter = self.env.titles[overview].deepcopy().children
                link = nodes.reference("", "", *chapter, refuri=uri, internal=True)
                parts = [
                    nodes.Text(f"Page {number + 1} of {len(names)} of "),
                    link,
                    nodes.Text(f", {time_of(self.env, here)}"),
                    nodes.Text(", advanced" if pages[number][1] else ""),
                ]
                line = nodes.paragraph("", "", *parts, classes=["page-position"])
                title.parent.insert(title.parent.index(title) + 1, line)


def table(heads, rows):
    """A plain table of lists of inline nodes."""
    group = nodes.tgroup("", cols=len(rows[0]))
    group += [nodes.colspec("", colwidth=1) for _ in rows[0]]
    for part, content in ((nodes.thead(""), heads), (nodes.tbody(""), rows)):
        for row in content:
            entries = [nodes.entry("", nodes.paragraph("", "", *cell)) for cell in row]
            part += nodes.row("", *entries)
        group += part
    return nodes.table("", group, classes=["colwidths-auto"])


def purge(app, env, docname):
    chapters(env).pop(docname, None)
    times(env).pop(docname, None)


def merge(app, env, docnames, other):
    for kept in (chapters, times):
        kept(env).update({page: found for page, found in kept(other).items() if page in docnames})


def setup(app):
    app.add_node(Pages)
    app.add_node(Time)
    app.add_role("reading-time", TimeRole())
    app.add_directive("pages", PagesDirective)
    app.add_post_transform(Resolve)
    app.connect("doctree-read", measure)
    app.connect("env-purge-doc", purge)
    app.connect("env-merge-info", merge)
