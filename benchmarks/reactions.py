"""Benchmarks of the fifth chapter: exact laws and direct integration of competing reactions."""

from decimal import Decimal, localcontext

import numpy as np
import qutip
import scipy.sparse as sp
from measure import cpu, peak_memory, row_of, within

from lmgbook.reactions import (
    evolve,
    mean_numbers,
    moving_frame,
    one_channel_hamiltonian,
    redistribute,
    single_channel,
    thermal_law,
    two_channel,
    two_channel_hamiltonian,
)

PI = Decimal("3.14159265358979323846264338327950288419716939937510582097494")
QUIET = {"progress_bar": "", "nsteps": 10**9}


def run(show):
    """Measure everything; `show` is called with each table when it is ready."""
    evolve(2, 1.0, 5.0)
    tables = []
    for make in (law_table, one_channel_table, two_channel_table):
        tables.append(make())
        show(tables[-1])
    return tables


def rate(N, q):
    """The sweep rate with 2 pi g^2 N/(beta ln N) = q, g = 1."""
    return 2 * np.pi * N / (q * np.log(N))


# ---------------------------------------------------------------- exact laws


def law_by_decimals(N, beta, every):
    """P[N - nu] for some nu in 30 digits, as a running product from the far end."""
    with localcontext() as context:
        context.prec = 30
        s = 2 * PI / Decimal(beta)
        x, inverse = (-s).exp(), s.exp()
        power, value, found = x**N, Decimal(1), {}
        for nu in range(N - 1, -1, -1):
            value *= 1 - power
            power *= inverse
            if nu % every == 0:
                found[nu] = x**nu * value
    return {nu: P for nu, P in found.items() if P > Decimal("1e-290")}


def worst(P, exact):
    N = len(P) - 1
    return max(float(abs(Decimal(float(P[N - nu])) / p - 1)) for nu, p in exact.items())


def law_by_forward_sums(N, beta):
    """The same in logarithms, summed from the near end: ln (x, x)_N - ln (x, x)_nu."""
    s, nu = 2 * np.pi / beta, np.arange(N + 1)
    total = np.concatenate([[0.0], np.cumsum(np.log(1 - np.exp(-s * nu[1:])))])
    return np.exp(total[N] - total - s * nu)[::-1]


def law_by_products(N, beta):
    """Eq. (41) as it stands."""
    x = np.exp(-2 * np.pi / beta)
    product = np.concatenate([[1.0], np.cumprod(1 - x ** np.arange(1.0, N + 1))])
    with np.errstate(all="ignore"):
        return (x ** np.arange(N + 1) * product[N] / product)[::-1]


def law_table():
    rows, notes = [], ["q = 1; errors are relative, the largest of some hundred against 30 digits"]
    for N in (10**5, 10**6):
        beta = rate(N, 1.0)
        exact = law_by_decimals(N, beta, N // 500)
        seconds, P = cpu(law_by_forward_sums, N, beta)
        rows.append(
            {"method": f"forward sums, N = {N:.0e}", "seconds": seconds, "error": worst(P, exact)}
        )
        seconds, P = cpu(single_channel, N, 1.0, beta)
        row = {"method": f"single_channel, N = {N:.0e}", "seconds": seconds}
        row["error"] = worst(P, exact)
        if N == 10**6:
            row = within(row, 2, row["error"] <= 1e-11, "error 1e-11")
        rows.append(row)
    lost = np.mean(~np.isfinite(law_by_products(10**5, rate(10**5, 1.0))))
    notes.append(f"plain products: {lost:.1%} of the values are not a number at N = 1e5")
    for name, function, arguments in (
        ("two_channel, N = 1000", two_channel, (1000, 1.0, rate(1000, 1.0))),
        ("mean_numbers, N = 1e5", mean_numbers, (10**5, 1.0, rate(10**5, 1.0))),
    ):
        rows.append({"method": name, "seconds": cpu(function, *arguments)[0]})
    return {"title": "Competing reactions: exact laws", "notes": notes, "rows": rows}


# ---------------------------------------------------------------- one channel


def frame_of(N, beta):
    levels = beta * np.arange(N, -1, -1.0)
    constant = one_channel_hamiltonian(N, 1.0, beta)(0).full()
    terms = {-1: sp.csr_array(np.diag(levels)), 0: sp.csr_array(constant)}
    return moving_frame.frame(terms, levels, -1)[0]


def one_channel_table():
    N, T = 100, 2.35
    beta = rate(N, 1.0)
    law, generators = single_channel(N, 1.0, beta), frame_of(N, beta)
    start = qutip.Qobj(moving_frame.first_axis(generators, -T)[0])

    def by_sesolve(**options):
        H = one_channel_hamiltonian(N, 1.0, beta)
        return qutip.sesolve(H, start, [-T, T], options=QUIET | options).final_state

    rows, losses = [], []
    loose = {"normalize_output": False}
    for name, options in (
        ("sesolve, default", {}),
        ("sesolve, default, not normalised", loose),
        ("sesolve, adams, rtol 1e-8", loose | {"rtol": 1e-8, "atol": 1e-10}),
        ("sesolve, vern9, rtol 1e-6", loose | {"method": "vern9"}),
        ("sesolve, vern9, rtol 1e-10", loose | {"method": "vern9", "rtol": 1e-10, "atol": 1e-12}),
    ):
        seconds, psi = cpu(lambda options=options: by_sesolve(**options), repeats=3)
        amplitudes, _ = moving_frame.read(generators, T, psi.full()[:, 0])
        error = abs(abs(amplitudes) ** 2 - law).max()
        rows.append({"method": name, "seconds": seconds, "error": error})
        losses.append(1 - psi.norm() ** 2)
    plain = rows[1]
    for tolerance in (1e-6, 1e-8):
        seconds, sweep = cpu(lambda t=tolerance: evolve(N, 1.0, beta, T=T, tolerance=t), repeats=5)
        error = abs(sweep.probabilities - law).max()
        row = row_of(f"evolve, tolerance {tolerance:.0e}", seconds, error, plain["seconds"])
        if tolerance == 1e-6:
            met = row["ratio"] >= 10 and error <= 1e-4 * plain["error"]
            row |= {"required": "10x, error 1e-4 of plain", "met": bool(met)}
        rows.append(row)
    for size, q, limit in ((100, 1.0, 5), (100, 3.0, 10), (500, 1.0, 50), (1000, 1.0, None)):
        rows.append(own_choice(size, q, limit))
    rows += slow_sweep(64)
    notes = [
        f"N = {N}, q = 1, over (-{T}, {T}), Schrodinger picture, all started and read in the same",
        "frame; error: largest of the probabilities against the exact law. Ratios refer to the",
        f"second row, which loses {losses[1]:.0%} of the norm (the first row divides that out).",
        "Below: evolve as it stands, which chooses the times by itself, tolerance 1e-8; and at the",
        "same tolerance on QuTiP's vern9 (interaction picture) and on our own integrator.",
    ]
    return {"title": "Competing reactions: one channel", "notes": notes, "rows": rows}


def own_choice(N, q, limit):
    beta = rate(N, q)
    seconds, sweep = cpu(lambda: evolve(N, 1.0, beta), repeats=3, limit=2.0)
    error = abs(sweep.probabilities - single_channel(N, 1.0, beta)).max()
    row = {"method": f"evolve, N = {N}, q = {q:g}", "seconds": seconds, "error": error}
    return within(row, limit, error < 1e-8, "error 1e-8") if limit else row


def slow_sweep(N, beta=0.7):
    """A slow sweep of many molecules: a hair below 1e-8, evolve takes vern9."""
    law, found = single_channel(N, 1.0, beta), []
    for tolerance in (0.999e-8, 1e-8):
        seconds, sweep = cpu(lambda t=tolerance: evolve(N, 1.0, beta, tolerance=t), limit=1.0)
        found.append((seconds, abs(sweep.probabilities - law).max()))
    (plain, error), (seconds, own_error) = found
    words = f"N = {N}, beta = {beta}"
    return [
        {"method": f"evolve on vern9, {words}", "seconds": plain, "error": error},
        row_of(f"evolve on 'tridiagonal', {words}", seconds, own_error, plain, required=10),
    ]


# ---------------------------------------------------------------- two channels


def two_channel_table():
    N, T, epsilon = 20, 3.0, 0.5
    beta = rate(N, 1.0)
    strict = {"method": "vern9", "rtol": 1e-11, "atol": 1e-13, "normalize_output": False}

    def by_sesolve(**options):
        H = two_channel_hamiltonian(N, 1.0, beta, epsilon)
        start = qutip.basis(H.shape[0], 0)
        return qutip.sesolve(H, start, [-T, T], options=QUIET | options).final_state.full()[:, 0]

    exact = abs(by_sesolve(**strict)) ** 2
    rows = []
    for name, options in (
        ("sesolve, default, not normalised", {"normalize_output": False}),
        ("sesolve, vern9, rtol 1e-6", {"normalize_output": False, "method": "vern9"}),
    ):
        seconds, psi = cpu(lambda options=options: by_sesolve(**options), repeats=3)
        error = abs(abs(psi) ** 2 - exact).max()
        rows.append({"method": f"N = {N}: {name}", "seconds": seconds, "error": error})

    def raw():
        return evolve(N, 1.0, beta, epsilon, T, readout="diabatic", tolerance=1)

    seconds, sweep = cpu(raw, repeats=3)
    error = abs(abs(sweep.state) ** 2 - exact).max()
    rows.append(row_of(f"N = {N}: evolve, diabatic", seconds, error, rows[0]["seconds"]))
    for size, limit in ((20, None), (40, 50), (100, None)):
        rate_of, tolerance = rate(size, 1.0), 1e-6 if size == 100 else 1e-8
        seconds, sweep = cpu(
            lambda n=size, b=rate_of, t=tolerance: evolve(n, 1.0, b, epsilon, tolerance=t),
            repeats=3,
            limit=1.0,
        )
        error = abs(sweep.probabilities - two_channel(size, 1.0, rate_of)).max()
        row = {"method": f"evolve, N = {size}, tolerance {tolerance:.0e}", "seconds": seconds}
        row["error"] = error
        rows.append(within(row, limit) if limit else row)
    seconds, P = cpu(redistribute, 50, 1.0, 50.0)
    error = abs(P - thermal_law(50, 1.0, 50.0)).max()
    rows.append({"method": "redistribute, n = 50", "seconds": seconds, "error": error})
    megabytes = peak_memory(lambda: evolve(40, 1.0, rate(40, 1.0), epsilon)) / 1e6
    notes = [
        f"q = 1, eps = {epsilon}; above, populations of the basis states after (-{T:g}, {T:g})",
        "against vern9 at rtol 1e-11; below, evolve as it stands against the exact law",
        f"peak of Python's memory, evolve, N = 40: {megabytes:.0f} MB",
    ]
    return {"title": "Competing reactions: two channels", "notes": notes, "rows": rows}
