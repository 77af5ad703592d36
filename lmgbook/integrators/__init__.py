"""Fast, structure-preserving propagation for QuTiP's `sesolve` and `mesolve`.

Importing `lmgbook` registers two methods. The first, for `qutip.SESolver`:

    sesolve([H0, [H1, field]], psi0, times, options={"method": "tridiagonal"})

It serves every Hamiltonian H(t) = sum_k f_k(t) H_k whose parts are real symmetric tridiagonal
matrices, such as a collective spin in a field, in either of its flip sectors. Explicit Runge-Kutta
methods must resolve the full spectral width of H, which grows like N, although the state has little
energy spread; here each step is a rational function of H, unitary and stable at any step size, so
the step follows the state and not the spectrum.

The ingredients are classic: the fourth-order Magnus exponent (Blanes, Casas, Oteo, Ros, Phys. Rep.
470, 151 (2009)), which for these Hamiltonians is again tridiagonal; the commutator-free pair of
exponentials where it is not; a diagonal Pade approximant by tridiagonal solves; a step from the
local error measured by step doubling.

The second, for `qutip.MESolver`:

    mesolve(H, rho0, times, c_ops=[L], options={"method": "dephasing", "matrix_form": True})

It serves the Lindblad equation with one Hermitian jump operator L, such as the collective dephasing
of a spin. In the eigenbasis of L the noise only multiplies each element of the density matrix by a
number below one; in the eigenbasis of H the motion only multiplies it by a phase. The steps take
turns (Strang, SIAM J. Numer. Anal. 5, 506 (1968)): second order in the step, and each step is a
physical channel, so the density matrix stays positive at any step size.
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
