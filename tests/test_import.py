"""`import lmgbook` must stay cheap: it is in the first cell of every notebook."""

import json
import subprocess
import sys

PROGRAM = """
import json, sys
import qutip
before = set(sys.modules)
import lmgbook
new = sorted({name.split(".")[0] for name in set(sys.modules) - before})
print(json.dumps([new, "tridiagonal" in qutip.SESolver.avail_integrators()]))
"""
HEAVY = {"numba", "llvmlite", "ipywidgets", "IPython", "matplotlib", "joblib", "yaml", "dask"}


def test_import_loads_nothing_heavy_and_registers_the_integrator():
    # how long it takes is measured by `make bench`
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True
    )
    new, registered = json.loads(run.stdout)
    assert "lmgbook" in new and not HEAVY & set(new)
    assert registered
