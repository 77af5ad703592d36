"""Exercises of the foundations: answers, and what the commonest mistakes give."""

import math

from scipy import constants

from ..exercises import exercise
from ..lmg import LMG, magnetic_numbers


@exercise("foundations.multiplets", exact=True, parameters={"N": (6, 8, 10, 12)})
def multiplets(N):
    # every multiplet has one state with m = 0
    yield math.comb(N, N // 2)
    yield N // 2 + 1, "These are the different lengths. Most of them occur in several copies."
    yield N // 2, "There is a multiplet of length zero, too; and most lengths occur in copies."
    yield 2**N, "These are the states. A multiplet of total spin S has 2S + 1 of them."
    yield N + 1, "These are the states of the longest spin, a single multiplet."
    yield (
        math.comb(N, N // 2) - math.comb(N, N // 2 - 1),
        "These are the copies of total spin zero only: add up all lengths.",
    )


@exercise("foundations.even_sector", exact=True, parameters={"N": (20, 12, 16, 24, 30, 36)})
def even_sector(N):
    yield len(magnetic_numbers(N, "even"))
    yield N + 1, "These are both sectors together."
    yield N // 2, "This is the odd sector. The state with m = 0 is even, and has no partner."
    yield (N + 1) / 2, "Half of all states: the two sectors need not be equal. Where is m = 0?"
    yield 2 ** (N - 1), "This is half of all states of N spins; the question is about one spin N/2."


@exercise(
    "foundations.raising", tolerance=0.003, parameters={"N": (10, 8, 12, 14, 16), "m": (2, 1, 3)}
)
def raising(N, m):
    def squared(spin, step):
        return spin * (spin + 1) - m * (m + step)

    S = N / 2
    yield math.sqrt(squared(S, +1))
    yield math.sqrt(squared(S, -1)), f"This is the way down, from m = {m} to m = {m - 1}."
    yield squared(S, +1), "This is the square: a root is missing."
    yield math.sqrt(squared(S, +1)) / 2, "This is the matrix element of S_x, which is half of S_+."
    yield math.sqrt(squared(N, +1)), f"The length of {N} spins one half is {N // 2}, not {N}."


@exercise("foundations.order", tolerance=0.003, parameters={"h": (1.2, 0.8, 1.0, 1.5, 1.6, 1.8)})
def order(h):
    m = math.sqrt(1 - (h / 2) ** 2)
    yield m
    yield m**2, "This is the square of the magnetisation: a root is missing."
    yield h / 2, "This is the component along the field, m_x."
    yield math.sqrt(abs(1 - h**2)), "The critical field is 2J: what enters is h/2J, not h/J."
    yield m / 2, "This is the magnetisation in units of spins; an arrow m_z goes up to one."


@exercise(
    "foundations.half_turn",
    tolerance=0.004,
    parameters={"frequency": (1.0, 0.4, 0.5, 2.0, 2.5, 5.0)},  # kHz
)
def half_turn(frequency):
    h = 2 * math.pi * frequency * 1e3  # 1/s
    time = math.pi / (2 * h) * 1e6  # the levels are 2h apart
    yield time
    yield 2 * time, "The levels of h sigma_x are 2h apart, not h: Pauli matrices, no halves."
    yield time / 2, "Half of it: then the spin lies across. When does it point down?"
    yield 4 * time, "The period of h/2pi itself: the levels are 2h apart, and half a turn is asked."
    yield (
        2 * math.pi * time,
        "A frequency is not an angular frequency: h = 2 pi times the frequency.",
    )
    yield time / 1e3, "This is in milliseconds; microseconds are asked for."
    yield time / 1e6, "This is in seconds; microseconds are asked for."


@exercise(
    "foundations.cold",
    tolerance=0.004,
    parameters={"temperature": (10.0, 2.0, 5.0, 20.0, 50.0, 80.0)},  # nK
)
def cold(temperature):
    rate = constants.k * temperature * 1e-9 / constants.hbar
    yield rate
    yield rate / (2 * math.pi), "This is a frequency, k_B T/h. An angular one has 2 pi more."
    yield rate / 1e3, "This is in kilo; asked is the rate in 1/s."
    yield rate * 1e9, "A nanokelvin is 1e-9 kelvin."
    yield constants.k * temperature * 1e-9, "This is the energy in joules: divide by h-bar."
    yield 1 / rate, "This is a time; asked is the rate."


@exercise(
    "foundations.translate", tolerance=0.003, parameters={"field": (0.95, 0.8, 0.85, 0.9, 0.92)}
)
def translate(field):
    model = LMG.leggett_garg(2, field)
    yield model.h / model.J
    yield field, "Nothing has been converted: the two Hamiltonians count spins differently."
    yield field / 2, "You converted the field only. The coupling changes as well: J is J3/4."
    yield 4 * field, "You converted the coupling only. The field changes as well: h is Gamma/2."
    yield 1 / (2 * field), "Upside down: the question is h in units of J."


@exercise("foundations.two_up", tolerance=0.003, parameters={"N": (10, 8, 12, 14), "up": (5, 4, 6)})
def two_up(N, up):
    share = up / N
    yield up * (up - 1) / (N * (N - 1))
    yield share**2, "Independent spins would do this. Once one of them is found up, fewer are left."
    yield share, "This is the probability for one spin."
    yield up * (N - up) / (N * (N - 1)), "This is one up and the other, a given one, down."
    yield 1 / math.comb(N, up), "This is one arrangement of all spins; ask for two of them only."


@exercise(
    "foundations.parity_gap", tolerance=0.003, parameters={"h": (3.0, 2.6, 2.8, 3.2, 3.5, 4.0)}
)
def parity_gap(h):
    model = LMG(100, J=1.0, h=h)
    yield model.gap()
    yield (
        model.splitting(),
        "This is the lowest excitation. It is odd: a ramp that starts even does not reach it.",
    )
    yield 2 * model.splitting(), "Twice one quantum is close, but at this size not the same."
    yield (
        4 * math.sqrt(h * (h - 2)),
        "This is the limit of infinitely many spins; the question is about a hundred.",
    )
    yield model.gap() / 100, "This is per spin. Gaps are those of the whole magnet."
    yield LMG(100, J=0.5, h=h).gap(), "The coupling J is one, not one half."


@exercise("foundations.purest", tolerance=0.003)
def purest():
    # with x = exp(-kappa t): up x/2, coherence sqrt(x)/2, purity 1 - x/2 + x^2/2
    yield 7 / 8
    yield math.log(2), "This is the time. The purity at this time is asked for."
    yield 3 / 4, "The coherence decays half as fast as the population: the rates differ by two."
    yield 1 / 2, "It never comes to the completely mixed state: where does it end?"
    yield 1.0, "Pure at the beginning and at the end. What happens in between?"
    yield math.sqrt(3) / 2, "This is the length of the Bloch vector: purity is (1 + length^2)/2."


@exercise("foundations.cat", tolerance=0.003, parameters={"N": (10, 4, 6, 8, 12, 20)})
def cat(N):
    time = 2 / N**2
    yield time
    yield time / 2, "Half of it: the exponent is gamma (m - m')^2 t/2."
    yield 4 * time, "The distance of the two is N, not N/2: from m = N/2 to m = -N/2."
    yield time / 4, "The distance of the two is N, not 2N: from m = N/2 to m = -N/2."
    yield 2 / N, "The distance enters squared."
    yield 1 / time, "This is the rate; asked is the time."


@exercise(
    "foundations.detuned",
    tolerance=0.003,
    parameters={"detuning": (2.0, 0.5, 1.5, 3.0)},  # in units of Omega
)
def detuned(detuning):
    largest = 1 / (1 + detuning**2)
    yield largest
    yield (
        math.sqrt(largest),
        "This is an amplitude, or the tilt of the axis: the probability is its square.",
    )
    yield (
        4 / (4 + detuning**2),
        "Half of a cosine turns with the spin, the other half against it: only one counts.",
    )
    yield (
        1 / (1 + 4 * detuning**2),
        "In the rotating frame the detuning has a half in front, like everything with sigma.",
    )
    yield 1 - largest, "This is the probability of staying down at that time."
    yield 1 / (1 + detuning), "Pythagoras: the squares add up, not the lengths."
    yield 1.0, "This is the resonance. With a detuning the spin never gets all the way up."
