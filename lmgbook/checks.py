"""Argument checks shared by all modules: each names the argument, the value and what is allowed.

Numbers, sizes and costs are refused at the front door: before an argument is used, and before
memory is asked for.
"""

import math
import operator
import pathlib
import reprlib
from collections.abc import Iterable
from typing import Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

T = TypeVar("T")

#: Largest and smallest size of a number: products and fourth powers of such numbers are finite.
LARGEST, SMALLEST = 1e60, 1e-60
#: Largest integer: beyond it not every integer is a float.
LARGEST_INTEGER = 2**53
#: What one call may take, in bytes and in seconds of a slow core; larger ones are refused.
MEMORY, SECONDS = 4e9, 3600.0


def positive_integer(
    name: str, value: Any, minimum: int = 1, maximum: int = LARGEST_INTEGER
) -> int:
    """Return `value` as an int; TypeError unless it is an integer, ValueError if out of range."""
    allowed = f"must be an integer >= {minimum}"
    try:
        if isinstance(value, bool | np.bool_):
            raise TypeError
        number = operator.index(value)
    except TypeError:
        # 64.0 is a slip of the pen, 64.5 is not: both are named, neither is rounded silently
        kind = ValueError if isinstance(value, float | np.floating) else TypeError
        raise kind(f"{name} = {_short(value)}: {allowed}") from None
    if number < minimum:
        raise ValueError(f"{name} = {_short(value)}: {allowed}")
    if number > maximum:
        raise ValueError(f"{name} = {_short(value)}: must be <= {maximum}")
    return number


def finite(
    name: str,
    value: Any,
    *,
    above: float | None = None,
    least: float | None = None,
    most: float | None = None,
    below: float | None = None,
) -> float:
    """Return `value` as a float; TypeError unless it is real, ValueError if infinite or outside.

    The bounds: `above` and `below` do not belong to what is allowed, `least` and `most` do.
    """
    try:
        if isinstance(value, bool | np.bool_ | str | bytes) or np.ndim(value):
            raise TypeError
        number = float(value)
    except (TypeError, ValueError):
        raise TypeError(f"{name} = {_short(value)}: must be a real number") from None
    except OverflowError:  # an int beyond the range of floats
        number = math.inf
    _inside(name, value, number, above, least, most, below)
    return number


def positive(name: str, value: Any) -> float:
    """Return `value` as a float; ValueError unless it is finite and > 0."""
    return finite(name, value, above=0)


def not_negative(name: str, value: Any) -> float:
    """Return `value` as a float; ValueError unless it is finite and >= 0."""
    return finite(name, value, least=0)


def in_range(name: str, value: Any, low: float, high: float) -> float:
    """Return `value` as a float; ValueError unless low <= value <= high."""
    return finite(name, value, least=low, most=high)


def finite_array(
    name: str,
    values: ArrayLike,
    *,
    above: float | None = None,
    least: float | None = None,
    most: float | None = None,
    below: float | None = None,
    shape: tuple[int | None, ...] | None = None,
    dtype: type = float,
) -> NDArray:
    """Return `values` as a float array; as `finite`, for every entry.

    `shape`: the only one allowed; None stands for any length. `dtype`: complex allows, and makes,
    complex numbers.
    """
    try:
        array = np.asarray(values)
        if array.dtype.kind not in ("iuf" if dtype is float else "iufc"):  # text, Boolean or None
            raise TypeError
        array = array.astype(dtype)
    except (TypeError, ValueError):
        kind = "real " if dtype is float else ""
        raise TypeError(f"{name} = {_short(values)}: must be {kind}numbers") from None
    if shape is not None:
        fits = array.ndim == len(shape) and all(
            wanted in (None, given) for given, wanted in zip(array.shape, shape, strict=True)
        )
        if not fits:
            wanted = ", ".join("any" if size is None else str(size) for size in shape)
            raise ValueError(f"{name} of shape {array.shape}: must have shape ({wanted},)")
    _inside(name, values, array, above, least, most, below)
    return array


def ascending(
    name: str,
    values: ArrayLike,
    *,
    strictly: bool = False,
    least: float | None = 0,
    most: float | None = None,
) -> NDArray[np.float64]:
    """Return `values` as a float array; ValueError unless it is one list that never falls.

    `strictly`: it rises at every step. The bounds are those of `finite`.
    """
    array = finite_array(name, values)
    steps = np.diff(array) if array.ndim == 1 else np.array([-1.0])
    falls = np.any(steps <= 0 if strictly else steps < 0)
    if falls or _outside(array, None, least, most, None):
        bounds = "" if least is None else f"{_interval(None, least, most, None)}, "
        order = "strictly ascending" if strictly else "ascending"
        raise ValueError(f"{name} = {_short(values)}: {bounds or 'must be '}{order}, one list")
    return array


def one_of(name: str, value: T, allowed: Iterable[T]) -> T:
    """Return `value`; ValueError unless it is one of `allowed`."""
    allowed = tuple(allowed)
    # an array would be compared entry by entry
    if isinstance(value, np.ndarray) or value not in allowed:
        choices = ", ".join(repr(item) for item in allowed)
        raise ValueError(f"{name} = {_short(value)}: must be one of {choices}")
    return value


def flag(name: str, value: Any) -> bool:
    """Return `value` as a bool; ValueError unless it is True or False."""
    return bool(one_of(name, value, (True, False)))


def instance(name: str, value: Any, kind: type[T]) -> T:
    """Return `value`; TypeError unless it is an instance of `kind`."""
    if not isinstance(value, kind):
        raise TypeError(f"{name} = {_short(value)}: must be a {kind.__name__}")
    return value


def function(name: str, value: T) -> T:
    """Return `value`; TypeError unless it can be called."""
    if not callable(value):
        raise TypeError(f"{name} = {_short(value)}: must be callable")
    return value


def listed(name: str, values: Iterable[T], kind: type[T] | None = None) -> list[T]:
    """Return `values` as a list; TypeError unless it is one, of instances of `kind`."""
    try:
        return [each if kind is None else instance(name, each, kind) for each in values]
    except TypeError:
        of = "" if kind is None else f" of {kind.__name__}"
        raise TypeError(f"{name} = {_short(values)}: must be a list{of}") from None


def path(name: str, value: Any) -> pathlib.Path:
    """Return `value` as a path; TypeError unless it is text or a path."""
    try:
        return pathlib.Path(value)
    except TypeError:
        raise TypeError(f"{name} = {_short(value)}: must be a path") from None


def affordable(
    what: str, memory: float = 0.0, seconds: float = 0.0, advice: str = "take fewer"
) -> None:
    """ValueError if a call would take more memory or time than one call may; before it does.

    `what`: the arguments that decide, such as "N = 100000".
    """
    for cost, limit, text in (
        (memory, MEMORY, f"{memory / 2**30:.3g} GiB of memory"),
        (seconds, SECONDS, f"{seconds / 3600:.2g} hours" if seconds > 3600 else f"{seconds:.2g} s"),
    ):
        if not cost <= limit:
            raise ValueError(f"{what}: would take about {text}; {advice}")


def unwrap(value: Any) -> Any:
    """Return an array without axes as a plain float, any other array as it is."""
    return value if np.ndim(value) else float(value)


def _inside(name, value, number, *bounds):
    if not _all(abs(number) <= LARGEST):  # NaN is not
        where = " everywhere" if np.ndim(number) else ""
        limit = f", up to {LARGEST:g} in size" if np.all(np.isfinite(number)) else ""
        raise ValueError(f"{name} = {_short(value)}: must be finite{where}{limit}")
    if bounds[0] == 0 and _any((number > 0) & (number < SMALLEST)):
        raise ValueError(f"{name} = {_short(value)}: must be > 0, from {SMALLEST:g} on")
    if _outside(number, *bounds):
        raise ValueError(f"{name} = {_short(value)}: {_interval(*bounds)}")


def _outside(number, above, least, most, below):
    return (
        (above is not None and _any(number <= above))
        or (least is not None and _any(number < least))
        or (most is not None and _any(number > most))
        or (below is not None and _any(number >= below))
    )


# NumPy's own take ten times as long for a single number, and most arguments are one
def _all(truth):
    return truth if isinstance(truth, bool) else np.all(truth)


def _any(truth):
    return truth if isinstance(truth, bool) else np.any(truth)


def _interval(above, least, most, below):
    low, high = above if least is None else least, below if most is None else most
    if high is None:
        return f"must be {'>' if least is None else '>='} {low:g}"
    if low is None:
        return f"must be {'<' if most is None else '<='} {high:g}"
    left, right = "(" if least is None else "[", ")" if most is None else "]"
    return f"must lie in {left}{low:g}, {high:g}{right}"


def _short(value):
    # the repr of a large array or a long text would hide the message
    text = reprlib.repr(value) if isinstance(value, str | bytes | int) else repr(value)
    return text if len(text) < 200 else f"{text[:150]} ... ({type(value).__name__})"
