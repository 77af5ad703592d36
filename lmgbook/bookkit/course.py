"""Teaching material out of the chapters: `python -m lmgbook.bookkit course [--out FOLDER]`.

For each chapter with a `teaching.yml`: its notebooks for students (solutions replaced by stubs,
which are generated from them and so cannot drift), the same complete and with outputs for
instructors, a plan of one page, notes and slides.

The text is that of the live notebooks of the last build (see `live`), with all numbers and
references in place; where there is none of the notebook as it stands, it is that of the source.

What counts as a solution: a cell tagged `solution`; the lines between `# BEGIN SOLUTION` and
`# END SOLUTION`; a text cell with a `{solution}` directive; all cells from `{solution-start}` to
`{solution-end}`.
"""

import ast
import copy
import pathlib
import re
import secrets
import textwrap

import nbformat
import yaml

from .. import ledger
from . import documents, executed, grading, handout, instructor, moodle, qti, slides

LIVE = "_build/live"  # of the build; a live notebook bears the digest of its source

WORD = f"nbgrader/{grading.WORD}"
TODO = "# your code here"
_REGION = re.compile(
    r"^[ \t]*# BEGIN SOLUTION[^\n]*\n(.*?)^[ \t]*# END SOLUTION[^\n]*$", re.DOTALL | re.MULTILINE
)
# text in quotes and comments: no names of variables, except in an f-string
_QUOTED = re.compile(r"(?<![\w\"'])(?:r?\"[^\"\n]*\"|r?'[^'\n]*')|#[^\n\"']*$", re.MULTILINE)
# a link of a live notebook to another chapter
_ELSEWHERE = re.compile(rf"{grading.LINK_TEXT}\(\.\./(\w+)/(\w+\.ipynb[^)]*)\)")
# tags that a student's notebook has no use for, or that would hide the stub
_OURS = {"solution", "keep_output", "nbval-check-output", "hide-input", "hide-cell", "hide-output"}
_PLAN_KEYS = {"title", "prerequisites", "objectives", "schedule", "discussion", "misconceptions"}
_PLAN_KEYS |= {"votes", "skip", "pairs", "path"}  # for notes, notebooks and slides


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
                cell.source = grading.replaced(cell.source, grading.PROMISES)
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
        if notebook.metadata.get("lmgbook", {}).get("digest") == executed.digest(path):
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
    needed = set(re.findall(r"\w+", _QUOTED.sub("", "\n".join([*checks, later]))))
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


def plans_of(book=None):
    """The `teaching.yml` of every chapter.

    Parameters
    ----------
    book : path-like, optional
        Folder of the chapters; default that of the repository around the working directory or
        next to an editable install, else what was installed with the package.

    Returns
    -------
    list of pathlib.Path

    Raises
    ------
    ValueError
        If there is none.
    """
    if book is None:
        installed = pathlib.Path(__file__).parents[1] / "book"
        book = ledger.claims_folder().parent
        book = book if any(book.glob("*/teaching.yml")) else installed
    plans = sorted(pathlib.Path(book).glob("*/teaching.yml"))
    if not plans:
        raise ValueError(f"no chapter with a teaching.yml in {book}")
    return plans


def unbuilt(book=None):
    """Chapters whose notebooks have not all run as they stand (list of str)."""
    folders = [path.parent for path in plans_of(book)]
    return [f.name for f in folders if not instructor.available(f.parents[1], f)]


def write(out, book=None, variant=None):
    """Write the material of every chapter, and one folder for nbgrader.

    What a build has to run first, the notebooks for instructors, notes and slides, is written of
    chapters whose run is there; `unbuilt` names the others.

    Parameters
    ----------
    out : path-like
        Folder; each chapter gets one in it, with `student`, `instructor` and a plan.
    book : path-like, optional
        As for `plans_of`.
    variant : int or str, optional
        Draws the numbers of the graded exercises. Default: the word that the folder keeps from the
        last time, else a fresh one; the book's own numbers have public solutions.

    Returns
    -------
    list of pathlib.Path
        The files written.

    Raises
    ------
    ValueError
        If no chapter has a `teaching.yml`, or a chapter breaks the rules above.
    """
    plans, out = plans_of(book), pathlib.Path(out)
    variant = word(out) if variant in (None, "") else variant
    graded, made, handed, titles = {}, {WORD: f"{variant}\n"}, {}, {}
    chapters, root = {path.parent.name for path in plans}, plans[0].parents[2]
    for path in plans:
        chapter, text = path.parent.name, plan(path)
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        titles[chapter] = content["title"]
        sheet = documents.page(f"{content['title']}: plan", documents.html(text), documents.SHEET)
        made |= {f"{chapter}/plan.md": text, f"{chapter}/plan.html": sheet}
        ran = instructor.available(root, path.parent)
        for source in sorted(path.parent.glob("*.ipynb")):
            notebook = read(source)
            try:
                student = student_notebook(notebook)
            except (ValueError, SyntaxError) as error:
                raise ValueError(f"{source}: {error}") from error
            with_gaps(student, content, source.stem)
            text = nbformat.writes(_moved(student, "student", chapters)) + "\n"
            made[f"{chapter}/student/{source.name}"] = text
            handed[f"{chapter}/{source.name}"] = text.replace("/student/", "/").replace(
                "(../../", "(../"
            )
            if ran:
                full = instructor.with_outputs(root, source, notebook)
                text = nbformat.writes(_moved(full, "instructor", chapters)) + "\n"
                made[f"{chapter}/instructor/{source.name}"] = text
            if source.name == "exercises.ipynb":
                graded[chapter] = _to_grade(source, notebook)
        if ran:
            found = instructor.pages(root, path.parent, read)
            problems = instructor.exercises(root, path.parent, graded[chapter][0])
            made[f"{chapter}/notes.html"] = instructor.notes(content, found, problems)
            made[f"{chapter}/slides.html"] = slides.deck(content, found)
    for name, text in grading.files(graded, variant, handout.install(root, "../")).items():
        made[f"nbgrader/{name}"] = text
    made["moodle.xml"] = moodle.bank(graded, variant)
    made["qti.zip"] = qti.package(graded, variant)
    handed |= {"README.md": handout.readme(root, titles), **handout.licences(root)}
    for wheel in handout.wheels(root):
        made[wheel.name] = handed[wheel.name] = wheel.read_bytes()
    made["handout.zip"] = handout.pack(handed)
    made["README.md"] = README
    targets = {out / name: text for name, text in made.items()}
    for target, text in targets.items():
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(text.encode() if isinstance(text, str) else text)
    return list(targets)


def word(out):
    """The word that draws the numbers of a class: the one kept in a folder, or a fresh one."""
    kept = pathlib.Path(out, WORD)
    known = kept.read_text(encoding="utf-8").strip() if kept.is_file() else ""
    return known or secrets.token_hex(4)


def with_gaps(notebook, content, name):
    """Make room in a notebook of students for the pair work of the plan.

    A gap stands on the page that a step "In pairs: ... (`page`)" names first, before the cell that
    tells the result; `pairs` of the plan has these cells in the order of the steps.

    Parameters
    ----------
    notebook : nbformat.NotebookNode
        Of a chapter; it is changed.
    content : dict
        The chapter's `teaching.yml`.
    name : str
        File of the notebook, without suffix.

    Raises
    ------
    ValueError
        If `pairs` has not one cell of that page for each such step.
    """
    steps = [step for steps in content["schedule"].values() for step in steps]
    work = [(minutes, what) for minutes, what in steps if pair_work(what)]
    for index, ((minutes, what), before) in enumerate(zip(work, content["pairs"], strict=True)):
        if pair_work(what) != name:
            continue
        place = next((i for i, c in enumerate(notebook.cells) if c.id == before), None)
        if place is None:
            raise ValueError(f"{name} has no cell {before!r}, before which pairs should work")
        text = f"**{what}** ({minutes} minutes)\n\nWhat we expected, what came out, and why:"
        notebook.cells[place:place] = [
            nbformat.v4.new_markdown_cell(text, id=f"pairs-{index}-text"),
            nbformat.v4.new_code_cell(TODO, id=f"pairs-{index}"),
        ]


def pair_work(what):
    """The page that a step of a schedule wants pairs to work in, or None."""
    named = re.search(r"`(\w+)`", what)
    return named[1] if what.startswith("In pairs") and named else None


README = """\
# Teaching material of lmgbook

| what | for |
| --- | --- |
| `<chapter>/plan.html` | you: objectives, schedules, questions, misconceptions, on one sheet |
| `<chapter>/notes.html` | you: answers to the votes, what to open and to skip, minutes |
| `<chapter>/slides.html` | the projector; no network, no program: space bar, Page Down, print |
| `<chapter>/slides.html#short` | the same, only what the plan's 50 minutes show |
| `<chapter>/instructor` | you: all notebooks, complete and with outputs |
| `<chapter>/student` | students: the same without solutions, with room for the pair work |
| `handout.zip` | students: all of their notebooks with a README that says how to install |
| `nbgrader` | marks: assignments with hidden tests; its README leads to a graded class |
| `moodle.xml`, `qti.zip` | a platform: the exercises with a number, as a question bank |

`notes.html`, `slides.html` and `instructor` are missing where the book has not been built: `make
book` first. JupyterLab shows the figures of `instructor` once you trust the notebooks (`jupyter
trust */instructor/*.ipynb`) or run them.

The numbers of the book have public solutions. In `nbgrader`, `moodle.xml` and `qti.zip` your class
has others. A word draws them, a fresh one or that of `make course VARIANT=word`; it is kept in
`nbgrader/word.txt`, and `make course` into the same folder takes it again. Keep it to yourself.

Students need the package: `lmgbook-….whl` lies here and in `handout.zip` if `make dist` has made it
of these sources; else both READMEs name the line that installs it, or how to make the file.
"""


def _to_grade(source, live):
    """What `grading` makes an assignment of: a notebook, the same for students, finished text."""
    notebook = nbformat.read(source, as_version=4)
    texts = {cell.id: cell.source for cell in live.cells if cell.cell_type == "markdown"}
    return notebook, student_notebook(notebook), texts
