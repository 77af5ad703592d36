"""`import lmgbook` must stay cheap: it is in the first cell of every notebook."""

import json
import subprocess
import sys

PROGRAM = """
import json, sys, time
import qutip
before = set(sys.modules)
start = time.process_time()
import lmgbook
duration = time.process_time() - start
new = sorted({name.split(".")[0] for name in set(sys.modules) - before})
print(json.dumps([duration, new, "numba" in sys.modules, "tridiagonal" in
                  qutip.SESolver.avail_integrators()]))
"""
HEAVY = {"numba", "llvmlite", "ipywidgets", "IPython", "matplotlib", "joblib", "yaml", "dask"}


def fresh_import():
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True
    )
    return json.loads(run.stdout)


def test_import_is_cheap_and_registers_the_integrator():
    # measured after QuTiP's own import in one process and in CPU time: the difference, less noise
    durations = []
    for _ in range(3):
        duration, new, numba, registered = fresh_import()
        assert "lmgbook" in new and not HEAVY & set(new)
        assert not numba
        assert registered
        durations.append(duration)
    assert min(durations) < 0.2
