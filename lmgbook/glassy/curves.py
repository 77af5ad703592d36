"""The exact curves of one cloud: products of cosines (Emch, Radin)."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..checks import affordable, ascending, one_of
from .cloud import checked_cloud, couplings, nearest_image, refuse_coincidence

METHODS = ("near_far",)


def magnetization(
    positions: ArrayLike,
    times: ArrayLike,
    alpha: float,
    coupling: float = 1.0,
    box: float | None = None,
    method: str = "near_far",
    spins: ArrayLike | None = None,
) -> NDArray[np.float64]:
    """<sigma_x> of each spin: the Emch-Radin product of cosines, Eq. (2) (twice the paper's s_x).

    Cosines are taken only where the angle 2Jt exceeds 0.2; the logarithms of all others are summed
    by their series. Compiled, 1300 spins at 96 times take 10 ms, 20 000 spins 2 s, and so they do
    at any later time; grows as N^2. Without numba the same code takes a second for 200 spins.

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
    method : {"near_far"}
        How the product is taken; the only way there is.
    spins : array of int, optional
        The spins whose curves are wanted; None: all.

    Returns
    -------
    ndarray, shape (T, N) or (T, len(spins))
        In [-1, 1], to 1e-9; zero from the time on when less than 1e-30 is left. Cosines of angles
        beyond 1e5 are taken in extended precision, because the rounding of J would show there;
        beyond 1e15 or so a phase has no meaning any more.

    Raises
    ------
    ValueError, TypeError
        For arguments that are not as stated, and for a job of more than an hour; argument, value
        and range are named.

    Examples
    --------
    Two spins at distance 1/2 with alpha = 3 turn as cos(2Jt), J = 8:

    >>> curve = magnetization([[0.0], [0.5]], [0.0, 0.1], alpha=3)
    >>> print(curve.round(4))
    [[ 1.      1.    ]
     [-0.0292 -0.0292]]
    """
    from .._jit import numba  # takes as long to import as all of QuTiP
    from ._cosines import LARGE, near_far_products

    positions, alpha, coupling, box = checked_cloud(positions, alpha, coupling, box)
    times = ascending("times", times)
    one_of("method", method, METHODS)
    N, T = len(positions), len(times)
    chosen = np.arange(N) if spins is None else _chosen(spins, N)
    affordable(
        "N",
        N,
        memory=16 * T * len(chosen),
        seconds=N * len(chosen) * (1e-8 if numba else 2e-5),
        advice="choose fewer `spins`" if numba else "install numba, or take fewer",
    )
    if N == 1 or T == 0 or len(chosen) == 0:
        return np.ones((T, len(chosen)))

    columns = np.zeros((3, N))
    columns[: positions.shape[1]] = positions.T
    # a power of two, so that nothing is rounded, makes the last time about one
    unit = 2.0 ** np.frexp(times[-1])[1]
    arguments = (*columns, box or 0.0, alpha, 2 * coupling * unit, times / unit, chosen)
    out = np.empty((len(chosen), T))
    close, found = np.empty((4 * N, 3), dtype=np.int64), 0
    with np.errstate(all="ignore"):  # without numba NumPy would warn where a float overflows
        while (found := near_far_products(*arguments, out, close)) > len(close):
            affordable(
                "times",
                times,
                memory=24 * found,
                seconds=found * (1e-5 + 1e-7 * T),
                advice=f"{found} angles are beyond {LARGE:g} before the decay is over",
            )
            close = np.empty((found, 3), dtype=np.int64)
    refuse_coincidence(found < 0)
    rows, partners, firsts = close[:found].T
    apart = nearest_image(positions[chosen[rows]] - positions[partners], box).astype(np.longdouble)
    with np.errstate(over="ignore"):
        angles = 2 * coupling * np.einsum("ij,ij->i", apart, apart) ** (-np.longdouble(alpha) / 2)
    if not np.all(np.isfinite(angles * times[-1])):
        raise ValueError(f"alpha = {alpha!r}: the coupling of the closest spins is beyond a float")
    for row, angle, first in zip(rows, angles, firsts, strict=True):
        out[row, first:] *= np.cos(angle * times[first:]).astype(float)
    return out.T


def purity(
    positions: ArrayLike,
    times: ArrayLike,
    alpha: float,
    coupling: float = 1.0,
    box: float | None = None,
    method: str = "near_far",
    spins: ArrayLike | None = None,
) -> NDArray[np.float64]:
    """Purity of each spin's reduced state, (1 + <sigma_x>^2)/2, Eq. (3).

    Cost and reach are those of `magnetization`.

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


def subset_purity(
    positions: ArrayLike,
    times: ArrayLike,
    alpha: float,
    subset: ArrayLike,
    coupling: float = 1.0,
    box: float | None = None,
) -> NDArray[np.float64]:
    """Purity of the reduced state of several spins together.

    With n spins in the subset A, tr rho_A^2 is the average over two pairs of configurations,

        4^-n sum_delta 2^(zeros of delta) prod_{k not in A} cos^2(2t sum_{i in A} delta_i J_ik),

    where each delta_i is 0, 1 or -1. It equals Eq. (3) for one spin. Costs 3^n N T/2 cosines and
    the matrix of the couplings: ten of a hundred spins at 50 times take 3 s.

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
    times, matrix = ascending("times", times), couplings(positions, alpha, coupling, box)
    subset = _chosen(subset, len(matrix), name="subset")
    n = len(subset)
    if n > 10 or len(set(subset.tolist())) != n:
        raise ValueError(f"subset = {subset!r}: must be at most 10 different spins")
    cosines = len(times) * len(matrix)
    advice = "take fewer, or a smaller subset"
    affordable("times", times, 32 * cosines, 3**n * cosines * 1e-8, advice)
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
    """Return a list of spins as an array; ValueError unless all are from 0 to N - 1."""
    array = np.asarray(spins)
    if array.ndim != 1 or array.dtype.kind not in "iu" or np.any((array < 0) | (array >= N)):
        raise ValueError(f"{name} = {spins!r}: must be a list of integers from 0 to {N - 1}")
    return array.astype(np.int64)
