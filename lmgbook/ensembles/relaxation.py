"""`python -m lmgbook.ensembles.relaxation`: does an isolated magnet reach its microcanonical state?

Its Hamiltonian conserves the length of the total spin, S^2. Here weak terms break it, random fields
along x or random bonds between neighbours on a ring, and all spins, prepared in one direction of
the xy plane, are followed in all 2^N states (exact diagonalisation, even under the flip of all
spins). What is left of the length at late times, beyond its microcanonical value, is the memory:
one if the length stays, zero in the microcanonical state. All rows take five minutes; they are
kept in `book/ensembles/data/relaxation.json`, and `row` computes one of them anew.
"""

import json
from typing import Any

import numpy as np
import scipy.sparse
from numpy.typing import ArrayLike, NDArray

from ..checks import affordable, finite, finite_array, one_of, positive_integer
from ..realisations import code_hash, kept_file, provenance

FILE = kept_file("ensembles", "relaxation.json")
KINDS = ("fields", "bonds")
FIELD, COUPLING, ENERGY = 1.0, 0.9, -0.9  # h, K and energy per spin of the prepared state
WINDOW = 1.0  # width of the microcanonical average, in units of J
TIMES = np.geomspace(1, 1e4, 25)
STRENGTHS = (0.0, 0.1, 0.2, 0.4, 0.8)
REALISATIONS = {8: 40, 10: 20, 12: 8}
ROW = ("N", "kind", "strength", "realisations", "memory", "error", "spread", "order", "thermal")


def relax(
    N: int, kind: str, strength: float, seed: int = 0, times: ArrayLike = ()
) -> dict[str, Any]:
    """One magnet with weak random terms, left alone from a state of the longest spin.

    Parameters
    ----------
    N : int
        Number of spins, 4 to 13 with patience.
    kind : {"fields", "bonds"}
        What breaks S^2: -strength sum r_i sx_i, or -strength sum r_i sz_i sz_(i+1) on a ring, with
        r_i uniform in [-1, 1] less their mean.
    strength : float
        In units of J, 0 to 1000; 0 breaks nothing.
    seed : int
        Number of the realisation.
    times : array, shape (n,)
        In units of 1/J, 0 to 1e9.

    Returns
    -------
    dict
        "memory" (of the length, at infinite time) and "course" (the same at `times`), "order" and
        "thermal" (time average and microcanonical value of (2 Sz/N)^2), "energy" (per spin),
        "spread" (of (2/N)^2 S^2 in the eigenstates whose energy is within 0.15 N of the prepared
        one, about the microcanonical curve).

    Notes
    -----
    Cost: 0.1 s for N = 10, 2 s and 150 MB for 12, 20 s and 0.8 GB for 13, as 8^N.
    """
    N = positive_integer("N", N, minimum=4, maximum=16)
    one_of("kind", kind, KINDS)
    strength = finite("strength", strength, least=0, most=1000)
    seed = positive_integer("seed", seed, minimum=0)
    times = finite_array("times", times, least=0, most=1e9)
    _affordable(N)
    length, states, M = _length(N)
    energies, vectors = np.linalg.eigh(_hamiltonian(N, kind, strength, seed, states, M))
    state = _prepared(N, M)
    amplitudes = vectors.T @ state
    weights = np.abs(amplitudes) ** 2
    values = np.einsum("in,in->n", vectors, length @ vectors)
    orders = (M / N) ** 2 @ vectors**2
    window = np.exp(-((energies[:, None] - energies) ** 2) / (2 * WINDOW**2))
    window /= window.sum(1, keepdims=True)
    curve = window @ values
    thermal, full = weights @ curve, 1 + 2 / N
    phases = np.exp(-1j * np.outer(energies, times)) * amplitudes[:, None]
    later = vectors @ phases
    course = (later.conj() * (length @ later)).sum(0).real
    mean = weights @ energies
    near = np.abs(energies - mean) < 0.15 * N
    return {
        "energy": mean / N,
        "memory": (weights @ values - thermal) / (full - thermal),
        "course": (course - thermal) / (full - thermal),
        "spread": float(np.std((values - curve)[near])) if near.any() else 0.0,
        "order": weights @ orders,
        "thermal": weights @ (window @ orders),
    }


def row(N: int, kind: str, strength: float, realisations: int | None = None) -> dict[str, Any]:
    """Averages of `relax` over realisations, a row of the file.

    Parameters
    ----------
    N, kind, strength
        As in `relax`; N = 8, 10 and 12 have a default for `realisations`.
    realisations : int, optional

    Returns
    -------
    dict
        The columns of ROW, and "course" at TIMES. Errors are standard errors of the mean.
    """
    N = positive_integer("N", N, minimum=4, maximum=16)
    if realisations is None:
        realisations = REALISATIONS[one_of("N", N, tuple(REALISATIONS))]
    count = positive_integer("realisations", realisations)
    if finite("strength", strength, least=0) == 0:
        count = 1  # nothing is random
    _affordable(N, count)
    runs = [relax(N, kind, strength, seed, TIMES) for seed in range(count)]
    mean = {name: np.mean([run[name] for run in runs], axis=0) for name in runs[0]}
    error = np.std([run["memory"] for run in runs], ddof=1) / np.sqrt(count) if count > 1 else 0.0
    numbers = (mean["memory"], error, mean["spread"], mean["order"], mean["thermal"])
    found = dict(zip(ROW, (N, kind, strength, count, *numbers), strict=True))
    found |= {name: round(float(found[name]), 6) for name in ROW[4:]}
    return found | {"course": [round(float(value), 4) for value in mean["course"]]}


def load() -> dict[str, Any]:
    """The file of the book: "provenance", and "rows" as `row` returns them."""
    return json.loads(FILE.read_text(encoding="utf-8"))


def _affordable(N, runs=1):
    what = f"N = {N}" if runs == 1 else f"N = {N}, realisations = {runs}"
    affordable(what, memory=6 * 8.0 * 4.0 ** (N - 1), seconds=4e-11 * 8.0**N * runs)


def _length(N):
    """(2/N)^2 S^2 in the even sector, its states as bits (the highest bit is 0), and 2 Sz."""
    states = np.arange(2 ** (N - 1))
    bits = states[:, None] >> np.arange(N) & 1
    # S^2 is a number plus the exchanges of all pairs
    rows, columns = [states], [states]
    for i in range(N):
        for j in range(i):
            differ = bits[:, i] != bits[:, j]
            rows.append(np.where(differ, _even(states ^ (1 << i | 1 << j), N), states))
            columns.append(states)
    data = np.ones(len(rows) * len(states))
    data[: len(states)] = N - N * N / 4
    where = np.concatenate(rows), np.concatenate(columns)
    length = scipy.sparse.coo_array((data, where), shape=2 * (len(states),)).tocsr()
    return length * (4 / N**2), states, 2 * bits.sum(1) - N


def _even(states, N):
    """A state or its mirror image, whichever has no highest bit."""
    return np.where(states >> (N - 1), states ^ (2**N - 1), states)


def _hamiltonian(N, kind, strength, seed, states, M):
    r = np.random.default_rng([N, seed]).uniform(-1, 1, N)
    r = strength * (r - r.mean())
    fields = FIELD + (r if kind == "fields" else 0 * r)
    diagonal = -(M**2) / N - COUPLING * M**4 / N**3
    if kind == "bonds":
        spins = 2.0 * (states[:, None] >> np.arange(N) & 1) - 1
        diagonal = diagonal - (spins * np.roll(spins, 1, axis=1)) @ r
    H = np.diag(diagonal)
    for i, field in enumerate(fields):
        H[_even(states ^ 1 << i, N), states] -= field
    return H


def _prepared(N, M) -> NDArray[np.complex128]:
    """All spins along one direction in the xy plane, made even; its energy per spin is ENERGY."""
    cosine = -ENERGY - 1 / N - COUPLING * (3 * N - 2) / N**3
    phase = np.arccos(cosine)
    state = np.exp(1j * phase * M / 2) + np.exp(-1j * phase * M / 2)
    return state / np.linalg.norm(state)


def main() -> None:
    """Compute all rows, and write the file."""
    rows = [row(N, kind, W) for N in REALISATIONS for kind in KINDS for W in STRENGTHS]
    head = provenance(
        "ensembles.relaxation",
        "numpy",
        "scipy",
        what="memory of the spin length; see lmgbook.ensembles.relaxation",
        **{"field, coupling, energy, window": [FIELD, COUPLING, ENERGY, WINDOW]},
        times=TIMES.round(6).tolist(),
        columns=ROW,
        sha256=code_hash("ensembles/relaxation.py"),
    )
    lines = ",\n".join(json.dumps(each) for each in rows)
    FILE.parent.mkdir(parents=True, exist_ok=True)
    FILE.write_text(
        f'{{\n"provenance": {json.dumps(head, indent=1)},\n"rows": [\n{lines}\n]\n}}\n',
        encoding="utf-8",
    )


if __name__ == "__main__":
    main()
