"""The compiled loop of the harmonic theory, imported when first needed."""

import numpy as np

from .._jit import jit

# Gauss-Legendre nodes sit at 1/2 -+ sqrt(3)/6 of a step; the Magnus commutator carries sqrt(3)/12
ROOT = np.sqrt(3.0) / 12.0
OPTIONS = {
    "error_model": "numpy",
    "fastmath": {"contract", "nsz", "arcp", "reassoc"},
}


@jit(**OPTIONS)
def mode_steps(u, v, w1, w2, dt):
    """Advance u'' = -w(t) u for a complex mode (u, v = u') by Magnus-4 steps of length dt.

    w1, w2 are the squared frequencies at the two Gauss nodes of each step. Every step is a matrix
    of determinant one, so the Wronskian (the commutator of the quantum problem) is kept.
    """
    for i in range(w1.shape[0]):
        mean = 0.5 * (w1[i] + w2[i])
        tilt = ROOT * dt * dt * (w2[i] - w1[i])
        square = mean * dt * dt - tilt * tilt
        if square > 0.0:
            angle = np.sqrt(square)
            c, s = np.cos(angle), np.sin(angle) / angle
        else:
            angle = np.sqrt(-square)
            c, s = np.cosh(angle), np.sinh(angle) / angle if angle > 0.0 else 1.0
        u, v = (c + s * tilt) * u + s * dt * v, -s * mean * dt * u + (c - s * tilt) * v
    return u, v
