"""Check the numeric answers of the exercises: kindly, and without giving them away.

Machinery only: the exercises of a chapter stand in its folder, in `exercises.py`, and are loaded
when one of them is asked for. Each is a generator that yields the answer, and then what the
commonest mistakes would give; both are computed by the functions of the chapter, never printed.
"""

import difflib
import hashlib
import importlib
import itertools
import numbers
import pathlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from ._judging import judge
from .checks import LARGEST, flag

_exercises: dict[str, "Exercise"] = {}


class NotYet(AssertionError):
    """Raised by `check(..., strict=True)` for all but a right answer; its text is the verdict."""


class Numbers(dict):
    """The numbers of an exercise by name (a dict), shown as in a text: `Lambda = 10, h = 0.5`."""

    def __repr__(self):
        return ", ".join(f"{name} = {value:.12g}" for name, value in self.items())


@dataclass(frozen=True)
class Exercise:
    """An exercise with a numeric answer.

    Attributes
    ----------
    id : str
        Chapter, dot, name.
    steps : callable
        Generator function of the parameters: yields the answer, then pairs of what a known mistake
        gives and how to see that it is one.
    tolerance : float
        Relative deviation that counts as right, beside the rounding of the last digit given.
    exact : bool
        The answer is a count: nothing is rounded.
    parameters : dict
        Name to choices; the first of them is the printed one.
    """

    id: str
    steps: Callable[..., Iterator]
    tolerance: float = 0.01
    exact: bool = False
    parameters: dict[str, tuple] = field(default_factory=dict)

    def numbers(self, variant=None, **chosen) -> Numbers:
        """Return the numbers of a variant, as `parameters` does; those given by name replace it."""
        for name in chosen:
            if name not in self.parameters:
                known = ", ".join(self.parameters) or "none"
                raise TypeError(f"{self.id} has no parameter {name!r}; it has {known}")
        numbers = {
            name: choices[0] if variant is None else self._drawn(name, choices, variant)
            for name, choices in self.parameters.items()
        }
        own = {name: _allowed(name, value, self.parameters[name]) for name, value in chosen.items()}
        return Numbers(numbers | own)

    def _drawn(self, name, choices, variant):
        # not the printed one: its solution is public. A hash gives the same numbers everywhere.
        others = sorted(set(choices) - {choices[0]}) or choices
        digest = hashlib.sha256(f"{self.id} {name} {variant}".encode()).digest()
        return others[int.from_bytes(digest[:8], "big") % len(others)]

    def answer(self, **chosen) -> float:
        """Return the answer, for the printed numbers or those given by name."""
        return float(next(self.steps(**self.numbers(**chosen))))

    def mistakes(self, **chosen) -> Iterator[tuple[float, str]]:
        """Yield what known mistakes give (float), each with its explanation (str)."""
        return itertools.islice(self.steps(**self.numbers(**chosen)), 1, None)


def _allowed(name, value, choices):
    """A parameter set by hand: whole numbers as listed, others from the smallest to the largest."""
    if isinstance(value, bool) or not isinstance(value, numbers.Real) or not abs(value) <= LARGEST:
        raise ValueError(f"{name} = {value!r}: must be a finite number")
    if len(choices) > 1:
        whole = all(isinstance(each, int) for each in choices)
        low, high = min(choices), max(choices)
        if not (value in choices if whole else low <= value <= high):
            listed = f"one of {', '.join(map(str, choices))}"
            raise ValueError(
                f"{name} = {value!r}: must be {listed if whole else f'in [{low:g}, {high:g}]'}"
            )
    return value


def exercise(
    exercise_id: str,
    tolerance: float = 0.01,
    exact: bool = False,
    parameters: dict | None = None,
) -> Callable[[Callable[..., Iterator]], Exercise]:
    """Register the decorated generator function as an exercise.

    Parameters
    ----------
    exercise_id : str
        Chapter, dot, name.
    tolerance : float
        Relative deviation that counts as right.
    exact : bool
        The answer is a count, which has to be met exactly.
    parameters : dict, optional
        For each parameter of the function the printed number, or a tuple of it and others that a
        variant may have. By hand one of them can be set, or any number between them unless they
        are whole; any number at all if there are no others.

    Returns
    -------
    callable
        Decorator; it returns an `Exercise`.
    """
    choices = {n: c if isinstance(c, tuple) else (c,) for n, c in (parameters or {}).items()}

    def register(function):
        _exercises[exercise_id] = Exercise(exercise_id, function, tolerance, exact, choices)
        return _exercises[exercise_id]

    return register


def _chapters():
    return sorted(path.parent.name for path in pathlib.Path(__file__).parent.glob("*/exercises.py"))


def ids() -> list[str]:
    """Return the ids of all exercises (list of str); this loads every chapter."""
    for chapter in _chapters():
        importlib.import_module(f".{chapter}.exercises", __package__)
    return list(_exercises)


def find(exercise_id: str) -> Exercise:
    """Return an exercise; only its chapter is loaded.

    Raises
    ------
    KeyError
        If there is no such exercise; near matches are named.
    """
    chapter = str(exercise_id).partition(".")[0]
    if chapter in _chapters():
        importlib.import_module(f".{chapter}.exercises", __package__)
    if not isinstance(exercise_id, str) or exercise_id not in _exercises:
        near = difflib.get_close_matches(str(exercise_id), ids(), 3, cutoff=0.4)
        hint = f"; did you mean {' or '.join(near)}?" if near else ""
        raise KeyError(f"no exercise {exercise_id!r}{hint}")
    return _exercises[exercise_id]


def parameters(exercise_id: str, variant: object = None) -> Numbers:
    """Return the numbers of an exercise, which its text leaves open.

    Parameters
    ----------
    exercise_id : str
        Id given in the text of the exercise.
    variant : optional
        None: the printed numbers. A number or a text, such as a student's name, draws others: the
        same ones for the same variant, always and everywhere.

    Returns
    -------
    dict
        Name to number; empty if the exercise has no parameters. For `check(..., **numbers)`.
    """
    return find(exercise_id).numbers(variant)


def check(
    exercise_id: str, answer: object, variant: object = None, strict: bool = False, **numbers
) -> bool | None:
    """Say whether an answer is right, and what may have gone wrong if it is not.

    A number counts as rounded to the digits it is given with, but no less than two. One that lies
    nearer to a known mistake than to the answer is that mistake.

    Parameters
    ----------
    exercise_id : str
        Id given in the text of the exercise.
    answer : float
        Your number. `...` or None count as not answered yet.
    variant : optional
        As for `parameters`.
    strict : bool
        Raise unless the answer is right: for grading.
    **numbers
        Parameters of the exercise, by name, if they are not the printed ones.

    Returns
    -------
    bool or None
        True if right, False if wrong or not sharp enough to be told from a mistake, None if there
        is no number to judge.

    Raises
    ------
    KeyError
        If there is no such exercise; near matches are named.
    TypeError, ValueError
        If a parameter does not exist, or is out of its range.
    NotYet
        If `strict` and not right (an AssertionError).
    """
    problem = find(exercise_id)
    steps = problem.steps(**problem.numbers(variant, **numbers))
    verdict, message = judge(answer, steps, problem.tolerance, problem.exact)
    if flag("strict", strict) and not verdict:
        raise NotYet(f"{exercise_id}: {message}")
    print(f"{exercise_id}: {message}")
    return verdict
