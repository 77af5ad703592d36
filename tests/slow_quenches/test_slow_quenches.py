"""Paper 1: harmonic theory by direct integration, exact ramps by QuTiP in the full spin space."""

import numpy as np
import pytest
import qutip
from bad_input import check_is_named
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import solve_ivp
from scipy.special import airy, eval_hermite, factorial

from lmgbook import lmg
from lmgbook import slow_quenches as sq
from lmgbook.slow_quenches import (
    _kernels,
    _schedule,
    critical_excitations,
    exact_ramp,
    gap,
    harmonic_ramp,
)

LAMBDAS = [0.2, 1.0, 5.0, 50.0]
VERN = {"method": "vern9", "atol": 1e-12, "rtol": 1e-10, "nsteps": 10**7}
VERN |= {"progress_bar": "", "normalize_output": False}


# ---------------------------------------------------------------- the gap


@pytest.mark.parametrize("h, value", [(2, 8**0.5), (1.2, 0.96**0.5), (0.8, 1.2), (0.5, 3**0.5)])
def test_gap_of_equation_5(h, value):
    assert abs(gap(h) - value) < 1e-14
    assert gap(-h) == gap(h)


def test_gap_limits_and_shapes():
    assert gap(1.0) == 0 and gap(0.0) == 2
    assert abs(gap(1e6) / 2e6 - 1) < 1e-6
    np.testing.assert_array_equal(gap([[0.0, 1.0]]), [[2.0, 0.0]])
    assert gap([0.5, 2.0], N=8).shape == (2,)
    assert isinstance(gap(0.3), float) and isinstance(gap(0.3, N=8), float)


@pytest.mark.parametrize("N", [2, 7, 20])
@pytest.mark.parametrize("h", [0.0, 0.6, 0.99, 1.0, 1.3, 2.0])
def test_exact_gap_by_jmat(N, h):
    sx, sz = qutip.jmat(N / 2, "x"), qutip.jmat(N / 2, "z")
    H = 0.5 - 2 / N * sx**2 - 2 * h * sz
    levels = H.eigenenergies()
    if h >= 1:
        expected = levels[1] - levels[0]
    else:
        # parity of the number of flipped spins along the field
        even = H.full()[::2, ::2]
        levels = np.linalg.eigvalsh(even)
        expected = levels[1] - levels[0]
    assert abs(gap(h, N) - expected) < 1e-12 * N


@pytest.mark.parametrize("h, rest", [(2.0, 2.09), (1.2, 7.0), (0.8, -11.4), (0.5, -3.69)])
def test_exact_gap_approaches_equation_5_like_1_over_N(h, rest):
    assert abs((gap(h, 4096) - gap(h)) * 4096 / rest - 1) < 0.02


def test_exact_gap_at_the_critical_point():
    scaled = [gap(1.0, N) * N ** (1 / 3) for N in (256, 1024, 4096)]
    np.testing.assert_allclose(scaled, [2.0812, 2.1123, 2.1339], atol=1e-4)


def test_critical_amplitude():
    assert abs(sq.critical_amplitude() - 2.17419) < 1e-5
    assert abs(sq.critical_amplitude(60) - sq.critical_amplitude(200)) < 1e-10
    # what is missing at finite N falls like N^(-1/3): half at eight times the size
    N = np.array([512, 4096, 32768])
    rest = sq.critical_amplitude() - np.array([gap(1.0, int(n)) for n in N]) * N ** (1 / 3)
    np.testing.assert_allclose(rest[:-1] / rest[1:], 2, rtol=0.06)
    with pytest.raises(ValueError, match="basis = 5: must be an integer >= 20"):
        sq.critical_amplitude(5)


# ---------------------------------------------------------------- the critical oscillator, Eq. (10)


def squared_frequency(s, lam, c0=1.0):
    return np.where(s < 0, -4 * s, 8 * s) + c0**2 * lam ** (-2 / 3)


def adiabatic_mode(s, slope, lam):
    """f, f' of the positive-frequency mode where Omega^2 = slope |s| + const varies slowly.

    Second order in the adiabatic expansion: W^2 = Omega^2 + 5 slope^2/(16 Omega^4).
    """
    w2 = squared_frequency(s, lam)
    w = np.sqrt(w2 + 5 / 16 * slope**2 / w2**2)
    rate = np.sign(s) * slope * (1 - 5 / 8 * slope**2 / w2**3) / (2 * w)
    f = 1 / np.sqrt(2 * w)
    return f, (-1j * w - rate / (2 * w)) * f


def integrate(equation, start, lam, stop=20.0):
    """DOP853 from s = -20 to the kink and on to `stop`."""
    for span in ((-20.0, 0.0), (0.0, stop)):
        y = solve_ivp(equation, span, start, method="DOP853", rtol=1e-11, atol=1e-13, args=(lam,))
        start = y.y[:, -1]
    return start


def excitations_by_linear_mode(lam):
    def equation(s, y, lam):
        return [y[1], -squared_frequency(s, lam) * y[0]]

    u, v = integrate(equation, np.array(adiabatic_mode(-20.0, 4.0, lam), dtype=complex), lam)
    f, df = adiabatic_mode(20.0, 8.0, lam)
    return abs(v * f - u * df) ** 2


def excitations_by_ermakov(lam):
    def equation(s, y, lam):
        return [y[1], 1 / (4 * y[0] ** 3) - squared_frequency(s, lam) * y[0]]

    f, df = adiabatic_mode(-20.0, 4.0, lam)
    xi, rate = integrate(equation, [abs(f), (df / f).real * abs(f)], lam)
    f, df = adiabatic_mode(20.0, 8.0, lam)
    return abs((rate - 0.5j / xi) * f - xi * df) ** 2


@pytest.mark.parametrize("lam", LAMBDAS)
def test_critical_excitations_by_direct_integration(lam):
    assert abs(critical_excitations(lam) - excitations_by_linear_mode(lam)) < 1e-7
    assert abs(critical_excitations(lam) - excitations_by_ermakov(lam)) < 1e-7


@pytest.mark.parametrize("lam", LAMBDAS)
def test_critical_half_ramp_by_direct_integration(lam):
    def equation(s, y, lam):
        return [y[1], -squared_frequency(s, lam) * y[0]]

    start = np.array(adiabatic_mode(-20.0, 4.0, lam), dtype=complex)
    u, v = integrate(equation, start, lam, stop=1e-9)
    omega = lam ** (-1 / 3)
    n = (omega**2 * abs(u) ** 2 + abs(v) ** 2) / (2 * omega) - 0.5
    assert abs(sq.critical_half_ramp(lam) - n) < 1e-7


def test_limits_of_the_critical_oscillator():
    assert abs(sq.excitations_limit() - 0.351207) < 1e-6
    assert abs(critical_excitations(1e12) - sq.excitations_limit()) < 1e-7
    # a kink in Omega^2 from -4 to 8 excites like Lambda^2
    for lam in (1e-3, 1e-4):
        assert abs(critical_excitations(lam) / (2.25 * lam**2) - 1) < 0.01
        assert abs(sq.critical_half_ramp(lam) / (lam**2 / 4) - 1) < 0.01
    assert abs(sq.critical_half_ramp(1e9) + 0.5 - 0.334065 * 1e3) < 1e-2


def test_excitations_limit_of_other_slopes():
    k = np.array([0.1, 1.0, 2.0, 30.0])
    # running the ramp backwards exchanges the slopes
    np.testing.assert_allclose(sq.excitations_limit(k), sq.excitations_limit(1 / k), atol=1e-15)
    assert abs(sq.excitations_limit(1.0) - 1 / 3) < 1e-15


@given(st.floats(1e-3, 1e3), st.floats(0.2, 5))
def test_critical_excitations_depend_on_lambda_alone(lam, c0):
    scaled = critical_excitations(lam / c0**3)
    assert abs(critical_excitations(lam, c0) - scaled) < 1e-12 + 1e-9 * scaled


def test_critical_excitations_grow_and_stay_positive():
    n = critical_excitations(np.geomspace(1e-6, 1e6, 200))
    assert np.all(n > 0) and np.all(np.diff(n) > 0) and np.all(n < sq.excitations_limit())


# ---------------------------------------------------------------- the harmonic ramp


def ermakov_ramp(N, delta, h_start, h_end, points):
    """Eq. (7) by DOP853 in two pieces that meet at the kink of Omega^2."""

    def squared(h):
        return sq.squared_frequency(h, N)

    direction = np.sign(h_end - h_start)

    def equation(t, y):
        return [y[1], 1 / (4 * y[0] ** 3) - squared(h_start + direction * delta * t) * y[0]]

    times = np.linspace(0, abs(h_end - h_start) / delta, points)
    kink = abs(1 - h_start) / delta
    stops = [0.0, kink, times[-1]] if 0 < kink < times[-1] else [0.0, times[-1]]
    y, xi, rate = [(4 * squared(h_start)) ** -0.25, 0.0], [], []
    for start, stop in zip(stops[:-1], stops[1:], strict=True):
        run = solve_ivp(
            equation, (start, stop), y, method="DOP853", rtol=1e-11, atol=1e-13, dense_output=True
        )
        inside = times[(times >= start) & ((times < stop) | (stop == times[-1]))]
        xi.extend(run.sol(inside)[0])
        rate.extend(run.sol(inside)[1])
        y = run.y[:, -1]
    return times, np.array(xi), np.array(rate)


@pytest.mark.parametrize(
    "N, delta, h_start, h_end",
    [(100, 0.05, 2, 0), (500, 1.0, 2, 0), (100, 0.05, 0, 2), (64, 0.1, 2, 1), (64, 0.1, 1, 0)],
)
def test_harmonic_ramp_solves_ermakov(N, delta, h_start, h_end):
    ramp = harmonic_ramp(N, delta, h_start, h_end, points=41)
    times, xi, rate = ermakov_ramp(N, delta, h_start, h_end, 41)
    omega = np.sqrt(sq.squared_frequency(ramp.fields, N))
    n_exc = (omega**2 * xi**2 + rate**2 + 1 / (4 * xi**2)) / (2 * omega) - 0.5
    np.testing.assert_allclose(ramp.times - ramp.times[0], times, atol=1e-12)
    np.testing.assert_allclose(ramp.xi, xi, rtol=1e-6)
    np.testing.assert_allclose(ramp.n_exc, n_exc, atol=1e-6)
    np.testing.assert_allclose(ramp.frequency, omega)
    np.testing.assert_allclose(ramp.heat, ramp.frequency * ramp.n_exc)
    assert ramp.n_exc[0] < 1e-14 and abs(ramp.xi[0] ** 2 * 2 * omega[0] - 1) < 1e-14
    assert ramp.times[np.argmin(abs(ramp.fields - 1))] == pytest.approx(0, abs=1.1 / delta / 20)


@pytest.mark.parametrize("delta", [0.05, 1.0])
def test_excitations_and_fidelity_by_the_overlaps_of_equation_8(delta):
    """|c_n|^2 from the wave function itself: a complex Gaussian against Hermite functions."""
    ramp = harmonic_ramp(100, delta, points=8001)
    for index in (2000, 6000):
        xi, omega = ramp.xi[index], ramp.frequency[index]
        rate = (ramp.xi[index + 1] - ramp.xi[index - 1]) / (
            ramp.times[index + 1] - ramp.times[index - 1]
        )
        width = 1 / (2 * xi**2) - 1j * rate / xi
        x, dx = np.linspace(-12, 12, 6001, retstep=True)
        psi = (2 * np.pi * xi**2) ** -0.25 * np.exp(-width * x**2 / 2)
        n = np.arange(0, 41, 2)
        levels = (omega / np.pi) ** 0.25 * np.exp(-omega * x**2 / 2)
        levels = levels * eval_hermite(n[:, None], np.sqrt(omega) * x)
        levels /= np.sqrt(2.0**n * factorial(n))[:, None]
        population = np.abs(levels @ psi * dx) ** 2
        assert abs(population.sum() - 1) < 1e-5
        assert abs(ramp.fidelity[index] - population[0]) < 1e-5
        assert abs(ramp.n_exc[index] - population @ n) < 1e-4
        assert abs(ramp.fidelity[index] - (1 + ramp.n_exc[index]) ** -0.5) < 1e-14


def test_wronskian_is_kept():
    rng = np.random.default_rng(0)
    w1, w2 = rng.normal(size=(2, 10_000)) + 0.5
    u, v = 0.6 + 0.1j, -0.3 - 0.8j
    wronskian = (np.conj(u) * v).imag
    u, v = _kernels.mode_steps(u, v, w1, w2, 0.01)
    assert abs((np.conj(u) * v).imag / wronskian - 1) < 1e-10 * abs(u * v / wronskian)


def test_mode_steps_are_of_order_four():
    # u'' = -(1 + t) u has Airy solutions; from t = 0 to 2
    def solution(t):
        ai, aip, bi, bip = airy(-(1 + t))
        return ai + 1j * bi, -aip - 1j * bip

    errors = []
    for count in (20, 40, 80):
        dt = 2 / count
        nodes = dt * (np.arange(count) + 0.5)
        shift = np.sqrt(3) / 6 * dt
        u, v = _kernels.mode_steps(*solution(0), 1 + nodes - shift, 1 + nodes + shift, dt)
        errors.append(abs(u - solution(2)[0]) + abs(v - solution(2)[1]))
    slopes = np.diff(np.log(errors)) / np.log(0.5)
    np.testing.assert_allclose(slopes, 4, atol=0.2)


@pytest.mark.parametrize("lam", [0.5, 5.0, 50.0])
def test_slow_harmonic_ramp_depends_on_lambda_alone(lam):
    # the ramp outside the critical region is adiabatic: what is left is Eq. (10)
    n = [harmonic_ramp(round(lam / d), d, points=3).n_exc[-1] for d in (1e-3, 1e-4)]
    assert abs(n[1] - critical_excitations(lam)) < 2e-3
    assert abs(n[1] - critical_excitations(lam)) < abs(n[0] - critical_excitations(lam)) + 1e-5


def test_harmonic_ramp_reference_values():
    # an independent program, N = 4096 and 500
    for N, delta, n in ((4096, 1e-3, 0.24713), (500, 1e-2, 0.2597), (500, 1.0, 0.4528)):
        assert abs(harmonic_ramp(N, delta, points=2).n_exc[-1] - n) < 6e-5


def test_harmonic_ramp_through_both_transitions():
    through = harmonic_ramp(100, 0.1, 2, -2, points=41)
    there = harmonic_ramp(100, 0.1, 2, 0, points=21)
    np.testing.assert_allclose(through.n_exc[:21], there.n_exc, atol=1e-7)
    fine = harmonic_ramp(100, 0.1, 2, -2, points=4001)
    np.testing.assert_allclose(through.n_exc, fine.n_exc[::100], atol=1e-6)


# ---------------------------------------------------------------- exact ramps


def paper_hamiltonian(N):
    """Eq. (2) in its own axes and in the full spin space: constant part and field part."""
    sx, sz = qutip.jmat(N / 2, "x"), qutip.jmat(N / 2, "z")
    return 0.5 - 2 / N * sx**2, -2 * sz


def order_parameter_states(N):
    """Eigenvectors of the paper's Sx as columns, m descending: its x and z axes exchanged."""
    halfway = (qutip.jmat(N / 2, "x") + qutip.jmat(N / 2, "z")) / np.sqrt(2)
    return (-1j * np.pi * halfway).expm().full()


def full_space_ramp(N, field, duration, psi):
    H0, H1 = paper_hamiltonian(N)
    return qutip.sesolve([H0, [H1, field]], psi, [0, duration], options=VERN).states[-1]


def paper_ground_state(N, h):
    """Ground state of even parity: an even number of spins flipped against the field."""
    H0, H1 = paper_hamiltonian(N)
    energies, states = np.linalg.eigh((H0 + h * H1).full()[::2, ::2])
    vector = np.zeros(N + 1, dtype=complex)
    vector[::2] = states[:, 0]
    return qutip.Qobj(vector), energies[0]


@pytest.mark.parametrize("N, lam", [(32, 2.0), (33, 5.0), (64, 10.0)])
@pytest.mark.parametrize("h_end", [0.0, 0.5, 1.0])
def test_exact_ramp_in_the_full_space(N, lam, h_end):
    delta = lam / N
    psi = full_space_ramp(
        N, lambda t: 2 - delta * t, (2 - h_end) / delta, paper_ground_state(N, 2.0)[0]
    )
    ramp = exact_ramp(N, delta, h_end=h_end)
    H0, H1 = paper_hamiltonian(N)
    ground, energy = paper_ground_state(N, h_end)
    assert abs(ramp.fidelity - abs(ground.overlap(psi)) ** 2) < 1e-6
    assert abs(ramp.heat - (qutip.expect(H0 + h_end * H1, psi) - energy)) < 1e-6
    weights = np.abs(order_parameter_states(N).conj().T @ psi.full().ravel()) ** 2
    m = np.abs(np.arange(N, -N - 1, -2)) / 2
    if h_end == 0:
        assert abs(ramp.n_exc - weights @ (N / 2 - m)) < 1e-6
    values, probability = ramp.distribution()
    np.testing.assert_array_equal(np.abs(values), m)
    np.testing.assert_allclose(probability, weights, atol=1e-7)
    # and the state itself
    back = order_parameter_states(N) @ ramp.state.full().ravel()
    assert abs(abs(np.vdot(back, psi.full().ravel())) - 1) < 1e-7


def test_n_exc_is_defined_without_field_only():
    ramp = exact_ramp(16, 0.5, h_end=0.5)
    with pytest.raises(ValueError, match="n_exc needs h_end = 0, not 0.5"):
        _ = ramp.n_exc
    assert exact_ramp(16, 0.5).n_exc > 0


@pytest.mark.parametrize("smooth", [0.3, 1.0])
def test_smooth_ramp_in_the_full_space(smooth):
    N, delta = 16, 0.4
    switch = 2 * smooth / delta
    duration = 2 / delta + switch

    def rise(t):  # field covered while the rate rises like sin^2
        return delta * (t / 2 - switch / (2 * np.pi) * np.sin(np.pi * t / switch))

    def field(t):
        if t < switch:
            return 2 - rise(t)
        if t > duration - switch:
            return rise(duration - t)
        return 2 - (delta * t - smooth)

    psi = full_space_ramp(N, field, duration, paper_ground_state(N, 2.0)[0])
    ramp = exact_ramp(N, delta, smooth=smooth)
    assert abs(ramp.times[-1] - duration) < 1e-4
    weights = np.abs(order_parameter_states(N).conj().T @ psi.full().ravel()) ** 2
    m = np.abs(np.arange(N, -N - 1, -2)) / 2
    assert abs(ramp.n_exc - weights @ (N / 2 - m)) < 1e-6


@pytest.mark.parametrize("N", [32, 33])
def test_broken_start_in_the_full_space(N):
    delta = 4 / N
    product = qutip.Qobj(order_parameter_states(N)[:, 0])
    psi = full_space_ramp(N, lambda t: delta * t, 2 / delta, product)
    ramp = exact_ramp(N, delta, 0.0, 2.0, start="broken")
    assert set(ramp.states[-1]) == {"even", "odd"}
    H0, H1 = paper_hamiltonian(N)
    ground, energy = paper_ground_state(N, 2.0)
    assert abs(ramp.heat - (qutip.expect(H0 + 2 * H1, psi) - energy)) < 1e-6
    assert abs(ramp.fidelity - abs(ground.overlap(psi)) ** 2) < 1e-7
    for parity, populations in ramp.level_populations().items():
        rows = slice(0 if parity == "even" else 1, None, 2)
        _, states = np.linalg.eigh((H0 + 2 * H1).full()[rows, rows])
        expected = np.abs(states.conj().T @ psi.full().ravel()[rows]) ** 2
        np.testing.assert_allclose(populations, expected[: len(populations)], atol=1e-7)
    assert abs(sum(np.sum(np.abs(v) ** 2) for v in ramp.states[-1].values()) - 1) < 1e-11
    back = order_parameter_states(N) @ ramp.state.full().ravel()
    assert abs(abs(np.vdot(back, psi.full().ravel())) - 1) < 1e-7


def test_reverse_ramp_from_the_ground_state_in_the_full_space():
    N, delta = 32, 0.2
    psi = full_space_ramp(N, lambda t: delta * t, 2 / delta, paper_ground_state(N, 0.0)[0])
    H0, H1 = paper_hamiltonian(N)
    ramp = exact_ramp(N, delta, 0.0, 2.0)
    assert set(ramp.states[-1]) == {"even"}
    heat = qutip.expect(H0 + 2 * H1, psi) - paper_ground_state(N, 2.0)[1]
    assert abs(ramp.heat - heat) < 1e-6


def test_recorded_fields_are_those_of_shorter_ramps():
    ramp = exact_ramp(40, 0.2, fields=[0.5, 1.5, 1.0, 1.5, 2.0])
    np.testing.assert_array_equal(ramp.fields, [2.0, 1.5, 1.0, 0.5, 0.0])
    np.testing.assert_allclose(ramp.times, (2 - ramp.fields) / 0.2)
    assert abs(ramp.fidelities[0] - 1) < 1e-12 and abs(ramp.heats[0]) < 1e-11
    for index, h in enumerate(ramp.fields[1:], start=1):
        short = exact_ramp(40, 0.2, h_end=h)
        assert abs(short.heat - ramp.heats[index]) < 1e-6
        assert abs(short.fidelity - ramp.fidelities[index]) < 1e-6
    assert ramp.heat == ramp.heats[-1] and ramp.fidelity == ramp.fidelities[-1]
    up = exact_ramp(40, 0.2, 0.0, 2.0, fields=[1.5, 0.5])
    np.testing.assert_array_equal(up.fields, [0.5, 1.5, 2.0])


def test_recorded_fields_of_a_smooth_ramp():
    ramp = exact_ramp(20, 0.5, smooth=0.4, fields=[1.9, 1.0, 0.1])
    field = _schedule.Schedule(2.0, 0.0, 0.5, 0.4).coefficients(ramp.times)[:, 1]
    np.testing.assert_allclose(field, ramp.fields, atol=1e-12)


def test_heat_and_excitations_without_field():
    # E = -(2/N) m^2 and m = N/2 - k: heat = 2 <k> - (2/N) <k^2>
    ramp = exact_ramp(50, 0.4)
    m, probability = ramp.distribution()
    k = 25 - np.abs(m)
    assert abs(ramp.n_exc - probability @ k) < 1e-12
    assert abs(ramp.heat - (2 * probability @ k - 2 / 50 * probability @ k**2)) < 1e-10
    assert abs(ramp.fidelity - probability[0] - probability[-1]) < 1e-12
    assert abs(ramp.mean_quanta() - ramp.n_exc) < 1e-10


def test_level_populations():
    ramp = exact_ramp(30, 0.3, h_end=1.2)
    populations = ramp.level_populations(50)["even"]
    assert len(populations) == 16 and abs(populations.sum() - 1) < 1e-12
    levels = lmg.LMG.slow_quench(30, 1.2).energies(parity="even")
    assert abs(populations @ (levels - levels[0]) - ramp.heat) < 1e-10
    assert abs(populations[0] - ramp.fidelity) < 1e-12
    # above the transition one level of the even sector is two quanta
    assert abs(ramp.mean_quanta() - 2 * populations @ np.arange(16)) < 1e-12
    np.testing.assert_allclose(ramp.level_populations(3)["even"], populations[:3], atol=1e-12)
    with pytest.raises(ValueError, match="k = 1: the levels hold only 0"):
        ramp.mean_quanta(1)


def test_parity_is_conserved_in_the_full_space():
    # method "tridiagonal" on all N + 1 states: the odd amplitudes stay zero
    N = 24
    H = lmg.LMG.slow_quench(N, 0.0).hamiltonian(), lmg.LMG(N, 0.0, 1.0).hamiltonian()
    psi = lmg.LMG.slow_quench(N, 2.0).ground_state()
    options = {"method": "tridiagonal", "progress_bar": "", "normalize_output": False}
    end = qutip.sesolve([H[0], [H[1], lambda t: 2 - t / 4]], psi, [0, 8], options=options).states[
        -1
    ]
    odd = lmg.sector_isometry(N, "odd").T @ end.full().ravel()
    assert np.max(np.abs(odd)) < 1e-12
    assert abs(abs(end.overlap(exact_ramp(N, 0.25).state)) - 1) < 1e-8


@pytest.mark.parametrize(
    "N, lam, options",
    [(500, 50, {}), (1024, 200, {}), (500, 20, {"smooth": 0.35}), (500, 20, {"h_start": 1.0})],
)
def test_error_follows_the_tolerance(N, lam, options):
    # states far above the ground state weigh up to N/2: the hard case for the step control
    reference = exact_ramp(N, lam / N, atol=1e-11, **options).n_exc
    for atol in (1e-6, 1e-8):
        n_exc = exact_ramp(N, lam / N, atol=atol, **options).n_exc
        assert abs(n_exc - reference) < 10 * N * atol


@pytest.mark.parametrize(
    "N, lam, n", [(1024, 2, 0.04634), (1024, 5, 0.43534), (1024, 20, 4.38229), (4096, 20, 3.9796)]
)
def test_exact_ramp_reference_values(N, lam, n):
    # an independent program; (E - E0)/2 is lower by <k^2>/N
    assert abs(exact_ramp(N, lam / N).n_exc - n) < (1e-5 if N < 4096 else 0.01)


def test_adiabatic_and_sudden_limits():
    slow = exact_ramp(8, 1e-3)
    assert slow.fidelity > 1 - 1e-5 and slow.heat < 1e-4
    fast = exact_ramp(8, 1e6)
    start, end = (lmg.LMG.slow_quench(8, h).ground_state("even") for h in (2.0, 0.0))
    assert abs(fast.fidelity - abs(start.overlap(end)) ** 2) < 1e-5


def test_abrupt_stop_leaves_the_mean_field_lag():
    # Lambda << 1: nothing but N delta^2/16, the lag of the magnetisation when the ramp stops
    N, delta = 512, 0.2 / 512
    assert abs(exact_ramp(N, delta).n_exc / (N * delta**2 / 16) - 1) < 0.03
    assert exact_ramp(256, 0.2 / 256, smooth=0.35).n_exc < 1e-9


@given(
    st.integers(1, 40),
    st.floats(0.05, 20),
    st.floats(0, 3),
    st.floats(0, 3),
    st.floats(0, 0.5),
)
def test_exact_ramp_properties(N, delta, h_start, h_end, part):
    if abs(h_start - h_end) < 1e-3:
        h_end = h_start + 1.0
    smooth = part * abs(h_end - h_start)
    ramp = exact_ramp(N, delta, h_start, h_end, smooth=smooth)
    assert -1e-12 <= ramp.fidelity <= 1 + 1e-11
    assert ramp.heat >= -1e-9
    _, probability = ramp.distribution()
    assert np.all(probability >= 0) and abs(probability.sum() - 1) < 1e-11
    assert abs(ramp.state.norm() - 1) < 1e-11
    levels = lmg.LMG.slow_quench(N, h_end).energies(parity="even")
    if len(levels) > 1:
        assert ramp.heat >= (1 - ramp.fidelity) * (levels[1] - levels[0]) - 1e-9
    if h_end == 0:
        assert 0 <= ramp.n_exc <= N / 2


@given(st.floats(0.01, 5), st.floats(0, 3), st.floats(0, 3), st.integers(4, 300))
def test_harmonic_ramp_properties(delta, h_start, h_end, N):
    if abs(h_start - h_end) < 1e-3:
        h_end = h_start + 1.0
    ramp = harmonic_ramp(N, delta, h_start, h_end, points=7)
    assert np.all(ramp.n_exc >= 0) and np.all(ramp.heat >= 0)
    assert np.all((0 < ramp.fidelity) & (ramp.fidelity <= 1))
    # Heisenberg: the energy is at least that of the width alone
    spread = ramp.frequency * ramp.xi**2
    assert np.all(ramp.n_exc + 0.5 >= spread / 2 + 1 / (8 * spread) - 1e-9)


# ---------------------------------------------------------------- the limit of large N


@pytest.mark.parametrize("lam", [1e-3, 0.1, 0.5, 2.0, 10.0, 60.0])
def test_universal_populations_obey_their_sum_rules(lam):
    k = 3000
    p = sq.universal_populations(lam, k)
    assert np.all(p >= 0)
    assert abs(p.sum() - 1) < 1e-11  # Euler's identity
    assert abs(p[0] - sq.universal_fidelity(lam)) < 1e-15
    mean = sq.universal_excitations(lam)
    assert abs(p @ np.arange(k) - mean) < 1e-10 * (1 + mean)


@pytest.mark.parametrize("lam", [0.3, 1.0, 5.0, 20.0])
def test_universal_reverse_excitations_by_their_populations(lam):
    # P_n ~ x^(n(n-1)/2)/prod_{i<=n} (1 - x^i), one normalisation for both parities
    x = np.exp(-2 * np.pi / lam)
    n = np.arange(200)
    log_p = n * (n - 1) / 2 * np.log(x) - np.cumsum(np.append(0, np.log1p(-(x ** n[1:]))))
    p = np.exp(log_p - log_p.max())
    p /= p.sum()
    assert abs(p @ n - sq.universal_reverse_excitations(lam)) < 1e-11
    assert abs(p[::2].sum() - 0.5) < 1e-12  # the product state is half even, half odd


def test_universal_limits():
    for lam in (0.3, 0.5):
        x = np.exp(-2 * np.pi / lam)
        assert abs(sq.universal_excitations(lam) / x - 1) < 2 * x
        assert abs(1 - x - sq.universal_fidelity(lam)) < x**2 + 1e-15
        assert abs(sq.universal_reverse_excitations(lam) - 0.5 - x) < 2 * x**2 + 1e-15
    for lam in (30.0, 200.0):
        expected = lam / (4 * np.pi) * (np.log(lam / np.pi) + np.euler_gamma) + 0.0436 / lam
        assert abs(sq.universal_excitations(lam) - expected) < 1e-3 / lam
        expected = np.sqrt(2) * np.exp(-np.pi * lam / 24)
        assert abs(sq.universal_fidelity(lam) / expected - 1) < 0.02
        expected = lam * np.log(2) / (2 * np.pi) + 0.25 + np.pi / (24 * lam)
        assert abs(sq.universal_reverse_excitations(lam) - expected) < 1e-4 / lam
    assert sq.universal_excitations([1.0, 2.0]).shape == (2,)
    np.testing.assert_allclose(
        sq.universal_excitations([1.0, 5.0]), [1.8709e-3, 0.423472], rtol=5e-5
    )


@pytest.mark.parametrize("lam", [5.0, 10.0])
def test_smooth_exact_ramps_converge_to_the_universal_excitations(lam):
    sizes = np.array([256, 1024, 4096])
    n = np.array([exact_ramp(int(N), lam / N, smooth=0.35, atol=1e-7).n_exc for N in sizes])
    excess = n / sq.universal_excitations(lam) - 1
    amplitude = excess / (lam / sizes) ** (2 / 3)
    np.testing.assert_allclose(amplitude[1:], {5: 2.0, 10: 1.44}[lam], rtol=0.1)
    slopes = np.diff(np.log(excess)) / np.log(4)
    np.testing.assert_allclose(slopes, -2 / 3, atol=0.1)
    assert abs(slopes[1] + 2 / 3) < 0.04


def test_smooth_exact_ramp_has_the_universal_populations():
    lam, N = 5.0, 1024
    p = exact_ramp(N, lam / N, smooth=0.35).level_populations(6)["even"]
    np.testing.assert_allclose(p, sq.universal_populations(lam, 6), atol=0.015)


@pytest.mark.parametrize("lam", [1.0, 5.0])
def test_broken_start_converges_to_the_universal_reverse_excitations(lam):
    ramp = exact_ramp(1024, lam / 1024, 0.0, 2.0, start="broken", smooth=0.35)
    n = ramp.mean_quanta()
    assert 0 < n - sq.universal_reverse_excitations(lam) < 0.02
    even, odd = (np.sum(np.abs(ramp.states[-1][p]) ** 2) for p in ("even", "odd"))
    assert abs(even - 0.5) < 1e-11 and abs(odd - 0.5) < 1e-11


# ---------------------------------------------------------------- a field along the order parameter


@pytest.mark.parametrize("smooth", [0.0, 0.3])
def test_biased_ramp_in_the_full_space(smooth):
    N, delta, b = 24, 0.2, 0.04
    sx, sz = qutip.jmat(N / 2, "x"), qutip.jmat(N / 2, "z")
    fixed = -2 / N * sz**2 - 2 * b * sz
    schedule = _schedule.Schedule(2.0, 0.0, delta, smooth)
    H = [fixed, [-2 * sx, lambda t: schedule.coefficients(np.array([t]))[0, 1]]]
    start = (fixed - 4 * sx).groundstate()[1]
    end = qutip.sesolve(H, start, [0, schedule.total], options=VERN).states[-1]
    m, probability = sq.biased_ramp(N, delta, b, smooth)
    np.testing.assert_array_equal(m, np.arange(N / 2, -N / 2 - 1, -1))
    np.testing.assert_allclose(probability, np.abs(end.full()[:, 0]) ** 2, atol=1e-6)
    unbiased = exact_ramp(N, delta, smooth=smooth)
    p = sq.biased_ramp(N, delta, 0.0, smooth)[1]
    np.testing.assert_allclose(p, unbiased.distribution()[1], atol=1e-6)


@pytest.mark.parametrize("lam, ratio", [(0.5, 0.0), (3.0, 0.2), (10.0, 0.4), (40.0, 0.1)])
def test_biased_closed_forms_agree_with_each_other(lam, ratio):
    k = 2000
    p = sq.biased_populations(lam, ratio, k)
    assert abs(p.sum() - 1) < 1e-12 and np.all(p >= 0)
    assert abs(p.sum(axis=0) @ np.arange(k) - sq.biased_excitations(lam, ratio)) < 1e-11
    assert abs(p[1].sum() - sq.wrong_side(lam, ratio)) < 1e-14
    # the sum over r by Jacobi's triple product: independent factors in each valley
    x, y, j = np.exp(-2 * np.pi / lam), np.exp(-2 * np.pi * ratio), np.arange(1, 400)
    lowest = 1 / np.prod(1 + x ** (j - 1) * y)
    assert abs(p[0, 0] / lowest - 1) < 1e-11
    ladder = p[0, 1:8] / p[0, :7]
    i = np.arange(1, 8)
    np.testing.assert_allclose(ladder, x * y / ((1 - x**i) * (x**i + y)), rtol=1e-10)


def test_without_bias_the_biased_law_is_the_universal_one():
    for lam in (0.3, 5.0, 60.0):
        both = sq.biased_populations(lam, 0.0, 40)
        np.testing.assert_allclose(both[0], both[1], rtol=1e-12, atol=1e-300)
        np.testing.assert_allclose(
            both.sum(axis=0), sq.universal_populations(lam, 40), rtol=1e-11, atol=1e-300
        )
        n = sq.universal_excitations(lam)
        assert abs(sq.biased_excitations(lam, 0.0) / n - 1) < 1e-11
        assert (
            sq.wrong_side(lam, [0.0]).shape == (1,) and abs(sq.wrong_side(lam, 0.0) - 0.5) < 1e-13
        )


@pytest.mark.parametrize("lam, ratio", [(3.0, 0.5), (10.0, 0.2)])
def test_biased_ramps_converge_to_their_law(lam, ratio):
    # by the particle P^2 - s X^2 + X^4/(2 Lambda) - ratio sqrt(2 Lambda) X, split-operator
    points, half, s, step = 512, 1.15 * np.sqrt(14 * lam) + 5, -14.0, 0.002
    x = np.linspace(-half, half, points, endpoint=False)
    p = 2 * np.pi * np.fft.fftfreq(points, x[1] - x[0])
    tilt = ratio * np.sqrt(2 * lam)
    potential = x**4 / (2 * lam) - tilt * x
    width = np.sqrt(-s)
    psi = np.exp(-width / 2 * (x - tilt / (2 * width**2)) ** 2 + 1j * tilt / (4 * s**2) * x)
    kinetic = np.exp(-1j * step * p**2)
    while s < 14 - step / 2:
        s += step
        kick = np.exp(-0.5j * step * (potential - (s - step / 2) * x**2))
        psi = kick * np.fft.ifft(kinetic * np.fft.fft(kick * psi))
    weight = np.abs(psi) ** 2 / np.sum(np.abs(psi) ** 2)
    assert abs(weight[x < 0].sum() - sq.wrong_side(lam, ratio)) < 3e-4
    sizes, n = np.array([256, 1024]), []
    for N in sizes:
        m, probability = sq.biased_ramp(int(N), lam / N, ratio * lam / N)
        n.append(probability @ (N / 2 - abs(m)))
        assert abs(probability[m < 0].sum() - sq.wrong_side(lam, ratio)) < 2e-3
    law = sq.biased_excitations(lam, ratio)
    excess = np.array(n) - law
    assert excess[1] < 0.06 * law and abs(excess[0] / excess[1] / 4 ** (2 / 3) - 1) < 0.15


@pytest.mark.parametrize("ratio", [0.1, 0.4])
def test_biased_excitations_become_the_action_of_the_classical_motion(ratio):
    # xi'' = 4 s xi - 4 xi^3 + 2 sqrt(2) b/delta (Painleve II), from the solution that follows
    def equation(s, y):
        return [2 * y[1], 2 * s * y[0] - 2 * y[0] ** 3 + tilt]

    tilt, end = np.sqrt(2) * ratio, 60.0
    xi = tilt / (2 * end) - (tilt / (2 * end)) ** 3 / end
    s = np.linspace(0.8 * end, end, 2001)
    start = [xi, tilt / (4 * end**2)]
    run = solve_ivp(equation, (-end, end), start, "DOP853", s, rtol=1e-11, atol=1e-13)
    lowest = np.array([np.roots([2, 0, -2 * one, -tilt]).real.max() for one in s])
    potential = -s * run.y[0] ** 2 + run.y[0] ** 4 / 2 - tilt * run.y[0]
    bottom = -s * lowest**2 + lowest**4 / 2 - tilt * lowest
    lag = np.gradient(lowest, s) / 2
    energy = (run.y[1] - lag) ** 2 + potential - bottom
    action = np.mean(energy / np.sqrt(2 * (6 * lowest**2 - 2 * s)))
    law = -np.log1p(-np.exp(-2 * np.pi * ratio)) / (2 * np.pi)
    assert abs(action / law - 1) < 2e-3
    assert abs(sq.biased_excitations(3e4, ratio) / 3e4 / law - 1) < 1e-3


# ---------------------------------------------------------------- bad input

UNIVERSAL = (sq.universal_fidelity, sq.universal_excitations, sq.universal_reverse_excitations)
OF_LAMBDA = dict.fromkeys((critical_excitations, sq.critical_half_ramp), "> 0")
OF_LAMBDA |= dict.fromkeys(UNIVERSAL, "(0, 1e+06]")

BAD = [
    (lambda: gap(np.nan), ValueError, ["h = nan", "finite"]),
    (lambda: gap("1"), TypeError, ["h = '1'", "real numbers"]),
    (lambda: gap(1j), TypeError, ["h = 1j", "real numbers"]),
    (lambda: gap(1.0, N=1), ValueError, ["N = 1", ">= 2"]),
    (lambda: gap(1.0, N=2.5), ValueError, ["N = 2.5", "integer"]),
    (lambda: sq.excitations_limit(0), ValueError, ["slope_ratio = 0", "> 0"]),
    (lambda: sq.excitations_limit(np.inf), ValueError, ["slope_ratio = inf", "finite"]),
    *[
        (lambda f=f, lam=lam: f(lam), kind, [f"lam = {lam!r}", words or OF_LAMBDA[f]])
        for f in OF_LAMBDA
        for lam, kind, words in (
            (0.0, ValueError, None),
            (-1, ValueError, None),
            ([1.0, -2.0], ValueError, None),
            (np.nan, ValueError, "finite"),
            ("a", TypeError, "real numbers"),
        )
    ],
    (lambda: critical_excitations(1.0, c0=0), ValueError, ["c0 = 0", "> 0"]),
    (lambda: sq.critical_half_ramp(1.0, c0="1"), TypeError, ["c0 = '1'", "real number"]),
    (lambda: sq.universal_populations(0, 3), ValueError, ["lam = 0", "(0, 1e+06]"]),
    (lambda: sq.universal_populations(1.0, 0), ValueError, ["k = 0", ">= 1"]),
    *[
        (lambda f=f, arguments=arguments: f(**{"N": 8, "delta": 0.5} | arguments), kind, words)
        for f in (harmonic_ramp, exact_ramp)
        for arguments, kind, words in (
            ({"N": 0}, ValueError, ["N = 0", ">= 1"]),
            ({"N": 8.5}, ValueError, ["N = 8.5", "integer"]),
            ({"N": np.inf}, ValueError, ["N = inf", "integer"]),
            ({"N": "8"}, TypeError, ["N = '8'", "integer"]),
            ({"delta": 0}, ValueError, ["delta = 0", "> 0"]),
            ({"delta": -0.1}, ValueError, ["delta = -0.1", "> 0"]),
            ({"delta": np.nan}, ValueError, ["delta = nan", "finite"]),
            ({"h_start": np.inf}, ValueError, ["h_start = inf", "finite"]),
            ({"h_end": None}, TypeError, ["h_end = None", "real number"]),
            ({"h_end": 2.0}, ValueError, ["h_end = 2.0", "differ from h_start"]),
        )
    ],
    (lambda: harmonic_ramp(8, 0.5, points=1), ValueError, ["points = 1", ">= 2"]),
    (lambda: harmonic_ramp(8, 0.5, c0=-1), ValueError, ["c0 = -1", "> 0"]),
    (lambda: exact_ramp(8, 0.5, smooth=1.5), ValueError, ["smooth = 1.5", "[0, 1]"]),
    (lambda: exact_ramp(8, 0.5, smooth=-0.1), ValueError, ["smooth = -0.1", "[0, 1]"]),
    (lambda: exact_ramp(8, 0.5, start="up"), ValueError, ["start = 'up'", "'ground', 'broken'"]),
    (lambda: exact_ramp(8, 0.5, start="broken"), ValueError, ["h_start = 2.0", "h_start = 0"]),
    (lambda: exact_ramp(8, 0.5, fields=[2.5]), ValueError, ["fields = [2.5]", "[0, 2]"]),
    (lambda: exact_ramp(8, 0.5, fields=[np.nan]), ValueError, ["fields = [nan]", "finite"]),
    (lambda: exact_ramp(8, 0.5, fields=1.0), ValueError, ["fields of shape ()", "shape (any,)"]),
    (lambda: exact_ramp(8, 0.5, atol=0), ValueError, ["atol = 0", ">= 1e-15"]),
    (lambda: exact_ramp(8, 0.5).level_populations(0), ValueError, ["k = 0", ">= 1"]),
    (lambda: sq.biased_ramp(8, 0.5, -1), ValueError, ["b = -1", ">= 0"]),
    (lambda: sq.biased_ramp(8, 0.5, 0.1, 2), ValueError, ["smooth = 2", "[0, 1]"]),
    (lambda: sq.biased_excitations(0, 0.1), ValueError, ["lam = 0", "(0, 100000]"]),
    (lambda: sq.wrong_side(1.0, -0.1), ValueError, ["ratio = -0.1", "[0, 100]"]),
    (lambda: sq.biased_populations(1.0, 101, 2), ValueError, ["ratio = 101", "[0, 100]"]),
    (lambda: sq.biased_populations(1.0, 0.1, 0), ValueError, ["k = 0", ">= 1"]),
]


@pytest.mark.parametrize("call, kind, words", BAD)
def test_bad_input_is_named(call, kind, words):
    check_is_named(call, kind, words)
