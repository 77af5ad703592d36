"""`python -m lmgbook.leggett_garg.sweep_map`: both errors of a bias sweep over reach and duration.

For the magnet of the benchmark, at several dephasing rates: the quantum magnet in a noisy field
along z, the same with noise that only dephases the levels of the moment, a precessing classical
spin in the noisy field (truncated Wigner), and thermal activation. Takes some minutes of one core.
The map is kept in `book/leggett_garg/data/sweep_map.json`; `load` reads it, and `point` computes
any of its points anew.
"""

import json
import os
import time
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.interpolate import RegularGridInterpolator
from scipy.optimize import minimize_scalar

from .. import checks
from ..checks import finite_array, instance, not_negative, positive, positive_integer, unwrap
from ..lmg import magnetic_numbers
from ..realisations import code_hash, kept_file, provenance
from .bias_sweep import bias_field, bias_sweep, biased_levels
from .magnet import LeggettGarg
from .rivals import initial_spins, kramers_error, precess, wigner_function

FILE = kept_file("leggett_garg", "sweep_map.json")
CODE = tuple(f"leggett_garg/{each}.py" for each in ("bias_sweep", "rivals", "sweep_map"))
RATES = (0.0, 0.005, 0.05, 0.25)  # of dephasing, in 1/s
REACHES = tuple(float(reach) for reach in range(2, 35, 2))  # in splittings; spinodal at 34.7
DURATIONS = tuple(float(t) for t in np.geomspace(5e-4, 4e-2, 15).round(6))  # in seconds
LEVELS, TRAJECTORIES = 16, 3000
# dephasing rate and reach of the searches for the best duration
BEST = ((0.05, 2.0), (0.05, 5.0), (0.05, 10.0), (0.05, 20.0), (0.005, 10.0), (0.0005, 10.0))
ERRORS = ("quantum", "levels", "wigner", "kramers")


def levels_sweep(
    magnet: LeggettGarg, reach: float, duration: float, dephasing: float, steps: int = 1000
) -> tuple[float, float]:
    """Both errors of a bias sweep with noise that dephases the levels of the moment.

    Of the noise along z only the part that is diagonal in the eigenstates |n> of H - h(t) Jz:
    jump operator sqrt(gamma) sum_n <n|Jz|n> |n><n|, a dephasing Lindbladian in the sense of Avron
    et al. (2011) and of Fraas and Haenggli (2017). It leaves the populations of these levels alone;
    only the sweep moves them. The field stands still during a step; the error falls as steps^-2.

    Parameters
    ----------
    magnet : LeggettGarg
        With a few tens of levels.
    reach, duration, dephasing
        As in `bias_sweep`.
    steps : int

    Returns
    -------
    not_ground, wrong_sign : float

    Notes
    -----
    Cost: 0.05 s for 1000 steps and 12 levels.
    """
    energies = instance("magnet", magnet, LeggettGarg).energies
    reach, duration = positive("reach", reach), positive("duration", duration)
    dephasing, steps = not_negative("dephasing", dephasing), positive_integer("steps", steps)
    checks.affordable(f"steps = {steps}", memory=40.0 * steps * len(energies) ** 2)
    fields = bias_field(magnet, reach) * ((2 * np.arange(steps) + 1) / steps - 1)
    jz = magnet.jz.full().real
    E, v = np.linalg.eigh(np.diag(energies) - fields[:, None, None] * jz)
    diagonal = np.einsum("tin,tin->tn", v, jz @ v)
    turn = np.subtract.outer
    end = biased_levels(magnet, reach, 1)[1][:, 0]
    state = biased_levels(magnet, -reach, 1)[1][:, 0]
    rho: NDArray = np.outer(state, state).astype(complex)
    for each, own, basis in zip(E, diagonal, v, strict=True):
        moved = np.exp(
            duration / steps * (-1j * turn(each, each) - dephasing / 2 * turn(own, own) ** 2)
        )
        rho = basis @ (moved * (basis.T @ rho @ basis)) @ basis.T
    wrong = magnet.operator((1 - np.sign(magnetic_numbers(magnet.N))) / 2).full()
    return float(1 - (end @ rho @ end).real), float(np.trace(wrong @ rho).real)


def wigner_errors(
    magnet: LeggettGarg,
    reach: float,
    duration: float,
    dephasing: float = 0.0,
    trajectories: int = TRAJECTORIES,
    seed: int = 0,
) -> NDArray[np.float64]:
    """Both errors of a precessing classical spin, each with its standard error.

    As `rivals.wigner_error`; the ground state is asked for by the overlap of the spins with its
    Wigner function, over the overlap of that function with itself. With few trajectories, which
    carry signs, the first error may come out slightly negative.

    Parameters
    ----------
    magnet : LeggettGarg
    reach, duration, dephasing
        As in `bias_sweep`.
    trajectories, seed : int

    Returns
    -------
    ndarray, shape (2, 2)
        Rows: not in the ground state, wrong sign. Columns: error, uncertainty.
    """
    count = positive_integer("trajectories", trajectories, minimum=2)
    checks.affordable(f"trajectories = {count}", memory=100.0 * count)
    rng = np.random.default_rng(positive_integer("seed", seed, minimum=0))
    spins, weights = initial_spins(magnet, -positive("reach", reach), count, rng=rng)
    x, y, z = precess(magnet, spins, reach, duration, dephasing, rng)
    *grid, ground = wigner_function(magnet, reach)
    asked = RegularGridInterpolator(
        (grid[0][::-1], grid[1]), ground[::-1], bounds_error=False, fill_value=0
    )
    inside = asked(np.array([z, np.arctan2(y, x)]).T) / np.sum(ground**2)
    errors = np.array([1 - weights * inside, weights * (z < 0)])
    return np.column_stack([errors.mean(1), errors.std(1) / np.sqrt(count)])


def runs_needed(p: ArrayLike, q: ArrayLike, sigmas: float = 3.0) -> float | NDArray[np.float64]:
    """Runs after which two probabilities are told apart, each estimated from so many.

    The difference of the two frequencies is then `sigmas` of its standard deviations:
    sigmas^2 [p (1 - p) + q (1 - q)]/(p - q)^2.

    Parameters
    ----------
    p, q : float or array
        Probabilities.
    sigmas : float

    Returns
    -------
    float or ndarray
        Not rounded; infinite where p = q.
    """
    p = np.clip(finite_array("p", p, least=-0.1, most=1.1), 0, 1)
    q = np.clip(finite_array("q", q, least=-0.1, most=1.1), 0, 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        runs = positive("sigmas", sigmas) ** 2 * (p * (1 - p) + q * (1 - q)) / (p - q) ** 2
    return unwrap(np.where(p == q, np.inf, runs))


def point(reach: float, duration: float, dephasing: float) -> dict[str, NDArray[np.float64]]:
    """One point of the map: for each name in ERRORS, not in the ground state and wrong sign.

    "quantum": noise along z; "levels": as in `levels_sweep`; "wigner": as in `wigner_errors`, with
    the two uncertainties as third and fourth; "kramers": a bath at 10 nK, which has no dephasing
    and leaves a well in its lowest level, so that the two errors are one.

    Parameters
    ----------
    reach, duration, dephasing : float
        Splittings (below the spinodal), seconds, 1/s.

    Returns
    -------
    dict of ndarray

    Notes
    -----
    Cost: half a second for 10 ms.
    """
    magnet, whole = LeggettGarg(levels=LEVELS), LeggettGarg(levels=None)
    dephasing = not_negative("dephasing", dephasing)
    quantum = bias_sweep(magnet if dephasing else whole, reach, duration, dephasing)
    alone = quantum.not_ground, quantum.wrong_sign
    of_levels = levels_sweep(magnet, reach, duration, dephasing) if dephasing else alone
    classical = wigner_errors(whole, reach, duration, dephasing).T.ravel()
    frozen = kramers_error(whole, reach, duration)
    values = alone, of_levels, classical, (frozen, frozen)
    return {name: np.array(each) for name, each in zip(ERRORS, values, strict=True)}


def _best_duration(reach, dephasing, levels=12):
    """Duration (s) with the smallest probability not to end in the ground state, and that error."""
    magnet = LeggettGarg(levels=levels)
    found = minimize_scalar(
        lambda t: bias_sweep(magnet, reach, t, dephasing).not_ground,
        bounds=(2e-4 * reach, 0.01 * reach),
        method="bounded",
        options={"xatol": 1e-4 * reach},
    )
    return float(found.x), float(found.fun)


def _compute(rates=RATES, reaches=REACHES, durations=DURATIONS, best=BEST):
    """What the file holds: provenance, axes, errors (see `SweepMap`), best durations."""
    start = time.perf_counter()
    axes = {"rates": rates, "reaches": reaches, "durations": durations}
    where = np.array(np.meshgrid(*axes.values(), indexing="ij"))
    points = [point(reach, t, rate) for rate, reach, t in where.reshape(3, -1).T]
    errors = {
        name: np.moveaxis(np.reshape([p[name] for p in points], (*where.shape[1:], -1)), 3, 1)
        for name in ERRORS
    }
    found = [[rate, reach, *_best_duration(reach, rate)] for rate, reach in best]
    return {
        "provenance": provenance(
            "leggett_garg.sweep_map",
            *("numpy", "scipy", "numba", "qutip"),
            what="errors of the bias sweep over reach and duration; see the module",
            levels=LEVELS,
            trajectories=TRAJECTORIES,
            sha256=code_hash(*CODE),
            seconds=round(time.perf_counter() - start),
        ),
        **{name: list(each) for name, each in axes.items()},
        "errors": {name: values.round(5).tolist() for name, values in errors.items()},
        "best": np.round(found, 6).tolist(),
    }


@dataclass(frozen=True)
class SweepMap:
    """The map, made by `load`.

    Attributes
    ----------
    provenance : dict
        Parameters, versions, SHA-256 of the code, date, duration.
    rates, reaches, durations : ndarray
        The axes: 1/s, splittings, seconds.
    errors : dict
        For each name in ERRORS (see `point`) an array of shape (rates, kinds, reaches, durations);
        the first kind is not to end in the ground state, the second the wrong sign.
    best : ndarray
        Shape (searches, 4): dephasing rate, reach, and for these the duration (s) with the
        smallest probability not to end in the ground state, and that error; found with twelve
        levels.
    """

    provenance: dict
    rates: np.ndarray
    reaches: np.ndarray
    durations: np.ndarray
    errors: dict[str, np.ndarray]
    best: np.ndarray


def load(path: str | os.PathLike | None = None) -> SweepMap:
    """Read the map.

    Parameters
    ----------
    path : path, optional
        Default: the file that comes with the book.

    Returns
    -------
    SweepMap

    Examples
    --------
    >>> from lmgbook.leggett_garg import sweep_map
    >>> kept = sweep_map.load()
    >>> kept.errors["quantum"].shape == (len(kept.rates), 2, len(kept.reaches), len(kept.durations))
    True
    """
    place = FILE if path is None else checks.path("path", path)
    found = json.loads(place.read_text(encoding="utf-8"))
    errors = {name: np.array(each) for name, each in found.pop("errors").items()}
    made = found.pop("provenance")
    arrays = {name: np.array(each) for name, each in found.items()}
    return SweepMap(made, errors=errors, **arrays)


def main() -> None:
    """Run the command."""
    FILE.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(_compute())
    # one line a reach
    FILE.write_text(text.replace("], [", "],\n[") + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
