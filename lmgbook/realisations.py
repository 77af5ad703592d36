"""Averages over disorder, one random realisation at a time: here, on all cores, or on a cluster.

Realisation i always draws from the i-th child of one seed, whoever computes it, so the numbers do
not depend on the engine, on the number of workers or on how the work is divided. The work is done
in batches. With a checkpoint each finished batch is kept in a file of its own, and a run that was
interrupted, or lost its machine, goes on from there.
"""

import hashlib
import json
import os
import sys
import tempfile
from itertools import islice
from pathlib import Path

import numpy as np

from .checks import positive_integer

BATCH = 32


def map_realisations(
    task, realisations, seed=0, engine=None, batch=None, checkpoint=None, progress=False, key=None
):
    """Call `task` once a realisation, each with a random generator of its own.

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
    batch : int, optional
        Realisations in a batch; default that of the checkpoint, or 32. What an interruption loses
        are the batches under way.
    checkpoint : path, optional
        Directory for the finished batches, made if missing. What it holds is not computed again,
        also if `realisations` has changed. A file that cannot be read is.
    progress : bool
        Show a bar. TQDM_DISABLE in the environment switches it off.
    key : str, optional
        Names the problem (code and parameters); needed with a checkpoint.

    Returns
    -------
    ndarray, shape (realisations, ...)

    Raises
    ------
    ValueError
        The checkpoint belongs to another problem: other key, seed or batch.

    Examples
    --------
    >>> map_realisations(lambda rng: rng.normal(size=3), 100, seed=1).shape
    (100, 3)
    """
    from tqdm import tqdm

    if not callable(task):
        raise TypeError(f"task = {task!r}: must be callable, task(rng)")
    realisations = positive_integer("realisations", realisations)
    seed = positive_integer("seed", seed, minimum=0)
    batch = None if batch is None else positive_integer("batch", batch)
    run = _engine(engine)
    store = None if checkpoint is None else _Checkpoint(checkpoint, key, seed, batch)
    batch = (store.batch if store else batch) or BATCH

    parts, jobs = [], []
    for k, start in enumerate(range(0, realisations, batch)):
        stop = min(start + batch, realisations)
        # perhaps not all of them: the last batch of a shorter run
        rows = store.load(k, stop - start) if store else []
        parts.append([rows] if len(rows) else [])
        if start + len(rows) < stop:
            jobs.append((k, task, seed, start + len(rows), stop))

    # an explicit disable=False would overrule TQDM_DISABLE
    hidden = {} if progress else {"disable": True}
    known = realisations - sum(stop - start for *_, start, stop in jobs)
    with tqdm(total=realisations, initial=known, unit=" realisations", **hidden) as bar:
        for k, rows in run(jobs):
            parts[k].append(rows)
            if store:
                store.save(k, np.concatenate(parts[k]))
            bar.update(len(rows))
    return np.concatenate([rows for part in parts for rows in part])


def code_hash(*names):
    """SHA-256 of some modules of this package, by file name: the version behind a kept number."""
    digest = hashlib.sha256()
    for name in names:
        digest.update((Path(__file__).parent / name).read_bytes())
    return digest.hexdigest()


def _rows(k, task, seed, start, stop):
    """One batch. The child of a seed is made from its number, so that no list of them travels."""
    children = (np.random.SeedSequence(seed, spawn_key=(i,)) for i in range(start, stop))
    rows = np.stack([np.asarray(task(np.random.default_rng(child))) for child in children])
    if rows.dtype.kind not in "biufc":
        raise TypeError(f"task returned {rows[0]!r}: must be numbers")
    return k, rows


# ---------------------------------------------------------------- engines: jobs in, batches out


def _engine(engine):
    # who passes a client has imported its library, so this need not
    client = getattr(sys.modules.get("distributed"), "Client", ())
    if engine is None:
        return lambda jobs: (_rows(*job) for job in jobs)
    if isinstance(engine, client) and not engine.asynchronous:
        return lambda jobs: _on_cluster(engine, iter(jobs))
    if isinstance(engine, str) and engine == "joblib":
        return lambda jobs: _on_cores(-1, jobs)
    if isinstance(engine, tuple) and len(engine) == 2 and engine[0] == "joblib":
        workers = positive_integer("n_jobs", engine[1])
        return lambda jobs: _on_cores(workers, jobs)
    raise (ValueError if isinstance(engine, str | tuple) else TypeError)(
        f"engine = {engine!r}: must be None, 'joblib', ('joblib', n_jobs) or a (synchronous) "
        "dask.distributed.Client, which comes with pip install '.[cluster]'"
    )


def _on_cores(workers, jobs):
    from joblib import Parallel, delayed

    parallel = Parallel(n_jobs=workers, backend="loky", return_as="generator_unordered")
    return parallel(delayed(_rows)(*job) for job in jobs)


def _on_cluster(client, jobs):
    from distributed import as_completed

    def submit(running):
        # two batches a thread keep all of them busy; looked up each time, as workers come and go
        wanted = max(1, 2 * sum(client.ncores().values()))
        new = islice(jobs, max(0, wanted - running))
        return [client.submit(_rows, *job, pure=False) for job in new]

    batches = as_completed(submit(0))
    try:
        for future in batches:
            yield future.result()
            batches.update(submit(batches.count()))
    finally:
        batches.clear()  # an interrupted run leaves nothing behind


# ---------------------------------------------------------------- the directory of finished batches


class _Checkpoint:
    def __init__(self, directory, key, seed, batch):
        if not isinstance(key, str) or not key:
            raise ValueError(f"key = {key!r}: a checkpoint needs a text that names the problem")
        self.directory = Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        path = self.directory / "problem.json"
        problem = {"key": key, "seed": seed, "batch": batch or BATCH}
        if path.exists():
            try:
                found = dict(json.loads(path.read_text(encoding="utf-8")))
            except (ValueError, TypeError):
                found = {}
            problem["batch"] = batch or found.get("batch")
            for name, ours in problem.items():
                if ours is None or ours != found.get(name):
                    raise ValueError(
                        f"checkpoint = {str(directory)!r}: belongs to another problem, with {name} "
                        f"= {found.get(name)!r} instead of {ours!r}; must be an empty directory"
                    )
        else:
            self._write(path, lambda file: file.write(json.dumps(problem, indent=1).encode()))
        self.batch = problem["batch"]

    def load(self, k, count):
        try:
            with open(self._path(k), "rb") as file, np.load(file) as archive:
                return archive["rows"][:count]  # the archive has a checksum
        except Exception:  # missing, cut short, damaged: whatever it is, the batch is run again
            return []

    def save(self, k, rows):
        self._write(self._path(k), lambda file: np.savez(file, rows=rows))

    def _path(self, k):
        return self.directory / f"batch_{k:06d}.npz"

    def _write(self, path, write):
        # complete or not at all, whenever the machine stops
        with tempfile.NamedTemporaryFile(dir=self.directory, suffix=".part", delete=False) as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(file.name, path)
