"""The Leggett-Garg test in a mesoscopic LMG magnet (paper 3: Mouslopoulos 2026).

H = -(J3/N) Jz^2 - Gamma Jx with a spin N/2; times in seconds, energies as angular frequencies in
1/s (hbar = 1). The environment jiggles the field along z: jump operator sqrt(gamma) Jz. One asks
for the sign of the magnetisation, Q = sign(Jz), at three times, and combines the correlations to

    K3 = C12 + C23 - C13,   C_ij = Re Tr[Q(t_j) Q(t_i) rho] in the Lindblad dynamics,

which no macrorealist theory lets exceed one (Leggett and Garg, Phys. Rev. Lett. 54, 857 (1985)).

Both Jz and Q change the flip parity, H conserves it. Everything therefore comes in blocks of half
the size, and dephasing, in the frame where Jz pairs each even with one odd vector, multiplies the
blocks element by element.
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
    wigner_error(LeggettGarg(N=8, field=0.7, levels=None), 0.1, 1e-3, trajectories=2)
