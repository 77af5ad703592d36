"""Fits of a stretched exponential to a curve."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import leastsq

from ..checks import ascending, finite_array, flag


@dataclass(frozen=True)
class StretchFit:
    """A fitted stretched exponential A exp[-(gamma t)^beta].

    Attributes
    ----------
    beta, gamma, amplitude : float
        The parameters; gamma in units of the inverse of the times that were given.
    error : float
        Error of beta from the covariance of the fit. It takes the residuals for independent, which
        those of one average over realisations are not: bootstrap instead.
    residual : float
        Root mean square of signal minus fit.
    """

    beta: float
    gamma: float
    amplitude: float
    error: float
    residual: float

    def __call__(self, times: ArrayLike) -> NDArray[np.float64]:
        """Value of the fitted curve at the given times."""
        return self.amplitude * np.exp(-((self.gamma * ascending("times", times)) ** self.beta))


def fit_stretch(
    times: ArrayLike,
    signal: ArrayLike,
    free_amplitude: bool = False,
    weights: ArrayLike | None = None,
) -> StretchFit:
    """Least-squares fit of A exp[-(gamma t)^beta].

    A hundred times take 1 ms. A signal that does not decay within the times still has a best fit,
    which then means little: look at `error` and `residual`.

    Parameters
    ----------
    times : array, shape (T,)
        Times >= 0, ascending; any unit.
    signal : array, shape (T,)
        The curve, e.g. the average of <sigma_x>, or of <sigma_x>^2 for the purity.
    free_amplitude : bool
        Fit A too; otherwise A = 1, the exact value at t = 0.
    weights : array, shape (T,), optional
        Factors of the residuals; None: all one.

    Returns
    -------
    StretchFit

    Raises
    ------
    ValueError, TypeError
        For arrays that are not finite, of another shape, or of fewer times > 0 than parameters.

    Examples
    --------
    >>> times = np.geomspace(0.01, 10, 50)
    >>> fit = fit_stretch(times, np.exp(-np.sqrt(2 * times)))
    >>> print(f"{fit.beta:.4f} {fit.gamma:.4f}")
    0.5000 2.0000
    """
    times, signal = ascending("times", times), finite_array("signal", signal)
    weights = np.ones(len(times)) if weights is None else finite_array("weights", weights)
    count = 3 if flag("free_amplitude", free_amplitude) else 2
    for name, array in (("signal", signal), ("weights", weights)):
        if array.shape != times.shape:
            raise ValueError(
                f"{name} of shape {array.shape}: must have that of times {times.shape}"
            )
    if np.count_nonzero(times > 0) < count:
        raise ValueError(f"times = {times!r}: must hold at least {count} times > 0")
    log_t = np.log(np.where(times > 0, times, 1e-300))
    later = times > 0

    def curve(p):
        power = np.where(later, np.exp(np.clip(np.exp(p[0]) * (log_t + p[1]), -700, 50)), 0.0)
        return power, np.exp(-power) * (p[2] if free_amplitude else 1.0)

    def residuals(p):
        return weights * (curve(p)[1] - signal)

    def jacobian(p):
        power, value = curve(p)
        slope = -value * power
        columns = [slope * (log_t + p[1]) * np.exp(p[0]), slope * np.exp(p[0])]
        if free_amplitude:
            columns.append(np.exp(-power))
        return weights[:, None] * np.column_stack(columns)

    # start: the time at which the signal has fallen to 1/e of its first value
    fallen = int(np.argmax(np.append(signal, -np.inf) < signal[0] / np.e))
    scale = times[min(fallen, len(times) - 1)] or times[-1]
    # MINPACK as in `least_squares`, whose checks would take as long as the fit
    options = dict(xtol=1e-12, ftol=1e-12, gtol=1e-8, maxfev=100 * count, full_output=True)
    best, least = np.empty(count), np.inf
    for power in (0.5, 1.5):
        start = [np.log(power), -np.log(scale)] + [signal[0] or 1.0] * (count - 2)
        found, _, info, *_ = leastsq(residuals, start, Dfun=jacobian, **options)
        cost = 0.5 * np.dot(info["fvec"], info["fvec"])
        if cost < least:
            best, least = found, cost
        if least < 1e-3 * np.sum((weights * signal) ** 2):
            break
    degrees = max(len(times) - count, 1)
    slopes = jacobian(best)
    covariance = np.linalg.pinv(slopes.T @ slopes) * 2 * least / degrees
    beta = float(np.exp(best[0]))
    return StretchFit(
        beta=beta,
        gamma=float(np.exp(best[1])),
        amplitude=float(best[2]) if free_amplitude else 1.0,
        error=float(beta * np.sqrt(covariance[0, 0])),
        residual=float(np.sqrt(np.mean((curve(best)[1] - signal) ** 2))),
    )
