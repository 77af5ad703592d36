"""Can the tests fail? Each deliberate error in the physics must turn one of them red.

The package and its tests are copied, one line of the copy is changed, and a few small tests run on
it in a process of their own. Numba is switched off there: compiling would take longer than the
tiny problems do in plain Python.
"""

import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FILES = ["conftest.py", "test_lmg.py", "test_integrators.py", "test_slow_quenches.py"]

# (name, file, what it says, what the mutant says, the test that has to notice)
MUTANTS = [
    (
        "gap without its factor 2",
        "slow_quenches.py",
        "value = 2 * np.sqrt(value)",
        "value = np.sqrt(value)",
        "test_slow_quenches.py::test_gap_of_equation_5",
    ),
    (
        "slopes of Omega^2 equal on both sides",
        "slow_quenches.py",
        "BELOW, ABOVE = 8.0, 4.0",
        "BELOW, ABOVE = 4.0, 4.0",
        "test_slow_quenches.py::test_limits_of_the_critical_oscillator",
    ),
    (
        "fidelity without its square root",
        "slow_quenches.py",
        "1 / np.sqrt(1 + self.n_exc)",
        "1 / (1 + self.n_exc)",
        "test_slow_quenches.py::test_excitations_and_fidelity_by_the_overlaps_of_equation_8",
    ),
    (
        "smooth ramp that starts at double speed",
        "slow_quenches.py",
        "self.delta * (t / 2 - ripple)",
        "self.delta * (t / 2 + ripple)",
        "test_slow_quenches.py::test_smooth_ramp_in_the_full_space[0.3]",
    ),
    (
        "|0> coupled like any other state",
        "lmg.py",
        "off_diagonal[-1] *= np.sqrt(2)",
        "off_diagonal[-1] *= 1",
        "test_lmg.py::test_sectors_are_blocks_of_the_jmat_expression[1.0-0.7-0.0-4]",
    ),
    (
        "parities of half-integer spins exchanged",
        "lmg.py",
        '(-h if parity == "even" else h)',
        '(h if parity == "even" else -h)',
        "test_lmg.py::test_sectors_are_blocks_of_the_jmat_expression[1.0-0.7-0.0-3]",
    ),
    (
        "four-spin coupling four times too small",
        "lmg.py",
        "16 * K / N**3",
        "4 * K / N**3",
        "test_lmg.py::test_paper_2_is_the_model_itself[5]",
    ),
    (
        "sign of the Magnus commutator",
        "_kernels.py",
        "oui[i] = ROOT * dt * dt * commutator",
        "oui[i] = -ROOT * dt * dt * commutator",
        "test_integrators.py::test_order_four[Magnus]",
    ),
    (
        "Gauss nodes in the wrong order",
        "integrators.py",
        "GAUSS = np.sqrt(3) / 6",
        "GAUSS = -np.sqrt(3) / 6",
        "test_integrators.py::test_order_four[commutator-free]",
    ),
]


def run_tests(folder, tests, file=None, old=None, new=None):
    """Run `tests` on a copy of the package in which `old` became `new`; returns the process."""
    shutil.copytree(
        ROOT / "lmgbook", folder / "lmgbook", ignore=shutil.ignore_patterns("__pycache__")
    )
    (folder / "tests").mkdir()
    for name in FILES:
        shutil.copy(ROOT / "tests" / name, folder / "tests")
    if file:
        source = folder / "lmgbook" / file
        text = source.read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{old!r} is not in {file} exactly once: update the mutation"
        source.write_text(text.replace(old, new), encoding="utf-8")
    (folder / "tests" / "test_copy.py").write_text(
        "import lmgbook\n\n\ndef test_this_is_the_copy():\n"
        f"    assert lmgbook.__file__.startswith({str(folder)!r})\n",
        encoding="utf-8",
    )
    command = [sys.executable, "-m", "pytest", "-q", "-W", "error", "-p", "no:cacheprovider"]
    command += ["-p", "no:nbval", "-p", "no:xdist", "--rootdir", str(folder), "tests/test_copy.py"]
    return subprocess.run(
        [*command, *(f"tests/{test}" for test in tests)],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(folder), "NUMBA_DISABLE_JIT": "1"},
        capture_output=True,
        text=True,
        timeout=120,
    )


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """The unchanged copy with all tests, and each mutant with its own; two at a time."""
    jobs = {"unchanged": (tmp_path_factory.mktemp("unchanged"), [mutant[-1] for mutant in MUTANTS])}
    for index, (name, *change, test) in enumerate(MUTANTS):
        jobs[name] = (tmp_path_factory.mktemp(f"mutant{index}"), [test], *change)
    with ThreadPoolExecutor(2) as pool:
        futures = {name: pool.submit(run_tests, *job) for name, job in jobs.items()}
        yield futures


def test_unchanged_copy_is_green(runs):
    run = runs["unchanged"].result()
    assert run.returncode == 0, run.stdout + run.stderr


@pytest.mark.parametrize("name", [mutant[0] for mutant in MUTANTS])
def test_mutant_is_red(runs, name):
    run = runs[name].result()
    # red by an assertion of a physical test: nothing else may have gone wrong in the copy
    assert run.returncode == 1, run.stdout + run.stderr
    assert "AssertionError" in run.stdout, run.stdout
    assert "1 passed" in run.stdout and "error" not in run.stdout.splitlines()[-1], run.stdout
