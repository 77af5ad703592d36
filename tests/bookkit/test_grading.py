"""The exercises through the real nbgrader: released, answered by three students, graded."""

import os
import re
import sys
from pathlib import Path

import nbformat
import pytest
from book_files import BOOK, read
from course_parts import PARTS
from traitlets.config import Config

from lmgbook import exercises
from lmgbook.bookkit import course, grading

CHAPTERS = {path.parent.name: read(path) for path in sorted(BOOK.glob("*/exercises.ipynb"))}
# those of nbgrader and of its data base
pytestmark = pytest.mark.filterwarnings("ignore")
VARIANT = "a word"


@pytest.fixture(scope="module")
def api(tmp_path_factory):
    """The course folder as `make course` writes it, and nbgrader in it."""
    from nbgrader.apps import NbGraderAPI

    root = tmp_path_factory.mktemp("course")
    for name, text in grading.files(PARTS, VARIANT).items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    config = Config()
    exec((root / "nbgrader_config.py").read_text("utf-8"), {"get_config": lambda: config})
    config.CourseDirectory.root = str(root)
    with pytest.MonkeyPatch.context() as patch:
        # nbgrader calls alembic by its name
        patch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
        yield NbGraderAPI(config=config), root


def released(api, chapter):
    app, root = api
    path = root / "release" / chapter / "exercises.ipynb"
    if not path.exists():
        result = app.generate_assignment(chapter)
        assert result["success"], result
    return read(path)


def about(cell):
    return cell.metadata["nbgrader"]


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_release_holds_no_solution_and_no_hidden_test(api, chapter):
    release = released(api, chapter)
    text = nbformat.writes(release)
    assert re.findall(r"\{(?:ref|eq|numref|cite|glue:text|ours|exercise)\}", text) == []
    assert ".ipynb" not in text
    assert "HIDDEN" not in text and "_judge" not in text and "BEGIN SOLUTION" not in text
    source = read(api[1] / "source" / chapter / "exercises.ipynb")
    regions = re.findall(
        r"### BEGIN SOLUTION\n(.*?)\n### END", "\n".join(c.source for c in source.cells), re.DOTALL
    )
    assert len(regions) > 9
    secrets = {line.strip() for region in regions for line in region.splitlines()}
    secrets = {s for s in secrets if len(s) > 12 and not s.startswith(("import", "from", "def "))}
    kept = {line.strip() for cell in release.cells for line in cell.source.splitlines()}
    assert secrets & kept == set()
    # and no caption of a figure that the solution draws
    captions = {
        each
        for cell in CHAPTERS[chapter].cells
        for each in re.findall(r"'alt': '([^']{20,})'", repr(dict(cell.metadata)))
    }
    assert [each for each in captions if each in text] == []


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_every_exercise_is_graded(chapter):
    cells = grading.assignment(*PARTS[chapter]).cells
    ids = [about(cell)["grade_id"] for cell in cells]
    assert len(ids) == len(set(ids))
    graded = {
        about(cell)["grade_id"]: about(cell)["points"] for cell in cells if about(cell)["grade"]
    }
    asked = [name for name in exercises.ids() if name.startswith(f"{chapter}.")]
    assert {name.replace(".", "-") for name in asked} <= set(graded)
    for problem, group in grading.exercises_of(CHAPTERS[chapter].cells)[1:]:
        of_it = [name for name in graded if name.startswith(f"{problem.label}-")]
        numbered = any("exercises.check(" in cell.source for cell in group)
        assert numbered or of_it, problem.label
        for part in problem.parts:
            assert part == problem.wanted or f"{problem.label}-{part}" in of_it, problem.label


def test_ids_and_points_do_not_depend_on_the_place():
    notebook = CHAPTERS["slow_quenches"]
    fewer = nbformat.from_dict({**notebook, "cells": notebook.cells[:3] + notebook.cells[7:]})

    def points(notebook):
        cells = grading.assignment(notebook, course.student_notebook(notebook), {}).cells
        return {about(c)["grade_id"]: about(c).get("points") for c in cells}

    some = points(fewer)
    assert some and some.items() <= points(notebook).items()


def submit(api, chapter, student, write):
    """Hand in the release with the text of each solution cell rewritten."""
    release = released(api, chapter)
    source = read(api[1] / "source" / chapter / "exercises.ipynb")
    solutions = {about(c)["grade_id"]: c.source for c in source.cells}
    for cell in release.cells:
        if about(cell)["solution"] and cell.cell_type == "code":
            cell.source = write(cell.source, solutions[about(cell)["grade_id"]])
    path = api[1] / "submitted" / student / chapter / "exercises.ipynb"
    path.parent.mkdir(parents=True)
    nbformat.write(release, path)


def grade(api, chapter, student):
    """Scores by grade id, of what is graded by a test."""
    from nbgrader.api import Gradebook

    app, root = api
    result = app.autograde(chapter, student)
    assert result["success"], result
    with Gradebook(f"sqlite:///{root}/gradebook.db", "lmgbook") as book:
        submission = book.find_submission_notebook("exercises", chapter, student)
        return {g.name: g.auto_score for g in submission.grades if g.cell.cell_type == "code"}


def garbage(stub, solution):
    """A text, where a name is asked for."""
    return re.sub(r"= \.\.\. .*", "= '1.732'", stub)


def wrong(stub, solution):
    """A number, and not the right one."""
    return re.sub(r"= \.\.\. .*", "= -123.456", stub)


def check_class(api, chapter):
    submit(api, chapter, "right", lambda stub, solution: solution)
    submit(api, chapter, "wrong", wrong)
    submit(api, chapter, "garbage", garbage)
    tests = {
        about(c)["grade_id"]: about(c)["points"]
        for c in read(api[1] / "source" / chapter / "exercises.ipynb").cells
        if about(c)["grade"] and not about(c)["solution"]
    }
    assert {name: s for name, s in grade(api, chapter, "right").items() if name in tests} == tests
    for student in ("wrong", "garbage"):
        scores = grade(api, chapter, student)
        assert {scores[name] for name in tests} == {0}, student
    return tests


def test_a_class_is_graded_and_hears_no_answer(api):
    """Three submissions of one chapter; of all chapters once a week."""
    check_class(api, "foundations")
    app, root = api
    result = app.generate_feedback("foundations", "wrong")
    assert result["success"], result
    page = (root / "feedback" / "wrong" / "foundations" / "exercises.html").read_text("utf-8")
    assert "not yet" in page
    hidden = []
    for name in exercises.ids():
        if name.startswith("foundations."):
            problem = exercises.find(name)
            answer = problem.answer(**problem.numbers(VARIANT))
            if len(f"{answer:.6g}") > 5:  # else it may stand anywhere by chance
                hidden.append(name)
                assert f"{answer:.6g}" not in page, name
    assert len(hidden) >= 5


@pytest.mark.weekly
@pytest.mark.parametrize("chapter", [name for name in CHAPTERS if name != "foundations"])
def test_classes_of_all_chapters(api, chapter):
    check_class(api, chapter)


def test_the_book_itself_cannot_be_released(api):
    """Else nbgrader would hand out the solutions without a word."""
    app, root = api
    path = root / "source" / "book" / "exercises.ipynb"
    path.parent.mkdir()
    nbformat.write(CHAPTERS["foundations"], path)
    result = app.generate_assignment("book")
    assert not result["success"] and "use-make-course" in result["log"]
    assert not (root / "release" / "book").exists()


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_rubrics_cover_the_projects(chapter):
    text = grading.files({chapter: PARTS[chapter]})[f"rubrics/{chapter}.md"]
    projects = [
        problem.title
        for problem, _ in grading.exercises_of(CHAPTERS[chapter].cells)[1:]
        if problem.of_number == grading.POINTS["Project"][0]
    ]
    assert projects and re.findall(r"(?m)^## (.*)", text) == projects
    assert text.count("points. A full answer:") == len(projects)


def test_make_course_writes_it(tmp_path):
    written = course.write(tmp_path, BOOK, variant=VARIANT)
    assert {tmp_path / "nbgrader" / name for name in grading.files(PARTS, VARIANT)} <= set(written)
    assert VARIANT in (tmp_path / "nbgrader" / "README.md").read_text("utf-8")
