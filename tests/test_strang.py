"""The engine of the Leggett-Garg chapter: motion and noise in turn, in blocks of one parity."""

import numpy as np
import pytest
import qutip
from hypothesis import given
from hypothesis import strategies as st

from lmgbook.integrators import ParityDephasing, extrapolated, strang


def problem(even, odd, seed):
    """Energies, parities and a jump operator that changes the parity."""
    rng = np.random.default_rng(seed)
    is_odd = rng.permutation(np.repeat([False, True], [even, odd]))
    jump = rng.normal(size=(even + odd, even + odd))
    jump = (jump + jump.T) * np.logical_xor.outer(is_odd, is_odd)
    return rng.normal(size=even + odd), is_odd, jump


def hermitian(is_odd, odd, seed):
    rng = np.random.default_rng(seed + 1)
    x = rng.normal(size=(len(is_odd), len(is_odd))) + 1j * rng.normal(size=(len(is_odd),) * 2)
    return (x + x.conj().T) * (np.logical_xor.outer(is_odd, is_odd) == odd)


def exact(energies, jump, rate, x, t, adjoint):
    L = qutip.liouvillian(qutip.qdiags(energies, 0), [rate**0.5 * qutip.Qobj(jump)])
    L = L.dag() if adjoint else L
    return qutip.vector_to_operator((L * t).expm() * qutip.operator_to_vector(qutip.Qobj(x))).full()


@given(st.integers(1, 4), st.integers(1, 4), st.integers(0, 2**32 - 1), st.booleans())
def test_blocks_are_put_together_again(even, odd, seed, parity):
    energies, is_odd, jump = problem(even, odd, seed)
    x, engine = hermitian(is_odd, parity, seed), ParityDephasing(energies, is_odd, jump)
    blocks = engine.split(x, parity)
    np.testing.assert_allclose(engine.join(blocks, parity), x, atol=1e-12)
    # the frame is orthonormal
    norm = np.linalg.norm(blocks) * (2**0.5 if parity else 1)
    np.testing.assert_allclose(norm, np.linalg.norm(x))


@pytest.mark.parametrize("odd", [True, False])
@pytest.mark.parametrize("adjoint", [True, False])
@pytest.mark.parametrize("sizes", [(3, 3), (4, 2), (2, 4), (1, 1)])
def test_it_is_the_exponential_of_the_liouvillian(odd, adjoint, sizes):
    energies, is_odd, jump = problem(*sizes, 7)
    x, engine = hermitian(is_odd, odd, 7), ParityDephasing(energies, is_odd, jump)
    prepare = engine.stepper(odd, 0.3, adjoint)

    def run(resolution):
        moved = strang(engine.split(x, odd), [0.5, 1.5], 0.02, prepare, resolution)
        return np.array([engine.join(blocks, odd) for blocks in moved])

    reference = [exact(energies, jump, 0.3, x, t, adjoint) for t in (0.5, 1.5)]
    np.testing.assert_allclose(extrapolated(run, tolerance=1e-2), reference, atol=2e-6)


@pytest.mark.parametrize("odd", [True, False])
def test_steps_are_of_second_order(odd):
    energies, is_odd, jump = problem(3, 3, 8)
    x, engine = hermitian(is_odd, odd, 8), ParityDephasing(energies, is_odd, jump)
    reference = exact(energies, jump, 0.3, x, 1.0, False)
    errors = []
    for longest in (1 / 24, 1 / 48, 1 / 96):
        (end,) = strang(engine.split(x, odd), [1.0], longest, engine.stepper(odd, 0.3))
        errors.append(np.linalg.norm(engine.join(end, odd) - reference))
    np.testing.assert_allclose(np.divide(errors[:-1], errors[1:]), 4, rtol=0.05)


@given(st.floats(0.01, 5), st.lists(st.floats(0, 10), min_size=1, max_size=4))
def test_twice_the_resolution_is_twice_as_many_steps(longest, times):
    def counts(resolution, **limit):
        seen = []

        def prepare(dt):
            return lambda x, count: seen.append((count, count * dt)) or x

        strang(0.0, sorted(times), longest, prepare, resolution, **limit)
        return seen

    coarse, normal, fine = (counts(resolution) for resolution in (0.5, 1.0, 2.0))
    assert [2 * n for n, _ in coarse] == [n for n, _ in normal]
    assert [2 * n for n, _ in normal] == [n for n, _ in fine]
    for n, duration in normal:
        assert duration / n <= longest * (1 + 1e-8)
    np.testing.assert_allclose(sum(duration for _, duration in normal), max(times), atol=1e-8)
    assert all(n == 1 for n, _ in counts(2.0, most=1))


def test_too_many_steps():
    with pytest.raises(ValueError, match=r"200000000 steps to t = 1: too many"):
        strang(0.0, [1.0], 5e-9, None)


def test_what_does_not_converge_is_no_result():
    with pytest.raises(ArithmeticError, match="does not converge"):
        extrapolated(lambda resolution: np.array([resolution]))
