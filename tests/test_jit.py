"""Compiled loops where nothing can be written, and where there is no compiler at all."""

import subprocess
import sys

WORK = """
import numpy as np, qutip, lmgbook
from lmgbook.leggett_garg import LeggettGarg
from lmgbook.slow_quenches import exact_ramp, harmonic_ramp

H = [qutip.jmat(2, "z"), [qutip.jmat(2, "x"), lambda t: np.cos(t)]]
psi = qutip.sesolve(H, qutip.basis(5, 0), [0, 1], options={"method": "tridiagonal"}).states[-1]
print(round(abs(psi[0, 0]) ** 2, 9), round(exact_ramp(8, 0.5).n_exc, 6))
print(round(float(harmonic_ramp(8, 0.5).n_exc[-1]), 6), round(LeggettGarg(levels=3).k3(0.05), 6))
"""
UNWRITABLE = """
import numba.core.caching
numba.core.caching.CacheImpl._locator_classes = []
"""
NO_NUMBA = """
import sys
sys.modules["numba"] = None
"""


def run(*lines):
    command = [sys.executable, "-W", "error::RuntimeWarning", "-c", "\n".join(lines)]
    ended = subprocess.run(command, capture_output=True, text=True)
    assert not ended.returncode, ended.stderr
    return ended.stdout


def test_the_same_numbers_without_a_cache_and_without_numba():
    plain = run(WORK)
    # what numba meets where the package is read-only and no home directory exists: no place at all
    assert run(UNWRITABLE, WORK, "from lmgbook.integrators import _kernels as k",
               "assert type(k.cayley_steps._cache).__name__ == 'NullCache'") == plain  # fmt: skip
    assert run(NO_NUMBA, WORK, "import lmgbook._jit as j; assert j.numba is None") == plain
