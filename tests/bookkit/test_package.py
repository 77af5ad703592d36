"""The package as others install it: everything of it is there, and the build's tools stay apart."""

import re
import shutil
import subprocess
import sys
import zipfile

import pytest
from projects import ROOT

from lmgbook.bookkit import executed

FILES = [path.relative_to(ROOT).as_posix() for path in executed.files(ROOT / "lmgbook")]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """What a wheel of this repository holds."""
    source, out = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    for folder in ("lmgbook", *(f.relative_to(ROOT) for f in (ROOT / "book").glob("*/data"))):
        shutil.copytree(ROOT / folder, source / folder)
    shutil.copytree(ROOT / "book" / "claims", source / "book" / "claims")
    for name in ("pyproject.toml", "setup.py", "LICENSE"):
        shutil.copy(ROOT / name, source)
    command = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation"]
    subprocess.run([*command, "-q", "-w", out, source], check=True, capture_output=True)
    with zipfile.ZipFile(next(out.glob("*.whl"))) as archive:
        return set(archive.namelist())


def test_every_file_of_the_package_is_in_the_wheel(wheel):
    assert set(FILES) <= wheel


def test_claims_and_data_go_along(wheel):
    claims = {f"lmgbook/claims/{path.name}" for path in (ROOT / "book" / "claims").glob("*.yml")}
    assert len(claims) >= 5 and claims <= wheel
    assert "lmgbook/glassy_data/exponents.json" in wheel


def test_nothing_of_the_package_needs_the_tools_of_the_build():
    for name in FILES:
        if not name.startswith("lmgbook/bookkit/") and name.endswith(".py"):
            text = (ROOT / name).read_text(encoding="utf-8")
            assert not re.search(r"(?m)^\s*(from|import) .*\bbookkit\b", text), name
