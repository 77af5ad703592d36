"""An edit of the package, a claim or the lock runs the notebooks again; nothing else does."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
import yaml
from exec_cache_key import KEEP, cache_path, notebook_key, open_cache_path
from jupyter_cache import get_cache

ROOT = Path(__file__).parents[1]
PRERUN = ROOT / "book" / "_ext" / "prerun.py"


@pytest.fixture
def project(tmp_path):
    """A copy of the package, and a book of one notebook that prints what the package says."""
    shutil.copytree(ROOT / "lmgbook", tmp_path / "lmgbook", ignore=shutil.ignore_patterns("__*__"))
    (tmp_path / "lmgbook" / "__init__.py").write_text("")
    (tmp_path / "lmgbook" / "answer.py").write_text("ANSWER = 41\n")
    (tmp_path / "book" / "claims").mkdir(parents=True)
    (tmp_path / "requirements.lock").write_text("numpy==2\n")
    (tmp_path / "_config.yml").write_text("execute: {timeout: 60}\n")
    (tmp_path / "_toc.yml").write_text(yaml.safe_dump({"root": "book/page"}))
    write_notebook(tmp_path, "from lmgbook.answer import ANSWER\nprint(ANSWER)")
    return tmp_path


def write_notebook(project, source):
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)])
    nbformat.write(notebook, project / "book" / "page.ipynb")


def prerun(project):
    return subprocess.run(
        [sys.executable, str(PRERUN), str(project)],
        env={**os.environ, "PYTHONPATH": str(project)},
        capture_output=True,
        text=True,
        timeout=120,
    )


def output(project):
    notebook = nbformat.read(project / "book" / "page.ipynb", as_version=4)
    _, executed = get_cache(str(cache_path(project))).merge_match_into_notebook(notebook)
    return executed.cells[0].outputs[0].text


def test_edit_of_the_package_changes_the_page(project):
    assert "1 to run" in prerun(project).stdout
    assert output(project) == "41\n"
    assert "1 unchanged, 0 to run" in prerun(project).stdout

    (project / "lmgbook" / "answer.py").write_text("ANSWER = 42\n")
    assert "1 to run" in prerun(project).stdout
    assert output(project) == "42\n"


def test_what_an_edit_does_not_touch_is_not_run_again(project):
    assert "1 to run" in prerun(project).stdout
    (project / "lmgbook" / "elsewhere.py").write_text("ANSWER = 0\n")
    (project / "book" / "claims" / "elsewhere.yml").write_text("claims: []\n")
    assert "1 unchanged, 0 to run" in prerun(project).stdout
    assert output(project) == "41\n"

    # a module that the imported one imports, inside a function
    (project / "lmgbook" / "answer.py").write_text(
        "def deeper():\n    from .elsewhere import ANSWER\n    return ANSWER\nANSWER = deeper()\n"
    )
    assert "1 to run" in prerun(project).stdout
    (project / "lmgbook" / "elsewhere.py").write_text("ANSWER = 43\n")
    assert "1 to run" in prerun(project).stdout
    assert output(project) == "43\n"


@pytest.mark.parametrize(
    "cell",
    [
        "from lmgbook import answer",
        "import lmgbook.answer as a",
        "import numpy, lmgbook.answer",
        "def f():\n    from lmgbook.answer import ANSWER",
        "%matplotlib inline\nfrom lmgbook import answer",
    ],
)
def test_every_way_to_import_is_seen(project, cell):
    write_notebook(project, cell)
    before = notebook_key(project, "book/page.ipynb")
    (project / "lmgbook" / "answer.py").write_text("ANSWER = 42\n")
    assert notebook_key(project, "book/page.ipynb") != before


def test_a_notebook_depends_on_the_claims_it_names(project):
    write_notebook(project, "from lmgbook import ledger\nledger.check('some.claim', 1)")
    before = notebook_key(project, "book/page.ipynb")
    (project / "book" / "claims" / "other.yml").write_text("claims: []\n")
    assert notebook_key(project, "book/page.ipynb") == before
    (project / "book" / "claims" / "some.yml").write_text("claims: []\n")
    assert notebook_key(project, "book/page.ipynb") != before


def test_failing_cell_shows_its_traceback_and_stops_the_build(project):
    write_notebook(project, "1 / 0")
    answer = prerun(project)
    assert answer.returncode == 1
    assert "book/page.ipynb FAILED" in answer.stdout
    assert "ZeroDivisionError: division by zero" in answer.stdout


@pytest.mark.parametrize(
    "name",
    ["lmgbook/answer.py", "lmgbook/house.mplstyle", "book/claims/a.yml", "requirements.lock"],
)
def test_key_depends_on(project, name):
    before = cache_path(project)
    with open(project / name, "a", encoding="utf-8") as file:
        file.write("\n")
    assert cache_path(project) != before


def test_key_does_not_depend_on_prose(project):
    before = cache_path(project)
    (project / "book" / "page.md").write_text("Prose.")
    assert cache_path(project) == before


def test_old_caches_are_dropped(project):
    used = []
    for number in range(KEEP + 2):
        (project / "requirements.lock").write_text(f"numpy=={number}\n")
        used.append(open_cache_path(project))
        os.utime(used[-1], (number, number))
    left = set((project / "_build" / ".jupyter_cache").iterdir())
    assert len(left) == KEEP and used[-1] in left and used[0] not in left
