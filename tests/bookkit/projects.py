"""Small books to build in the tests: a package, a page or a few, and nothing else."""

import contextlib
import io
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import yaml

from lmgbook.bookkit import executed, run_notebooks

ROOT = Path(__file__).parents[2]


def make(root, **pages):
    """A project whose package says 41, with a notebook in `book` for each list of cells."""
    for folder in ("lmgbook", "book/claims"):
        (root / folder).mkdir(parents=True)
    (root / "lmgbook" / "__init__.py").write_text("")
    (root / "lmgbook" / "answer.py").write_text("ANSWER = 41\n")
    (root / "requirements.lock").write_text("numpy==2\n")
    (root / "_config.yml").write_text("execute: {timeout: 60}\n")
    for name, cells in pages.items():
        write(root, name, *cells)
    return root


def write(root, name, *cells):
    """Write a notebook and list it."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(each) for each in cells])
    path = root / "book" / f"{name}.ipynb"
    path.parent.mkdir(exist_ok=True)
    nbformat.write(notebook, path)
    pages = [p.relative_to(root).as_posix() for p in sorted((root / "book").rglob("*.ipynb"))]
    toc = {"root": pages[0], "chapters": [{"file": page} for page in pages[1:]]}
    (root / "_toc.yml").write_text(yaml.safe_dump(toc))


def run(root):
    """Run the notebooks of a project, in this process; returns the exit code and what it said."""
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        code = run_notebooks.main(root)
    return code, said.getvalue()


def start(root, name="run", **environ):
    """Start a build in a process of its own, and do not wait for it."""
    return subprocess.Popen(
        [sys.executable, "-m", "lmgbook.bookkit", name, "--root", str(root)],
        env={**os.environ, **environ},
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


def wait_for(condition, seconds=60):
    """Wait until a condition holds."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)


def key(root, page="page"):
    return executed.notebook_key(root, f"book/{page}.ipynb")


def output(root, page="page"):
    """What the page would show of the first cell that prints something; None: it has no run."""
    run = executed.load(root, f"book/{page}.ipynb", key(root, page))
    if run is None:
        return None
    cells = [cell["outputs"] for cell in run["cells"] if cell["outputs"]]
    return cells[0][0]["text"]


def report(root):
    return json.loads((root / "_build" / "execution.json").read_text())
