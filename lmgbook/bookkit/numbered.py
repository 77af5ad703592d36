"""The numbered formulas of the notebooks, for slides: on a page a click leads to them.

What a caption or a question names by `{eq}` has to stand beside it where nobody can click.
"""

import re

from . import executed

NAMED = re.compile(r"\{eq\}`([^`]+)`")
# as a dollar formula is labelled, and as the directive is
LABEL = re.compile(r"\$\$[ ]*\(([^)\s]+)\)|^:label:[ ]*(eq-\S+)", re.MULTILINE)
DISPLAYED = re.compile(r"\$\$(.*?)\$\$", re.DOTALL)
TAG = re.compile(r"(.*?)\s*\\tag\{([\w.]+)\}\s*", re.DOTALL)


def formulas(sources, live):
    """Return the numbered formulas of a notebook.

    Parameters
    ----------
    sources, live : dict of str to str
        Text cells by their id, as they are written and in the live notebook.

    Returns
    -------
    dict of str to tuple
        Label -> number and LaTeX.
    """
    found = {}
    for cell, source in sources.items():
        labels = [match[1] or match[2] for match in LABEL.finditer(source)]
        tagged = [TAG.fullmatch(shown) for shown in DISPLAYED.findall(live.get(cell, ""))]
        numbered = [(match[2], match[1].strip()) for match in tagged if match]
        found |= dict(zip(labels, numbered, strict=True))
    return found


def texts(notebook):
    """The text cells of a notebook that is a dictionary: id -> source."""
    cells = (cell for cell in notebook["cells"] if cell["cell_type"] == "markdown")
    return {cell["id"]: "".join(cell["source"]) for cell in cells}


def of_book(root):
    """The numbered formulas of all notebooks that the last build has made live."""
    found = {}
    for path in sorted(root.glob("book/*/*.ipynb")):
        live = root / "_build/live" / path.relative_to(root)
        if live.is_file():
            made = executed.read(live)
            if made["metadata"].get("lmgbook", {}).get("digest") == executed.digest(path):
                found |= formulas(texts(executed.read(path)), texts(made))
    return found


def named(source, known):
    """The formulas that a text of a notebook names: pairs of number and LaTeX, each once."""
    labels = dict.fromkeys(NAMED.findall(source))
    return [known[label] for label in labels if label in known]
