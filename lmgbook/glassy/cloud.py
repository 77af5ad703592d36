"""Where the spins sit, and how strongly they are coupled."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.spatial import cKDTree
from scipy.special import gamma

from ..checks import affordable, finite_array, not_negative, one_of, positive, positive_integer

SHAPES = ("ball", "torus")
JAMMED = 0.75, 0.55, 0.38  # share of the volume that random balls fill when no other fits, by d


def ball_volume(d: int) -> float:
    """Volume of the d-dimensional unit ball (2, pi, 4 pi/3 for d = 1, 2, 3).

    >>> print(f"{ball_volume(3):.6f}")
    4.188790
    """
    d = checked_dimension(d)
    return float(np.pi ** (d / 2) / gamma(d / 2 + 1))


def box_side(d: int) -> float:
    """Side of the d-dimensional cube that has the volume of the unit ball."""
    return ball_volume(d) ** (1 / checked_dimension(d))


def random_positions(
    N: int,
    d: int,
    exclusion: float = 0.0,
    rng: np.random.Generator | int | None = None,
    shape: str = "ball",
) -> NDArray[np.float64]:
    """Random places of N spins, one after another, none closer than `exclusion` to another.

    This is random sequential adsorption: a place too close to one already taken is drawn again.
    Costs N random places (10^6: 0.1 s); with an exclusion grows as N^2 (10^4: 0.3 s, 10^5: 20 s),
    and close to jamming, where a place takes up to 10 000 attempts, a hundred times as long.

    Parameters
    ----------
    N : int
        Number of spins.
    d : {1, 2, 3}
        Dimension.
    exclusion : float
        Smallest distance r_b allowed, >= 0, in ball radii; the paper's disorder parameter is
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
    ValueError, TypeError
        For arguments that are not as stated; if the spins do not fit, or if no place is found for
        the next one in 10 000 attempts: the adsorption has jammed, or is about to; if memory or
        an hour do not suffice.

    Examples
    --------
    >>> random_positions(100, d=3, exclusion=0.05, rng=1).shape
    (100, 3)
    """
    N, d = positive_integer("N", N), checked_dimension(d)
    exclusion = not_negative("exclusion", exclusion)
    one_of("shape", shape, SHAPES)
    rng = checked_generator(rng)
    room = 1 if shape == "torus" else (1 + exclusion / 2) ** d
    left = 1 - N * (exclusion / 2) ** d / room / JAMMED[d - 1]
    seconds = 8e-9 * N**2 / max(left, 0.01) ** 2 if exclusion else 0
    affordable(f"N = {N}, exclusion = {exclusion:g}", memory=40 * N * d, seconds=seconds)
    if exclusion == 0:
        return _uniform(N, d, shape, rng)
    # balls of radius r_b/2 around the spins do not overlap and stay in a ball of radius 1 + r_b/2
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
        blocked = np.zeros(len(places), dtype=bool)
        if count:
            blocked = cKDTree(taken[:count], boxsize=side).query(places)[0] < exclusion
        apart = nearest_image(places[:, None] - places, side)
        close = np.einsum("ikj,ikj->ik", apart, apart) < exclusion**2
        for k, place in enumerate(places):
            if blocked[k]:
                attempts += 1
                if attempts == 10_000:
                    raise ValueError(
                        f"exclusion = {exclusion!r}: no place found for spin {count + 1} of {N} in "
                        f"{attempts} attempts; must be smaller (x = {N * exclusion**d:.3g})"
                    )
                continue
            taken[count], attempts = place, 0
            blocked |= close[k]
            count += 1
            if count == N:
                break
    return taken


def couplings(
    positions: ArrayLike, alpha: float, coupling: float = 1.0, box: float | None = None
) -> NDArray[np.float64]:
    """Matrix of the couplings J_ik = C/|r_i - r_k|^alpha, Eq. (1).

    Takes the memory of its result, 8 N^2 bytes; 10 000 spins take 10 s (alpha even: 2 s).

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
    positions, alpha, coupling, box = checked_cloud(positions, alpha, coupling, box)
    N = len(positions)
    affordable(f"N = {N}", memory=8 * N**2, advice="`magnetization` needs no matrix")
    matrix = np.empty((N, N))
    block = max(1, 100_000 // N)
    for start in range(0, N, block):
        rows = slice(start, start + block)
        apart = nearest_image(positions[rows, None] - positions[None], box)
        np.einsum("ikj,ikj->ik", apart, apart, out=matrix[rows])
    np.fill_diagonal(matrix, np.inf)
    refuse_coincidence(matrix.min() == 0)
    with np.errstate(over="ignore"):
        matrix **= -alpha / 2
        matrix *= coupling
    _refuse_overflow(matrix, alpha)
    return matrix


def nearest_couplings(
    positions: ArrayLike, alpha: float, coupling: float = 1.0, box: float | None = None
) -> NDArray[np.float64]:
    """Coupling of each spin to its nearest neighbour; the paper's J_NN is the median.

    Costs a tree of neighbours: 10^5 spins take 0.2 s.

    Parameters
    ----------
    positions, alpha, coupling, box
        As in `couplings`; at least two spins.

    Returns
    -------
    ndarray, shape (N,)
    """
    positions, alpha, coupling, box = checked_cloud(positions, alpha, coupling, box)
    if len(positions) < 2:
        raise ValueError(f"positions of shape {positions.shape}: must hold at least two spins")
    # twice: a place just below zero is first rounded to the side itself
    inside = positions if box is None else np.mod(np.mod(positions, box), box)
    tree = cKDTree(inside, boxsize=box)
    distance = tree.query(tree.data, k=2)[0][:, 1]
    refuse_coincidence(distance.min() == 0)
    with np.errstate(over="ignore"):
        nearest = coupling * distance**-alpha
    _refuse_overflow(nearest, alpha)
    return nearest


def bulk_coupling(d: int, alpha: float, density: float, coupling: float = 1.0) -> float:
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
    with np.errstate(over="ignore"):
        bulk = positive("coupling", coupling) * np.float64(share) ** (alpha / d)
    _refuse_overflow(bulk, alpha)
    return float(bulk)


def checked_dimension(d: Any) -> int:
    """Return `d` as an int; ValueError unless it is 1, 2 or 3."""
    if isinstance(d, bool | np.bool_) or np.ndim(d) or d not in (1, 2, 3):
        raise ValueError(f"d = {d!r}: must be 1, 2 or 3")
    return int(d)


def checked_cloud(
    positions: ArrayLike, alpha: float, coupling: float, box: float | None
) -> tuple[NDArray[np.float64], float, float, float | None]:
    """Return a cloud and its interaction as floats; errors name what is not as it must be."""
    array = finite_array("positions", positions)
    if array.ndim != 2 or array.shape[1] not in (1, 2, 3) or not len(array):
        raise ValueError(f"positions of shape {array.shape}: must be (N, d) with d = 1, 2 or 3")
    box = None if box is None else positive("box", box)
    return array, positive("alpha", alpha), positive("coupling", coupling), box


def checked_generator(rng: Any) -> np.random.Generator:
    """Return a generator, or one made from a seed >= 0, or a new one for None."""
    if rng is None or isinstance(rng, np.random.Generator):
        return np.random.default_rng(rng)
    return np.random.default_rng(positive_integer("rng", rng, minimum=0))


def refuse_coincidence(found: bool) -> None:
    """ValueError if two spins have been found at the same place."""
    if found:
        raise ValueError("positions: no two spins may be at the same place")


def nearest_image(difference: NDArray, box: float | None) -> NDArray:
    """Difference of two places to the nearest image in a periodic cube; None: open space."""
    return difference if box is None else difference - box * np.round(difference / box)


def _refuse_overflow(strongest, alpha):
    """ValueError unless all couplings are numbers."""
    if not np.all(np.isfinite(strongest)):
        raise ValueError(f"alpha = {alpha!r}: the largest coupling is beyond a float")


def _uniform(N, d, shape, rng):
    """Places spread evenly over the ball or the cube."""
    if shape == "torus":
        return rng.uniform(0, box_side(d), size=(N, d))
    if d == 1:
        return rng.uniform(-1, 1, size=(N, 1))
    direction = rng.normal(size=(N, d))
    direction /= np.linalg.norm(direction, axis=1)[:, None]
    return direction * rng.random((N, 1)) ** (1 / d)
