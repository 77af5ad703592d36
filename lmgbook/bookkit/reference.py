"""The page of the package: `{package-reference}` documents every public module, found by itself.

A chapter's names are documented once, on its face; of its files only what the face does not offer
is shown. Answers of exercises are nobody's interface, and neither are names with an underscore.

In the docstrings of a chapter "Eq. (5)" is one of its paper. All chapters meet on this page, so it
names the paper there.
"""

import copy
import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator
from types import GenericAlias, ModuleType

from sphinx.util.docutils import SphinxDirective

import lmgbook

from .paper_equations import claims_folder, papers

HIDDEN = {"exercises", "bookkit"}  # of a chapter; of the package
ONE = r"\(?\d+[a-z]?\)?"
EQUATIONS = re.compile(rf"\bEqs?\. ({ONE}(?:(?:, (?:and )?| and | to |-){ONE})*)")
BUILD = ("bookkit.course", "bookkit.chapter")  # what a reader may call of the build's tools


def rooms() -> Iterator[tuple[str, list[str]]]:
    """Yield the heading and the modules of each room: core and tools, chapters, build."""
    found = sorted(part.name for part in pkgutil.iter_modules(lmgbook.__path__))
    public = [name for name in found if not name.startswith("_") and name != "bookkit"]
    modules = {name: importlib.import_module(f"lmgbook.{name}") for name in public}
    for name in sorted(public, key=lambda name: hasattr(modules[name], "__path__")):
        files = [name]
        if hasattr(modules[name], "__path__"):
            parts = sorted(part.name for part in pkgutil.iter_modules(modules[name].__path__))
            files += [f"{name}.{part}" for part in parts if part[0] != "_" and part not in HIDDEN]
        yield name, files
    yield "bookkit", list(BUILD)


def own_names(module: ModuleType) -> list[str]:
    """Return the documented public names that are defined in a module."""
    return [
        name
        for name, value in vars(module).items()
        if not name.startswith("_")
        and getattr(value, "__module__", None) == module.__name__
        and (inspect.isfunction(value) or inspect.isclass(value))
        and value.__doc__
    ]


def page() -> str:
    """Return the reference of the whole package, in MyST."""
    lines = []
    for room, files in rooms():
        lines += [f"## `lmgbook.{room}`", ""]
        face = getattr(importlib.import_module(f"lmgbook.{room}"), "__all__", [])
        for file in files:
            module = importlib.import_module(f"lmgbook.{file}")
            shown = [name for name in own_names(module) if name not in face]
            if file != room:
                if not shown:
                    continue
                lines += [f"### `{file}`", ""]
            elif not module.__doc__:
                continue
            lines += ["```{eval-rst}", f".. automodule:: lmgbook.{file}", "   :members:"]
            # a name for a long type helps whoever reads the code, not whoever reads the page
            left = [n for n, value in vars(module).items() if isinstance(value, GenericAlias)]
            left += face if file != room else []
            lines += [f"   :exclude-members: {', '.join(left)}"] if left else []
            lines += ["```", ""]
    return "\n".join(lines)


def named(text: str, chapter: str) -> str:
    """Return a docstring's line with the equations of the chapter's paper as roles."""

    def role(match):
        places = re.sub(r"[()]", "", match[1])
        places = re.sub(r", and | and ", ", ", places).replace(" to ", "-")
        return f":paper-eq:`{chapter}:{places}`"

    return EQUATIONS.sub(role, text)


def name_equations(app, what, name, obj, options, lines):
    chapter = name.split(".")[1] if "." in name else ""
    if chapter in papers(claims_folder(app.env)):
        lines[:] = [named(line, chapter) for line in lines]


class PackageReference(SphinxDirective):
    def run(self):
        # quotes of this page belong to Python: curly ones could not be pasted. Documents share
        # their settings, hence a copy
        document = self.state.document
        document.settings = copy.copy(document.settings)
        document.settings.smart_quotes = False
        return self.parse_text_to_nodes(page(), allow_section_headings=True)


def setup(app):
    app.add_directive("package-reference", PackageReference)
    app.connect("autodoc-process-docstring", name_equations)
