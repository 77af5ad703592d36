"""What the appendix says of Python in the page is still so (weekly: it fetches Pyodide)."""

import json
import subprocess

import pytest
from npm_tool import npm_tool
from projects import ROOT

PYODIDE = "pyodide@314.0.7"
PROGRAM = """
import { loadPyodide } from "pyodide";
const python = await loadPyodide();
python.mountNodeFS("/book", process.argv[2]);
const tried = python.runPython(`
import importlib, json, sys
sys.path.insert(0, "/book")
found = {}
for name in ("json", "numpy", "lmgbook"):
    try:
        importlib.import_module(name)
        found[name] = ""
    except ImportError as error:
        found[name] = str(error)
json.dumps(found)
`);
console.log(tried);
"""


@pytest.mark.weekly
def test_python_in_the_page_is_still_missing():
    tools, node = npm_tool(PYODIDE, "node")
    (tools / "try.mjs").write_text(PROGRAM)
    run = subprocess.run(
        [node, tools / "try.mjs", ROOT], check=True, capture_output=True, text=True
    ).stdout
    found = json.loads(run)
    assert found["json"] == ""
    assert "numpy" in found["numpy"] and "numpy" in found["lmgbook"]
    lock = json.loads((tools / "node_modules" / "pyodide" / "pyodide-lock.json").read_text())
    assert {"numpy", "scipy", "matplotlib"} <= set(lock["packages"])
    assert not {"qutip", "numba", "llvmlite"} & set(lock["packages"])
