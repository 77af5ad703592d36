"""Paper 5, Sec. VII: classical motion, truncated Wigner sampling and the particle of Eq. (89)."""

import operator

import numpy as np
import pytest
from bad_input import check_is_named
from hypothesis import given
from hypothesis import strategies as st

from lmgbook import reactions
from lmgbook.reactions import truncated_wigner as tw
from lmgbook.reactions.particle import ramp_particle
from lmgbook.slow_quenches import universal_excitations, universal_fidelity

N, G, BETA = 100.0, 1.3, 30.0


def sweep(number, q):
    return 2 * np.pi * number / (q * np.log(number))


def excitations(components, reach):
    k = np.arange(400)
    return np.sum(1 / np.expm1(np.minimum((k + components / 2) / reach, 600)))


# ---------------------------------------------------------------- numbers and phases


def test_gradient_is_exact():
    point = np.array([3.0, 0.4, 2.0, -1.2])
    value = tw.gradient(lambda p: p[0] ** 2 * np.cos(p[1]) + np.exp(p[2]) * p[3], point)
    expected = [6 * np.cos(0.4), -9 * np.sin(0.4), -1.2 * np.exp(2), np.exp(2)]
    np.testing.assert_allclose(value, expected, rtol=1e-14)


@given(
    st.tuples(st.floats(1, 45), st.floats(-9, 9), st.floats(1, 45), st.floats(-9, 9)),
    st.floats(-3, 3),
    st.floats(0.5, 9),
)
def test_the_bracket_vanishes_and_the_cross_derivatives_agree(point, t, epsilon):
    parameters = (t, epsilon, N, G, BETA)

    def first(p):
        return tw.classical_hamiltonian(p, *parameters)

    def second(p):
        return tw.second_hamiltonian(p, *parameters)

    scale = np.abs(tw.gradient(first, point)).max() * np.abs(tw.gradient(second, point)).max()
    assert abs(tw.poisson_bracket(first, second, point)) < 1e-12 * scale
    along_epsilon = np.imag(tw.classical_hamiltonian(point, t, epsilon + 1e-30j, N, G, BETA))
    along_t = np.imag(tw.second_hamiltonian(point, t + 1e-30j, epsilon, N, G, BETA))
    assert abs(along_epsilon - along_t) < 1e-12 * 1e-30 * N


def test_bracket_of_coordinate_and_momentum_and_of_many_points():
    # the paper's order: angles are coordinates
    phi, n = operator.itemgetter(1), operator.itemgetter(0)
    assert tw.poisson_bracket(phi, n, [1.0, 2.0, 3.0, 4.0]) == 1
    points = np.arange(12.0).reshape(4, 3)
    np.testing.assert_array_equal(tw.poisson_bracket(n, phi, points), [-1, -1, -1])


def test_path_does_not_matter():
    def H(p, t, e):
        return tw.classical_hamiltonian(p, t, e, N, G, BETA)

    def K(p, t, e):
        return tw.second_hamiltonian(p, t, e, N, G, BETA)

    start = [20.0, 2.0, 10.0, 4.0]
    one = tw.follow(lambda p, t: H(p, t, 4.0), start, -1, 0.5)
    one = tw.follow(lambda p, e: K(p, 0.5, e), one, 4, 7)
    other = tw.follow(lambda p, e: K(p, -1.0, e), start, 4, 7)
    other = tw.follow(lambda p, t: H(p, t, 7.0), other, -1, 0.5)
    np.testing.assert_allclose(one[::2], other[::2], atol=1e-5)
    np.testing.assert_allclose(np.cos(one[1::2]), np.cos(other[1::2]), atol=1e-6)
    # a frozen Hamiltonian is conserved along its own path
    path = tw.follow(lambda p, t: H(p, 0.0, 4.0), start, 0, 1, dense=[0, 0.3, 1])
    energies = H(path, 0.0, 4.0)
    assert path.shape == (4, 3) and np.ptp(energies) < 1e-6 * abs(energies[0])


def test_follow_refuses_what_it_cannot_do():
    with pytest.raises(ValueError, match=r"point of shape \(2,\): must have shape \(4,\)"):
        tw.follow(lambda p, t: p[0], [1.0, 2.0], 0, 1)
    with pytest.raises(ValueError, match="must be finite everywhere"):
        tw.follow(lambda p, t: p[0], [1.0, 2.0, np.nan, 0.0], 0, 1)


# ---------------------------------------------------------------- amplitudes with noise


@pytest.mark.parametrize("number, q", [(200, 0.6), (200, 2.0), (1000, 1.0)])
def test_one_channel_against_the_exact_law(number, q):
    beta = sweep(number, q)
    result = tw.truncated_wigner(number, 1.0, beta, samples=3000, seed=1)
    mean, error = result.mean()
    exact = reactions.single_channel(number, 1.0, beta)
    left = number - exact @ np.arange(number + 1)
    assert abs(mean[0] - left) < 4 * error[0]
    # Kolmogorov-Smirnov distance: 1.95/sqrt(samples) is the 0.1 % level
    sampled = np.searchsorted(np.sort(result.molecules), np.arange(number + 1) + 0.5) / 3000
    assert abs(np.cumsum(exact[::-1]) - sampled).max() < 1.95 / np.sqrt(3000)


@pytest.mark.parametrize("q", [1.5, 3.0])
def test_two_channels_against_the_exact_means(q):
    beta = sweep(100, q)
    n1, n2 = reactions.mean_numbers(100, 1.0, beta)
    for epsilon in (4.0, 10.0):
        mean, error = tw.truncated_wigner(100, 1.0, beta, epsilon, samples=3000, seed=2).mean()
        assert np.all(abs(mean - [100 - n1 - n2, n1, n2]) < 4 * error)


def test_only_gamma_and_N_matter():
    one = tw.truncated_wigner(50, 1.0, 40.0, samples=50, seed=3)
    other = tw.truncated_wigner(50, 3.0, 360.0, samples=50, seed=3)
    np.testing.assert_allclose(one.molecules, other.molecules, atol=1e-3)


def test_molecules_and_pairs_are_conserved_on_average_and_seeds_repeat():
    times = np.linspace(-1.5, 1.5, 5)
    one = tw.truncated_wigner(60, 1.0, 50.0, 3.0, samples=4000, times=times, seed=4)
    assert one.history.shape == (3, 5, 4000) and one.pairs.shape == (2, 4000)
    total = one.history.sum(0)
    # each sample keeps its own total (to the accuracy of the steps); their mean is N
    np.testing.assert_allclose(total, total[:1] + 0 * total, atol=0.02)
    assert abs(total[0].mean() - 60) < 4 * total[0].std() / np.sqrt(4000)
    again = tw.truncated_wigner(60, 1.0, 50.0, 3.0, samples=4000, times=times, seed=4)
    np.testing.assert_array_equal(one.molecules, again.molecules)
    other = tw.truncated_wigner(60, 1.0, 50.0, 3.0, samples=4000, seed=5)
    assert not np.any(one.molecules == other.molecules) and other.history.shape == (3, 0, 4000)


def test_nothing_starts_without_noise():
    silent = tw.truncated_wigner(1000, 1.0, 300.0, samples=2, noise=0.0)
    np.testing.assert_array_equal(silent.pairs, -0.5)
    np.testing.assert_allclose(silent.molecules, 1000, atol=1e-2)


def test_the_number_left_is_the_logarithm_of_the_noise():
    beta = sweep(10_000, 2.0)
    left = [
        tw.truncated_wigner(10_000, 1.0, beta, samples=3000, span=8, noise=v, seed=6).mean()[0][0]
        for v in (0.005, 0.5)
    ]
    reach = beta / (2 * np.pi)
    assert abs((left[0] - left[1]) / (reach * np.log(100)) - 1) < 0.02


def test_a_bare_start_is_biased_and_a_dressed_one_is_not():
    beta = sweep(200, 2.0)
    exact = 200 - reactions.mean_numbers(200, 1.0, beta)[0]
    off = {}
    for start in ("bare", "dressed"):
        mean, error = tw.truncated_wigner(
            200, 1.0, beta, samples=6000, span=8, start=start, seed=7
        ).mean()
        off[start] = (mean[0] - exact) / error[0]
    assert off["bare"] < -8 and abs(off["dressed"]) < 4


@pytest.mark.parametrize(
    "name, value, kind",
    [
        ("N", 0, ValueError),
        ("N", 20.5, ValueError),
        ("N", "20", TypeError),
        ("g", 0.0, ValueError),
        ("g", np.nan, ValueError),
        ("beta", -1.0, ValueError),
        ("epsilon", 0.0, ValueError),
        ("epsilon", np.inf, ValueError),
        ("samples", 1, ValueError),
        ("span", 2.0, ValueError),
        ("noise", -0.1, ValueError),
        ("start", "warm", ValueError),
        ("rtol", 0.0, ValueError),
    ],
)
def test_bad_input(name, value, kind):
    good = {"N": 20, "g": 1.0, "beta": 10.0}
    check_is_named(lambda: tw.truncated_wigner(**(good | {name: value})), kind, [name, "must"])


@pytest.mark.parametrize(
    "times, text", [([1.0, 0.5], "ascending"), ([-99.0], "must lie in"), ([[0.1]], "one")]
)
def test_bad_times(times, text):
    with pytest.raises(ValueError, match=text):
        tw.truncated_wigner(20, 1.0, 10.0, times=times)


def test_a_start_inside_the_instability_is_refused():
    with pytest.raises(ValueError, match="span too short, or noise too strong: .* virtual pairs"):
        tw.truncated_wigner(1, 1.0, 10.0, span=2.0001)


# ---------------------------------------------------------------- the particle of Eq. (89)


@pytest.mark.parametrize("components", [1, 2, 3, 4])
def test_particle_follows_the_exact_laws(components):
    populations = ramp_particle(components, 1.6)
    number = populations @ np.arange(len(populations))
    assert abs(number / excitations(components, 1.6) - 1) < 5e-3
    k = np.arange(400)
    assert abs(populations[0] - np.prod(-np.expm1(-(k + components / 2) / 1.6))) < 6e-3


def test_one_law_for_magnet_and_reactions():
    left = np.arange(301)[::-1]
    for reach in (0.5, 3.0):
        lam, beta = 4 * np.pi * reach, 2 * np.pi * reach
        assert abs(universal_excitations(lam) - excitations(1, reach)) < 1e-9
        one, two = (f(300, 1.0, beta) for f in (reactions.single_channel,
                                                reactions.two_channel_total))  # fmt: skip
        assert abs(left @ one - excitations(2, reach)) < 1e-9
        assert abs(left @ two - excitations(4, reach)) < 1e-9
        odd = np.prod(-np.expm1(-(np.arange(400) + 0.5) / reach))
        assert abs(universal_fidelity(lam) - odd) < 1e-12


@pytest.mark.parametrize(
    "name, value, kind",
    [
        ("components", 0.5, ValueError),
        ("components", None, TypeError),
        ("reach", 0.0, ValueError),
        ("reach", 11.0, ValueError),
        ("half_time", 5.0, ValueError),
        ("points", 50, ValueError),
    ],
)
def test_bad_input_of_the_particle(name, value, kind):
    good = {"components": 2, "reach": 1.0}
    check_is_named(lambda: ramp_particle(**(good | {name: value})), kind, [name, "must"])
