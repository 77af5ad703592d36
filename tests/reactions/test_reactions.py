"""Paper 5: exact laws in 60-digit arithmetic, sweeps by QuTiP from creation operators."""

import warnings
from decimal import Decimal, getcontext
from itertools import product

import numpy as np
import pytest
import qutip
import scipy.sparse as sp
from bad_input import check_is_named
from hypothesis import given
from hypothesis import strategies as st

from lmgbook import reactions
from lmgbook.reactions import (
    critical_rate,
    demkov_osherov,
    effective_hamiltonian,
    evolve,
    mean_numbers,
    most_probable,
    moving_frame,
    one_channel_hamiltonian,
    redistribute,
    scattering_phases,
    second_act,
    single_channel,
    thermal_law,
    two_channel,
    two_channel_hamiltonian,
    two_channel_states,
    two_channel_total,
)

getcontext().prec = 60
PI = Decimal("3.14159265358979323846264338327950288419716939937510582097494")
STRICT = {"method": "vern9", "atol": 1e-12, "rtol": 1e-10, "nsteps": 10**7}
STRICT |= {"progress_bar": "", "normalize_output": False}

sizes = st.integers(0, 30)
couplings = st.floats(0, 3)
rates = st.floats(0.05, 50)


def rate(N, q, g=1.0):
    """The sweep rate with 2 pi g^2 N/(beta ln N) = q."""
    return 2 * np.pi * g**2 * N / (q * np.log(N))


def base(g, beta):
    return (-2 * PI * Decimal(g) ** 2 / Decimal(beta)).exp()


def pochhammer(x, first, last):
    value = Decimal(1)
    for j in range(first, last + 1):
        value *= 1 - x**j
    return value


# ---------------------------------------------------------------- the laws, digit by digit


@pytest.mark.parametrize("g, beta", [(0.3, 1.0), (0.5, 1.0), (0.1, 7.0), (2.0, 3.0)])
@pytest.mark.parametrize("N", [1, 2, 5, 12])
def test_laws_are_the_products_of_equations_40_61_62_75(N, g, beta):
    x = base(g, beta)
    one = [x ** (N - m) * pochhammer(x, N - m + 1, N) for m in range(N + 1)]
    np.testing.assert_allclose(single_channel(N, g, beta), np.array(one, float), rtol=2e-13)
    P, total = two_channel(N, g, beta), two_channel_total(N, g, beta)
    joint = {
        (a, b): one[a] * x ** (N - a - b) * pochhammer(x, N - a - b + 1, N - a)
        for a, b in product(range(N + 1), repeat=2)
        if a + b <= N
    }
    for a, b in product(range(N + 1), repeat=2):
        expected = float(joint.get((a, b), 0))
        assert abs(P[a, b] - expected) <= 2e-13 * expected
    sums = [sum(joint[n - k, k] for k in range(n + 1)) for n in range(N + 1)]
    np.testing.assert_allclose(total, np.array(sums, float), rtol=2e-13)
    norm = sum(x**k for k in range(N + 1))
    law = [float(x**k / norm) for k in range(N + 1)]
    np.testing.assert_allclose(thermal_law(N, g, beta), law, rtol=2e-13)


def test_a_million_molecules_to_eleven_digits():
    N = 10**6
    beta = rate(N, 1.0)
    P = single_channel(N, 1.0, beta)
    assert abs(P.sum() - 1) < 1e-12
    # the running product from the far end, in 25 digits
    getcontext().prec = 25
    try:
        x, inverse = base(1.0, beta), (2 * PI / Decimal(beta)).exp()
        power, value, worst = x**N, Decimal(1), 0.0
        for nu in range(N - 1, -1, -1):
            value *= 1 - power  # the product of 1 - x^j, j = nu + 1 ... N
            power *= inverse
            if nu % 50_000 == 0:
                exact = x**nu * value
                if exact > Decimal("1e-290"):
                    worst = max(worst, float(abs(Decimal(float(P[N - nu])) / exact - 1)))
    finally:
        getcontext().prec = 60
    assert worst < 1e-11


@given(sizes, couplings, rates)
def test_probabilities_sum_to_one_and_marginals_agree(N, g, beta):
    one, joint = single_channel(N, g, beta), two_channel(N, g, beta)
    total, law = two_channel_total(N, g, beta), thermal_law(N, g, beta)
    for P in (one, joint, total, law):
        assert np.all(P >= 0) and abs(P.sum() - 1) < 1e-13
    np.testing.assert_allclose(joint.sum(axis=1), one, atol=1e-14)
    diagonals = [np.trace(joint[::-1], n - N) for n in range(N + 1)]
    np.testing.assert_allclose(diagonals, total, atol=1e-14)


@given(sizes, couplings, rates)
def test_two_channels_are_a_chain_of_single_ones(N, g, beta):
    first, joint = single_channel(N, g, beta), two_channel(N, g, beta)
    for n1 in range(N + 1):
        second = first[n1] * single_channel(N - n1, g, beta)
        np.testing.assert_allclose(joint[n1, : N - n1 + 1], second, rtol=1e-12, atol=1e-300)


@given(st.integers(1, 30), st.floats(0.05, 1), st.floats(0.2, 20))
def test_detailed_balance_of_equation_74(N, g, beta):
    x = np.exp(-2 * np.pi * g**2 / beta)
    P, law = two_channel(N, g, beta), thermal_law(N, g, beta)
    np.testing.assert_allclose(law[1:], x * law[:-1], rtol=1e-12)
    n = N // 2
    sector = np.array([P[n - k, k] for k in range(n + 1)])
    normal = sector > 1e-290  # the digits of smaller numbers are lost
    if normal[0]:
        law = thermal_law(n, g, beta)[normal]
        np.testing.assert_allclose(sector[normal] / sector.sum(), law, rtol=1e-11)


@given(st.integers(1, 200), st.floats(0.1, 1), st.floats(0.5, 200))
def test_undissociated_molecules_are_the_last_coin_that_falls_heads(N, g, beta):
    x = np.exp(-2 * np.pi * g**2 / beta)
    at_most = np.cumsum(single_channel(N, g, beta)[::-1])
    tails = np.cumprod(1 - x ** np.arange(N, 0, -1))[::-1]  # no head beyond nu = 0 ... N-1
    np.testing.assert_allclose(at_most, np.append(tails, 1.0), atol=1e-12)


def test_three_level_model_is_the_case_of_one_molecule():
    for g, values in ((0.3, (0.322719, 0.431916, 0.245365)), (0.5, (0.043214, 0.792120, 0.164666))):
        P = two_channel(1, g, 1.0)
        assert np.allclose(demkov_osherov(g, 1.0), (P[0, 0], P[1, 0], P[0, 1]), rtol=1e-14)
        assert np.allclose(demkov_osherov(g, 1.0), values, atol=1e-6)
    x = np.exp(-2 * np.pi * 0.3**2)
    np.testing.assert_allclose(single_channel(1, 0.3, 1.0), [x, 1 - x], rtol=1e-14)


def test_limits():
    np.testing.assert_array_equal(single_channel(0, 0.7, 1), [1])
    np.testing.assert_array_equal(two_channel(0, 0.7, 1), [[1]])
    np.testing.assert_array_equal(two_channel_total(0, 0.7, 1), [1])
    np.testing.assert_array_equal(thermal_law(0, 0.7, 1), [1])
    np.testing.assert_array_equal(scattering_phases(0, 0.7, 1), [0])
    # no coupling: nothing dissociates; n pairs are shared evenly
    np.testing.assert_array_equal(single_channel(4, 0, 1), [1, 0, 0, 0, 0])
    np.testing.assert_array_equal(two_channel_total(4, 0, 1), [1, 0, 0, 0, 0])
    assert two_channel(4, 0, 1)[0, 0] == 1 and two_channel(4, 0, 1).sum() == 1
    np.testing.assert_allclose(thermal_law(4, 0, 1), 0.2)
    assert demkov_osherov(0, 1) == (1, 0, 0) and most_probable(9, 0, 1) == 0
    assert mean_numbers(9, 0, 1) == (0, 0)
    # a slow sweep: everything in the lower channel
    assert abs(single_channel(50, 3, 1)[-1] - 1) < 1e-15
    assert abs(two_channel(50, 3, 1)[50, 0] - 1) < 1e-15
    assert most_probable(50, 3, 1) == 50


@given(st.integers(0, 60), couplings, rates)
def test_mean_numbers_are_those_of_the_table(N, g, beta):
    P, n = two_channel(N, g, beta), np.arange(N + 1)
    n1, n2 = mean_numbers(N, g, beta)
    assert abs(n1 - P.sum(axis=1) @ n) < 1e-11 and abs(n2 - P.sum(axis=0) @ n) < 1e-11
    assert abs(n1 - single_channel(N, g, beta) @ n) < 1e-11


def test_means_where_the_split_is_small():
    # (n1 - n2)/n begins as s (n + 2)/6: small couplings must not drown in rounding
    N, beta = 40, 1.0
    for g in (1e-5, 1e-4, 1e-3):
        s = 2 * np.pi * g**2
        P, n = two_channel_total(N, g, beta), np.arange(N + 1)
        n1, n2 = mean_numbers(N, g, beta)
        assert abs((n1 - n2) / (P @ (s * n * (n + 2) / 6)) - 1) < 1e-4
    for s in (0.0024, 0.0025, 0.0026):  # on both sides of the switch to the series
        g = np.sqrt(s / (2 * np.pi))
        law = [thermal_law(n, g, 1.0) @ np.arange(n + 1) for n in range(N + 1)]
        assert abs(mean_numbers(N, g, 1.0)[1] - two_channel_total(N, g, 1.0) @ law) < 1e-12


@pytest.mark.parametrize(
    "X, first, second",
    [
        (0.05, 3.617e-4, 3.612e-4),
        (0.1, 0.012674, 0.011676),
        (0.15, 0.144988, 0.066244),
        (0.2, 0.350517, 0.067853),
        (0.3, 0.584690, 0.046074),
        (0.5, 0.764935, 0.027643),
        (1.0, 0.892049, 0.013819),
    ],
)
def test_means_of_a_hundred_thousand_molecules(X, first, second):
    N = 10**5
    n1, n2 = mean_numbers(N, 1.0, N / (X * np.log(N)))
    assert abs(n1 / N - first) < 6e-7 and abs(n2 / N - second) < 6e-7


@pytest.mark.parametrize(
    "q, mode, peak, mean",
    [
        (0.5, 0, 0.031623, 27.835),
        (0.76, 0, 0.0052481, 112.970),
        (0.8, 59, 0.0041787, 133.157),
        (1.0, 280, 0.0029408, 249.753),
        (2.0, 690, 0.0051004, 648.083),
        (10.0, 961, 0.025856, 952.706),
    ],
)
def test_thousand_molecules_as_in_figure_3(q, mode, peak, mean):
    P = single_channel(1000, 1.0, rate(1000, q))
    assert P.argmax() == mode == most_probable(1000, 1.0, rate(1000, q))
    assert abs(P.max() / peak - 1) < 2e-5 and abs(P @ np.arange(1001) - mean) < 6e-4


@given(st.integers(1, 400), st.floats(0.2, 1), st.floats(0.5, 300))
def test_most_probable_number(N, g, beta):
    P = single_channel(N, g, beta)
    assert P[most_probable(N, g, beta)] >= P.max() * (1 - 1e-12)


@pytest.mark.parametrize(
    "N, q", [(100, 0.73802), (1000, 0.76028), (10**4, 0.78522), (10**5, 0.80645), (10**6, 0.82396)]
)
def test_critical_rate(N, q):
    beta = critical_rate(N, 1.0)
    assert abs(2 * np.pi * N / (beta * np.log(N)) - q) < 1e-5
    assert abs(critical_rate(N, 0.3) / beta - 0.09) < 1e-15
    if N <= 1000:
        assert most_probable(N, 1.0, beta * 1.001) == 0 < most_probable(N, 1.0, beta * 0.999)
        P = single_channel(N, 1.0, beta)
        assert abs(P[0] / P[1] - 1) < 1e-11


def test_critical_rate_of_one_molecule():
    assert abs(critical_rate(1, 1.0) - 2 * np.pi / np.log(2)) < 1e-13
    assert critical_rate(7, 0.0) == 0
    x = np.exp(-2 * np.pi / critical_rate(10**12, 1.0) * np.array([1, 10.0**12]))
    assert abs(-np.expm1(-2 * np.pi / critical_rate(10**12, 1.0)) / x[1] - 1) < 1e-11


# ---------------------------------------------------------------- Hamiltonians from bosons


def bosons(modes, cutoff):
    """Annihilation operators of so many modes."""
    a, one = qutip.destroy(cutoff), qutip.qeye(cutoff)
    return [qutip.tensor([a if k == i else one for k in range(modes)]) for i in range(modes)]


def elements(operator, states):
    """Its matrix between the given products of number states."""
    flat = np.ravel_multi_index(np.transpose(states), operator.dims[0])
    return operator.full()[np.ix_(flat, flat)]


@pytest.mark.parametrize("t", [-2.0, 0.0, 0.7])
def test_one_channel_hamiltonian_from_bosons(t):
    N, g, beta = 3, 0.4, 1.3
    psi, a, b = bosons(3, N + 1)
    H = beta * t * psi.dag() * psi + g * (psi.dag() * a * b + psi * a.dag() * b.dag())
    states = [(N - m, m, m) for m in range(N + 1)]
    H_ours = one_channel_hamiltonian(N, g, beta)
    assert isinstance(H_ours, qutip.QobjEvo)
    np.testing.assert_allclose(H_ours(t).full(), elements(H, states), atol=1e-13)


@pytest.mark.parametrize("g2", [None, 0.6])
def test_two_channel_hamiltonian_from_bosons(g2):
    N, g, beta, epsilon, t = 2, 0.4, 1.3, 0.2, -0.8
    psi, a1, b1, a2, b2 = bosons(5, N + 1)
    H = beta * t * psi.dag() * psi
    H += epsilon * (a2.dag() * a2 + b2.dag() * b2 - a1.dag() * a1 - b1.dag() * b1)
    mixing = psi.dag() * (g * a1 * b1 + (g2 or g) * a2 * b2)
    H += mixing + mixing.dag()
    n1, n2 = two_channel_states(N)
    states = [(N - a - b, a, a, b, b) for a, b in zip(n1, n2, strict=True)]
    ours = two_channel_hamiltonian(N, g, beta, epsilon, g2)(t).full()
    np.testing.assert_allclose(ours, elements(H, states), atol=1e-13)


def test_two_channel_states():
    n1, n2 = two_channel_states(2)
    assert list(zip(n1, n2, strict=True)) == [(0, 0), (1, 0), (0, 1), (2, 0), (1, 1), (0, 2)]


@pytest.mark.parametrize("t", [0.3, 20.0])
def test_effective_hamiltonian_from_bosons(t):
    n, g, beta, epsilon = 2, 0.7, 1.9, 0.3
    a1, b1, a2, b2 = bosons(4, n + 1)
    pairs = a1 * b1 + a2 * b2
    H = epsilon * (a2.dag() * a2 + b2.dag() * b2 - a1.dag() * a1 - b1.dag() * b1)
    H -= g**2 / (beta * t) * pairs.dag() * pairs
    states = [(n - k, n - k, k, k) for k in range(n + 1)]
    ours = effective_hamiltonian(n, g, beta, epsilon)(t).full()
    np.testing.assert_allclose(ours, elements(H, states), atol=1e-13)


def test_state_71_is_the_ground_state_at_early_times():
    n, g, beta = 6, 0.7, 1.9
    H = 1e-9 * effective_hamiltonian(n, g, beta, 0.3)(1e-9)
    energy, state = H.groundstate()
    assert abs(energy + g**2 / beta * n * (n + 1)) < 1e-7
    np.testing.assert_allclose(abs(state.full()[:, 0]), (n + 1) ** -0.5, atol=1e-7)


# ---------------------------------------------------------------- the moving frame


def two_channel_terms(N, g, beta, epsilon):
    n1, n2 = two_channel_states(N)
    levels = beta * (N - n1 - n2)
    constant = two_channel_hamiltonian(N, g, beta, epsilon)(0).full()
    return {-1: sp.csr_array(np.diag(levels)), 0: sp.csr_array(constant)}, levels


def test_frame_leaves_no_transitions_and_yields_the_effective_hamiltonian():
    N, g, beta, epsilon = 3, 0.7, 1.9, 0.3
    terms, levels = two_channel_terms(N, g, beta, epsilon)
    _, rest = moving_frame.frame(terms, levels, -1)
    different = np.not_equal.outer(levels, levels)
    for p in range(moving_frame.ORDER):
        assert abs(rest[p].toarray()[different]).max() < 1e-12
    # first order: Eq. (72), and a shift in each sector from the molecules that could still split
    n1, n2 = two_channel_states(N)
    for n in range(1, N + 1):
        sector = np.flatnonzero(n1 + n2 == n)
        ours = rest[1].toarray()[np.ix_(sector, sector)]
        H = effective_hamiltonian(n, g, beta, epsilon)
        expected = (H(1) - H(1e30)).full()
        shift = g**2 / beta * (N - n) * (2 * n + 2)
        np.testing.assert_allclose(ours - shift * np.eye(n + 1), expected, atol=1e-12)


def test_frame_without_motion_is_that_of_the_eigenstates():
    N, g, beta, t = 6, 0.3, 1.0, 12.0
    H = one_channel_hamiltonian(N, g, beta)
    constant, slope = H(0).full(), (H(1) - H(0)).full()
    terms = {-1: sp.csr_array(slope), 0: sp.csr_array(constant)}
    generators, rest = moving_frame.frame(terms, np.diag(slope).real, -1, moving=False)
    _, vectors = np.linalg.eigh(H(t).full())
    amplitudes, error = moving_frame.read(generators, t, vectors[:, 0].astype(complex))
    assert abs(abs(amplitudes[-1]) - 1) < 1e-9 and error < 1e-6
    energy = sum(matrix.toarray()[-1, -1] * t**-p for p, matrix in rest.items())
    assert abs(energy - H(t).eigenenergies()[0]) < 1e-8
    first, error = moving_frame.first_axis(generators, -t)
    _, vectors = np.linalg.eigh(H(-t).full())
    assert abs(abs(vectors[:, 0] @ first) - 1) < 1e-9 and error < 1e-7


@given(st.integers(0, 10**6))
def test_exponential_of_a_large_generator(seed):
    rng = np.random.default_rng(seed)
    M = rng.normal(size=(5, 5)) + 1j * rng.normal(size=(5, 5))
    S, psi = 5 * (M - M.conj().T), rng.normal(size=5) + 0j
    levels, vectors = np.linalg.eigh(1j * S)
    exact = vectors @ (np.exp(-1j * levels) * (vectors.conj().T @ psi))
    np.testing.assert_allclose(moving_frame._exponential(S, psi), exact, atol=1e-11)


# ---------------------------------------------------------------- sweeps


def plain(H, size, T):
    """QuTiP as it comes, in the Schrodinger picture."""
    start = qutip.basis(size, 0)
    return qutip.sesolve(H, start, [-T, T], options=STRICT).final_state.full()[:, 0]


def test_one_channel_against_plain_sesolve():
    N, g, beta, T = 4, 0.5, 1.0, 6.0
    psi = plain(one_channel_hamiltonian(N, g, beta), N + 1, T)
    sweep = evolve(N, g, beta, T=T, readout="diabatic", tolerance=1, times=[-T, 0, T])
    np.testing.assert_allclose(sweep.state, psi, atol=1e-8)
    np.testing.assert_allclose(sweep.probabilities, abs(psi) ** 2, atol=1e-8)
    np.testing.assert_allclose(sweep.states[-1], psi, atol=1e-8)
    np.testing.assert_allclose(abs(sweep.states[0]), [1, 0, 0, 0, 0], atol=1e-14)
    assert sweep.T == T and sweep.begin == -T and sweep.amplitudes is None


@pytest.mark.parametrize("g2", [None, 0.7])
def test_two_channels_against_plain_sesolve_from_bosons(g2):
    N, g, beta, epsilon, T = 2, 0.4, 1.3, 0.3, 4.0
    psi, a1, b1, a2, b2 = bosons(5, N + 1)
    mixing = psi.dag() * (g * a1 * b1 + (g2 or g) * a2 * b2)
    H = epsilon * (a2.dag() * a2 + b2.dag() * b2 - a1.dag() * a1 - b1.dag() * b1)
    H = qutip.QobjEvo([H + mixing + mixing.dag(), [beta * psi.dag() * psi, lambda t: t]])
    start = qutip.basis([N + 1] * 5, [N, 0, 0, 0, 0])
    end = qutip.sesolve(H, start, [-T, T], options=STRICT).final_state
    n1, n2 = two_channel_states(N)
    sweep = evolve(N, g, beta, epsilon, T, g2, "diabatic", tolerance=1)
    for a, b, amplitude in zip(n1, n2, sweep.state, strict=True):
        exact = qutip.basis([N + 1] * 5, [N - a - b, a, a, b, b]).overlap(end)
        assert abs(amplitude - exact) < 1e-8
        assert abs(sweep.probabilities[a, b] - abs(exact) ** 2) < 1e-8


@pytest.mark.parametrize("N, q", [(1, None), (2, 1), (3, 0.5), (10, 1), (10, 4), (60, 1.5)])
def test_one_channel_meets_the_law(N, q):
    beta = rate(N, q) if q else 4.0
    sweep = evolve(N, 1.0, beta)
    error = abs(sweep.probabilities - single_channel(N, 1.0, beta)).max()
    assert error <= sweep.estimate <= 1e-8
    exact = np.sqrt(single_channel(N, 1.0, beta)) * np.exp(1j * scattering_phases(N, 1.0, beta))
    assert abs(sweep.amplitudes - exact).max() < 2e-8
    np.testing.assert_allclose(abs(sweep.state) ** 2, sweep.probabilities, atol=1e-15)


@pytest.mark.parametrize("g", [0.2, 0.5, 1.0])
def test_scattering_phases_as_in_figure_4(g):
    values = {
        0.2: (-0.0225, 0.0235, 0.1376),
        0.5: (-0.0231, 0.2209, 0.6819),
        1.0: (1.6566, 1.5270, -0.8814),
    }
    change = scattering_phases(3, g, 1.0) - scattering_phases(3, 0.0, 1.0)
    np.testing.assert_allclose(change[1:], values[g], atol=6e-5)
    np.testing.assert_allclose(scattering_phases(3, 0.0, 1.0), 1.25 * np.pi * np.arange(4))
    amplitudes = evolve(3, g, 1.0, tolerance=1e-10).amplitudes
    turn = np.angle(amplitudes * np.exp(-1j * scattering_phases(3, g, 1.0)))
    assert abs(turn).max() < 1e-6


@pytest.mark.parametrize(
    "N, g, beta, epsilon",
    [
        (1, 0.3, 1.0, 0.5),
        (1, 0.3, 1.0, 1e-4),
        (3, 0.5, 2.0, 1.0),
        (10, 1.0, 25.0, 0.5),
        (10, 1.0, 7.0, 0.05),
        (6, 1.0, 7.0, 10.0),
    ],
)
def test_two_channels_meet_the_law_for_every_epsilon(N, g, beta, epsilon):
    sweep = evolve(N, g, beta, epsilon)
    error = abs(sweep.probabilities - two_channel(N, g, beta)).max()
    assert error <= sweep.estimate <= 1e-8


def test_forty_molecules_in_two_channels():
    beta = rate(40, 1.5)
    sweep = evolve(40, 1.0, beta, 0.5, tolerance=1e-7)
    assert abs(sweep.probabilities - two_channel(40, 1.0, beta)).max() < 1e-7


def test_hundred_molecules_in_one_channel():
    beta = rate(100, 3.0)
    sweep = evolve(100, 1.0, beta)
    assert abs(sweep.probabilities - single_channel(100, 1.0, beta)).max() < 1e-8


@pytest.mark.parametrize("epsilon", [None, 0.5])
def test_readouts_and_their_estimates(epsilon):
    N, beta, T = 10, rate(10, 1), 5.0
    exact = (single_channel if epsilon is None else two_channel)(N, 1.0, beta)
    errors = []
    for readout in reactions.READOUTS:
        sweep = evolve(N, 1.0, beta, epsilon, T, readout=readout, tolerance=1)
        errors.append(abs(sweep.probabilities - exact).max())
        assert errors[-1] <= sweep.estimate
        assert abs(sweep.probabilities.sum() - 1) < 1e-6
    assert errors[0] < 1e-6 and 100 * errors[0] < 10 * errors[1] < errors[2]


@pytest.mark.parametrize("readout", ["adiabatic", "diabatic"])
def test_readout_against_the_eigenstates(readout):
    N, g, beta, epsilon, T = 4, 0.5, 2.0, 0.4, 12.0
    sweep = evolve(N, g, beta, epsilon, T, readout=readout, tolerance=1, times=[T])
    vectors = np.eye(15)
    if readout == "adiabatic":
        _, vectors = np.linalg.eigh(two_channel_hamiltonian(N, g, beta, epsilon)(T).full())
        # energies at late times: few molecules first, then few pairs in the upper channel
        n1, n2 = two_channel_states(N)
        vectors = vectors[:, np.argsort(np.lexsort((n2, -n1 - n2)))]
    populations = abs(vectors.conj().T @ sweep.states[0]) ** 2
    n1, n2 = two_channel_states(N)
    np.testing.assert_allclose(sweep.probabilities[n1, n2], populations, atol=1e-7)


def test_short_time_is_warned_of():
    with pytest.warns(UserWarning, match="T = 0.8 is too short for tolerance = 1e-08: .* off by"):
        sweep = evolve(10, 1.0, rate(10, 1), T=0.8)
    error = abs(sweep.probabilities - single_channel(10, 1.0, rate(10, 1))).max()
    assert 1e-8 < error <= sweep.estimate
    with pytest.warns(UserWarning, match="too short"):
        evolve(10, 1.0, rate(10, 1), T=5, readout="diabatic", tolerance=1e-4)
    with pytest.warns(UserWarning, match="off by 1.0e[+]00"):
        evolve(100, 1.0, 50.0, T=1e-3)
    with pytest.warns(UserWarning, match="T = 1 is too short"):
        redistribute(50, 1.0, 50.0, T=1)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        evolve(10, 1.0, rate(10, 1), T=5)


def test_finer_tolerance_means_smaller_error():
    beta, errors = rate(10, 1), []
    for tolerance in (1e-4, 1e-6, 1e-8, 1e-10):
        sweep = evolve(10, 1.0, beta, tolerance=tolerance)
        errors.append(abs(sweep.probabilities - single_channel(10, 1.0, beta)).max())
        assert errors[-1] <= sweep.estimate <= tolerance
    assert errors == sorted(errors, reverse=True)


def test_unequal_couplings():
    # one molecule: independent crossings remain exact
    x1, x2 = np.exp(-2 * np.pi * np.array([0.3, 0.4]) ** 2)
    P = evolve(1, 0.3, 1.0, 0.5, g2=0.4).probabilities
    np.testing.assert_allclose(
        [P[0, 0], P[1, 0], P[0, 1]], [x1 * x2, 1 - x1, x1 * (1 - x2)], atol=1e-8
    )
    # more: the asymmetry depends on epsilon
    n, beta, found = np.arange(11), rate(10, 4), []
    for epsilon in (3, 0.3, 0.1, 0.03):
        P = evolve(10, 1.0, beta, epsilon, g2=1.1).probabilities
        n1, n2 = P.sum(axis=1) @ n, P.sum(axis=0) @ n
        found.append((n1 - n2) / (n1 + n2))
    np.testing.assert_allclose(found, [0.851, 0.839, 0.727, 0.339], atol=1.2e-3)


def test_what_happens_after_T_is_what_a_long_sweep_shows():
    # unequal couplings: no law to lean on. T = 60 is long enough for the adiabatic readout
    short = evolve(3, 0.5, 1.0, 0.5, g2=0.6)
    long = evolve(3, 0.5, 1.0, 0.5, T=60, g2=0.6, readout="adiabatic", tolerance=1)
    assert short.T < 30 < long.T
    assert abs(short.probabilities - long.probabilities).max() < long.estimate < 1e-4


def test_no_coupling():
    np.testing.assert_array_equal(evolve(3, 0, 1.0).probabilities, [1, 0, 0, 0])
    assert evolve(3, 0, 1.0, 0.5).probabilities[0, 0] == 1
    np.testing.assert_allclose(redistribute(4, 0, 1.0), 0.2, atol=1e-10)


# ---------------------------------------------------------------- sharing the pairs


@pytest.mark.parametrize("n, beta, epsilon", [(1, 2.0, 1.0), (7, 3.0, 0.2), (50, 50.0, 1.0)])
def test_redistribution_ends_in_the_thermal_law(n, beta, epsilon):
    P = redistribute(n, 1.0, beta, epsilon)
    np.testing.assert_allclose(P, thermal_law(n, 1.0, beta), atol=1e-8)


def test_redistribution_of_figure_7():
    values = [0.118283, 0.063103, 0.033665, 0.009581, 0.002727, 0.000776, 0.000221]
    P = redistribute(50, 1.0, 50.0, 1.0, T=100)
    np.testing.assert_allclose(P, thermal_law(50, 1.0, 50.0), atol=1e-7)
    # n2 - n1 = -50, -40, -30, -10, 10, 30, 50
    np.testing.assert_allclose(P[[0, 5, 10, 20, 30, 40, 50]], values, atol=6e-7)


def test_redistribution_against_plain_sesolve():
    n, g, beta, epsilon, T = 3, 0.7, 1.9, 0.3, 30.0
    start = qutip.Qobj(np.full(n + 1, 0.5))
    # the first state is an eigenstate up to epsilon t, so that a start at 1e-6 is early enough
    H = effective_hamiltonian(n, g, beta, epsilon)
    psi = qutip.sesolve(H, start, [1e-6, T], options=STRICT).final_state.full()[:, 0]
    diabatic = redistribute(n, g, beta, epsilon, T, "diabatic")
    np.testing.assert_allclose(diabatic, abs(psi) ** 2, atol=2e-6)
    _, vectors = np.linalg.eigh(H(T).full())
    adiabatic = redistribute(n, g, beta, epsilon, T, "adiabatic")
    np.testing.assert_allclose(adiabatic, abs(vectors.conj().T @ psi) ** 2, atol=2e-6)
    law = thermal_law(n, g, beta)
    assert abs(adiabatic - law).max() < 0.1 * abs(diabatic - law).max()


def test_second_act_against_redistribution():
    n, g, beta, epsilon = 6, 0.7, 1.9, 0.3
    times = [0.01, 1.0, 30.0]
    states = second_act(n, g, beta, times, epsilon)
    assert len(states) == 3
    for T, state in zip(times, states, strict=True):
        diabatic = redistribute(n, g, beta, epsilon, T, "diabatic")
        np.testing.assert_allclose(diabatic, abs(state.full()[:, 0]) ** 2, atol=2e-6)


@pytest.mark.parametrize("gamma, first", [(0.09, 0.637721), (0.3, 0.868179), (1.0, 0.998136)])
def test_one_pair_is_equation_18(gamma, first):
    law = thermal_law(1, gamma**0.5, 1.0)
    assert abs(law[0] - first) < 1e-6
    np.testing.assert_allclose(redistribute(1, gamma**0.5, 1.0, 0.7), law, atol=1e-8)


# ---------------------------------------------------------------- bad input

LAWS = [single_channel, two_channel, two_channel_total, mean_numbers, most_probable]
LAWS += [thermal_law, scattering_phases, one_channel_hamiltonian]
BAD = [
    *[
        (lambda f=f, a=arguments: f(*a), kind, words)
        for f in LAWS
        for arguments, kind, words in (
            ((-1, 1.0, 1.0), ValueError, [" = -1", "integer >= "]),
            ((2.5, 1.0, 1.0), ValueError, [" = 2.5", "integer >= "]),
            ((np.nan, 1.0, 1.0), ValueError, [" = nan", "integer >= "]),
            (("5", 1.0, 1.0), TypeError, [" = '5'", "integer >= "]),
            ((None, 1.0, 1.0), TypeError, [" = None", "integer >= "]),
            ((5, np.nan, 1.0), ValueError, ["g = nan", "finite"]),
            ((5, -0.1, 1.0), ValueError, ["g = -0.1", ">= 0"]),
            ((5, 1j, 1.0), TypeError, ["g = 1j", "real number"]),
            ((5, 1.0, 0), ValueError, ["beta = 0", "> 0"]),
            ((5, 1.0, -2.0), ValueError, ["beta = -2.0", "> 0"]),
            ((5, 1.0, np.inf), ValueError, ["beta = inf", "finite"]),
            ((5, 1.0, "1"), TypeError, ["beta = '1'", "real number"]),
        )
    ],
    (lambda: demkov_osherov(np.nan, 1.0), ValueError, ["g = nan", "finite"]),
    (lambda: demkov_osherov(0.3, 0.0), ValueError, ["beta = 0.0", "> 0"]),
    (lambda: critical_rate(0, 1.0), ValueError, ["N = 0", ">= 1"]),
    (lambda: critical_rate(10, -1.0), ValueError, ["g = -1.0", ">= 0"]),
    (lambda: critical_rate(10.5, 1.0), ValueError, ["N = 10.5", "integer"]),
    (lambda: one_channel_hamiltonian(0, 1.0, 1.0), ValueError, ["N = 0", ">= 1"]),
    (lambda: two_channel_states(-1), ValueError, ["N = -1", ">= 0"]),
    (lambda: two_channel_hamiltonian(3, 1.0, 1.0, 0), ValueError, ["epsilon = 0", "> 0"]),
    (lambda: two_channel_hamiltonian(3, 1.0, 1.0, 1.0, -1), ValueError, ["g2 = -1", ">= 0"]),
    (lambda: effective_hamiltonian(0, 1.0, 1.0, 1.0), ValueError, ["n = 0", ">= 1"]),
    (lambda: effective_hamiltonian(3, 1.0, 1.0, -1.0), ValueError, ["epsilon = -1.0", "> 0"]),
    *[
        (lambda change=change: evolve(**({"N": 3, "g": 0.5, "beta": 1.0} | change)), kind, words)
        for change, kind, words in (
            ({"N": 0}, ValueError, ["N = 0", ">= 1"]),
            ({"N": 3.5}, ValueError, ["N = 3.5", "integer"]),
            ({"N": "3"}, TypeError, ["N = '3'", "integer"]),
            ({"g": np.nan}, ValueError, ["g = nan", "finite"]),
            ({"beta": 0}, ValueError, ["beta = 0", "> 0"]),
            ({"beta": -1}, ValueError, ["beta = -1", "> 0"]),
            ({"epsilon": 0}, ValueError, ["epsilon = 0", "> 0"]),
            ({"epsilon": -0.5}, ValueError, ["epsilon = -0.5", "> 0"]),
            ({"epsilon": np.nan}, ValueError, ["epsilon = nan", "finite"]),
            ({"T": 0}, ValueError, ["T = 0", "> 0"]),
            ({"T": -5.0}, ValueError, ["T = -5.0", "> 0"]),
            ({"T": np.inf}, ValueError, ["T = inf", "finite"]),
            ({"g2": 0.5}, ValueError, ["g2 = 0.5", "one channel"]),
            ({"epsilon": 1.0, "g2": np.nan}, ValueError, ["g2 = nan", "finite"]),
            ({"readout": "exact"}, ValueError, ["readout = 'exact'", "'diabatic'"]),
            ({"tolerance": 0}, ValueError, ["tolerance = 0", "(0, 1]"]),
            ({"tolerance": 2}, ValueError, ["tolerance = 2", "(0, 1]"]),
            ({"times": [0.0]}, ValueError, ["times = [0.0]", "T is given"]),
            ({"T": 1.0, "times": [0, 2]}, ValueError, ["times = [0, 2]", "[-1, 1]"]),
            ({"T": 1.0, "times": [0.5, 0]}, ValueError, ["times = [0.5, 0]", "ascending"]),
            ({"T": 1.0, "times": "now"}, TypeError, ["times = 'now'", "real numbers"]),
        )
    ],
    (lambda: redistribute(0, 1.0, 1.0), ValueError, ["n = 0", ">= 1"]),
    (lambda: redistribute(3, 1.0, 0.0), ValueError, ["beta = 0.0", "> 0"]),
    (lambda: redistribute(3, 1.0, 1.0, 0.0), ValueError, ["epsilon = 0.0", "> 0"]),
    (lambda: redistribute(3, 1.0, 1.0, T=-1), ValueError, ["T = -1", "> 3.33333e-11"]),
    (lambda: redistribute(3, 1.0, 1.0, T=1e-12), ValueError, ["T = 1e-12", "> 3.33333e-11"]),
    (lambda: redistribute(3, 1.0, 1.0, readout="?"), ValueError, ["readout = '?'"]),
    (lambda: second_act(0, 1.0, 1.0, [1.0]), ValueError, ["n = 0", ">= 1"]),
    (lambda: second_act(3, 1.0, 1.0, [2.0, 1.0]), ValueError, ["times = [2.0, 1.0]", "ascending"]),
    (
        lambda: second_act(3, 1.0, 1.0, [0.0, 1.0]),
        ValueError,
        ["times = [0.0, 1.0]", ">= 3.33333e-07"],
    ),
    (lambda: second_act(3, 1.0, 1.0, [np.nan]), ValueError, ["times", "finite"]),
    (lambda: second_act(3, 1.0, 1.0, [1.0], 0.0), ValueError, ["epsilon = 0.0", "> 0"]),
]


@pytest.mark.parametrize("call, kind, words", BAD)
def test_bad_input_is_named(call, kind, words):
    check_is_named(call, kind, words)
