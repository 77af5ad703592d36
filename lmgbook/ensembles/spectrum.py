"""The exact spectrum of all spin sectors, and both ensembles computed from it."""

import numpy as np
from scipy.linalg.lapack import dsterf
from scipy.optimize import brentq
from scipy.special import gammaln, logsumexp

from ..checks import finite, finite_array, positive, positive_integer
from ..lmg import bands

WIDTH = 0.1  # a of the Gaussian ensemble: width of its energy window, sqrt(a N)


def log_degeneracy(N, S):
    """Logarithm of the number of multiplets of total spin S among N spins 1/2, Eq. (6).

    Parameters
    ----------
    N : int
        Number of spins.
    S : float or array
        Total spin: N/2, N/2 - 1, ..., down to 0 or 1/2.

    Returns
    -------
    float or ndarray, the shape of S
        ln[C(N, N/2 - S) - C(N, N/2 - S - 1)], without overflow for any N.
    """
    N = positive_integer("N", N)
    spin = finite_array("S", S)
    flipped = N / 2 - spin
    if np.any((flipped != np.round(flipped)) | (spin < 0) | (flipped < 0)):
        raise ValueError(f"S = {S!r}: must be one of N/2, N/2 - 1, ... >= 0 with N = {N}")
    # the difference of the two binomials is C(N, k) (2S + 1)/(N/2 + S + 1)
    value = (
        gammaln(N + 1)
        - gammaln(flipped + 1)
        - gammaln(N - flipped + 1)
        + np.log((2 * spin + 1) / (N / 2 + spin + 1))
    )
    return value if value.ndim else float(value)


class SectorSpectrum:
    """All 2^N energies of a finite magnet: every multiplet once, with its degeneracy.

    Parameters
    ----------
    N : int
        Number of spins.
    h, K : float
        Field and four-spin coupling, in units of J.

    Attributes
    ----------
    energies : ndarray
        About N^2/4 of them, not sorted.
    log_weights : ndarray
        Logarithm of how often each occurs.

    Notes
    -----
    Each sector of total spin and flip parity is a tridiagonal matrix; only its eigenvalues are
    computed, by LAPACK's `sterf`.
    """

    def __init__(self, N, h, K):
        self.N = positive_integer("N", N)
        self.h, self.K = finite("h", h), finite("K", K)
        energies, counts, spins = [], [], np.arange(self.N, -1, -2)
        for two_s in spins:
            sectors = []
            for parity in ("even", "odd"):
                diagonal, off = bands(self.N, 1.0, self.h, self.K, parity, two_s=int(two_s))
                if len(diagonal) > 1:
                    levels, info = dsterf(diagonal, off)
                    if info:
                        raise ArithmeticError(f"sterf did not converge for 2S = {two_s}")
                    sectors.append(levels)
                elif len(diagonal):
                    sectors.append(diagonal)
            energies += sectors
            counts.append(sum(map(len, sectors)))
        self.energies = np.concatenate(energies)
        self.log_weights = np.repeat(log_degeneracy(self.N, spins / 2), counts)

    def log_partition(self, beta):
        """Logarithm of the partition function: the total, not per spin.

        Parameters
        ----------
        beta : float
            Inverse temperature, > 0.

        Returns
        -------
        float
        """
        return float(logsumexp(self.log_weights - positive("beta", beta) * self.energies))

    def free_energy(self, beta):
        """-ln Z/(beta N), per spin; `beta` as in `log_partition`."""
        return -self.log_partition(beta) / (beta * self.N)

    def moments(self, beta):
        """Mean energy per spin and specific heat per spin in the canonical ensemble.

        Parameters
        ----------
        beta : float
            Inverse temperature, > 0.

        Returns
        -------
        energy, specific_heat : float
        """
        beta = positive("beta", beta)
        mean, variance = self._gaussian_moments(self.log_weights - beta * self.energies)
        return mean / self.N, beta**2 * variance / self.N

    def gaussian(self, center, width=WIDTH):
        """Energy and temperature in the Gaussian ensemble, a window of finite width.

        States are weighted by exp[-(E - N center)^2/(2 width N)]; where the weighted density of
        states peaks, the entropy has the slope (<E> - N center)/(width N). Convex parts of the
        entropy are seen as long as width times the curvature is below one.

        Parameters
        ----------
        center : float or array
            Middle of the window, energy per spin. It must lie below the energies of interest.
        width : float
            > 0, in units of J.

        Returns
        -------
        energy, temperature : float or ndarray, the shape of center
        """
        centers = finite_array("center", center)
        width = positive("width", width)
        mean, temperature = np.empty(centers.shape), np.empty(centers.shape)
        for index, one in np.ndenumerate(centers):
            offset = self.energies - self.N * one
            average, _ = self._gaussian_moments(self.log_weights - offset**2 / (2 * width * self.N))
            mean[index] = average / self.N
            slope = mean[index] - one
            temperature[index] = width / slope if slope else np.inf
        if mean.ndim:
            return mean, temperature
        return float(mean), float(temperature)

    def microcanonical_temperature(self, energy, width=WIDTH):
        """Temperature at a given energy, by the Gaussian ensemble.

        Parameters
        ----------
        energy : float
            Per spin, inside the spectrum.
        width : float
            See `gaussian`.

        Returns
        -------
        float
        """
        energy = finite("energy", energy)
        low, high = self.energies.min() / self.N, self.energies.max() / self.N
        if not low < energy < high:
            raise ValueError(f"energy = {energy!r}: must lie in ({low:.8g}, {high:.8g}) per spin")

        def excess(center):
            return self.gaussian(center, width)[0] - energy

        reach = 1.0
        while not excess(energy - reach) < 0 < excess(energy + reach):
            reach *= 2
            if reach > 1e4 * (high - low):
                raise ValueError(f"energy = {energy!r}: too close to the edge of the spectrum")
        center = brentq(excess, energy - reach, energy + reach, xtol=1e-13)
        return width / (energy - center) if energy != center else np.inf

    def _gaussian_moments(self, log_weights):
        weights = np.exp(log_weights - log_weights.max())
        weights /= weights.sum()
        mean = weights @ self.energies
        return mean, weights @ (self.energies - mean) ** 2
