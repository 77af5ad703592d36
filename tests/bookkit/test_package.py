"""The package as others install it: everything of it is there, and the build's tools stay apart."""

import os
import re
import shutil
import subprocess
import sys
import zipfile

import pytest
from book_files import BOOK
from projects import ROOT

from lmgbook.bookkit import executed

FILES = [path.relative_to(ROOT).as_posix() for path in executed.files(ROOT / "lmgbook")]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """A wheel of this repository."""
    source, out = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    for folder in ("lmgbook", *(f.relative_to(ROOT) for f in (ROOT / "book").glob("*/data"))):
        shutil.copytree(ROOT / folder, source / folder)
    shutil.copytree(ROOT / "book" / "claims", source / "book" / "claims")
    for path in [*BOOK.glob("*/*.ipynb"), *BOOK.glob("*/teaching.yml"), *BOOK.glob("*/index.md")]:
        (source / path.relative_to(ROOT)).parent.mkdir(exist_ok=True)
        shutil.copy(path, source / path.relative_to(ROOT))
    for name in ("pyproject.toml", "setup.py", "LICENSE", "LICENSE-text"):
        shutil.copy(ROOT / name, source)
    command = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation"]
    subprocess.run([*command, "-q", "-w", out, source], check=True, capture_output=True)
    return next(out.glob("*.whl"))


@pytest.fixture(scope="module")
def names(wheel):
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def test_every_file_of_the_package_is_in_the_wheel(names):
    assert set(FILES) <= names


def test_claims_and_data_go_along(names):
    claims = {f"lmgbook/claims/{path.name}" for path in (ROOT / "book" / "claims").glob("*.yml")}
    assert len(claims) >= 5 and claims <= names
    assert "lmgbook/glassy_data/exponents.json" in names


def test_a_course_from_an_installed_package(wheel, tmp_path):
    """In an empty folder, with nothing of the repository on the path."""
    assert wheel.stat().st_size < 2.5e6
    installed, work = tmp_path / "installed", tmp_path / "work"
    work.mkdir()
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(installed)
    run = subprocess.run(
        [sys.executable, "-m", "lmgbook.bookkit", "course", "--out", "out"],
        cwd=work,
        env={**os.environ, "PYTHONPATH": str(installed)},
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr
    assert "make book" in run.stdout
    assert (work / "out/nbgrader/source/foundations/exercises.ipynb").exists()
    assert (work / "out/foundations/student/collective_spins.ipynb").exists()
    with zipfile.ZipFile(work / "out/handout.zip") as archive:
        assert {"lmgbook-handout/LICENSE", "lmgbook-handout/README.md"} <= set(archive.namelist())


def test_nothing_of_the_package_needs_the_tools_of_the_build():
    for name in FILES:
        if not name.startswith("lmgbook/bookkit/") and name.endswith(".py"):
            text = (ROOT / name).read_text(encoding="utf-8")
            assert not re.search(r"(?m)^\s*(from|import) .*\bbookkit\b", text), name
