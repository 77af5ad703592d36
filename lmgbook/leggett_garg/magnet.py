"""The Leggett-Garg test in a mesoscopic LMG magnet (paper 3: Mouslopoulos 2026).

H = -(J3/N) Jz^2 - Gamma Jx with a spin N/2; times in seconds, energies as angular frequencies in
1/s (hbar = 1). The environment jiggles the field along z: jump operator sqrt(gamma) Jz. One asks
for the sign of the magnetisation, Q = sign(Jz), at three times, and combines the correlations to

    K3 = C12 + C23 - C13,   C_ij = Re Tr[Q(t_j) Q(t_i) rho] in the Lindblad dynamics,

which no macrorealist theory lets exceed one (Leggett and Garg, Phys. Rev. Lett. 54, 857 (1985)).

Both Jz and Q change the flip parity, H conserves it. Everything therefore comes in blocks of half
the size, and dephasing, in the frame where Jz pairs each even with one odd vector, multiplies the
blocks element by element.
"""

import dataclasses
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

import numpy as np
import qutip
from numpy.typing import ArrayLike, NDArray
from scipy.linalg import eigh_tridiagonal
from scipy.optimize import brentq

from ..checks import (
    affordable,
    ascending,
    finite_array,
    flag,
    instance,
    not_negative,
    one_of,
    positive,
    positive_integer,
    unwrap,
)
from ..integrators import ParityDephasing, extrapolated, strang
from ..lmg import LMG, magnetic_numbers, sector_isometry
from .scales import LOST, thermal_rate

INITIAL = ("ground", "first", "ordered", "thermal")

SMALL = 40  # levels: below, a correlator takes milliseconds


@dataclass(frozen=True)
class LeggettGarg:
    """The magnet, its lowest levels, and the Leggett-Garg correlator under collective dephasing.

    All operators are given in the basis of the kept energy levels, in ascending order.

    Parameters
    ----------
    N : int
        Number of spins, >= 2.
    field : float
        Gamma/J3, > 0.
    temperature : float
        In kelvin, > 0. Unless `coupling` is given it fixes the unit of energy: the tunnel splitting
        is k_B T/hbar.
    levels : int or None
        Number of lowest levels to which Jz and Q are truncated, 2 to N + 1; None keeps all.
    coupling : float, optional
        J3/hbar in 1/s, > 0: fixes the unit of energy instead of the temperature.

    Raises
    ------
    ValueError, TypeError
        An argument is outside what is said above, or the splitting is lost in rounding errors.

    Examples
    --------
    >>> from lmgbook.leggett_garg import LeggettGarg
    >>> magnet = LeggettGarg(N=370, field=0.95, temperature=10e-9, levels=5)
    >>> round(magnet.k3(0.05, stationary=True), 3)
    1.317
    """

    N: int = 370
    field: float = 0.95
    temperature: float = 10e-9
    levels: int | None = 5
    coupling: float | None = None
    energies: np.ndarray = dataclasses.field(init=False, repr=False, compare=False)
    vectors: np.ndarray = dataclasses.field(init=False, repr=False, compare=False)
    _is_odd: np.ndarray = dataclasses.field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        N, field = positive_integer("N", self.N, minimum=2), positive("field", self.field)
        temperature = positive("temperature", self.temperature)
        count = N + 1
        if self.levels is not None:
            count = positive_integer("levels", self.levels, minimum=2)
            if count > N + 1:
                raise ValueError(
                    f"levels = {self.levels!r}: must be None or an integer in [2, {N + 1}], "
                    f"N = {N} spins have no more"
                )
        energies, vectors, is_odd = _lowest_levels(N, field, count)
        coupling = (
            thermal_rate(temperature) / (energies[1] - energies[0])
            if self.coupling is None
            else positive("coupling", self.coupling)
        )
        # frozen: this is the one place that sets anything
        vars(self).update(
            N=N,
            field=field,
            temperature=temperature,
            levels=count,
            coupling=float(coupling),
            energies=coupling * (energies - energies[0]),
            vectors=vectors,
            _is_odd=is_odd,
        )

    # ------------------------------------------------------------ scales and operators

    @property
    def splitting(self) -> float:
        """Tunnel splitting Delta = E1 - E0 in 1/s."""
        return float(self.energies[1])

    @property
    def interval(self) -> float:
        """Time between two measurements, pi/(3 Delta), in seconds."""
        return np.pi / (3 * self.splitting)

    @property
    def hamiltonian(self) -> qutip.Qobj:
        """H in the kept levels, counted from the ground state (`qutip.Qobj`, 1/s)."""
        return qutip.qdiags(self.energies, 0)

    @cached_property
    def jz(self) -> qutip.Qobj:
        """Jz truncated to the kept levels (`qutip.Qobj`)."""
        return self.operator(magnetic_numbers(self.N))

    @cached_property
    def sign(self) -> qutip.Qobj:
        """Q = sign(Jz), zero at m = 0, truncated to the kept levels (`qutip.Qobj`)."""
        return self.operator(np.sign(magnetic_numbers(self.N)))

    def operator(self, of_m: ArrayLike) -> qutip.Qobj:
        """A function of Jz, truncated to the kept levels.

        Parameters
        ----------
        of_m : array, shape (N + 1,)
            Its values at m = N/2, ..., -N/2.

        Returns
        -------
        qutip.Qobj
        """
        values = finite_array("of_m", of_m, shape=(self.N + 1,))
        return qutip.Qobj(self.vectors.T @ (values[:, None] * self.vectors))

    def state(self, initial: str | qutip.Qobj = "ground") -> qutip.Qobj:
        """An initial density matrix.

        Parameters
        ----------
        initial : {"ground", "first", "ordered", "thermal"} or qutip.Qobj
            |0>, |1>, (|0> + |1>)/sqrt(2) (magnetisation up), the Boltzmann distribution over the
            kept levels, or a ket or density matrix in the basis of the kept levels.

        Returns
        -------
        qutip.Qobj
        """
        if isinstance(initial, qutip.Qobj):
            state = initial.proj() if initial.isket else initial
            if state.shape != (self.levels, self.levels):
                raise ValueError(
                    f"initial of shape {initial.shape}: must live in the {self.levels} kept levels"
                )
            self._kept("initial", state)
            trace = state.tr()
            if abs(trace - 1) > 1e-9:
                raise ValueError(f"initial of trace {trace:.6g}: must be a state, of trace 1")
            return state
        one_of("initial", initial, INITIAL)
        if initial == "thermal":
            weights = np.exp(-self.energies / thermal_rate(self.temperature))
            return qutip.qdiags(weights / weights.sum(), 0)
        ket = np.zeros(len(self.energies))
        ket[{"ground": [0], "first": [1], "ordered": [0, 1]}[initial]] = 1.0
        return qutip.Qobj(ket / np.linalg.norm(ket)).proj()

    # ------------------------------------------------------------ Lindblad dynamics

    def evolve(
        self,
        operator: qutip.Qobj,
        times: ArrayLike,
        dephasing: float,
        adjoint: bool = False,
        resolution: float = 1.0,
    ) -> list[qutip.Qobj]:
        """Evolve an operator in the kept levels under H and collective dephasing.

        Parameters
        ----------
        operator : qutip.Qobj
            Hermitian: a density matrix, or an observable (with `adjoint`).
        times : array, shape (T,)
            In seconds, >= 0, ascending.
        dephasing : float
            gamma >= 0 in 1/s; the jump operator is sqrt(gamma) Jz.
        adjoint : bool
            True: the Heisenberg picture, exp(L^dagger t); False: the Schroedinger picture.
        resolution : float
            Steps finer than the default by this factor; the error falls as its square.

        Returns
        -------
        list of qutip.Qobj
            One operator per time. Each step is a physical channel: traces are kept, and positive
            operators stay positive.
        """
        times = ascending("times", times)
        dephasing = not_negative("dephasing", dephasing)
        resolution = positive("resolution", resolution)
        x = self._kept("operator", operator)
        flag("adjoint", adjoint)
        self._refuse_long("times", max(times, default=0.0), dephasing, resolution)
        result = [np.zeros(x.shape, dtype=complex) for _ in times]
        for odd in (False, True):
            blocks = self.engine.split(x, odd)
            # what an operator of one parity has of the other is rounding, a tenth of this
            if np.abs(blocks).max() > 1e-15 * np.abs(x).max():
                moved = self._moved(blocks, odd, times, dephasing, adjoint, resolution)
                for row, each in zip(result, moved, strict=True):
                    row += self.engine.join(each, odd)
        return [qutip.Qobj(each, copy=False) for each in result]

    def _refuse_long(self, name, time, dephasing, resolution=1.0):
        # an upper bound for the steps of the finest run, and what one of them takes
        steps = 4 * resolution * time / self._longest_step(dephasing)
        affordable(
            f"{name} up to {time:g} s, dephasing = {dephasing:g}, resolution = {resolution:g}",
            seconds=steps * (3e-6 + 1e-9 * self.levels**3),
            advice="take a shorter time",
        )

    def _kept(self, name, operator):
        x = instance(name, operator, qutip.Qobj).full()
        if x.shape != (self.levels, self.levels):
            raise ValueError(
                f"{name} of shape {x.shape}: must live in the {self.levels} kept levels"
            )
        if not np.isfinite(x).all():
            raise ValueError(f"{name}: must be finite everywhere")
        if np.abs(x - x.conj().T).max() > 1e-10 * np.abs(x).max():
            raise ValueError(f"{name}: must be Hermitian")
        return x

    @cached_property
    def engine(self):
        """H and the noise along z in blocks of definite parity (`integrators.ParityDephasing`)."""
        return ParityDephasing(self.energies, self._is_odd, self.jz.full().real)

    def _longest_step(self, dephasing):
        # a fraction of the fastest motion that the doublet takes part in: to the third level, or
        # the mixing of the doublet by the noise
        fastest = self.energies[min(2, self.levels - 1)]
        mixing = dephasing * abs(self.jz.full()[0, 1]) ** 2
        return 1 / (5 * fastest + 3 * mixing)

    def _moved(self, blocks, odd, times, dephasing, adjoint, resolution):
        prepare = self.engine.stepper(odd, dephasing, adjoint)
        # without noise there is nothing to alternate with: one step is exact
        most = None if dephasing else 1
        return strang(blocks, times, self._longest_step(dephasing), prepare, resolution, most)

    # ------------------------------------------------------------ the correlator

    def correlation(
        self,
        times: ArrayLike,
        dephasing: float,
        initial: str | qutip.Qobj = "ground",
        resolution: float = 1.0,
    ) -> NDArray[np.float64]:
        """C(t) = Tr[Q exp(L t) {Q, rho}]/2, the first measurement at time 0.

        Parameters
        ----------
        times : array, shape (T,)
            In seconds, >= 0, ascending.
        dephasing : float
            gamma in 1/s.
        initial, resolution
            As in `state` and `evolve`.

        Returns
        -------
        ndarray of float, shape (T,)
        """
        asked = _symmetric(self.sign, self.state(initial))
        moved = self.evolve(asked, times, dephasing, resolution=resolution)
        return np.array([_trace(self.sign, each) for each in moved])

    def k3(
        self,
        dephasing: float,
        interval: ArrayLike | None = None,
        stationary: bool = False,
        initial: str | qutip.Qobj = "ground",
    ) -> float | NDArray[np.float64]:
        """The Leggett-Garg correlator K3 for measurements a time `interval` apart.

        Parameters
        ----------
        dephasing : float
            gamma >= 0 in 1/s.
        interval : float or array, optional
            In seconds, > 0; default pi/(3 Delta). All values of an array come from one pass.
        stationary : bool
            True: 2 C(tau) - C(2 tau), as if C23 were C12. False: C12 + C23 - C13, with the state
            evolved to the second measurement.
        initial
            As in `state`.

        Returns
        -------
        float or ndarray, the shape of interval
            Extrapolated from two step sizes; the error is about 1e-6.

        Notes
        -----
        Cost: 1 ms for 5 levels, 3 ms for 40, 0.9 s for all 371, as levels^3; longer with strong
        noise.
        """
        dephasing = not_negative("dephasing", dephasing)
        tau = finite_array("interval", self.interval if interval is None else interval)
        if tau.size == 0 or np.any(tau <= 0):
            raise ValueError(f"interval = {interval!r}: must be > 0, one or more")
        flag("stationary", stationary)
        self._refuse_long("interval", tau.max(), dephasing)
        rho = self.engine.split(self.state(initial).full(), False)
        q = self.engine.split(self.sign.full(), True)

        def run(resolution):
            return self._k3(dephasing, tau.ravel(), stationary, q, rho, resolution)

        return unwrap(extrapolated(run).reshape(tau.shape))

    def _k3(self, dephasing, tau, stationary, q, rho, resolution):
        # Heisenberg picture for the later measurement, Schroedinger picture for the state: one pass
        # of each serves all intervals
        single, double = np.unique(tau), np.unique(np.concatenate([tau, 2 * tau]))
        later = self._moved(q, True, double, dephasing, True, resolution)
        if stationary:
            states = [rho] * len(single)
        else:
            states = self._moved(rho, False, single, dephasing, False, resolution)
        k3 = np.empty(len(single))
        for i, t in enumerate(single):
            at = {factor: later[np.searchsorted(double, factor * t)] for factor in (1, 2)}
            k3[i] = _asked(q, at[1], rho) + _asked(q, at[1], states[i]) - _asked(q, at[2], rho)
        return k3[np.searchsorted(single, tau)]

    def k3_operator(
        self, dephasing: float, interval: float | None = None, stationary: bool = False
    ) -> qutip.Qobj:
        """The observable whose mean in the initial state is K3: all initial states at once.

        Parameters
        ----------
        dephasing, interval, stationary
            As in `k3`; one interval.

        Returns
        -------
        qutip.Qobj
            Hermitian, in the kept levels; its largest eigenvalue is the largest K3 that any initial
            state can show.
        """
        dephasing = not_negative("dephasing", dephasing)
        tau = positive("interval", self.interval if interval is None else interval)
        flag("stationary", stationary)
        self._refuse_long("interval", tau, dephasing)

        def run(resolution):
            options = dict(adjoint=True, resolution=resolution)
            once, twice = self.evolve(self.sign, [tau, 2 * tau], dephasing, **options)
            first = _symmetric(self.sign, once)
            second = first if stationary else self.evolve(first, [tau], dephasing, **options)[0]
            return (first + second - _symmetric(self.sign, twice)).full()

        return qutip.Qobj(extrapolated(run))

    def threshold(
        self,
        stationary: bool = False,
        interval: float | None = None,
        initial: str | qutip.Qobj = "ground",
    ) -> float:
        """Lowest dephasing rate at which K3 has fallen to one.

        Parameters
        ----------
        stationary, interval, initial
            As in `k3`; one interval.

        Returns
        -------
        float
            In 1/s; NaN if K3 does not exceed one even without dephasing.

        Notes
        -----
        Cost: 20 ms for 5 levels, 2 s for all 371: few levels find the place.
        """
        tau = positive("interval", self.interval if interval is None else interval)
        flag("stationary", stationary)

        def excess(rate):
            return self.k3(rate, tau, stationary, initial) - 1

        if len(self.energies) > SMALL and not isinstance(initial, qutip.Qobj):
            # few levels find the place, and two values in all levels the root
            few = replace(self, levels=SMALL, coupling=self.coupling)
            first = few.threshold(stationary, tau, initial)
            if first > 0:  # it may be NaN
                near = few.k3(1.001 * first, tau, stationary, initial)
                value = excess(first)
                second = max(first - value * 0.001 * first / (near - 1), 0.0)
                now = excess(second)
                root = second - now * (second - first) / (now - value)
                if abs(root / first - 1) < 0.02 and abs(now) < 1e-4:
                    return float(root)
        # the mixing of the doublet in one interval sets the scale; the search is in small steps
        # from below, so that it is the lowest root
        low, high = 0.0, 0.02 / (tau * abs(self.jz.full()[0, 1]) ** 2)
        if excess(low) <= 0:
            return float("nan")
        last = 1e6 * high
        while excess(high) > 0:
            low, high = high, 1.4 * high
            if high > last:
                raise ArithmeticError(f"up to a dephasing rate of {low:.3g} K3 stays above one")
        return float(brentq(excess, low, high, xtol=1e-9 * high, rtol=1e-7))


# where thousands of magnets are wanted, making these anew would take a third of the time
_isometry = lru_cache(maxsize=256)(sector_isometry)


def _lowest_levels(N, field, count):
    """Energies in units of J3, vectors, and which of them are odd."""
    affordable(f"N = {N}", 40.0 * N * count, 1e-6 * N * count + 1e-9 * N * count**2)
    model = LMG.leggett_garg(N, field)
    # even and odd levels take turns; one more of each makes sure
    sectors = {}
    for parity in ("even", "odd"):
        top = min(count // 2 + 1, len(magnetic_numbers(N, parity))) - 1
        sectors[parity] = eigh_tridiagonal(*model.bands(parity), select="i", select_range=(0, top))
    energies = np.concatenate([sectors[p][0] for p in sectors])
    is_odd = np.repeat([False, True], [len(sectors[p][0]) for p in sectors])
    vectors = np.hstack([_isometry(N, p) @ sectors[p][1] for p in sectors])
    order = np.argsort(energies, kind="stable")[:count]
    energies, is_odd, vectors = energies[order], is_odd[order], vectors[:, order]
    if energies[1] - energies[0] < LOST * N:
        raise ValueError(
            f"N = {N}, field = {field:g}: the splitting, {energies[1] - energies[0]:.1e} J3, is "
            "lost in rounding errors; take fewer spins or a larger field"
        )
    # one sign convention: positive at the outermost m that matters, so that |0> + |1> points up
    outermost = np.argmax(np.abs(vectors) > 1e-8 * np.abs(vectors).max(axis=0), axis=0)
    return energies, vectors * np.sign(vectors[outermost, np.arange(vectors.shape[1])]), is_odd


def _symmetric(a, b):
    return (a @ b + b @ a) / 2


def _trace(a, b):
    return float(np.einsum("ij,ji->", a.full(), b.full()).real)


def _asked(q, later, rho):
    # Tr[rho {Q, Q'}]/2 for odd Hermitian Q, Q' and even rho, in blocks
    return (np.vdot(later, rho[0] @ q) + np.vdot(q, later @ rho[1])).real
