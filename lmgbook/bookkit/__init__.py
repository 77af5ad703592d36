"""The build's tools: what makes a book of the notebooks. Nothing else of the package imports it.

Sphinx loads it as one extension; `python -m lmgbook.bookkit` lists what it does by itself.
"""

import sys

# jsonschema, which notebooks are checked with, builds a grammar of web addresses when it is
# imported, for three seconds, if it finds this package; no notebook needs it.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]


def setup(app):
    """Set up the Sphinx extension."""
    from . import (
        answers,
        citations,
        computed_pages,
        contents,
        executed,
        folded,
        formulas,
        icons,
        ledger_cards,
        ledger_pages,
        light,
        live,
        numbers,
        paper_equations,
        publishing,
        reference,
        search,
        site,
        terms,
        tips,
        viewing,
    )

    pages = paper_equations, ledger_pages, ledger_cards, computed_pages, reference, terms
    pages += folded, contents, answers, viewing, tips, search, numbers
    for part in (site, citations, formulas, icons, executed, *pages, publishing, live, light):
        part.setup(app)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
