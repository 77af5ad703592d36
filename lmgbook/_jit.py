"""The one decorator of all compiled loops; imported by modules of kernels only.

Importing numba costs as much time as all of QuTiP. A module of kernels is therefore imported where
its first loop is needed, and nowhere else.
"""

from collections.abc import Callable

try:
    import numba
except ImportError:  # loops run as plain Python then, which serves small sizes
    numba = None  # type: ignore[assignment]


def jit(**options) -> Callable[[Callable], Callable]:
    """Compile the decorated function with ``numba.njit``; without numba, leave it as it is.

    What is compiled is kept on disk. Where nothing can be written (a read-only installation and no
    home directory), it is compiled anew in each process.

    Parameters
    ----------
    **options
        Of ``numba.njit``.
    """

    def decorate(function):
        if numba is None:
            return function
        try:
            return numba.njit(cache=True, **options)(function)
        except RuntimeError as error:
            if "cannot cache function" not in str(error):
                raise
            return numba.njit(**options)(function)

    return decorate
