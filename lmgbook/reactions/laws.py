"""The exact laws of the reactions: final probabilities as functions of x = exp(-2 pi g^2/beta)."""

import math

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import loggamma

from ..checks import affordable, not_negative, positive, positive_integer


def demkov_osherov(g: float, beta: float) -> tuple[float, float, float]:
    """Final probabilities of the three-state model for any eps > 0, Eq. (7).

    Parameters
    ----------
    g, beta : float
        Coupling >= 0 and sweep rate > 0.

    Returns
    -------
    P00, P01, P02 : float
        Level 1 is the lower one of the two parallel levels.
    """
    s = adiabaticity(g, beta)
    x = np.exp(-s)
    return float(x * x), float(-np.expm1(-s)), float(-x * np.expm1(-s))


def single_channel(N: int, g: float, beta: float) -> NDArray[np.float64]:
    """Probabilities of the number of dissociated pairs in one channel, Eq. (40).

    Parameters
    ----------
    N : int
        Number of molecules, >= 0.
    g, beta : float
        Coupling >= 0 and sweep rate > 0.

    Returns
    -------
    ndarray, shape (N + 1,)
        P[m] for m = 0 ... N pairs, with small relative errors (1e-12 at N = 10^6, in 20 ms).
    """
    N, s = _count("N", N), adiabaticity(g, beta)
    logarithms = _log_tail(N, s)
    logarithms -= s * np.arange(N + 1)  # so many molecules are left
    return np.exp(logarithms, out=logarithms)[::-1]


def two_channel(N: int, g: float, beta: float) -> NDArray[np.float64]:
    """Joint probabilities of the pairs in two channels, Eq. (61).

    With nu = N - n1 - n2 this is x^(n2 + 2 nu) (1 - x^(nu+1)) ... (1 - x^N).

    Parameters
    ----------
    N : int
        Number of molecules, >= 0. The table takes 8 (N + 1)^2 bytes, its making six times that.
    g, beta : float
        Coupling >= 0 and sweep rate > 0.

    Returns
    -------
    ndarray, shape (N + 1, N + 1)
        P[n1, n2], zero for n1 + n2 > N.

    Notes
    -----
    Cost: 1 ms for 300 molecules, as N^2.
    """
    N, s = _count("N", N), adiabaticity(g, beta)
    affordable(f"N = {N}", memory=48.0 * N**2, advice="two_channel_total needs no table")
    n2 = np.arange(N + 1)
    rest = N - np.add.outer(n2, n2)
    left = np.maximum(rest, 0)
    return np.where(rest >= 0, np.exp(_log_tail(N, s)[left] - s * (n2 + 2 * left)), 0.0)


def two_channel_total(N: int, g: float, beta: float) -> NDArray[np.float64]:
    """Probabilities of the total number of pairs in two channels, Eq. (62).

    Parameters
    ----------
    N : int
        Number of molecules, >= 0.
    g, beta : float
        Coupling >= 0 and sweep rate > 0.

    Returns
    -------
    ndarray, shape (N + 1,)
        P[n], n = n1 + n2 = 0 ... N.
    """
    N, s = _count("N", N), adiabaticity(g, beta)
    rest = np.arange(N + 1)
    # sum of x^n2 over n2 = 0 ... n
    total = np.expm1(-s * (N - rest + 1)) / np.expm1(-s) if s else N - rest + 1.0
    return (total * np.exp(_log_tail(N, s) - 2 * s * rest))[::-1]


def thermal_law(n: int, g: float, beta: float) -> NDArray[np.float64]:
    """How n pairs are shared between the two channels in the end, Eq. (75).

    Parameters
    ----------
    n : int
        Number of pairs, >= 0.
    g, beta : float
        Coupling >= 0 and sweep rate > 0.

    Returns
    -------
    ndarray, shape (n + 1,)
        P[n2], proportional to x^n2.

    Notes
    -----
    Cost: as n.
    """
    n, s = _count("n", n), adiabaticity(g, beta)
    norm = np.expm1(-s) / np.expm1(-s * (n + 1)) if s else 1 / (n + 1)
    return norm * np.exp(-s * np.arange(n + 1))


def mean_numbers(N: int, g: float, beta: float) -> tuple[float, float]:
    """Mean numbers of pairs in the two channels, without the joint table.

    Parameters
    ----------
    N : int
        Number of molecules, >= 0.
    g, beta : float
        Coupling >= 0 and sweep rate > 0.

    Returns
    -------
    n1, n2 : float
        The first is also the mean of `single_channel`.
    """
    N, a = _count("N", N), adiabaticity(g, beta) / 2
    total = two_channel_total(N, g, beta)
    n = np.arange(N + 1)
    # at given n: n1 - n2 = (n+1) coth a(n+1) - coth a, for small arguments by its series
    z = a * (n + 1)
    series = z < 0.05
    split = np.empty(len(n))
    k = n[series] + 1.0
    powers = ((1, 1 / 3), (3, -1 / 45), (5, 2 / 945), (7, -1 / 4725))
    small = a if len(k) else 0.0
    split[series] = sum(c * small**p * (k ** (p + 1) - 1) for p, c in powers)
    split[~series] = (n[~series] + 1) / np.tanh(z[~series]) - (1 / np.tanh(a) if a else 0.0)
    return float(total @ (n + split) / 2), float(total @ (n - split) / 2)


def most_probable(N: int, g: float, beta: float) -> int:
    """Position of the maximum of `single_channel`, Eqs. (51), (52), (54).

    Parameters
    ----------
    N : int
        Number of molecules, >= 0.
    g, beta : float
        Coupling >= 0 and sweep rate > 0.

    Returns
    -------
    int
        The smallest m >= N - n_ex, n_ex = -ln(1 - x)/s, and not below zero.
    """
    N, s = _count("N", N), adiabaticity(g, beta)
    excited = -_log_one_minus(np.array([s]))[0] / s if s else np.inf
    return int(min(max(np.ceil(N - excited), 0), N))


def critical_rate(N: int, g: float) -> float:
    """Sweep rate below which the maximum of `single_channel` leaves m = 0, Eq. (47).

    Parameters
    ----------
    N : int
        Number of molecules, >= 1.
    g : float
        Coupling, >= 0.

    Returns
    -------
    float
        2 pi g^2/s at the root of 1 - x = x^N.
    """
    N, g = positive_integer("N", N), not_negative("g", g)
    root = brentq(
        lambda s: N * s + _log_one_minus(np.array([s]))[0],
        1 / (4 * N),
        np.log(2.0) * (1 + 1e-9),
        xtol=1e-300,
        rtol=1e-15,
    )
    return 2 * np.pi * g**2 / root


def scattering_phases(N: int, g: float, beta: float) -> NDArray[np.float64]:
    """Phases of the final amplitudes of one channel, Eq. (58) corrected.

    Phi_m = 3 pi m/4 + sum over k = 1 ... m of arg Gamma[i (k + N - m) g^2/beta]
    - 2 arg Gamma(i k g^2/beta), in the convention of Eq. (57) with its sign corrected: as
    t -> infinity, the amplitude of m pairs is sqrt(P_m) exp(i Phi_m + i theta_m) with
    theta_m = m beta t^2/2 - [g_(m+1,m)^2 - g_(m,m-1)^2]/beta ln(sqrt(beta) t).

    Parameters
    ----------
    N : int
        Number of molecules, >= 0.
    g, beta : float
        Coupling >= 0 and sweep rate > 0; g = 0 is the limit of small g.

    Returns
    -------
    ndarray, shape (N + 1,)
        Phi_0 = 0, Phi_1, ... Phi_N in radians, continuous in g (not reduced to one turn).

    Notes
    -----
    Cost: as N: below 1 ms for 1000 molecules.
    """
    N = _count("N", N)
    gamma = adiabaticity(g, beta) / (2 * np.pi)
    k = np.arange(1, N + 1)
    phases = loggamma(1j * gamma * k).imag if gamma else np.full(N, -np.pi / 2)
    total = np.concatenate([[0.0], np.cumsum(phases)])
    return 0.75 * np.pi * np.arange(N + 1) + total[N] - total[::-1] - 2 * total


def adiabaticity(g: float, beta: float) -> float:
    """The number s = 2 pi g^2/beta."""
    return 2 * np.pi * not_negative("g", g) ** 2 / positive("beta", beta)


def _count(name, value):
    """Return a number of molecules or pairs for which a list is still small enough."""
    number = positive_integer(name, value, minimum=0)
    affordable(f"{name} = {number}", memory=120.0 * number)
    return number


def _log_one_minus(z):
    """ln(1 - e^(-z)) for ascending z >= 0, accurate at both ends."""
    split = np.searchsorted(z, np.log(2.0))
    with np.errstate(divide="ignore"):  # z = 0 gives -inf, as it should
        return np.concatenate([np.log(-np.expm1(-z[:split])), np.log1p(-np.exp(-z[split:]))])


def _log_tail(N, s):
    """Logarithms of (1 - x^(nu+1)) ... (1 - x^N) for nu = 0 ... N."""
    # summed from the far end, where the logarithms are small (forward sums would lose three
    # digits), and in blocks, so that no sum has many terms
    factors = _log_one_minus(s * np.arange(1, N + 1))[::-1]
    width = math.isqrt(N) + 1
    blocks = np.append(factors, np.zeros(-N % width)).reshape(-1, width)
    before = np.cumsum(np.append(0.0, blocks.sum(axis=1)))[:-1]
    np.cumsum(blocks, axis=1, out=blocks)
    blocks += before[:, None]
    tail = blocks.ravel()[:N]
    return np.append(tail[::-1], 0.0)
