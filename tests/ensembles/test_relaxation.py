"""Does an isolated magnet forget its length? Against Pauli matrices, and the kept file."""

import numpy as np
import pytest
import scipy.linalg

from lmgbook.ensembles import relaxation


def pauli(N):
    """sx, sy, sz of each spin, on all 2^N states, built by Kronecker products."""
    one = np.array([[0, 1], [1, 0]]), np.array([[0, -1j], [1j, 0]]), np.diag([1.0, -1.0])
    return [
        [np.kron(np.kron(np.eye(2**i), op), np.eye(2 ** (N - 1 - i))) for i in range(N)]
        for op in one
    ]


def brute_force(N, kind, strength, seed, times):
    """The course of <S^2> by the exponential of the full matrix."""
    x, y, z = pauli(N)
    r = np.random.default_rng([N, seed]).uniform(-1, 1, N)
    r = strength * (r - r.mean())
    X, Y, Z = sum(x), sum(y), sum(z)
    H = -Z @ Z / N - X - 0.9 * np.linalg.matrix_power(Z, 4) / N**3
    H = H - sum(r[i] * (x[i] if kind == "fields" else z[i] @ z[i - 1]) for i in range(N))
    length = (X @ X + Y @ Y + Z @ Z) / N**2
    cosine = 0.9 - 1 / N - 0.9 * (3 * N - 2) / N**3
    arrow, state = np.array([1, np.exp(1j * np.arccos(cosine))]), np.ones(1)
    for _ in range(N):
        state = np.kron(state, arrow)
    assert (state.conj() @ H @ state).real / 2**N == pytest.approx(-0.9 * N)  # r sums to zero
    state = state + state[::-1]  # the flip of all spins reverses the order
    state = state / np.linalg.norm(state)
    later = [scipy.linalg.expm(-1j * t * H) @ state for t in times]
    return np.array([(v.conj() @ length @ v).real for v in later]), length, state, H


@pytest.mark.parametrize("kind", relaxation.KINDS)
@pytest.mark.parametrize("N", [4, 5, 6])
def test_the_course_by_the_full_matrix(kind, N):
    times = [0.0, 0.7, 3.0]
    exact, *_ = brute_force(N, kind, 0.3, 5, times)
    course = relaxation.relax(N, kind, 0.3, 5, times)["course"]
    # memory is linear in <S^2>, and one at the beginning
    assert course[0] == pytest.approx(1, abs=1e-12) and exact[0] == pytest.approx(1 + 2 / N)
    slopes = (course[1:] - 1) / (exact[1:] - exact[0])
    assert slopes[0] == pytest.approx(slopes[1], rel=1e-8) and slopes[0] > 0


@pytest.mark.parametrize("N", [4, 7, 10])
def test_nothing_is_forgotten_without_disorder(N):
    run = relaxation.relax(N, "bonds", 0.0, 1, relaxation.TIMES)
    assert run["memory"] == pytest.approx(1, abs=1e-9)
    assert np.allclose(run["course"], 1, atol=1e-9)


def test_the_long_time_average_is_the_memory():
    times = np.random.default_rng(0).uniform(1e3, 1e6, 4000)
    run = relaxation.relax(8, "bonds", 0.4, 2, times)
    assert run["course"].mean() == pytest.approx(run["memory"], abs=0.01)


def kept():
    return relaxation.load()["rows"]


@pytest.mark.parametrize("row", [row for row in kept() if row["N"] == 8], ids=str)
def test_rows_of_eight_spins_computed_anew(row):
    compare(row)


@pytest.mark.weekly
@pytest.mark.parametrize("row", [row for row in kept() if row["N"] > 8], ids=str)
def test_all_other_rows_computed_anew(row):
    compare(row)


def compare(row):
    anew = relaxation.row(row["N"], row["kind"], row["strength"])
    assert anew["realisations"] == row["realisations"]
    for name in relaxation.ROW[4:]:
        assert anew[name] == pytest.approx(row[name], abs=2e-4), name
    # at late times the phases of the levels amplify rounding
    early = relaxation.TIMES < 1e3
    assert np.allclose(np.array(anew["course"])[early], np.array(row["course"])[early], atol=1e-3)


def test_the_file_says_what_the_page_says():
    table = {(row["N"], row["kind"], row["strength"]): row for row in kept()}
    for kind in relaxation.KINDS:
        for N in (8, 10, 12):
            memory = [table[N, kind, W]["memory"] for W in relaxation.STRENGTHS]
            assert memory[0] == pytest.approx(1, abs=1e-6)
            assert np.all(np.diff(memory) < 0)
    for N in (8, 10, 12):
        assert table[N, "bonds", 0.8]["memory"] < 0.4 < table[N, "fields", 0.8]["memory"]


def test_a_field_at_the_magic_angle_averages_bonds_away():
    """Said on the page: bonds alone halve the square of the arrow, in this field they do not."""
    N, t = 8, 10.0
    x, y, z = pauli(N)
    X, Y, Z = sum(x), sum(y), sum(z)
    length = (X @ X + Y @ Y + Z @ Z) / N**2
    arrow, state = np.array([1, np.exp(1j * np.arccos(0.3))]), np.ones(1)
    for _ in range(N):
        state = np.kron(state, arrow)
    state = state / np.linalg.norm(state)

    def kept(bonds, cosine, field):
        axis = cosine * Z + np.sqrt(1 - cosine**2) * X
        E, V = np.linalg.eigh(bonds - field * axis)
        now = V @ (np.exp(-1j * E * t) * (V.conj().T @ state))
        return (now.conj() @ length @ now).real / (1 + 2 / N)

    for seed in range(3):
        r = np.random.default_rng([N, seed]).uniform(-1, 1, N)
        bonds = -0.4 * sum((r[i] - r.mean()) * z[i] @ z[i - 1] for i in range(N))
        assert kept(bonds, 3**-0.5, 0) < 0.5
        assert kept(bonds, 3**-0.5, 10) > 0.99
        # another direction does not do it
        assert kept(bonds, 0, 10) < 0.95 and kept(bonds, 1, 10) < 0.5
