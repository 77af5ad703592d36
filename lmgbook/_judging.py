"""What to say about a number that somebody hands over as the answer of an exercise."""

import math
import re
import warnings
from collections.abc import Iterator

import numpy as np

# asked of every answer that no known mistake explains; none says which way to correct
_QUESTIONS = (
    ("check the sign.", lambda a: (-a,)),
    ("is there a factor of two too many, or one too few?", lambda a: (2 * a, a / 2)),
    ("is a factor pi missing, or one too many?", lambda a: (math.pi * a, a / math.pi)),
    (
        "a frequency or an angular frequency? A whole turn is 2 pi.",
        lambda a: (2 * math.pi * a, a / (2 * math.pi)),
    ),
    ("do the units fit? Look at the prefixes.", lambda a: (1e3 * a, a / 1e3)),
    ("is a fraction asked for, or a percentage?", lambda a: (100 * a, a / 100)),
    ("which logarithm is it, ln or log10?", lambda a: (math.log(10) * a, a / math.log(10))),
    ("is it upside down?", lambda a: (1 / a,) if a else ()),
    ("is there a square too many, or one too few?", lambda a: (a * a, math.sqrt(abs(a)))),
)
_LAST = "not yet. Go back to the hint, and test your formula in a case you know."


def judge(
    answer: object, steps: Iterator, tolerance: float, exact: bool = False
) -> tuple[bool | None, str]:
    """Return verdict and message on an answer.

    Parameters
    ----------
    answer : object
        Whatever was handed over.
    steps : iterator
        Yields the right answer, then pairs of what a known mistake gives and its explanation; it is
        asked for no more than is needed.
    tolerance, exact
        As for `lmgbook.exercises.exercise`.

    Returns
    -------
    bool or None
        As `lmgbook.exercises.check`.
    str
        A sentence that does not contain the right answer.
    """
    if answer is None or answer is ...:
        return None, "not answered yet."
    number, advice = _number(answer)
    if number is None:
        return None, f"expected one real number, got {type(answer).__name__}. {advice}"
    if not math.isfinite(number):
        return None, f"the answer is {number}: something was divided by zero or ran out of range."
    target = next(steps)
    deviation = abs(number - target)
    if deviation <= 1e-9 * abs(target):
        return True, "correct."
    right = not exact and _close(number, target, tolerance)
    known = [(abs(number - m), m, why) for m, why in steps if _close(number, m, tolerance)]
    distance, _, explanation = min(known, default=(math.inf, 0, ""))
    if distance < deviation:
        more = " If you have rounded: one more digit, please." if right else ""
        return False, f"not yet. {explanation}{more}"
    if right and any(_close(number, mistake, 0) for _, mistake, _ in known):
        return False, "not yet: one more digit, please. So far it could also be a known mistake."
    if right:
        return True, "correct."
    if exact and deviation <= 0.02 * abs(target):
        return False, "not yet: this is counted, every unit matters, and nothing is rounded."
    for question, candidates in _QUESTIONS:
        if any(_close(number, each, tolerance, 3) for each in candidates(target)):
            return False, f"not yet: {question}"
    return False, f"not yet. {explanation}" if explanation else _LAST


def _close(number, target, tolerance, least=2):
    """Whether a number is the target, up to the tolerance or rounded to the digits given."""
    half = 0.0
    if number and target and math.isfinite(target):
        mantissa, _, _ = f"{abs(number):.6e}".partition("e")  # single precision has 7 digits
        digits = max(least, len(mantissa.rstrip("0")) - 1)
        place = min(math.floor(math.log10(abs(x))) for x in (number, target))
        half = 0.5000001 * 10.0 ** (place - digits + 1)
    return abs(number - target) <= max(half, tolerance * abs(target))


_ONE = "Hand over a single value, such as 0.5 or array[-1]."
_ADVICE = (  # pattern of a text, and what to do about it
    (r"\d,\d", "Write a decimal point instead of the comma, and no quotes."),
    (r"%", "Leave out the quotes and the percent sign, and divide by a hundred."),
    (r"±|\+/?-", "Hand over the value without its error, and without quotes."),
    (r"\d", "Leave out the quotes, so that Python computes it, with np.sqrt and the like."),
    (r"", _ONE),
)


def _number(answer):
    """The answer as a float, or None; in this case what to do about it."""
    if isinstance(answer, str):
        return None, next(advice for pattern, advice in _ADVICE if re.search(pattern, answer))
    if isinstance(answer, tuple) and len(answer) == 2:
        return None, "A comma makes two numbers out of one: write a decimal point, as in 0.5."
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return _value(answer)
    except OverflowError:
        return math.inf, ""
    except Exception:  # whatever an object does that does not want to be a number
        return None, _ONE


def _value(answer):
    unit = getattr(answer, "units", None) or getattr(answer, "unit", None)
    if unit is not None and not callable(unit) and str(unit) not in ("", "dimensionless"):
        return None, "Hand over the bare number, in the unit that is asked for."
    if np.ma.is_masked(answer):
        return None, "It is masked: there is no value."
    if isinstance(answer, list | tuple) or hasattr(answer, "__array__"):
        array = np.asarray(answer)
        answer = array.item() if array.size == 1 and array.dtype.kind in "iufcO" else None
    if isinstance(answer, bool | str | bytes):
        return None, _ONE
    value = complex(answer)
    if math.isnan(value.real) or not math.isfinite(value.imag):
        return math.nan, ""
    return (value.real, "") if abs(value.imag) <= 1e-12 * abs(value) else (None, _ONE)
