"""The map of the bias sweep: complete, repeatable, and its pieces by other routes."""

import re

import numpy as np
import pytest
from bad_input import check_is_named
from scipy.integrate import solve_ivp

from lmgbook.leggett_garg import LeggettGarg, rivals
from lmgbook.leggett_garg import bias_sweep as bs
from lmgbook.leggett_garg import sweep_map as sm
from lmgbook.lmg import magnetic_numbers

FULL = LeggettGarg(levels=None)
SMALL = LeggettGarg(N=12, field=0.6, levels=6, coupling=1000.0)


@pytest.fixture(scope="module")
def kept():
    return sm.load()


# ---------------------------------------------------------------- the map of the book


def test_the_map_is_complete_and_small(kept):
    for name, axis in (("rates", "RATES"), ("reaches", "REACHES"), ("durations", "DURATIONS")):
        np.testing.assert_allclose(getattr(kept, name), getattr(sm, axis))
    shape = len(sm.REACHES), len(sm.DURATIONS)
    for name, errors in kept.errors.items():
        assert errors.shape == (len(sm.RATES), 4 if name == "wigner" else 2, *shape)
        assert np.all(errors[:, 1] >= 0) and np.all(errors[:, :2] < 1.05)
    assert set(kept.errors) == set(sm.ERRORS)
    assert [tuple(row) for row in kept.best[:, :2]] == list(sm.BEST)
    assert sm.FILE.stat().st_size < 150_000


def test_the_map_says_where_it_comes_from(kept):
    found = kept.provenance
    assert {"what", "versions", "date", "seconds"} <= set(found)
    assert found["command"] == "python -m lmgbook.leggett_garg.sweep_map"
    assert found["levels"] == sm.LEVELS and found["trajectories"] == sm.TRAJECTORIES
    assert re.fullmatch("[0-9a-f]{64}", found["sha256"])


@pytest.mark.parametrize("index", [(0, 2, 5), (2, 10, 10), (3, 15, 3)])
def test_a_point_computed_anew_equals_the_map(kept, index):
    g, r, t = index
    again = sm.point(kept.reaches[r], kept.durations[t], kept.rates[g])
    for name, errors in kept.errors.items():
        np.testing.assert_allclose(again[name], errors[g, :, r, t], atol=2e-5)


@pytest.mark.weekly
def test_the_whole_map_computed_anew(kept):
    again = sm._compute()
    for name, errors in kept.errors.items():
        np.testing.assert_allclose(again["errors"][name], errors, atol=2e-3)
    np.testing.assert_allclose(again["best"], kept.best, rtol=1e-2)


def test_a_map_of_one_point():
    found = sm._compute([0.05], [4.0], [5e-4], [[0.05, 2.0]])
    assert found["reaches"] == [4.0] and np.shape(found["errors"]["wigner"]) == (1, 4, 1, 1)
    quantum = bs.bias_sweep(LeggettGarg(levels=16), 4, 5e-4, 0.05)
    expected = quantum.not_ground, quantum.wrong_sign
    np.testing.assert_allclose(np.ravel(found["errors"]["quantum"]), expected, atol=1e-5)
    frozen = rivals.kramers_error(FULL, 4, 5e-4)
    np.testing.assert_allclose(found["errors"]["kramers"], frozen, atol=1e-5)


# ---------------------------------------------------------------- noise in the levels


def test_dephased_levels_by_the_differential_equation():
    reach, duration, rate = 8.0, 10 / SMALL.splitting, 0.05 * SMALL.splitting
    H, Jz = np.diag(SMALL.energies), SMALL.jz.full().real
    h0 = bs.bias_field(SMALL, reach)

    def slope(t, rho):
        rho = rho.reshape(6, 6)
        h = H - h0 * (2 * t / duration - 1) * Jz
        _, v = np.linalg.eigh(h)
        d = (v * np.diag(v.T @ Jz @ v)) @ v.T
        inner = d @ rho - rho @ d
        return (-1j * (h @ rho - rho @ h) - rate / 2 * (d @ inner - inner @ d)).ravel()

    start = bs.biased_levels(SMALL, -reach, 1)[1][:, 0]
    run = solve_ivp(
        slope, (0, duration), np.outer(start, start).ravel().astype(complex), rtol=1e-8, atol=1e-10
    )
    rho, end = run.y[:, -1].reshape(6, 6), bs.biased_levels(SMALL, reach, 1)[1][:, 0]
    wrong = SMALL.operator((1 - np.sign(magnetic_numbers(12))) / 2).full()
    expected = 1 - (end @ rho @ end).real, np.trace(wrong @ rho).real
    errors = [
        np.abs(np.subtract(sm.levels_sweep(SMALL, reach, duration, rate, n), expected)).max()
        for n in (400, 800)
    ]
    assert errors[1] < 1e-4 and 3 < errors[0] / errors[1] < 5  # second order
    noisy = bs.bias_sweep(SMALL, reach, duration, rate)
    assert abs(noisy.not_ground - expected[0]) > 0.01  # the noise along z does something else


def test_without_noise_it_is_the_sweep():
    twelve = LeggettGarg(levels=12)
    found, alone = sm.levels_sweep(twelve, 22, 0.004, 0.0), bs.bias_sweep(FULL, 22, 0.004)
    np.testing.assert_allclose(found, (alone.not_ground, alone.wrong_sign), atol=2e-5)


def test_the_tail_of_a_slow_sweep():
    # pi gamma J01^2 reach/(8 Delta^2 T) is what dephasing in the levels leaves of the exponential
    two, rate, duration = LeggettGarg(levels=2), 0.05, 0.3
    errors = [sm.levels_sweep(two, 10, t, rate, 6000)[0] for t in (duration, 2 * duration)]
    tail = np.pi * rate * abs(two.jz[0, 1]) ** 2 * 10 / (8 * two.splitting**2 * duration)
    assert abs(errors[0] / tail - 1) < 0.1 and abs(errors[0] / errors[1] - 2) < 0.05


# ---------------------------------------------------------------- classical spins and runs


def test_classical_errors():
    found = sm.wigner_errors(FULL, 10, 0.004, 0.05, 1000, seed=3)
    old = rivals.wigner_error(FULL, 10, 0.004, 0.05, trajectories=1000, seed=3)
    np.testing.assert_allclose(found[1], old)
    # a sudden sweep leaves the state alone: what is asked for is an overlap
    before, after = (bs.biased_levels(FULL, bias, 1)[1][:, 0] for bias in (-3, 3))
    error, spread = sm.wigner_errors(FULL, 3, 1e-7)[0]
    assert abs(error - (1 - (before @ after) ** 2)) < 4 * spread and spread < 0.01


def test_runs():
    assert sm.runs_needed(0.0, 0.5) == pytest.approx(9)
    np.testing.assert_allclose(sm.runs_needed([0.2, 0.3], [0.3, 0.2]), 9 * 0.37 / 0.01)
    assert sm.runs_needed(0.3, 0.3) == np.inf and sm.runs_needed(0.0, 0.5, 2) == pytest.approx(4)
    # by drawing: the difference of two frequencies is three of its standard deviations
    p, q = 0.13, 0.61
    n = round(sm.runs_needed(p, q) * 100)
    rng = np.random.default_rng(0)
    drawn = (rng.binomial(n, q, 20_000) - rng.binomial(n, p, 20_000)) / n
    assert abs((q - p) / drawn.std() / 30 - 1) < 0.03


def test_best_duration():
    duration, error = sm._best_duration(10, 0.05)
    for other in (0.8 * duration, 1.2 * duration):
        assert bs.bias_sweep(LeggettGarg(levels=12), 10, other, 0.05).not_ground > error


BAD = [
    (lambda: sm.levels_sweep(SMALL, -1, 0.01, 0.1), ValueError, ["reach = -1", "> 0"]),
    (lambda: sm.levels_sweep(SMALL, 1, 0.01, 0.1, 0), ValueError, ["steps = 0"]),
    (lambda: sm.wigner_errors(SMALL, 1, 0.01, 0.1, 1), ValueError, ["trajectories = 1"]),
    (lambda: sm.runs_needed(2.0, 0.1), ValueError, ["p = 2.0"]),
    (lambda: sm.point(10, 0.01, -1.0), ValueError, ["dephasing = -1"]),
]


@pytest.mark.parametrize("call, kind, words", BAD)
def test_bad_input(call, kind, words):
    check_is_named(call, kind, words)
