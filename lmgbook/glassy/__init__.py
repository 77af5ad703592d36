"""Glassy dynamics of disordered Ising spins (paper 4: Schultzen et al., PRB 105, L020201 (2022)).

    H = sum_{i<k} J_ik sz_i sz_k  (Pauli matrices),   J_ik = C/|r_i - r_k|^alpha,

N spins at random places in the d-dimensional unit ball, all along +x at first; hbar = 1. Lengths
are in ball radii, times in units of 1/C. The curves are <sigma_x> in [-1, 1], twice the paper's
s_x. Each spin's curve is a product of cosines (Emch, Radin), so nothing here solves a
differential equation; what costs time is the number of cosines.
"""

from .._lazy import face

__getattr__, __dir__, __all__ = face(
    __name__,
    {
        "cloud": (
            "SHAPES ball_volume box_side random_positions couplings nearest_couplings bulk_coupling"
        ),
        "curves": "METHODS magnetization purity subset_purity",
        "theory": "rates stretched_exponential noise_free",
        "fits": "StretchFit fit_stretch",
        "averages": "EnsembleAverage ensemble_average",
    },
)


def warm_up():
    """Compile this chapter's loops on a tiny problem."""
    from .curves import METHODS, magnetization

    for method in METHODS:
        magnetization([[0.0], [1.0]], [1.0], alpha=1, method=method)
