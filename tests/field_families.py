"""Random spins in fields of many kinds, with their exact states: what a solver has to see.

Each family gives f(t) on [0, 10] and the places where it is not smooth. The reference never steps
over such a place: it is a product of matrix exponentials where f is constant in between, and
QuTiP's vern9 at tight tolerances, restarted at each place, where it is not.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import qutip
import scipy.linalg

T = 10.0
NARROW = 0.01 * T  # full width at half maximum of the narrowest pulses
TIGHT = {"method": "vern9", "atol": 1e-13, "rtol": 1e-12, "nsteps": 10**6, "max_step": 0.05}
TIGHT |= {"progress_bar": "", "normalize_output": False}


@dataclass
class Field:
    """f(t), the places where it is not smooth, and whether it is constant between them."""

    f: object  # callable or qutip.Coefficient
    places: tuple = ()
    constant: bool = False

    @property
    def coefficient(self):
        return qutip.coefficient(self.f)


def apart(rng, count):
    """Random places on [0, T], no two of them closer than NARROW."""
    free = np.sort(rng.uniform(0, T - (count + 1) * NARROW, count))
    return free + NARROW * np.arange(1, count + 1)


def square(rng):
    a, b = apart(rng, 2)
    height = rng.uniform(-3, 3)
    return Field(lambda t: height if a < t < b else 0.0, (a, b), True)


def steps_at(places, levels):
    return Field(
        lambda t: float(levels[np.searchsorted(places, t, side="right")]), tuple(places), True
    )


def bang_bang(rng):
    places = apart(rng, rng.integers(3, 20))
    return steps_at(places, rng.uniform(0.3, 3) * (-1.0) ** np.arange(len(places) + 1))


def piecewise_constant(rng):
    places = apart(rng, 9)
    return steps_at(places, rng.uniform(-2, 2, 10))


def array_of_order_0(rng):
    times, values = np.linspace(0, T, 101), rng.uniform(-2, 2, 101)
    return Field(qutip.coefficient(values, tlist=times, order=0), tuple(times[1:]), True)


def absolute_sine(rng):
    w, phase = rng.uniform(0.5, 4), rng.uniform(0, np.pi)
    kinks = (np.arange(1, 20) * np.pi - phase) / w
    return Field(lambda t: abs(np.sin(w * t + phase)), tuple(kinks[(kinks > 0) & (kinks < T)]))


def gaussian(rng, centre=None):
    centre = rng.uniform(0.3, T - 0.3) if centre is None else centre
    sigma, angle = NARROW / np.sqrt(8 * np.log(2)), rng.uniform(0.3, 3)
    height = angle / (sigma * np.sqrt(2 * np.pi))
    # a stop of the reference only: it shall not step over the pulse
    return Field(lambda t: height * np.exp(-(((t - centre) / sigma) ** 2) / 2), (centre,))


def box(rng, centre):
    a, b = centre - NARROW / 2, centre + NARROW / 2
    height = rng.uniform(0.3, 3) / NARROW
    return Field(lambda t: height if a < t < b else 0.0, (a, b), True)


def sech(rng, centre=None):
    centre = rng.uniform(0.3, T - 0.3) if centre is None else centre
    angle = rng.uniform(0.3, 3)
    w = NARROW / (2 * np.arccosh(2))
    return Field(lambda t: angle / (np.pi * w * np.cosh((t - centre) / w)), (centre,))


def chirp(rng):
    a, b = rng.uniform(0, 2), rng.uniform(0.1, 2)
    return Field(lambda t: 2 * np.cos(a * t + b * t**2 / 2))


def tanh(rng):
    centre, w = rng.uniform(1, T - 1), rng.uniform(0.05, 1)
    return Field(lambda t: 1.5 * np.tanh((t - centre) / w), (centre,))


def cosines(rng):
    a, w, phase = rng.uniform(-1, 1, 4), rng.uniform(0, 8, 4), rng.uniform(0, 6, 4)
    return Field(lambda t: float(a @ np.cos(w * t + phase)))


FAMILIES = [
    square, bang_bang, piecewise_constant, array_of_order_0, absolute_sine,
    gaussian, sech, chirp, tanh, cosines,
]  # fmt: skip


def random_spin(rng, field):
    """H0, V and a ket of a spin up to 11/2: H(t) = H0 + f(t) V."""
    S = rng.integers(1, 12) / 2
    jx, jz = qutip.jmat(S, "x"), qutip.jmat(S, "z")
    parts = [jz + rng.uniform(-0.5, 0.5) * jx, jx + rng.uniform(-0.5, 0.5) * jz]
    if rng.random() < 0.5:
        parts = parts[::-1]
    H0, V = (part * rng.uniform(0.3, 1.5) for part in parts)
    dim = round(2 * S + 1)
    psi = rng.normal(size=dim) + 1j * rng.normal(size=dim)
    return H0, V, qutip.Qobj(psi / np.linalg.norm(psi))


def exact_state(H0, V, field, psi, end=T):
    """The ket at the end, without ever stepping over a place where f is not smooth."""
    ends = [0.0, *(t for t in np.unique(field.places) if 0 < t < end), end]
    for a, b in pairwise(ends):
        if field.constant:
            H = (H0 + complex(field.f((a + b) / 2)) * V).full()
            psi = qutip.Qobj(scipy.linalg.expm(-1j * (b - a) * H) @ psi.full())
        else:

            def within(t, low=a + 1e-13 * T, high=b - 1e-13 * T):
                return field.f(min(max(t, low), high))  # nothing is asked of the ends themselves

            psi = qutip.sesolve([H0, [V, within]], psi, [a, b], options=TIGHT).states[-1]
    return psi
