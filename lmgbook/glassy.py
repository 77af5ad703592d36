"""Glassy dynamics of disordered Ising spins (paper 4: Schultzen et al., PRB 105, L020201 (2022)).

    H = sum_{i<k} J_ik sz_i sz_k  (Pauli matrices),   J_ik = C/|r_i - r_k|^alpha,

N spins at random places in the d-dimensional unit ball, all along +x at first; hbar = 1. Lengths
are in ball radii, times in units of 1/C. The curves are <sigma_x> in [-1, 1], twice the paper's
s_x. Each spin's curve is a product of cosines (Emch, Radin), so nothing here solves a
differential equation; what costs time is the number of cosines.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy.interpolate import CubicSpline
from scipy.optimize import least_squares
from scipy.spatial import cKDTree
from scipy.special import gamma

from ._validate import finite, finite_array, in_range, one_of, positive, positive_integer
from .realisations import code_hash, map_realisations

SHAPES = ("ball", "torus")
METHODS = ("near_far", "exact", "numpy")


# ---------------------------------------------------------------- where the spins sit


def ball_volume(d):
    """Volume of the d-dimensional unit ball (2, pi, 4 pi/3 for d = 1, 2, 3)."""
    d = _dimension(d)
    return float(np.pi ** (d / 2) / gamma(d / 2 + 1))


def box_side(d):
    """Side of the d-dimensional cube that has the volume of the unit ball."""
    return ball_volume(d) ** (1 / _dimension(d))


def random_positions(N, d, exclusion=0.0, rng=None, shape="ball"):
    """Random places of N spins, one after another, none closer than `exclusion` to another.

    This is random sequential adsorption: a place too close to one already taken is drawn again.

    Parameters
    ----------
    N : int
        Number of spins.
    d : {1, 2, 3}
        Dimension.
    exclusion : float
        Smallest distance r_b allowed, in ball radii; the paper's disorder parameter is
        x = N r_b^d.
    rng : numpy.random.Generator or int, optional
        Source of randomness, or a seed for one.
    shape : {"ball", "torus"}
        The unit ball, or a periodic cube of the same volume, [0, box_side(d))^d.

    Returns
    -------
    ndarray, shape (N, d)

    Raises
    ------
    ValueError
        If the spins do not fit, or if no place is found for the next one in 10 000 attempts: the
        adsorption has jammed, or is about to.
    """
    N, d = positive_integer("N", N), _dimension(d)
    exclusion = finite("exclusion", exclusion)
    one_of("shape", shape, SHAPES)
    rng = np.random.default_rng(rng)
    if exclusion < 0:
        raise ValueError(f"exclusion = {exclusion!r}: must be >= 0")
    if exclusion == 0:
        return _uniform(N, d, shape, rng)
    # balls of radius r_b/2 around the spins do not overlap and stay in a ball of radius 1 + r_b/2
    room = 1 if shape == "torus" else (1 + exclusion / 2) ** d
    if N > 1 and N * (exclusion / 2) ** d > room:
        limit = 2 / (N ** (1 / d) - (shape == "ball"))
        raise ValueError(
            f"exclusion = {exclusion!r}: must be < {limit:.4g} for N = {N} spins to fit at all"
        )
    side = box_side(d) if shape == "torus" else None
    taken, attempts = np.empty((N, d)), 0
    count = 0
    while count < N:
        places = _uniform(min(N, 256), d, shape, rng)
        whole = np.concatenate([taken[:count], places])[:N]
        if not cKDTree(whole, boxsize=side).query_pairs(exclusion):
            taken[: len(whole)], attempts, count = whole, 0, len(whole)
            continue  # nearly always so if the exclusion is small
        for place in places:
            apart = _apart(taken[:count] - place, side)
            if count and np.einsum("ij,ij->i", apart, apart).min() < exclusion**2:
                attempts += 1
                if attempts == 10_000:
                    raise ValueError(
                        f"exclusion = {exclusion!r}: no place found for spin {count + 1} of {N} in "
                        f"{attempts} attempts; must be smaller (x = {N * exclusion**d:.3g})"
                    )
                continue
            taken[count], attempts = place, 0
            count += 1
            if count == N:
                break
    return taken


def couplings(positions, alpha, coupling=1.0, box=None):
    """Matrix of the couplings J_ik = C/|r_i - r_k|^alpha, Eq. (1).

    Parameters
    ----------
    positions : array, shape (N, d)
    alpha, coupling : float
        Exponent and C, both > 0.
    box : float, optional
        Side of a periodic cube; distances are then those of the nearest image.

    Returns
    -------
    ndarray, shape (N, N)
        Symmetric, with zeros on the diagonal.
    """
    positions, alpha, coupling, box = _cloud(positions, alpha, coupling, box)
    apart = _apart(positions[:, None] - positions[None], box)
    squared = np.einsum("ikj,ikj->ik", apart, apart)
    np.fill_diagonal(squared, np.inf)
    _no_coincidence(squared)
    return coupling * squared ** (-alpha / 2)


def nearest_couplings(positions, alpha, coupling=1.0, box=None):
    """Coupling of each spin to its nearest neighbour; the paper's J_NN is the median.

    Parameters
    ----------
    positions, alpha, coupling, box
        As in `couplings`; at least two spins.

    Returns
    -------
    ndarray, shape (N,)
    """
    positions, alpha, coupling, box = _cloud(positions, alpha, coupling, box)
    if len(positions) < 2:
        raise ValueError(f"positions of shape {positions.shape}: must hold at least two spins")
    tree = cKDTree(positions if box is None else np.mod(positions, box), boxsize=box)
    distance = tree.query(tree.data, k=2)[0][:, 1]
    _no_coincidence(distance)
    return coupling * distance**-alpha


def bulk_coupling(d, alpha, density, coupling=1.0):
    """Median coupling to the nearest neighbour in an infinite random cloud: the unit of energy.

    J_NN = C (n V_d/ln 2)^(alpha/d), where V_d is the volume of the unit ball. Its inverse is the
    unit of time of all fits: it depends on the density alone, not on the sample.

    Parameters
    ----------
    d : {1, 2, 3}
    alpha, density, coupling : float
        Exponent, spins per volume, and C, all > 0.

    Returns
    -------
    float
    """
    alpha, density = positive("alpha", alpha), positive("density", density)
    share = density * ball_volume(d) / np.log(2)
    return float(positive("coupling", coupling) * share ** (alpha / d))


# ---------------------------------------------------------------- the exact curves


def magnetization(positions, times, alpha, coupling=1.0, box=None, method="near_far", spins=None):
    """<sigma_x> of each spin: the Emch-Radin product of cosines, Eq. (2) (twice the paper's s_x).

    Parameters
    ----------
    positions : array, shape (N, d)
        Places of the spins, d = 1, 2 or 3; no two may coincide.
    times : array, shape (T,)
        Times >= 0, ascending, in units of 1/coupling.
    alpha, coupling : float
        Exponent and strength of the interaction, both > 0.
    box : float, optional
        Side of a periodic cube (nearest images); None: open space.
    method : {"near_far", "exact", "numpy"}
        "near_far" takes cosines only where the angle 2Jt exceeds 0.2 and sums the logarithms of
        all others by their series; "exact" multiplies all cosines; both are compiled. "numpy" is
        the plain product, which the other two fall back to where numba is not installed.
    spins : array of int, optional
        The spins whose curves are wanted; None: all.

    Returns
    -------
    ndarray, shape (T, N) or (T, len(spins))
        In [-1, 1]. Pairs with angles beyond 1e5 are multiplied in extended precision, because the
        rounding of J would show there; beyond 1e15 or so a phase has no meaning any more.

    Raises
    ------
    ValueError
        For positions or times that are not as stated; argument, value and range are named.
    """
    positions, alpha, coupling, box = _cloud(positions, alpha, coupling, box)
    times = _times(times)
    one_of("method", method, METHODS)
    N = len(positions)
    chosen = np.arange(N) if spins is None else _chosen(spins, N)
    if N == 1 or len(times) == 0:
        return np.ones((len(times), len(chosen)))
    kernels = _compiled() if method != "numpy" else None
    if kernels is None:
        return _plain_product(positions, times, alpha, coupling, box, chosen)

    columns = np.zeros((3, N))
    columns[: positions.shape[1]] = positions.T
    close = np.empty((4 * N, 2), dtype=np.int64)
    while True:
        arguments = (*columns, box or 0.0, alpha, 2 * coupling, times)
        if method == "exact":
            out = np.empty((N, len(times)))
            found = kernels.exact_products(*arguments, out, close)
        else:
            out = np.empty((len(chosen), len(times)))
            found = kernels.near_far_products(*arguments, chosen, out, close)
        if found <= len(close):
            break
        close = np.empty((found, 2), dtype=np.int64)
    rows, partners = close[:found].T
    own = rows if method == "exact" else chosen[rows]
    if found:
        apart = _apart(positions[own] - positions[partners], box).astype(np.longdouble)
        squared = np.einsum("ij,ij->i", apart, apart)
        _no_coincidence(squared)  # such a pair is among the close ones
        angles = 2 * coupling * squared ** (-np.longdouble(alpha) / 2)
        for row, angle in zip(rows, angles, strict=True):
            out[row] *= np.cos(angle * times).astype(float)
    return (out[chosen] if method == "exact" else out).T


def purity(positions, times, alpha, coupling=1.0, box=None, method="near_far", spins=None):
    """Purity of each spin's reduced state, (1 + <sigma_x>^2)/2, Eq. (3).

    Parameters
    ----------
    positions, times, alpha, coupling, box, method, spins
        As in `magnetization`.

    Returns
    -------
    ndarray, shape (T, N) or (T, len(spins))
        From 1 (no entanglement) down to 1/2.
    """
    curves = magnetization(positions, times, alpha, coupling, box, method, spins)
    return (1 + curves**2) / 2


def subset_purity(positions, times, alpha, subset, coupling=1.0, box=None):
    """Purity of the reduced state of several spins together.

    With n spins in the subset A, tr rho_A^2 is the average over two pairs of configurations,

        4^-n sum_delta 2^(zeros of delta) prod_{k not in A} cos^2(2t sum_{i in A} delta_i J_ik),

    where each delta_i is 0, 1 or -1. It equals Eq. (3) for one spin.

    Parameters
    ----------
    positions, times, alpha, coupling, box
        As in `magnetization`.
    subset : array of int
        At most 10 spins: the sum has 3^n terms.

    Returns
    -------
    ndarray, shape (T,)
        From 1 down to 2^-n.
    """
    matrix = couplings(positions, alpha, coupling, box)
    times, subset = _times(times), _chosen(subset, len(matrix), name="subset")
    n = len(subset)
    if n > 10 or len(set(subset.tolist())) != n:
        raise ValueError(f"subset = {subset!r}: must be at most 10 different spins")
    rest = np.delete(matrix[subset], subset, axis=1)
    total = np.zeros(len(times))
    for delta in np.ndindex(*(3,) * n):
        signs = np.array(delta) - 1
        # delta and -delta give the same term: the first entry that is not zero is taken as +1
        nonzero = signs[signs != 0]
        if len(nonzero) and nonzero[0] < 0:
            continue
        weight = 2.0 ** np.count_nonzero(signs == 0) * (2 if len(nonzero) else 1)
        total += weight * np.prod(np.cos(2 * np.outer(times, signs @ rest)) ** 2, axis=1)
    return total / 4.0**n


# ---------------------------------------------------------------- the average over positions


def full_integral(power):
    """Constant g of the stretched exponential exp[-g n(tau)], n the mean number with 2 J tau > 1.

    It is the integral of (1 - cos y) b y^(-b - 1) over y > 0: Gamma(1 - b) sin[pi (1 - b)/2].

    Parameters
    ----------
    power : float
        b = d/alpha, in (0, 2).

    Returns
    -------
    float
    """
    return np.pi / 2 if power == 1 else gamma(1 - power) * np.sin(np.pi * (1 - power) / 2)


def rates(d, alpha, density, coupling=1.0):
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
    """
    power, alpha = _stretch(d, alpha), float(alpha)
    kappa = positive("density", density) * ball_volume(d)
    kappa *= (2 * positive("coupling", coupling)) ** power
    gamma_m = float((kappa * full_integral(power)) ** (1 / power))
    return gamma_m, 2 ** (1 - 1 / power) * gamma_m, power


def stretched_exponential(times, d, alpha, density, coupling=1.0):
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
    """
    gamma_m, _, power = rates(d, alpha, density, coupling)
    return np.exp(-((gamma_m * _times(times)) ** power))


def noise_free(times, N, d, alpha, where="ball", coupling=1.0, squared=False, inner=1.0, nodes=64):
    """Average of <sigma_x> over all positions of N spins, by quadrature instead of sampling.

    The spins sit independently, so a spin at R has the average [1 - q(R)]^(N-1), where q is the
    average of 1 - cos(2Jt) over the place of one other spin. In polar coordinates around the spin
    the radial integral is known and q is an average over directions of
    rho^d G(2Ct/rho^alpha), with rho the distance to the surface.

    Parameters
    ----------
    times : array, shape (T,)
        Times >= 0, ascending, in units of 1/coupling.
    N : int
        Number of spins, without exclusion.
    d, alpha, coupling
        As in `rates`, but any alpha > 0.
    where : {"ball", "centre", "torus"}
        Average over all spins of the ball; a spin at the centre of the ball; any spin of a
        periodic cube of the same volume.
    squared : bool
        The average of <sigma_x>^2, Eq. (4), instead.
    inner : float
        For "ball": average over the spins within this radius only, in (0, 1].
    nodes : int
        Gauss-Legendre nodes for R and for each angle.

    Returns
    -------
    ndarray, shape (T,)
    """
    times, N = _times(times), positive_integer("N", N)
    d, alpha = _dimension(d), positive("alpha", alpha)
    one_of("where", where, ("ball", "centre", "torus"))
    inner = in_range("inner", inner, 1e-9, 1)
    angle = 2 * positive("coupling", coupling) * times * (2 if squared else 1)
    nodes = positive_integer("nodes", nodes)
    if where == "centre":
        radius, weight = np.zeros(1), np.ones(1)
    elif where == "torus":
        rho, angular = _cube_directions(d, nodes)
        radius, weight = None, np.ones(1)
    else:
        # R = inner (1 - s^2) puts nodes close to the surface, where q varies fastest
        s, w = _gauss(nodes)
        radius = inner * (1 - s * s)
        weight = d * (1 - s * s) ** (d - 1) * 2 * s * w
    average = np.zeros(len(times))
    missing = _missing_cosine(d / alpha)
    for index in range(len(weight)):
        if where != "torus":
            rho, angular = _ball_directions(d, radius[index], nodes)
        with np.errstate(over="ignore"):
            q = missing(np.divide.outer(angle, rho**alpha)) @ (angular * rho**d)
        average += weight[index] * (1 - (q / 2 if squared else q)) ** (N - 1)
    return average


# ---------------------------------------------------------------- fits


@dataclass(frozen=True)
class StretchFit:
    """A fitted stretched exponential A exp[-(gamma t)^beta].

    Attributes
    ----------
    beta, gamma, amplitude : float
        The parameters; gamma in units of the inverse of the times that were given.
    error : float
        Error of beta from the covariance of the fit. It takes the residuals for independent, which
        those of one average over realisations are not: bootstrap instead.
    residual : float
        Root mean square of signal minus fit.
    """

    beta: float
    gamma: float
    amplitude: float
    error: float
    residual: float

    def __call__(self, times):
        """Value of the fitted curve at the given times."""
        return self.amplitude * np.exp(-((self.gamma * _times(times)) ** self.beta))


def fit_stretch(times, signal, free_amplitude=False, weights=None):
    """Least-squares fit of A exp[-(gamma t)^beta].

    Parameters
    ----------
    times : array, shape (T,)
        Times >= 0, ascending; any unit.
    signal : array, shape (T,)
        The curve, e.g. the average of <sigma_x>, or of <sigma_x>^2 for the purity.
    free_amplitude : bool
        Fit A too; otherwise A = 1, the exact value at t = 0.
    weights : array, shape (T,), optional
        Factors of the residuals; None: all one.

    Returns
    -------
    StretchFit
    """
    times, signal = _times(times), finite_array("signal", signal)
    weights = np.ones(len(times)) if weights is None else finite_array("weights", weights)
    count = 3 if free_amplitude else 2
    for name, array in (("signal", signal), ("weights", weights)):
        if array.shape != times.shape:
            raise ValueError(
                f"{name} of shape {array.shape}: must have that of times {times.shape}"
            )
    if np.count_nonzero(times > 0) < count:
        raise ValueError(f"times = {times!r}: must hold at least {count} times > 0")
    log_t = np.log(np.where(times > 0, times, 1e-300))
    later = times > 0

    def curve(p):
        power = np.where(later, np.exp(np.clip(np.exp(p[0]) * (log_t + p[1]), -700, 50)), 0.0)
        return power, np.exp(-power) * (p[2] if free_amplitude else 1.0)

    def residuals(p):
        return weights * (curve(p)[1] - signal)

    def jacobian(p):
        power, value = curve(p)
        slope = -value * power
        columns = [slope * (log_t + p[1]) * np.exp(p[0]), slope * np.exp(p[0])]
        if free_amplitude:
            columns.append(np.exp(-power))
        return weights[:, None] * np.column_stack(columns)

    # start: the time at which the signal has fallen to 1/e of its first value
    fallen = np.argmax(np.append(signal, -np.inf) < signal[0] / np.e)
    scale = times[min(fallen, len(times) - 1)] or times[-1]
    best = None
    for power in (0.5, 1.5):
        start = [np.log(power), -np.log(scale)] + [signal[0] or 1.0] * free_amplitude
        found = least_squares(residuals, start, jacobian, method="lm", xtol=1e-12, ftol=1e-12)
        if best is None or found.cost < best.cost:
            best = found
        if best.cost < 1e-3 * np.sum((weights * signal) ** 2):
            break
    degrees = max(len(times) - count, 1)
    covariance = np.linalg.pinv(best.jac.T @ best.jac) * 2 * best.cost / degrees
    beta = float(np.exp(best.x[0]))
    return StretchFit(
        beta=beta,
        gamma=float(np.exp(best.x[1])),
        amplitude=float(best.x[2]) if free_amplitude else 1.0,
        error=float(beta * np.sqrt(covariance[0, 0])),
        residual=float(np.sqrt(np.mean((curve(best.x)[1] - signal) ** 2))),
    )


# ---------------------------------------------------------------- averages over realisations


@dataclass(frozen=True)
class EnsembleAverage:
    """Curves of many random clouds, each averaged over its spins.

    Attributes
    ----------
    times : ndarray
        Shape (T,), in units of 1/coupling.
    magnetization_samples, square_samples : ndarray
        Mean over the spins of <sigma_x> and of its square, shape (realisations, T).
    nearest_samples : ndarray
        Median coupling to the nearest neighbour in each cloud, shape (realisations,).
    """

    times: np.ndarray
    magnetization_samples: np.ndarray
    square_samples: np.ndarray
    nearest_samples: np.ndarray

    @property
    def magnetization(self):
        """Ensemble average of <sigma_x>, shape (T,), Eq. (2) times two."""
        return self.magnetization_samples.mean(axis=0)

    @property
    def square(self):
        """Ensemble average of <sigma_x>^2, shape (T,), Eq. (4)."""
        return self.square_samples.mean(axis=0)

    @property
    def purity(self):
        """Ensemble average of the purity, shape (T,)."""
        return (1 + self.square) / 2

    @property
    def nearest(self):
        """Median coupling to the nearest neighbour, averaged over the clouds."""
        return float(self.nearest_samples.mean())

    def fit(
        self,
        quantity="magnetization",
        time_unit=1.0,
        free_amplitude=False,
        weights=None,
        bootstrap=0,
        rng=0,
    ):
        """Fit of a stretched exponential, with the error that the realisations themselves show.

        Parameters
        ----------
        quantity : {"magnetization", "purity"}
            The latter fits the average of <sigma_x>^2, twice the purity minus one.
        time_unit : float
            The fitted rate is per this time.
        free_amplitude, weights
            As in `fit_stretch`.
        bootstrap : int
            Number of resamplings of the realisations.
        rng : numpy.random.Generator or int
            Source of the resamplings.

        Returns
        -------
        StretchFit
            If `bootstrap` > 0, `error` is the standard deviation of beta over the resamplings.
        """
        one_of("quantity", quantity, ("magnetization", "purity"))
        samples = self.magnetization_samples if quantity == "magnetization" else self.square_samples
        times = self.times / positive("time_unit", time_unit)
        options = {"free_amplitude": free_amplitude, "weights": weights}
        best = fit_stretch(times, samples.mean(axis=0), **options)
        count = positive_integer("bootstrap", bootstrap, minimum=0)
        if not count:
            return best
        rng, betas = np.random.default_rng(rng), []
        for _ in range(count):
            share = np.bincount(
                rng.integers(len(samples), size=len(samples)), minlength=len(samples)
            )
            betas.append(fit_stretch(times, share @ samples / len(samples), **options).beta)
        values = {name: getattr(best, name) for name in best.__dataclass_fields__}
        return StretchFit(**{**values, "error": float(np.std(betas, ddof=1))})


@dataclass(frozen=True)
class _Cloud:
    """One realisation: positions from the generator, then the averaged curves. Can be pickled."""

    N: int
    d: int
    alpha: float
    times: tuple
    exclusion: float
    shape: str
    coupling: float
    inner: float

    def __call__(self, rng):
        positions = random_positions(self.N, self.d, self.exclusion, rng, self.shape)
        box = box_side(self.d) if self.shape == "torus" else None
        spins = None
        if self.inner < 1:
            spins = np.flatnonzero(np.linalg.norm(positions, axis=1) <= self.inner)
        curves = magnetization(
            positions, self.times, self.alpha, self.coupling, box=box, spins=spins
        )
        nearest = np.median(nearest_couplings(positions, self.alpha, self.coupling, box))
        # sums and a count, so that clouds with many inner spins weigh more
        return np.concatenate(
            [curves.sum(axis=1), (curves**2).sum(axis=1), [curves.shape[1], nearest]]
        )


def ensemble_average(
    N,
    d,
    alpha,
    times,
    realisations,
    exclusion=0.0,
    seed=0,
    shape="ball",
    coupling=1.0,
    inner=1.0,
    engine=None,
    **options,
):
    """Magnetization and its square, averaged over random clouds of spins, Eqs. (2) and (4).

    Parameters
    ----------
    N, d, exclusion, shape
        The cloud, as in `random_positions`; N >= 2.
    alpha, coupling
        The interaction, as in `magnetization`.
    times : array, shape (T,)
        Times >= 0, ascending, in units of 1/coupling.
    realisations : int
        Number of clouds, N_s in the paper.
    seed : int
        Each cloud has its own generator, made from this seed and its number.
    inner : float
        Average over the spins within this radius only ("ball").
    engine : None, "joblib" or dask.distributed.Client
        Where to compute: here, on all cores, or on a cluster. The numbers are the same.
    **options
        batch, checkpoint, progress: as in `lmgbook.realisations.map_realisations`. A checkpoint
        also belongs to the version of the code that made it.

    Returns
    -------
    EnsembleAverage
    """
    times = _times(times)
    cloud = _Cloud(
        positive_integer("N", N, minimum=2),
        _dimension(d),
        positive("alpha", alpha),
        tuple(times.tolist()),
        finite("exclusion", exclusion),
        one_of("shape", shape, SHAPES),
        positive("coupling", coupling),
        in_range("inner", inner, 1e-9, 1),
    )
    if shape == "torus" and inner != 1:
        raise ValueError(f"inner = {inner!r}: must be 1 on a torus, which has no middle")
    key = None
    if options.get("checkpoint") is not None:
        # what was kept by other code is not to be mixed with this one's
        key = f"{cloud!r} by {code_hash('glassy.py', '_cosines.py', 'realisations.py')}"
    rows = map_realisations(cloud, realisations, seed=seed, engine=engine, key=key, **options)
    steps = len(times)
    counts = rows[:, -2:-1]
    share = counts.mean() if counts.any() else 1.0
    return EnsembleAverage(
        times, rows[:, :steps] / share, rows[:, steps : 2 * steps] / share, rows[:, -1]
    )


# ---------------------------------------------------------------- the machinery below


def _dimension(d):
    if isinstance(d, bool | np.bool_) or d not in (1, 2, 3):
        raise ValueError(f"d = {d!r}: must be 1, 2 or 3")
    return int(d)


def _stretch(d, alpha):
    d, alpha = _dimension(d), positive("alpha", alpha)
    if alpha <= d / 2:
        raise ValueError(f"alpha = {alpha!r}: must be > d/2 = {d / 2:g}")
    return d / alpha


def _times(times):
    array = finite_array("times", times)
    if array.ndim != 1 or np.any(array < 0) or np.any(np.diff(array) < 0):
        raise ValueError(f"times = {times!r}: must be a list of times >= 0, ascending")
    return array


def _chosen(spins, N, name="spins"):
    array = np.asarray(spins)
    if array.ndim != 1 or array.dtype.kind not in "iu" or np.any((array < 0) | (array >= N)):
        raise ValueError(f"{name} = {spins!r}: must be a list of integers from 0 to {N - 1}")
    return array.astype(np.int64)


def _cloud(positions, alpha, coupling, box):
    array = finite_array("positions", positions)
    if array.ndim != 2 or array.shape[1] not in (1, 2, 3) or not len(array):
        raise ValueError(f"positions of shape {array.shape}: must be (N, d) with d = 1, 2 or 3")
    box = None if box is None else positive("box", box)
    return array, positive("alpha", alpha), positive("coupling", coupling), box


def _no_coincidence(distances):
    if np.any(distances == 0):
        raise ValueError("positions: no two spins may be at the same place")


def _apart(difference, box):
    return difference if box is None else difference - box * np.round(difference / box)


def _uniform(N, d, shape, rng):
    if shape == "torus":
        return rng.uniform(0, box_side(d), size=(N, d))
    if d == 1:
        return rng.uniform(-1, 1, size=(N, 1))
    direction = rng.normal(size=(N, d))
    direction /= np.linalg.norm(direction, axis=1)[:, None]
    return direction * rng.random((N, 1)) ** (1 / d)


@cache
def _compiled():
    try:
        from . import _cosines
    except ImportError:  # without numba the plain product gives the same numbers
        return None
    return _cosines


def _plain_product(positions, times, alpha, coupling, box, chosen):
    out = np.empty((len(times), len(chosen)))
    for column, i in enumerate(chosen):
        apart = _apart(np.delete(positions, i, axis=0) - positions[i], box)
        squared = np.einsum("ij,ij->i", apart, apart)
        _no_coincidence(squared)
        angles = 2 * coupling * squared ** (-alpha / 2)
        # the rounding of J shows in a large angle: such pairs are taken in extended precision
        large = angles * times[-1] > 1e5
        out[:, column] = np.cos(np.outer(times, angles[~large])).prod(axis=1)
        if large.any():
            apart = apart[large].astype(np.longdouble)
            angles = (
                2 * coupling * np.einsum("ij,ij->i", apart, apart) ** (-np.longdouble(alpha) / 2)
            )
            out[:, column] *= np.cos(np.outer(times, angles)).prod(axis=1).astype(float)
    return out


@cache
def _gauss(nodes):
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


def _cube_directions(d, nodes):
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


@cache
def _missing_cosine(power):
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
        for k in range(12):
            trig = (-np.sin(w), np.cos(w), np.sin(w), -np.cos(w))[k % 4]
            series = series + trig * term
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
