"""Link the terms of the glossary where a page uses them first, with the definition as a tip.

An author writes plain words. The first mention of a term in running text becomes a link; titles,
formulas, code, outputs and text that is a link already stay as they are.
"""

import functools
import re

from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform

from . import formulas

SKIPPED = (
    nodes.reference,
    nodes.title,
    nodes.caption,
    nodes.legend,
    nodes.literal,
    nodes.literal_block,
    nodes.math,
    nodes.math_block,
    nodes.raw,
    nodes.rubric,
    nodes.term,
)
TIP = 240  # characters


def words(name):
    """Pattern of a term: plural or not, in one word or with a hyphen."""
    parts = map(re.escape, re.split(r"[\s-]+", name))
    return r"[\s-]+".join(parts) + ("" if name.endswith("s") else "s?")


def first_sentence(text):
    """The first sentence of a definition, or what fits of it."""
    text = " ".join(text.split())
    end = re.search(r"[.;:](?= |$)", text)
    text = text[: end.start()] + "." if end else text
    return text if len(text) <= TIP else text[:TIP].rpartition(" ")[0] + " …"


def definitions(env):
    """Name -> (page, id, first sentence) of each term of the glossary."""
    found = {}
    for name, (page, anchor) in env.get_domain("std")._terms.items():
        found[name] = page, anchor, tips(env, page).get(anchor, "")
    return found


def tips(env, page):
    known = getattr(env, "glossary_tips", {})
    if page not in known:
        known[page] = {}
        for item in env.get_doctree(page).findall(nodes.definition_list_item):
            # a tip has no markup
            for formula in list(item.findall(nodes.math)):
                formula.replace_self(nodes.Text(formulas.text(formula.astext())))
            for term in item.findall(nodes.term):
                text = first_sentence(item.children[-1].astext())
                known[page] |= dict.fromkeys(term["ids"], text)
        env.glossary_tips = known
    return known[page]


def join_lines(paragraph):
    """Make one text of neighbouring ones: each line of the source is one of its own."""
    children = []
    for child in paragraph.children:
        if isinstance(child, nodes.Text) and children and isinstance(children[-1], nodes.Text):
            child = nodes.Text(children.pop() + child)
        children.append(child)
    paragraph[:] = children


@functools.cache
def pattern(names):
    longest_first = sorted(names, key=len, reverse=True)
    groups = "|".join(f"(?P<t{names.index(name)}>{words(name)})" for name in longest_first)
    return re.compile(rf"(?<![\w-])(?:{groups})(?![\w-])", re.IGNORECASE)


class Terms(SphinxPostTransform):
    default_priority = 700  # when all other references are resolved

    def run(self, **options):
        terms = definitions(self.env)
        here = self.env.docname
        # lists of all kinds stand beside the glossary: links all over them would only be in the way
        beside = {page.rpartition("/")[0] for page, _, _ in terms.values()}
        # nor has a piece of text that live notebooks ask for any use of them
        whole = self.document.next_node(nodes.section)
        if not terms or here.rpartition("/")[0] in beside or not whole:
            return
        for paragraph in self.document.findall(nodes.paragraph):
            join_lines(paragraph)
        names, seen = tuple(terms), set()
        for text in list(self.document.findall(nodes.Text)):
            if self.is_prose(text):
                parts = list(self.linked(text, pattern(names), names, terms, seen))
                if len(parts) > 1:
                    text.parent.replace(text, parts)

    def is_prose(self, text):
        node, inside = text.parent, False
        while node is not None:
            if isinstance(node, SKIPPED) or "cell_output" in node.get("classes", ()):
                return False
            inside = inside or isinstance(node, nodes.paragraph)
            node = node.parent
        return inside

    def linked(self, text, regex, names, terms, seen):
        """Pieces of a text, with links to terms that the page has not linked before."""
        start = 0
        for match in regex.finditer(text):
            name = names[int(match.lastgroup[1:])]
            page, anchor, tip = terms[name]
            if anchor in seen:
                continue
            seen.add(anchor)
            yield nodes.Text(text[start : match.start()])
            uri = self.app.builder.get_relative_uri(self.env.docname, page)
            link = nodes.reference("", match[0], refuri=f"{uri}#{anchor}", internal=True)
            link["classes"] = ["glossary-term"]
            if tip:
                link["reftitle"] = tip
            yield link
            start = match.end()
        yield nodes.Text(text[start:])


def setup(app):
    app.add_post_transform(Terms)
