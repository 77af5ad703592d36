"""`python -m lmgbook.glassy.mixed`: the decay with couplings that do not commute, and in a field.

    H = sum_{i<k} J_ik (jx sx_i sx_k + jy sy_i sy_k + jz sz_i sz_k) + h sum_i sx_i + g sum_i sz_i

with all spins along +x at first. No formula is left, so all eigenstates of small clouds are found:
`relaxation` does one cloud. The command averages the models of `MODELS` over many and keeps them
in `book/glassy/data/mixed.json`; `load` reads it.
"""

import argparse
import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..checks import affordable, ascending, finite, finite_array, one_of, positive_integer
from ..realisations import code_hash, kept_file, provenance
from .cloud import ball_volume, box_side, bulk_coupling, couplings, random_positions

FILE = kept_file("glassy", "mixed.json")
CODE = ("glassy/mixed.py", "glassy/cloud.py")
TIMES = np.concatenate([np.geomspace(1e-2, 10, 25), np.geomspace(20, 200, 9)])
MODELS: dict[str, dict[str, Any]] = {
    "Ising": {"axes": (0, 0, 1)},
    "XX": {"axes": (1, 1, 0)},
    "XXZ": {"axes": (1, 1, -0.7)},
    "Ising, along 0.3": {"axes": (0, 0, 1), "along": 0.3},
    "Ising, along 1": {"axes": (0, 0, 1), "along": 1.0},
    "XX, along 1": {"axes": (1, 1, 0), "along": 1.0},
    # turned about x, so that the field is along z and all is real
    "Ising, across 1": {"axes": (0, 1, 0), "across": 1.0},
    "Ising, across 10": {"axes": (0, 1, 0), "across": 10.0},
}
CLOUDS = {6: 1200, 8: 1200, 10: 240, 12: 72}
BATCHES = 12
LIMITS: Any = {"least": -1e100, "most": 1e100}


def relaxation(
    matrix: ArrayLike,
    times: ArrayLike,
    axes: Sequence[float] = (0, 0, 1),
    along: float = 0.0,
    across: float = 0.0,
) -> NDArray[np.float64]:
    """<sigma_x> of one cloud, and its correlations, from all eigenstates.

    There are 2^(N-1) states to find, twice as many with a field across: 10 spins take 0.05 s or
    0.3 s, 12 spins 2 s or 15 s.

    Parameters
    ----------
    matrix : array, shape (N, N)
        Couplings J_ik, symmetric; at most 12 spins.
    times : array, shape (T,)
        Times >= 0, ascending, in units of the inverse of what the couplings are given in.
    axes : three floats
        Weights jx, jy, jz of the three products.
    along, across : float
        Fields h along +x, the first direction of the spins, and g along z.

    Returns
    -------
    ndarray, shape (2, T)
        Mean over the spins of <sigma_x>, in the frame that turns with the field g; and the mean of
        <sigma_x sigma_x> over all pairs, in the frame at rest.

    Raises
    ------
    ValueError, TypeError
        For arguments that are not as stated.

    Examples
    --------
    Two spins, XX: the curve of the Ising model, cos(2Jt).

    >>> relaxation([[0, 1], [1, 0]], [0.0, 0.5], axes=(1, 1, 0))[0].round(4)
    array([1.    , 0.5403])
    """
    J, times = finite_array("matrix", matrix, **LIMITS), ascending("times", times)
    N = len(J) if J.ndim == 2 else 0
    if J.shape != (N, N) or not 2 <= N <= 12 or not np.array_equal(J, J.T):
        raise ValueError(f"matrix of shape {J.shape}: must be symmetric, (N, N) with N = 2 to 12")
    jx, jy, jz = finite_array("axes", axes, shape=(3,), **LIMITS)
    h, g = finite("along", along, **LIMITS), finite("across", across, **LIMITS)
    affordable(f"{len(times)} times", memory=32 * 2**N * len(times))
    # bits count spins along -x; then x, y and z of two spins keep their parity, and H is real
    states = np.arange(2**N)
    if not g:
        states = states[np.bitwise_count(states) % 2 == 0]
    place = np.full(2**N, -1)
    place[states] = np.arange(len(states))
    arrows = 1.0 - 2 * (states[:, None] >> np.arange(N) & 1)
    pairs = arrows @ np.triu(J, 1)
    H = np.diag(jx * np.sum(pairs * arrows, axis=1) + h * arrows.sum(axis=1))
    for i in range(N):
        if g:
            H[place[states ^ 1 << i], np.arange(len(states))] += g
        for k in range(i):
            flipped = place[states ^ (1 << i | 1 << k)]
            H[flipped, np.arange(len(states))] += J[i, k] * (jz - jy * arrows[:, i] * arrows[:, k])
    energies, vectors = np.linalg.eigh(H)
    longest = 1e12 / max(np.abs(energies).max(), 1e-300)
    if np.any(times > longest):
        raise ValueError(f"times up to {times[-1]:g}: must be <= {longest:.3g}, or phases are lost")
    psi = vectors @ (np.exp(-1j * np.outer(energies, times)) * vectors[0][:, None])
    weight = np.abs(psi) ** 2
    mean = arrows.mean(axis=1)
    x = mean @ weight
    if g:  # the spins turn about z, d<sx>/dt = -2g<sy>
        flips = [psi[place[states ^ 1 << i]] * arrows[:, i, None] for i in range(N)]
        y = np.sum(psi.conj() * (1j * sum(flips)), axis=0).real / N
        x = x * np.cos(2 * g * times) + y * np.sin(2 * g * times)
    return np.array([x, ((N * mean) ** 2 @ weight - N) / (N * (N - 1))])


def pair_frequency(axes: Sequence[float]) -> float:
    """How fast two spins swing, in units of 2J: |jz - jy|, for they do as cos 2(jz - jy)Jt.

    Parameters
    ----------
    axes : three floats
        As in `relaxation`.

    Returns
    -------
    float
    """
    _, jy, jz = finite_array("axes", axes, shape=(3,))
    return abs(float(jz - jy))


def batch(name: str, N: int, index: int) -> NDArray[np.float64]:
    """Average one model over one of its batches of clouds; a batch has the same clouds for each.

    Costs a `relaxation` for each of its clouds: a batch of 8 spins takes 0.2 s.

    Parameters
    ----------
    name : str
        One of `MODELS`.
    N : {6, 8, 10, 12}
        Number of spins.
    index : int
        0 to 11.

    Returns
    -------
    ndarray, shape (2, len(TIMES))
        As `relaxation`, at `TIMES` in units of the inverse of bulk coupling and pair frequency;
        clouds on a torus in three dimensions, alpha = 6.
    """
    model = MODELS[one_of("name", name, tuple(MODELS))]
    size = CLOUDS[one_of("N", N, tuple(CLOUDS))] // BATCHES
    index = positive_integer("index", index, minimum=0, maximum=BATCHES - 1)
    unit, times = bulk_coupling(3, 6, N / ball_volume(3)), TIMES / pair_frequency(model["axes"])
    total = np.zeros((2, len(TIMES)))
    for number in range(index * size, (index + 1) * size):
        place = random_positions(N, 3, rng=np.random.default_rng([N, number]), shape="torus")
        matrix = couplings(place, 6, box=box_side(3)) / unit
        total += relaxation(matrix, times, **model) / size
    return total


def compute() -> dict:
    """Average all models over all clouds: a quarter of an hour of one core.

    Returns
    -------
    dict
        What the file holds: provenance, and batches by model and number of spins; a field across
        is left out for 12 spins.
    """
    start, curves = time.process_time(), {}
    code = {name: code_hash(name) for name in CODE}  # now: somebody might edit a file meanwhile
    for name, model in MODELS.items():
        for N in CLOUDS:
            if N <= 10 or not model.get("across"):
                found = np.array([batch(name, N, index) for index in range(BATCHES)])
                curves[f"{name}; {N}"] = found.round(5).tolist()
    return {"provenance": _provenance(code, time.process_time() - start), "curves": curves}


def _provenance(code, seconds):
    """What is written about the curves into their file."""
    return provenance(
        "glassy.mixed",
        "numpy",
        what="<sigma_x>, mean of the spins, and <sigma_x sigma_x>, mean of the pairs, in 12 "
        "batches of clouds on a torus, d = 3, alpha = 6; see lmgbook.glassy.mixed",
        times=[round(t, 6) for t in TIMES],
        unit="inverse bulk coupling over the pair frequency |jz - jy|; fields in bulk couplings",
        clouds=CLOUDS,
        models=MODELS,
        sha256=code,
        seconds=round(seconds),
    )


def load(name: str, N: int) -> NDArray[np.float64]:
    """Read the curves of one model.

    Parameters
    ----------
    name : str
        One of `MODELS`.
    N : {6, 8, 10, 12}

    Returns
    -------
    ndarray, shape (12, 2, len(TIMES))
        What `batch` returns, for each of the batches.
    """
    curves = json.loads(FILE.read_text(encoding="utf-8"))["curves"]
    one_of("name", name, tuple(MODELS))
    sizes = tuple(N for N in CLOUDS if f"{name}; {N}" in curves)
    return np.array(curves[f"{name}; {one_of('N', N, sizes)}"])


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command."""
    parser = argparse.ArgumentParser("python -m lmgbook.glassy.mixed", description=__doc__)
    parser.add_argument("--output", type=Path, default=FILE, help="file to write")
    chosen = parser.parse_args(arguments)
    table = compute()
    lines = ",\n".join(
        f"{json.dumps(name)}: {json.dumps(x)}" for name, x in table["curves"].items()
    )
    head = json.dumps(table["provenance"], indent=1)
    chosen.output.write_text(
        f'{{\n"provenance": {head},\n"curves": {{\n{lines}\n}}\n}}\n', encoding="utf-8"
    )


if __name__ == "__main__":
    main()
