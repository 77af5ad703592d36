"""Fast propagation that keeps the structure of the problem.

Importing `lmgbook` registers a method with QuTiP:

    sesolve([H0, [H1, field]], psi0, times, options={"method": "tridiagonal"})

It serves Hamiltonians whose parts are Hermitian and tridiagonal, such as a collective spin in a
field; see `lmgbook.integrators.tridiagonal` for the method, its error control and what it refuses.
The splitting of motion and noise in `lmgbook.integrators.dephasing` is the engine of the
Leggett-Garg chapter, and no method of QuTiP's.
"""

from .dephasing import ParityDephasing, extrapolated, strang
from .tridiagonal import CHUNK, GAUSS, IntegratorTridiagonal, TridiagonalPropagator

__all__ = [
    "CHUNK",
    "GAUSS",
    "IntegratorTridiagonal",
    "ParityDephasing",
    "TridiagonalPropagator",
    "extrapolated",
    "strang",
]
