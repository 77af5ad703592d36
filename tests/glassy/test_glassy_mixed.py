"""Couplings that do not commute, and fields: exact diagonalisation against QuTiP and formulas."""

import json
import re

import numpy as np
import pytest
import qutip
from bad_input import check_is_named

from lmgbook import glassy as gl
from lmgbook.glassy import mixed

TIMES = np.linspace(0, 3, 7)
PAIR = np.array([[0.0, 1.0], [1.0, 0.0]])


def random_matrix(N, seed=1):
    upper = np.triu(np.random.default_rng(seed).normal(size=(N, N)), 1)
    return upper + upper.T


def by_qutip(J, times, axes, along, across):
    N = len(J)
    x, y, z = (
        [qutip.expand_operator(s, [2] * N, [i]) for i in range(N)]
        for s in (qutip.sigmax(), qutip.sigmay(), qutip.sigmaz())
    )
    H = along * sum(x) + across * sum(z)
    for i in range(N):
        for k in range(i):
            H += J[i, k] * sum(w * s[i] * s[k] for w, s in zip(axes, (x, y, z), strict=True))
    plus = (qutip.basis(2, 0) + qutip.basis(2, 1)).unit()
    pairs = (sum(x) * sum(x) - N) / (N * (N - 1))
    options = {"rtol": 1e-10, "atol": 1e-12, "nsteps": 10**6}
    wanted = [sum(x) / N, sum(y) / N, pairs]
    mx, my, xx = qutip.sesolve(
        H, qutip.tensor([plus] * N), times, e_ops=wanted, options=options
    ).expect
    turn = 2 * across * times
    return np.array([mx * np.cos(turn) + my * np.sin(turn), xx])


@pytest.mark.parametrize(
    "axes, along, across",
    [
        ((0, 0, 1), 0.0, 0.0),
        ((1, 1, -0.7), 0.0, 0.0),
        ((1, 0.5, 0.2), 0.6, 0.0),
        ((0, 1, 0), 0.0, 1.3),
        ((0.2, 1, 0.4), 0.3, 1.3),
    ],
)
def test_all_states_equal_qutip(axes, along, across):
    J = random_matrix(5)
    found = mixed.relaxation(J, TIMES, axes, along, across)
    assert found == pytest.approx(by_qutip(J, TIMES, axes, along, across), abs=1e-7)


def test_the_ising_model_is_the_product_of_cosines():
    place = gl.random_positions(7, 3, rng=3)
    exact = gl.magnetization(place, TIMES, 6).mean(axis=1)
    assert mixed.relaxation(gl.couplings(place, 6), TIMES)[0] == pytest.approx(exact, abs=1e-8)


@pytest.mark.parametrize("axes", [(0, 0, 1), (1, 1, 0), (1, 1, -0.7), (0.3, -0.2, 2)])
def test_a_pair_swings_with_the_difference_of_two_weights(axes):
    swing = np.cos(2 * mixed.pair_frequency(axes) * TIMES)
    assert mixed.relaxation(PAIR, TIMES, axes)[0] == pytest.approx(swing, abs=1e-12)


def test_a_pair_in_a_field_along_it_keeps_its_mean():
    times, h, w = np.linspace(0, 400, 20_001), 0.8, 1.7
    mean = mixed.relaxation(0.6 * PAIR, times, (1, 1, 1 - w), along=h)[0].mean()
    assert mean == pytest.approx(4 * h**2 / (4 * h**2 + (0.6 * w) ** 2), abs=2e-3)


def test_equal_weights_keep_the_arrow():
    assert mixed.relaxation(random_matrix(6), TIMES, (1, 1, 1)) == pytest.approx(1.0)


# ---------------------------------------------------------------- the file of the book


def test_the_file_says_where_it_comes_from():
    head = json.loads(mixed.FILE.read_text(encoding="utf-8"))["provenance"]
    assert head["command"] == "python -m lmgbook.glassy.mixed"
    assert set(head["models"]) == set(mixed.MODELS)
    assert head["times"] == pytest.approx(mixed.TIMES, abs=1e-6)
    assert all(re.fullmatch("[0-9a-f]{64}", digest) for digest in head["sha256"].values())
    assert mixed.FILE.stat().st_size < 300_000


@pytest.mark.parametrize("name", ["XXZ", "Ising, along 1", "Ising, across 10"])
def test_a_batch_computed_anew_equals_the_file(name):
    assert mixed.batch(name, 6, 5) == pytest.approx(mixed.load(name, 6)[5], abs=2e-5)


@pytest.mark.weekly
@pytest.mark.parametrize("name", mixed.MODELS)
def test_all_batches_of_eight_spins_computed_anew(name):
    anew = [mixed.batch(name, 8, index) for index in range(mixed.BATCHES)]
    assert np.array(anew) == pytest.approx(mixed.load(name, 8), abs=2e-5)


@pytest.mark.parametrize(
    "call, kind, words",
    [
        (lambda: mixed.relaxation([[0, 1]], [1.0]), ValueError, ["matrix", "(1, 2)", "symmetric"]),
        (lambda: mixed.relaxation([[0, 1], [2, 0]], [1.0]), ValueError, ["matrix", "symmetric"]),
        (lambda: mixed.relaxation(np.zeros((13, 13)), [1.0]), ValueError, ["(13, 13)", "12"]),
        (lambda: mixed.relaxation(PAIR, [1.0], (1, 1)), ValueError, ["axes", "(3,)"]),
        (lambda: mixed.relaxation(PAIR, [1.0], along=np.inf), ValueError, ["along"]),
        (lambda: mixed.batch("XY", 6, 0), ValueError, ["name = 'XY'", "XXZ"]),
        (lambda: mixed.batch("XX", 7, 0), ValueError, ["N = 7", "12"]),
        (lambda: mixed.batch("XX", 6, 12), ValueError, ["index = 12", "11"]),
        (lambda: mixed.load("Ising, across 1", 12), ValueError, ["N = 12", "10"]),
    ],
)
def test_bad_input_is_named(call, kind, words):
    check_is_named(call, kind, words)
