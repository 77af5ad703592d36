"""Check the numeric answers of the exercises: kindly, and without giving them away.

Every answer is computed here, by the functions the chapters use; so are the commonest mistakes,
which `check` recognises and explains. Neither is ever printed.
"""

import difflib
import math
from dataclasses import dataclass, field

import numpy as np
from scipy.optimize import brentq

from . import slow_quenches


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
