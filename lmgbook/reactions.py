"""Competing bosonic reactions (paper 5: Suzuki, Malla, Sinitsyn).

The driven bosonic Tavis-Cummings model: N molecules, whose energy rises as beta t, dissociate into
pairs of atoms in one or in two channels,

    H = beta t (N - n1 - n2) + 2 eps (n2 - n1) + g [Psi^+ (a1 b1 + a2 b2) + h.c.],     Eq. (59),

hbar = 1; n1 and n2 count the pairs in each channel, channel 1 is the lower one, and without the
second channel (and with eps = 0) this is Eq. (39). An atom has the energy -eps or eps, a pair twice
that: the three-state model (6) is N = 1 with eps/2. At t = -infinity there are molecules only. All
probabilities depend on one number, s = 2 pi g^2/beta, mostly through x = e^(-s). The coupling g is
>= 0 (its sign is a phase of Psi); at g = 0 nothing happens.
"""

import cmath
import math
import warnings
from dataclasses import dataclass

import numpy as np
import qutip
import scipy.sparse as sp
from scipy.optimize import brentq
from scipy.special import loggamma

from . import moving_frame
from ._validate import finite, finite_array, one_of, positive, positive_integer

READOUTS = ("superadiabatic", "adiabatic", "diabatic")

# ---------------------------------------------------------------- exact laws


def demkov_osherov(g, beta):
    """Final probabilities of the three-state model for any eps > 0, Eq. (7).

    Parameters
    ----------
    g, beta : float
        Coupling >= 0 and sweep rate > 0.

    Returns
    -------
    P00, P01, P02 : float
        Level 1 is the lower one of the two parallel levels.
    """
    s = _exponent(g, beta)
    x = np.exp(-s)
    return float(x * x), float(-np.expm1(-s)), float(-x * np.expm1(-s))


def single_channel(N, g, beta):
    """Probabilities of the number of dissociated pairs in one channel, Eq. (40).

    Parameters
    ----------
    N : int
        Number of molecules, >= 0.
    g, beta : float
        Coupling >= 0 and sweep rate > 0.

    Returns
    -------
    ndarray, shape (N + 1,)
        P[m] for m = 0 ... N pairs, with small relative errors (1e-12 at N = 10^6).
    """
    N, s = positive_integer("N", N, minimum=0), _exponent(g, beta)
    rest = np.arange(N + 1)  # N - m molecules are left
    return np.exp(_log_tail(N, s) - s * rest)[::-1]


def two_channel(N, g, beta):
    """Joint probabilities of the pairs in two channels, Eq. (61).

    With nu = N - n1 - n2 this is x^(n2 + 2 nu) (1 - x^(nu+1)) ... (1 - x^N).

    Parameters
    ----------
    N : int
        Number of molecules, >= 0. The table takes 8 (N + 1)^2 bytes.
    g, beta : float
        Coupling >= 0 and sweep rate > 0.

    Returns
    -------
    ndarray, shape (N + 1, N + 1)
        P[n1, n2], zero for n1 + n2 > N.
    """
    N, s = positive_integer("N", N, minimum=0), _exponent(g, beta)
    n2 = np.arange(N + 1)
    rest = N - np.add.outer(n2, n2)
    left = np.maximum(rest, 0)
    return np.where(rest >= 0, np.exp(_log_tail(N, s)[left] - s * (n2 + 2 * left)), 0.0)


def two_channel_total(N, g, beta):
    """Probabilities of the total number of pairs in two channels, Eq. (62).

    Parameters
    ----------
    N : int
        Number of molecules, >= 0.
    g, beta : float
        Coupling >= 0 and sweep rate > 0.

    Returns
    -------
    ndarray, shape (N + 1,)
        P[n], n = n1 + n2 = 0 ... N.
    """
    N, s = positive_integer("N", N, minimum=0), _exponent(g, beta)
    rest = np.arange(N + 1)
    # sum of x^n2 over n2 = 0 ... n
    total = np.expm1(-s * (N - rest + 1)) / np.expm1(-s) if s else N - rest + 1.0
    return (total * np.exp(_log_tail(N, s) - 2 * s * rest))[::-1]


def thermal_law(n, g, beta):
    """How n pairs are shared between the two channels in the end, Eq. (75).

    Parameters
    ----------
    n : int
        Number of pairs, >= 0.
    g, beta : float
        Coupling >= 0 and sweep rate > 0.

    Returns
    -------
    ndarray, shape (n + 1,)
        P[n2], proportional to x^n2.
    """
    n, s = positive_integer("n", n, minimum=0), _exponent(g, beta)
    norm = np.expm1(-s) / np.expm1(-s * (n + 1)) if s else 1 / (n + 1)
    return norm * np.exp(-s * np.arange(n + 1))


def mean_numbers(N, g, beta):
    """Mean numbers of pairs in the two channels, without the joint table.

    Parameters
    ----------
    N : int
        Number of molecules, >= 0.
    g, beta : float
        Coupling >= 0 and sweep rate > 0.

    Returns
    -------
    n1, n2 : float
        The first is also the mean of `single_channel`.
    """
    n = np.arange(positive_integer("N", N, minimum=0) + 1)
    a = _exponent(g, beta) / 2
    # at given n: n1 - n2 = (n+1) coth a(n+1) - coth a, for small arguments by its series
    z = a * (n + 1)
    series = z < 0.05
    split = np.empty(len(n))
    k = n[series] + 1.0
    powers = ((1, 1 / 3), (3, -1 / 45), (5, 2 / 945), (7, -1 / 4725))
    split[series] = sum(c * a**p * (k ** (p + 1) - 1) for p, c in powers)
    split[~series] = (n[~series] + 1) / np.tanh(z[~series]) - (1 / np.tanh(a) if a else 0.0)
    total = two_channel_total(N, g, beta)
    return float(total @ (n + split) / 2), float(total @ (n - split) / 2)


def most_probable(N, g, beta):
    """Position of the maximum of `single_channel`, Eqs. (51), (52), (54).

    Parameters
    ----------
    N : int
        Number of molecules, >= 0.
    g, beta : float
        Coupling >= 0 and sweep rate > 0.

    Returns
    -------
    int
        The smallest m >= N - n_ex, n_ex = -ln(1 - x)/s, and not below zero.
    """
    N, s = positive_integer("N", N, minimum=0), _exponent(g, beta)
    excited = -_log_one_minus(np.array([s]))[0] / s if s else np.inf
    return int(min(max(np.ceil(N - excited), 0), N))


def critical_rate(N, g):
    """Sweep rate below which the maximum of `single_channel` leaves m = 0, Eq. (47).

    Parameters
    ----------
    N : int
        Number of molecules, >= 1.
    g : float
        Coupling, >= 0.

    Returns
    -------
    float
        2 pi g^2/s at the root of 1 - x = x^N.
    """
    N, g = positive_integer("N", N), _coupling("g", g)
    root = brentq(
        lambda s: N * s + _log_one_minus(np.array([s]))[0],
        1 / (4 * N),
        np.log(2.0) * (1 + 1e-9),
        xtol=1e-300,
        rtol=1e-15,
    )
    return 2 * np.pi * g**2 / root


def scattering_phases(N, g, beta):
    """Phases of the final amplitudes of one channel, Eq. (58) corrected.

    Phi_m = 3 pi m/4 + sum over k = 1 ... m of arg Gamma[i (k + N - m) g^2/beta]
    - 2 arg Gamma(i k g^2/beta), in the convention of Eq. (57) with its sign corrected: as
    t -> infinity, the amplitude of m pairs is sqrt(P_m) exp(i Phi_m + i theta_m) with
    theta_m = m beta t^2/2 - [g_(m+1,m)^2 - g_(m,m-1)^2]/beta ln(sqrt(beta) t).

    Parameters
    ----------
    N : int
        Number of molecules, >= 0.
    g, beta : float
        Coupling >= 0 and sweep rate > 0; g = 0 is the limit of small g.

    Returns
    -------
    ndarray, shape (N + 1,)
        Phi_0 = 0, Phi_1, ... Phi_N in radians, continuous in g (not reduced to one turn).
    """
    N = positive_integer("N", N, minimum=0)
    gamma = _exponent(g, beta) / (2 * np.pi)
    k = np.arange(1, N + 1)
    phases = loggamma(1j * gamma * k).imag if gamma else np.full(N, -np.pi / 2)
    total = np.concatenate([[0.0], np.cumsum(phases)])
    return 0.75 * np.pi * np.arange(N + 1) + total[N] - total[::-1] - 2 * total


def _coupling(name, value):
    number = finite(name, value)
    if number < 0:
        raise ValueError(f"{name} = {value!r}: must be >= 0")
    return number


def _exponent(g, beta):
    """The number s = 2 pi g^2/beta."""
    return 2 * np.pi * _coupling("g", g) ** 2 / positive("beta", beta)


def _log_one_minus(z):
    """ln(1 - e^(-z)) for ascending z >= 0, accurate at both ends."""
    split = np.searchsorted(z, np.log(2.0))
    with np.errstate(divide="ignore"):  # z = 0 gives -inf, as it should
        return np.concatenate([np.log(-np.expm1(-z[:split])), np.log1p(-np.exp(-z[split:]))])


def _log_tail(N, s):
    """Logarithms of (1 - x^(nu+1)) ... (1 - x^N) for nu = 0 ... N."""
    # summed from the far end, where the logarithms are small (forward sums would lose three
    # digits), and in blocks, so that no sum has many terms
    factors = _log_one_minus(s * np.arange(1, N + 1))[::-1]
    width = math.isqrt(N) + 1
    blocks = np.append(factors, np.zeros(-N % width)).reshape(-1, width)
    before = np.cumsum(np.append(0.0, blocks.sum(axis=1)))[:-1]
    tail = (np.cumsum(blocks, axis=1) + before[:, None]).ravel()[:N]
    return np.append(tail[::-1], 0.0)


# ---------------------------------------------------------------- Hamiltonians


def one_channel_hamiltonian(N, g, beta):
    """Hamiltonian of one channel on the states of m = 0 ... N pairs, Eq. (39).

    Parameters
    ----------
    N : int
        Number of molecules, >= 1.
    g, beta : float
        Coupling >= 0 and sweep rate > 0.

    Returns
    -------
    QobjEvo
        beta t (N - m) on the diagonal, g (m + 1) sqrt(N - m) beside it.
    """
    molecules, _, (up,) = _parts(N, g, beta)
    return _evolving(up[0] + up[0].T, beta * molecules)


def two_channel_states(N):
    """The basis of the two-channel problem.

    Parameters
    ----------
    N : int
        Number of molecules, >= 0.

    Returns
    -------
    n1, n2 : ndarray of int, shape ((N + 1)(N + 2)/2,)
        Sorted by n1 + n2, then by n2: state 0 is the initial one.
    """
    N = positive_integer("N", N, minimum=0)
    total, n2 = np.tril_indices(N + 1)
    return total - n2, n2


def two_channel_hamiltonian(N, g, beta, epsilon, g2=None):
    """Hamiltonian of two channels on the states of `two_channel_states`, Eq. (59).

    Parameters
    ----------
    N : int
        Number of molecules, >= 1.
    g, beta, epsilon : float
        Coupling >= 0, sweep rate > 0 and half the distance of the two atomic levels, > 0.
    g2 : float, optional
        Coupling of the second channel, >= 0, if it differs: the model is then not integrable.

    Returns
    -------
    QobjEvo
    """
    molecules, levels, ups = _parts(N, g, beta, epsilon, g2)
    couplings = sum(up + up.T for up, _ in ups)
    return _evolving(couplings + _diagonal(levels), beta * molecules)


def _parts(N, g, beta, epsilon=None, g2=None):
    """Number of molecules, energies, and pairs (operator that adds a pair, its energy)."""
    N, g, beta = positive_integer("N", N), _coupling("g", g), positive("beta", beta)
    if epsilon is None:
        if g2 is not None:
            raise ValueError(f"g2 = {g2!r}: must be None with one channel (epsilon = None)")
        m = np.arange(N + 1)
        up = sp.diags_array(g * m[1:] * np.sqrt(N - m[:-1]), offsets=-1).tocsr()
        return N - m, np.zeros(N + 1), [(up, 0.0)]
    epsilon = positive("epsilon", epsilon)
    n1, n2 = two_channel_states(N)
    total = n1 + n2
    start = np.flatnonzero(total < N)
    ups = []
    for pairs, shift, strength, energy in (
        (n1, 0, g, -2 * epsilon),
        (n2, 1, g if g2 is None else _coupling("g2", g2), 2 * epsilon),
    ):
        element = strength * (pairs[start] + 1) * np.sqrt(N - total[start])
        end = start + total[start] + 1 + shift
        ups.append((sp.csr_array((element, (end, start)), shape=(len(n1),) * 2), energy))
    return N - total, 2 * epsilon * (n2 - n1), ups


def effective_hamiltonian(n, g, beta, epsilon):
    """Hamiltonian of n pairs long after the dissociation, t >> g sqrt(N)/beta, Eq. (72).

    Parameters
    ----------
    n : int
        Number of pairs, >= 1.
    g, beta, epsilon : float
        Coupling >= 0, sweep rate > 0 and half the distance of the two atomic levels, > 0.

    Returns
    -------
    QobjEvo
        On the states |n - n2, n2>, n2 = 0 ... n; at a frozen t > 0 call it with t. The energies of
        the pairs are 2 eps (2 n2 - n) (a factor 2 is missing in Eq. 73).
    """
    levels, exchange = _effective_parts(n, g, beta, epsilon)
    return qutip.QobjEvo([_qobj(_diagonal(levels)), [_qobj(exchange), _power(1)]])


def _effective_parts(n, g, beta, epsilon):
    n, gamma = positive_integer("n", n), _exponent(g, beta) / (2 * np.pi)
    n2 = np.arange(n + 1)
    hop = (n - n2[:-1]) * n2[1:]
    matrix = sp.diags_array([hop, n2**2 + (n - n2) ** 2, hop], offsets=[-1, 0, 1], dtype=float)
    return 2 * positive("epsilon", epsilon) * (2.0 * n2 - n), -gamma * matrix.tocsr()


def _evolving(constant, slopes):
    return qutip.QobjEvo([_qobj(constant), [_qobj(_diagonal(slopes)), _time]])


def _diagonal(values):
    return sp.diags_array(np.asarray(values, dtype=complex)).tocsr()


def _qobj(matrix):
    return qutip.Qobj(sp.csr_matrix(matrix, dtype=complex))


def _time(t):
    return t


def _power(p):
    """1/t^p as QuTiP wants it: with a value at t = 0, where it is tried and never used."""
    return lambda t: t**-p if t else 0.0


# ---------------------------------------------------------------- integration


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

    probabilities: np.ndarray
    state: np.ndarray
    begin: float
    T: float
    estimate: float
    amplitudes: np.ndarray | None = None
    times: np.ndarray | None = None
    states: np.ndarray | None = None


def evolve(
    N,
    g,
    beta,
    epsilon=None,
    T=None,
    g2=None,
    readout="superadiabatic",
    tolerance=1e-8,
    times=None,
):
    """Integrate the Schrodinger equation of one or two channels, with molecules only at first.

    By QuTiP's solver (vern9) in the interaction picture: all couplings share one phase factor (in
    two channels there are two), so that the steps need not resolve the width beta t N of the
    spectrum.

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
    """
    tolerance = _tolerance(tolerance)
    one_of("readout", readout, READOUTS)
    molecules, levels, ups = _parts(N, g, beta, epsilon, g2)
    energies = beta * molecules
    terms = {
        -1: _diagonal(energies),
        0: sum(up + up.T for up, _ in ups) + _diagonal(levels),
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
    times = _checked(times, T, given)

    begin = -T
    exact, loss = moving_frame.first_axis(generators, begin)
    start, _ = moving_frame.first_axis(static, begin)
    if readout == "diabatic":
        start = np.eye(1, len(levels), dtype=complex)[0]
    loss += np.linalg.norm(start - exact)

    def phases(t):
        return np.exp(1j * t * (energies * (t / 2) + levels))

    # local errors add up: the longer the sweep, the more of them
    solver = _solver(_interaction_picture(ups, beta), tolerance / max(1, beta * T**2 / 300))
    solver.start(qutip.Qobj(phases(begin) * start), begin)

    def state(t):
        return solver.step(t).full()[:, 0] * phases(t).conj()

    states = None if times is None else np.array([state(t) for t in times])
    psi = state(T)
    inside, error = moving_frame.read(generators, T, psi)
    while not given and error > tolerance / 3:
        T = moving_frame.later(T, error, tolerance / 3)
        psi = state(T)
        inside, error = moving_frame.read(generators, T, psi)
    amplitudes = None
    if epsilon is not None:
        strength = g if g2 is None else max(g, g2)
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
    loss += abs(1 - np.sum(populations))
    estimate = np.max(abs(populations - final)) + error + 2 * largest * loss + loss**2
    if estimate > tolerance:
        _warn(T, tolerance, estimate)
    if epsilon is not None:
        table = np.zeros((N + 1, N + 1))
        table[two_channel_states(N)] = populations
        populations = table
    result = populations, inside, float(begin), float(T), min(float(estimate), 1.0)
    return Sweep(*result, amplitudes, times, states)


def redistribute(n, g, beta, epsilon=1.0, T=None, readout="superadiabatic", tolerance=1e-8):
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
    """
    tolerance = _tolerance(tolerance)
    one_of("readout", readout, READOUTS)
    levels, exchange = _effective_parts(n, g, beta, epsilon)
    early = min(tolerance, 1e-7) / (100 * epsilon * n)
    given = T is not None
    T = positive("T", T) if given else max(4 * n * g**2 / beta, 3.0) / epsilon
    if T <= early:
        raise ValueError(f"T = {T!r}: must be > {early:g}, where the evolution begins")

    # the eigenvalue of the first state is taken out, and the levels by the interaction picture
    hop = sp.tril(exchange, -1)
    stay = _diagonal(exchange.diagonal() - exchange[[0], :].sum())
    gap = levels[1] - levels[0]
    H = qutip.QobjEvo(
        [
            _qobj(stay),
            [_qobj(hop), lambda u: cmath.exp(1j * gap * math.exp(u))],
            [_qobj(hop.T), lambda u: cmath.exp(-1j * gap * math.exp(u))],
        ]
    )
    # so close to an eigenstate the solver would try too long a step
    solver = _solver(H, tolerance, first_step=0.01, max_step=0.5)
    solver.start(qutip.Qobj(np.full(n + 1, (n + 1) ** -0.5 + 0j)), np.log(early))
    terms = {0: _diagonal(levels), 1: exchange}
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


def second_act(n, g, beta, times, epsilon=1.0):
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
    levels, exchange = _effective_parts(n, g, beta, epsilon)
    start = 1e-6 / (epsilon * n)
    array = finite_array("times", times)
    if array.ndim != 1 or np.any(np.diff(array, prepend=start) < 0):
        raise ValueError(f"times = {times!r}: must be ascending, from {start:g} on")
    H = [_qobj(exchange), [_qobj(_diagonal(levels)), np.exp]]
    symmetric = qutip.Qobj(np.full(n + 1, (n + 1) ** -0.5))
    options = {"method": "tridiagonal"}
    return qutip.sesolve(H, symmetric, np.log([start, *array]), options=options).states[1:]


def _tolerance(value):
    number = positive("tolerance", value)
    if number > 1:
        raise ValueError(f"tolerance = {value!r}: must be in (0, 1]")
    return number


def _checked(times, T, given):
    if times is None:
        return None
    array = finite_array("times", times)
    if not given or array.ndim != 1 or np.any(np.diff(array) < 0) or np.any(abs(array) > T):
        raise ValueError(f"times = {times!r}: must be ascending in [-T, T], and T must be given")
    return array


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


def _interaction_picture(ups, beta):
    terms = []
    for up, energy in ups:
        terms.append([_qobj(up), lambda t, e=energy: cmath.exp(1j * t * (e - beta * t / 2))])
        terms.append([_qobj(up.T), lambda t, e=energy: cmath.exp(1j * t * (beta * t / 2 - e))])
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
    H = [_qobj(terms[0])] + [[_qobj(matrix), _power(p)] for p, matrix in terms.items() if p]
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
