"""`python -m lmgbook.glassy.table`: stretch powers for all of the paper's Table I (Fig. 2c).

For each dimension, interaction, number of spins and shape of the cloud: averages over random clouds
without exclusion, the stretch power beta fitted to magnetization and purity, and from five sizes
the power p in |beta - d/alpha| ~ N^-p. Takes about a quarter of an hour of one core, uses more
(`--engine joblib`) or a cluster (`--engine dask --scheduler tcp://...`) with the same result,
and with `--checkpoint DIRECTORY` goes on where it was interrupted. The table is kept in
`book/glassy/data/exponents.json`; `load` reads it, `entry` computes one of its rows anew, and
`differences` compares any number of them with what is computed anew.
"""

import argparse
import contextlib
import json
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import checks
from ..checks import finite, finite_array, flag, instance, listed, one_of, positive_integer
from ..realisations import code_hash, kept_file, provenance
from . import averages
from .averages import ensemble_average
from .cloud import SHAPES, ball_volume, bulk_coupling

FILE = kept_file("glassy", "exponents.json")
CODE = (*(f"glassy/{each}.py" for each in (*averages.CODE, "table")), "realisations.py")
TIMES = np.geomspace(1e-2, 10, 96)  # in units of the inverse bulk coupling
BOOTSTRAP = 200
QUANTITIES = ("magnetization", "purity")
ROW: tuple[str, ...] = ("d", "alpha", "N", "cloud", "quantity", "realisations", "seed")
ROW += ("beta", "error", "gamma", "beta_free", "error_free", "gamma_free", "amplitude_free")
POWER: tuple[str, ...] = ("d", "alpha", "cloud", "quantity", "fit", "p", "error", "sign")


@dataclass(frozen=True)
class Part:
    """Part of Table I: sizes evenly spaced in log N, alpha = d, d + 1, ..., largest_alpha."""

    d: int
    smallest: int
    largest: int
    realisations: int
    quantities: tuple
    largest_alpha: int = 10

    @property
    def sizes(self) -> list[int]:
        """The five values of N."""
        return [round(N) for N in np.geomspace(self.smallest, self.largest, 5)]


TABLE_I = (
    Part(3, 100, 1300, 200, QUANTITIES),
    Part(2, 50, 800, 200, QUANTITIES),
    Part(1, 2, 10, 20_000, QUANTITIES[:1]),
    Part(1, 10, 100, 4_000, QUANTITIES[1:]),
)


@dataclass(frozen=True)
class Exponents:
    """The table, made by `load`.

    Attributes
    ----------
    provenance : dict
        Parameters, versions, SHA-256 of the code, date, duration.
    rows : numpy.recarray
        One row a cloud and quantity: d, alpha, N, cloud ("ball": all spins in the ball, or
        "torus"), quantity ("magnetization" or "purity"), realisations, seed; beta, its error and
        gamma (in units of the bulk coupling) with the amplitude fixed to one; beta_free,
        error_free, gamma_free and amplitude_free with a free one. Errors are standard deviations
        over 200 resamplings of the realisations.
    powers : numpy.recarray
        d, alpha, cloud, quantity, fit ("fixed" or "free" amplitude), p, error; sign = 1 or -1 is
        the sign of beta - d/alpha for all five sizes, 0 if it changes: then p means little.
    """

    provenance: dict
    rows: np.recarray
    powers: np.recarray


def load(path: str | os.PathLike | None = None) -> Exponents:
    """Read the table.

    Parameters
    ----------
    path : path, optional
        Default: the file that comes with the book.

    Returns
    -------
    Exponents

    Examples
    --------
    >>> from lmgbook.glassy import table
    >>> powers = table.load().powers
    >>> chosen = powers[(powers.d == 3) & (powers.cloud == "ball") & (powers.fit == "fixed")]
    >>> len(chosen)
    16
    """
    place = FILE if path is None else checks.path("path", path)
    table = json.loads(place.read_text(encoding="utf-8"))
    rows, powers = (
        np.rec.fromrecords([tuple(row) for row in table[name]], names=columns)  # type: ignore[call-overload]
        for name, columns in (("rows", ROW), ("powers", POWER))
    )
    return Exponents(table["provenance"], rows, powers)


def entry(
    d: int,
    alpha: int,
    N: int,
    quantity: str = "magnetization",
    shape: str = "ball",
    realisations: int | None = None,
    **options: Any,
) -> dict:
    """Compute one row of the table, from the same seeds as the table.

    Costs one to ten seconds, most for one dimension.

    Parameters
    ----------
    d, alpha, N : int
        Of a row; other values work as well, alpha up to 1000.
    quantity : {"magnetization", "purity"}
    shape : {"ball", "torus"}
    realisations : int, optional
        Default that of Table I.
    **options
        engine, checkpoint and others, as in `lmgbook.glassy.ensemble_average`.

    Returns
    -------
    dict
        The columns of `Exponents.rows`. On another machine they agree to the last digit given, but
        for d < 3 and large alpha: there close pairs turn by angles beyond the last digit of a
        float, and the agreement is only well within the error.
    """
    one_of("quantity", quantity, QUANTITIES)
    if realisations is None:
        parts = {(part.d, name): part.realisations for part in TABLE_I for name in part.quantities}
        realisations = parts[one_of("d", d, (1, 2, 3)), quantity]
    return _rows(d, alpha, N, shape, (quantity,), realisations, **options)[0]


def differences(rows: np.recarray, **options: Any) -> NDArray[np.float64]:
    """Compute rows of the table anew, and compare.

    Costs an `entry` for each row. (To compute all of the table anew, `compute` takes half as long.)

    Parameters
    ----------
    rows : numpy.recarray
        Some of `Exponents.rows`, or all.
    **options
        As in `entry`.

    Returns
    -------
    ndarray, shape (len(rows),)
        Largest difference of the old and the new beta, with and without a free amplitude, in units
        of its error. It is below 0.1 unless the row, the code or the machine is wrong.

    Examples
    --------
    >>> rows = load().rows
    >>> bool(differences(rows[:1])[0] < 0.1)
    True
    """
    found = np.zeros(len(instance("rows", rows, np.recarray)))
    for index, row in enumerate(rows):
        case = int(row.d), int(row.alpha), int(row.N), str(row.quantity), str(row.cloud)
        again = entry(*case, realisations=int(row.realisations), **options)
        found[index] = max(
            abs(again["beta"] - row.beta) / row.error,
            abs(again["beta_free"] - row.beta_free) / row.error_free,
        )
    return found


def of_the_day(rows: np.recarray, count: int = 2, day: date | None = None) -> np.recarray:
    """Some rows at random: others tomorrow, the same ones all day.

    Parameters
    ----------
    rows : numpy.recarray
        To choose from.
    count : int
        How many, at most all.
    day : datetime.date, optional
        Default: today.

    Returns
    -------
    numpy.recarray
    """
    count = positive_integer("count", count, maximum=len(instance("rows", rows, np.recarray)))
    day = datetime.now(UTC).date() if day is None else instance("day", day, date)
    some = np.random.default_rng(day.toordinal()).choice(len(rows), count, replace=False)
    return rows[some]  # type: ignore[return-value]


def decay_power(
    N: ArrayLike, deviation: ArrayLike, error: ArrayLike | None = None, draws: int = 1000
) -> tuple[float, float]:
    """Power p in |deviation| ~ N^-p, by a straight line through the logarithms.

    Parameters
    ----------
    N : array
        Numbers of spins, at least two.
    deviation : array
        beta - d/alpha for each of them.
    error : array, optional
        Errors of the deviations; a point weighs by its relative error. None: equal weights.
    draws : int
        How often the deviations are drawn anew, within their errors, for the error of p.

    Returns
    -------
    p, error : float
        The error is half the width of the central 68 % of the draws; 0 without `error`.

    Examples
    --------
    >>> p, _ = decay_power([100, 200, 400], [0.08, 0.04, 0.02])
    >>> print(f"{p:.6f}")
    1.000000
    """
    x = np.log(finite_array("N", N, above=0))
    deviation = finite_array("deviation", deviation)
    if x.shape != deviation.shape or x.ndim != 1 or len(x) < 2:
        raise ValueError(f"deviation of shape {deviation.shape}: must be that of N, at least (2,)")
    if np.ptp(x) == 0 or np.any(deviation == 0):
        raise ValueError(f"N = {N!r}, deviation = {deviation!r}: must differ, and must not be zero")

    def slope(values, weight):
        away = x - (weight @ x / weight.sum(axis=-1))[..., None]
        return (weight * away * np.log(np.abs(values))).sum(-1) / (weight * away**2).sum(-1)

    if error is None:
        return -float(slope(deviation, np.ones(len(x)))), 0.0
    error = finite_array("error", error, above=0, shape=x.shape)
    shape = (positive_integer("draws", draws, maximum=10**6), len(x))
    drawn = deviation + error * np.random.default_rng(0).normal(size=shape)
    low, high = np.quantile(slope(drawn, (drawn / error) ** 2), [0.16, 0.84])
    return -float(slope(deviation, (deviation / error) ** 2)), float(high - low) / 2


def code_hashes() -> dict[str, str]:
    """SHA-256 of each module that makes the table, by file name."""
    return {name: code_hash(name) for name in CODE}


def compute(
    parts: Sequence[Part] = TABLE_I,
    engine: Any = None,
    checkpoint: str | os.PathLike | None = None,
    progress: bool = False,
) -> dict:
    """Compute the table: a quarter of an hour of one core for Table I.

    Parameters
    ----------
    parts : sequence of Part
    engine : None, "joblib", ("joblib", n_jobs) or dask.distributed.Client
    checkpoint : path, optional
        Directory that keeps the rows of finished entries (joblib's `Memory`). What another version
        of the code left is not used.
    progress : bool
        Show a bar, one step an entry.

    Returns
    -------
    dict
        What the file holds: provenance, rows, powers.
    """
    from joblib import Memory
    from tqdm import tqdm

    clouds = [
        (part, alpha, N, shape)
        for part in listed("parts", parts, Part)
        for alpha in range(part.d, part.largest_alpha + 1)
        for N in part.sizes
        for shape in SHAPES
    ]
    code = code_hashes()  # now: somebody might edit a file meanwhile
    folder = None if checkpoint is None else checks.path("checkpoint", checkpoint)
    memory = Memory(folder, verbose=0)
    kept = memory.cache(_timed_rows, ignore=["engine"])
    hidden = {} if flag("progress", progress) else {"disable": True}
    rows, seconds = [], 0.0
    for part, alpha, N, shape in tqdm(clouds, unit=" entries", **hidden):
        cloud = (part.d, alpha, N, shape, part.quantities, part.realisations)
        took, found = kept(cloud, code, engine)
        rows += found
        seconds += took
    return {
        "provenance": _provenance(parts, code, seconds),
        "rows": rows,
        "powers": _powers(rows),
    }


def _timed_rows(cloud, code, engine):
    """Duration and rows of a cloud; what is kept of it is kept for this code."""
    start = time.perf_counter()
    rows = _rows(*cloud, engine=engine, batch=max(8, cloud[-1] // 40))
    return time.perf_counter() - start, [list(row.values()) for row in rows]


def _rows(d, alpha, N, shape, quantities, realisations, **options):
    """Rows of one cloud, a dictionary for each quantity."""
    one_of("shape", shape, SHAPES)
    finite("alpha", alpha, above=0, most=1000)
    unit = 1 / bulk_coupling(d, alpha, positive_integer("N", N, minimum=2) / ball_volume(d))
    # one seed a cloud, however few or many entries are computed
    seed = int(((d * 1000 + 10 * alpha) * 10_000 + N) * 10) + SHAPES.index(shape)
    average = ensemble_average(
        N, d, alpha, TIMES * unit, realisations, seed=seed, shape=shape, **options
    )
    rows = []
    for quantity in quantities:
        fixed, free = (
            average.fit(quantity, unit, free_amplitude=free, bootstrap=BOOTSTRAP, rng=seed)
            for free in (False, True)
        )
        numbers = (fixed.beta, fixed.error, fixed.gamma)
        numbers += (free.beta, free.error, free.gamma, free.amplitude)
        values = (d, alpha, N, shape, quantity, realisations, seed, *numbers)
        rows.append(dict(zip(ROW, values, strict=True)))
        rows[-1] |= {name: round(rows[-1][name], 6) for name in ROW[7:]}
    return rows


def _powers(rows):
    """The power p of each series of sizes, for both fits."""
    groups = {}
    for row in (dict(zip(ROW, row, strict=True)) for row in rows):
        key = tuple(row[name] for name in POWER[:4])
        groups.setdefault(key, []).append(row)
    powers = []
    for key, group in groups.items():
        for fit, beta, error in (("fixed", "beta", "error"), ("free", "beta_free", "error_free")):
            deviation = np.array([row[beta] for row in group]) - key[0] / key[1]
            sizes, errors = [row["N"] for row in group], [row[error] for row in group]
            p, spread = decay_power(sizes, deviation, errors)
            sign = int(abs(np.sign(deviation).sum()) == len(group)) * int(np.sign(deviation[0]))
            powers.append([*key, fit, round(p, 4), round(spread, 4), sign])
    return powers


def _provenance(parts, code, seconds):
    """What is written about the table into its file."""
    return provenance(
        "glassy.table",
        "numpy",
        "scipy",
        "numba",
        what="stretch powers for the parameters of Table I, Fig. 2c; see lmgbook.glassy.table",
        exclusion=0.0,
        times=f"{len(TIMES)} from {TIMES[0]:g} to {TIMES[-1]:g} in units of the inverse bulk "
        "coupling, evenly spaced in the logarithm",
        fit="exp[-(gamma t)^beta] by least squares without weights; free: with an amplitude",
        bootstrap=BOOTSTRAP,
        parts=[{**vars(part), "sizes": part.sizes} for part in parts],
        columns={"rows": ROW, "powers": POWER},
        sha256=code,
        seconds=round(seconds),
    )


def write(table: dict, path: str | os.PathLike = FILE) -> None:
    """Write what `compute` returned, one row a line.

    Parameters
    ----------
    table : dict
    path : path
    """
    lines = ",\n".join(
        f'"{name}": [\n' + ",\n".join(json.dumps(row) for row in table[name]) + "\n]"
        for name in ("rows", "powers")
    )
    text = f'{{\n"provenance": {json.dumps(table["provenance"], indent=1)},\n{lines}\n}}\n'
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_text(text, encoding="utf-8")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command."""
    parser = argparse.ArgumentParser("python -m lmgbook.glassy.table", description=__doc__)
    parser.add_argument("--engine", choices=("serial", "joblib", "dask"), default="serial")
    parser.add_argument("--workers", type=int, help="number of processes; default: one a core")
    parser.add_argument("--scheduler", help="address of a running Dask cluster")
    parser.add_argument("--checkpoint", help="directory from which an interrupted run goes on")
    parser.add_argument("--output", default=FILE, help="file to write; default: that of the book")
    chosen = parser.parse_args(arguments)
    with contextlib.ExitStack() as stack:
        engine = None
        if chosen.engine == "joblib":
            engine = ("joblib", chosen.workers) if chosen.workers else "joblib"
        elif chosen.engine == "dask":
            from distributed import Client

            own = {"n_workers": chosen.workers, "threads_per_worker": 1, "dashboard_address": None}
            where = {"address": chosen.scheduler} if chosen.scheduler else own
            engine = stack.enter_context(Client(**where))
        table = compute(TABLE_I, engine, chosen.checkpoint, progress=True)
    write(table, chosen.output)


if __name__ == "__main__":
    main()
