"""Closed forms of the full ramp for N -> infinity at fixed Lambda = N delta."""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..checks import affordable, finite, finite_array, positive_integer, unwrap

LARGEST = 1e6  # Lambda: the sums have some 7 Lambda terms


def universal_populations(lam: float, k: int) -> NDArray[np.float64]:
    """Level populations after a full ramp for N -> infinity at fixed Lambda.

    P_j = f x^j / prod_{i=1..j} (1 - x^(2i)), x = exp(-2 pi/Lambda), f = `universal_fidelity`;
    j counts the levels of the even sector. Found numerically and checked to 1e-5; proved but
    for one adiabatic estimate, see the page "One ladder, there and back" of the book.

    Parameters
    ----------
    lam : float
        Lambda = N delta, in (0, 10^6].
    k : int
        Number of levels.

    Returns
    -------
    ndarray of float, shape (k,)
    """
    log_x = -2 * np.pi / finite("lam", lam, above=0, most=LARGEST)
    k = positive_integer("k", k)
    affordable(f"k = {k}", memory=64.0 * k)
    level = np.arange(k)
    denominator = np.cumsum(np.concatenate([[0.0], np.log1p(-np.exp(2 * log_x * level[1:]))]))
    return np.exp(np.log(universal_fidelity(lam)) + level * log_x - denominator)


def universal_fidelity(lam: ArrayLike) -> float | NDArray[np.float64]:
    """Final fidelity of a full ramp for N -> infinity: prod over odd j of (1 - x^j).

    Parameters
    ----------
    lam : float or array
        Lambda = N delta, in (0, 10^6]; x = exp(-2 pi/Lambda).

    Returns
    -------
    float or ndarray
    """
    return _sum_over_modes(lam, lambda x: np.log1p(-np.exp(-x)), step=2, final=np.exp)


def universal_excitations(lam: ArrayLike) -> float | NDArray[np.float64]:
    """Excitations left by a full ramp for N -> infinity: sum over odd j of 1/(exp(2 pi j/L) - 1).

    Parameters
    ----------
    lam : float or array
        L = Lambda = N delta, in (0, 10^6].

    Returns
    -------
    float or ndarray
    """
    return _sum_over_modes(lam, lambda x: np.exp(-x) / -np.expm1(-x), step=2)


def universal_reverse_excitations(lam: ArrayLike) -> float | NDArray[np.float64]:
    """Quanta at h = 2 after a ramp from the symmetry-broken product state at h = 0, N -> infinity.

    1/2 + sum over j >= 1 of 1/(exp(2 pi j/Lambda) + 1).

    Parameters
    ----------
    lam : float or array
        Lambda = N delta, in (0, 10^6].

    Returns
    -------
    float or ndarray
    """
    total = _sum_over_modes(lam, lambda x: np.exp(-x) / (1 + np.exp(-x)), step=1)
    return 0.5 + total


def _sum_over_modes(
    lam: ArrayLike,
    term: Callable[[NDArray[np.float64]], NDArray[np.float64]],
    step: int,
    final: Callable[[float], float] = float,
) -> float | NDArray[np.float64]:
    values = finite_array("lam", lam, above=0, most=LARGEST)
    total = np.empty_like(values)
    for index, one in np.ndenumerate(values):
        # beyond exp(-45) a term is below rounding
        j = np.arange(1, max(2.0, 45 * one / (2 * np.pi)) + step, step)
        total[index] = final(np.sum(term(2 * np.pi * j / one)))
    return unwrap(total)
