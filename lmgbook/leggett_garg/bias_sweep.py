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
from numpy.typing import ArrayLike, NDArray
from scipy.linalg import eigh_tridiagonal

from ..checks import (
    affordable,
    finite,
    finite_array,
    instance,
    not_negative,
    positive,
    positive_integer,
    unwrap,
)
from ..lmg import LMG, magnetic_numbers, tridiagonal_operator
from .magnet import LeggettGarg


def bias_field(magnet: LeggettGarg, bias: ArrayLike) -> float | NDArray[np.float64]:
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
    instance("magnet", magnet, LeggettGarg)
    unit = magnet.splitting / (2 * abs(magnet.jz[0, 1]))
    return unwrap(finite_array("bias", bias) * unit)


def landau_zener(
    magnet: LeggettGarg | float, reach: float, duration: ArrayLike
) -> float | NDArray[np.float64]:
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
    splitting = positive("magnet", getattr(magnet, "splitting", magnet))
    reach = positive("reach", reach)
    times = finite_array("duration", duration, above=0)
    return unwrap(np.exp(-np.pi * splitting * times / (4 * reach)))


def biased_levels(
    magnet: LeggettGarg, bias: float, count: int | None = None
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
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
        Real, in the basis of `BiasSweep.states`.
    """
    dim = len(instance("magnet", magnet, LeggettGarg).energies)
    count = dim if count is None else positive_integer("count", count, maximum=dim)
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
class BiasSweep:
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
    biases: NDArray[np.float64] = field(repr=False)
    states: list[qutip.Qobj] = field(repr=False)

    @cached_property
    def not_ground(self) -> float:
        """Probability not to end in the ground state of the final Hamiltonian."""
        _, ground = biased_levels(self.magnet, self.reach, 1)
        return float(1 - _weights(ground, self.states[-1])[0])

    @cached_property
    def wrong_sign(self) -> float:
        """Probability to end with m < 0; m = 0 counts half."""
        return _wrong_sign(self.magnet, self.states[-1])

    @cached_property
    def floor(self) -> float:
        """Wrong sign of the final ground state itself, which no slow sweep can avoid."""
        _, ground = biased_levels(self.magnet, self.reach, 1)
        return _wrong_sign(self.magnet, qutip.Qobj(ground))

    def populations(self, count: int) -> NDArray[np.float64]:
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


def bias_sweep(
    magnet: LeggettGarg,
    reach: float,
    duration: float,
    dephasing: float = 0.0,
    points: int = 2,
) -> BiasSweep:
    """BiasSweep the bias from -reach to +reach, from the ground state.

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
    BiasSweep
        Probabilities are good to 1e-4 or better.

    Raises
    ------
    ValueError, TypeError
        An argument is outside what is said above.

    Examples
    --------
    >>> from lmgbook.leggett_garg.bias_sweep import bias_sweep, landau_zener
    >>> from lmgbook.leggett_garg import LeggettGarg
    >>> magnet = LeggettGarg(levels=24)
    >>> round(bias_sweep(magnet, 10, 0.02).not_ground, 2)
    0.13
    >>> round(landau_zener(magnet, 10, 0.02), 2)
    0.13

    Notes
    -----
    Cost: 7 ms for all 371 levels without noise, 20 ms for 12 with it; as the duration, with noise
    as levels^2.
    """
    instance("magnet", magnet, LeggettGarg)
    reach = positive("reach", reach)
    duration = finite("duration", positive("duration", duration), least=1e-20)
    dephasing = not_negative("dephasing", dephasing)
    points = positive_integer("points", points, minimum=2)
    each = 16.0 * len(magnet.energies) ** (2 if dephasing else 1)
    affordable(f"points = {points}", memory=each * points, seconds=1e-4 * points)
    highest = bias_field(magnet, reach)
    _refuse_long(magnet, reach, duration, dephasing, highest)
    biases = np.linspace(-reach, reach, points)
    times = np.linspace(0, duration, len(biases))
    H, Jz = _operators(magnet)
    sweep = [H, [-Jz, lambda t: highest * (2 * t / duration - 1)]]
    start = qutip.Qobj(biased_levels(magnet, -reach, 1)[1])
    if dephasing:
        noise = np.sqrt(dephasing) * Jz
        options = {"method": "vern7", "atol": 1e-7, "rtol": 1e-5, "nsteps": 10**7}
        options["matrix_form"] = True  # products of small matrices instead of a Liouvillian
        run = qutip.mesolve(sweep, start.proj(), times, c_ops=[noise], options=options)
    elif magnet.levels == magnet.N + 1:
        options = {"method": "tridiagonal", "atol": 1e-6}
        # its many steps call no function: two values and the line between them
        sweep[1][1] = qutip.coefficient(
            np.array([-highest, highest]), tlist=times[[0, -1]], order=1
        )
        run = qutip.sesolve(sweep, start, times, options=options)
    else:
        options = {"method": "vern7", "atol": 1e-9, "rtol": 1e-7, "nsteps": 10**7}
        run = qutip.sesolve(sweep, start, times, options=options)
    return BiasSweep(magnet, reach, duration, dephasing, biases, run.states)


def _refuse_long(magnet, reach, duration, dephasing, highest):
    # the fastest phase, times what one radian of it takes as measured
    rate = magnet.energies[-1] + highest * magnet.N + dephasing * abs(magnet.jz[0, 1]) ** 2
    radian = 1e-5 if magnet.levels <= magnet.N else 1e-7
    if dephasing:
        radian = 5e-5 * (1 + (magnet.levels / 24) ** 2)
    affordable(
        f"reach = {reach:g}, duration = {duration:g}, dephasing = {dephasing:g}",
        seconds=duration * rate * radian,
        advice="take a shorter sweep or fewer levels",
    )


def _bands(magnet):
    # of H in the basis of m, counted from the ground state
    diagonal, off = LMG.leggett_garg(magnet.N, magnet.field).bands()
    ground = magnet.vectors[:, 0]
    energy = diagonal @ ground**2 + 2 * off @ (ground[1:] * ground[:-1])
    return magnet.coupling * (diagonal - energy), magnet.coupling * off


def _operators(magnet):
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
        return float(
            wrong @ (np.abs(state.full()[:, 0]) ** 2 if state.isket else state.diag().real)
        )
    return float(np.real(qutip.expect(magnet.operator(wrong), state)))
