"""Benchmarks of the first chapter: exact ramps, harmonic ramps, building a sector."""

import numpy as np
import qutip
from measure import cpu, peak_memory, row_of, within
from scipy.integrate import solve_ivp

from lmgbook.lmg import LMG, bands, magnetic_numbers, tridiagonal_operator
from lmgbook.slow_quenches import (
    critical_excitations,
    exact_ramp,
    harmonic_ramp,
    squared_frequency,
)

ERROR = 1e-5  # allowed error of n_exc, both sides
GRID = 10.0 ** -np.arange(3.5, 11.1, 0.5)  # tolerances tried, from loose to tight


def run(show):
    """Measure everything; `show` is called with each table when it is ready."""
    warm_up()
    tables, loosest = [], {}
    for make in (
        lambda: ramp_table(256, 5, 100, loosest),
        lambda: ramp_table(1024, 20, 200, loosest),
        lambda: large_ramp_table(loosest),
        critical_table,
        harmonic_table,
        build_table,
    ):
        tables.append(make())
        show(tables[-1])
    return tables


def warm_up():
    exact_ramp(8, 0.5)
    harmonic_ramp(8, 0.5, points=3)


# ---------------------------------------------------------------- exact ramps


def ramp_by_sesolve(N, lam, shifted=False, **options):
    """n_exc after the ramp 2 -> 0, by plain QuTiP calls; set-up included."""
    duration = 2 * N / lam
    # a linear interpolation is QuTiP's fastest coefficient and exact here
    field = qutip.coefficient(np.array([2.0, 0.0]), tlist=np.array([0.0, duration]), order=1)
    H = [
        tridiagonal_operator(*bands(N, J=0.5, parity="even")),
        [tridiagonal_operator(*bands(N, J=0.0, h=1.0, parity="even")), field],
    ]
    psi = LMG.slow_quench(N, 2.0).ground_state("even")
    if shifted:  # minus the mean-field energy: only a phase, but easier to follow
        times = np.linspace(0, duration, 2001)
        h = 2 - lam / N * times
        energy = -N * np.where(h > 1, h, (1 + h**2) / 2)
        H.append([qutip.qeye(psi.shape[0], dtype="dia"), -energy])
        H = qutip.QobjEvo(H, tlist=times)
    options = {"progress_bar": "", "nsteps": 10**9} | options
    if options["method"] == "tridiagonal":
        options.pop("nsteps")
    probability = (
        np.abs(qutip.sesolve(H, psi, [0, duration], options=options).states[-1].full()) ** 2
    )
    return float((N / 2 - magnetic_numbers(N, "even")) @ probability.ravel())


def tuned(reference, solve, grid):
    """The loosest tolerance on the grid that keeps the error: (tolerance, seconds, error)."""
    for tolerance in grid:
        seconds, n_exc = cpu(solve, tolerance, repeats=1)
        if abs(n_exc - reference) <= ERROR:
            if seconds < 3:
                seconds, n_exc = cpu(solve, tolerance, repeats=7 if seconds < 0.1 else 3)
            return float(tolerance), seconds, abs(n_exc - reference)
    raise RuntimeError("no tolerance on the grid is tight enough")


def ramp_table(N, lam, required, loosest):
    """QuTiP's best against ours; `loosest` remembers tolerances, from one size to the next."""
    reference = exact_ramp(N, lam / N, atol=1e-11).n_exc
    candidates = {
        "sesolve vern9": {"method": "vern9"},
        "sesolve vern9, energy shifted by hand": {"method": "vern9", "shifted": True},
    }
    if N <= 256:  # slower: not worth the minutes at the larger size
        candidates |= {
            "sesolve vern9, normalize_output=False": {"method": "vern9", "normalize_output": False},
            "sesolve adams": {"method": "adams"},
        }
    rows = []
    for name, options in candidates.items():

        def solve(rtol, options=options):
            return ramp_by_sesolve(N, lam, rtol=rtol, atol=rtol / 100, **options)

        # larger systems need tighter tolerances: start where the smaller one ended
        grid = GRID[GRID <= loosest.get(name, 1.0)]
        loosest[name], seconds, error = tuned(reference, solve, grid)
        method = f"{name} (rtol {loosest[name]:.0e})"
        rows.append({"method": method, "seconds": seconds, "error": error})
    plain = min(row["seconds"] for row in rows if "by hand" not in row["method"])

    def ours(atol):
        return ramp_by_sesolve(N, lam, method="tridiagonal", atol=atol, normalize_output=False)

    atol, seconds, error = tuned(reference, ours, GRID)
    rows.append(row_of(f"sesolve tridiagonal (atol {atol:.0e})", seconds, error, plain, required))
    seconds, ramp = cpu(exact_ramp, N, lam / N)
    error = abs(ramp.n_exc - reference)
    rows.append(row_of("exact_ramp (default atol 1e-08)", seconds, error, plain, required))
    notes = [
        f"n_exc = {reference:.8f} by exact_ramp(atol=1e-11); tolerances: the loosest with "
        f"error <= {ERROR:.0e}.",
        "QuTiP loses norm at loose tolerances; normalize_output (its default) divides that out",
        "of the final state and so allows a looser tolerance. Ratios refer to QuTiP's fastest",
        "row but for the shift: minus the mean-field energy, a trick that no method makes itself.",
    ]
    if N <= 256:
        tight = ramp_by_sesolve(N, lam, method="vern9", rtol=1e-10, atol=1e-12)
        notes.insert(1, f"vern9 with rtol 1e-10 differs from it by {abs(tight - reference):.0e}.")
    return {"title": f"Exact ramp, N = {N}, Lambda = {lam}", "notes": notes, "rows": rows}


def large_ramp_table(loosest):
    N, lam = 4096, 5
    rtol = loosest["sesolve vern9"]
    sizes = np.array([128, 256, 512])
    seconds = [
        cpu(lambda n=n: ramp_by_sesolve(int(n), lam, method="vern9", rtol=rtol, atol=rtol / 100))[0]
        for n in sizes
    ]
    growth = np.log(seconds[-1] / seconds[0]) / np.log(sizes[-1] / sizes[0])
    extrapolated = seconds[-1] * (N / sizes[-1]) ** growth
    rows = [
        {"method": f"sesolve vern9, N = {n}", "seconds": s}
        for n, s in zip(sizes, seconds, strict=True)
    ]
    rows.append({"method": f"sesolve vern9, N = {N}: EXTRAPOLATED", "seconds": extrapolated})
    reference = exact_ramp(N, lam / N, atol=1e-11).n_exc
    for atol in (1e-6, 1e-8):
        ours, ramp = cpu(lambda a=atol: exact_ramp(N, lam / N, atol=a), repeats=3)
        row = row_of(
            f"exact_ramp (atol {atol:.0e})", ours, abs(ramp.n_exc - reference), extrapolated
        )
        rows.append(within(row, 30))
    notes = [
        f"QuTiP's time grows like N^{growth:.2f} here (rtol {rtol:.0e}); at N = {N} it is not",
        "measured but extrapolated with this power, which still grows with N.",
    ]
    return {"title": f"Exact ramp, N = {N}, Lambda = {lam}", "notes": notes, "rows": rows}


# ---------------------------------------------------------------- harmonic theory


def ermakov(squared, stops, rtol, method):
    """Final (xi, xi') of xi'' + Omega^2 xi = 1/(4 xi^3), piece by piece between the stops."""
    y = [(4 * squared(stops[0])) ** -0.25, 0.0]
    for start, stop in zip(stops[:-1], stops[1:], strict=True):
        y = solve_ivp(
            lambda t, y: (y[1], 0.25 / y[0] ** 3 - squared(t) * y[0]),
            (start, stop),
            y,
            method=method,
            rtol=rtol,
            atol=rtol / 100,
        ).y[:, -1]
    xi, rate = y
    omega = squared(stops[-1]) ** 0.5
    return (omega**2 * xi**2 + rate**2 + 0.25 / xi**2) / (2 * omega) - 0.5


def best_ermakov(reference, squared, stops):
    rows = []
    for method in ("DOP853", "LSODA"):
        rtol, seconds, error = tuned(
            reference, lambda r, m=method: ermakov(squared, stops, r, m), GRID[::2]
        )
        rows.append({"method": f"{method} (rtol {rtol:.0e})", "seconds": seconds, "error": error})
    return rows


def critical_table():
    lam, far = 5.0, 300.0
    reference = critical_excitations(lam)

    def squared(s):
        return (-4 * s if s < 0 else 8 * s) + lam ** (-2 / 3)

    rows = best_ermakov(reference, squared, [-far, 0.0, far])
    seconds, _ = cpu(lambda: [critical_excitations(lam) for _ in range(1000)])
    plain = min(row["seconds"] for row in rows)
    rows.append(row_of("critical_excitations (Airy functions)", seconds / 1000, None, plain))
    lams = np.geomspace(0.1, 1000, 1000)
    seconds, _ = cpu(lambda: critical_excitations(lams))
    rows.append(row_of("the same, one of an array of 1000", seconds / 1000, None, plain))
    notes = [
        f"solve_ivp on the Ermakov equation from s = -{far:g} to {far:g}: nearer to the kink n",
        f"still oscillates by more than {ERROR:.0e}. Errors against the closed form.",
    ]
    title = "Critical oscillator, Eq. (10): one value of Lambda"
    return {"title": title, "notes": notes, "rows": rows}


def harmonic_table():
    N, delta, shorter = 4096, 4e-5, 4e-3

    def squared(t):  # Eq. (5) by hand: a NumPy call for each t would be unfair
        h = 2 - shorter * t
        return (4 * h * (h - 1) if h > 1 else 4 * (1 - h * h)) + N ** (-2 / 3)

    assert abs(squared(100.0) - squared_frequency(2 - shorter * 100, N)) < 1e-12
    stops = [0.0, 1 / shorter, 2 / shorter]
    reference = ermakov(squared, stops, 1e-12, "DOP853")
    rows = best_ermakov(reference, squared, stops)
    for row in rows:
        row["method"] += f", delta = {shorter:.0e}"
    seconds, ramp = cpu(lambda: harmonic_ramp(N, shorter))
    plain = min(row["seconds"] for row in rows)
    error = abs(ramp.n_exc[-1] - reference)
    rows.append(row_of(f"harmonic_ramp, delta = {shorter:.0e}", seconds, error, plain))
    plain *= shorter / delta
    rows.append({"method": f"solve_ivp, delta = {delta:.0e}: EXTRAPOLATED", "seconds": plain})
    seconds, ramp = cpu(lambda: harmonic_ramp(N, delta))
    rows.append(row_of(f"harmonic_ramp, delta = {delta:.0e}", seconds, None, plain))
    notes = [
        "401 recorded fields on our side, only the end on SciPy's. SciPy's time at "
        f"delta = {delta:.0e}",
        "is extrapolated linearly in the length of the ramp. Errors against DOP853, rtol 1e-12.",
    ]
    return {"title": f"Harmonic ramp, Eq. (7), N = {N}", "notes": notes, "rows": rows}


# ---------------------------------------------------------------- operators


def by_jmat(N, h):
    return -(2 / N) * qutip.jmat(N / 2, "z") ** 2 - 2 * h * qutip.jmat(N / 2, "x")


def build_table():
    N, h = 4096, 1.0
    model = LMG.slow_quench(N, h)
    plain, expected = cpu(by_jmat, N, h)
    rows, notes = [{"method": f"jmat expression, N = {N}", "seconds": plain}], []
    for parity, required in ((None, 1), ("even", 2)):
        seconds, H = cpu(model.hamiltonian, parity)
        what = f"{parity} sector" if parity else "full spin space"
        error = None
        if parity is None:
            error = float(abs((H - expected).to("CSR").data_as("csr_matrix")).max())
        rows.append(row_of(f"LMG.hamiltonian, {what}, N = {N}", seconds, error, plain, required))
    for name, build in (("jmat", lambda: by_jmat(N, h)), ("ours", lambda: model.hamiltonian())):
        notes.append(f"peak of Python's memory, {name}: {peak_memory(build) / 1e6:.1f} MB")
    small = 1024
    dense = by_jmat(small, h)
    plain, (energy, _) = cpu(dense.groundstate, repeats=1)
    rows.append({"method": f"Qobj.groundstate, full, N = {small}", "seconds": plain})
    model = LMG.slow_quench(small, h)
    seconds, psi = cpu(model.ground_state)
    error = abs(qutip.expect(dense, psi) - energy)
    rows.append(row_of(f"LMG.ground_state, N = {small}", seconds, float(error), plain))
    return {"title": "Building the Hamiltonian", "notes": notes, "rows": rows}
