"""Exercises of the chapter on reactions: answers, and what the commonest mistakes give."""

import math

import numpy as np
from scipy.optimize import brentq

from .. import reactions
from ..exercises import exercise

LN2 = math.log(2)


@exercise("reactions.half", tolerance=0.002)
def half():
    yield 2 * math.pi / LN2
    yield LN2, "This is s = 2 pi g^2/beta. The rate is asked for."
    yield math.pi / LN2, "Half of the exponent: the molecule survives with exp(-2 pi g^2/beta)."
    yield 4 * math.pi / LN2, "This is for two channels, where the molecule has to survive twice."
    yield LN2 / (2 * math.pi), "Upside down: a faster sweep leaves more molecules whole."


@exercise("reactions.thermometer", tolerance=0.002)
def thermometer():
    exponent = math.log(3 / 2)
    yield 2 / exponent
    yield 1 / exponent, "The two products are 2 epsilon apart: you took epsilon, as Eq. (9) does."
    yield exponent / 2, "This is the inverse temperature."
    yield 2 / LN2, "The molecule is not a level of this ladder: compare the two products."


@exercise("reactions.everything", tolerance=0.002)
def everything():
    yield float(reactions.single_channel(4, 1.0, 2 * math.pi / math.log(3))[4])
    yield (
        (2 / 3) ** 4,
        "Four independent molecules would do this. Every pair makes the next easier.",
    )
    yield 80 / 81, "This is the probability that at least one dissociates."
    yield 2 / 3, "This is 1 - x, for a single molecule."


@exercise("reactions.coins", tolerance=0.002)
def coins():
    pairs = reactions.mean_numbers(3, 1.0, 2 * math.pi / LN2)[0]
    yield pairs
    yield 3 - pairs, "This is the mean number of molecules that are left."
    yield (
        3 - (1 / 2 + 1 / 4 + 1 / 8),
        "You counted the heads. The molecules left are the *largest number* among them.",
    )
    yield 3 / 2, "All three coins have the bias one half here: coin j has the bias x^j."
    yield (
        3 - sum(1 / (2**j - 1) for j in range(1, 60)),
        "The Planck sum tosses infinitely many coins; here are three.",
    )


@exercise("reactions.upstairs", tolerance=0.002)
def upstairs():
    yield 1 / LN2
    yield 1.0, "This is the straight line (69), which is half a pair too high."
    yield 1.5, "Gamma - 1/2 is good for large Gamma. Use Planck's law."
    yield LN2, "This is s = 1/Gamma."
    yield 2 / LN2, "This is k_B T of Eq. (75), 2 Gamma: it counts differences n2 - n1."


@exercise(
    "reactions.critical_ratio",
    tolerance=0.002,
    parameters={"N": (1_000_000, 100_000, 200_000, 500_000, 2_000_000, 10_000_000)},
)
def critical_ratio(N):
    def equation_50(N):
        log = math.log(N)
        return 2 * math.pi * N / (log - math.log(log - math.log(log)))

    few = 1000
    ratio = reactions.critical_rate(N, 1.0) / reactions.critical_rate(few, 1.0)
    yield ratio
    yield N / few, "The critical rate is not proportional to N: there is a logarithm."
    yield (
        N / few * (math.log(few) / math.log(N)),
        "You took q = 1 for both. The critical q depends on N.",
    )
    yield (
        equation_50(N) / equation_50(few),
        "Eq. (50) is one per cent off for a thousand molecules. Find the root.",
    )
    yield 1 / ratio, "Upside down."


@exercise(
    "reactions.spread", tolerance=0.01, parameters={"width": (0.2, 0.17, 0.18, 0.22, 0.24, 0.25)}
)
def spread(width):
    def relative_width(reach):
        """Standard deviation over mean of the molecules left, N infinite."""
        planck = 1 / np.expm1(np.arange(1, int(50 * reach)) / reach)
        return math.sqrt(np.sum(planck * (1 + planck))) / np.sum(planck)

    yield brentq(lambda reach: relative_width(reach) - width, 50, 2000)
    yield (
        math.exp(math.pi / width / math.sqrt(6)),
        "You divided by the mode. The mean is higher by gamma_E Gamma.",
    )
    yield (
        math.exp(math.pi**2 / 6 / width - np.euler_gamma),
        "This is the variance of the Gumbel law; its root is the width.",
    )
    yield (
        brentq(lambda reach: reach * (math.log(reach) + np.euler_gamma) - width**-2, 2, 99),
        "The root of the mean is the width for independent molecules. They are not.",
    )


@exercise(
    "reactions.readout", tolerance=0.01, parameters={"error": (0.001, 0.0002, 0.0005, 0.002, 0.003)}
)
def readout(error):
    first = math.sqrt(LN2 / (2 * math.pi)) / error  # in units of beta^(-1/2)
    second = first ** (1 / 3)
    yield first / second
    yield first, "This is the time of the first reader, in units of beta^(-1/2)."
    yield second, "This is the time of the second reader, in units of beta^(-1/2)."
    yield (
        first / math.sqrt(first),
        "The turning falls as 1/T^2, and dividing by the gap gives one more power.",
    )
    yield (
        error ** (-2 / 3),
        "You compared the powers only. The strength g of the coupling counts, too.",
    )


@exercise("reactions.patience", tolerance=0.02, parameters={"n": (20, 10, 12, 16)})
def patience(n):
    g_squared = 1 / (4 * math.pi)  # Gamma = 2, with beta = epsilon = 1
    times, unit = np.geomspace(0.1, 20, 2000), n * g_squared
    states = reactions.second_act(n, math.sqrt(g_squared), 1.0, times * unit)
    n2 = np.arange(n + 1)
    mean = np.array([abs(state.full()[:, 0]) ** 2 @ n2 for state in states])
    ratio = mean / (reactions.thermal_law(n, math.sqrt(g_squared), 1.0) @ n2)
    settled = times[np.flatnonzero(abs(ratio - 1) > 0.01)[-1]]
    yield settled
    yield (
        times[np.flatnonzero(ratio < 1)[0]],
        "At this time the curve only passes the goal. When does it *stay* there?",
    )
    yield n * settled, "This is in units of g^2/(beta epsilon): divide by the number of pairs."
    yield unit * settled, "This is in units of 1/epsilon. What is t_c in these units?"


@exercise(
    "reactions.fair", tolerance=0.02, parameters={"eta": (0.001, 0.0005, 0.002, 0.003, 0.004)}
)
def fair(eta):
    def molecules(asymmetry, low=1e2, high=1e6):
        return brentq(lambda N: asymmetry(N) - eta, low, high)

    yield molecules(lambda N: math.log(N) / 4 / math.sqrt(N), 1e5, 1e9)
    yield (
        molecules(lambda N: math.log(N) / N),
        "This takes ln N/N for the asymmetry, as Eq. (66) does. Bosons are not so fair.",
    )
    yield (
        molecules(lambda N: math.log(N) / 4 / N),
        "You forgot 1/p: many pairs feel a small slope more than one.",
    )
    yield (
        molecules(lambda N: math.log(N) / 2 / math.sqrt(N), 1e5, 1e9),
        "A factor two: the asymmetry is s/2p.",
    )
