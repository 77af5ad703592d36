"""QuTiP's own solver tests, as they are installed, with our method in their lists or as default.

Whatever fails there has to be a refusal that stands here: no number may be wrong.
"""

import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
import qutip

SUITE = Path(qutip.__file__).parent / "tests"
MASTER = "solves the Schroedinger equation and no master equation"
SKEW = "needs Hermitian operators"
FUNCTION = "needs H as a list of operators and coefficients"
OUTSIDE = "needs tridiagonal operators"
FEEDBACK = "cannot serve feedback"
# names of tests -> the reason for which the method refuses all of them
IN_LISTS = {
    r"test_integrator.*test_me_integration\[tridiagonal\]": MASTER,
    r"test_integrator.*test_mc_integration_mixed\[tridiagonal--?1\]": SKEW,
    r"test_mesolve.*testME_TDDecay\[.*-tridiagonal\]": MASTER,
    r"test_mesolve.*test_mesolver_stepping\[.*-tridiagonal\]": MASTER,
}
AS_DEFAULT = {
    r"test_sesolve.*test_sesolve\[func_H-.*\]": FUNCTION,
    r"test_sesolve.*test_sesolve_normalization\[.*\]": SKEW,
    r"test_sesolve.*test_compare_evolution\[func_H-.*\]": FUNCTION,
    r"test_sesolve.*test_krylovsolve_pure_state\[.*\]": OUTSIDE,
    r"test_sesolve.*test_feedback": FEEDBACK,
    r"test_propagator.*testPropPiecewise(ListOutput|UniformGrid\[.*\])": FUNCTION,
    r"test_propagator.*testPropPiecewiseCachingOptimization\[.*\]": FUNCTION,
}


def run_suite(folder, files, *selection, default=False):
    """Outcome of each test: {name: None or the text of its failure}."""
    report = folder / "report.xml"
    command = [sys.executable, "-m", "pytest", "-q", "-c", str(SUITE / "pytest.ini")]
    command += ["-p", "qutip_plugin", "-p", "no:cacheprovider", f"--junitxml={report}"]
    command += ["--pyargs", *(f"qutip.tests.solver.{name}" for name in files), *selection]
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parent)}
    environment |= {"TRIDIAGONAL_BY_DEFAULT": "yes" if default else ""}
    run = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    assert run.returncode in (0, 1), run.stdout + run.stderr
    outcome = {}
    for case in ET.parse(report).iter("testcase"):
        wrong = case.find("failure") if case.find("failure") is not None else case.find("error")
        name = f"{case.get('classname')}::{case.get('name')}"
        outcome[name] = None if wrong is None else f"{wrong.get('message')}\n{wrong.text}"
    return outcome


def check(outcome, refusals):
    met = dict.fromkeys(refusals, 0)
    for name, failure in outcome.items():
        if failure is not None:
            places = [place for place in refusals if re.search(place + "$", name)]
            assert places, f"{name} fails: {failure}"
            assert f"ValueError: method 'tridiagonal' {refusals[places[0]]}" in failure, name
            assert "use method" in failure or "method 'adams' or 'vern9'" in failure
            met[places[0]] += 1
    assert all(met.values()), f"no longer refused: {met}"


def test_method_in_the_lists_of_the_integrator_tests(tmp_path):
    files = ["test_integrator", "test_sesolve", "test_mesolve"]
    outcome = run_suite(tmp_path, files, "-k", "tridiagonal")
    check(outcome, IN_LISTS)
    assert sum(failure is None for failure in outcome.values()) >= 8


@pytest.mark.weekly
def test_method_as_the_default_of_sesolve(tmp_path):
    files = ["test_sesolve", "test_propagator", "test_results", "test_options"]
    outcome = run_suite(tmp_path, [*files, "test_qubit_evolution"], default=True)
    check(outcome, AS_DEFAULT)
    assert sum(failure is None for failure in outcome.values()) >= 190
