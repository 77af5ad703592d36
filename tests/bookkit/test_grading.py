"""The exercises through the real nbgrader: released, answered by three students, graded."""

import ast
import copy
import os
import re
import sys
import zipfile
from pathlib import Path

import nbformat
import pytest
from book_files import BOOK, read
from course_parts import PARTS
from traitlets.config import Config

from lmgbook import exercises
from lmgbook.bookkit import course, grading, handout

CHAPTERS = {path.parent.name: read(path) for path in sorted(BOOK.glob("*/exercises.ipynb"))}
# those of nbgrader and of its data base
pytestmark = pytest.mark.filterwarnings("ignore")
VARIANT = "xylophone"


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
    assert VARIANT not in text and "variant" not in text and "parameters(" not in text
    assert "solutions" not in text.lower() and "make course" not in text
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
def test_students_read_how_they_are_graded(api, chapter):
    told = next(c.source for c in released(api, chapter).cells if c.id == "rules")
    assert grading.RUBRIC in told and "I would believe the" in told and "five minutes" in told
    worth = {about(c)["grade_id"]: about(c) for c in released(api, chapter).cells}
    for cell in released(api, chapter).cells:
        if about(cell)["grade"] and about(cell)["solution"]:
            points = worth[about(cell)["grade_id"]]["points"]
            assert re.search(rf"\*\* \({points} points?\), with reasons", cell.source)


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_each_part_by_hand_has_an_answer_of_its_own(chapter):
    seen = []
    for group in grading.groups_of(PARTS[chapter][0], PARTS[chapter][2]):
        assert group.faults() == []
        assert set(group.answers) <= set(group.problem.parts or [""])
        for part in group.by_hand:
            text = group.answers[part]
            name = (group.problem.label, part)
            assert len(text.split()) >= 20, name
            assert not re.match(r"(see|as in|as above)\b", text, re.IGNORECASE), name
            assert "the program" not in text.lower().split(".")[0], name
            assert not grading.PART.search(text), name
            seen.append(text)
    assert len(set(seen)) == len(seen) > 5
    source = grading.assignment(*PARTS[chapter])
    models = [c.source for c in source.cells if c.cell_type == "markdown" and about(c)["grade"]]
    assert len(models) == len(seen)
    for model, text in zip(models, seen, strict=True):
        assert model.endswith(grading.REGION.format(text))


def test_a_solution_without_its_parts_is_refused():
    notebook, student, _ = PARTS["slow_quenches"]
    for old, new, fault in (
        ("\n\n(b) Start", "\n\nStart", "ex-quench-kink: no answer in words to (b)"),
        ("\n(a) The proof", "\nThe proof", "ex-quench-kink: the solution begins without saying"),
    ):
        broken = copy.deepcopy(notebook)
        (cell,) = [c for c in broken.cells if grading.solves(c) and old in c.source]
        cell.source = cell.source.replace(old, new)
        with pytest.raises(ValueError, match=re.escape(fault)):
            grading.assignment(broken, student, {})
    silent = copy.deepcopy(notebook)
    silent.cells = [c for c in silent.cells if not grading.solves(c)]
    with pytest.raises(ValueError, match="ex-quench-order: no answer in words\n"):
        grading.assignment(silent, student, {})


def test_points_follow_the_minutes():
    for notebook, _, texts in PARTS.values():
        for group in grading.groups_of(notebook, texts):
            shares = group.shares()
            assert sum(shares) * 5 == group.problem.minutes
            assert max(shares) - min(shares) <= 1
    assert [5 * grading.Problem(level, "", "", "").points for level in grading.MINUTES] == [
        10,
        60,
        240,
    ]


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
    # nbgrader takes an output for a partial score: a test that passes has none
    marked = read(api[1] / "autograded" / "right" / chapter / "exercises.ipynb")
    shown = [o for c in marked.cells if about(c)["grade_id"] in tests for o in c.outputs]
    assert {output.output_type for output in shown} == {"stream"}
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
    assert "not yet" in page and VARIANT not in page
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
    text = grading.rubric(PARTS[chapter][0], PARTS[chapter][2], VARIANT)
    projects = [
        problem.title
        for problem, _ in grading.exercises_of(CHAPTERS[chapter].cells)[1:]
        if problem.level == "Project"
    ]
    assert projects and re.findall(r"(?m)^## (.*)", text) == projects
    groups = grading.groups_of(PARTS[chapter][0], PARTS[chapter][2])
    parts = [part for g in groups if g.problem.level == "Project" for part in g.by_hand]
    assert text.count("points. A full answer:") == len(parts)
    numbers = text.partition("# Projects")[0]
    assert numbers.count("\n| ") - 2 == sum(group.numbered for group in groups)


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_tests_hold_numbers_and_say_nothing(chapter):
    """The numbers that the word draws stand in the notebook, the word does not."""
    made = grading.assignment(*PARTS[chapter], VARIANT)
    assert VARIANT not in nbformat.writes(made)
    stated, tested = {}, {}
    for cell in made.cells:
        if cell.cell_type != "code":
            continue
        if found := re.match(r"given = (\{.*\})\ngiven$", cell.source):
            last = ast.literal_eval(found[1])
            stated[len(stated)] = last
        if about(cell)["grade"]:
            call = ast.parse(cell.source).body[-1]
            assert isinstance(call, ast.Assert)
            name, literal = ast.literal_eval(call.test.args[0]), call.test.keywords[0].value
            tested[name] = ast.literal_eval(literal)
            assert tested[name] == exercises.parameters(name, VARIANT)
    assert list(stated.values()) == [numbers for numbers in tested.values() if numbers]
    own = [name for name, numbers in tested.items() if numbers != exercises.parameters(name)]
    assert own == [name for name, numbers in tested.items() if numbers]


def test_make_course_writes_it(tmp_path):
    written = course.write(tmp_path, BOOK, variant=VARIANT)
    assert {tmp_path / "nbgrader" / name for name in grading.files(PARTS, VARIANT)} <= set(written)
    assert VARIANT in (tmp_path / "nbgrader" / "README.md").read_text("utf-8")
    # a class keeps its numbers
    assert course.word(tmp_path) == VARIANT
    assert course.word(tmp_path / "a") != course.word(tmp_path / "b")
    # nothing that students get holds the word
    assert {p.relative_to(tmp_path).as_posix() for p in written if holds(p, VARIANT)} == {
        "nbgrader/README.md",
        "nbgrader/word.txt",
    }


def holds(path, word):
    if path.suffix == ".zip":
        with zipfile.ZipFile(path) as archive:
            return any(word.encode() in archive.read(name) for name in archive.namelist())
    return word.encode() in path.read_bytes()


def test_readme_says_how_to_install(tmp_path):
    text = grading.files({}, VARIANT, "../lmgbook-*.whl")["README.md"]
    assert 'pip install "nbgrader>=0.9" ../lmgbook-*.whl' in text and "`make dist`" in text
    text = grading.files({}, VARIANT, "../lmgbook-1.whl")["README.md"]
    assert "../lmgbook-1.whl`" in text and "`make dist`" not in text
    # a wheel of older sources is not offered
    dist, package = tmp_path / "_build" / "dist", tmp_path / "lmgbook"
    for folder in (dist, package):
        folder.mkdir(parents=True)
    (package / "a.py").touch()
    (dist / "lmgbook-1-py3-none-any.whl").touch()
    for when, offered in ((1, []), (4e9, [dist / "lmgbook-1-py3-none-any.whl"])):
        os.utime(dist / "lmgbook-1-py3-none-any.whl", (when, when))
        assert handout.wheels(tmp_path) == offered
