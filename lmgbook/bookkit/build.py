"""Build the book: run the notebooks, then make the pages; one build at a time."""

import contextlib
import fcntl
import re
import sys
from pathlib import Path

import yaml

from . import run_notebooks
from .made_of import SITE_STAMP as STAMP
from .made_of import sources

LOCK = Path("_build", ".lock")


@contextlib.contextmanager
def one_at_a_time(root):
    """Hold the lock of the build; where another build holds it, say so and wait.

    The system gives it back when this process ends, however that is. If `_build` cannot be
    written, say so without a traceback and end with exit code 1.
    """
    path = root / LOCK
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                run_notebooks.say("Another build is running in this folder; waiting for it ...")
                fcntl.flock(file, fcntl.LOCK_EX)
            yield
    except OSError as error:
        place = Path(error.filename or path.parent)
        if path.parent not in (place, *place.parents):
            raise
        sys.exit(f"Cannot write {place}: {error.strerror}. What has run so far is kept.")


def run(root):
    """Run the notebooks of the book in `root`, without the pages; returns the exit code."""
    root = Path(root).resolve()
    with one_at_a_time(root):
        return run_notebooks.main(root)


def fresh(root):
    """Whether the pages are finished and made of what is there now."""
    with contextlib.suppress(OSError):
        return Path(root, STAMP).read_text() == sources(root)
    return False


def build(root, if_needed=False):
    """Build the book in `root`; returns the exit code.

    Parameters
    ----------
    root : path-like
        Folder of the project.
    if_needed : bool
        Leave finished pages alone if nothing has changed since.

    Returns
    -------
    int
    """
    root = Path(root).resolve()
    with one_at_a_time(root):
        if if_needed and fresh(root):
            return 0
        Path(root, STAMP).unlink(missing_ok=True)
        made_of = sources(root)
        code = run_notebooks.main(root) or make_pages(root)
        if code == 0:
            Path(root, STAMP).write_text(made_of)
            run_notebooks.say("The book is ready: _build/html/index.html")
        return code


ABOUT = re.compile(r'<meta (?:name="description"|property="og:)[^>]*>|<link rel="canonical"[^>]*>')
FRONT_DOOR = """\
<!DOCTYPE html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<meta http-equiv="refresh" content="0; url={page}.html">
<link rel="icon" href="_static/favicon.svg">
{about}
</head>
<body><h1><a href="{page}.html">{title}</a></h1></body>
</html>
"""


def write_front_door(root):
    """Give `index.html` what a page has; Jupyter Book's is a bare redirection.

    Its address is the one that is shared: what the first page says of itself stands here as well.
    """
    config = yaml.safe_load((root / "_config.yml").read_text("utf-8"))
    toc = yaml.safe_load((root / "_toc.yml").read_text("utf-8"))
    out = root / "_build" / "html"
    about = ABOUT.findall((out / f"{toc['root']}.html").read_text("utf-8"))
    text = FRONT_DOOR.format(
        language=config["sphinx"]["config"]["language"],
        title=config["title"],
        page=toc["root"],
        about="\n".join(about),
    )
    (out / "index.html").write_text(text, "utf-8")


def make_pages(root):
    """Make the pages with Jupyter Book; returns the exit code."""
    from jupyter_book.cli.main import main

    run_notebooks.say("Building the pages ...")
    options = ["-q", "-W", "-n", "--keep-going", "--all"]
    try:
        main(["build", str(root), *options], prog_name="jupyter-book")
    except SystemExit as end:
        if end.code:
            return end.code
    except RuntimeError as error:  # Jupyter Book's own way to say that there were warnings
        print(error, file=sys.stderr)
        return 1
    write_front_door(root)
    return 0
