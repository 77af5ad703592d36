"""Sweeping a bias field across the doublet of a mesoscopic magnet, and its classical rivals.

The magnet of `lmgbook.leggett_garg` in a field along z that tips its two wells against each other,

    H(t) = H - h(t) Jz,    h from -h0 to +h0, linear in time.

In the doublet this is a bias 2 h <0|Jz|1>, here counted in units of the splitting Delta and swept
from -reach to +reach. The magnet begins in the ground state, in the well of negative m, and should
end in the well of positive m. Two errors: not to end in the ground state, and to end with the
wrong sign of m. Times in seconds, energies and fields as angular frequencies in 1/s.

The classical rivals live in the mean-field landscape: a particle that is activated thermally over
the barrier (Kramers, Physica 7, 284 (1940)), and a spin that precesses without any bath, from the
quantum fluctuations of its initial state (truncated Wigner; Polkovnikov, Ann. Phys. 325, 1790
(2010)).
"""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import qutip
from scipy.linalg import eigh_tridiagonal

from ._validate import finite, finite_array, in_range, positive, positive_integer
from .leggett_garg import LeggettGarg, thermal_rate
from .lmg import LMG, magnetic_numbers, tridiagonal_operator

# ---------------------------------------------------------------- the quantum magnet


def bias_field(magnet, bias):
    """Field h along z that gives the doublet a bias.

    Parameters
    ----------
    magnet : LeggettGarg
    bias : float or array
        2 h <0|Jz|1> in units of the splitting.

    Returns
    -------
    float or ndarray
        In 1/s; the Hamiltonian gains -h Jz.
    """
    unit = _magnet(magnet).splitting / (2 * abs(magnet.jz[0, 1]))
    h = finite_array("bias", bias) * unit
    return h if h.ndim else float(h)


def landau_zener(magnet, reach, duration):
    """Error of the two-level sweep: exp(-pi Delta Tq/(4 reach)).

    The gap is Delta and the bias changes at the rate 2 reach Delta/Tq, which puts
    exp[-pi Delta^2/(2 rate)] (Landau 1932, Zener 1932) into this form.

    Parameters
    ----------
    magnet : LeggettGarg or float
        The magnet, or its splitting Delta in 1/s.
    reach : float
        Final bias in units of the splitting, > 0.
    duration : float or array
        Tq in seconds, > 0.

    Returns
    -------
    float or ndarray
    """
    splitting = positive("splitting", getattr(magnet, "splitting", magnet))
    reach = positive("reach", reach)
    times = finite_array("duration", duration)
    if np.any(times <= 0):
        raise ValueError(f"duration = {duration!r}: must be > 0")
    error = np.exp(-np.pi * splitting * times / (4 * reach))
    return error if error.ndim else float(error)


def biased_levels(magnet, bias, count=None):
    """Energies and states of the magnet in a constant bias.

    Parameters
    ----------
    magnet : LeggettGarg
    bias : float
        In units of the splitting.
    count : int, optional
        How many of the lowest levels; default all.

    Returns
    -------
    energies : ndarray, shape (count,)
        In 1/s, ascending, counted from the ground state without bias.
    vectors : ndarray, shape (dim, count)
        Real, in the basis of `Sweep.states`.
    """
    dim = _magnet(magnet).levels
    count = dim if count is None else positive_integer("count", count)
    if count > dim:
        raise ValueError(f"count = {count!r}: must be <= {dim}, the levels of the magnet")
    h = bias_field(magnet, finite("bias", bias))
    if dim == magnet.N + 1:
        diagonal, off = _bands(magnet)
        return eigh_tridiagonal(
            diagonal - h * magnetic_numbers(magnet.N),
            off,
            select="i",
            select_range=(0, count - 1),
        )
    energies, vectors = np.linalg.eigh(np.diag(magnet.energies) - h * magnet.jz.full().real)
    return energies[:count], vectors[:, :count]


@dataclass(frozen=True)
class Sweep:
    """One bias sweep of a magnet; made by `bias_sweep`.

    Attributes
    ----------
    magnet : LeggettGarg
    reach, duration, dephasing : float
        Final bias in units of the splitting, seconds, 1/s.
    biases : ndarray
        Shape (points,): biases at which the state was recorded, from -reach to reach.
    states : list of qutip.Qobj
        Kets, or density matrices with dephasing: in the basis of the magnet's levels, or of
        m = N/2, ..., -N/2 if the magnet keeps all levels.
    """

    magnet: LeggettGarg
    reach: float
    duration: float
    dephasing: float
    biases: np.ndarray = field(repr=False)
    states: list = field(repr=False)

    @cached_property
    def not_ground(self):
        """Probability not to end in the ground state of the final Hamiltonian."""
        _, ground = biased_levels(self.magnet, self.reach, 1)
        return float(1 - _weights(ground, self.states[-1])[0])

    @cached_property
    def wrong_sign(self):
        """Probability to end with m < 0; m = 0 counts half."""
        return _wrong_sign(self.magnet, self.states[-1])

    @cached_property
    def floor(self):
        """Wrong sign of the final ground state itself, which no slow sweep can avoid."""
        _, ground = biased_levels(self.magnet, self.reach, 1)
        return _wrong_sign(self.magnet, qutip.Qobj(ground))

    def populations(self, count):
        """Populations of the instantaneous levels.

        Parameters
        ----------
        count : int
            How many of the lowest levels.

        Returns
        -------
        ndarray, shape (points, count)
        """
        rows = []
        for bias, state in zip(self.biases, self.states, strict=True):
            _, vectors = biased_levels(self.magnet, bias, count)
            rows.append(_weights(vectors, state))
        return np.array(rows)


def bias_sweep(magnet, reach, duration, dephasing=0.0, points=2):
    """Sweep the bias from -reach to +reach, from the ground state.

    Parameters
    ----------
    magnet : LeggettGarg
        With `levels=None` the sweep runs in the full space.
    reach : float
        Final bias 2 h <0|Jz|1> in units of the splitting, > 0.
    duration : float
        In seconds, > 0.
    dephasing : float
        gamma >= 0 in 1/s, jump operator sqrt(gamma) Jz. With it a density matrix is propagated:
        a few tens of levels take a fraction of a second, the full space very long.
    points : int
        How many equidistant biases are recorded, >= 2, both ends included.

    Returns
    -------
    Sweep
        Probabilities are good to 1e-4 or better.

    Raises
    ------
    ValueError, TypeError
        An argument is outside what is said above.

    Examples
    --------
    >>> from lmgbook.bias_sweep import bias_sweep, landau_zener
    >>> from lmgbook.leggett_garg import LeggettGarg
    >>> magnet = LeggettGarg(levels=24)
    >>> round(bias_sweep(magnet, 10, 0.02).not_ground, 2)
    0.13
    >>> round(landau_zener(magnet, 10, 0.02), 2)
    0.13
    """
    _magnet(magnet)
    reach, duration = positive("reach", reach), positive("duration", duration)
    dephasing = in_range("dephasing", dephasing, 0.0, np.inf)
    biases = np.linspace(-reach, reach, positive_integer("points", points, minimum=2))
    times = np.linspace(0, duration, len(biases))
    H, Jz = _operators(magnet, dephasing)
    highest = bias_field(magnet, reach)
    sweep = [H, [-Jz, lambda t: highest * (2 * t / duration - 1)]]
    start = qutip.Qobj(biased_levels(magnet, -reach, 1)[1])
    if dephasing:
        # the drive is proportional to the jump operator: both are diagonal in the same basis
        noise = np.sqrt(dephasing) * Jz
        options = {"method": "dephasing", "matrix_form": True, "atol": 4e-4}
        run = qutip.mesolve(sweep, start.proj(), times, c_ops=[noise], options=options)
    elif magnet.levels == magnet.N + 1:
        options = {"method": "tridiagonal", "atol": 1e-6}
        run = qutip.sesolve(sweep, start, times, options=options)
    else:
        options = {"method": "vern7", "atol": 1e-9, "rtol": 1e-7, "nsteps": 10**7}
        run = qutip.sesolve(sweep, start, times, options=options)
    return Sweep(magnet, reach, duration, dephasing, biases, run.states)


def _magnet(magnet):
    if not isinstance(magnet, LeggettGarg):
        raise TypeError(f"magnet = {magnet!r}: must be a LeggettGarg")
    return magnet


def _bands(magnet):
    # of H in the basis of m, counted from the ground state
    diagonal, off = LMG.leggett_garg(magnet.N, magnet.field).bands()
    ground = magnet.vectors[:, 0]
    energy = diagonal @ ground**2 + 2 * off @ (ground[1:] * ground[:-1])
    return magnet.coupling * (diagonal - energy), magnet.coupling * off


def _operators(magnet, dephasing):
    if magnet.levels < magnet.N + 1:
        return magnet.hamiltonian, magnet.jz
    m = magnetic_numbers(magnet.N)
    return tridiagonal_operator(*_bands(magnet)), tridiagonal_operator(m, np.zeros(len(m) - 1))


def _weights(vectors, state):
    # of real orthogonal vectors in a ket or a density matrix
    if state.isket:
        return np.abs(vectors.T @ state.full()[:, 0]) ** 2
    return np.einsum("ik,ij,jk->k", vectors, state.full(), vectors, optimize=True).real


def _wrong_sign(magnet, state):
    wrong = (1 - np.sign(magnetic_numbers(magnet.N))) / 2
    if magnet.levels == magnet.N + 1:
        return float(wrong @ (state.proj() if state.isket else state).diag().real)
    return float(np.real(qutip.expect(magnet.operator(wrong), state)))


# ---------------------------------------------------------------- the mean-field landscape


def spinodal(field):
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
    g = positive("field", field)
    if g >= 1:
        raise ValueError(f"field = {field!r}: must lie in (0, 1), the ordered phase")
    return float((1 - g ** (2 / 3)) ** 1.5)


def wells(magnet, bias, length=None):
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
        l in units of hbar; default N/2.

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
    length = N / 2 if length is None else positive("length", length)
    turn = length**2 - (g * N * length**2 / 2) ** (
        2 / 3
    )  # z^2 where the curvature changes its sign
    if turn <= 0:
        raise ValueError(f"field = {g:g}: one well only, needs the ordered phase, field < 1")
    turn = np.sqrt(turn)
    limit = turn * (2 / N - g / np.sqrt(length**2 - turn**2))
    if np.any(np.abs(h) >= limit):
        most = limit * magnet.coupling / bias_field(magnet, 1.0)
        raise ValueError(f"bias = {bias!r}: must be below the spinodal, {most:.4g} splittings")

    def root(low, high, rising):
        low, high = np.full(h.shape, low), np.full(h.shape, high)
        for _ in range(60):
            z = (low + high) / 2
            slope = g * z / np.sqrt(length**2 - z**2) - 2 * z / N - h
            below = (slope < 0) == rising
            low, high = np.where(below, z, low), np.where(below, high, z)
        return (low + high) / 2

    edge = length * (1 - 1e-15)
    return root(-edge, -turn, True), root(-turn, turn, False), root(turn, edge, True)


def _energy(magnet, z, h, length, cosine=1.0):
    transverse = np.sqrt(np.maximum(length**2 - z**2, 0)) * cosine
    return -magnet.coupling * (z**2 / magnet.N + magnet.field * transverse) - h * z


def _curvatures(magnet, z, length):
    # second derivatives of E in z and in phi: their product is the squared frequency
    r = np.sqrt(length**2 - z**2)
    along = magnet.coupling * (magnet.field * length**2 / r**3 - 2 / magnet.N)
    return along, magnet.coupling * magnet.field * r


def well_states(magnet, bias):
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
    length = (magnet.N + 1) / 2
    h = bias_field(magnet, finite("bias", bias))
    left, top, _ = (float(z) for z in wells(magnet, bias, length))
    rim = _energy(magnet, top, h, length)
    low, high = -length, left
    for _ in range(60):  # the turning point on the far side
        z = (low + high) / 2
        low, high = (z, high) if _energy(magnet, z, h, length) > rim else (low, z)
    # substitution z = centre + radius cos u: smooth at the turning points
    u = np.pi * (np.arange(2000) + 0.5) / 2000
    centre, radius = (top + low) / 2, (top - low) / 2
    z = centre + radius * np.cos(u)
    cosine = (_energy(magnet, z, h, length, 0.0) - rim) / (
        magnet.coupling * magnet.field * np.sqrt(length**2 - z**2)
    )
    angle = np.arccos(np.clip(cosine, -1, 1))
    return float(2 * np.sum(angle * radius * np.sin(u)) * (np.pi / 2000) / (2 * np.pi))


# ---------------------------------------------------------------- thermal activation


def kramers_rates(magnet, bias):
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
    return tuple(rate if rate.ndim else float(rate) for rate in rates)


def kramers_error(magnet, reach, duration):
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
    """
    reach, duration = positive("reach", reach), positive("duration", duration)
    wells(magnet, reach)  # raises beyond the spinodal
    steps = 2000
    middle = reach * (2 * (np.arange(steps) + 0.5) / steps - 1)
    out, back = kramers_rates(magnet, middle)
    decay = np.exp(-(out + back) * duration / steps)
    target = back / (out + back)
    p = 1.0
    for factor, goal in zip(decay, target, strict=True):
        p = goal + (p - goal) * factor
    return float(p)


# ---------------------------------------------------------------- classical precession


def wigner_function(magnet, bias):
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
    """
    ground = biased_levels(magnet, bias, 1)[1][:, 0]
    psi = ground if magnet.levels == magnet.N + 1 else magnet.vectors @ ground
    count = len(psi)
    angles = 4 * 2 ** int(np.ceil(np.log2(count)))
    index = np.arange(count)
    products = np.zeros((2 * count - 1, angles))
    products[np.add.outer(index, index), np.subtract.outer(index, index) % angles] = np.outer(
        psi, psi
    )
    azimuth = 2 * np.pi * np.fft.fftfreq(angles)
    near = np.abs(azimuth) <= np.pi / 2
    weights = np.fft.fft(products, axis=1).real[:, near]
    z = magnet.N / 2 - np.arange(2 * count - 1) / 2
    order = np.argsort(azimuth[near])
    return z, azimuth[near][order], weights[:, order] / weights.sum()


def initial_spins(magnet, bias, count, zero_point=True, rng=None):
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
    count = positive_integer("count", count)
    rng = np.random.default_rng(0) if rng is None else rng
    length = (_magnet(magnet).N + 1) / 2
    if zero_point:
        grid, azimuth, weights = wigner_function(magnet, bias)
        size = np.abs(weights).ravel()
        drawn = rng.choice(len(size), count, p=size / size.sum())
        row, column = np.unravel_index(drawn, weights.shape)
        # spread over the cell of the grid
        z = grid[row] + (rng.random(count) - 0.5) / 2
        phi = azimuth[column] + (rng.random(count) - 0.5) * (azimuth[1] - azimuth[0])
        signs = np.sign(weights.ravel()[drawn]) * size.sum()
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


def precess(magnet, spins, reach, duration, dephasing=0.0, rng=None, resolution=1.0):
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
    reach, duration = positive("reach", reach), positive("duration", duration)
    dephasing = in_range("dephasing", dephasing, 0.0, np.inf)
    spins = finite_array("spins", spins)
    if spins.ndim != 2 or len(spins) != 3:
        raise ValueError(f"spins of shape {spins.shape}: must have shape (3, count)")
    rng = np.random.default_rng(0) if rng is None else rng
    transverse = magnet.field * magnet.coupling
    steps = int(np.ceil(duration * transverse * positive("resolution", resolution) / 0.5))
    dt = duration / steps
    part = 1 / (4 - 4 ** (1 / 3))
    about_z = np.array([part, part, 1 - 4 * part, part, part])
    about_x = (np.append(about_z, 0) + np.append(0, about_z)) / 2
    about_x[0] += about_x[-1]  # the last of a step and the first of the next are one
    highest, twist = bias_field(magnet, reach), 2 * magnet.coupling / magnet.N
    moments = np.cumsum(about_z) - about_z / 2
    turns = np.tan(-transverse * dt * np.append(about_x[1:5], about_x[0]) / 2)
    x, y, z = spins.copy()
    # the first of all is half as long as those between the steps
    y, z = _rotate(y, z, np.tan(-transverse * dt * about_z[0] / 4))
    for k in range(steps):
        if dephasing:
            x, y = _rotate(x, y, _tangent(np.sqrt(dephasing * dt) * rng.standard_normal(len(x))))
        for i in range(5):
            field = highest * (2 * (k + moments[i]) / steps - 1)
            x, y = _rotate(x, y, _tangent((-twist * z - field) * (about_z[i] * dt)))
            y, z = _rotate(y, z, turns[i])
    # half of the last rotation belonged to a step that does not come
    y, z = _rotate(y, z, np.tan(transverse * dt * about_z[0] / 4))
    return np.array([x, y, z])


def wigner_error(
    magnet,
    reach,
    duration,
    dephasing=0.0,
    zero_point=True,
    trajectories=2000,
    seed=0,
):
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
    """
    count = positive_integer("trajectories", trajectories, minimum=2)
    rng = np.random.default_rng(positive_integer("seed", seed, minimum=0))
    reach = positive("reach", reach)
    spins, weights = initial_spins(magnet, -reach, count, zero_point, rng)
    end = precess(magnet, spins, reach, duration, dephasing, rng)
    wrong = weights * (end[2] < 0)
    return float(wrong.mean()), float(wrong.std() / np.sqrt(count))


def _tangent(angle):
    # of half a small angle
    half = angle / 2
    square = half * half
    return half * (1 + square * (1 / 3 + square * (2 / 15)))


def _rotate(a, b, tangent):
    # exactly orthogonal for any value of the tangent of half the angle
    sine = 2 * tangent / (1 + tangent * tangent)
    a = a - tangent * b
    b = b + sine * a
    return a - tangent * b, b
