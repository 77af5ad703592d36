"""Slow ramps of the field through the LMG transition (paper 1: Defenu, Enss, Kastner, Morigi 2018).

Units of the paper: energies in units of its coupling J, times in 1/J; h = 1 is critical. Its x axis
(the magnetisation of the ordered phase) is the book's z axis. The ramp is h(t) = 1 - delta t,
Lambda = N delta.
"""

from .._lazy import face

__getattr__, __dir__, __all__ = face(
    __name__,
    {
        "harmonic": (
            "BELOW ABOVE WEAK gap critical_amplitude excitations_limit "
            "critical_excitations critical_half_ramp HarmonicRamp squared_frequency "
            "harmonic_ramp"
        ),
        "exact": "ExactRamp exact_ramp",
        "limit": (
            "universal_populations universal_fidelity universal_excitations "
            "universal_reverse_excitations"
        ),
        "bias": "biased_ramp biased_populations biased_excitations wrong_side",
    },
)


def warm_up():
    """Compile this chapter's loops on tiny problems."""
    from .exact import exact_ramp
    from .harmonic import harmonic_ramp

    exact_ramp(N=8, delta=0.5)
    harmonic_ramp(N=8, delta=0.5, points=3)
