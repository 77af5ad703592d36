"""`make chapter NAME=x` writes a chapter that works; without it nothing of it is left."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from lmgbook.bookkit import chapter

ROOT = Path(__file__).parents[2]
NAME = "new_chapter"
CORE = """
__init__.py _judging.py _jit.py _kernels.py _lazy.py bookkit checks.py claims.schema.json
exercises.py explore.py figures.py house.mplstyle integrators integrators.py ledger.py lmg.py
realisations.py
""".split()
OTHERS = """
_config.yml requirements.lock pyproject.toml book/_assets book/_templates book/references.bib
book/ruff.toml book/appendix/bibliography.md book/appendix/errata.md book/appendix/ledger.md
book/appendix/scoreboard.md tests/test_claims_complete.py tests/test_docstrings.py
tests/test_exercises.py tests/test_mutations.py tests/test_notebooks.py tests/test_prose.py
tests/test_paper_equations.py tests/test_rooms.py CITATION.cff LICENSE LICENSE-text
""".split()
# what these tests say about any chapter, and not about one that is not here
GENERAL = """
test_the_claims_follow_the_schema test_every_equation_and_panel_is_accounted_for
test_claim_is_checked_once_and_by_the_notebook_it_names test_every_paper_is_in_the_bibliography
test_examples test_answers_are_those_of_the_reference test_each_answer_has_a_reference
test_answer_and_mistakes_follow_the_numbers test_the_solutions_follow_a_variant
test_the_chapters_ask_what_can_be_checked test_numbers_stand_in_one_cell
test_variants_differ_from_the_printed_numbers test_mutant_is_red test_stored_outputs
test_head test_tail test_has_a_key_number test_figures_are_described test_no_typed_numbers
test_equations_of_a_paper_say_so test_the_layers_hold test_no_file_is_too_long
""".split()


def files(folder):
    unwanted = {"__pycache__", "_build", ".hypothesis", ".pytest_cache"}
    return {
        path.relative_to(folder): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and not unwanted & set(path.relative_to(folder).parts)
    }


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    """The repository without its chapters, and the files in it."""
    root = tmp_path_factory.mktemp("house")
    helpers = {f"tests/{path.name}" for path in (ROOT / "tests").glob("*.py")}
    helpers = {name for name in helpers if not name.startswith("tests/test_")}
    for name in [*(f"lmgbook/{name}" for name in CORE), *OTHERS, *helpers]:
        source, target = ROOT / name, root / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        elif source.exists():
            shutil.copy(source, target)
    first, *rest = sorted(path.stem for path in (root / "book" / "appendix").glob("*.md"))
    rest = "".join(f"      - file: book/appendix/{name}\n" for name in rest)
    chapters = "parts:\n  - caption: Chapters\n    chapters:\n"
    appendices = f"{chapter.APPENDICES}    chapters:\n{rest}"
    head = f"format: jb-book\nroot: book/appendix/{first}\n"
    (root / "_toc.yml").write_text(head + chapters + appendices)
    return root


def run(root, *command):
    """Run `python -m` in the copy, which it then is that is imported; the output if it fails."""
    done = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=root,
        env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-8000:]
    return done.stdout


def test_a_chapter_is_written_built_tested_and_removed(house):
    before = files(house)
    said = run(house, "lmgbook.bookkit", "chapter", NAME)
    assert "glossary.md" in said and "intro.md" in said and "CHANGELOG.md" in said
    written = set(files(house)) - set(before)
    changed = {path for path, text in before.items() if files(house)[path] != text}
    assert changed == {Path("_toc.yml"), Path("book/references.bib")}
    listed = (house / "_toc.yml").read_text()
    assert listed.index(f"{NAME}/precession") < listed.index(f"{NAME}/exercises")

    run(house, "lmgbook.bookkit", "book")
    pages = house / "_build" / "html" / "book"
    page = (pages / NAME / "precession.html").read_text(encoding="utf-8")
    assert "-0.4161" in page and "A spin turns with the distance" in page
    assert "ht=1" in (pages / "appendix" / "scoreboard.html").read_text(encoding="utf-8")
    run(house, "lmgbook.bookkit", "course", "--out", "_build/course")
    student = house / "_build" / "course" / NAME / "student" / "exercises.ipynb"
    assert "# your code here" in student.read_text(encoding="utf-8")

    pytest_options = ["-q", "-p", "no:cacheprovider", "-k", " or ".join([*GENERAL, NAME])]
    said = run(house, "pytest", *pytest_options, "tests")
    passed = int(said.rpartition(" passed")[0].split()[-1])
    assert passed >= len(GENERAL)
    run(house, "ruff", "check", "--no-cache", *map(str, python(written)))
    run(house, "ruff", "format", "--no-cache", "--check", *map(str, python(written)))

    for path in written:
        (house / path).unlink()
    for path in changed:
        (house / path).write_bytes(before[path])
    assert files(house) == before


def python(paths):
    return sorted(path for path in paths if path.suffix in (".py", ".ipynb"))


@pytest.mark.parametrize("name", ["", "Glass", "two words", "class", "_x", "x-y", "../x", "3d"])
def test_a_name_that_cannot_be_one(name, tmp_path):
    with pytest.raises(ValueError, match="must be lower case"):
        chapter.write(name, tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("place", ["lmgbook/x", "book/x", "tests/x/", "lmgbook/x.py"])
def test_a_name_that_is_taken(place, tmp_path):
    path = tmp_path / place
    path.parent.mkdir()
    path.touch() if path.suffix else path.mkdir()
    with pytest.raises(ValueError, match="must be new"):
        chapter.write("x", tmp_path)
    assert list(tmp_path.rglob("*")) == [path.parent, path]


def test_two_chapters_do_not_meet(tmp_path):
    (tmp_path / "book").mkdir()
    (tmp_path / "_toc.yml").write_text(chapter.APPENDICES)
    chapters = [chapter.write(name, tmp_path) for name in ("one", "two_words")]
    assert not set(chapters[0]) & set(chapters[1])
    figures = set()
    for path in tmp_path.rglob("precession.ipynb"):
        notebook = nbformat.read(path, as_version=4)
        nbformat.validate(notebook)
        looks = [cell.metadata.get("mystnb", {}) for cell in notebook.cells]
        figures |= {look["figure"]["name"] for look in looks if look}
    assert figures == {"fig-one-precession", "fig-two-words-precession"}


def test_nothing_is_left_to_fill_in():
    for path in chapter.SKELETON.rglob("*.txt"):
        values = dict.fromkeys(("NAME", "LABEL", "TITLE", "SHORT"), "x")
        text = chapter.fill(path.read_text(encoding="utf-8"), values)
        assert "__NAME" not in text and "__T" not in text.replace("__TITLE__", "")


def test_the_command_says_what_is_wrong():
    run = subprocess.run(
        [sys.executable, "-m", "lmgbook.bookkit", "chapter", "glassy"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert run.returncode == 2 and "must be new" in run.stderr and "Traceback" not in run.stderr
