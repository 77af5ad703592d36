"""Where the spins sit, and how strongly they are coupled."""

import numpy as np
from scipy.spatial import cKDTree
from scipy.special import gamma

from ..checks import finite, finite_array, one_of, positive, positive_integer

SHAPES = ("ball", "torus")


def ball_volume(d):
    """Volume of the d-dimensional unit ball (2, pi, 4 pi/3 for d = 1, 2, 3)."""
    d = checked_dimension(d)
    return float(np.pi ** (d / 2) / gamma(d / 2 + 1))


def box_side(d):
    """Side of the d-dimensional cube that has the volume of the unit ball."""
    return ball_volume(d) ** (1 / checked_dimension(d))


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
    N, d = positive_integer("N", N), checked_dimension(d)
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
            apart = nearest_image(taken[:count] - place, side)
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
    positions, alpha, coupling, box = checked_cloud(positions, alpha, coupling, box)
    apart = nearest_image(positions[:, None] - positions[None], box)
    squared = np.einsum("ikj,ikj->ik", apart, apart)
    np.fill_diagonal(squared, np.inf)
    refuse_coincidence(squared)
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
    positions, alpha, coupling, box = checked_cloud(positions, alpha, coupling, box)
    if len(positions) < 2:
        raise ValueError(f"positions of shape {positions.shape}: must hold at least two spins")
    tree = cKDTree(positions if box is None else np.mod(positions, box), boxsize=box)
    distance = tree.query(tree.data, k=2)[0][:, 1]
    refuse_coincidence(distance)
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


def checked_dimension(d):
    if isinstance(d, bool | np.bool_) or d not in (1, 2, 3):
        raise ValueError(f"d = {d!r}: must be 1, 2 or 3")
    return int(d)


def checked_cloud(positions, alpha, coupling, box):
    array = finite_array("positions", positions)
    if array.ndim != 2 or array.shape[1] not in (1, 2, 3) or not len(array):
        raise ValueError(f"positions of shape {array.shape}: must be (N, d) with d = 1, 2 or 3")
    box = None if box is None else positive("box", box)
    return array, positive("alpha", alpha), positive("coupling", coupling), box


def refuse_coincidence(distances):
    if np.any(distances == 0):
        raise ValueError("positions: no two spins may be at the same place")


def nearest_image(difference, box):
    return difference if box is None else difference - box * np.round(difference / box)


def _uniform(N, d, shape, rng):
    if shape == "torus":
        return rng.uniform(0, box_side(d), size=(N, d))
    if d == 1:
        return rng.uniform(-1, 1, size=(N, 1))
    direction = rng.normal(size=(N, d))
    direction /= np.linalg.norm(direction, axis=1)[:, None]
    return direction * rng.random((N, 1)) ** (1 / d)
