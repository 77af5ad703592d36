"""When ensembles disagree (paper 2: Defenu, Mukamel, Ruffo, Phys. Rev. Lett. 133, 050403 (2024)).

The model of `lmgbook.lmg` with J = 1; energies, free energies and entropies are per spin and in
units of J, temperatures too (k_B = 1). The state of a large magnet is described by its spin length
s = 2S/N in [0, 1] and by its direction, m = m_z and u = sqrt(1 - m^2) = m_x:

    e(s, m) = -s^2 m^2 - K s^4 m^4 - h s u,        entropy S(s).

The entropy depends on s only. At fixed s the energy is that of a zero-temperature magnet with
couplings (s^2, h s, K s^4), which is why all lines of the phase diagrams have closed forms.
"""

from .._lazy import face

__getattr__, __dir__, __all__ = face(
    __name__,
    {
        "landscape": "entropy energy Phase canonical_potential free_energy_landscape",
        "lines": (
            "ENSEMBLES critical_field tricritical_point first_order_field "
            "microcanonical_lines canonical_spinodal"
        ),
        "canonical": "equilibrium canonical_transition",
        "microcanonical": (
            "lowest_energy microcanonical_curve microcanonical_temperature microcanonical_jump"
        ),
        "spectrum": "WIDTH log_degeneracy SectorSpectrum",
    },
)
