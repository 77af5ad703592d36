"""Command line of the build's tools: `python -m lmgbook.bookkit COMMAND`."""

import argparse
import importlib
import pkgutil
import sys
from pathlib import Path

import lmgbook


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

    print(f"{len(course.write(options.out, variant=options.variant))} files in {options.out}")
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


def lines(options):
    """Count lines of code."""
    from . import lines

    print(lines.report())
    return 0


def warm_up(options):
    """Call `warm_up()` of every part of the package that has one."""
    for part in pkgutil.iter_modules(lmgbook.__path__):
        if part.name != "bookkit":
            module = importlib.import_module(f"lmgbook.{part.name}")
            getattr(module, "warm_up", lambda: None)()
    return 0


if __name__ == "__main__":
    sys.exit(main())
