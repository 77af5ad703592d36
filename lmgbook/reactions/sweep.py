"""Direct integration of a sweep, read out in a frame in which its end is an end."""

import cmath
import math
import warnings
from dataclasses import dataclass

import numpy as np
import qutip
import scipy.sparse as sp
from numpy.typing import ArrayLike, NDArray

from ..checks import affordable, ascending, finite, one_of, positive
from ..integrators.tridiagonal import TridiagonalPropagator
from . import moving_frame
from .hamiltonians import (
    diagonal_matrix,
    effective_parts,
    hamiltonian_parts,
    inverse_power,
    sparse_qobj,
    two_channel_states,
)

READOUTS = ("superadiabatic", "adiabatic", "diabatic")


@dataclass(frozen=True)
class Sweep:
    """Result of `evolve`.

    Attributes
    ----------
    probabilities : ndarray
        P[m] as `single_channel`, or P[n1, n2] as `two_channel`.
    state : ndarray
        Final amplitudes in the frame of the readout, on |m> or on `two_channel_states`.
    begin, T : float
        The equation of all states was integrated from begin < 0 to T.
    estimate : float
        Estimated error of the probabilities, usually generous: from the next orders of the frame
        at both ends and the loss of norm; for the other readouts also the difference from the
        superadiabatic one.
    amplitudes : ndarray
        One channel, superadiabatic (otherwise None): the elements S_m0 of the scattering matrix,
        without the time dependence of Eq. (57); sqrt(P_m) exp(i Phi_m) with `scattering_phases`.
    times, states : ndarray
        If times were asked for (otherwise None): the amplitudes of the basis states there, shape
        (times, states).
    """

    probabilities: NDArray[np.float64]
    state: NDArray[np.complex128]
    begin: float
    T: float
    estimate: float
    amplitudes: NDArray[np.complex128] | None = None
    times: NDArray[np.float64] | None = None
    states: NDArray[np.complex128] | None = None


def evolve(
    N: int,
    g: float,
    beta: float,
    epsilon: float | None = None,
    T: float | None = None,
    g2: float | None = None,
    readout: str = "superadiabatic",
    tolerance: float = 1e-8,
    times: ArrayLike | None = None,
) -> Sweep:
    """Integrate the Schrodinger equation of one or two channels, with molecules only at first.

    One channel is a tridiagonal problem, for `integrators.TridiagonalPropagator`. Two channels, and
    a tolerance below 1e-8, take QuTiP's solver (vern9) in the interaction picture: all couplings
    share one phase factor (in two channels there are two), so that the steps need not resolve the
    width beta t N of the spectrum.

    Parameters
    ----------
    N : int
        Number of molecules, >= 1.
    g, beta : float
        Coupling >= 0 and sweep rate > 0.
    epsilon : float, optional
        Half the distance of the two atomic levels, > 0; None: one channel.
    T : float, optional
        Integrate over (-T, T), T > 0. None: begin when the next order of the frame is below the
        tolerance, and end when the estimated error is.
    g2 : float, optional
        Coupling of the second channel, >= 0, if it differs.
    readout : {"superadiabatic", "adiabatic", "diabatic"}
        In what the evolution begins and ends. Superadiabatic: the frame of `moving_frame`, with the
        probabilities of t = infinity. In two channels pairs still change places after T; their
        equation at a fixed number of molecules (Eq. 72 with all orders kept here) is then
        integrated to the end. Adiabatic, diabatic: populations of the instantaneous eigenstates or
        of the basis states at T. They need T >> g N/beta, and with two channels
        T >> N g^2/(beta epsilon), which is long if epsilon is small.
    tolerance : float
        Wanted error of the probabilities, in (0, 1].
    times : array, optional
        Ascending times in [-T, T] at which to keep the state; T must be given.

    Returns
    -------
    Sweep

    Warns
    -----
    UserWarning
        The tolerance is missed: T is too short. The message has the estimate; tolerance=1 mutes it.

    Notes
    -----
    Cost: one channel: 0.1 s for 100 molecules at q = 1, 0.9 s for 500; a slow sweep (g^2 N/beta =
    90) of 64: 0.5 s. Two channels: 2 s for 40 molecules, 10 s for 100.
    """
    tolerance = finite("tolerance", tolerance, above=0, most=1)
    one_of("readout", readout, READOUTS)
    molecules, levels, ups = hamiltonian_parts(N, g, beta, epsilon, g2)
    beta = float(beta)
    energies = beta * molecules
    terms = {
        -1: diagonal_matrix(energies),
        0: sum(up + up.T for up, _ in ups) + diagonal_matrix(levels),
    }
    generators, rest = moving_frame.frame(terms, energies, -1)
    static, still = generators, rest
    if readout == "adiabatic":
        static, still = moving_frame.frame(terms, energies, -1, moving=False)
    given = T is not None
    if given:
        T = positive("T", T)
    else:
        T = max(moving_frame.earliest(generators, tolerance / 8), 3 / beta**0.5)
    if times is not None:
        if not given:
            raise ValueError(f"times = {times!r}: must be None unless T is given")
        times = ascending("times", times, least=-T, most=T)

    strength = max(g, g2 or 0.0)
    radians = 2 * T * (beta * T + 2 * (epsilon or 0.0) + strength * N**1.5)
    if epsilon is not None:  # the pairs change places until they freeze
        radians += 16 * N * (epsilon * T + N * strength**2 / beta)
        late = {p: abs(matrix).sum(axis=1).max() for p, matrix in rest.items() if p > 1}
        with np.errstate(over="ignore"):  # too early for the frame
            radians += sum(size * np.float64(T) ** (1 - p) for p, size in late.items())
    affordable(
        f"N = {N}, g = {strength:g}, beta = {beta:g}, epsilon = {epsilon}, T = {T:g}",
        seconds=radians * (2e-4 + 2e-6 * len(levels)),
        advice="take a shorter sweep (with two channels a longer one), or fewer molecules",
    )

    begin = -T
    exact, loss = moving_frame.first_axis(generators, begin)
    start, _ = moving_frame.first_axis(static, begin)
    if readout == "diabatic":
        start = np.eye(1, len(levels), dtype=complex)[0]
    loss += np.linalg.norm(start - exact)

    # for less the rounding errors of so many short steps would be seen
    tridiagonal = epsilon is None and g > 0 and tolerance >= 1e-8
    state, drift = (_tridiagonal if tridiagonal else in_interaction_picture)(
        begin, start, levels, energies, ups, beta, tolerance, T
    )

    states = None if times is None else np.array([state(t) for t in times])
    psi = state(T)
    inside, error = moving_frame.read(generators, T, psi)
    while not given and error > tolerance / 3:
        T = moving_frame.later(T, error, tolerance / 3)
        psi = state(T)
        inside, error = moving_frame.read(generators, T, psi)
    amplitudes = None
    if epsilon is not None:
        freezing = N * strength**2 / (beta * epsilon)
        inside, more = _redistributed(rest, molecules, levels, T, inside, freezing, tolerance)
        error += more
    elif readout == "superadiabatic":
        amplitudes = inside * _phase_factors(rest, T, beta) / _phase_factors(rest, begin, beta)[0]
    final = abs(inside) ** 2
    if readout == "diabatic":
        inside = psi
    elif readout == "adiabatic":
        inside = _eigenstates(still, molecules, T, moving_frame.read(static, T, psi)[0])
    populations = abs(inside) ** 2
    largest = np.sqrt(np.max(populations))
    loss += abs(1 - np.sum(populations)) + drift()
    estimate = np.max(abs(populations - final)) + error + 2 * largest * loss + loss**2
    if estimate > tolerance:
        _warn(T, tolerance, estimate)
    if epsilon is not None:
        table = np.zeros((N + 1, N + 1))
        table[two_channel_states(N)] = populations
        populations = table
    result = populations, inside, float(begin), float(T), min(float(estimate), 1.0)
    return Sweep(*result, amplitudes, times, states)


def redistribute(
    n: int,
    g: float,
    beta: float,
    epsilon: float = 1.0,
    T: float | None = None,
    readout: str = "superadiabatic",
    tolerance: float = 1e-8,
) -> NDArray[np.float64]:
    """Final distribution of n pairs over the two channels, by integration of Eq. (72).

    The evolution begins at an early time, 1e-10/(epsilon n) by default, in the eigenstate there,
    Eq. (71), and runs in the logarithm of t.

    Parameters
    ----------
    n : int
        Number of pairs, >= 1.
    g, beta, epsilon : float
        Coupling >= 0, sweep rate > 0 and half the distance of the two atomic levels, > 0.
    T : float, optional
        Last time, which should be >> n g^2/(beta epsilon). None: as long as the tolerance takes.
    readout, tolerance
        As in `evolve`.

    Returns
    -------
    ndarray, shape (n + 1,)
        P[n2]; compare `thermal_law`.

    Warns
    -----
    UserWarning
        As in `evolve` (superadiabatic readout).

    Notes
    -----
    Cost: 50 ms for 50 pairs.
    """
    tolerance = finite("tolerance", tolerance, above=0, most=1)
    one_of("readout", readout, READOUTS)
    levels, exchange = effective_parts(n, g, beta, epsilon)
    early = min(tolerance, 1e-7) / (100 * epsilon * n)
    given = T is not None
    # the evolution begins early
    T = finite("T", T, above=early) if given else max(4 * n * g**2 / beta, 3.0) / epsilon
    _refuse_long(n, g, beta, epsilon, T, 2e-4)

    # the eigenvalue of the first state is taken out, and the levels by the interaction picture
    hop = sp.tril(exchange, -1)
    stay = diagonal_matrix(exchange.diagonal() - exchange[[0], :].sum())
    gap = levels[1] - levels[0]
    H = qutip.QobjEvo(
        [
            sparse_qobj(stay),
            [sparse_qobj(hop), lambda u: cmath.exp(1j * gap * math.exp(u))],
            [sparse_qobj(hop.T), lambda u: cmath.exp(-1j * gap * math.exp(u))],
        ]
    )
    # so close to an eigenstate the solver would try too long a step
    solver = _solver(H, tolerance, first_step=0.01, max_step=0.5)
    solver.start(qutip.Qobj(np.full(n + 1, (n + 1) ** -0.5 + 0j)), np.log(early))
    terms = {0: diagonal_matrix(levels), 1: exchange}
    generators, _ = moving_frame.frame(terms, levels, 0)
    while True:
        psi = solver.step(np.log(T)).full()[:, 0] * np.exp(-1j * levels * T)
        inside, error = moving_frame.read(generators, T, psi)
        if given or error <= tolerance:
            break
        T = moving_frame.later(T, error, tolerance / 2)
    if readout == "diabatic":
        inside = psi
    elif readout == "adiabatic":
        inside = _eigenstates(terms, np.zeros(n + 1), T, psi)
    elif error > tolerance:
        _warn(T, tolerance, error)
    return abs(inside) ** 2


def second_act(
    n: int, g: float, beta: float, times: ArrayLike, epsilon: float = 1.0
) -> list[qutip.Qobj]:
    """States of n pairs under Eq. (72), from the symmetric state of early times, Eq. (71).

    Runs in the logarithm of t, in which the exchange is constant and the levels grow. Starts at
    1e-6/(epsilon n). `redistribute` has the final distribution, with an estimated error.

    Parameters
    ----------
    n : int
        Number of pairs, >= 1.
    g, beta : float
        Coupling >= 0 and sweep rate > 0.
    times : array
        Ascending, later than the start.
    epsilon : float
        Half the distance of the two atomic levels, > 0.

    Returns
    -------
    list of Qobj
        On the states |n - n2, n2>, n2 = 0 ... n, one for each time.
    """
    levels, exchange = effective_parts(n, g, beta, epsilon)
    start = 1e-6 / (epsilon * n)
    array = ascending("times", times, least=start)
    H = [sparse_qobj(exchange), [sparse_qobj(diagonal_matrix(levels)), np.exp]]
    _refuse_long(n, g, beta, epsilon, max(array, default=start), 2e-5)
    symmetric = qutip.Qobj(np.full(n + 1, (n + 1) ** -0.5))
    options = {"method": "tridiagonal"}
    return qutip.sesolve(H, symmetric, np.log([start, *array]), options=options).states[1:]


def _refuse_long(n, g, beta, epsilon, T, radian):
    # in the logarithm of t: the levels' phases at the end, and the exchange all the time
    radians = 4 * epsilon * T * (n if radian < 1e-4 else 1) + 30 * (n + 1) ** 2 * g**2 / beta
    affordable(
        f"n = {n}, g = {g:g}, beta = {beta:g}, epsilon = {epsilon:g}, times up to T = {T:g}",
        seconds=radians * (radian + 1e-6 * n),
        advice="take fewer pairs, or a shorter time",
    )


def _warn(T, tolerance, estimate):
    warnings.warn(
        f"T = {T:.4g} is too short for tolerance = {tolerance:g}: "
        f"the probabilities may be off by {min(estimate, 1.0):.1e}",
        stacklevel=3,
    )


def _solver(H, tolerance, **options):
    fine = max(min(tolerance, 1e-7) / 30 / H.shape[0] ** 0.5, 1e-13)
    options |= {"method": "vern9", "atol": fine, "rtol": fine, "nsteps": 10**8}
    # the loss of norm is part of the error: QuTiP would divide it out of the final state
    options |= {"normalize_output": False, "progress_bar": ""}
    return qutip.SESolver(H, options=options)


def _tridiagonal(begin, start, levels, energies, ups, beta, tolerance, T):
    """One channel, by the package's own integrator: state(t) for ascending t, and its error."""
    hop = ups[0][0].diagonal(-1)
    propagator = TridiagonalPropagator(
        [levels, energies],
        [hop, 0 * hop],
        lambda t: np.stack([np.ones_like(t), t], axis=-1),
        # local errors add up in the phases of the amplitudes, hardly in the probabilities
        atol=min(tolerance, 1e-7) / 10_000,
    )
    propagator.start(begin, start)

    def state(t):
        propagator.advance(t)
        return propagator.state

    # the errors of single steps are of either sign
    return state, lambda: 3 * propagator.atol * propagator.steps**0.5


def in_interaction_picture(begin, start, levels, energies, ups, beta, tolerance, T):
    """Two channels: the same by QuTiP, without the phases of the spectrum's width beta t N."""

    def phases(t):
        return np.exp(1j * t * (energies * (t / 2) + levels))

    # local errors add up: the longer the sweep, the more of them
    solver = _solver(_interaction_picture(ups, beta), tolerance / max(1, beta * T**2 / 300))
    solver.start(qutip.Qobj(phases(begin) * start), begin)
    # here the loss of norm tells
    return lambda t: solver.step(t).full()[:, 0] * phases(t).conj(), lambda: 0.0


def _interaction_picture(ups, beta):
    terms = []
    for up, energy in ups:
        terms.append([sparse_qobj(up), lambda t, e=energy: cmath.exp(1j * t * (e - beta * t / 2))])
        terms.append(
            [sparse_qobj(up.T), lambda t, e=energy: cmath.exp(1j * t * (beta * t / 2 - e))]
        )
    return qutip.QobjEvo(terms)


def _phase_factors(rest, t, beta):
    """exp(i integral of the energies in the frame), in the convention of Eq. (57)."""
    phase = rest[1].diagonal().real * np.log(np.sqrt(beta) * abs(t))
    for p, matrix in rest.items():
        if p != 1:
            phase = phase + matrix.diagonal().real * t ** (1 - p) / (1 - p)
    return np.exp(1j * phase)


def _blocks(terms, molecules):
    """What keeps the number of molecules, but for the energy of the molecules."""
    kept = {}
    for p, matrix in terms.items():
        matrix = matrix.tocoo()
        keep = molecules[matrix.row] == molecules[matrix.col]
        place = matrix.row[keep], matrix.col[keep]
        if p >= 0:
            kept[p] = sp.coo_array((matrix.data[keep], place), matrix.shape).tocsr()
    return kept


def _redistributed(rest, molecules, levels, T, psi, freezing, tolerance):
    """Two channels after T, to the end: amplitudes, and the error of their squares."""
    terms = _blocks(rest, molecules)
    generators, _ = moving_frame.frame(terms, levels, 0)
    H = [sparse_qobj(terms[0])] + [
        [sparse_qobj(matrix), inverse_power(p)] for p, matrix in terms.items() if p
    ]
    solver = _solver(qutip.QobjEvo(H), tolerance)
    solver.start(qutip.Qobj(psi), T)
    inside, error = moving_frame.read(generators, T, psi)
    while error > tolerance / 6:
        T = max(moving_frame.later(T, error, tolerance / 6), freezing)
        psi = solver.step(T).full()[:, 0]
        inside, error = moving_frame.read(generators, T, psi)
    return inside, error


def _eigenstates(terms, molecules, T, psi):
    """Amplitudes in the eigenstates at fixed number of molecules, by ascending energy."""
    H = sum(matrix / T**p for p, matrix in _blocks(terms, molecules).items())
    inside = np.empty_like(psi)
    for number in np.unique(molecules):
        sector = np.flatnonzero(molecules == number)
        _, vectors = np.linalg.eigh(H[sector][:, sector].toarray())
        inside[sector] = vectors.conj().T @ psi[sector]
    return inside
