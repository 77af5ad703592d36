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


WITHOUT_QUTIP = """
import sys
sys.modules["qutip"] = None  # importing it fails from here on
from lmgbook.slow_quenches import critical_excitations, excitations_limit, gap
from lmgbook.ensembles import SectorSpectrum, critical_field, entropy, tricritical_point
from lmgbook.leggett_garg import goldilocks_size, instanton_splitting, thermal_rate
from lmgbook.glassy import magnetization, random_positions, rates, stretched_exponential
from lmgbook.reactions import critical_rate, demkov_osherov, single_channel, two_channel

assert 0.3 < excitations_limit() < 0.4 and abs(gap(2.0) - 2 * 2**0.5) < 1e-12
assert abs(sum(single_channel(10, 0.4, 1.0)) - 1) < 1e-12
assert abs(two_channel(5, 0.4, 1.0).sum() - 1) < 1e-12
assert abs(sum(demkov_osherov(0.3, 1.0)) - 1) < 1e-12
assert rates(3, 6, 1.0)[2] == 0.5 and magnetization(random_positions(5, 2), [0.0], 3)[0, 0] == 1
assert tricritical_point(1.0, "canonical")[1] > 0
assert SectorSpectrum(20, 0.5, 0.0).free_energy(1.0) < 0
assert "qutip" not in {name for name, module in sys.modules.items() if module}
import lmgbook.lmg
try:
    lmgbook.lmg.LMG(4).hamiltonian()
except ImportError as error:
    print(error)
"""


def test_closed_forms_need_no_qutip():
    run = subprocess.run([sys.executable, "-c", WITHOUT_QUTIP], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    assert "qutip" in run.stdout.lower()
