"""The classical limit of the reactions (paper 5, Sec. VII), and noise that makes it quantum.

Two descriptions of one motion. Numbers and phases (n1, phi1, n2, phi2), Eqs. (83)-(86), are the
paper's: they show the integrability and the critical point, but nothing happens at n = 0. The field
amplitudes of Eq. (59), one complex number per mode,

    i dPsi/dt = beta t Psi + g (a1 b1 + a2 b2),   i da_k/dt = e_k a_k + g Psi b_k^*,  (and a <-> b)

e_1 = -eps, e_2 = +eps (one channel: e = 0), have no such corner. Started with the zero-point motion
of half a quantum in every mode, and averaged over it, they are the truncated Wigner approximation.

Near the critical point both reduce to a particle in a quartic potential, Eq. (89); `ramp_particle`
solves its quantum mechanics for any number of components of the field.
"""

import itertools
import numbers
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.integrate import solve_ivp

from .. import checks

Analytic = Callable[[Any], Any]

#: Most evaluations of the slope in `follow`, about a minute.
EVALUATIONS = 200_000


def classical_hamiltonian(
    point: Sequence[Any], t: float, epsilon: float, N: float, g: float, beta: float
) -> Any:
    """Classical energy of two channels, Eq. (83).

    Parameters
    ----------
    point : sequence of 4
        n1, phi1, n2, phi2 (numbers or arrays, real or complex).
    t, epsilon : float
        Time, and half the distance of the two pair energies: twice the eps of Eq. (59).
    N, g, beta : float
        Number of molecules, coupling, sweep rate.

    Returns
    -------
    number or ndarray
        Without the constant beta t N.
    """
    n1, phi1, n2, phi2 = _four(point)
    _numbers_only(t=t, epsilon=epsilon, N=N, g=g, beta=beta)
    exchange = n1 * np.cos(phi1) + n2 * np.cos(phi2)
    total = n1 + n2
    return -beta * t * total + epsilon * (n2 - n1) + 2 * g * np.sqrt(N - total) * exchange


def second_hamiltonian(
    point: Sequence[Any], t: float, epsilon: float, N: float, g: float, beta: float
) -> Any:
    """Partner that moves the same system along epsilon, Eq. (85).

    Parameters
    ----------
    point : sequence of 4
        n1, phi1, n2, phi2 (numbers or arrays, real or complex).
    t, epsilon : float
        Time, and half the distance of the two pair energies, not zero.
    N, g, beta : float
        Number of molecules, coupling, sweep rate.

    Returns
    -------
    number or ndarray
    """
    n1, phi1, n2, phi2 = _four(point)
    _numbers_only(t=t, epsilon=epsilon, N=N, g=g, beta=beta)
    if epsilon == 0 or beta == 0:
        raise ValueError(f"epsilon = {epsilon!r}, beta = {beta!r}: must not be zero")
    exchange = n2 * np.cos(phi2) - n1 * np.cos(phi1)
    total = n1 + n2
    return (
        t * (n2 - n1)
        - epsilon / beta * total
        - 2 * g / beta * np.sqrt(N - total) * exchange
        + 4 * g**2 * n1 * n2 / (beta * epsilon) * np.sin((phi1 - phi2) / 2) ** 2
    )


def gradient(function: Analytic, point: ArrayLike) -> NDArray[np.float64]:
    """Derivatives of an analytic function, by a step along the imaginary axis.

    Parameters
    ----------
    function : callable
        Of a sequence like `point`, analytic in each entry.
    point : array_like of float, shape (k,) or (k, samples)

    Returns
    -------
    ndarray, same shape as `point`
        Exact to rounding: a step of 1e-30 i loses no digits, because nothing is subtracted.
    """
    checks.function("function", function)
    point = checks.finite_array("point", point)
    if point.ndim == 0:
        raise ValueError(f"point = {point!r}: must be a sequence of numbers")
    rows = []
    for k in range(len(point)):
        moved = point.astype(complex)
        moved[k] += 1e-30j
        rows.append(np.imag(function(moved)) / 1e-30)
    return np.array(rows)


def poisson_bracket(
    first: Analytic, second: Analytic, point: ArrayLike
) -> float | NDArray[np.float64]:
    """{first, second} in the paper's order of Eq. (86), d/dphi d/dn - d/dn d/dphi.

    Parameters
    ----------
    first, second : callable
        Analytic functions of (n1, phi1, n2, phi2).
    point : array_like of float, shape (4,) or (4, samples)

    Returns
    -------
    float or ndarray of shape (samples,)
    """
    checks.function("first", first), checks.function("second", second)
    point = np.asarray(_four(point))
    f, h = gradient(first, point), gradient(second, point)
    return f[1] * h[0] - f[0] * h[1] + f[3] * h[2] - f[2] * h[3]


def follow(
    hamiltonian: Callable[[Any, float], Any],
    point: ArrayLike,
    start: float,
    end: float,
    rtol: float = 1e-10,
    dense: ArrayLike | None = None,
) -> NDArray[np.float64]:
    """Integrate Hamilton's equations (84) along one parameter.

    Parameters
    ----------
    hamiltonian : callable
        `hamiltonian(point, parameter)`, analytic in the point (n1, phi1, n2, phi2).
    point : array_like of float, shape (4,)
    start, end : float
        First and last value of the parameter (time, or epsilon with the second Hamiltonian).
    rtol : float
        Relative accuracy of a step.
    dense : array_like of float, optional
        Values of the parameter at which to return the point, shape (k,).

    Returns
    -------
    ndarray, shape (4,) or (4, k)

    Raises
    ------
    RuntimeError
        If the integration fails, for example where n1 + n2 reaches N.
    ValueError
        If it takes more than 200 000 evaluations.
    """
    checks.function("hamiltonian", hamiltonian)
    point = checks.finite_array("point", point, shape=(4,))
    start, end = checks.finite("start", start), checks.finite("end", end)
    rtol = checks.finite("rtol", rtol, above=0, most=0.1)
    if dense is not None:
        low, high = min(start, end), max(start, end)
        dense = checks.finite_array("dense", dense, least=low, most=high, shape=(None,))

    evaluations = itertools.count()

    def slope(parameter, y):
        if next(evaluations) > EVALUATIONS:
            raise ValueError(
                f"start = {start:g}, end = {end:g}, rtol = {rtol:g}: more than {EVALUATIONS} "
                f"evaluations, stopped at {parameter:.6g}; take a shorter way"
            )
        d = gradient(lambda moved: hamiltonian(moved, parameter), y)
        return [-d[1], d[0], -d[3], d[2]]

    run = solve_ivp(
        slope, (start, end), point, "DOP853", dense, rtol=rtol, atol=rtol * np.abs(point).max()
    )
    if not run.success:
        raise RuntimeError(f"follow: stopped at {run.t[-1]:.6g}: {run.message}")
    return run.y[:, -1] if dense is None else run.y


@dataclass(frozen=True)
class Sample:
    """Outcome of `truncated_wigner`.

    Attributes
    ----------
    molecules : ndarray
        Number of molecules left in each run (its Wigner value: from -1/2 up, not an integer),
        shape (samples,).
    pairs : ndarray
        Numbers of pairs, shape (channels, samples).
    times : ndarray
        Times of `history`, as asked for, shape (k,).
    history : ndarray
        Molecules and pairs at these times, bare numbers without the final read-out's correction,
        shape (1 + channels, k, samples).
    """

    molecules: NDArray[np.float64]
    pairs: NDArray[np.float64]
    times: NDArray[np.float64]
    history: NDArray[np.float64]

    def mean(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the means of molecules and pairs and their standard errors, (1 + channels,)."""
        all_numbers = np.vstack([self.molecules, self.pairs])
        return all_numbers.mean(1), all_numbers.std(1, ddof=1) / np.sqrt(all_numbers.shape[1])


def truncated_wigner(
    N: int,
    g: float,
    beta: float,
    epsilon: float | None = None,
    samples: int = 1000,
    span: float = 12.0,
    start: str = "dressed",
    noise: float = 0.5,
    times: ArrayLike = (),
    seed: int | np.random.Generator = 0,
    rtol: float = 1e-6,
) -> Sample:
    """Run the classical amplitudes from random zero-point motion through the reaction.

    Parameters
    ----------
    N : int
        Number of molecules, >= 1.
    g, beta : float
        Coupling and sweep rate, > 0.
    epsilon : float, optional
        The eps > 0 of Eq. (59), for two channels; None for one.
    samples : int
        Number of runs, >= 2.
    span : float
        The runs begin this many units g sqrt(N)/beta before the first resonance, and end as long
        after the last; > 2, because at 2 the molecules are already unstable.
    start : {"dressed", "bare"}
        State at the beginning: "dressed" is the ground state of a and b in the field of the
        molecules, "bare" their vacuum, which is the ground state only at t = -infinity.
    noise : float
        Variance of each complex amplitude at the beginning; 1/2 is the quantum value. With 0 no
        pair ever appears.
    times : sequence of float
        Times at which the numbers are recorded, within the run, ascending.
    seed : int or numpy Generator
        Source of the noise.
    rtol : float
        Relative accuracy of an integration step.

    Returns
    -------
    Sample

    Raises
    ------
    ValueError, TypeError
        For parameters outside these ranges.

    Notes
    -----
    Cost: 2 ms a sample for 100 molecules; as samples and span.
    """
    N = checks.positive_integer("N", N)
    samples = checks.positive_integer("samples", samples, minimum=2)
    g, beta = checks.positive("g", g), checks.positive("beta", beta)
    rtol = checks.finite("rtol", rtol, above=0, most=0.1)
    # the molecules are stable before 2 only
    span, noise = checks.finite("span", span, above=2), checks.not_negative("noise", noise)
    checks.one_of("start", start, ("dressed", "bare"))
    if not isinstance(seed, np.random.Generator):
        seed = checks.positive_integer("seed", seed, minimum=0)
    levels = np.zeros(1)
    if epsilon is not None:
        levels = np.array([-1, 1]) * checks.positive("epsilon", epsilon)
    first = (2 * levels[0] - span * g * np.sqrt(N)) / beta
    last = (2 * levels[-1] + span * g * np.sqrt(N)) / beta
    times = checks.ascending("times", times, strictly=True, least=first, most=last)
    # a period of the fastest rotation takes some hundred evaluations
    turns = (last - first) * (beta * last + 2 * levels[-1] + 4 * g * np.sqrt(noise))
    modes = 1 + 2 * len(levels)
    checks.affordable(
        f"samples = {samples}",
        memory=16.0 * modes * samples * (20 + len(times)),
        seconds=turns * (1e-3 + 1e-6 * samples),
        advice="take fewer, a shorter span, or a faster sweep, beta",
    )

    # without their own rotation (interaction picture), the amplitudes move only by the coupling
    def turn(t):
        return np.exp(1j * (beta * t**2 / 2 - 2 * levels * t))[:, None]

    def slope(t, y):
        return _exchange(y.reshape(-1, samples), g * turn(t)).ravel()

    y = _initial(N, g, beta, levels, first, samples, start, noise, seed)
    y[0] *= np.exp(0.5j * beta * first**2)
    y[1:] *= np.repeat(np.exp(1j * levels * first), 2)[:, None]
    at = np.append(times, last) if len(times) == 0 or times[-1] < last else times
    run = solve_ivp(
        slope, (first, last), y.ravel(), "DOP853", at, rtol=rtol, atol=rtol * np.sqrt(N)
    )
    if not run.success:
        raise RuntimeError(f"truncated_wigner: stopped at t = {run.t[-1]:.6g}: {run.message}")
    y = run.y.T.reshape(len(at), -1, samples).transpose(1, 0, 2)
    # at a finite time the bare numbers still tremble with the frequencies beta t - 2 e_k; the
    # canonical transformation that removes the coupling to first order takes this out
    tremor = 1j * g * turn(last) / (beta * last - 2 * levels)[:, None]
    final = _numbers(_unit_step(lambda z: _exchange(z, tremor), y[:, -1]))
    return Sample(final[0], final[1:], times, _numbers(y[:, : len(times)]))


def _four(point):
    try:
        n1, phi1, n2, phi2 = point
        if not all(np.asarray(each).dtype.kind in "iufc" for each in point):
            raise TypeError
    except (TypeError, ValueError):
        raise ValueError(f"point = {point!r}: must be four numbers, n1, phi1, n2, phi2") from None
    return n1, phi1, n2, phi2


def _numbers_only(**named):
    # real or complex: derivatives are taken by steps along the imaginary axis
    for name, value in named.items():
        if isinstance(value, bool) or not isinstance(value, numbers.Number):
            raise TypeError(f"{name} = {value!r}: must be a number")
        if not abs(value) <= checks.LARGEST:
            raise ValueError(f"{name} = {value!r}: must be finite, up to {checks.LARGEST:g}")


def _exchange(y, force):
    """Rate of change of Psi, a1, b1, (a2, b2) under sum_k force_k Psi^* a_k b_k + c.c."""
    psi, a, b = y[0], y[1::2], y[2::2]
    out = np.empty_like(y)
    out[0] = -1j * np.sum(force * a * b, axis=0)
    pull = -1j * force.conj() * psi
    out[1::2], out[2::2] = pull * b.conj(), pull * a.conj()
    return out


def _unit_step(rate, y, steps=8):
    h = 1 / steps
    for _ in range(steps):  # Runge-Kutta, order 4: the whole step is a small rotation
        k1 = rate(y)
        k2 = rate(y + h / 2 * k1)
        k3 = rate(y + h / 2 * k2)
        y = y + h / 6 * (k1 + 2 * k2 + 2 * k3 + rate(y + h * k3))
    return y


def _numbers(y):
    """Molecules and pairs; the ordering of operators takes half a quantum from each mode."""
    return np.concatenate([abs(y[:1]) ** 2, (abs(y[1::2]) ** 2 + abs(y[2::2]) ** 2) / 2]) - 0.5


def _initial(N, g, beta, levels, t, samples, start, noise, seed):
    rng = np.random.default_rng(seed)
    shape = (2 * len(levels), samples)
    y = np.sqrt(noise / 2) * (rng.normal(size=shape) + 1j * rng.normal(size=shape))
    detuning = levels - beta * t / 2
    squeeze = np.arctanh(g * np.sqrt(N) / detuning) / 2 if start == "dressed" else 0 * levels
    a, b = y[::2].copy(), y[1::2].copy()
    c, s = np.cosh(squeeze)[:, None], np.sinh(squeeze)[:, None]
    y[::2], y[1::2] = c * a - s * b.conj(), c * b - s * a.conj()
    virtual = 2 * noise * np.sum(s**2)  # pairs in the ground state, borrowed from the molecules
    if virtual > N / 2:
        raise ValueError(
            f"span too short, or noise too strong: {virtual:.3g} virtual pairs at the start, "
            f"must be <= N/2 = {N / 2:g}"
        )
    psi = np.full((1, samples), np.sqrt(N + 0.5 - virtual))
    return np.concatenate([psi, y]).astype(complex)
