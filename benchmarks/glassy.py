"""Benchmarks of the fourth paper: products of cosines for a cloud of 1300 spins."""

import tracemalloc

import numpy as np
from numba import njit
from slow_quenches import cpu, peak_memory, row_of

from lmgbook import glassy as gl
from lmgbook._cosines import OPTIONS, multiply_cosines

N, D, ALPHA = 1300, 3, 6
UNIT = gl.bulk_coupling(D, ALPHA, N / gl.ball_volume(D))
TIMES = np.geomspace(0.008, 29, 96) / UNIT  # 96 times over twelve octaves


def run(show):
    """Measure everything; `show` is called with each table when it is ready."""
    for method in gl.METHODS:
        gl.magnetization(gl.random_positions(5, D, rng=0), TIMES, ALPHA, method=method)
    tables = []
    for make in (product_table, ceiling_table, range_table, average_table):
        tables.append(make())
        show(tables[-1])
    return tables


def by_numpy(positions, dtype=float):
    """Eq. (2) spin by spin, all times at once: chunked so that it stays in the cache."""
    out = np.empty((len(TIMES), len(positions)))
    times = TIMES.astype(dtype)
    for i in range(len(positions)):
        apart = np.delete(positions, i, axis=0) - positions[i]
        angles = 2 * np.sum(apart**2, axis=1) ** (-ALPHA / 2)
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
    for method, required, bound in (("exact", 20, 1e-10), ("near_far", 200, 1e-9)):
        seconds, curves = cpu(
            lambda m=method: gl.magnetization(positions, TIMES, ALPHA, method=m), repeats=9
        )
        row = row_of(f"magnetization, {method}", seconds, error(curves), plain, required=required)
        row["met"] = bool(row["met"] and row["error"] <= bound)
        row["required"] += f", error <= {bound:.0e}"
        rows.append(row)
    notes = [
        f"N = {N}, d = {D}, alpha = {ALPHA}, {len(TIMES)} times, all spins. Error: largest",
        "difference of one spin's curve from the product in extended precision.",
    ]
    return {"title": "The product of cosines", "notes": notes, "rows": rows}


# ---------------------------------------------------------------- how far from the ceiling


@njit(**OPTIONS)
def _many_cosines(row, angles, times):
    for k in range(angles.shape[0]):
        multiply_cosines(row, angles[k], times, 0)


def ceiling_table():
    """Cosines per second in a loop that does nothing else, and in the two methods."""
    rng = np.random.default_rng(0)
    angles, times = rng.uniform(0, 10, 200_000), rng.uniform(0, 1, 96)
    _many_cosines(np.ones(96), angles[:2], times)
    count = len(angles) * len(times)
    peak, _ = cpu(_many_cosines, np.ones(96), angles, times)
    library, _ = cpu(np.cos, np.outer(angles[:20_000], times))  # a tenth of them
    positions = gl.random_positions(N, D, rng=1)
    exact, _ = cpu(lambda: gl.magnetization(positions, TIMES, ALPHA, method="exact"))
    cosines = N * (N - 1) / 2 * len(TIMES)
    fast, _ = cpu(lambda: gl.magnetization(positions, TIMES, ALPHA), repeats=15)
    notes = [
        f"polynomial cosine in registers: {count / peak / 1e9:.2f}e9 a second (the ceiling);",
        f"np.cos: {count / 10 / library / 1e9:.2f}e9 a second;",
        f"'exact' needs one cosine per pair and time: {cosines / exact / 1e9:.2f}e9 a second,",
        f"{cosines / exact / (count / peak):.0%} of the ceiling (each goes into two rows);",
        f"'near_far' gives the same as if it took {cosines / fast / 1e9:.0f}e9 a second.",
    ]
    rows = [
        {"method": "ceiling: all cosines of 'exact'", "seconds": cosines / (count / peak)},
        {"method": "magnetization, exact", "seconds": exact},
        {"method": "magnetization, near_far", "seconds": fast},
    ]
    return {"title": "Cosines per second and core", "notes": notes, "rows": rows}


def range_table():
    """The gain depends on how many spins are near: many if beta = d/alpha is close to one."""
    rows = []
    for d, alpha in ((1, 1), (1, 6), (2, 2), (2, 6), (3, 3), (3, 4.5), (3, 6), (3, 10)):
        positions = gl.random_positions(N, d, rng=2)
        times = np.geomspace(1e-2, 10, 96) / gl.bulk_coupling(d, alpha, N / gl.ball_volume(d))
        exact, curves = cpu(gl.magnetization, positions, times, alpha, 1.0, None, "exact")
        fast, ours = cpu(gl.magnetization, positions, times, alpha)
        error = float(np.abs(ours - curves).max())
        rows.append(row_of(f"near_far, d = {d}, alpha = {alpha:g}", fast, error, exact))
    notes = ["Ratio and error against 'exact'; 96 times from 0.01 to 10 in units of 1/J_NN."]
    return {"title": "Near and far, other dimensions and exponents", "notes": notes, "rows": rows}


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
    for name, function, limit in (("Fig. 1", figure_one, 6), ("Fig. 2b", figure_two, 10)):
        seconds, _ = cpu(function, repeats=1)
        row = {"method": f"{name}: 200 clouds", "seconds": seconds}
        rows.append({**row, "required": f"< {limit} s", "met": bool(seconds < limit)})
    seconds, _ = cpu(gl.noise_free, window / UNIT, N, D, ALPHA)
    rows.append({"method": "noise_free, one curve", "seconds": seconds})
    tracemalloc.stop()
    megabytes = peak_memory(figure_one) / 1e6
    notes = [f"Peak of Python's memory for Fig. 1: {megabytes:.0f} MB (required < 500 MB)."]
    return {"title": "The paper's figures, live", "notes": notes, "rows": rows}
