"""What the appendix says of Python in the page is still so (weekly: it fetches Pyodide)."""

import json
import os
import shutil
import subprocess

import pytest
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
    npm, node = shutil.which("npm"), shutil.which("node")
    if not (npm and node):
        (pytest.fail if os.environ.get("CI") else pytest.skip)("needs npm and node")
    tools = ROOT / "_build" / "tools" / "pyodide"
    tools.mkdir(parents=True, exist_ok=True)
    subprocess.run([npm, "install", "--silent", "--prefix", tools, PYODIDE], check=True)
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
