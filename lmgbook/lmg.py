"""The Lipkin-Meshkov-Glick model: one Hamiltonian for the whole book.

    H = -(J/N) (sum_i sigma_i^z)^2 - h sum_i sigma_i^x - (K/N^3) (sum_i sigma_i^z)^4
      = -(4J/N) Sz^2 - 2h Sx - (16K/N^3) Sz^4

H commutes with the total spin S^2 and with the spin flip sigma^z -> -sigma^z. In the eigenbasis of
Sz it is tridiagonal, and it stays so in each flip sector, spanned by (|m> +- |-m>)/sqrt(2): that is
why systems of thousands of spins fit on a laptop. Energies are in the units of J, hbar = 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import scipy.sparse
from numpy.typing import ArrayLike, NDArray
from scipy.linalg import eigh_tridiagonal, eigvalsh_tridiagonal

from .checks import affordable, finite, finite_array, in_range, one_of, positive_integer, unwrap

if TYPE_CHECKING:
    import qutip  # closed forms and bands need none

PARITIES = (None, "even", "odd")

COST = 1e-8  # seconds for one level of a magnet of N spins, per spin


def magnetic_numbers(two_s: int, parity: str | None = None) -> NDArray[np.float64]:
    """Sz quantum numbers that label the basis states, in descending order.

    Parameters
    ----------
    two_s : int
        Twice the total spin, 2S >= 0.
    parity : {None, "even", "odd"}
        None: the whole multiplet, m = S, ..., -S (QuTiP's order). Otherwise the states
        (|m> + |-m>)/sqrt(2) or (|m> - |-m>)/sqrt(2), m > 0; |0> belongs to the even sector.

    Returns
    -------
    ndarray of float, shape (dim,)
    """
    two_s = positive_integer("two_s", two_s, minimum=0)
    one_of("parity", parity, PARITIES)
    affordable(f"two_s = {two_s}", memory=16.0 * two_s)
    lowest = {None: -two_s, "even": two_s % 2, "odd": 2 - two_s % 2}[parity]
    return np.arange(two_s, lowest - 1, -2) / 2


def bands(
    N: int,
    J: float = 1.0,
    h: float = 0.0,
    K: float = 0.0,
    parity: str | None = None,
    two_s: int | None = None,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Diagonal and off-diagonal of the LMG Hamiltonian in one spin and flip sector.

    Parameters
    ----------
    N : int
        Number of spins.
    J, h, K : float
        Pair coupling, transverse field, four-spin coupling (units of energy).
    parity : {None, "even", "odd"}
        Flip sector, see `magnetic_numbers`.
    two_s : int, optional
        Twice the total spin, N, N - 2, ...; default N, the sector of the ground state.

    Returns
    -------
    diagonal : ndarray of float, shape (dim,)
    off_diagonal : ndarray of float, shape (max(dim - 1, 0),)

    Raises
    ------
    ValueError, TypeError
        An argument is outside what is said above, or a coupling is not a finite real number.
    """
    N = positive_integer("N", N)
    J, h, K = finite("J", J), finite("h", h), finite("K", K)
    two_s = N if two_s is None else positive_integer("two_s", two_s, minimum=0)
    if two_s > N or (N - two_s) % 2:
        raise ValueError(f"two_s = {two_s!r}: must be one of N, N - 2, ... >= 0 with N = {N}")
    affordable(f"N = {N}", memory=64.0 * two_s)
    m = magnetic_numbers(two_s, parity)
    s = two_s / 2
    diagonal = -4 * J / N * m**2 - 16 * K / N**3 * m**4
    # <m-1| Sx |m> = sqrt((S+m)(S-m+1))/2; the field enters as -2h Sx
    off_diagonal = -h * np.sqrt((s + m[:-1]) * (s - m[:-1] + 1))
    if parity == "even" and two_s % 2 == 0 and len(m) > 1:
        off_diagonal[-1] *= np.sqrt(2)  # |0> couples to both |1> and |-1>
    if parity is not None and two_s % 2 == 1 and len(m) > 0:
        # the flip partner of m = 1/2 is its own neighbour
        diagonal[-1] += (-h if parity == "even" else h) * (s + 0.5)
    return diagonal, off_diagonal


def sector_isometry(N: int, parity: str) -> scipy.sparse.csr_array:
    """Embedding of a flip sector into the full spin-N/2 space.

    Parameters
    ----------
    N : int
        Number of spins.
    parity : {"even", "odd"}
        Flip sector.

    Returns
    -------
    scipy.sparse.csr_array, shape (N + 1, dim)
        Its columns are the sector's basis states in QuTiP's Sz basis (m = N/2, ..., -N/2).
    """
    N = positive_integer("N", N)
    one_of("parity", parity, PARITIES[1:])
    affordable(f"N = {N}", memory=100.0 * N)
    m = magnetic_numbers(N, parity)
    column = np.arange(len(m))
    amplitude = np.where(m == 0, 0.5, np.sqrt(0.5))  # m = 0 is visited from both sides
    sign = 1.0 if parity == "even" else -1.0
    up = scipy.sparse.csr_array((amplitude, (column, column)), shape=(N + 1, len(m)))
    down = scipy.sparse.csr_array((sign * amplitude, (N - column, column)), shape=(N + 1, len(m)))
    return up + down


@dataclass(frozen=True)
class LMG:
    """The LMG model of N spins 1/2 in the sector of maximal total spin, S = N/2.

    Parameters
    ----------
    N : int
        Number of spins, N >= 1.
    J : float
        Pair coupling; ferromagnetic for J > 0. The critical field is h = 2J.
    h : float
        Transverse field, along x.
    K : float
        Four-spin coupling.

    Raises
    ------
    ValueError, TypeError
        N is not a positive integer, or a coupling is not a finite real number.

    Notes
    -----
    Paper 2 (ensemble inequivalence) uses this Hamiltonian as it stands. Papers 1 and 3 have
    constructors of their own: `LMG.slow_quench` and `LMG.leggett_garg`.

    Examples
    --------
    >>> from lmgbook.lmg import LMG
    >>> model = LMG(N=1, J=1.0, h=0.5)
    >>> [float(e) for e in model.energies()]
    [-1.5, -0.5]
    """

    N: int
    J: float = 1.0
    h: float = 0.0
    K: float = 0.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "N", positive_integer("N", self.N))
        for name in ("J", "h", "K"):
            object.__setattr__(self, name, finite(name, getattr(self, name)))

    @classmethod
    def slow_quench(cls, N: int, h: float) -> LMG:
        """Paper 1, Eq. (2): -(1/N) sum_{i<j} sx sx - h sum sz, up to the constant 1/2.

        The paper's x axis is the book's z axis and vice versa; J = 1/2, so h = 1 is critical.

        Parameters
        ----------
        N : int
            Number of spins.
        h : float
            The paper's field, in units of its J.

        Returns
        -------
        LMG
        """
        return cls(N, J=0.5, h=h)

    @classmethod
    def leggett_garg(cls, N: int, field: float) -> LMG:
        """Paper 3: -(J3/N) Jz^2 - Gamma Jx, energies in units of J3.

        Parameters
        ----------
        N : int
            Number of spins.
        field : float
            Gamma/J3; the critical value is 1.

        Returns
        -------
        LMG
        """
        return cls(N, J=0.25, h=finite("field", field) / 2)

    def bands(self, parity: str | None = None) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Diagonal and off-diagonal of the tridiagonal Hamiltonian; see `lmgbook.lmg.bands`."""
        return bands(self.N, self.J, self.h, self.K, parity)

    def hamiltonian(self, parity: str | None = None) -> qutip.Qobj:
        """The Hamiltonian as a sparse QuTiP operator.

        Parameters
        ----------
        parity : {None, "even", "odd"}
            None: in the basis m = N/2, ..., -N/2 of `qutip.jmat`. Otherwise the block of one flip
            sector, in the basis of `magnetic_numbers`.

        Returns
        -------
        qutip.Qobj
            Dimension N + 1, or the sector's; stored by diagonals.
        """
        return tridiagonal_operator(*self.bands(parity))

    def energies(self, k: int | None = None, parity: str | None = None) -> NDArray[np.float64]:
        """The lowest energies, ascending.

        All take 0.6 s for N = 8000 and grow as N^2; the lowest few 0.1 s for N = 10^5, as N.

        Parameters
        ----------
        k : int, optional
            How many; default all.
        parity : {None, "even", "odd"}
            Only one flip sector; None: both, merged.

        Returns
        -------
        ndarray of float, shape (k,)
            Fewer if the space is smaller than k.
        """
        if k is not None:
            k = positive_integer("k", k)
        one_of("parity", parity, PARITIES)
        wanted = self.N if k is None else min(k, self.N)
        affordable(
            f"N = {self.N}", 64.0 * self.N, COST * self.N * wanted, "ask for fewer levels, k"
        )
        sectors = ("even", "odd") if parity is None else (parity,)
        levels = np.concatenate([_levels(*self.bands(sector), k) for sector in sectors])
        return np.sort(levels)[:k]

    def ground_state(self, parity: str | None = None) -> qutip.Qobj:
        """The ground state, real and positive at h > 0 (Perron-Frobenius).

        At h = 0 the two lowest states are degenerate; the even combination is returned.

        Parameters
        ----------
        parity : {None, "even", "odd"}
            None: the overall ground state in the full basis m = N/2, ..., -N/2. Otherwise the
            lowest state of that sector, in the sector's basis.

        Returns
        -------
        qutip.Qobj
            A normalised ket.

        Notes
        -----
        Cost: 1 ms for 1000 spins, 7 ms for 10,000, as N.
        """
        sector = self._ground_sector() if parity is None else parity
        vector = lowest_vector(*self.bands(sector))
        if parity is None:
            vector = sector_isometry(self.N, sector) @ vector
        import qutip

        return qutip.Qobj(vector)

    def gap(self) -> float:
        """Lowest excitation energy inside the ground state's flip sector.

        Returns
        -------
        float

        Raises
        ------
        ValueError
            The sector has only one state (N = 1).
        """
        levels = self.energies(2, self._ground_sector())
        if len(levels) < 2:
            raise ValueError(f"N = {self.N}: the sector has one state only, a gap needs N >= 2")
        return float(levels[1] - levels[0])

    def splitting(self) -> float:
        """E1 - E0 over both sectors; exponentially small in N in the ordered phase.

        Returns
        -------
        float
            Good to about 1e-15 N in absolute terms: a smaller splitting is rounding noise.
        """
        levels = self.energies(2)
        return float(levels[1] - levels[0])

    def mean_field_energy(self, m_z: ArrayLike, s: float = 1.0) -> float | NDArray[np.float64]:
        """Classical energy per spin of a spin of length s N/2, lying in the xz plane.

        e = -J m_z^2 - h sqrt(s^2 - m_z^2) - K m_z^4.

        Parameters
        ----------
        m_z : float or array
            Magnetisation 2<Sz>/N, with |m_z| <= s.
        s : float
            Total spin 2S/N, in [0, 1].

        Returns
        -------
        float or ndarray, the shape of m_z
        """
        s = in_range("s", s, 0.0, 1.0)
        m = finite_array("m_z", m_z)
        if np.any(np.abs(m) > s):
            raise ValueError(f"m_z = {m_z!r}: must lie in [-s, s] with s = {s:g}")
        energy = -self.J * m**2 - self.h * np.sqrt(s**2 - m**2) - self.K * m**4
        return unwrap(energy)

    def _ground_sector(self) -> str:
        even = self.energies(1, "even")
        odd = self.energies(1, "odd")
        return "odd" if len(odd) and odd[0] < even[0] - 1e-13 * abs(even[0]) else "even"


def tridiagonal_operator(diagonal: ArrayLike, off_diagonal: ArrayLike) -> qutip.Qobj:
    """A real symmetric tridiagonal matrix as a QuTiP operator stored by diagonals.

    Parameters
    ----------
    diagonal : array, shape (dim,)
    off_diagonal : array, shape (dim - 1,)

    Returns
    -------
    qutip.Qobj
    """
    import qutip

    diagonal, off_diagonal = _checked_bands(diagonal, off_diagonal)
    diagonals = [off_diagonal, diagonal, off_diagonal] if len(off_diagonal) else [diagonal]
    offsets = [-1, 0, 1] if len(off_diagonal) else [0]
    return qutip.Qobj(scipy.sparse.diags(diagonals, offsets, dtype=complex, format="dia"))


def lowest_vector(diagonal: ArrayLike, off_diagonal: ArrayLike) -> NDArray[np.float64]:
    """Lowest eigenvector of a real symmetric tridiagonal matrix, its sum made positive.

    Parameters
    ----------
    diagonal : array, shape (dim,)
    off_diagonal : array, shape (dim - 1,)

    Returns
    -------
    ndarray of float, shape (dim,)

    Notes
    -----
    Cost: as the length: 1 ms for 500 rows.
    """
    diagonal, off_diagonal = _checked_bands(diagonal, off_diagonal)
    if len(off_diagonal) == 0:
        return np.ones(1)
    _, vectors = eigh_tridiagonal(diagonal, off_diagonal, select="i", select_range=(0, 0))
    return vectors[:, 0] * np.copysign(1.0, vectors[:, 0].sum())


def _checked_bands(diagonal, off_diagonal):
    diagonal = finite_array("diagonal", diagonal, shape=(None,))
    if len(diagonal) == 0:
        raise ValueError(f"diagonal = {diagonal!r}: must have one entry or more")
    return diagonal, finite_array("off_diagonal", off_diagonal, shape=(len(diagonal) - 1,))


def _levels(diagonal, off_diagonal, k):
    if len(diagonal) < 2:
        return diagonal[:k]
    if k is None or k >= len(diagonal):
        return eigvalsh_tridiagonal(diagonal, off_diagonal)
    return eigvalsh_tridiagonal(diagonal, off_diagonal, select="i", select_range=(0, k - 1))
