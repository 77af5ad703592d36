"""Averages over disorder, one random realisation at a time: here, on all cores, or on a cluster.

Realisation i always draws from the i-th child of one seed, whoever computes it, so the numbers do
not depend on the engine, on the number of workers or on how the work is divided. The work is done
in batches by joblib. With a checkpoint each finished batch is kept on disk (joblib's `Memory`), and
a run that was interrupted, or lost its machine, goes on from there.
"""

import hashlib
import os
import platform
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from . import checks
from .checks import affordable, flag, function, positive_integer

BATCH = 32


def map_realisations(
    task: Callable[[np.random.Generator], Any],
    realisations: int,
    seed: int = 0,
    engine: Any = None,
    batch: int = BATCH,
    checkpoint: str | os.PathLike | None = None,
    progress: bool = False,
    key: str | None = None,
) -> np.ndarray:
    """Call `task` once a realisation, each with a random generator of its own.

    Costs 10 ms beside the tasks, plus 20 microseconds a realisation and 1 ms a batch; with
    "joblib" about a second more, to start the processes. Reaches as far as the rows fit in memory.

    Parameters
    ----------
    task : callable
        task(rng) returns a number or an array, of the same shape each time; rng is a
        `numpy.random.Generator`. Other processes must be able to unpickle it.
    realisations : int
        How many, >= 1.
    seed : int
        >= 0. Realisation i draws from `numpy.random.SeedSequence(seed).spawn(...)[i]`.
    engine : None, "joblib", ("joblib", n_jobs) or dask.distributed.Client
        Where to compute: in this process; in processes of this machine, one a core or `n_jobs` of
        them; or on the workers of a Dask cluster, which must have this package (`.[cluster]`). A
        batch whose Dask worker dies is run again by another.
    batch : int
        Realisations in a batch. What an interruption loses are the batches under way.
    checkpoint : path, optional
        Directory for the finished batches, made if missing; a cluster's workers must see it. A
        batch that it holds is not computed again, also if `realisations` has changed; one that
        cannot be read is.
    progress : bool
        Show a bar. TQDM_DISABLE in the environment switches it off.
    key : str, optional
        What a batch is kept under, besides seed and numbers: code and parameters of the task.
        Default: a hash of the pickled task, which holds its parameters but no code.

    Returns
    -------
    ndarray, shape (realisations, ...)

    Raises
    ------
    ValueError, TypeError
        For arguments that are not as stated, or a task that returns no numbers.

    Examples
    --------
    >>> map_realisations(lambda rng: rng.normal(size=3), 100, seed=1).shape
    (100, 3)
    """
    import joblib
    from tqdm import tqdm

    function("task", task)
    realisations = positive_integer("realisations", realisations)
    seed, batch = positive_integer("seed", seed, minimum=0), positive_integer("batch", batch)
    seconds = realisations * (2e-5 + 1e-3 / min(batch, realisations))
    affordable(f"realisations = {realisations}, batch = {batch}", 8 * realisations, seconds)
    run = _rows
    if checkpoint is not None:
        # compressed, for the sake of the checksum: a damaged file is noticed, and run again
        memory = joblib.Memory(checks.path("checkpoint", checkpoint), compress=True, verbose=0)
        run, key = memory.cache(_rows, ignore=["task"]), key or joblib.hash(task)
    starts = range(0, realisations, batch)
    jobs = [(k, min(k + batch, realisations)) for k in starts]

    parts: dict[int, np.ndarray] = {}
    # an explicit disable=False would overrule TQDM_DISABLE
    hidden = {} if flag("progress", progress) else {"disable": True}
    with (
        joblib.parallel_config(**_backend(engine)),
        tqdm(total=realisations, unit=" realisations", **hidden) as bar,
    ):
        parallel = joblib.Parallel(batch_size=1, return_as="generator_unordered")
        for start, rows in parallel(joblib.delayed(run)(task, key, seed, *job) for job in jobs):
            parts[start] = rows
            bar.update(len(rows))
    return np.concatenate([parts[start] for start in starts])


def code_hash(*names: str) -> str:
    """SHA-256 of some modules of this package, by file name: the version behind a kept number."""
    digest = hashlib.sha256()
    for name in names:
        digest.update((Path(__file__).parent / name).read_bytes())
    return digest.hexdigest()


def kept_file(chapter: str, name: str) -> Path:
    """Where the numbers of a long run are kept: beside an editable install, or inside the package.

    Parameters
    ----------
    chapter : str
        Folder of the chapter.
    name : str
        Name of the file.

    Returns
    -------
    Path
    """
    package = Path(__file__).parent
    installed = package / f"{chapter}_data" / name
    return installed if installed.exists() else package.parent / "book" / chapter / "data" / name


def provenance(module: str, *packages: str, **more: Any) -> dict[str, Any]:
    """What a kept file says of its making: command, `more`, versions, machine and date.

    Parameters
    ----------
    module : str
        Module of this package that was run, such as "glassy.table".
    *packages : str
        Packages whose versions matter, besides Python and this one.
    **more
        What else to say.

    Returns
    -------
    dict
    """
    return {
        "command": f"python -m lmgbook.{module}",
        **more,
        "versions": {"python": platform.python_version()}
        | {name: version(name) for name in ("lmgbook", *packages)},
        "machine": platform.machine(),
        "date": datetime.now(UTC).date().isoformat(),
    }


def _rows(task, key, seed, start, stop):
    """One batch. The child of a seed is made from its number, so that no list of them travels."""
    children = (np.random.SeedSequence(seed, spawn_key=(i,)) for i in range(start, stop))
    rows = np.stack([np.asarray(task(np.random.default_rng(child))) for child in children])
    if rows.dtype.kind not in "biufc":
        raise TypeError(f"task returned {rows[0]!r}: must be numbers")
    return start, rows


def _backend(engine):
    """What joblib calls the engine."""
    # who passes a client has imported its library, so this need not
    client = getattr(sys.modules.get("distributed"), "Client", ())
    if engine is None:
        return {"backend": "sequential"}
    if isinstance(engine, client) and not engine.asynchronous:
        return {"backend": "dask", "client": engine, "n_jobs": -1}
    if isinstance(engine, str) and engine == "joblib":
        return {"backend": "loky", "n_jobs": -1}
    if isinstance(engine, tuple) and len(engine) == 2 and engine[0] == "joblib":
        return {"backend": "loky", "n_jobs": positive_integer("n_jobs", engine[1])}
    raise (ValueError if isinstance(engine, str | tuple) else TypeError)(
        f"engine = {engine!r}: must be None, 'joblib', ('joblib', n_jobs) or a (synchronous) "
        "dask.distributed.Client, which comes with pip install '.[cluster]'"
    )
