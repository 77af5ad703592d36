"""The classical rivals of a bias sweep: thermal activation, and precession of a noisy spin.

Both live in the mean-field landscape of the magnet of `bias_sweep`: a particle that is activated
thermally over the barrier (Kramers, Physica 7, 284 (1940)), and a spin that precesses without any
bath, from the quantum fluctuations of its initial state (truncated Wigner; Polkovnikov, Ann. Phys.
325, 1790 (2010)). Times in seconds, energies and fields as angular frequencies in 1/s.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq, elementwise

from ..checks import (
    affordable,
    finite,
    finite_array,
    flag,
    instance,
    not_negative,
    positive,
    positive_integer,
    unwrap,
)
from .bias_sweep import bias_field, biased_levels
from .magnet import LeggettGarg
from .scales import thermal_rate


def spinodal(field: float) -> float:
    """Bias field at which the shallow well disappears: J3 (1 - g^(2/3))^(3/2), g = Gamma/J3.

    There the first and the second derivative of the energy -(J/4) m^2 - (Gamma/2) sqrt(1 - m^2)
    - (h/2) m vanish together (Stoner and Wohlfarth, Phil. Trans. R. Soc. A 240, 599 (1948)).

    Parameters
    ----------
    field : float
        g, in (0, 1): the ordered phase.

    Returns
    -------
    float
        In units of J3.
    """
    g = finite("field", field, above=0, below=1)
    return float((1 - g ** (2 / 3)) ** 1.5)


def wells(
    magnet: LeggettGarg, bias: ArrayLike, length: float | None = None
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """The two wells of the mean-field landscape, and the top of the barrier between them.

    E(z, phi) = -(J/N) z^2 - Gamma sqrt(l^2 - z^2) cos phi - h z: a classical spin of length l, with
    Jz = z and the angle phi about the z axis; all three points lie at phi = 0.

    Parameters
    ----------
    magnet : LeggettGarg
        In the ordered phase.
    bias : float or array
        In units of the splitting, below the spinodal.
    length : float, optional
        l in units of hbar, up to N; default N/2.

    Returns
    -------
    left, top, right : ndarray, the shape of bias
        Values of z.

    Raises
    ------
    ValueError
        There is only one well.
    """
    h = np.asarray(bias_field(magnet, bias)) / magnet.coupling
    N, g = magnet.N, magnet.field
    length = N / 2 if length is None else finite("length", length, above=0, most=N)
    # z^2 where the curvature changes its sign
    turn = length**2 - (g * N * length**2 / 2) ** (2 / 3)
    if turn <= 0:
        raise ValueError(
            f"field = {g:g}, length = {length:g}: only the ordered phase has two wells"
        )
    turn = np.sqrt(turn)
    limit = turn * (2 / N - g / np.sqrt(length**2 - turn**2))
    if np.any(np.abs(h) >= limit):
        most = limit * magnet.coupling / bias_field(magnet, 1.0)
        raise ValueError(f"bias = {bias!r}: must be below the spinodal, {most:.4g}; reach too")

    def slope(z, h):
        return g * z / np.sqrt(length**2 - z**2) - 2 * z / N - h

    edge = length * (1 - 1e-15)
    intervals = (-edge, -turn), (-turn, turn), (turn, edge)
    return tuple(elementwise.find_root(slope, each, args=(h,)).x for each in intervals)


def _energy(magnet, z, h, length, cosine=1.0):
    transverse = np.sqrt(np.maximum(length**2 - z**2, 0)) * cosine
    return -magnet.coupling * (z**2 / magnet.N + magnet.field * transverse) - h * z


def _curvatures(magnet, z, length):
    # second derivatives of E in z and in phi: their product is the squared frequency
    r = np.sqrt(length**2 - z**2)
    along = magnet.coupling * (magnet.field * length**2 / r**3 - 2 / magnet.N)
    return along, magnet.coupling * magnet.field * r


def well_states(magnet: LeggettGarg, bias: float) -> float:
    """How many quantum states the left well holds: its area in phase space over 2 pi.

    The area enclosed by the orbit through the top of the barrier, for a spin of length (N + 1)/2
    (see `wigner_function`).

    Parameters
    ----------
    magnet : LeggettGarg
    bias : float
        In units of the splitting; positive tips the magnet to the right.

    Returns
    -------
    float
    """
    h = bias_field(magnet, finite("bias", bias))
    length = (magnet.N + 1) / 2
    left, top, _ = (float(z) for z in wells(magnet, bias, length))
    rim = _energy(magnet, top, h, length)
    # the turning point on the far side
    low = brentq(lambda z: _energy(magnet, z, h, length) - rim, -length, left, xtol=1e-14 * length)
    # substitution z = centre + radius cos u: smooth at the turning points
    u = np.pi * (np.arange(2000) + 0.5) / 2000
    centre, radius = (top + low) / 2, (top - low) / 2
    z = centre + radius * np.cos(u)
    cosine = (_energy(magnet, z, h, length, 0.0) - rim) / (
        magnet.coupling * magnet.field * np.sqrt(length**2 - z**2)  # type: ignore[operator]
    )
    angle = np.arccos(np.clip(cosine, -1, 1))
    return float(2 * np.sum(angle * radius * np.sin(u)) * (np.pi / 2000) / (2 * np.pi))


def kramers_rates(
    magnet: LeggettGarg, bias: ArrayLike
) -> tuple[float | NDArray[np.float64], float | NDArray[np.float64]]:
    """Rates of thermal escape from the two wells, omega/(2 pi) exp(-barrier/k_B T).

    The transition-state rate, the largest that Kramers' theory (Physica 7, 284 (1940)) allows.

    Parameters
    ----------
    magnet : LeggettGarg
        Its temperature is that of the bath.
    bias : float or array
        In units of the splitting, below the spinodal.

    Returns
    -------
    from_left, from_right : float or ndarray
        In 1/s.
    """
    h, length = np.asarray(bias_field(magnet, bias)), magnet.N / 2
    left, top, right = wells(magnet, bias)
    rates = []
    for well in (left, right):
        barrier = _energy(magnet, top, h, length) - _energy(magnet, well, h, length)
        along, across = _curvatures(magnet, well, length)
        rate = np.sqrt(along * across) / (2 * np.pi)
        rates.append(rate * np.exp(-barrier / thermal_rate(magnet.temperature)))
    return unwrap(rates[0]), unwrap(rates[1])


def kramers_error(magnet: LeggettGarg, reach: float, duration: float) -> float:
    """Probability to end in the wrong well, if all motion is thermal activation.

    p' = -k_left p + k_right (1 - p) with the rates of `kramers_rates` along the sweep, p = 1 at its
    start (the left well, the lower one then).

    Parameters
    ----------
    magnet : LeggettGarg
    reach : float
        Final bias in units of the splitting, > 0, below the spinodal.
    duration : float
        In seconds, > 0.

    Returns
    -------
    float

    Notes
    -----
    Cost: 30 ms.
    """
    instance("magnet", magnet, LeggettGarg)
    reach, duration = positive("reach", reach), positive("duration", duration)
    wells(magnet, reach)  # raises beyond the spinodal
    steps = 2000
    middle = reach * (2 * (np.arange(steps) + 0.5) / steps - 1)
    out, back = kramers_rates(magnet, middle)
    decay = np.exp(-(out + back) * duration / steps)
    target = np.asarray(back / (out + back))
    p = 1.0
    for factor, goal in zip(decay, target, strict=True):
        p = goal + (p - goal) * factor
    return float(p)


def wigner_function(
    magnet: LeggettGarg, bias: float
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Wigner function of the ground state in a constant bias, over (Jz, azimuth).

    W(z, phi) = sum_k psi(z + k/2) psi(z - k/2) cos(k phi), k such that z +- k/2 are quantum
    numbers. Here Jx is represented by sqrt((S + 1/2)^2 - z^2) cos phi, exactly, because
    <m+1|Jx|m> = sqrt((S + 1/2)^2 - (m + 1/2)^2)/2: the classical spin has the length S + 1/2. The
    mirror image at phi + pi, whose sign alternates with z, is left out.

    Parameters
    ----------
    magnet : LeggettGarg
    bias : float
        In units of the splitting.

    Returns
    -------
    z : ndarray, shape (2 N + 1,)
    azimuth : ndarray, shape (angles,)
        In (-pi/2, pi/2].
    weights : ndarray, shape (2 N + 1, angles)
        Of sum one; a few may be negative.

    Notes
    -----
    Cost: 20 ms for 370 spins.
    """
    ground = biased_levels(magnet, bias, 1)[1][:, 0]
    psi = ground if magnet.levels == magnet.N + 1 else magnet.vectors @ ground
    count = len(psi)
    angles = 4 * 2 ** int(np.ceil(np.log2(count)))
    index = np.arange(count)
    sums, shifts = np.add.outer(index, index), np.subtract.outer(index, index)
    products = np.zeros((2 * count - 1, count))
    # both signs of k in one
    np.add.at(products, (sums, np.abs(shifts)), np.outer(psi, psi))
    quarter = 2 * np.pi / angles * np.arange(angles // 4 + 1)
    half = products @ np.cos(np.outer(index, quarter))
    weights = np.concatenate([half[:, :0:-1], half], axis=1)
    weights /= weights.sum()
    azimuth = np.concatenate([-quarter[:0:-1], quarter])
    z = magnet.N / 2 - np.arange(2 * count - 1) / 2
    return z, azimuth, weights


def initial_spins(
    magnet: LeggettGarg,
    bias: float,
    count: int,
    zero_point: bool = True,
    rng: np.random.Generator | None = None,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Classical spins drawn from the initial state of a sweep.

    Parameters
    ----------
    magnet : LeggettGarg
    bias : float
        In units of the splitting.
    count : int
        How many, >= 1.
    zero_point : bool
        True: from the Wigner function of the ground state. False: from the Boltzmann distribution
        of a classical spin at the magnet's temperature, in the harmonic part of the lower well.
    rng : numpy.random.Generator, optional

    Returns
    -------
    spins : ndarray, shape (3, count)
        Jx, Jy, Jz; all of length (N + 1)/2.
    weights : ndarray, shape (count,)
        One each, but for the negative values of the Wigner function.
    """
    count, bias = positive_integer("count", count), finite("bias", bias)
    affordable(f"count = {count}", memory=100.0 * count)
    rng = _generator(rng)
    length = (instance("magnet", magnet, LeggettGarg).N + 1) / 2
    if flag("zero_point", zero_point):
        grid, azimuth, weights = wigner_function(magnet, bias)
        sums = np.abs(weights).ravel()
        np.cumsum(sums, out=sums)
        drawn = np.searchsorted(sums, sums[-1] * rng.random(count), side="right")
        row, column = np.unravel_index(drawn, weights.shape)
        # spread over the cell of the grid
        z = grid[row] + (rng.random(count) - 0.5) / 2
        phi = azimuth[column] + (rng.random(count) - 0.5) * (azimuth[1] - azimuth[0])
        signs = np.sign(weights[row, column]) * sums[-1]
    else:
        left, _, right = wells(magnet, bias, length)
        well = float(left if bias < 0 else right)
        along, across = _curvatures(magnet, well, length)
        heat = thermal_rate(magnet.temperature)
        z = well + np.sqrt(heat / along) * rng.standard_normal(count)
        phi = np.sqrt(heat / across) * rng.standard_normal(count)
        signs = np.ones(count)
    z = np.clip(z, -length, length)
    r = np.sqrt(length**2 - z**2)
    return np.array([r * np.cos(phi), r * np.sin(phi), z]), signs


def precess(
    magnet: LeggettGarg,
    spins: ArrayLike,
    reach: float,
    duration: float,
    dephasing: float = 0.0,
    rng: np.random.Generator | None = None,
    resolution: float = 1.0,
) -> NDArray[np.float64]:
    """Carry classical spins through a bias sweep.

    Rotations about x and about z take turns (Suzuki's fourth-order composition): every step keeps
    the length of the spin. Collective dephasing is a white random field along z, as it is in the
    quantum magnet.

    Parameters
    ----------
    magnet : LeggettGarg
    spins : array, shape (3, count)
    reach, duration, dephasing
        As in `bias_sweep`.
    rng : numpy.random.Generator, optional
        For the noise.
    resolution : float
        Steps finer than the default by this factor.

    Returns
    -------
    ndarray, shape (3, count)
    """
    from ._kernels import precession_step, rotate, tangent  # compiled on first use

    reach, duration = positive("reach", reach), positive("duration", duration)
    dephasing = not_negative("dephasing", dephasing)
    spins = finite_array("spins", spins, shape=(3, None))
    rng = _generator(rng)
    instance("magnet", magnet, LeggettGarg)
    transverse = magnet.field * magnet.coupling  # type: ignore[operator]
    # beyond the spinodal the bias, and strong noise, turn the spin faster than the transverse field
    highest = bias_field(magnet, reach)
    twist = 2 * magnet.coupling / magnet.N  # type: ignore[operator]
    fastest = max(transverse, highest / 4, dephasing / 4)
    steps = np.ceil(duration * fastest * positive("resolution", resolution) / 0.5)
    seconds = steps * (1e-4 + 2e-7 * spins.shape[1])
    affordable(f"duration = {duration}, reach = {reach}", 0.0, seconds, "take less, or fewer spins")
    steps = int(steps)
    dt = duration / steps
    part = 1 / (4 - 4 ** (1 / 3))
    about_z = np.array([part, part, 1 - 4 * part, part, part])
    about_x = (np.append(about_z, 0) + np.append(0, about_z)) / 2
    about_x[0] += about_x[-1]  # the last of a step and the first of the next are one
    moments = np.cumsum(about_z) - about_z / 2
    turns = np.tan(-transverse * dt * np.append(about_x[1:5], about_x[0]) / 2)
    x, y, z = spins.copy()
    # the first of all is half as long as those between the steps
    y, z = rotate(y, z, np.tan(-transverse * dt * about_z[0] / 4))
    for k in range(steps):
        if dephasing:
            kicks = np.sqrt(dephasing * dt) * rng.standard_normal(len(x))
            x, y = rotate(x, y, tangent(kicks))
        fields = highest * (2 * (k + moments) / steps - 1)
        precession_step(x, y, z, twist, fields, about_z * dt, turns)
    # half of the last rotation belonged to a step that does not come
    y, z = rotate(y, z, np.tan(transverse * dt * about_z[0] / 4))
    return np.array([x, y, z])


def wigner_error(
    magnet: LeggettGarg,
    reach: float,
    duration: float,
    dephasing: float = 0.0,
    zero_point: bool = True,
    trajectories: int = 2000,
    seed: int = 0,
) -> tuple[float, float]:
    """Probability to end with the wrong sign, if the spin is classical but for its initial state.

    Parameters
    ----------
    magnet : LeggettGarg
    reach, duration, dephasing
        As in `bias_sweep`.
    zero_point : bool
        As in `initial_spins`: True is the truncated Wigner approximation, False a thermal
        classical magnet.
    trajectories : int
        >= 2.
    seed : int
        Of the random numbers.

    Returns
    -------
    error, uncertainty : float
        The uncertainty is the standard error of the mean.

    Notes
    -----
    Cost: 80 ms for 2000 trajectories and 10 ms of a sweep, as their product.
    """
    count = positive_integer("trajectories", trajectories, minimum=2)
    affordable(f"trajectories = {count}", memory=100.0 * count)
    rng = np.random.default_rng(positive_integer("seed", seed, minimum=0))
    reach = positive("reach", reach)
    spins, weights = initial_spins(magnet, -reach, count, zero_point, rng)
    end = precess(magnet, spins, reach, duration, dephasing, rng)
    wrong = weights * (end[2] < 0)
    return float(wrong.mean()), float(wrong.std() / np.sqrt(count))


def _generator(rng):
    return np.random.default_rng(0) if rng is None else instance("rng", rng, np.random.Generator)
