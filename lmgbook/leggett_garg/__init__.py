"""Chapter 3, the Leggett-Garg test in a mesoscopic magnet (paper 3: Mouslopoulos 2026).

The rooms, in the order of the pages:

- `scales`: rates, splittings and sizes; what k_B T means for a magnet that tunnels.
- `magnet`: `LeggettGarg`, the magnet with its lowest levels, and the correlator K3 under collective
  dephasing.
- `local_dephasing`: noise that hits every atom on its own.
- `bias_sweep`: the Landau-Zener sweep of a bias field; `rivals`: what classical magnets do in it;
  `sweep_map`: both over reach and duration, kept in a file.
- `exercises`: the answers of the chapter's exercises.

H = -(J3/N) Jz^2 - Gamma Jx throughout; times in seconds, energies as angular frequencies in 1/s.
"""

from .._lazy import face

__getattr__, __dir__, __all__ = face(
    __name__,
    {
        "scales": "LOST thermal_rate instanton_splitting goldilocks_size",
        "magnet": "INITIAL SMALL LeggettGarg",
    },
)


def warm_up():
    """Compile this chapter's loops on tiny problems."""
    from .magnet import LeggettGarg
    from .rivals import wigner_error

    LeggettGarg(N=8, levels=4).k3(0.05)
    wigner_error(LeggettGarg(N=8, field=0.7, levels=None), 0.1, 1e-3, dephasing=1.0, trajectories=2)
