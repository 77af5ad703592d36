"""The exact curves of one cloud: products of cosines (Emch, Radin)."""

from functools import cache

import numpy as np

from ..checks import ascending, one_of
from .cloud import checked_cloud, couplings, nearest_image, refuse_coincidence

METHODS = ("near_far", "exact", "numpy")


def magnetization(positions, times, alpha, coupling=1.0, box=None, method="near_far", spins=None):
    """<sigma_x> of each spin: the Emch-Radin product of cosines, Eq. (2) (twice the paper's s_x).

    Parameters
    ----------
    positions : array, shape (N, d)
        Places of the spins, d = 1, 2 or 3; no two may coincide.
    times : array, shape (T,)
        Times >= 0, ascending, in units of 1/coupling.
    alpha, coupling : float
        Exponent and strength of the interaction, both > 0.
    box : float, optional
        Side of a periodic cube (nearest images); None: open space.
    method : {"near_far", "exact", "numpy"}
        "near_far" takes cosines only where the angle 2Jt exceeds 0.2 and sums the logarithms of
        all others by their series; "exact" multiplies all cosines; both are compiled. "numpy" is
        the plain product, which the other two fall back to where numba is not installed.
    spins : array of int, optional
        The spins whose curves are wanted; None: all.

    Returns
    -------
    ndarray, shape (T, N) or (T, len(spins))
        In [-1, 1]. Pairs with angles beyond 1e5 are multiplied in extended precision, because the
        rounding of J would show there; beyond 1e15 or so a phase has no meaning any more.

    Raises
    ------
    ValueError
        For positions or times that are not as stated; argument, value and range are named.
    """
    positions, alpha, coupling, box = checked_cloud(positions, alpha, coupling, box)
    times = ascending("times", times)
    one_of("method", method, METHODS)
    N = len(positions)
    chosen = np.arange(N) if spins is None else _chosen(spins, N)
    if N == 1 or len(times) == 0:
        return np.ones((len(times), len(chosen)))
    kernels = _compiled() if method != "numpy" else None
    if kernels is None:
        return _plain_product(positions, times, alpha, coupling, box, chosen)

    columns = np.zeros((3, N))
    columns[: positions.shape[1]] = positions.T
    close = np.empty((4 * N, 2), dtype=np.int64)
    while True:
        arguments = (*columns, box or 0.0, alpha, 2 * coupling, times)
        if method == "exact":
            out = np.empty((N, len(times)))
            found = kernels.exact_products(*arguments, out, close)
        else:
            out = np.empty((len(chosen), len(times)))
            found = kernels.near_far_products(*arguments, chosen, out, close)
        if found <= len(close):
            break
        close = np.empty((found, 2), dtype=np.int64)
    rows, partners = close[:found].T
    own = rows if method == "exact" else chosen[rows]
    if found:
        apart = nearest_image(positions[own] - positions[partners], box).astype(np.longdouble)
        squared = np.einsum("ij,ij->i", apart, apart)
        refuse_coincidence(squared)  # such a pair is among the close ones
        angles = 2 * coupling * squared ** (-np.longdouble(alpha) / 2)
        for row, angle in zip(rows, angles, strict=True):
            out[row] *= np.cos(angle * times).astype(float)
    return (out[chosen] if method == "exact" else out).T


def purity(positions, times, alpha, coupling=1.0, box=None, method="near_far", spins=None):
    """Purity of each spin's reduced state, (1 + <sigma_x>^2)/2, Eq. (3).

    Parameters
    ----------
    positions, times, alpha, coupling, box, method, spins
        As in `magnetization`.

    Returns
    -------
    ndarray, shape (T, N) or (T, len(spins))
        From 1 (no entanglement) down to 1/2.
    """
    curves = magnetization(positions, times, alpha, coupling, box, method, spins)
    return (1 + curves**2) / 2


def subset_purity(positions, times, alpha, subset, coupling=1.0, box=None):
    """Purity of the reduced state of several spins together.

    With n spins in the subset A, tr rho_A^2 is the average over two pairs of configurations,

        4^-n sum_delta 2^(zeros of delta) prod_{k not in A} cos^2(2t sum_{i in A} delta_i J_ik),

    where each delta_i is 0, 1 or -1. It equals Eq. (3) for one spin.

    Parameters
    ----------
    positions, times, alpha, coupling, box
        As in `magnetization`.
    subset : array of int
        At most 10 spins: the sum has 3^n terms.

    Returns
    -------
    ndarray, shape (T,)
        From 1 down to 2^-n.
    """
    matrix = couplings(positions, alpha, coupling, box)
    times, subset = ascending("times", times), _chosen(subset, len(matrix), name="subset")
    n = len(subset)
    if n > 10 or len(set(subset.tolist())) != n:
        raise ValueError(f"subset = {subset!r}: must be at most 10 different spins")
    rest = np.delete(matrix[subset], subset, axis=1)
    total = np.zeros(len(times))
    for delta in np.ndindex(*(3,) * n):
        signs = np.array(delta) - 1
        # delta and -delta give the same term: the first entry that is not zero is taken as +1
        nonzero = signs[signs != 0]
        if len(nonzero) and nonzero[0] < 0:
            continue
        weight = 2.0 ** np.count_nonzero(signs == 0) * (2 if len(nonzero) else 1)
        total += weight * np.prod(np.cos(2 * np.outer(times, signs @ rest)) ** 2, axis=1)
    return total / 4.0**n


def _chosen(spins, N, name="spins"):
    array = np.asarray(spins)
    if array.ndim != 1 or array.dtype.kind not in "iu" or np.any((array < 0) | (array >= N)):
        raise ValueError(f"{name} = {spins!r}: must be a list of integers from 0 to {N - 1}")
    return array.astype(np.int64)


@cache
def _compiled():
    try:
        from . import _cosines
    except ImportError:  # without numba the plain product gives the same numbers
        return None
    return _cosines


def _plain_product(positions, times, alpha, coupling, box, chosen):
    out = np.empty((len(times), len(chosen)))
    for column, i in enumerate(chosen):
        apart = nearest_image(np.delete(positions, i, axis=0) - positions[i], box)
        squared = np.einsum("ij,ij->i", apart, apart)
        refuse_coincidence(squared)
        angles = 2 * coupling * squared ** (-alpha / 2)
        # the rounding of J shows in a large angle: such pairs are taken in extended precision
        large = angles * times[-1] > 1e5
        out[:, column] = np.cos(np.outer(times, angles[~large])).prod(axis=1)
        if large.any():
            apart = apart[large].astype(np.longdouble)
            angles = (
                2 * coupling * np.einsum("ij,ij->i", apart, apart) ** (-np.longdouble(alpha) / 2)
            )
            out[:, column] *= np.cos(np.outer(times, angles)).prod(axis=1).astype(float)
    return out
