"""The model against QuTiP's spin operators and against brute force with Pauli matrices."""

from functools import reduce
from itertools import combinations

import numpy as np
import pytest
import qutip
from bad_input import check_is_named
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import comb

from lmgbook import lmg
from lmgbook.lmg import LMG

SPINS = [1, 2, 3, 4, 5, 8, 13, 30]
COUPLINGS = [(1.0, 0.0, 0.0), (1.0, 0.7, 0.0), (0.5, 2.3, 0.0), (1.3, 0.4, 0.9), (-0.8, 1.1, -0.3)]

couplings = st.floats(-3, 3, allow_subnormal=False)
fields = st.floats(0, 4, allow_subnormal=False)


def by_jmat(N, J, h, K):
    """The book's Hamiltonian, written down with `qutip.jmat`."""
    sz, sx = qutip.jmat(N / 2, "z"), qutip.jmat(N / 2, "x")
    return -(4 * J / N) * sz**2 - 2 * h * sx - (16 * K / N**3) * sz**4


def flip(N):
    """|m> -> |-m> in QuTiP's order of the m."""
    return np.eye(N + 1)[::-1]


def pauli(N, axis):
    """List of the N Pauli matrices sigma_i^axis in the space of 2^N dimensions."""
    sigma = {"x": [[0, 1], [1, 0]], "z": [[1, 0], [0, -1]]}[axis]
    ones = [np.eye(2)] * N
    return [reduce(np.kron, [*ones[:i], np.array(sigma), *ones[i + 1 :]]) for i in range(N)]


def brute_force(N, J, h, K):
    """The book's Hamiltonian from its definition by Pauli matrices."""
    z, x = sum(pauli(N, "z")), sum(pauli(N, "x"))
    return -(J / N) * z @ z - h * x - (K / N**3) * np.linalg.matrix_power(z, 4)


def symmetric_states(N):
    """Isometry from the spin-N/2 space (Dicke states, m descending) to 2^N dimensions."""
    ones = np.array([bin(i).count("1") for i in range(2**N)])
    return (ones[:, None] == np.arange(N + 1)) / np.sqrt(comb(N, np.arange(N + 1)))


def contained(levels, spectrum):
    """Largest distance of a level to the spectrum."""
    return np.max(np.min(np.abs(np.subtract.outer(levels, spectrum)), axis=1))


# ---------------------------------------------------------------- the Hamiltonian


@pytest.mark.parametrize("N", SPINS)
@pytest.mark.parametrize("J, h, K", COUPLINGS)
def test_hamiltonian_is_the_jmat_expression(N, J, h, K):
    model, expected = LMG(N, J, h, K), by_jmat(N, J, h, K)
    assert model.hamiltonian().dims == expected.dims
    np.testing.assert_allclose(model.hamiltonian().full(), expected.full(), atol=1e-12 * N)
    assert model.hamiltonian().isherm


@pytest.mark.parametrize("N", SPINS)
@pytest.mark.parametrize("J, h, K", COUPLINGS)
def test_sectors_are_blocks_of_the_jmat_expression(N, J, h, K):
    model, expected = LMG(N, J, h, K), by_jmat(N, J, h, K).full()
    even, odd = (lmg.sector_isometry(N, p).toarray() for p in ("even", "odd"))
    for parity, v in (("even", even), ("odd", odd)):
        block = model.hamiltonian(parity)
        assert block.shape == (v.shape[1], v.shape[1])
        np.testing.assert_allclose(block.full(), v.T @ expected @ v, atol=1e-12 * N)
    np.testing.assert_allclose(even.T @ expected @ odd, 0, atol=1e-12 * N)


@given(st.integers(1, 60), couplings, fields, couplings)
def test_sector_energies_merge_to_the_spectrum(N, J, h, K):
    model = LMG(N, J, h, K)
    spectrum = np.linalg.eigvalsh(by_jmat(N, J, h, K).full())
    tolerance = 1e-11 * (1 + np.max(np.abs(spectrum)))
    np.testing.assert_allclose(model.energies(), spectrum, atol=tolerance)
    merged = np.concatenate([model.energies(parity=p) for p in ("even", "odd")])
    np.testing.assert_allclose(np.sort(merged), spectrum, atol=tolerance)
    np.testing.assert_allclose(model.energies(3), spectrum[:3], atol=tolerance)


@pytest.mark.parametrize("N", [1, 2, 3, 4, 9, 10])
def test_isometry(N):
    even, odd = (lmg.sector_isometry(N, p).toarray() for p in ("even", "odd"))
    both = np.hstack([even, odd])
    np.testing.assert_allclose(both.T @ both, np.eye(N + 1), atol=1e-15)
    np.testing.assert_allclose(flip(N) @ even, even, atol=0)
    np.testing.assert_allclose(flip(N) @ odd, -odd, atol=0)
    m = np.arange(N, -N - 1, -2) / 2
    for parity, v in (("even", even), ("odd", odd)):
        np.testing.assert_allclose((m**2) @ v**2, lmg.magnetic_numbers(N, parity) ** 2, atol=1e-13)


@pytest.mark.parametrize("N", [1, 2, 3, 4, 5, 6])
def test_spectrum_of_all_spins_by_brute_force(N):
    J, h, K = 0.9, 0.6, 0.35
    spectrum = np.linalg.eigvalsh(brute_force(N, J, h, K))
    levels = []
    for two_s in range(N, -1, -2):
        k = (N - two_s) // 2
        copies = comb(N, k, exact=True) - (comb(N, k - 1, exact=True) if k else 0)
        whole = np.linalg.eigvalsh(
            lmg.tridiagonal_operator(*lmg.bands(N, J, h, K, two_s=two_s)).full()
        )
        for parity in ("even", "odd"):
            d, o = lmg.bands(N, J, h, K, parity, two_s=two_s)
            if len(d):
                sector = np.linalg.eigvalsh(lmg.tridiagonal_operator(d, o).full())
                assert contained(sector, whole) < 1e-12
        levels += copies * list(whole)
    np.testing.assert_allclose(np.sort(levels), spectrum, atol=1e-11)


@pytest.mark.parametrize("N", [1, 2, 5, 6])
def test_even_sector_is_the_even_sector_of_the_spin_flip(N):
    # the flip of all spins, prod sigma^x, is +1 on the even and -1 on the odd states
    every_flip = reduce(np.matmul, pauli(N, "x"))
    dicke = symmetric_states(N)
    for parity, sign in (("even", 1), ("odd", -1)):
        states = dicke @ lmg.sector_isometry(N, parity)
        np.testing.assert_allclose(every_flip @ states, sign * states, atol=1e-14)


# ---------------------------------------------------------------- the other papers' forms


@pytest.mark.parametrize("N", [1, 2, 3, 4, 5, 6])
@pytest.mark.parametrize("h", [0.0, 0.4, 1.0, 2.0])
def test_paper_1_is_slow_quench_plus_one_half(N, h):
    x, z = pauli(N, "x"), pauli(N, "z")
    pairs = sum((x[i] @ x[j] for i, j in combinations(range(N), 2)), np.zeros((2**N, 2**N)))
    hamiltonian = -pairs / N - h * sum(z)
    ours = LMG.slow_quench(N, h).energies() + 0.5
    assert contained(ours, np.linalg.eigvalsh(hamiltonian)) < 1e-11
    dicke = symmetric_states(N)
    np.testing.assert_allclose(ours, np.linalg.eigvalsh(dicke.T @ hamiltonian @ dicke), atol=1e-11)
    # and in the form 1/2 - (2/N) Sx^2 - 2h Sz
    sx, sz = qutip.jmat(N / 2, "x"), qutip.jmat(N / 2, "z")
    np.testing.assert_allclose(ours, (0.5 - 2 / N * sx**2 - 2 * h * sz).eigenenergies(), atol=1e-11)


@pytest.mark.parametrize("N", [1, 2, 3, 4, 5, 6])
@pytest.mark.parametrize("field", [0.0, 0.5, 0.95, 1.7])
def test_paper_3_is_leggett_garg(N, field):
    jz, jx = sum(pauli(N, "z")) / 2, sum(pauli(N, "x")) / 2
    hamiltonian = -jz @ jz / N - field * jx
    ours = LMG.leggett_garg(N, field).energies()
    assert contained(ours, np.linalg.eigvalsh(hamiltonian)) < 1e-11
    dicke = symmetric_states(N)
    np.testing.assert_allclose(ours, np.linalg.eigvalsh(dicke.T @ hamiltonian @ dicke), atol=1e-11)
    jz, jx = qutip.jmat(N / 2, "z"), qutip.jmat(N / 2, "x")
    np.testing.assert_allclose(ours, (-(jz**2) / N - field * jx).eigenenergies(), atol=1e-11)


@pytest.mark.parametrize("N", [1, 2, 5, 6])
def test_paper_2_is_the_model_itself(N):
    ours = LMG(N, J=1.0, h=0.8, K=0.3).energies()
    assert contained(ours, np.linalg.eigvalsh(brute_force(N, 1.0, 0.8, 0.3))) < 1e-11


# ---------------------------------------------------------------- ground state, gap, splitting


@given(st.integers(1, 80), st.floats(0, 3), st.floats(0.01, 4), st.floats(0, 2))
def test_ground_state_is_even_at_positive_field(N, J, h, K):
    model = LMG(N, J, h, K)
    psi, H = model.ground_state(), by_jmat(N, J, h, K)
    vector = psi.full().ravel()
    assert abs(psi.norm() - 1) < 1e-12
    np.testing.assert_allclose(flip(N) @ vector, vector, atol=1e-12)
    assert np.min(vector.real) > -1e-12 and np.all(vector.imag == 0)
    energy = np.linalg.eigvalsh(H.full())[0]
    assert abs(qutip.expect(H, psi) - energy) < 1e-10 * (1 + abs(energy))
    assert model.energies(1, "even")[0] <= model.energies(1)[0] + 1e-12 * abs(energy)
    even = lmg.sector_isometry(N, "even") @ model.ground_state("even").full().ravel()
    np.testing.assert_allclose(even, vector, atol=1e-12)


@pytest.mark.parametrize("N", [2, 3, 6, 7, 20])
@pytest.mark.parametrize("h", [0.0, 0.5, 1.0, 2.0, 3.0, -1.5])
def test_gap_and_splitting(N, h):
    model, dense = LMG(N, 1.0, h, 0.1), by_jmat(N, 1.0, h, 0.1).full()
    levels = np.linalg.eigvalsh(dense)
    assert abs(model.splitting() - (levels[1] - levels[0])) < 1e-12 * N
    sectors = {
        p: np.linalg.eigvalsh(v.T @ dense @ v)
        for p in ("even", "odd")
        for v in [lmg.sector_isometry(N, p).toarray()]
    }
    lowest = "odd" if sectors["odd"][0] < sectors["even"][0] - 1e-12 else "even"
    if len(sectors[lowest]) > 1:
        gap = sectors[lowest][1] - sectors[lowest][0]
        assert abs(model.gap() - gap) < 1e-12 * N


def test_gap_closes_exponentially_but_the_even_gap_stays():
    model = LMG(60, 1.0, 0.6)
    assert model.splitting() < 1e-9
    assert model.gap() > 1.0


def test_ground_state_without_field_is_the_even_cat():
    expected = np.zeros(7)
    expected[[0, -1]] = np.sqrt(0.5)
    np.testing.assert_allclose(LMG(6).ground_state().full().ravel(), expected, atol=1e-15)


@pytest.mark.parametrize("parity", ["even", "odd"])
def test_ground_state_of_a_sector(parity):
    model = LMG(9, 1.0, 0.3)
    H, psi = model.hamiltonian(parity), model.ground_state(parity)
    assert abs((H * psi - model.energies(1, parity)[0] * psi).norm()) < 1e-12


# ---------------------------------------------------------------- mean field


@given(st.floats(0, 2), st.floats(0, 3), st.floats(0, 1))
def test_mean_field_bounds_the_ground_state(J, h, K):
    m = np.linspace(0, 1, 4001)
    classical = np.min(LMG(4, J, h, K).mean_field_energy(m))
    for N in (16, 64, 256, 1024):
        quantum = LMG(N, J, h, K).energies(1)[0] / N
        # product states are variational; what correlations gain on top is O(1/N)
        assert quantum <= classical + 1e-6
        assert N * (classical - quantum) <= 2 * (J + h + 6 * K) + N * 1e-6


def test_mean_field_values():
    model = LMG(10, J=1.2, h=0.5, K=0.3)
    assert model.mean_field_energy(0.0) == -0.5
    assert abs(model.mean_field_energy(1.0) + 1.5) < 1e-15
    expected = -1.2 * 0.36 - 0.5 * 0.8**0.5 * 0.8**0.5 - 0.3 * 0.6**4
    assert abs(model.mean_field_energy(0.6) - expected) < 1e-15
    assert abs(model.mean_field_energy(0.3, s=0.5) - (-0.108 - 0.2 - 0.00243)) < 1e-15
    assert model.mean_field_energy(np.zeros((2, 3))).shape == (2, 3)
    assert isinstance(model.mean_field_energy(0.2), float)


def test_mean_field_is_critical_at_twice_J():
    m = np.linspace(0, 0.1, 101)
    below, above = (np.argmin(LMG(4, 0.7, h).mean_field_energy(m)) for h in (1.399, 1.401))
    assert below > 0 and above == 0


# ---------------------------------------------------------------- size and bad input


@pytest.mark.parametrize("parity", [None, "even", "odd"])
def test_ten_thousand_spins(parity):
    model = LMG(10_000, 1.0, 1.5, 2.0)
    diagonal, off = model.bands(parity)
    assert np.all(np.isfinite(diagonal)) and np.all(np.isfinite(off))
    assert abs(diagonal[0] + 10_000 * (1.0 + 2.0)) < 1e-6  # -J N - K N
    assert abs(off[0] + 1.5 * np.sqrt(10_000)) < 1e-9
    levels = model.energies(3, "even")
    assert np.all(np.diff(levels) > 0)
    assert abs(model.ground_state("even").norm() - 1) < 1e-12


def test_numpy_numbers_are_numbers():
    model = LMG(np.int64(5), np.float32(1), np.int32(2))
    assert (model.N, model.J, model.h) == (5, 1.0, 2.0)
    assert type(model.N) is int and type(model.h) is float


BAD = [
    (lambda: LMG(0), ValueError, ["N = 0", ">= 1"]),
    (lambda: LMG(-3), ValueError, ["N = -3", ">= 1"]),
    (lambda: LMG(4.0), ValueError, ["N = 4.0", "integer"]),
    (lambda: LMG("4"), TypeError, ["N = '4'", "integer"]),
    (lambda: LMG(None), TypeError, ["N = None", "integer"]),
    (lambda: LMG(True), TypeError, ["N = True", "integer"]),
    (lambda: LMG(4, J=np.nan), ValueError, ["J = nan", "finite"]),
    (lambda: LMG(4, h=np.inf), ValueError, ["h = inf", "finite"]),
    (lambda: LMG(4, K=10**400), ValueError, ["K = 1000", "finite"]),
    (lambda: LMG(4, h="1"), TypeError, ["h = '1'", "real number"]),
    (lambda: LMG(4, h=1j), TypeError, ["h = 1j", "real number"]),
    (lambda: LMG(4, h=[1.0]), TypeError, ["h = [1.0]", "real number"]),
    (lambda: LMG(4).hamiltonian("left"), ValueError, ["parity = 'left'", "'even', 'odd'"]),
    (lambda: LMG(4).energies(0), ValueError, ["k = 0", ">= 1"]),
    (lambda: LMG(4).energies(2, "up"), ValueError, ["parity = 'up'", "'even'"]),
    (lambda: LMG(4).ground_state("up"), ValueError, ["parity = 'up'", "'even'"]),
    (lambda: LMG(1).gap(), ValueError, ["N = 1", "N >= 2"]),
    (lambda: LMG(4).mean_field_energy(1.1), ValueError, ["m_z = 1.1", "[-s, s]"]),
    (lambda: LMG(4).mean_field_energy(0.6, s=0.5), ValueError, ["m_z = 0.6", "s = 0.5"]),
    (lambda: LMG(4).mean_field_energy(0.1, s=1.5), ValueError, ["s = 1.5", "[0, 1]"]),
    (lambda: LMG(4).mean_field_energy([0.1, np.nan]), ValueError, ["m_z = ", "finite"]),
    (lambda: LMG(4).mean_field_energy("x"), TypeError, ["m_z = 'x'", "real numbers"]),
    (lambda: LMG.slow_quench(0, 1.0), ValueError, ["N = 0", ">= 1"]),
    (lambda: LMG.slow_quench(4, None), TypeError, ["h = None", "real number"]),
    (lambda: LMG.leggett_garg(4, np.nan), ValueError, ["field = nan", "finite"]),
    (lambda: lmg.magnetic_numbers(-1), ValueError, ["two_s = -1", ">= 0"]),
    (lambda: lmg.magnetic_numbers(3, "both"), ValueError, ["parity = 'both'", "'odd'"]),
    (lambda: lmg.sector_isometry(3, None), ValueError, ["parity = None", "'even', 'odd'"]),
    (lambda: lmg.bands(0), ValueError, ["N = 0", ">= 1"]),
    (lambda: lmg.bands(4, two_s=3), ValueError, ["two_s = 3", "N = 4"]),
    (lambda: lmg.bands(4, two_s=6), ValueError, ["two_s = 6", "N = 4"]),
    (lambda: lmg.bands(4, J=np.nan), ValueError, ["J = nan", "finite"]),
]


@pytest.mark.parametrize("call, kind, words", BAD)
def test_bad_input_is_named(call, kind, words):
    check_is_named(call, kind, words)
