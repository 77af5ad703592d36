"""Exercises as nbgrader wants them: its cells, its points, its hidden tests.

For each chapter one assignment, made of the notebook with the exercises. A number is graded by
`exercises.check(..., strict=True)` in a hidden test, a part that asks for a reason, a proof or a
figure by hand, in a cell of its own. The text of the book's solution is the model answer; where an
exercise has parts, a paragraph that begins with "(a)" answers part (a). Cells have ids that do not
change with their place, so that a course keeps its database.
"""

import copy
import functools
import json
import re

import nbformat

from .. import exercises

# minutes of a student for an exercise, and for each part after the first: a rule of thumb
MINUTES = {"Warm-up": (10, 5), "Core": (60, 15), "Project": (240, 30)}
MINUTES_A_POINT = 5
EXERCISE = re.compile(r"```+\{exercise\} *(.*)\n:label: *(\S+)\n(.*?)```", re.DOTALL)
SOLUTION = re.compile(r"```+\{solution\} *\S*\n(?::[^\n]*\n)*\n*(.*?)\n*```+\s*$", re.DOTALL)
FOLDED = re.compile(r"<details>\n<summary>.*?</summary>\n\n(.*?)\n+</details>", re.DOTALL)
PART = re.compile(r"(?:\A|\n\n)\(([a-e])\)\s")  # a paragraph that answers a part
# the text of a link in a live notebook; a formula in it may hold brackets
LINK_TEXT = r"\[((?:\$[^$]*\$|\\.|[^\[\]$\\])*)\]"
# to a notebook that does not come with the assignment
LINK = re.compile(rf"{LINK_TEXT}\([\w./]*\.ipynb[^)]*\)")
CHECK = re.compile(r'exercises\.check\(\s*"([\w.]+)",\s*([^,()]+|.*?)(?:,\s*\*\*given)?\)')
STATED = re.compile(r'exercises\.parameters\("([\w.]+)", variant\)')
REASONS = re.compile(
    r"\b(?:[Ww]hy|[Ee]xplain|[Pp]rove|[Ss]how (?:it|that)|[Cc]onfirm|[Cc]ompare)\b"
)
# what the book says of itself, and what holds where there are no solutions, or no variants
PROMISES = {
    "Hints and solutions are folded.": "Hints are folded.",
    " (`make course` writes a version of this notebook without the solutions.)": "",
}
VARIANTS = {"; a `variant` of your own gives you other numbers.": "."}
HIDDEN = """\
{visible}
### BEGIN HIDDEN TESTS
from lmgbook import exercises as _judge
assert _judge.check({id!r}, {answer}, **{numbers}, strict=True)
### END HIDDEN TESTS"""
REGION = "### BEGIN SOLUTION\n{}\n### END SOLUTION"
RUBRIC = """\
| | full | half | none |
| --- | --- | --- | --- |
| physics | the answer, and why it must be so | the answer alone | another question's answer |
| numbers | confirmed by a second way or a known limit | plausible, unchecked | wrong, or none |
| figure | axes, units, one message, a full caption | right, but needs the text | none |
| doubt | what would make one believe the opposite | a weakness is named | too much is claimed |
"""
PROJECTS = f"""\
A project ends with a page of text and one figure, and with the sentence "I would believe the
opposite if …". Each of four criteria counts a quarter of its points:

{RUBRIC}"""
RULES = """\
**How this is graded.** An exercise gives one point for each five minutes that it should take: {}.
Its number and its parts share them evenly. A number is tested, and the feedback may say what went
wrong with it. All the rest is read, and the reasons count.

"""


def rules():
    """What students are told about points and projects: Markdown."""
    minutes = [f"a {level.lower()} {first}" for level, (first, _) in MINUTES.items()]
    more = ", ".join(str(more) for _, more in MINUTES.values())
    each = f"{', '.join(minutes)} minutes, and {more} for each part after the first"
    return RULES.format(each) + PROJECTS


class Problem:
    """What the text of an exercise says: its level, its parts, and which one the check wants."""

    def __init__(self, level, title, label, text):
        self.level, self.title, self.label = level, title, label
        letters = re.findall(r"\(([a-e])\)", text)
        self.parts = sorted(set(letters) | ({"a"} if letters else set()))
        wanted = re.search(r"check wants[^.]*\(([a-e])\)", text)
        self.wanted = wanted and wanted[1]
        self.reasons = bool(REASONS.search(text))

    def manual(self, numbered, explained):
        """Names of the parts to be graded by hand: letters, or "" for the whole."""
        parts = [part for part in self.parts if not (numbered and part == self.wanted)]
        return parts or ([""] if self.reasons or explained or not numbered else [])

    @property
    def minutes(self):
        first, more = MINUTES[self.level]
        return first + more * max(len(self.parts) - 1, 0)

    @property
    def points(self):
        return self.minutes // MINUTES_A_POINT

    def shares(self, count):
        """The points, shared among so many cells."""
        each, left = divmod(self.points, count)
        return [each + (place < left) for place in range(count)]


class Group:
    """An exercise with its cells, and what of it is graded.

    Attributes
    ----------
    problem : Problem
    cells : list
        Cells of the book's notebook, from the text on.
    numbered : bool
        It asks for a number, which is tested.
    by_hand : list of str
        Parts to be graded by hand, "" for the whole.
    answers : dict of str to str
        Of the book's solution what answers each part.
    unplaced : bool
        Some of the solution answers no part.
    """

    def __init__(self, problem, cells, texts):
        self.problem, self.cells = problem, cells
        sources = [c.source for c in cells if c.cell_type == "code"]
        self.numbered = any("exercises.check(" in source for source in sources)
        written = [LINK.sub(r"\1", texts.get(c.id, c.source)) for c in cells if solves(c)]
        text = "\n\n".join((FOLDED.search(t) or SOLUTION.search(t))[1] for t in written).strip()
        self.by_hand = problem.manual(self.numbered, text)
        before, *pieces = PART.split(text) if problem.parts else ["", "", text]
        self.answers = {p: t.strip() for p, t in zip(pieces[::2], pieces[1::2], strict=True)}
        self.unplaced = bool(before.strip())

    def faults(self):
        """What keeps this exercise from being graded: a list of sentences."""
        label = self.problem.label
        found = [
            f"{label}: no answer in words" + (f" to ({part})" if part else "")
            for part in self.by_hand
            if not self.answers.get(part)
        ]
        if self.unplaced:
            found.append(f"{label}: the solution begins without saying which part it answers")
        return found

    def shares(self):
        """Points of the number, if there is one, and of each part by hand, in order."""
        return self.problem.shares(self.numbered + len(self.by_hand))


def solves(cell):
    """Whether a cell is the text of a solution."""
    return cell.cell_type == "markdown" and "{solution}" in cell.source


def groups_of(notebook, texts):
    """The exercises of a notebook, in order (list of Group)."""
    return [Group(p, cells, texts) for p, cells in exercises_of(notebook.cells) if p]


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
        If a check is not of the form `exercises.check("id", answer)`, or if the solution says
        nothing on a part that is graded by hand: all of these are named.
    """
    notebook = copy.deepcopy(notebook)
    for cell in notebook.cells:
        cell.metadata.pop("nbgrader", None)
    if faults := [each for group in groups_of(notebook, texts) for each in group.faults()]:
        raise ValueError("\n".join(faults))
    stubs = {cell.id: cell.source for cell in student.cells}
    cells = []
    for problem, group in exercises_of(notebook.cells):
        if problem is None:
            told = nbformat.v4.new_markdown_cell(rules(), id="rules")
            cells += [*group[:1], told, *group[1:]]
        else:
            cells += _graded(Group(problem, group, texts), stubs, variant)
    cells = [cell for cell in cells if not cell.source.startswith("variant = ")]
    for cell in cells:
        if cell.id in texts:
            cell.source = LINK.sub(r"\1", texts[cell.id])
        if cell.cell_type == "markdown":
            cell.source = replaced(cell.source, PROMISES | VARIANTS)
        cell.source = STATED.sub(lambda found: numbers(found[1], variant), cell.source)
        cell.metadata = {"nbgrader": cell.metadata.get("nbgrader")}
        if cell.metadata["nbgrader"] is None:
            mark(cell, f"text-{cell.id}", locked=True)
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    notebook.cells = cells
    return notebook


def replaced(text, words):
    """A text with each key of a dictionary replaced by its value."""
    for old, new in words.items():
        text = text.replace(old, new)
    return text


def numbers(name, variant):
    """The numbers of an exercise as Python source that says nothing of the variant."""
    return json.dumps(exercises.parameters(name, variant))


def _graded(group, stubs, variant):
    """The cells of one exercise, with those to be graded by hand behind them."""
    kept = [cell for cell in group.cells if not solves(cell)]
    label, points = group.problem.label, group.shares()
    for cell in kept:
        if cell.cell_type != "code":
            continue
        if "exercises.check(" in cell.source:
            _test(cell, label, points[0], variant)
        elif "solution" in cell.metadata.get("tags", []):
            cell.source = f"{stubs[cell.id]}\n{REGION.format(cell.source)}"
            mark(cell, f"{label}-{cell.id}", solution=True)
    answers = [
        _by_hand(group, part, share)
        for part, share in zip(group.by_hand, points[group.numbered :], strict=True)
    ]
    # behind the check, or behind the program where there is none
    last = max(i for i, c in enumerate(kept) if "nbgrader" in c.metadata)
    return [*kept[: last + 1], *answers, *kept[last + 1 :]]


def _test(cell, label, points, variant):
    found = CHECK.search(cell.source)
    if not found:
        raise ValueError(f"{label}: not exercises.check(id, answer): {cell.source}")
    name, answer = found.groups()
    cell.source = HIDDEN.format(
        visible=cell.source, id=name, answer=answer, numbers=numbers(name, variant)
    )
    mark(cell, name.replace(".", "-"), points, locked=True)


def _by_hand(group, part, points):
    problem = group.problem
    lead = f"Your answer to ({part})" if part else f"Your answer to *{problem.title}*"
    worth = f"{points} point{'s' * (points > 1)}"
    cell = nbformat.v4.new_markdown_cell(
        f"**{lead}** ({worth}), with reasons; figures go above.\n\n"
        f"{REGION.format(group.answers[part])}",
        id=f"{problem.label}-{part or 'text'}"[:64],
    )
    mark(cell, f"{problem.label}-{part or 'text'}", points, solution=True)
    return cell


CONFIG = """\
# nbgrader reads this file in the folder it is started in.
c = get_config()  # noqa: F821
c.CourseDirectory.course_id = "lmgbook"
c.ClearSolutions.code_stub = {"python": "# your code here"}
c.ClearSolutions.text_stub = "(your text)"
c.ExecutePreprocessor.timeout = 300
"""


@functools.cache
def answer(name, variant=None):
    """The answer of an exercise."""
    problem = exercises.find(name)
    return problem.answer(**problem.numbers(variant))


def rubric(notebook, texts, variant=None):
    """How to grade a chapter by hand: the numbers of this class, the criteria, model answers.

    Parameters
    ----------
    notebook, texts, variant
        As for `assignment`.

    Returns
    -------
    str
        Markdown.
    """
    lines = [
        "# The numbers of this class",
        "",
        "| exercise | with | answer |",
        "| --- | --- | ---: |",
    ]
    projects = ["", "# Projects, by hand", "", PROJECTS]
    for group in groups_of(notebook, texts):
        title = group.problem.title
        for cell in group.cells:
            if cell.cell_type == "code" and (found := CHECK.search(cell.source)):
                given = exercises.parameters(found[1], variant)
                lines += [
                    f"| {title} | {given or '(no choice)'} | {answer(found[1], variant):.6g} |"
                ]
        if group.problem.level == "Project":
            projects += [f"## {title}", ""]
            for part, points in zip(group.by_hand, group.shares()[group.numbered :], strict=True):
                name = f"({part}) " if part else ""
                projects += [f"{name}{points} points. A full answer:", "", group.answers[part], ""]
    return "\n".join(lines + projects)


def files(notebooks, variant=None, install="lmgbook-*.whl"):
    """Return all files of a course for nbgrader, by their paths in its folder.

    Parameters
    ----------
    notebooks : dict of str to tuple
        For each chapter the first three arguments of `assignment`.
    variant : int or str, optional
        As for `assignment`.
    install : str
        What pip installs the package from.

    Returns
    -------
    dict of str to str
    """
    texts = {"nbgrader_config.py": CONFIG}
    table = []
    for chapter, parts in notebooks.items():
        made = assignment(*parts, variant)
        texts[f"source/{chapter}/exercises.ipynb"] = nbformat.writes(made) + "\n"
        texts[f"rubrics/{chapter}.md"] = rubric(parts[0], parts[2], variant)
        graded = [c.metadata["nbgrader"] for c in made.cells if c.metadata["nbgrader"]["grade"]]
        total, hand, own = (
            sum(each["points"] for each in graded if wanted(each))
            for wanted in (lambda _: True, lambda each: each["solution"], _chosen)
        )
        row = f"{len(graded)} | {total} | {total - hand} | {own} | {hand}"
        table.append(f"| {chapter} | {row} |")
    texts["README.md"] = README.format(
        table="\n".join(table),
        variant=variant,
        install=install,
        word=WORD,
        hint=HINT * ("*" in install),
    )
    return texts


def _chosen(cell):
    """Whether a graded cell tests a number that follows from others, which a variant chooses."""
    name = cell["grade_id"].replace("-", ".", 1)
    return not cell["solution"] and bool(exercises.parameters(name))


HINT = """.
   The file is not there yet: in the book's repository `make dist` writes it into `_build/dist` (as
   does `pip wheel --no-deps -w _build/dist .`), and the next `make course` puts it there."""
WORD = "word.txt"
README = """\
# Exercises to grade with nbgrader

One assignment for each chapter. Numbers are graded by hidden tests, reasons and figures by hand,
each part in a cell of its own; the model answers stand in the source.

| assignment | graded cells | points | by test | of these with numbers of your class | by hand |
| --- | ---: | ---: | ---: | ---: | ---: |
{table}

An exercise gives one point for each five minutes of a rule of thumb: a warm-up takes 10, a core
exercise 60, a project 240, and each part after the first 5, 15 or 30 more. Its number and its
parts share them evenly. Change them in the source if you weigh otherwise. `rubrics` has the answers
to the numbers, and for the projects criteria and model answers; students find the criteria in their
assignment.

## From here to a graded class

1. Install the book's package and nbgrader where students work and where you grade, from this
   folder: `pip install "nbgrader>=0.9" {install}`{hint}
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

For the numbers that the book prints, not at all: its solutions are public. So this class has
others, drawn by the word `{variant}`. Students see the numbers, not the word. It is kept in
`{word}` beside this file, and the next `make course` into this folder takes it again, so that
nothing changes under a class that has begun; `make course VARIANT=another`, or a folder without the
file, gives others. The table says how many points lie on such numbers: an exponent, say, has no
other value to choose.

The package computes the answers of any numbers, and whoever looks for the function finds it. So
numbers tell that a program ran: weigh the parts by hand, or ask a student to explain one cell.
"""
