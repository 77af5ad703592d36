"""Averages over many clouds, with error bars."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import checks
from ..realisations import code_hash, map_realisations
from .cloud import (
    SHAPES,
    box_side,
    checked_dimension,
    checked_generator,
    nearest_couplings,
    random_positions,
)
from .curves import magnetization
from .fits import StretchFit, fit_stretch

# what a kept average depends on
CODE = ("cloud", "curves", "_cosines", "fits", "averages")


@dataclass(frozen=True)
class EnsembleAverage:
    """Curves of many random clouds, each averaged over its spins.

    Attributes
    ----------
    times : ndarray
        Shape (T,), in units of 1/coupling.
    magnetization_samples, square_samples : ndarray
        Mean over the spins of <sigma_x> and of its square, shape (realisations, T).
    nearest_samples : ndarray
        Median coupling to the nearest neighbour in each cloud, shape (realisations,).
    """

    times: np.ndarray
    magnetization_samples: np.ndarray
    square_samples: np.ndarray
    nearest_samples: np.ndarray

    @property
    def magnetization(self) -> NDArray[np.float64]:
        """Ensemble average of <sigma_x>, shape (T,), Eq. (2) times two."""
        return self.magnetization_samples.mean(axis=0)

    @property
    def square(self) -> NDArray[np.float64]:
        """Ensemble average of <sigma_x>^2, shape (T,), Eq. (4)."""
        return self.square_samples.mean(axis=0)

    @property
    def purity(self) -> NDArray[np.float64]:
        """Ensemble average of the purity, shape (T,)."""
        return (1 + self.square) / 2

    @property
    def nearest(self) -> float:
        """Median coupling to the nearest neighbour, averaged over the clouds."""
        return float(self.nearest_samples.mean())

    def fit(
        self,
        quantity: str = "magnetization",
        time_unit: float = 1.0,
        free_amplitude: bool = False,
        weights: ArrayLike | None = None,
        bootstrap: int = 0,
        rng: np.random.Generator | int = 0,
    ) -> StretchFit:
        """Fit of a stretched exponential, with the error that the realisations themselves show.

        Costs 1 ms a resampling.

        Parameters
        ----------
        quantity : {"magnetization", "purity"}
            The latter fits the average of <sigma_x>^2, twice the purity minus one.
        time_unit : float
            The fitted rate is per this time.
        free_amplitude, weights
            As in `fit_stretch`.
        bootstrap : int
            Number of resamplings of the realisations; 0 or at least 2.
        rng : numpy.random.Generator or int
            Source of the resamplings.

        Returns
        -------
        StretchFit
            If `bootstrap` > 0, `error` is the standard deviation of beta over the resamplings.
        """
        checks.one_of("quantity", quantity, ("magnetization", "purity"))
        samples = self.magnetization_samples if quantity == "magnetization" else self.square_samples
        times = self.times / checks.positive("time_unit", time_unit)
        options: dict[str, Any] = {"free_amplitude": free_amplitude, "weights": weights}
        best = fit_stretch(times, samples.mean(axis=0), **options)
        count = checks.positive_integer("bootstrap", bootstrap, minimum=0)
        checks.affordable(f"bootstrap = {count}", seconds=1e-3 * count)
        if count == 1:
            raise ValueError("bootstrap = 1: must be 0, or >= 2 to have a spread")
        if not count:
            return best
        rng, betas = checked_generator(rng), []
        for _ in range(count):
            share = np.bincount(
                rng.integers(len(samples), size=len(samples)), minlength=len(samples)
            )
            betas.append(fit_stretch(times, share @ samples / len(samples), **options).beta)
        return replace(best, error=float(np.std(betas, ddof=1)))


@dataclass(frozen=True)
class _Cloud:
    """One realisation: positions from the generator, then the averaged curves. Can be pickled."""

    N: int
    d: int
    alpha: float
    times: tuple
    exclusion: float
    shape: str
    coupling: float
    inner: float

    def __call__(self, rng):
        """Return the sums over the spins of the curves and of their squares, N, nearest."""
        positions = random_positions(self.N, self.d, self.exclusion, rng, self.shape)
        box = box_side(self.d) if self.shape == "torus" else None
        spins = None
        if self.inner < 1:
            spins = np.flatnonzero(np.linalg.norm(positions, axis=1) <= self.inner)
        curves = magnetization(
            positions, self.times, self.alpha, self.coupling, box=box, spins=spins
        )
        nearest = np.median(nearest_couplings(positions, self.alpha, self.coupling, box))
        # sums and a count, so that clouds with many inner spins weigh more
        return np.concatenate(
            [curves.sum(axis=1), (curves**2).sum(axis=1), [curves.shape[1], nearest]]
        )


def ensemble_average(
    N: int,
    d: int,
    alpha: float,
    times: ArrayLike,
    realisations: int,
    exclusion: float = 0.0,
    seed: int = 0,
    shape: str = "ball",
    coupling: float = 1.0,
    inner: float = 1.0,
    engine: Any = None,
    **options: Any,
) -> EnsembleAverage:
    """Magnetization and its square, averaged over random clouds of spins, Eqs. (2) and (4).

    Costs one `magnetization` a cloud: 200 clouds of 1300 spins at 96 times take 2 s on one core.

    Parameters
    ----------
    N, d, exclusion, shape
        The cloud, as in `random_positions`; N >= 2.
    alpha, coupling
        The interaction, as in `magnetization`.
    times : array, shape (T,)
        Times >= 0, ascending, in units of 1/coupling.
    realisations : int
        Number of clouds, N_s in the paper.
    seed : int
        Each cloud has its own generator, made from this seed and its number.
    inner : float
        Average over the spins within this radius only ("ball").
    engine : None, "joblib" or dask.distributed.Client
        Where to compute: here, on all cores, or on a cluster. The numbers are the same.
    **options
        batch, checkpoint, progress: as in `lmgbook.realisations.map_realisations`. From a
        checkpoint only what this version of the code has left there is used.

    Returns
    -------
    EnsembleAverage

    Raises
    ------
    ValueError, TypeError
        For arguments that are not as stated; as `random_positions` and `magnetization`.

    Examples
    --------
    >>> average = ensemble_average(N=50, d=3, alpha=6, times=[0, 1e-3], realisations=20, seed=1)
    >>> average.magnetization_samples.shape, float(average.magnetization[0])
    ((20, 2), 1.0)
    """
    times = checks.ascending("times", times)
    memory = 32.0 * (len(times) + 1) * checks.positive_integer("realisations", realisations)
    N = checks.positive_integer("N", N, minimum=2)
    seconds = 0.0 if engine is not None else realisations * (3e-4 + 1e-8 * N**2)
    what = f"realisations = {realisations} of N = {N}"
    checks.affordable(what, memory, seconds, "take fewer, or an `engine` of many cores")
    cloud = _Cloud(
        N,
        checked_dimension(d),
        checks.positive("alpha", alpha),
        tuple(times.tolist()),
        checks.not_negative("exclusion", exclusion),
        checks.one_of("shape", shape, SHAPES),
        checks.positive("coupling", coupling),
        checks.in_range("inner", inner, 1e-9, 1),
    )
    if shape == "torus" and inner != 1:
        raise ValueError(f"inner = {inner!r}: must be 1 on a torus, which has no middle")
    key = None
    if options.get("checkpoint") is not None:
        # what was kept by other code is not to be mixed with this one's
        code = code_hash(*(f"glassy/{each}.py" for each in CODE), "realisations.py")
        key = f"{cloud!r} by {code}"
    rows = map_realisations(cloud, realisations, seed=seed, engine=engine, key=key, **options)
    steps = len(times)
    counts = rows[:, -2:-1]
    share = counts.mean() if counts.any() else 1.0
    return EnsembleAverage(
        times, rows[:, :steps] / share, rows[:, steps : 2 * steps] / share, rows[:, -1]
    )
