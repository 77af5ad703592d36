"""The examples in docstrings are true."""

import doctest
import importlib
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MODULES = [
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    for path in sorted((ROOT / "lmgbook").rglob("*.py"))
    if re.search(r"(?m)^\s*>>> ", path.read_text(encoding="utf-8"))
]


def test_there_are_examples():
    assert len(MODULES) >= 7


@pytest.mark.parametrize("name", MODULES)
def test_examples(name):
    failed, tried = doctest.testmod(importlib.import_module(name))
    assert failed == 0 and tried > 0
