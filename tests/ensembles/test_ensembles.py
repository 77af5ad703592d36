"""Paper 2: counting and spectra by brute force, phase lines by direct minimisation, tables."""

import tracemalloc
from math import comb, lgamma, log

import numpy as np
import pytest
import qutip
from bad_input import check_is_named
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.optimize import brentq, minimize, minimize_scalar
from scipy.special import logsumexp

from lmgbook import ensembles as ens
from lmgbook.ensembles import SectorSpectrum
from lmgbook.lmg import LMG

# ---------------------------------------------------------------- independent routes


def multiplets(N):
    """g(S) as exact integers, S = N/2, N/2 - 1, ..."""
    binomials = [comb(N, k) for k in range(N // 2 + 1)]
    return [b - a for a, b in zip([0, *binomials], binomials, strict=False)]


def arrow_energy(s, m, h, K):
    """Eq. (13), written out once more."""
    return -(s**2) * m**2 - K * s**4 * m**4 - h * s * np.sqrt(1 - m**2)


def coin_entropy(s):
    up, down = (1 + s) / 2, (1 - s) / 2
    return -up * np.log(up) - np.where(down > 0, down * np.log(np.maximum(down, 1e-300)), 0.0)


def free_energy(w, m, beta, h, K):
    """Eq. (19) at s = tanh(w)."""
    s = np.tanh(w)
    return arrow_energy(s, m, h, K) - coin_entropy(s) / beta


def minimum(beta, h, K, least=0.0):
    """Global minimum of Eq. (19) with m >= least: a grid in two dimensions, then a search."""
    limit = beta * (h + 2 + 4 * K) + 1
    low = np.arcsin(least)
    # m = sin(angle): smooth at m = 1 too
    w, angle = np.linspace(0, limit, 201)[:, None], np.linspace(low, np.pi / 2, 121)
    values = free_energy(w, np.sin(angle), beta, h, K)
    i, j = np.unravel_index(values.argmin(), values.shape)
    best = minimize(
        lambda x: free_energy(x[0], np.sin(max(x[1], low)), beta, h, K),
        [w[i, 0], angle[j]],
        method="Nelder-Mead",
        options={"xatol": 1e-8, "fatol": 1e-14, "maxiter": 1000},
    )
    return min(best.fun, values[i, j])


def paramagnet(beta, h):
    return -np.logaddexp(beta * h, -beta * h) / beta


def lowest_arrow(s, h, K, least=0.0):
    """Lowest energy at fixed s over m >= least: a grid, then a bounded search."""
    m = np.linspace(least, 1, 801)
    i = np.clip(arrow_energy(s, m, h, K).argmin(), 1, 799)
    best = minimize_scalar(
        lambda x: arrow_energy(s, x, h, K),
        bounds=(m[i - 1], m[i + 1]),
        method="bounded",
        options={"xatol": 1e-12},
    )
    return best.fun, best.x


def slope(f, x, dx):
    """Derivative, fourth order."""
    return (8 * (f(x + dx) - f(x - dx)) - f(x + 2 * dx) + f(x - 2 * dx)) / (12 * dx)


# ---------------------------------------------------------------- counting


@pytest.mark.parametrize("N", [*range(1, 13), 50, 51])
def test_degeneracy_in_whole_numbers(N):
    g = multiplets(N)
    spins = N / 2 - np.arange(len(g))
    assert sum(n * (N - 2 * k + 1) for k, n in enumerate(g)) == 2**N
    assert sum(g) == comb(N, N // 2)
    np.testing.assert_allclose(np.exp(ens.log_degeneracy(N, spins)), g, rtol=1e-12)


def test_degeneracy_by_the_total_spin_operator():
    N = 6
    total = [
        sum(
            qutip.tensor([op / 2 if i == site else qutip.qeye(2) for i in range(N)])
            for site in range(N)
        )
        for op in (qutip.sigmax(), qutip.sigmay(), qutip.sigmaz())
    ]
    squares = sum(S**2 for S in total).eigenenergies()
    for S in range(4):
        states = np.sum(np.abs(squares - S * (S + 1)) < 1e-9)
        assert abs(np.exp(ens.log_degeneracy(N, S)) * (2 * S + 1) - states) < 1e-9


def test_log_degeneracy_of_ten_thousand_spins():
    N = 10_000
    S = np.arange(N // 2, -1, -1)
    value = ens.log_degeneracy(N, S)
    binomial, exact = 1, [0.0]
    for k in range(1, N // 2 + 1):
        before, binomial = binomial, binomial * (N - k + 1) // k
        exact.append(log(binomial - before))
    np.testing.assert_allclose(value, exact, rtol=0, atol=1e-9)
    assert abs(logsumexp(value, b=2 * S + 1) - N * log(2)) < 1e-9
    assert abs(logsumexp(value) - lgamma(N + 1) + 2 * lgamma(N / 2 + 1)) < 1e-9


def test_entropy():
    assert ens.entropy(1) == 0 and isinstance(ens.entropy(0.3), float)
    assert abs(ens.entropy(0) - log(2)) < 1e-15
    s = np.array([[0.05, 0.3], [0.7, 0.95]])
    assert ens.entropy(s).shape == (2, 2)
    np.testing.assert_allclose(slope(ens.entropy, s, 1e-3), -np.arctanh(s), atol=1e-6)
    # Stirling, with the terms of order ln N and 1
    N = 10**6
    rest = ens.log_degeneracy(N, s * N / 2) - N * ens.entropy(s) + np.log(N) / 2
    constant = np.log(2 * s / (1 + s) * np.sqrt(2 / (np.pi * (1 - s**2))))
    np.testing.assert_allclose(rest, constant, atol=1e-4)


# ---------------------------------------------------------------- the exact spectrum


def single_spin_levels(N, h, K):
    """All 2^N levels from operators of single spins, in two halves of flip parity."""
    z, x = (
        sum(
            qutip.tensor([op if i == site else qutip.qeye(2) for i in range(N)])
            for site in range(N)
        )
        for op in (qutip.sigmaz(), qutip.sigmax())
    )
    H = (-(z**2) / N - h * x - K / N**3 * z**4).full().real
    half = 2**N // 2  # the flip reverses the order of QuTiP's basis
    corner, mirror = H[:half, :half], H[:half, ::-1][:, :half]
    return np.sort(np.concatenate([np.linalg.eigvalsh(corner + sign * mirror) for sign in (1, -1)]))


def ladder(spectrum):
    copies = np.exp(spectrum.log_weights)
    assert np.all(np.abs(copies - copies.round()) < 1e-9 * copies)
    return np.sort(np.repeat(spectrum.energies, copies.round().astype(int)))


@pytest.mark.parametrize("N", [4, 5, 6, 7, 8, 9, 10])
def test_sectors_are_all_the_states(N):
    h, K = 1.3, 0.7
    brute, spectrum = single_spin_levels(N, h, K), SectorSpectrum(N, h, K)
    np.testing.assert_allclose(ladder(spectrum), brute, rtol=0, atol=1e-12)
    for beta in (0.01, 0.9, 5.0):
        assert abs(spectrum.log_partition(beta) - logsumexp(-beta * brute)) < 1e-12
    if N == 8:
        assert abs(spectrum.log_partition(0.9) - 14.697911106) < 1e-9


@pytest.mark.parametrize("N", [1, 2, 3, 4, 7, 10])
@pytest.mark.parametrize("h, K", [(1.3, 0.7), (0.0, 0.4), (2.0, 0.0), (0.6, -0.3)])
def test_sectors_by_jmat(N, h, K):
    levels = []
    for k, copies in enumerate(multiplets(N)):
        S = N / 2 - k
        if S == 0:
            levels += [0.0] * copies
            continue
        z, x = qutip.jmat(S, "z"), qutip.jmat(S, "x")
        H = -4 / N * z**2 - 2 * h * x - 16 * K / N**3 * z**4
        levels += list(H.eigenenergies()) * copies
    np.testing.assert_allclose(ladder(SectorSpectrum(N, h, K)), np.sort(levels), atol=1e-12)


@given(st.integers(1, 60), st.floats(-3, 3), st.floats(0, 2))
def test_spectrum_properties(N, h, K):
    spectrum = SectorSpectrum(N, h, K)
    order = np.argsort(spectrum.energies)
    flipped = SectorSpectrum(N, -h, K)
    np.testing.assert_allclose(np.sort(flipped.energies), spectrum.energies[order], atol=1e-10)
    weights = np.exp(spectrum.log_weights - N * log(2))
    assert abs(weights.sum() - 1) < 1e-10
    # the trace of H: <M^2> = N and <M^4> = 3N^2 - 2N for independent spins
    mean = -1 - K * (3 * N - 2) / N**2
    assert abs(weights @ spectrum.energies - mean) < 1e-9
    # the variance of H: the field adds N h^2, and M^2, M^4 do not correlate with it
    M = np.arange(-N, N + 1, 2)
    p = np.array([comb(N, k) / 2**N for k in range(N + 1)])
    classical = -(M**2) / N - K * M**4 / N**3
    variance = p @ classical**2 - (p @ classical) ** 2 + N * h**2
    np.testing.assert_allclose(
        weights @ (spectrum.energies - mean) ** 2, variance, rtol=1e-9, atol=1e-9
    )
    lowest = LMG(N, 1.0, h, K).energies(1)[0]
    assert abs(spectrum.energies.min() - lowest) < 1e-10


@given(st.floats(0, 3), st.floats(0, 1.5), st.floats(0.05, 4), st.floats(0.05, 4))
def test_exact_free_energy_is_convex_and_its_derivatives_are_the_moments(h, K, one, other):
    spectrum = SectorSpectrum(20, h, K)
    low, high = sorted((one, other))
    middle = spectrum.log_partition((low + high) / 2)
    assert middle <= (spectrum.log_partition(low) + spectrum.log_partition(high)) / 2 + 1e-12
    energy, specific_heat = spectrum.moments(one)
    step = 1e-3 * one
    assert abs(slope(spectrum.log_partition, one, step) / 20 + energy) < 1e-6
    temperature = slope(lambda T: spectrum.moments(1 / T)[0], 1 / one, 1e-3 / one)
    assert abs(temperature - specific_heat) < 1e-5 * (1 + specific_heat)
    assert abs(spectrum.free_energy(one) + spectrum.log_partition(one) / (20 * one)) < 1e-12


def test_limits_of_the_partition_function():
    spectrum = SectorSpectrum(400, 1.0, 0.9)
    assert abs(spectrum.log_partition(1e-12) - 400 * log(2)) < 1e-9
    assert abs(spectrum.free_energy(1e4) - spectrum.energies.min() / 400) < 1e-6
    np.testing.assert_allclose(spectrum.moments(1e4), (spectrum.energies.min() / 400, 0), atol=1e-9)


def test_thousand_spins_in_little_memory():
    tracemalloc.start()
    spectrum = SectorSpectrum(1000, 1.0, 0.9)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(spectrum.energies) == 501**2
    assert peak < 200e6
    temperatures = [spectrum.microcanonical_temperature(e) for e in (-1.4, -1.0, -0.4)]
    np.testing.assert_allclose(temperatures, [2.9645, 2.9170, 2.3915], atol=1e-4)


# ---------------------------------------------------------------- critical and tricritical points

TRICRITICAL = [  # beta, h, K canonical, K microcanonical
    (3, 1.999975, 0.249969, 0.250006),
    (2, 1.998651, 0.248987, 0.250338),
    (1.5, 1.989803, 0.244862, 0.252569),
    (1, 1.915008, 0.227317, 0.272683),
    (0.75, 1.717119, 0.205422, 0.339156),
    (0.6, 1.317139, 0.184717, 0.576417),
    (0.51, 0.481254, 0.168646, 4.31769),
]


@pytest.mark.parametrize("beta, h, canonical, microcanonical", TRICRITICAL)
def test_tricritical_points(beta, h, canonical, microcanonical):
    assert abs(ens.critical_field(beta) - h) < 6e-7
    for ensemble, K in (("canonical", canonical), ("microcanonical", microcanonical)):
        point = ens.tricritical_point(beta, ensemble)
        assert abs(point[0] - h) < 6e-7 and abs(point[1] - K) < 6e-6


@given(st.floats(0.5001, 60))
def test_critical_line_properties(beta):
    h = ens.critical_field(beta)
    assert 0 < h <= 2 and abs(h / 2 - np.tanh(beta * h)) < 1e-13
    (_, canonical), (_, microcanonical) = (ens.tricritical_point(beta, e) for e in ens.ENSEMBLES)
    ratio = 1 - 2 * beta * (1 - h**2 / 4)
    assert abs(canonical / microcanonical - ratio) < 1e-12 and 0 < ratio <= 1
    assert 1 / 6 < canonical <= 1 / 4 <= microcanonical
    # the same at fixed field
    if h < 1.9999:
        s = h / 2
        assert abs(canonical - (1 - (1 - s**2) * np.arctanh(s) / s) / h**2) < 1e-9
        assert abs(microcanonical - 1 / h**2) < 1e-9 * microcanonical


def test_both_shifts_are_equal_at_temperature_one():
    shifts = {e: abs(ens.tricritical_point(1.0, e)[1] - 0.25) for e in ens.ENSEMBLES}
    assert abs(shifts["canonical"] - shifts["microcanonical"]) < 1e-14
    for T, larger in ((0.7, "canonical"), (1.4, "microcanonical")):
        shifts = {e: abs(ens.tricritical_point(1 / T, e)[1] - 0.25) for e in ens.ENSEMBLES}
        assert max(shifts, key=shifts.get) == larger


def test_where_the_microcanonical_point_becomes_the_faster_one():
    def excess(T):
        rates = [slope(lambda t, e=e: ens.tricritical_point(1 / t, e)[1], T, 1e-3) for e in NAMES]
        return abs(rates[1]) - abs(rates[0])

    NAMES = ens.ENSEMBLES
    assert abs(brentq(excess, 0.5, 1.2) - 0.81237) < 1e-5


def test_ends_of_the_critical_line():
    assert abs(ens.critical_field(50) - 2) < 1e-14
    # close to T = 2: h = 2 sqrt(3 (2 beta - 1))/(2 beta)^(3/2) to leading order
    for excess in (1e-3, 1e-6):
        beta = 0.5 + excess / 2
        assert abs(ens.critical_field(beta) / (2 * np.sqrt(3 * excess)) - 1) < 2 * excess
    assert abs(ens.tricritical_point(0.500001, "canonical")[1] - 1 / 6) < 1e-6
    assert ens.tricritical_point(0.500001, "microcanonical")[1] > 1e4
    cold = ens.tricritical_point(4.0, "canonical")[1] - 0.25
    assert abs(cold / (-7 * np.exp(-16)) - 1) < 1e-4  # -(2 beta - 1) exp(-4 beta)
    cold = ens.tricritical_point(4.0, "microcanonical")[1] - 0.25
    assert abs(cold / np.exp(-16) - 1) < 1e-4


@pytest.mark.parametrize("K, b4", [(0.1, 0.107016), (0.3, -0.061094)])
def test_landau_coefficients_from_the_landscape(K, b4):
    beta, h = 1.0, ens.critical_field(1.0)
    s, a = h / 2, (1 - h**2 / 4) * h / 2
    b6 = h * s / 16 + (h / 8 - 4 * K * s**3) * a - a**2 + s * a**3 / (3 * beta * (1 - s * s) ** 2)
    m = np.linspace(0.02, 0.14, 40)
    rise = ens.free_energy_landscape(m, beta, h, K) - ens.free_energy_landscape(0.0, beta, h, K)
    fit = np.polynomial.Polynomial.fit(m**2, rise / m**2, 5).convert().coef
    assert abs(fit[0]) < 1e-9  # b2
    assert abs(fit[1] - b4) < 1e-6
    assert abs(fit[2] - b6) < 1e-3
    assert abs(-(K * s**4 - h * s / 8) - beta * h**2 * (1 - s * s) / 8 - b4) < 1e-6


# ---------------------------------------------------------------- first-order lines


@pytest.mark.parametrize(
    "K, h, jump", [(0.3, 2.008516, 0.40597), (0.5, 2.134177, 0.69319), (1, 2.631130, 0.83610)]
)
def test_first_order_line_without_heat(K, h, jump):
    line = ens.first_order_field(K)
    assert abs(line - h) < 6e-7
    assert ens.first_order_field(K, ensemble="microcanonical") == (line, line)
    seen = brentq(lambda x: lowest_arrow(1.0, x, K, 0.1)[0] + x, 2.0, 3.0, xtol=1e-13)
    assert abs(line - seen) < 1e-10
    assert abs(lowest_arrow(1.0, seen, K, 0.1)[1] - jump) < 6e-6


def test_first_order_line_close_to_the_tricritical_point():
    # (K - 1/4)/exact for the root of the Landau expansion and for the printed one, Eq. (18)
    h = 2.0001
    K = brentq(lambda K: ens.first_order_field(K) - h, 0.2501, 0.3, xtol=1e-15)
    for root, ratio in ((np.sqrt(h * (h - 2) / 8), 0.9938), (np.sqrt(h * (h - 2)) / 2, 1.4044)):
        assert abs((h / 8 + root - 0.25) / (K - 0.25) - ratio) < 6e-5


LINES = [  # beta, K, h_p, canonical, h_f, spinodal
    (1, 0.28, 1.915211, 1.926605, 1.921387, 1.930382),
    (1, 0.3, 1.917683, 1.935673, 1.938649, 1.942350),
    (1, 0.4, 1.961193, 2.003219, 2.025600, 2.030774),
    (1, 0.5, 2.037255, 2.091359, 2.117148, 2.145101),
    (1, 1, 2.576458, 2.619617, 2.630474, 2.824642),
    (0.75, 0.4, 1.727544, 1.858291, 1.885120, 1.900632),
    (0.75, 0.5, 1.781616, 1.971272, 2.042433, 2.044631),
    (2, 0.3, 2.007083, 2.007515, 2.007844, 2.010435),
    (2, 0.5, 2.133010, 2.133838, 2.134134, 2.177172),
]
CANONICAL = [(1, 0.25, 1.917401, 1.918191), (0.75, 0.25, 1.729178, 1.733090)]


@pytest.mark.parametrize("beta, K, h_p, canonical, h_f, spinodal", LINES)
def test_table_of_lines(beta, K, h_p, canonical, h_f, spinodal):
    lines = ens.first_order_field(K, beta, "microcanonical")
    np.testing.assert_allclose(lines, (h_p, h_f), atol=6e-7)
    assert abs(ens.first_order_field(K, beta) - canonical) < 6e-7
    assert abs(ens.canonical_spinodal(K, beta) - spinodal) < 6e-7


@pytest.mark.parametrize(
    "beta, K, canonical, spinodal", [*CANONICAL, *((b, K, c, s) for b, K, _, c, _, s in LINES)]
)
def test_canonical_line_by_global_minimisation(beta, K, canonical, spinodal):
    line = ens.first_order_field(K, beta)
    assert abs(line - canonical) < 6e-7

    def advantage(h):
        return minimum(beta, h, K, least=0.15) - paramagnet(beta, h)

    # it grows with the field: negative where the ferromagnet wins
    assert advantage(line - 1e-5) < 0 < advantage(line + 1e-5)
    # the ordered minimum of phi merges with its neighbouring maximum at the spinodal
    x = np.linspace(0.05, 0.999, 20_000)
    for h, minima in ((spinodal - 2e-5, 1), (spinodal + 2e-5, 0)):
        phi = ens.canonical_potential(x, beta, h, K)
        assert np.sum((phi[1:-1] < phi[:-2]) & (phi[1:-1] < phi[2:])) == minima


@pytest.mark.parametrize("beta", [0.55, 0.75, 1.0, 2.0])
@pytest.mark.parametrize("u", [0.95, 0.7, 0.5])
def test_microcanonical_lines_by_minimisation_at_fixed_entropy(beta, u):
    for side, (h, K) in ens.microcanonical_lines(beta, u).items():
        # the spin length at which an ordered and the disordered arrow have the same energy
        s = brentq(
            lambda s, h=h, K=K: lowest_arrow(s, h, K, 0.1)[0] + h * s, 0.02, 1 - 1e-12, xtol=1e-15
        )
        m = lowest_arrow(s, h, K, 0.1)[1]
        assert abs(np.sqrt(1 - m**2) - u) < 1e-5
        # dE/dS along each branch: the energy is stationary in m, and S' = -artanh s
        para = h / np.arctanh(s)
        ferro = (2 * s * m**2 + 4 * K * s**3 * m**4 + h * np.sqrt(1 - m**2)) / np.arctanh(s)
        assert abs(para / ferro - u) < 1e-5
        assert abs({"para": para, "ferro": ferro}[side] * beta - 1) < 2e-5
        phases = ens.microcanonical_jump(h, K)
        for phase, temperature in zip(phases, (ferro, para), strict=True):
            assert abs(phase.s - s) < 1e-6
            assert abs(phase.temperature / temperature - 1) < 1e-5
        if K > ens.tricritical_point(beta, "microcanonical")[1]:
            back = ens.first_order_field(K, beta, "microcanonical")
            assert abs(back[("para", "ferro").index(side)] - h) < 1e-9


def test_shapes_of_the_parametric_lines():
    u = np.array([[0.4, 0.6], [0.8, 1.0]])
    lines = ens.microcanonical_lines(1.0, u)
    for h, K in lines.values():
        assert h.shape == K.shape == (2, 2)
        np.testing.assert_allclose([h[1, 1], K[1, 1]], ens.tricritical_point(1.0, "microcanonical"))
    one = ens.microcanonical_lines(1.0, 0.6)
    np.testing.assert_allclose([one["para"], one["ferro"]], [[v[0, 1] for v in p] for p in
                               (lines["para"], lines["ferro"])], rtol=1e-13)  # fmt: skip
    # close to u = 1/3 both lines leave for infinity, together with the line without heat
    h, K = ens.microcanonical_lines(1.0, 1 / 3 + 1e-6)["para"]
    assert abs(ens.first_order_field(K) / h - 1) < 1e-9


def test_order_of_the_lines():
    for T in (0.4, 1.0, 1.4):
        _, K_tcp = ens.tricritical_point(1 / T, "microcanonical")
        for K in K_tcp * np.array([1.01, 1.2, 4]):
            assert ens.first_order_field(K, 1 / T, "microcanonical")[0] < ens.first_order_field(
                K, 1 / T
            ) * (1 + 1e-12)
    for beta, crossing in ((1.0, 0.2921), (0.75, 0.3753)):

        def excess(K, beta=beta):
            return ens.first_order_field(K, beta, "microcanonical")[1] - ens.first_order_field(
                K, beta
            )

        K_tcp = ens.tricritical_point(beta, "microcanonical")[1]
        assert abs(brentq(excess, K_tcp + 1e-4, 2 * K_tcp) - crossing) < 6e-5


def test_the_ferromagnetic_line_at_the_tricritical_point():
    u = 1 - np.array([1e-4, 2e-4])
    h_tcp, K_tcp = ens.tricritical_point(1.0, "microcanonical")
    h, K = ens.microcanonical_lines(1.0, u)["ferro"]
    angle = (h - h_tcp) / (K - K_tcp)
    assert abs(2 * angle[0] - angle[1] - 0.8755) < 1e-4
    h, K = ens.microcanonical_lines(1.0, u)["para"]
    assert np.all(np.abs((h - h_tcp) / (K - K_tcp)) < 2e-3)  # tangential to the critical line

    def first_step(beta):
        K = ens.microcanonical_lines(beta, np.array([1 - 1e-6, 1.0]))["ferro"][1]
        return K[0] / K[1] - 1

    assert first_step(0.6) < 0 < first_step(0.75)
    assert abs(brentq(first_step, 0.6, 0.75) - 0.6835) < 1e-4


@pytest.mark.parametrize(
    "beta, K, h",
    [(1, 0.341072, 1.973969), (0.75, 0.467327, 1.996518), (2, 0.252971, 1.998735)],
)
def test_where_the_ferromagnetic_line_touches_the_spinodal(beta, K, h):
    def condition(u):
        h, K = ens.microcanonical_lines(beta, u)["ferro"]
        s = 1 / np.sqrt(K * (3 * u - 1) * (1 + u))
        return (1 - s**2) * np.arctanh(s) / s - (1 - u) * (1 + 3 * u) / ((5 - 3 * u) * (1 + u))

    u = brentq(condition, 0.7, 0.9999, xtol=1e-14)
    np.testing.assert_allclose(ens.microcanonical_lines(beta, u)["ferro"], (h, K), atol=6e-7)
    assert abs(ens.canonical_spinodal(K, beta) - h) < 2e-6
    for other in (0.97 * K, 1.03 * K):
        if other > ens.tricritical_point(beta, "microcanonical")[1]:
            line = ens.first_order_field(other, beta, "microcanonical")[1]
            assert line < ens.canonical_spinodal(other, beta)


@pytest.mark.parametrize("h, K", [(1.0, 0.9), (2.0, 1.0), (0.3, 0.4)])
def test_first_order_lines_above_the_curie_temperature(h, K):
    ferro, para = ens.canonical_transition(h, K)
    assert ferro.temperature == para.temperature
    if para.temperature > 2:
        assert abs(ens.first_order_field(K, 1 / para.temperature) - h) < 1e-8
        assert ens.canonical_spinodal(K, 1 / para.temperature) > h
    jump = ens.microcanonical_jump(h, K)
    if jump is not None and jump[1].temperature > 2:
        u = jump[1].temperature / jump[0].temperature
        at = ens.microcanonical_lines(1 / jump[1].temperature, u)["para"]
        np.testing.assert_allclose(at, (h, K), rtol=1e-9)


def test_weak_first_order_transitions_are_found():
    s = 0.25
    K = (1 - (1 - s * s) * np.arctanh(s) / s) / 0.25  # tricritical at h = 0.5
    ferro, para = ens.canonical_transition(0.5, K + 1e-4)
    assert 0.09 < ferro.m < 0.12 and para.m == 0
    assert abs(ferro.free_energy - para.free_energy) < 1e-12
    assert ens.canonical_transition(0.5, K - 1e-6)[0].m == 0


def test_close_to_the_tricritical_point_all_lines_are_one():
    for beta in (0.6, 1.0, 3.0):
        h, K = ens.tricritical_point(beta, "canonical")
        for more in (1e-12, 1e-9, 1e-7):
            assert abs(ens.first_order_field(K + more, beta) - h) < 1e-6


def test_edges_of_the_energy_range():
    assert ens.microcanonical_temperature(-1e-13, 1, 0.9) == pytest.approx(1e13)
    assert ens.microcanonical_temperature(0.0, 1, 0.9) == np.inf
    spectrum = ens.SectorSpectrum(1, 1, 1)
    assert spectrum.gaussian(-2.0)[1] == np.inf
    assert ens.equilibrium(1, 0, 0, "para") is None
    assert ens.equilibrium(0.4, 0, 0, "para").s == 0


# ---------------------------------------------------------------- canonical states


@given(st.floats(0.1, 6), st.floats(0.02, 3), st.floats(0, 1.5))
def test_equilibrium_is_the_global_minimum(beta, h, K):
    state = ens.equilibrium(beta, h, K)
    lowest = minimum(beta, h, K)
    assert abs(state.free_energy - lowest) < 2e-9 * (1 + 1 / beta)
    assert abs(state.energy - arrow_energy(state.s, state.m, h, K)) < 1e-12
    assert abs(state.entropy - coin_entropy(state.s)) < 1e-12
    # every stationary state has T = E/artanh(s); on the ordered branch E = h/u
    x = state.s * state.m
    field = np.hypot(h, 2 * x + 4 * K * x**3)
    assert abs(state.s - np.tanh(beta * field)) < 1e-9
    if state.m > 1e-3:
        assert abs(h / np.sqrt(1 - state.m**2) - field) < 1e-4 * field
    assert abs(ens.canonical_potential(x, beta, h, K) - state.free_energy) < 1e-10 * (1 + 1 / beta)
    m = np.linspace(-1, 1, 201)
    landscape = ens.free_energy_landscape(m, beta, h, K)
    assert landscape.min() >= state.free_energy - 1e-12 * (1 + 1 / beta)
    np.testing.assert_allclose(landscape, landscape[::-1], atol=1e-12)


@given(st.floats(-1, 1), st.floats(0.1, 20), st.floats(0, 3), st.floats(0, 3))
def test_landscape_is_the_minimum_over_the_spin_length(m, beta, h, K):
    w = np.linspace(0, beta * (h + 2 + 4 * K) + 1, 100_001)
    lowest = free_energy(w, m, beta, h, K).min()
    assert -1e-6 < ens.free_energy_landscape(m, beta, h, K) - lowest < 1e-12 * (1 + 1 / beta)


@given(st.floats(0.02, 3), st.floats(0, 1.5), st.floats(0.2, 4), st.floats(0.2, 4))
def test_free_energy_is_concave_in_the_temperature(h, K, one, other):
    f = [ens.equilibrium(1 / T, h, K).free_energy for T in (one, (one + other) / 2, other)]
    assert f[1] >= (f[0] + f[2]) / 2 - 1e-12


@given(st.floats(0.1, 3), st.floats(0, 1.5), st.floats(0.15, 4))
def test_free_energy_is_the_legendre_transform_of_the_entropy(h, K, beta):
    # min over e of e - T S(e): the bath sees the concave envelope of S only
    s = np.tanh(np.linspace(1e-4, beta * (h + 2 + 4 * K) + 1, 40_001))
    s = s[s < 1]
    curve = ens.microcanonical_curve(h, K, s)
    envelope = (curve["energy"] - curve["entropy"] / beta).min()
    assert abs(envelope - ens.equilibrium(beta, h, K).free_energy) < 1e-6 * (1 + 1 / beta)


def test_metastable_phases():
    beta, K = 1.0, 0.5
    line, spinodal = ens.first_order_field(K, beta), ens.canonical_spinodal(K, beta)
    for h, stable in ((line - 0.01, "ferro"), (line + 0.01, "para")):
        both = {name: ens.equilibrium(beta, h, K, name) for name in ("ferro", "para")}
        assert ens.equilibrium(beta, h, K) == both[stable]
        assert both[stable].free_energy < min(p.free_energy for p in both.values()) + 1e-15
    assert ens.equilibrium(beta, spinodal + 1e-6, K, "ferro") is None
    assert ens.equilibrium(beta, spinodal - 1e-6, K, "ferro").m > 0.3
    assert ens.equilibrium(beta, ens.critical_field(beta) - 1e-6, K, "para") is None
    assert ens.equilibrium(beta, ens.critical_field(beta) + 1e-6, K, "para").m == 0


def test_extreme_arguments():
    assert ens.equilibrium(0.3, 1e-9, 0.0).m == 0
    cold = ens.equilibrium(1e3, 1.0, 0.5)
    assert abs(cold.free_energy - lowest_arrow(1.0, 1.0, 0.5)[0]) < 1e-12 and cold.s == 1
    free = ens.equilibrium(1.0, 0.0, 0.0)  # Curie-Weiss: s = tanh(2 s beta)
    assert abs(free.s - np.tanh(2 * free.s)) < 1e-12 and abs(free.m - 1) < 1e-12
    assert abs(ens.equilibrium(1e-6, 1.0, 0.5).free_energy / (-1e6 * log(2)) - 1) < 1e-9
    assert ens.first_order_field(0.5, 50.0) == pytest.approx(ens.first_order_field(0.5), abs=1e-12)
    assert ens.first_order_field(0.5, 0.5001) < ens.canonical_spinodal(0.5, 0.5001)
    assert ens.canonical_potential([[0.0, 0.5]], 1.0, 0.5, 0.1).shape == (1, 2)
    assert isinstance(ens.canonical_potential(0.5, 1.0, 0.5, 0.1), float)
    assert ens.free_energy_landscape([[0.0], [1.0]], 1.0, 0.5, 0.1).shape == (2, 1)
    assert isinstance(ens.free_energy_landscape(0.5, 1.0, 0.5, 0.1), float)


TRANSITIONS = [  # h, K, T, energies of both phases, depth of the intruder
    (1, 0.9, 2.690807, -1.707464, -0.355422, 0.024859),
    (1.5, 0.3, 1.605005, -1.349768, -1.099081, 9.376e-4),
    (1.9, 0.25, 1.044528, -1.822065, -1.802604, 1.97e-5),
    (2, 1, 2.296153, -2.226497, -1.403786, 0.026734),
    (2.5, 1, 1.580551, -2.543100, -2.297178, 0.012061),
]


@pytest.mark.parametrize("h, K, T, e_ferro, e_para, depth", TRANSITIONS)
def test_canonical_transition(h, K, T, e_ferro, e_para, depth):
    ferro, para = ens.canonical_transition(h, K)
    np.testing.assert_allclose(
        [ferro.temperature, para.temperature, ferro.energy, para.energy],
        [T, T, e_ferro, e_para],
        atol=6e-7,
    )
    assert abs(ferro.free_energy - para.free_energy) < 1e-12
    if T < 2:
        assert abs(ens.first_order_field(K, 1 / para.temperature) - h) < 1e-9

    def advantage(T):
        return minimum(1 / T, h, K, least=0.15) - paramagnet(1 / T, h)

    assert advantage(T - 1e-5) < 0 < advantage(T + 1e-5)
    # how far the entropy hangs below the chord between the two phases
    s = np.linspace(para.s, ferro.s, 20_001)
    curve = ens.microcanonical_curve(h, K, s)
    chord = para.entropy + (curve["energy"] - para.energy) / para.temperature
    assert abs((chord - curve["entropy"]).max() - depth) < 2e-3 * depth


@pytest.mark.parametrize("h, K", [(1.0, 0.1), (1.5, 0.0), (0.1, 0.166)])
def test_continuous_canonical_transition(h, K):
    one, other = ens.canonical_transition(h, K)
    assert one == other and one.m == 0
    assert abs(one.temperature - h / np.arctanh(h / 2)) < 1e-12
    assert ens.equilibrium(1 / one.temperature + 1e-4, h, K).m > 0
    assert ens.equilibrium(1 / one.temperature - 1e-4, h, K).m == 0


# ---------------------------------------------------------------- microcanonical states


def test_temperature_in_closed_form():
    # s = 13/18, u = 5/13, x = 2/3
    assert abs(ens.microcanonical_temperature(-0.9, 1.0, 0.9) - 5.2 / log(6.2)) < 1e-12
    energy, u = ens.lowest_energy(13 / 18, 1.0, 0.9)
    assert abs(energy + 0.9) < 1e-12 and abs(u - 5 / 13) < 1e-12


@pytest.mark.parametrize("h, K", [(1.0, 0.9), (1.5, 0.3), (2.0, 1.0), (0.3, 0.0), (3.0, 0.2)])
def test_temperature_is_the_slope_of_the_entropy(h, K):
    ground, _ = lowest_arrow(1.0, h, K)

    def entropy(e):
        s = brentq(lambda s: min(lowest_arrow(s, h, K)[0], -h * s) - e, 1e-9, 1.0, xtol=1e-14)
        return coin_entropy(s)

    for part in (0.08, 0.35, 0.55, 0.8, 0.97):
        e = (1 - part) * ground
        expected = 1 / slope(entropy, e, 2e-4)
        assert abs(ens.microcanonical_temperature(e, h, K) / expected - 1) < 1e-4


@given(st.floats(0.05, 3), st.floats(0, 1.5), st.floats(0.01, 0.99))
def test_lowest_energy_is_the_minimum(h, K, s):
    energy, u = ens.lowest_energy(s, h, K)
    lowest = min(lowest_arrow(s, h, K)[0], -h * s)
    assert abs(energy - lowest) < 1e-12
    assert abs(arrow_energy(s, np.sqrt(1 - u**2), h, K) - energy) < 1e-12


@given(st.floats(0.05, 3), st.sampled_from([0.0, 1e-6, 0.2, 0.3, 0.7, 1.5]))
def test_microcanonical_curve_is_ordered(h, K):
    s = np.linspace(0.001, 0.999, 400)
    curve = ens.microcanonical_curve(h, K, s)
    assert np.all(np.diff(curve["energy"]) < 0) and np.all(np.diff(curve["entropy"]) < 0)
    assert np.all(curve["temperature"] > 0)
    for index in (3, 200, 390):
        temperature = ens.microcanonical_temperature(curve["energy"][index], h, K)
        jump = ens.microcanonical_jump(h, K)
        if jump is None or abs(jump[0].s - s[index]) > 1e-6:
            assert abs(temperature / curve["temperature"][index] - 1) < 1e-6


def test_negative_temperatures():
    h, K = 1.3, 0.4
    for e in (0.2, 0.9, 1.29):
        temperature = ens.microcanonical_temperature(e, h, K)
        assert temperature < 0
        # against the field there is no order: S(e) is the entropy of s = e/h
        assert abs(1 / temperature - slope(lambda e: coin_entropy(e / h), e, 1e-4)) < 1e-6
    assert ens.microcanonical_temperature(0.0, h, K) == np.inf
    values = ens.microcanonical_temperature([[-1.0, 0.0, 1.0]], h, K)
    assert values.shape == (1, 3) and values[0, 0] > 0 > values[0, 2]
    spectrum = SectorSpectrum(200, h, K)
    for e in (0.4, 0.9):
        exact = spectrum.microcanonical_temperature(e)
        assert abs(exact / ens.microcanonical_temperature(e, h, K) - 1) < 0.02


JUMPS = [  # h, K, energy, T of the paramagnet, T of the ferromagnet, u
    (2, 1, -1.705560, 1.579458, 2.560622, 0.616826),
    (2.5, 1, -2.430188, 1.174444, 2.098985, 0.559530),
]


@pytest.mark.parametrize("h, K, energy, T_para, T_ferro, u", JUMPS)
def test_temperature_jump(h, K, energy, T_para, T_ferro, u):
    ferro, para = ens.microcanonical_jump(h, K)
    assert abs(ferro.energy - energy) < 6e-7 and ferro.energy == para.energy
    assert ferro.entropy == para.entropy and ferro.s == para.s
    np.testing.assert_allclose(
        [para.temperature, ferro.temperature, np.sqrt(1 - ferro.m**2)],
        [T_para, T_ferro, u],
        atol=6e-7,
    )
    assert abs(para.temperature / ferro.temperature - u) < 1e-6
    assert abs(arrow_energy(ferro.s, ferro.m, h, K) - ferro.energy) < 1e-12
    # heating through the jump cools
    below, above = ens.microcanonical_temperature([energy - 1e-4, energy + 1e-4], h, K)
    assert abs(below / T_ferro - 1) < 1e-3 and abs(above / T_para - 1) < 1e-3


@pytest.mark.parametrize("h, K", [(1.0, 0.9), (1.5, 0.3), (1.9, 0.25), (2.0, 0.2), (2.7, 1.0)])
def test_no_temperature_jump(h, K):
    assert ens.microcanonical_jump(h, K) is None


@pytest.mark.parametrize(
    "h, K, low, high, cold, hot",
    [
        (1, 0.9, -1.242662, -0.5, 1.820478, 2.992783),
        (1.5, 0.3, -1.261826, -1.125, 1.541695, 1.626875),
        (1.9, 0.25, -1.814998, -1.805, 1.037242, 1.047034),
        (2, 1, -1.889351, -1.705560, 2.560622, 2.703555),
    ],
)
def test_window_of_negative_specific_heat(h, K, low, high, cold, hot):
    ground = lowest_arrow(1.0, h, K)[0]
    top = minimize_scalar(
        lambda e: -ens.microcanonical_temperature(e, h, K),
        bounds=(0.7 * ground + 0.3 * high, high - 1e-6),
        method="bounded",
        options={"xatol": 1e-9},
    )
    assert abs(top.x - low) < 3e-5 and abs(-top.fun - hot) < 6e-7
    inside = np.linspace(low + 1e-4, high - 1e-5, 30)
    assert np.all(np.diff(ens.microcanonical_temperature(inside, h, K)) < 0)
    assert abs(ens.microcanonical_temperature(high - 1e-6, h, K) - cold) < 1e-4
    outside = np.linspace(0.9 * ground + 0.1 * low, low - 1e-3, 20)
    assert np.all(np.diff(ens.microcanonical_temperature(outside, h, K)) > 0)


@given(st.floats(0.3, 1.95), st.floats(0.05, 1.2))
def test_when_a_continuous_transition_has_negative_specific_heat(h, K):
    s = h / 2
    canonical = (1 - (1 - s**2) * np.arctanh(s) / s) / h**2
    assume(K < 0.97 / h**2 and abs(K / canonical - 1) > 0.03)
    e = -h * s - 1e-3 * np.array([2.0, 1.0])
    falls = np.diff(ens.microcanonical_temperature(e, h, K))[0] < 0
    assert falls == (K > canonical)


# ---------------------------------------------------------------- finite N against the large magnet


@pytest.mark.parametrize(
    "h, K, energies, at_200, at_500",
    [
        (
            *(1.0, 0.9, [-1.4, -1.2, -1.0, -0.8, -0.6, -0.4]),
            [2.9697, 2.9772, 2.8924, 2.6829, 2.1768, 2.5052],
            [2.9660, 2.9865, 2.9110, 2.7208, 2.2981, 2.4216],
        ),
        (
            *(2.0, 1.0, [-2.1, -1.9, -1.8, -1.65, -1.5]),
            [2.5733, 2.6760, 2.5566, 1.8366, 2.1104],
            [2.5785, 2.6953, 2.6497, 1.7332, 2.0748],
        ),
        (
            *(1.5, 0.3, [-1.26, -1.2, -1.15, -1.1]),
            [1.5724, 1.5779, 1.6263, 1.7101],
            [1.6060, 1.5741, 1.5839, 1.6597],
        ),
    ],
)
def test_temperatures_of_a_finite_magnet(h, K, energies, at_200, at_500):
    # the table at N = 200 was interpolated between windows, and the levels make T(e) ripple there
    for N, table, tolerance in ((200, at_200, 3e-3), (500, at_500, 4e-4)):
        spectrum = SectorSpectrum(N, h, K)
        seen = [spectrum.microcanonical_temperature(e) for e in energies]
        np.testing.assert_allclose(seen, table, atol=tolerance)
    if K > 0.5:  # the temperature falls while the energy rises
        assert min(np.diff(seen)) < 0


def test_gaussian_ensemble_by_dense_sectors():
    N, h, K, width = 60, 1.0, 0.9, 0.1
    energies, copies = [], []
    for k, g in enumerate(multiplets(N)):
        S = N / 2 - k
        m = np.arange(S, -S - 1, -1)
        off = -h * np.sqrt(S * (S + 1) - m[:-1] * m[1:])
        H = np.diag(-4 * m**2 / N - 16 * K * m**4 / N**3) + np.diag(off, 1) + np.diag(off, -1)
        energies.append(np.linalg.eigvalsh(H) / N)
        copies += [float(g)] * len(m)
    energies = np.concatenate(energies)

    def mean(center):
        weights = copies * np.exp(-((energies - center) ** 2) * N / (2 * width))
        return weights @ energies / weights.sum()

    spectrum = SectorSpectrum(N, h, K)
    for e in (-1.4, -0.9, -0.3, 0.5):
        center = brentq(lambda c, e=e: mean(c) - e, e - 0.5, e + 0.5, xtol=1e-15)
        temperature = spectrum.microcanonical_temperature(e, width)
        assert abs(temperature * (e - center) / width - 1) < 1e-9
        found = spectrum.gaussian(center, width)
        np.testing.assert_allclose(found, (e, temperature), rtol=1e-9)


def test_gaussian_ensemble_where_the_entropy_is_concave():
    differences = []
    for N in (100, 400):
        spectrum = SectorSpectrum(N, 1.5, 0.1)
        energy, _ = spectrum.moments(0.3)
        differences.append(spectrum.microcanonical_temperature(energy) - 1 / 0.3)
        # a very wide window is the canonical ensemble: weight exp(-beta E), beta = -center/width
        wide = 1e5
        center = energy - 0.3 * wide
        found, temperature = spectrum.gaussian(center, wide)
        assert abs(found - energy) < 1e-4 and abs(temperature - 1 / 0.3) < 1e-3
        centers = np.array([[-2.0, -1.8], [-1.6, -1.4]])
        energies, temperatures = spectrum.gaussian(centers)
        assert energies.shape == temperatures.shape == (2, 2)
        np.testing.assert_allclose(0.1 / temperatures, energies - centers, rtol=1e-12)
        assert np.all(np.diff(energies.ravel()) > 0)
    assert abs(differences[0] / differences[1] / 4 - 1) < 0.12  # they fall like 1/N
    assert abs(differences[1]) < 0.01


def prefactor(state, h, K):
    """ln of C in Z = C exp(-N beta f): Gaussian fluctuations about one phase."""
    beta, u = 1 / state.temperature, np.sqrt(1 - state.m**2)
    field = np.arctanh(state.s) / beta
    stiff = 2 + 12 * K * (state.s * state.m) ** 2
    dynamic = 1 - stiff * u**2 * state.s / field
    static = dynamic - stiff * beta * (1 - u**2) * (1 - state.s**2)
    frequency = 2 * field * np.sqrt(dynamic)
    value = np.sinh(beta * field) / np.sinh(beta * frequency / 2) * np.sqrt(dynamic / static)
    return log(value) + (log(2) if state.m > 0 else 0.0)


@pytest.mark.parametrize(
    "h, K, table, limit",
    [
        (2.2, 0.25, (1.7400, 1.7178, 1.7126), 1.7069),
        (1.5, 0.1, (1.6407, 1.6015, 1.5966), 1.5919),
    ],
)
def test_free_energy_of_a_finite_magnet(h, K, table, limit):
    state = ens.equilibrium(1.0, h, K)
    rest = [
        N * (state.free_energy - SectorSpectrum(N, h, K).free_energy(1.0)) for N in (100, 400, 800)
    ]
    np.testing.assert_allclose(rest, table, atol=6e-5)
    assert abs(prefactor(state, h, K) - limit) < 6e-5
    assert abs(2 * rest[2] - rest[1] - limit) < 3e-3  # the next term is 1/N


def test_first_order_transition_of_a_finite_magnet():
    h, K, N = 2.0, 1.0, 200
    spectrum = SectorSpectrum(N, h, K)
    split = N * ens.microcanonical_jump(h, K)[0].energy
    ferro, para = ens.canonical_transition(h, K)

    def imbalance(T):
        weights = spectrum.log_weights - spectrum.energies / T
        ordered = spectrum.energies < split
        return logsumexp(weights[ordered]) - logsumexp(weights[~ordered])

    equal = brentq(imbalance, 2.2, 2.5, xtol=1e-12)
    assert abs(N * (equal - para.temperature) - 3.9295) < 6e-5
    heat = para.energy - ferro.energy
    limit = para.temperature**2 * (prefactor(ferro, h, K) - prefactor(para, h, K)) / heat
    assert abs(limit - 3.942586) < 1e-5
    for size, value in ((100, 0.030509), (400, 0.031847)):
        spectrum = SectorSpectrum(size, h, K)
        peak = minimize_scalar(
            lambda T, spectrum=spectrum: -spectrum.moments(1 / T)[1],
            bounds=(2.2, 2.5),
            method="bounded",
            options={"xatol": 1e-9},
        )
        assert abs(-peak.fun / size - value) < 6e-7
    assert abs(heat**2 / (4 * para.temperature**2) - 0.032095) < 6e-7


# ---------------------------------------------------------------- bad input

OF_BETA = (
    ens.critical_field,
    lambda beta: ens.tricritical_point(beta, "canonical"),
    lambda beta: ens.first_order_field(1.0, beta),
    lambda beta: ens.first_order_field(1.0, beta, "microcanonical"),
    lambda beta: ens.microcanonical_lines(beta, 0.7),
    lambda beta: ens.canonical_spinodal(1.0, beta),
)
ONLY_COLD = (  # what needs a critical line, which ends at T = 2
    ens.critical_field,
    lambda beta: ens.tricritical_point(beta, "canonical"),
    lambda beta: ens.first_order_field(1.0, beta, "microcanonical"),
)
OF_COUPLINGS = (
    lambda **a: ens.canonical_potential(**{"x": 0.3, "beta": 1.0, "h": 1.0, "K": 0.1} | a),
    lambda **a: ens.free_energy_landscape(**{"m": 0.3, "beta": 1.0, "h": 1.0, "K": 0.1} | a),
    lambda **a: ens.equilibrium(**{"beta": 1.0, "h": 1.0, "K": 0.1} | a),
)
NO_BETA = (
    lambda **a: ens.canonical_transition(**{"h": 1.0, "K": 0.1} | a),
    lambda **a: ens.lowest_energy(**{"s": 0.5, "h": 1.0, "K": 0.1} | a),
    lambda **a: ens.microcanonical_curve(**{"s": [0.5], "h": 1.0, "K": 0.1} | a),
    lambda **a: ens.microcanonical_temperature(**{"energy": -0.5, "h": 1.0, "K": 0.1} | a),
    lambda **a: ens.microcanonical_jump(**{"h": 1.0, "K": 0.1} | a),
)


def spectrum(**a):
    return SectorSpectrum(**{"N": 6, "h": 1.0, "K": 0.1} | a)


BAD = [
    (lambda: ens.log_degeneracy(0, 0), ValueError, ["N = 0", ">= 1"]),
    (lambda: ens.log_degeneracy(4.5, 2), ValueError, ["N = 4.5", "integer"]),
    (lambda: ens.log_degeneracy("4", 2), TypeError, ["N = '4'", "integer"]),
    (lambda: ens.log_degeneracy(4, 0.5), ValueError, ["S = 0.5", "N/2, N/2 - 1", "N = 4"]),
    (lambda: ens.log_degeneracy(4, [2, 3]), ValueError, ["S = [2, 3]", "N/2, N/2 - 1"]),
    (lambda: ens.log_degeneracy(4, -1), ValueError, ["S = -1", ">= 0"]),
    (lambda: ens.log_degeneracy(4, np.nan), ValueError, ["S = nan", "finite"]),
    (lambda: ens.log_degeneracy(4, None), TypeError, ["S = None", "real numbers"]),
    (lambda: ens.entropy(1.1), ValueError, ["s = ", "1.1", "[0, 1]"]),
    (lambda: ens.entropy([0.5, -0.1]), ValueError, ["s = ", "-0.1", "[0, 1]"]),
    (lambda: ens.entropy(np.nan), ValueError, ["s = nan", "finite"]),
    (lambda: ens.entropy(1j), TypeError, ["s = 1j", "real numbers"]),
    *[
        (lambda f=f, beta=beta: f(beta), kind, [f"beta = {beta!r}", words])
        for f in OF_BETA
        for beta, kind, words in (
            (0, ValueError, "> 0"),
            (-1.0, ValueError, "> 0"),
            (np.nan, ValueError, "finite"),
            (np.inf, ValueError, "finite"),
            ("1", TypeError, "real number"),
        )
    ],
    *[
        (lambda f=f, beta=beta: f(beta), ValueError, [f"beta = {beta!r}", "> 0.5"])
        for f in ONLY_COLD
        for beta in (0.5, 0.3)
    ],
    (
        *(lambda: ens.first_order_field(1.55, 0.53, "microcanonical"), ValueError),
        ["K = 1.55", "3 times", "beta = 0.53", "microcanonical_lines"],
    ),
    (lambda: ens.first_order_field(0.5, 0.3), ValueError, ["K = 0.5", "too small", "beta = 0.3"]),
    (lambda: ens.first_order_field(0.2, 0.49), ValueError, ["K = 0.2", "too small"]),
    (lambda: ens.canonical_spinodal(0.2, 0.3), ValueError, ["K = 0.2", "too small"]),
    (lambda: ens.microcanonical_lines(0.4, 0.95), ValueError, ["u = 0.95", "too close to 1"]),
    (lambda: ens.canonical_potential(3.0, 1, 1, 1), ValueError, ["x = 3.0", "[-1, 1]"]),
    (lambda: ens.energy(0.5, 1.5, 1, 1), ValueError, ["m = 1.5", "[-1, 1]"]),
    (lambda: ens.energy(-0.5, 0.5, 1, 1), ValueError, ["s = -0.5", ">= 0"]),
    *[
        (lambda f=f, beta=beta: f(beta=beta), kind, [f"beta = {beta!r}", words])
        for f in OF_COUPLINGS
        for beta, kind, words in (
            (0.0, ValueError, "> 0"),
            (-2, ValueError, "> 0"),
            (np.nan, ValueError, "finite"),
            (None, TypeError, "real number"),
        )
    ],
    *[
        (lambda f=f, name=name, value=value: f(**{name: value}), kind, [f"{name} = {value!r}"])
        for f in (*OF_COUPLINGS, *NO_BETA)
        for name, value, kind in (
            ("h", -0.1, ValueError),
            ("h", np.nan, ValueError),
            ("h", "1", TypeError),
            ("K", -0.1, ValueError),
            ("K", np.inf, ValueError),
            ("K", [0.1, 0.2], TypeError),
        )
    ],
    *[
        (lambda f=f: f(h=0), ValueError, ["h = 0", "> 0"])
        for f in (NO_BETA[0], *NO_BETA[2:])  # the temperature is h/(u artanh s)
    ],
    (
        lambda: ens.tricritical_point(1.0, "grand"),
        ValueError,
        ["ensemble = 'grand'", "'canonical'"],
    ),
    (lambda: ens.first_order_field(1.0, 1.0, "CE"), ValueError, ["ensemble = 'CE'", "'canonical'"]),
    (lambda: ens.first_order_field(1.0, None, "CE"), ValueError, ["ensemble = 'CE'"]),
    (lambda: ens.first_order_field(0.25), ValueError, ["K = 0.25", "> 0.25"]),
    (lambda: ens.first_order_field(-1.0), ValueError, ["K = -1.0", "> 0"]),
    (lambda: ens.first_order_field(np.nan), ValueError, ["K = nan", "finite"]),
    (lambda: ens.first_order_field(0.22, 1.0), ValueError, ["K = 0.22", "0.227317", "canonical"]),
    (
        *(lambda: ens.first_order_field(0.25, 1.0, "microcanonical"), ValueError),
        ["K = 0.25", "0.272683", "microcanonical tricritical value at beta = 1"],
    ),
    (lambda: ens.canonical_spinodal(0.22, 1.0), ValueError, ["K = 0.22", "0.227317"]),
    (lambda: ens.microcanonical_lines(1.0, 1 / 3), ValueError, ["u = ", "0.333", "(0.333333, 1]"]),
    (
        lambda: ens.microcanonical_lines(1.0, [0.5, 1.1]),
        ValueError,
        ["u = ", "1.1", "(0.333333, 1]"],
    ),
    (lambda: ens.microcanonical_lines(1.0, np.nan), ValueError, ["u = nan", "finite"]),
    (lambda: ens.canonical_potential("a", 1, 1, 1), TypeError, ["x = 'a'", "real numbers"]),
    (lambda: ens.free_energy_landscape(1.5, 1, 1, 1), ValueError, ["m = ", "1.5", "[-1, 1]"]),
    (lambda: ens.equilibrium(1, 1, 1, "solid"), ValueError, ["phase = 'solid'", "'para'"]),
    (lambda: ens.canonical_transition(2.0, 0.1), ValueError, ["h = 2.0", "< 2", "never orders"]),
    (lambda: ens.canonical_transition(2.7, 1.0), ValueError, ["h = 2.7", "< 2.63113"]),
    (lambda: ens.lowest_energy(0.0, 1, 1), ValueError, ["s = ", "(0, 1]"]),
    (lambda: ens.microcanonical_curve(1, 1, [0.5, 1.0]), ValueError, ["s = ", "(0, 1)"]),
    (
        *(lambda: ens.microcanonical_temperature(-2.0, 1.0, 0.9), ValueError),
        ["energy = -2.0", "(-1.9902409, 1)"],
    ),
    (
        *(lambda: ens.microcanonical_temperature([0.5, 1.0], 1.0, 0.9), ValueError),
        ["energy = [0.5, 1.0]", "(-1.9902409, 1)"],
    ),
    (lambda: ens.microcanonical_temperature(np.nan, 1, 1), ValueError, ["energy = nan", "finite"]),
    (lambda: spectrum(N=0), ValueError, ["N = 0", ">= 1"]),
    (lambda: spectrum(N=6.5), ValueError, ["N = 6.5", "integer"]),
    (lambda: spectrum(N=True), TypeError, ["N = True", "integer"]),
    (lambda: spectrum(h=np.nan), ValueError, ["h = nan", "finite"]),
    (lambda: spectrum(K="0"), TypeError, ["K = '0'", "real number"]),
    *[
        (lambda name=name, beta=beta: getattr(spectrum(), name)(beta), kind, [f"beta = {beta!r}"])
        for name in ("log_partition", "free_energy", "moments")
        for beta, kind in (
            (0, ValueError),
            (-1.0, ValueError),
            (np.nan, ValueError),
            ("1", TypeError),
        )
    ],
    (lambda: spectrum().gaussian(np.nan), ValueError, ["center = nan", "finite"]),
    (lambda: spectrum().gaussian(-1.0, 0.0), ValueError, ["width = 0.0", "> 0"]),
    (lambda: spectrum().microcanonical_temperature(-1.0, -1), ValueError, ["width = -1", "> 0"]),
    (
        lambda: spectrum().microcanonical_temperature(-3.0),
        ValueError,
        ["energy = -3.0", "(-1.389157, 0.87302118)"],
    ),
    (lambda: spectrum().microcanonical_temperature(2.0), ValueError, ["energy = 2.0", "per spin"]),
    (lambda: spectrum().microcanonical_temperature(None), TypeError, ["energy = None"]),
]


@pytest.mark.parametrize("call, kind, words", BAD)
def test_bad_input_is_named(call, kind, words):
    check_is_named(call, kind, words)


# ---------------------------------------------------------------- edges of the phase diagram


def test_a_hair_above_the_tricritical_point_all_lines_are_one():
    _, K = ens.tricritical_point(0.8, "canonical")
    field = ens.first_order_field(K * (1 + 1e-6), 0.8)
    assert abs(field - ens.critical_field(0.8)) < 1e-8


def test_hot_magnets_order_above_a_smallest_coupling():
    """At beta < 1/2 order needs the four-spin coupling; below its least value there is no field."""
    low, high = 0.1, 3.0
    while high - low > 1e-9:
        K = (low + high) / 2
        try:
            found = ens.first_order_field(K, 0.45)
            high = K
        except ValueError as error:
            assert "too small" in str(error)
            low = K
    assert 0 < found < 0.1  # the line begins at h = 0
    ferro = ens.equilibrium(0.45, 1e-9, high, "ferro")
    para = ens.equilibrium(0.45, 1e-9, high, "para")
    assert abs(ferro.free_energy - para.free_energy) < 1e-7


def test_so_cold_that_every_spin_points_along():
    assert ens.equilibrium(1e6, 1e-12, 0.2, "ferro").m == pytest.approx(1, abs=1e-12)


def test_energies_at_the_edges_have_temperatures():
    spectrum = SectorSpectrum(10, 0.7, 0.4)
    edge = spectrum.energies.min() / 10
    assert 0 < spectrum.microcanonical_temperature(edge * (1 - 1e-15)) < 1e-4
    # next to zero energy: the temperature of free spins, h/artanh(s) with e = -h s
    assert ens.microcanonical_temperature(-1e-300, 0.7, 0.4) > 1e200
