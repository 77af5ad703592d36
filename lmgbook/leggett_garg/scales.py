"""Rates, splittings and sizes of a mesoscopic magnet: what its temperature and its size set."""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import constants

from ..checks import finite, finite_array, positive, unwrap
from ..lmg import LMG

LOST = 1e-13  # splittings below, in units of N J3, are rounding errors


def thermal_rate(temperature: float) -> float:
    """k_B T / hbar.

    Parameters
    ----------
    temperature : float
        In kelvin, > 0.

    Returns
    -------
    float
        In 1/s.
    """
    return constants.k * positive("temperature", temperature) / constants.hbar


def instanton_splitting(N: ArrayLike, field: float) -> float | NDArray[np.float64]:
    """Tunnel splitting for many spins: the instanton exponent with its prefactor.

    Delta/J3 = 4 m sqrt(N m^3/(2 pi g^2)) exp[-N (artanh m - m) - artanh m],  m = sqrt(1 - g^2),
    g = Gamma/J3; corrections fall as 1/N.

    Parameters
    ----------
    N : int or array of int
        Number of spins.
    field : float
        g, in (0, 1).

    Returns
    -------
    float or ndarray
        In units of J3.
    """
    sizes = finite_array("N", N, least=1)
    g = finite("field", field, above=0, below=1)  # the ordered phase
    m = np.sqrt(1 - g * g)
    action = sizes * (np.arctanh(m) - m) + np.arctanh(m)
    return unwrap(4 * m * np.sqrt(sizes * m**3 / (2 * np.pi * g * g)) * np.exp(-action))


def goldilocks_size(field: float, coupling: float, temperature: float) -> int:
    """Smallest even number of spins whose tunnel splitting is below k_B T.

    Parameters
    ----------
    field : float
        Gamma/J3, > 0.
    coupling : float
        J3/hbar in 1/s, > 0.
    temperature : float
        In kelvin, > 0.

    Returns
    -------
    int
    """
    field, coupling = positive("field", field), positive("coupling", coupling)
    wanted = thermal_rate(temperature) / coupling

    def above(N):
        splitting = LMG.leggett_garg(N, field).splitting()
        if max(splitting, wanted) < LOST * N:
            raise ValueError(
                f"temperature = {temperature!r}: the splitting of {N} spins is lost in rounding "
                "errors before it falls below k_B T"
            )
        # a splitting that equals k_B T up to rounding counts as below
        return splitting > wanted * (1 + 1e-9)

    if not above(2):
        return 2
    low, high = 2, 4
    while above(high):
        if high > 10**5:
            raise ValueError(
                f"field = {field!r}: up to {high} spins the splitting stays above k_B T; "
                "it falls below it only in the ordered phase, field < 1"
            )
        low, high = high, 2 * high
    while high - low > 2:
        middle = (low + high) // 4 * 2
        low, high = (middle, high) if above(middle) else (low, middle)
    return high
