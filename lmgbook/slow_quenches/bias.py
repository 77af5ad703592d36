"""Ramps with a weak field b along the order parameter, H -> H - 2 b Sz.

Exact ramps of finite magnets, and closed forms for N -> infinity at fixed Lambda = N delta and
b/delta. The closed forms were found numerically and checked to 1e-4; they are not proved.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..checks import (
    affordable,
    finite,
    finite_array,
    in_range,
    not_negative,
    positive_integer,
    unwrap,
)
from ..integrators import TridiagonalPropagator
from ..lmg import bands, lowest_vector, magnetic_numbers
from ._schedule import Schedule
from .harmonic import checked_ramp

LARGEST = 1e5  # Lambda
MOST = 100.0  # b/delta


def biased_ramp(
    N: int, delta: float, b: float, smooth: float = 0.35
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Exact ramp from h = 2 to 0 in the presence of a field b along the order parameter.

    Parameters
    ----------
    N : int
        Number of spins.
    delta : float
        Rate of the ramp, > 0 (units of J).
    b : float
        Field along the order parameter, >= 0 (units of J); it stays on.
    smooth : float
        As in `exact_ramp`, from 0 to 1.

    Returns
    -------
    m : ndarray of float, shape (N + 1,)
        N/2, ..., -N/2; the field favours m > 0.
    probability : ndarray of float, shape (N + 1,)
        At h = 0, where each m is a level. Cost: that of two sectors of `exact_ramp`.
    """
    N, delta, *_ = checked_ramp(N, delta, 2.0, 0.0)
    b, smooth = not_negative("b", b), in_range("smooth", smooth, 0.0, 1.0)
    seconds = 24 / delta * (3e-6 + 1.5e-8 * N**1.4) * (1 + b)
    affordable(f"N = {N}, delta = {delta:g}, b = {b:g}", 200.0 * N, seconds)
    m = magnetic_numbers(N)
    parts = [bands(N, J=0.5), bands(N, J=0.0, h=1.0)]
    diagonals, hops = (np.array(pair) for pair in zip(*parts, strict=True))
    diagonals[0] -= 2 * b * m
    schedule = Schedule(2.0, 0.0, delta, smooth)
    propagator = TridiagonalPropagator(diagonals, hops, schedule.coefficients)
    propagator.start(0.0, lowest_vector(*(part[0] + 2 * part[1] for part in (diagonals, hops))))
    propagator.advance(schedule.total)
    return m, propagator.probabilities


def biased_populations(lam: float, ratio: float, k: int) -> NDArray[np.float64]:
    """Populations of the levels of the two valleys after a biased ramp, N -> infinity.

    Draw an integer r with weight exp(-pi (r + 1/2 - lam ratio)^2/lam): r >= 0 is the favoured
    valley. Then each boson mode j > |r + 1/2| holds quanta as at the "temperature" of the unbiased
    ramp, x^j a quantum, x = exp(-2 pi/lam).

    Parameters
    ----------
    lam : float
        Lambda = N delta, in (0, 10^5].
    ratio : float
        b/delta, from 0 to 100.
    k : int
        Number of levels in each valley.

    Returns
    -------
    ndarray of float, shape (2, k)
        Favoured valley, other valley.
    """
    k = positive_integer("k", k)
    weights, first, favoured, log_x = _channels(lam, finite("ratio", ratio))
    affordable(f"k = {k}, lam = {lam!r}", 64.0 * k * len(first))
    level = np.arange(k)
    start = _beyond(first, log_x, lambda x: np.log1p(-x))  # log of prod_{j >= first} (1 - x^j)
    below = np.cumsum(np.append(0.0, np.log1p(-np.exp(log_x * level[1:]))))
    chances = weights[:, None] * np.exp(start[:, None] + log_x * first[:, None] * level - below)
    return np.array([chances[favoured].sum(axis=0), chances[~favoured].sum(axis=0)])


def biased_excitations(lam: float, ratio: ArrayLike) -> float | NDArray[np.float64]:
    """Mean number of quanta after a biased ramp, each counted in its own valley, N -> infinity.

    For lam >> 1 and ratio lam^(1/2) >> 1 it tends to -lam/(2 pi) ln(1 - exp(-2 pi ratio)), the
    action of the classical motion.

    Parameters
    ----------
    lam : float
        As in `biased_populations`.
    ratio : float or array
        b/delta, from 0 to 100.

    Returns
    -------
    float or ndarray
    """

    def mean(one):
        weights, first, _, log_x = _channels(lam, one)
        return weights @ _beyond(first, log_x, lambda x: x / (1 - x))

    return unwrap(_each(ratio, mean))


def wrong_side(lam: float, ratio: ArrayLike) -> float | NDArray[np.float64]:
    """Probability that a biased ramp ends in the valley that the field disfavours, N -> infinity.

    Parameters
    ----------
    lam, ratio : as in `biased_excitations`

    Returns
    -------
    float or ndarray
    """

    def tail(one):
        weights, _, favoured, _ = _channels(lam, one)
        return weights @ ~favoured

    return unwrap(_each(ratio, tail))


def _beyond(first, log_x, term):
    # sum of term(x^j) over j >= first; beyond exp(-45) a term is below rounding
    j = np.arange(np.ceil(first.max() + 1 - 45 / log_x), 0, -1)
    return np.cumsum(term(np.exp(log_x * j)))[-first.astype(int)]


def _each(ratio, function):
    values = finite_array("ratio", ratio, least=0, most=MOST)
    return np.reshape([function(one) for one in values.ravel()], values.shape).astype(float)


def _channels(lam, ratio):
    # weight of each r, the first boson mode open to it, whether it is the favoured valley, log x
    lam, ratio = finite("lam", lam, above=0, most=LARGEST), in_range("ratio", ratio, 0.0, MOST)
    middle = lam * ratio
    affordable(f"lam = {lam!r}, ratio = {ratio!r}", 64.0 * (middle + 8 * lam), 1e-7 * middle)
    reach = np.ceil(np.sqrt(45 * lam / np.pi)) + 2
    r = np.arange(np.floor(middle) - reach, middle + reach + 1)
    # of r and -1 - r, equal without a bias, keep the pair
    distance = (r + 0.5 - middle) ** 2
    weights = np.exp(-np.pi / lam * (distance - distance.min()))
    return weights / weights.sum(), np.abs(r + 0.5) + 0.5, r >= 0, -2 * np.pi / lam
