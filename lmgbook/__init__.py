"""lmgbook: collective quantum spins, computed. The helper package of the book.

Importing it registers the integrators of `lmgbook.integrators` with QuTiP's solvers.
"""

try:
    from . import integrators as _integrators  # noqa: F401
except ModuleNotFoundError as missing:
    # the closed forms need no QuTiP
    if missing.name != "qutip":
        raise

__version__ = "0.1.0"
