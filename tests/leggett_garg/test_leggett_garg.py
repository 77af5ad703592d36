"""Paper 3: the fast correlator against plain QuTiP and against exponentials in the full space."""

import numpy as np
import pytest
import qutip
from bad_input import check_is_named
from hypothesis import given
from hypothesis import strategies as st
from scipy import constants
from scipy.linalg import expm
from scipy.optimize import brentq

from lmgbook.leggett_garg import (
    INITIAL,
    LeggettGarg,
    goldilocks_size,
    instanton_splitting,
    thermal_rate,
)
from lmgbook.lmg import LMG, magnetic_numbers

QUIET = {"progress_bar": "", "normalize_output": False, "nsteps": 10**6}
FIVE = LeggettGarg(levels=5)
TWENTY = LeggettGarg(levels=20)


# ---------------------------------------------------------------- the same by other means


def model_by_jmat(N, field, temperature, levels):
    """H, Jz, Q in the lowest levels, from dense matrices: no sectors, no bands, no frame."""
    jz, jx = (qutip.jmat(N / 2, axis).full().real for axis in "zx")
    energies, vectors = np.linalg.eigh(-jz @ jz / N - field * jx)
    unit = constants.k * temperature / constants.hbar / (energies[1] - energies[0])
    vectors = vectors[:, :levels]
    if vectors[:, 0] @ jz @ vectors[:, 1] < 0:  # |0> + |1> points up
        vectors[:, 1] *= -1
    q = np.diag(np.sign(np.arange(N, -N - 1, -2)))
    jz, q = (qutip.Qobj(vectors.T @ x @ vectors) for x in (jz, q))
    return qutip.qdiags(unit * (energies - energies[0])[:levels], 0), jz, q


def initial_state(H, name, temperature):
    dim = H.shape[0]
    if name == "thermal":
        rho = (-H * constants.hbar / (constants.k * temperature)).expm()
        return rho / rho.tr()
    ket = {"ground": [1, 0], "first": [0, 1], "ordered": [1, 1]}[name]
    return (ket[0] * qutip.basis(dim, 0) + ket[1] * qutip.basis(dim, 1)).unit().proj()


def liouvillian(H, jz, rate):
    return qutip.liouvillian(H, [rate**0.5 * jz])


def apply(propagator, operator):
    """A superoperator, as a matrix on stacked columns, at an operator."""
    dim = operator.shape[0]
    x = propagator @ operator.full().ravel(order="F")
    return qutip.Qobj(x.reshape(dim, dim, order="F"))


def correlator(q, later, state):
    """Re Tr[Q exp(L t) Q rho]: the definition of C_ij, without the anticommutator."""
    return (q * apply(later, q * state)).tr().real


def k3_by_exponential(H, jz, q, rho, rate, tau, stationary):
    once = expm(liouvillian(H, jz, rate).full() * tau)
    c12, c13 = correlator(q, once, rho), correlator(q, once @ once, rho)
    c23 = c12 if stationary else correlator(q, once, apply(once, rho))
    return c12 + c23 - c13


@pytest.mark.parametrize("initial", INITIAL)
@pytest.mark.parametrize("levels", [2, 3, 5, 12])
def test_k3_by_the_exponential_of_the_liouvillian(levels, initial):
    magnet = LeggettGarg(levels=levels)
    H, jz, q = model_by_jmat(370, 0.95, 10e-9, levels)
    rho = initial_state(H, initial, 10e-9)
    for rate, factor in ((0.05, 1.0), (0.289, 0.6), (2.0, 0.3)):
        tau = factor * magnet.interval
        for stationary in (True, False):
            expected = k3_by_exponential(H, jz, q, rho, rate, tau, stationary)
            assert abs(magnet.k3(rate, tau, stationary, initial) - expected) < 2e-6


@pytest.mark.parametrize("rate", [0.05, 0.289])
def test_k3_by_mesolve_in_twenty_levels(rate):
    m = TWENTY
    c_ops, tau = [rate**0.5 * m.jz], m.interval
    options = QUIET | {"method": "vern9", "rtol": 1e-9, "atol": 1e-11, "matrix_form": True}

    def correlations(rho, times):
        asked = (m.sign * rho + rho * m.sign) / 2
        run = qutip.mesolve(m.hamiltonian, asked, times, c_ops, e_ops=[m.sign], options=options)
        return np.real(run.expect[0])

    rho = m.state()
    _, c12, c13 = correlations(rho, [0, tau, 2 * tau])
    later = qutip.mesolve(m.hamiltonian, rho, [0, tau], c_ops, options=options).states[-1]
    c23 = correlations(later, [0, tau])[-1]
    assert abs(m.k3(rate, stationary=True) - (2 * c12 - c13)) < 1e-6
    assert abs(m.k3(rate) - (c12 + c23 - c13)) < 1e-6
    np.testing.assert_allclose(
        m.correlation([tau, 2 * tau], rate, resolution=4), [c12, c13], atol=1e-6
    )


@pytest.mark.parametrize("N, field", [(6, 0.7), (7, 0.8), (9, 0.5), (12, 0.9), (8, 1.3)])
@pytest.mark.parametrize("initial", INITIAL)
def test_all_levels_of_small_magnets(N, field, initial):
    magnet = LeggettGarg(N=N, field=field, temperature=3e-9, levels=None)
    assert magnet.levels == N + 1
    H, jz, q = model_by_jmat(N, field, 3e-9, None)
    rho = initial_state(H, initial, 3e-9)
    for strength, factor in ((0.02, 1.0), (0.5, 1.7)):
        rate, tau = strength * magnet.splitting, factor * magnet.interval
        for stationary in (True, False):
            expected = k3_by_exponential(H, jz, q, rho, rate, tau, stationary)
            assert abs(magnet.k3(rate, tau, stationary, initial) - expected) < 2e-6


@pytest.mark.parametrize("levels", [2, 3, 4, 7])
def test_truncation_of_small_magnets(levels):
    magnet = LeggettGarg(N=6, field=0.7, temperature=3e-9, levels=levels)
    H, jz, q = model_by_jmat(6, 0.7, 3e-9, levels)
    rho, rate, tau = initial_state(H, "ordered", 3e-9), 0.1 * magnet.splitting, magnet.interval
    expected = k3_by_exponential(H, jz, q, rho, rate, tau, False)
    assert abs(magnet.k3(rate, initial="ordered") - expected) < 2e-6
    np.testing.assert_allclose(magnet.hamiltonian.full(), H.full(), atol=1e-9 * H.norm())
    # the signs of the levels are a convention
    np.testing.assert_allclose(abs(magnet.jz.full()), abs(jz.full()), atol=1e-11)
    np.testing.assert_allclose(abs(magnet.sign.full()), abs(q.full()), atol=1e-11)


@pytest.mark.parametrize(
    "levels, rate",
    [(n, g) for n in (2, 3, 5) for g in (0.0, 0.05, 5.0, 50.0)] + [(20, 0.05), (20, 5.0)],
)
def test_error_of_k3_is_that_of_its_docstring(levels, rate):
    magnet = LeggettGarg(levels=levels)
    L = liouvillian(magnet.hamiltonian, magnet.jz, rate).full()
    for factor in (0.1, 0.5, 1.3):
        tau = factor * magnet.interval
        if levels < 20:
            once = expm(L * tau)
        else:  # squared four times: cheaper than the scaling that expm chooses
            once = np.linalg.matrix_power(expm(L * tau / 16), 16)
        for initial in ("ground", "first"):
            c12 = correlator(magnet.sign, once, magnet.state(initial))
            c13 = correlator(magnet.sign, once @ once, magnet.state(initial))
            value = magnet.k3(rate, tau, True, initial)
            assert abs(value - (2 * c12 - c13)) < 2e-6, (factor, initial)


def test_several_intervals_in_one_pass():
    tau = np.array([[1.0, 0.4, 2.0], [0.5, 0.4, 0.2]]) * FIVE.interval
    for stationary in (True, False):
        together = FIVE.k3(0.1, tau, stationary)
        assert together.shape == (2, 3)
        for value, one in zip(together.ravel(), tau.ravel(), strict=True):
            assert abs(value - FIVE.k3(0.1, one, stationary)) < 2e-6
    assert isinstance(FIVE.k3(0.1), float)
    assert FIVE.k3(0.1, [FIVE.interval]).shape == (1,)


@pytest.mark.parametrize("stationary", [True, False])
def test_k3_operator_has_k3_as_its_mean(stationary):
    operator = FIVE.k3_operator(0.1, stationary=stationary)
    assert operator.shape == (5, 5)
    np.testing.assert_allclose(operator.full(), operator.dag().full(), atol=1e-12)
    mixture = 0.3 * qutip.basis(5, 2).proj() + 0.7 * FIVE.state("ordered")
    for initial in (*INITIAL, qutip.basis(5, 4), mixture):
        mean = qutip.expect(operator, FIVE.state(initial))
        assert abs(mean - FIVE.k3(0.1, None, stationary, initial)) < 2e-6
    best, state = operator.eigenstates(eigvals=1, sort="high")
    assert abs(FIVE.k3(0.1, None, stationary, state[0]) - best[0]) < 2e-6
    assert best[0] >= FIVE.k3(0.1, None, stationary)


# ---------------------------------------------------------------- dynamics


def random_hermitian(dim, rng, positive=False):
    a = rng.normal(size=(dim, dim)) + 1j * rng.normal(size=(dim, dim))
    if not positive:
        return qutip.Qobj(a + a.conj().T) / 2
    a = a[:, : rng.integers(1, dim + 1)]
    rho = a @ a.conj().T
    return qutip.Qobj(rho / np.trace(rho))


@pytest.mark.parametrize("adjoint", [False, True])
@pytest.mark.parametrize("levels", [2, 5, 8])
def test_evolve_by_the_exponential_of_the_liouvillian(levels, adjoint):
    magnet = LeggettGarg(N=20, field=0.9, levels=levels)
    x = random_hermitian(levels, np.random.default_rng(levels))
    rate = 0.3 * magnet.splitting
    L = liouvillian(magnet.hamiltonian, magnet.jz, rate).full()
    times = np.array([0.0, 0.2, 0.2, 1.0]) * magnet.interval
    moved = magnet.evolve(x, times, rate, adjoint=adjoint, resolution=32)
    for t, each in zip(times, moved, strict=True):
        # the adjoint in the sense of Tr[A^dagger B]
        expected = apply(expm((L.conj().T if adjoint else L) * t), x)
        np.testing.assert_allclose(each.full(), expected.full(), atol=1e-5)


def test_steps_are_of_second_order():
    x = FIVE.state("ordered")
    times = [0.7 * FIVE.interval]
    L = liouvillian(FIVE.hamiltonian, FIVE.jz, 0.3).full()
    exact = apply(expm(L * times[0]), x)
    errors = [(FIVE.evolve(x, times, 0.3, resolution=r)[0] - exact).norm("fro") for r in (2, 4, 8)]
    np.testing.assert_allclose(np.divide(errors[:-1], errors[1:]), 4, rtol=0.1)


@given(
    st.integers(2, 30),
    st.floats(0.3, 1.5),
    st.integers(2, 12),
    st.floats(0, 20),
    st.floats(0.01, 3),
    st.floats(0.05, 2),
    st.integers(0, 2**32 - 1),
)
def test_density_matrices_stay_density_matrices(N, field, levels, strength, t, resolution, seed):
    coupling = 1000.0
    if LMG.leggett_garg(N, field).splitting() < 1e-6:
        field = 0.9
    magnet = LeggettGarg(N, field, levels=min(levels, N + 1), coupling=coupling)
    rng = np.random.default_rng(seed)
    rho = random_hermitian(magnet.levels, rng, positive=True)
    times = np.array([0.0, t, 1.5 * t]) / coupling
    rate = strength * coupling / N
    for moved in magnet.evolve(rho, times, rate, resolution=resolution):
        x = moved.full()
        assert abs(np.trace(x) - 1) < 1e-9
        assert np.abs(x - x.conj().T).max() < 1e-9
        assert np.linalg.eigvalsh(x).min() > -1e-9
        assert np.linalg.norm(x) <= np.linalg.norm(rho.full()) + 1e-9
    # the Heisenberg picture keeps the identity, and Tr[A exp(L t) B] = Tr[(exp(L^dagger t) A) B]
    one = qutip.qeye(magnet.levels)
    options = {"adjoint": True, "resolution": resolution}
    for moved in magnet.evolve(one, times, rate, **options):
        np.testing.assert_allclose(moved.full(), one.full(), atol=1e-9)
    a = random_hermitian(magnet.levels, rng)
    (forward,) = magnet.evolve(rho, times[1:2], rate, resolution=resolution)
    (backward,) = magnet.evolve(a, times[1:2], rate, **options)
    assert abs((a * forward).tr() - (backward * rho).tr()) < 1e-9 * a.norm("fro")


@given(st.integers(2, 20), st.integers(2, 10), st.integers(0, 2**32 - 1))
def test_parity_is_kept(N, levels, seed):
    magnet = LeggettGarg(N, 0.9, levels=min(levels, N + 1))
    odd = np.diff(np.sign(magnet.vectors * magnet.vectors[::-1]).sum(axis=0)) != 0  # they alternate
    assert odd.all()
    flip = qutip.qdiags((-1.0) ** np.arange(magnet.levels), 0)
    x = random_hermitian(magnet.levels, np.random.default_rng(seed))
    times = [0.3 * magnet.interval]
    for sign in (1, -1):
        part = (x + sign * flip * x * flip) / 2
        (moved,) = magnet.evolve(part, times, 0.2 * magnet.splitting)
        np.testing.assert_allclose((flip * moved * flip).full(), sign * moved.full(), atol=1e-12)
    # and the two parts do not see each other
    (whole,) = magnet.evolve(x, times, 0.2 * magnet.splitting)
    even, odd = (
        magnet.evolve((x + s * flip * x * flip) / 2, times, 0.2 * magnet.splitting)[0]
        for s in (1, -1)
    )
    np.testing.assert_allclose(whole.full(), (even + odd).full(), atol=1e-12)


@given(st.floats(0, 5), st.floats(0.05, 3), st.sampled_from(INITIAL), st.booleans())
def test_k3_stays_below_its_quantum_bound(rate, factor, initial, stationary):
    k3 = FIVE.k3(rate, factor * FIVE.interval, stationary, initial)
    assert -3 <= k3
    if not stationary:  # Lueders' bound, whatever the dynamics
        assert k3 <= 1.5 + 1e-6
    assert abs(FIVE.correlation([0.0], rate, initial)[0]) <= 1 + 1e-12


def test_noise_heats():
    rho = TWENTY.state()
    end = TWENTY.evolve(rho, np.linspace(0, 3, 7) * TWENTY.interval, 0.2)
    energies = np.array([qutip.expect(TWENTY.hamiltonian, each) for each in end])
    assert np.all(np.diff(energies) > 0)
    # d<H>/dt = -gamma Tr([Jz, [Jz, H]] rho)/2
    jz, H = TWENTY.jz, TWENTY.hamiltonian
    double = qutip.commutator(jz, qutip.commutator(jz, H))
    (soon,) = TWENTY.evolve(rho, [1e-6 * TWENTY.interval], 0.2, resolution=1)
    rise = qutip.expect(H, soon) / (1e-6 * TWENTY.interval)
    assert abs(rise / (-0.1 * qutip.expect(double, rho)) - 1) < 1e-3


# ---------------------------------------------------------------- scales


def test_unit_of_energy():
    assert abs(thermal_rate(10e-9) - 1309.2) < 0.05
    assert abs(FIVE.splitting / thermal_rate(10e-9) - 1) < 1e-12
    assert abs(FIVE.coupling / 74346 - 1) < 1e-5
    assert abs(FIVE.interval / (np.pi / 3 / FIVE.splitting) - 1) < 1e-15
    ratio = FIVE.splitting / FIVE.coupling / LMG.leggett_garg(370, 0.95).splitting()
    assert abs(ratio - 1) < 1e-9
    levels = LMG.leggett_garg(370, 0.95).energies(20)
    np.testing.assert_allclose(
        TWENTY.energies, TWENTY.coupling * (levels - levels[0]), rtol=1e-9, atol=1e-6
    )


def test_coupling_instead_of_temperature():
    same = LeggettGarg(levels=5, coupling=FIVE.coupling, temperature=1e-3)
    assert abs(same.k3(0.05) - FIVE.k3(0.05)) < 1e-12
    assert (
        abs(LeggettGarg(levels=5, coupling=1.0).splitting * FIVE.coupling / FIVE.splitting - 1)
        < 1e-12
    )
    # the temperature is that of the thermal state then
    hot = np.diag(same.state("thermal").full()).real
    np.testing.assert_allclose(hot, 0.2, atol=1e-4)
    weights = np.diag(FIVE.state("thermal").full()).real
    assert abs(weights[1] / weights[0] - np.exp(-1)) < 1e-12 and abs(weights.sum() - 1) < 1e-15


@given(st.floats(0.01, 100))
def test_k3_depends_on_rates_over_the_splitting_alone(scale):
    other = LeggettGarg(levels=5, temperature=scale * 10e-9)
    assert abs(other.splitting / FIVE.splitting / scale - 1) < 1e-12
    assert abs(other.k3(0.2 * scale, initial="thermal") - FIVE.k3(0.2, initial="thermal")) < 1e-9


def test_instanton_formula():
    # what an independent program found at Gamma/J3 = 0.95 and 0.9
    exact = {N: LMG.leggett_garg(N, 0.95).splitting() for N in (370, 1000, 1500, 2000)}
    sizes = np.array(list(exact))
    ratio = np.array(list(exact.values())) / instanton_splitting(sizes, 0.95)
    np.testing.assert_allclose(ratio, [0.748, 0.924, 0.951, 0.9635], atol=6e-4)
    assert (
        abs(LMG.leggett_garg(500, 0.9).splitting() / instanton_splitting(500, 0.9) - 0.954) < 6e-4
    )
    # the rest falls like 1/N
    np.testing.assert_allclose((1 - ratio[1:]) * sizes[1:], 73, rtol=0.05)
    assert isinstance(instanton_splitting(370, 0.95), float)


@pytest.mark.parametrize(
    "field, size", [(0.90, 138), (0.93, 230), (0.95, 370), (0.96, 506), (0.98, 1298)]
)
def test_goldilocks_size(field, size):
    assert goldilocks_size(field, FIVE.coupling, 10e-9) == size
    wanted = thermal_rate(10e-9) / FIVE.coupling * (1 + 1e-6)
    assert LMG.leggett_garg(size, field).splitting() < wanted
    assert LMG.leggett_garg(size - 2, field).splitting() > wanted


def test_goldilocks_size_of_other_temperatures():
    assert goldilocks_size(0.95, FIVE.coupling, 1e-9) == 622
    assert goldilocks_size(0.95, FIVE.coupling, 1.0) == 2
    # nothing but the ratio counts
    assert goldilocks_size(0.95, 1e3 * FIVE.coupling, 10e-6) == 370


# ---------------------------------------------------------------- operators and states


@pytest.mark.parametrize("N", [369, 370, 371])
def test_operators_in_all_levels(N):
    magnet = LeggettGarg(N=N, levels=None)
    m = magnetic_numbers(N)
    v = magnet.vectors
    np.testing.assert_allclose(v.T @ v, np.eye(N + 1), atol=1e-11)
    np.testing.assert_allclose(v @ magnet.jz.full() @ v.T, np.diag(m), atol=1e-9)
    q = magnet.sign.full()
    # Q^2 is one but for m = 0, which even N alone have
    np.testing.assert_allclose(v @ q @ q @ v.T, np.diag(np.abs(np.sign(m))), atol=1e-11)
    assert abs(np.trace(q @ q) - N - N % 2) < 1e-9
    H = v @ np.diag(magnet.energies / magnet.coupling) @ v.T
    expected = LMG.leggett_garg(N, 0.95).hamiltonian().full().real
    shift = LMG.leggett_garg(N, 0.95).energies(1)[0]
    np.testing.assert_allclose(H + shift * np.eye(N + 1), expected, atol=1e-9)


def test_functions_of_jz():
    m = magnetic_numbers(370)
    np.testing.assert_allclose(FIVE.operator(m).full(), FIVE.jz.full())
    np.testing.assert_allclose(FIVE.operator(np.ones(371)).full(), np.eye(5), atol=1e-12)
    up, down = (FIVE.operator((sign * m > 0).astype(int)) for sign in (1, -1))
    np.testing.assert_allclose((up - down).full(), FIVE.sign.full(), atol=1e-15)


def test_ordered_state_points_up():
    for levels in (2, 5, None):
        magnet = LeggettGarg(levels=levels)
        ordered = magnet.state("ordered")
        assert qutip.expect(magnet.jz, ordered) > 0
        assert qutip.expect(magnet.sign, ordered) > 0.9
        assert abs(ordered.tr() - 1) < 1e-12 and abs((ordered**2).tr() - 1) < 1e-12
        assert abs(qutip.expect(magnet.sign, magnet.state())) < 1e-12


def test_states_given_as_operators_and_kets():
    for name, ket in (("ground", [1, 0, 0, 0, 0]), ("ordered", np.array([1, 1, 0, 0, 0]) / 2**0.5)):
        ket = qutip.Qobj(np.array(ket, dtype=complex))
        for given_state in (ket, 1j * ket, ket.proj()):
            assert abs(FIVE.k3(0.05, initial=given_state) - FIVE.k3(0.05, initial=name)) < 1e-14


# ---------------------------------------------------------------- two levels


@pytest.mark.parametrize("rate", [0.0, 0.05, 0.3, 0.515, 0.7])
@pytest.mark.parametrize("factor", [0.5, 1.0, 2.0])
def test_two_levels_by_formula(rate, factor):
    # Jz and Q are both proportional to sigma_x: a damped oscillation, the state drops out
    magnet = LeggettGarg(levels=2)
    q, j = magnet.sign.full().real[0, 1], magnet.jz.full().real[0, 1]
    s, delta = rate * j**2, magnet.splitting
    w = np.emath.sqrt(delta**2 - s**2)
    tau = factor * magnet.interval

    def c(t):
        return (q**2 * np.exp(-s * t) * (np.cos(w * t) + s / w * np.sin(w * t))).real

    for initial in INITIAL:
        for stationary in (True, False):
            value = magnet.k3(rate, tau, stationary, initial)
            assert abs(value - 2 * c(tau) + c(2 * tau)) < 2e-6
    np.testing.assert_allclose(
        magnet.correlation([0, tau, 2 * tau], rate, resolution=100),
        [q**2, c(tau), c(2 * tau)],
        atol=1e-5,
    )


def test_three_halves():
    # a deep doublet without noise: 3/2, times the weight of Q in the two levels
    for N, field in ((20, 0.6), (31, 0.7), (370, 0.95)):
        magnet = LeggettGarg(N, field, levels=2)
        weight = magnet.sign.full().real[0, 1] ** 2
        assert abs(magnet.k3(0.0) - 1.5 * weight) < 1e-9
        assert weight < 1
    deep = LeggettGarg(20, 0.5, levels=None)
    assert 1.499 < deep.k3(0.0) <= 1.5 and 1.499 < deep.k3(0.0, stationary=True) <= 1.5
    # pi/3 Delta is the best interval then
    near = deep.k3(0.0, np.array([0.97, 1.0, 1.03]) * deep.interval)
    assert near[1] > near[0] and near[1] > near[2]


# ---------------------------------------------------------------- the published numbers


def test_published_numbers():
    assert abs(FIVE.k3(0.05, stationary=True) - 1.31660) < 1e-5
    threshold = FIVE.threshold(stationary=True)
    assert abs(threshold - 0.28899) < 1e-5
    # the coherence of the doublet decays at gamma times the mean square of Jz in it, all levels
    m2 = LeggettGarg(levels=2).operator(magnetic_numbers(370) ** 2).full().real
    rate = np.trace(m2) / 2
    assert abs(rate - 2838.96) < 0.01
    assert abs((370 * np.sqrt(1 - 0.95**2)) ** 2 / (2 * rate) - 2.3508) < 1e-4
    assert abs(1 / (0.05 * rate * FIVE.interval) - 8.807) < 1e-3
    q01 = FIVE.sign.full()[0, 1].real ** 2
    assert abs(q01 - 0.94356) < 1e-5
    # two levels damped at that rate, without the jump term
    x = brentq(lambda s: q01 * (np.exp(-s) + np.exp(-2 * s) / 2) - 1, 0, 1)
    estimate = x / FIVE.interval / rate
    assert abs(estimate - 0.11725) < 2e-5 and abs(threshold / estimate - 2.465) < 1e-3


LADDER = {  # levels: stationary K3 and threshold, three-time K3 and threshold
    2: (1.3193, 0.515, 1.3193, 0.515),
    3: (1.2963, 0.2889, 1.2952, 0.2667),
    5: (1.3167, 0.2891, 1.3118, 0.2466),
    10: (1.3120, 0.2857, 1.3076, 0.2478),
    20: (1.3130, 0.2883, 1.3086, 0.2493),
    40: (1.3142, 0.2890, 1.3097, 0.2498),
    80: (1.3134, 0.2887, 1.3089, 0.2496),
    None: (1.3127, 0.2884, 1.3082, 0.2494),
}


@pytest.mark.parametrize("levels", LADDER)
def test_ladder_of_an_independent_program(levels):
    magnet = LeggettGarg(levels=levels)
    k3, threshold, true_k3, true_threshold = LADDER[levels]
    # there Q(t = 0) was +1 with certainty, not in the kept levels: up to 2e-4 in between
    assert abs(magnet.k3(0.05, stationary=True) - k3) < 2e-4
    assert abs(magnet.k3(0.05) - true_k3) < 2e-4
    assert abs(magnet.threshold(stationary=True) - threshold) < 2e-4
    assert abs(magnet.threshold() - true_threshold) < 2e-4


@pytest.mark.parametrize("N, k3, threshold", [(369, 1.3169, 0.2515), (371, 1.3025, 0.2469)])
def test_odd_numbers_of_spins(N, k3, threshold):
    magnet = LeggettGarg(N, levels=24)
    assert abs(magnet.k3(0.05) - k3) < 6e-5 and abs(magnet.threshold() - threshold) < 6e-5


def test_state_without_a_sign():
    # m = 0: counted as neither, or as up; 1e-4 in K3
    plus = LeggettGarg(levels=40)
    values = np.sign(magnetic_numbers(370))
    # a small even part joins Q
    plus.__dict__["sign"] = plus.operator(np.where(values == 0, 1, values))
    assert 0 < abs(plus.sign[0, 0]) < 3e-3
    exact = LeggettGarg(levels=40)
    k3 = [
        2 * c[1] - c[2]
        for c in (m.correlation([0, m.interval, 2 * m.interval], 0.05) for m in (plus, exact))
    ]
    assert 0 < abs(k3[0] - k3[1]) < 2e-4


# ---------------------------------------------------------------- thresholds


@pytest.mark.parametrize("stationary", [True, False])
@pytest.mark.parametrize("initial", INITIAL)
@pytest.mark.parametrize("levels", [3, 12])
def test_k3_is_one_at_the_threshold(levels, initial, stationary):
    magnet = LeggettGarg(levels=levels)
    threshold = magnet.threshold(stationary, initial=initial)
    assert abs(magnet.k3(threshold, stationary=stationary, initial=initial) - 1) < 1e-6
    below = [
        magnet.k3(rate, stationary=stationary, initial=initial)
        for rate in np.linspace(0, 0.999, 20) * threshold
    ]
    assert min(below) > 1  # the lowest root


@pytest.mark.parametrize("factor", [0.4, 0.7, 1.3])
def test_thresholds_of_other_intervals(factor):
    tau = factor * FIVE.interval
    for stationary in (True, False):
        threshold = FIVE.threshold(stationary, tau)
        assert abs(FIVE.k3(threshold, tau, stationary) - 1) < 1e-6
        below = [FIVE.k3(rate, tau, stationary) for rate in np.linspace(0, 0.99, 20) * threshold]
        assert min(below) > 1


@pytest.mark.parametrize("stationary", [True, False])
def test_threshold_in_all_levels(stationary):
    magnet = LeggettGarg(N=120, field=0.9, levels=None)
    threshold = magnet.threshold(stationary)
    assert abs(magnet.k3(threshold, stationary=stationary) - 1) < 1e-6
    ket = qutip.basis(121, 0)  # a state given as such takes the long way
    assert abs(magnet.threshold(stationary, initial=ket) / threshold - 1) < 1e-5


def test_no_threshold_without_violation():
    assert np.isnan(FIVE.threshold(initial=qutip.basis(5, 2)))
    assert np.isnan(FIVE.threshold(interval=2.2 * FIVE.interval))
    assert np.isnan(LeggettGarg(field=1.0, levels=20).threshold())  # at the critical point
    assert np.isnan(LeggettGarg(field=1.0, levels=80).threshold())


def test_spurious_violation_of_the_stationary_combination():
    # strong noise, short intervals: 2 C - C' exceeds one, the inequality itself does not
    tau = np.linspace(0.02, 1.2, 40) * FIVE.interval
    assert 1.10 < FIVE.k3(5.0, tau, stationary=True).max() < 1.14
    assert FIVE.k3(5.0, tau).max() < 1


# ---------------------------------------------------------------- bad input


def dephase(**arguments):
    arguments = {"operator": FIVE.state(), "times": [0.0, 1e-3], "dephasing": 0.05} | arguments
    return FIVE.evolve(**arguments)


ASK = (FIVE.k3, FIVE.k3_operator, lambda rate: FIVE.correlation([0.0, 1e-3], rate))
KET = qutip.basis(5, 0)

BAD = [
    *[
        (lambda change=change: LeggettGarg(**change), kind, words)
        for change, kind, words in (
            ({"N": 0}, ValueError, ["N = 0", ">= 2"]),
            ({"N": 1}, ValueError, ["N = 1", ">= 2"]),
            ({"N": -370}, ValueError, ["N = -370", ">= 2"]),
            ({"N": 370.5}, ValueError, ["N = 370.5", "integer"]),
            ({"N": np.nan}, ValueError, ["N = nan", "integer"]),
            ({"N": "370"}, TypeError, ["N = '370'", "integer"]),
            ({"N": None}, TypeError, ["N = None", "integer"]),
            ({"N": True}, TypeError, ["N = True", "integer"]),
            ({"field": 0}, ValueError, ["field = 0", "> 0"]),
            ({"field": -0.95}, ValueError, ["field = -0.95", "> 0"]),
            ({"field": np.nan}, ValueError, ["field = nan", "finite"]),
            ({"field": 1j}, TypeError, ["field = 1j", "real number"]),
            ({"temperature": 0}, ValueError, ["temperature = 0", "> 0"]),
            ({"temperature": -1e-9}, ValueError, ["temperature = -1e-09", "> 0"]),
            ({"temperature": np.nan}, ValueError, ["temperature = nan", "finite"]),
            ({"temperature": np.inf}, ValueError, ["temperature = inf", "finite"]),
            ({"temperature": "10 nK"}, TypeError, ["temperature = '10 nK'", "real number"]),
            ({"levels": 1}, ValueError, ["levels = 1", ">= 2"]),
            ({"levels": 0}, ValueError, ["levels = 0", ">= 2"]),
            ({"levels": 372}, ValueError, ["levels = 372", "[2, 371]"]),
            ({"N": 10, "levels": 12}, ValueError, ["levels = 12", "[2, 11]"]),
            ({"levels": 5.0}, ValueError, ["levels = 5.0", "integer"]),
            ({"levels": "all"}, TypeError, ["levels = 'all'", "integer"]),
            ({"coupling": 0}, ValueError, ["coupling = 0", "> 0"]),
            ({"coupling": -1.0}, ValueError, ["coupling = -1.0", "> 0"]),
            ({"coupling": np.nan}, ValueError, ["coupling = nan", "finite"]),
            ({"N": 370, "field": 0.5}, ValueError, ["N = 370", "field = 0.5", "rounding"]),
        )
    ],
    *[
        (lambda ask=ask, rate=rate: ask(rate), kind, [f"dephasing = {rate!r}", words])
        for ask in ASK
        for rate, kind, words in (
            (-0.05, ValueError, ">= 0"),
            (np.nan, ValueError, "finite"),
            (np.inf, ValueError, "finite"),
            ("0.05", TypeError, "real number"),
            (None, TypeError, "real number"),
        )
    ],
    *[
        (lambda ask=ask, tau=tau: ask(tau), kind, [f"interval = {tau!r}", words])
        for ask in (
            lambda tau: FIVE.k3(0.05, tau),
            lambda tau: FIVE.k3_operator(0.05, tau),
            lambda tau: FIVE.threshold(interval=tau),
        )
        for tau, kind, words in (
            (0, ValueError, "> 0"),
            (-1e-3, ValueError, "> 0"),
            (np.nan, ValueError, "finite"),
            ("1 ms", TypeError, "real number"),
        )
    ],
    (lambda: FIVE.k3(0.05, [1e-3, 0.0]), ValueError, ["interval = [0.001, 0.0]", "> 0"]),
    (lambda: FIVE.k3(0.05, [1e-3, np.nan]), ValueError, ["interval = [0.001, nan]", "finite"]),
    (lambda: FIVE.k3(0.05, []), ValueError, ["interval = []"]),
    (
        lambda: FIVE.threshold(interval=[1e-3, 2e-3]),
        TypeError,
        ["interval = [0.001", "real number"],
    ),
    (lambda: FIVE.k3(0.05, initial="up"), ValueError, ["initial = 'up'", "'ground', 'first'"]),
    (lambda: FIVE.state(0), ValueError, ["initial = 0", "'ordered', 'thermal'"]),
    (lambda: FIVE.state(qutip.basis(6, 0)), ValueError, ["initial of shape (6, 1)", "5 kept"]),
    (lambda: FIVE.state(KET.dag()), ValueError, ["initial of shape (1, 5)", "5 kept"]),
    (lambda: FIVE.state(qutip.qeye(4)), ValueError, ["initial of shape (4, 4)", "5 kept"]),
    (lambda: FIVE.state(2 * KET), ValueError, ["initial of trace 4", "trace 1"]),
    (lambda: FIVE.state(qutip.qeye(5)), ValueError, ["initial of trace 5", "trace 1"]),
    (lambda: FIVE.state(KET * qutip.basis(5, 1).dag()), ValueError, ["initial", "Hermitian"]),
    (lambda: dephase(operator=qutip.qeye(6)), ValueError, ["operator of shape (6, 6)", "5 kept"]),
    (lambda: dephase(operator=KET), ValueError, ["operator of shape (5, 1)", "5 kept"]),
    (lambda: dephase(operator=1j * qutip.qeye(5)), ValueError, ["operator", "Hermitian"]),
    (lambda: dephase(operator=qutip.qeye(5) * np.nan), ValueError, ["operator", "finite"]),
    (lambda: dephase(operator=np.eye(5)), TypeError, ["operator", "Qobj"]),
    (lambda: dephase(times=[1e-3, 0.0]), ValueError, ["times = ", ">= 0, ascending"]),
    (lambda: dephase(times=[-1e-3, 0.0]), ValueError, ["times = ", ">= 0, ascending"]),
    (lambda: dephase(times=1e-3), ValueError, ["times = ", "one list"]),
    (lambda: dephase(times=[[0.0, 1e-3]]), ValueError, ["times = ", "one list"]),
    (lambda: dephase(times=[0.0, np.nan]), ValueError, ["times = [0.0, nan]", "finite"]),
    (lambda: dephase(times=["now"]), TypeError, ["times = ['now']", "real numbers"]),
    (lambda: dephase(resolution=0), ValueError, ["resolution = 0", "> 0"]),
    (lambda: dephase(resolution=-1.0), ValueError, ["resolution = -1.0", "> 0"]),
    (lambda: FIVE.correlation([1e-3, 0.0], 0.05), ValueError, ["times = ", "ascending"]),
    (lambda: FIVE.operator(np.ones(5)), ValueError, ["of_m of shape (5,)", "(371,)"]),
    (lambda: FIVE.operator(np.full(371, np.nan)), ValueError, ["of_m = ", "finite"]),
    (lambda: thermal_rate(0), ValueError, ["temperature = 0", "> 0"]),
    (lambda: thermal_rate(np.nan), ValueError, ["temperature = nan", "finite"]),
    (lambda: instanton_splitting(0, 0.95), ValueError, ["N = 0", ">= 1"]),
    (lambda: instanton_splitting([10, -1], 0.95), ValueError, ["N = [10, -1]", ">= 1"]),
    (lambda: instanton_splitting(370, 1.0), ValueError, ["field = 1.0", "(0, 1)"]),
    (lambda: instanton_splitting(370, 0), ValueError, ["field = 0", "(0, 1)"]),
    (lambda: goldilocks_size(0, 1.0, 1e-8), ValueError, ["field = 0", "> 0"]),
    (lambda: goldilocks_size(0.95, -1.0, 1e-8), ValueError, ["coupling = -1.0", "> 0"]),
    (lambda: goldilocks_size(0.95, 7e4, 0), ValueError, ["temperature = 0", "> 0"]),
    (lambda: goldilocks_size(1.2, 7e4, 1e-8), ValueError, ["field = 1.2", "field < 1"]),
    (lambda: goldilocks_size(0.5, 7e4, 1e-20), ValueError, ["temperature = 1e-20", "rounding"]),
]


@pytest.mark.parametrize("call, kind, words", BAD)
def test_bad_input_is_named(call, kind, words):
    check_is_named(call, kind, words)
