"""Fast, structure-preserving propagation for QuTiP's `sesolve`.

Importing `lmgbook` registers the method "tridiagonal" with `qutip.SESolver`:

    sesolve([H0, [H1, field]], psi0, times, options={"method": "tridiagonal"})

It serves every Hamiltonian H(t) = sum_k f_k(t) H_k whose parts are real symmetric tridiagonal
matrices, such as a collective spin in a field, in either of its flip sectors. Explicit Runge-Kutta
methods must resolve the full spectral width of H, which grows like N, although the state has little
energy spread; here each step is a rational function of H, unitary and stable at any step size, so
the step follows the state and not the spectrum.

The ingredients are classic: the fourth-order Magnus exponent (Blanes, Casas, Oteo, Ros, Phys. Rep.
470, 151 (2009)), which for these Hamiltonians is again tridiagonal; the commutator-free pair of
exponentials where it is not; a diagonal Pade approximant by tridiagonal solves; a step from the
local error measured by step doubling; a window that follows the wave packet.
"""

import numpy as np
import qutip
from qutip.solver.integrator import Integrator, IntegratorException
from qutip.solver.sesolve import SESolver

from ._validate import positive

CHUNK = 64  # steps between two measurements of the error and of the window
GAUSS = np.sqrt(3) / 6
TAIL = 1e-26  # probability of one site below which the window may end
_ORDER = 4


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
        Longest step; 0 means none. Set it to half the width of the shortest pulse.
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
        self._max_step = max_step or np.inf
        self._fixed_step = fixed_step
        self._pade = _pade_poles()
        shapes = self._off[np.any(self._off, axis=1)]
        # commutators of the parts are tridiagonal if all couplings share one shape
        self._magnus = len(shapes) < 2 or np.linalg.matrix_rank(shapes) < 2
        self.start(0.0, np.eye(self.dim, 1).ravel())

    def start(self, t, state):
        """Set the time and the state (complex array, shape (dim,), any norm but zero)."""
        self.t = float(t)
        state = np.asarray(state, dtype=complex)
        self._re, self._im = state.real.copy(), state.imag.copy()
        self._norm = np.linalg.norm(state)
        if not (np.isfinite(self._norm) and self._norm > 0):
            raise ValueError(f"state of norm {self._norm!r}: must be finite and not zero")
        self._re /= self._norm
        self._im /= self._norm
        self._phase = 0.0
        self._dt = self._fixed_step or None
        self._pad = 32
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
            The step has become too short to go on, or H(t) is not finite.
        """
        while self.t < t_end:
            left = t_end - self.t
            low, high = self._window()
            if not self._fixed_step:
                self._choose_step(low, high, left)
            # equal steps that end on t_end if it is near
            needed = int(np.ceil(left / self._dt * (1 - 1e-12)))
            count = min(needed, CHUNK)
            dt = left / needed if needed <= CHUNK or self._fixed_step else self._dt
            re, im = self._re[low:high].copy(), self._im[low:high].copy()
            phase = self._run(re, im, low, high, self.t, dt, count)
            if self._escapes(re, im, low, high):
                self._pad *= 2
                continue
            self._re[:] = self._im[:] = 0.0
            self._re[low:high], self._im[low:high] = re, im
            self._phase += phase
            self.steps += count
            self.t = t_end if count == needed else self.t + count * dt

    def _run(self, re, im, low, high, t, dt, count):
        from . import _kernels  # compiled on first use

        begin = t + dt * np.arange(count)
        f1 = self._coefficients(begin + (0.5 - GAUSS) * dt)
        f2 = self._coefficients(begin + (0.5 + GAUSS) * dt)
        if not (np.all(np.isfinite(f1)) and np.all(np.isfinite(f2))):
            raise IntegratorException(
                f"H(t) is not finite between t = {t:g} and {t + count * dt:g}"
            )
        diag, off = self._diag[:, low:high], self._off[:, low:high]
        phase, change = _kernels.cayley_steps(
            re, im, diag, off, f1, f2, dt, *self._pade, self._magnus
        )
        if not change < 1e-9:
            raise IntegratorException(f"norm changed by {change:g} in a step: not rounding")
        return phase

    def _choose_step(self, low, high, left):
        if self._dt is None:
            # one radian of the state's own energy spread, a start that the error test corrects
            self._dt = min(left, 1.0 / max(self._energy_spread(), 1.0 / left))
        for _ in range(60):
            dt = min(self._dt, self._max_step, left)
            one = self._re[low:high].copy(), self._im[low:high].copy()
            two = one[0].copy(), one[1].copy()
            difference = self._run(*one, low, high, self.t, dt, 1)
            difference -= self._run(*two, low, high, self.t, dt / 2, 2)
            rotated = (one[0] + 1j * one[1]) * np.exp(-1j * difference)
            error = np.linalg.norm(rotated - two[0] - 1j * two[1])
            growth = 0.9 * (self.atol / max(error, 1e-16)) ** (1 / (_ORDER + 1))
            self._dt = min(dt * min(growth, 4.0), self._max_step)
            # a step far too short or too long teaches little about the right one
            if 0.5 < growth < 2.0 or dt >= min(left, self._max_step) and growth > 1:
                return
        raise IntegratorException(f"no step meets atol = {self.atol:g} at t = {self.t:g}")

    def _energy_spread(self):
        f = self._coefficients(np.array([self.t]))[0]
        d, o = f @ self._diag, (f @ self._off)[:-1]
        psi = self._re + 1j * self._im
        image = d * psi
        image[:-1] += o * psi[1:]
        image[1:] += o * psi[:-1]
        mean = np.vdot(psi, image).real
        return np.linalg.norm(image - mean * psi)

    def _window(self):
        weight = self._re**2 + self._im**2
        inside = np.flatnonzero(weight > TAIL)
        pad = max(self._pad, (inside[-1] - inside[0]) // 8)
        return max(inside[0] - pad, 0), min(inside[-1] + 1 + pad, self.dim)

    def _escapes(self, re, im, low, high):
        edge = max(2, self._pad // 8)
        left = low > 0 and np.max(re[:edge] ** 2 + im[:edge] ** 2) > TAIL
        return left or high < self.dim and np.max(re[-edge:] ** 2 + im[-edge:] ** 2) > TAIL


class IntegratorTridiagonal(Integrator):
    """QuTiP integrator for tridiagonal H(t): Magnus-4 with diagonal Pade steps.

    Usable with ``method="tridiagonal"`` in `sesolve` and `SESolver`, for kets and for operators
    (propagators). The norm is kept to rounding; nothing is renormalised to hide an error.
    """

    integrator_options = {"atol": 1e-8, "max_step": 0, "fixed_step": 0}
    support_time_dependant = True
    supports_blackbox = False
    method = "tridiagonal"

    def _prepare(self):
        self.name = "tridiagonal Magnus-Pade"
        diagonals, offs, self._functions = [], [], []
        for element in self.system.to_list():
            operator, coefficient = element if isinstance(element, list) else (element, None)
            if not isinstance(operator, qutip.Qobj):
                raise ValueError(
                    "method 'tridiagonal' needs H as Qobj parts with coefficients, "
                    f"not a function of type {type(operator).__name__}"
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
                if np.any(np.imag(column) != 0):
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
            Maximum step size (0 = automatic).

        fixed_step : float, default: 0
            Step size without error control (0 = adaptive).
        """
        return self._options

    @options.setter
    def options(self, new_options):
        Integrator.options.fset(self, new_options)


def _real_bands(operator):
    matrix = operator.to("CSR").data_as("csr_matrix").tocoo()
    if matrix.nnz and np.max(np.abs(matrix.row - matrix.col)) > 1:
        raise ValueError("method 'tridiagonal' needs tridiagonal operators: elements lie outside")
    scale = np.max(np.abs(matrix.data), initial=0.0)
    matrix = matrix.tocsr()
    imaginary = np.max(np.abs(matrix.data.imag), initial=0.0)
    if max(imaginary, abs(matrix - matrix.T).max()) > 1e-14 * scale:
        raise ValueError("method 'tridiagonal' needs real symmetric operators")
    return matrix.diagonal().real, matrix.diagonal(1).real


SESolver.add_integrator(IntegratorTridiagonal, IntegratorTridiagonal.method)
