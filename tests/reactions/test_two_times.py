"""Paper 5, two times: operators against matrix elements by hand, paths against each other."""

import itertools

import numpy as np
import pytest
import qutip
from bad_input import check_is_named
from scipy.linalg import expm

from lmgbook.reactions import (
    demkov_osherov,
    one_channel_hamiltonian,
    two_channel,
    two_channel_hamiltonian,
)
from lmgbook.reactions.two_times import (
    frame,
    places,
    populations,
    reaction_operators,
    sweep,
    transport,
    value,
)

G, EPS, BETA = 0.4, 0.7, 1.3


def pair(N, energies, surplus=0):
    """H and its partner, Eqs. (33) and (34) with the corrected sign."""
    of = reaction_operators(N, len(energies), surplus)
    flip = [each + each.dag() for each in of["split"]]
    total = [sum(e**p * q for e, q in zip(energies, of["q"], strict=True)) for p in (1, 2)]
    hops = sum(hop - (of["q"][i] + 1) * (of["q"][j] + 1) / 4 for (i, j), hop in of["hop"].items())
    H = [G * sum(flip), BETA * of["molecules"], total[0] / 2]
    turned = sum(e * each for e, each in zip(energies, flip, strict=True))
    partner = [-G / BETA * turned, total[0] / 2, -total[1] / (2 * BETA), -(G**2) / BETA * hops]
    return H, partner


@pytest.mark.parametrize("N, channels, surplus", [(1, 1, 0), (3, 2, 0), (2, 3, 0), (2, 2, 2)])
def test_matrix_elements_are_those_of_bosons(N, channels, surplus):
    of = reaction_operators(N, channels, surplus)
    states = [tuple(row) for row in of["numbers"]]
    everything = [n for n in itertools.product(range(N + 1), repeat=channels) if sum(n) <= N]
    assert sorted(states) == sorted(everything)
    assert states[0] == (0,) * channels
    number = of["numbers"]
    np.testing.assert_allclose(of["molecules"].diag().real, N - number.sum(axis=1), atol=1e-12)
    for k in range(channels):
        extra = surplus if k == 0 else 0
        np.testing.assert_allclose(of["q"][k].diag().real, 2 * number[:, k] + extra)
        expected = np.zeros((len(states),) * 2)
        for column, n in enumerate(states):
            if n[k] > 0:
                after = (*n[:k], n[k] - 1, *n[k + 1 :])
                joined = n[k] * (n[k] + extra) * (N - sum(n) + 1)
                expected[states.index(after), column] = np.sqrt(joined)
        np.testing.assert_allclose(of["split"][k].full(), expected, atol=1e-12)


def test_hamiltonian_is_that_of_the_chapter():
    H, _ = pair(4, (0.0,))
    one = one_channel_hamiltonian(4, G, BETA)(0.8)
    ours = value(H, 0.8, 1.0)
    assert np.allclose(ours.eigenenergies(), one.eigenenergies(), atol=1e-10)
    H, _ = pair(3, (-2 * EPS, 2 * EPS))  # Eq. (59) has half the distance of the atomic levels
    two = two_channel_hamiltonian(3, G, BETA, EPS)(-0.6)
    gaps = value(H, -0.6, 1.0).eigenenergies() - two.eigenenergies()
    assert np.ptp(gaps) < 1e-10


@pytest.mark.parametrize(
    "N, energies, surplus", [(2, (-1.0, 0.3, 1.2), 0), (3, (-1.0, 1.0), 0), (2, (-0.4, 1.0), 1)]
)
def test_partner_commutes_and_has_no_curvature(N, energies, surplus):
    H, partner = pair(N, energies, surplus)
    for t, tau in ((-2.0, 0.6), (0.3, 2.0)):
        bracket = qutip.commutator(value(H, t, tau), value(partner, t, tau))
        assert bracket.norm("max") < 1e-12
    assert (H[2] - partner[1]).norm("max") < 1e-14  # d_tau H = d_t H'


def test_all_ways_lead_to_the_same_state():
    H, partner = pair(2, (-1.0, 1.0))
    one = qutip.qeye(H[0].shape[0])
    straight = [(-3, 1), (2, 1)]
    crooked = [(-3, 1), (-2, 3), (1, 0.5), (2, 1)]
    ends = [transport(H, partner, way, one)[-1] for way in (straight, crooked)]
    assert (ends[0] - ends[1]).norm("max") < 1e-8
    assert (ends[0].dag() * ends[0] - one).norm("max") < 1e-8


def test_transport_of_constant_hamiltonians_is_an_exponential():
    A, B = qutip.sigmax() + 0.3 * qutip.sigmaz(), 0.8 * qutip.sigmay()
    end = transport([A], [B], [(0, 1), (1.5, 1), (1.5, 2)], qutip.basis(2, 0), points=4)
    assert len(end) == 7
    exact = expm(-1j * B.full()) @ expm(-1.5j * A.full()) @ [1, 0]
    np.testing.assert_allclose(end[-1].full()[:, 0], exact, atol=1e-8)
    exact = expm(-0.5j * A.full()) @ [1, 0]
    np.testing.assert_allclose(end[1].full()[:, 0], exact, atol=1e-8)


def test_each_part_has_its_function():
    """A single part at a time commutes with itself: the phase is an integral by hand."""
    up = qutip.Qobj([[1.0]])
    none = 0 * up
    way = [(1.0, 0.5), (3.0, 2.0)]
    xi = np.linspace(0, 1, 20_001)
    t, tau = 1 + 2 * xi, 0.5 * 4**xi
    slopes = np.full_like(xi, 2.0), np.log(4) * tau
    for k, function in enumerate((np.ones_like(xi), t, tau, 1 / tau)):
        parts = [up if j == k else none for j in range(4)]
        zero = [none]
        for which, slope in enumerate(slopes):
            both = (parts, zero) if which == 0 else (zero, parts)
            end = transport(*both, way, qutip.Qobj([[1.0 + 0j]]))[-1].full()[0, 0]
            assert abs(end - np.exp(-1j * np.trapezoid(slope * function, xi))) < 1e-7


def test_a_leg_without_length_changes_nothing():
    way = [(0, 1), (0, 1), (1, 1)]
    kept = transport([qutip.sigmax()], [], way, qutip.basis(2, 0), points=3)
    assert len(kept) == len(places(way, 3)) == 5
    assert (kept[2] - kept[0]).norm() == 0


def test_places_are_those_of_the_states():
    spots = places([(-1, 1), (1, 4), (1, 2)], points=3)
    np.testing.assert_allclose(spots, [(-1, 1), (0, 2), (1, 4), (1, 8**0.5), (1, 2)])


def test_sweep_has_the_law_for_every_splitting():
    H, _ = pair(1, (-EPS, EPS))
    law = np.array(demkov_osherov(G, BETA))
    order = reaction_operators(1, 2)["numbers"] @ [1, 2]  # 0 molecule, 1 lower, 2 upper channel
    for tau in (0.5, 2.0):
        P = sweep(H, tau)
        assert abs(P - law[order]).max() < 2e-5
    H, _ = pair(3, (-1.0, 1.0))
    numbers = reaction_operators(3, 2)["numbers"]
    exact = two_channel(3, G, BETA)[numbers[:, 0], numbers[:, 1]]
    assert abs(sweep(H, T=30.0) - exact).max() < 1e-3


def test_frame_is_orthonormal_and_one_power_better():
    H, _ = pair(1, (-EPS, EPS))
    axes = frame(H, 20.0, 0.8)
    np.testing.assert_allclose(axes.conj().T @ axes, np.eye(3), atol=1e-12)
    assert np.all(np.abs(np.diag(axes)) > 0.9)
    P = populations(qutip.Qobj(axes[:, :1]), axes)
    np.testing.assert_allclose(P, [1, 0, 0], atol=1e-12)
    law = np.array(demkov_osherov(G, BETA))[reaction_operators(1, 2)["numbers"] @ [1, 2]]
    errors = [abs(sweep(H, T=T) - law).max() for T in (20.0, 40.0)]
    assert errors[1] < errors[0] / 3


SX, UP = qutip.sigmax(), qutip.basis(2, 0)
BAD = [
    (lambda: reaction_operators(0, 2), ValueError, ["N = 0", ">= 1"]),
    (lambda: reaction_operators(2.5, 2), ValueError, ["N = 2.5", "integer"]),
    (lambda: reaction_operators(2, 0), ValueError, ["channels = 0", ">= 1"]),
    (lambda: reaction_operators(2, "2"), TypeError, ["channels = '2'", "integer"]),
    (lambda: reaction_operators(2, 2, -1), ValueError, ["surplus = -1", ">= 0"]),
    (lambda: reaction_operators(9, 4), ValueError, ["N = 9", "channels = 4", "2000000"]),
    (lambda: value([SX], 0.0, 0.0), ValueError, ["tau = 0.0", "> 0"]),
    (lambda: value([SX], np.nan, 1.0), ValueError, ["t = nan", "finite"]),
    (lambda: value([SX] * 5, 0.0, 1.0), ValueError, ["5 operators", "1/tau"]),
    (lambda: transport([], [], [(0, 1)], UP), ValueError, ["corners", "two or more"]),
    (lambda: transport([], [], [(0, 1), (1, -1)], UP), ValueError, ["corners", "> 0"]),
    (lambda: transport([], [], [(0, 1), (np.nan, 1)], UP), ValueError, ["corners", "finite"]),
    (lambda: transport([], [], [(0, 1), "ab"], UP), TypeError, ["corners", "real numbers"]),
    (lambda: transport([], [], [(0, 1), (1, 1)], UP, 1), ValueError, ["points = 1", ">= 2"]),
    (lambda: places([(0, 1), (1, 0)]), ValueError, ["corners", "> 0"]),
    (lambda: frame([SX, SX], 1.0, -1.0), ValueError, ["tau = -1.0", "> 0"]),
    (lambda: frame([SX], 1.0), ValueError, ["H: 1 operators", "first 2"]),
    (lambda: sweep([SX, SX], T=0.0), ValueError, ["T = 0.0", "> 0"]),
    (lambda: sweep([SX, SX], T=np.nan), ValueError, ["T = nan", "finite"]),
]


@pytest.mark.parametrize("call, kind, words", BAD)
def test_bad_input_is_named(call, kind, words):
    check_is_named(call, kind, words)
