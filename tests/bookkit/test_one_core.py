"""A rehearsal of Binder: each notebook on one core, no cell above ten seconds, memory to spare."""

import os
import subprocess
import sys

import pytest
from book_files import NOTEBOOKS, name
from projects import ROOT

PROGRAM = """
import asyncio, os, pathlib, sys
from lmgbook.bookkit import run_notebooks

os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
notebook = asyncio.run(run_notebooks.run(pathlib.Path(sys.argv[1]), sys.argv[2], timeout=10))
print(notebook.metadata["lmgbook"]["peak_megabytes"])
"""


@pytest.mark.weekly
@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="cores cannot be chosen here")
@pytest.mark.parametrize("path", NOTEBOOKS, ids=name)
def test_no_cell_takes_ten_seconds_on_one_core(path):
    where = path.relative_to(ROOT).as_posix()
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(ROOT), where], capture_output=True, text=True
    )
    assert run.returncode == 0, run.stderr
    assert int(run.stdout) < 1000
