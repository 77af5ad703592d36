"""Exercises of the chapter on macrorealism: answers, and what the commonest mistakes give."""

import itertools
import math

import numpy as np
import qutip
from scipy.optimize import brentq

from ..exercises import exercise
from ..lmg import magnetic_numbers
from . import LeggettGarg, goldilocks_size, instanton_splitting, thermal_rate

FIELD, BENCHMARK, THIRD = 0.95, 0.05, math.pi / 3  # Gamma/J3, gamma in 1/s, Delta tau
RATES = (BENCHMARK, 0.035, 0.04, 0.06, 0.07, 0.08)


def _two_level_k3(phase, decay=0.0):
    """K3 of C(t) = exp(-decay t) cos t, times in units of 1/Delta."""

    def c(t):
        return math.exp(-decay * t) * math.cos(t)

    return 2 * c(phase) - c(2 * phase)


def _looks(hamiltonian, noise, sign, state, interval):
    """C(t_i, t_j) for looks an interval apart, by the exponential of the Liouvillian (callable)."""
    step = (noise + qutip.liouvillian(hamiltonian)) * interval

    def correlation(i, j):
        early = qutip.vector_to_operator((i * step).expm() @ qutip.operator_to_vector(state))
        asked = qutip.operator_to_vector((sign @ early + early @ sign) / 2)
        return (sign @ qutip.vector_to_operator(((j - i) * step).expm() @ asked)).tr().real

    return correlation


def _noise(jz, rate, loss=0.5, jump=1.0):
    square = jz @ jz
    both = qutip.spre(square) + qutip.spost(square)
    return rate * (jump * qutip.sprepost(jz, jz) - loss * both)


@exercise("leggett_garg.longest_interval", tolerance=0.002)
def longest_interval():
    longest = brentq(lambda phase: _two_level_k3(phase) - 1, 1, 2)
    yield longest
    yield THIRD, "This is the best interval. The question is where the violation ends."
    yield (
        2 * longest,
        "This is the time from the first look to the third; the interval is half of it.",
    )
    yield (
        longest / (2 * math.pi),
        "You measure in periods of the tunnelling; the unit here is 1/Delta.",
    )


@exercise("leggett_garg.histories", exact=True)
def histories():
    def pasts(looks=4, value=2):
        """Number of histories of definite signs with this K_n."""
        return sum(
            sum(a * b for a, b in itertools.pairwise(each)) - each[0] * each[-1] == value
            for each in itertools.product([1, -1], repeat=looks)
        )

    yield pasts()
    yield pasts(looks=3, value=1), "This is the answer for three looks."
    yield (
        pasts() / 2,
        "K4 does not change when all signs flip, but the flipped history is another one.",
    )
    yield 2**4, "These are all histories. Does + - + - reach the bound?"
    yield 2, "More than the constant histories reach it: try + + + -."


@exercise("leggett_garg.damped", tolerance=0.002)
def damped():
    def end(phase):
        return brentq(lambda decay: _two_level_k3(phase, decay) - 1, 0, 1)

    quarter = math.pi / 4
    decay = end(quarter)
    yield decay
    yield end(THIRD), "This is the threshold for the longer interval, from the page."
    yield (
        decay * quarter,
        "This is the decay in one interval. Divide by Delta times the interval.",
    )
    yield decay * quarter / THIRD, "You divided by the longer interval, pi/3 Delta."
    yield math.exp(-decay * quarter), "This is exp(-Gamma tau), not yet Gamma."


@exercise(
    "leggett_garg.kelvin",
    tolerance=0.003,
    parameters={"temperature": (50.0, 20.0, 25.0, 30.0, 40.0, 80.0, 100.0)},  # nK
)
def kelvin(temperature):
    rate = thermal_rate(temperature / 1e9)
    yield rate / (2 * math.pi) / 1e3
    yield rate / 1e3, "This is an angular frequency, k_B T over h-bar. A frequency has 2 pi less."
    yield rate / (2 * math.pi), "This is in hertz; the question asks for kilohertz."
    yield rate * 2 * math.pi / 1e3, "h is 2 pi times h-bar: divide by 2 pi, do not multiply."


@exercise(
    "leggett_garg.colder",
    tolerance=0.004,
    exact=True,
    parameters={"temperature": (2.0, 1.0, 1.5, 2.5, 3.0, 4.0)},  # nK
)
def colder(temperature):
    coupling, kelvins = LeggettGarg(levels=2).coupling, temperature / 1e9
    yield goldilocks_size(FIELD, coupling, kelvins)
    ratio, m = 10 / temperature, math.sqrt(1 - FIELD**2)
    more = math.log(ratio) / (math.atanh(m) - m)
    yield (
        370 + more,
        "You used the exponent alone. The prefactor still grows with N, so it takes more spins.",
    )
    yield (
        370 + more / 2,
        "The splitting is an amplitude, not a probability: no factor 2 in the exponent.",
    )
    yield (
        370 * ratio,
        f"The splitting does not fall as 1/N: {ratio:g} times colder is not {ratio:g} times "
        "larger.",
    )
    wanted = thermal_rate(kelvins)
    yield (
        brentq(lambda N: coupling * instanton_splitting(N, FIELD) - wanted, 370, 2000),
        "The instanton formula is close, but its corrections fall as 1/N only: diagonalise.",
    )


@exercise("leggett_garg.jump_off", tolerance=0.004)
def jump_off():
    magnet = LeggettGarg()

    def end(loss=0.5, jump=0.0):
        def excess(rate):
            noise = _noise(magnet.jz, rate, loss, jump)
            c = _looks(magnet.hamiltonian, noise, magnet.sign, magnet.state(), magnet.interval)
            return 2 * c(0, 1) - c(0, 2) - 1

        return brentq(excess, 0.01, 1)

    rate = end()
    yield rate
    yield (
        end(jump=1.0),
        "The jump term is still there: this is the threshold of the full equation.",
    )
    yield end(loss=1.0), "The loss is gamma/2 times the anticommutator: the half is missing."
    squares = magnet.operator(magnetic_numbers(magnet.N) ** 2).diag()
    x = -1 + math.sqrt(1 + 2 / abs(magnet.sign[0, 1]) ** 2)
    cosine = -math.log(x) / (np.mean(squares[:2]) * magnet.interval)
    yield cosine, "This is the damped cosine of the chapter, with two levels. Keep all five."
    yield rate / cosine, "This is the factor over the two-level estimate; asked is the rate."


@exercise("leggett_garg.tilt", tolerance=0.002, parameters={"gamma": RATES})
def tilt(gamma):
    magnet = LeggettGarg()
    unit = magnet.splitting / (2 * abs(magnet.jz[0, 1]))
    noise = _noise(magnet.jz, gamma)

    def end(cooled=True, phase=math.pi / 4):
        def excess(tilt):
            hamiltonian = magnet.hamiltonian - tilt * unit * magnet.jz
            # the ground state in the stray field, or without it
            ground = (hamiltonian if cooled else magnet.hamiltonian).eigenstates(eigvals=1)[1][0]
            interval = phase / magnet.splitting
            c = _looks(hamiltonian, noise, magnet.sign, ground.proj(), interval)
            return c(0, 1) + c(1, 2) - c(0, 2) - 1

        return brentq(excess, 0.3, 2)

    stray = end()
    yield stray
    # K3 = 1 where the faster oscillation has turned by a right angle in the same interval
    yield (
        math.sqrt(((math.pi / 2) / (math.pi / 4)) ** 2 - 1),
        "This is part (a): two levels, no noise, a perfect question. Now the magnet.",
    )
    yield stray / 2, "This is h<0|Jz|1>. The tilt of the wells is twice that."
    yield end(phase=THIRD), "This is for looks pi/3 Delta apart. Here they follow sooner."
    yield (
        end(cooled=False),
        "You started in the ground state without the field; the magnet was cooled in it.",
    )


@exercise(
    "leggett_garg.leak", tolerance=0.004, parameters={"N": (370, 280, 300, 320, 340, 400, 420)}
)
def leak(N):
    doublet = LeggettGarg(N, levels=2)
    vectors, q = doublet.vectors, abs(doublet.sign[0, 1])
    up = magnetic_numbers(N) >= 0
    halves = [vectors.T @ (side * vectors[:, 0]) for side in (up, ~up)]
    leaked = float(1 - np.sum(np.square(halves)))
    yield leaked
    yield 1 - q**2, "You are off by the ground state: one half of the population never left it."
    yield (
        np.sum(LeggettGarg(N).sign.full().real[2:, 0] ** 2) / 2,
        "These are levels 2 to 4 only. The leak goes further up, out of the five levels.",
    )
    yield 1 - q, "A population is the square of a matrix element of Q."
    yield 1 - leaked, "This is what stays in the doublet."


@exercise("leggett_garg.best_state", tolerance=0.002, parameters={"gamma": RATES})
def best_state(gamma):
    magnet = LeggettGarg()
    values = magnet.k3_operator(gamma).eigenenergies()
    yield float(values[-1])
    yield (
        magnet.k3(gamma),
        "This is the ground state. A superposition of even levels does a little better.",
    )
    yield (
        float(magnet.k3_operator(gamma, stationary=True).eigenenergies()[-1]),
        "The stationary combination: the state must move on to the second look.",
    )
    yield (
        float(magnet.k3_operator(0.0).eigenenergies()[-1]),
        "The noise is missing: the rate is part of the question.",
    )
    yield float(values[0]), "This is the worst state, at the other end of the spectrum."


@exercise("leggett_garg.four_looks", tolerance=0.003)
def four_looks():
    magnet = LeggettGarg()

    def end(bound=2.0, phase=math.pi / 4, stationary=False):
        def excess(rate):
            noise = _noise(magnet.jz, rate)
            interval = phase / magnet.splitting
            c = _looks(magnet.hamiltonian, noise, magnet.sign, magnet.state(), interval)
            near = 3 * c(0, 1) if stationary else c(0, 1) + c(1, 2) + c(2, 3)
            return near - c(0, 3) - bound

        return brentq(excess, 0.005, 5)

    yield end()
    yield magnet.threshold(), "This is the threshold of K3, with three looks."
    yield (
        end(bound=1.0),
        "Definite values allow K4 = 2: that is the bound to compare with, not 1.",
    )
    yield end(phase=THIRD), "You kept the best interval of three looks; that of four is shorter."
    yield (
        end(stationary=True),
        "You took C23 and C34 equal to C12. The magnet heats: evolve the state to each look.",
    )
