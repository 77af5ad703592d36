"""Noise that hits every atom on its own, solved exactly by permutation symmetry.

H = -(J3/N) Jz^2 - Gamma Jx as in `leggett_garg`, but each spin 1/2 has its own dephasing, with jump
operators L_i = sqrt(rate) sigma_i^z/2. They lead out of the multiplet of largest spin. The state
stays symmetric under all permutations, though: one matrix rho_j for each total spin j = N/2,
N/2 - 1, ..., the copies of a multiplet being equally likely, and no coherence between different j.

What do the jumps do to these matrices? Single out spin i. The other N - 1 have a spin j - 1/2 or
j + 1/2, with probabilities `p_-` and `p_+` given by the numbers of copies, ::

    p_- = d(N-1, j-1/2)/d(N, j) = 2j (N/2 + j + 1)/(N (2j + 1)),  p_+ = 1 - p_-,

and for a spin 1/2 coupled to a spin k the matrix elements of sigma^z are those of every textbook:
+-2m/(2k+1) within j = k +- 1/2, and sqrt((2k+1)^2 - 4m^2)/(2k+1) between the two. Hence, summed
over all spins, ::

    sum_i sigma_i^z rho_j sigma_i^z =
        (b_j + c_j) M rho_j M     in the block j,      M = diag(m),
        b_j T_j rho_j T_j         in the block j - 1,  T_j = diag(sqrt(j^2 - m^2)),
        c_j T_(j+1) rho_j T_(j+1) in the block j + 1,

with `b_j = N p_-/j^2` and `c_j = N p_+/(j+1)^2`. The same coefficients in another notation: Chase
and Geremia, Phys. Rev. A 78, 052101 (2008); Shammah et al., Phys. Rev. A 98, 063815 (2018), the
source of `qutip.piqs`. The loss is a number, rate N/4, since every sigma_i^z squares to one.
"""

from dataclasses import replace

import numpy as np
import qutip
from numpy.typing import ArrayLike, NDArray
from scipy.linalg import eigh_tridiagonal
from scipy.optimize import brentq

from ..checks import (
    affordable,
    ascending,
    finite,
    flag,
    instance,
    not_negative,
    positive,
    positive_integer,
)
from ..integrators import extrapolated, strang
from ..lmg import bands, magnetic_numbers
from .magnet import LeggettGarg


def jump_weights(N: int, spin: float) -> tuple[float, float]:
    """Coefficients b_j and c_j of the jumps from total spin j to j - 1 and j + 1.

    Parameters
    ----------
    N : int
        Number of spins 1/2.
    spin : float
        j, one of N/2, N/2 - 1, ..., >= 0.

    Returns
    -------
    down, up : float
        They obey down j^2 + up (j+1)^2 = N. Jumps within j have the weight down + up.
    """
    N, j = positive_integer("N", N), finite("spin", spin)
    if not (0 <= j <= N / 2 and (2 * j).is_integer() and (N / 2 - j).is_integer()):
        raise ValueError(f"spin = {spin!r}: must be one of N/2, N/2 - 1, ... >= 0 with N = {N}")
    down = 2 * (N / 2 + j + 1) / (j * (2 * j + 1)) if j > 0 else 0.0
    up = 2 * (N / 2 - j) / ((j + 1) * (2 * j + 1))
    return down, up


class LocalDephasing:
    """The magnet in the total spins that local dephasing reaches.

    Operators and density matrices are arrays of shape (blocks, levels, levels): one matrix for each
    total spin, in the basis of its lowest energy levels, filled up with zeros where a multiplet has
    fewer. The trace of a block is the probability of its total spin.

    Parameters
    ----------
    magnet : LeggettGarg
        Sets N, field, coupling and interval; its own number of levels does not matter.
    blocks : int
        Number of total spins, counted from N/2 downwards, >= 1; all of them, if there are fewer.
    levels : int
        Number of lowest levels kept in each block, >= 2; all of them, if there are fewer.
    detuned : bool
        False: give all blocks the energies of the first, as if a jump changed nothing but the
        state. Not physics, but it tells what the different splittings of the blocks do.

    Attributes
    ----------
    spins : ndarray
        N/2, N/2 - 1, ..., one a block.
    energies : ndarray
        Shape (blocks, levels), in 1/s, counted from the lowest level of each block.
    sign : ndarray
        Q = sign(Jz), shape (blocks, levels, levels).

    Raises
    ------
    ValueError, TypeError
        An argument is outside what is said above.
    """

    def __init__(
        self, magnet: LeggettGarg, blocks: int = 17, levels: int = 30, detuned: bool = True
    ):
        N, detuned = instance("magnet", magnet, LeggettGarg).N, flag("detuned", detuned)
        count = min(positive_integer("blocks", blocks), N // 2 + 1)
        size = min(positive_integer("levels", levels, minimum=2), N + 1)
        affordable(f"levels = {levels}", memory=100.0 * count * size**2)
        self.magnet = replace(magnet, levels=size)
        self.spins = N / 2 - np.arange(count)
        self.energies = np.zeros((count, size))
        self.sign, self._within = np.zeros((2, count, size, size))
        self._down, self._up = np.zeros((2, count - 1, size, size))
        above = np.empty((0, 0))
        for k, j in enumerate(self.spins):
            two_s = round(2 * j)
            m = magnetic_numbers(two_s)
            energies, vectors = self._levels(two_s) if k else (None, self.magnet.vectors)
            here = vectors.shape[1]
            if k and detuned:
                self.energies[k, :here] = energies
            else:
                self.energies[k, :here] = self.magnet.energies[:here]
            self.sign[k, :here, :here] = vectors.T @ (np.sign(m)[:, None] * vectors)
            down, up = jump_weights(N, j)
            within = vectors.T @ (m[:, None] * vectors)
            self._within[k, :here, :here] = np.sqrt(down + up) * within
            if k:
                there = above.shape[1]
                # T_(j+1) has a row for each m of this block; the outermost m of the block above
                # have no partner here
                between = vectors.T @ (np.sqrt((j + 1) ** 2 - m**2)[:, None] * above[1:-1])
                self._down[k - 1, :here, :there] = np.sqrt(jump_weights(N, j + 1)[0]) * between
                self._up[k - 1, :there, :here] = np.sqrt(up) * between.T
            above = vectors

    def _levels(self, two_s):
        diagonal, off = bands(self.magnet.N, 0.25, self.magnet.field / 2, two_s=two_s)
        if two_s == 0:
            return np.zeros(1), np.ones((1, 1))
        top = min(self.energies.shape[1], len(diagonal)) - 1
        energies, vectors = eigh_tridiagonal(diagonal, off, select="i", select_range=(0, top))
        return self.magnet.coupling * (energies - energies[0]), vectors

    def state(self, initial: str | qutip.Qobj = "ground") -> NDArray[np.complex128]:
        """An initial state of the largest total spin.

        Parameters
        ----------
        initial
            As in `LeggettGarg.state`, in the kept levels.

        Returns
        -------
        ndarray of complex, shape (blocks, levels, levels)
        """
        rho = np.zeros_like(self.sign, dtype=complex)
        rho[0] = self.magnet.state(initial).full()
        return rho

    def jump(self, x: ArrayLike, adjoint: bool = False) -> NDArray[np.complex128]:
        """sum_i sigma_i^z x sigma_i^z, the identity times N on the whole space of the N spins.

        Parameters
        ----------
        x : array, shape (blocks, levels, levels)
            A state, or an observable (with `adjoint`).
        adjoint : bool
            True: the adjoint map, of observables.

        Returns
        -------
        ndarray of complex, the shape of x
        """
        return self._jump(self._checked(x), flag("adjoint", adjoint))

    def _checked(self, x):
        try:
            array = np.asarray(x, dtype=complex)
        except (TypeError, ValueError, OverflowError):
            raise TypeError(f"x = {x!r}: must be complex numbers") from None
        if array.shape != self.sign.shape or not np.isfinite(array).all():
            raise ValueError(
                f"x of shape {array.shape}: must have shape {self.sign.shape} and finite entries"
            )
        return array

    def _jump(self, x, adjoint):
        after = _sandwich(self._within, x)
        if adjoint:
            after[:-1] += _sandwich(self._down.mT, x[1:])
            after[1:] += _sandwich(self._up.mT, x[:-1])
        else:
            after[1:] += _sandwich(self._down, x[:-1])
            after[:-1] += _sandwich(self._up, x[1:])
        return after

    def evolve(
        self,
        x: ArrayLike,
        times: ArrayLike,
        rate: float,
        adjoint: bool = False,
        resolution: float = 1.0,
    ) -> NDArray[np.complex128]:
        """Evolve a state or an observable under H and local dephasing.

        Parameters
        ----------
        x : array, shape (blocks, levels, levels)
        times : array, shape (T,)
            In seconds, >= 0, ascending.
        rate : float
            Dephasing rate of one spin, >= 0, in 1/s; the jump operators are sqrt(rate) sigma^z/2.
        adjoint : bool
            True: the Heisenberg picture; False: the Schroedinger picture.
        resolution : float
            Steps finer than the default by this factor; the error falls as its square.

        Returns
        -------
        ndarray of complex, shape (T, blocks, levels, levels)
            States stay positive. What their trace lacks has left the kept blocks and levels.
        """
        times = ascending("times", times)
        rate = not_negative("rate", rate)
        resolution = positive("resolution", resolution)
        x = self._checked(x)
        flag("adjoint", adjoint)
        loss = rate * self.magnet.N / 4
        # a fraction of the motion between the doublet and the third level, or of the time between
        # two jumps
        third = self.energies[0, min(2, self.energies.shape[1] - 1)]
        longest = 1 / (3 * third + 4 * loss)
        last = max(times, default=0.0)
        # an interval takes some runs of rising resolution
        affordable(
            f"times or interval up to {last:g} s, rate = {rate:g}, resolution = {resolution:g}",
            seconds=last / longest * resolution * 4e-5 * (30 + self.sign.size / 50),
            advice="take a shorter time or a lower rate",
        )
        omega = self.energies[:, :, None] - self.energies[:, None, :]
        if not adjoint:
            omega = -omega

        def prepare(dt):
            half, full = np.exp(0.5j * omega * dt), np.exp(1j * omega * dt)

            def steps(x, count):
                x = half * x
                for step in range(count):
                    x = self._jumps(x, rate * dt / 4, adjoint)
                    x = (full if step < count - 1 else half) * x
                return x * np.exp(-loss * count * dt)

            return steps

        moved = strang(x, times, longest, prepare, resolution)
        return np.array(moved).reshape(len(times), *x.shape)

    def _jumps(self, x, weight, adjoint):
        # exponential series of the jumps: a sum of positive maps, so it may stop anywhere
        total, term = x, x
        for order in range(1, 50):
            term = (weight / order) * self._jump(term, adjoint)
            total = total + term
            if np.abs(term).max() <= 1e-14 * np.abs(total).max():
                break
        return total

    def k3(
        self,
        rate: float,
        interval: float | None = None,
        initial: str | qutip.Qobj = "ground",
    ) -> float:
        """Leggett-Garg correlator C12 + C23 - C13 for measurements a time `interval` apart.

        Parameters
        ----------
        rate : float
            Dephasing rate of one spin, >= 0, in 1/s.
        interval : float, optional
            In seconds, > 0; default that of the magnet.
        initial
            As in `state`.

        Returns
        -------
        float
            Extrapolated from two step sizes; the error of the steps is 1e-6 or less.

        Notes
        -----
        Cost: 60 ms for 10 blocks of 20 levels, as blocks levels^3.
        """
        rate = not_negative("rate", rate)
        tau = positive("interval", self.magnet.interval if interval is None else interval)
        before = self.state(initial)

        def run(resolution):
            once, twice = self.evolve(self.sign, [tau, 2 * tau], rate, True, resolution)
            between = self.evolve(before, [tau], rate, False, resolution)[0]
            return np.array(
                self._correlation(once, before)
                + self._correlation(once, between)
                - self._correlation(twice, before)
            )

        return float(extrapolated(run, tolerance=3e-5))

    def _correlation(self, later, rho):
        return np.einsum("bij,bjk,bki->", rho, self.sign, later, optimize=True).real

    def threshold(
        self, interval: float | None = None, initial: str | qutip.Qobj = "ground"
    ) -> float:
        """Lowest rate of local dephasing at which K3 has fallen to one.

        Parameters
        ----------
        interval, initial
            As in `k3`.

        Returns
        -------
        float
            In 1/s; NaN if K3 does not exceed one even without dephasing.

        Notes
        -----
        Cost: some twenty calls of `k3`: 1 s for 10 blocks of 20 levels.
        """
        tau = positive("interval", self.magnet.interval if interval is None else interval)

        def excess(rate):
            return self.k3(rate, tau, initial) - 1

        low, high = 0.0, 1 / (self.magnet.N * tau)
        if excess(low) <= 0:
            return float("nan")
        while excess(high) > 0:
            low, high = high, 1.5 * high
        return float(brentq(excess, low, high, rtol=1e-5))


def _sandwich(outer, x):
    # outer x outer^T for real outer: real and imaginary parts side by side are half the work
    for _ in range(2):
        x = (outer @ np.ascontiguousarray(x, dtype=complex).view(float)).view(complex).mT
    return x


def local_dephasing_k3(
    magnet: LeggettGarg, rate: float, blocks: int = 17, levels: int = 30
) -> float:
    """K3 of a magnet whose atoms dephase one by one; see `LocalDephasing`.

    Parameters
    ----------
    magnet : LeggettGarg
    rate : float
        Dephasing rate of one spin, >= 0, in 1/s; the jump operators are sqrt(rate) sigma^z/2.
    blocks, levels : int
        Kept total spins, and kept levels in each.

    Returns
    -------
    float

    Examples
    --------
    >>> from lmgbook.leggett_garg import LeggettGarg
    >>> from lmgbook.leggett_garg.local_dephasing import local_dephasing_k3
    >>> round(local_dephasing_k3(LeggettGarg(), rate=1.0), 3)
    1.402
    """
    return LocalDephasing(magnet, blocks, levels).k3(rate)
