"""Density matrices under one Hermitian jump operator: Strang splitting in its eigenbasis."""

import numpy as np
import qutip
from qutip.solver.integrator import Integrator, IntegratorException
from qutip.solver.mesolve import MESolver

from ..checks import in_range, positive
from .tridiagonal import GAUSS


class DephasingPropagator:
    """Propagates X under X' = -i[H(t), X] + L X L - {L^2, X}/2 with one Hermitian L.

    H(t) = H + sum_k f_k(t) A_k; the driven parts A_k must be functions of L.

    Parameters
    ----------
    H : array, shape (dim, dim)
        The constant part, Hermitian.
    jump : array, shape (dim, dim)
        L, Hermitian, with the square root of its rate.
    driven : array, shape (parts, dim, dim)
        The A_k.
    coefficients : callable
        Takes times, shape (n,), and returns the f_k at these times, shape (n, parts), real.
    atol : float
        Error allowed from one recorded time to the next (Frobenius norm, relative to that of the
        start).
    fixed_step : float
        Take steps of this length, shortened to end on the recorded times, and measure no error;
        0 means adaptive.

    Raises
    ------
    ValueError
        A matrix is not Hermitian, or a driven part is no function of L.

    Attributes
    ----------
    steps : int
        Steps behind the present result, without those that only measured the error.
    """

    def __init__(self, H, jump, driven=(), coefficients=None, atol=1e-6, fixed_step=0.0):
        H, jump = _hermitian("H", H), _hermitian("the jump operator", jump)
        self.dim = len(H)
        self.atol = positive("atol", atol)
        self._fixed_step = in_range("fixed_step", fixed_step, 0.0, np.inf)
        self._coefficients = coefficients
        self._eigenvalues, basis = np.linalg.eigh(jump)
        self._basis = basis
        self._energies, modes = np.linalg.eigh(basis.conj().T @ H @ basis)
        self._modes = modes
        self._driven = np.zeros((len(driven), self.dim))
        for k, part in enumerate(driven):
            rotated = basis.conj().T @ _hermitian("a driven part of H", part) @ basis
            self._driven[k] = rotated.diagonal().real
            rest = np.abs(rotated - np.diag(self._driven[k])).max()
            if rest > 1e-10 * np.abs(rotated).max():
                raise ValueError(
                    "method 'dephasing': the time-dependent parts of H must be functions of the "
                    f"jump operator; in its eigenbasis an element of {rest:.2g} is off the diagonal"
                )
        self._rates = np.subtract.outer(self._eigenvalues, self._eigenvalues) ** 2 / 2
        self.start(0.0, np.eye(self.dim) / self.dim)

    def start(self, t, operator):
        """Set the time and the operator (complex array, shape (dim, dim), Hermitian or not)."""
        self.t = float(t)
        self._x = self._basis.conj().T @ np.asarray(operator, dtype=complex) @ self._basis
        self._norm = np.linalg.norm(self._x)
        if not np.isfinite(self._norm):
            raise ValueError(f"operator of norm {self._norm}: must be finite")
        self._dt = self._fixed_step or None
        self._cached = None
        self.steps = 0

    @property
    def operator(self):
        """The operator now, complex array of shape (dim, dim)."""
        return self._basis @ self._x @ self._basis.conj().T

    def advance(self, t_end):
        """Propagate to t_end >= t.

        Raises
        ------
        qutip.solver.integrator.IntegratorException
            t_end lies before t, no step meets `atol`, or H(t) is not finite.
        """
        left = float(t_end) - self.t
        if left < 0:
            raise IntegratorException(f"t = {t_end:g}: must not lie before the state's {self.t:g}")
        if left == 0 or self._norm == 0:
            self.t = float(t_end)
            return
        if self._dt is None:
            self._dt = 1.0 / max(self._fastest(left), 4.0 / left)
        count = max(int(np.ceil(left / self._dt * (1 - 1e-12))), 1)
        if self._fixed_step:
            self._x = self._run(left, count)
            self.steps += count
        else:
            count, last = max(count // 2, 1), np.inf
            coarse = self._run(left, count)
            while True:
                fine = self._run(left, 2 * count)
                error = np.linalg.norm(fine - coarse) / (3 * self._norm)
                growth = np.sqrt(0.7 * self.atol / max(error, 1e-16))
                if error <= self.atol:
                    break
                # at second order it falls fourfold; if it does not, it is rounding
                if 2 * count > 1e8 or (error < 1e-9 and error > last / 2):
                    raise IntegratorException(f"no step meets atol = {self.atol:g}")
                # far off, the second order does not show yet: never more than eight times finer
                factor = min(max(int(np.ceil(1 / growth)), 2), 8)
                coarse, last = fine if factor == 2 else self._run(left, factor * count), error
                count *= factor
            self._x = fine
            self.steps += 2 * count
            self._dt = left / (2 * count) * min(max(growth, 1.0), 2.0)
        self.t = float(t_end)

    def _fastest(self, left):
        # rates of the operator, in 1/time: what it does under H, and what the noise and the drives,
        # diagonal here, do to it and to what H makes of it
        rates = self._rates
        if len(self._driven):
            times = self.t + left * np.linspace(0, 1, 18)[1:-1] ** 1.1  # of no common period
            # what is not finite is named when a step meets it
            f = np.nan_to_num(self._coefficients(times), posinf=0.0, neginf=0.0)
            for largest, d in zip(np.abs(f).max(axis=0), self._driven, strict=True):
                rates = rates + largest * np.abs(np.subtract.outer(d, d))
        H = (self._modes * self._energies) @ self._modes.conj().T
        x, norm = self._x, self._norm
        moved, damped = H @ x - x @ H, rates * x
        found = [np.linalg.norm(moved) / norm, np.linalg.norm(damped) / norm]
        if found[0] > 1e-10 * np.ptp(self._energies):
            found.append(np.linalg.norm(rates * moved) / np.linalg.norm(moved))
        elif found[1] > 0:
            # it commutes with H and moves only once the noise has acted on it
            found.append(np.linalg.norm(H @ damped - damped @ H) / np.linalg.norm(damped))
        return max(found)

    def _run(self, duration, count):
        dt = duration / count
        half, full, damping = self._factors(dt)
        angles = self._angles(dt, count)
        x = half @ self._x @ half.conj().T
        full_dagger = full.conj().T.copy()
        for i in range(count):
            x *= damping
            if angles is not None:
                turn = np.exp(-1j * angles[i])
                x *= np.multiply.outer(turn, turn.conj())
            if i < count - 1:
                x = full @ x @ full_dagger
        return half @ x @ half.conj().T

    def _factors(self, dt):
        if self._cached is None or self._cached[0] != dt:
            half, full = (
                (self._modes * np.exp(-1j * self._energies * t)) @ self._modes.conj().T
                for t in (dt / 2, dt)
            )
            self._cached = dt, (half, full, np.exp(-self._rates * dt))
        return self._cached[1]

    def _angles(self, dt, count):
        # the driven parts act while the noise does; two Gauss nodes integrate them over the step
        if not len(self._driven):
            return None
        begin = self.t + dt * np.arange(count)
        nodes = np.concatenate([begin + (0.5 - GAUSS) * dt, begin + (0.5 + GAUSS) * dt])
        f = self._coefficients(nodes)
        if not np.isfinite(f).all():
            bad = nodes[~np.all(np.isfinite(f), axis=1)]
            raise IntegratorException(f"H(t) is not finite at t = {bad[0]:g}")
        return dt * f.reshape(2, count, -1).mean(axis=0) @ self._driven


class IntegratorDephasing(Integrator):
    """QuTiP integrator for one Hermitian jump operator: Strang splitting in its eigenbasis.

    Usable with ``options={"method": "dephasing", "matrix_form": True}`` in `mesolve` and
    `MESolver`, for density matrices and for any other operator. Time-dependent parts of H must be
    functions of the jump operator (a bias that acts on the same spin component as the noise).
    """

    integrator_options = {"atol": 1e-6, "fixed_step": 0}
    support_time_dependant = True
    supports_blackbox = False
    method = "dephasing"

    def _prepare(self):
        self.name = "Strang splitting for dephasing"
        if not hasattr(self.system, "c_ops"):
            raise ValueError("method 'dephasing' needs the option matrix_form=True")
        if len(self.system.c_ops) != 1 or not self.system.c_ops[0].isconstant:
            raise ValueError(
                "method 'dephasing' needs exactly one collapse operator, constant in time; got "
                f"{len(self.system.c_ops)}"
            )
        if self.system.H_nh._feedback_functions:
            raise ValueError("method 'dephasing' cannot serve feedback: H(t) saw the state")
        self._build()
        self._propagator = None

    def _build(self):
        jump = self.system.c_ops[0](0.0).full()
        constant, driven, self._functions = 0.0, [], []
        for element in self.system.H_nh.to_list():
            operator, function = element if isinstance(element, list) else (element, None)
            if not isinstance(operator, qutip.Qobj):
                raise ValueError(
                    "method 'dephasing' needs H as a list of operators and coefficients, "
                    "not as a function that returns an operator"
                )
            if function is None:
                constant = constant + operator.full()
            else:
                driven.append(operator.full())
                self._functions.append(function)
        # QuTiP folds the decay into the Hamiltonian; it is taken out again
        jump = _hermitian("the jump operator", jump)
        decay = 0.5 * jump @ jump
        H = _hermitian("H", constant + 1j * decay, np.abs(decay).max())
        self._parts = H, jump, driven

    def _coefficients(self, times):
        values = np.array([[f(t) for f in self._functions] for t in times])
        if values.imag.any():
            raise ValueError("method 'dephasing' needs real coefficients")
        return values.real

    def set_state(self, t, state0):
        """Set the time and the operator."""
        options = {name: self.options[name] for name in self.integrator_options}
        self._propagator = DephasingPropagator(*self._parts, self._coefficients, **options)
        self._propagator.start(t, state0.to_array())
        self._is_set = True

    def get_state(self, copy=True):
        """The time and the operator as QuTiP data."""
        x = self._propagator.operator
        return self._propagator.t, qutip.core.data.Dense(x, copy=False)

    def arguments(self, args):
        """Change the arguments of the coefficients, which are new objects then."""
        self.system.arguments(args)
        self._build()
        if self._is_set:
            self.set_state(*self.get_state())

    def integrate(self, t, copy=True):
        """Evolve to time t."""
        self._propagator.advance(t)
        return self.get_state()

    @property
    def options(self):
        """
        Supported options by the dephasing method:

        atol : float, default: 1e-6
            Error of the state allowed from one point of `tlist` to the next (Frobenius norm,
            relative to that of the initial state).

        fixed_step : float, default: 0
            Step size without error control (0 = adaptive).
        """
        return self._options

    @options.setter
    def options(self, new_options):
        Integrator.options.fset(self, new_options)


def _hermitian(name, matrix, scale=0.0):
    matrix = np.asarray(matrix, dtype=complex)
    if not np.isfinite(matrix).all():
        raise ValueError(f"method 'dephasing': {name} must be finite everywhere")
    skew = np.abs(matrix - matrix.conj().T).max()
    if skew > 1e-12 * max(np.abs(matrix).max(), scale):
        raise ValueError(
            f"method 'dephasing': {name} must be Hermitian, its largest skew element is {skew:.2g}"
        )
    return (matrix + matrix.conj().T) / 2


MESolver.add_integrator(IntegratorDephasing, IntegratorDephasing.method)
