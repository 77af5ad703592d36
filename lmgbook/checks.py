"""Argument checks shared by all modules: each names the argument, the value and what is allowed."""

import math
import operator

import numpy as np


def positive_integer(name, value, minimum=1):
    """Return `value` as an int; TypeError unless it is an integer, ValueError below `minimum`."""
    try:
        if isinstance(value, bool | np.bool_):
            raise TypeError
        number = operator.index(value)
    except TypeError:
        # 64.0 is a slip of the pen, 64.5 is not: both are named, neither is rounded silently
        kind = ValueError if isinstance(value, float | np.floating) else TypeError
        raise kind(f"{name} = {value!r}: must be an integer >= {minimum}") from None
    if number < minimum:
        raise ValueError(f"{name} = {value!r}: must be an integer >= {minimum}")
    return number


def finite(name, value):
    """Return `value` as a float; TypeError unless it is a real number, ValueError if not finite."""
    try:
        if isinstance(value, bool | np.bool_ | str):
            raise TypeError
        number = float(value)
    except TypeError:
        raise TypeError(f"{name} = {value!r}: must be a real number") from None
    except OverflowError:  # an int beyond the range of floats
        number = math.inf
    if not math.isfinite(number):
        raise ValueError(f"{name} = {value!r}: must be finite")
    return number


def positive(name, value):
    """Return `value` as a float; ValueError unless it is finite and > 0."""
    number = finite(name, value)
    if number <= 0:
        raise ValueError(f"{name} = {value!r}: must be > 0")
    return number


def in_range(name, value, low, high):
    """Return `value` as a float; ValueError unless low <= value <= high."""
    number = finite(name, value)
    if not low <= number <= high:
        raise ValueError(f"{name} = {value!r}: must lie in [{low:g}, {high:g}]")
    return number


def finite_array(name, values):
    """Return `values` as a float array; ValueError if any entry is NaN or infinite."""
    try:
        array = np.asarray(values)
        if array.dtype.kind not in "iuf":  # not complex, text, Boolean or None
            raise TypeError
        array = array.astype(float)
    except (TypeError, ValueError):
        raise TypeError(f"{name} = {values!r}: must be real numbers") from None
    if not np.all(np.isfinite(array)):
        raise ValueError(f"{name} = {values!r}: must be finite everywhere")
    return array


def not_negative(name, value):
    """Return `value` as a float; ValueError unless it is finite and >= 0."""
    return in_range(name, value, 0.0, math.inf)


def ascending(name, values):
    """Return `values` as a float array; ValueError unless it is a list >= 0 that never falls."""
    array = finite_array(name, values)
    if array.ndim != 1 or np.any(array < 0) or np.any(np.diff(array) < 0):
        raise ValueError(f"{name} = {values!r}: must be a list of {name} >= 0, ascending")
    return array


def one_of(name, value, allowed):
    """Return `value`; ValueError unless it is one of `allowed`."""
    if value not in allowed:
        choices = ", ".join(repr(item) for item in allowed)
        raise ValueError(f"{name} = {value!r}: must be one of {choices}")
    return value
