"""Exercises of the chapter on glassy dynamics: answers, and what the commonest mistakes give."""

import functools
import math

import numpy as np
from scipy.optimize import brentq
from scipy.special import kv

from .. import glassy
from ..exercises import exercise
from .theory import full_integral

LN2 = math.log(2)
UNIT = LN2 / glassy.ball_volume(3)  # density at which J_NN = 1, in three dimensions


@exercise("glassy.triangle", tolerance=0.003)
def triangle():
    def time(curve=0.5, partners=2):
        # the purity is (1 + c^2)/2 with c = cos(2 J tau)^partners
        return math.acos(curve ** (1 / (2 * partners))) / 2

    yield time()
    yield time(partners=1), "Each spin of a triangle has two partners; you took one."
    yield 2 * time(), "With Pauli matrices the angle is 2 J tau, not J tau."
    yield (
        time(curve=0.75**2),
        "Here the magnetisation is three quarters. The purity is (1 + <sigma_x>^2)/2.",
    )
    yield (
        time(curve=0.75),
        "Here the square of the magnetisation is three quarters, not the purity.",
    )


@exercise("glassy.beginning", tolerance=0.004)
def beginning():
    def lost(d=1, exact=True):
        """Lost magnetisation in an infinite cloud; time in units of 1/J_NN."""
        rate, _, power = glassy.rates(d, 10, LN2 / glassy.ball_volume(d))
        return -math.expm1(-(((rate if exact else 1.0) * 1e-12) ** power))

    yield lost()
    yield 1 - lost(), "This is what is left. The question is what has been lost."
    yield lost(exact=False), "The rate is not J_NN itself: the constant is in the chapter."
    yield 0.0, "The power is d/alpha, one tenth, not its inverse."
    yield lost(d=3), "This is for three dimensions; a chain has d = 1."
    yield (
        -math.log1p(-lost()),
        "This is the exponent. It is small, but not so small that 1 - exp(-x) is x to all digits "
        "asked.",
    )


@exercise("glassy.expansion", tolerance=0.003, parameters={"growth": (2, 3, 4, 5)})
def expansion(growth):
    def longer(dilution, d=3, alpha=6):
        dense = glassy.rates(d, alpha, 1.0)[0]
        return dense / glassy.rates(d, alpha, 1.0 / dilution)[0]

    yield longer(growth**3)
    yield (
        longer(growth),
        f"All lengths grow {growth} times, so the density falls by {growth**3}, not by {growth}.",
    )
    yield growth**3, "The rate is not proportional to the density, but to a power of it."
    yield growth**1.5, "The density enters with the power alpha/d, the inverse of beta."
    yield 1 / longer(growth**3), "This is the rate; slower means that the time grows."


@exercise("glassy.lonely", tolerance=0.003)
def lonely():
    g = full_integral(0.5)  # the number of spins within R is multiplied by it
    share = 0.5 ** (1 / g)
    yield share
    yield 0.5, "This holds for an infinitely short range, where g = 1. Here it is not one."
    yield LN2 / g, "This is the mean number of spins within R; asked is the chance of none."
    yield 1 - share, "This is the share of spins that have met somebody."
    yield 0.5**g, "Upside down: the exponent of the magnetisation is g times the number."


@exercise("glassy.scatter", tolerance=0.003)
def scatter():
    def mean(rate):
        """Magnetisation at which twice its square equals its mean square; rate: of exponents."""
        return 0.5 ** (1 / (2 - rate))

    wide = mean(2**-0.5)
    yield wide
    yield mean(1.0), "You took the mean square to decay like the mean. It decays later."
    yield mean(0.5), "The rates stand in the ratio 1/2; in the exponent they are raised to beta."
    yield -math.log(wide), "This is the exponent at that time; asked is the magnetisation."

    def excess(u):
        return (1 + math.exp(-u / math.sqrt(2))) / 2 - 2 * math.exp(-2 * u)

    yield (
        math.exp(-brentq(excess, 0.01, 3)),
        "You took the purity for the mean square. The latter is 2 tr rho^2 - 1.",
    )


@exercise("glassy.fresnel", tolerance=0.002)
def fresnel():
    rate, purity, _ = glassy.rates(3, 6, UNIT)
    yield rate
    yield 2 * LN2**2, "You left out the constant: the integral is not one."
    yield (
        2 * full_integral(0.5) * LN2,
        "The exponent is (gamma tau)^beta with beta = 1/2: the bracket is squared.",
    )
    yield (
        purity,
        "Too small by two. Is it the rate of the purity, or the angle J tau instead of 2 J tau?",
    )


@exercise("glassy.clouds", tolerance=0.02, parameters={"error": (0.001, 0.0005, 0.002, 0.005)})
def clouds(error):
    # means of <sigma_x> and of its square at J_NN tau = 1
    rate, purity, power = glassy.rates(3, 6, UNIT)
    mean, square = math.exp(-(rate**power)), math.exp(-(purity**power))
    variance = square - mean**2
    yield variance / error**2
    yield (
        math.sqrt(variance) / error,
        "The error of a mean falls as the square root of the number of clouds.",
    )
    yield square / error**2, "This is the mean square. The square of the mean is still in it."
    yield (
        ((1 + square) / 2 - mean**2) / error**2,
        "You took the purity for the mean square. The latter is 2 tr rho^2 - 1.",
    )


@exercise("glassy.parabola", tolerance=0.004)
def parabola():
    g = full_integral(0.5)

    def crossing(half=0.5):
        # half w^2 b/(2 - b) = w^b g(b), with b = 1/2
        return (g * 3 / half) ** (2 / 3) / 2

    yield crossing()
    yield 2 * crossing(), "This is the angle 2 J tau of the closest pairs; asked is the time."
    yield crossing(half=1), "1 - cos w begins with w^2/2: the half is missing."
    yield crossing() * g ** (-2 / 3), "You left the constant of the stretched exponential out."
    yield (
        crossing() * 3 ** (-2 / 3),
        "The mean of J^2 has its own constant, from the integral of r^(2 - 12).",
    )


@functools.cache
def _deficit(N, where="ball", squared=False):
    """d/alpha - beta of the noise-free curve, d = 3, alpha = 6, up to its sign."""
    tau = np.geomspace(1e-2, 10, 48)
    times = tau / glassy.bulk_coupling(3, 6, N / glassy.ball_volume(3))
    curve = glassy.noise_free(times, N, 3, 6, where, squared=squared)
    return abs(glassy.fit_stretch(tau, curve).beta - 0.5)


@exercise(
    "glassy.enough_spins", tolerance=0.02, parameters={"error": (0.001, 0.0012, 0.0015, 0.002)}
)
def enough_spins(error):
    def enough(low, power, where="ball", squared=False):
        """Number of spins with this error: the root between low and ten times that."""
        low = math.log(low) + power * math.log(1e-3 / error)

        def excess(log_n):
            return math.log(_deficit(round(math.exp(log_n)), where, squared) / error)

        return math.exp(brentq(excess, low, low + math.log(10), xtol=1e-4))

    yield enough(1_000_000, 3)
    yield (
        enough(100, 1, "torus"),
        "This is a torus, or a spin in the centre: no surface. Average over all.",
    )
    yield (
        enough(1_000_000, 3, squared=True),
        "This is the purity. It is late, too, but by another amount.",
    )
    ratio = _deficit(1300) / error
    yield (
        1300 * ratio**3,
        "You went on from 1300 spins with the power 1/3. The power is reached from below: the "
        "error falls more slowly at first. Start from a larger cloud.",
    )
    yield 1300 * ratio, "The error falls as the cube root of N, not as 1/N."


@functools.cache
def _stretch_powers(seed):
    """Of 200 clouds: the reported error of their mean, and beta without each and of each alone."""
    unit = glassy.bulk_coupling(3, 6, 100 / glassy.ball_volume(3))
    tau = np.geomspace(1e-2, 10, 48)  # in units of 1/J_NN
    curves = glassy.ensemble_average(100, 3, 6, tau / unit, 200, seed=seed).magnetization_samples
    rest = (curves.sum(axis=0) - curves) / (len(curves) - 1)

    def powers(each):
        return np.array([glassy.fit_stretch(tau, curve).beta for curve in each])

    return glassy.fit_stretch(tau, curves.mean(axis=0)).error, powers(rest), curves, powers


@exercise("glassy.jackknife", tolerance=0.015, parameters={"seed": (5, 6, 7, 8, 9)})
def jackknife(seed):
    reported, without, curves, powers = _stretch_powers(seed)
    count = len(without)
    error = math.sqrt((count - 1) * np.var(without))
    yield error / reported
    yield reported / error, "Upside down: which of the two is the larger one?"
    yield (
        float(np.std(without)) / reported,
        "Two samples that each lack one cloud are almost the same, so their fits hardly scatter. "
        "The factor that makes up for it is missing.",
    )
    yield (
        float(np.std(without)) * (count - 1) / reported,
        "The factor R - 1 belongs to the variance, under the root.",
    )
    yield error, "This is the error itself. Compare it with the one that the fit reports."
    yield (
        float(np.std(powers(curves), ddof=1)) / math.sqrt(count) / reported,
        "You fitted each cloud by itself. A fit to the mean of many is another thing, because fits "
        "are not linear.",
    )


@exercise("glassy.one_partner", tolerance=0.005)
def one_partner():
    def exact(tau):
        """<sigma_x> with the nearest partner only, alpha = d; time in 1/J_NN."""
        z = 2 * np.sqrt(-2j * tau * LN2)
        return (z * kv(1, z)).real

    def saddle(tau):
        z = np.sqrt(-2j * tau * LN2)
        return (np.sqrt(np.pi * z) * np.exp(-2 * z)).real

    zero = brentq(exact, 0.5, 3)
    yield zero
    yield (
        brentq(saddle, 0.5, 3),
        "This is the zero of the saddle-point formula. It is not late enough for it.",
    )
    yield 2 * zero, "With Pauli matrices the angle is 2 J tau: a factor two is missing."
    yield zero * LN2, "Your unit is the coupling at v = 1, not the median one at v = ln 2."


@exercise("glassy.dipoles", tolerance=0.003)
def dipoles():
    # mean of |1 - 3 u^2| over directions, which are even in u = cos(theta)
    slower = 4 / (3 * math.sqrt(3))
    yield slower
    yield (
        math.sqrt(4 / 5),
        "This is the root of the mean square. The rate counts couplings, not squares.",
    )
    yield 0.0, "The sign of a coupling does not matter in a cosine: take the modulus first."
    theta = (np.arange(100_000) + 0.5) * np.pi / 100_000
    yield (
        float(np.mean(np.abs(1 - 3 * np.cos(theta) ** 2))),
        "Directions are even in the cosine of theta, not in theta.",
    )
    yield 1 / slower, "Upside down: dipoles relax more slowly, so the fraction is below one."
    yield (
        slower * math.pi / 2,
        "This is the constant itself, with its pi/2; asked is the ratio of the rates.",
    )
