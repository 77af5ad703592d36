"""Lines of the phase diagrams of both ensembles, in closed or parametric form."""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq, minimize_scalar

from ..checks import finite, finite_array, one_of, positive, unwrap
from .landscape import energy, entropy

ENSEMBLES = ("canonical", "microcanonical")
LARGEST = 1e6  # K and beta: the roots lie between floats beyond


def critical_field(beta: float) -> float:
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
    beta = finite("beta", beta, above=0.5)  # at T >= 2 there is no critical field
    # tanh(x)/x >= 1/2 beta decides where the root is: x = beta h
    root = brentq(lambda x: np.tanh(x) - x / (2 * beta), 1e-9, 2 * beta, xtol=1e-15, rtol=1e-14)
    return float(root / beta)


def tricritical_point(beta: float, ensemble: str) -> tuple[float, float]:
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


def first_order_field(
    K: float, beta: float | None = None, ensemble: str = "canonical"
) -> float | tuple[float, float]:
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

    Notes
    -----
    Cost: 2 ms in a bath, 30 ms alone; K and beta up to 1e6.
    """
    K = finite("K", positive("K", K), most=LARGEST)
    one_of("ensemble", ensemble, ENSEMBLES)
    if beta is None:
        finite("K", K, above=0.25)
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


def microcanonical_lines(
    beta: float, u: ArrayLike
) -> dict[str, tuple[NDArray[np.float64], NDArray[np.float64]]]:
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
    ratio = finite_array("u", u, above=1 / 3, most=1)
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


def canonical_spinodal(K: float, beta: float) -> float:
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

    Notes
    -----
    Cost: 1 ms; K and beta up to 1e6.
    """
    K = finite("K", positive("K", K), most=LARGEST)
    beta = finite("beta", positive("beta", beta), most=LARGEST)
    if beta > 0.5:
        _, K_tcp = tricritical_point(beta, "canonical")
        if K <= K_tcp:
            raise ValueError(f"K = {K!r}: must be > {K_tcp:.6g}, the canonical tricritical value")
    return _spinodal(K, beta)[1]


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
        before, w = w, np.maximum(w - (value - ratio) / slope, 0.0)
        if np.array_equal(before, w):  # all further steps would be the same
            break
    return unwrap(w)


def _atanh_ratio(ratio):
    """Solve artanh(s)/s = ratio for s."""
    return np.tanh(_root_of_ratio(ratio))
