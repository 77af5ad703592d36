"""Motion and noise in turn: Strang splitting for noise along one direction.

This is no method of `mesolve`, but the engine of `lmgbook.leggett_garg`. Where the noise has one
Hermitian jump operator L, it only multiplies each element of an operator in the eigenbasis of L by
a number below one; in the eigenbasis of H the motion only multiplies it by a phase. Half a step of
motion, a step of noise, half a step of motion (Strang, SIAM J. Numer. Anal. 5, 506 (1968)): second
order in the step, and each step is a physical channel, so density matrices stay positive at any
step size. It pays where H has a wide spectrum and the noise is weak. For driven H, or for a few
levels, `mesolve` with ``matrix_form=True`` and an explicit method is faster.
"""

from collections.abc import Callable
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .. import checks

MOST = 10**8  # steps to one time


def strang(
    x: np.ndarray,
    times: ArrayLike,
    longest: float,
    prepare: Callable[[float], Callable[[np.ndarray, int], np.ndarray]],
    resolution: float = 1.0,
    most: int | None = None,
) -> list[np.ndarray]:
    """Evolve x to the given times by equal steps between them.

    Parameters
    ----------
    x : array
        What the steps act on.
    times : sequence of float
        Ascending, >= 0; x belongs to time 0.
    longest : float
        Longest step at resolution 1.
    prepare : callable
        Takes the length of a step and returns a function of x and a number of steps.
    resolution : float
        Exactly twice as many steps at twice the resolution, if it is a multiple of 1/2: what
        `extrapolated` needs.
    most : int, optional
        At most so many steps from one time to the next: 1 if each is exact.

    Returns
    -------
    list of array
        One for each time.

    Raises
    ------
    ValueError
        A time needs more than `MOST` steps.
    """
    resolution = checks.positive("resolution", resolution)
    longest = checks.positive("longest", longest)
    most = None if most is None else checks.positive_integer("most", most)
    now, dt, moved = 0.0, None, []
    for t in checks.ascending("times", times, least=None).tolist():
        count = int(np.ceil(2 * resolution * np.ceil((t - now) / (2 * longest) * (1 - 1e-9))))
        count = count if most is None else min(count, most)
        if count > MOST:
            raise ValueError(f"times: {count} steps to t = {t:g}: too many; take a shorter time")
        if count:
            if dt is None or abs((t - now) / count - dt) > 1e-12 * dt:
                dt = (t - now) / count
                steps = checks.function("prepare", prepare)(dt)
            x = steps(x, count)
        now = t
        moved.append(x)
    return moved


def extrapolated(run: Callable[[float], Any], tolerance: float = 1e-4) -> np.ndarray:
    """Remove the error of second order from run(resolution), by two resolutions.

    Parameters
    ----------
    run : callable
        Takes a resolution.
    tolerance : float
        So close the two must be; until then the resolution is doubled.

    Raises
    ------
    ArithmeticError
        They are not close at 128 times the coarsest resolution, 1/2.
    """
    tolerance = checks.positive("tolerance", tolerance)
    resolution, coarse, fine = 0.5, checks.function("run", run)(0.5), run(1.0)
    while np.max(np.abs(fine - coarse)) > tolerance:
        resolution *= 2
        if resolution > 64:
            raise ArithmeticError("the splitting of H and noise does not converge")
        coarse, fine = fine, run(2 * resolution)
    return (4 * fine - coarse) / 3


class ParityDephasing:
    """Hermitian operators under H and a noise that changes the parity which H conserves.

    Such operators come in blocks of half the size. In the frame where the jump operator L pairs
    each even with one odd vector, the noise multiplies the blocks element by element and mixes each
    with its partner.

    Parameters
    ----------
    energies : array, shape (levels,)
        Of the basis of all operators here, the eigenvectors of H.
    is_odd : array of bool, shape (levels,)
        Parity of these.
    jump : array, shape (levels, levels)
        L, real symmetric, without elements inside a parity.
    """

    def __init__(self, energies: ArrayLike, is_odd: ArrayLike, jump: ArrayLike):
        self.energies = checks.finite_array("energies", energies, shape=(None,))
        size, odd = len(self.energies), np.asarray(is_odd)
        if odd.dtype.kind != "b" or odd.shape != (size,):
            raise ValueError(f"is_odd = {is_odd!r}: must be {size} times True or False")
        self._rows = np.flatnonzero(~odd), np.flatnonzero(odd)
        self._jump = checks.finite_array("jump", jump, shape=(size, size))

    @cached_property
    def _frame(self):
        # singular vectors of the block of L between the parities: L u_k = s_k v_k and back
        u, s, vt = np.linalg.svd(self._jump[np.ix_(*self._rows)])
        padded = np.zeros(max(len(u), len(vt)))
        padded[: len(s)] = s
        return (u, vt.T), padded

    def split(self, x: np.ndarray, odd: bool) -> np.ndarray:
        """Blocks of x in the frame, of one parity.

        Parameters
        ----------
        x : array, shape (levels, levels)
            Hermitian.
        odd : bool
            False: the two blocks inside the parities, stacked. True: the one between even and odd,
            of which the other is the adjoint.

        Returns
        -------
        array of complex, shape (2, size, size) or (size, size)
            A row of zeros stands for a level without a partner.
        """
        frames, s = self._frame
        x = checks.finite_array("x", x, shape=self._jump.shape, dtype=complex)
        out = np.zeros((1 if checks.flag("odd", odd) else 2, len(s), len(s)), dtype=complex)
        for block, a, b in zip(out, (0, 1), (1, 1) if odd else (0, 1), strict=False):
            u, v = frames[a], frames[b]
            block[: len(u), : len(v)] = u.T @ x[np.ix_(self._rows[a], self._rows[b])] @ v
        return out[0] if odd else out

    def join(self, blocks: np.ndarray, odd: bool) -> np.ndarray:
        """The operator of these blocks, the reverse of `split`."""
        (u, v), s = self._frame
        shape = (len(s),) * 2 if checks.flag("odd", odd) else (2, len(s), len(s))
        blocks = checks.finite_array("blocks", blocks, shape=shape, dtype=complex)
        even_rows, odd_rows = self._rows
        x = np.zeros((len(self.energies), len(self.energies)), dtype=complex)
        if odd:
            block = u @ blocks[: len(u), : len(v)] @ v.T
            x[np.ix_(even_rows, odd_rows)] = block
            x[np.ix_(odd_rows, even_rows)] = block.conj().T
        else:
            x[np.ix_(even_rows, even_rows)] = u @ blocks[0, : len(u), : len(u)] @ u.T
            x[np.ix_(odd_rows, odd_rows)] = v @ blocks[1, : len(v), : len(v)] @ v.T
        return x

    def _drift(self, dt):
        # exp(-iH dt) of both parities in the frame, complex symmetric
        frames, s = self._frame
        drift = np.zeros((2, len(s), len(s)), dtype=complex)
        for block, rows, frame in zip(drift, self._rows, frames, strict=True):
            phases = np.exp(-1j * self.energies[rows] * dt)
            block[: len(rows), : len(rows)] = frame.T @ (phases[:, None] * frame)
        return drift

    def stepper(self, odd: bool, rate: float, adjoint: bool = False):
        """What `strang` has to `prepare`.

        Parameters
        ----------
        odd : bool
            Which blocks are moved.
        rate : float
            The jump operator is sqrt(rate) L.
        adjoint : bool
            True: the Heisenberg picture.
        """
        checks.flag("odd", odd), checks.flag("adjoint", adjoint), checks.not_negative("rate", rate)

        def prepare(dt):
            from . import _kernels  # compiled on first use

            _, s = self._frame
            half, full = (self._drift(sign * dt) for sign in (0.5, 1.0))
            if adjoint:
                half, full = half.conj(), full.conj()
            # <s_k s| X |s_l s'> decays as exp(-rate (s s_k - s' s_l)^2 t/2), s = +-1
            near = np.exp(-rate * dt / 2 * np.subtract.outer(s, s) ** 2)
            far = np.exp(-rate * dt / 2 * np.add.outer(s, s) ** 2)
            keep, mix = (near + far) / 2, (near - far) / 2
            if odd:
                constants = half[0], full[0], half[1].conj(), full[1].conj(), keep, mix
                return lambda x, count: _kernels.odd_dephasing_steps(x, *constants, count)
            constants = half, full, half.conj(), full.conj(), keep, mix
            return lambda x, count: _kernels.even_dephasing_steps(x, *constants, count)

        return prepare
