"""The average over all positions in closed form: rates and the stretched exponential."""

from collections.abc import Callable
from functools import cache

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.interpolate import CubicSpline
from scipy.special import gamma, ive

from .. import checks
from .cloud import ball_volume, box_side, checked_dimension

FARTHEST = 7.0  # standard deviations at which a Gaussian cloud ends
LAYERS = 6  # balls per node that make a Gaussian cloud


def rates(
    d: int, alpha: float, density: float, coupling: float = 1.0
) -> tuple[float, float, float]:
    """Decay rates and stretch power of the averaged curves in an infinite cloud, Eqs. (8), (10).

    gamma_m = [kappa Gamma(1 - b) sin(pi (1 - b)/2)]^(1/b) with b = d/alpha and
    kappa = n V_d (2C)^b; gamma_p = 2^(1 - 1/b) gamma_m.

    Parameters
    ----------
    d : {1, 2, 3}
    alpha : float
        > d/2. The paper asks for alpha >= d, but the integral behind the formula converges down
        to d/2 (with b > 1: compressed instead of stretched).
    density, coupling : float
        Spins per volume (in units of the ball radius) and C, both > 0.

    Returns
    -------
    gamma_m, gamma_p : float
        Rates of magnetization and purity, in units of `coupling`.
    beta : float
        d/alpha, the same for both.

    Raises
    ------
    ValueError, TypeError
        For arguments that are not as stated, or if a rate is beyond a float.

    Examples
    --------
    >>> gamma_m, gamma_p, beta = rates(d=3, alpha=6, density=1.0)
    >>> print(f"{gamma_m:.3f} {gamma_p:.3f} {beta}")
    55.122 27.561 0.5
    """
    power = _stretch(d, alpha)
    kappa = checks.positive("density", density) * ball_volume(d)
    kappa *= (2 * checks.positive("coupling", coupling)) ** power
    with np.errstate(over="ignore"):
        gamma_m = float(np.float64(kappa * full_integral(power)) ** (1 / power))
    if not np.isfinite(gamma_m):
        raise ValueError(f"density = {density!r}, alpha = {alpha!r}: the rate is beyond a float")
    return gamma_m, 2 ** (1 - 1 / power) * gamma_m, power


def stretched_exponential(
    times: ArrayLike, d: int, alpha: float, density: float, coupling: float = 1.0
) -> NDArray[np.float64]:
    """Averaged <sigma_x> in an infinite cloud of spins: exp[-(gamma_m t)^(d/alpha)], Eq. (8).

    Parameters
    ----------
    times : array, shape (T,)
        Times >= 0, in units of 1/coupling.
    d, alpha, density, coupling
        As in `rates`.

    Returns
    -------
    ndarray, shape (T,)

    Examples
    --------
    >>> print(stretched_exponential([0.0, 0.01, 0.1], d=3, alpha=6, density=1.0).round(3))
    [1.    0.476 0.096]
    """
    gamma_m, _, power = rates(d, alpha, density, coupling)
    return np.exp(-((gamma_m * checks.ascending("times", times)) ** power))


def noise_free(
    times: ArrayLike,
    N: int,
    d: int,
    alpha: float,
    where: str = "ball",
    coupling: float = 1.0,
    squared: bool = False,
    inner: float = 1.0,
    nodes: int = 64,
) -> NDArray[np.float64]:
    """Average of <sigma_x> over all positions of N spins, by quadrature instead of sampling.

    The spins sit independently, so a spin at R has the average [1 - q(R)]^(N-1), where q is the
    average of 1 - cos(2Jt) over the place of one other spin. In polar coordinates around the spin
    the radial integral is known and q is an average over directions of
    rho^d G(2Ct/rho^alpha), with rho the distance to the surface.

    A hundred times take 30 ms, whatever N; on the torus as many times `nodes`. Good to 5e-5 with
    the default nodes.

    Parameters
    ----------
    times : array, shape (T,)
        Times >= 0, ascending, in units of 1/coupling.
    N : int
        Number of spins, without exclusion.
    d, alpha, coupling
        As in `rates`, but alpha from d/20 to 1000.
    where : {"ball", "centre", "torus", "gauss"}
        Average over all spins of the ball; a spin at the centre of the ball; any spin of a
        periodic cube of the same volume; all spins of a Gaussian cloud, a trapped gas, with
        standard deviation one in each direction.
    squared : bool
        The average of <sigma_x>^2, Eq. (4), instead.
    inner : float
        For "ball": average over the spins within this radius only, in (0, 1].
    nodes : int
        Gauss-Legendre nodes for R and for each angle, at most 1000.

    Returns
    -------
    ndarray, shape (T,)

    Raises
    ------
    ValueError, TypeError
        For arguments that are not as stated.

    Examples
    --------
    >>> print(noise_free([0.0, 1e-4, 1e-3], N=100, d=3, alpha=6).round(4))
    [1.     0.2328 0.0212]
    """
    times, N = checks.ascending("times", times), checks.positive_integer("N", N)
    d = checked_dimension(d)
    alpha = checks.in_range("alpha", alpha, d / 20, 1000)
    checks.one_of("where", where, ("ball", "centre", "torus", "gauss"))
    inner = checks.in_range("inner", inner, 1e-9, 1)
    turn = 4 if checks.flag("squared", squared) else 2
    angle = turn * checks.positive("coupling", coupling) * times
    nodes = checks.positive_integer("nodes", nodes, maximum=1000)
    angles = float(len(times) * nodes ** (2 if where == "torus" else 1))
    angles *= LAYERS if where == "gauss" else 1
    seconds = 3e-7 * angles * (nodes if where in ("ball", "gauss") else 1)
    checks.affordable(f"{len(times)} times", 100 * angles, seconds, "take fewer, or fewer nodes")
    if where == "centre":
        radius, weight = np.zeros(1), np.ones(1)
    elif where == "torus":
        rho, angular = _cube_directions(d, nodes)
        radius, weight = np.zeros(1), np.ones(1)
    elif where == "gauss":
        s, w = _gauss(nodes)
        radius = FARTHEST * s
        weight = FARTHEST * w * d * ball_volume(d) * radius ** (d - 1) * np.exp(-(radius**2) / 2)
        weight /= weight.sum()
    else:
        # R = inner (1 - s^2) puts nodes close to the surface, where q varies fastest
        s, w = _gauss(nodes)
        radius = inner * (1 - s * s)
        weight = d * (1 - s * s) ** (d - 1) * 2 * s * w
    average = np.zeros(len(times))
    missing = _missing_cosine(d / alpha)
    for index in range(len(weight)):
        if where == "gauss":
            rho, angular = _gauss_layers(d, radius[index], nodes)
        elif where != "torus":
            rho, angular = _ball_directions(d, radius[index], nodes)
        with np.errstate(over="ignore"):
            turns = np.divide.outer(angle, np.maximum(rho**alpha, 1e-300))
        q = missing(turns) @ (angular * rho**d)
        average += weight[index] * (1 - (q / 2 if squared else q)) ** (N - 1)
    return average


def _stretch(d, alpha):
    """d/alpha; ValueError unless the integral of the pairs converges."""
    d = checked_dimension(d)
    return d / checks.finite("alpha", alpha, above=d / 2, most=1000)


@cache
def _gauss(nodes):
    """Gauss-Legendre nodes and weights on [0, 1]."""
    x, w = np.polynomial.legendre.leggauss(nodes)
    return (1 + x) / 2, w / 2


def _ball_directions(d, radius, nodes):
    """Distances to the surface from a spin at `radius`, and the weights of the directions."""
    if radius == 0:
        return np.ones(1), np.ones(1)
    if d == 1:
        return np.array([1 + radius, 1 - radius]), np.array([0.5, 0.5])
    u, weight = _gauss(nodes)
    cosine = np.cos(np.pi * u) if d == 2 else 2 * u - 1
    # the stable root: 1 - R^2 over the sum, not a difference of nearly equal numbers
    root = np.sqrt(1 - radius**2 * (1 - cosine**2))
    outward = cosine > 0
    rho = np.where(outward, (1 - radius**2) / (radius * np.abs(cosine) + root), 0.0)
    return np.where(outward, rho, root - radius * cosine), weight


def _gauss_layers(d, radius, nodes):
    """Radii and weights of balls around a spin at `radius`: stacked, they make a Gaussian cloud."""
    edges = np.linspace(0, radius + FARTHEST, LAYERS * nodes + 1)
    twice = 2 * radius * edges
    # density at a distance from the spin, averaged over directions
    if d == 3:
        mean = np.where(twice > 1e-12, -np.expm1(-twice) / np.maximum(twice, 1e-12), 1.0)
    else:
        mean = ive(0, twice / 2) if d == 2 else (1 + np.exp(-twice)) / 2
    density = np.exp(-((edges - radius) ** 2) / 2) * mean / (2 * np.pi) ** (d / 2)
    return (edges[1:] + edges[:-1]) / 2, -ball_volume(d) * np.diff(density)


def _cube_directions(d, nodes):
    """Distances to the surface from the middle of the cube, and the weights of the directions."""
    half = box_side(d) / 2
    if d == 1:
        return np.array([half]), np.ones(1)
    u, weight = _gauss(nodes)
    if d == 2:
        return half / np.cos(np.pi / 4 * u), weight
    # one face of the cube: solid angle = half dA/rho^3
    rho = half * np.sqrt(1 + np.add.outer(u * u, u * u))
    solid = np.outer(weight, weight) * half**3 / rho**3
    return rho.ravel(), (solid / solid.sum()).ravel()


def full_integral(power: float) -> float:
    """Integral of (1 - cos y) b y^(-b - 1) over y > 0: Gamma(1 - b) sin(pi (1 - b)/2), b < 2."""
    return np.pi / 2 if power == 1 else gamma(1 - power) * np.sin(np.pi * (1 - power) / 2)


@cache
def _missing_cosine(power: float) -> Callable[[NDArray], NDArray]:
    """G(w) = integral of 1 - cos(w v^(-1/b)) for v from 0 to 1, as a function of arrays w >= 0.

    G(w) = b w^b int_w^oo (1 - cos y) y^(-b-1) dy: a power series below 1, a spline of the integral
    up to 400, and the asymptotic series of the cosine integral beyond.
    """
    b, low, high = power, 1.0, 400.0
    grid = np.linspace(low, high, 40_001)
    x, w = np.polynomial.legendre.leggauss(6)
    step = grid[1] - grid[0]
    y = grid[:-1, None] + step * (1 + x) / 2
    pieces = ((1 - np.cos(y)) * y ** (-b - 1)) @ w * step / 2

    def tail(w):  # int_w^oo (1 - cos y) y^(-b-1) dy for large w
        series, term = 0.0, w ** (-b - 1)
        sine, cosine = np.sin(w), np.cos(w)
        for k in range(12):
            series = series + (-sine, cosine, sine, -cosine)[k % 4] * term
            term = term * (b + 1 + k) / w
        return w**-b / b - series

    integral = np.append(np.cumsum(pieces[::-1])[::-1], 0.0) + tail(high)
    spline = CubicSpline(grid, integral)
    k = np.arange(1, 13)
    # sum of (-1)^(k+1) w^2k/((2k)! (2k - b)); at b = 2, 4, ... the term is a logarithm
    factors = (-1.0) ** (k + 1) / gamma(2 * k + 1)
    exponents = 2 * k - b

    def below(w):  # int_w^1 (1 - cos y) y^(-b-1) dy, term by term
        log = np.log(w)[..., None]
        safe = np.where(exponents == 0, 1.0, exponents)
        terms = np.where(exponents == 0, -log, -np.expm1(exponents * log) / safe)
        return terms @ factors

    def missing(w):
        w = np.asarray(w, dtype=float)
        out = np.zeros(w.shape)
        small, large = (w > 0) & (w < low), w > high
        middle = (w >= low) & ~large
        out[small] = b * w[small] ** b * (below(w[small]) + integral[0])
        out[middle] = b * w[middle] ** b * spline(w[middle])
        far = np.minimum(w[large], 1e15)  # the average is one there to all digits
        out[large] = b * far**b * tail(far)
        return out

    return missing
