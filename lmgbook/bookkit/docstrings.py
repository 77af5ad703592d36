"""Let docstrings be plain text: they are read in an editor as often as on the API page.

A vertical bar is a bar (reStructuredText would look for a substitution), a colon in the comment of
a constant is a colon (napoleon would look for a type), and `ndarray` is NumPy's.
"""

import re

CODE = re.compile(r"(``?.+?``?)")
TYPES = {"ndarray": "numpy.ndarray", "callable": "collections.abc.Callable"}


def before_napoleon(app, what, name, obj, options, lines):
    for index, line in enumerate(lines):
        if not line.lstrip().startswith((">>>", "...")):
            parts = CODE.split(line)
            parts[::2] = [part.replace("|", r"\|") for part in parts[::2]]
            lines[index] = "".join(parts)
    if what in ("attribute", "data", "property") and lines:
        lines[0] = lines[0].replace(": ", " \N{EN DASH} ", 1)


def after_napoleon(app, what, name, obj, options, lines):
    for index, line in enumerate(lines):
        if match := re.fullmatch(r"(\s*:type: )(\w+)", line):
            lines[index] = match[1] + TYPES.get(match[2], match[2])


def setup(app):
    app.add_css_file("api.css")
    # napoleon works at the default priority, 500
    app.connect("autodoc-process-docstring", before_napoleon, priority=400)
    app.connect("autodoc-process-docstring", after_napoleon, priority=600)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
