"""What students get in one file, `handout.zip`: their notebooks, a README, the licences."""

import io
import os
import zipfile
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path

from . import grading, site

README = """\
# Exercises and notebooks of *lmgbook*

An executable physics book on collective quantum spins. Here are its notebooks as a student gets
them, without solutions; a line `# your code here` stands where you are wanted. They run from top to
bottom as they are.

## Before the first session

1. You need Python 3.11 or newer: `python --version` tells.
2. In this folder:

   ```sh
   python -m venv .venv
   .venv/bin/pip install jupyterlab {install}
   .venv/bin/jupyter lab
   ```

   (On Windows `.venv\\Scripts\\` in place of `.venv/bin/`.){hint}
3. Open `foundations/exercises.ipynb` and run the first cells. Its warm-ups tell whether you are
   ready for the chapters.

## How to work

Each page asks a question before it computes the answer: decide, then open the answer. An exercise
is checked by `exercises.check(id, answer)`, which tells right from wrong, recognises the commonest
slips, and keeps the answer to itself.

{projects}
{links}## Chapters

{chapters}

## Licences

Text and figures: Creative Commons Attribution 4.0 International,
https://creativecommons.org/licenses/by/4.0/. Code: BSD 3-Clause. You may use, change and pass on
all of it, if you say where it comes from. The full texts lie beside this file.
"""


def licences(root):
    """Names and texts of the licences: of the repository, else of the installed package."""
    found = {name: Path(root, name) for name in ("LICENSE", "LICENSE-text")}
    if not found["LICENSE"].is_file():
        try:
            installed = [path for path in files("lmgbook") or [] if path.name in found]
        except PackageNotFoundError:
            installed = []
        found = {path.name: Path(path.locate()) for path in installed}
    return {name: path.read_text("utf-8") for name, path in found.items() if path.is_file()}


def address(root):
    """Public address of the repository, or "" if it is not known."""
    # an installed package may lie in somebody else's repository
    if Path(root, "pyproject.toml").is_file():
        return site.repository(root) or ""
    return os.environ.get("LMGBOOK_REPOSITORY", "")


def wheels(root):
    """The wheel that `make dist` has made of these sources: a list of one path, or none."""
    changed = max((p.stat().st_mtime for p in Path(root, "lmgbook").rglob("*.py")), default=0)
    found = Path(root, "_build", "dist").glob("lmgbook-*.whl")
    return [path for path in sorted(found) if path.stat().st_mtime > changed][-1:]


def install(root, folder=""):
    """Return what pip installs the package from: an argument on a command line.

    Parameters
    ----------
    root : pathlib.Path
        Folder of the project, or of the installed package.
    folder : str
        Where the wheel lies, if there is no address to install from.

    Returns
    -------
    str
        With a `*` in it where no wheel has been made.
    """
    if url := address(root):
        commit = site.commit(root) if Path(root, "pyproject.toml").is_file() else ""
        return f'"git+{url}{f"@{commit}" if commit else ""}"'
    return folder + next((path.name for path in wheels(root)), "lmgbook-*.whl")


def readme(root, titles):
    """Return the README of the hand-out.

    Parameters
    ----------
    root : pathlib.Path
        Folder of the project, or of the installed package.
    titles : dict of str to str
        Folder of each chapter -> its title.

    Returns
    -------
    str
    """
    url, pages, source = address(root), site.pages(root), install(root)
    hint = ""
    if "*" in source:
        hint = (
            "\n   Your lecturer has the file `lmgbook-….whl`: `pip wheel --no-deps .` makes it,\n"
            "   in the book's repository."
        )
    links = [f"- The book to read: {pages}" if pages else "", f"- Its source: {url}" if url else ""]
    links = [each for each in links if each]
    return README.format(
        install=source,
        hint=hint,
        projects=grading.PROJECTS,
        links="## Links\n\n{}\n\n".format("\n".join(links)) if links else "",
        chapters="\n".join(f"- `{folder}`: {title}" for folder, title in titles.items()),
    )


def pack(texts):
    """Return a zip file, as bytes, of texts by their names; the same texts give the same bytes."""
    store = io.BytesIO()
    with zipfile.ZipFile(store, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in sorted(texts.items()):
            info = zipfile.ZipInfo(f"lmgbook-handout/{name}")
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, text)
    return store.getvalue()
