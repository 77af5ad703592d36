"""When ensembles disagree (paper 2: Defenu, Mukamel, Ruffo, Phys. Rev. Lett. 133, 050403 (2024)).

The model of `lmgbook.lmg` with J = 1; energies, free energies and entropies are per spin and in
units of J, temperatures too (k_B = 1). The state of a large magnet is described by its spin length
s = 2S/N in [0, 1] and by its direction, m = m_z and u = sqrt(1 - m^2) = m_x:

    e(s, m) = -s^2 m^2 - K s^4 m^4 - h s u,        entropy S(s).

The entropy depends on s only. At fixed s the energy is that of a zero-temperature magnet with
couplings (s^2, h s, K s^4), which is why all lines of the phase diagrams have closed forms.
"""

from dataclasses import dataclass, replace

import numpy as np
from scipy.linalg.lapack import dsterf
from scipy.optimize import brentq, minimize_scalar
from scipy.special import gammaln, logsumexp, xlogy

from ._validate import finite, finite_array, in_range, one_of, positive, positive_integer
from .lmg import bands

ENSEMBLES = ("canonical", "microcanonical")
WIDTH = 0.1  # a of the Gaussian ensemble: width of its energy window, sqrt(a N)


# ---------------------------------------------------------------- counting states


def log_degeneracy(N, S):
    """Logarithm of the number of multiplets of total spin S among N spins 1/2, Eq. (6).

    Parameters
    ----------
    N : int
        Number of spins.
    S : float or array
        Total spin: N/2, N/2 - 1, ..., down to 0 or 1/2.

    Returns
    -------
    float or ndarray, the shape of S
        ln[C(N, N/2 - S) - C(N, N/2 - S - 1)], without overflow for any N.
    """
    N = positive_integer("N", N)
    spin = finite_array("S", S)
    flipped = N / 2 - spin
    if np.any((flipped != np.round(flipped)) | (spin < 0) | (flipped < 0)):
        raise ValueError(f"S = {S!r}: must be one of N/2, N/2 - 1, ... >= 0 with N = {N}")
    # the difference of the two binomials is C(N, k) (2S + 1)/(N/2 + S + 1)
    value = (
        gammaln(N + 1)
        - gammaln(flipped + 1)
        - gammaln(N - flipped + 1)
        + np.log((2 * spin + 1) / (N / 2 + spin + 1))
    )
    return value if value.ndim else float(value)


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
    s = _spin_length(s)
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


# ---------------------------------------------------------------- lines of the phase diagrams


def critical_field(beta):
    """Second-order line of both ensembles: the root h > 0 of h/2 = tanh(beta h), Eq. (25).

    Parameters
    ----------
    beta : float
        Inverse temperature, > 1/2: at T >= 2 the magnet is disordered at any field.

    Returns
    -------
    float
        In (0, 2).
    """
    beta = _ordered(beta)
    # tanh(x)/x >= 1/2 beta decides where the root is: x = beta h
    root = brentq(lambda x: np.tanh(x) - x / (2 * beta), 1e-9, 2 * beta, xtol=1e-15, rtol=1e-14)
    return float(root / beta)


def tricritical_point(beta, ensemble):
    """Where the transition at inverse temperature beta turns from second to first order.

    The field is the critical one in both ensembles; with s = h/2 the couplings are
    K = [1 - 2 beta (1 - s^2)]/4s^2 (canonical, Eqs. 25 and 29) and 1/4s^2 (microcanonical, Eq. 35).

    Parameters
    ----------
    beta : float
        Inverse temperature, > 1/2.
    ensemble : {"canonical", "microcanonical"}

    Returns
    -------
    h, K : float
    """
    one_of("ensemble", ensemble, ENSEMBLES)
    h = critical_field(beta)
    s = h / 2
    shift = 2 * beta * (1 - s * s) if ensemble == "canonical" else 0.0
    return h, (1 - shift) / (4 * s * s)


def first_order_field(K, beta=None, ensemble="canonical"):
    """Field of the first-order transition at given K and temperature.

    Parameters
    ----------
    K : float
        Four-spin coupling; it must exceed that of the tricritical point.
    beta : float, optional
        Inverse temperature, > 0; None: zero temperature, where the ensembles agree. At T >= 2
        (beta <= 1/2) only the canonical line is given by K; see `microcanonical_lines`.
    ensemble : {"canonical", "microcanonical"}

    Returns
    -------
    float, or (h_p, h_f)
        Canonical: the field at which both phases have the same free energy. Microcanonical: the
        transition at fixed field takes place at one energy but two temperatures; h_p is the field
        at which the paramagnet has the temperature 1/beta there, h_f the same for the ferromagnet.

    Raises
    ------
    ValueError
        K is not beyond the tricritical point, or at T >= 2 too small for any order; or a
        microcanonical line of a hot magnet passes this K more than once (h_p can for
        beta < 0.5476): use `microcanonical_lines`.
    """
    K = positive("K", K)
    one_of("ensemble", ensemble, ENSEMBLES)
    if beta is None:
        if K <= 0.25:
            raise ValueError(f"K = {K!r}: must be > 1/4 for a first-order transition at T = 0")
        u = (np.sqrt(4 + 3 / K) - 1) / 3
        field_ = 1 + u + K * (1 + u) ** 2 * (1 - u)
        return field_ if ensemble == "canonical" else (field_, field_)
    if ensemble == "canonical" and positive("beta", beta) <= 0.5:
        return _canonical_line(K, float(beta))
    _, K_tcp = tricritical_point(beta, ensemble)
    if K <= K_tcp:
        raise ValueError(
            f"K = {K!r}: must be > {K_tcp:.6g}, the {ensemble} tricritical value at beta = {beta:g}"
        )
    if ensemble == "canonical":
        return _canonical_line(K, float(beta))
    return tuple(_line_at(K, float(beta), side) for side in ("para", "ferro"))


def microcanonical_lines(beta, u):
    """Microcanonical first-order lines at fixed temperature, parametric in u = T_para/T_ferro.

    At a transition at fixed energy and field the temperature jumps; u is at once the ratio of the
    two temperatures and the transverse component m_x of the ferromagnet. u = 1 is the tricritical
    point.

    Parameters
    ----------
    beta : float
        Inverse temperature, > 0.
    u : float or array
        In (1/3, 1]; at T > 2 (beta < 1/2), where there is no tricritical point, the lines begin at
        a smaller u.

    Returns
    -------
    dict of (h, K)
        "para": the points where the paramagnet has temperature 1/beta at the transition;
        "ferro": where the ferromagnet has. Arrays of the shape of u.
    """
    beta = positive("beta", beta)
    ratio = finite_array("u", u)
    if np.any((ratio <= 1 / 3) | (ratio > 1)):
        raise ValueError(f"u = {u!r}: must lie in (1/3, 1]")
    lines = {}
    for side, factor in (("para", ratio), ("ferro", 1.0)):
        steepness = 2 * beta * factor * (1 + ratio) / (3 * ratio - 1)  # artanh(s)/s
        if np.any(steepness < 1):
            raise ValueError(
                f"u = {u!r}: too close to 1 for beta = {beta:g}; at T > 2 the {side} line begins "
                "further down"
            )
        s = _atanh_ratio(steepness)
        root = 3 * ratio - 1
        lines[side] = 2 * s * ratio * (1 + ratio) / root, 1 / (s**2 * root * (1 + ratio))
    return lines


def canonical_spinodal(K, beta):
    """Field at which the ferromagnet ceases to be a local minimum of the free energy.

    Parameters
    ----------
    K : float
        Beyond the canonical tricritical point; at T >= 2, large enough for a ferromagnet.
    beta : float
        Inverse temperature, > 0.

    Returns
    -------
    float
        The paramagnet's own limit is `critical_field(beta)`, or zero at T >= 2.
    """
    K, beta = positive("K", K), positive("beta", beta)
    if beta > 0.5:
        _, K_tcp = tricritical_point(beta, "canonical")
        if K <= K_tcp:
            raise ValueError(f"K = {K!r}: must be > {K_tcp:.6g}, the canonical tricritical value")
    return _spinodal(K, beta)[1]


# ---------------------------------------------------------------- canonical ensemble


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
    beta, h, K = _couplings(beta, h, K)
    x = _direction(x, "x")
    total = beta * _field(x, h, K)
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
    beta, h, K = _couplings(beta, h, K)
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


def equilibrium(beta, h, K, phase=None):
    """Canonical state of the large magnet: a minimum of the free energy, Eq. (19).

    Parameters
    ----------
    beta, h, K : float
        As in `canonical_potential`.
    phase : {None, "para", "ferro"}
        None: the stable phase. Otherwise that phase, also where it is only metastable.

    Returns
    -------
    Phase or None
        None if the phase asked for does not exist.
    """
    beta, h, K = _couplings(beta, h, K)
    one_of("phase", phase, (None, "para", "ferro"))
    found = []
    if phase != "ferro":
        s = float(np.tanh(beta * h))
        # b2 > 0 in Eq. (23): a minimum; without a field that is so above T = 2
        if phase is None or (h > 2 * s if h else beta <= 0.5):
            found.append(Phase(s, 0.0, -h * s, entropy(s), 1 / beta))
    if phase != "para":
        x = _ordered_minimum(beta, h, K)
        if x is not None:
            s = float(np.tanh(beta * _field(x, h, K)))
            m = min(x / s, 1.0)
            found.append(Phase(s, m, float(energy(s, m, h, K)), entropy(s), 1 / beta))
    return min(found, key=lambda state: state.free_energy) if found else None


def canonical_transition(h, K):
    """Temperature of the canonical transition at fixed field and coupling.

    Parameters
    ----------
    h, K : float
        In units of J; h > 0 below the zero-temperature transition, K >= 0.

    Returns
    -------
    ferro, para : Phase
        The two phases there; the same state twice if the transition is continuous.

    Raises
    ------
    ValueError
        The magnet does not order at this field.
    """
    h, K = positive("h", h), _not_negative("K", K)
    limit = 2.0 if K <= 0.25 else first_order_field(K)
    if h >= limit:
        raise ValueError(f"h = {h!r}: must be < {limit:.6g}; beyond it the magnet never orders")

    def advantage(temperature):
        ferro = equilibrium(1 / temperature, h, K, "ferro")
        if ferro is None:
            return -1.0
        s = float(np.tanh(h / temperature))
        return -h * s - temperature * entropy(s) - ferro.free_energy

    s, low = h / 2, 0.02
    if h < 2:
        low = float(h / np.arctanh(s))  # the second-order line, Eq. (25)
        # the tricritical coupling at this field, from Eqs. (25) and (29)
        if K <= (1 - (1 - s * s) * np.arctanh(s) / s) / h**2 or advantage(low) <= 0:
            both = Phase(s, 0.0, -h * s, entropy(s), low)
            return both, both
    temperature = float(brentq(advantage, low, 2 + 4 * K, xtol=1e-13, rtol=1e-13))
    # a hair colder, so that the ordered minimum exists for sure
    ferro = equilibrium((1 + 1e-13) / temperature, h, K, "ferro")
    s = float(np.tanh(h / temperature))
    para = Phase(s, 0.0, -h * s, entropy(s), temperature)
    return replace(ferro, temperature=temperature), para


def _field(x, h, K):
    return np.sqrt(h * h + (2 * x + 4 * K * x**3) ** 2)


def _pull(x, beta, h, K):
    """tanh(beta E) (2x + 4K x^3)/E - x: the force towards larger x."""
    total = _field(x, h, K)
    return np.tanh(beta * total) * (2 * x + 4 * K * x**3) / total - x


def _ordered_minimum(beta, h, K):
    # the outermost zero of the pull: beyond it the free energy rises. Near x = 0 the grid is fine,
    # so that a small order parameter is not missed.
    grid = np.concatenate([np.geomspace(1e-7, 0.02, 200), np.linspace(0.02, 1, 1500)[1:]])
    if h == 0:
        grid = np.append(grid[grid < 1], 1 + 1e-12)
    pull = _pull(grid, beta, h, K)
    outward = np.flatnonzero(pull > 0)
    if not len(outward):
        return None
    i = outward[-1]
    if i + 1 == len(grid):
        return 1.0  # so cold that the rest is rounding
    return float(brentq(_pull, grid[i], grid[i + 1], args=(beta, h, K), xtol=1e-15, rtol=1e-14))


# At temperature T the ferromagnetic states of all fields form one curve, parametric in
# w = artanh s: T w = 2s + 4K s^3 m^2 and h = T w sqrt(1 - m^2). Its highest field is the spinodal.


def _ferro_field(w, K, beta):
    s = np.tanh(w)
    m_squared = np.clip((w / beta - 2 * s) / (4 * K * s**3), 0.0, 1.0)
    return w / beta * np.sqrt(1 - m_squared), m_squared


def _spinodal(K, beta):
    """(w, h) at the highest field of the curve, and the largest w."""

    def room(w):  # where m^2 <= 1
        s = np.tanh(w)
        return 2 * s + 4 * K * s**3 - w / beta

    top = beta * (2 + 4 * K) + 1
    if beta > 0.5:
        w_min = _root_of_ratio(2 * beta)  # m = 0: the critical line
        w_max = brentq(room, w_min, top)
    else:  # the curve begins and ends without a field
        grid = np.linspace(0, top, 4001)[1:]
        best = room(grid).argmax()
        if room(grid[best]) <= 0:
            raise ValueError(f"K = {K!r}: too small for a ferromagnet at beta = {beta:g}")
        w_max = brentq(room, grid[best], top)
        outside = np.flatnonzero(room(grid[:best]) <= 0)
        w_min = brentq(room, grid[outside[-1]], grid[best]) if len(outside) else 1e-9
    w = np.linspace(w_min, w_max, 4001)
    i = int(np.clip(_ferro_field(w, K, beta)[0].argmax(), 1, len(w) - 2))
    best = minimize_scalar(
        lambda x: -_ferro_field(x, K, beta)[0],
        bounds=(w[i - 1], w[i + 1]),
        method="bounded",
        options={"xatol": 1e-13},
    )
    return float(best.x), float(-best.fun), float(w_max)


def _canonical_line(K, beta):
    w_top, h_top, w_max = _spinodal(K, beta)

    def excess(w):
        # free energy of the ferromagnet over that of the paramagnet in the same field
        h, m_squared = _ferro_field(w, K, beta)
        s = np.tanh(w)
        ferro = energy(s, np.sqrt(m_squared), h, K) - entropy(s) / beta
        return ferro + np.logaddexp(beta * h, -beta * h) / beta

    low = w_max
    if beta > 0.5:
        h_c = critical_field(beta)
        if h_top <= h_c or excess(w_top) <= 0:
            return h_c  # so close to the tricritical point that all lines are one
        low = brentq(lambda w: _ferro_field(w, K, beta)[0] - h_c, w_top, w_max)
        if excess(low) >= 0:
            return h_c
    elif excess(w_max) >= 0:
        raise ValueError(f"K = {K!r}: too small for order in any field at beta = {beta:g}")
    w = brentq(excess, w_top, low, xtol=1e-14, rtol=1e-13)
    return float(_ferro_field(w, K, beta)[0])


def _line_at(K, beta, side):
    def excess(u):
        return microcanonical_lines(beta, u)[side][1] - K

    # K falls from infinity at u = 1/3 to its tricritical value at u = 1, for hot magnets with a
    # detour
    low = 1 / 3 + 1e-14
    grid = np.append(low, np.linspace(1 / 3, 1, 2000)[1:])
    crossings = np.flatnonzero(np.diff(np.sign(excess(grid))))
    if len(crossings) > 1:
        raise ValueError(
            f"K = {K!r}: the {side} line passes {len(crossings)} times at beta = {beta:g}; use "
            "microcanonical_lines"
        )
    i = crossings[0]
    u = brentq(excess, grid[i], grid[i + 1], xtol=1e-15, rtol=1e-13)
    return float(microcanonical_lines(beta, u)[side][0])


# ---------------------------------------------------------------- microcanonical ensemble


def lowest_energy(s, h, K):
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
    h, K = _not_negative("h", h), _not_negative("K", K)
    s = _spin_length(s, low=True)
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


def microcanonical_curve(h, K, s):
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
    s = _spin_length(s, low=True, high=True)
    e, u = lowest_energy(s, h, K)
    return {
        "energy": e,
        "entropy": entropy(s),
        "temperature": h / (u * np.arctanh(s)),
        "m": np.sqrt(np.clip(1 - u * u, 0, 1)),
    }


def microcanonical_temperature(energy, h, K):
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
    """
    h, K = positive("h", h), _not_negative("K", K)
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
        if _energy_excess(s, one, h, K) < 0:
            s = brentq(_energy_excess, low, s, args=(one, h, K), xtol=1e-300, rtol=1e-14)
        value[index] = h / (float(lowest_energy(s, h, K)[1]) * np.arctanh(s))
    return value if value.ndim else float(value)


def _energy_excess(s, e, h, K):
    return float(lowest_energy(s, h, K)[0]) - e


def microcanonical_jump(h, K):
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
    h, K = positive("h", h), _not_negative("K", K)
    if K <= 0.25 or not 1 < h * np.sqrt(K) or h >= first_order_field(K):
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
    e, w = -h * s, np.arctanh(s)
    ferro = Phase(s, float(np.sqrt(1 - u * u)), e, entropy(s), float(h / (u * w)))
    return ferro, Phase(s, 0.0, e, entropy(s), float(h / w))


# ---------------------------------------------------------------- the exact spectrum


class SectorSpectrum:
    """All 2^N energies of a finite magnet: every multiplet once, with its degeneracy.

    Parameters
    ----------
    N : int
        Number of spins.
    h, K : float
        Field and four-spin coupling, in units of J.

    Attributes
    ----------
    energies : ndarray
        About N^2/4 of them, not sorted.
    log_weights : ndarray
        Logarithm of how often each occurs.

    Notes
    -----
    Each sector of total spin and flip parity is a tridiagonal matrix; only its eigenvalues are
    computed, by LAPACK's `sterf`.
    """

    def __init__(self, N, h, K):
        self.N = positive_integer("N", N)
        self.h, self.K = finite("h", h), finite("K", K)
        energies, counts, spins = [], [], np.arange(self.N, -1, -2)
        for two_s in spins:
            sectors = []
            for parity in ("even", "odd"):
                diagonal, off = bands(self.N, 1.0, self.h, self.K, parity, two_s=int(two_s))
                if len(diagonal) > 1:
                    levels, info = dsterf(diagonal, off)
                    if info:
                        raise ArithmeticError(f"sterf did not converge for 2S = {two_s}")
                    sectors.append(levels)
                elif len(diagonal):
                    sectors.append(diagonal)
            energies += sectors
            counts.append(sum(map(len, sectors)))
        self.energies = np.concatenate(energies)
        self.log_weights = np.repeat(log_degeneracy(self.N, spins / 2), counts)

    def log_partition(self, beta):
        """Logarithm of the partition function: the total, not per spin.

        Parameters
        ----------
        beta : float
            Inverse temperature, > 0.

        Returns
        -------
        float
        """
        return float(logsumexp(self.log_weights - positive("beta", beta) * self.energies))

    def free_energy(self, beta):
        """-ln Z/(beta N), per spin; `beta` as in `log_partition`."""
        return -self.log_partition(beta) / (beta * self.N)

    def moments(self, beta):
        """Mean energy per spin and specific heat per spin in the canonical ensemble.

        Parameters
        ----------
        beta : float
            Inverse temperature, > 0.

        Returns
        -------
        energy, specific_heat : float
        """
        beta = positive("beta", beta)
        mean, variance = self._gaussian_moments(self.log_weights - beta * self.energies)
        return mean / self.N, beta**2 * variance / self.N

    def gaussian(self, center, width=WIDTH):
        """Energy and temperature in the Gaussian ensemble, a window of finite width.

        States are weighted by exp[-(E - N center)^2/(2 width N)]; where the weighted density of
        states peaks, the entropy has the slope (<E> - N center)/(width N). Convex parts of the
        entropy are seen as long as width times the curvature is below one.

        Parameters
        ----------
        center : float or array
            Middle of the window, energy per spin. It must lie below the energies of interest.
        width : float
            > 0, in units of J.

        Returns
        -------
        energy, temperature : float or ndarray, the shape of center
        """
        centers = finite_array("center", center)
        width = positive("width", width)
        mean, temperature = np.empty(centers.shape), np.empty(centers.shape)
        for index, one in np.ndenumerate(centers):
            offset = self.energies - self.N * one
            average, _ = self._gaussian_moments(self.log_weights - offset**2 / (2 * width * self.N))
            mean[index] = average / self.N
            slope = mean[index] - one
            temperature[index] = width / slope if slope else np.inf
        if mean.ndim:
            return mean, temperature
        return float(mean), float(temperature)

    def microcanonical_temperature(self, energy, width=WIDTH):
        """Temperature at a given energy, by the Gaussian ensemble.

        Parameters
        ----------
        energy : float
            Per spin, inside the spectrum.
        width : float
            See `gaussian`.

        Returns
        -------
        float
        """
        energy = finite("energy", energy)
        low, high = self.energies.min() / self.N, self.energies.max() / self.N
        if not low < energy < high:
            raise ValueError(f"energy = {energy!r}: must lie in ({low:.8g}, {high:.8g}) per spin")

        def excess(center):
            return self.gaussian(center, width)[0] - energy

        reach = 1.0
        while not excess(energy - reach) < 0 < excess(energy + reach):
            reach *= 2
            if reach > 1e4 * (high - low):
                raise ValueError(f"energy = {energy!r}: too close to the edge of the spectrum")
        center = brentq(excess, energy - reach, energy + reach, xtol=1e-13)
        return width / (energy - center) if energy != center else np.inf

    def _gaussian_moments(self, log_weights):
        weights = np.exp(log_weights - log_weights.max())
        weights /= weights.sum()
        mean = weights @ self.energies
        return mean, weights @ (self.energies - mean) ** 2


# ---------------------------------------------------------------- checks


def _ordered(beta):
    beta = positive("beta", beta)
    if beta <= 0.5:
        raise ValueError(f"beta = {beta!r}: must be > 1/2; at T >= 2 there is no critical field")
    return beta


def _spin_length(s, low=False, high=False):
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


def _not_negative(name, value):
    return in_range(name, value, 0.0, np.inf)


def _couplings(beta, h, K):
    return positive("beta", beta), _not_negative("h", h), _not_negative("K", K)


def _root_of_ratio(ratio):
    """Solve w/tanh(w) = ratio >= 1 for w >= 0; scalar or array."""
    ratio = np.asarray(ratio, dtype=float)
    w = ratio.copy()  # from above: the function is convex
    for _ in range(60):
        s = np.tanh(w)
        small = w < 1e-6
        safe = np.where(small, 1.0, w)
        t = np.where(small, 1.0, s)
        value = np.where(small, 1 + w**2 / 3, safe / t)
        slope = np.where(small, 2 * w / 3 + 1e-300, 1 / t - safe * (1 - t**2) / t**2)
        w = np.maximum(w - (value - ratio) / slope, 0.0)
    return w if w.ndim else float(w)


def _atanh_ratio(ratio):
    """Solve artanh(s)/s = ratio for s."""
    return np.tanh(_root_of_ratio(ratio))
