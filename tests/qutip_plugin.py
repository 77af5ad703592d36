"""Loaded by pytest where QuTiP's own tests run: puts our method into its lists, or in its place."""

import os

from qutip import SESolver

import lmgbook  # noqa: F401

if os.environ.get("TRIDIAGONAL_BY_DEFAULT"):
    SESolver.solver_options = SESolver.solver_options | {"method": "tridiagonal"}
