"""What `make course` adds to the notebooks: sheets, notes, slides, one file to hand out."""

import re
import shutil
import zipfile

import nbformat
import pytest
import yaml
from book_files import BOOK, code_cells, read

from lmgbook.bookkit import __main__, course, documents, grading, instructor

PLANS = {
    path.parent.name: yaml.safe_load(path.read_text("utf-8")) for path in course.plans_of(BOOK)
}
UNBUILT = course.unbuilt(BOOK)
built = pytest.mark.parametrize(
    "chapter",
    [
        pytest.param(name, marks=pytest.mark.skipif(name in UNBUILT, reason="needs `make book`"))
        for name in PLANS
    ],
)


@pytest.fixture(scope="module")
def pack(tmp_path_factory):
    out = tmp_path_factory.mktemp("pack")
    course.write(out, BOOK)
    return out


@built
def test_instructor_notebooks_show_their_figures(pack, chapter):
    for path in sorted((pack / chapter / "instructor").glob("*.ipynb")):
        notebook = read(path)
        captions = {c.id.removesuffix("-caption") for c in notebook.cells if "-caption" in c.id}
        shown = {
            cell.id
            for cell in code_cells(notebook)
            for output in cell.outputs
            if {"image/svg+xml", "image/png"} & set(output.get("data", {}))
        }
        assert captions <= shown, path.name
        assert not any("papermill" in str(cell.outputs) for cell in code_cells(notebook))
        nbformat.validate(notebook)


@built
def test_slides_hold_every_figure_slider_and_question(pack, chapter):
    deck = (pack / chapter / "slides.html").read_text("utf-8")
    pages = instructor.pages(BOOK.parent, BOOK / chapter, course.read)
    kinds = [kind for page in pages for kind, _ in page.shows]
    assert deck.count('<div class="play">') == kinds.count("slider")
    assert deck.count("<figure>") == kinds.count("figure") >= 5
    assert deck.count("<summary>Answer</summary>") >= kinds.count("question")
    assert kinds.count("question") == len([p for p in pages if p.name != "exercises"])
    for page in pages:
        assert page.name == "exercises" or documents.inline(page.title) in deck
    clean(deck)


@built
def test_notes_answer_votes_and_time_the_exercises(pack, chapter):
    notes = (pack / chapter / "notes.html").read_text("utf-8")
    clean(notes)
    table = notes.partition("<h2>Exercises</h2>")[2]
    titles = [p.title for p in instructor_problems(chapter)]
    assert table.count("<tr>") == len(titles) + 1
    for title in titles:
        assert documents.inline(title) in table
    for vote in PLANS[chapter]["votes"]:
        assert documents.inline(vote["answer"]) in notes
    for page, _, _ in instructor.overview(BOOK / chapter):
        assert f"<code>{page}</code>" in notes


def instructor_problems(chapter):
    return [p for p, _ in grading.exercises_of(read(BOOK / chapter / "exercises.ipynb").cells)[1:]]


def clean(text):
    """Nothing is fetched, no program runs, no formula and no name is left as it was written."""
    assert "<script" not in text and "<link" not in text
    assert re.findall(r'src="(?!data:)[^"]*"|href="(?!https://)[^"]*"', text) == []
    assert text.count("<img ") == len(re.findall(r' alt="[^"]+"', text))
    words = re.sub(r"<style>.*?</style>|<[^>]*>", " ", text, flags=re.DOTALL)
    assert re.findall(r"\{[a-z:]+\}`|\$|\\[a-z]{3,}", words) == []


@pytest.mark.parametrize("chapter", PLANS)
def test_pairs_find_a_place_to_work(pack, chapter):
    steps = [what for steps in PLANS[chapter]["schedule"].values() for _, what in steps]
    pairs = [what for what in steps if what.startswith("In pairs")]
    assert all(course.pair_work(what) for what in pairs), "names no page"
    for what in pairs:
        student = read(pack / chapter / "student" / f"{course.pair_work(what)}.ipynb")
        place = next(i for i, c in enumerate(student.cells) if f"**{what}**" in c.source)
        assert student.cells[place + 1].source == course.TODO
        assert any("## Summary" in c.source for c in student.cells[place:])


def test_every_chapter_says_what_to_answer_and_to_skip():
    for chapter, plan in PLANS.items():
        named = set(re.findall(r"`(\w+)`", " ".join(plan["skip"])))
        assert named <= {path.stem for path in (BOOK / chapter).glob("*.ipynb")}, chapter
        asked = [w for steps in plan["schedule"].values() for _, w in steps]
        votes = {w for w in asked if re.match(r"(Vote|Predict)", w)}
        assert len(plan["votes"]) >= min(2, len(votes)), chapter


def test_one_file_to_hand_out(pack):
    archive = zipfile.ZipFile(pack / "handout.zip")
    names = {name.removeprefix("lmgbook-handout/") for name in archive.namelist()}
    students = {f"{p.parent.parent.name}/{p.name}" for p in pack.glob("*/student/*.ipynb")}
    assert names == students | {"README.md", "LICENSE", "LICENSE-text"}
    readme = archive.read("lmgbook-handout/README.md").decode()
    assert "pip install jupyterlab" in readme and "Licences" in readme
    for name in students:
        notebook = nbformat.reads(archive.read(f"lmgbook-handout/{name}").decode(), as_version=4)
        for cell in notebook.cells:
            if cell.cell_type == "markdown":
                for target in re.findall(r"\]\(([\w./]+\.ipynb)", cell.source):
                    folder = name.partition("/")[0]
                    place = target.removeprefix("../") if "../" in target else f"{folder}/{target}"
                    assert place in names, (name, target)


def test_without_a_build(tmp_path, monkeypatch, capsys):
    """Elsewhere than beside `_build`: all that needs no run is written, and the rest is named."""
    shutil.copytree(BOOK, tmp_path / "book", ignore=shutil.ignore_patterns("data"))
    monkeypatch.chdir(tmp_path)
    assert __main__.main(["course", "--out", "out"]) == 0
    said = capsys.readouterr().out
    assert "make book" in said and all(name in said for name in PLANS)
    assert (tmp_path / "out/nbgrader/source/glassy/exercises.ipynb").exists()
    assert not list(tmp_path.glob("out/*/slides.html"))
    with zipfile.ZipFile(tmp_path / "out/handout.zip") as archive:
        assert any(name.endswith("one_spin.ipynb") for name in archive.namelist())


def test_formulas():
    for formula in (r"\tfrac13(2+\tfrac12)", r"n=0,1,\dots", r"\frac1{N}", r"a\tag{5}"):
        assert documents.mathml(formula).startswith("<math"), formula
    assert documents.mathml(r"\nonsense{x}") == r"<code>\nonsense{x}</code>"
    assert documents.unlinked("A [b $x[0]$](c.ipynb#d) and [e](#f), [g](https://h.i).") == (
        "A b $x[0]$ and e, [g](https://h.i)."
    )
