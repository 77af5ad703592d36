"""Can the tests fail? Each deliberate error in the physics must turn one of them red.

The package and its tests are copied, one line of the copy is changed, and a few small tests run on
it in a process of their own. Numba is switched off there: compiling would take longer than the
tiny problems do in plain Python.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
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
        "integrators/_kernels.py",
        "oui[i] = ROOT * dt * dt * commutator",
        "oui[i] = -ROOT * dt * dt * commutator",
        "test_integrators.py::test_order_four[Magnus]",
    ),
    (
        "Gauss nodes in the wrong order",
        "integrators/tridiagonal.py",
        "GAUSS = np.sqrt(3) / 6",
        "GAUSS = -np.sqrt(3) / 6",
        "test_integrators.py::test_order_four[commutator-free]",
    ),
    (
        "dephasing at twice the rate",
        "integrators/dephasing.py",
        "(self._eigenvalues, self._eigenvalues) ** 2 / 2",
        "(self._eigenvalues, self._eigenvalues) ** 2",
        "test_dephasing.py::test_rate_of_one_spin",
    ),
    (
        "a whole step of H where half a step belongs",
        "integrators/dephasing.py",
        "for t in (dt / 2, dt)",
        "for t in (dt, dt)",
        "test_dephasing.py::test_order_two[False]",
    ),
    (
        "drive beside the noise with the wrong sign",
        "integrators/dephasing.py",
        "turn = np.exp(-1j * angles[i])",
        "turn = np.exp(1j * angles[i])",
        "test_dephasing.py::test_drive_without_constant_part",
    ),
    (
        "noise without its jump term between the parities",
        "leggett_garg.py",
        "keep, mix = (near + far) / 2, (near - far) / 2",
        "keep, mix = (near + far) / 2, 0 * near",
        "test_leggett_garg.py::test_two_levels_by_formula[1.0-0.05]",
    ),
    (
        "jump term with the wrong sign",
        "leggett_garg.py",
        "keep, mix = (near + far) / 2, (near - far) / 2",
        "keep, mix = (near + far) / 2, (far - near) / 2",
        "test_leggett_garg.py::test_two_levels_by_formula[1.0-0.05]",
    ),
    (
        "noise within the pairs at twice the rate",
        "leggett_garg.py",
        "near = np.exp(-dephasing * step / 2 *",
        "near = np.exp(-dephasing * step *",
        "test_leggett_garg.py::test_evolve_by_the_exponential_of_the_liouvillian[5-False]",
    ),
    (
        "Heisenberg picture that runs backwards",
        "leggett_garg.py",
        "half, full = half.conj(), full.conj()",
        "half, full = half, full",
        "test_leggett_garg.py::test_evolve_by_the_exponential_of_the_liouvillian[5-True]",
    ),
    (
        "stationary and three-time combination exchanged",
        "leggett_garg.py",
        "        if stationary:",
        "        if not stationary:",
        "test_leggett_garg.py::test_published_numbers",
    ),
    (
        "interval pi/2 instead of pi/3",
        "leggett_garg.py",
        "return np.pi / (3 * self.splitting)",
        "return np.pi / (2 * self.splitting)",
        "test_leggett_garg.py::test_published_numbers",
    ),
    (
        "magnetisation asked for instead of its sign",
        "leggett_garg.py",
        "self.operator(np.sign(magnetic_numbers(self.N)))",
        "self.operator(magnetic_numbers(self.N))",
        "test_leggett_garg.py::test_published_numbers",
    ),
    (
        "instanton prefactor halved",
        "leggett_garg.py",
        "splitting = 4 * m *",
        "splitting = 2 * m *",
        "test_leggett_garg.py::test_instanton_formula",
    ),
    (
        "multiplets miscounted by one unit of spin",
        "ensembles.py",
        "(2 * spin + 1) / (N / 2 + spin + 1)",
        "(2 * spin + 1) / (N / 2 + spin)",
        "test_ensembles.py::test_degeneracy_in_whole_numbers[4]",
    ),
    (
        "canonical shift without its factor 2",
        "ensembles.py",
        "shift = 2 * beta * (1 - s * s)",
        "shift = beta * (1 - s * s)",
        "test_ensembles.py::test_tricritical_points[1-1.915008-0.227317-0.272683]",
    ),
    (
        "negative temperatures with the wrong sign",
        "ensembles.py",
        "-h / np.arctanh(one / h)",
        "h / np.arctanh(one / h)",
        "test_ensembles.py::test_negative_temperatures",
    ),
    (
        "cosine of Jt instead of 2Jt",
        "glassy.py",
        "arguments = (*columns, box or 0.0, alpha, 2 * coupling, times)",
        "arguments = (*columns, box or 0.0, alpha, 1 * coupling, times)",
        "test_glassy.py::test_product_equals_the_state_vector[5]",
    ),
    (
        "far spins with the wrong sign in the fourth order",
        "_cosines.py",
        "LOG_COS = (-1 / 2, -1 / 12,",
        "LOG_COS = (-1 / 2, 1 / 12,",
        "test_glassy.py::test_all_methods_equal_long_arithmetic[2-2.5-120-ball-near_far]",
    ),
    (
        "purity that decays at the rate of the magnetisation",
        "glassy.py",
        "2 ** (1 - 1 / power) * gamma_m",
        "gamma_m",
        "test_glassy.py::test_rates_are_the_integral_over_space[3-6]",
    ),
    (
        "density that forgets the volume of the ball",
        "glassy.py",
        'kappa = positive("density", density) * ball_volume(d)',
        'kappa = positive("density", density)',
        "test_glassy.py::test_rates_are_the_integral_over_space[3-6]",
    ),
    (
        "quadrature with N partners instead of N - 1",
        "glassy.py",
        "(1 - (q / 2 if squared else q)) ** (N - 1)",
        "(1 - (q / 2 if squared else q)) ** N",
        "test_glassy.py::test_quadrature_equals_the_sampled_average[1-3-6-ball]",
    ),
    (
        "exponent without its factor 2 pi",
        "reactions.py",
        'return 2 * np.pi * _coupling("g", g) ** 2',
        'return np.pi * _coupling("g", g) ** 2',
        "test_reactions.py::test_three_level_model_is_the_case_of_one_molecule",
    ),
    (
        "second channel without the first in its law",
        "reactions.py",
        "s * (n2 + 2 * left)",
        "s * (n2 + left)",
        "test_reactions.py::test_two_channels_are_a_chain_of_single_ones",
    ),
    (
        "scattering phases with half of the Coulomb phase",
        "reactions.py",
        "total[::-1] - 2 * total",
        "total[::-1] - total",
        "test_reactions.py::test_scattering_phases_as_in_figure_4[0.5]",
    ),
    (
        "levels of the pairs as in the printed Eq. (73)",
        "reactions.py",
        '2 * positive("epsilon", epsilon) * (2.0 * n2 - n)',
        'positive("epsilon", epsilon) * (2.0 * n2 - n)',
        "test_reactions.py::test_effective_hamiltonian_from_bosons[0.3]",
    ),
    (
        "moving frame that runs backwards",
        "moving_frame.py",
        "1j * k * S",
        "-1j * k * S",
        "test_reactions.py::test_one_channel_meets_the_law[3-0.5]",
    ),
    (
        "path that does not see how fast the second time runs",
        "two_times.py",
        "        (rate, partner, (tau, ",
        "        (1.0, partner, (tau, ",
        "test_two_times.py::test_all_ways_lead_to_the_same_state",
    ),
]


# Imports once what every copy needs, then forks for each: argv is a list of [folder, tests].
DRIVER = """
import json, os, sys
import hypothesis, numba, pytest, qutip, scipy.integrate, scipy.special
for folder, *tests in json.loads(sys.argv[1]):
    child = os.fork()
    if child == 0:
        os.chdir(folder)
        sys.path.insert(0, folder)
        options = ["-q", "-p", "no:cacheprovider", "--rootdir", folder]
        output = os.open("output", os.O_WRONLY | os.O_CREAT)
        os.dup2(output, 1), os.dup2(output, 2)
        os._exit(pytest.main([*options, "tests/test_copy.py", *tests]))
    _, status = os.waitpid(child, 0)
    print(os.waitstatus_to_exitcode(status))
"""

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork")


def make_copy(folder, file=None, old=None, new=None):
    """Copy package and tests into `folder`, where `old` becomes `new` in one file."""
    shutil.copytree(
        ROOT / "lmgbook", folder / "lmgbook", ignore=shutil.ignore_patterns("__pycache__")
    )
    (folder / "tests").mkdir()
    for name in {"conftest.py", "bad_input.py"} | {test.split("::")[0] for *_, test in MUTANTS}:
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


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Exit code and output for the unchanged copy with all tests and each mutant with its own."""
    jobs, folders = [], {"unchanged": tmp_path_factory.mktemp("unchanged")}
    make_copy(folders["unchanged"])
    jobs.append([str(folders["unchanged"]), *(f"tests/{mutant[-1]}" for mutant in MUTANTS)])
    for index, (name, *change, test) in enumerate(MUTANTS):
        folders[name] = tmp_path_factory.mktemp(f"mutant{index}")
        make_copy(folders[name], *change)
        jobs.append([str(folders[name]), f"tests/{test}"])
    run = subprocess.run(
        [sys.executable, "-c", DRIVER, json.dumps(jobs)],
        env=os.environ | {"NUMBA_DISABLE_JIT": "1", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert run.returncode == 0, run.stderr
    codes = map(int, run.stdout.split())
    outputs = ((folder / "output").read_text() for folder in folders.values())
    return dict(zip(folders, zip(codes, outputs, strict=True), strict=True))


def test_unchanged_copy_is_green(runs):
    code, output = runs["unchanged"]
    assert code == 0, output


@pytest.mark.parametrize("name", [mutant[0] for mutant in MUTANTS])
def test_mutant_is_red(runs, name):
    code, output = runs[name]
    # red by an assertion of a physical test: nothing else may have gone wrong in the copy
    assert code == 1, output
    assert "AssertionError" in output, output
    assert "1 passed" in output and "error" not in output.splitlines()[-1], output
