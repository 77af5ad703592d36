"""Teaching material out of the chapters: `python -m lmgbook.bookkit course [--out FOLDER]`.

For each chapter with a `teaching.yml`: its notebooks for instructors (complete), the same for
students (solutions replaced by stubs, which are generated from them and so cannot drift), and a
plan of one page.

The text is that of the live notebooks of the last build (see `live`), with all numbers and
references in place; where there is none of the notebook as it stands, it is that of the source.

What counts as a solution: a cell tagged `solution`; the lines between `# BEGIN SOLUTION` and
`# END SOLUTION`; a text cell with a `{solution}` directive; all cells from `{solution-start}` to
`{solution-end}`.
"""

import ast
import copy
import hashlib
import pathlib
import re
import textwrap

import nbformat
import yaml

from .. import ledger
from . import grading, moodle

LIVE = "_build/live"  # of the build; a live notebook bears the digest of its source

TODO = "# your code here"
_REGION = re.compile(
    r"^[ \t]*# BEGIN SOLUTION[^\n]*\n(.*?)^[ \t]*# END SOLUTION[^\n]*$", re.DOTALL | re.MULTILINE
)
# a link of a live notebook to another chapter
_ELSEWHERE = re.compile(rf"{grading.LINK_TEXT}\(\.\./(\w+)/(\w+\.ipynb[^)]*)\)")
# tags that a student's notebook has no use for, or that would hide the stub
_OURS = {"solution", "keep_output", "nbval-check-output", "hide-input", "hide-cell", "hide-output"}
_PLAN_KEYS = {"title", "prerequisites", "objectives", "schedule", "discussion", "misconceptions"}


def student_notebook(notebook):
    """Return a copy of a notebook without its solutions and without outputs.

    Parameters
    ----------
    notebook : nbformat.NotebookNode
        With solutions.

    Returns
    -------
    nbformat.NotebookNode
        It runs from top to bottom: every name that later cells need exists, as `...`.

    Raises
    ------
    ValueError
        If a solution begins and does not end.
    """
    notebook = copy.deepcopy(notebook)
    for cell in notebook.cells:
        cell.metadata.pop("nbgrader", None)  # it stops nbgrader from releasing the book itself
    solved = _solved(notebook.cells)
    kept, later = [], ""  # from the end: a stub needs to know which names are used after it
    for cell in reversed(notebook.cells):
        if cell.cell_type != "code":
            if not solved[cell.id]:
                kept.append(cell)
            continue
        make = stub if solved[cell.id] else _without_regions
        before, cell.source = cell.source, make(cell.source, later)
        if cell.source != before:
            cell.metadata.pop("mystnb", None)  # caption and alt text of the solution's figure
            cell.metadata.pop("jupyter", None)  # a solution is collapsed, a stub is not
        tags = [tag for tag in cell.metadata.get("tags", []) if tag not in _OURS]
        cell.metadata["tags"] = tags
        cell.outputs, cell.execution_count = [], None
        later = f"{cell.source}\n{later}"
        kept.append(cell)
    notebook.cells = kept[::-1]
    return notebook


def digest(path):
    """Digest of a notebook's file, by which its live version knows it."""
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16]


def read(path):
    """Return the live version of a notebook where the last build made one, else its source.

    Parameters
    ----------
    path : pathlib.Path
        A notebook in a chapter's folder of `book`.

    Returns
    -------
    nbformat.NotebookNode
    """
    live = path.parents[2] / LIVE / path.relative_to(path.parents[2])
    if live.is_file():
        notebook = nbformat.read(live, as_version=4)
        if notebook.metadata.get("lmgbook", {}).get("digest") == digest(path):
            return notebook
    return nbformat.read(path, as_version=4)


def _moved(notebook, folder, chapters):
    """The same notebook with the links to other chapters as they are in a pack."""

    def follow(match):
        text, chapter, file = match.groups()
        return f"[{text}](../../{chapter}/{folder}/{file})" if chapter in chapters else text

    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = _ELSEWHERE.sub(follow, cell.source)
    return notebook


def _solved(cells):
    """Which cells are solutions as a whole, by cell id."""
    solved, inside = {}, False
    for cell in cells:
        text = cell.source if cell.cell_type == "markdown" else ""
        inside = inside or "{solution-start}" in text
        tagged = "solution" in cell.metadata.get("tags", [])
        solved[cell.id] = inside or tagged or "{solution}" in text
        inside = inside and "{solution-end}" not in text
    if inside:
        raise ValueError("a {solution-start} has no {solution-end}")
    return solved


def _without_regions(source, later):
    def replace(match):
        return stub(match[1], f"{source[match.end() :]}\n{later}")

    source = _REGION.sub(replace, source)
    if "# BEGIN SOLUTION" in source or "# END SOLUTION" in source:
        raise ValueError("a '# BEGIN SOLUTION' has no '# END SOLUTION', or the reverse")
    return source


def stub(solution, later):
    """Return what a student finds in place of a solution.

    Parameters
    ----------
    solution : str
        Python source.
    later : str
        The code that follows it: names it uses are kept, with the value `...`.

    Returns
    -------
    str
        Python source, as deep indented as the solution.
    """
    indent = re.match(r"[ \t]*", solution.lstrip("\n"))[0]
    statements = ast.parse(textwrap.dedent(solution)).body
    checks = [ast.unparse(_check(each)) for each in statements if _check(each)]
    needed = set(re.findall(r"\w+", "\n".join([*checks, later])))
    lines = []
    for statement in statements:
        if isinstance(statement, ast.FunctionDef):
            lines += _signature(statement) if statement.name in needed else []
        elif isinstance(statement, ast.Import | ast.ImportFrom):
            lines.append(ast.unparse(statement))
        elif isinstance(statement, ast.Return):
            lines.append(f"return ...  {TODO}")
        elif _check(statement):
            lines.append(ast.unparse(_check(statement)))
        else:
            names = [name for name in _names(statement) if name in needed]
            lines += [f"{name} = ...  {TODO}" for name in names]
            needed -= set(names)
    if not any(TODO in line for line in lines):
        lines.insert(0, TODO)
    return textwrap.indent("\n".join(lines), indent)


def _check(statement):
    """A call of `exercises.check`, its answer replaced unless it is a plain name; else None."""
    call = getattr(statement, "value", None)
    if not isinstance(call, ast.Call) or ast.unparse(call.func) != "exercises.check":
        return None
    call = copy.deepcopy(call)
    call.args[1:] = [a if isinstance(a, ast.Name) else ast.Constant(...) for a in call.args[1:]]
    return call


def _names(statement):
    """Names that a statement binds, in order; those of comprehensions stay inside."""
    nodes = list(ast.walk(statement))
    inner = {
        id(name)
        for node in nodes
        if isinstance(node, ast.comprehension | ast.FunctionDef | ast.Lambda)
        for name in ast.walk(node)
    }
    return [
        node.id
        for node in nodes
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and id(node) not in inner
    ]


def _signature(function):
    head = ast.unparse(function).split("\n")[len(function.decorator_list)]
    docstring = ast.get_docstring(function)
    body = [f'    """{docstring}"""'] if docstring and "\n" not in docstring else []
    return [head, *body, f"    return ...  {TODO}"]


def plan(path):
    """Return the one-page plan of a chapter as Markdown.

    Parameters
    ----------
    path : path-like
        The chapter's `teaching.yml`.

    Returns
    -------
    str

    Raises
    ------
    ValueError
        If an entry is missing or unknown, or a schedule does not add up to its length.
    """
    path = pathlib.Path(path)
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    if set(content) != _PLAN_KEYS:
        odd = ", ".join(sorted(set(content) ^ _PLAN_KEYS))
        raise ValueError(f"{path}: missing or unknown: {odd}")
    lines = [f"# {content['title']}: teaching plan", "", f"**Needs.** {content['prerequisites']}"]
    lines += ["", "## Objectives", "", "Afterwards a student can", ""]
    lines += [f"- {objective}" for objective in content["objectives"]]
    for length, steps in content["schedule"].items():
        if sum(minutes for minutes, _ in steps) != length:
            raise ValueError(f"{path}: the schedule of {length} minutes does not add up")
        lines += ["", f"## {length} minutes", "", "| minutes | what |", "| ---: | --- |"]
        lines += [f"| {minutes} | {what} |" for minutes, what in steps]
    lines += ["", "## To discuss", ""]
    lines += [f"- **{item['question']}** {item['listen_for']}" for item in content["discussion"]]
    lines += ["", "## Common misconceptions", ""]
    lines += [f"- *{item['belief']}* {item['reply']}" for item in content["misconceptions"]]
    return "\n".join(lines) + "\n"


def write(out, book=None, variant=None):
    """Write the material of every chapter, and one folder for nbgrader.

    Parameters
    ----------
    out : path-like
        Folder; each chapter gets one in it, with `student`, `instructor` and `plan.md`.
    book : path-like, optional
        Folder of the chapters; default that of the repository around the working directory.
    variant : int or str, optional
        Numbers of the graded exercises; default: those of the book.

    Returns
    -------
    list of pathlib.Path
        The files written.

    Raises
    ------
    ValueError
        If no chapter has a `teaching.yml`, or a chapter breaks the rules above.
    """
    book = pathlib.Path(book or ledger.claims_folder().parent)
    plans = sorted(book.glob("*/teaching.yml"))
    if not plans:
        raise ValueError(f"no chapter with a teaching.yml in {book}")
    graded, texts, chapters = {}, {}, {path.parent.name for path in plans}
    for path in plans:
        folder = pathlib.Path(out) / path.parent.name
        texts[folder / "plan.md"] = plan(path)
        for source in sorted(path.parent.glob("*.ipynb")):
            notebook = read(source)
            try:
                student = student_notebook(notebook)
            except (ValueError, SyntaxError) as error:
                raise ValueError(f"{source}: {error}") from error
            for kind, version in (("student", student), ("instructor", notebook)):
                text = nbformat.writes(_moved(version, kind, chapters))
                texts[folder / kind / source.name] = text + "\n"
            if source.name == "exercises.ipynb":
                graded[path.parent.name] = _to_grade(source, notebook)
    for name, text in grading.files(graded, variant).items():
        texts[pathlib.Path(out, "nbgrader", name)] = text
    texts[pathlib.Path(out, "moodle.xml")] = moodle.bank(graded, variant)
    for target, text in texts.items():
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    return list(texts)


def _to_grade(source, live):
    """What `grading` makes an assignment of: a notebook, the same for students, finished text."""
    notebook = nbformat.read(source, as_version=4)
    texts = {cell.id: cell.source for cell in live.cells if cell.cell_type == "markdown"}
    return notebook, student_notebook(notebook), texts
