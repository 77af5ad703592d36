"""lmgbook: collective quantum spins, computed. The helper package of the book.

Importing it registers the integrators of `lmgbook.integrators` with QuTiP's solvers.
"""

from . import integrators as _integrators  # noqa: F401

__version__ = "0.1.0"
