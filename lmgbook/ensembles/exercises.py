"""Exercises of the chapter on ensembles: answers, and what the commonest mistakes give."""

import math

import numpy as np
from scipy.optimize import brentq

from .. import ensembles
from ..exercises import exercise

FADING = 1.2  # field of two warm-ups


@exercise(
    "ensembles.multiplets",
    tolerance=0.001,
    exact=True,
    parameters={"N": (12, 10, 16, 18), "S": (2, 1, 3)},
)
def multiplets(N, S):
    def count(spin):
        return round(math.exp(ensembles.log_degeneracy(N, spin)))

    down = N // 2 - S
    yield count(S)
    yield (
        math.comb(N, down),
        f"These are all states with S_z = {S}. Some of them belong to longer spins: subtract.",
    )
    yield (
        (2 * S + 1) * count(S),
        f"These are states: each multiplet of spin {S} has {2 * S + 1} of them.",
    )
    yield (
        count(S - 1),
        f"This is the next shorter spin: S = {S} has {down} spins down, not {down + 1}.",
    )
    yield (
        count(S + 1),
        f"This is the next longer spin: S = {S} has {down} spins down, not {down - 1}.",
    )


def _fading_temperature():
    return ensembles.canonical_transition(FADING, 0.1)[0].temperature


@exercise("ensembles.critical_temperature", tolerance=0.002)
def critical_temperature():
    critical = _fading_temperature()
    yield critical
    yield 1 / critical, "This is the inverse temperature."
    yield critical / 2, "(1/2) ln[(1 + s)/(1 - s)]: you left out the one half."
    yield (
        4 / math.log(2 / (1 - FADING / 2)),
        "This is the low-temperature formula, far outside of its range. Use the line itself.",
    )
    yield 1 / math.atanh(FADING / 2), "The line is h/2 = tanh(h/T): you solved h = 2 tanh(1/T)."


@exercise("ensembles.cold_line", tolerance=0.002)
def cold_line():
    K = 0.6
    yield ensembles.first_order_field(K)
    yield 2.0, "Here the paramagnet stops being stable; another state wins beyond it, too."
    yield 1 + K, "The rival of the paramagnet is not along z: let it choose its direction."
    yield (
        4 / 3 * (1 + 2 * K) * math.sqrt((1 + 2 * K) / (6 * K)),
        "This is the spinodal, where the ordered valley disappears. It loses before that.",
    )
    yield (
        brentq(lambda h: h / 8 + math.sqrt(h * (h - 2) / 8) - K, 2, 3),
        "This is the Landau expansion; K = 3/5 is too far from the tricritical point.",
    )


@exercise("ensembles.stronger", tolerance=0.003)
def stronger():
    beta = 1 / _fading_temperature()
    bath, alone = (ensembles.tricritical_point(beta, each)[1] for each in ensembles.ENSEMBLES)
    yield alone / bath
    yield bath / alone, "Upside down: the isolated magnet needs the larger coupling."
    yield alone, "This is the coupling itself, of the isolated magnet."
    yield alone - bath, "This is the difference of the couplings, not their ratio."
    w = FADING * beta
    yield 1 / (1 - 2 * w / (2 * math.sinh(w))), "The formula has sinh(2w), not sinh(w)."


def _isolated(h, K):
    """Microcanonical states in the order of rising energy."""
    return ensembles.microcanonical_curve(h, K, np.tanh(np.linspace(0.02, 12, 40_001))[::-1])


@exercise("ensembles.dent", tolerance=0.005, parameters={"K": (0.5, 0.45, 0.55, 0.6, 0.65, 0.7)})
def dent(K):
    ferro, para = ensembles.canonical_transition(1.5, K)
    curve, beta = _isolated(1.5, K), 1 / ferro.temperature
    between = (curve["energy"] > ferro.energy) & (curve["energy"] < para.energy)
    # distance of the entropy from its double tangent
    below = ferro.entropy + beta * (curve["energy"] - ferro.energy) - curve["entropy"]
    depth = float(below[between].max())
    yield 1 / depth
    yield depth, "This is the depth. The question is at which N it gives a factor e."
    yield (
        beta / depth,
        "You measure the depth as a free energy: divide by the temperature once more.",
    )
    yield 1 / (2 * depth), "Each lobe of Maxwell's construction has the area d; you added both."
    jump, _ = ensembles.microcanonical_jump(1.5, K)
    line = ferro.entropy + (jump.energy - ferro.energy) / ferro.temperature
    yield (
        1 / (line - jump.entropy),
        "This is the distance at the jump. The curve is deeper at a lower energy.",
    )


@exercise(
    "ensembles.half", tolerance=0.003, parameters={"h": (1.5, 1.2, 1.25, 1.4, 1.6, 1.75, 1.8)}
)
def half(h):
    def excess(K):
        ferro, para = ensembles.microcanonical_jump(h, K)
        return para.temperature / ferro.temperature - 0.5

    yield brentq(excess, 1, 20, xtol=1e-12)

    def coupling(u, h):
        return 4 * u**2 * (1 + u) / ((3 * u - 1) ** 3 * h)

    yield coupling(math.sqrt(3) / 2, h**2), "The transverse component is one half, not m_z."
    yield (
        1 / ((3 * 0.5 - 1) * (1 + 0.5)),
        "This holds for a spin of full length, at zero temperature; s is shorter here.",
    )
    yield coupling(0.5, 1), "This is K h^2."
    yield coupling(0.5, h), "The field enters squared."


@exercise("ensembles.skipped", tolerance=0.004, parameters={"K": (0.5, 0.42, 0.45, 0.48, 0.52)})
def skipped(K):
    h = 1.0
    ferro, para = ensembles.canonical_transition(h, K)
    ground = float(ensembles.lowest_energy(1.0, h, K)[0])

    def slope(s):  # d ln T/ds in the ferromagnet
        turned = K * s**2 * (1 - float(ensembles.lowest_energy(s, h, K)[1]) ** 2)
        field = (1 + 6 * turned) / (1 + 6 * turned - 4 * K * s**2)
        return field / s - 1 / ((1 - s**2) * math.atanh(s))

    hottest = float(ensembles.lowest_energy(brentq(slope, 0.51, 0.999), h, K)[0])
    # widths in energy
    negative, leap = -(h**2) / 2 - hottest, para.energy - ferro.energy
    yield negative / leap
    yield 1 - negative / leap, "This is the share with a positive specific heat."
    yield (
        leap / -ground,
        "This is the share of skipped ones among all energies of positive temperature.",
    )
    yield (
        negative / -ground,
        "You compare with all energies of positive temperature, not with the skipped.",
    )
    yield negative, "This is the width of the interval, in units of J."


@exercise(
    "ensembles.contact",
    tolerance=0.002,
    parameters={"energy": (-0.7, -0.62, -0.65, -0.75, -0.8, -0.85)},
)
def contact(energy):
    curve = _isolated(1.0, 0.9)

    def end(energy):
        one = np.linspace(-1.98, energy, 20_001)
        two = 2 * energy - one
        total = sum(np.interp(e, curve["energy"], curve["entropy"]) for e in (one, two))
        found = one[total[one > 2 * energy].argmax() + np.sum(one <= 2 * energy)]
        return ensembles.microcanonical_temperature(float(found), 1.0, 0.9)

    yield end(energy)
    yield (
        ensembles.microcanonical_temperature(energy, 1.0, 0.9),
        "This is the common temperature at the start. Is it stable?",
    )
    yield (
        ensembles.canonical_transition(1.0, 0.9)[0].temperature,
        "This is the transition in a bath. Here there is none: the sum of the energies is fixed.",
    )
    yield (
        end(energy / 2),
        f"You shared out {energy:g} in all; each of the two begins with {energy:g}.",
    )
