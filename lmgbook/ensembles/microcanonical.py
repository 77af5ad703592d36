"""The isolated magnet: states of given energy, their temperature, and its jumps."""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq

from ..checks import finite_array, not_negative, positive, unwrap
from .landscape import Phase, energy, entropy
from .lines import first_order_field


def lowest_energy(
    s: ArrayLike, h: float, K: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Lowest energy per spin at fixed spin length, and the transverse component u there.

    At fixed s the entropy is fixed: this is the microcanonical state of that entropy.

    Parameters
    ----------
    s : float or array
        Spin length, in (0, 1].
    h, K : float
        Field >= 0 and coupling >= 0, in units of J.

    Returns
    -------
    energy, u : ndarray, the shape of s
        u = 1 in the paramagnet, u < 1 in the ferromagnet.
    """
    h, K = not_negative("h", h), not_negative("K", K)
    return _lowest_energy(finite_array("s", s, above=0, most=1), h, K)


def _lowest_energy(s, h, K):
    # stationary at u (2s + 4K s^3 (1 - u^2)) = h; the minimum is the smallest root, on the rise
    a, b = 2 * s + 4 * K * s**3, 4 * K * s**3
    top = np.sqrt(np.where(a < 3 * b, a, 1.0) / np.where(a < 3 * b, 3 * b, 1.0))
    exists = h <= a * top - b * top**3
    u = np.where(exists, 0.0, 1.0)
    if np.any(exists):
        low, high = np.zeros_like(s), top.copy()
        for _ in range(60):  # bisection: vectorised, and safe at the double root
            middle = (low + high) / 2
            below = a * middle - b * middle**3 < h
            low, high = np.where(below, middle, low), np.where(below, high, middle)
        u = np.where(exists, (low + high) / 2, 1.0)
    ordered = energy(s, np.sqrt(np.clip(1 - u * u, 0, 1)), h, K)
    better = ordered < -h * s
    return np.where(better, ordered, -h * s), np.where(better, u, 1.0)


def microcanonical_curve(h: float, K: float, s: ArrayLike) -> dict[str, NDArray[np.float64]]:
    """Energy, entropy, temperature and order parameter along the microcanonical states.

    Parameters
    ----------
    h, K : float
        Field > 0 and coupling >= 0, in units of J.
    s : array, shape (n,)
        Spin lengths in (0, 1), the parameter of the curve.

    Returns
    -------
    dict of ndarray, shape (n,)
        "energy", "entropy", "temperature", "m". The temperature is dE/dS = h/(u artanh s), which
        is Eq. (36) for u = 1.
    """
    h = positive("h", h)
    s = finite_array("s", s, above=0, below=1)
    e, u = lowest_energy(s, h, K)
    return {
        "energy": e,
        "entropy": np.asarray(entropy(s)),
        "temperature": h / (u * np.arctanh(s)),
        "m": np.sqrt(np.clip(1 - u * u, 0, 1)),
    }


def microcanonical_temperature(
    energy: ArrayLike, h: float, K: float
) -> float | NDArray[np.float64]:
    """Temperature of the isolated large magnet, 1/T = dS/d(energy), Eq. (36).

    Parameters
    ----------
    energy : float or array
        Energy per spin, between that of the ground state and h (both excluded). Above zero the
        temperature is negative; at zero it is infinite.
    h, K : float
        Field > 0 and coupling >= 0, in units of J.

    Returns
    -------
    float or ndarray, the shape of energy

    Raises
    ------
    ValueError
        The energy is outside the range of the model.

    Notes
    -----
    Cost: 0.5 ms an energy.
    """
    h, K = positive("h", h), not_negative("K", K)
    e = finite_array("energy", energy)
    ground = float(lowest_energy(1.0, h, K)[0])
    if np.any((e <= ground) | (e >= h)):
        raise ValueError(f"energy = {energy!r}: must lie in ({ground:.8g}, {h:g}) per spin")
    value = np.empty(e.shape)
    for index, one in np.ndenumerate(e):
        if one >= 0:  # the upper half of the spectrum is paramagnetic, against the field
            value[index] = -h / np.arctanh(one / h) if one > 0 else np.inf
            continue
        # -s (1 + K + h) <= energy <= -h s
        low, s = -one / (1 + K + h), min(-one / h, 1.0)
        if _energy_excess(low, one, h, K) <= 0:
            s = low  # the energy is lost beside the field
        elif _energy_excess(s, one, h, K) < 0:
            s = brentq(_energy_excess, low, s, args=(one, h, K), xtol=1e-300, rtol=1e-14)
        value[index] = h / (float(_lowest_energy(s, h, K)[1]) * np.arctanh(s))
    return unwrap(value)


def _energy_excess(s, e, h, K):
    return float(_lowest_energy(s, h, K)[0]) - e


def microcanonical_jump(h: float, K: float) -> tuple[Phase, Phase] | None:
    """The first-order transition of the isolated magnet at fixed field and coupling.

    Parameters
    ----------
    h, K : float
        In units of J.

    Returns
    -------
    ferro, para : Phase or None
        Two states of one energy and one entropy; T_para/T_ferro = u. None if the transition is
        continuous or absent: it jumps for K > 1/4 and K^(-1/2) < h < `first_order_field(K)`.
    """
    h, K = positive("h", h), not_negative("K", K)
    if K <= 0.25 or not 1 < h * np.sqrt(K) or h >= first_order_field(K):  # type: ignore[operator]
        return None
    # the zero-temperature line for couplings (s^2, h s, K s^4), with s eliminated
    u = brentq(
        lambda u: 4 * u**2 * (1 + u) / (3 * u - 1) ** 3 - h * h * K,
        1 / 3 + 1e-9,
        1.0,
        xtol=1e-15,
        rtol=1e-14,
    )
    s = h * (3 * u - 1) / (2 * u * (1 + u))
    e, w, entropies = -h * s, np.arctanh(s), float(entropy(s))
    ferro = Phase(s, float(np.sqrt(1 - u * u)), e, entropies, float(h / (u * w)))
    return ferro, Phase(s, 0.0, e, entropies, float(h / w))
