"""Works are cited by author and year, and listed under the same words.

Two works of one author and year would read alike: their years get a letter, in the order of
`references.bib`.
"""

from collections import defaultdict
from string import ascii_lowercase

from pybtex.plugin import register_plugin
from pybtex.richtext import Text
from pybtex.style.formatting.alpha import Style as AlphaStyle
from pybtex.style.labels import BaseLabelStyle


def author_year(entry):
    """What stands in the brackets of a citation."""
    people = entry.persons.get("author") or entry.persons["editor"]
    # the same words as sphinxcontrib-bibtex
    names = [Text(" ").join(p.rich_prelast_names + p.rich_last_names) for p in people]
    others = " et al." if len(names) > 2 else "".join(f" and {name}" for name in names[1:])
    return f"{names[0]}{others}, {entry.fields['year']}"


def tell_apart(entries):
    """Add a letter to the years of entries that would be cited in the same words."""
    alike = defaultdict(list)
    for entry in entries:
        alike[author_year(entry)].append(entry)
    for group in alike.values():
        if len(group) > 1:
            for entry, letter in zip(group, ascii_lowercase, strict=False):
                entry.fields["year"] += letter


class Labels(BaseLabelStyle):
    """Label an entry of the list as it is cited."""

    def format_labels(self, sorted_entries):
        return map(author_year, sorted_entries)


class Style(AlphaStyle):
    default_label_style = Labels


def prepare(app):
    tell_apart(app.env.get_domain("cite").bibdata.data.entries.values())


def setup(app):
    register_plugin("pybtex.style.formatting", "author_year", Style, force=True)
    app.connect("builder-inited", prepare, priority=600)  # when the files are read
