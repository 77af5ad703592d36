"""Benchmarks of the third chapter: the Leggett-Garg correlator under collective dephasing."""

import numpy as np
import qutip
from measure import cpu, peak_memory, row_of, within
from scipy.linalg import expm

from lmgbook.leggett_garg import LeggettGarg
from lmgbook.lmg import LMG

ERROR = 1e-5  # allowed error of the stationary K3, both sides
RATE = 0.05  # 1/s
GRID = 10.0 ** -np.arange(2, 10.1, 0.5)  # tolerances tried, from loose to tight
PART = 0.01  # of the interval, in which QuTiP is measured in all levels


def run(show):
    """Measure everything; `show` is called with each table when it is ready."""
    LeggettGarg(levels=3).k3(RATE)  # compiles what there is to compile
    tables = []
    for make in (few_levels_table, all_levels_table, use_table):
        tables.append(make())
        show(tables[-1])
    return tables


# ---------------------------------------------------------------- propagation, set-up excluded


def asked(magnet):
    """{Q, rho}/2: what the correlation function evolves."""
    q, rho = magnet.sign, magnet.state()
    return (q * rho + rho * q) / 2


def propagate(H, jump, start, t, options, repeats=1):
    """Median time of one step of QuTiP's solver from 0 to t, and the operator there."""
    options = {"progress_bar": "", "nsteps": 10**9, **options}
    solver = qutip.MESolver(H, [jump], options=options)
    durations = []
    for _ in range(repeats):
        solver.start(start, 0.0)
        seconds, end = cpu(solver.step, t, repeats=1)
        durations.append(seconds)
    return float(np.median(durations)), end


def tolerances(method, rtol):
    return {"method": method, "rtol": rtol, "atol": rtol / 100}


def few_levels_table():
    """Twenty levels, one interval: QuTiP's best against ours."""
    magnet = LeggettGarg(levels=20)
    H, jump, tau = magnet.hamiltonian, RATE**0.5 * magnet.jz, magnet.interval
    start, q = asked(magnet), magnet.sign
    once = expm(qutip.liouvillian(H, [jump]).full() * tau)
    x = start.full().ravel(order="F")
    exact = [q.full().ravel() @ v for v in (once @ x, once @ (once @ x))]  # Q is symmetric
    reference = (2 * exact[0] - exact[1]).real

    def row_for(name, method, **more):
        for rtol in GRID:
            options = tolerances(method, rtol) | more
            c1, c2 = (
                (q * propagate(H, jump, start, t, options)[1]).tr().real for t in (tau, 2 * tau)
            )
            error = abs(2 * c1 - c2 - reference)
            if error <= ERROR:
                method = f"{name} (rtol {rtol:.0e})"
                seconds, _ = propagate(H, jump, start, tau, options, repeats=7)
                return {"method": method, "seconds": seconds, "error": error}
        raise RuntimeError("no tolerance on the grid is tight enough")

    rows = [
        row_for("mesolve, default method adams", "adams"),
        row_for("mesolve bdf", "bdf"),
        row_for("mesolve dop853", "dop853"),
        row_for("mesolve adams, matrix_form", "adams", matrix_form=True),
        row_for("mesolve vern7, matrix_form", "vern7", matrix_form=True),
        row_for("mesolve vern9, matrix_form", "vern9", matrix_form=True),
    ]
    plain, best = rows[0]["seconds"], min(row["seconds"] for row in rows)
    seconds, c = cpu(lambda: [magnet.correlation([tau], RATE) for _ in range(20)])
    ours, error = seconds / 20, abs(c[0][0] - exact[0].real)
    rows.append(row_of("LeggettGarg.correlation", ours, error, plain, required=50))
    options = tolerances("adams", 1e-6)
    theirs = peak_memory(lambda: propagate(H, jump, start, tau / 100, options)) / 1e6
    memory = peak_memory(lambda: magnet.correlation([tau], RATE)) / 1e6
    notes = [
        f"gamma = {RATE} 1/s, one interval pi/(3 Delta), set-up included on",
        "our side only. Error: stationary K3, against matrix exponentials (last row: C).",
        f"Loosest tolerances with error <= {ERROR:.0e}; rtol = 100 atol.",
        f"Ratios refer to plain mesolve; against QuTiP's fastest row ours is {best / ours:.0f}x.",
        f"peak of Python's memory: mesolve {theirs:.0f} MB, ours {memory:.2f} MB",
    ]
    return {"title": "Lindblad dynamics, 20 levels", "notes": notes, "rows": rows}


def all_levels_table():
    """All 371 levels: QuTiP in the basis of Jz, over a part of the interval."""
    magnet = LeggettGarg(levels=None)
    H = magnet.coupling * LMG.leggett_garg(magnet.N, magnet.field).hamiltonian()
    jump = RATE**0.5 * qutip.jmat(magnet.N / 2, "z", dtype="dia")
    tau, v = magnet.interval, magnet.vectors
    start = qutip.Qobj(v @ asked(magnet).full() @ v.T)
    q = np.sign(np.arange(magnet.N, -magnet.N - 1, -2))
    exact = magnet.correlation([PART * tau], RATE, resolution=20)[0]
    rows, megabytes = [], {}
    for name, method, more in (
        ("adams", "adams", {}),
        ("vern7", "vern7", {}),
        ("dop853", "dop853", {}),
        ("vern7, matrix_form", "vern7", {"matrix_form": True}),
    ):
        for rtol in GRID[2:]:
            options = tolerances(method, rtol) | more
            _, end = propagate(H, jump, start, PART * tau, options)
            error = abs(q @ end.diag() - exact)
            if error <= ERROR * PART:
                seconds, _ = propagate(H, jump, start, PART * tau, options, repeats=3)
                break
        else:
            raise RuntimeError("no tolerance on the grid is tight enough")
        method = f"mesolve {name} (rtol {rtol:.0e}), {PART:.0%}"
        rows.append({"method": method, "seconds": seconds, "error": error})
        megabytes[name] = peak_memory(
            lambda options=options: propagate(H, jump, start, PART * tau / 20, options)
        )
    best = min(rows, key=lambda row: row["seconds"])
    plain = rows[0]["seconds"] / PART
    rows.append({"method": "mesolve adams: EXTRAPOLATED", "seconds": plain})
    fastest = best["seconds"] / PART
    rows.append({"method": "QuTiP's fastest of these: EXTRAPOLATED", "seconds": fastest})
    seconds, c = cpu(magnet.correlation, [tau], RATE, repeats=3)
    error = abs(c[0] - magnet.correlation([tau], RATE, resolution=4)[0])
    rows.append(row_of("LeggettGarg.correlation", seconds, error, fastest, required=50))
    least = min(megabytes.values()) / 1e6
    ours = peak_memory(lambda: magnet.correlation([tau], RATE)) / 1e6
    notes = [
        f"QuTiP in the basis of Jz, where all is sparse, over {PART:.0%} of the interval, with an",
        f"error of C of at most {ERROR * PART:.0e} there (loosest tolerances); scaled to all of it",
        "in the rows that say so. Ours over all of it, set-up included, error of C against",
        "steps a quarter as long. The ratio refers to QuTiP's fastest row.",
        f"peak of Python's memory: mesolve {least:.0f} MB or more, ours {ours:.0f} MB",
    ]
    return {"title": "Lindblad dynamics, all 371 levels", "notes": notes, "rows": rows}


# ---------------------------------------------------------------- as it is used


def use_table():
    rows = []
    for levels in (5, 20, None):
        magnet = LeggettGarg(levels=levels)
        name = f"{magnet.levels} levels"
        for method, call in (
            ("construction", lambda n=levels: LeggettGarg(levels=n)),
            ("k3, three times", lambda m=magnet: m.k3(RATE)),
            ("k3, stationary", lambda m=magnet: m.k3(RATE, stationary=True)),
            ("threshold, three times", lambda m=magnet: m.threshold()),
        ):
            seconds, _ = cpu(call, limit=1.0)
            row = {"method": f"{method}, {name}", "seconds": seconds}
            heavy = levels is None and method == "k3, three times"
            rows.append(within(row, 50) if heavy else row)
    tau = np.linspace(0.05, 2, 60) * LeggettGarg(levels=20).interval
    rates = np.linspace(0, 0.6, 40)
    magnet = LeggettGarg(levels=20)
    seconds, _ = cpu(lambda: [magnet.k3(rate, tau) for rate in rates], limit=0.1)
    rows.append({"method": "map of K3, 60 intervals x 40 rates, 20 levels", "seconds": seconds})
    notes = [
        "peak of Python's memory, k3 in all levels, construction included: "
        f"{peak_memory(lambda: LeggettGarg(levels=None).k3(RATE)) / 1e6:.0f} MB"
    ]
    return {"title": "The correlator as it is used", "notes": notes, "rows": rows}
