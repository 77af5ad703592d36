"""States under tridiagonal Hamiltonians: Magnus-4 with diagonal Pade steps."""

from functools import cache

import numpy as np
import qutip
from qutip.solver.integrator import Integrator, IntegratorException
from qutip.solver.sesolve import SESolver

from .._validate import in_range, positive

CHUNK = 64  # most steps between two measurements of the error
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


class TridiagonalPropagator:
    """Propagates a state under H(t) = sum_k f_k(t) H_k with real tridiagonal parts.

    Parameters
    ----------
    diagonals : array, shape (parts, dim)
    off_diagonals : array, shape (parts, dim - 1)
    coefficients : callable
        Takes times, shape (n,), and returns the f_k at these times, shape (n, parts), real.
    atol : float
        Local error allowed for the state vector (of norm one) in one step.
    max_step : float
        Longest step; 0 means none. Set it to half the width of the shortest pulse, if long times
        without any change of H(t) lie before it.
    fixed_step : float
        Take steps of this length and measure no error (for convergence tests); 0 means adaptive.

    Attributes
    ----------
    steps : int
        Steps taken since `start`, without those that only measured the error.
    """

    def __init__(
        self, diagonals, off_diagonals, coefficients, atol=1e-8, max_step=0.0, fixed_step=0.0
    ):
        self._diag = np.ascontiguousarray(diagonals, dtype=float)
        parts, self.dim = self._diag.shape
        # one column more: the kernel wants a (vanishing) coupling behind the last row
        self._off = np.zeros((parts, self.dim))
        self._off[:, :-1] = off_diagonals
        self._coefficients = coefficients
        self.atol = positive("atol", atol)
        self._max_step = in_range("max_step", max_step, 0.0, np.inf) or np.inf
        self._fixed_step = in_range("fixed_step", fixed_step, 0.0, np.inf)
        self._pade = _pade_poles()
        shapes = self._off[np.any(self._off, axis=1)]
        # commutators of the parts are tridiagonal if all couplings share one shape
        self._magnus = len(shapes) < 2 or np.linalg.matrix_rank(shapes) < 2
        self._size = np.ptp(self._diag, axis=1) + np.max(np.abs(self._off), axis=1)
        self.start(0.0, np.eye(self.dim, 1).ravel())

    def start(self, t, state):
        """Set the time and the state (complex array, shape (dim,), any norm)."""
        self.t = float(t)
        state = np.asarray(state, dtype=complex)
        self._re, self._im = state.real.copy(), state.imag.copy()
        self._norm = np.linalg.norm(state)
        if not np.isfinite(self._norm):
            raise ValueError(f"state of norm {self._norm}: must be finite")
        self._re /= self._norm or 1.0
        self._im /= self._norm or 1.0
        self._phase = 0.0
        self._dt = self._fixed_step or None
        self._chunk = CHUNK if self._fixed_step else 1
        self.steps = 0

    @property
    def state(self):
        """The state now, complex array of shape (dim,)."""
        return (self._re + 1j * self._im) * (self._norm * np.exp(-1j * self._phase))

    @property
    def probabilities(self):
        """|state|^2, shape (dim,)."""
        return (self._re**2 + self._im**2) * self._norm**2

    def advance(self, t_end):
        """Propagate to t_end >= t.

        Raises
        ------
        qutip.solver.integrator.IntegratorException
            t_end lies before t, the step has become too short to go on, or H(t) is not finite.
        """
        if t_end < self.t:
            raise IntegratorException(f"t = {t_end:g}: must not lie before the state's {self.t:g}")
        if self._norm == 0:  # a zero state stays zero
            self.t = float(t_end)
        rejected = 0
        while self.t < t_end:
            left = t_end - self.t
            if self._dt is None:
                # one radian of the state's own energy spread, a guess that the test corrects
                self._dt = 1.0 / max(self._energy_spread(), 1.0 / left)
            dt = min(self._dt, self._max_step)
            if rejected > 60 or self.t + dt == self.t:
                reason = f"no step meets atol = {self.atol:g} at t = {self.t:g}"
                raise IntegratorException(reason)
            needed = max(int(np.ceil(left / dt * (1 - 1e-12))), 1)
            # equal steps that end on t_end if it is near
            if needed <= CHUNK or self._fixed_step:
                dt = left / needed
            f = self._sample(self.t, dt, min(needed, self._chunk))
            re, im = self._re.copy(), self._im.copy()
            if self._fixed_step:
                phase, error = self._run(re, im, f, dt), 0.0
            else:
                f = f[:, : self._roughest(f)]
                phase = self._run(re, im, f[:, :-1], dt)
                t_last = self.t + (f.shape[1] - 1) * dt
                last, error = self._tested_step(re, im, f[:, -1:], t_last, dt)
                phase += last
            count = f.shape[1]
            if not self._fixed_step and not self._accepts(error, dt, count):
                rejected += 1
                continue
            rejected = 0
            self._re, self._im = re, im
            self._phase += phase
            self.steps += count
            self.t = float(t_end) if count == needed else self.t + count * dt

    def _sample(self, t, dt, count):
        # coefficients at the two Gauss nodes of each step, shape (2, count, parts)
        begin = t + dt * np.arange(count)
        nodes = np.concatenate([begin + (0.5 - GAUSS) * dt, begin + (0.5 + GAUSS) * dt])
        f = self._coefficients(nodes)
        if not np.isfinite(f).all():
            bad = nodes[~np.all(np.isfinite(f), axis=1)]
            raise IntegratorException(f"H(t) is not finite at t = {bad[0]:g}")
        return f.reshape(2, count, -1)

    def _roughest(self, f):
        # the test is made on the last step of a chunk: end it where H(t) changes at least half as
        # fast as anywhere in it, so that a pulse or a jump cannot slip in between two tests
        count = f.shape[1]
        if count == 1:
            return 1
        in_time = f.transpose(1, 0, 2).reshape(2 * count, -1)  # two nodes a step
        change = np.abs(in_time[1:] - in_time[:-1]) @ self._size
        last = np.flatnonzero(change >= 0.5 * change.max())[-1]
        return (last + 1) // 2 + 1

    def _run(self, re, im, f, dt):
        from . import _kernels  # compiled on first use

        phase, change = _kernels.cayley_steps(
            re, im, self._diag, self._off, f[0], f[1], dt, *self._pade, self._magnus
        )
        if not change < 1e-9:
            raise IntegratorException(f"norm changed by {change:g} in a step: not rounding")
        return phase

    def _tested_step(self, re, im, f, t, dt):
        # one step against two of half the length, which are kept; returns phase and difference
        once = re.copy(), im.copy()
        difference = self._run(*once, f, dt)
        phase = self._run(re, im, self._sample(t, dt / 2, 2), dt / 2)
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
        # a step cut short by t_end says nothing against a longer one
        self._dt = grown if growth < 1 else max(grown, self._dt)
        return True

    def _energy_spread(self):
        f = self._sample(self.t, 0.0, 1)[0, 0]
        d, o = f @ self._diag, (f @ self._off)[:-1]
        psi = self._re + 1j * self._im
        image = d * psi
        image[:-1] += o * psi[1:]
        image[1:] += o * psi[:-1]
        mean = np.vdot(psi, image).real
        return np.linalg.norm(image - mean * psi)


class IntegratorTridiagonal(Integrator):
    """QuTiP integrator for tridiagonal H(t): Magnus-4 with diagonal Pade steps.

    Usable with ``method="tridiagonal"`` in `sesolve` and `SESolver`, for kets and for operators
    (propagators). The steps are unitary; only what rounding does to the norm is divided out, and a
    larger change raises an error.
    """

    integrator_options = {"atol": 1e-8, "max_step": 0, "fixed_step": 0}
    support_time_dependant = True
    supports_blackbox = False
    method = "tridiagonal"

    def _prepare(self):
        self.name = "tridiagonal Magnus-Pade"
        if self.system._feedback_functions:
            raise ValueError("method 'tridiagonal' cannot serve feedback: H(t) saw the state")
        diagonals, offs, self._functions = [], [], []
        for element in self.system.to_list():
            operator, coefficient = element if isinstance(element, list) else (element, None)
            if not isinstance(operator, qutip.Qobj):
                raise ValueError(
                    "method 'tridiagonal' needs H as a list of operators and coefficients, "
                    "not as a function that returns an operator"
                )
            d, o = _real_bands(1j * operator)  # the solver's system is -iH
            diagonals.append(d)
            offs.append(o)
            self._functions.append(coefficient)
        self._propagators = []
        self._bands = np.array(diagonals), np.array(offs)

    def _coefficients(self, times):
        values = np.ones((len(times), len(self._functions)))
        for k, function in enumerate(self._functions):
            if function is not None:
                column = np.array([function(t) for t in times])
                if column.imag.any():
                    raise ValueError("method 'tridiagonal' needs real coefficients")
                values[:, k] = column.real
        return values

    def set_state(self, t, state0):
        """Set the time and the state: one propagator for each column."""
        columns = state0.to_array()
        options = {name: self.options[name] for name in self.integrator_options}
        self._propagators = []
        for column in columns.T:
            propagator = TridiagonalPropagator(*self._bands, self._coefficients, **options)
            propagator.start(t, column)
            self._propagators.append(propagator)
        self._is_set = True

    def get_state(self, copy=True):
        """The time and the state as QuTiP data."""
        columns = np.stack([propagator.state for propagator in self._propagators], axis=1)
        return self._propagators[0].t, qutip.core.data.Dense(columns, copy=False)

    def arguments(self, args):
        """Change the arguments of the coefficients, which are new objects then."""
        self.system.arguments(args)
        self.reset(hard=True)

    def integrate(self, t, copy=True):
        """Evolve to time t."""
        for propagator in self._propagators:
            propagator.advance(t)
        return self.get_state()

    @property
    def options(self):
        """
        Supported options by the tridiagonal method:

        atol : float, default: 1e-8
            Local error of the state allowed in one step.

        max_step : float, default: 0
            Maximum step size (0 = automatic). A jump of H(t) belongs on a point of `tlist`, where
            a step ends in any case.

        fixed_step : float, default: 0
            Step size without error control (0 = adaptive).
        """
        return self._options

    @options.setter
    def options(self, new_options):
        Integrator.options.fset(self, new_options)


def _real_bands(operator):
    matrix = operator.to("Dia").data_as("dia_matrix")
    if any(np.any(matrix.diagonal(k)) for k in matrix.offsets if abs(k) > 1):
        raise ValueError("method 'tridiagonal' needs tridiagonal operators: elements lie outside")
    lower, diagonal, upper = (matrix.diagonal(k) for k in (-1, 0, 1))
    scale = np.max(np.abs(matrix.data), initial=0.0)
    for wrong in (diagonal.imag, upper.imag, upper - lower):
        if np.max(np.abs(wrong), initial=0.0) > 1e-14 * scale:
            raise ValueError("method 'tridiagonal' needs real symmetric operators")
    return diagonal.real, upper.real


SESolver.add_integrator(IntegratorTridiagonal, IntegratorTridiagonal.method)
