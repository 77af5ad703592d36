"""Competing bosonic reactions (paper 5: Suzuki, Malla, Sinitsyn).

The driven bosonic Tavis-Cummings model: N molecules, whose energy rises as beta t, dissociate into
pairs of atoms in one or in two channels,

    H = beta t (N - n1 - n2) + 2 eps (n2 - n1) + g [Psi^+ (a1 b1 + a2 b2) + h.c.],     Eq. (59),

hbar = 1; n1 and n2 count the pairs in each channel, channel 1 is the lower one, and without the
second channel (and with eps = 0) this is Eq. (39). An atom has the energy -eps or eps, a pair twice
that: the three-state model (6) is N = 1 with eps/2. At t = -infinity there are molecules only. All
probabilities depend on one number, s = 2 pi g^2/beta, mostly through x = e^(-s). The coupling g is
>= 0 (its sign is a phase of Psi); at g = 0 nothing happens.
"""

from .._lazy import face

__getattr__, __dir__, __all__ = face(
    __name__,
    {
        "laws": (
            "demkov_osherov single_channel two_channel two_channel_total thermal_law "
            "mean_numbers most_probable critical_rate scattering_phases"
        ),
        "hamiltonians": (
            "one_channel_hamiltonian two_channel_states two_channel_hamiltonian "
            "effective_hamiltonian"
        ),
        "sweep": "READOUTS Sweep evolve redistribute second_act",
    },
)
