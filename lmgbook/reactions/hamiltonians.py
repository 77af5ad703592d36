"""The driven Tavis-Cummings Hamiltonians with one and two channels, and the effective one."""

from collections.abc import Callable

import numpy as np
import qutip
import scipy.sparse as sp
from numpy.typing import ArrayLike, NDArray

from ..checks import affordable, not_negative, positive, positive_integer
from .laws import adiabaticity

#: Number of molecules, energies, and pairs (operator that adds a pair, its energy).
Parts = tuple[NDArray, NDArray, list[tuple[sp.csr_array, float]]]


def one_channel_hamiltonian(N: int, g: float, beta: float) -> qutip.QobjEvo:
    """Hamiltonian of one channel on the states of m = 0 ... N pairs, Eq. (39).

    Parameters
    ----------
    N : int
        Number of molecules, >= 1.
    g, beta : float
        Coupling >= 0 and sweep rate > 0.

    Returns
    -------
    QobjEvo
        beta t (N - m) on the diagonal, g (m + 1) sqrt(N - m) beside it.
    """
    molecules, _, (up,) = hamiltonian_parts(N, g, beta)
    return _evolving(up[0] + up[0].T, float(beta) * molecules)


def two_channel_states(N: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The basis of the two-channel problem.

    Parameters
    ----------
    N : int
        Number of molecules, >= 0.

    Returns
    -------
    n1, n2 : ndarray of int, shape ((N + 1)(N + 2)/2,)
        Sorted by n1 + n2, then by n2: state 0 is the initial one.
    """
    N = positive_integer("N", N, minimum=0)
    affordable(f"N = {N}", memory=20.0 * N**2)
    total, n2 = np.tril_indices(N + 1)
    return total - n2, n2


def two_channel_hamiltonian(
    N: int, g: float, beta: float, epsilon: float, g2: float | None = None
) -> qutip.QobjEvo:
    """Hamiltonian of two channels on the states of `two_channel_states`, Eq. (59).

    Parameters
    ----------
    N : int
        Number of molecules, >= 1.
    g, beta, epsilon : float
        Coupling >= 0, sweep rate > 0 and half the distance of the two atomic levels, > 0.
    g2 : float, optional
        Coupling of the second channel, >= 0, if it differs: the model is then not integrable.

    Returns
    -------
    QobjEvo
    """
    molecules, levels, ups = hamiltonian_parts(N, g, beta, positive("epsilon", epsilon), g2)
    couplings = sum(up + up.T for up, _ in ups)
    return _evolving(couplings + diagonal_matrix(levels), float(beta) * molecules)


def hamiltonian_parts(
    N: int, g: float, beta: float, epsilon: float | None = None, g2: float | None = None
) -> Parts:
    """Number of molecules, energies, and pairs (operator that adds a pair, its energy)."""
    N, g, beta = positive_integer("N", N), not_negative("g", g), positive("beta", beta)
    size = N if epsilon is None else (N + 1) * (N + 2) / 2
    affordable(f"N = {N}", memory=200.0 * size)
    if epsilon is None:
        if g2 is not None:
            raise ValueError(f"g2 = {g2!r}: must be None with one channel (epsilon = None)")
        m = np.arange(N + 1)
        up = sp.diags_array(g * m[1:] * np.sqrt(N - m[:-1]), offsets=-1).tocsr()
        return N - m, np.zeros(N + 1), [(up, 0.0)]
    epsilon = positive("epsilon", epsilon)
    n1, n2 = two_channel_states(N)
    total = n1 + n2
    start = np.flatnonzero(total < N)
    ups = []
    for pairs, shift, strength, energy in (
        (n1, 0, g, -2 * epsilon),
        (n2, 1, g if g2 is None else not_negative("g2", g2), 2 * epsilon),
    ):
        element = strength * (pairs[start] + 1) * np.sqrt(N - total[start])
        end = start + total[start] + 1 + shift
        ups.append((sp.csr_array((element, (end, start)), shape=(len(n1),) * 2), energy))
    return N - total, 2 * epsilon * (n2 - n1), ups


def effective_hamiltonian(n: int, g: float, beta: float, epsilon: float) -> qutip.QobjEvo:
    """Hamiltonian of n pairs long after the dissociation, t >> g sqrt(N)/beta, Eq. (72).

    Parameters
    ----------
    n : int
        Number of pairs, >= 1.
    g, beta, epsilon : float
        Coupling >= 0, sweep rate > 0 and half the distance of the two atomic levels, > 0.

    Returns
    -------
    QobjEvo
        On the states |n - n2, n2>, n2 = 0 ... n; at a frozen t > 0 call it with t. The energies of
        the pairs are 2 eps (2 n2 - n) (a factor 2 is missing in Eq. 73).
    """
    levels, exchange = effective_parts(n, g, beta, epsilon)
    return qutip.QobjEvo(
        [sparse_qobj(diagonal_matrix(levels)), [sparse_qobj(exchange), inverse_power(1)]]
    )


def effective_parts(
    n: int, g: float, beta: float, epsilon: float
) -> tuple[NDArray[np.float64], sp.csr_array]:
    """Levels, and the operator that belongs to 1/t, of `effective_hamiltonian`."""
    n, gamma = positive_integer("n", n), adiabaticity(g, beta) / (2 * np.pi)
    affordable(f"n = {n}", memory=200.0 * n)
    n2 = np.arange(n + 1.0)
    hop = (n - n2[:-1]) * n2[1:]
    matrix = sp.diags_array([hop, n2**2 + (n - n2) ** 2, hop], offsets=[-1, 0, 1], dtype=float)
    return 2 * positive("epsilon", epsilon) * (2.0 * n2 - n), -gamma * matrix.tocsr()


def _evolving(constant, slopes):
    return qutip.QobjEvo([sparse_qobj(constant), [sparse_qobj(diagonal_matrix(slopes)), _time]])


def diagonal_matrix(values: ArrayLike) -> sp.csr_array:
    """Sparse matrix with these numbers on its diagonal."""
    return sp.diags_array(np.asarray(values, dtype=complex)).tocsr()


def sparse_qobj(matrix: sp.sparray) -> qutip.Qobj:
    """A sparse matrix as QuTiP's operator."""
    return qutip.Qobj(sp.csr_matrix(matrix, dtype=complex))


def _time(t):
    return t


def inverse_power(p: int) -> Callable[[float], float]:
    """1/t^p as QuTiP wants it: with a value at t = 0, where it is tried and never used."""
    return lambda t: t**-p if t else 0.0
