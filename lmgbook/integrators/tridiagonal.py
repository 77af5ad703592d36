"""States under tridiagonal Hamiltonians: Magnus-4 with diagonal Pade steps.

    sesolve([H0, [H1, field]], psi0, times, options={"method": "tridiagonal"})

**What it serves.** Every Hamiltonian H(t) = sum_k f_k(t) H_k with real f_k and Hermitian
tridiagonal H_k whose elements beside the diagonal share their phases (up to signs): a collective
spin in a field, in either of its flip sectors, a particle on a line, a chain with Peierls phases.
A change of basis that is diagonal makes such matrices real. Explicit Runge-Kutta methods must
resolve the full spectral width of H, which grows like N, although the state has little energy
spread; here each step is a rational function of H, unitary and stable at any step size, so the step
follows the state and not the spectrum.

**Method.** The fourth-order Magnus exponent with two Gauss nodes (Blanes, Casas, Oteo, Ros, Phys.
Rep. 470, 151 (2009), Sec. 5), which is again tridiagonal if the couplings of all parts have one
shape; the commutator-free pair of exponentials (Blanes, Moan, Appl. Numer. Math. 56, 1519 (2006))
where they have not. Each exponential is the diagonal Pade approximant (4, 4) in partial fractions
(Gallopoulos, Saad, SIAM J. Sci. Stat. Comput. 13, 1236 (1992)): four tridiagonal solves.

**Error control.** Equal steps are taken in chunks, and two of its errors are measured:

- the difference of the last step and two of half its length (step doubling: Hairer, Norsett,
  Wanner, Solving Ordinary Differential Equations I, Sec. II.4); the last step is one where H(t)
  changes at least half as fast as anywhere in the chunk;
- for every step, how far f_k(t) is from the cubic through the Gauss nodes and both ends, in the
  middle of the step and, if it is a long one, at those of two hundred scattered times between the
  two points of `tlist` that lie in it: integrated over the step, times the width of the spectrum of
  H_k. (In a run of one interval there are two thousand of them.)

The second one costs numbers only and no step. Where it is too large, the step is halved until it
is not; if something sharp lies beyond, a jump or a kink, its place is found by bisection and made
a stop, so that it lies between two steps. Knots of array coefficients at which these jump or bend
are stops from the outset.

**What it sees.** Any feature of H(t) that is at least 1 % of the interval between two points of
`tlist` wide (full width at half maximum), wherever it is, and jumps and kinks that are no closer to
each other. Narrower ones may be missed, as by any method that looks at H(t) at single
times: give their places by the option ``stops``, or half their width by ``max_step``.
"""

from collections.abc import Callable
from functools import cache
from math import comb, inf, isfinite, ulp

import numpy as np
import qutip
from numpy.typing import ArrayLike
from qutip.core.cy.coefficient import Coefficient, InterCoefficient
from qutip.solver.integrator import Integrator, IntegratorException
from qutip.solver.solver_base import Solver

CHUNK = 64  # most steps between two measurements of the error
LOOKS = 200  # times at which H(t) is looked at in an interval, if its steps are long
GAUSS = np.sqrt(3) / 6
_ORDER = 4


@cache
def _pade_poles():
    # exp(-ix) ~ P(-ix)/P(ix): poles and residues, refined by Newton steps because their rounding
    # errors are the same in every step and would add up
    c = [1.0, 1 / 2, 3 / 28, 1 / 84, 1 / 1680]
    denominator = np.polynomial.Polynomial([c[k] * 1j**k for k in range(5)])
    numerator = np.polynomial.Polynomial([c[k] * (-1j) ** k for k in range(5)])
    slope = denominator.deriv()
    poles = denominator.roots()
    for _ in range(3):
        poles = poles - denominator(poles) / slope(poles)
    residues = numerator(poles) / slope(poles)
    return poles, residues


NODES = 0.5 - GAUSS, 0.5 + GAUSS


@cache
def _nodes(count):
    # Gauss nodes of equal steps, in steps
    return np.concatenate([np.arange(count) + node for node in NODES])


@cache
def _places(count):
    # where a chunk looks at H(t), in steps: ends of the steps, Gauss nodes, middles, and the nodes
    # of the two halves of its last step
    begin = np.arange(count)
    return np.concatenate([[*begin, count], _nodes(count), begin + 0.5, count - 1 + _nodes(2) / 2])


@cache
def _scattered(looks):
    # one time in each of so many equal pieces, of no common period with anything
    k = np.arange(looks)
    return (k + 0.25 + 0.5 * (k * (np.sqrt(5) - 1) / 2 % 1)) / looks


# small checks of its own: this file shall be of use without the rest of the package
def _real(name, value):
    if isinstance(value, str | bytes | bool) or not np.isscalar(value) or np.iscomplexobj(value):
        raise TypeError(f"{name} = {value!r}: must be a real number")
    try:
        return float(value)
    except OverflowError:  # an int beyond the range of floats
        return inf


def _number(name, value, zero=True):
    number = _real(name, value)
    if not 0 <= number < inf or (number == 0 and not zero):
        allowed = "finite and >= 0" if zero else "finite and > 0"
        raise ValueError(f"{name} = {value!r}: must be {allowed}")
    return number


def _times(name, values):
    times = np.asarray(values)
    if times.dtype.kind not in "iuf" and times.size:
        raise TypeError(f"{name} = {values!r}: must be a list of real numbers")
    if times.ndim != 1 or not np.isfinite(times.astype(float)).all():
        raise ValueError(f"{name} = {values!r}: must be a list of finite times")
    return times.astype(float)


def _moment(name, t):
    if not isfinite(_real(name, t)):
        raise ValueError(f"{name} = {t}: times must be finite")
    return float(t)


def _array(name, values, shape, dtype=float):
    try:
        array = np.array(values, dtype=dtype)
    except (TypeError, ValueError, OverflowError):
        array = np.empty(0)
    fits = zip(array.shape, shape, strict=False)
    if array.ndim != len(shape) or any(n not in (None, size) for size, n in fits):
        raise ValueError(f"{name} = {values!r}: must be numbers of shape {shape}")
    return array


class TridiagonalPropagator:
    """Propagates a state under H(t) = sum_k f_k(t) H_k with real symmetric tridiagonal parts.

    One step takes about 0.1 microseconds a row (16 rows a microsecond for constant H(t)); the
    memory is that of some 30 states.

    Parameters
    ----------
    diagonals : array, shape (parts, dim)
    off_diagonals : array, shape (parts, dim - 1)
    coefficients : callable
        Takes times, shape (n,), and returns the f_k at these times, shape (n, parts), real.
    atol : float
        Local error allowed for the state vector (of norm one) in one step.
    max_step : float
        Longest step; 0 means none. Half the width of the shortest feature of H(t), if it is
        narrower than 1 % of the interval that `advance` is asked for.
    fixed_step : float
        Take steps of this length and measure no error (for convergence tests); 0 means adaptive.
    first_step : float
        First step to try; 0 means by the energy spread of the state.
    nsteps : float
        Most steps in one call of `advance`; 0 means no limit.
    stops : array, shape (n,)
        Times at which a step has to end: jumps of H(t), places of its narrow features.

    Attributes
    ----------
    steps : int
        Steps taken since `start`, without those that only measured the error.

    Raises
    ------
    ValueError, TypeError
        A number is outside what is said above.
    """

    def __init__(
        self,
        diagonals: ArrayLike,
        off_diagonals: ArrayLike,
        coefficients: Callable[[np.ndarray], np.ndarray],
        atol: float = 1e-8,
        max_step: float = 0.0,
        fixed_step: float = 0.0,
        first_step: float = 0.0,
        nsteps: float = 0,
        stops: ArrayLike = (),
    ):
        self._diag = _array("diagonals", diagonals, (None, None))
        parts, self.dim = self._diag.shape
        # one column more: the kernel wants a (vanishing) coupling behind the last row
        self._off = np.zeros((parts, self.dim))
        self._off[:, :-1] = _array("off_diagonals", off_diagonals, (parts, self.dim - 1))
        if not callable(coefficients):
            raise TypeError(f"coefficients = {coefficients!r}: must be callable")
        self._coefficients = coefficients
        self.atol = _number("atol", atol, zero=False)
        self._max_step = _number("max_step", max_step) or inf
        self._fixed_step = _number("fixed_step", fixed_step)
        self._first_step = _number("first_step", first_step)
        self._nsteps = _number("nsteps", nsteps) or inf
        self._stops = np.unique(_times("stops", stops))
        self._pade = _pade_poles()
        shapes = self._off[np.any(self._off, axis=1)]
        # commutators of the parts are tridiagonal if all couplings share one shape
        self._magnus = len(shapes) < 2 or np.linalg.matrix_rank(shapes) < 2
        self._sizes = _half_widths(self._diag, self._off)
        self.start(0.0, np.eye(self.dim, 1).ravel())

    def start(self, t: float, state: ArrayLike) -> None:
        """Set the time and the state (complex array, shape (dim,), any norm)."""
        self.t = _moment("t", t)
        state = _array("state", state, (self.dim,), complex)
        self._re, self._im = state.real.copy(), state.imag.copy()
        self._norm = np.linalg.norm(state)
        if not np.isfinite(self._norm):
            raise ValueError(f"state of norm {self._norm}: must be finite")
        self._re /= self._norm or 1.0
        self._im /= self._norm or 1.0
        self._phase = 0.0
        self._dt = self._fixed_step or self._first_step or None
        self._chunk = CHUNK if self._fixed_step else 1
        self.steps = 0

    @property
    def state(self) -> np.ndarray:
        """The state now, complex array of shape (dim,)."""
        return (self._re + 1j * self._im) * (self._norm * np.exp(-1j * self._phase))

    @property
    def probabilities(self) -> np.ndarray:
        """|state|^2, shape (dim,)."""
        return (self._re**2 + self._im**2) * self._norm**2

    def advance(self, t_end: float, looks: int = LOOKS) -> None:
        """Propagate to t_end >= t.

        Parameters
        ----------
        t_end : float
        looks : int
            At so many times in between H(t) is looked at beside those that short steps see.

        Raises
        ------
        qutip.solver.integrator.IntegratorException
            t_end lies before t, the step has become too short to go on, `nsteps` steps do not
            suffice, or H(t) is not finite.
        ValueError
            t_end is not finite.
        """
        t_end = _moment("t_end", t_end)
        if _number("looks", looks) > 1e6:
            raise ValueError(f"looks = {looks!r}: must be <= 1000000")
        if t_end < self.t:
            raise IntegratorException(f"t = {t_end:g}: must not lie before the state's {self.t:g}")
        if self._norm == 0:  # a zero state stays zero
            self.t = t_end
        between = (self._stops > self.t) & (self._stops < t_end)
        ends = [t_end, *self._stops[between][::-1]]  # the next one comes last
        begun, first, rejected = self.t, self.steps, 0
        self._interval, self._seen = (begun, t_end - begun, looks), None
        while self.t < t_end:
            while ends[-1] <= self.t:
                ends.pop()
            left = ends[-1] - self.t
            if self._dt is None:
                # one radian of the state's own energy spread, a guess that the test corrects
                self._dt = 1.0 / max(self._energy_spread(), 1.0 / left)
            dt = min(self._dt, self._max_step)
            if rejected > 60 or self.t + dt == self.t:
                raise IntegratorException(
                    f"method 'tridiagonal': no step meets atol = {self.atol:g} at t = {self.t:g}"
                )
            if self.steps - first >= self._nsteps:
                raise IntegratorException(
                    f"method 'tridiagonal': nsteps = {self._nsteps:g} steps end at t = {self.t:g}, "
                    f"between the recorded times {begun:g} and {t_end:g}: raise nsteps or atol"
                )
            needed = max(int(np.ceil(left / dt * (1 - 1e-12))), 1)
            # equal steps that end on the stop if it is near
            if needed <= CHUNK or self._fixed_step:
                dt = left / needed
            count = min(needed, self._chunk)
            re, im = self._re.copy(), self._im.copy()
            if self._fixed_step:
                f = self._finite(self.t + dt * _nodes(count)).reshape(2, count, -1)
                phase, error = self._run(re, im, f, dt), 0.0
            else:
                f, halves, good, take, unseen = self._smooth(dt, count)
                if not good:
                    self._shorten(dt, unseen, ends)
                    continue
                if take < count:
                    count = take
                    halves = self._finite(self.t + dt * (count - 1 + _nodes(2) / 2))
                phase = self._run(re, im, f[:, : count - 1], dt)
                last, error = self._tested_step(re, im, f[:, count - 1 : count], halves, dt)
                phase += last
                if not self._accepts(max(error, unseen), dt, count):
                    rejected += 1
                    continue
            rejected = 0
            self._re, self._im = re, im
            self._phase += phase
            self.steps += count
            self.t = float(ends[-1]) if count == needed else self.t + count * dt

    def _finite(self, times):
        f = self._coefficients(times)
        self._check(times, f)
        return f

    def _check(self, times, f):
        if not np.isfinite(f).all():
            bad = times[~np.all(np.isfinite(f), axis=1)]
            raise IntegratorException(f"H(t) is not finite at t = {bad[0]:g}")

    def _smooth(self, dt, count):
        """What the next steps see of H(t), and whether they may trust it.

        Returns
        -------
        f : array, shape (2, count, parts)
            At the two Gauss nodes of each step.
        halves : array, shape (4, parts)
            At those of the two halves of the last one.
        good, take : int
            Steps that see H(t) well; steps to take, at most as many.
        error : float
            The largest of a good step, or that of the first one if it is not.
        """
        from . import _kernels  # compiled on first use

        t, end = self.t, self.t + count * dt
        times = t + dt * _places(count)
        # a stop belongs to neither side: rounding must not decide what a step sees of it
        times[0] = t + max(1e-9 * dt, 4 * ulp(t))
        times[count] = end - max(1e-9 * dt, 4 * ulp(end))
        f = self._coefficients(times)
        nodes, middles = f[count + 1 : 3 * count + 1].reshape(2, count, -1), f[3 * count + 1 : -4]
        seen_at, seen = self._seen_between(t, end, dt)
        good, take, error = _kernels.smooth_steps(
            f[: count + 1], nodes[0], middles, nodes[1], self._sizes, dt, seen_at, seen, self.atol
        )
        if good < count:
            self._check(times, f)
        return nodes, f[-4:], good, take, error

    def _seen_between(self, t, end, dt):
        # what is narrow is found by a look at the whole interval, or by steps that are short anyway
        begin, interval, looks = self._interval
        if looks * dt < 3 * interval:
            return _NOTHING_SEEN
        if self._seen is None:
            times = begin + interval * _scattered(looks)
            self._seen = times, self._finite(times)
        times, values = self._seen
        some = slice(*np.searchsorted(times, (t, end)))
        return (times[some] - t) / dt, values[some]

    def _shorten(self, dt, error, ends):
        """Halve the step at hand until it sees H(t) well; put stops around what is sharp there."""

        def fails(h):
            *_, good, _, error = self._smooth(h, 1)
            return not good, error

        low, high, beyond, failed = dt, dt, error, True
        while failed:
            low, high, beyond = low / 2, low, error
            if self.t + low == self.t:
                raise IntegratorException(
                    f"method 'tridiagonal': no step meets atol = {self.atol:g} at t = {self.t:g}, "
                    "where H(t) is not smooth at any scale"
                )
            failed, error = fails(low)
        if error > 1e-3 * beyond:  # smooth: half the step has one part in 32 of the error
            self._dt = low
            return
        while 4 * beyond * (1 - low / high) > 0.1 * self.atol:
            middle = (low + high) / 2
            if not low < middle < high:
                break
            failed, error = fails(middle)
            if failed:
                high, beyond = middle, error
            else:
                low = middle
        ends += [min(self.t + high, ends[-1]), self.t + low]

    def _run(self, re, im, f, dt):
        from . import _kernels

        phase, change = _kernels.cayley_steps(
            re, im, self._diag, self._off, f[0], f[1], dt, *self._pade, self._magnus
        )
        if not change < 1e-9:
            raise IntegratorException(f"norm changed by {change:g} in a step: not rounding")
        return phase

    def _tested_step(self, re, im, f, halves, dt):
        # one step against two of half the length, which are kept; returns phase and difference
        once = re.copy(), im.copy()
        difference = self._run(*once, f, dt)
        phase = self._run(re, im, halves.reshape(2, 2, -1), dt / 2)
        rotated = (once[0] + 1j * once[1]) * np.exp(1j * (phase - difference))
        return phase, np.linalg.norm(rotated - re - 1j * im)

    def _accepts(self, error, dt, count):
        growth = 0.9 * (self.atol / max(error, 1e-16)) ** (1 / (_ORDER + 1))
        if growth < 0.7:
            # the untested steps before the last one may have been as bad: go there more slowly
            if count > 1:
                self._chunk = max(count // 4, 1)
            else:
                self._dt = dt * growth
            return False
        self._chunk = min(2 * self._chunk, CHUNK)
        grown = dt * min(growth, 4.0)
        # a step cut short by a stop says nothing against a longer one
        self._dt = grown if growth < 1 else max(grown, self._dt)
        return True

    def _energy_spread(self):
        f = self._finite(np.array([self.t + 4 * ulp(self.t)]))[0]
        d, o = f @ self._diag, (f @ self._off)[:-1]
        psi = self._re + 1j * self._im
        image = d * psi
        image[:-1] += o * psi[1:]
        image[1:] += o * psi[:-1]
        mean = np.vdot(psi, image).real
        return np.linalg.norm(image - mean * psi)


_NOTHING_SEEN = np.empty(0), np.empty((0, 1))


def _half_widths(diagonals, off_diagonals):
    # of the spectra, by Gershgorin: what a part does to a state, beside its phase
    return np.ptp(diagonals, axis=1) / 2 + 2 * np.max(np.abs(off_diagonals), axis=1, initial=0.0)


# options that QuTiP's own methods take beyond those here: refused by name, if they are given
FOREIGN = (
    "min_step", "order", "interpolate", "ifactor", "dfactor", "beta", "max_order_ns", "max_order_s",
)  # fmt: skip


class IntegratorTridiagonal(Integrator):
    """QuTiP integrator for tridiagonal H(t): Magnus-4 with diagonal Pade steps.

    Usable with ``method="tridiagonal"`` in `sesolve` and `SESolver`, for kets and for operators
    (propagators). The steps are unitary; only what rounding does to the norm is divided out, and a
    larger change raises an error.
    """

    integrator_options = dict.fromkeys(FOREIGN) | {
        "atol": 1e-8,
        "rtol": 0.0,
        "nsteps": 1_000_000,
        "first_step": 0.0,
        "max_step": 0.0,
        "fixed_step": 0.0,
        "stops": (),
    }
    support_time_dependant = True
    supports_blackbox = False
    rhs_format = "solver"
    method = "tridiagonal"

    def __init__(self, system, options):
        # QuTiP 5.3 hands over -iH; from 5.4 on, the solver that has it
        self.system = system if isinstance(system, qutip.QobjEvo) else _right_hand_side(system)
        self._is_set = False
        self._back = (np.inf, None)
        self._options = self.integrator_options.copy()
        self.options = options
        self._prepare()

    def _prepare(self):
        self.name = "tridiagonal Magnus-Pade"
        self._propagators, self._looks = [], LOOKS
        if not isinstance(self.system, qutip.QobjEvo) or self.system.issuper:
            raise ValueError(
                "method 'tridiagonal' solves the Schroedinger equation and no master equation: "
                "without collapse operators use sesolve, with them method 'adams' or 'vern9'"
            )
        if getattr(self.system, "_feedback_functions", None):
            raise ValueError(
                "method 'tridiagonal' cannot serve feedback, H(t) must not depend on the state: "
                "use method 'adams' or 'vern9'"
            )
        parts = self._parts()
        self._gauge, *self._bands = _real_bands([1j * operator for operator, _ in parts])
        self._sizes = _half_widths(*self._bands)

    def _parts(self):
        parts = []
        for element in self.system.to_list():
            operator, function = element if isinstance(element, list) else (element, None)
            if not isinstance(operator, qutip.Qobj):
                raise ValueError(
                    "method 'tridiagonal' needs H as a list of operators and coefficients, not as "
                    "a function that returns an operator: use method 'adams' or 'vern9' for that"
                )
            parts.append((operator, function))
        return parts

    def _coefficients(self, times):
        if len(times) == self._looks and self._seen[0] == times.tobytes():
            return self._seen[1]  # the columns of an operator share one look
        values = np.ones((len(times), len(self._functions)))
        for k, function in enumerate(self._functions):
            if function is not None:
                column = np.array([function(t) for t in times.tolist()])
                if column.imag.any():
                    raise ValueError(
                        "method 'tridiagonal' needs real coefficients: split a complex one into "
                        "two Hermitian parts, or use method 'adams' or 'vern9'"
                    )
                values[:, k] = column.real
        if len(times) == self._looks:
            self._seen = times.tobytes(), values
        return values

    def set_state(self, t, state0):
        """Set the time and the state: one propagator for each column."""
        columns = self._gauge.conj()[:, None] * state0.to_array()
        # arguments may have changed, the coefficients are new objects then
        self._functions = [function for _, function in self._parts()]
        self._seen = None, None
        limits = ("nsteps", "first_step", "max_step", "fixed_step")
        options = {name: self.options[name] for name in limits}
        options["atol"] = _number("atol", self.options["atol"], zero=False)
        options["atol"] += _number("rtol", self.options["rtol"])
        stops = [_times("stops", self.options["stops"])]
        for function, size in zip(self._functions, self._sizes, strict=True):
            negligible = options["atol"] / max(size, 1e-300)
            stops += [_knots(*arrays, negligible) for arrays in _arrays(function)]
        options["stops"] = np.concatenate(stops)
        self._propagators = []
        for column in columns.T:
            propagator = TridiagonalPropagator(*self._bands, self._coefficients, **options)
            propagator.start(t, column)
            self._propagators.append(propagator)
        self._is_set = True

    def get_state(self, copy=True):
        """The time and the state as QuTiP data."""
        columns = np.stack([propagator.state for propagator in self._propagators], axis=1)
        columns *= self._gauge[:, None]
        return self._propagators[0].t, qutip.core.data.Dense(columns, copy=False)

    def arguments(self, args):
        """Change the arguments of the coefficients (QuTiP 5.3)."""
        self.system.arguments(args)
        self.reset()

    def integrate(self, t, copy=True):
        """Evolve to time t."""
        for propagator in self._propagators:
            propagator.advance(t, self._looks)
        return self.get_state()

    def run(self, tlist):
        """Evolve to the times of `tlist` one by one; if they are few, H(t) is looked at closely."""
        self._looks = max(LOOKS, 10 * LOOKS // max(len(tlist) - 1, 1))
        yield from super().run(tlist)
        self._looks = LOOKS

    @property
    def options(self):
        """
        Supported options by the tridiagonal method:

        atol : float, default: 1e-8
            Local error of the state (of norm one) allowed in one step.

        rtol : float, default: 0
            Added to `atol`: the norm of the state is one.

        nsteps : int, default: 1000000
            Most steps between two points of `tlist` (0 = no limit).

        first_step : float, default: 0
            First step to try (0 = automatic).

        max_step : float, default: 0
            Maximum step size (0 = automatic): half the width of the narrowest feature of H(t), if
            that is below 1 % of the interval between two points of `tlist`.

        stops : list of float, default: ()
            Times at which a step has to end, such as those of jumps and narrow features of H(t).
            The knots of array coefficients are stops in any case.

        fixed_step : float, default: 0
            Step size without error control (0 = adaptive).
        """
        return self._options

    @options.setter
    def options(self, new_options):
        refuse_options(self, new_options)
        Integrator.options.fset(self, new_options)


def refuse_options(integrator, options):
    """ValueError for an option that only other methods have, with the list of those that exist."""
    own = [name for name, default in integrator.integrator_options.items() if default is not None]
    for name in integrator.integrator_options.keys() - own:
        if options.get(name) is not None:
            raise ValueError(
                f"method {integrator.method!r} has no option {name!r} = {options[name]!r}: it "
                f"takes {', '.join(own)}"
            )


def _right_hand_side(solver):
    rhs = getattr(solver, "rhs", solver)
    return rhs() if not isinstance(rhs, qutip.QobjEvo) and callable(rhs) else rhs


def _real_bands(operators):
    """Bands of Hermitian tridiagonal operators in a diagonal change of basis that makes them real.

    Returns
    -------
    gauge : array, shape (dim,)
        Its phases: the operators are gauge_i R_ij conj(gauge_j) with real symmetric R.
    diagonals, off_diagonals : array, shapes (parts, dim) and (parts, dim - 1)
        Of the R.
    """
    bands = []
    dropped = qutip.settings.core["auto_tidyup_atol"] if qutip.settings.core["auto_tidyup"] else 0.0
    for operator in operators:
        matrix = operator.to("Dia").data_as("dia_matrix")
        scale = np.max(np.abs(matrix.data), initial=0.0)
        # QuTiP drops small elements one by one, on one side of the diagonal only if it comes so
        small = max(1e-14 * scale, 2 * dropped)
        if any(np.any(np.abs(matrix.diagonal(k)) > small) for k in matrix.offsets if abs(k) > 1):
            raise ValueError(
                "method 'tridiagonal' needs tridiagonal operators, elements lie outside: use "
                "method 'adams' or 'vern9'"
            )
        lower, diagonal, upper = (matrix.diagonal(k) for k in (-1, 0, 1))
        for skew in (diagonal.imag, upper - lower.conj()):
            if np.max(np.abs(skew), initial=0.0) > small:
                raise ValueError(
                    "method 'tridiagonal' needs Hermitian operators, and mcsolve makes them "
                    "non-Hermitian: use method 'adams' or 'vern9'"
                )
        bands.append((diagonal.real, (upper + lower.conj()) / 2, small))
    off = np.array([upper for _, upper, _ in bands])
    largest = off[np.argmax(np.abs(off), axis=0), np.arange(off.shape[1])]
    phases = np.where(largest == 0, 1.0, largest / np.where(largest == 0, 1.0, np.abs(largest)))
    off = off * phases.conj()
    for row, (_, _, small) in zip(off, bands, strict=True):
        if np.max(np.abs(row.imag), initial=0.0) > small:
            raise ValueError(
                "method 'tridiagonal' needs elements beside the diagonal whose phases are the same "
                "in all parts of H, up to signs: use method 'adams' or 'vern9'"
            )
    gauge = np.concatenate([[1.0], np.cumprod(phases.conj())])
    return gauge / np.abs(gauge), np.array([diagonal for diagonal, _, _ in bands]), off.real


def _arrays(function):
    """Knots and polynomials of the array coefficients in `function`, sums and products included."""
    # QuTiP shows what a coefficient is made of only to pickle
    if isinstance(function, InterCoefficient):
        yield function.__reduce__()[1][:2]
    elif isinstance(function, Coefficient):
        try:
            pieces = list(function.__reduce__())
        except TypeError:  # it cannot be pickled
            return
        while pieces:
            piece = pieces.pop()
            if isinstance(piece, Coefficient):
                yield from _arrays(piece)
            elif isinstance(piece, tuple | list):
                pieces += piece


def _knots(times, polynomials, negligible):
    """Knots at which a piecewise polynomial jumps or bends, and both ends.

    A knot does not count if going on with the polynomial on its left until the next one changes the
    integral by less than `negligible`: thousands of values of a smooth function are one piece.
    """
    polynomials = np.asarray(polynomials)[::-1]  # powers ascending
    if len(times) < 3:
        return times
    h = np.diff(times)
    step = np.maximum(h[:-1], h[1:])
    order = len(polynomials)
    change = np.zeros(len(times) - 2)
    for n in range(order):
        left = sum(comb(p, n) * polynomials[p, :-2] * h[:-1] ** (p - n) for p in range(n, order))
        jump = np.abs(left - polynomials[n, 1:-1])
        jump[jump <= 1e-12 * np.max(np.abs(polynomials[n]))] = 0.0
        change += jump * step**n
    return times[np.concatenate([[True], change * step > negligible, [True]])]


# for all solvers: those that it cannot serve hear why
Solver.add_integrator(IntegratorTridiagonal, IntegratorTridiagonal.method)
