"""Local dephasing by total-spin blocks: against qutip.piqs, brute force, and sum rules."""

from math import comb

import numpy as np
import pytest
import qutip
from bad_input import check_is_named
from hypothesis import given
from hypothesis import strategies as st

from lmgbook.leggett_garg import LeggettGarg
from lmgbook.leggett_garg.local_dephasing import LocalDephasing, jump_weights, local_dephasing_k3
from lmgbook.lmg import LMG

BENCHMARK = LeggettGarg()


def small(N, field=0.95):
    """All levels of a few spins, in units of J3."""
    return LeggettGarg(N=N, field=field, levels=None, coupling=1.0)


def copies(N, j):
    below = round(N / 2 - j)
    return comb(N, below) - (comb(N, below - 1) if below else 0) if j <= N / 2 else 0


# ---------------------------------------------------------------- coefficients


@pytest.mark.parametrize("N", [2, 3, 8, 11, 370])
def test_weights_by_counting_copies_and_by_the_sum_rule(N):
    for j in np.arange(N / 2, -0.1, -1):
        down, up = jump_weights(N, j)
        # every sigma_z squares to one: from any m, b (m^2 + j^2 - m^2) + c (m^2 + (j+1)^2 - m^2)
        assert abs(down * j**2 + up * (j + 1) ** 2 - N) < 1e-12 * N
        # the chance that the other N - 1 spins add up to j - 1/2 or j + 1/2
        if j > 0:
            assert abs(down * j**2 / N - copies(N - 1, j - 0.5) / copies(N, j)) < 1e-12
        assert abs(up * (j + 1) ** 2 / N - copies(N - 1, j + 0.5) / copies(N, j)) < 1e-12


@pytest.mark.parametrize("N", [2, 5, 8])
def test_the_jumps_sum_to_N(N):
    local = LocalDephasing(small(N))
    identity = np.zeros_like(local.sign)
    for k, j in enumerate(local.spins):
        here = round(2 * j + 1)
        identity[k, :here, :here] = np.eye(here)
    np.testing.assert_allclose(local.jump(identity, adjoint=True), N * identity, atol=1e-12)
    # jumps backwards: the same for the state without any information, by the numbers of copies
    mixed = identity * np.array([copies(N, j) for j in local.spins])[:, None, None]
    np.testing.assert_allclose(local.jump(mixed), N * mixed, atol=1e-12 * 2**N)


# ---------------------------------------------------------------- other ways to the same numbers


def k3_by_qutip(L, Q, rho, tau):
    step = (L * tau).expm()

    def moved(x):
        return qutip.vector_to_operator(step * qutip.operator_to_vector(x))

    def asked(x):
        return (Q * x + x * Q) / 2

    once = moved(asked(rho))
    k3 = Q * once + Q * moved(asked(moved(rho))) - Q * moved(once)
    return k3.tr().real


@pytest.mark.parametrize("N, field, rate", [(5, 0.7, 0.2), (6, 0.95, 0.3), (10, 0.95, 0.1)])
def test_k3_by_piqs(N, field, rate):
    Jx, _, Jz = qutip.piqs.jspin(N)
    H = -(Jz**2) / N - field * Jx
    L = qutip.piqs.Dicke(N, hamiltonian=H, dephasing=rate).liouvillian()
    Q = qutip.Qobj(np.diag(np.sign(np.round(Jz.diag(), 6))), dims=Jz.dims)
    ground = np.zeros(H.shape[0])
    ground[: N + 1] = LMG.leggett_garg(N, field).ground_state().full()[:, 0].real
    rho = qutip.Qobj(np.outer(ground, ground), dims=Jz.dims)
    magnet = small(N, field)
    expected = k3_by_qutip(L, Q, rho, magnet.interval)
    assert abs(local_dephasing_k3(magnet, rate) - expected) < 1e-6


def brute_force(N, field, rate):
    def total(op):
        return [qutip.tensor([op if k == i else qutip.qeye(2) for k in range(N)]) for i in range(N)]

    sz = total(qutip.sigmaz())
    Jz, Jx = sum(sz) / 2, sum(total(qutip.sigmax())) / 2
    return -(Jz**2) / N - field * Jx, Jz, [np.sqrt(rate) / 2 * each for each in sz]


def test_k3_by_brute_force_on_all_states():
    N, field, rate = 4, 0.95, 0.3
    H, Jz, noise = brute_force(N, field, rate)
    Q = qutip.Qobj(np.diag(np.sign(Jz.diag())), dims=Jz.dims)
    magnet = small(N, field)
    rho = H.groundstate()[1].proj()
    expected = k3_by_qutip(qutip.liouvillian(H, noise), Q, rho, magnet.interval)
    assert abs(local_dephasing_k3(magnet, rate) - expected) < 1e-6


def test_the_state_by_mesolve():
    N, field, rate, t = 4, 0.8, 0.4, 3.0
    H, Jz, noise = brute_force(N, field, rate)
    precise = {"atol": 1e-12, "rtol": 1e-10}
    up = qutip.tensor([qutip.basis(2, 0)] * N)
    spins2 = sum(J**2 for J in _components(N))
    e_ops = [Jz, Jz**2, spins2]
    run = qutip.mesolve(H, up.proj(), [0, t], c_ops=noise, e_ops=e_ops, options=precise)
    local = LocalDephasing(small(N, field))
    vectors = local.magnet.vectors
    start = local.state(qutip.Qobj(vectors[:1].T))  # all spins up
    runs = [local.evolve(start, [t], rate, resolution=r)[0] for r in (16, 32)]
    rho = (4 * runs[1] - runs[0]) / 3
    weights = np.einsum("bii->b", rho).real
    assert abs(weights @ (local.spins * (local.spins + 1)) - run.expect[2][-1]) < 1e-6
    for power in (1, 2):
        mean = 0.0
        for k, j in enumerate(local.spins):
            m = np.arange(j, -j - 0.5, -1)
            block = rho[k, : len(m), : len(m)]
            basis = local._levels(round(2 * j))[1] if k else vectors
            mean += np.einsum("ij,ji->", basis.T @ (m[:, None] ** power * basis), block).real
        assert abs(mean - run.expect[power - 1][-1]) < 1e-6


def _components(N):
    for op in (qutip.sigmax(), qutip.sigmay(), qutip.sigmaz()):
        yield (
            sum(qutip.tensor([op if k == i else qutip.qeye(2) for k in range(N)]) for i in range(N))
            / 2
        )


# ---------------------------------------------------------------- physics that must hold


@given(st.integers(2, 9), st.floats(0.0, 2.0), st.floats(0.1, 1.5), st.integers(0, 10**6))
def test_states_stay_states_and_the_pictures_agree(N, rate, field, seed):
    local = LocalDephasing(small(N, field))
    rng = np.random.default_rng(seed)
    half = np.zeros_like(local.sign, dtype=complex)
    for k, j in enumerate(local.spins):
        here = round(2 * j + 1)
        half[k, :here, :here] = rng.normal(size=(here, here)) + 1j * rng.normal(size=(here, here))
    rho = half @ half.conj().mT
    rho /= np.einsum("bii->", rho).real
    times = [0.0, 1.0, 2.0]  # the same steps in both pictures
    states = local.evolve(rho, times, rate)
    np.testing.assert_allclose(states[0], rho, atol=1e-14)
    np.testing.assert_allclose(np.einsum("tbii->t", states), 1.0, atol=1e-11)
    assert np.abs(states - states.conj().mT).max() < 1e-12
    assert np.linalg.eigvalsh(states).min() > -1e-12
    observables = local.evolve(local.sign, times, rate, adjoint=True)
    for state, observable in zip(states, observables, strict=True):
        one = np.einsum("bij,bji->", state, local.sign)
        two = np.einsum("bij,bji->", rho, observable)
        assert abs(one - two) < 1e-11


def test_without_noise_it_is_the_single_large_spin():
    thirty = LeggettGarg(levels=30)
    for initial in ("ground", "ordered", "thermal"):
        local = LocalDephasing(BENCHMARK).k3(0.0, initial=initial)
        assert abs(local - thirty.k3(0.0, initial=initial)) < 1e-6


def test_one_block_only_loses():
    # without the blocks below, what leaves the largest spin is gone
    local = LocalDephasing(BENCHMARK, blocks=1)
    gone = 1 - np.einsum("tbii->t", local.evolve(local.state(), [1e-4], 1.0)).real[0]
    down = jump_weights(370, 185)[0]
    m = np.arange(185, -186, -1)
    leaving = local.magnet.operator(185**2 - m**2).full()[0, 0].real * down / 4 * 1e-4
    assert abs(gone / leaving - 1) < 0.01


# ---------------------------------------------------------------- the benchmark


@pytest.mark.parametrize("rate, value", [(0.05, 1.4379), (1.0, 1.4020), (5.0, 1.1953)])
def test_k3_of_370_atoms(rate, value):
    assert abs(local_dephasing_k3(BENCHMARK, rate, blocks=10) - value) < 1e-4


def test_threshold_and_truncation():
    local = LocalDephasing(BENCHMARK, blocks=10)
    threshold = local.threshold()
    assert abs(threshold - 7.98) < 0.01
    assert abs(local.k3(threshold) - 1) < 1e-4
    for blocks, levels, error in ((17, 30, 1e-5), (10, 40, 5e-4)):
        assert abs(local_dephasing_k3(BENCHMARK, threshold, blocks, levels) - 1) < error
    lost = 1 - np.einsum("tbii->t", local.evolve(local.state(), [1.6e-3], threshold)).real[0]
    assert abs(lost) < 1e-5


def test_most_of_the_loss_is_the_detuning_of_the_blocks():
    with_it, without = (LocalDephasing(BENCHMARK, 10, 20, detuned=d) for d in (True, False))
    splittings = with_it.energies[:, 1] / with_it.energies[0, 1]
    np.testing.assert_allclose(splittings[:3], [1, 1.5263, 2.1811], atol=1e-4)
    np.testing.assert_allclose(without.energies[:, 1], with_it.energies[0, 1])
    assert with_it.k3(8.0) < 1 < 1.34 < without.k3(8.0)


def test_no_threshold():
    # at three times the interval even the undamped magnet obeys the inequality
    local = LocalDephasing(small(6), levels=7)
    assert np.isnan(local.threshold(interval=3 * local.magnet.interval))


# ---------------------------------------------------------------- bad input


def local():
    return LocalDephasing(small(4))


@pytest.mark.parametrize(
    "call, kind, words",
    [
        (lambda: LocalDephasing(370), TypeError, ["magnet", "370", "LeggettGarg"]),
        (lambda: LocalDephasing(BENCHMARK, blocks=0), ValueError, ["blocks", "0", ">= 1"]),
        (lambda: LocalDephasing(BENCHMARK, levels=1), ValueError, ["levels", "1", ">= 2"]),
        (lambda: LocalDephasing(BENCHMARK, levels="all"), TypeError, ["levels", "integer"]),
        (lambda: local_dephasing_k3(BENCHMARK, -0.1), ValueError, ["rate", "-0.1", ">= 0"]),
        (lambda: local_dephasing_k3(BENCHMARK, np.nan), ValueError, ["rate", "nan", "finite"]),
        (lambda: local_dephasing_k3(BENCHMARK, None), TypeError, ["rate", "None"]),
        (lambda: local().k3(0.1, interval=0), ValueError, ["interval", "0", "> 0"]),
        (lambda: local().k3(0.1, initial="up"), ValueError, ["initial", "'up'", "ground"]),
        (lambda: local().evolve(np.eye(3), [1], 0.1), ValueError, ["x", "(3, 3)", "(3, 5, 5)"]),
        (lambda: local().evolve(local().sign, [2, 1], 0.1), ValueError, ["times", "ascending"]),
        (lambda: local().evolve(local().sign, [-1], 0.1), ValueError, ["times", ">= 0"]),
        (lambda: local().evolve(local().sign, [1], -1), ValueError, ["rate", "-1"]),
        (
            lambda: local().evolve(local().sign, [1], 1, resolution=0),
            ValueError,
            ["resolution", "0", "> 0"],
        ),
        (lambda: jump_weights(4, 1.5), ValueError, ["spin", "1.5", "N/2"]),
        (lambda: jump_weights(4, 3), ValueError, ["spin", "3", "N = 4"]),
        (lambda: jump_weights(0, 0), ValueError, ["N", "0", ">= 1"]),
    ],
)
def test_bad_input(call, kind, words):
    check_is_named(call, kind, words)
