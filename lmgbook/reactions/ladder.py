"""One ladder for molecules that decay, for spins, and for molecules that form.

N + 1 levels n = 0 ... N whose energies 2 pi (N - n) t cross at t = 0, with the couplings

    sqrt[(n + 1)(N - n)(a + k n)]

between n and n + 1. In units of these, n counts pairs of atoms for a = c s, k = s, where
s = 2 pi g^2/beta, c = 1 is one channel, 2 two channels, 1/2 a molecule of two identical atoms;
k = 0 is a spin N/2; and for a = s (N - 1 + c), k = -s, n counts the molecules that form when the
sweep starts from pairs only and runs back. `python -m lmgbook.reactions.ladder` computes the table
of the amplitudes that leave the ground state after a scaled time, which comes with the book.
"""

import json
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import ArrayLike, NDArray
from scipy.linalg import eigh_tridiagonal

from ..checks import affordable, ascending, finite, in_range, one_of, positive_integer
from ..integrators.tridiagonal import TridiagonalPropagator
from ..lmg import bands
from ..realisations import code_hash, kept_file, provenance
from . import moving_frame
from .hamiltonians import diagonal_matrix
from .sweep import in_interaction_picture

FILE = kept_file("reactions", "departures.json")
MODELS = ("magnet", "reaction")
CASES = [(lam, N) for lam in (2, 5, 10, 20, 60) for N in (256, 1024, 4096)]
CASES += [(20, 16384), (60, 16384)]  # where the law sets in later


def ladder_law(N: int, a: float, k: float) -> NDArray[np.float64]:
    """Final probabilities of a sweep that begins in the level n = 0.

    P(n) = [N over n] y^(N - n) (1 - y)(1 - x y) ... (1 - x^(n-1) y) with x = e^-k, y = e^-a and
    Gauss' binomial coefficient of base x.

    Parameters
    ----------
    N : int
        The number of the last level, >= 0.
    a, k : float
        Couplings, see above; a > 0 and a + k (N - 1) > 0. k may be negative.

    Returns
    -------
    ndarray, shape (N + 1,)
    """
    N, a, k = _ladder(N, a, k)
    n = np.arange(1, N + 1)
    choose = np.log((N - n + 1) / n) if k == 0 else _log(k * (N - n + 1)) - _log(k * n)
    rise = np.cumsum(choose + _log(a + k * (n - 1)))
    return np.exp(np.append(0, rise) - a * np.arange(N + 1)[::-1])


def ladder_sweep(
    N: int, a: float, k: float, tolerance: float = 1e-8
) -> tuple[NDArray[np.float64], float]:
    """Integrate the sweep of `ladder_law`, in the frame of `moving_frame` at both ends.

    Parameters
    ----------
    N, a, k
        As for `ladder_law`; N >= 1.
    tolerance : float
        In [1e-10, 1e-2].

    Returns
    -------
    probabilities : ndarray, shape (N + 1,)
    error : float
        Estimate, from the next orders of the frame at the end.

    Notes
    -----
    Cost: 50 ms for N = 10.
    """
    N, a, k = _ladder(N, a, k, minimum=1)
    tolerance = in_range("tolerance", tolerance, 1e-10, 1e-2)
    size = N**1.5 * max(a, a + k * (N - 1)) ** 0.5
    affordable(f"N = {N}, a = {a:g}, k = {k:g}", seconds=1e-5 * N * (100 + size**2))
    n = np.arange(N)
    up = sp.diags_array(np.sqrt((n + 1.0) * (N - n) * (a + k * n)), offsets=-1).tocsr()
    energies = 2 * np.pi * np.arange(N + 1.0)[::-1]
    generators, _ = moving_frame.frame({-1: diagonal_matrix(energies), 0: up + up.T}, energies, -1)
    T = max(moving_frame.earliest(generators, tolerance / 8), 1.2)
    start, _ = moving_frame.first_axis(generators, -T)
    state, _ = in_interaction_picture(
        -T, start, np.zeros(N + 1), energies, [(up, 0.0)], 2 * np.pi, tolerance, T
    )
    inside, error = moving_frame.read(generators, T, state(T))
    while error > tolerance / 3:
        T = moving_frame.later(T, error, tolerance / 3)
        inside, error = moving_frame.read(generators, T, state(T))
    return np.abs(inside) ** 2, float(error)


def departures(
    model: str, lam: float, N: int, times: ArrayLike, level: int = 0
) -> NDArray[np.float64]:
    """Amplitude that leaves a level after a scaled time, or before it if times are negative.

    Both models tend to the particle i d/ds = (P^2 - s X^2 + X^4/2)/Lambda. The sweep begins at s in
    the level; the amplitude is the norm of what has left it at the end. (One run backwards serves
    all times. At the end the level is meant with its lag to first order, so that the jump of the
    rate there does not add its own amplitude.) Before the transition it is what has left the level
    since the beginning.

    Parameters
    ----------
    model : {"magnet", "reaction"}
        N spins with h = 1 - s N^(-2/3), from h = 2 to 0; or N molecules of two identical atoms
        with beta t/g = s N^(-1/6) - 2 N^(1/2), from -4 N^(1/2) to 0.
    lam : float
        Lambda = N delta, or 2 beta/g^2; 0.5 to 100.
    N : int
        16 to 16384, even, with N^(3/2)/lam <= 140000.
    times : array
        Ascending, of one sign, up to the end |s| = N^(2/3) or 2 N^(2/3).
    level : int
        0 to 6, 0 is the ground state; of a magnet in the even sector.

    Returns
    -------
    ndarray
        The asymptotic law is (2 level + 1)^(1/2) 2^(-11/4) Lambda s^(-3/4) after the transition,
        and 2^(-9/2) Lambda |s|^(-3/2) before it, for level 0.

    Notes
    -----
    Cost: 0.1 s for N = 1024 and Lambda = 2, as N^(4/3).
    """
    one_of("model", model, MODELS)
    lam = in_range("lam", lam, 0.5, 100)
    N = positive_integer("N", N, minimum=16, maximum=16384)
    if N**1.5 > 1.4e5 * lam:
        raise ValueError(f"N = {N}, lam = {lam:g}: N^(3/2)/lam must be <= 140000")
    level = positive_integer("level", level, minimum=0, maximum=6)
    if N % 2:
        raise ValueError(f"N = {N}: must be even")
    end = N ** (2 / 3) * (1 + MODELS.index(model))
    array = ascending("times", times, least=-end, most=end)
    if not (np.all(array > 0) or np.all(array < 0)):
        raise ValueError(f"times = {times!r}: must be all > 0 or all < 0")
    far = end if np.all(array > 0) else -end
    way = -np.sign(far)
    if model == "magnet":
        (still, _), (full, hop) = (bands(N, J=0.5, h=h, parity="even") for h in (0.0, 1.0))
        unit, slope = N ** (1 / 3) / lam, -(N ** (-2 / 3))
        parts, hops, shift = [still, full - still], [0 * hop, hop], 1.0
    else:
        m = np.arange(N + 1.0)
        hop = -np.sqrt((m[:-1] + 1) * (m[:-1] + 0.5) * (N - m[:-1]))
        unit, slope = 2 * N ** (-1 / 6) / lam, N ** (-1 / 6)
        parts, hops, shift = [0 * m, -m], [hop, 0 * hop], -2 * N**0.5
    parts, hops = [unit * part for part in parts], [unit * part for part in hops]

    def split(s):
        """The level there, and its lag."""
        f = shift + slope * s
        main, beside = parts[0] + f * parts[1], hops[0] + f * hops[1]
        few = 0, min(8 + level, len(main) - 1)
        E, v = eigh_tridiagonal(main, beside, select="i", select_range=few)
        change = slope * (v.T @ _apply(parts[1], hops[1], v[:, level]))
        distance = E - E[level]
        change[level], distance[level] = 0, 1
        return v[:, level], v @ (change / distance**2)

    here, lag = split(far)

    def factors(u):
        return np.stack([np.ones_like(u), shift + slope * (far + way * u)], axis=-1)

    run = TridiagonalPropagator(parts, hops, factors, atol=1e-9)
    run.start(0.0, (here - 1j * way * lag) / np.hypot(1, np.linalg.norm(lag)))
    left = []
    for s in array[:: int(way)]:
        run.advance(abs(far - s))
        here = split(s)[0]
        left.append(np.linalg.norm(run.state - (here @ run.state) * here))
    return np.array(left[:: int(way)])


def load() -> dict[str, Any]:
    """The table of departures: "provenance", and "rows" of model, lam, N, times, amplitudes."""
    return json.loads(FILE.read_text(encoding="utf-8"))


def row(model: str, lam: float, N: int) -> dict[str, Any]:
    """Compute one row of the table, at times from 4 to a quarter of N^(2/3)."""
    N = positive_integer("N", N, minimum=64, maximum=16384)
    times = 2.0 ** np.arange(2, np.log2(N ** (2 / 3) / 4) + 1e-9, 0.5)
    left = departures(model, lam, N, times)
    return {
        "model": model, "lam": lam, "N": N,
        "times": times.round(6).tolist(), "amplitudes": left.round(8).tolist(),
    }  # fmt: skip


def _main():
    rows = [row(model, lam, N) for model in MODELS for lam, N in CASES]
    code = code_hash("reactions/ladder.py", "integrators/tridiagonal.py", "lmg.py")
    head = provenance("reactions.ladder", "numpy", "scipy", "qutip", code=code)
    FILE.parent.mkdir(exist_ok=True)
    lines = ",\n  ".join(json.dumps(each) for each in rows)
    text = f'{{"provenance": {json.dumps(head)},\n "rows": [\n  {lines}\n]}}\n'
    FILE.write_text(text, encoding="utf-8")


def _ladder(N, a, k, minimum=0):
    N, a, k = positive_integer("N", N, minimum=minimum), finite("a", a, above=0), finite("k", k)
    affordable(f"N = {N}", memory=100.0 * N)
    if N > 1 and a + k * (N - 1) <= 0:
        raise ValueError(f"k = {k!r}: must be > -a/(N - 1) = {-a / (N - 1):g}")
    return N, a, k


def _log(z):
    """Logarithm of |1 - e^-z|."""
    return np.log(-np.expm1(-abs(z))) + np.maximum(-z, 0)


def _apply(main, beside, v):
    out = main * v
    out[:-1] += beside * v[1:]
    out[1:] += beside * v[:-1]
    return out


if __name__ == "__main__":
    _main()
