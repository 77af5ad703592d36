import re

import nbformat
import pytest
import yaml
from book_files import BOOK, NOTEBOOKS, code_cells, read, tags
from nbclient import NotebookClient
from own_kernels import OwnLiveKernel

from lmgbook.bookkit import __main__, course, grading

CHAPTERS = sorted({path.parent for path in BOOK.glob("*/teaching.yml")})


def cell(kind, source, *cell_tags, **more):
    new = nbformat.v4.new_code_cell if kind == "code" else nbformat.v4.new_markdown_cell
    return new(source, metadata={"tags": list(cell_tags)} if cell_tags else {}, **more)


def book(*cells):
    return nbformat.v4.new_notebook(cells=[cell("markdown", "# Exercises"), *cells])


EXERCISES = book(
    cell("code", "import math\nfrom lmgbook import exercises"),
    cell("markdown", "```{exercise}\n:label: ex-gap\nWhat is the gap at half the field?\n```"),
    cell("markdown", "SECRET reasoning", "solution"),
    cell("code", "root = math.sqrt(3)  # SECRET\nanswer = root", "solution", "hide-input"),
    cell("code", "exercises.check('slow_quenches.gap_half', answer)"),
    cell(
        "code",
        "def double(x):\n    '''Twice x.'''\n    # BEGIN SOLUTION\n    y = 2 * x  # SECRET\n"
        "    return y\n    # END SOLUTION\n\n# BEGIN SOLUTION\nratio = double(4) / 16  # SECRET\n"
        "# END SOLUTION\nexercises.check('slow_quenches.kink_ratio', ratio)",
    ),
    cell("markdown", "```{solution-start} ex-gap\n```\nSECRET"),
    cell("code", "print('SECRET')\nexercises.check('slow_quenches.slow_enough', 3 * 1.27)"),
    cell("markdown", "SECRET\n```{solution-end}\n```"),
    cell("markdown", "```{solution} ex-gap\nSECRET\n```"),
    cell(
        "code",
        "print(1)",
        "keep_output",
        "nbval-check-output",
        outputs=[nbformat.v4.new_output("stream", name="stdout", text="1\n")],
        execution_count=1,
    ),
)
for index in (4, 6, 8):  # the cells with solutions, the middle one in a region
    EXERCISES.cells[index].metadata["mystnb"] = {"image": {"alt": "a SECRET figure"}}


def test_no_solution_survives_and_everything_else_does():
    student = course.student_notebook(EXERCISES)
    text = nbformat.writes(student)
    assert "SECRET" not in text and "3 * 1.27" not in text and "solution" not in text.lower()
    assert student.cells[2].source == EXERCISES.cells[2].source
    assert [c.source for c in code_cells(student)] == [
        "import math\nfrom lmgbook import exercises",
        "answer = ...  # your code here",
        "exercises.check('slow_quenches.gap_half', answer)",
        "def double(x):\n    '''Twice x.'''\n    return ...  # your code here\n\n"
        "ratio = ...  # your code here\nexercises.check('slow_quenches.kink_ratio', ratio)",
        "# your code here\nexercises.check('slow_quenches.slow_enough', ...)",
        "print(1)",
    ]
    assert all(not c.outputs and c.execution_count is None for c in code_cells(student))
    assert not set().union(*map(tags, code_cells(student))) & {"hide-input", "nbval-check-output"}
    assert "SECRET" in nbformat.writes(EXERCISES), "the original is untouched"


@pytest.mark.parametrize(
    "path", [path for path in NOTEBOOKS if path.stem == "exercises"], ids=lambda p: p.parent.name
)
def test_students_are_not_promised_solutions(path):
    text = " ".join(c.source for c in read(path).cells if c.cell_type == "markdown")
    for promise in (*grading.PROMISES, *grading.VARIANTS):
        assert promise in text, "the sentence to replace has changed"
    student = course.student_notebook(read(path))
    left = " ".join(c.source for c in student.cells if c.cell_type == "markdown")
    assert "Hints are folded." in left
    assert "olutions are folded" not in left and "make course" not in left


def test_no_hint_answers_a_part_that_is_graded():
    """Foundations, exercise 10: how the population decays is what (a) asks for."""
    student = course.student_notebook(read(BOOK / "foundations" / "exercises.ipynb"))
    assert r"\dot p" not in nbformat.writes(student)


def run(notebook, folder):
    NotebookClient(
        notebook,
        timeout=300,
        resources={"metadata": {"path": str(folder)}},
        kernel_manager_class=OwnLiveKernel,
    ).execute()
    return "".join(output.get("text", "") for c in code_cells(notebook) for output in c.outputs)


def test_the_stubs_run_and_say_that_nothing_is_answered(tmp_path):
    said = run(course.student_notebook(EXERCISES), tmp_path)
    assert said.count("not answered yet") == 3


@pytest.mark.parametrize(
    ("solution", "later", "expected"),
    [
        ("a = 1\nb = 2", "print(b)", "b = ...  # your code here"),
        ("a, b = 1, 2", "a + b", "a = ...  # your code here\nb = ...  # your code here"),
        ("plt.plot(x)", "", "# your code here"),
        ("a = [i for i in x]", "a, i", "a = ...  # your code here"),
        ("for i in x:\n    total = total + i", "total", "total = ...  # your code here"),
        ("import numpy as np\na = np.e", "a", "import numpy as np\na = ...  # your code here"),
        (
            "def f(x, n=2):\n    return x",
            "f(1)",
            "def f(x, n=2):\n    return ...  # your code here",
        ),
        ("def helper(x):\n    return x", "", "# your code here"),
        ("    y = 1\n    return y", "", "    return ...  # your code here"),
        ("cat = 1\nlife = 2", 'check("a.cat", life)  # cat', "life = ...  # your code here"),
        ("cat = 1", 'print(f"the {cat:.2f}")', "cat = ...  # your code here"),
        ("a = 1\nb = 2", "x = 'a'; y = \"'\" + b", "b = ...  # your code here"),
    ],
)
def test_stubs_are_made_from_the_solution(solution, later, expected):
    assert course.stub(solution, later) == expected


@pytest.mark.parametrize(
    "cells",
    [
        [cell("code", "# BEGIN SOLUTION\nx = 1")],
        [cell("code", "x = 1\n# END SOLUTION")],
        [cell("markdown", "{solution-start} ex-gap"), cell("code", "x = 1")],
    ],
)
def test_an_unfinished_solution_is_refused(cells):
    with pytest.raises(ValueError, match="has no"):
        course.student_notebook(book(*cells))


@pytest.fixture(scope="module")
def material(tmp_path_factory):
    out = tmp_path_factory.mktemp("course")
    return out, course.write(out, BOOK)


def test_every_chapter_gets_its_material(material):
    out, written = material
    for chapter in CHAPTERS:
        names = {path.name for path in chapter.glob("*.ipynb")}
        kinds = ["student"] if chapter.name in course.unbuilt(BOOK) else ["student", "instructor"]
        for kind in kinds:
            assert {path.name for path in (out / chapter.name / kind).iterdir()} == names
        plan = (out / chapter.name / "plan.md").read_text(encoding="utf-8")
        for part in ("Objectives", "50 minutes", "90 minutes", "To discuss", "misconceptions"):
            assert part in plan
        assert len(plan.split()) < 900, "one page"
    assert sorted(written) == sorted(path for path in out.rglob("*") if path.is_file())


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.parent.name + "/" + path.stem)
def test_no_solution_line_of_the_book_survives(path):
    """Compared line by line with the solutions, found here in another way."""
    notebook = read(path)
    lines, inside = set(), False
    for c in notebook.cells:
        region = inside = inside or "{solution-start}" in c.source
        if region or "solution" in tags(c) or "{solution}" in c.source:
            lines |= set(c.source.splitlines())
        lines |= set(
            "\n".join(re.findall(r"(?s)# BEGIN SOLUTION.*?\n(.*?)# END", c.source)).splitlines()
        )
        inside = inside and "{solution-end}" not in c.source
    lines = {line.strip() for line in lines if len(line.strip()) > 12}
    lines = {line for line in lines if not line.startswith(("import ", "from ", "def ", ":"))}
    student = course.student_notebook(notebook)
    left = {line.strip() for c in student.cells for line in c.source.splitlines()}
    kept = {line for line in lines & left if not line.startswith("exercises.check(")}
    assert kept == set()
    if path.stem == "exercises":
        assert lines, "no solution found: is the marking right?"


def texts(node):
    """All texts in the metadata of a cell."""
    if isinstance(node, str):
        return [node]
    return [
        text for each in (node.values() if isinstance(node, dict) else node) for text in texts(each)
    ]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.parent.name + "/" + path.stem)
def test_no_caption_of_a_solution_survives(path):
    notebook = read(path)
    hidden = {
        text
        for c in code_cells(notebook)
        if "solution" in tags(c) or "BEGIN SOLUTION" in c.source
        for text in texts(c.metadata)
        if len(text) > 20
    }
    student = nbformat.writes(course.student_notebook(notebook))
    assert [text for text in hidden if text in student] == []
    if path.stem == "exercises":
        assert hidden, "no figure in a solution: is the marking right?"


@pytest.mark.parametrize(
    "path", [path for path in NOTEBOOKS if path.stem == "exercises"], ids=lambda p: p.parent.name
)
def test_student_exercises_run_through(path):
    student = course.student_notebook(read(path))
    asked = sum("exercises.check(" in c.source for c in code_cells(student))
    assert run(student, path.parent).count("not answered yet") >= asked > 0


GOOD = {
    "title": "T",
    "prerequisites": "P",
    "objectives": ["see"],
    "schedule": {50: [[20, "a"], [30, "b"]]},
    "discussion": [{"question": "Q?", "listen_for": "A."}],
    "misconceptions": [{"belief": "B.", "reply": "R."}],
    "votes": [{"question": "V?", "answer": "W."}],
    "skip": ["S."],
    "pairs": [],
    "path": {},
}


def test_the_plan_is_one_page_of_everything(tmp_path):
    (tmp_path / "teaching.yml").write_text(yaml.safe_dump(GOOD), encoding="utf-8")
    plan = course.plan(tmp_path / "teaching.yml")
    for part in ("# T: teaching plan", "- see", "| 20 | a |", "**Q?** A.", "*B.* R."):
        assert part in plan


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"schedule": {50: [[20, "a"]]}}, "50 minutes does not add up"),
        ({"goals": []}, "missing or unknown: goals"),
    ],
)
def test_a_faulty_plan_is_refused(tmp_path, changes, message):
    (tmp_path / "teaching.yml").write_text(yaml.safe_dump(GOOD | changes), encoding="utf-8")
    with pytest.raises(ValueError, match=message):
        course.plan(tmp_path / "teaching.yml")


STEP = "In pairs: work (`page`)."


def test_pairs_work_before_the_cell_that_the_plan_names():
    notebook = book(cell("markdown", "Text."), cell("code", "1 + 1"), cell("markdown", "Told."))
    content = {"schedule": {50: [[20, STEP], [30, "b"]], 90: [[90, STEP]]}}
    where = notebook.cells[3].id
    course.with_gaps(notebook, content | {"pairs": [where, where]}, "page")
    kinds = [c.source.partition(" (")[0] for c in notebook.cells]
    task = "**In pairs: work"
    assert kinds[1:] == ["Text.", "1 + 1", task, course.TODO, task, course.TODO, "Told."]
    assert "(20 minutes)" in notebook.cells[3].source and "(90" in notebook.cells[5].source
    with pytest.raises(ValueError, match="no cell 'elsewhere'"):
        course.with_gaps(notebook, content | {"pairs": ["elsewhere", where]}, "page")
    with pytest.raises(ValueError, match="zip"):
        course.with_gaps(notebook, content | {"pairs": [where]}, "page")
    before = len(notebook.cells)
    course.with_gaps(notebook, content | {"pairs": ["x", "y"]}, "another")
    assert len(notebook.cells) == before


def test_the_command(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(BOOK.parent)
    assert __main__.main(["course", "--out", str(tmp_path / "out")]) == 0
    assert "files in" in capsys.readouterr().out
    with pytest.raises(ValueError, match="no chapter with a teaching.yml"):
        course.write(tmp_path, tmp_path)
