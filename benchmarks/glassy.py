"""Benchmarks of the fourth paper: products of cosines for a cloud of 1300 spins."""

import contextlib

import numpy as np
from measure import cpu, peak_memory, row_of, within

from lmgbook import glassy as gl

N, D, ALPHA = 1300, 3, 6
UNIT = gl.bulk_coupling(D, ALPHA, N / gl.ball_volume(D))
TIMES = np.geomspace(0.008, 29, 96) / UNIT  # 96 times over twelve octaves


def run(show):
    """Measure everything; `show` is called with each table when it is ready."""
    gl.magnetization(gl.random_positions(5, D, rng=0), TIMES, ALPHA)  # compiles
    tables = []
    for make in (product_table, range_table, average_table):
        tables.append(make())
        show(tables[-1])
    return tables


def by_numpy(positions, dtype=float, times=TIMES, alpha=ALPHA):
    """Eq. (2) spin by spin, all times at once: chunked so that it stays in the cache."""
    out = np.empty((len(times), len(positions)))
    times = times.astype(dtype)
    for i in range(len(positions)):
        apart = np.delete(positions, i, axis=0) - positions[i]
        angles = 2 * np.sum(apart**2, axis=1) ** (-alpha / 2)
        out[:, i] = np.cos(np.outer(times, angles.astype(dtype))).prod(axis=1)
    return out


def in_long_arithmetic(positions):
    out = np.empty((len(TIMES), len(positions)))
    times = TIMES.astype(np.longdouble)
    for i in range(len(positions)):
        apart = (np.delete(positions, i, axis=0) - positions[i]).astype(np.longdouble)
        angles = 2 * np.sum(apart**2, axis=1) ** (-np.longdouble(ALPHA) / 2)
        out[:, i] = np.cos(np.outer(times, angles)).prod(axis=1)
    return out


def product_table():
    positions = gl.random_positions(N, D, rng=1)
    reference = in_long_arithmetic(positions)

    def error(curves):
        return float(np.abs(curves - reference).max())

    plain, curves = cpu(by_numpy, positions, repeats=3)
    rows = [{"method": "NumPy, spin by spin", "seconds": plain, "error": error(curves)}]
    seconds, curves = cpu(by_numpy, positions, np.float32, repeats=3)
    rows.append(row_of("NumPy, float32", seconds, error(curves), plain))
    seconds, curves = cpu(gl.magnetization, positions, TIMES, ALPHA, repeats=9)
    row = row_of("magnetization", seconds, error(curves), plain, required=200)
    row["met"] = bool(row["met"] and row["error"] <= 1e-9)
    rows.append(row | {"required": "200x, error <= 1e-9"})
    notes = [
        f"N = {N}, d = {D}, alpha = {ALPHA}, {len(TIMES)} times, all spins. Error: largest",
        "difference of one spin's curve from the product in extended precision.",
    ]
    return {"title": "The product of cosines", "notes": notes, "rows": rows}


def range_table():
    """The gain depends on how many spins are near: many if beta = d/alpha is close to one."""
    rows = []
    for d, alpha in ((1, 1), (1, 6), (2, 2), (2, 6), (3, 3), (3, 4.5), (3, 6), (3, 10)):
        positions = gl.random_positions(N, d, rng=2)
        times = np.geomspace(1e-2, 10, 96) / gl.bulk_coupling(d, alpha, N / gl.ball_volume(d))
        plain, curves = cpu(by_numpy, positions, float, times, alpha, repeats=1)
        fast, ours = cpu(gl.magnetization, positions, times, alpha)
        error = float(np.abs(ours - curves).max())
        rows.append(row_of(f"magnetization, d = {d}, alpha = {alpha:g}", fast, error, plain))
    notes = [
        "Ratio and difference to NumPy, spin by spin, whose angles are rounded for close pairs;",
        "96 times from 0.01 to 10 in units of 1/J_NN.",
    ]
    return {"title": "Other dimensions and exponents", "notes": notes, "rows": rows}


# ---------------------------------------------------------------- the paper's figures


def average_table():
    window = np.geomspace(1e-2, 10, 96)

    def figure_one():
        return gl.ensemble_average(N, D, ALPHA, window / UNIT, 200)

    def figure_two():
        for size in (100, 190, 361, 685, 1300):
            unit = gl.bulk_coupling(D, ALPHA, size / gl.ball_volume(D))
            average = gl.ensemble_average(size, D, ALPHA, window / unit, 200)
            for quantity in ("magnetization", "purity"):
                average.fit(quantity, bootstrap=200)

    rows = []
    for name, function, limit in (("Fig. 1", figure_one, 60), ("Fig. 2b", figure_two, 100)):
        seconds, _ = cpu(function, repeats=1)
        rows.append(within({"method": f"{name}: 200 clouds", "seconds": seconds}, limit))
    seconds, _ = cpu(gl.noise_free, window / UNIT, N, D, ALPHA)
    rows.append({"method": "noise_free, one curve", "seconds": seconds})

    def refused():
        with contextlib.suppress(ValueError):
            gl.random_positions(100, 3, 0.9, rng=1)

    seconds, _ = cpu(refused)
    rows.append(within({"method": "refusal of an impossible exclusion", "seconds": seconds}, 1))
    megabytes = peak_memory(figure_one) / 1e6
    notes = [f"Peak of Python's memory for Fig. 1: {megabytes:.0f} MB (required < 500 MB)."]
    return {"title": "The paper's figures, live", "notes": notes, "rows": rows}
