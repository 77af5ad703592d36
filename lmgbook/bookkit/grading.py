"""Exercises as nbgrader wants them: its cells, its points, its hidden tests.

For each chapter one assignment, made of the notebook with the exercises. A number is graded by
`exercises.check(..., strict=True)` in a hidden test, a part that asks for a reason, a proof or a
figure by hand, in a cell of its own. The text of the book's solution is the model answer. Cells
have ids that do not change with their place, so that a course keeps its database.
"""

import copy
import json
import re

import nbformat

POINTS = {"Warm-up": (1, 1), "Core": (3, 2), "Project": (6, 4)}  # of a number, of a part by hand
EXERCISE = re.compile(r"```+\{exercise\} *(.*)\n:label: *(\S+)\n(.*?)```", re.DOTALL)
SOLUTION = re.compile(r"```+\{solution\} *\S*\n(?::.*\n)*\n*(.*?)\n*```+\s*$", re.DOTALL)
FOLDED = re.compile(r"<details>\n<summary>.*?</summary>\n\n(.*?)\n+</details>", re.DOTALL)
# the text of a link in a live notebook; a formula in it may hold brackets
LINK_TEXT = r"\[((?:\$[^$]*\$|\\.|[^\[\]$\\])*)\]"
# to a notebook that does not come with the assignment
LINK = re.compile(rf"{LINK_TEXT}\([\w./]*\.ipynb[^)]*\)")
CHECK = re.compile(r'exercises\.check\(\s*"([\w.]+)",\s*([^,()]+|.*?)(?:,\s*\*\*given)?\)')
REASONS = re.compile(
    r"\b(?:[Ww]hy|[Ee]xplain|[Pp]rove|[Ss]how (?:it|that)|[Cc]onfirm|[Cc]ompare)\b"
)
HIDDEN = """\
{visible}
### BEGIN HIDDEN TESTS
from lmgbook import exercises as _judge
_judge.check({id!r}, {answer}, variant={variant!r}, strict=True)
### END HIDDEN TESTS"""
REGION = "### BEGIN SOLUTION\n{}\n### END SOLUTION"


class Problem:
    """What the text of an exercise says: its level, its parts, and which one the check wants."""

    def __init__(self, level, title, label, text):
        self.level, self.title, self.label = level, title, label
        self.of_number, self.by_hand = POINTS[level]
        letters = re.findall(r"\(([a-e])\)", text)
        self.parts = sorted(set(letters) | ({"a"} if letters else set()))
        wanted = re.search(r"check wants[^.]*\(([a-e])\)", text)
        self.wanted = wanted and wanted[1]
        self.reasons = bool(REASONS.search(text))

    def manual(self, numbered, explained):
        """Names of the parts to be graded by hand: letters, or "" for the whole."""
        parts = [part for part in self.parts if not (numbered and part == self.wanted)]
        return parts or ([""] if self.reasons or explained or not numbered else [])


def exercises_of(cells):
    """The cells of each exercise, in order: `Problem` and cells; None for what comes before."""
    groups, level = [(None, [])], "Warm-up"
    for cell in cells:
        if cell.cell_type == "markdown":
            heading = re.search(r"^## (Warm-up|Core|Project)", cell.source, re.MULTILINE)
            level = heading[1] if heading else level
            if found := EXERCISE.search(cell.source):
                groups.append((Problem(level, *found.groups()), []))
        groups[-1][1].append(cell)
    return groups


def mark(cell, grade_id, points=None, solution=False, locked=False):
    """Give a cell nbgrader's metadata; with points it is graded."""
    about = {"schema_version": 3, "grade_id": grade_id, "task": False}
    about |= {"grade": points is not None, "solution": solution, "locked": locked}
    cell.metadata["nbgrader"] = about | ({} if points is None else {"points": points})


def assignment(notebook, student, texts, variant=None):
    """Return the source of an nbgrader assignment, with solutions and hidden tests.

    Parameters
    ----------
    notebook, student : nbformat.NotebookNode
        The exercises of a chapter, and the same without solutions, for the stubs.
    texts : dict of str to str
        The text of cells by their ids, with all numbers and references in place.
    variant : int or str, optional
        Numbers for this class, see `lmgbook.exercises.parameters`; default: the printed ones.

    Returns
    -------
    nbformat.NotebookNode

    Raises
    ------
    ValueError
        If a check is not of the form `exercises.check("id", answer)`.
    """
    notebook = copy.deepcopy(notebook)
    for cell in notebook.cells:
        cell.metadata.pop("nbgrader", None)
    stubs = {cell.id: cell.source for cell in student.cells}
    cells = []
    for problem, group in exercises_of(notebook.cells):
        cells += group if problem is None else _graded(problem, group, stubs, texts, variant)
    for cell in cells:
        if cell.id in texts:
            cell.source = LINK.sub(r"\1", texts[cell.id])
        cell.metadata = {"nbgrader": cell.metadata.get("nbgrader")}
        if cell.metadata["nbgrader"] is None:
            mark(cell, f"text-{cell.id}", locked=True)
        if cell.source.startswith("variant = "):
            cell.source = f"variant = {variant!r}  # the numbers of this class"
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    notebook.cells = cells
    return notebook


def _graded(problem, group, stubs, texts, variant):
    """The cells of one exercise, with those to be graded by hand behind them."""
    kept, model = [], []
    numbered = any(c.cell_type == "code" and "exercises.check(" in c.source for c in group)
    for cell in group:
        if cell.cell_type == "markdown":
            if "{solution}" in cell.source:
                text = LINK.sub(r"\1", texts.get(cell.id, cell.source))
                model.append((FOLDED.search(text) or SOLUTION.search(text))[1])
            else:
                kept.append(cell)
            continue
        kept.append(cell)
        if "exercises.check(" in cell.source:
            _test(cell, problem, variant)
        elif "solution" in cell.metadata.get("tags", []):
            cell.source = f"{stubs[cell.id]}\n{REGION.format(cell.source)}"
            mark(cell, f"{problem.label}-{cell.id}", solution=True)
    answers = [
        _by_hand(problem, part, model if position == 0 else [])
        for position, part in enumerate(problem.manual(numbered, model))
    ]
    # behind the check, or behind the program where there is none
    last = max(i for i, c in enumerate(kept) if "nbgrader" in c.metadata)
    return [*kept[: last + 1], *answers, *kept[last + 1 :]]


def _test(cell, problem, variant):
    found = CHECK.search(cell.source)
    if not found:
        raise ValueError(f"{problem.label}: not exercises.check(id, answer): {cell.source}")
    name, answer = found.groups()
    visible = cell.source
    cell.source = HIDDEN.format(visible=visible, id=name, answer=answer, variant=variant)
    mark(cell, name.replace(".", "-"), problem.of_number, locked=True)


def _by_hand(problem, part, model):
    lead = f"Your answer to ({part})" if part else f"Your answer to *{problem.title}*"
    text = "\n\n".join(model) or "See the program, and the first answer of this exercise."
    cell = nbformat.v4.new_markdown_cell(
        f"**{lead}**, with reasons; figures go above.\n\n{REGION.format(text)}",
        id=f"{problem.label}-{part or 'text'}"[:64],
    )
    mark(cell, f"{problem.label}-{part or 'text'}", problem.by_hand, solution=True)
    return cell


CONFIG = """\
# nbgrader reads this file in the folder it is started in.
c = get_config()  # noqa: F821
c.CourseDirectory.course_id = "lmgbook"
c.ClearSolutions.code_stub = {"python": "# your code here"}
c.ClearSolutions.text_stub = "(your text)"
c.ExecutePreprocessor.timeout = 300
"""


RUBRIC = """\
| | full | half | none |
| --- | --- | --- | --- |
| physics | the answer, and why it must be so | the answer alone | another question's answer |
| numbers | confirmed by a second way or a known limit | plausible, unchecked | wrong, or none |
| figure | axes, units, one message, a full caption | right, but needs the text | none |
| doubt | what would make one believe the opposite | a weakness is named | too much is claimed |
"""


def rubric(notebook, made):
    """How to grade the projects of a chapter by hand: four criteria, three grades, model answers.

    Parameters
    ----------
    notebook, made : nbformat.NotebookNode
        The exercises of a chapter, and the assignment made of them.

    Returns
    -------
    str
        Markdown.
    """
    lines = [
        "# Projects, by hand",
        "",
        "Each criterion counts a quarter of the points of a project.",
        "",
        RUBRIC,
    ]
    for problem, _ in exercises_of(notebook.cells)[1:]:
        if problem.of_number == POINTS["Project"][0]:
            by_hand = [
                cell
                for cell in made.cells
                if cell.metadata["nbgrader"]["grade_id"].startswith(f"{problem.label}-")
                and cell.metadata["nbgrader"]["grade"]
            ]
            points = sum(cell.metadata["nbgrader"]["points"] for cell in by_hand)
            model = re.search(r"### BEGIN SOLUTION\n(.*?)\n### END", by_hand[0].source, re.DOTALL)
            lines += [f"## {problem.title}", "", f"{points} points. A full answer:", "", model[1]]
            lines += [""]
    return "\n".join(lines)


def files(notebooks, variant=None):
    """Return all files of a course for nbgrader, by their paths in its folder.

    Parameters
    ----------
    notebooks : dict of str to tuple
        For each chapter the first three arguments of `assignment`.
    variant : int or str, optional
        As for `assignment`.

    Returns
    -------
    dict of str to str
    """
    texts = {"nbgrader_config.py": CONFIG}
    table = []
    for chapter, parts in notebooks.items():
        made = assignment(*parts, variant)
        texts[f"source/{chapter}/exercises.ipynb"] = nbformat.writes(made) + "\n"
        texts[f"rubrics/{chapter}.md"] = rubric(parts[0], made)
        graded = [c.metadata["nbgrader"] for c in made.cells if c.metadata["nbgrader"]["grade"]]
        by_hand = [each for each in graded if each["solution"]]
        total = sum(each["points"] for each in graded)
        hand = sum(each["points"] for each in by_hand)
        table.append(f"| {chapter} | {len(graded)} | {total} | {total - hand} | {hand} |")
    texts["README.md"] = README.format(table="\n".join(table), variant=json.dumps(variant))
    return texts


README = """\
# Exercises to grade with nbgrader

One assignment for each chapter. Numbers are graded by hidden tests, reasons and figures by hand,
each part in a cell of its own; the model answers stand in the source.

| assignment | graded cells | points | by test | by hand |
| --- | ---: | ---: | ---: | ---: |
{table}

A warm-up gives 1 point for its number, a core exercise 3, a project 6; a part by hand gives 1, 2 or
4. Change them in the source if you weigh otherwise. `rubrics` says how to weigh the projects.

## From here to a graded class

1. Install the book's package and nbgrader where students work and where you grade:
   `pip install "nbgrader>=0.9" lmgbook`, or `pip install ".[course]"` in the book's repository.
2. In this folder: `nbgrader generate_assignment slow_quenches`. The release appears in
   `release/slow_quenches`; no solution and no hidden test is left in it.
3. Hand it out, as you are used to: nbgrader's exchange, a learning platform, a repository.
4. Put what comes back into `submitted/<student>/slow_quenches/exercises.ipynb`.
5. `nbgrader autograde slow_quenches`, then the parts by hand in `jupyter lab` (menu Nbgrader,
   Formgrader).
6. `nbgrader generate_feedback slow_quenches` writes one page a student into `feedback/`. It says
   what may have gone wrong with a number, and not the number.

nbgrader finds its own tools only where the environment that it lives in is active.

## How safe is this?

For the numbers that the book prints, not at all: its solutions are public, and the package computes
the answers. This pack was made with `variant = {variant}`. `make course VARIANT=anything` gives
your class other numbers, always the same ones for the same word; keep the word to yourself. Where
numbers count, they still only tell that a program ran: weigh the parts by hand, or ask a student to
explain one cell.
"""
