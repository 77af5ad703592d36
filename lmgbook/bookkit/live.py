"""Live notebooks: what a reader finds on Binder, Colab, a hub, in VS Code or after a download.

The sources in `book` hold no numbers: those, the references and the citations are roles that only
the pages know. Here each notebook is written once more, to `_build/live`, as plain Markdown with
all of them in place, when the pages are made; the same Sphinx is asked, so both say the same.

Text is finished, code is not: of the outputs only printed lines are kept. JupyterLab shows no SVG
and no page of HTML from a notebook that its reader has not run, which is what the figures are, and
a kernel draws them again; so the files stay small, and so does the branch they are published on.
The caption and the description of a figure stand below its cell as text. Solutions, and what the
page leaves out, are collapsed; what it only folds is open: whoever runs a notebook wants its code.

References lead to the cell in the notebook beside (`one_spin.ipynb#cell-id=...`, which JupyterLab
and nbconvert know), else to the published page, if its address is known, else they are plain text.
"""

import copy
import functools
import html
import json
import shutil
from pathlib import Path

from docutils import nodes
from sphinx.errors import ExtensionError

import lmgbook

from . import executed, links, live_text, site
from .executed import digest
from .live_words import Words

FOLDER = Path("_build", "live")
# what an install needs, beside the notebooks, their data and the claims
INSTALL = ("lmgbook", "environment.yml", "postBuild", "pyproject.toml", "setup.py")
INSTALL += ("LICENSE", "LICENSE-text", "CITATION.cff")
NOTE = "about-this-notebook"
SOLUTION = "# A solution: open the cell to see it"
# tags of solutions and of what the pages leave out
COLLAPSED = {"hide-cell", "remove-input", "remove-cell"}
FREE = (
    "Memory: this notebook keeps its share until its kernel ends. Before you open the next one, "
    "choose *Kernel → Shut Down Kernel*; *Run All Cells* brings everything back. (Binder has room "
    "for two or three, and itself ends a kernel that has been idle for twenty minutes.)"
)
README = """\
# lmgbook, live
{badge}

This branch is generated: the notebooks of the book with all numbers and references in their text,
and what is needed to run them. Each commit belongs to one of the published sources, which its
message names. Corrections go to the sources.
"""


# --- one notebook -------------------------------------------------------------------------------


def resolve(notebook, words, run=None):
    """Return a notebook with its text resolved, captions as text.

    Parameters
    ----------
    notebook : dict
        As it stands in `book`; a resolved one comes back as it is.
    words : Words
        Of its page.
    run : dict, optional
        Its last run, for the lines that it printed.

    Returns
    -------
    dict
    """
    notebook = copy.deepcopy(notebook)
    ran = iter([cell for cell in (run or notebook)["cells"] if cell["cell_type"] == "code"])
    cells = []
    for cell in notebook["cells"]:
        cells.append(cell)
        if cell["cell_type"] == "markdown":
            text(cell, words)
        elif cell["cell_type"] == "code":
            cells += code(cell, next(ran), words)
    notebook["cells"] = cells
    return notebook


def text(cell, words):
    """Resolve the text of a cell."""
    before = "".join(cell["source"])
    after = live_text.resolve(before, words)
    if "{solution" in before and "{solution" not in after:
        # the directive told a solution from the rest, see `course`
        tags = cell["metadata"].setdefault("tags", [])
        tags += ["solution"] if "solution" not in tags else []
    cell["source"] = after.splitlines(keepends=True)


def code(cell, ran, words):
    """Keep what a cell printed; returns a cell with the caption of its figure, if it has one."""
    meta, source = cell["metadata"], "".join(cell["source"])
    tags = set(meta.get("tags", []))
    printed = [each for each in ran["outputs"] if each.get("name") == "stdout"]
    if "solution" in tags or "exercises.check(" in source:
        printed = []  # what a reader has not asked for yet
    if "solution" in tags and not source.startswith(SOLUTION):
        # of a collapsed cell the first line is shown
        cell["source"] = f"{SOLUTION}\n{source}".splitlines(keepends=True)
    cell["outputs"] = copy.deepcopy(printed)
    cell["execution_count"] = ran["execution_count"] if printed else None
    if tags & COLLAPSED:
        meta["jupyter"] = {"source_hidden": True}
    shown = meta.pop("mystnb", {})
    figure, alt = shown.get("figure", {}), shown.get("image", {}).get("alt", "")
    if not figure:
        return []
    lead = f"**{words.role('number', figure['name'])}.** " if "name" in figure else ""
    parts = lead + live_text.resolve(figure.get("caption", ""), words)
    if alt:
        alt = html.escape(alt, quote=False).replace("*", "\\*").replace("_", "\\_")
        parts += "\n\n" + live_text.details("What the figure shows", alt).rstrip()
    caption = {"cell_type": "markdown", "id": f"{cell['id']}-caption"[-64:], "metadata": {}}
    if "solution" in tags:
        caption["metadata"]["tags"] = ["solution"]
    return [{**caption, "source": parts.splitlines(keepends=True)}]


def note(name, commit, root):
    """Last cell: where the notebook comes from, and how to run it elsewhere."""
    url, address = site.repository(root), site.pages(root)
    page = name.removesuffix(".ipynb")
    parts = ["---\n*About this notebook.* The numbers in its text are those of the build"]
    parts += [f" of commit `{commit[:12]}`" if commit else "", "; the cells compute them again."]
    parts += [f" [The published page]({address}/{page}.html)." if address else ""]
    parts += [f" {FREE}"]
    if url:
        at = f"@{commit}" if commit else ""
        parts += [f" Where `lmgbook` is missing: `%pip install git+{url}{at}`."]
    source = "".join(parts).splitlines(keepends=True)
    return {"cell_type": "markdown", "id": NOTE, "metadata": {}, "source": source}


# --- the book -----------------------------------------------------------------------------------


def sources(env):
    """Notebooks of the book: name of the page -> content."""
    paths = {docname: Path(env.doc2path(docname)) for docname in sorted(env.found_docs)}
    return {name: executed.read(path) for name, path in paths.items() if path.suffix == ".ipynb"}


def cell_of(notebook):
    """Cell that an anchor of a page stands in: anchor -> id of the cell."""
    found = {}
    for cell in notebook["cells"]:
        for label in live_text.places(cell):
            found.setdefault(label, cell["id"])
            found.setdefault(nodes.make_id(label), cell["id"])
    return found


def make(app):
    """Resolve all notebooks of a book whose pages have been read.

    Parameters
    ----------
    app : sphinx.application.Sphinx

    Returns
    -------
    dict of str to dict
        Path of each notebook in the project -> the live notebook.
    """
    found, made = sources(app.env), {}
    # each reference to a figure reads the page that it stands on
    app.env.get_doctree = functools.cache(app.env.get_doctree)
    cells = {page: cell_of(notebook) for page, notebook in found.items()}
    commit = site.commit(app.srcdir)
    for page, notebook in found.items():
        name = f"{page}.ipynb"
        words, asked = Words(app, page, cells), live_text.Asked()
        run = executed.load(app.srcdir, name, executed.notebook_key(app.srcdir, name, notebook))
        try:
            resolve(notebook, asked)
            words.learn(asked)
            live = resolve(notebook, words, run)
        except (ValueError, KeyError) as error:
            raise ExtensionError(f"{name}: {error}") from error
        live["cells"].append(note(name, commit, app.srcdir))
        about = {"source": name, "commit": commit, "digest": digest(Path(app.srcdir, name))}
        live["metadata"]["lmgbook"] = about
        made[name] = live
    del app.env.get_doctree  # back to the method of the class
    return made


def write(app, exception):
    """Write the live notebooks, and let the download buttons of the pages lead to them."""
    if exception or app.builder.format != "html":
        return
    folder = Path(app.srcdir, FOLDER)
    shutil.rmtree(folder, ignore_errors=True)
    for name, notebook in make(app).items():
        text = json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        button = Path(app.outdir, "_sources", name)
        if button.exists():
            button.write_text(text, encoding="utf-8")


def tree(root):
    """Put what an install needs beside the live notebooks: what the branch `live` holds.

    Parameters
    ----------
    root : path-like
        Folder of the project, with finished pages.

    Returns
    -------
    pathlib.Path
        The folder.
    """
    root = Path(root)
    folder = root / FOLDER
    data = [path.relative_to(root) for path in root.glob("book/*/data")]
    for name in (*INSTALL, "book/claims", *data):
        for path in executed.files(root / name) if (root / name).is_dir() else [root / name]:
            target = folder / path.relative_to(root)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, target)
    # found also where the package is not installed but lies on the path (see `links`)
    told = folder / "lmgbook.egg-info" / "PKG-INFO"
    told.parent.mkdir(exist_ok=True)
    told.write_text(f"Metadata-Version: 2.1\nName: lmgbook\nVersion: {lmgbook.__version__}\n")
    url = site.repository(root)
    badge = f"\n{links.badge(url)}\n" if url else ""
    (folder / "README.md").write_text(README.format(badge=badge), encoding="utf-8")
    return folder


def setup(app):
    app.connect("build-finished", write)
