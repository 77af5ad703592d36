"""Exercises of the chapter on slow quenches: answers, and what the commonest mistakes give."""

import math

from scipy.optimize import brentq

from .. import slow_quenches as quench
from ..exercises import exercise


@exercise(
    "slow_quenches.gap_half", tolerance=0.002, parameters={"h": (0.5, 0.4, 0.6, 0.7, 0.75, 0.8)}
)
def gap_half(h):
    gap = quench.gap(h)
    yield gap
    yield gap / 2, "This is half of it: what does the factor in front of the root in Eq. 5 say?"
    yield (
        2 * math.sqrt(h * abs(h - 1)),
        f"At h = {h:g} the spins are ordered: use the line of Eq. 5 for h < 1.",
    )
    yield (
        2 * math.sqrt(1 - h),
        "The field enters Eq. 5 squared below the transition: 1 - h^2, not 1 - h.",
    )
    yield gap**2, "This is the square of the gap: a root is missing."


@exercise("slow_quenches.fidelity_from_n", tolerance=0.002)
def fidelity_from_n():
    n = quench.excitations_limit()
    yield 1 / math.sqrt(1 + n)
    yield (
        1 / (1 + n),
        "1/(1 + n) belongs to a thermal oscillator. A ramp squeezes the vacuum: only even states "
        "are occupied, so the ground state keeps more.",
    )
    yield (
        1 - n,
        "1 - n would hold if at most one quantum were excited; a squeezed state has many pairs.",
    )
    yield (1 + n) ** -0.25, "This is the square root of the fidelity: |c_0| instead of |c_0|^2."


@exercise(
    "slow_quenches.kink_ratio", tolerance=0.002, parameters={"kappa": (8, 3, 4, 5, 6, 10, 12, 27)}
)
def kink_ratio(kappa):
    n = quench.excitations_limit(kappa)
    yield n
    yield (
        quench.excitations_limit(2),
        f"This is the value of Eq. 5, whose slopes have the ratio 2; here it is {kappa}.",
    )
    yield n + 0.5, "The half of the zero-point motion is still in: n is counted from the vacuum."
    yield (
        (kappa**0.5 + kappa**-0.5 - 1) / 3,
        "The formula wants cube roots of the ratio of the slopes, not square roots.",
    )


@exercise("slow_quenches.critical_exponent", tolerance=0.015)
def critical_exponent():
    yield -1 / 3
    yield 1 / 3, "The size is right, but the gap closes as N grows: mind the sign."
    yield (
        -2 / 3,
        "This is the exponent of the squared gap: Omega^2 scales twice as fast as the gap Omega.",
    )
    yield (
        -1 / 2,
        "1/2 is the exponent in the distance |h - 1|, for infinite N; here h = 1 and N varies.",
    )
    for small, large in ((2000, 16_000), (250, 2000), (50, 400)):
        slope = math.log(quench.gap(1.0, large) / quench.gap(1.0, small)) / math.log(large / small)
        yield (
            slope,
            "This is the slope between two finite sizes. It still drifts as they grow: compare two "
            "slopes, and take away the correction.",
        )


@exercise(
    "slow_quenches.universal_n",
    tolerance=0.005,
    parameters={"Lambda": (10.0, 5.0, 6.0, 7.0, 8.0, 9.0, 12.0, 14.0, 15.0, 20.0)},
)
def universal_n(Lambda):
    yield quench.universal_excitations(Lambda)

    def bose(modes, offset=-1):
        return float(sum(1 / (math.exp(2 * math.pi * j / Lambda) + offset) for j in modes))

    yield bose(range(1, 100)), "You summed over every j. By parity only the odd ones take part."
    yield (
        quench.critical_excitations(Lambda),
        "This is the harmonic theory, Eq. 10; the question is about the exact ramp.",
    )
    yield (
        bose(range(1, 100, 2), +1),
        "A plus where the Bose function has a minus: 1/(exp(2 pi j/Lambda) - 1).",
    )
    yield (
        bose([1]),
        f"You kept the first term of the sum only; at Lambda = {Lambda:g} several count.",
    )


@exercise(
    "slow_quenches.slow_enough",
    tolerance=0.005,
    parameters={"fidelity": (0.8, 0.7, 0.75, 0.85, 0.9)},
)
def slow_enough(fidelity):
    largest = brentq(lambda lam: quench.universal_fidelity(lam) - fidelity, 1, 10)
    yield largest

    def product(lam):
        return math.prod(1 - math.exp(-2 * math.pi * j / lam) for j in range(1, 100))

    yield (
        brentq(lambda lam: product(lam) - fidelity, 1, 10),
        "You took the product over every j. By parity only the odd ones take part.",
    )
    lost = 1 - fidelity
    yield (
        brentq(lambda lam: quench.universal_excitations(lam) - lost, 1, 10),
        f"This is where n = {lost:g} excitations are left, not where f = {fidelity:g}.",
    )
    yield largest / 2, "The exponent is 2 pi j/Lambda: the factor 2 is missing."
