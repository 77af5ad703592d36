"""The method "tridiagonal" against QuTiP's own solvers and against exact exponentials."""

from datetime import date

import numpy as np
import pytest
import qutip
import scipy.linalg
import scipy.stats
from field_families import FAMILIES, Field, T, box, exact_state, gaussian, random_spin
from hypothesis import example, given, settings
from hypothesis import strategies as st
from qutip import QobjEvo, SESolver, mcsolve, mesolve, sesolve
from qutip.solver.integrator import IntegratorException
from scipy.special import jv

from lmgbook import integrators
from lmgbook.integrators import TridiagonalPropagator
from lmgbook.lmg import tridiagonal_operator

OURS = {"method": "tridiagonal", "progress_bar": "", "normalize_output": False, "atol": 1e-10}
VERN = {"method": "vern9", "atol": 1e-13, "rtol": 1e-12, "nsteps": 10**6}
VERN |= {"progress_bar": "", "normalize_output": False}
ADAMS = VERN | {"method": "adams", "atol": 1e-13, "rtol": 1e-12}

dims = st.integers(1, 8)
seeds = st.integers(0, 2**32 - 1)


def random_parts(dim, rng, shared_shape=False, parts=3):
    """Random tridiagonal operators; their couplings have one shape or different ones."""
    shape = rng.normal(size=dim - 1)
    operators = []
    for _ in range(parts):
        off = shape * rng.normal() if shared_shape else rng.normal(size=dim - 1)
        operators.append(tridiagonal_operator(rng.normal(size=dim), off))
    return operators


def drive(parts):
    """H(t) in QuTiP's list form: constant, oscillating, ramped."""
    functions = [lambda t: np.cos(2 * t), lambda t: 0.3 * t - t**2 / 5]
    return [parts[0], *([part, f] for part, f in zip(parts[1:], functions, strict=False))]


def random_ket(dim, rng):
    psi = rng.normal(size=dim) + 1j * rng.normal(size=dim)
    return qutip.Qobj(psi / np.linalg.norm(psi))


def distance(a, b):
    """Norm of the difference, global phase included."""
    return np.linalg.norm(a.full() - b.full())


def spin(dim):
    """Diagonal of Sz and off-diagonal of Sx."""
    s = (dim - 1) / 2
    m = np.arange(s, -s - 1, -1)
    return m, np.sqrt((s + m[:-1]) * (s - m[:-1] + 1)) / 2


def rotation(dim, field):
    """A spin in a constant field along z and a time-dependent one along x."""
    m, sx = spin(dim)
    return [tridiagonal_operator(m, 0 * sx), [tridiagonal_operator(0 * m, sx), field]]


# ---------------------------------------------------------------- the same as QuTiP


@given(dims, seeds, st.booleans())
def test_kets_agree_with_vern9(dim, seed, shared_shape):
    rng = np.random.default_rng(seed)
    H, psi = drive(random_parts(dim, rng, shared_shape)), random_ket(dim, rng)
    times = [0.0, 0.7, 2.0, 2.1]
    ours = sesolve(H, psi, times, options=OURS).states
    reference = sesolve(H, psi, times, options=VERN).states
    assert max(map(distance, ours, reference)) < 1e-7
    assert ours[0] == psi


@given(st.integers(2, 8), seeds, st.booleans())
def test_propagators_agree_with_vern9(dim, seed, shared_shape):
    rng = np.random.default_rng(seed)
    H, one = drive(random_parts(dim, rng, shared_shape)), qutip.qeye(dim)
    # the columns choose their steps one by one: unitary to the tolerance, not to rounding
    ours = sesolve(H, one, [0.0, 1.5], options=OURS).states[-1]
    assert distance(ours, sesolve(H, one, [0.0, 1.5], options=VERN).states[-1]) < 1e-7
    np.testing.assert_allclose((ours.dag() * ours).full(), np.eye(dim), atol=1e-7)
    np.testing.assert_allclose(np.linalg.norm(ours.full(), axis=0), 1, atol=1e-12)


@pytest.mark.parametrize("shared_shape", [True, False])
def test_agrees_with_adams(shared_shape):
    rng = np.random.default_rng(5)
    H, psi = drive(random_parts(20, rng, shared_shape)), random_ket(20, rng)
    ours = sesolve(H, psi, [0.0, 3.0], options=OURS).states[-1]
    assert distance(ours, sesolve(H, psi, [0.0, 3.0], options=ADAMS).states[-1]) < 1e-7


@given(dims, seeds)
def test_constant_hamiltonian_is_the_exponential(dim, seed):
    rng = np.random.default_rng(seed)
    (H,), psi = random_parts(dim, rng, parts=1), random_ket(dim, rng)
    ours = sesolve(H, psi, [0.0, 3.0], options=OURS).states[-1].full()
    assert np.linalg.norm(ours - scipy.linalg.expm(-3j * H.full()) @ psi.full()) < 1e-8


def test_arrays_and_sums_of_qobjevo():
    rng = np.random.default_rng(2)
    a, b = random_parts(5, rng, parts=2)
    psi, times = random_ket(5, rng), np.linspace(0, 2, 101)
    reference = sesolve([a, [b, lambda t: 1 + t / 2]], psi, times, options=VERN).states[-1]
    for H in (
        [a, [b, 1 + times / 2]],
        [a, [b, qutip.coefficient(np.array([1.0, 2.0]), tlist=np.array([0.0, 2.0]), order=1)]],
        QobjEvo([a, [b, lambda t: 1 + t]]) - QobjEvo([[b, lambda t: t / 2]]),
        QobjEvo([a + b, [b, lambda t, w: w * t]], args={"w": 0.5}),
    ):
        assert distance(sesolve(H, psi, times, options=OURS).states[-1], reference) < 1e-7


def test_expectation_values_and_unnormalised_states():
    rng = np.random.default_rng(3)
    H, psi = drive(random_parts(6, rng)), random_ket(6, rng)
    times = np.linspace(0, 2, 21)
    ours = sesolve(H, psi, times, e_ops=[H[0]], options=OURS).expect[0]
    np.testing.assert_allclose(
        ours, sesolve(H, psi, times, e_ops=[H[0]], options=VERN).expect[0], atol=1e-7
    )
    double = sesolve(H, 2j * psi, times, options=OURS).states[-1]
    assert distance(double, 2j * sesolve(H, psi, times, options=OURS).states[-1]) < 1e-12


def test_zero_columns_and_rectangular_operators():
    rng = np.random.default_rng(4)
    H = drive(random_parts(4, rng))
    for operator in (qutip.basis(4, 1).proj(), qutip.Qobj(np.eye(4)[:, :2]), 0 * qutip.basis(4, 0)):
        ours = sesolve(H, operator, [0.0, 1.0], options=OURS).states[-1]
        assert distance(ours, sesolve(H, operator, [0.0, 1.0], options=VERN).states[-1]) < 1e-7


def test_default_tolerance_and_default_normalisation():
    rng = np.random.default_rng(7)
    H, psi = drive(random_parts(6, rng)), random_ket(6, rng)
    ours = sesolve(H, psi, [0, 3], options={"method": "tridiagonal", "progress_bar": ""}).states[-1]
    assert distance(ours, sesolve(H, psi, [0, 3], options=VERN).states[-1]) < 1e-6


# ---------------------------------------------------------------- the solver's life


def test_one_solver_serves_several_runs():
    rng = np.random.default_rng(6)
    a, b = random_parts(5, rng, parts=2)
    H = QobjEvo([a, [b, lambda t, w: np.sin(w * t)]], args={"w": 1.0})
    ours, reference = SESolver(H, options=OURS), SESolver(H, options=VERN)
    for w in (1.0, 3.0, 0.2):
        psi = random_ket(5, rng)
        x, y = (s.run(psi, [0, 1, 2], args={"w": w}).states[-1] for s in (ours, reference))
        assert distance(x, y) < 1e-7
    x, y = (s.run(psi, [1, 2]).states[-1] for s in (ours, reference))
    assert distance(x, y) < 1e-7
    assert ours.run(psi, [0, 1]).stats["method"] == "tridiagonal Magnus-Pade"


def test_stepping_with_changing_arguments():
    rng = np.random.default_rng(8)
    a, b = random_parts(5, rng, parts=2)
    H = QobjEvo([a, [b, lambda t, w: np.sin(w * t)]], args={"w": 1.0})
    psi = random_ket(5, rng)
    solvers = SESolver(H, options=OURS), SESolver(H, options=VERN)
    for solver in solvers:
        solver.start(psi, 0.5)
    for t, args in ((1.0, None), (1.5, {"w": 4.0}), (2.5, None), (2.5, None), (3.0, {"w": 0.1})):
        x, y = (solver.step(t, args=args) for solver in solvers)
        assert distance(x, y) < 1e-7


def test_steps_back_inside_the_last_interval():
    rng = np.random.default_rng(9)
    H, psi = QobjEvo(drive(random_parts(5, rng))), random_ket(5, rng)
    integrator = SESolver(H, options=OURS)._integrator
    integrator.set_state(0.0, psi.to("Dense").data)
    for t in (1.0, 2.0, 1.5, 1.7):  # what a Monte-Carlo solver does around a jump
        reached, state = integrator.mcstep(t)
        assert reached == t
        expected = sesolve(H, psi, [0.0, t], options=VERN).states[-1]
        assert np.linalg.norm(state.to_array() - expected.full()) < 1e-7


def test_time_does_not_run_backwards():
    H, psi = qutip.sigmax(), qutip.basis(2, 0)
    with pytest.raises(IntegratorException, match="t = 0.5: must not lie before the state's 1"):
        sesolve(H, psi, [0, 1, 0.5], options=OURS)


def test_repeated_times():
    states = sesolve(qutip.sigmax(), qutip.basis(2, 0), [0, 0, 1, 1], options=OURS).states
    assert distance(states[0], states[1]) == 0 and distance(states[2], states[3]) == 0


# ---------------------------------------------------------------- accuracy


def test_norm_over_a_long_run():
    # 10 000 steps without any renormalisation by the solver
    H = rotation(21, lambda t: 1 + 0.5 * np.cos(t))
    options = OURS | {"fixed_step": 0.05}
    psi = sesolve(H, qutip.basis(21, 0), [0, 500], options=options).states[-1]
    assert abs(psi.norm() - 1) < 1e-10


def test_global_phase():
    shift = 1e3
    H = rotation(11, lambda t: t)
    psi = qutip.basis(11, 3)
    plain = sesolve(H, psi, [0, 2], options=OURS).states[-1]
    shifted = sesolve([H[0] + shift, H[1]], psi, [0, 2], options=OURS).states[-1]
    assert distance(shifted, np.exp(-2j * shift) * plain) < 1e-8


@pytest.mark.parametrize("shared_shape", [True, False], ids=["Magnus", "commutator-free"])
def test_order_four(shared_shape):
    rng = np.random.default_rng(1)
    H, psi = drive(random_parts(6, rng, shared_shape)), random_ket(6, rng)
    reference = sesolve(H, psi, [0, 2], options=VERN).states[-1]
    steps = np.array([0.2, 0.1, 0.05, 0.025])
    errors = [
        distance(sesolve(H, psi, [0, 2], options=OURS | {"fixed_step": dt}).states[-1], reference)
        for dt in steps
    ]
    slope = np.polyfit(np.log(steps), np.log(errors), 1)[0]
    assert abs(slope - 4) < 0.2


@pytest.mark.parametrize("shared_shape", [True, False], ids=["Magnus", "commutator-free"])
def test_error_follows_the_tolerance(shared_shape):
    rng = np.random.default_rng(11)
    H, psi = drive(random_parts(6, rng, shared_shape)), random_ket(6, rng)
    reference = sesolve(H, psi, [0, 5], options=VERN).states[-1]
    for atol in (1e-5, 1e-7, 1e-9):
        ours = sesolve(H, psi, [0, 5], options=OURS | {"atol": atol}).states[-1]
        assert distance(ours, reference) < 300 * atol


def test_branches_are_told_apart():
    rng = np.random.default_rng(0)
    d, o = rng.normal(size=(2, 5)), rng.normal(size=4)
    one = TridiagonalPropagator(d, np.array([o, -2 * o]), np.ones_like)
    two = TridiagonalPropagator(d, rng.normal(size=(2, 4)), np.ones_like)
    assert one._magnus and not two._magnus


def ones(times):
    return np.ones((len(times), 1))


def test_packet_that_spreads_over_all_sites():
    # strong coupling: the packet spreads over 1000 sites from one
    dim, t = 1201, 4.0
    bands = np.zeros((1, dim)), np.full((1, dim - 1), 60.0)
    propagator = TridiagonalPropagator(*bands, ones, atol=1e-9)
    propagator.start(0.0, np.eye(1, dim, dim // 2).ravel())
    propagator.advance(t)
    # a free particle on a line: Bessel functions, the ends are not reached
    distance_from_start = np.abs(np.arange(dim) - dim // 2)
    expected = jv(distance_from_start, 2 * 60.0 * t) ** 2
    np.testing.assert_allclose(propagator.probabilities, expected, atol=1e-8)


def test_max_step_is_honoured():
    rng = np.random.default_rng(10)
    d, o = rng.normal(size=(1, 5)), rng.normal(size=(1, 4))
    seen = []

    def coefficients(times):
        seen.extend(times)
        return ones(times)

    free = TridiagonalPropagator(d, o, coefficients, atol=1e-6)
    free.advance(10.0)
    short = TridiagonalPropagator(d, o, coefficients, atol=1e-6, max_step=0.01)
    seen.clear()
    short.advance(10.0)
    assert short.steps >= 1000 > free.steps
    assert np.max(np.diff(np.unique(seen))) < 0.01


@pytest.mark.parametrize("width", [2.0, 0.5, 0.1])
@pytest.mark.parametrize("background", [0.0, 0.02])
def test_pulses(width, background):
    def pulse(t):
        return background + np.exp(-(((t - 30) / width) ** 2) / 2) / width

    H, psi = rotation(11, pulse), qutip.basis(11, 0)
    reference = sesolve(H, psi, [0, 60], options=VERN | {"max_step": width / 2}).states[-1]
    options = OURS | {"max_step": width / 2, "atol": 1e-8}
    assert distance(sesolve(H, psi, [0, 60], options=options).states[-1], reference) < 3e-6


def test_onset_long_after_the_start():
    # steps are long while nothing happens; the test has to notice what comes
    H, psi = rotation(11, lambda t: 2 * np.exp(-((t - 50) ** 2))), qutip.basis(11, 0)
    H[0] = 0.1 * H[0]
    reference = sesolve(H, psi, [0, 100], options=VERN | {"max_step": 0.2}).states[-1]
    options = OURS | {"atol": 1e-8, "max_step": 0.5}
    assert distance(sesolve(H, psi, [0, 100], options=options).states[-1], reference) < 3e-6


# ---------------------------------------------------------------- fields that are not smooth

DEFAULT = {"method": "tridiagonal", "progress_bar": ""}


def sees(family, points, seed):
    """A random spin in a random field of the family ends in the exact state."""
    rng = np.random.default_rng([*seed, FAMILIES.index(family)])
    field = family(rng)
    H0, V, psi = random_spin(rng, field)
    H = [H0, [V, field.coefficient]]
    ours = sesolve(H, psi, np.linspace(0, T, points), options=DEFAULT).states[-1]
    assert distance(ours, exact_state(H0, V, field, psi)) < 1e-5, seed


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.__name__)
@pytest.mark.parametrize("points", [2, 24])
def test_fields_of_every_family(family, points):
    for seed in range(20 if points == 2 else 5):
        sees(family, points, [seed])


@pytest.mark.weekly
@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.__name__)
def test_fields_that_nobody_has_tried(family):
    """Other fields each week; a failure names its seed."""
    week = date.today().isocalendar()
    for index in range(100):
        sees(family, 2, [week.year, week.week, index])


@pytest.mark.parametrize("fraction", [0.0, 0.9])
def test_narrow_pulses_anywhere_in_a_step(fraction):
    # steps are as long as max_step, since nothing else happens; pulses of 1 % of the interval lie
    # at random places in the first or the last tenth of one
    rng = np.random.default_rng(round(10 * fraction))
    jx, jz, psi = qutip.jmat(2, "x"), qutip.jmat(2, "z"), qutip.basis(5, 0)
    for length in (1.0, 2.5, 5.0, 10.0):
        for place in rng.uniform(fraction, fraction + 0.1, 20):
            centre = min(max((rng.integers(T / length) + place) * length, 0.3), T - 0.3)
            for field in (gaussian(rng, centre), box(rng, centre)):
                options = DEFAULT | {"max_step": length, "first_step": length}
                H = [0.05 * jz, [jx, field.coefficient]]
                ours = sesolve(H, psi, [0, T], options=options).states[-1]
                exact = exact_state(H[0], jx, field, psi)
                assert distance(ours, exact) < 1e-5, (length, centre)


@pytest.mark.parametrize("width", [1e-3, 1e-6])
def test_narrower_pulses_by_stops_or_max_step(width):
    a, b = 3.3, 3.3 + width
    field = Field(lambda t: 1 / width if a < t < b else 0.0, (a, b), True)
    H0, V, psi = qutip.jmat(2, "z"), qutip.jmat(2, "x"), qutip.basis(5, 0)
    exact = exact_state(H0, V, field, psi)
    H = [H0, [V, field.coefficient]]
    for stops in ([a, b], (b, a, 77.0), np.array([a, b])):
        ours = sesolve(H, psi, [0, T], options=DEFAULT | {"stops": stops}).states[-1]
        assert distance(ours, exact) < 1e-5
    if width > 1e-5:
        ours = sesolve(H, psi, [0, T], options=DEFAULT | {"max_step": width / 2, "nsteps": 0})
        assert distance(ours.states[-1], exact) < 1e-5


@pytest.mark.parametrize("order", [0, 1, 2, 3])
@pytest.mark.parametrize("spacing", ["even", "uneven"])
def test_arrays_of_every_order(order, spacing):
    rng = np.random.default_rng(order)
    knots = np.linspace(1, 9, 41)  # constant outside
    if spacing == "uneven":
        knots[1:-1] += rng.uniform(-0.08, 0.08, 39)
    values = rng.uniform(-2, 2, 41)
    spline = qutip.coefficient(values, tlist=knots, order=order)
    H0, V, psi = random_spin(rng, None)
    field = Field(spline, tuple(knots), order == 0)
    exact = exact_state(H0, V, field, psi)
    twice = qutip.coefficient(lambda t: 2.0) * spline + qutip.coefficient(lambda t: 0.0)
    for H in (
        [H0, [V, spline]],
        QobjEvo([H0, [V / 2, twice]]),
        QobjEvo([[V, spline]]) + H0,
        QobjEvo([H0, [V / 2, spline]]) + QobjEvo([[V / 2, spline.conj()]]),
    ):
        assert distance(sesolve(H, psi, [0, T], options=DEFAULT).states[-1], exact) < 1e-5


def test_knots_that_jump_are_stops():
    f = qutip.coefficient(np.array([1.0, 2.0, 2.0, -1.0]), tlist=np.array([0, 1, 3, 4.0]), order=0)
    for coefficient in (f, f + qutip.coefficient(np.cos), qutip.coefficient(np.cos) * f):
        solver = SESolver(QobjEvo([J3["z"], [J3["x"], coefficient]]), options=DEFAULT)
        solver.start(qutip.basis(3, 0), 0)
        (propagator,) = solver._integrator._propagators
        np.testing.assert_array_equal(propagator._stops, [0, 1, 4])  # at 3 nothing happens


def test_knots_of_a_smooth_array_are_no_stops():
    times = np.linspace(0, 10, 20001)
    propagators = []
    for order in (1, 3):
        f = qutip.coefficient(np.sin(times), tlist=times, order=order)
        solver = SESolver(QobjEvo([J3["z"], [J3["x"], f]]), options=DEFAULT)
        solver.run(qutip.basis(3, 0), [0, 10])
        propagators += solver._integrator._propagators
    assert max(propagator.steps for propagator in propagators) < 1000


@settings(max_examples=20)
@example(30, 0)
@given(seeds, st.integers(0, len(FAMILIES) - 1))
def test_tighter_tolerance_is_never_worse(seed, number):
    rng = np.random.default_rng(seed)
    field = FAMILIES[number](rng)
    H0, V, psi = random_spin(rng, field)
    exact = exact_state(H0, V, field, psi)
    H = [H0, [V, field.coefficient]]
    errors = [
        distance(sesolve(H, psi, [0, T], options=OURS | {"atol": atol}).states[-1], exact)
        for atol in (1e-5, 1e-7, 1e-9, 1e-11)
    ]
    # an error may be small by luck; a tighter tolerance is never worse than both that and its own
    # promise, a few local errors, down to what the reference is good for
    for loose, tight, atol in zip(errors[:-1], errors[1:], (1e-7, 1e-9, 1e-11), strict=True):
        assert tight < max(loose, 30 * atol, 1e-9), errors
    assert errors[-1] < max(1e-3 * errors[0], 1e-9)
    # four decades leave no room for luck: of 1,000 such pairs none grew (of 1,750 pairs one decade
    # apart 26 did, as with any adaptive method)
    assert errors[2] <= max(errors[0], 1e-9) and errors[3] <= max(errors[1], 1e-9), errors


@pytest.mark.parametrize(
    "wild", [lambda t: np.random.default_rng().normal(), lambda t: 1e9 * (hash(t) % 2)]
)
def test_a_field_without_any_scale_is_refused(wild):
    with pytest.raises(IntegratorException, match="'tridiagonal'.*nsteps|no step meets atol"):
        solve([J3["z"], [J3["x"], wild]], nsteps=100, atol=1e-8)


def test_complex_hopping():
    # Peierls phases, and a drive about any axis of the plane: real in a diagonal change of basis
    rng = np.random.default_rng(14)
    dim, psi = 7, random_ket(7, rng)
    phases = np.exp(1j * rng.uniform(0, 2 * np.pi, dim - 1))
    phases[2] = 0  # a missing bond has none
    parts = []
    for _ in range(3):
        upper = np.diag(phases * rng.normal(size=dim - 1), 1)
        parts.append(qutip.Qobj(upper + upper.conj().T + np.diag(rng.normal(size=dim))))
    for H in (drive(parts), [J3["z"], [np.cos(0.7) * J3["x"] - np.sin(0.7) * J3["y"], np.cos]]):
        psi = random_ket(H[0].shape[0], rng)
        ours = sesolve(H, psi, [0, 1, 2], options=OURS).states
        reference = sesolve(H, psi, [0, 1, 2], options=VERN).states
        assert max(map(distance, ours, reference)) < 1e-7
        assert distance(ours[0], psi) < 1e-15
    one = qutip.qeye(7)
    ours, reference = (
        sesolve(drive(parts), one, [0, 1], options=options).states[-1] for options in (OURS, VERN)
    )
    assert distance(ours, reference) < 1e-7


def test_what_qutip_tidied_up_is_no_reason_to_refuse():
    # QuTiP drops small elements one by one: here on one side of the diagonal only
    small = qutip.settings.core["auto_tidyup_atol"]
    matrix = np.diag([1.0, 0.0, 0.3], 1) + np.diag([1.0, 0.0, 0.3], -1)
    matrix[1, 2], matrix[0, 3] = 1.01 * small, 0.99 * small
    H, psi = qutip.Qobj(matrix), qutip.basis(4, 0)
    states = [sesolve(H, psi, [0, 2], options=options).states[-1] for options in (OURS, VERN)]
    assert distance(*states) < 1e-8


def test_jump_on_a_point_of_the_time_list():
    def step(t):
        return 0.1 if t < 2 else 2.0

    H, psi = rotation(11, step), qutip.basis(11, 0)
    middle = sesolve(H[0] + 0.1 * H[1][0], psi, [0, 2], options=VERN).states[-1]
    expected = sesolve(H[0] + 2 * H[1][0], middle, [0, 2], options=VERN).states[-1]
    assert distance(sesolve(H, psi, [0, 2, 4], options=OURS).states[-1], expected) < 1e-7


# ---------------------------------------------------------------- what it does not serve


def solve(H, psi=None, times=(0, 1), **options):
    psi = qutip.basis(3, 0) if psi is None else psi
    return sesolve(H, psi, list(times), options=OURS | options)


J3 = {axis: qutip.jmat(1, axis) for axis in "xyz+"}


@pytest.mark.parametrize(
    "H, words",
    [
        (J3["x"] ** 2, "tridiagonal operators"),
        ([J3["z"], [J3["x"] ** 2, lambda t: t]], "tridiagonal operators"),
        (J3["x"] - 0.1j * J3["z"], "Hermitian operators"),
        ([J3["z"], [J3["+"] + J3["+"].dag() * 0.5, lambda t: t]], "Hermitian operators"),
        ([J3["x"], [J3["y"], lambda t: t]], "phases are the same in all parts"),
        ([J3["z"], [J3["x"], lambda t: 1j * t]], "real coefficients"),
        (lambda t: J3["z"] * t, "not as a function"),
        (QobjEvo(lambda t: J3["z"] * t) + J3["x"], "not as a function"),
    ],
)
def test_refuses_what_it_cannot_serve(H, words):
    with pytest.raises(ValueError, match=words) as caught:
        solve(H)
    assert "'tridiagonal'" in str(caught.value) and "'vern9'" in str(caught.value)


def test_solvers_that_it_does_not_serve():
    H, psi, noise = J3["x"], qutip.basis(3, 0), [J3["z"]]
    options = {"method": "tridiagonal", "progress_bar": ""}
    assert (
        distance(mesolve(H, psi, [0, 1], options=options).states[-1], (-1j * H).expm() * psi) < 1e-7
    )  # QuTiP hands this over to sesolve
    for call in (
        lambda: mesolve(H, psi, [0, 1], c_ops=noise, options=options),
        lambda: mesolve(H, psi, [0, 1], c_ops=noise, options=options | {"matrix_form": True}),
        lambda: mesolve(H, psi.proj(), [0, 1], options=options),
    ):
        with pytest.raises(ValueError, match="'tridiagonal' solves the Schr.*'vern9'"):
            call()
    with pytest.raises(ValueError, match="'tridiagonal' needs Hermitian.*mcsolve.*'vern9'"):
        mcsolve(H, psi, [0, 1], c_ops=noise, ntraj=1, options=options)


def test_refuses_feedback():
    feedback = {"e": SESolver.ExpectFeedback(J3["z"], default=1.0)}
    H = QobjEvo([J3["z"], [J3["x"], lambda t, e: e.real]], args=feedback)
    with pytest.raises(ValueError, match="feedback"):
        solve(H)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize("since", [-1.0, 0.5])
def test_hamiltonian_that_is_not_finite(bad, since):
    H = [J3["z"], [J3["x"], lambda t: bad if t > since else 1.0]]
    with pytest.raises(IntegratorException, match="not finite at t = ") as caught:
        solve(H)
    assert float(str(caught.value).split("=")[1]) >= since


def test_state_that_is_not_finite():
    with pytest.raises(ValueError, match="norm nan: must be finite"):
        solve(J3["z"], qutip.Qobj([[np.nan], [0], [0]]))


def test_tolerance_below_rounding():
    with pytest.raises(IntegratorException, match="no step meets atol = 1e-18 at t = 0"):
        solve([J3["z"], [J3["x"], lambda t: t]], atol=1e-18)


@pytest.mark.parametrize(
    "option, value, words",
    [
        ("atol", 0, "atol = 0: must be finite and > 0"),
        ("atol", -1e-8, "atol = -1e-08: must be finite and > 0"),
        ("atol", np.nan, "atol = nan: must be finite and > 0"),
        ("rtol", -1e-8, "rtol = -1e-08: must be finite and >= 0"),
        ("nsteps", -1, "nsteps = -1: must be finite and >= 0"),
        ("first_step", np.inf, "first_step = inf: must be finite and >= 0"),
        ("max_step", -1, "max_step = -1: must be finite and >= 0"),
        ("fixed_step", -0.1, "fixed_step = -0.1: must be finite and >= 0"),
        ("stops", [1.0, np.nan], "stops = .*: must be a list of finite times"),
        ("stops", 0.5, "stops = 0.5: must be a list of finite times"),
        ("order", 12, "'tridiagonal' has no option 'order' = 12: it takes atol, rtol, nsteps"),
        ("interpolate", False, "no option 'interpolate' = False: it takes atol"),
    ],
)
def test_bad_options(option, value, words):
    with pytest.raises(ValueError, match=words):
        solve(J3["z"], **{option: value})


@pytest.mark.parametrize("option, value", [("atol", "1"), ("max_step", 1j), ("stops", ["a"])])
def test_options_of_the_wrong_type(option, value):
    with pytest.raises(TypeError, match=f"{option} = .*: must be a"):
        solve(J3["z"], **{option: value})


def test_misspelled_option_is_refused_by_qutip():
    with pytest.raises(KeyError, match="max_steps"):
        solve(J3["z"], max_steps=1)


@pytest.mark.parametrize(
    "options",
    [
        {"rtol": 1e-6, "atol": 1e-10},
        {"nsteps": 10**4, "first_step": 1e-3, "max_step": 0.1},
        {"progress_bar": "tqdm", "progress_kwargs": {"disable": True}},
    ],
)
def test_options_of_the_method_that_it_replaces(options):
    rng = np.random.default_rng(12)
    H, psi = drive(random_parts(5, rng)), random_ket(5, rng)
    reference = sesolve(H, psi, [0, 3], options=VERN).states[-1]
    ours = sesolve(H, psi, [0, 3], options={"method": "tridiagonal"} | options).states[-1]
    assert distance(ours, reference) < 1e-5


def test_rtol_counts_like_atol():
    rng = np.random.default_rng(13)
    H, psi = drive(random_parts(5, rng)), random_ket(5, rng)
    a, b, c = (
        sesolve(H, psi, [0, 3], options=OURS | tolerances).states[-1]
        for tolerances in ({"atol": 1e-6}, {"rtol": 1e-6}, {"atol": 1e-6, "rtol": 1e-13})
    )
    assert distance(a, b) < 1e-9 > distance(a, c)


def test_too_many_steps():
    H = [J3["z"], [J3["x"], lambda t: np.cos(5 * t)]]
    with pytest.raises(IntegratorException, match="nsteps = 20 steps end at t = .* raise nsteps"):
        solve(H, times=[0, 100], nsteps=20)
    assert solve(H, times=[0, 100], nsteps=0)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_times_that_are_not_finite(bad):
    with pytest.raises(ValueError, match=f"t_end = {bad}: times must be finite"):
        solve(J3["z"], times=[0, 1, bad])
    with pytest.raises(ValueError, match="times must be finite"):
        solve(J3["z"], times=[-bad, 1])


def test_registered_under_its_name():
    assert SESolver.avail_integrators()["tridiagonal"] is integrators.IntegratorTridiagonal
    assert "max_step" in str(SESolver(J3["z"], options={"method": "tridiagonal"}).options)
