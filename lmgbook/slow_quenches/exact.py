"""Slow ramps of a finite magnet, integrated exactly.

Units of the paper, h = 1 is critical. Its x axis (the magnetisation of the ordered phase) is the
book's z axis.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import qutip
from numpy.typing import ArrayLike, NDArray
from qutip.solver.integrator import IntegratorException
from scipy.linalg import eigh_tridiagonal

from ..checks import affordable, finite, finite_array, in_range, one_of, positive_integer
from ..integrators import TridiagonalPropagator
from ..lmg import LMG, bands, lowest_vector, magnetic_numbers, sector_isometry
from ._schedule import Schedule
from .harmonic import checked_ramp


@dataclass(frozen=True)
class ExactRamp:
    """Result of `exact_ramp`. Arrays over the recorded fields have shape (len(fields),).

    Attributes
    ----------
    N : int
    delta : float
    fields : ndarray
        The fields at which the state was recorded; the last one is h_end.
    times : ndarray
        Time since the start, in 1/J.
    states : list of dict
        For each field the sector amplitudes {"even": ndarray, ...} in the basis of
        `lmgbook.lmg.magnetic_numbers` (the order parameter, the paper's Sx). A ground-state start
        stays in the even sector; the broken start has both.
    steps : int
        Steps of the propagator.
    """

    N: int
    delta: float
    fields: NDArray[np.float64]
    times: NDArray[np.float64]
    states: list[dict[str, NDArray[np.complex128]]]
    steps: int

    def distribution(self, index: int = -1) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Probabilities of the order parameter at one recorded field.

        Parameters
        ----------
        index : int
            Position in `fields`.

        Returns
        -------
        m : ndarray of float, shape (N + 1,)
            N/2, ..., -N/2.
        probability : ndarray of float, shape (N + 1,)
        """
        count = len(self.fields)
        index = positive_integer("index", index, minimum=-count, maximum=count - 1)
        return magnetic_numbers(self.N), np.abs(self._full(index)) ** 2

    @cached_property
    def heats(self) -> NDArray[np.float64]:
        """<H> - E0 at each recorded field (total, units of J)."""
        return np.array([self._heat(i) for i in range(len(self.fields))])

    @cached_property
    def fidelities(self) -> NDArray[np.float64]:
        """|<ground state|psi>|^2 at each recorded field."""
        overlaps = []
        for h, sectors in zip(self.fields, self.states, strict=True):
            ground = lowest_vector(*LMG.slow_quench(self.N, h).bands("even"))
            overlaps.append(abs(np.vdot(ground, sectors["even"])) ** 2)
        return np.array(overlaps)

    @property
    def heat(self) -> float:
        """<H> - E0 at the end of the ramp."""
        return float(self.heats[-1])

    @property
    def fidelity(self) -> float:
        """|<ground state|psi>|^2 at the end of the ramp."""
        return float(self.fidelities[-1])

    @property
    def n_exc(self) -> float:
        """N/2 - <|S|> along the order parameter; defined for a ramp that ends at h = 0.

        Raises
        ------
        ValueError
            The ramp ends elsewhere: use `mean_quanta` or `heat`.
        """
        if self.fields[-1] != 0:
            raise ValueError(
                f"n_exc needs h_end = 0, not {self.fields[-1]:g}: use mean_quanta() or heat"
            )
        m, probability = self.distribution()
        return float(probability @ (self.N / 2 - np.abs(m)))

    @property
    def state(self) -> qutip.Qobj:
        """The final state as a ket in the full basis m = N/2, ..., -N/2 (`qutip.Qobj`)."""
        return qutip.Qobj(self._full(-1))

    def _full(self, index):
        sectors = self.states[index].items()
        return sum(sector_isometry(self.N, parity) @ psi for parity, psi in sectors)

    def level_populations(self, k: int = 100) -> dict[str, NDArray[np.float64]]:
        """Populations of the k lowest levels of each sector at the end of the ramp.

        Parameters
        ----------
        k : int

        Returns
        -------
        dict of ndarray
            {"even": P_0, P_1, ...} and, for the broken start, "odd".
        """
        k = positive_integer("k", k)
        model = LMG.slow_quench(self.N, self.fields[-1])
        populations = {}
        for parity, amplitudes in self.states[-1].items():
            top = min(k, len(amplitudes)) - 1
            _, vectors = eigh_tridiagonal(*model.bands(parity), select="i", select_range=(0, top))
            populations[parity] = np.abs(vectors.T @ amplitudes) ** 2
        return populations

    def mean_quanta(self, k: int = 100) -> float:
        """Mean number of quanta at the end of the ramp, from the k lowest levels of each sector.

        For |h_end| >= 1 the two parities interleave: level j of the even sector holds 2j quanta, of
        the odd sector 2j + 1. For |h_end| < 1 they pair up: level j holds j quanta.

        Raises
        ------
        ValueError
            The k levels hold less than 1 - 1e-9 of the probability.
        """
        populations = self.level_populations(k)
        held = sum(p.sum() for p in populations.values())
        if held < 1 - 1e-9:
            raise ValueError(f"k = {k}: the levels hold only {held:.9f} of the probability")
        above = abs(self.fields[-1]) >= 1
        total = 0.0
        for parity, p in populations.items():
            level = np.arange(len(p))
            total += p @ (2 * level + (parity == "odd") if above else level)
        return float(total)

    def _heat(self, index):
        model = LMG.slow_quench(self.N, self.fields[index])
        energy = 0.0
        for parity, psi in self.states[index].items():
            d, o = model.bands(parity)
            energy += d @ np.abs(psi) ** 2 + 2 * (o @ (psi[:-1].conj() * psi[1:]).real)
        return energy - model.energies(1, "even")[0]


def exact_ramp(
    N: int,
    delta: float,
    h_start: float = 2.0,
    h_end: float = 0.0,
    *,
    fields: ArrayLike = (),
    smooth: float = 0.0,
    start: str = "ground",
    atol: float = 1e-8,
) -> ExactRamp:
    """Exact quantum dynamics of Eq. (2) under a linear ramp of the field.

    At N delta = 5, h = 2 to 0: 0.1 s for N = 1024, 1.4 s for 4096, 18 s for 16384, as N^2. A slower
    ramp costs as much more as it takes longer, and so does a larger field.

    Parameters
    ----------
    N : int
        Number of spins.
    delta : float
        Rate of the ramp, > 0 (units of J).
    h_start, h_end : float
        First and last field, different; the direction follows from them.
    fields : sequence of float
        Fields between the two at which to record the state on the way (h_end always is).
    smooth : float
        If > 0, the rate rises from zero like sin^2 over the first `smooth` of field and falls
        likewise over the last: a ramp without kinks. At most half of |h_end - h_start|.
    start : {"ground", "broken"}
        "ground": the even-parity ground state at h_start. "broken": the product state with all
        spins along the order parameter, for h_start = 0.
    atol : float
        Local error allowed in a step, >= 1e-15, see `lmgbook.integrators.TridiagonalPropagator`;
        below some 1e-13 rounding may forbid it, which is said.

    Returns
    -------
    ExactRamp
        For odd N and a negative field the ground state is odd; heat and fidelity of a ground-state
        start then refer to the even sector.

    Raises
    ------
    ValueError, TypeError
        An argument is outside what is said above.

    Examples
    --------
    >>> from lmgbook.slow_quenches import exact_ramp
    >>> round(exact_ramp(N=64, delta=5 / 64).n_exc, 4)
    0.5767
    """
    N, delta, h_start, h_end = checked_ramp(N, delta, h_start, h_end)
    span = abs(h_end - h_start)
    smooth = in_range("smooth", smooth, 0.0, span / 2)
    one_of("start", start, ("ground", "broken"))
    low, high = min(h_start, h_end), max(h_start, h_end)
    records = finite_array("fields", fields, least=low, most=high, shape=(None,))
    finite("atol", atol, least=1e-15)
    # a step and a spin take 50 ns; the steps follow the fastest precession
    steps = (span + 2 * smooth) / delta * (6 + max(abs(low), abs(high)))
    cost = 64.0 * N * len(records), steps * (3e-6 + 5e-8 * N) + 1e-4 * len(records)
    affordable(
        f"N = {N}, delta = {delta:g}", *cost, "take fewer spins, a faster ramp, or less field"
    )
    # in the order of the ramp, each once, h_end last
    direction = np.sign(h_end - h_start)
    records = np.unique(np.append(records, h_end) * direction) * direction
    schedule = Schedule(h_start, h_end, delta, smooth)
    times = schedule.time(records)
    if start == "broken":
        if h_start != 0:
            raise ValueError(f"h_start = {h_start!r}: start='broken' needs h_start = 0")
        initial = {p: np.eye(len(magnetic_numbers(N, p)), 1).ravel() for p in ("even", "odd")}
        initial = {p: psi / np.sqrt(2) for p, psi in initial.items()}
    else:
        model = LMG.slow_quench(N, h_start)
        initial = {"even": lowest_vector(*model.bands("even"))}

    states: list[dict] = [{} for _ in records]
    steps = 0
    for parity, psi in initial.items():
        coupling, field_part = bands(N, J=0.5, parity=parity), bands(N, J=0.0, h=1.0, parity=parity)
        diagonals, hops = (np.array(pair) for pair in zip(coupling, field_part, strict=True))
        propagator = TridiagonalPropagator(
            diagonals,
            hops,
            schedule.coefficients,
            atol=atol,
        )
        propagator.start(0.0, psi)
        for index, time in enumerate(times):
            try:
                propagator.advance(time)
            except IntegratorException as error:
                raise ValueError(f"atol = {atol!r}: must be larger: {error}") from None
            states[index][parity] = propagator.state
        steps += propagator.steps
    return ExactRamp(N, delta, records, times, states, steps)
