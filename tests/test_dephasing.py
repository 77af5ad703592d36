"""The method "dephasing" against QuTiP's own solvers and against exact exponentials."""

import numpy as np
import pytest
import qutip
from hypothesis import example, given, settings
from hypothesis import strategies as st
from qutip import MESolver, QobjEvo, mesolve
from qutip.solver.integrator import IntegratorException

from lmgbook import integrators
from lmgbook.integrators import DephasingPropagator

QUIET = {"progress_bar": "", "normalize_output": False}
OURS = QUIET | {"method": "dephasing", "matrix_form": True, "atol": 1e-8}
VERN = QUIET | {"method": "vern9", "atol": 1e-13, "rtol": 1e-12, "nsteps": 10**6}
VERN |= {"matrix_form": True}
ADAMS = VERN | {"method": "adams", "matrix_form": False}

dims = st.integers(2, 8)
seeds = st.integers(0, 2**32 - 1)


def random_matrix(dim, rng):
    return rng.normal(size=(dim, dim)) + 1j * rng.normal(size=(dim, dim))


def random_hermitian(dim, rng):
    matrix = random_matrix(dim, rng)
    return qutip.Qobj(matrix + matrix.conj().T) / 2


def random_state(dim, rng):
    """A density matrix of any rank."""
    matrix = random_matrix(dim, rng)[:, : rng.integers(1, dim + 1)]
    rho = matrix @ matrix.conj().T
    return qutip.Qobj(rho / np.trace(rho))


def problem(dim, seed):
    """H, one jump operator and a density matrix."""
    rng = np.random.default_rng(seed)
    return random_hermitian(dim, rng), random_hermitian(dim, rng) / 2, random_state(dim, rng)


def evolve(H, rho, times, jump, options, **rest):
    return mesolve(H, rho, times, c_ops=[jump], options=options, **rest).states


def distance(a, b):
    return np.linalg.norm(a.full() - b.full())


def exponential(H, rho, t, jump):
    """exp(L t) rho by the exponential of the Liouvillian."""
    return qutip.vector_to_operator(
        (qutip.liouvillian(H, [jump]) * t).expm() * qutip.operator_to_vector(rho)
    )


# ---------------------------------------------------------------- the same as QuTiP


@given(dims, seeds)
def test_density_matrices_agree_with_vern9(dim, seed):
    H, jump, rho = problem(dim, seed)
    times = [0.0, 0.4, 1.0, 1.05]
    ours = evolve(H, rho, times, jump, OURS)
    assert max(map(distance, ours, evolve(H, rho, times, jump, VERN))) < 1e-7
    assert distance(ours[0], rho) < 1e-14


def test_agrees_with_adams():
    H, jump, rho = problem(12, 5)
    ours, reference = (evolve(H, rho, [0, 1, 2], jump, options) for options in (OURS, ADAMS))
    assert max(map(distance, ours, reference)) < 1e-7


@given(dims, seeds)
def test_it_is_the_exponential_of_the_liouvillian(dim, seed):
    H, jump, rho = problem(dim, seed)
    assert distance(evolve(H, rho, [0, 0.8], jump, OURS)[-1], exponential(H, rho, 0.8, jump)) < 1e-7


@given(st.integers(2, 6), seeds)
def test_operators_of_any_kind(dim, seed):
    rng = np.random.default_rng(seed)
    H, jump, _ = problem(dim, seed)
    # what a correlation function starts from: neither Hermitian nor of trace one
    for start in (
        qutip.Qobj(random_matrix(dim, rng)),
        qutip.basis(dim, 0) * qutip.basis(dim, 1).dag(),
    ):
        ours = evolve(H, start, [0, 0.8], jump, OURS)[-1]
        assert distance(ours, exponential(H, start, 0.8, jump)) < 1e-7 * start.norm("fro")
    x = 1e6j * start
    assert distance(evolve(H, x, [0, 0.8], jump, OURS)[-1], 1e6j * ours) < 1e-6


def test_zero_operator_stays_zero():
    H, jump, rho = problem(3, 0)
    assert evolve(H, 0 * rho, [0, 1], jump, OURS)[-1].norm() == 0


def test_kets():
    H, jump, _ = problem(5, 1)
    ket = qutip.rand_ket(5, seed=1)
    ours = evolve(H, ket, [0, 1], jump, OURS)
    assert distance(ours[0], ket.proj()) < 1e-14
    assert distance(ours[-1], exponential(H, ket.proj(), 1, jump)) < 1e-7


@pytest.mark.parametrize("kind", ["csr", "dia", "dense"])
def test_storage_of_the_operators(kind):
    H, jump = qutip.jmat(2, "x"), 0.7 * qutip.jmat(2, "z")
    rho = qutip.spin_coherent(2, 1.0, 0.3, type="dm")
    ours = evolve(H.to(kind), rho.to(kind), [0, 2], jump.to(kind), OURS)[-1]
    assert distance(ours, exponential(H, rho, 2, jump)) < 1e-7


def test_spins_keep_their_tensor_structure():
    H = qutip.tensor(qutip.sigmax(), qutip.sigmax())
    jump = qutip.tensor(qutip.sigmaz(), qutip.qeye(2))
    rho = qutip.tensor(qutip.basis(2, 0), qutip.basis(2, 1)).proj()
    ours = evolve(H, rho, [0, 1], jump, OURS)[-1]
    assert ours.dims == rho.dims and distance(ours, exponential(H, rho, 1, jump)) < 1e-7


# ---------------------------------------------------------------- limits


@given(dims, seeds)
def test_without_noise_it_is_unitary(dim, seed):
    H, jump, rho = problem(dim, seed)
    U = (-3j * H).expm()
    ours = evolve(H, rho, [0, 3], 0 * jump, OURS)[-1]
    assert distance(ours, U * rho * U.dag()) < 1e-11
    np.testing.assert_allclose(ours.eigenenergies(), rho.eigenenergies(), atol=1e-11)


@given(dims, seeds)
def test_without_motion_the_elements_decay_one_by_one(dim, seed):
    _, jump, rho = problem(dim, seed)
    values, states = np.linalg.eigh(jump.full())
    decay = np.exp(-(np.subtract.outer(values, values) ** 2) / 2 * 1.5)
    expected = states @ (decay * (states.conj().T @ rho.full() @ states)) @ states.conj().T
    ours = evolve(0 * jump, rho, [0, 1.5], jump, OURS)[-1]
    assert np.linalg.norm(ours.full() - expected) < 1e-12


def test_rate_of_one_spin():
    # sqrt(gamma) sz: coherences decay at 2 gamma, the Bloch vector along z stays
    gamma, t = 0.3, 1.7
    rho = qutip.Qobj([[0.7, 0.2 + 0.3j], [0.2 - 0.3j, 0.3]])
    end = evolve(0 * qutip.sigmaz(), rho, [0, t], gamma**0.5 * qutip.sigmaz(), OURS)[-1].full()
    assert abs(end[0, 1] / rho.full()[0, 1] - np.exp(-2 * gamma * t)) < 1e-14
    assert abs(end[0, 0] - 0.7) < 1e-14


@settings(max_examples=10)
@given(dims, seeds)
def test_degenerate_jump_operator(dim, seed):
    # only two different values: a measurement that learns one bit
    rng = np.random.default_rng(seed)
    H, _, rho = problem(dim, seed)
    U = qutip.rand_unitary(dim, seed=rng)
    jump = U * qutip.qdiags(np.where(np.arange(dim) < dim // 2, 1.0, -0.5), 0) * U.dag()
    drive = [[jump, lambda t: np.sin(3 * t)]]
    ours = evolve([H, *drive], rho, [0, 1], jump, OURS)[-1]
    assert distance(ours, evolve([H, *drive], rho, [0, 1], jump, VERN)[-1]) < 1e-7


def test_strong_noise_freezes_the_motion():
    # Zeno: what is left is the rate 1/(2 gamma). Steps too long for the noise would lose the state
    # at once, and steps of half their length just so
    gamma, t = 50.0, 200.0
    H, jump, up = qutip.sigmax() / 2, gamma**0.5 * qutip.sigmaz(), qutip.basis(2, 0)
    end = evolve(H, up, [0, t], jump, OURS | {"atol": 1e-3})[-1]
    assert distance(end, exponential(H, up.proj(), t, jump)) < 2e-3
    assert abs(end[0, 0] - (1 + np.exp(-t / (2 * gamma))) / 2) < 1e-3


# ---------------------------------------------------------------- each step is a channel


@given(dims, seeds, st.floats(1e-3, 1e3), st.floats(0.01, 30), st.booleans())
@example(4, 0, 1e3, 30.0, True)
def test_any_step_is_a_channel(dim, seed, dt, strength, driven):
    H, jump, rho = problem(dim, seed)
    H = [H, [jump**2 - jump, lambda t: np.cos(t)]] if driven else H
    options = OURS | {"fixed_step": dt}
    for state in evolve(H, rho, [0, dt, 3.3 * dt], strength * jump, options):
        matrix = state.full()
        assert abs(np.trace(matrix) - 1) < 1e-9
        assert np.abs(matrix - matrix.conj().T).max() < 1e-9
        assert np.linalg.eigvalsh(matrix).min() > -1e-9
        # L is Hermitian: the mixed state stays, and nothing becomes purer
        assert (state**2).tr().real < (rho**2).tr().real + 1e-9
    mixed = qutip.qeye(dim) / dim
    assert distance(evolve(H, mixed, [0, dt], strength * jump, options)[-1], mixed) < 1e-9


@given(st.integers(2, 5), seeds, st.floats(1e-2, 1e2))
def test_one_step_is_completely_positive(dim, seed, dt):
    # Choi's matrix: the step on one half of a maximally entangled pair
    H, jump, _ = problem(dim, seed)
    choi = np.zeros((dim, dim, dim, dim), dtype=complex)
    for i, j in np.ndindex(dim, dim):
        unit = qutip.Qobj(np.outer(np.eye(dim)[i], np.eye(dim)[j]))
        choi[i, :, j, :] = evolve(H, unit, [0, dt], jump, OURS | {"fixed_step": dt})[-1].full()
    assert np.linalg.eigvalsh(choi.reshape(dim**2, dim**2)).min() > -1e-12
    np.testing.assert_allclose(np.einsum("iaja->ij", choi), np.eye(dim), atol=1e-12)


@given(st.integers(2, 6), seeds)
def test_adaptive_runs_keep_trace_and_positivity(dim, seed):
    H, jump, rho = problem(dim, seed)
    for state in evolve(H, rho, np.linspace(0, 5, 6), 2 * jump, OURS | {"atol": 1e-3}):
        assert abs(state.tr() - 1) < 1e-11
        assert distance(state, state.dag()) < 1e-12
        assert np.linalg.eigvalsh(state.full()).min() > -1e-9


def test_trace_over_a_long_run():
    H, jump, rho = problem(6, 3)
    end = evolve(H, rho, [0, 200], jump, OURS | {"fixed_step": 0.01})[-1]  # 20 000 steps
    assert abs(end.tr() - 1) < 1e-10
    assert distance(end, qutip.qeye(6) / 6) < 1e-9


# ---------------------------------------------------------------- drives


@settings(max_examples=10)  # the reference takes its time
@given(st.integers(2, 6), seeds)
def test_drives_that_are_functions_of_the_jump_operator(dim, seed):
    H, jump, rho = problem(dim, seed)
    H = [H, [jump, lambda t: 3 * np.cos(4 * t)], [jump**3 - 2 * jump, lambda t: t**2]]
    times = [0.0, 0.5, 1.5]
    ours, reference = (evolve(H, rho, times, jump, options) for options in (OURS, VERN))
    assert max(map(distance, ours, reference)) < 1e-7


def test_drive_without_constant_part():
    jump, rho = 0.5 * qutip.sigmaz(), qutip.Qobj([[0.5, 0.5], [0.5, 0.5]])
    ours = evolve([[qutip.sigmaz(), lambda t: t]], rho, [0, 3], jump, OURS)[-1]
    # angle 2 * 3^2/2, decay exp(-2 * 0.25 * 3)
    assert abs(ours[0, 1] - 0.5 * np.exp(-9j - 1.5)) < 1e-8


def test_arrays_arguments_and_sums_of_qobjevo():
    H, jump, rho = problem(4, 2)
    times = np.linspace(0, 2, 101)
    reference = evolve([H, [jump, lambda t: 1 + t / 2]], rho, times, jump, VERN)[-1]
    for variant in (
        [H, [jump, 1 + times / 2]],
        [H, [jump, qutip.coefficient(np.array([1.0, 2]), tlist=np.array([0.0, 2]), order=1)]],
        QobjEvo([H, [jump, lambda t: 1 + t]]) - QobjEvo([[jump, lambda t: t / 2]]),
        QobjEvo([H + jump, [jump, lambda t, w: w * t]], args={"w": 0.5}),
    ):
        assert distance(evolve(variant, rho, times, jump, OURS)[-1], reference) < 1e-6


@pytest.mark.parametrize("turns", [1, 4, 16])
def test_drive_in_resonance_with_the_interval(turns):
    H = [qutip.sigmax(), [np.pi * qutip.sigmaz(), lambda t: turns]]
    up, jump = qutip.basis(2, 0), 0.01 * qutip.sigmaz()
    ours = evolve(H, up, [0, 1], jump, OURS | {"atol": 1e-4})[-1]
    assert distance(ours, exponential(H[0] + turns * H[1][0], up.proj(), 1, jump)) < 2e-4


def test_pulse_on_the_way():
    # a kick of the angle pi about z in the middle of a rotation about x: the echo brings it back
    def pulse(t):
        return np.pi / 2 * np.exp(-(((t - 1) / 0.02) ** 2) / 2) / (0.02 * np.sqrt(2 * np.pi))

    H = [qutip.sigmax(), [qutip.sigmaz(), pulse]]
    times, jump, up = np.linspace(0, 2, 41), 0.3 * qutip.sigmaz(), qutip.basis(2, 0)
    ours = evolve(H, up, times, jump, OURS)[-1]
    assert distance(ours, evolve(H, up, times, jump, VERN | {"max_step": 0.01})[-1]) < 1e-6


# ---------------------------------------------------------------- accuracy


@pytest.mark.parametrize("driven", [False, True])
def test_order_two(driven):
    H, jump, rho = problem(6, 1)
    H = [H, [jump, lambda t: np.sin(2 * t)]] if driven else H
    reference = evolve(H, rho, [0, 1], jump, VERN)[-1]
    errors = [
        distance(evolve(H, rho, [0, 1], jump, OURS | {"fixed_step": dt})[-1], reference)
        for dt in (0.04, 0.02, 0.01, 0.005)
    ]
    np.testing.assert_allclose(np.divide(errors[:-1], errors[1:]), 4, rtol=0.03)


def test_two_steps_extrapolate_to_order_four():
    H, jump, rho = problem(6, 1)
    reference = evolve(H, rho, [0, 1], jump, VERN)[-1]
    runs = [evolve(H, rho, [0, 1], jump, OURS | {"fixed_step": 2.0**-k})[-1] for k in (4, 5, 6)]
    errors = [distance((4 * b - a) / 3, reference) for a, b in zip(runs, runs[1:], strict=False)]
    assert abs(errors[0] / errors[1] / 16 - 1) < 0.1


@given(dims, seeds, st.sampled_from([1e-3, 1e-5, 1e-7]))
def test_error_follows_the_tolerance(dim, seed, atol):
    H, jump, rho = problem(dim, seed)
    times = [0.0, 0.5, 1.0, 1.1, 2.0]
    ours = evolve(H, rho, times, jump, OURS | {"atol": atol})
    reference = evolve(H, rho, times, jump, VERN)
    # one atol is allowed from one time to the next; the dynamics contracts
    for k, (a, b) in enumerate(zip(ours, reference, strict=True)):
        assert distance(a, b) <= 2 * k * atol * rho.norm("fro") + 1e-10


@pytest.mark.parametrize("scale", [1e-6, 1e6])
def test_steps_depend_on_no_unit_of_time_or_size(scale):
    H, jump, rho = problem(5, 4)
    runs = []
    for s in (1.0, scale):
        propagator = DephasingPropagator(s * H.full(), s**0.5 * jump.full(), atol=1e-6)
        propagator.start(0.0, s * rho.full())
        propagator.advance(1 / s)
        runs.append((propagator.steps, propagator.operator / s))
    assert runs[0][0] == runs[1][0]
    np.testing.assert_allclose(runs[0][1], runs[1][1], atol=1e-12)


def test_looser_tolerance_takes_fewer_steps():
    H, jump, rho = problem(6, 7)
    steps = []
    for atol in (1e-2, 1e-4, 1e-6, 1e-8):
        propagator = DephasingPropagator(H.full(), jump.full(), atol=atol)
        propagator.start(0.0, rho.full())
        propagator.advance(2.0)
        steps.append(propagator.steps)
    assert steps == sorted(steps) and 50 < steps[-1] / steps[1] < 200  # like 1/sqrt(atol)


def test_fixed_step_ends_on_the_recorded_times():
    H, jump, rho = problem(3, 0)
    seen = []

    def coefficients(times):
        seen.append(np.array(times))
        return np.zeros((len(times), 1))

    propagator = DephasingPropagator(
        H.full(), jump.full(), [jump.full()], coefficients, fixed_step=0.3
    )
    propagator.start(1.0, rho.full())
    for t in (1.9, 2.0, 2.0, 3.0):
        propagator.advance(t)
    assert [len(times) // 2 for times in seen] == [3, 1, 4] and propagator.steps == 8
    nodes = np.sort(np.concatenate(seen))
    assert nodes[0] > 1.0 and nodes[-1] < 3.0
    np.testing.assert_allclose(nodes.reshape(-1, 2).mean(axis=1)[:3], [1.15, 1.45, 1.75])


@pytest.mark.parametrize("periods", [1, 2, 4, 8])
def test_intervals_in_resonance_with_the_motion(periods):
    # full turns in every trial step would hide the motion from the comparison of two step sizes;
    # an eigenstate of H does not move at all until the noise has acted on it
    H = np.pi * (qutip.sigmax() + qutip.sigmaz()) / np.sqrt(2)
    ground, jump = H.groundstate()[1], 2 * qutip.sigmaz()
    ours = evolve(H, ground, [0, periods], jump, OURS)[-1]
    assert distance(ours, exponential(H, ground.proj(), periods, jump)) < 1e-7


# ---------------------------------------------------------------- the solver's life


def test_expectation_values():
    H, jump, rho = problem(6, 8)
    times, e_ops = np.linspace(0, 2, 11), {"H": H, "square": jump**2}
    ours, reference = (
        mesolve(H, rho, times, [jump], e_ops=e_ops, options=options) for options in (OURS, VERN)
    )
    for name in e_ops:
        np.testing.assert_allclose(ours.e_data[name], reference.e_data[name], atol=1e-7)
    # functions of L are left alone by the noise: the energy of H = 0 in the field L is kept
    kept = mesolve(0 * H, rho, times, [jump], e_ops=[jump**2], options=OURS).expect[0]
    np.testing.assert_allclose(kept, kept[0], atol=1e-12)


def test_normalised_output_is_the_same():
    H, jump, rho = problem(4, 9)
    a, b = (evolve(H, rho, [0, 1], jump, OURS | {"normalize_output": n})[-1] for n in (True, False))
    assert distance(a, b) < 1e-10


def test_one_solver_serves_several_runs():
    H, jump, _ = problem(5, 10)
    H = QobjEvo([H, [jump, lambda t, w: np.sin(w * t)]], args={"w": 1.0})
    ours, reference = (MESolver(H, [jump], options=options) for options in (OURS, VERN))
    for w in (1.0, 3.0, 0.2):
        rho = random_state(5, np.random.default_rng(int(10 * w)))
        x, y = (s.run(rho, [0, 1, 2], args={"w": w}).states[-1] for s in (ours, reference))
        assert distance(x, y) < 1e-7
    x, y = (s.run(rho, [1, 2]).states[-1] for s in (ours, reference))
    assert distance(x, y) < 1e-7
    assert ours.run(rho, [0, 1]).stats["method"] == "Strang splitting for dephasing"


def test_stepping_with_changing_arguments():
    H, jump, rho = problem(5, 11)
    H = QobjEvo([H, [jump, lambda t, w: np.sin(w * t)]], args={"w": 1.0})
    solvers = [MESolver(H, [jump], options=options) for options in (OURS, VERN)]
    for solver in solvers:
        solver.start(rho, 0.5)
    for t, args in ((1.0, None), (1.5, {"w": 4.0}), (2.5, None), (2.5, None), (3.0, {"w": 0.1})):
        x, y = (solver.step(t, args=args) for solver in solvers)
        assert distance(x, y) < 1e-7


def test_times_in_pieces_and_repeated():
    H, jump, rho = problem(4, 12)
    states = evolve(H, rho, [0, 0, 1, 1, 2.5], jump, OURS)
    assert distance(states[0], states[1]) == 0 and distance(states[2], states[3]) == 0
    assert distance(states[-1], evolve(H, rho, [0, 2.5], jump, OURS)[-1]) < 1e-7
    later = evolve(H, rho, [7, 9.5], jump, OURS)[-1]  # nothing depends on the clock
    assert distance(states[-1], later) < 1e-7


def test_time_does_not_run_backwards():
    H, jump, rho = problem(3, 0)
    with pytest.raises(IntegratorException, match="t = 0.5: must not lie before the state's 1"):
        evolve(H, rho, [0, 1, 0.5], jump, OURS)


# ---------------------------------------------------------------- what it does not serve


SZ, SX, ONE = qutip.jmat(1, "z"), qutip.jmat(1, "x"), qutip.qeye(3)


def solve(H=SX, c_ops=(SZ,), start=None, **options):
    start = ONE / 3 if start is None else start
    return mesolve(H, start, [0, 1], c_ops=list(c_ops), options=OURS | options)


@pytest.mark.parametrize(
    "call, words",
    [
        (lambda: solve(matrix_form=False), "needs the option matrix_form=True"),
        (lambda: solve(c_ops=[SZ, SX]), "exactly one collapse operator.* got 2"),
        (lambda: solve(c_ops=[[SZ, lambda t: t]]), "constant in time"),
        (lambda: solve(c_ops=[qutip.jmat(1, "-")]), "jump operator must be Hermitian"),
        (lambda: solve(c_ops=[1j * SZ]), "jump operator must be Hermitian"),
        (lambda: solve(SX + 0.1j * SZ), "H must be Hermitian, its largest skew element is 0.2"),
        (lambda: solve([SX, [qutip.jmat(1, "+"), lambda t: t]]), "driven part of H must be Herm"),
        (lambda: solve([SZ, [SX, lambda t: t]]), "must be functions of the jump operator"),
        (lambda: solve([SX, [SZ, lambda t: 1j * t]]), "real coefficients"),
        (lambda: solve(lambda t: SZ * t), "not as a function"),
        (lambda: solve(SX * np.nan), "H must be finite"),
    ],
)
def test_refuses_what_it_cannot_serve(call, words):
    with pytest.raises(ValueError, match=words) as caught, np.errstate(invalid="ignore"):
        call()
    assert "'dephasing'" in str(caught.value)


@pytest.mark.parametrize("unit", [1e-10, 1e-5, 1e5])
def test_drives_are_judged_in_any_unit(unit):
    rho, times = qutip.basis(3, 0), [0, 1 / unit]
    for axis, ok in ((SZ, True), (SX, False)):
        H = [unit * SX, [unit * axis, lambda t: np.cos(unit * t)]]
        if ok:
            ours = evolve(H, rho, times, unit**0.5 * SZ, OURS)[-1]
            H = [SX, [SZ, np.cos]]
            assert distance(ours, evolve(H, rho, [0, 1], SZ, VERN)[-1]) < 1e-7
        else:
            with pytest.raises(ValueError, match="functions of the jump operator"):
                evolve(H, rho, times, unit**0.5 * SZ, OURS)


def test_hamiltonian_far_below_the_noise():
    # QuTiP adds the decay to H: what comes back is Hermitian up to rounding of the larger one
    H, jump, rho = problem(5, 6)
    for scale in (0.0, 1e-9, 1e-4):
        ours = evolve(scale * H, rho, [0, 1], jump, OURS)[-1]
        assert distance(ours, exponential(scale * H, rho, 1, jump)) < 1e-7
    assert (
        distance(
            evolve(H, rho, [0, 1e-6], 1e3 * jump, OURS)[-1], exponential(H, rho, 1e-6, 1e3 * jump)
        )
        < 1e-7
    )


def test_needs_a_collapse_operator():
    # without any, mesolve itself would hand the problem to sesolve; an operator has none to go to
    with pytest.raises(ValueError, match="exactly one collapse operator.* got 0"):
        solve(c_ops=[])


def test_driven_part_that_is_not_finite():
    # QuTiP drops such elements where it adds the parts up
    with pytest.raises(ValueError, match="a driven part of H must be finite everywhere"):
        DephasingPropagator(SX.full(), SZ.full(), [np.nan * ONE.full()])


def test_jump_operator_that_is_not_finite():
    with pytest.raises(ValueError, match="the jump operator must be finite everywhere"):
        solve(c_ops=[SZ * np.nan])


def test_refuses_feedback():
    args = {"e": MESolver.ExpectFeedback(SZ, default=1.0)}
    with pytest.raises(ValueError, match="feedback"):
        solve(QobjEvo([SX, [SZ, lambda t, e: e.real]], args=args))


@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize("since", [-1.0, 0.5])
def test_hamiltonian_that_is_not_finite(bad, since):
    H = [SX, [SZ, lambda t: bad if t > since else 1.0]]
    with pytest.raises(IntegratorException, match="not finite at t = ") as caught:
        solve(H)
    assert float(str(caught.value).split("=")[1]) >= since


def test_start_that_is_not_finite():
    with pytest.raises(ValueError, match="norm nan: must be finite"):
        solve(start=ONE * np.nan)


@pytest.mark.parametrize(
    "option, value, words",
    [
        ("atol", 0, "atol = 0: must be > 0"),
        ("atol", -1e-8, "atol = -1e-08: must be > 0"),
        ("atol", np.nan, "atol = nan: must be finite"),
        ("fixed_step", -0.1, "fixed_step = -0.1: must lie in"),
        ("fixed_step", np.inf, "fixed_step = inf: must be finite"),
    ],
)
def test_bad_options(option, value, words):
    with pytest.raises(ValueError, match=words):
        solve(**{option: value})


def test_tolerance_below_rounding():
    # finer steps stop helping: that is noticed, and not tried for minutes
    propagator = DephasingPropagator(SX.full(), SZ.full(), atol=1e-17)
    propagator.start(0.0, np.diag([1.0, 0, 0]))
    with pytest.raises(IntegratorException, match="no step meets atol = 1e-17"):
        propagator.advance(0.01)


def test_unknown_option_is_refused_by_qutip():
    with pytest.raises(KeyError, match="rtol"):
        solve(rtol=1e-6)


def test_registered_under_its_name():
    assert MESolver.avail_integrators()["dephasing"] is integrators.IntegratorDephasing
    solver = MESolver(SX, [SZ], options={"method": "dephasing", "matrix_form": True})
    assert "fixed_step" in str(solver.options)
