"""Command line of the build's tools: `python -m lmgbook.bookkit COMMAND`."""

import argparse
import importlib
import os
import pkgutil
import sys
import sysconfig
from pathlib import Path

import lmgbook
from lmgbook.ledger import LedgerError


def main(arguments=None):
    """Run one command; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m lmgbook.bookkit", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name, function, help):
        sub = commands.add_parser(name, help=help, description=help)
        sub.set_defaults(function=function)
        return sub

    for name, function, help in (
        ("book", book, "run the notebooks that need it, then make the pages"),
        ("run", run, "run the notebooks that need it"),
    ):
        command(name, function, help).add_argument("--root", default=".", help="project folder")
    commands.choices["book"].add_argument(
        "--if-needed", action="store_true", help="do nothing if the pages are up to date"
    )
    command("live", live, "write the live notebooks, and what it takes to run them").add_argument(
        "--root", default=".", help="project folder"
    )
    course = command("course", write_course, "write notebooks for students and instructors")
    course.add_argument("--out", default="_build/course", help="folder (default: %(default)s)")
    course.add_argument("--variant", help="a word that gives graded exercises other numbers")
    command("chapter", chapter, "write the skeleton of a chapter").add_argument("name")
    links = command("links", write_links, "write links that open the notebooks elsewhere")
    links.add_argument("--root", default=".", help="project folder")
    pdf = command("pdf", print_pages, "print the book and its chapters from the finished pages")
    pdf.add_argument("--root", default=".", help="project folder")
    pdf.add_argument("only", nargs="*", metavar="CHAPTER", help="default: all, and the whole book")
    rehearse = command("rehearsal", rehearsal, "run the notebooks as on Binder, on one core")
    rehearse.add_argument("--root", default=".", help="project folder")
    rehearse.add_argument("--core", type=int, default=0, help="which core (default: %(default)s)")
    rehearse.add_argument("only", nargs="*", metavar="NOTEBOOK", help="default: all")
    old = command("mark_old", mark_old, "put a banner on the finished pages of an old version")
    old.add_argument("folder")
    old.add_argument("version")
    old.add_argument("newest", help="folder of the newest version")
    outside = command("outside", ask_outside, "ask for every address that the pages link to")
    outside.add_argument("--root", default=".", help="project folder")
    command("lines", lines, "count the lines of code of every file of the package")
    command("warm_up", warm_up, "compile the fast loops once, so that no reader waits")

    options = parser.parse_args(arguments)
    try:
        return options.function(options)
    except KeyboardInterrupt:
        print("Interrupted. What has run so far is kept.")
        return 130


def book(options):
    """Build the book."""
    from .build import build

    return build(options.root, options.if_needed)


def run(options):
    """Run the notebooks."""
    from .build import run

    return run(options.root)


def live(options):
    """Write what the branch `live` holds."""
    from .build import build
    from .live import FOLDER, tree

    # pages that are older than the live notebooks are made again
    code = build(options.root, if_needed=Path(options.root, FOLDER).is_dir())
    if code == 0:
        folder = tree(options.root)
        print(f"{len(list(folder.rglob('*.ipynb')))} live notebooks in {folder}")
    return code


def write_course(options):
    """Write the teaching material."""
    from . import course

    try:
        written, missing = course.write(options.out, variant=options.variant), course.unbuilt()
    except (ValueError, LedgerError) as error:
        print(error, file=sys.stderr)
        return 2
    print(f"{len(written)} files in {options.out}")
    if missing:
        print(
            f"Without notebooks that have run, notes and slides: {', '.join(missing)}. "
            "They need the repository and `make book`; all the rest is there."
        )
    return 0


def chapter(options):
    """Write the skeleton of a chapter."""
    from . import chapter

    try:
        written = chapter.write(options.name)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    print(chapter.LEFT.format(name=options.name, count=len(written)))
    return 0


def write_links(options):
    """Write links for a lecture."""
    from . import links

    try:
        print(f"Links and an environment for Binder: {links.write(options.root)}")
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def print_pages(options):
    """Print the finished pages."""
    from . import printed

    return printed.main(options.root, options.only)


def rehearsal(options):
    """Rehearse Binder."""
    from . import rehearsal

    return live(options) or rehearsal.main(options.root, options.only, options.core)


def mark_old(options):
    """Mark the pages of an old version."""
    from .publishing import mark_old

    print(f"{mark_old(options.folder, options.version, options.newest)} pages marked")
    return 0


def ask_outside(options):
    """Look for dead links to other sites."""
    from . import outside

    return outside.main(options.root)


def lines(options):
    """Count lines of code."""
    from . import lines

    print(lines.report())
    return 0


LARGE = 2**23  # bytes


def read_anew(folder):
    """Make Linux forget the large files in `folder` that no process has open.

    What an installer has just written lies in memory in larger pieces than what is read from a
    disk, and a process that maps a piece counts the whole of it: LLVM's library alone then weighs
    33 MB more in each kernel. What is measured after this is what the next day measures.
    """
    for path in Path(folder).rglob("*.so*"):
        if hasattr(os, "posix_fadvise") and path.stat().st_size > LARGE:
            with path.open("rb") as file:
                os.fsync(file.fileno())
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def warm_up(options):
    """Call `warm_up()` of every part of the package that has one."""
    read_anew(sysconfig.get_path("platlib"))
    for part in pkgutil.iter_modules(lmgbook.__path__):
        if part.name != "bookkit":
            module = importlib.import_module(f"lmgbook.{part.name}")
            getattr(module, "warm_up", lambda: None)()
    return 0


if __name__ == "__main__":
    sys.exit(main())
