"""Entropy, energy and free energy of a large magnet, by length and direction of its spin."""

from dataclasses import dataclass

import numpy as np
from scipy.special import xlogy

from ..checks import finite, finite_array, not_negative, positive


def entropy(s):
    """Entropy per spin of the spin length s, Eq. (14).

    Parameters
    ----------
    s : float or array
        2S/N, in [0, 1].

    Returns
    -------
    float or ndarray
        From ln 2 at s = 0 to 0 at s = 1; its slope is -artanh s.
    """
    s = checked_spin_length(s)
    up, down = (1 + s) / 2, (1 - s) / 2
    value = -xlogy(up, up) - xlogy(down, down)
    return value if value.ndim else float(value)


def energy(s, m, h, K):
    """Classical energy per spin, Eq. (13) at phi = 0.

    Parameters
    ----------
    s, m : float or array
        Spin length, >= 0 (the quantum length sqrt(S(S+1)) may exceed one a little), and
        m_z = cos(theta).
    h, K : float
        Field and four-spin coupling, in units of J.

    Returns
    -------
    float or ndarray
    """
    h, K = finite("h", h), finite("K", K)
    array, m = finite_array("s", s), _direction(m)
    if np.any(array < 0):
        raise ValueError(f"s = {s!r}: must be >= 0")
    s = array
    return -((s * m) ** 2) - K * (s * m) ** 4 - h * s * np.sqrt(1 - m**2)


@dataclass(frozen=True)
class Phase:
    """A state of the large magnet, per spin, units of J.

    Attributes
    ----------
    s, m : float
        Spin length and m_z >= 0.
    energy, entropy, temperature : float
    """

    s: float
    m: float
    energy: float
    entropy: float
    temperature: float

    @property
    def free_energy(self):
        """The energy minus temperature times entropy."""
        return self.energy - self.temperature * self.entropy


def canonical_potential(x, beta, h, K):
    """Free energy at fixed magnetisation x = s m_z, on its way through all stationary points.

    phi = x^2 + 3 K x^4 - T ln 2cosh(beta E), E^2 = h^2 + (2x + 4K x^3)^2. Its stationary points,
    and its values there, are those of the free energy, Eq. (19).

    Parameters
    ----------
    x : float or array
        In [-1, 1].
    beta, h, K : float
        Inverse temperature > 0, field >= 0 and coupling >= 0, in units of J.

    Returns
    -------
    float or ndarray, the shape of x
    """
    beta, h, K = checked_couplings(beta, h, K)
    x = _direction(x, "x")
    total = beta * effective_field(x, h, K)
    value = x**2 + 3 * K * x**4 - np.logaddexp(total, -total) / beta
    return value if value.ndim else float(value)


def free_energy_landscape(m, beta, h, K):
    """Free energy per spin at fixed direction, minimised over the spin length, Eq. (19).

    Parameters
    ----------
    m : float or array
        m_z in [-1, 1].
    beta, h, K : float
        As in `canonical_potential`.

    Returns
    -------
    float or ndarray, the shape of m
    """
    beta, h, K = checked_couplings(beta, h, K)
    m = _direction(m)
    # at fixed direction the force on s grows with s: the lowest of a fine grid, then Newton steps
    w = np.linspace(0, beta * (h + 2 + 4 * K) + 1, 2001)
    values = energy(np.tanh(w), m[..., None], h, K) - entropy(np.tanh(w)) / beta
    w = w[values.argmin(axis=-1)]
    for _ in range(30):
        s = np.tanh(w)
        force = 2 * s * m**2 + 4 * K * s**3 * m**4 + h * np.sqrt(1 - m**2)
        slope = (2 * m**2 + 12 * K * s**2 * m**4) * (1 - s**2)
        w = np.maximum(w - (w - beta * force) / np.maximum(1 - beta * slope, 0.1), 0.0)
    s = np.tanh(w)
    value = np.minimum(energy(s, m, h, K) - entropy(s) / beta, values.min(axis=-1))
    return value if value.ndim else float(value)


def effective_field(x, h, K):
    return np.sqrt(h * h + (2 * x + 4 * K * x**3) ** 2)


def checked_spin_length(s, low=False, high=False):
    array = finite_array("s", s)
    if np.any((array < 0) | (array > 1) | (low & (array == 0)) | (high & (array == 1))):
        allowed = f"{'(' if low else '['}0, 1{')' if high else ']'}"
        raise ValueError(f"s = {s!r}: must lie in {allowed}")
    return array


def _direction(m, name="m"):
    array = finite_array(name, m)
    if np.any(np.abs(array) > 1):
        raise ValueError(f"{name} = {m!r}: must lie in [-1, 1]")
    return array


def checked_couplings(beta, h, K):
    return positive("beta", beta), not_negative("h", h), not_negative("K", K)
