"""Bias sweeps: Landau-Zener, other solvers, other numbers of levels, and the classical rivals."""

import numpy as np
import pytest
import qutip
from bad_input import check_is_named
from scipy.integrate import solve_ivp

from lmgbook.leggett_garg import LeggettGarg, rivals
from lmgbook.leggett_garg import bias_sweep as bs
from lmgbook.leggett_garg.bias_sweep import bias_sweep, landau_zener
from lmgbook.lmg import LMG, magnetic_numbers

FULL = LeggettGarg(levels=None)
FEW = LeggettGarg(levels=16)
TWO = LeggettGarg(levels=2)
SMALL = LeggettGarg(N=20, field=0.6, levels=None, coupling=1000.0)


def by_hand(magnet, reach, duration, dephasing=0.0, mirrored=False):
    """Both errors by QuTiP's standard solvers, in the magnet's energy basis."""
    sign = -1 if mirrored else 1
    H, Jz = magnet.hamiltonian, sign * magnet.jz
    h = bs.bias_field(magnet, reach)
    start, end = ((H - f * Jz).groundstate()[1] for f in (-h, h))
    sweep = [H, [-Jz, lambda t: h * (2 * t / duration - 1)]]
    options = {"atol": 1e-10, "rtol": 1e-8, "nsteps": 10**6, "progress_bar": ""}
    if dephasing:
        noise = [np.sqrt(dephasing) * Jz]
        run = qutip.mesolve(sweep, start.proj(), [0, duration], c_ops=noise, options=options)
    else:
        run = qutip.sesolve(sweep, start, [0, duration], options=options)
    wrong = magnet.operator((1 - sign * np.sign(magnetic_numbers(magnet.N))) / 2)
    state = run.states[-1]
    return 1 - qutip.expect(end.proj(), state), qutip.expect(wrong, state)


# ---------------------------------------------------------------- the quantum magnet


@pytest.mark.parametrize(
    "reach, duration, errors, noisy",
    [
        (10, 0.005, (0.591, 0.531), (0.632, 0.522)),
        (10, 0.020, (0.1257, 0.1006), (0.459, 0.304)),
        (30, 0.040, (0.2511, 0.0110), (0.558, 0.211)),
    ],
)
def test_the_sweeps_of_the_book(reach, duration, errors, noisy):
    full, few = (bias_sweep(magnet, reach, duration) for magnet in (FULL, FEW))
    assert abs(full.not_ground - errors[0]) < 6e-4 and abs(full.wrong_sign - errors[1]) < 6e-4
    # sixteen levels are as good as all
    assert abs(few.not_ground - full.not_ground) < 1e-5
    assert abs(few.wrong_sign - full.wrong_sign) < 1e-4
    assert abs(few.floor - full.floor) < 1e-4
    damped = bias_sweep(FEW, reach, duration, 0.05)
    assert abs(damped.not_ground - noisy[0]) < 6e-4 and abs(damped.wrong_sign - noisy[1]) < 6e-4


def test_landau_zener_by_two_levels_and_a_long_sweep():
    for duration in (0.1, 0.5):
        error = bias_sweep(TWO, 400, duration).not_ground
        assert abs(error - landau_zener(TWO, 400, duration)) < 2e-3
    assert landau_zener(FULL.splitting, 10, 0.02) == landau_zener(FULL, 10, 0.02)
    assert landau_zener(1.0, 1.0, [[4 / np.pi]]).shape == (1, 1)
    assert abs(landau_zener(1.0, 1.0, 4 / np.pi) - np.exp(-1)) < 1e-15


def test_bias_is_counted_in_splittings():
    for bias in (0.0, 0.5, -7.0):
        energies, _ = bs.biased_levels(TWO, bias)
        assert abs(np.diff(energies)[0] / TWO.splitting - np.hypot(1, bias)) < 1e-9
    np.testing.assert_allclose(bs.bias_field(TWO, [1, 2]), bs.bias_field(TWO, 1) * np.array([1, 2]))


@pytest.mark.parametrize("bias", [-3.0, 0.0, 8.0])
def test_levels_in_the_full_space_and_in_the_energy_basis(bias):
    energies, vectors = bs.biased_levels(SMALL, bias, 5)
    H = SMALL.hamiltonian - bs.bias_field(SMALL, bias) * SMALL.jz
    np.testing.assert_allclose(energies, H.eigenenergies()[:5], atol=1e-8)
    _, ground = H.groundstate()
    overlap = vectors[:, 0] @ SMALL.vectors @ ground.full()[:, 0]
    assert abs(abs(overlap) - 1) < 1e-10


@pytest.mark.parametrize("N", [12, 13])
@pytest.mark.parametrize("levels", [None, 6])
def test_by_plain_sesolve(N, levels):
    magnet = LeggettGarg(N=N, field=0.6, levels=levels, coupling=1000.0)
    duration = 20 / magnet.splitting
    here = bias_sweep(magnet, 8, duration)
    np.testing.assert_allclose(
        (here.not_ground, here.wrong_sign), by_hand(magnet, 8, duration), atol=1e-5
    )


@pytest.mark.parametrize("levels", [None, 6])
def test_by_plain_mesolve(levels):
    magnet = LeggettGarg(N=12, field=0.6, levels=levels, coupling=1000.0)
    duration, rate = 20 / magnet.splitting, 0.01 * magnet.splitting
    here = bias_sweep(magnet, 8, duration, rate)
    there = by_hand(magnet, 8, duration, rate)
    np.testing.assert_allclose((here.not_ground, here.wrong_sign), there, atol=3e-4)
    assert abs(here.states[-1].tr() - 1) < 1e-9
    assert here.states[-1].eigenenergies().min() > -1e-9


def test_a_mirrored_sweep_is_the_same():
    magnet = LeggettGarg(N=12, field=0.6, levels=None, coupling=1000.0)
    duration = 20 / magnet.splitting
    here = bias_sweep(magnet, 8, duration)
    back = by_hand(magnet, 8, duration, mirrored=True)
    np.testing.assert_allclose(back, (here.not_ground, here.wrong_sign), atol=1e-5)


def test_weak_noise_is_no_noise_and_strong_noise_forgets():
    clean, weak = (bias_sweep(FEW, 10, 0.01, rate) for rate in (0.0, 1e-7))
    assert abs(clean.not_ground - weak.not_ground) < 1e-4
    assert abs(clean.wrong_sign - weak.wrong_sign) < 1e-4
    long = bias_sweep(SMALL, 3, 1e3 / SMALL.splitting, SMALL.splitting)
    assert abs(long.wrong_sign - 0.5) < 1e-3 and abs(long.not_ground - 20 / 21) < 1e-3


def test_populations_follow_the_sweep():
    for dephasing in (0.0, 0.05):
        sweep = bias_sweep(FEW, 12, 0.004, dephasing, points=5)
        p = sweep.populations(FEW.levels)
        assert p.shape == (5, 16)
        np.testing.assert_array_equal(sweep.biases, [-12, -6, 0, 6, 12])
        np.testing.assert_allclose(p.sum(axis=1), 1, atol=1e-6)
        assert abs(p[0, 0] - 1) < 1e-9
        assert abs(1 - p[-1, 0] - sweep.not_ground) < 1e-12
    # the states at the end do not depend on the points in between
    direct = bias_sweep(FEW, 12, 0.004, 0.05)
    assert abs(sweep.not_ground - direct.not_ground) < 1e-4


def test_slow_sweeps_end_in_the_ground_state_and_its_sign():
    sweep = bias_sweep(FULL, 4, 0.06)
    assert sweep.not_ground < 1e-5
    assert abs(sweep.wrong_sign - sweep.floor) < 2e-3
    assert 0.01 < sweep.floor < 0.05


# ---------------------------------------------------------------- the landscape


def minima(g, h):
    """Number of minima of the energy per spin, J3 = 1, on a fine grid."""
    m = np.sin(np.linspace(-np.pi / 2, np.pi / 2, 40_001))
    e = LMG.leggett_garg(10, g).mean_field_energy(m) - h * m / 2
    return int(np.sum((e[1:-1] < e[:-2]) & (e[1:-1] < e[2:])))


@pytest.mark.parametrize("g", [0.3, 0.8, 0.95])
def test_spinodal_is_where_the_second_minimum_disappears(g):
    assert minima(g, 0.995 * rivals.spinodal(g)) == 2
    assert minima(g, 1.005 * rivals.spinodal(g)) == 1


def test_wells_end_at_the_spinodal():
    edge = rivals.spinodal(0.95) * FULL.coupling / bs.bias_field(FULL, 1)
    assert abs(edge - 34.66) < 0.01
    left, top, _ = rivals.wells(FULL, edge * (1 - 1e-9))
    assert 0 < top - left < 0.1
    with pytest.raises(ValueError, match="below the spinodal"):
        rivals.wells(FULL, edge * (1 + 1e-9))


def test_wells_are_stationary_points():
    bias = np.array([-20.0, 0.0, 13.0])
    left, top, right = rivals.wells(FULL, bias)
    h = bs.bias_field(FULL, bias) / FULL.coupling
    for z in (left, top, right):
        slope = 0.95 * z / np.sqrt(185**2 - z**2) - z / 185 - h
        np.testing.assert_allclose(slope, 0, atol=1e-12)
    assert np.all(left < top) and np.all(top < right)
    np.testing.assert_allclose(left, -rivals.wells(FULL, -bias)[2])
    assert abs(right[1] / 185 - np.sqrt(1 - 0.95**2)) < 1e-12 and abs(top[1]) < 1e-10


@pytest.mark.parametrize("bias", [0.0, 10.0, 25.0])
def test_area_of_a_well_by_counting_cells(bias):
    length = 185.5
    _, top, _ = rivals.wells(FULL, bias, length)
    z, phi = np.linspace(-length, float(top), 2001), np.linspace(-0.6, 0.6, 1201)

    def energy(z, phi):
        transverse = np.sqrt(length**2 - z**2) * np.cos(phi)
        return -(z**2) / 370 - 0.95 * transverse - bs.bias_field(FULL, bias) / FULL.coupling * z

    inside = energy(z[:, None], phi) < energy(float(top), 0.0)
    area = inside.sum() * (z[1] - z[0]) * (phi[1] - phi[0])
    assert abs(area / (2 * np.pi) / rivals.well_states(FULL, bias) - 1) < 0.01


# ---------------------------------------------------------------- thermal activation


def test_kramers_rates_have_the_frequency_of_the_well():
    hot = LeggettGarg(temperature=1.0, coupling=1000.0)
    rate = 1000 * np.sqrt(1 - 0.95**2) / (2 * np.pi)
    np.testing.assert_allclose(rivals.kramers_rates(hot, 0.0), rate, rtol=1e-6)


def test_kramers_rates_obey_detailed_balance():
    # population of a well in equilibrium: the phase-space integral of exp(-E/kT) over it
    bias = 6.0
    _, top, _ = rivals.wells(FULL, bias)
    z, phi = np.linspace(-184, 184, 3001)[:, None], np.linspace(-0.5, 0.5, 801)
    h = bs.bias_field(FULL, bias)
    transverse = 0.95 * np.sqrt(185**2 - z**2) * np.cos(phi)
    energy = -FULL.coupling * (z**2 / 370 + transverse) - h * z
    weight = np.exp(-(energy - energy.min()) / FULL.splitting).sum(axis=1)
    ratio = weight[z[:, 0] < top].sum() / weight[z[:, 0] > top].sum()
    from_left, from_right = rivals.kramers_rates(FULL, bias)
    assert abs(from_right / from_left / ratio - 1) < 0.1
    np.testing.assert_allclose(rivals.kramers_rates(FULL, -bias), (from_right, from_left))


def test_kramers_error():
    assert abs(rivals.kramers_error(FULL, 10, 0.005) - 0.9993) < 1e-4
    assert abs(rivals.kramers_error(FULL, 30, 0.040) - 0.0386) < 1e-4
    errors = [rivals.kramers_error(FULL, 25, t) for t in (1e-9, 1e-3, 1e-2, 1e-1, 1.0)]
    assert abs(errors[0] - 1) < 1e-6 and np.all(np.diff(errors) < 0)
    from_left, from_right = rivals.kramers_rates(FULL, 2.0)
    slow = rivals.kramers_error(FULL, 2, 1e7)
    assert abs(slow / (from_right / (from_left + from_right)) - 1) < 0.01


# ---------------------------------------------------------------- classical precession


@pytest.mark.parametrize("magnet", [FEW, SMALL], ids=["16 levels of N = 370", "N = 20"])
def test_wigner_function(magnet):
    bias = -8.0
    z, phi, weights = rivals.wigner_function(magnet, bias)
    assert abs(weights.sum() - 1) < 1e-12
    energies, ground = bs.biased_levels(magnet, bias, 1)
    psi = ground[:, 0] if magnet is SMALL else magnet.vectors @ ground[:, 0]
    # its marginal: half at the quantum numbers, half in between
    marginal = weights.sum(axis=1)
    np.testing.assert_allclose(2 * marginal[::2], psi**2, atol=4e-3)
    # the energy of the classical spin is that of the quantum state
    length = (magnet.N + 1) / 2
    grid = np.sqrt(length**2 - z[:, None] ** 2) * np.cos(phi)
    h = bs.bias_field(magnet, bias)
    mean = np.sum(
        weights
        * (-magnet.coupling * (z[:, None] ** 2 / magnet.N + magnet.field * grid) - h * z[:, None])
    )
    exact = energies[0] + magnet.coupling * LMG.leggett_garg(magnet.N, magnet.field).energies(1)[0]
    assert abs(mean - exact) < 2e-3 * abs(exact)


def equation(magnet, reach, duration):
    h0, twist = bs.bias_field(magnet, reach), 2 * magnet.coupling / magnet.N
    transverse = magnet.coupling * magnet.field

    def rate(t, spins):
        x, y, z = spins.reshape(3, -1)
        about_z = -twist * z - h0 * (2 * t / duration - 1)
        return np.concatenate([-about_z * y, about_z * x + transverse * z, -transverse * y])

    return rate


def test_precession_by_scipy():
    spins, _ = rivals.initial_spins(FULL, -20, 12)
    duration = 1e-3
    run = solve_ivp(
        equation(FULL, 20, duration),
        (0, duration),
        spins.ravel(),
        method="DOP853",
        rtol=1e-10,
        atol=1e-8,
    )
    errors = []
    for resolution in (2, 4):
        here = rivals.precess(FULL, spins, 20, duration, resolution=resolution)
        errors.append(np.abs(here.ravel() - run.y[:, -1]).max())
        np.testing.assert_allclose(np.linalg.norm(here, axis=0), 185.5, rtol=1e-12)
    assert errors[1] < 0.05 and 8 < errors[0] / errors[1] < 32  # fourth order


def test_noise_of_the_classical_spin_is_that_of_the_quantum_one():
    # a spin without energies: <Jx> decays as exp(-gamma t/2)
    idle = LeggettGarg(N=10, field=0.6, coupling=1e-9)
    spins = np.tile([[1.0], [0.0], [0.0]], 100_000)
    end = rivals.precess(idle, spins, 1, 2.0, dephasing=0.1, rng=np.random.default_rng(1))
    assert abs(end[0].mean() - np.exp(-0.1)) < 3e-3


def test_initial_spins():
    for zero_point in (True, False):
        spins, weights = rivals.initial_spins(FULL, -10, 20_000, zero_point)
        np.testing.assert_allclose(np.linalg.norm(spins, axis=0), 185.5)
        assert abs(weights.mean() - 1) < 0.01
    # the cold ones sit in the left well, with k_B T per degree of freedom
    left, _, _ = rivals.wells(FULL, -10, 185.5)
    assert abs(spins[2].mean() - left) < 0.2 and 4 < spins[2].std() < 8
    spins, weights = rivals.initial_spins(FULL, -10, 20_000)
    _, ground = bs.biased_levels(FULL, -10, 1)
    m = magnetic_numbers(370)
    assert abs(np.mean(weights * spins[2]) - m @ ground[:, 0] ** 2) < 1.0


def test_wigner_error():
    frozen, _ = rivals.wigner_error(FULL, 10, 0.002, zero_point=False, trajectories=200)
    assert frozen == 1
    error, uncertainty = rivals.wigner_error(FULL, 10, 0.010, seed=5)
    assert 0.005 < uncertainty < 0.02 and abs(error - 0.77) < 4 * uncertainty
    assert rivals.wigner_error(FULL, 10, 0.010, seed=5) == (error, uncertainty)
    # the slow limit by the area of the well
    estimate = 1 - np.exp(-2 * rivals.well_states(FULL, 20))
    error, uncertainty = rivals.wigner_error(FULL, 20, 0.020)
    assert abs(error - estimate) < 0.1


# ---------------------------------------------------------------- bad input

SPINS = np.ones((3, 4))
BAD = [
    (lambda: bias_sweep("magnet", 10, 0.01), TypeError, ["magnet = 'magnet'", "LeggettGarg"]),
    (lambda: bias_sweep(FEW, 0, 0.01), ValueError, ["reach = 0", "> 0"]),
    (lambda: bias_sweep(FEW, np.nan, 0.01), ValueError, ["reach = nan", "finite"]),
    (lambda: bias_sweep(FEW, 10, -1), ValueError, ["duration = -1", "> 0"]),
    (lambda: bias_sweep(FEW, 10, "1"), TypeError, ["duration = '1'", "real number"]),
    (lambda: bias_sweep(FEW, 10, 0.01, -0.05), ValueError, ["dephasing = -0.05", ">= 0"]),
    (lambda: bias_sweep(FEW, 10, 0.01, np.nan), ValueError, ["dephasing = nan", "finite"]),
    (lambda: bias_sweep(FEW, 10, 0.01, points=1), ValueError, ["points = 1", ">= 2"]),
    (lambda: bs.bias_field(None, 1), TypeError, ["magnet = None"]),
    (lambda: bs.bias_field(FEW, np.inf), ValueError, ["bias = inf", "finite"]),
    (lambda: bs.biased_levels(FEW, 1, 17), ValueError, ["count = 17", "<= 16"]),
    (lambda: bs.biased_levels(FEW, [1, 2]), TypeError, ["bias = [1, 2]", "real number"]),
    (lambda: landau_zener(0, 10, 0.01), ValueError, ["magnet = 0", "> 0"]),
    (lambda: landau_zener(FEW, -10, 0.01), ValueError, ["reach = -10", "> 0"]),
    (lambda: landau_zener(FEW, 10, [0.01, 0]), ValueError, ["duration = [0.01, 0]", "> 0"]),
    (lambda: rivals.spinodal(1.0), ValueError, ["field = 1.0", "(0, 1)"]),
    (lambda: rivals.spinodal(-0.5), ValueError, ["field = -0.5", "(0, 1)"]),
    (lambda: rivals.wells(FEW, 40), ValueError, ["bias = 40", "spinodal, 34.66"]),
    (lambda: rivals.wells(FEW, 1, length=0), ValueError, ["length = 0", "> 0"]),
    (
        lambda: rivals.wells(LeggettGarg(N=20, field=1.2), 0),
        ValueError,
        ["field = 1.2", "ordered phase"],
    ),
    (lambda: rivals.kramers_error(FEW, 35, 0.01), ValueError, ["bias = 35", "spinodal"]),
    (lambda: rivals.kramers_error(FEW, 10, 0), ValueError, ["duration = 0", "> 0"]),
    (lambda: rivals.well_states(FEW, 45), ValueError, ["bias = 45", "spinodal"]),
    (lambda: rivals.initial_spins(FEW, -10, 0), ValueError, ["count = 0", ">= 1"]),
    (lambda: rivals.precess(FEW, np.ones(3), 10, 0.01), ValueError, ["(3,)", "(3, any,)"]),
    (lambda: rivals.precess(FEW, SPINS * np.nan, 10, 0.01), ValueError, ["spins", "finite"]),
    (lambda: rivals.precess(FEW, SPINS, 10, 0), ValueError, ["duration = 0", "> 0"]),
    (lambda: rivals.precess(FEW, SPINS, 10, 1, -1), ValueError, ["dephasing = -1"]),
    (
        lambda: rivals.precess(FEW, SPINS, 10, 1, resolution=0),
        ValueError,
        ["resolution = 0", "> 0"],
    ),
    (lambda: rivals.wigner_error(FEW, -10, 0.01), ValueError, ["reach = -10", "> 0"]),
    (
        lambda: rivals.wigner_error(FEW, 10, 0.01, trajectories=1),
        ValueError,
        ["trajectories = 1", ">= 2"],
    ),
    (lambda: rivals.wigner_error(FEW, 10, 0.01, seed=0.5), ValueError, ["seed = 0.5", "integer"]),
]


@pytest.mark.parametrize("call, kind, words", BAD)
def test_bad_input_is_named(call, kind, words):
    check_is_named(call, kind, words)
