"""The particle in a quartic potential of Eq. (89), for any number of components of the field."""

import numpy as np
import qutip
from numpy.typing import NDArray
from scipy.linalg import eigh_tridiagonal

from ..checks import affordable, in_range, positive_integer
from ..lmg import lowest_vector, tridiagonal_operator


def ramp_particle(
    components: float, reach: float, half_time: float = 20.0, points: int = 800
) -> NDArray[np.float64]:
    """Carry the quantum particle of Eq. (89) at eps = 0 through its transition.

    In units that leave one parameter, H = P^2 - t X^2 + X^4/(8 pi reach), t = -T ... T, from the
    ground state; only states without angular momentum, on a grid in |X|.

    Parameters
    ----------
    components : float
        Number D >= 1 of real components of X: 1 for the magnet of the slow quenches, 2 for each
        reaction channel.
    reach : float
        Gamma = m beta/(pi gamma), 0.1 to 10; beta/(2 pi g^2) in the reactions.
    half_time : float
        T >= 8; the populations are exact for T to infinity.
    points : int
        Number of grid points, >= 100.

    Returns
    -------
    ndarray
        Populations of the lowest levels at t = T, seen from the moving valley.

    Raises
    ------
    ValueError
        For parameters outside these ranges, or if the levels do not hold the state.
    """
    D, reach = in_range("components", components, 1, 20), in_range("reach", reach, 0.1, 10)
    lam = 4 * np.pi * reach
    T, points = in_range("half_time", half_time, 8, 200), positive_integer("points", points, 100)
    affordable("points", points, memory=16.0 * points * (40 + 16 * reach), seconds=1e-2 * points)
    dx = 1.6 * np.sqrt(lam * T) / points
    r, edge = (np.arange(points) + 0.5) * dx, np.arange(points + 1) * dx
    area, surface = r ** (D - 1), edge ** (D - 1)
    surface[0] = 0  # nothing flows out through the origin
    hop = -surface[1:-1] / np.sqrt(area[1:] * area[:-1]) / dx**2
    fixed = (surface[1:] + surface[:-1]) / area / dx**2 + r**4 / (2 * lam)
    state = qutip.sesolve(
        [tridiagonal_operator(fixed, hop), [tridiagonal_operator(r**2, 0 * hop), _minus]],
        qutip.Qobj(lowest_vector(fixed + T * r**2, hop)),
        [-T, T],
        options={"method": "tridiagonal", "atol": 1e-7},
    ).states[-1]
    levels = min(20 + int(16 * reach), points) - 1
    found = eigh_tridiagonal(fixed - T * r**2, hop, select="i", select_range=(0, levels))[1]
    # the valley |X| = sqrt(lam t) still moves outwards: a boost by its momentum removes the lag
    boost = np.exp(-0.25j * np.sqrt(lam / T) * r)
    populations = np.abs(found.T @ (boost * state.full()[:, 0])) ** 2
    if populations.sum() < 1 - 1e-3:
        raise ValueError(f"points = {points}: too few, the levels hold {populations.sum():.4f}")
    return populations


def _minus(t):
    return -t
