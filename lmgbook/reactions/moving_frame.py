"""Reading the final state of a sweep: a frame that moves with a Hamiltonian in powers of 1/t.

Long after a sweep H(t) = L t + A the eigenstates of H(t) become those of L, but slowly: what one
finds in the states of L at time t is off by a term of order 1/t. The frame of this module has the
axes U(t) = exp(S_1/t) exp(S_2/t^2) ..., chosen power by power such that U^+ (H - i d/dt) U makes no
transitions between the levels of L. Amplitudes in it have their final size at time t already, up
to the first omitted power. (Without the term from i d/dt it is the frame of the instantaneous
eigenstates.) The generators S_k are sparse, and exponentials keep the frame orthonormal.

The series is asymptotic. At a given time there is a best order, and the next terms tell the error.
"""

import numpy as np
import scipy.sparse as sp
from numpy.typing import ArrayLike, NDArray

from ..checks import finite, finite_array, flag, positive, positive_integer

ORDER = 8  # the highest order used
LARGE = 1e3  # norm of a generator beyond which there is no point in the series


def frame(
    terms: dict[int, sp.sparray], levels: ArrayLike, power: int, moving: bool = True
) -> tuple[list[sp.csr_array], dict[int, sp.sparray]]:
    """Generators that free a Hamiltonian from transitions between different levels.

    Parameters
    ----------
    terms : dict of int to sparse array
        H(t) is the sum of terms[p] t^(-p), p = power, power + 1, ...
    levels : ndarray
        The leading term, terms[power], which is diagonal. Equal levels must be equal to the last
        digit.
    power : int
        -1 if the levels grow with t, 0 if they are constant.
    moving : bool
        False: the frame of the instantaneous eigenstates.

    Returns
    -------
    generators : list of sparse array
        S_1, S_2 ... up to two orders more than are used, for estimates of the error.
    terms : dict
        U^+ (H - i d/dt) U in the same form.
    """
    flag("moving", moving)
    levels = finite_array("levels", levels, shape=(None,))
    power = positive_integer("power", power, minimum=-1, maximum=0)
    _check(terms, len(levels), power)
    none = sp.csr_array((len(levels), len(levels)))
    last = ORDER + 2 + power
    generators = []
    for k in range(1, ORDER + 3):
        coupling = terms.get(k + power, none).tocoo()
        distance = levels[coupling.col] - levels[coupling.row]
        keep = distance != 0
        place = coupling.row[keep], coupling.col[keep]
        S = sp.coo_array((coupling.data[keep] / distance[keep], place), coupling.shape).tocsr()
        generators.append(S)
        new = dict(terms)
        for p, matrix in terms.items():
            # exp(-S) matrix exp(S) by nested commutators
            for j, q in enumerate(range(p + k, last + 1, k), start=1):
                matrix = (matrix @ S - S @ matrix) / j
                new[q] = new.get(q, 0) + matrix
        if moving and k < last:
            new[k + 1] = new.get(k + 1, 0) + 1j * k * S
        terms = new
    return generators, terms


def read(
    generators: list[sp.csr_array], t: float, psi: ArrayLike
) -> tuple[NDArray[np.complex128], float]:
    """Amplitudes in the frame at time t.

    Parameters
    ----------
    generators : list of sparse array
        Of `frame`.
    t : float
    psi : ndarray
        A state.

    Returns
    -------
    amplitudes : ndarray
        U^+ psi to the best order.
    error : float
        Estimate of the largest error of their squares, up to 1.
    """
    generators, t = _series(generators), _time(t)
    psi = np.asarray(psi)
    if psi.shape != generators[0].shape[:1] or psi.dtype.kind not in "iufc":
        raise ValueError(f"psi of shape {psi.shape}: must be {generators[0].shape[0]} numbers")
    best = psi, np.inf
    for order in range(ORDER + 1):
        if order:
            S = generators[order - 1] / t**order
            if _norm(S) > min(_norm(generators[0] / t), LARGE):
                break
            psi = _exponential(-S, psi)
        missing = _missing(generators, t, psi, order)
        error = float(np.max(2 * abs(psi) * missing + missing**2))
        if error < best[1]:
            best = psi, error
    return best[0], min(best[1], 1.0)


def first_axis(generators: list[sp.csr_array], t: float) -> tuple[NDArray[np.complex128], float]:
    """The first axis of the frame at time t.

    Returns
    -------
    state : ndarray
    error : float
        Estimate of the norm of its error, up to 1.
    """
    generators, t = _series(generators), _time(t)
    psi = np.eye(1, generators[0].shape[0], dtype=complex)[0]
    errors = [np.linalg.norm(_missing(generators, t, psi, k)) for k in range(ORDER + 1)]
    order = int(np.argmin(errors))
    for k in range(order, 0, -1):
        S = generators[k - 1] / t**k
        if _norm(S) < LARGE:
            psi = _exponential(S, psi)
    return psi, min(float(errors[order]), 1.0)


def earliest(generators: list[sp.csr_array], tolerance: float) -> float:
    """The time |t| from which on the error of `first_axis` is below the tolerance."""
    generators, tolerance = _series(generators), positive("tolerance", tolerance)
    sizes = [float(np.linalg.norm(S[:, [0]].toarray())) for S in generators[-2:]]
    orders = ORDER + 1, ORDER + 2
    return max((2 * size / tolerance) ** (1 / k) for size, k in zip(sizes, orders, strict=True))


def later(t: float, error: float, wanted: float) -> float:
    """A later time, at which the error of `read` should have sunk to the wanted one."""
    ratio = finite("error", error, least=0) / positive("wanted", wanted)
    return _time(t) * np.clip(ratio ** (1 / (ORDER + 1)), 1.1, 2)


def _exponential(S, psi):
    """exp(S) psi by the power series, in as many parts as the norm of S asks for."""
    parts = max(1, int(np.ceil(_norm(S))))
    for _ in range(parts):
        term = psi
        for j in range(1, 25):
            term = S @ term / (j * parts)
            psi = psi + term
    return psi


def _norm(S):
    """The largest sum of absolute values in a row."""
    return abs(S).sum(axis=1).max()


def _missing(generators, t, psi, order):
    """Size of what the next two orders would change (in a real frame every other one vanishes)."""
    with np.errstate(all="ignore"):  # at very early times they have no size any more
        sizes = [abs(generators[k - 1] @ psi) / abs(t) ** k for k in (order + 1, order + 2)]
        return np.nan_to_num(sum(sizes), nan=np.inf)


def _check(terms, size, power):
    if not isinstance(terms, dict) or not all(sp.issparse(each) for each in terms.values()):
        raise TypeError(f"terms = {terms!r}: must be a dict of sparse arrays")
    shapes = {each.shape for each in terms.values()}
    if power not in terms or shapes != {(size, size)}:
        raise ValueError(
            f"terms of powers {list(terms)} and shapes {shapes}: must begin with power {power} and "
            f"be of the size of the levels, {size}"
        )


def _series(generators):
    if not isinstance(generators, list) or not all(sp.issparse(each) for each in generators):
        raise TypeError(f"generators = {generators!r}: must be a list of sparse arrays, of frame")
    if len(generators) < ORDER + 2:
        raise ValueError(f"generators: {len(generators)}, must be {ORDER + 2}, of frame")
    return generators


def _time(t):
    if finite("t", t) == 0:
        raise ValueError(f"t = {t!r}: must not be zero")
    return np.float64(t)
