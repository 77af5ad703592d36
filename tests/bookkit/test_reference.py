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
