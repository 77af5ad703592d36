"""Check the numeric answers of the exercises: kindly, and without giving them away.

Every answer is computed here, by the functions the chapters use; so are the commonest mistakes,
which `check` recognises and explains. Neither is ever printed.
"""

import difflib
import functools
import itertools
import math
from dataclasses import dataclass, field

import numpy as np
import qutip
from scipy.optimize import brentq
from scipy.special import kv

from . import ensembles, glassy, reactions, slow_quenches
from .glassy.theory import full_integral
from .leggett_garg import LeggettGarg, goldilocks_size, instanton_splitting, thermal_rate
from .lmg import magnetic_numbers


@dataclass(frozen=True)
class Exercise:
    """An exercise with a numeric answer.

    Attributes
    ----------
    answer : callable
        Returns the answer; called without arguments.
    tolerance : float
        Relative deviation that still counts as right, beside the rounding of the last digit given.
    mistakes : list of (callable, str)
        What a known mistake gives, and how to see that it is one.
    """

    answer: callable
    tolerance: float
    mistakes: list = field(default_factory=list)

    def mistake(self, explanation):
        """Register the decorated function as a known mistake, with its explanation (str)."""

        def register(function):
            self.mistakes.append((function, explanation))
            return function

        return register


_exercises = {}


def exercise(exercise_id, tolerance=0.01):
    """Register the decorated function, which computes the answer of an exercise.

    Parameters
    ----------
    exercise_id : str
        Chapter, dot, name.
    tolerance : float
        Relative deviation that counts as right.

    Returns
    -------
    callable
        Decorator; it returns an `Exercise`, whose `mistake` registers mistakes.
    """

    def register(function):
        _exercises[exercise_id] = Exercise(function, tolerance)
        return _exercises[exercise_id]

    return register


def ids():
    """Return the ids of all exercises (list of str)."""
    return list(_exercises)


def check(exercise_id, answer):
    """Say whether an answer is right, and what may have gone wrong if it is a known mistake.

    Parameters
    ----------
    exercise_id : str
        Id given in the text of the exercise.
    answer : float
        Your number. `...` or None count as not answered yet.

    Returns
    -------
    bool or None
        True if right, False if wrong, None if there is no number to judge.

    Raises
    ------
    KeyError
        If there is no such exercise; near matches are named.
    """
    if exercise_id not in _exercises:
        near = difflib.get_close_matches(str(exercise_id), _exercises, 3, cutoff=0.4)
        hint = f"; did you mean {' or '.join(near)}?" if near else ""
        raise KeyError(f"no exercise {exercise_id!r}{hint}")
    verdict, message = _judge(_exercises[exercise_id], answer)
    print(f"{exercise_id}: {message}")
    return verdict


def _judge(problem, answer):
    if answer is None or answer is ...:
        return None, "not answered yet."
    number = _as_number(answer)
    if number is None:
        return None, (
            f"expected one real number, got {type(answer).__name__}. "
            "Hand over a single value, such as 0.5 or array[-1]."
        )
    if not math.isfinite(number):
        return None, f"the answer is {number}: something was divided by zero or ran out of range."
    if _close(number, problem.answer(), problem.tolerance):
        return True, "correct."
    for mistake, explanation in problem.mistakes:
        if _close(number, mistake(), problem.tolerance):
            return False, f"not yet. {explanation}"
    if _close(-number, problem.answer(), problem.tolerance):
        return False, "not yet: check the sign."
    return False, "not yet. Go back to the hint, and test your formula in a case you know."


def _as_number(answer):
    if isinstance(answer, bool | str | bytes):
        return None
    try:
        array = np.asarray(answer, dtype=complex)
    except (TypeError, ValueError):
        return None
    if array.size != 1 or abs(array.item().imag) > 1e-12 * abs(array.item()):
        return None
    return array.item().real


def _close(number, target, tolerance):
    # an answer rounded to two digits is right, whatever the tolerance
    return abs(number - target) <= tolerance * abs(target) or number == float(f"{target:.2g}")


# --- slow quenches ------------------------------------------------------------------------------


@exercise("slow_quenches.gap_half", tolerance=0.002)
def _gap_half():
    return slow_quenches.gap(0.5)


@_gap_half.mistake("This is half of it: what does the factor in front of the root in Eq. 5 say?")
def _():
    return slow_quenches.gap(0.5) / 2


@_gap_half.mistake("At h = 0.5 the spins are ordered: use the line of Eq. 5 for h < 1.")
def _():
    return 2 * math.sqrt(0.5 * abs(0.5 - 1))


@_gap_half.mistake("The field enters Eq. 5 squared below the transition: 1 - h^2, not 1 - h.")
def _():
    return 2 * math.sqrt(1 - 0.5)


@_gap_half.mistake("This is the square of the gap: a root is missing.")
def _():
    return slow_quenches.gap(0.5) ** 2


@exercise("slow_quenches.fidelity_from_n", tolerance=0.002)
def _fidelity_from_n():
    return 1 / math.sqrt(1 + slow_quenches.excitations_limit())


@_fidelity_from_n.mistake(
    "1/(1 + n) belongs to a thermal oscillator. A ramp squeezes the vacuum: only even states are "
    "occupied, so the ground state keeps more."
)
def _():
    return 1 / (1 + slow_quenches.excitations_limit())


@_fidelity_from_n.mistake(
    "1 - n would hold if at most one quantum were excited; a squeezed state has many pairs."
)
def _():
    return 1 - slow_quenches.excitations_limit()


@_fidelity_from_n.mistake("This is the square root of the fidelity: |c_0| instead of |c_0|^2.")
def _():
    return (1 + slow_quenches.excitations_limit()) ** -0.25


@exercise("slow_quenches.kink_ratio", tolerance=0.002)
def _kink_ratio():
    return slow_quenches.excitations_limit(8)


@_kink_ratio.mistake("This is the value of Eq. 5, whose slopes have the ratio 2; here it is 8.")
def _():
    return slow_quenches.excitations_limit(2)


@_kink_ratio.mistake("The half of the zero-point motion is still in: n is counted from the vacuum.")
def _():
    return slow_quenches.excitations_limit(8) + 0.5


@_kink_ratio.mistake("The formula wants cube roots of the ratio of the slopes, not square roots.")
def _():
    return (8**0.5 + 8**-0.5 - 1) / 3


@exercise("slow_quenches.critical_exponent", tolerance=0.015)
def _critical_exponent():
    return -1 / 3


@_critical_exponent.mistake("The size is right, but the gap closes as N grows: mind the sign.")
def _():
    return 1 / 3


@_critical_exponent.mistake(
    "This is the exponent of the squared gap: Omega^2 scales twice as fast as the gap Omega."
)
def _():
    return -2 / 3


@_critical_exponent.mistake(
    "1/2 is the exponent in the distance |h - 1|, for infinite N; here h = 1 and N varies."
)
def _():
    return -1 / 2


@exercise("slow_quenches.universal_n", tolerance=0.005)
def _universal_n():
    return slow_quenches.universal_excitations(10)


@_universal_n.mistake("You summed over every j. By parity only the odd ones take part.")
def _():
    return float(sum(1 / math.expm1(2 * math.pi * j / 10) for j in range(1, 100)))


@_universal_n.mistake("This is the harmonic theory, Eq. 10; the question is about the exact ramp.")
def _():
    return slow_quenches.critical_excitations(10)


@_universal_n.mistake("A plus where the Bose function has a minus: 1/(exp(2 pi j/Lambda) - 1).")
def _():
    return float(sum(1 / (math.exp(2 * math.pi * j / 10) + 1) for j in range(1, 100, 2)))


@_universal_n.mistake("You kept the first term of the sum only; at Lambda = 10 several count.")
def _():
    return 1 / math.expm1(2 * math.pi / 10)


@exercise("slow_quenches.slow_enough", tolerance=0.005)
def _slow_enough():
    return brentq(lambda lam: slow_quenches.universal_fidelity(lam) - 0.8, 1, 10)


@_slow_enough.mistake("You took the product over every j. By parity only the odd ones take part.")
def _():
    def product(lam):
        return math.prod(1 - math.exp(-2 * math.pi * j / lam) for j in range(1, 100))

    return brentq(lambda lam: product(lam) - 0.8, 1, 10)


@_slow_enough.mistake(
    "This is where one fifth of an excitation is left, n = 0.2, not where f = 0.8."
)
def _():
    return brentq(lambda lam: slow_quenches.universal_excitations(lam) - 0.2, 1, 10)


@_slow_enough.mistake("The exponent is 2 pi j/Lambda: the factor 2 is missing.")
def _():
    return _slow_enough.answer() / 2


# --- Leggett-Garg -------------------------------------------------------------------------------

FIELD, BENCHMARK, THIRD = 0.95, 0.05, math.pi / 3  # Gamma/J3, gamma in 1/s, Delta tau


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
def _longest_interval():
    return brentq(lambda phase: _two_level_k3(phase) - 1, 1, 2)


@_longest_interval.mistake("This is the best interval. The question is where the violation ends.")
def _():
    return THIRD


@_longest_interval.mistake(
    "This is the time from the first look to the third; the interval is half of it."
)
def _():
    return 2 * _longest_interval.answer()


@_longest_interval.mistake("You measure in periods of the tunnelling; the unit here is 1/Delta.")
def _():
    return _longest_interval.answer() / (2 * math.pi)


def _pasts(looks=4, value=2):
    """Number of histories of definite signs with this K_n (int)."""
    histories = itertools.product([1, -1], repeat=looks)
    return sum(
        sum(a * b for a, b in itertools.pairwise(each)) - each[0] * each[-1] == value
        for each in histories
    )


@exercise("leggett_garg.histories", tolerance=0.001)
def _reaching_the_bound():
    return _pasts()


@_reaching_the_bound.mistake("This is the answer for three looks.")
def _():
    return _pasts(looks=3, value=1)


@_reaching_the_bound.mistake(
    "K4 does not change when all signs flip, but the flipped history is another one."
)
def _():
    return _pasts() / 2


@_reaching_the_bound.mistake("These are all histories. Does + - + - reach the bound?")
def _():
    return 2**4


@_reaching_the_bound.mistake("More than the constant histories reach it: try + + + -.")
def _():
    return 2


@exercise("leggett_garg.damped", tolerance=0.002)
def _damped(phase=math.pi / 4):
    return brentq(lambda decay: _two_level_k3(phase, decay) - 1, 0, 1)


@_damped.mistake("This is the threshold for the longer interval, from the page.")
def _():
    return _damped.answer(THIRD)


@_damped.mistake("This is the decay in one interval. Divide by Delta times the interval.")
def _():
    return _damped.answer() * math.pi / 4


@_damped.mistake("You divided by the longer interval, pi/3 Delta.")
def _():
    return _damped.answer() * (math.pi / 4) / THIRD


@_damped.mistake("This is exp(-Gamma tau), not yet Gamma.")
def _():
    return math.exp(-_damped.answer() * math.pi / 4)


@exercise("leggett_garg.kelvin", tolerance=0.003)
def _kelvin():
    return thermal_rate(50e-9) / (2 * math.pi) / 1e3


@_kelvin.mistake("This is an angular frequency, k_B T over h-bar. A frequency has 2 pi less.")
def _():
    return thermal_rate(50e-9) / 1e3


@_kelvin.mistake("This is in hertz; the question asks for kilohertz.")
def _():
    return thermal_rate(50e-9) / (2 * math.pi)


@_kelvin.mistake("h is 2 pi times h-bar: divide by 2 pi, do not multiply.")
def _():
    return thermal_rate(50e-9) * 2 * math.pi / 1e3


def _cold():
    return LeggettGarg(levels=2).coupling, thermal_rate(2e-9)


def _per_factor_of_five():
    m = math.sqrt(1 - FIELD**2)
    return math.log(5) / (math.atanh(m) - m)


@exercise("leggett_garg.colder", tolerance=0.004)
def _colder():
    return goldilocks_size(FIELD, _cold()[0], 2e-9)


@_colder.mistake(
    "You used the exponent alone. The prefactor still grows with N, so it takes more spins."
)
def _():
    return 370 + _per_factor_of_five()


@_colder.mistake("The splitting is an amplitude, not a probability: no factor 2 in the exponent.")
def _():
    return 370 + _per_factor_of_five() / 2


@_colder.mistake("The splitting does not fall as 1/N: five times colder is not five times larger.")
def _():
    return 370 * 5


@_colder.mistake(
    "The instanton formula is close, but its corrections fall as 1/N only: diagonalise."
)
def _():
    coupling, wanted = _cold()
    return brentq(lambda N: coupling * instanton_splitting(N, FIELD) - wanted, 400, 900)


def _rate_without_jump(loss=0.5, jump=0.0):
    magnet = LeggettGarg()

    def excess(rate):
        noise = _noise(magnet.jz, rate, loss, jump)
        c = _looks(magnet.hamiltonian, noise, magnet.sign, magnet.state(), magnet.interval)
        return 2 * c(0, 1) - c(0, 2) - 1

    return brentq(excess, 0.01, 1)


@exercise("leggett_garg.jump_off", tolerance=0.004)
def _jump_off():
    return _rate_without_jump()


@_jump_off.mistake("The jump term is still there: this is the threshold of the full equation.")
def _():
    return _rate_without_jump(jump=1.0)


@_jump_off.mistake("The loss is gamma/2 times the anticommutator: the half is missing.")
def _():
    return _rate_without_jump(loss=1.0)


def _damped_cosine():
    magnet = LeggettGarg()
    squares = magnet.operator(magnetic_numbers(magnet.N) ** 2).diag()
    x = -1 + math.sqrt(1 + 2 / abs(magnet.sign[0, 1]) ** 2)
    return -math.log(x) / (np.mean(squares[:2]) * magnet.interval)


@_jump_off.mistake("This is the damped cosine of the chapter, with two levels. Keep all five.")
def _():
    return _damped_cosine()


@_jump_off.mistake("This is the factor over the two-level estimate; asked is the rate.")
def _():
    return _jump_off.answer() / _damped_cosine()


def _stray(cooled=True, phase=math.pi / 4):
    magnet = LeggettGarg()
    interval = phase / magnet.splitting
    unit = magnet.splitting / (2 * abs(magnet.jz[0, 1]))
    noise = _noise(magnet.jz, BENCHMARK)

    def excess(tilt):
        hamiltonian = magnet.hamiltonian - tilt * unit * magnet.jz
        # the ground state in the stray field, or without it
        ground = (hamiltonian if cooled else magnet.hamiltonian).eigenstates(eigvals=1)[1][0]
        c = _looks(hamiltonian, noise, magnet.sign, ground.proj(), interval)
        return c(0, 1) + c(1, 2) - c(0, 2) - 1

    return brentq(excess, 0.3, 2)


@exercise("leggett_garg.tilt", tolerance=0.002)
def _tilt():
    return _stray()


@_tilt.mistake("This is part (a): two levels, no noise, a perfect question. Now the magnet.")
def _():
    # K3 = 1 where the faster oscillation has turned by a right angle in the same interval
    return math.sqrt((_longest_interval.answer() / (math.pi / 4)) ** 2 - 1)


@_tilt.mistake("This is h<0|Jz|1>. The tilt of the wells is twice that.")
def _():
    return _stray() / 2


@_tilt.mistake("This is for looks pi/3 Delta apart. Here they follow sooner.")
def _():
    return _stray(phase=THIRD)


@_tilt.mistake("You started in the ground state without the field; the magnet was cooled in it.")
def _():
    return _stray(cooled=False)


@exercise("leggett_garg.leak", tolerance=0.004)
def _leak():
    doublet = LeggettGarg(levels=2).vectors
    ground = doublet[:, 0]
    up = magnetic_numbers(370) >= 0
    halves = [doublet.T @ (side * ground) for side in (up, ~up)]
    return float(1 - np.sum(np.square(halves)))


@_leak.mistake("You are off by the ground state: one half of the population never left it.")
def _():
    return 1 - abs(LeggettGarg(levels=2).sign[0, 1]) ** 2


@_leak.mistake("These are levels 2 to 4 only. The leak goes further up, out of the five levels.")
def _():
    q = LeggettGarg().sign.full().real
    return np.sum(q[2:, 0] ** 2) / 2


@_leak.mistake("A population is the square of a matrix element of Q.")
def _():
    return 1 - abs(LeggettGarg(levels=2).sign[0, 1])


@_leak.mistake("This is what stays in the doublet.")
def _():
    return 1 - _leak.answer()


@exercise("leggett_garg.best_state", tolerance=0.002)
def _best_state():
    return float(LeggettGarg().k3_operator(BENCHMARK).eigenenergies()[-1])


@_best_state.mistake(
    "This is the ground state. A superposition of even levels does a little better."
)
def _():
    return LeggettGarg().k3(BENCHMARK)


@_best_state.mistake("The stationary combination: the state must move on to the second look.")
def _():
    return float(LeggettGarg().k3_operator(BENCHMARK, stationary=True).eigenenergies()[-1])


@_best_state.mistake("The noise is missing: the benchmark rate is part of the question.")
def _():
    return float(LeggettGarg().k3_operator(0.0).eigenenergies()[-1])


@_best_state.mistake("This is the worst state, at the other end of the spectrum.")
def _():
    return float(LeggettGarg().k3_operator(BENCHMARK).eigenenergies()[0])


def _four_looks(bound=2.0, phase=math.pi / 4, stationary=False):
    magnet = LeggettGarg()

    def excess(rate):
        noise = _noise(magnet.jz, rate)
        interval = phase / magnet.splitting
        c = _looks(magnet.hamiltonian, noise, magnet.sign, magnet.state(), interval)
        near = 3 * c(0, 1) if stationary else c(0, 1) + c(1, 2) + c(2, 3)
        return near - c(0, 3) - bound

    return brentq(excess, 0.005, 5)


@exercise("leggett_garg.four_looks", tolerance=0.003)
def _k4_threshold():
    return _four_looks()


@_k4_threshold.mistake("This is the threshold of K3, with three looks.")
def _():
    return LeggettGarg().threshold()


@_k4_threshold.mistake("Definite values allow K4 = 2: that is the bound to compare with, not 1.")
def _():
    return _four_looks(bound=1.0)


@_k4_threshold.mistake("You kept the best interval of three looks; that of four is shorter.")
def _():
    return _four_looks(phase=THIRD)


@_k4_threshold.mistake(
    "You took C23 and C34 equal to C12. The magnet heats: evolve the state to each look."
)
def _():
    return _four_looks(stationary=True)


# --- when ensembles disagree --------------------------------------------------------------------


@exercise("ensembles.multiplets", tolerance=0.001)
def _multiplets(spin=2):
    return round(math.exp(ensembles.log_degeneracy(12, spin)))


@_multiplets.mistake(
    "These are all states with S_z = 2. Some of them belong to longer spins: subtract."
)
def _():
    return math.comb(12, 4)


@_multiplets.mistake("These are states: each multiplet of spin 2 has five of them.")
def _():
    return 5 * _multiplets.answer()


@_multiplets.mistake("This is the next shorter spin: S = 2 has four spins down, not five.")
def _():
    return _multiplets.answer(1)


@_multiplets.mistake("This is the next longer spin: S = 2 has four spins down, not three.")
def _():
    return _multiplets.answer(3)


FADING = 1.2  # field of two warm-ups


@exercise("ensembles.critical_temperature", tolerance=0.002)
def _critical_temperature():
    return ensembles.canonical_transition(FADING, 0.1)[0].temperature


@_critical_temperature.mistake("This is the inverse temperature.")
def _():
    return 1 / _critical_temperature.answer()


@_critical_temperature.mistake("(1/2) ln[(1 + s)/(1 - s)]: you left out the one half.")
def _():
    return _critical_temperature.answer() / 2


@_critical_temperature.mistake(
    "This is the low-temperature formula, far outside of its range. Use the line itself."
)
def _():
    return 4 / math.log(2 / (1 - FADING / 2))


@_critical_temperature.mistake("The line is h/2 = tanh(h/T): you solved h = 2 tanh(1/T).")
def _():
    return 1 / math.atanh(FADING / 2)


@exercise("ensembles.cold_line", tolerance=0.002)
def _cold_line():
    return ensembles.first_order_field(0.6)


@_cold_line.mistake("Here the paramagnet stops being stable; another state wins beyond it, too.")
def _():
    return 2.0


@_cold_line.mistake("The rival of the paramagnet is not along z: let it choose its direction.")
def _():
    return 1 + 0.6


@_cold_line.mistake(
    "This is the spinodal, where the ordered valley disappears. It loses before that."
)
def _():
    return 4 / 3 * (1 + 2 * 0.6) * math.sqrt((1 + 2 * 0.6) / (6 * 0.6))


@_cold_line.mistake("This is the Landau expansion; K = 3/5 is too far from the tricritical point.")
def _():
    return brentq(lambda h: h / 8 + math.sqrt(h * (h - 2) / 8) - 0.6, 2, 3)


def _fading_couplings():
    beta = 1 / _critical_temperature.answer()
    return [ensembles.tricritical_point(beta, each)[1] for each in ensembles.ENSEMBLES]


@exercise("ensembles.stronger", tolerance=0.003)
def _stronger():
    bath, alone = _fading_couplings()
    return alone / bath


@_stronger.mistake("Upside down: the isolated magnet needs the larger coupling.")
def _():
    return 1 / _stronger.answer()


@_stronger.mistake("This is the coupling itself, of the isolated magnet.")
def _():
    return _fading_couplings()[1]


@_stronger.mistake("This is the difference of the couplings, not their ratio.")
def _():
    bath, alone = _fading_couplings()
    return alone - bath


@_stronger.mistake("The formula has sinh(2w), not sinh(w).")
def _():
    w = FADING / _critical_temperature.answer()
    return 1 / (1 - 2 * w / (2 * math.sinh(w)))


def _isolated(h, K):
    """Microcanonical states in the order of rising energy."""
    return ensembles.microcanonical_curve(h, K, np.tanh(np.linspace(0.02, 12, 40_001))[::-1])


def _deepest(h, K):
    """Largest distance of the entropy from its double tangent, and the slope of the tangent."""
    ferro, para = ensembles.canonical_transition(h, K)
    curve, beta = _isolated(h, K), 1 / ferro.temperature
    between = (curve["energy"] > ferro.energy) & (curve["energy"] < para.energy)
    below = ferro.entropy + beta * (curve["energy"] - ferro.energy) - curve["entropy"]
    return float(below[between].max()), beta


@exercise("ensembles.dent", tolerance=0.005)
def _dent():
    return 1 / _deepest(1.5, 0.5)[0]


@_dent.mistake("This is the depth. The question is at which N it gives a factor e.")
def _():
    return _deepest(1.5, 0.5)[0]


@_dent.mistake("You measure the depth as a free energy: divide by the temperature once more.")
def _():
    depth, beta = _deepest(1.5, 0.5)
    return beta / depth


@_dent.mistake("Each lobe of Maxwell's construction has the area d; you added both.")
def _():
    return 1 / (2 * _deepest(1.5, 0.5)[0])


@_dent.mistake("This is the distance at the jump. The curve is deeper at a lower energy.")
def _():
    ferro, _ = ensembles.canonical_transition(1.5, 0.5)
    jump, _ = ensembles.microcanonical_jump(1.5, 0.5)
    line = ferro.entropy + (jump.energy - ferro.energy) / ferro.temperature
    return 1 / (line - jump.entropy)


@exercise("ensembles.half", tolerance=0.003)
def _half():
    def excess(K):
        ferro, para = ensembles.microcanonical_jump(1.5, K)
        return para.temperature / ferro.temperature - 0.5

    return brentq(excess, 1, 20, xtol=1e-12)


def _coupling_of_jump(u, h):
    return 4 * u**2 * (1 + u) / ((3 * u - 1) ** 3 * h)


@_half.mistake("The transverse component is one half, not m_z.")
def _():
    return _coupling_of_jump(math.sqrt(3) / 2, 1.5**2)


@_half.mistake("This holds for a spin of full length, at zero temperature; s is shorter here.")
def _():
    return 1 / ((3 * 0.5 - 1) * (1 + 0.5))


@_half.mistake("This is K h^2.")
def _():
    return _coupling_of_jump(0.5, 1)


@_half.mistake("The field enters squared.")
def _():
    return _coupling_of_jump(0.5, 1.5)


def _skipped_energies():
    """Widths in energy: negative specific heat, skipped by a bath, all positive temperatures."""
    h, K = 1.0, 0.5
    ferro, para = ensembles.canonical_transition(h, K)
    ground = float(ensembles.lowest_energy(1.0, h, K)[0])

    def slope(s):  # d ln T/ds in the ferromagnet
        turned = K * s**2 * (1 - float(ensembles.lowest_energy(s, h, K)[1]) ** 2)
        field = (1 + 6 * turned) / (1 + 6 * turned - 4 * K * s**2)
        return field / s - 1 / ((1 - s**2) * math.atanh(s))

    hottest = float(ensembles.lowest_energy(brentq(slope, 0.51, 0.999), h, K)[0])
    return -(h**2) / 2 - hottest, para.energy - ferro.energy, -ground


@exercise("ensembles.skipped", tolerance=0.004)
def _skipped():
    negative, skipped, _ = _skipped_energies()
    return negative / skipped


@_skipped.mistake("This is the share with a positive specific heat.")
def _():
    return 1 - _skipped.answer()


@_skipped.mistake("This is the share of skipped ones among all energies of positive temperature.")
def _():
    _, skipped, every = _skipped_energies()
    return skipped / every


@_skipped.mistake("You compare with all energies of positive temperature, not with the skipped.")
def _():
    negative, _, every = _skipped_energies()
    return negative / every


@_skipped.mistake("This is the width of the interval, in units of J.")
def _():
    return _skipped_energies()[0]


@exercise("ensembles.contact", tolerance=0.002)
def _contact(energy=-0.7):
    curve = _isolated(1.0, 0.9)
    one = np.linspace(-1.98, energy, 20_001)
    total = sum(np.interp(e, curve["energy"], curve["entropy"]) for e in (one, 2 * energy - one))
    found = one[total[one > 2 * energy].argmax() + np.sum(one <= 2 * energy)]
    return ensembles.microcanonical_temperature(float(found), 1.0, 0.9)


@_contact.mistake("This is the common temperature at the start. Is it stable?")
def _():
    return ensembles.microcanonical_temperature(-0.7, 1.0, 0.9)


@_contact.mistake(
    "This is the transition in a bath. Here there is none: the sum of the energies is fixed."
)
def _():
    return ensembles.canonical_transition(1.0, 0.9)[0].temperature


@_contact.mistake("You shared out -7/10 in all; each of the two begins with -7/10.")
def _():
    return _contact.answer(-0.35)


# --- glassy dynamics ----------------------------------------------------------------------------


def _counting(power):
    """g(beta) of the stretched exponential: it multiplies the number of spins within R."""
    return full_integral(power)


@exercise("glassy.triangle", tolerance=0.003)
def _triangle(curve=0.5, partners=2):
    # the purity is (1 + c^2)/2 with c = cos(2 J tau)^partners
    return math.acos(curve ** (1 / (2 * partners))) / 2


@_triangle.mistake("Each spin of a triangle has two partners; you took one.")
def _():
    return _triangle.answer(partners=1)


@_triangle.mistake("With Pauli matrices the angle is 2 J tau, not J tau.")
def _():
    return 2 * _triangle.answer()


@_triangle.mistake("Here the magnetisation is three quarters. The purity is (1 + <sigma_x>^2)/2.")
def _():
    return _triangle.answer(curve=0.75**2)


@_triangle.mistake("Here the square of the magnetisation is three quarters, not the purity.")
def _():
    return _triangle.answer(curve=0.75)


def _lost(time=1e-12, d=1, alpha=10, exact=True):
    """Lost magnetisation in an infinite cloud; time in units of 1/J_NN."""
    density = math.log(2) / glassy.ball_volume(d)  # then J_NN = 1
    rate, _, power = glassy.rates(d, alpha, density)
    return -math.expm1(-(((rate if exact else 1.0) * time) ** power))


@exercise("glassy.beginning", tolerance=0.004)
def _beginning():
    return _lost()


@_beginning.mistake("This is what is left. The question is what has been lost.")
def _():
    return 1 - _lost()


@_beginning.mistake("The rate is not J_NN itself: the constant is in the chapter.")
def _():
    return _lost(exact=False)


@_beginning.mistake("The power is d/alpha, one tenth, not its inverse.")
def _():
    return 0.0


@_beginning.mistake("This is for three dimensions; a chain has d = 1.")
def _():
    return _lost(d=3)


@_beginning.mistake(
    "This is the exponent. It is small, but not so small that 1 - exp(-x) is x to all digits asked."
)
def _():
    return -math.log1p(-_lost())


@exercise("glassy.expansion", tolerance=0.003)
def _expansion(d=3, alpha=6, dilution=8):
    dense = glassy.rates(d, alpha, 1.0)[0]
    return dense / glassy.rates(d, alpha, 1.0 / dilution)[0]


@_expansion.mistake("All lengths double, so the density falls by eight, not by two.")
def _():
    return _expansion.answer(dilution=2)


@_expansion.mistake("The rate is not proportional to the density, but to a power of it.")
def _():
    return 8.0


@_expansion.mistake("The density enters with the power alpha/d, the inverse of beta.")
def _():
    return 8**0.5


@_expansion.mistake("This is the rate; slower means that the time grows.")
def _():
    return 1 / _expansion.answer()


@exercise("glassy.lonely", tolerance=0.003)
def _lonely():
    return 0.5 ** (1 / _counting(0.5))


@_lonely.mistake("This holds for an infinitely short range, where g = 1. Here it is not one.")
def _():
    return 0.5


@_lonely.mistake("This is the mean number of spins within R; asked is the chance of none.")
def _():
    return math.log(2) / _counting(0.5)


@_lonely.mistake("This is the share of spins that have met somebody.")
def _():
    return 1 - _lonely.answer()


@_lonely.mistake("Upside down: the exponent of the magnetisation is g times the number.")
def _():
    return 0.5 ** _counting(0.5)


def _scatter_equals_mean(rate):
    """Magnetisation at which twice its square equals its mean square; rate: of the exponents."""
    return 0.5 ** (1 / (2 - rate))


@exercise("glassy.scatter", tolerance=0.003)
def _scatter():
    return _scatter_equals_mean(2**-0.5)


@_scatter.mistake("You took the mean square to decay like the mean. It decays later.")
def _():
    return _scatter_equals_mean(1.0)


@_scatter.mistake("The rates stand in the ratio 1/2; in the exponent they are raised to beta.")
def _():
    return _scatter_equals_mean(0.5)


@_scatter.mistake("This is the exponent at that time; asked is the magnetisation.")
def _():
    return -math.log(_scatter.answer())


@_scatter.mistake("You took the purity for the mean square. The latter is 2 tr rho^2 - 1.")
def _():
    def excess(u):
        return (1 + math.exp(-u / math.sqrt(2))) / 2 - 2 * math.exp(-2 * u)

    return math.exp(-brentq(excess, 0.01, 3))


@exercise("glassy.fresnel", tolerance=0.002)
def _fresnel():
    density = math.log(2) / glassy.ball_volume(3)  # then J_NN = 1
    return glassy.rates(3, 6, density)[0]


@_fresnel.mistake("You left out the constant: the integral is not one.")
def _():
    return 2 * math.log(2) ** 2


@_fresnel.mistake("The exponent is (gamma tau)^beta with beta = 1/2: the bracket is squared.")
def _():
    return 2 * _counting(0.5) * math.log(2)


@_fresnel.mistake(
    "Too small by two. Is it the rate of the purity, or the angle J tau instead of 2 J tau?"
)
def _():
    return glassy.rates(3, 6, math.log(2) / glassy.ball_volume(3))[1]


def _variance(subtract=True, purity=False):
    """Variance of <sigma_x> over spins at J_NN tau = 1, d = 3, alpha = 6."""
    density = math.log(2) / glassy.ball_volume(3)
    rate_m, rate_p, power = glassy.rates(3, 6, density)
    mean, square = math.exp(-(rate_m**power)), math.exp(-(rate_p**power))
    return ((1 + square) / 2 if purity else square) - (mean**2 if subtract else 0)


@exercise("glassy.clouds", tolerance=0.02)
def _clouds():
    return _variance() * 1e6


@_clouds.mistake("The error of a mean falls as the square root of the number of clouds.")
def _():
    return math.sqrt(_variance()) * 1e3


@_clouds.mistake("This is the mean square. The square of the mean is still in it.")
def _():
    return _variance(subtract=False) * 1e6


@_clouds.mistake("You took the purity for the mean square. The latter is 2 tr rho^2 - 1.")
def _():
    return _variance(purity=True) * 1e6


def _parabola_law(half=0.5, factor=1.0):
    # half w^2 b/(2 - b) = w^b g(b), with b = 1/2
    return (_counting(0.5) * 3 / half) ** (2 / 3) / 2 * factor


@exercise("glassy.parabola", tolerance=0.004)
def _parabola():
    return _parabola_law()


@_parabola.mistake("This is the angle 2 J tau of the closest pairs; asked is the time.")
def _():
    return _parabola_law(factor=2)


@_parabola.mistake("1 - cos w begins with w^2/2: the half is missing.")
def _():
    return _parabola_law(half=1)


@_parabola.mistake("You left the constant of the stretched exponential out.")
def _():
    return _parabola_law() * _counting(0.5) ** (-2 / 3)


@_parabola.mistake("The mean of J^2 has its own constant, from the integral of r^(2 - 12).")
def _():
    return _parabola_law() * 3 ** (-2 / 3)


@functools.cache
def _deficit(N, where="ball", squared=False):
    """d/alpha - beta of the noise-free curve, d = 3, alpha = 6, up to its sign."""
    tau = np.geomspace(1e-2, 10, 48)
    times = tau / glassy.bulk_coupling(3, 6, N / glassy.ball_volume(3))
    curve = glassy.noise_free(times, N, 3, 6, where, squared=squared)
    return abs(glassy.fit_stretch(tau, curve).beta - 0.5)


@functools.cache
def _enough(where="ball", low=1_000_000, squared=False):
    """Number of spins at which the deficit is 1/1000: between `low` and ten times that."""

    def excess(log_n):
        return math.log(_deficit(round(math.exp(log_n)), where, squared) / 1e-3)

    return math.exp(brentq(excess, math.log(low), math.log(10 * low), xtol=1e-4))


@exercise("glassy.enough_spins", tolerance=0.02)
def _enough_spins():
    return _enough()


@_enough_spins.mistake("This is a torus, or a spin in the centre: no surface. Average over all.")
def _():
    return _enough("torus", low=100)


@_enough_spins.mistake("This is the purity. It is late, too, but by another amount.")
def _():
    return _enough(squared=True)


@_enough_spins.mistake(
    "You went on from 1300 spins with the power 1/3. The power is reached from below: the error "
    "falls more slowly at first. Start from a larger cloud."
)
def _():
    return 1300 * (_deficit(1300) / 1e-3) ** 3


@_enough_spins.mistake("The error falls as the cube root of N, not as 1/N.")
def _():
    return 1300 * _deficit(1300) / 1e-3


@functools.cache
def _repeated():
    """Times in 1/J_NN, and the curve of each of 200 clouds."""
    unit = glassy.bulk_coupling(3, 6, 100 / glassy.ball_volume(3))
    tau = np.geomspace(1e-2, 10, 48)
    clouds = glassy.ensemble_average(100, 3, 6, tau / unit, 200, seed=5)
    return tau, clouds.magnetization_samples


@functools.cache
def _left_out():
    """Stretch power with each of the clouds left out."""
    tau, curves = _repeated()
    rest = (curves.sum(axis=0) - curves) / (len(curves) - 1)
    return np.array([glassy.fit_stretch(tau, each).beta for each in rest])


def _reported():
    tau, curves = _repeated()
    return glassy.fit_stretch(tau, curves.mean(axis=0)).error


@exercise("glassy.jackknife", tolerance=0.015)
def _jackknife():
    betas = _left_out()
    return math.sqrt((len(betas) - 1) * np.var(betas)) / _reported()


@_jackknife.mistake("Upside down: which of the two is the larger one?")
def _():
    return 1 / _jackknife.answer()


@_jackknife.mistake(
    "Two samples that each lack one cloud are almost the same, so their fits hardly scatter. The "
    "factor that makes up for it is missing."
)
def _():
    return float(np.std(_left_out())) / _reported()


@_jackknife.mistake("The factor R - 1 belongs to the variance, under the root.")
def _():
    return float(np.std(_left_out())) * (len(_left_out()) - 1) / _reported()


@_jackknife.mistake("This is the error itself. Compare it with the one that the fit reports.")
def _():
    return _jackknife.answer() * _reported()


@_jackknife.mistake(
    "You fitted each cloud by itself. A fit to the mean of many is another thing, because fits are "
    "not linear."
)
def _():
    tau, curves = _repeated()
    alone = [glassy.fit_stretch(tau, each).beta for each in curves]
    return float(np.std(alone, ddof=1)) / math.sqrt(len(curves)) / _reported()


def _one_partner(tau):
    """<sigma_x> with the nearest partner only, alpha = d; time in 1/J_NN."""
    z = 2 * np.sqrt(-2j * tau * math.log(2))
    return (z * kv(1, z)).real


@exercise("glassy.one_partner", tolerance=0.005)
def _first_zero():
    return brentq(_one_partner, 0.5, 3)


@_first_zero.mistake("This is the zero of the saddle-point formula. It is not late enough for it.")
def _():
    def saddle(tau):
        z = np.sqrt(-2j * tau * math.log(2))
        return (np.sqrt(np.pi * z) * np.exp(-2 * z)).real

    return brentq(saddle, 0.5, 3)


@_first_zero.mistake("With Pauli matrices the angle is 2 J tau: a factor two is missing.")
def _():
    return 2 * _first_zero.answer()


@_first_zero.mistake("Your unit is the coupling at v = 1, not the median one at v = ln 2.")
def _():
    return _first_zero.answer() * math.log(2)


@exercise("glassy.dipoles", tolerance=0.003)
def _dipoles():
    # mean of |1 - 3 u^2| over directions, which are even in u = cos(theta)
    return 4 / (3 * math.sqrt(3))


@_dipoles.mistake("This is the root of the mean square. The rate counts couplings, not squares.")
def _():
    return math.sqrt(4 / 5)


@_dipoles.mistake("The sign of a coupling does not matter in a cosine: take the modulus first.")
def _():
    return 0.0


@_dipoles.mistake("Directions are even in the cosine of theta, not in theta.")
def _():
    theta = (np.arange(100_000) + 0.5) * np.pi / 100_000
    return float(np.mean(np.abs(1 - 3 * np.cos(theta) ** 2)))


@_dipoles.mistake("Upside down: dipoles relax more slowly, so the fraction is below one.")
def _():
    return 1 / _dipoles.answer()


@_dipoles.mistake("This is the constant itself, with its pi/2; asked is the ratio of the rates.")
def _():
    return _dipoles.answer() * math.pi / 2


# --- competing reactions ------------------------------------------------------------------------


@exercise("reactions.half", tolerance=0.002)
def _half_split():
    return 2 * math.pi / math.log(2)


@_half_split.mistake("This is s = 2 pi g^2/beta. The rate is asked for.")
def _():
    return math.log(2)


@_half_split.mistake("Half of the exponent: the molecule survives with exp(-2 pi g^2/beta).")
def _():
    return math.pi / math.log(2)


@_half_split.mistake("This is for two channels, where the molecule has to survive twice.")
def _():
    return 4 * math.pi / math.log(2)


@_half_split.mistake("Upside down: a faster sweep leaves more molecules whole.")
def _():
    return math.log(2) / (2 * math.pi)


@exercise("reactions.thermometer", tolerance=0.002)
def _thermometer():
    return 2 / math.log(3 / 2)


@_thermometer.mistake("The two products are 2 epsilon apart: you took epsilon, as Eq. (9) does.")
def _():
    return 1 / math.log(3 / 2)


@_thermometer.mistake("This is the inverse temperature.")
def _():
    return math.log(3 / 2) / 2


@_thermometer.mistake("The molecule is not a level of this ladder: compare the two products.")
def _():
    return 2 / math.log(2)


@exercise("reactions.everything", tolerance=0.002)
def _everything():
    return float(reactions.single_channel(4, 1.0, 2 * math.pi / math.log(3))[4])


@_everything.mistake("Four independent molecules would do this. Every pair makes the next easier.")
def _():
    return (2 / 3) ** 4


@_everything.mistake("This is the probability that at least one dissociates.")
def _():
    return 80 / 81


@_everything.mistake("This is 1 - x, for a single molecule.")
def _():
    return 2 / 3


@exercise("reactions.coins", tolerance=0.002)
def _coins():
    return reactions.mean_numbers(3, 1.0, 2 * math.pi / math.log(2))[0]


@_coins.mistake("This is the mean number of molecules that are left.")
def _():
    return 3 - _coins.answer()


@_coins.mistake("You counted the heads. The molecules left are the *largest number* among them.")
def _():
    return 3 - (1 / 2 + 1 / 4 + 1 / 8)


@_coins.mistake("All three coins have the bias one half here: coin j has the bias x^j.")
def _():
    return 3 / 2


@_coins.mistake("The Planck sum tosses infinitely many coins; here are three.")
def _():
    return 3 - sum(1 / (2**j - 1) for j in range(1, 60))


@exercise("reactions.upstairs", tolerance=0.002)
def _upstairs():
    return 1 / math.log(2)


@_upstairs.mistake("This is the straight line (69), which is half a pair too high.")
def _():
    return 1.0


@_upstairs.mistake("Gamma - 1/2 is good for large Gamma. Use Planck's law.")
def _():
    return 1.5


@_upstairs.mistake("This is s = 1/Gamma.")
def _():
    return math.log(2)


@_upstairs.mistake("This is k_B T of Eq. (75), 2 Gamma: it counts differences n2 - n1.")
def _():
    return 2 / math.log(2)


def _equation_50(N):
    log = math.log(N)
    return 2 * math.pi * N / (log - math.log(log - math.log(log)))


@exercise("reactions.critical_ratio", tolerance=0.002)
def _critical_ratio():
    return reactions.critical_rate(10**6, 1.0) / reactions.critical_rate(1000, 1.0)


@_critical_ratio.mistake("The critical rate is not proportional to N: there is a logarithm.")
def _():
    return 1000.0


@_critical_ratio.mistake("You took q = 1 for both. The critical q depends on N.")
def _():
    return 500.0


@_critical_ratio.mistake("Eq. (50) is one per cent off for a thousand molecules. Find the root.")
def _():
    return _equation_50(1e6) / _equation_50(1e3)


@_critical_ratio.mistake("Upside down.")
def _():
    return 1 / _critical_ratio.answer()


def _relative_width(reach):
    """Standard deviation over mean of the molecules left, N infinite."""
    planck = 1 / np.expm1(np.arange(1, int(50 * reach)) / reach)
    return math.sqrt(np.sum(planck * (1 + planck))) / np.sum(planck)


@exercise("reactions.spread", tolerance=0.01)
def _spread():
    return brentq(lambda reach: _relative_width(reach) - 1 / 5, 50, 2000)


@_spread.mistake("You divided by the mode. The mean is higher by gamma_E Gamma.")
def _():
    return math.exp(5 * math.pi / math.sqrt(6))


@_spread.mistake("This is the variance of the Gumbel law; its root is the width.")
def _():
    return math.exp(5 * math.pi**2 / 6 - np.euler_gamma)


@_spread.mistake("The root of the mean is the width for independent molecules. They are not.")
def _():
    return brentq(lambda reach: reach * (math.log(reach) + np.euler_gamma) - 25, 2, 99)


@exercise("reactions.readout", tolerance=0.01)
def _readout(power=3):
    first = math.sqrt(math.log(2) / (2 * math.pi)) * 1000  # in units of beta^(-1/2)
    return first / first ** (1 / power)


@_readout.mistake("This is the time of the first reader, in units of beta^(-1/2).")
def _():
    return _readout.answer(math.inf)


@_readout.mistake("This is the time of the second reader, in units of beta^(-1/2).")
def _():
    return _readout.answer(math.inf) / _readout.answer()


@_readout.mistake("The turning falls as 1/T^2, and dividing by the gap gives one more power.")
def _():
    return _readout.answer(2)


@_readout.mistake("You compared the powers only. The strength g of the coupling counts, too.")
def _():
    return 100.0


@functools.cache
def _second_act():
    """Times in t_c, and <n2> over its final value, for 20 pairs at Gamma = 2."""
    n, gamma = 20, 1 / (4 * math.pi)
    n2 = np.arange(n + 1)
    hop = -gamma * (n - n2[:-1]) * n2[1:]
    times = np.geomspace(0.1, 20, 2000)
    states = qutip.sesolve(
        [
            qutip.qdiags([-gamma * (n2**2 + (n - n2) ** 2), hop, hop], [0, 1, -1]),
            [qutip.qdiags(2.0 * (2 * n2 - n), 0), np.exp],
        ],
        qutip.Qobj(np.full(n + 1, (n + 1) ** -0.5)),
        np.log([1e-6 / n, *(times * n * gamma)]),
        options={"method": "tridiagonal"},
    ).states[1:]
    mean = np.array([abs(state.full()[:, 0]) ** 2 @ n2 for state in states])
    return times, mean / (reactions.thermal_law(n, 1.0, 1 / gamma) @ n2)


@exercise("reactions.patience", tolerance=0.02)
def _patience():
    times, ratio = _second_act()
    return times[np.flatnonzero(abs(ratio - 1) > 0.01)[-1]]


@_patience.mistake("At this time the curve only passes the goal. When does it *stay* there?")
def _():
    times, ratio = _second_act()
    return times[np.flatnonzero(ratio < 1)[0]]


@_patience.mistake("This is in units of g^2/(beta epsilon): divide by the number of pairs.")
def _():
    return 20 * _patience.answer()


@_patience.mistake("This is in units of 1/epsilon. What is t_c in these units?")
def _():
    return 20 / (4 * math.pi) * _patience.answer()


@exercise("reactions.fair", tolerance=0.02)
def _fair():
    return brentq(lambda N: math.log(N) / 4 / math.sqrt(N) - 1e-3, 1e5, 1e9)


@_fair.mistake("This takes ln N/N for the asymmetry, as Eq. (66) does. Bosons are not so fair.")
def _():
    return brentq(lambda N: math.log(N) / N - 1e-3, 1e2, 1e6)


@_fair.mistake("You forgot 1/p: many pairs feel a small slope more than one.")
def _():
    return brentq(lambda N: math.log(N) / 4 / N - 1e-3, 1e2, 1e6)


@_fair.mistake("A factor two: the asymmetry is s/2p.")
def _():
    return brentq(lambda N: math.log(N) / 2 / math.sqrt(N) - 1e-3, 1e5, 1e9)
