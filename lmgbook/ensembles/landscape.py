"""Entropy, energy and free energy of a large magnet, by length and direction of its spin."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import xlogy

from ..checks import finite, finite_array, not_negative, positive, unwrap


def entropy(s: ArrayLike) -> float | NDArray[np.float64]:
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
    s = finite_array("s", s, least=0, most=1)
    up, down = (1 + s) / 2, (1 - s) / 2
    value = -xlogy(up, up) - xlogy(down, down)
    return unwrap(value)


def energy(s: ArrayLike, m: ArrayLike, h: ArrayLike, K: float) -> float | NDArray[np.float64]:
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
    s, m = finite_array("s", s, least=0), finite_array("m", m, least=-1, most=1)
    along = (s * m) ** 2  # a fourth power costs ten times as much as a square
    return -along - K * along**2 - h * s * np.sqrt(1 - m**2)


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
    def free_energy(self) -> float:
        """The energy minus temperature times entropy."""
        return self.energy - self.temperature * self.entropy


def canonical_potential(
    x: ArrayLike, beta: float, h: float, K: float
) -> float | NDArray[np.float64]:
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
    x = finite_array("x", x, least=-1, most=1)
    total = beta * effective_field(x, h, K)
    value = x**2 + 3 * K * x**4 - np.logaddexp(total, -total) / beta
    return unwrap(value)


def free_energy_landscape(
    m: ArrayLike, beta: float, h: float, K: float
) -> float | NDArray[np.float64]:
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
    m = finite_array("m", m, least=-1, most=1)
    # at fixed direction the force on s grows with s: the lowest of a fine grid, then Newton steps
    w = np.linspace(0, beta * (h + 2 + 4 * K) + 1, 2001)
    values = np.asarray(energy(np.tanh(w), m[..., None], h, K) - entropy(np.tanh(w)) / beta)
    w = w[values.argmin(axis=-1)]
    for _ in range(30):
        s = np.tanh(w)
        force = 2 * s * m**2 + 4 * K * s**3 * m**4 + h * np.sqrt(1 - m**2)
        slope = (2 * m**2 + 12 * K * s**2 * m**4) * (1 - s**2)
        w = np.maximum(w - (w - beta * force) / np.maximum(1 - beta * slope, 0.1), 0.0)
    s = np.tanh(w)
    value = np.minimum(energy(s, m, h, K) - entropy(s) / beta, values.min(axis=-1))
    return unwrap(value)


def effective_field(x: NDArray[np.float64], h: float, K: float) -> NDArray[np.float64]:
    """Length of the field on one spin, E of `canonical_potential`."""
    return np.sqrt(h * h + (2 * x + 4 * K * x**3) ** 2)


def checked_couplings(beta: float, h: float, K: float) -> tuple[float, float, float]:
    """Return the three, each checked."""
    return positive("beta", beta), not_negative("h", h), not_negative("K", K)
