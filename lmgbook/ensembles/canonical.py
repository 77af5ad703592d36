"""The magnet in contact with a bath: its phases, and the transition between them."""

from dataclasses import replace

import numpy as np
from scipy.optimize import brentq

from ..checks import not_negative, one_of, positive
from .landscape import Phase, checked_couplings, effective_field, energy, entropy
from .lines import first_order_field


def equilibrium(beta: float, h: float, K: float, phase: str | None = None) -> Phase | None:
    """Canonical state of the large magnet: a minimum of the free energy, Eq. (19).

    Parameters
    ----------
    beta, h, K : float
        As in `canonical_potential`.
    phase : {None, "para", "ferro"}
        None: the stable phase. Otherwise that phase, also where it is only metastable.

    Returns
    -------
    Phase or None
        None if the phase asked for does not exist.

    Notes
    -----
    Cost: 0.2 ms.
    """
    beta, h, K = checked_couplings(beta, h, K)
    one_of("phase", phase, (None, "para", "ferro"))
    found = []
    if phase != "ferro":
        s = float(np.tanh(beta * h))
        # b2 > 0 in Eq. (23): a minimum; without a field that is so above T = 2
        if phase is None or (h > 2 * s if h else beta <= 0.5):
            found.append(Phase(s, 0.0, -h * s, float(entropy(s)), 1 / beta))
    if phase != "para":
        x = _ordered_minimum(beta, h, K)
        if x is not None:
            s = float(np.tanh(beta * effective_field(x, h, K)))
            m = min(x / s, 1.0)
            found.append(Phase(s, m, float(energy(s, m, h, K)), float(entropy(s)), 1 / beta))
    return min(found, key=lambda state: state.free_energy) if found else None


def canonical_transition(h: float, K: float) -> tuple[Phase, Phase]:
    """Temperature of the canonical transition at fixed field and coupling.

    Parameters
    ----------
    h, K : float
        In units of J; h > 0 below the zero-temperature transition, K >= 0.

    Returns
    -------
    ferro, para : Phase
        The two phases there; the same state twice if the transition is continuous.

    Raises
    ------
    ValueError
        The magnet does not order at this field.

    Notes
    -----
    Cost: 2 ms.
    """
    h, K = positive("h", h), not_negative("K", K)
    limit = 2.0 if K <= 0.25 else first_order_field(K)
    if h >= limit:  # type: ignore[operator]
        raise ValueError(f"h = {h!r}: must be < {limit:.6g}; beyond it the magnet never orders")

    def advantage(temperature):
        ferro = equilibrium(1 / temperature, h, K, "ferro")
        if ferro is None:
            return -1.0
        s = float(np.tanh(h / temperature))
        return -h * s - temperature * entropy(s) - ferro.free_energy

    s, low = h / 2, 0.02
    if h < 2:
        low = float(h / np.arctanh(s))  # the second-order line, Eq. (25)
        # the tricritical coupling at this field, from Eqs. (25) and (29)
        if K <= (1 - (1 - s * s) * np.arctanh(s) / s) / h**2 or advantage(low) <= 0:
            both = Phase(s, 0.0, -h * s, float(entropy(s)), low)
            return both, both
    temperature = float(brentq(advantage, low, 2 + 4 * K, xtol=1e-13, rtol=1e-13))
    # a hair colder, so that the ordered minimum exists for sure
    ferro = equilibrium((1 + 1e-13) / temperature, h, K, "ferro")
    assert ferro is not None  # it is the one below the root
    s = float(np.tanh(h / temperature))
    para = Phase(s, 0.0, -h * s, float(entropy(s)), temperature)
    return replace(ferro, temperature=temperature), para


def _pull(x, beta, h, K):
    """tanh(beta E) (2x + 4K x^3)/E - x: the force towards larger x."""
    total = effective_field(x, h, K)
    return np.tanh(beta * total) * (2 * x + 4 * K * x**3) / total - x


def _ordered_minimum(beta, h, K):
    # the outermost zero of the pull: beyond it the free energy rises. Near x = 0 the grid is fine,
    # so that a small order parameter is not missed.
    grid = np.concatenate([np.geomspace(1e-7, 0.02, 200), np.linspace(0.02, 1, 1500)[1:]])
    if h == 0:
        grid = np.append(grid[grid < 1], 1 + 1e-12)
    pull = _pull(grid, beta, h, K)
    outward = np.flatnonzero(pull > 0)
    if not len(outward):
        return None
    i = outward[-1]
    if i + 1 == len(grid):
        return 1.0  # so cold that the rest is rounding
    return float(brentq(_pull, grid[i], grid[i + 1], args=(beta, h, K), xtol=1e-15, rtol=1e-14))
