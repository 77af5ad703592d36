"""Executed notebooks, kept under a key of everything that their output depends on.

A notebook depends on its own code cells; on the core and the tools, which are all of the package
but chapters and this build kit; on the chapters that it names; on its claims and data; on the
pinned versions. This is decided by folders, so that no import can be overlooked.

A run is one file, `_build/executed/<page>/<key>.ipynb`, put in place when it is complete. There
is no index that could go wrong: what is there under the right key is used, and nothing else.
"""

import ast
import functools
import hashlib
import json
import os
import platform
import re
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

FOLDER = Path("_build", "executed")
KEEP = 3  # runs of each notebook: a change that is taken back costs nothing


# --- what a notebook depends on -----------------------------------------------------------------


def chapters(root):
    """Names that are a folder both in the book and in the package."""
    book, package = Path(root, "book"), Path(root, "lmgbook")
    return {path.name for path in book.iterdir() if (package / path.name).is_dir()}


def named(notebook):
    """Words by which a notebook may name a chapter, or a paper's claims."""
    return set().union(*map(_named, code(notebook)))


@functools.cache
def _named(source):
    """The same for one cell.

    They are the parts of dotted names in its imports, its attributes, and the first part of a
    string such as "chapter.exercise"; if it cannot be read as Python, all of its words.
    """
    try:
        tree = ast.parse(re.sub(r"(?m)^\s*[%!].*$", "pass", source))
    except SyntaxError:
        return set(re.findall(r"\w+", source))
    words = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.alias):
            words.update(node.name.split("."))
        elif isinstance(node, ast.ImportFrom):
            words.update((node.module or "").split("."))
        elif isinstance(node, ast.Attribute):
            words.add(node.attr)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            words.update(re.findall(r"^(?:lmgbook\.)?(\w+)(?:\.|$)", node.value))
    return words


def dependencies(root, name, notebook):
    """Files that the output of a notebook depends on beside its own cells.

    Parameters
    ----------
    root : path-like
        Folder of the project.
    name : str
        The notebook's path in it, such as "book/glassy/fitting.ipynb".
    notebook : dict
        Its content.

    Returns
    -------
    list of pathlib.Path
        In a fixed order.
    """
    root, package = Path(root), Path(root, "lmgbook")
    words, home = named(notebook), Path(name).parent
    apart = chapters(root) - words | {"bookkit"}
    found = [path for path in files(package) if path.relative_to(package).parts[0] not in apart]
    for path in files(root / "book" / "claims"):
        if path.suffix != ".yml" or path.stem in words | {home.name}:
            found.append(path)
    return [*found, *files(root / home / "data"), root / "requirements.lock"]


def files(folder):
    """Files in a folder and the folders in it, but for hidden ones and compiled code."""
    return [
        path
        for path in sorted(folder.rglob("*"))
        if path.is_file()
        and not any(
            part.startswith((".", "__pycache__")) for part in path.parts[len(folder.parts) :]
        )
    ]


def code(notebook):
    """Sources of the code cells."""
    cells = (cell for cell in notebook["cells"] if cell["cell_type"] == "code")
    return ["".join(cell["source"]) for cell in cells]


def notebook_key(root, name, notebook=None):
    """Digest of a notebook's code cells and of all that its output depends on.

    Parameters
    ----------
    root, name
        As in `dependencies`.
    notebook : dict, optional
        The notebook if it has been read already.

    Returns
    -------
    str
    """
    notebook = notebook or read(Path(root, name))
    digest = hashlib.sha256(platform.python_version().encode())
    digest.update(json.dumps(code(notebook)).encode())
    for path in dependencies(root, name, notebook):
        content = path.read_bytes()
        digest.update(f"\0{path.relative_to(root).as_posix()} {len(content)}\0".encode() + content)
    digest.update(installed(Path(root, "requirements.lock").read_text("utf-8")).encode())
    return digest.hexdigest()[:32]


def snapshot(root, name):
    """Key of a notebook, with the marks that the file system put on the files behind it.

    If two snapshots are equal, then no file was touched between them, not even changed and
    changed back.
    """
    notebook = read(Path(root, name))
    states = [path.stat() for path in dependencies(root, name, notebook)]
    marks = [(state.st_ino, state.st_mtime_ns, state.st_ctime_ns) for state in states]
    return notebook_key(root, name, notebook), marks


@functools.cache
def installed(lock):
    """The versions of the locked packages that are in fact installed here."""
    found = []
    for package in re.findall(r"(?m)^([A-Za-z0-9._-]+)==", lock):
        try:
            found.append(f"{package} {version(package)}")
        except PackageNotFoundError:  # for another platform
            continue
    return "\n".join(found)


# --- the runs -----------------------------------------------------------------------------------


def digest(path):
    """Digest of a notebook's file, by which its live version knows it."""
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16]


def read(path):
    """Return a notebook as a dictionary."""
    return json.loads(path.read_text(encoding="utf-8"))


def place(root, name, key):
    """File for the run of a notebook."""
    return Path(root, FOLDER, name).with_suffix("") / f"{key}.ipynb"


def load(root, name, key):
    """Return the run of a notebook under this key, or None."""
    path = place(root, name, key)
    try:
        run = read(path)
        cost(run)
        os.utime(path)
    except (OSError, ValueError, KeyError, TypeError):  # none, or not a whole one
        return None
    return run


def store(root, name, key, run):
    """Keep the run of a notebook, and drop all but its newest few.

    Raises
    ------
    OSError
        If it cannot be written; then nothing is there that could be taken for a run.
    """
    path = place(root, name, key)
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_suffix(".half")
    try:
        with half.open("w", encoding="utf-8") as file:
            json.dump(run, file)
            file.flush()
            os.fsync(file.fileno())
        half.replace(path)
    finally:
        half.unlink(missing_ok=True)
    for old in sorted(path.parent.iterdir(), key=lambda file: -file.stat().st_mtime)[KEEP:]:
        old.unlink()


def cost(run):
    """What a run took: a dictionary with seconds, processor seconds and megabytes."""
    return run["metadata"]["lmgbook"]


def with_outputs(notebook, run):
    """The notebook as it is written today, with the outputs of a run of the same code."""
    ran = (cell for cell in run["cells"] if cell["cell_type"] == "code")
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            cell.update({part: value for part, value in next(ran).items() if part in OUTPUT})
    for part in ("kernelspec", "language_info", "widgets"):
        if part in run["metadata"]:
            notebook["metadata"][part] = run["metadata"][part]
    return notebook


OUTPUT = ("outputs", "execution_count")


# --- for the pages ------------------------------------------------------------------------------


def show_outputs(app, docname, content):
    """Give the page of a notebook the outputs of its run (`source-read`)."""
    name = Path(app.env.doc2path(docname, base=False)).as_posix()
    if not name.endswith(".ipynb"):
        return
    notebook = json.loads(content[0])
    run = load(app.srcdir, name, notebook_key(app.srcdir, name, notebook))
    if run is None:
        from sphinx.errors import ExtensionError  # a course is written without Sphinx, too

        raise ExtensionError(
            f"{name} has not run as it stands, or something it depends on has changed since: "
            "run `make book`"
        )
    content[0] = json.dumps(with_outputs(notebook, run))


def setup(app):
    app.connect("source-read", show_outputs)
