"""What `make course` adds to the notebooks: sheets, notes, slides, one file to hand out."""

import base64
import re
import shutil
import zipfile

import nbformat
import pytest
import yaml
from book_files import BOOK, code_cells, read
from course_parts import PARTS

from lmgbook.bookkit import (
    __main__,
    course,
    documents,
    grading,
    instructor,
    math_font,
    numbered,
    slides,
)

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
    for page in pages:
        asked = [what["cell"] for kind, what in page.shows if kind == "question"]
        assert (asked.count("think-first") == 1) == (page.name != "exercises")
        # before each slider the question that announces it
        kinds = [kind for kind, _ in page.shows]
        for place in (i for i, kind in enumerate(kinds) if kind == "slider"):
            question = page.shows[place - 1]
            assert question[0] == "question" and "?" in question[1]["text"], page.name
    for page in pages:
        assert page.name == "exercises" or documents.inline(page.title) in deck
    clean(deck)


def labels(text):
    return set(re.findall(r"\{eq\}`(.+?)`", text))


@built
def test_formulas_that_a_slide_names_stand_on_it(pack, chapter):
    """Read from the sources, without the code that makes slides."""
    named = {}
    for page, _, _ in instructor.overview(BOOK / chapter):
        for c in read(BOOK / chapter / f"{page}.ipynb").cells if page != "exercises" else []:
            caption = c.metadata.get("mystnb", {}).get("figure", {}).get("caption", "")
            found = labels(c.source if c.id == "think-first" else caption)
            if found:
                named[page, c.id] = found
    shown = {}
    for page in instructor.pages(BOOK.parent, BOOK / chapter, course.read):
        for kind, what in page.shows:
            place = page.name, what["cell"]
            if kind != "slider" and place in named:
                shown[place] = len(what["formulas"]) + len(what.get("of_answer", []))
    assert shown == {place: len(found) for place, found in named.items()}
    deck = (pack / chapter / "slides.html").read_text("utf-8")
    assert deck.count('<div class="formula"><math') >= sum(shown.values()) > 0


# words that point at something which a slide does not have
POINTING = re.compile(
    r"\b(?:(?:next|above|this) (?:cell|table|figure|page)|(?:formula|derived|table) below|see text"
    r"|last (?:two )?lines?|the table|game above|of the text|the text derives|rest of this page)\b"
)


@built
def test_slides_do_not_point_at_a_page(chapter):
    for page in instructor.pages(BOOK.parent, BOOK / chapter, course.read):
        for _, what in page.shows:
            for text in (what.get(part, "") for part in ("caption", "text", "answer")):
                assert POINTING.findall(text) == [], (page.name, what["cell"])
                assert text == "" or text[0] not in "abcdefghijklmnopqrstuvwxyz", "half a sentence"


@built
def test_the_fifty_minutes_have_slides_of_their_own(pack, chapter):
    deck, plan = (pack / chapter / "slides.html").read_text("utf-8"), PLANS[chapter]
    named = {name for _, what in plan["schedule"][50] for name in re.findall(r"`(\w+)`", what)}
    assert not named or named == set(plan["path"])
    pages = instructor.pages(BOOK.parent, BOOK / chapter, course.read)
    cells = [(p.name, what["cell"]) for p in pages for _, what in p.shows]
    on_path = [cell in plan["path"].get(page, ()) for page, cell in cells]
    core = sum(on_path) + len(plan["path"]) + 2 * len(plan["votes"]) + 1
    assert deck.count('<section class="core"') == core <= 32
    assert f"50 minutes: {core} / {core}<" in deck and f"{core + 1} / {core}<" not in deck
    assert '<main id="short">' in deck and f'<a href="#short">Only the {core} slides' in deck
    with pytest.raises(ValueError, match="nowhere"):
        slides.deck(plan | {"path": {pages[0].name: ["nowhere"]}}, pages)


def test_numbered_formulas_are_found():
    source = "$$\na=1\n$$ (eq-a)\n\n$$b$$\n\n```{math}\n:label: eq-c\nc\n```\n$$ d $$(eq-d)"
    live = "$$\na=1\n\\tag{2.1}\n$$\n\n$$b$$\n\n$$\nc\n\\tag{2.2}\n$$\n$$ d\n\\tag{2.3}\n$$"
    known = numbered.formulas({"x": source}, {"x": live})
    assert known == {"eq-a": ("2.1", "a=1"), "eq-c": ("2.2", "c"), "eq-d": ("2.3", "d")}
    text = "By {eq}`eq-d`, {eq}`eq-a` and {eq}`eq-d`, not {eq}`eq-other`."
    assert numbered.named(text, known) == [("2.3", "d"), ("2.1", "a=1")]
    with pytest.raises(ValueError):
        numbered.formulas({"x": source}, {"x": ""})


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


@pytest.mark.parametrize("chapter", PLANS)
def test_notes_and_assignment_give_the_same_points(chapter):
    parts = PARTS[chapter]
    noted = {p.label: p.points for p, _ in grading.exercises_of(parts[0].cells)[1:]}
    given = dict.fromkeys(noted, 0)
    label = None
    for cell in grading.assignment(*parts).cells:
        found = grading.EXERCISE.search(
            next((c.source for c in parts[0].cells if c.id == cell.id), "")
        )
        label = found[2] if found else label
        about = cell.metadata["nbgrader"]
        if about["grade"]:
            given[label] += about["points"]
    assert given == noted


@built
def test_notes_show_these_points(pack, chapter):
    rows = re.findall(
        r"<tr>\n(.*?)</tr>", (pack / chapter / "notes.html").read_text("utf-8"), re.DOTALL
    )
    shown = [
        int(re.findall(r"<td[^>]*>(.*?)</td>", row)[-1])
        for row in rows[-len(instructor_problems(chapter)) :]
    ]
    assert shown == [problem.points for problem in instructor_problems(chapter)]


def instructor_problems(chapter):
    return [p for p, _ in grading.exercises_of(read(BOOK / chapter / "exercises.ipynb").cells)[1:]]


def clean(text):
    """Nothing is fetched, no program runs, no formula and no name is left as it was written."""
    assert "<script" not in text and "<link" not in text
    assert re.findall(r'src="(?!data:)[^"]*"|href="(?!https://|#)[^"]*"', text) == []
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
        summary = next(i for i, c in enumerate(student.cells) if "## Summary" in c.source)
        # before what they are to find out, which takes more than the summary
        assert summary - place > 5
        assert PLANS[chapter]["pairs"][pairs.index(what)] in [c.id for c in student.cells[place:]]


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
    wheels = {path.name for path in pack.glob("*.whl")}  # where `make dist` has made one
    assert names == students | {"README.md", "LICENSE", "LICENSE-text"} | wheels
    readme = archive.read("lmgbook-handout/README.md").decode()
    assert grading.RUBRIC in readme and "I would believe the" in readme
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


def test_pages_bring_the_font_of_their_formulas():
    """Else a system without one sets exponents a line too high."""
    page = documents.page("T", documents.html("$x^2$"))
    data = re.search(r"url\(data:font/woff2;base64,([^)]*)\)", page)[1]
    assert base64.b64decode(data) == math_font.PATH.read_bytes()
    assert f'math {{ font-family: "{math_font.NAME}", math; }}' in page


def test_formulas():
    for formula in (r"\tfrac13(2+\tfrac12)", r"n=0,1,\dots", r"\frac1{N}", r"a\tag{5}"):
        assert documents.mathml(formula).startswith("<math"), formula
    assert documents.mathml(r"\nonsense{x}") == r"<code>\nonsense{x}</code>"
    assert documents.unlinked("A [b $x[0]$](c.ipynb#d) and [e](#f), [g](https://h.i).") == (
        "A b $x[0]$ and e, [g](https://h.i)."
    )
