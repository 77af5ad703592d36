"""One thread a process, own kernels and reproducible random examples, for every test."""

import os

# before NumPy is imported: matrices here are small, and two test processes may share the machine
for name in ("OMP", "OPENBLAS", "MKL", "NUMBA"):
    os.environ.setdefault(f"{name}_NUM_THREADS", "1")

import own_kernels  # noqa: E402, F401
from hypothesis import settings  # noqa: E402

settings.register_profile("book", derandomize=True, max_examples=25, deadline=None)
settings.load_profile("book")
