"""An edit runs the notebooks that depend on it again, and no others; a kept run is whole."""

import errno
import functools
import json
import os
import re
import shutil

import nbformat
import projects
import pytest
from projects import ROOT

from lmgbook.bookkit import executed, run_notebooks

PAGE = "book/page.ipynb"


@pytest.fixture
def project(tmp_path):
    return projects.make(tmp_path, page=["from lmgbook.answer import ANSWER\nprint(ANSWER)"])


# --- the book as it is --------------------------------------------------------------------------


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    """A copy of the package and of the notebooks, to edit."""
    copy = tmp_path_factory.mktemp("book")
    leave = shutil.ignore_patterns("__pycache__", ".*", "_assets", "_templates")
    for name in ("lmgbook", "book"):
        shutil.copytree(ROOT / name, copy / name, ignore=leave)
    for name in ("requirements.lock", "_toc.yml"):
        shutil.copy(ROOT / name, copy)
    return copy


def keys(book):
    return {name: executed.notebook_key(book, name) for name in run_notebooks.notebooks(book)}


keys_at_first = functools.cache(keys)
CHAPTERS = executed.chapters(ROOT)
MODULES = [path.relative_to(ROOT / "lmgbook") for path in executed.files(ROOT / "lmgbook")]
NAMES = {
    name: executed.named(executed.read(ROOT / name)) & CHAPTERS
    for name in run_notebooks.notebooks(ROOT)
}


def test_chapters_are_found():
    assert {"slow_quenches", "ensembles", "leggett_garg", "glassy", "reactions"} <= CHAPTERS
    assert len(NAMES) == len(keys(ROOT)) > 30
    for chapter in CHAPTERS:
        assert any(chapter in names for names in NAMES.values()), chapter


def test_notebooks_that_name_two_chapters():
    """A list to be read: an edit of either chapter runs them again."""
    assert {name: names for name, names in NAMES.items() if len(names) > 1} == {
        "book/foundations/collective_spins.ipynb": {"slow_quenches", "ensembles", "leggett_garg"},
        "book/reactions/one_law.ipynb": {"slow_quenches", "reactions"},
    }


@pytest.mark.parametrize("module", [str(path) for path in MODULES])
def test_an_edited_constant_runs_exactly_what_depends_on_it(book, module):
    """Of the integrators too, which no notebook imports by name: importing the package does."""
    before = keys_at_first(book)
    path = book / "lmgbook" / module
    text = path.read_bytes()  # one of them is a font
    path.write_bytes(text + b"\nONE_MORE = 1\n")
    after = keys(book)
    path.write_bytes(text)
    changed = {name for name in before if after[name] != before[name]}
    place = module.split("/")[0]
    if place in CHAPTERS:
        assert changed == {name for name, names in NAMES.items() if place in names}
    else:
        assert changed == (set() if place == "bookkit" else set(before))


@pytest.mark.parametrize("chapter", sorted(CHAPTERS))
def test_no_chapter_imports_another(chapter):
    """Else a notebook would depend on a chapter that it does not name."""
    others = "|".join(CHAPTERS - {chapter})
    pattern = rf"(?m)^\s*(?:from|import) .*\b({others})\b"
    for path in executed.files(ROOT / "lmgbook" / chapter):
        assert not re.findall(pattern, path.read_text(encoding="utf-8")), path


# --- small books --------------------------------------------------------------------------------


def test_edit_of_the_package_changes_the_page(project):
    assert "1 to run" in projects.run(project)[1]
    assert projects.output(project) == "41\n"
    assert "1 unchanged, 0 to run" in projects.run(project)[1]

    # of the same length and within the same second, for which Python keeps its old bytecode
    module = project / "lmgbook" / "answer.py"
    before = module.stat()
    module.write_text("ANSWER = 42\n")
    os.utime(module, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert projects.output(project) is None
    assert "1 to run" in projects.run(project)[1]
    assert projects.output(project) == "42\n"

    module.write_text("ANSWER = 41\n")
    assert "1 unchanged, 0 to run" in projects.run(project)[1]
    assert projects.output(project) == "41\n"


@pytest.mark.parametrize(
    "cell",
    [
        "from lmgbook import one",
        "from lmgbook import (\n    answer,\n    one,\n)",
        "import lmgbook.one as a",
        "import numpy, lmgbook.one",
        "from lmgbook.one import anything",
        "from lmgbook.one.part import anything",
        "import lmgbook\nlmgbook.one.anything()",
        "def f():\n    from lmgbook.one import anything",
        "import importlib\nimportlib.import_module('lmgbook.one')",
        "exercises.check('one.gap', 1)",
        "ledger.check('one.gap', 1)",
        "ledger.check(f'one.{name}', 1)",
        "%matplotlib inline\nfrom lmgbook import one",
        "%%time\nfrom lmgbook import one",
        "?what is this: from lmgbook import one",
    ],
)
def test_every_way_to_name_a_chapter(project, cell):
    for chapter in ("one", "two"):
        (project / "book" / chapter).mkdir()
        (project / "lmgbook" / chapter).mkdir()
        (project / "lmgbook" / chapter / "part.py").write_text("A = 1\n")
    projects.write(project, "page", cell)
    before = projects.key(project)
    (project / "lmgbook" / "two" / "part.py").write_text("A = 2\n")
    assert projects.key(project) == before
    (project / "lmgbook" / "one" / "part.py").write_text("A = 2\n")
    assert projects.key(project) != before


def test_prose_that_names_a_chapter_is_prose(project):
    (project / "book" / "one").mkdir()
    (project / "lmgbook" / "one").mkdir()
    (project / "lmgbook" / "one" / "part.py").write_text("A = 1\n")
    projects.write(project, "page", "# as in one.part\nprint('no two, but one. Or more')")
    before = projects.key(project)
    (project / "lmgbook" / "one" / "part.py").write_text("A = 2\n")
    assert projects.key(project) == before


def test_a_notebook_depends_on_the_claims_it_names_and_on_those_of_its_chapter(project):
    projects.write(project, "own/page", "ledger.check('some.claim', 1)")
    before = projects.key(project, "own/page")
    claims = project / "book" / "claims"
    (claims / "other.yml").write_text("claims: []\n")
    assert projects.key(project, "own/page") == before
    seen = {before}
    for name in ("some.yml", "own.yml", "schema.json"):
        (claims / name).write_text("{}\n")
        seen.add(projects.key(project, "own/page"))
    assert len(seen) == 4


def test_a_notebook_depends_on_the_data_of_its_chapter(project):
    projects.write(project, "own/page", "1")
    projects.write(project, "other/page", "1")
    before = [projects.key(project, page) for page in ("own/page", "other/page")]
    (project / "book" / "own" / "data" / "deep").mkdir(parents=True)
    (project / "book" / "own" / "data" / "deep" / "table.json").write_text("{}")
    after = [projects.key(project, page) for page in ("own/page", "other/page")]
    assert after[0] != before[0] and after[1] == before[1]


@pytest.mark.parametrize(
    "name",
    ["lmgbook/answer.py", "lmgbook/deep/new.py", "lmgbook/house.mplstyle", "requirements.lock"],
)
def test_key_depends_on(project, name):
    before = projects.key(project)
    path = project / name
    path.parent.mkdir(exist_ok=True)
    with open(path, "a", encoding="utf-8") as file:
        file.write("\n")
    assert projects.key(project) != before


def test_key_depends_on_what_is_installed(project, monkeypatch):
    before = projects.key(project)
    executed.installed.cache_clear()
    monkeypatch.setattr(executed, "version", lambda package: "0")
    assert projects.key(project) != before
    executed.installed.cache_clear()


def test_key_does_not_depend_on_prose_tools_or_compiled_code(project):
    before = projects.key(project)
    for name in ("book/page.md", "lmgbook/bookkit/x.py", "lmgbook/__pycache__/answer.nbi"):
        (project / name).parent.mkdir(exist_ok=True)
        (project / name).write_text("x = 1")
    notebook = nbformat.read(project / PAGE, as_version=4)
    notebook.cells.insert(0, nbformat.v4.new_markdown_cell("Prose."))
    notebook.cells[1].metadata["tags"] = ["hide-input"]
    nbformat.write(notebook, project / PAGE)
    assert projects.key(project) == before


def test_a_touched_file_shows_even_if_it_says_the_same(project):
    path = project / "lmgbook" / "answer.py"
    key, marks = executed.snapshot(project, PAGE)
    path.write_text("ANSWER = 42\n")
    path.write_text("ANSWER = 41\n")
    assert executed.snapshot(project, PAGE)[0] == key
    assert executed.snapshot(project, PAGE)[1] != marks


# --- keeping runs -------------------------------------------------------------------------------

RUN = {"cells": [], "metadata": {"lmgbook": {"execution_seconds": 1.0}}}


def test_only_the_newest_runs_are_kept(project):
    keys = [f"{number:032x}" for number in range(executed.KEEP + 2)]
    for number, key in enumerate(keys):
        executed.store(project, PAGE, key, RUN)
        os.utime(executed.place(project, PAGE, key), (number, number))
    assert executed.load(project, PAGE, keys[0]) is None
    left = executed.place(project, PAGE, "x").parent.iterdir()
    assert {path.stem for path in left} == set(keys[-executed.KEEP :])


@pytest.mark.parametrize("content", ["", '{"cells": [', "null", "{}", "\x00" * 100])
def test_half_a_run_is_none(project, content):
    """As after a crash of the machine: the file has its name, and not its content."""
    executed.store(project, PAGE, "k", RUN)
    executed.place(project, PAGE, "k").write_text(content)
    assert executed.load(project, PAGE, "k") is None


def test_a_run_that_cannot_be_written_leaves_nothing(project, monkeypatch):
    def full(*arguments):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(executed.json, "dump", full)
    with pytest.raises(OSError, match="No space left"):
        executed.store(project, PAGE, "k", RUN)
    assert list(executed.place(project, PAGE, "k").parent.iterdir()) == []


def test_outputs_go_into_the_notebook_as_it_is_written_now(project):
    assert projects.run(project)[0] == 0
    notebook = executed.read(project / PAGE)
    notebook["cells"][0]["metadata"]["tags"] = ["hide-input"]
    prose = {"cell_type": "markdown", "id": "prose", "metadata": {}, "source": "Prose."}
    notebook["cells"].insert(0, prose)
    run = executed.load(project, PAGE, projects.key(project))
    shown = executed.with_outputs(json.loads(json.dumps(notebook)), run)
    assert shown["cells"][0] == prose
    assert shown["cells"][1]["outputs"][0]["text"] == "41\n"
    assert shown["cells"][1]["execution_count"] == 1
    assert shown["cells"][1]["metadata"] == {"tags": ["hide-input"]}
    assert shown["metadata"]["language_info"]["pygments_lexer"] == "ipython3"
    nbformat.validate(nbformat.from_dict(shown))
