"""What the rehearsal of Binder sees, tried with a server and a notebook of three lines."""

import json
import os
import sys
from pathlib import Path

import nbformat
import pytest
from projects import ROOT

from lmgbook.bookkit import rehearsal, run_notebooks

CELLS = [
    "import time\nfor i in range(4):\n    time.sleep(0.4)\n    print(i, flush=True)",
    "time.sleep(1)",
    "big = bytearray(60_000_000)",
]


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    home = tmp_path_factory.mktemp("home")
    (home / "repo").mkdir()
    environ = {**os.environ, "HOME": str(home), "JUPYTER_CONFIG_DIR": str(home / "config")}
    environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    server = rehearsal.Server(home, environ)
    yield server, home / "repo"
    server.stop()


def write(folder, *cells, name="a.ipynb"):
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(each) for each in cells])
    nbformat.write(notebook, folder / name)
    return folder / name


def test_a_notebook_through_a_server(server):
    """Its slowest cell says something all the time; another one is silent for a second."""
    server, folder = server
    took = rehearsal.run(server, write(folder, *CELLS), "a.ipynb")
    assert took["seconds"] > took["cell"] > 1.6 > took["silence"] >= 0.9
    assert took["megabytes"] > 100
    assert server.kernels() == []
    with pytest.raises(RuntimeError, match="ZeroDivisionError"):
        rehearsal.run(server, write(folder, "1 / 0"), "a.ipynb")
    assert server.kernels() == []


def test_the_largest_stay_open_together(server):
    """What each of them holds counts three times, what they share once; one is left out."""
    server, folder = server
    alone = server.together()
    taken = {}
    for size, name in enumerate("abcd"):
        write(folder, "big = bytearray(60_000_000)", "1", name=name)
        taken[name] = {"megabytes": size}
    together = rehearsal.open_at_once(server, folder, taken)
    kernels = server.kernels()
    assert len(kernels) == rehearsal.OPEN
    held = sum(kernel.memory_info().rss for kernel in kernels) / 2**20
    assert alone + 3 * 57 < together < alone + held + 5
    for session in server.ask("GET", "api/sessions"):
        assert session["path"] in "bcd"
        server.ask("DELETE", f"api/sessions/{session['id']}")


def test_limits_are_judged():
    good = {"seconds": 9, "cell": 30, "silence": 3, "megabytes": 300}
    assert rehearsal.judge({"a": good, "b": good, "c": good}, 1000) == []
    (silent,) = rehearsal.judge({"a": {**good, "silence": 11}})
    assert "silent for 11.0 s" in silent
    (large,) = rehearsal.judge({"a": {**good, "megabytes": 351}})
    assert "351 MB" in large
    (together,) = rehearsal.judge(dict.fromkeys("abc", good), 1050)
    assert "3 notebooks at once: up to 1050 MB" in together


# What a build records differs by some megabytes from machine to machine, and in a cold one by
# what is compiled; the rehearsal makes no exception.
ROOM = 1.1


def test_memory_of_the_last_build():
    costs = json.loads((ROOT / run_notebooks.REPORT).read_text())
    large = {
        name: cost["peak_megabytes"]
        for name, cost in costs.items()
        if cost["peak_megabytes"] > ROOM * run_notebooks.MEGABYTES
    }
    assert large == {}
