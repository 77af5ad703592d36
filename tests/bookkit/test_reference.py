"""The page of the package documents every public name once, wherever it lives."""

import importlib
import re
from pathlib import Path

from lmgbook.bookkit import reference

ROOT = Path(__file__).parents[2]
PAGE = reference.page()
MODULES = re.findall(r"automodule:: (\S+)", PAGE)


def test_every_module_is_there_once():
    assert len(MODULES) == len(set(MODULES))
    rooms = {path.parent.name for path in ROOT.glob("lmgbook/*/__init__.py")} - {"bookkit"}
    files = {path.stem for path in ROOT.glob("lmgbook/*.py") if path.stem[0] != "_"}
    assert {f"lmgbook.{name}" for name in rooms | files} <= set(MODULES)


def test_private_modules_and_answers_are_not_shown():
    assert not [name for name in MODULES if "._" in name or re.search(r"\.\w+\.exercises$", name)]


def test_what_a_face_offers_is_documented_there():
    for name in MODULES:
        face = importlib.import_module(name.rpartition(".")[0])
        offered = getattr(face, "__all__", [])
        block = PAGE.split(f"automodule:: {name}\n")[1].split("```")[0]
        if offered and name != "lmgbook.bookkit":
            left_out = re.findall(r"\w+", block.partition(":exclude-members:")[2])
            assert set(offered) <= set(left_out), name


def test_equations_in_docstrings_name_their_paper():
    text = "the root of (3), Eq. (25); Eqs. 25 and 29, Eqs. (83)-(86a), Eqs. (5) to (8), Eq. (7)."
    assert reference.named(text, "one") == (
        "the root of (3), :paper-eq:`one:25`; :paper-eq:`one:25, 29`, :paper-eq:`one:83-86a`, "
        ":paper-eq:`one:5-8`, :paper-eq:`one:7`."
    )
    for path in (ROOT / "lmgbook").glob("*/*.py"):
        for line in path.read_text("utf-8").splitlines():
            if "exercises" not in path.name and path.parent.name != "bookkit":
                assert not re.search(r"\bEqs?\.", reference.named(line, "one")), (path, line)
