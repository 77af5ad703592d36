"""What all benchmarks measure with: processor time, memory, ratios, and a reference job.

A requirement is a ratio, never a number of seconds, so that it means the same on a slow machine and
on a busy one. Where there is no plain way to compare with, the reference job of this file is it: a
tenth of a second on the machine of the first tables.
"""

import time
import tracemalloc

import numpy as np


def cpu(function, *args, repeats=7, limit=5.0):
    """Median CPU time of some calls and the last result; one call if it takes beyond `limit` s."""
    durations = []
    for _ in range(repeats):
        start = time.process_time()
        result = function(*args)
        durations.append(time.process_time() - start)
        if durations[0] > limit:
            break
    return float(np.median(durations)), result


def peak_memory(function):
    tracemalloc.start()
    function()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


def row_of(method, seconds, error, plain, required=None):
    row = {"method": method, "seconds": seconds, "error": error, "ratio": plain / seconds}
    if required:
        row |= {"required": f"{required}x", "met": bool(row["ratio"] >= required)}
    return row


def reference_job():
    """Some of everything that this book asks of a processor: arrays, LAPACK, plain Python."""
    x = np.linspace(0, 1, 200_000)
    for _ in range(10):
        x = np.cos(x)
    matrix = np.cos(np.add.outer(np.arange(200.0), np.arange(200.0) ** 2))
    np.linalg.eigvalsh(matrix + matrix.T)
    return float(x[0]) + sum(k * k % 7 for k in range(300_000))


def within(row, jobs, met=True, also=""):
    """Require that a row takes less than so many reference jobs, run here and now.

    `met` and `also` are a further requirement, and its words.
    """
    unit, _ = cpu(reference_job, repeats=3)
    words = f"< {jobs:g} reference jobs" + (f", {also}" if also else "")
    return row | {"required": words, "met": bool(row["seconds"] < jobs * unit and met)}
