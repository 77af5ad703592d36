"""Paper 4: products of cosines against QuTiP and long arithmetic, averages by two routes."""

import pickle
import sys
import time

import numpy as np
import pytest
import qutip
from bad_input import check_is_named
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad

from lmgbook import glassy as gl
from lmgbook.glassy import averages, theory

TIMES = np.append(0.0, np.geomspace(0.008, 29, 40))  # in units of the inverse bulk coupling

clouds = st.tuples(
    st.integers(2, 40), st.sampled_from((1, 2, 3)), st.floats(0.5, 10), st.integers(0, 10**6)
)


def unit(N, d, alpha):
    """Bulk coupling of N spins in the unit ball."""
    return gl.bulk_coupling(d, alpha, N / gl.ball_volume(d))


def long_product(positions, times, alpha, box=None):
    """Eq. (2) in extended precision, pair by pair."""
    out = np.empty((len(times), len(positions)))
    for i in range(len(positions)):
        apart = np.delete(positions, i, axis=0) - positions[i]
        if box is not None:
            apart -= box * np.round(apart / box)
        squared = np.sum(apart.astype(np.longdouble) ** 2, axis=1)
        angles = np.outer(times, 2 * squared ** (-np.longdouble(alpha) / 2))
        out[:, i] = np.cos(angles).prod(axis=1)
    return out


def state_at(matrix, time_):
    """The state vector: the Hamiltonian is diagonal in the basis of sz."""
    N = len(matrix)
    spins = 1 - 2 * ((np.arange(2**N)[:, None] >> np.arange(N)[::-1]) & 1)
    energy = np.einsum("si,ij,sj->s", spins, np.triu(matrix), spins)
    return qutip.Qobj(np.exp(-1j * energy * time_) / 2 ** (N / 2), dims=[[2] * N, [1] * N])


def hamiltonian(matrix):
    N = len(matrix)
    sz = [qutip.expand_operator(qutip.sigmaz(), [2] * N, [i]) for i in range(N)]
    return sum(matrix[i, k] * sz[i] * sz[k] for i in range(N) for k in range(i + 1, N))


# ---------------------------------------------------------------- positions


@given(clouds, st.sampled_from(gl.SHAPES))
def test_positions_lie_where_they_should(cloud, shape):
    N, d, _, seed = cloud
    positions = gl.random_positions(N, d, rng=seed, shape=shape)
    assert positions.shape == (N, d)
    if shape == "ball":
        assert np.linalg.norm(positions, axis=1).max() <= 1
    else:
        assert positions.min() >= 0 and positions.max() < gl.box_side(d)
    assert gl.box_side(d) ** d == pytest.approx(gl.ball_volume(d))


@pytest.mark.parametrize("d", [1, 2, 3])
def test_positions_fill_the_ball_evenly(d):
    positions = gl.random_positions(20_000, d, rng=1)
    share = np.sort(np.linalg.norm(positions, axis=1) ** d)
    # Kolmogorov-Smirnov: 1.63/sqrt(N) at one per cent
    assert np.abs(share - (np.arange(20_000) + 0.5) / 20_000).max() < 1.63 / np.sqrt(20_000)
    assert np.abs(positions.mean(axis=0)).max() < 0.02


@pytest.mark.parametrize("shape", gl.SHAPES)
@pytest.mark.parametrize("d, x", [(1, 0.5), (2, 0.8), (3, 1.0)])
def test_no_two_spins_are_closer_than_the_exclusion_radius(d, x, shape):
    exclusion = (x / 60) ** (1 / d)
    positions = gl.random_positions(60, d, exclusion, rng=3, shape=shape)
    box = gl.box_side(d) if shape == "torus" else None
    assert gl.nearest_couplings(positions, 1.0, box=box).max() <= 1 / exclusion


@pytest.mark.parametrize("d, exclusion", [(1, 0.5), (2, 0.5), (3, 0.9)])
def test_an_impossible_exclusion_radius_is_refused_at_once(d, exclusion):
    start = time.process_time()
    check_is_named(
        lambda: gl.random_positions(100, d, exclusion, rng=1),
        ValueError,
        ["exclusion", f"{exclusion}", "must be <"],
    )
    assert time.process_time() - start < 0.5


def test_a_jammed_adsorption_stops_with_an_error():
    # one dimension jams at a filling of 0.7476 (Renyi): 0.85 could be packed but is never reached
    check_is_named(
        lambda: gl.random_positions(100, 1, 1.7 / 99, rng=1),
        ValueError,
        ["exclusion", "no place", "of 100", "smaller"],
    )


# ---------------------------------------------------------------- couplings


def test_couplings_fall_with_the_power_of_the_distance():
    positions = np.array([[0.0, 0.0], [0.3, 0.4], [-0.5, 0.0]])
    matrix = gl.couplings(positions, 3, coupling=2.0)
    assert matrix[0, 1] == pytest.approx(2 / 0.5**3)
    assert matrix[0, 2] == pytest.approx(2 / 0.5**3)
    assert np.array_equal(matrix, matrix.T) and np.all(np.diag(matrix) == 0)
    assert gl.nearest_couplings(positions, 3, 2.0) == pytest.approx([16, 16, 16])


def test_a_torus_has_nearest_images():
    positions = np.array([[0.1], [1.9]])
    assert gl.couplings(positions, 1, box=2.0)[0, 1] == pytest.approx(1 / 0.2)
    assert gl.nearest_couplings(positions, 1, box=2.0) == pytest.approx([5, 5])


@pytest.mark.parametrize("d, alpha", [(1, 2), (2, 3), (3, 6)])
def test_bulk_coupling_is_the_median_of_a_large_torus(d, alpha):
    N, box = 20_000, gl.box_side(d)
    positions = gl.random_positions(N, d, rng=5, shape="torus")
    median = np.median(gl.nearest_couplings(positions, alpha, box=box))
    # error of a median of ln r^d: 1/(2 ln 2 sqrt N) or so, times alpha/d
    assert median / unit(N, d, alpha) == pytest.approx(1, abs=4 * alpha / d / np.sqrt(N))


# ---------------------------------------------------------------- the product of cosines


@pytest.mark.parametrize("N", [2, 5, 10])
def test_product_equals_the_state_vector(N):
    positions = gl.random_positions(N, 3, rng=N)
    matrix = gl.couplings(positions, 6)
    times = np.array([0.03, 0.5, 4.0]) / unit(N, 3, 6)
    ours = gl.magnetization(positions, times, 6)
    pure = gl.purity(positions, times, 6)
    for step, instant in enumerate(times):
        state = state_at(matrix, instant)
        for i in range(N):
            reduced = state.ptrace(i)
            means = [
                (reduced * s).tr().real for s in (qutip.sigmax(), qutip.sigmay(), qutip.sigmaz())
            ]
            assert means == pytest.approx([ours[step, i], 0, 0], abs=1e-10)
            assert (reduced * reduced).tr().real == pytest.approx(pure[step, i], abs=1e-10)


def test_product_equals_sesolve():
    N = 5
    positions = gl.random_positions(N, 2, rng=2)
    matrix = gl.couplings(positions, 3)
    times = np.linspace(0, 2, 9) / unit(N, 2, 3)
    plus = qutip.tensor([(qutip.basis(2, 0) + qutip.basis(2, 1)).unit()] * N)
    sx = [qutip.expand_operator(qutip.sigmax(), [2] * N, [i]) for i in range(N)]
    options = {"method": "vern9", "rtol": 1e-11, "atol": 1e-13, "nsteps": 10**6}
    solved = qutip.sesolve(hamiltonian(matrix), plus, times, e_ops=sx, options=options)
    assert np.transpose(solved.expect) == pytest.approx(
        gl.magnetization(positions, times, 3), abs=1e-8
    )


@pytest.mark.parametrize("method", gl.METHODS)
@pytest.mark.parametrize("shape", gl.SHAPES)
@pytest.mark.parametrize(
    "d, alpha, N", [(1, 1, 50), (1, 10, 40), (2, 2.5, 120), (3, 3, 150), (3, 6, 300)]
)
def test_all_methods_equal_long_arithmetic(d, alpha, N, shape, method):
    positions = gl.random_positions(N, d, rng=N, shape=shape)
    box = gl.box_side(d) if shape == "torus" else None
    times = TIMES / unit(N, d, alpha)
    ours = gl.magnetization(positions, times, alpha, box=box, method=method)
    assert np.abs(ours - long_product(positions, times, alpha, box)).max() < 1e-9
    assert ours[0] == pytest.approx(np.ones(N), abs=0)


@settings(max_examples=40, deadline=None)
@given(clouds, st.floats(0.1, 1e9))
def test_near_and_far_agree_with_the_plain_product(cloud, longest):
    N, d, alpha, seed = cloud
    positions = gl.random_positions(N, d, rng=seed)
    times = np.geomspace(1e-3, longest, 21) / unit(N, d, alpha)
    plain = long_product(positions, times, alpha)
    # a phase of more turns than extended precision can tell is left out
    told = 2 * times[:, None] * gl.nearest_couplings(positions, alpha) < 1e8
    ours = gl.magnetization(positions, times, alpha)
    assert ours[told] == pytest.approx(plain[told], abs=1e-9)
    assert np.abs(ours).max() <= 1
    assert gl.purity(positions, times, alpha)[told] == pytest.approx(
        (1 + plain[told] ** 2) / 2, abs=1e-9
    )


@pytest.mark.parametrize("d, alpha", [(1, 1.5), (2, 3), (3, 6)])
@pytest.mark.parametrize("first, last, share", [(-4, 9, 0.3), (3, 6, 0.4), (6, 9, 0.9)])
def test_long_after_the_decay_nothing_is_left(d, alpha, first, last, share):
    # from far to angles that need extended precision, also in one call, and with times zero
    positions = gl.random_positions(200, d, rng=d)
    times = np.concatenate([np.zeros(3), np.logspace(first, last, 40)]) / unit(200, d, alpha)
    ours = gl.magnetization(positions, times, alpha)
    plain = long_product(positions, times, alpha)
    assert ours == pytest.approx(plain, abs=1e-9) and np.all(ours[:3] == 1)
    dead = np.abs(plain) < 1e-40
    assert np.abs(ours[dead]).max(initial=0) < 1e-30 and np.mean(dead) >= share


def test_few_spins_long_after_the_decay_keep_their_phases():
    # ten cosines do not make a product small: all of them are taken in extended precision
    positions = gl.random_positions(10, 3, rng=7)
    times = np.linspace(1e3, 1e5, 50)
    ours = gl.magnetization(positions, times, 6)
    assert ours == pytest.approx(long_product(positions, times, 6), abs=1e-7)
    assert np.abs(ours).max() > 0.01


@given(clouds, st.floats(0.1, 10))
def test_only_the_product_of_coupling_and_time_matters(cloud, coupling):
    N, d, alpha, seed = cloud
    positions = gl.random_positions(N, d, rng=seed)
    times = np.array([0.1, 1.0]) / unit(N, d, alpha)
    one = gl.magnetization(positions, times, alpha, coupling)
    # the phases of very close pairs feel the rounding of the product, so early times only
    other = gl.magnetization(positions, times * coupling, alpha)
    largest = 2 * coupling * times[-1] * gl.nearest_couplings(positions, alpha).max()
    assert one == pytest.approx(other, abs=1e-9 + 1e-14 * min(largest, 1e15))


def test_chosen_spins_are_columns_of_all_spins():
    positions = gl.random_positions(30, 2, rng=1)
    times = TIMES / unit(30, 2, 3)
    every = gl.magnetization(positions, times, 3)
    some = gl.magnetization(positions, times, 3, spins=[4, 0])
    assert some == pytest.approx(every[:, [4, 0]], abs=1e-14)


@pytest.fixture
def uncompiled(monkeypatch):
    """As where numba is not installed."""
    monkeypatch.setitem(sys.modules, "numba", None)
    for name in ("lmgbook._jit", "lmgbook.glassy._cosines"):
        monkeypatch.delitem(sys.modules, name, raising=False)


@pytest.mark.parametrize("alpha", [6, 2.5])
def test_without_numba_the_numbers_are_the_same(alpha, request):
    positions = gl.random_positions(30, 3, rng=1)
    times = np.append(TIMES, [1e4, 1e12]) / unit(30, 3, alpha)
    fast = gl.magnetization(positions, times, alpha)
    request.getfixturevalue("uncompiled")
    assert gl.magnetization(positions, times, alpha) == pytest.approx(
        fast, abs=1e-11
    )  # 1e-9 promised


def test_without_numba_large_clouds_are_refused(uncompiled):
    check_is_named(
        lambda: gl.magnetization(np.arange(20_000.0)[:, None], [1.0], 6),
        ValueError,
        ["N = 20000", "hours", "numba"],
    )


def test_many_close_pairs_do_not_overflow_the_list():
    # two tight heaps in one dimension: nearly all angles are beyond the compiled range
    rng = np.random.default_rng(0)
    positions = np.concatenate([rng.normal(0, 1e-6, (20, 1)), rng.normal(0.5, 1e-6, (20, 1))])
    times = np.array([1e-3, 1.0])
    ours = gl.magnetization(positions, times, 1.5)
    assert np.abs(ours - long_product(positions, times, 1.5)).max() < 1e-4
    assert ours.shape == (2, 40)


def test_one_spin_alone_stays():
    assert np.array_equal(gl.magnetization([[0.1, 0.2]], [0.0, 3.0], 2), np.ones((2, 1)))


@pytest.mark.parametrize("subset", [[0], [1, 4], [0, 2, 3]])
def test_subset_purity_equals_the_partial_trace(subset):
    positions = gl.random_positions(6, 3, rng=8)
    times = np.array([0.0, 0.3, 2.0]) / unit(6, 3, 6)
    ours = gl.subset_purity(positions, times, 6, subset)
    for step, instant in enumerate(times):
        reduced = state_at(gl.couplings(positions, 6), instant).ptrace(subset)
        assert ours[step] == pytest.approx((reduced * reduced).tr().real, abs=1e-11)


# ---------------------------------------------------------------- the average over positions


@pytest.mark.parametrize("d, alpha", [(1, 1), (1, 3), (2, 3), (3, 3), (3, 6), (3, 2)])
def test_rates_are_the_integral_over_space(d, alpha):
    # d int_0^oo r^(d-1) [1 - cos(2/r^alpha)] dr = int (1 - cos 2w) b w^(-b-1) dw by quadrature
    power = d / alpha
    near = quad(lambda y: (1 - np.cos(y)) * power * y ** (-power - 1), 0, 20, limit=500)[0]
    tail = quad(lambda y: power * y ** (-power - 1), 20, np.inf, weight="cos", wvar=1.0)[0]
    whole = 2**power * (near + 20**-power - tail)
    gamma_m, gamma_p, beta = gl.rates(d, alpha, 1 / gl.ball_volume(d))
    assert gamma_m**power == pytest.approx(whole, rel=1e-6)
    assert beta == power
    assert gamma_p / gamma_m == pytest.approx(2 ** (1 - alpha / d), rel=1e-12)


def test_the_limit_alpha_equal_d_is_continuous():
    at, near = gl.rates(3, 3, 2.0)[0], gl.rates(3, 3 + 1e-7, 2.0)[0]
    assert near == pytest.approx(at, rel=1e-5)


@pytest.mark.parametrize("d, alpha", [(1, 1), (2, 3), (3, 6)])
def test_a_spin_at_the_centre_decays_as_the_infinite_cloud(d, alpha):
    times = np.geomspace(0.01, 3, 12) / unit(1, d, alpha)
    limit = gl.stretched_exponential(times, d, alpha, 1 / gl.ball_volume(d))
    errors = []
    for N in (10**3, 10**4):
        scaled = times / N ** (alpha / d)  # the same times in units of the bulk coupling
        errors.append(np.abs(gl.noise_free(scaled, N, d, alpha, where="centre") - limit).max())
    assert errors[1] < 0.15 * errors[0] < 1e-3


@pytest.mark.parametrize("where", gl.SHAPES)
@pytest.mark.parametrize("d, alpha, N", [(1, 1, 12), (1, 3, 6), (2, 2, 50), (3, 3, 60), (3, 6, 80)])
def test_quadrature_equals_the_sampled_average(d, alpha, N, where):
    times = np.array([0.02, 0.1, 0.3, 1.0, 2.0]) / unit(N, d, alpha)
    sampled = gl.ensemble_average(N, d, alpha, times, 400, seed=4, shape=where)
    for squared, samples in (
        (False, sampled.magnetization_samples),
        (True, sampled.square_samples),
    ):
        smooth = gl.noise_free(times, N, d, alpha, where=where, squared=squared)
        error = samples.std(axis=0, ddof=1) / 20
        assert np.all(np.abs(samples.mean(axis=0) - smooth) < 4.5 * error)


@pytest.mark.parametrize("d, alpha, N", [(1, 1, 12), (2, 4, 40), (3, 6, 40)])
def test_a_gaussian_cloud_by_both_routes(d, alpha, N):
    rng = np.random.default_rng(d)
    times = np.array([0.02, 0.1, 0.3, 1.0, 2.0])
    times /= gl.bulk_coupling(d, alpha, N / (2 * np.pi) ** (d / 2))
    curves = [gl.magnetization(rng.normal(size=(N, d)), times, alpha) for _ in range(600)]
    for squared in (False, True):
        samples = np.mean([curve ** (1 + squared) for curve in curves], axis=2)
        smooth = gl.noise_free(times, N, d, alpha, where="gauss", squared=squared)
        error = samples.std(axis=0, ddof=1) / np.sqrt(600)
        assert np.all(np.abs(samples.mean(axis=0) - smooth) < 4.5 * error)


def test_a_large_gaussian_cloud_is_a_mixture_of_densities():
    # in two dimensions all densities up to the largest are equally frequent
    peak = 10**7 / (2 * np.pi)
    gamma = gl.rates(2, 4, peak)[0]
    s = np.array([0.01, 0.3, 1.0, 3.0, 10.0])
    found = gl.noise_free(s**2 / gamma, 10**7, 2, 4, where="gauss")
    assert found == pytest.approx(-np.expm1(-s) / s, abs=2e-5)


def test_inner_spins_by_both_routes():
    times = np.array([0.1, 1.0]) / unit(60, 3, 6)
    sampled = gl.ensemble_average(60, 3, 6, times, 400, seed=1, inner=0.6)
    smooth = gl.noise_free(times, 60, 3, 6, inner=0.6)
    error = sampled.magnetization_samples.std(axis=0, ddof=1) / 20
    assert np.all(np.abs(sampled.magnetization - smooth) < 4.5 * error)


@pytest.mark.parametrize("where", ["ball", "centre", "torus", "gauss"])
def test_quadrature_is_converged(where):
    times = np.geomspace(1e-3, 30, 25) / unit(100, 3, 6)
    coarse, fine = (gl.noise_free(times, 100, 3, 6, where=where, nodes=n) for n in (64, 200))
    assert coarse == pytest.approx(fine, abs=5e-5)


@pytest.mark.parametrize("power", [0.3, 0.5, 1.0, 4 / 3, 1.9])
def test_the_missing_cosine_is_its_integral(power):
    for w in (0.03, 0.9, 1.1, 7.0, 399.0, 401.0):
        head = quad(lambda y, b=power: (1 - np.cos(y)) * y ** (-b - 1), w, w + 60, limit=400)[0]
        cosine = quad(
            lambda y, b=power: y ** (-b - 1), w + 60, np.inf, weight="cos", wvar=1.0, limit=400
        )[0]
        whole = power * w**power * (head + (w + 60) ** -power / power - cosine)
        assert theory._missing_cosine(power)(np.array([w]))[0] == pytest.approx(whole, rel=1e-7)


# ---------------------------------------------------------------- fits


@given(st.floats(0.15, 1.9), st.floats(0.2, 5), st.floats(0.5, 1.2))
def test_a_fit_finds_what_was_put_in(beta, rate, amplitude):
    times = np.geomspace(1e-2, 10, 96)
    signal = amplitude * np.exp(-((rate * times) ** beta))
    found = gl.fit_stretch(times, signal, free_amplitude=True)
    assert (found.beta, found.gamma, found.amplitude) == pytest.approx(
        (beta, rate, amplitude), rel=1e-5
    )
    assert found(times) == pytest.approx(signal, abs=1e-6)
    fixed = gl.fit_stretch(times, signal / amplitude)
    assert (fixed.beta, fixed.gamma, fixed.amplitude) == pytest.approx((beta, rate, 1), rel=1e-5)


def test_a_fit_may_begin_at_time_zero():
    times = np.linspace(0, 10, 50)
    found = gl.fit_stretch(times, np.exp(-(times**0.1)))
    assert found.beta == pytest.approx(0.1, rel=1e-6)


def test_the_fitted_curve_is_the_best_one():
    times = np.geomspace(1e-2, 10, 96)
    signal = gl.noise_free(times / unit(100, 3, 6), 100, 3, 6)
    found = gl.fit_stretch(times, signal)
    least = np.sum((found(times) - signal) ** 2)
    for beta, gamma in ((1.002, 1), (0.998, 1), (1, 1.01), (1, 0.99)):
        other = np.exp(-((gamma * found.gamma * times) ** (beta * found.beta)))
        assert np.sum((other - signal) ** 2) > least


def test_bootstrap_error_is_that_of_repeated_samples():
    times = np.geomspace(1e-2, 10, 40)
    averages = [
        gl.ensemble_average(50, 3, 6, times / unit(50, 3, 6), 60, seed=s) for s in range(25)
    ]
    scatter = np.std([a.fit(time_unit=1.0).beta for a in averages], ddof=1)
    booted = np.median([a.fit(bootstrap=60).error for a in averages[:8]])
    assert 0.5 < booted / scatter < 2
    covariance = averages[0].fit().error
    assert covariance < booted  # all times share their realisations


# ---------------------------------------------------------------- the chapter's headline


def test_beta_is_d_over_alpha_away_from_the_surface():
    times = np.geomspace(1e-2, 10, 96)
    for d, alpha in ((1, 2), (2, 3), (3, 4), (3, 6), (3, 10)):
        for squared in (False, True):
            curve = gl.noise_free(
                times / unit(1300, d, alpha), 1300, d, alpha, where="torus", squared=squared
            )
            assert gl.fit_stretch(times, curve).beta == pytest.approx(d / alpha, abs=1.5e-3)


def test_the_surface_makes_beta_smaller():
    times = np.geomspace(1e-2, 10, 96)
    betas = {
        N: gl.fit_stretch(times, gl.noise_free(times / unit(N, 3, 6), N, 3, 6)).beta
        for N in (100, 1300)
    }
    assert 0.46 < betas[100] < 0.475 and 0.48 < betas[1300] < 0.49
    slope = np.log((0.5 - betas[100]) / (0.5 - betas[1300])) / np.log(13)
    assert slope == pytest.approx(1 / 3, abs=0.05)


# ---------------------------------------------------------------- averages over realisations


def test_the_average_is_that_of_its_clouds():
    times = np.array([0.0, 0.1, 1.0]) / unit(20, 2, 3)
    whole = gl.ensemble_average(20, 2, 3, times, 3, seed=11, exclusion=0.05)
    for index, child in enumerate(np.random.SeedSequence(11).spawn(3)):
        positions = gl.random_positions(20, 2, 0.05, np.random.default_rng(child))
        curves = gl.magnetization(positions, times, 3)
        assert whole.magnetization_samples[index] == pytest.approx(curves.mean(axis=1))
        assert whole.square_samples[index] == pytest.approx((curves**2).mean(axis=1))
        assert whole.nearest_samples[index] == pytest.approx(
            np.median(gl.nearest_couplings(positions, 3))
        )
    assert whole.purity == pytest.approx((1 + whole.square) / 2)
    assert whole.magnetization[0] == 1


def test_a_cloud_travels_to_another_process():
    cloud = averages._Cloud(5, 3, 6.0, (0.0, 1e-3), 0.0, "ball", 1.0, 1.0)
    again = pickle.loads(pickle.dumps(cloud))
    assert np.array_equal(again(np.random.default_rng(1)), cloud(np.random.default_rng(1)))


# ---------------------------------------------------------------- bad input

CLOUD = gl.random_positions(4, 3, rng=0)
HOLE = CLOUD.copy()
HOLE[1, 2] = np.nan
TWICE = CLOUD.copy()
TWICE[3] = TWICE[0]

BAD = [
    (lambda: gl.random_positions(0, 3), ValueError, ["N = 0", ">= 1"]),
    (lambda: gl.random_positions(2.5, 3), ValueError, ["N = 2.5", "integer"]),
    (lambda: gl.random_positions(5, 4), ValueError, ["d = 4", "1, 2 or 3"]),
    (lambda: gl.random_positions(5, 0), ValueError, ["d = 0", "1, 2 or 3"]),
    (lambda: gl.random_positions(5, 3, -0.1), ValueError, ["exclusion = -0.1", ">= 0"]),
    (lambda: gl.random_positions(5, 3, shape="cube"), ValueError, ["shape = 'cube'", "torus"]),
    (lambda: gl.couplings(CLOUD, 0), ValueError, ["alpha", "> 0"]),
    (lambda: gl.couplings(CLOUD, -2), ValueError, ["alpha = -2", "> 0"]),
    (lambda: gl.couplings(CLOUD, 6, coupling=0), ValueError, ["coupling", "> 0"]),
    (lambda: gl.couplings(TWICE, 6), ValueError, ["positions", "same place"]),
    (lambda: gl.couplings(HOLE, 6), ValueError, ["positions", "finite"]),
    (lambda: gl.couplings(CLOUD, 6, box=-1), ValueError, ["box = -1", "> 0"]),
    (lambda: gl.couplings(np.zeros((3, 4)), 6), ValueError, ["positions", "(3, 4)"]),
    (lambda: gl.nearest_couplings(CLOUD[:1], 6), ValueError, ["positions", "two spins"]),
    (lambda: gl.nearest_couplings(TWICE, 6), ValueError, ["positions", "same place"]),
    (lambda: gl.magnetization(TWICE, [1.0], 6), ValueError, ["positions", "same place"]),
    (lambda: gl.magnetization(TWICE, [0.0], 6), ValueError, ["positions", "same place"]),
    (lambda: gl.magnetization(TWICE, [1.0], 6.5), ValueError, ["same place"]),
    (lambda: gl.magnetization(TWICE, [1e50], 6), ValueError, ["same place"]),
    (lambda: gl.magnetization(HOLE, [1.0], 6), ValueError, ["positions", "finite"]),
    (lambda: gl.magnetization(CLOUD, [1.0, 0.5], 6), ValueError, ["times", "ascending"]),
    (lambda: gl.magnetization(CLOUD, [-1.0], 6), ValueError, ["times", ">= 0"]),
    (lambda: gl.magnetization(CLOUD, [np.nan], 6), ValueError, ["times", "finite"]),
    (lambda: gl.magnetization(CLOUD, [1.0], 6, method="fast"), ValueError, ["method", "near_far"]),
    (lambda: gl.magnetization(CLOUD, [1.0], 6, spins=[4]), ValueError, ["spins", "0 to 3"]),
    (lambda: gl.magnetization(CLOUD, [1.0], "6"), TypeError, ["alpha = '6'", "real"]),
    (lambda: gl.subset_purity(CLOUD, [1.0], 6, [0, 0]), ValueError, ["subset", "different"]),
    (lambda: gl.rates(3, 1.5, 1.0), ValueError, ["alpha = 1.5", "(1.5, 1000]"]),
    (lambda: gl.rates(3, 6, 0), ValueError, ["density", "> 0"]),
    (lambda: gl.stretched_exponential([1, 0], 3, 6, 1.0), ValueError, ["times", "ascending"]),
    (lambda: gl.bulk_coupling(3, 6, -1), ValueError, ["density = -1", "> 0"]),
    (lambda: gl.noise_free([1.0], 5, 3, 6, where="here"), ValueError, ["where", "centre"]),
    (lambda: gl.noise_free([1.0], 5, 3, 6, inner=2), ValueError, ["inner = 2", "[1e-09, 1]"]),
    (lambda: gl.noise_free([1.0], 5, 3, 0.1), ValueError, ["alpha = 0.1", "[0.15, 1000]"]),
    (lambda: gl.noise_free([1.0], 5, 3, 6, nodes=10**4), ValueError, ["nodes = 10000", "1000"]),
    # what would take too much memory or time is refused before it begins
    (lambda: gl.random_positions(10**10, 3), ValueError, ["N = 10000000000", "GiB", "fewer"]),
    (lambda: gl.random_positions(10**7, 3, 1e-9), ValueError, ["N = 10000000", "hours"]),
    (lambda: gl.couplings(np.ones((10**5, 1)), 6), ValueError, ["N = 100000", "GiB"]),
    (lambda: gl.magnetization(np.ones((10**6, 1)), [1], 6), ValueError, ["N = 1000000", "hours"]),
    (lambda: gl.subset_purity(CLOUD, np.zeros(10**8), 6, [0]), ValueError, ["times", "GiB"]),
    (lambda: gl.noise_free(np.zeros(10**7), 5, 3, 6), ValueError, ["times", "GiB"]),
    (lambda: gl.ensemble_average(5, 3, 6, [1.0], 10**9), ValueError, ["realisations", "GiB"]),
    # and what is beyond a float
    (lambda: gl.couplings(CLOUD, 1e4), ValueError, ["alpha = 10000.0", "beyond a float"]),
    (lambda: gl.nearest_couplings(CLOUD, 1e4), ValueError, ["alpha", "beyond a float"]),
    (lambda: gl.magnetization(CLOUD, [1.0], 1e5), ValueError, ["alpha", "beyond a float"]),
    (lambda: gl.bulk_coupling(3, 1e4, 1e4), ValueError, ["alpha", "beyond a float"]),
    (lambda: gl.rates(3, 900, 1e50), ValueError, ["density", "alpha", "beyond a float"]),
    (lambda: gl.random_positions(5, 3, rng="x"), TypeError, ["rng = 'x'", "integer"]),
    (lambda: gl.fit_stretch([0, 1, 2], [1, 2]), ValueError, ["signal", "(2,)", "(3,)"]),
    (lambda: gl.fit_stretch([0, 1], [1, 0.5]), ValueError, ["times", "at least 2"]),
    (lambda: gl.fit_stretch([1, 2], [1, np.nan]), ValueError, ["signal", "finite"]),
    (lambda: gl.ensemble_average(1, 3, 6, [1.0], 2), ValueError, ["N = 1", ">= 2"]),
    (lambda: gl.ensemble_average(5, 3, 6, [1.0], 0), ValueError, ["realisations = 0", ">= 1"]),
    (
        lambda: gl.ensemble_average(5, 3, 6, [1.0], 2, shape="torus", inner=0.5),
        ValueError,
        ["inner", "torus"],
    ),
]


@pytest.mark.parametrize("call, kind, words", BAD)
def test_bad_input_is_named(call, kind, words):
    check_is_named(call, kind, words)


def test_some_spins_pass_minus_one():
    """Said on the page of the cloud: four in ten of those that turn, a few percent at a time."""
    place = gl.random_positions(1300, 3, rng=5)
    unit = np.median(gl.nearest_couplings(place, 6))
    times = np.geomspace(1e-7, 10, 1600)
    curves = gl.magnetization(place, times / unit, 6)
    turned, passed = (curves < 0.5).any(0), (curves < -0.9).any(0)
    assert 0.35 < passed[turned].mean() < 0.45
    assert (curves < -0.9).mean(1).max() < 0.06
    # the others have a second partner that is nearly as close
    apart = np.linalg.norm(place[:, None] - place[None], axis=2)
    first, second = np.sort(apart, axis=1)[:, 1:3].T
    ratio = (first / second) ** 6
    assert np.median(ratio[passed]) < 0.2 < 0.3 < np.median(ratio[turned & ~passed])
