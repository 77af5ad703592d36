"""Benchmarks of the second chapter: all levels of a finite magnet, points of the phase diagrams."""

import numpy as np
import qutip
from measure import cpu, peak_memory, row_of, within
from qutip import piqs

from lmgbook.ensembles import (
    SectorSpectrum,
    canonical_transition,
    energy,
    entropy,
    first_order_field,
    log_degeneracy,
    microcanonical_temperature,
)

H, K = 2.0, 1.0  # field and coupling of all spectra


def run(show):
    """Measure everything; `show` is called with each table when it is ready."""
    SectorSpectrum(20, H, K)
    tables = []
    for make in (levels_table, qutip_table, one_operator_table, use_table, point_table):
        tables.append(make())
        show(tables[-1])
    return tables


# ---------------------------------------------------------------- all levels


def levels_table():
    rows, notes = [], []
    for N, limit in ((200, None), (500, 10), (1000, 60)):
        seconds, spectrum = cpu(SectorSpectrum, N, H, K, limit=0.5)
        megabytes = peak_memory(lambda n=N: SectorSpectrum(n, H, K)) / 1e6
        row = {"method": f"SectorSpectrum, N = {N}", "seconds": seconds}
        if limit:
            row = within(row, limit, megabytes < 200, "< 200 MB")
        rows.append(row)
        notes.append(
            f"N = {N}: {len(spectrum.energies)} levels, peak of Python's memory {megabytes:.1f} MB"
        )
    return {"title": f"All levels, h = {H:g}, K = {K:g}", "notes": notes, "rows": rows}


def levels_by_jmat(N):
    """One QuTiP operator for every total spin, N even."""
    levels = [[0.0]]  # S = 0
    for S in range(1, N // 2 + 1):
        levels.append(hamiltonian(N, qutip.jmat(S, "x"), qutip.jmat(S, "z")).eigenenergies())
    return np.concatenate(levels)


def levels_by_piqs(N):
    """All sectors in one QuTiP operator: the Dicke basis of `qutip.piqs`."""
    return hamiltonian(N, piqs.jspin(N, "x"), piqs.jspin(N, "z")).eigenenergies()


def hamiltonian(N, Sx, Sz):
    return -4 / N * Sz**2 - 2 * H * Sx - 16 * K / N**3 * Sz**4


def difference(ours, theirs):
    return float(np.abs(np.sort(ours.energies) - np.sort(theirs)).max())


def qutip_table():
    rows = []
    for N in (200, 500):
        plain, theirs = cpu(levels_by_jmat, N, repeats=3)
        rows.append({"method": f"jmat and eigenenergies, N = {N}", "seconds": plain})
        seconds, ours = cpu(SectorSpectrum, N, H, K)
        rows.append(row_of(f"SectorSpectrum, N = {N}", seconds, difference(ours, theirs), plain))
    notes = [
        "QuTiP by hand, sector by sector: one operator for every total spin, diagonalised as a",
        "dense complex matrix, N^4 in all. Ours: real, tridiagonal, split by parity, N^3.",
    ]
    return {"title": "Against QuTiP, one operator a sector", "notes": notes, "rows": rows}


def one_operator_table():
    sizes = (60, 80, 100)
    rows, seconds = [], []
    for N in sizes:
        plain, theirs = cpu(levels_by_piqs, N, repeats=3, limit=1.0)
        seconds.append(plain)
        rows.append({"method": f"piqs.jspin and eigenenergies, N = {N}", "seconds": plain})
    fast, ours = cpu(SectorSpectrum, sizes[-1], H, K)
    row = row_of(
        f"SectorSpectrum, N = {sizes[-1]}", fast, difference(ours, theirs), plain, required=50
    )
    rows.append(row)
    growth = np.log(seconds[-1] / seconds[0]) / np.log(sizes[-1] / sizes[0])
    extrapolated = seconds[-1] * (200 / sizes[-1]) ** growth
    rows.append({"method": "piqs.jspin, N = 200: EXTRAPOLATED", "seconds": extrapolated})
    fast, _ = cpu(SectorSpectrum, 200, H, K)
    rows.append(row_of("SectorSpectrum, N = 200", fast, None, extrapolated, required=50))
    notes = [
        "QuTiP's own representation of all sectors: its Dicke basis, one operator of dimension",
        f"(N/2 + 1)^2. Its time grows like N^{growth:.1f} here, still below N^6; at N = 200 it is",
        "not measured but extrapolated with this power (and would need gigabytes).",
    ]
    return {"title": "Against QuTiP, all sectors in one operator", "notes": notes, "rows": rows}


def use_table():
    rows = []
    for N in (200, 1000):
        spectrum = SectorSpectrum(N, H, K)
        seconds, _ = cpu(spectrum.log_partition, 1.0)
        rows.append({"method": f"log_partition, N = {N}", "seconds": seconds})
        centers = np.linspace(-2.4, -1.5, 120)
        seconds, _ = cpu(spectrum.gaussian, centers)
        rows.append({"method": f"gaussian, 120 windows, N = {N}", "seconds": seconds})
    N = 10_000
    S = np.arange(N / 2, -1, -1)
    seconds, logarithms = cpu(log_degeneracy, N, S)
    total = np.logaddexp.reduce(logarithms + np.log(2 * S + 1))
    rows.append(
        {
            "method": f"log_degeneracy, all sectors, N = {N}",
            "seconds": seconds,
            "error": float(abs(total / (N * np.log(2)) - 1)),
        }
    )
    notes = ["Error of log_degeneracy: ln of the sum rule against N ln 2, relative."]
    return {"title": "What one does with the levels", "notes": notes, "rows": rows}


# ---------------------------------------------------------------- mean field


def transition_by_grid(K, beta, points=400):
    """First-order field by bisection: is the lowest f on a grid of s and m at m = 0?"""
    s, m = np.meshgrid(np.linspace(1e-6, 1, points), np.linspace(0, 1, points), indexing="ij")
    heat = entropy(s) / beta
    low, high = 1.0, 3.0
    for _ in range(22):
        h = (low + high) / 2
        f = energy(s, m, h, K) - heat
        low, high = (h, high) if f[:, 1:].min() < f[:, 0].min() else (low, h)
    return (low + high) / 2


def point_table():
    plain, field = cpu(transition_by_grid, 0.5, 1.0, repeats=3)
    rows = [
        {
            "method": "h_CE on a grid of 400 x 400 states, bisection",
            "seconds": plain,
            "error": abs(field - first_order_field(0.5, 1.0)),
        }
    ]
    for name, function, arguments in (
        ("first_order_field, canonical", first_order_field, (0.5, 1.0)),
        ("first_order_field, microcanonical", first_order_field, (0.5, 1.0, "microcanonical")),
        ("first_order_field, T = 0", first_order_field, (0.5,)),
        ("canonical_transition", canonical_transition, (2.0, 1.0)),
        ("microcanonical_temperature", microcanonical_temperature, (-1.8, 2.0, 1.0)),
    ):
        seconds, _ = cpu(function, *arguments)
        row = within({"method": name, "seconds": seconds}, 3)
        if name.endswith(", canonical"):
            row["ratio"] = plain / seconds
        rows.append(row)
    notes = ["Error of the grid against first_order_field: that of its spacing."]
    return {"title": "One point of a phase diagram", "notes": notes, "rows": rows}
