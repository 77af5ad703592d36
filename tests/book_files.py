"""The notebooks and text pages of the book, for the tests that read them."""

import ast
import pathlib
import re

import nbformat

ROOT = pathlib.Path(__file__).parents[1]
BOOK = ROOT / "book"


def files(pattern):
    return sorted(
        path
        for path in BOOK.rglob(pattern)
        if not any(part.startswith((".", "_")) for part in path.relative_to(BOOK).parts)
    )


NOTEBOOKS = files("*.ipynb")
PAGES = files("*.md")


def name(path):
    """A page relative to `book`, without suffix: as the ledger names it."""
    return path.relative_to(BOOK).with_suffix("").as_posix()


def read(path):
    return nbformat.read(path, as_version=4)


def tags(cell):
    return set(cell.metadata.get("tags", []))


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


FOLDED = {"hide-input", "hide-cell", "remove-input", "remove-cell"}


def visible_cells(notebook):
    """Code that a reader of the page sees without opening anything."""
    return [cell for cell in code_cells(notebook) if not tags(cell) & FOLDED]


def prose(path):
    """The markdown of a page: a list with one text, or one text a markdown cell."""
    if path.suffix == ".md":
        return [path.read_text(encoding="utf-8")]
    return [cell.source for cell in read(path).cells if cell.cell_type == "markdown"]


def parse(source):
    """Syntax tree of a code cell; magics and shell lines are left out."""
    return ast.parse(re.sub(r"(?m)^\s*[%!].*$", "pass", source))


def calls(tree, function):
    """Calls of `function`, a dotted name, anywhere in a syntax tree."""
    return [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func) == function
    ]
