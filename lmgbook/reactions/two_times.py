"""Hamiltonians of two times: reactions as QuTiP operators, transport along bent paths (paper 5).

A sweep with commuting partner lives in a plane of two times, t and tau. The state obeys
i d psi/dt = H psi along the first and i d psi/dtau = H' psi along the second (Eq. 22). Both
Hamiltonians have the form of Eqs. (25) and (26): a list of constant operators that belong to 1, t,
tau and 1/tau, in this order (missing ones at the end are zero). Units: hbar = 1.
"""

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
import qutip
from numpy.typing import ArrayLike, NDArray
from qutip.core.data.norm import one as one_norm  # Qobj.norm refuses it for one state

from ..checks import affordable, finite, finite_array, instance, listed, positive, positive_integer

#: Largest dimension of the truncated Fock space from which a sector is cut.
MAX_DIMENSION = 2_000_000

_STRICT = {"method": "vern9", "atol": 1e-11, "rtol": 1e-10, "nsteps": 10**7}
# a norm that is rescaled at the end would hide the error of the solver
_STRICT |= {"normalize_output": False, "progress_bar": ""}


def bases(
    h: ArrayLike, slope: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.complex128], NDArray[np.complex128]]:
    """Basis states, eigenstates, and eigenstates in the frame that turns with them.

    In the basis of the eigenstates |n> of H(t) the Schrodinger equation has a new Hamiltonian, with
    the energies on its diagonal and the couplings -i <m|dH/dt|n>/(E_n - E_m) by which the
    eigenstates turn beside it. One diagonalises it once more (Berry 1987): its eigenstates change
    more slowly than those of H, by at least one power of 1/t.

    Parameters
    ----------
    h, slope : ndarray, shape (n, n)
        H(t) and its derivative. Levels that the derivative couples must not be degenerate.

    Returns
    -------
    diabatic, adiabatic, superadiabatic : ndarray, shape (n, n)
        States as columns, in the order of the basis states that they become for t to infinity.
    """
    h = _square("h", h)
    slope = _square("slope", slope, len(h))
    rank = np.argsort(np.argsort(h.diagonal().real))
    energies, vectors = np.linalg.eigh(h)
    distance = energies - energies[:, None]
    np.fill_diagonal(distance, np.inf)
    turning = vectors.conj().T @ slope @ vectors / distance  # <m|dn/dt>
    turned = vectors @ np.linalg.eigh(np.diag(energies) - 1j * turning)[1]
    return np.eye(len(h)), vectors[:, rank], turned[:, rank]


def populations(state: qutip.Qobj, basis: ArrayLike) -> NDArray[np.float64]:
    """Probabilities to find a state in the columns of a basis.

    Parameters
    ----------
    state : Qobj
        Ket.
    basis : ndarray, shape (n, n)
        Orthonormal columns, such as from `bases`.

    Returns
    -------
    ndarray, shape (n,)
    """
    psi = instance("state", state, qutip.Qobj).full()[:, 0]
    return np.abs(_square("basis", basis, len(psi)).conj().T @ psi) ** 2


def reaction_operators(N: int, channels: int, surplus: int = 0) -> dict[str, Any]:
    """Operators of N molecules that split into pairs a_k, b_k, in their conserved sector.

    They are products of `qutip.destroy`, built in a Fock space large enough that no mode reaches
    its cutoff within the sector, where the bosons' commutators then hold to the last digit.

    Parameters
    ----------
    N : int
        Molecules plus pairs, >= 1.
    channels : int
        Number of kinds of pairs, >= 1.
    surplus : int
        Bosons a over bosons b in channel 1, >= 0; none in the others.

    Returns
    -------
    dict
        "molecules": Psi^+ Psi. "q": list of a_k^+ a_k + b_k^+ b_k. "split": list of Psi^+ a_k b_k.
        "hop": dict, (i, j) to a_i^+ b_i^+ a_j b_j for i != j; all of these Qobj of the sector.
        "numbers": int array (states, channels), pairs in each state; the first has none.

    Raises
    ------
    TypeError, ValueError
        If a number is not a whole one or too small, or the Fock space has more than 2 000 000
        states.

    Notes
    -----
    The operators of Eqs. (32) to (34).
    """
    N = positive_integer("N", N)
    channels = positive_integer("channels", channels)
    surplus = positive_integer("surplus", surplus, minimum=0)
    levels, modes = N + surplus + 1, 1 + 2 * channels
    if modes * np.log2(levels) > 60 or levels**modes > MAX_DIMENSION:
        raise ValueError(
            f"N = {N}, channels = {channels}, surplus = {surplus}: {levels}^{modes} states before "
            f"the cut, must be <= {MAX_DIMENSION}"
        )
    lower, one = qutip.destroy(levels), qutip.qeye(levels)
    psi, *atoms = (
        qutip.tensor([lower if k == mode else one for k in range(modes)]) for mode in range(modes)
    )
    a, b = atoms[::2], atoms[1::2]

    def count(mode):
        return (mode.dag() * mode).diag().real.round()

    inside = count(psi) + sum(count(each) for each in b) == N
    for k in range(channels):
        inside &= count(a[k]) - count(b[k]) == (surplus if k == 0 else 0)
    keep = np.flatnonzero(inside)
    keep = keep[np.argsort(-count(psi)[keep], kind="stable")]

    def cut(operator):
        return qutip.Qobj(operator.to("CSR").data_as("csr_matrix")[keep][:, keep])

    K = [a[k] * b[k] for k in range(channels)]
    pairs = itertools.permutations(range(channels), 2)
    return {
        "molecules": cut(psi.dag() * psi),
        "q": [cut(a[k].dag() * a[k] + b[k].dag() * b[k]) for k in range(channels)],
        "split": [cut(psi.dag() * each) for each in K],
        "hop": {(i, j): cut(K[i].dag() * K[j]) for i, j in pairs},
        "numbers": np.array([count(mode)[keep] for mode in b]).T.astype(int),
    }


def value(parts: Sequence[qutip.Qobj], t: float, tau: float) -> qutip.Qobj:
    """Hamiltonian at a place of the plane, from its parts.

    Parameters
    ----------
    parts : sequence of Qobj
        Operators at 1, t, tau and 1/tau, at most four.
    t, tau : float
        The two times; tau > 0.

    Returns
    -------
    Qobj

    Raises
    ------
    ValueError
        If t is not finite, tau not positive, or there are more than four parts.
    """
    t, tau = finite("t", t), positive("tau", tau)
    parts = _four("parts", parts, least=1)
    return sum(c * part for c, part in zip((1.0, t, tau, 1 / tau), parts, strict=False))


def transport(
    H: Sequence[qutip.Qobj],
    partner: Sequence[qutip.Qobj],
    corners: ArrayLike,
    start: qutip.Qobj,
    points: int = 2,
) -> list[qutip.Qobj]:
    """Carry a state through the corners of a path in the plane of two times.

    Between two corners t runs linearly and tau geometrically, both in a parameter xi from 0 to 1:
    i d psi/d xi = (t' H + tau' H') psi, by QuTiP's `sesolve` with small tolerances (1e-10). This is
    the path-ordered exponential of Eq. (29).

    Parameters
    ----------
    H, partner : sequence of Qobj
        Parts of the two Hamiltonians, see `value`.
    corners : array (corners, 2)
        Places (t, tau), at least two; tau > 0, since H' is singular at tau = 0.
    start : Qobj
        State at the first corner, or an operator (the identity gives the evolution operator).
    points : int
        Places on each leg at which to keep the state, the two ends included; >= 2.

    Returns
    -------
    list of Qobj
        1 + (points - 1) (corners - 1) of them, at the places that `places` returns.

    Raises
    ------
    TypeError, ValueError
        If the corners are no such array, or `points` no such number.
    """
    corners, points = _corners(corners), positive_integer("points", points, minimum=2)
    H, partner = _four("H", H), _four("partner", partner)
    size = instance("start", start, qutip.Qobj).shape[0]
    if any(part.shape != (size, size) for part in (*H, *partner)):
        raise ValueError(f"start of shape {start.shape}: must fit all parts of H and partner")
    affordable(f"points = {points}", 1000.0 * points + 16.0 * points * size, 1e-3 * points)
    states = [start]
    for begin, end in itertools.pairwise(corners):
        terms = _along(begin, end, H, partner)
        if not terms:
            states += [states[-1]] * (points - 1)
            continue
        _refuse_long(terms, corners)
        xi = np.linspace(0, 1, points)
        leg = qutip.sesolve(qutip.QobjEvo(terms), states[-1], xi, options=_STRICT)
        states += leg.states[1:]
    return states


def places(corners: ArrayLike, points: int = 2) -> NDArray[np.float64]:
    """Where `transport` keeps the state.

    Parameters
    ----------
    corners : array (corners, 2)
    points : int
        As for `transport`.

    Returns
    -------
    ndarray, shape (1 + (points - 1) (corners - 1), 2)
        Times t and tau.

    Raises
    ------
    TypeError, ValueError
        As for `transport`.
    """
    corners, points = _corners(corners), positive_integer("points", points, minimum=2)
    affordable(f"points = {points}", memory=64.0 * points * len(corners))
    xi = np.linspace(0, 1, points)[1:]
    found = [corners[:1]]
    for begin, end in itertools.pairwise(corners):
        t, tau, _, _ = _leg(begin, end)
        found.append(np.transpose([t(xi), tau(xi)]))
    return np.concatenate(found)


def frame(H: Sequence[qutip.Qobj], t: float, tau: float = 1.0) -> NDArray[np.complex128]:
    """Superadiabatic states of a sweep at time t, by `moving_frame.bases`.

    Parameters
    ----------
    H : sequence of Qobj
        Parts of the Hamiltonian.
    t, tau : float
        The two times; tau > 0. At t the levels must not be degenerate where dH/dt couples them.

    Returns
    -------
    ndarray, shape (n, n)
        States as columns, in the order of the basis states that they become for t to infinity.

    Raises
    ------
    ValueError
        As for `value`, or if there is no part that belongs to t.
    """
    H = _four("H", H, least=2)
    return bases(value(H, t, tau).full(), H[1].full())[2]


def sweep(H: Sequence[qutip.Qobj], tau: float = 1.0, T: float = 60.0) -> NDArray[np.float64]:
    """Final probabilities of the plain sweep from -T to T at a fixed second time.

    Begins in the first state of `frame` at -T (the molecules) and ends in those at T.

    Parameters
    ----------
    H : sequence of Qobj
        Parts of the Hamiltonian.
    tau : float
        Second time, > 0.
    T : float
        Final time, > 0.

    Returns
    -------
    ndarray, shape (n,)

    Raises
    ------
    ValueError
        If tau or T is not positive.
    """
    T, tau = positive("T", T), positive("tau", tau)
    start = qutip.Qobj(frame(H, -T, tau)[:, :1])
    end = transport(H, [], [(-T, tau), (T, tau)], start)[-1]
    return populations(end, frame(H, T, tau))


def _four(name, parts, least=0):
    parts = listed(name, parts, qutip.Qobj)
    if not least <= len(parts) <= 4:
        raise ValueError(
            f"{name}: {len(parts)} operators, must be those of 1, t, tau and 1/tau, of the first "
            f"{max(least, 1)} at least"
        )
    if any(part.shape != parts[0].shape or not part.isoper for part in parts):
        raise ValueError(f"{name}: must be operators of one size")
    return parts


def _square(name, matrix, size=None):
    size = size or max(np.shape(matrix), default=1)
    return finite_array(name, matrix, shape=(size, size), dtype=complex)


def _leg(begin, end):
    """Functions t(xi) and tau(xi) between two corners, and the constants t' and tau'/tau."""
    (t0, tau0), (t1, tau1) = begin, end
    width, rate = t1 - t0, np.log(tau1 / tau0)
    return lambda xi: t0 + width * xi, lambda xi: tau0 * np.exp(rate * xi), width, rate


def _along(begin, end, H, partner):
    """Terms of a QobjEvo in xi for one leg; none if it has no length."""
    t, tau, width, rate = _leg(begin, end)
    ways = (
        (width, H, (None, t, tau, lambda xi: 1 / tau(xi))),
        (rate, partner, (tau, lambda xi: t(xi) * tau(xi), lambda xi: tau(xi) ** 2, None)),
    )
    return [
        speed * part if function is None else [speed * part, function]
        for speed, parts, functions in ways
        if speed
        for part, function in zip(parts, functions, strict=False)
    ]


def _refuse_long(terms, corners):
    radians = 0.0
    for term in terms:
        part, function = term if isinstance(term, list) else (term, lambda xi: 1.0)
        radians += one_norm(part.data) * max(abs(function(0.0)), abs(function(1.0)))
    t, tau = np.ptp(corners, axis=0)
    affordable(
        f"corners, T or tau: a path of {t:g} in t and {tau:g} in tau",
        seconds=1e-3 * radians,
        advice="take a shorter one",
    )


def _corners(corners):
    array = finite_array("corners", corners, shape=(None, 2))
    if len(array) < 2 or np.any(array[:, 1] <= 0):
        raise ValueError(f"corners = {corners!r}: must be two or more places (t, tau), tau > 0")
    return array
