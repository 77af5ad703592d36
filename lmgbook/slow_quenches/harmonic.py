"""The gap, and the oscillator that a slow ramp of a large magnet reduces to.

Units of the paper: energies in units of its coupling J, times in 1/J; h = 1 is critical. The ramp
is h(t) = 1 - delta t, Lambda = N delta.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import airy

from .. import checks
from ..lmg import LMG

GAUSS = np.sqrt(3) / 6  # the two nodes of Gauss and Legendre, from the middle of a step
BLOCK = 100_000  # steps prepared at a time

BELOW, ABOVE = 8.0, 4.0  # |d Omega^2/dh| at h = 1 on the two sides, Eq. (5)

# Omega(0)^2 above which the first order in the kink is better than the difference of Airy functions
WEAK = 1000.0


def gap(h: ArrayLike, N: int | None = None) -> float | NDArray[np.float64]:
    """Excitation energy of one quantum.

    Parameters
    ----------
    h : float or array
        Field; the spectrum is even in h.
    N : int, optional
        None: the thermodynamic limit, 2 sqrt(h(h-1)) for h > 1 and 2 sqrt(1 - h^2) for h < 1
        (Eq. 5). With N: exact diagonalisation, between the two parities for h >= 1 (one quantum
        changes the parity) and inside the even sector for h < 1 (there the parities pair up);
        1 s for N = 10^6, as N.

    Returns
    -------
    float or ndarray, the shape of h
        In units of J.
    """
    fields = np.abs(checks.finite_array("h", h))
    if N is None:
        value = np.where(fields > 1, fields * (fields - 1), 1 - fields**2)
        value = 2 * np.sqrt(value)
    else:
        N = checks.positive_integer("N", N, minimum=2)
        checks.affordable(f"N = {N}", seconds=1e-6 * N * fields.size)
        value = np.empty_like(fields)
        for index, one in np.ndenumerate(fields):
            model = LMG.slow_quench(N, float(one))
            value[index] = model.splitting() if one >= 1 else model.gap()
    return checks.unwrap(value)


def critical_amplitude(basis: int = 120) -> float:
    """Amplitude c0 of the gap at the critical point, c0 N^(-1/3) for large N.

    At h = 1 the order parameter is a particle of energy (2N)^(-1/3) (P^2 + X^4); one quantum is its
    first excitation. (The paper sets c0 = 1.)

    Parameters
    ----------
    basis : int
        Number of oscillator states in which P^2 + X^4 is diagonalised, >= 20.

    Returns
    -------
    float
        2.1742, good to ten digits for 60 states and more.
    """
    basis = checks.positive_integer("basis", basis, minimum=20)
    checks.affordable(f"basis = {basis}", memory=64.0 * basis**2, seconds=1e-9 * basis**3)
    root = np.sqrt(np.arange(1, basis + 4) / 2)
    x = np.diag(root, 1) + np.diag(root, -1)
    p = np.diag(root, 1) - np.diag(root, -1)  # i times the momentum
    # four states more than wanted, cut off after the products: no edge in the matrix elements
    quartic = (np.linalg.matrix_power(x, 4) - p @ p)[:basis, :basis]
    levels = np.linalg.eigvalsh(quartic)
    return float((levels[1] - levels[0]) / np.cbrt(2))


def excitations_limit(slope_ratio: ArrayLike = 2.0) -> float | NDArray[np.float64]:
    """Excitations left by a full ramp of the harmonic theory for N -> infinity.

    n = (k^(1/3) + k^(-1/3) - 1)/3, where k is the ratio of the slopes of Omega^2 on the two sides
    of the transition. Eq. (5) has k = 8/4 = 2, which gives the paper's 0.35.

    Parameters
    ----------
    slope_ratio : float or array
        k > 0.

    Returns
    -------
    float or ndarray
    """
    k = np.cbrt(checks.finite_array("slope_ratio", slope_ratio, above=0))
    return checks.unwrap((k + 1 / k - 1) / 3)


def _airy_mode(slope, offset):
    # |f|^2, |f'|^2 and Re f* f' at s = 0 of the mode that starts in the ground state of
    # Omega^2 = offset - slope s, s -> -infinity: f = sqrt(pi/2) slope^(-1/6) (Bi + i Ai)
    ai, aip, bi, bip = airy(-offset * slope ** (-2 / 3))
    size = np.pi / 2 * slope ** (-1 / 3) * (ai**2 + bi**2)
    rate = np.pi / 2 * slope ** (1 / 3) * (aip**2 + bip**2)
    return size, rate, np.pi / 2 * (ai * aip + bi * bip)


def critical_excitations(lam: ArrayLike, c0: float = 1.0) -> float | NDArray[np.float64]:
    """Final number of excitations of the critical oscillator, Eq. (10), in closed form.

    Omega(s)^2 = -4s + c0^2 Lambda^(-2/3) before and 8s + c0^2 Lambda^(-2/3) after the critical
    point; on each side the mode is a combination of Airy functions.

    Parameters
    ----------
    lam : float or array
        Lambda = N delta > 0.
    c0 : float
        Amplitude of the gap at the critical point, gap = c0 N^(-1/3). The paper sets 1; see
        `critical_amplitude` for the true value.

    Returns
    -------
    float or ndarray
    """
    offset = checks.positive("c0", c0) ** 2 * checks.finite_array("lam", lam, above=0) ** (-2 / 3)
    size_in, rate_in, slope_in = _airy_mode(ABOVE, offset)
    size_out, rate_out, slope_out = _airy_mode(BELOW, offset)
    # the outgoing mode is the incoming one of the other side run backwards: its slope changes sign
    n = size_in * rate_out + rate_in * size_out + 2 * slope_in * slope_out - 0.5
    n = np.where(offset > WEAK, ((ABOVE + BELOW) / 8) ** 2 / offset**3, n)
    return checks.unwrap(n)


def critical_half_ramp(lam: ArrayLike, c0: float = 1.0) -> float | NDArray[np.float64]:
    """Excitations of the critical oscillator, Eq. (10), at the moment it reaches h = 1.

    Parameters
    ----------
    lam, c0 : as in `critical_excitations`

    Returns
    -------
    float or ndarray
        The heat is Q = n c0 Lambda^(-1/3) delta^(1/3).
    """
    offset = checks.positive("c0", c0) ** 2 * checks.finite_array("lam", lam, above=0) ** (-2 / 3)
    size, rate, _ = _airy_mode(ABOVE, offset)
    n = (offset * size + rate) / (2 * np.sqrt(offset)) - 0.5
    n = np.where(offset > WEAK, (ABOVE / 8) ** 2 / offset**3, n)
    return checks.unwrap(n)


@dataclass(frozen=True)
class HarmonicRamp:
    """A ramp in the harmonic theory: arrays of shape (points,) over the ramp.

    Attributes
    ----------
    times : ndarray
        t in units of 1/J, zero at h = 1.
    fields : ndarray
    frequency : ndarray
        Omega(t), the gap.
    xi : ndarray
        Width of the wave packet, xi^2 = <x^2>, Eq. (7).
    n_exc : ndarray
        Number of excitations, Eq. (8).
    fidelity : ndarray
        |c_0|^2 = 1/sqrt(1 + n_exc): the state is a squeezed vacuum.
    heat : ndarray
        Omega n_exc.
    """

    times: NDArray[np.float64]
    fields: NDArray[np.float64]
    frequency: NDArray[np.float64]
    xi: NDArray[np.float64]
    n_exc: NDArray[np.float64]
    fidelity: NDArray[np.float64] = field(init=False)
    heat: NDArray[np.float64] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "fidelity", 1 / np.sqrt(1 + self.n_exc))
        object.__setattr__(self, "heat", self.frequency * self.n_exc)


def squared_frequency(h: ArrayLike, N: float, c0: float = 1.0) -> float | NDArray[np.float64]:
    """Omega^2 of the harmonic theory: the square of Eq. (5), kept open by c0^2 N^(-2/3) at h = 1.

    Parameters
    ----------
    h : float or array
    N : int or numpy.inf
    c0 : float
        See `critical_excitations`.

    Returns
    -------
    float or ndarray
    """
    size = N if N is np.inf else checks.finite("N", N, above=0)
    return gap(h) ** 2 + checks.not_negative("c0", c0) ** 2 * float(size) ** (-2 / 3)


def harmonic_ramp(
    N: int,
    delta: float,
    h_start: float = 2.0,
    h_end: float = 0.0,
    c0: float = 1.0,
    points: int = 401,
) -> HarmonicRamp:
    """Full solution of the harmonic theory, Eqs. (5) to (8), for a linear ramp.

    Instead of the Ermakov-Milne equation (7), which is stiff, its linear twin u'' + Omega^2 u = 0
    is solved for a complex mode; xi = |u|. The start is the ground state at h_start,
    xi^2 = 1/(2 Omega) (the value printed below Eq. (7) is misprinted), xi' = 0.

    Parameters
    ----------
    N : int
        Number of spins; it enters through the gap at the critical point only.
    delta : float
        Rate of the ramp, > 0.
    h_start, h_end : float
        First and last field, different.
    c0 : float
        See `critical_excitations`.
    points : int
        Number of times in the result, >= 2.

    Returns
    -------
    HarmonicRamp
        The cost grows as (h_start - h_end)/delta: 0.1 s for N = 4096, delta = 4e-5.
    """
    from ._kernels import mode_steps

    N, delta, h_start, h_end = checked_ramp(N, delta, h_start, h_end)
    points = checks.positive_integer("points", points, minimum=2)
    checks.positive("c0", c0)
    checks.affordable(f"points = {points}", memory=200.0 * points, seconds=5e-5 * points)
    fields = np.linspace(h_start, h_end, points)
    kinks = [h for h in (-1.0, 1.0) if min(h_start, h_end) < h < max(h_start, h_end)]
    # steps end on the kinks of Omega^2, otherwise they would lose their order there
    stops = np.unique(np.concatenate([fields, kinks]))
    stops = stops if h_start < h_end else stops[::-1]
    direction = np.sign(h_end - h_start)
    omega = np.sqrt(squared_frequency(h_start, N, c0))
    u, v = complex(1 / np.sqrt(2 * omega)), -1j * np.sqrt(omega / 2)
    modes = {h_start: (u, v)}
    durations = np.abs(np.diff(stops)) / delta
    squares = np.asarray(squared_frequency(stops, N, c0))
    fastest = np.sqrt(np.maximum(squares[:-1], squares[1:]))
    counts = np.ceil(durations * np.maximum(fastest / 0.2, delta ** (1 / 3) / 0.02))
    cost = 100.0 * BLOCK, 1e-7 * counts.sum()
    checks.affordable(f"delta = {delta:g}, c0 = {c0:g}", *cost, "take a faster or shorter ramp")
    for low, high, duration, steps in zip(stops[:-1], stops[1:], durations, counts, strict=True):
        count = int(steps)
        dt = duration / count
        shift = direction * delta * dt * GAUSS
        for first in range(0, count, BLOCK):
            middles = np.arange(first, min(first + BLOCK, count)) + 0.5
            nodes = low + direction * delta * dt * middles
            w1, w2 = (squared_frequency(nodes + sign * shift, N, c0) for sign in (-1, 1))
            u, v = mode_steps(u, v, w1, w2, dt)
        modes[high] = (u, v)
    u, v = np.array([modes[h] for h in fields]).T
    omega = np.sqrt(squared_frequency(fields, N, c0))
    n_exc = (omega**2 * np.abs(u) ** 2 + np.abs(v) ** 2) / (2 * omega) - 0.5
    times = direction * (fields - 1) / delta
    return HarmonicRamp(times, fields, omega, np.abs(u), np.maximum(n_exc, 0.0))


def checked_ramp(
    N: int, delta: float, h_start: float, h_end: float
) -> tuple[int, float, float, float]:
    """Return the arguments of a ramp, each checked."""
    N, delta = checks.positive_integer("N", N), checks.positive("delta", delta)
    h_start, h_end = checks.finite("h_start", h_start), checks.finite("h_end", h_end)
    if h_start == h_end:
        raise ValueError(f"h_end = {h_end!r}: must differ from h_start")
    return N, delta, h_start, h_end
